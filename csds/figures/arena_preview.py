"""The picture of found arenas: floor, corners, enclosure wall and zones upon what the camera sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon as Patch
from numpy.typing import NDArray

from csds.figures import palette
from csds.figures.canvas import axes_at, blank_figure, house_style, save_figure
from csds.figures.floor import distinct_outlines
from csds.figures.furniture import LINE_IN, put
from csds.figures.lettering import fitted, wrapped
from csds.model.arena import Arena
from csds.model.shapes import FloatArray, Shape, Zone

_WIDTH = 6.9
_SIDE = 0.3
_HEADER = 0.62
_TALLEST = 6.2
_GREYS = (60.0, 235.0)
"""Display greys of the picture's first and 99th percentile: dim infrared can be read, outlines stand out."""


_MARKS = 16
"""Marks along the longer side, at most, from which pixels are read off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArenaPicture:
    """All that the picture of found arenas shows.

    Parameters
    ----------
    title : str
        The recording's name.
    words : str
        What was found, in one line.
    grey : (height, width) uint8
        The frame without animals.
    arenas : sequence of Arena
        Drawn with zones and enclosure.
    rivals : sequence of Arena
        Drawn with broken outlines: what else it could be.
    zones : sequence of Zone
        In cm.
    enclosure : Shape or None
        In cm.
    warning : str
        Stands below in the warning colour, and pixels along the picture's sides, so that corners can be read off;
        empty for none.
    """

    title: str
    words: str
    grey: NDArray[np.uint8]
    arenas: Sequence[Arena]
    zones: Sequence[Zone]
    rivals: Sequence[Arena] = ()
    enclosure: Shape | None = None
    warning: str = ""


def arena_figure(picture: ArenaPicture) -> Figure:
    """Return the frame with each arena: floor, corner numbers, enclosure wall (heavy), enclosure, zones."""
    with house_style():
        height, width = picture.grey.shape
        wide = _WIDTH - 2 * _SIDE
        inch = min(wide / width, _TALLEST / height)
        lines = wrapped(picture.warning, wide, 7.0)
        figure = blank_figure(_WIDTH, _HEADER + height * inch + 0.2 + (LINE_IN + 0.06) * len(lines))
        put(figure, _SIDE, 0.3, fitted(picture.title, wide, 10, "bold"), fontsize=10, fontweight="bold")
        put(figure, _SIDE, 0.49, fitted(picture.words, wide, 8), fontsize=8)
        axes = axes_at(
            figure, left=_SIDE + (wide - width * inch) / 2, top=_HEADER, width=width * inch, height=height * inch
        )
        axes.imshow(_display(picture.grey), cmap="gray", vmin=0, vmax=255, interpolation="bilinear", aspect="auto")
        axes.set_xlim(-0.5, width - 0.5)
        axes.set_ylim(height - 0.5, -0.5)
        for arena in picture.arenas:
            _draw_arena(axes, arena, picture)
        for rival in picture.rivals:
            _draw_rival(axes, rival, has_wall=picture.enclosure is not None)
        if picture.warning:
            _draw_ruler(axes, width, height)
        for i, line in enumerate(lines):
            top = _HEADER + height * inch + 0.18 + (i + 0.8) * LINE_IN
            put(figure, _SIDE, top, line, fontsize=7.0, color=palette.WARNING)
    return figure


def save_arena_picture(picture: ArenaPicture, path: Path) -> None:
    """Write the picture of found arenas to ``path``, whole or not at all."""
    save_figure(arena_figure(picture), path)


def _draw_arena(axes: Axes, arena: Arena, picture: ArenaPicture) -> None:
    colours = palette.zone_colours(tuple(zone.name for zone in picture.zones))
    for zone, outline in distinct_outlines(tuple(picture.zones)):
        patch = Patch(_px(arena, outline), facecolor="none", edgecolor=colours[zone.name], linewidth=1.0, zorder=2)
        axes.add_patch(patch)
    if picture.enclosure is not None:
        for outline in picture.enclosure.outlines():
            edge: dict[str, Any] = {"edgecolor": "white", "linewidth": 1.0, "zorder": 3, "gid": "enclosure"}
            axes.add_patch(Patch(_px(arena, outline), facecolor="none", **edge))
    for outline in arena.floor.outlines():
        axes.add_patch(
            Patch(_px(arena, outline), fill=False, edgecolor=palette.ISOTYPE, linewidth=1.1, zorder=3, gid="floor")
        )
    corners = np.array(arena.corners_px, float)
    if picture.enclosure is not None:
        axes.plot(*corners[:2].T, color=palette.ISOTYPE, linewidth=2.6, zorder=3.2, solid_capstyle="butt", gid="wall")
    sure = f"{arena.confidence:.0%} sure" if arena.source == "detected" else "drawn"
    _letter(axes, corners, f"{arena.name} · {sure}")


def _draw_rival(axes: Axes, rival: Arena, *, has_wall: bool) -> None:
    """Draw what an arena could be instead: broken outline, corner numbers and enclosure wall."""
    style: dict[str, Any] = {"color": palette.WARNING, "linestyle": (0, (4, 3)), "zorder": 4}
    for outline in rival.floor.outlines():
        axes.plot(*np.vstack([_px(rival, outline), _px(rival, outline)[:1]]).T, linewidth=1.0, gid="rival", **style)
    corners = np.array(rival.corners_px, float)
    if has_wall:
        axes.plot(*corners[:2].T, linewidth=2.4, gid="rival wall", **style)
    _letter(axes, corners, f"or {rival.name}", lines_down=1.6)


def _letter(axes: Axes, corners: FloatArray, name: str, *, lines_down: float = 0.0) -> None:
    """Write the corners' numbers inside of them, and a name in the middle, or some lines below it."""
    middle = corners.mean(axis=0)
    halo = [patheffects.withStroke(linewidth=1.8, foreground="black")]
    words: dict[str, Any] = {
        "color": "white",
        "ha": "center",
        "va": "center",
        "path_effects": halo,
        "zorder": 5,
        "clip_on": True,
    }
    for number, corner in enumerate(corners, start=1):
        x, y = corner + 0.05 * (middle - corner)
        axes.text(x, y, str(number), fontsize=7, gid="corner", **words)
    offset: dict[str, Any] = {"textcoords": "offset points", "xytext": (0.0, -8.0 * lines_down)}
    axes.annotate(name, (float(middle[0]), float(middle[1])), fontsize=8, gid="name", **offset, **words)


def _draw_ruler(axes: Axes, width: int, height: int) -> None:
    """Mark pixels along the left and lower side, with faint lines across."""
    step = next(step for step in (10, 20, 50, 100, 200, 500, 1000) if max(width, height) / step <= _MARKS)
    for is_across, length in ((True, width), (False, height)):
        for at in range(0, length, step):
            line = axes.axvline if is_across else axes.axhline
            line(at, color="white", linewidth=0.4, alpha=0.35, zorder=1.5)
            x, y, place = (at, -0.012, ("center", "top")) if is_across else (-0.008, at, ("right", "center"))
            transform = axes.get_xaxis_transform() if is_across else axes.get_yaxis_transform()
            style: dict[str, Any] = {"fontsize": 5.5, "color": palette.MUTED, "gid": "pixel"}
            axes.text(x, y, str(at), transform=transform, ha=place[0], va=place[1], **style)


def _px(arena: Arena, outline_cm: FloatArray) -> FloatArray:
    return np.column_stack(arena.to_px(outline_cm[:, 0], outline_cm[:, 1]))


def _display(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    low, high = np.percentile(grey[::4, ::4], (1.0, 99.0))
    share = (grey.astype(float) - low) / max(high - low, 20.0)
    return np.asarray(np.clip(_GREYS[0] + share * (_GREYS[1] - _GREYS[0]), 0, 255), np.uint8)
