"""The picture of found arenas: floor, corners, enclosure wall and zones upon what the camera sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csds.figures import palette
from csds.figures.canvas import save_page
from csds.figures.floor import distinct_outlines
from csds.figures.furniture import LINE_IN, put
from csds.figures.lettering import fitted, wrapped
from csds.figures.page import Areas, Lines, Page, Panel, Pixels, Text
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


def arena_page(picture: ArenaPicture) -> Page:
    """Return the frame with each arena: floor, corner numbers, enclosure wall (heavy), enclosure, zones."""
    height, width = picture.grey.shape
    wide = _WIDTH - 2 * _SIDE
    inch = min(wide / width, _TALLEST / height)
    lines = wrapped(picture.warning, wide, 7.0)
    page = Page(_WIDTH, _HEADER + height * inch + 0.2 + (LINE_IN + 0.06) * len(lines))
    put(page, _SIDE, 0.3, fitted(picture.title, wide, 10, "bold"), size_pt=10, weight="bold")
    put(page, _SIDE, 0.49, fitted(picture.words, wide, 8), size_pt=8)
    box = (_SIDE + (wide - width * inch) / 2, _HEADER, width * inch, height * inch)
    panel = Panel(page=page, box=box, x=(-0.5, width - 0.5), y=(-0.5, height - 0.5))
    panel.add(Pixels(pixels=_display(picture.grey), extent=(-0.5, -0.5, width - 0.5, height - 0.5)))
    for arena in picture.arenas:
        _draw_arena(panel, arena, picture)
    for rival in picture.rivals:
        _draw_rival(panel, rival, has_wall=picture.enclosure is not None)
    if picture.warning:
        _draw_ruler(panel, width, height)
    for i, line in enumerate(lines):
        top = _HEADER + height * inch + 0.18 + (i + 0.8) * LINE_IN
        put(page, _SIDE, top, line, size_pt=7.0, colour=palette.WARNING)
    return page


def save_arena_picture(picture: ArenaPicture, path: Path) -> None:
    """Write the picture of found arenas to ``path``, whole or not at all."""
    save_page(arena_page(picture), path)


def _draw_arena(panel: Panel, arena: Arena, picture: ArenaPicture) -> None:
    seen = _whole(panel)
    colours = palette.zone_colours(tuple(zone.name for zone in picture.zones))
    for zone, outline in distinct_outlines(tuple(picture.zones)):
        panel.add(Areas(outlines=(_px(arena, outline),), edge=colours[zone.name], z=2.0, within=seen))
    if picture.enclosure is not None:
        outlines = tuple(_px(arena, outline) for outline in picture.enclosure.outlines())
        panel.add(Areas(outlines=outlines, edge="#FFFFFF", z=3.0, name="enclosure", within=seen))
    outlines = tuple(_px(arena, outline) for outline in arena.floor.outlines())
    panel.add(Areas(outlines=outlines, edge=palette.ISOTYPE, width_pt=1.1, z=3.0, name="floor", within=seen))
    corners = np.array(arena.corners_px, float)
    if picture.enclosure is not None:
        wall: dict[str, Any] = {"colours": (palette.ISOTYPE,), "width_pt": 2.6, "butt": True, "within": seen}
        panel.add(Lines(lines=(corners[:2],), z=3.2, name="wall", **wall))
    sure = f"{arena.confidence:.0%} sure" if arena.source == "detected" else "drawn"
    _letter(panel, corners, f"{arena.name} · {sure}")


def _draw_rival(panel: Panel, rival: Arena, *, has_wall: bool) -> None:
    """Draw what an arena could be instead: broken outline, corner numbers and enclosure wall."""
    style: dict[str, Any] = {"colours": (palette.WARNING,), "z": 4.0, "within": _whole(panel)}
    outlines = [_px(rival, outline) for outline in rival.floor.outlines()]
    rings = tuple(np.vstack([outline, outline[:1]]) for outline in outlines)
    panel.add(Lines(lines=rings, width_pt=1.0, dash_pt=(4.0, 3.0), name="rival", **style))
    corners = np.array(rival.corners_px, float)
    if has_wall:
        panel.add(Lines(lines=(corners[:2],), width_pt=2.4, dash_pt=(9.6, 7.2), name="rival wall", **style))
    _letter(panel, corners, f"or {rival.name}", lines_down=1.6)


def _whole(panel: Panel) -> FloatArray:
    """Return the outline of the frame: corners may lie beyond it."""
    (left, right), (top, bottom) = panel.x, panel.y
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def _letter(panel: Panel, corners: FloatArray, name: str, *, lines_down: float = 0.0) -> None:
    """Write the corners' numbers inside of them, and a name in the middle, or some lines below it."""
    middle = corners.mean(axis=0)
    style: dict[str, Any] = {"colour": "#FFFFFF", "halo": "#000000", "across": "center", "down": "center", "z": 5.0}
    numbered = [(corner + 0.05 * (middle - corner), str(i)) for i, corner in enumerate(corners, start=1)]
    for (x, y), word in numbered:
        if min(panel.x) <= x <= max(panel.x) and min(panel.y) <= y <= max(panel.y):
            panel.add(Text(place=(float(x), float(y)), text=word, name="corner", **style))
    place = (float(middle[0]), float(middle[1]))
    panel.add(Text(place=place, text=name, size_pt=8.0, shift_pt=(0.0, 8.0 * lines_down), name="name", **style))


def _draw_ruler(panel: Panel, width: int, height: int) -> None:
    """Mark pixels along the left and lower side, with faint lines across."""
    step = next(step for step in (10, 20, 50, 100, 200, 500, 1000) if max(width, height) / step <= _MARKS)
    (left, right), (top, bottom) = panel.x, panel.y
    down = [np.array([[at, top], [at, bottom]]) for at in range(0, width, step)]
    across = [np.array([[left, at], [right, at]]) for at in range(0, height, step)]
    panel.add(Lines(lines=(*down, *across), colours=("#FFFFFF",), width_pt=0.4, alpha=0.35, z=1.5, butt=True))
    style: dict[str, Any] = {"size_pt": 5.5, "colour": palette.MUTED, "name": "pixel"}
    for at in range(0, width, step):
        panel.add(Text(place=(at, bottom), text=str(at), across="center", down="top", shift_pt=(0.0, 3.0), **style))
    for at in range(0, height, step):
        panel.add(Text(place=(left, at), text=str(at), across="right", down="center", shift_pt=(-3.0, 0.0), **style))


def _px(arena: Arena, outline_cm: FloatArray) -> FloatArray:
    return np.column_stack(arena.to_px(outline_cm[:, 0], outline_cm[:, 1]))


def _display(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    low, high = np.percentile(grey[::4, ::4], (1.0, 99.0))
    share = (grey.astype(float) - low) / max(high - low, 20.0)
    return np.asarray(np.clip(_GREYS[0] + share * (_GREYS[1] - _GREYS[0]), 0, 255), np.uint8)
