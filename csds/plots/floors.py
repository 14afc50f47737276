"""Floors in figures: pages laid out in points, outlines of floor, zones and enclosure, its wall at the top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from csds.figures import palette
from csds.figures.floor import distinct_outlines
from csds.model.arena import Arena
from csds.model.shapes import Circle, FloatArray
from csds.plots.labels import POINTS_PER_INCH, figure_of, lines_height
from csds.plots.style import Style, new_figure
from csds.results.sessions import SavedSession

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAGE_HEIGHT_PT = 240.0 / 25.4 * POINTS_PER_INCH
"""What a journal's page is high."""
_STEP_CM = 0.25
#: What a line of text has below its baseline, in sizes of its letters.
_BELOW_BASELINE = 0.38


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorPlace:
    """Where on a page a floor is drawn: its upper left corner in points, and points per cm."""

    left: float
    top: float
    scale: float

    def to_page(self, points_cm: FloatArray) -> FloatArray:
        """Return (n, 2) points on the floor as points on the page."""
        return np.array([self.left, self.top]) + self.scale * points_cm


def open_page(style: Style, height_pt: float) -> tuple[Figure, Axes]:
    """Return a figure and axes that cover it, in points from its upper left corner; to be called within `drawing`."""
    figure = new_figure(style, height_pt / POINTS_PER_INCH)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0, style.width_in * POINTS_PER_INCH)
    axes.set_ylim(height_pt, 0)
    axes.axis("off")
    return figure, axes


def set_page_height(page: Axes, height_pt: float) -> None:
    """Make a page that `open_page` returned as high as it turned out to be, before further axes are placed on it."""
    figure = figure_of(page)
    figure.set_size_inches(figure.get_size_inches()[0], height_pt / POINTS_PER_INCH)
    page.set_ylim(height_pt, 0)


def place_axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Return axes at a place in points from the figure's upper left corner."""
    across, down = figure.get_size_inches() * POINTS_PER_INCH
    return figure.add_axes((left / across, 1 - (top + height) / down, width / across, height / down))


def write_lines(
    page: Axes, left: float, top: float, text: str, size_pt: float, *, colour: str | None = None, align: str = "left"
) -> None:
    """Write lines of text below a place of the page, on baselines that are even whatever letters stand on them."""
    step = lines_height(1, size_pt)
    for at, line in enumerate(text.split("\n"), start=1):
        page.text(left, top + at * step - _BELOW_BASELINE * size_pt, line, fontsize=size_pt, color=colour, ha=align)


def floor_outlines(session: SavedSession, style: Style) -> list[tuple[str, FloatArray]]:
    """Return the outlines of a session's zones, enclosure and floor in cm, each closed, with its colour.

    What lies off the floor is left out: NaN where an outline is broken.
    """
    colours = palette.zone_colours(tuple(zone.name for zone in session.zones))
    drawn = [(colours[zone.name], outline) for zone, outline in distinct_outlines(session.zones)]
    if session.enclosure is not None:
        drawn += [(style.inks.ink, outline) for outline in session.enclosure.outlines()]
    found = [(colour, _on_floor(outline, session.arena)) for colour, outline in drawn]
    return [*found, *((style.inks.muted, _closed(outline)) for outline in session.arena.floor.outlines())]


def flow(widths: Sequence[float], room: float, gap: float) -> list[tuple[int, float]]:
    """Return the line, from 0, and the place in it of things that stand side by side as far as there is room.

    Examples
    --------
    >>> flow([30.0, 30.0, 50.0], 80.0, 10.0)
    [(0, 0.0), (0, 40.0), (1, 0.0)]
    """
    places, line, at = [], 0, 0.0
    for width in widths:
        if at and at + width > room:
            line, at = line + 1, 0.0
        places.append((line, at))
        at += width + gap
    return places


def _closed(outline: FloatArray) -> FloatArray:
    return np.concatenate([outline, outline[:1]])


def _on_floor(outline: FloatArray, arena: Arena) -> FloatArray:
    if not isinstance(arena.floor, Circle):
        return np.clip(_closed(outline), 0.0, (arena.width_cm, arena.height_cm))
    ends = _closed(outline)
    counts = np.maximum(1, np.ceil(np.hypot(*np.diff(ends, axis=0).T) / _STEP_CM)).astype(int)
    parts = [
        a + np.linspace(0, 1, n, endpoint=False)[:, None] * (b - a)
        for a, b, n in zip(ends[:-1], ends[1:], counts, strict=True)
    ]
    fine = np.concatenate([*parts, ends[-1:]])
    fine[arena.floor.distance(fine[:, 0], fine[:, 1]) > 0] = np.nan
    return fine
