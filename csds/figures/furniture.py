"""What stands around the floors in a picture: headings, small tables, colour bars, time lines, flags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from csds.behaviour.timing import LONGEST_FRAME_S, TOLERANCE_S
from csds.figures import palette
from csds.figures.canvas import draw_scale
from csds.figures.lettering import fitted, wrapped
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


def put(figure: Figure, x_in: float, y_in: float, text: str, **style: object) -> None:
    """Write text at inches from the figure's left and top edges, its baseline there."""
    width, height = figure.get_size_inches()
    figure.text(x_in / width, 1 - y_in / height, text, **{"va": "baseline", **style})  # type: ignore[arg-type]


def flag_lines(flags: tuple[str, ...], width_in: float) -> tuple[FlagLine, ...]:
    """Return the footer's lines, those that touch trust first; one reassuring line where there are no flags."""
    sentences = sorted(flag_sentences(flags), key=lambda sentence: not sentence[1])
    lines = [
        FlagLine(text=line, trust=trust, starts=i == 0)
        for words, trust in sentences
        for i, line in enumerate(wrapped(words, width_in - _MARK_IN, _FLAG_PT))
    ]
    return tuple(lines) or (FlagLine(text="No flags", trust=False, starts=True),)


def draw_flags(figure: Figure, lines: tuple[FlagLine, ...], *, left: float, top: float) -> None:
    """Write the footer, each flag behind a mark; those that touch trust in the warning colour."""
    for i, line in enumerate(lines):
        colour = palette.WARNING if line.trust else palette.MUTED
        y = top + (i + 0.8) * LINE_IN
        if line.starts and line.trust:
            put(figure, left, y, "▲", fontsize=_FLAG_PT - 1, color=colour)
        indent = _MARK_IN if any(other.trust for other in lines) else 0.0
        put(figure, left + indent, y, line.text, fontsize=_FLAG_PT, color=colour, gid="flag")


def group_words(stress: str, treatment: str) -> str:
    """Return an animal's group in words.

    Examples
    --------
    >>> group_words("defeated", "anti-IL-4Rα")
    'Defeated · anti-IL-4Rα'
    """
    return " · ".join(part for part in (spoken(stress), treatment.strip()) if part)


def draw_rows(figure: Figure, rows: Sequence[tuple[str, str]], *, left: float, top: float, width: float) -> float:
    """Write label and value pairs, values flush right, and return where the next row would start."""
    for i, (label, value) in enumerate(rows):
        y = top + (i + 0.8) * LINE_IN
        put(figure, left, y, fitted(label, width * 0.66, 7.0), fontsize=7.0, color=palette.MUTED)
        put(figure, left + width, y, value, fontsize=7.0, ha="right")
    return top + len(rows) * LINE_IN


def draw_colour_bar(axes: Axes, colours: FloatArray, *, vertical: bool) -> None:
    """Fill axes with a colour ramp, (n, 4) RGBA from 0 to 1, without a frame; ticks are the caller's."""
    strip = (colours[:, :3] * 255).round().astype(np.uint8)
    image = strip[:, None, :] if vertical else strip[None, :, :]
    axes.imshow(image, extent=(0.0, 1.0, 0.0, 1.0), origin="lower", aspect="auto", interpolation="bilinear")


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


def draw_timeline(axes: Axes, picture: SessionPicture, zones: tuple[str, ...]) -> None:
    """Draw when the animal was in each zone, over the path's colour ramp: a colour bar in seconds.

    Rows run from the top: one per zone, then the ramp. Time without a position is white in the ramp.
    """
    length, colours = picture.length_s, palette.zone_colours(zones)
    ramp = palette.path_colormap()(np.linspace(0, 1, 1024))[None, :, :]
    axes.imshow(
        (ramp * 255).astype(np.uint8), extent=(0, length, 0.0, 0.7), aspect="auto", interpolation="nearest", zorder=1
    )
    _draw_spans(axes, unknown_spans(picture), (0.0, 0.7), "white")
    for row, name in enumerate(reversed(zones), start=1):
        axes.axhline(row + 0.35, color=palette.FAINT, linewidth=0.5, zorder=0)
        inside = picture.track.get(f"in_{name}")
        if inside is not None:
            flags = inside.fillna(value=False).to_numpy(dtype=bool)
            _draw_spans(
                axes, spans(picture.track["time_s"], flags, picture.durations_s), (row, row + 0.7), colours[name]
            )
    axes.set_xlim(0, length)
    axes.set_ylim(-0.15, len(zones) + 1.0)
    ticks = time_ticks(length)
    draw_scale(axes, ticks, [f"{tick:g}" for tick in ticks], side="bottom", at=-0.15)
    axes.axhline(-0.15, color=palette.MUTED, linewidth=0.6, clip_on=False)
    words = ["Path", *(fitted(spoken(name), 0.9, 6.5) for name in reversed(zones))]
    for row, word in enumerate(words):
        style: dict[str, Any] = {"ha": "right", "va": "center_baseline", "color": palette.MUTED}
        axes.text(-0.005, (row + 0.5) / (len(zones) + 1.15), word, fontsize=6.5, transform=axes.transAxes, **style)


def _draw_spans(axes: Axes, parts: FloatArray, rows: tuple[float, float], colour: str) -> None:
    low, high = rows
    boxes = [[(a, low), (b, low), (b, high), (a, high)] for a, b in parts]
    axes.add_collection(PolyCollection(boxes, facecolors=colour, linewidths=0, zorder=2), autolim=False)


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
