"""Boxes of one frame in rows and columns, and a camera set up over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from csds.model.arena import Arena
from csds.model.protocol import Protocol
from csds.simulate.box import Box, View
from csds.simulate.camera import Camera
from csds.simulate.scene import Wall

#: Degrees by which a box is turned for its enclosure to stand at that side of the picture.
WALL_TURNS: Mapping[Wall, float] = MappingProxyType({"top": 0.0, "right": 90.0, "bottom": 180.0, "left": 270.0})


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How many boxes a frame shows, and how.

    Parameters
    ----------
    columns, rows : int
    walls : tuple of str
        Side of the picture at which each box's enclosure stands, in reading order; one for all, or one each.
    apart_cm : float
        From floor to floor; twice the walls' thickness makes a common divider.
    fill : float
        Share of the frame that the floors reach over, in whichever direction is tighter.
    camera, view, box : mapping
        Further fields of the `Camera`, the `View` and each `Box`.
    """

    columns: int = 1
    rows: int = 1
    walls: tuple[Wall, ...] = ("top",)
    apart_cm: float = 3.0
    fill: float = 0.82
    camera: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    view: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    box: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def count(self) -> int:
        """Number of boxes."""
        return self.columns * self.rows

    def boxes(self, protocol: Protocol, frame_size_px: tuple[int, int]) -> tuple[Box, ...]:
        """Return the boxes in reading order, as large as the protocol says."""
        size = np.array([protocol.arena_width_cm, protocol.arena_height_cm])
        walls = self.walls * self.count if len(self.walls) == 1 else self.walls
        is_upright = walls[0] in {"top", "bottom"}
        places = grid_places((self.columns, self.rows), (size if is_upright else size[::-1]) + self.apart_cm)
        view = View(camera=Camera(frame_size_px=frame_size_px, px_per_cm=1.0, **self.camera), **self.view)
        boxes = [
            Box(view=view, middle_cm=place, turn_deg=WALL_TURNS[wall], **self.box)
            for place, wall in zip(places, walls, strict=True)
        ]
        return fit_camera(boxes, protocol, self.fill)


def grid_places(
    grid: tuple[int, int], pitch_cm: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> list[tuple[float, float]]:
    """Return the middles of columns × rows of boxes about the room's origin, in reading order."""
    columns, rows = grid
    return [
        (float((column - (columns - 1) / 2) * pitch_cm[0]), float((row - (rows - 1) / 2) * pitch_cm[1]))
        for row in range(rows)
        for column in range(columns)
    ]


def fit_camera(boxes: Sequence[Box], protocol: Protocol, fill: float) -> tuple[Box, ...]:
    """Return boxes under a camera that is set so that their floors reach over a share of the frame."""
    arenas = [arena_of(box, protocol) for box in boxes]
    frame = np.array(arenas[0].frame_size_px, float)
    reach = np.abs((np.concatenate([arena.corners_px for arena in arenas]) - frame / 2) / (frame / 2)).max()
    view = boxes[0].view
    scale = view.camera.px_per_cm * fill / float(reach)
    view = replace(view, camera=replace(view.camera, px_per_cm=scale))
    return tuple(replace(box, view=view) for box in boxes)


def arena_of(box: Box, protocol: Protocol, name: str = "A") -> Arena:
    """Return the floor of a box in the picture, of the size that the protocol says."""
    return box.arena(
        name=name,
        shape=protocol.arena_shape,
        width_cm=protocol.arena_width_cm,
        height_cm=protocol.arena_height_cm,
    )


def arena_name(number: int) -> str:
    """Return the name of an arena by its place in reading order, from 0.

    Examples
    --------
    >>> [arena_name(number) for number in (0, 1, 7)]
    ['A', 'B', 'H']
    """
    return chr(ord("A") + number)
