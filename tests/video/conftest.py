"""Small films whose every picture says its own number, so that truth never comes from the reader."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

BITS = 8


@dataclass(frozen=True, kw_only=True)
class Film:
    """How a film is made; ``ticks`` are stamps in ms where the rate varies."""

    name: str = "film.mp4"
    codec: str = "libx264"
    pixels: str = "yuv420p"
    muxer: str | None = None
    count: int = 50
    rate: int = 25
    size: tuple[int, int] = (160, 120)
    key_every: int = 12
    b_frames: int = 0
    ticks: tuple[int, ...] = ()
    muxer_options: tuple[tuple[str, str], ...] = ()
    tag: str = ""

    @property
    def times(self) -> np.ndarray:
        if self.ticks:
            return (np.array(self.ticks) - self.ticks[0]) / 1000
        return np.arange(self.count) / self.rate


KINDS = {
    "mp4": Film(name="a.mp4", b_frames=2),
    "mov": Film(name="a.mov", b_frames=2),
    "mkv": Film(name="a.mkv", b_frames=2),
    "ts": Film(name="a.ts", b_frames=2),
    "h264_avi": Film(name="h.avi"),
    "h264_avi_b_frames": Film(name="hb.avi", b_frames=2),
    "mjpeg_avi": Film(name="j.avi", codec="mjpeg", pixels="yuvj420p"),
    "xvid_avi": Film(name="x.avi", codec="mpeg4", tag="XVID"),
    "xvid_avi_b_frames": Film(name="xb.avi", codec="mpeg4", tag="XVID", b_frames=2),
    "dv_avi": Film(name="d.avi", codec="dvvideo", size=(720, 576), count=8),
    "mpeg2": Film(name="m.mpg", codec="mpeg2video", muxer="vob", b_frames=2),
    "mpeg1": Film(name="m1.mpg", codec="mpeg1video", muxer="mpeg", b_frames=2),
    "wmv2": Film(name="w.wmv", codec="wmv2", muxer="asf"),
    "ffv1_avi": Film(name="f.avi", codec="ffv1"),
    "ffv1_mkv": Film(name="f.mkv", codec="ffv1"),
    "rate_varies_mp4": Film(name="v.mp4", ticks=tuple(40 * i + 7 * (i % 3) + 90 * (i > 20) for i in range(50))),
    "rate_varies_mkv": Film(name="v.mkv", ticks=tuple(40 * i + 7 * (i % 3) + 700 * (i > 20) for i in range(50))),
    "starts_late_mkv": Film(name="s.mkv", ticks=tuple(5000 + 40 * i for i in range(50))),
}


def draw(number: int, size: tuple[int, int]) -> np.ndarray:
    """A picture with its number in blocks of light and dark along the top, and a square that moves."""
    width, height = size
    noise = np.random.default_rng(number).normal(128, 6, (height, width))
    block = width // BITS
    for bit in range(BITS):
        noise[: height // 3, bit * block : (bit + 1) * block] = 210 if number >> bit & 1 else 45
    x = 7 * number % (width - 20)
    noise[height // 2 : height // 2 + 20, x : x + 20] = 30
    return np.clip(noise, 16, 235).astype(np.uint8)


def number_in(luma: np.ndarray) -> int:
    """The number that `draw` wrote."""
    height, width = luma.shape
    block = width // BITS
    means = [luma[4 : height // 3 - 4, bit * block + 4 : (bit + 1) * block - 4].mean() for bit in range(BITS)]
    return sum((mean > 128) << bit for bit, mean in enumerate(means))


def write_film(film: Film, folder: Path, *, first: int = 0, draw: Callable[..., np.ndarray] = draw) -> Path:
    path = folder / film.name
    base = Fraction(1, 1000) if film.ticks else Fraction(1, film.rate)
    with av.open(str(path), "w", format=film.muxer, options=dict(film.muxer_options)) as container:
        stream = container.add_stream(film.codec, rate=film.rate)
        stream.width, stream.height = film.size
        stream.pix_fmt = film.pixels
        context = stream.codec_context
        context.time_base, context.thread_count = base, 1
        if film.codec not in {"ffv1", "dvvideo"}:
            context.bit_rate = 1_500_000
            context.gop_size, context.max_b_frames = film.key_every, film.b_frames
        if film.codec == "libx264":
            context.options = {"sc_threshold": "0", "preset": "veryfast"}
        if film.tag:
            context.codec_tag = film.tag
        for i in range(len(film.ticks) or film.count):
            frame = av.VideoFrame(*film.size, film.pixels)
            for plane in frame.planes[1:]:
                plane.update(b"\x80" * plane.buffer_size)
            plane = frame.planes[0]
            rows = np.zeros((plane.height, plane.line_size), np.uint8)
            rows[:, : film.size[0]] = draw(first + i, film.size)
            plane.update(rows.tobytes())
            frame.pts, frame.time_base = (film.ticks[i] if film.ticks else i), base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the file of one of KINDS, made when first asked for; not to be changed."""
    folder = tmp_path_factory.mktemp("films")
    made: dict[str, Path] = {}

    def film(kind: str) -> Path:
        if kind not in made:
            (folder / kind).mkdir()
            made[kind] = write_film(KINDS[kind], folder / kind)
        return made[kind]

    return film


@pytest.fixture(scope="session")
def kinds() -> dict[str, Film]:
    return KINDS


@pytest.fixture
def shoot(tmp_path: Path) -> Callable[..., Path]:
    """Write a film of one's own: ``shoot(name="a.avi", codec=...)``."""

    def write(*, folder: Path = tmp_path, first: int = 0, **changes) -> Path:
        return write_film(Film(**changes), folder, first=first)

    return write


@pytest.fixture(scope="session")
def film_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """As `shoot`, for films that several tests share."""
    folder = tmp_path_factory.mktemp("shared")

    def write(*, first: int = 0, **changes) -> Path:
        return write_film(Film(**changes), folder, first=first)

    return write


@pytest.fixture(scope="session")
def number() -> Callable[[np.ndarray], int]:
    return number_in


@pytest.fixture(scope="session")
def picture() -> Callable[[int, tuple[int, int]], np.ndarray]:
    return draw
