"""Files as streams of pictures: opened, demuxed and decoded, each picture numbered and timed.

Nothing here believes a header: pictures are timed by their own stamps and counted as they come.
"""

from __future__ import annotations

import errno
import heapq
import os
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from csds.errors import UnsteadyError, VideoError

# What decoders must be asked for so that they don't pass over damage in silence. The others mark
# the pictures that they had to patch by themselves.
_ERR_DETECT = {"mjpeg": "explode"} | dict.fromkeys(("wmv1", "wmv2", "msmpeg4", "msmpeg4v1", "msmpeg4v2"), "buffer")

#: What systems say where a drive or network was lost; not every system has all of these.
_STORAGE = {
    getattr(errno, name)
    for name in ("ESTALE", "ENOTCONN", "ETIMEDOUT", "EHOSTDOWN", "ENETDOWN", "ENETUNREACH", "ENODEV", "ENXIO")
    if hasattr(errno, name)
}
_READ_BYTES = 2**20


@dataclass(slots=True, kw_only=True)
class DecodingLog:
    """What went wrong while a recording was decoded; filled as frames are read.

    ``damaged`` holds the time in s of each frame that was skipped (where it can't be told, of the
    one before it); ``ended_early`` says that a file broke off.
    """

    damaged: list[float] = field(default_factory=list)
    ended_early: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """Where decoding may begin in the middle of a file: at the key frame stamped ``key``.

    ``target`` is the stamp to seek, ``origin`` that of the file's first picture, ``index`` the
    number of the key frame's picture.
    """

    origin: int
    target: int
    key: int
    index: int


def _ahead() -> int:
    """Return how many frames to decode at the same time: enough that no processor waits while some are looked at.

    More cost memory and wash out the processors' caches.
    """
    return min(16, 2 * (os.cpu_count() or 1))


@contextmanager
def open_stream(path: Path, *, threads: int = 1) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a file and its first picture stream; 0 threads keeps all processors decoding.

    Raises
    ------
    VideoError
        If the file is missing, a folder, empty, no video, or without a picture stream.
    """
    with _open(path) as container:
        stream = _picture_stream(container, path)
        context = stream.codec_context
        context.thread_type = "NONE" if threads == 1 else "AUTO"
        context.thread_count = threads or _ahead()
        if context.name in _ERR_DETECT:
            context.options = {"err_detect": _ERR_DETECT[context.name]}
        yield container, stream


def read_packets(container: InputContainer, stream: VideoStream, log: DecodingLog) -> Iterator[av.Packet[VideoStream]]:
    """Yield the stream's packets, the flushing one last; a file that breaks off ends there.

    Raises
    ------
    UnsteadyError
        What ended there is the drive or network, not the file.
    """
    try:
        yield from container.demux(stream)
    except av.error.FFmpegError as error:
        if error.errno in _STORAGE or (error.errno == errno.EIO and not _can_be_read(Path(container.name))):
            raise UnsteadyError(
                f"{container.name}: can't be read any more ({os.strerror(error.errno or errno.EIO)})",
                hint="Check the drive or network that it is on, then run the same command again.",
            ) from error
        log.ended_early = True


def _can_be_read(path: Path) -> bool:
    """Return whether a file can be read to its end: decoders call it an I/O error where a file is cut off, too."""
    try:
        with path.open("rb") as stream:
            while stream.read(_READ_BYTES):
                pass
    except OSError:
        return False
    return True


class Clock:
    """Numbers pictures and turns their stamps into seconds since the file's first picture.

    A picture's number is how many are stamped before it, so it is the same whether those before
    were decoded, damaged or jumped over. Where stamps are missing, the nominal rate steps on.
    """

    def __init__(self, stream: VideoStream, landing: Landing | None = None) -> None:
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        self._step = float(1 / rate)
        self._base = stream.time_base or 1 / rate
        # Stamps of pictures that went into the decoder and haven't come out yet.
        self._awaited: list[int] = []
        # AVI stamps chunks as they are stored: of reordered H.264 pictures only the order can be trusted.
        self._by_order = (
            stream.container.format.name == "avi"
            and stream.codec_context.name == "h264"
            and stream.codec_context.has_b_frames
        )
        self._origin = landing.origin if landing else None
        self._earliest = landing.key if landing else None
        self.index = landing.index - 1 if landing else -1
        self.now = -1.0

    def expect(self, packet: av.Packet[VideoStream]) -> None:
        """Note a packet that goes into the decoder."""
        stamp = packet.pts
        if stamp is None or not packet.size or packet.is_discard:
            return
        if self._earliest is None or stamp >= self._earliest:
            heapq.heappush(self._awaited, stamp)

    def lose(self) -> float:
        """Note that a picture won't come out of the decoder; return the time of the one before, in s."""
        if self._by_order and self._awaited:
            heapq.heappop(self._awaited)
            self.index += 1
        return max(self.now, 0.0)

    def place(self, frame: VideoFrame) -> bool:
        """Move on to a decoded picture; False for one that does not come after the one before."""
        awaited = self._awaited
        stamp = frame.pts
        if self._by_order and awaited:
            # A key frame's own stamp is the earliest that it can have: pictures lost before it take theirs along.
            stamp = max(awaited[0], stamp or 0) if frame.key_frame else awaited[0]
        if stamp is None:
            self.now = self.now + self._step if self.index >= 0 else 0.0
            self.index += 1
            return True
        if self._earliest is not None and stamp < self._earliest:
            return False
        is_first = self._origin is None
        if self._origin is None:
            self._origin = stamp
        time_s = (stamp - self._origin) * self._base.numerator / self._base.denominator
        if time_s <= self.now:
            return False
        passed = 0
        while awaited and awaited[0] <= stamp:
            heapq.heappop(awaited)
            passed += 1
        self.index = 0 if is_first else self.index + max(passed, 1)
        self.now = time_s
        return True


def decode_pictures(packets: Iterable[av.Packet[VideoStream]], log: DecodingLog, clock: Clock) -> Iterator[VideoFrame]:
    """Yield sound pictures as decoded, the clock moved on to each; damaged ones are skipped and noted in the log.

    Pictures that were predicted from a damaged one can't be told from sound ones and are yielded.
    """
    for packet in packets:
        if packet.is_corrupt and packet.stream.container.format.name != "mpegts":
            # Cut off by the file's end. (Transport streams mark what is mostly sound: the decoder looks at that.)
            log.ended_early = True
            continue
        clock.expect(packet)
        try:
            frames = packet.decode()
        except av.error.EOFError:
            return
        except (av.error.FFmpegError, ValueError):
            log.damaged.append(clock.lose())
            continue
        for frame in frames:
            if not clock.place(frame):
                continue
            if frame.is_corrupt:
                log.damaged.append(clock.now)
            else:
                yield frame


def first_picture(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    """Return the first sound picture from where the container stands."""
    log = DecodingLog()
    return next(decode_pictures(read_packets(container, stream, log), log, Clock(stream)), None)


def key_picture(container: InputContainer, stream: VideoStream, target: int, seen: Container[int]) -> VideoFrame | None:
    """Return the key picture at or before the stamp ``target``; None if it is unsound or its stamp among ``seen``."""
    try:
        container.seek(target, stream=stream)
        packet = next((packet for packet in container.demux(stream) if packet.is_keyframe), None)
        if packet is None or packet.pts in seen:
            return None
        # A decoder that reorders holds a picture back until the next ones come: the end of the stream lets it out.
        pictures = packet.decode() or stream.codec_context.decode(None)
    except (av.error.FFmpegError, ValueError):
        return None
    return next((picture for picture in pictures if not picture.is_corrupt), None)


def picture_stamps(path: Path, *, until: int | None = None) -> dict[int, bool]:
    """Return the stamps of the file's pictures in rising order, and whether each is a key frame's; nothing is decoded.

    Parameters
    ----------
    path : Path
    until : int, optional
        Read only as far as the pictures stamped up to this.
    """
    stamps = {}
    with open_stream(path) as (container, stream):
        for packet in read_packets(container, stream, DecodingLog()):
            if packet.size and packet.pts is not None and not packet.is_discard:
                stamps[packet.pts] = packet.is_keyframe
            if until is not None and packet.dts is not None and packet.dts > until:
                break
    return {stamp: stamps[stamp] for stamp in sorted(stamps) if until is None or stamp <= until}


def find_landing(path: Path, start_s: float) -> Landing | None:
    """Return the last place before ``start_s`` from which to decode, or None where the file can't be sought in."""
    with open_stream(path) as (container, stream):
        first = first_picture(container, stream)
        base = stream.time_base
        if first is None or first.pts is None or base is None:
            return None
        origin = first.pts
        start = origin + int(start_s / base)
        back_s = 1.0
        while back_s < start_s:
            target = origin + int((start_s - back_s) / base)
            try:
                container.seek(target, stream=stream)
                key = next((packet.pts for packet in container.demux(stream) if packet.is_keyframe), None)
            except av.error.FFmpegError:
                return None
            if key is not None and origin < key <= start:
                stamps = picture_stamps(path, until=key)
                # Where packets are found by their bytes (mpg), the first after a seek may bear its neighbour's stamp.
                if stamps.get(key):
                    index = sum(origin <= stamp < key for stamp in stamps)
                    return Landing(origin=origin, target=target, key=key, index=index)
            back_s *= 4
    return None


def go_to(
    landing: Landing, container: InputContainer, stream: VideoStream, log: DecodingLog
) -> Iterator[av.Packet[VideoStream]]:
    """Return the packets from a landing's key frame on."""
    container.seek(landing.target, stream=stream)
    packets = read_packets(container, stream, log)
    for packet in packets:
        # What stands before the key frame can't be decoded from here and would pass for damage.
        if packet.is_keyframe and packet.pts == landing.key:
            yield packet
            break
    yield from packets


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
        raise VideoError(f"{path}: not a video that can be read ({_plain(error)})", hint=_advice(path)) from error


def _advice(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            head = stream.read(64)
    except OSError:
        return "Check that the file may be read and that its disk is there."
    if b"ftyp" in head:
        return (
            "The file begins like an MP4 but its index is missing: the recorder was stopped before it could finish. "
            "Copy it again, or have a repair tool rebuild the index."
        )
    return "Check that the file is a recording and was copied whole; known are mp4, mov, mkv, avi, mpg and wmv."


def _plain(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return str(text).split(":")[0]
