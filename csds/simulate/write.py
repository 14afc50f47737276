"""Recordings: grey frames encoded as a camera's or a recorder's file would be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from csds.errors import SimulationError
from csds.formats.atomic import atomic_path
from csds.model.shapes import FloatArray
from csds.simulate.backdrop import Frame
from csds.simulate.scene import Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class _Codec:
    """A codec as FFmpeg names it, its pixel format and the containers it goes into."""

    encoder: str
    pixels: str
    suffixes: tuple[str, ...]
    tag: str = ""


CODECS: dict[str, _Codec] = {
    "h264": _Codec(encoder="libx264", pixels="yuv420p", suffixes=(".mp4", ".mov", ".mkv", ".avi")),
    "mpeg4": _Codec(encoder="mpeg4", pixels="yuv420p", suffixes=(".avi", ".mp4", ".mov", ".mkv"), tag="XVID"),
    "mjpeg": _Codec(encoder="mjpeg", pixels="yuvj420p", suffixes=(".avi", ".mov", ".mkv")),
    "dv": _Codec(encoder="dvvideo", pixels="yuv420p", suffixes=(".avi", ".mov", ".dv")),
    "mpeg2": _Codec(encoder="mpeg2video", pixels="yuv420p", suffixes=(".mpg", ".mpeg", ".mkv")),
    "wmv2": _Codec(encoder="wmv2", pixels="yuv420p", suffixes=(".wmv", ".asf", ".avi")),
    "ffv1": _Codec(encoder="ffv1", pixels="yuv420p", suffixes=(".avi", ".mkv")),
}
# The muxer's name where the suffix alone doesn't give the one that recorders use.
_MUXERS = {".mpg": "vob", ".mpeg": "vob", ".wmv": "asf", ".asf": "asf", ".dv": "dv"}
# Ticks of a second in which a container of variable rate keeps its stamps.
_TICKS = {".mp4": 30_000, ".mov": 30_000, ".mkv": 1_000, ".wmv": 1_000, ".asf": 1_000}
_MPEG2_RATES = (24.0, 25.0, 30.0, 50.0, 60.0, 24000 / 1001, 30000 / 1001, 60000 / 1001)


def stamp_times(scene: Scene, path: Path, times: FloatArray) -> FloatArray:
    """Return the times as the file's own stamps will say them: whole ticks of the container.

    Raises
    ------
    SimulationError
        Variable time stamps in a container that has none.
    """
    if _is_on_grid(scene):
        # Matroska and ASF keep milliseconds even at a constant rate.
        return np.round(times * 1000) / 1000 if _TICKS.get(path.suffix.lower()) == 1_000 else times
    ticks = _ticks(scene, path)
    return np.asarray(np.round(times * ticks) / ticks, float)


def write_video(scene: Scene, path: Path, frames: Iterable[Frame], times: FloatArray) -> None:
    """Write grey frames, each at its time, as yuv420p with neutral colour.

    The file appears under its name only when it is whole.

    Raises
    ------
    SimulationError
        Unknown codec, a container that doesn't take it, or a size or rate that it doesn't have.
    ResultsError
        The file can't be written.
    """
    codec = _find_codec(scene, path)
    stamps = _stamps(scene, path, times)
    with (
        atomic_path(path) as part,
        av.open(str(part), "w", format=_MUXERS.get(path.suffix.lower())) as container,
    ):
        _encode(container, codec, scene, zip(frames, stamps, strict=True))


def _encode(
    container: av.container.OutputContainer, codec: _Codec, scene: Scene, frames: Iterable[tuple[Frame, int]]
) -> None:
    width, height = scene.arena.frame_size_px
    rate = Fraction(scene.fps).limit_denominator(1001)
    options = {"preset": scene.encoding.preset} if codec.encoder == "libx264" else {}
    stream = container.add_stream(codec.encoder, rate=rate, options=options)
    assert isinstance(stream, av.VideoStream)  # noqa: S101 - for the type checker: the codecs above are video
    stream.width, stream.height, stream.pix_fmt = width, height, codec.pixels
    context = stream.codec_context
    # A fixed number: files don't depend on the machine's cores.
    context.thread_count = 2
    if codec.encoder not in {"dvvideo", "ffv1"}:
        context.bit_rate = scene.encoding.bitrate_kbps * 1000
        context.gop_size = scene.encoding.keyframe_every
    if container.format.name == "avi":
        if codec.tag:
            context.codec_tag = codec.tag
        # AVI has no stamps that could say in which order B-frames are shown.
        context.max_b_frames = 0
    base = 1 / rate
    if not _is_on_grid(scene):
        base = Fraction(1, _TICKS[Path(container.name).suffix.lower()])
        context.time_base = base
        context.framerate = rate
    for image, stamp in frames:
        picture = _fresh(width, height, codec.pixels)
        _fill(picture.planes[0], image)
        picture.pts, picture.time_base = stamp, base
        container.mux(stream.encode(picture))
    container.mux(stream.encode(None))


def _fresh(width: int, height: int, pixels: str) -> av.VideoFrame:
    picture = av.VideoFrame(width, height, pixels)
    for plane in picture.planes[1:]:
        plane.update(b"\x80" * plane.buffer_size)
    return picture


def _fill(plane: av.video.plane.VideoPlane, image: NDArray[np.uint8]) -> None:
    rows = np.zeros((plane.height, plane.line_size), np.uint8)
    rows[:, : image.shape[1]] = image
    plane.update(rows.tobytes())


def _is_on_grid(scene: Scene) -> bool:
    """Return True if all stamps are whole frames: nuisances lose, repeat and shift nothing else."""
    return scene.timing.is_constant


def _stamps(scene: Scene, path: Path, times: FloatArray) -> list[int]:
    if _is_on_grid(scene):
        return [int(frame) for frame in np.round(times * scene.fps)]
    return [int(tick) for tick in np.round(times * _ticks(scene, path))]


def _ticks(scene: Scene, path: Path) -> int:
    ticks = _TICKS.get(path.suffix.lower())
    if ticks is None or scene.encoding.codec in {"mpeg2", "dv"}:
        raise SimulationError(
            f"expected a container with time stamps of its own for a variable rate, found '{path.name}'",
            hint="write mp4, mov, mkv or wmv, or leave the timing constant",
        )
    return ticks


def _find_codec(scene: Scene, path: Path) -> _Codec:
    name = scene.encoding.codec
    codec = CODECS.get(name)
    if codec is None:
        raise SimulationError(f"unknown codec '{name}'", hint=f"choose one of: {', '.join(CODECS)}")
    if path.suffix.lower() not in codec.suffixes:
        raise SimulationError(
            f"expected a file name that ends in {', '.join(codec.suffixes)} for codec '{name}', found '{path.name}'",
            hint=f"name the recording {path.stem}{codec.suffixes[0]}",
        )
    if name == "mpeg2" and not any(abs(scene.fps - rate) < 0.01 for rate in _MPEG2_RATES):
        raise SimulationError(
            f"MPEG-2 knows 24, 25, 29.97, 30, 50, 59.94 and 60 frames per second, found {scene.fps}",
            hint="set fps to one of them",
        )
    if name == "dv" and (scene.arena.frame_size_px != (720, 576) or scene.fps != 25):
        width, height = scene.arena.frame_size_px
        raise SimulationError(
            f"DV (PAL) is 720 × 576 at 25 frames per second, found {width} × {height} at {scene.fps}",
            hint="set the frame size and fps to these",
        )
    return codec
