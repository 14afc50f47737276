"""The strip of small pictures that shows a trial's start and end, to be checked at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from csds.figures import palette
from csds.figures.canvas import axes_at, blank_figure, house_style, save_figure
from csds.figures.furniture import LINE_IN, put
from csds.figures.lettering import fitted
from csds.figures.pictures import SessionPicture, number

#: Inches between pictures, and between those of the start and those of the end.
_GAP, _BREAK = 0.04, 0.22
#: Pictures up to this time, s, belong to the start.
_START_UNTIL_S = 3.0
#: As many pictures as are usually shown: fewer are no larger.
_USUAL = 9
_AROUND = 1.9 * LINE_IN
_PT = 6.5
#: Pictures of a whole recording in one row.
_PER_ROW = 6

_SOURCES = {
    "sheet": "as in the sheet",
    "found": "the hand is gone, the animal on the floor",
    "first_frame": "the recording's first frame",
}


def strip_height(picture: SessionPicture, width_in: float) -> float:
    """Return how high the strip gets with its words, in inches; 0 where there are no pictures."""
    if not picture.thumbnails:
        return 0.0
    rows, columns = picture.thumbnails[0].shape
    return float(_side(picture, width_in) * rows / columns + 2 * _AROUND)


def draw_strip(figure: Figure, picture: SessionPicture, *, left: float, top: float, width: float) -> None:
    """Draw the pictures around the trial's start and end, with their times and a mark where it starts."""
    if not picture.thumbnails:
        return
    side = _side(picture, width)
    rows, columns = picture.thumbnails[0].shape
    height = side * rows / columns
    start_s = number(picture.metrics, "start_s")
    how = _SOURCES.get(str(picture.metrics.get("start_source", "")), "")
    words = f"Start at {start_s:.2f} s of the recording: {how}" if np.isfinite(start_s) and how else "Start and end"
    put(figure, left, top + 0.8 * LINE_IN, words, fontsize=7.0, fontweight="bold")
    axes = axes_at(figure, left=left, top=top + _AROUND - 0.03, width=width, height=height + 0.06)
    axes.set_xlim(0, width)
    axes.set_ylim(-height - 0.03, 0.03)
    x = 0.0
    before = None
    for shown, time_s in zip(picture.thumbnails, picture.thumbnails_s, strict=True):
        if before is not None:
            x += side + (_BREAK if before <= _START_UNTIL_S < time_s else _GAP)
        axes.imshow(shown, cmap="gray", vmin=0, vmax=255, extent=(x, x + side, -height, 0), aspect="auto")
        if time_s >= -1e-6 and (before is None or before < -1e-6):
            axes.plot([x - _GAP / 2] * 2, [-height - 0.02, 0.02], color=palette.INTERACTION, linewidth=2.0, gid="start")
        at = f"{time_s:+.1f} s".replace("-", "−") if abs(time_s) >= 0.05 else "start"
        colour = palette.INTERACTION if at == "start" else palette.MUTED
        middle = left + x + side / 2
        put(figure, middle, top + _AROUND + height + 0.75 * LINE_IN, at, fontsize=_PT, ha="center", color=colour)
        before = time_s


def save_recording_strip(
    pictures: Sequence[NDArray[np.uint8]], times_s: Sequence[float], title: str, path: Path
) -> None:
    """Write small pictures spread over a recording, each with its time, for one whose trials were not found."""
    rows = [range(start, min(start + _PER_ROW, len(pictures))) for start in range(0, len(pictures), _PER_ROW)]
    side = 1.0
    height = side * pictures[0].shape[0] / pictures[0].shape[1]
    step = height + 1.5 * LINE_IN
    with house_style():
        figure = blank_figure(_PER_ROW * (side + _GAP) + 0.4, len(rows) * step + 0.45)
        put(figure, 0.2, 0.22, fitted(title, _PER_ROW * side, 8.0, "bold"), fontsize=8.0, fontweight="bold")
        for number, row in enumerate(rows):
            for column, index in enumerate(row):
                left, top = 0.2 + column * (side + _GAP), 0.35 + number * step
                axes = axes_at(figure, left=left, top=top, width=side, height=height)
                axes.imshow(pictures[index], cmap="gray", vmin=0, vmax=255, aspect="auto")
                at = f"{times_s[index]:.1f} s"
                put(figure, left + side / 2, top + height + LINE_IN, at, fontsize=_PT, ha="center", color=palette.MUTED)
        save_figure(figure, path)


def _side(picture: SessionPicture, width_in: float) -> float:
    count = max(_USUAL, len(picture.thumbnails))
    return (width_in - (count - 2) * _GAP - _BREAK) / count
