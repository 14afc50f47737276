"""The annotated video: what csds saw in every frame, to be watched by whoever doubts a number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csds.errors import VideoError
from csds.figures import palette
from csds.figures.floor import distinct_outlines, main_zones
from csds.figures.lettering import fitted, text_mask
from csds.figures.paths import known_runs
from csds.figures.pictures import spoken
from csds.formats.atomic import atomic_path
from csds.model.arena import Arena
from csds.model.shapes import FloatArray, Shape, Zone

_TIME_BASE = Fraction(1, 90_000)
_BAND_TEXT = (235, 235, 235)
_BAND_FILL = (26, 26, 26)
_SHIFT = 4
"""OpenCV draws at a sixteenth of a pixel with this many fractional bits."""
_UNKNOWN = -1
_BRIGHT, _MAX_GAIN = 170.0, 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayPlan:
    """What is drawn onto the frames of one session.

    Parameters
    ----------
    arena : Arena
        Takes the track's centimetres back to pixels of the whole frame.
    zones : tuple of Zone
    track : DataFrame
        ``frame, time_s, x_cm, y_cm`` and, where present, ``nose_x_cm, nose_y_cm, interpolated`` and
        ``in_<zone>``; ``frame`` ties a row to a picture.
    durations_s : float array (n,)
        Seconds that each row stands for: what the zone counters add up.
    title : str
        Shown at the left of the band below the picture.
    enclosure : Shape or None
    trail_s : float
        Length of the path that the animal pulls behind it.
    """

    arena: Arena
    zones: tuple[Zone, ...]
    track: pd.DataFrame
    durations_s: FloatArray
    title: str = ""
    enclosure: Shape | None = None
    trail_s: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tables:
    """The track as plain arrays, by row, and what is the same in every frame."""

    row_of_frame: dict[int, int]
    time_s: FloatArray
    centre_px: FloatArray
    nose_px: FloatArray
    interpolated: NDArray[np.bool_]
    inside: dict[str, NDArray[np.bool_]]
    seconds: dict[str, FloatArray]
    run_start: NDArray[np.intp]
    outlines: tuple[tuple[str, NDArray[np.int32]], ...]
    enclosure: tuple[NDArray[np.int32], ...]
    colours: dict[str, tuple[int, int, int]] = field(default_factory=dict)


def write_overlay_video(
    frames: Iterable[tuple[float, NDArray[np.uint8], int]], path: Path, plan: OverlayPlan, *, rate: float = 30.0
) -> int:
    """Write an H.264 mp4 with zones, centre, nose, trail, time and zone counters, and return its frame count.

    Frames are drawn and encoded one by one as they come, at their own time stamps. A band below the
    picture carries the text, so that nothing is hidden. The file appears under its name when it is whole.

    Parameters
    ----------
    frames : iterable of (time_s, luma, frame)
        Seconds from the window's start, the uint8 (h, w) luma of the whole frame, and the number of
        the decoded frame as in the track. A frame whose stamp is not later than the last is left out.
    path : Path
        Where the mp4 goes.
    plan : OverlayPlan
    rate : float
        Nominal frames per second; only a hint to players, the stamps are exact.

    Raises
    ------
    VideoError
        If there is no frame, or frames differ in size.
    ResultsError
        If the file can't be written.
    """
    tables = _tables(plan)
    with atomic_path(path) as unfinished:
        return _encode(_annotated(frames, plan, tables), unfinished, rate)


def annotate_frame(luma: NDArray[np.uint8], frame: int, time_s: float, plan: OverlayPlan) -> NDArray[np.uint8]:
    """Return one annotated frame as BGR (h + band, w, 3), of even height and width, as the video has it."""
    shown = np.asarray(cv2.LUT(luma, _brightening(luma)), np.uint8)
    return _draw(shown, (time_s, frame), plan, _tables(plan))


def _brightening(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the lookup table that makes a dim picture readable; it leaves a bright one as it is."""
    brightest = max(float(np.percentile(luma, 99.0)), 1.0)
    gain = min(max(_BRIGHT / brightest, 1.0), _MAX_GAIN)
    return np.asarray(np.clip(np.arange(256) * gain, 0, 255).round(), np.uint8)


def _annotated(
    frames: Iterable[tuple[float, NDArray[np.uint8], int]], plan: OverlayPlan, tables: _Tables
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    last, brighter = None, None
    for time_s, luma, frame in frames:
        stamp = round(time_s / _TIME_BASE)
        if last is None or stamp > last:
            last = stamp
            if brighter is None:
                brighter = _brightening(luma)
            yield stamp, _draw(np.asarray(cv2.LUT(luma, brighter), np.uint8), (time_s, frame), plan, tables)


def _encode(frames: Iterator[tuple[int, NDArray[np.uint8]]], path: Path, rate: float) -> int:
    first = next(frames, None)
    if first is None:
        msg = f"{path.name}: an annotated video needs at least one frame, but the window holds none"
        raise VideoError(msg, hint="Check start_s and duration_s of this session against the recording's length.")
    count, (origin, picture) = 0, first
    height, width = picture.shape[:2]
    # The container is named: a device or an odd suffix does not tell.
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(rate).limit_denominator(1001))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = _TIME_BASE
        stream.options = {"preset": "veryfast", "crf": "23"}
        item: tuple[int, NDArray[np.uint8]] | None = first
        while item is not None:
            stamp, picture = item
            if picture.shape[:2] != (height, width):
                msg = (
                    f"frames of one recording must be of one size, but frame {count} of the window is "
                    f"{picture.shape[1]} × {picture.shape[0]} px after {width} × {height} px"
                )
                raise VideoError(msg, hint="Track the parts of the recording as recordings of their own.")
            image = av.VideoFrame.from_ndarray(picture, format="bgr24")
            image.pts, image.time_base = stamp - origin, _TIME_BASE
            container.mux(stream.encode(image))
            count += 1
            item = next(frames, None)
        container.mux(stream.encode())
    return count


def _tables(plan: OverlayPlan) -> _Tables:
    track, names = plan.track, tuple(zone.name for zone in plan.zones)
    columns = {name: track[name].to_numpy(dtype=float, na_value=np.nan) for name in ("time_s", "x_cm", "y_cm")}
    nose = [
        track[name].to_numpy(dtype=float, na_value=np.nan) if name in track else np.full(len(track), np.nan)
        for name in ("nose_x_cm", "nose_y_cm")
    ]
    inside = {name: _flags(track, f"in_{name}") for name in names}
    durations = np.nan_to_num(np.asarray(plan.durations_s, float))
    run_start = np.full(len(track), _UNKNOWN, np.intp)
    for run in known_runs(columns["time_s"], columns["x_cm"], columns["y_cm"]):
        run_start[run] = run.start
    colours = palette.zone_colours(names)
    enclosure = plan.enclosure.outlines() if plan.enclosure is not None else ()
    return _Tables(
        row_of_frame={int(frame): row for row, frame in enumerate(track["frame"])},
        time_s=columns["time_s"],
        centre_px=np.column_stack(plan.arena.to_px(columns["x_cm"], columns["y_cm"])),
        nose_px=np.column_stack(plan.arena.to_px(*nose)),
        interpolated=_flags(track, "interpolated"),
        inside=inside,
        seconds={name: np.cumsum(np.where(inside[name], durations, 0.0)) for name in names},
        run_start=run_start,
        outlines=tuple(
            (zone.name, _to_fixed(_outline_px(outline, plan.arena))) for zone, outline in distinct_outlines(plan.zones)
        ),
        enclosure=tuple(_to_fixed(_outline_px(outline, plan.arena)) for outline in enclosure),
        colours={name: _bgr(colour) for name, colour in colours.items()},
    )


def _flags(track: pd.DataFrame, name: str) -> NDArray[np.bool_]:
    if name not in track:
        return np.zeros(len(track), bool)
    return np.asarray(track[name].fillna(value=False).to_numpy(dtype=bool), bool)


def _outline_px(outline: FloatArray, arena: Arena) -> FloatArray:
    """Return a closed outline in pixels, its part beyond the floor's rectangle pulled back to the wall."""
    inside = np.clip(outline, 0.0, (arena.width_cm, arena.height_cm))
    return np.column_stack(arena.to_px(inside[:, 0], inside[:, 1]))


def _to_fixed(points: FloatArray) -> NDArray[np.int32]:
    return np.round(points * (1 << _SHIFT)).astype(np.int32).reshape(-1, 1, 2)


def _bgr(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return blue, green, red


def _draw(luma: NDArray[np.uint8], when: tuple[float, int], plan: OverlayPlan, tables: _Tables) -> NDArray[np.uint8]:
    time_s, frame = when
    row = tables.row_of_frame.get(frame, _UNKNOWN)
    band = _band_height(luma.shape[1])
    height, width = luma.shape
    bottom, right = band + (height + band) % 2, width % 2
    image = np.asarray(cv2.cvtColor(np.ascontiguousarray(luma), cv2.COLOR_GRAY2BGR), np.uint8)
    _draw_zones(image, row, tables)
    if row != _UNKNOWN and tables.run_start[row] != _UNKNOWN:
        _draw_animal(image, row, plan.trail_s, tables)
    whole = cv2.copyMakeBorder(image, 0, bottom, 0, right, cv2.BORDER_CONSTANT, value=_BAND_FILL)
    canvas = np.asarray(whole, np.uint8)
    _draw_band(canvas[height:], (time_s, row), plan, tables)
    return canvas


def _line_width(image: NDArray[np.uint8]) -> int:
    return max(1, int(image.shape[1]) // 500)


def _draw_zones(image: NDArray[np.uint8], row: int, tables: _Tables) -> None:
    """Outline zones and enclosure; fill the zones that the animal is in with a little of their colour."""
    width = _line_width(image)
    lit = [(points, name) for name, points in tables.outlines if row != _UNKNOWN and tables.inside[name][row]]
    if lit:
        tinted = image.copy()
        for points, name in lit:
            cv2.fillPoly(tinted, [points], tables.colours[name], cv2.LINE_AA, _SHIFT)
        cv2.addWeighted(tinted, 0.28, image, 0.72, 0.0, dst=image)
    for name, points in tables.outlines:
        cv2.polylines(image, [points], True, tables.colours[name], width, cv2.LINE_AA, _SHIFT)
    for points in tables.enclosure:
        cv2.polylines(image, [points], True, (250, 250, 250), width, cv2.LINE_AA, _SHIFT)


def _draw_animal(image: NDArray[np.uint8], row: int, trail_s: float, tables: _Tables) -> None:
    """Draw the trail back to the last gap, the nose point and the centre; hollow where interpolated."""
    width = _line_width(image)
    start = int(np.searchsorted(tables.time_s[: row + 1], tables.time_s[row] - trail_s))
    start = max(start, int(tables.run_start[row]))
    trail = _to_fixed(tables.centre_px[start : row + 1])
    colour = (70, 200, 255)
    cv2.polylines(image, [trail], False, colour, width, cv2.LINE_AA, _SHIFT)
    x, y = (int(v) for v in trail[-1, 0])
    radius = (3 * width + 1) << _SHIFT
    nose = tables.nose_px[row]
    if np.isfinite(nose).all():
        nose_x, nose_y = (int(v) for v in _to_fixed(nose[None, :])[0, 0])
        cv2.line(image, (x, y), (nose_x, nose_y), (255, 255, 255), width, cv2.LINE_AA, _SHIFT)
        cv2.circle(image, (nose_x, nose_y), (2 * width) << _SHIFT, (255, 255, 255), -1, cv2.LINE_AA, _SHIFT)
    cv2.circle(image, (x, y), radius + (1 << _SHIFT), (26, 26, 26), -1, cv2.LINE_AA, _SHIFT)
    thickness = width if tables.interpolated[row] else -1
    cv2.circle(image, (x, y), radius, colour, thickness, cv2.LINE_AA, _SHIFT)


def _text_size(width_px: int) -> int:
    return max(9, round(width_px / 48))


def _band_height(width_px: int) -> int:
    return 2 * _text_size(width_px) + 6


def _draw_band(band: NDArray[np.uint8], when: tuple[float, int], plan: OverlayPlan, tables: _Tables) -> None:
    """Write time and title at the left, one counter per zone from the right, as far as there is room."""
    time_s, row = when
    size = _text_size(band.shape[1])
    left = _put_text(band, f"{time_s:6.1f} s".strip(), (size // 2, size), _BAND_TEXT)
    left = max(left + size, 6 * size)
    right = band.shape[1] - size // 2
    for name in reversed(main_zones(plan.zones)):
        seconds = 0.0 if not len(plan.track) else float(tables.seconds[name][_last_row(row, time_s, tables)])
        now = row != _UNKNOWN and bool(tables.inside[name][row])
        label = f"{spoken(name)} {seconds:.1f} s"
        at = right - text_mask(label, size, "bold" if now else "normal").shape[1]
        if at < left + size:
            break
        colour = _lighter(tables.colours[name]) if now else (170, 170, 170)
        _put_text(band, label, (at, size), colour, bold=now)
        right = at - size
    status = "" if row != _UNKNOWN and tables.run_start[row] != _UNKNOWN else "not found"
    title = " · ".join(part for part in (plan.title, status) if part)
    _put_text(band, fitted(title, (right - left) / 72, size), (left, size), (200, 200, 200))


def _last_row(row: int, time_s: float, tables: _Tables) -> int:
    """Return the row whose counters hold: the frame's own, else that of the last frame before it."""
    if row != _UNKNOWN:
        return row
    return max(0, int(np.searchsorted(tables.time_s, time_s, side="right")) - 1)


def _lighter(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    blue, green, red = (round(channel + (255 - channel) * 0.35) for channel in colour)
    return blue, green, red


def _put_text(
    band: NDArray[np.uint8], text: str, where: tuple[int, int], colour: tuple[int, int, int], *, bold: bool = False
) -> int:
    """Blend text into a band at a left edge, centred in height, and return its right edge."""
    left, size = where
    mask = text_mask(text, size, "bold" if bold else "normal")
    top = max(0, (band.shape[0] - mask.shape[0]) // 2)
    area = band[top : top + mask.shape[0], left : left + mask.shape[1]]
    share = mask[: area.shape[0], : area.shape[1], None].astype(np.float32) / 255
    area[:] = (area * (1 - share) + np.array(colour, np.float32) * share).round().astype(np.uint8)
    return left + int(mask.shape[1])
