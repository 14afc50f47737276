"""The picture of one session: its floor from above, where the animal went, and what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from csds.figures import palette
from csds.figures.canvas import axes_at, blank_figure, house_style, save_figure
from csds.figures.floor import FloorView, draw_floor, draw_ticks, draw_zone_labels, floor_view, main_zones
from csds.figures.furniture import LINE_IN, draw_flags, draw_rows, draw_timeline, flag_lines, group_words, put
from csds.figures.lettering import fitted
from csds.figures.paths import draw_ends, draw_path, positions_at
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


def session_figure(picture: SessionPicture) -> Figure:
    """Return the floor plan of a session: background, zones, path coloured by time, entries, numbers, flags.

    The enclosure wall is at the top, whichever wall of the recording it is on. Stretches without
    a known position are not drawn; interpolated ones are thin and dotted.
    """
    with house_style():
        view = floor_view(picture.arena, max_width_in=_PLAN, max_height_in=_PLAN + 0.6, margin_in=0.2)
        zones = main_zones(picture.zones)
        timeline = 0.14 * (len(zones) + 1)
        below = _HEADER + max(view.height_in, _side_height(picture)) + 0.3
        lines = flag_lines(picture.flags, _WIDTH - _LEFT - _RIGHT)
        width = _WIDTH - _LEFT - _RIGHT
        pictured = below + timeline + 0.36
        height = pictured + strip_height(picture, width) + len(lines) * LINE_IN + 0.14
        figure = blank_figure(_WIDTH, height)
        _draw_header(figure, picture)
        left = _LEFT + (_PLAN - view.width_in) / 2
        axes = axes_at(figure, left=left, top=_HEADER, width=view.width_in, height=view.height_in)
        _draw_plan(axes, picture, view)
        _draw_side(figure, picture)
        strip = axes_at(figure, left=_LEFT + _NAMES, top=below, width=_WIDTH - _LEFT - _RIGHT - _NAMES, height=timeline)
        draw_timeline(strip, picture, zones)
        small = {"fontsize": 6.5, "ha": "right", "color": palette.MUTED}
        put(figure, _LEFT + _NAMES - 0.1, below + timeline + 0.14, "Time (s)", **small)
        put(figure, left - 0.05, _HEADER + view.height_in + 0.145, "cm", **small)
        draw_strip(figure, picture, left=_LEFT, top=pictured - 0.08, width=width)
        draw_flags(figure, lines, left=_LEFT, top=height - 0.1 - len(lines) * LINE_IN)
    return figure


def save_session_picture(picture: SessionPicture, path: Path) -> None:
    """Write the floor plan of a session to ``path`` (png, pdf or svg), whole or not at all."""
    save_figure(session_figure(picture), path)


def _draw_header(figure: Figure, picture: SessionPicture) -> None:
    width = _WIDTH - _LEFT - _RIGHT
    put(figure, _LEFT, 0.34, fitted(picture.animal, width * 0.5, 11, "bold"), fontsize=11, fontweight="bold")
    identity = fitted(picture.session_id, width * 0.45, 6.5)
    put(figure, _WIDTH - _RIGHT, 0.34, identity, fontsize=6.5, ha="right", color=palette.MUTED)
    words = [spoken(picture.phase), group_words(picture.stress, picture.treatment)]
    put(figure, _LEFT, 0.54, fitted(" · ".join(filter(None, words)), width, 8), fontsize=8)


def _draw_plan(axes: Axes, picture: SessionPicture, view: FloorView) -> None:
    draw_floor(axes, picture, view)
    draw_path(axes, picture.track, picture.length_s)
    _draw_entries(axes, picture)
    draw_ends(axes, picture.track)
    draw_zone_labels(axes, picture, view)
    draw_ticks(axes, view)


def _draw_entries(axes: Axes, picture: SessionPicture) -> None:
    places = positions_at(picture.track, picture.entry_times_s)
    known = np.isfinite(places).all(axis=1)
    if not known.any():
        return
    colour = palette.darker(palette.zone_colours((picture.entry_zone,))[picture.entry_zone], 0.35)
    numbered = len(places) <= _MAX_NUMBERED
    size = 6.5 if numbered else 3.0
    axes.plot(
        places[known, 0],
        places[known, 1],
        "o",
        markersize=size,
        color=colour,
        markeredgecolor="white",
        markeredgewidth=0.6,
        zorder=5.5,
        gid="entries",
    )
    for i in np.flatnonzero(known) if numbered else ():
        axes.text(
            float(places[i, 0]),
            float(places[i, 1]),
            str(i + 1),
            fontsize=4.6,
            color="white",
            ha="center",
            va="center_baseline",
            zorder=5.6,
            gid="entry",
        )


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


def _draw_side(figure: Figure, picture: SessionPicture) -> None:
    left, top = _WIDTH - _RIGHT - _SIDE + 0.08, _HEADER + 0.12
    width = _SIDE - 0.08
    for heading, rows in _rows(picture):
        put(figure, left, top + 0.8 * LINE_IN, heading, fontsize=7.0, fontweight="bold")
        top = draw_rows(figure, rows, left=left, top=top + LINE_IN, width=width) + 0.16
    _draw_key(figure, left, top, picture)


def _draw_key(figure: Figure, left: float, top: float, picture: SessionPicture) -> None:
    """Explain the marks."""
    width, height = figure.get_size_inches()
    looks: list[tuple[str, dict[str, Any]]] = [
        ("start", {"marker": "o", "color": "white", "markeredgecolor": palette.INK, "markeredgewidth": 1.1}),
        ("end", {"marker": "s", "color": palette.INK, "markersize": 5}),
    ]
    if picture.entry_times_s:
        colour = palette.darker(palette.zone_colours((picture.entry_zone,))[picture.entry_zone], 0.35)
        looks.append((f"entry, {spoken(picture.entry_zone).lower()} zone", {"marker": "o", "color": colour}))
    for i, (word, look) in enumerate(looks):
        y = top + (i + 0.8) * LINE_IN
        place = ([(left + 0.05) / width], [1 - (y - 0.035) / height])
        figure.add_artist(Line2D(*place, **{"linestyle": "none", "markersize": 5.5, **look}))
        put(figure, left + 0.18, y, fitted(word, _SIDE - 0.26, 7.0), fontsize=7.0, color=palette.MUTED)
