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
        Drawn as thin broken outlines: what else it could be.
    zones : sequence of Zone
        In cm.
    enclosure : Shape or None
        In cm.
    warning : str
        Stands below in the warning colour; empty for none.
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
        figure = blank_figure(_WIDTH, _HEADER + height * inch + 0.2 + LINE_IN * len(lines))
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
            style: dict[str, Any] = {
                "edgecolor": palette.WARNING,
                "linewidth": 0.9,
                "linestyle": (0, (4, 3)),
                "zorder": 4,
            }
            for outline in rival.floor.outlines():
                axes.add_patch(Patch(_px(rival, outline), fill=False, gid="rival", **style))
        for i, line in enumerate(lines):
            top = _HEADER + height * inch + 0.06 + (i + 0.8) * LINE_IN
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
    name = f"{arena.name} · {arena.confidence:.0%} sure" if arena.source == "detected" else f"{arena.name} · drawn"
    axes.text(float(middle[0]), float(middle[1]), name, fontsize=8, gid="name", **words)


def _px(arena: Arena, outline_cm: FloatArray) -> FloatArray:
    return np.column_stack(arena.to_px(outline_cm[:, 0], outline_cm[:, 1]))


def _display(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    low, high = np.percentile(grey[::4, ::4], (1.0, 99.0))
    share = (grey.astype(float) - low) / max(high - low, 20.0)
    return np.asarray(np.clip(_GREYS[0] + share * (_GREYS[1] - _GREYS[0]), 0, 255), np.uint8)
