"""Reading recordings: every frame decoded once, as luma, streamed, with its own time stamp.

Frame counts and rates in file headers are not believed: frames are counted as they are decoded
and timed by the stream's presentation time stamps.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from csds.errors import VideoError
from csds.video.planes import Luma, luma
from csds.video.streams import (
    Clock,
    DecodingLog,
    decode_pictures,
    find_landing,
    first_picture,
    go_to,
    open_stream,
    picture_stamps,
    read_packets,
)

__all__ = ["DecodingLog", "Frame", "Luma", "Recording", "VideoInfo", "luma", "open_recording", "probe"]

#: Below this many seconds it is cheaper to decode from the beginning than to seek.
_SEEK_FROM_S = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoInfo:
    """What a recording's first decoded frame tells: its size as displayed (after rotation), in pixels.

    ``nominal_rate`` (frames per second) and ``claimed_s`` (length) are the header's: good for a
    progress bar, never for a number.
    """

    width: int
    height: int
    codec: str
    rotation: int
    nominal_rate: float
    claimed_s: float = np.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One decoded frame.

    ``index`` counts frames of the recording from 0 (also those that are damaged and skipped),
    ``time_s`` is seconds since its first frame, ``luma`` is (height, width) uint8 and is only valid
    until the next frame is asked for.
    """

    index: int
    time_s: float
    luma: Luma


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording of one file, or of several that the recorder split, in order.

    ``offsets_s`` and ``first_indices`` say at which time and with which frame each part begins.
    """

    paths: tuple[Path, ...]
    info: VideoInfo
    offsets_s: tuple[float, ...]
    first_indices: tuple[int, ...]

    def frames(
        self,
        start_s: float = 0.0,
        end_s: float = np.inf,
        *,
        threads: int = 0,
        log: DecodingLog | None = None,
    ) -> Iterator[Frame]:
        """Yield the frames with ``start_s`` ≤ time < ``end_s``, in order of time.

        Damaged frames are skipped. On more than one thread FFmpeg may miss that a frame on which no
        other depends was damaged; it then comes patched from its neighbours.

        Parameters
        ----------
        start_s, end_s : float
            Window within the recording, in seconds.
        threads : int
            Decoding threads; 0 keeps all processors decoding.
        log : DecodingLog, optional
            Collects damaged frames and an early end.

        Raises
        ------
        VideoError
            If a file can't be opened.
        """
        log = DecodingLog() if log is None else log
        ends = (*self.offsets_s[1:], np.inf)
        for path, offset, end, first_index in zip(self.paths, self.offsets_s, ends, self.first_indices, strict=True):
            if end <= start_s:
                continue
            if offset >= end_s:
                return
            own = DecodingLog()
            try:
                for frame in self._part(path, start_s - offset, end_s - offset, threads, own):
                    yield Frame(index=frame.index + first_index, time_s=frame.time_s + offset, luma=frame.luma)
            finally:
                log.damaged.extend(time_s + offset for time_s in own.damaged)
                log.ended_early |= own.ended_early

    def _part(self, path: Path, start_s: float, end_s: float, threads: int, log: DecodingLog) -> Iterator[Frame]:
        """Yield one file's frames within a window, numbered and timed from its own first."""
        landing = find_landing(path, start_s) if start_s > _SEEK_FROM_S else None
        size = (self.info.height, self.info.width)
        with open_stream(path, threads=threads) as (container, stream):
            clock = Clock(stream, landing)
            packets = go_to(landing, container, stream, log) if landing else read_packets(container, stream, log)
            for picture in decode_pictures(packets, log, clock):
                if clock.now >= end_s:
                    return
                if clock.now < start_s:
                    continue
                plane = luma(picture)
                if plane.shape == size:
                    yield Frame(index=clock.index, time_s=clock.now, luma=plane)
                else:
                    # A damaged header within the stream; no recorder changes its size half-way.
                    log.damaged.append(clock.now)


def open_recording(paths: Path | tuple[Path, ...]) -> Recording:
    """Return a recording, its first frame decoded to learn its size.

    Raises
    ------
    VideoError
        If a file is missing, empty, no video, has no picture stream or no frame that can be
        decoded, or if the parts of a split recording differ in size.
    """
    parts = (paths,) if isinstance(paths, Path) else tuple(paths)
    info = probe(parts[0])
    offsets, first_indices = [0.0], [0]
    for before, path in itertools.pairwise(parts):
        other = probe(path)
        if (other.width, other.height) != (info.width, info.height):
            raise VideoError(
                f"{path}: is {other.width} × {other.height} pixels, but {parts[0]}, "
                f"the first part of the same recording, is {info.width} × {info.height}",
                hint="Name only parts of one recording, joined by ' + '.",
            )
        length_s, count = _measure(before)
        offsets.append(offsets[-1] + length_s)
        first_indices.append(first_indices[-1] + count)
    return Recording(paths=parts, info=info, offsets_s=tuple(offsets), first_indices=tuple(first_indices))


def probe(path: Path) -> VideoInfo:
    """Return size, codec and rotation from the first frame that decodes.

    Raises
    ------
    VideoError
        As `open_recording`.
    """
    with open_stream(path) as (container, stream):
        frame = first_picture(container, stream)
        if frame is None:
            raise VideoError(
                f"{path}: not one frame could be decoded ({stream.codec_context.name})",
                hint="Try to play the file; if no player shows it, copy it again from the recorder.",
            )
        height, width = luma(frame).shape
        return VideoInfo(
            width=width,
            height=height,
            codec=stream.codec_context.name,
            rotation=frame.rotation,
            nominal_rate=float(stream.average_rate or stream.guessed_rate or 0),
            claimed_s=container.duration / 1e6 if container.duration else np.inf,
        )


def _measure(path: Path) -> tuple[float, int]:
    """Return the length of one file in seconds and its number of pictures, from its packets' time stamps."""
    with open_stream(path) as (container, stream):
        first = first_picture(container, stream)
        base = stream.time_base
    origin = first.pts if first is not None else None
    stamps = [stamp for stamp in picture_stamps(path) if origin is not None and stamp >= origin]
    if len(stamps) < 2 or base is None:
        raise VideoError(
            f"{path}: has too few time stamps to be joined with a following part",
            hint="Give the parts as recordings of their own, with start_s.",
        )
    last = stamps[-1] - stamps[0] + float(np.median(np.diff(stamps)))
    return last * float(base), len(stamps)
