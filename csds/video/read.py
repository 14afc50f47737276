"""Reading recordings: every frame decoded once, as luma, streamed, with its own time stamp.

Frame counts and rates in file headers are not believed: frames are counted as they are decoded
and timed by the stream's presentation time stamps.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from csds.errors import VideoError

Luma = NDArray[np.uint8]

#: Pixel formats whose first plane is 8-bit luma as it stands.
_PLANAR_LUMA = ("yuv4", "yuvj4", "nv12", "nv21", "nv16", "nv24", "gray")
#: Below this many seconds it is cheaper to decode from the beginning than to seek.
_SEEK_FROM_S = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoInfo:
    """What a recording's first decoded frame tells: its size as displayed (after rotation), in pixels."""

    width: int
    height: int
    codec: str
    rotation: int
    nominal_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One decoded frame.

    ``index`` counts frames of the recording from 0, ``time_s`` is seconds since its first frame,
    ``luma`` is (height, width) uint8 and is only valid until the next frame is asked for.
    """

    index: int
    time_s: float
    luma: Luma


@dataclass(slots=True, kw_only=True)
class DecodingLog:
    """What went wrong while a recording was decoded; filled as frames are read."""

    damaged: list[float] = field(default_factory=list)
    ended_early: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording of one file, or of several that the recorder split, in order."""

    paths: tuple[Path, ...]
    info: VideoInfo
    offsets_s: tuple[float, ...]

    def frames(
        self,
        start_s: float = 0.0,
        end_s: float = np.inf,
        *,
        threads: int = 0,
        log: DecodingLog | None = None,
    ) -> Iterator[Frame]:
        """Yield the frames with ``start_s`` ≤ time < ``end_s``, in order of time.

        Parameters
        ----------
        start_s, end_s : float
            Window within the recording, in seconds.
        threads : int
            Decoding threads; 0 lets the decoder choose.
        log : DecodingLog, optional
            Collects damaged frames and an early end.

        Raises
        ------
        VideoError
            If a file can't be opened.
        """
        log = DecodingLog() if log is None else log
        first_index = 0
        for number, (path, offset) in enumerate(zip(self.paths, self.offsets_s, strict=True)):
            is_last = number + 1 == len(self.paths)
            if not is_last and self.offsets_s[number + 1] <= start_s:
                first_index += count_packets(path)
                continue
            if offset >= end_s:
                return
            last_index = first_index - 1
            for frame in _decode_file(path, start_s - offset, end_s - offset, threads, log):
                last_index = first_index + frame.index
                yield Frame(index=last_index, time_s=frame.time_s + offset, luma=frame.luma)
            first_index = last_index + 1


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
    offsets = [0.0]
    for before, path in itertools.pairwise(parts):
        other = probe(path)
        if (other.width, other.height) != (info.width, info.height):
            raise VideoError(
                f"{path}: is {other.width} × {other.height} pixels, but {parts[0]}, "
                f"the first part of the same recording, is {info.width} × {info.height}",
                hint="Name only parts of one recording, joined by ' + '.",
            )
        offsets.append(offsets[-1] + _length_s(before))
    return Recording(paths=parts, info=info, offsets_s=tuple(offsets))


def probe(path: Path) -> VideoInfo:
    """Return size, codec and rotation from the first frame that decodes.

    Raises
    ------
    VideoError
        As `open_recording`.
    """
    with _open(path) as container:
        stream = _picture_stream(container, path)
        stream.thread_type = "NONE"
        frame = next(_decoded(container, stream, DecodingLog()), None)
        if frame is None:
            raise VideoError(
                f"{path}: not one frame could be decoded ({stream.codec_context.name})",
                hint="Try to play the file; if no player shows it, copy it again from the recorder.",
            )
        height, width = luma(frame).shape
        rate = stream.average_rate or stream.guessed_rate or Fraction(0)
        return VideoInfo(
            width=width,
            height=height,
            codec=stream.codec_context.name,
            rotation=frame.rotation,
            nominal_rate=float(rate),
        )


def luma(frame: VideoFrame) -> Luma:
    """Return the frame's luma plane (height, width) upright, without copying where the format allows it."""
    if frame.format.name.startswith(_PLANAR_LUMA) and not frame.format.name.endswith(("le", "be")):
        plane = frame.planes[0]
        flat: Luma = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]
        stride = abs(plane.line_size)
        picture = flat[: stride * frame.height].reshape(frame.height, stride)[:, : frame.width]
    else:
        picture = frame.to_ndarray(format="gray")
    if frame.rotation % 360:
        picture = np.rot90(picture, round(frame.rotation / 90))
    return picture


def count_packets(path: Path, before: int | None = None) -> int:
    """Return how many pictures the file holds, or how many are shown before a time stamp, without decoding."""
    with _open(path) as container:
        stream = _picture_stream(container, path)
        return sum(
            1
            for packet in _packets(container, stream, DecodingLog())
            if packet.size and (before is None or (packet.pts is not None and packet.pts < before))
        )


def _length_s(path: Path) -> float:
    """Return the length of one file in seconds, from its packets' time stamps."""
    with _open(path) as container:
        stream = _picture_stream(container, path)
        stamps = [p.pts for p in _packets(container, stream, DecodingLog()) if p.size and p.pts is not None]
        if len(stamps) < 2 or stream.time_base is None:
            raise VideoError(
                f"{path}: has too few time stamps to be joined with a following part",
                hint="Give the parts as recordings of their own, with start_s.",
            )
        times = np.sort(np.array(stamps, float)) * float(stream.time_base)
        return float(times[-1] - times[0] + np.median(np.diff(times)))


def _decode_file(path: Path, start_s: float, end_s: float, threads: int, log: DecodingLog) -> Iterator[Frame]:
    """Yield one file's frames within a window, times from its own first frame."""
    with _open(path) as container:
        stream = _picture_stream(container, path)
        stream.thread_type = "NONE" if threads == 1 else "AUTO"
        stream.codec_context.thread_count = threads
        origin = _first_stamp(path) if start_s > _SEEK_FROM_S else None
        index = 0
        if origin is not None and stream.time_base is not None:
            index = _seek(container, stream, origin + int((start_s - 1.0) / stream.time_base), path)
        clock = _Clock(stream, origin if index else None)
        for frame in _decoded(container, stream, log, clock):
            time_s = clock.read(frame)
            if time_s is None:
                continue
            if time_s >= end_s:
                return
            if time_s >= start_s:
                yield Frame(index=index, time_s=time_s, luma=luma(frame))
            index += 1


class _Clock:
    """Turns frames into seconds since the first frame; steps on by the nominal rate where a stamp is missing."""

    def __init__(self, stream: VideoStream, origin: int | None) -> None:
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        self._step = float(1 / rate) if rate else 0.04
        self._base = stream.time_base
        self._origin = origin
        self.now = -1.0

    def read(self, frame: VideoFrame) -> float | None:
        """Return the frame's time in s, or None for a frame that does not come after the one before."""
        base = frame.time_base or self._base
        if frame.pts is None or base is None:
            time_s = 0.0 if self.now < 0 else self.now + self._step
        else:
            if self._origin is None:
                self._origin = frame.pts
            time_s = float((frame.pts - self._origin) * base)
        if time_s <= self.now:
            return None
        self.now = time_s
        return time_s


def _seek(container: InputContainer, stream: VideoStream, stamp: int, path: Path) -> int:
    """Go to the key frame at or before a time stamp; return the number of the frame that comes next.

    Falls back to the beginning (and 0) where the file has no index to seek by.
    """
    try:
        container.seek(stamp, stream=stream)
        landed = next((p.pts for p in container.demux(stream) if p.size), None)
        if landed is not None and landed <= stamp:
            container.seek(stamp, stream=stream)
            return count_packets(path, before=landed)
    except av.error.FFmpegError:
        pass
    container.seek(0)
    return 0


def _first_stamp(path: Path) -> int | None:
    with _open(path) as container:
        stream = _picture_stream(container, path)
        stream.thread_type = "NONE"
        frame = next(_decoded(container, stream, DecodingLog()), None)
        return None if frame is None else frame.pts


def _decoded(
    container: InputContainer, stream: VideoStream, log: DecodingLog, clock: _Clock | None = None
) -> Iterator[VideoFrame]:
    """Yield frames as decoded; damaged ones are skipped and noted in the log with the time before them."""

    def note() -> None:
        log.damaged.append(clock.now if clock is not None else 0.0)

    for packet in _packets(container, stream, log):
        try:
            frames = packet.decode()
        except av.error.EOFError:
            return
        except (av.error.FFmpegError, ValueError):
            note()
            continue
        for frame in frames:
            if not isinstance(frame, VideoFrame):
                continue
            if frame.is_corrupt:
                note()
            else:
                yield frame


def _packets(container: InputContainer, stream: VideoStream, log: DecodingLog) -> Iterator[av.Packet]:
    """Yield the stream's packets, the flushing one last; a file that breaks off ends there."""
    demuxed = container.demux(stream)
    while True:
        try:
            packet = next(demuxed)
        except StopIteration:
            return
        except av.error.FFmpegError:
            log.ended_early = True
            return
        yield packet


def _picture_stream(container: InputContainer, path: Path) -> VideoStream:
    for stream in container.streams.video:
        if stream.codec_context is not None:
            return stream
    kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
    raise VideoError(
        f"{path}: expected a picture stream, found {kinds}",
        hint="Check that the sheet names the arena's recording and not, say, a sound file.",
    )


def _open(path: Path) -> InputContainer:
    if not path.exists():
        raise VideoError(f"{path}: no such file", hint="Check the 'video' column: paths are relative to the sheet.")
    if path.is_dir():
        raise VideoError(f"{path}: is a folder, not a recording", hint="Name a video file.")
    if path.stat().st_size == 0:
        raise VideoError(f"{path}: the file is empty (0 bytes)", hint="Copy it again from the recorder.")
    try:
        return av.open(str(path))
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise VideoError(
            f"{path}: not a video that can be read ({_plain(error)})", hint=_advice(path)
        ) from error


def _advice(path: Path) -> str:
    with path.open("rb") as stream:
        head = stream.read(64)
    if b"ftyp" in head:
        return (
            "The file begins like an MP4 but its index is missing: the recorder was stopped before it could finish. "
            "Copy it again, or have a repair tool rebuild the index."
        )
    return "Check that the file is a recording and was copied whole; known are mp4, mov, mkv, avi, mpg and wmv."


def _plain(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return str(text).split(":")[0]
