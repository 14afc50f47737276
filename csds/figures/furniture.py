"""What stands around the floors in a picture: headings, small tables, colour bars, time lines, flags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csds.behaviour.timing import LONGEST_FRAME_S, TOLERANCE_S
from csds.figures import palette
from csds.figures.floor import main_zones
from csds.figures.lettering import fitted, wrapped
from csds.figures.page import Areas, Lines, Page, Panel, Pixels, Side, Text
from csds.figures.pictures import SessionPicture, flag_sentences, spoken
from csds.model.shapes import FloatArray

LINE_IN = 0.145
"""From one line of small text to the next."""
_FLAG_PT = 7.0
_MARK_IN = 0.14


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagLine:
    """One printed line of the footer; ``starts`` is True for the first of a flag."""

    text: str
    trust: bool
    starts: bool


_OUTWARDS: dict[Side, FloatArray] = {
    "bottom": np.array([0.0, 1.0]),
    "left": np.array([-1.0, 0.0]),
    "right": np.array([1.0, 0.0]),
}


def put(page: Page, x_in: float, y_in: float, text: str, **style: Any) -> None:
    """Write text at inches from the page's left and top edges, its baseline there, in a style of `Text`."""
    page.paper.add(Text(place=(x_in, y_in), text=text, **style))


def draw_scale(panel: Panel, places: FloatArray, labels: list[str], *, side: Side, at: float) -> None:
    """Tick and label one side of a panel: at the value ``at`` of the other direction."""
    fixed = np.full(len(places), at)
    across, down = (places, fixed) if side == "bottom" else (fixed, places)
    starts, out = panel.inches(np.column_stack([across, down])), _OUTWARDS[side] / 72
    paper = panel.page.paper
    ticks = tuple(np.array([start, start + 2.5 * out]) for start in starts)
    paper.add(Lines(lines=ticks, colours=(palette.MUTED,), width_pt=0.6, butt=True))
    for (x, y), label in zip(starts + 4.5 * out, labels, strict=True):
        place = (float(x), float(y))
        look: dict[str, Any] = {"size_pt": 6.5, "colour": palette.MUTED}
        if side == "bottom":
            paper.add(Text(place=place, text=label, across="center", down="top", **look))
        else:
            paper.add(
                Text(place=place, text=label, across="right" if side == "left" else "left", down="center", **look)
            )


def flag_lines(flags: tuple[str, ...], width_in: float) -> tuple[FlagLine, ...]:
    """Return the footer's lines, those that touch trust first; one reassuring line where there are no flags."""
    sentences = sorted(flag_sentences(flags), key=lambda sentence: not sentence[1])
    lines = [
        FlagLine(text=line, trust=trust, starts=i == 0)
        for words, trust in sentences
        for i, line in enumerate(wrapped(words, width_in - _MARK_IN, _FLAG_PT))
    ]
    return tuple(lines) or (FlagLine(text="No flags", trust=False, starts=True),)


def draw_flags(page: Page, lines: tuple[FlagLine, ...], *, left: float, top: float) -> None:
    """Write the footer, each flag behind a mark; those that touch trust in the warning colour."""
    for i, line in enumerate(lines):
        colour = palette.WARNING if line.trust else palette.MUTED
        y = top + (i + 0.8) * LINE_IN
        if line.starts and line.trust:
            put(page, left, y, "▲", size_pt=_FLAG_PT - 1, colour=colour)
        indent = _MARK_IN if any(other.trust for other in lines) else 0.0
        put(page, left + indent, y, line.text, size_pt=_FLAG_PT, colour=colour, name="flag")


def group_words(stress: str, treatment: str) -> str:
    """Return an animal's group in words.

    Examples
    --------
    >>> group_words("defeated", "anti-IL-4Rα")
    'Defeated · anti-IL-4Rα'
    """
    return " · ".join(part for part in (spoken(stress), treatment.strip()) if part)


def draw_rows(page: Page, rows: Sequence[tuple[str, str]], *, left: float, top: float, width: float) -> float:
    """Write label and value pairs, values flush right, and return where the next row would start."""
    for i, (label, value) in enumerate(rows):
        y = top + (i + 0.8) * LINE_IN
        put(page, left, y, fitted(label, width * 0.66, 7.0), size_pt=7.0, colour=palette.MUTED)
        put(page, left + width, y, value, size_pt=7.0, across="right")
    return top + len(rows) * LINE_IN


def draw_colour_bar(panel: Panel, colours: NDArray[np.uint8]) -> None:
    """Fill a panel with a colour ramp, (n, 3) RGB from bottom to top, without a frame; ticks are the caller's."""
    panel.add(Pixels(pixels=np.ascontiguousarray(colours[::-1, None]), extent=(0.0, 1.0, 1.0, 0.0)))


def time_ticks(length_s: float) -> FloatArray:
    """Return four to seven round tick times from 0 up to the window's length.

    Examples
    --------
    >>> time_ticks(150.0).tolist()
    [0.0, 30.0, 60.0, 90.0, 120.0, 150.0]
    """
    steps = np.array([0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200])
    step = float(next((s for s in steps if length_s / s <= 6), length_s))
    return np.arange(0.0, length_s * 1.0001, step)


def draw_timeline(page: Page, box: tuple[float, float, float, float], picture: SessionPicture) -> None:
    """Draw when the animal was in each main zone, over the path's colour ramp: a colour bar in seconds.

    Rows run from the top of the box: one per zone, then the ramp. Time without a position is white in the ramp.
    """
    zones, length = main_zones(picture.zones), picture.length_s
    colours = palette.zone_colours(zones)
    panel = Panel(page=page, box=box, x=(0.0, length), y=(len(zones) + 1.0, -0.15))
    ramp = palette.path_colours(np.linspace(0, 1, 1024))[None]
    panel.add(Pixels(pixels=ramp, extent=(0.0, 0.7, length, 0.0)))
    _draw_spans(panel, unknown_spans(picture), (0.0, 0.7), "#FFFFFF")
    for row, name in enumerate(reversed(zones), start=1):
        _draw_rule(panel, row + 0.35, palette.FAINT, 0.5)
        inside = picture.track.get(f"in_{name}")
        if inside is not None:
            flags = inside.fillna(value=False).to_numpy(dtype=bool)
            found = spans(picture.track["time_s"], flags, picture.durations_s)
            _draw_spans(panel, found, (row, row + 0.7), colours[name])
    ticks = time_ticks(length)
    draw_scale(panel, ticks, [f"{tick:g}" for tick in ticks], side="bottom", at=-0.15)
    _draw_rule(panel, -0.15, palette.MUTED, 0.6)
    words = ["Path", *(fitted(spoken(name), 0.9, 6.5) for name in reversed(zones))]
    for row, word in enumerate(words):
        style: dict[str, Any] = {"size_pt": 6.5, "across": "right", "down": "center", "colour": palette.MUTED}
        panel.add(Text(place=(0.0, row + 0.35), text=word, shift_pt=(-2.0, 0.0), **style))


def _draw_rule(panel: Panel, at: float, colour: str, width_pt: float) -> None:
    line = np.array([[panel.x[0], at], [panel.x[1], at]])
    panel.add(Lines(lines=(line,), colours=(colour,), width_pt=width_pt, z=0.5, butt=True))


def _draw_spans(panel: Panel, parts: FloatArray, rows: tuple[float, float], colour: str) -> None:
    low, high = rows
    boxes = tuple(np.array([[a, low], [b, low], [b, high], [a, high]]) for a, b in parts)
    panel.add(Areas(outlines=boxes, face=colour))


def spans(time_s: pd.Series, inside: NDArray[np.bool_], durations_s: FloatArray) -> FloatArray:
    """Return the (n, 2) starts and ends in s of the stretches of rows where ``inside`` is True."""
    time = time_s.to_numpy(dtype=float, na_value=np.nan)
    if not len(time):
        return np.zeros((0, 2))
    ends = time + np.nan_to_num(np.asarray(durations_s, float))
    joined = inside[1:] & inside[:-1] & (np.diff(time) <= LONGEST_FRAME_S + TOLERANCE_S)
    starts = np.flatnonzero(inside & np.append(True, ~joined))
    stops = np.flatnonzero(inside & np.append(~joined, True))
    return np.column_stack([time[starts], ends[stops]])


def unknown_spans(picture: SessionPicture) -> FloatArray:
    """Return the (n, 2) starts and ends in s of the time within the window without a known position."""
    track = picture.track
    known = track[["x_cm", "y_cm"]].notna().all(axis=1).to_numpy(dtype=bool)
    found = spans(track["time_s"], known, picture.durations_s)
    edges = np.concatenate([[0.0], found.ravel(), [picture.length_s]])
    gaps = edges.reshape(-1, 2)
    return np.asarray(gaps[gaps[:, 1] - gaps[:, 0] > 1e-3])
