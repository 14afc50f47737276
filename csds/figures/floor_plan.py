"""The picture of one session: its floor from above, where the animal went, and what was measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from csds.figures import palette
from csds.figures.canvas import save_page
from csds.figures.floor import FloorView, draw_floor, draw_zone_labels, floor_view, main_zones, scale_bar_cm
from csds.figures.furniture import (
    LINE_IN,
    draw_flags,
    draw_rows,
    draw_scale,
    draw_timeline,
    flag_lines,
    group_words,
    put,
)
from csds.figures.lettering import fitted
from csds.figures.page import Dots, Page, Panel, Text
from csds.figures.paths import draw_ends, draw_path, end_mark, positions_at, start_mark
from csds.figures.pictures import SessionPicture, number, shown, shown_range, spoken
from csds.figures.strip import draw_strip, strip_height

_WIDTH = 6.9
_LEFT, _RIGHT = 0.45, 0.25
_PLAN = 4.4
_SIDE = 1.65
_NAMES = 0.66
_HEADER = 0.72
_MAX_NUMBERED = 15
"""With more entries than these their markers lose their numbers, which would hide the path."""


def session_page(picture: SessionPicture) -> Page:
    """Return the floor plan of a session: background, zones, path coloured by time, entries, numbers, flags.

    The enclosure wall is at the top, whichever wall of the recording it is on. Stretches without
    a known position are not drawn; interpolated ones are thin and dotted.
    """
    view = floor_view(picture.arena, max_width_in=_PLAN, max_height_in=_PLAN + 0.6, margin_in=0.2)
    timeline = 0.14 * (len(main_zones(picture.zones)) + 1)
    below = _HEADER + max(view.height_in, _side_height(picture)) + 0.3
    lines = flag_lines(picture.flags, _WIDTH - _LEFT - _RIGHT)
    width = _WIDTH - _LEFT - _RIGHT
    pictured = below + timeline + 0.36
    height = pictured + strip_height(picture, width) + len(lines) * LINE_IN + 0.14
    page = Page(_WIDTH, height)
    _draw_header(page, picture)
    left = _LEFT + (_PLAN - view.width_in) / 2
    _draw_plan(view.panel(page, left, _HEADER), picture, view)
    _draw_side(page, picture)
    draw_timeline(page, (_LEFT + _NAMES, below, width - _NAMES, timeline), picture)
    small: dict[str, Any] = {"size_pt": 6.5, "across": "right", "colour": palette.MUTED}
    put(page, _LEFT + _NAMES - 0.1, below + timeline + 0.14, "Time (s)", **small)
    put(page, left - 0.05, _HEADER + view.height_in + 0.145, "cm", **small)
    draw_strip(page, picture, left=_LEFT, top=pictured - 0.08, width=width)
    draw_flags(page, lines, left=_LEFT, top=height - 0.1 - len(lines) * LINE_IN)
    return page


def save_session_picture(picture: SessionPicture, path: Path) -> None:
    """Write the floor plan of a session to ``path`` as PNG, whole or not at all."""
    save_page(session_page(picture), path)


def _draw_header(page: Page, picture: SessionPicture) -> None:
    width = _WIDTH - _LEFT - _RIGHT
    put(page, _LEFT, 0.34, fitted(picture.animal, width * 0.5, 11, "bold"), size_pt=11, weight="bold")
    identity = fitted(picture.session_id, width * 0.45, 6.5)
    put(page, _WIDTH - _RIGHT, 0.34, identity, size_pt=6.5, across="right", colour=palette.MUTED)
    words = [spoken(picture.phase), group_words(picture.stress, picture.treatment)]
    put(page, _LEFT, 0.54, fitted(" · ".join(filter(None, words)), width, 8), size_pt=8)


def _draw_plan(panel: Panel, picture: SessionPicture, view: FloorView) -> None:
    draw_floor(panel, picture, view)
    draw_path(panel, picture.track, picture.length_s)
    _draw_entries(panel, picture)
    draw_ends(panel, picture.track)
    draw_zone_labels(panel, picture, view)
    _draw_ticks(panel, view)


def _draw_ticks(panel: Panel, view: FloorView) -> None:
    """Tick the floor in cm from its origin."""
    step = scale_bar_cm(view.arena.width_cm)
    left, _, bottom, _ = view.extent
    x, y = (np.arange(0, length + 1e-6, step) for length in (view.arena.width_cm, view.arena.height_cm))
    draw_scale(panel, x, [f"{value:g}" for value in x], side="bottom", at=bottom)
    draw_scale(panel, y, [f"{value:g}" for value in y], side="left", at=left)


def _draw_entries(panel: Panel, picture: SessionPicture) -> None:
    places = positions_at(picture.track, picture.entry_times_s)
    known = np.isfinite(places).all(axis=1)
    if not known.any():
        return
    numbered = len(places) <= _MAX_NUMBERED
    look: dict[str, Any] = {"face": _entry_colour(picture), "edge": "#FFFFFF", "edge_pt": 0.6}
    panel.add(Dots(points=places[known], size_pt=6.5 if numbered else 3.0, z=5.5, name="entries", **look))
    for i in np.flatnonzero(known).tolist() if numbered else ():
        style: dict[str, Any] = {"size_pt": 4.6, "colour": "#FFFFFF", "across": "center", "down": "center"}
        place = (float(places[i, 0]), float(places[i, 1]))
        panel.add(Text(place=place, text=str(i + 1), z=5.6, name="entry", **style))


def _entry_colour(picture: SessionPicture) -> str:
    return palette.darker(palette.zone_colours((picture.entry_zone,))[picture.entry_zone], 0.35)


def _rows(picture: SessionPicture) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return the side column: headings with their rows."""
    metrics = picture.metrics
    percent = [number(metrics, name) * 100 for name in ("tracked_fraction", "interpolated_fraction")]
    movement = (
        ("Distance", shown(number(metrics, "distance_cm"), "cm", 0)),
        ("Mean speed", shown(number(metrics, "mean_speed_cm_s"), "cm/s")),
        ("Immobile", shown(number(metrics, "immobile_time_s"), "s")),
    )
    names = main_zones(picture.zones)
    time = tuple((spoken(name), shown(number(metrics, f"{name}_time_s"), "s")) for name in names)
    ends = [number(metrics, f"interaction_{end}_s") for end in ("low", "high")]
    if np.isfinite(ends).all():
        time = (time[0], ("95 % interval", shown_range(ends[0], ends[1], "s", 1)), *time[1:])
    latency = tuple((spoken(name), shown(number(metrics, f"{name}_latency_s"), "s")) for name in names)
    quality = (
        ("Tracked", shown(percent[0], "%")),
        ("Interpolated", shown(percent[1], "%")),
        ("Frames", shown(number(metrics, "n_frames"), "", 0)),
    )
    groups = (("Time in zone", time), ("First entry after", latency), ("Movement", movement), ("Tracking", quality))
    return tuple(group for group in groups if group[1])


def _side_height(picture: SessionPicture) -> float:
    return sum((len(rows) + 1) * LINE_IN + 0.16 for _, rows in _rows(picture)) + 0.7


def _draw_side(page: Page, picture: SessionPicture) -> None:
    left, top = _WIDTH - _RIGHT - _SIDE + 0.08, _HEADER + 0.12
    width = _SIDE - 0.08
    for heading, rows in _rows(picture):
        put(page, left, top + 0.8 * LINE_IN, heading, size_pt=7.0, weight="bold")
        top = draw_rows(page, rows, left=left, top=top + LINE_IN, width=width) + 0.16
    _draw_key(page, left, top, picture)


def _draw_key(page: Page, left: float, top: float, picture: SessionPicture) -> None:
    """Explain the marks."""
    x = left + 0.05
    marks = [("start", start_mark), ("end", end_mark)]
    if picture.entry_times_s:
        colour = _entry_colour(picture)
        word = f"entry, {spoken(picture.entry_zone).lower()} zone"
        marks.append((word, lambda points: Dots(points=points, size_pt=6.5, face=colour)))
    for i, (word, mark) in enumerate(marks):
        y = top + (i + 0.8) * LINE_IN
        page.paper.add(replace(mark(np.array([[x, y - 0.035]])), name="key"))
        put(page, left + 0.18, y, fitted(word, _SIDE - 0.26, 7.0), size_pt=7.0, colour=palette.MUTED)
