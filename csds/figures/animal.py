"""The picture of one animal's test: both phases side by side, where it went and where it stayed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from csds.figures import palette
from csds.figures.canvas import save_page
from csds.figures.certainty import certainty_height, draw_certainty
from csds.figures.floor import FloorView, draw_floor, draw_scale_bar, floor_cut, floor_view, main_zones
from csds.figures.furniture import (
    LINE_IN,
    draw_colour_bar,
    draw_flags,
    draw_scale,
    flag_lines,
    group_words,
    put,
    time_ticks,
)
from csds.figures.lettering import fitted, text_width_in
from csds.figures.occupancy import OccupancyGrid, occupancy
from csds.figures.page import Areas, Page, Panel, Pixels, Text
from csds.figures.paths import draw_ends, draw_path
from csds.figures.pictures import AnimalPicture, SessionPicture, number, shown, spoken
from csds.model.arena import Arena
from csds.model.shapes import FloatArray

_WIDTH = 7.1
_LEFT, _RIGHT, _GAP = 0.3, 0.3, 0.12
_PANEL = 2.1
_BAR = 0.09
_HEADER, _CAPTION = 0.7, 0.2
_SIDE = 1.5
_MARGIN = 0.03
_SCALE = 0.2
_PHASE_TITLES = ("Target absent", "Target present")
_BORDERLINE = "△ borderline"
_LEAST_PEAK = 0.05
"""s/cm²: the colour scale reaches at least so far, so that a near-empty phase is not inflated."""


def animal_page(picture: AnimalPicture) -> Page:
    """Return an animal's two phases side by side: paths above, occupancy below, score beside.

    Both phases share one colour scale for time and one for occupancy, so that they can be compared
    by eye. The occupancy scale is a square root: it shows passages beside long stays. A phase
    without a result is an empty panel that says so.

    Raises
    ------
    ValueError
        If both phases are missing.
    """
    phases = (picture.absent, picture.present)
    there = [phase for phase in phases if phase is not None]
    if not there:
        msg = f"an animal's picture needs at least one phase, but {picture.animal!r} has none"
        raise ValueError(msg)
    view = floor_view(there[0].arena, max_width_in=_PANEL, max_height_in=_PANEL * 1.4, margin_in=_MARGIN)
    lines = flag_lines(picture.flags, _WIDTH - _LEFT - _RIGHT)
    tops = (_HEADER + _CAPTION, _HEADER + _CAPTION + view.height_in + _GAP)
    below = tops[1] + view.height_in + _SCALE
    height = max(below, _HEADER + _CAPTION + _side_height(picture)) + len(lines) * LINE_IN + 0.16
    page = Page(_WIDTH, height)
    _draw_header(page, picture)
    heats = tuple(None if phase is None else _heat(phase) for phase in phases)
    peak = max([_LEAST_PEAK, *(float(heat.max()) for heat in heats if heat is not None)])
    length = max(phase.length_s for phase in there)
    for column, (phase, heat) in enumerate(zip(phases, heats, strict=True)):
        left = _LEFT + column * (view.width_in + _GAP)
        title = _PHASE_TITLES[column] if phase is None else spoken(phase.phase)
        centre = left + view.width_in / 2
        put(page, centre, _HEADER + 0.13, title, size_pt=8.5, weight="bold", across="center")
        if phase is None or heat is None:
            _draw_missing(*(view.panel(page, left, top) for top in tops))
            continue
        own = FloorView(arena=phase.arena, margin_cm=view.margin_cm, inch_per_cm=view.inch_per_cm)
        upper, lower = (own.panel(page, left, top) for top in tops)
        draw_floor(upper, phase, own, around_shown=False)
        draw_path(upper, phase.track, length, width_pt=0.9)
        draw_ends(upper, phase.track)
        _draw_heat(lower, phase, own, (heat, peak))
        if column == (0 if picture.absent is not None else 1):
            draw_scale_bar(lower, own)
    bars = _LEFT + 2 * view.width_in + _GAP + 0.06
    _draw_bars(page, (bars, view), tops, (length, peak))
    _draw_side(page, picture)
    draw_flags(page, lines, left=_LEFT, top=height - 0.1 - len(lines) * LINE_IN)
    return page


def save_animal_picture(picture: AnimalPicture, path: Path) -> None:
    """Write the picture of an animal's test to ``path`` as PNG, whole or not at all."""
    save_page(animal_page(picture), path)


def _heat(phase: SessionPicture) -> FloatArray:
    return occupancy(phase.track, phase.durations_s, _grid(phase.arena))


def _grid(arena: Arena) -> OccupancyGrid:
    return OccupancyGrid(
        width_cm=arena.width_cm,
        height_cm=arena.height_cm,
        bin_cm=max(arena.width_cm, arena.height_cm) / 84,
        smooth_cm=max(arena.width_cm, arena.height_cm) / 42,
        floor=arena.floor,
    )


def _draw_header(page: Page, picture: AnimalPicture) -> None:
    width = _WIDTH - _LEFT - _RIGHT
    put(page, _LEFT, 0.34, fitted(picture.animal, width * 0.6, 11, "bold"), size_pt=11, weight="bold")
    tag = " · ".join(part for part in (picture.cohort, picture.test) if part)
    tag_in = fitted(tag, width * 0.35, 7)
    put(page, _WIDTH - _RIGHT, 0.34, tag_in, size_pt=7, across="right", colour=palette.MUTED)
    put(page, _LEFT, 0.53, fitted(group_words(picture.stress, picture.treatment), width, 8), size_pt=8)


def _draw_missing(upper: Panel, lower: Panel) -> None:
    for panel in (upper, lower):
        (left, right), (top, bottom) = panel.x, panel.y
        outline = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
        panel.add(Areas(outlines=(outline,), face="#F5F5F5"))
    middle = (sum(upper.x) / 2, sum(upper.y) / 2)
    upper.add(Text(place=middle, text="no result", across="center", down="center", colour=palette.MUTED))


def _draw_heat(panel: Panel, phase: SessionPicture, view: FloorView, heat: tuple[FloatArray, float]) -> None:
    """Draw occupancy, on a scale that ends at the peak, over the floor; outside of a round one stays blank."""
    draw_floor(panel, phase, view, backdrop_shown=False)
    arena = phase.arena
    colours = palette.occupancy_colours(np.sqrt(np.maximum(heat[0], 0.0) / heat[1]))
    extent = (0.0, 0.0, arena.width_cm, arena.height_cm)
    panel.add(Pixels(pixels=colours, extent=extent, z=0.5, name="occupancy", within=floor_cut(arena)))


def _draw_bars(
    page: Page, where: tuple[float, FloorView], tops: tuple[float, float], ends: tuple[float, float]
) -> None:
    """Draw the two colour bars to the right of their rows, as tall as the floors."""
    (left, view), (length_s, peak) = where, ends
    ramp = np.linspace(0, 1, 256)
    time, heat = (Panel(page=page, box=(left, top + _MARGIN, _BAR, view.height_in - 2 * _MARGIN)) for top in tops)
    draw_colour_bar(time, palette.path_colours(ramp))
    ticks = time_ticks(length_s)
    _label_bar(time, ticks / length_s, [f"{tick:g}" for tick in ticks], "Time (s)")
    draw_colour_bar(heat, palette.occupancy_colours(ramp))
    marks = occupancy_ticks(peak)
    _label_bar(heat, np.sqrt(marks / peak), [f"{mark:g}" for mark in marks], "Occupancy (s/cm², √ scale)")


def _label_bar(panel: Panel, places: FloatArray, labels: list[str], title: str) -> None:
    draw_scale(panel, places, labels, side="right", at=1.0)
    beside = 1 + (max(text_width_in(label, 6.5) for label in labels) + 0.12) / _BAR
    panel.add(Text(place=(beside, 0.5), text=title, size_pt=6.5, colour=palette.MUTED, upright=True))


def occupancy_ticks(peak: float) -> FloatArray:
    """Return 0 and up to four round values, well apart on a square-root scale that ends at ``peak``.

    Examples
    --------
    >>> occupancy_ticks(3.0).tolist()
    [0.0, 0.2, 0.5, 1.0, 2.0]
    """
    decades = 10.0 ** np.arange(np.floor(np.log10(peak)) - 2, np.floor(np.log10(peak)) + 1)
    rounds = [float(f"{step * decade:.3g}") for decade in decades for step in (1, 2, 5)]
    kept: list[float] = []
    for value in sorted((value for value in rounds if value <= peak), reverse=True):
        if (not kept or np.sqrt(kept[-1] / peak) - np.sqrt(value / peak) > 0.1) and np.sqrt(value / peak) > 0.2:
            kept.append(value)
    return np.array([0.0, *sorted(kept)[-4:]])


def _side_rows(picture: AnimalPicture) -> tuple[tuple[str, str, str], ...]:
    """Return label, absent and present of the side column's table."""
    phases = [phase for phase in (picture.absent, picture.present) if phase is not None]
    rows = [
        (spoken(name), *_pair(picture, f"{name}_time_s", (f"{name}_absent_s", f"{name}_present_s"), "s"))
        for name in main_zones(phases[0].zones)[:3]
    ]
    rows.append(("Distance", *_pair(picture, "distance_cm", ("distance_absent_cm", "distance_present_cm"), "cm")))
    rows.append(("Tracked", *_pair(picture, "tracked_fraction", ("", ""), "%")))
    return tuple(rows)


def _pair(picture: AnimalPicture, own: str, columns: tuple[str, str], unit: str) -> tuple[str, str]:
    """Return a metric of both phases as text: the animal's own column, else the session's."""
    texts = []
    for phase, column in zip((picture.absent, picture.present), columns, strict=True):
        value = number(picture.metrics, column)
        if np.isnan(value) and phase is not None:
            value = number(phase.metrics, own)
        texts.append(shown(value * 100) if unit == "%" else shown(value, "", 0 if unit == "cm" else 1))
    return texts[0], texts[1]


def _side_height(picture: AnimalPicture) -> float:
    return 1.05 + certainty_height(picture) + (len(_side_rows(picture)) + 1) * LINE_IN + 0.15 + 3 * LINE_IN


def _draw_side(page: Page, picture: AnimalPicture) -> None:
    """Write the score and phenotype in large letters, and a small table of both phases."""
    right = _WIDTH - _RIGHT
    left, top = right - _SIDE, _HEADER + _CAPTION + _MARGIN
    metrics = picture.metrics
    put(page, left, top + 0.08, "SI ratio (present / absent)", size_pt=6.5, colour=palette.MUTED)
    colour = palette.phenotype_colour(picture.phenotype)
    put(page, left, top + 0.4, shown(number(metrics, "si_ratio"), "", 2), size_pt=18, colour=palette.INK)
    if picture.phenotype:
        mark = _BORDERLINE if "borderline" in picture.flags else ""
        word = fitted(spoken(picture.phenotype), _SIDE - text_width_in(mark, 7.0), 9, "bold")
        put(page, left, top + 0.61, word, size_pt=9, weight="bold", colour=colour, name="phenotype")
        put(page, right, top + 0.61, mark, size_pt=7.0, across="right", name="borderline")
    if picture.rule:
        rule = fitted(f"by {picture.rule}", _SIDE, 6.0)
        put(page, left, top + 0.74, rule, size_pt=6.0, colour=palette.MUTED)
    draw_certainty(page, picture, (left, top + 0.86, right))
    _draw_table(page, picture, (left, top + 1.0 + certainty_height(picture), right))


def _draw_table(page: Page, picture: AnimalPicture, where: tuple[float, float, float]) -> None:
    left, top, right = where
    stops = (right - 0.42, right)
    for stop, word in zip(stops, ("absent", "present"), strict=True):
        put(page, stop, top, word, size_pt=6.5, across="right", colour=palette.MUTED)
    units = {"Distance": "Distance (cm)", "Tracked": "Tracked (%)"}
    for i, (label, *values) in enumerate(_side_rows(picture), start=1):
        y = top + i * LINE_IN
        words = units.get(label, f"{label} (s)")
        put(page, left, y, fitted(words, stops[0] - left - 0.27, 6.5), size_pt=6.5, colour=palette.MUTED)
        for stop, value in zip(stops, values, strict=True):
            put(page, stop, y, value, size_pt=6.5, across="right")
