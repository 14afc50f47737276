"""The strip of small pictures that shows a trial's start and end, to be checked at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from csds.figures import palette
from csds.figures.canvas import save_page
from csds.figures.furniture import LINE_IN, put
from csds.figures.lettering import fitted
from csds.figures.page import Lines, Page, Pixels
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


def draw_strip(page: Page, picture: SessionPicture, *, left: float, top: float, width: float) -> None:
    """Draw the pictures around the trial's start and end, with their times and a mark where it starts."""
    if not picture.thumbnails:
        return
    side = _side(picture, width)
    rows, columns = picture.thumbnails[0].shape
    height = side * rows / columns
    start_s = number(picture.metrics, "start_s")
    how = _SOURCES.get(str(picture.metrics.get("start_source", "")), "")
    words = f"Start at {start_s:.2f} s of the recording: {how}" if np.isfinite(start_s) and how else "Start and end"
    put(page, left, top + 0.8 * LINE_IN, words, size_pt=7.0, weight="bold")
    above = top + _AROUND
    x = 0.0
    before = None
    for shown, time_s in zip(picture.thumbnails, picture.thumbnails_s, strict=True):
        if before is not None:
            x += side + (_BREAK if before <= _START_UNTIL_S < time_s else _GAP)
        at_left = left + x
        page.paper.add(Pixels(pixels=shown, extent=(at_left, above, at_left + side, above + height)))
        if time_s >= -1e-6 and (before is None or before < -1e-6):
            line = np.array([[at_left - _GAP / 2, above - 0.02], [at_left - _GAP / 2, above + height + 0.02]])
            page.paper.add(
                Lines(lines=(line,), colours=(palette.INTERACTION,), width_pt=2.0, butt=True, name="strip-start")
            )
        at = f"{time_s:+.1f} s".replace("-", "−") if abs(time_s) >= 0.05 else "start"
        colour = palette.INTERACTION if at == "start" else palette.MUTED
        middle = at_left + side / 2
        put(page, middle, above + height + 0.75 * LINE_IN, at, size_pt=_PT, across="center", colour=colour)
        before = time_s


def save_recording_strip(
    pictures: Sequence[NDArray[np.uint8]], times_s: Sequence[float], title: str, path: Path
) -> None:
    """Write small pictures spread over a recording, each with its time, for one whose trials were not found."""
    rows = [range(start, min(start + _PER_ROW, len(pictures))) for start in range(0, len(pictures), _PER_ROW)]
    side = 1.0
    height = side * pictures[0].shape[0] / pictures[0].shape[1]
    step = height + 1.5 * LINE_IN
    page = Page(_PER_ROW * (side + _GAP) + 0.4, len(rows) * step + 0.45)
    put(page, 0.2, 0.22, fitted(title, _PER_ROW * side, 8.0, "bold"), size_pt=8.0, weight="bold")
    for line, row in enumerate(rows):
        for column, index in enumerate(row):
            left, top = 0.2 + column * (side + _GAP), 0.35 + line * step
            page.paper.add(Pixels(pixels=pictures[index], extent=(left, top, left + side, top + height)))
            at = f"{times_s[index]:.1f} s"
            put(page, left + side / 2, top + height + LINE_IN, at, size_pt=_PT, across="center", colour=palette.MUTED)
    save_page(page, path)


def _side(picture: SessionPicture, width_in: float) -> float:
    count = max(_USUAL, len(picture.thumbnails))
    return (width_in - (count - 2) * _GAP - _BREAK) / count
