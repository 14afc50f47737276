"""From a rough quadrilateral to the floors near it: each side taken to an edge nearby."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from csds.arena.edges import SideEdges, side_edges
from csds.arena.geometry import homographies, take
from csds.arena.still import Picture
from csds.model.shapes import FloatArray

#: Of all ways to choose the sides, so many times as many as are asked for are looked at as whole floors.
_LOOKED_AT = 6
#: Edges of each side that floors are made of.
_EDGES = 5


def snap(
    corners: FloatArray,
    grey: Picture,
    *,
    worth_of_side: Callable[[FloatArray, int], FloatArray],
    worth_of_floor: Callable[[FloatArray], FloatArray],
    most: int,
) -> FloatArray:
    """Return the likeliest floors whose sides are edges near those of a quadrilateral, (n, 4, 2).

    Parameters
    ----------
    corners : (4, 2) float
        Clockwise, the first side along the floor's width.
    grey : (height, width) float32
        Slightly smoothed (`csds.arena.edges.smoothed`).
    worth_of_side : function
        From (n, 4, 2) corners and the number of a side to what each of these sides is worth.
    worth_of_floor : function
        From (n, 4, 2) corners to what each floor is worth beside its sides.
    most : int
        Floors to return at most.
    """
    sides = [side_edges(corners, side, grey) for side in range(4)]
    if not all(len(side.start) for side in sides):
        return corners[None]
    worth = []
    for number, edges in enumerate(sides):
        alone = np.arange(len(edges.start))[:, None] * (np.arange(4) == number)
        each = worth_of_side(_moved(corners, _kept(sides, number), alone), number)
        best = np.argsort(-each, kind="stable")[:_EDGES]
        worth.append(each[best])
        sides[number] = SideEdges(start=edges.start[best], end=edges.end[best])
    count = [len(each) for each in worth]
    choices = np.array(list(itertools.product(*map(range, count))))
    total = np.sum([worth[side][choices[:, side]] for side in range(4)], axis=0)
    best = np.argsort(-total, kind="stable")[: _LOOKED_AT * most]
    moved = _moved(corners, sides, choices[best])
    order = np.argsort(-(total[best] + worth_of_floor(moved)), kind="stable")[:most]
    return moved[order]


def _kept(sides: list[SideEdges], moving: int) -> list[SideEdges]:
    """Return the edges of one side, and of the others only where the quadrilateral has them."""
    zero = np.zeros(1)
    still = SideEdges(start=zero, end=zero)
    return [side if number == moving else still for number, side in enumerate(sides)]


def _moved(corners: FloatArray, sides: list[SideEdges], choices: FloatArray) -> FloatArray:
    """Return the quadrilaterals whose sides are the chosen edges, (n, 4, 2)."""
    to_picture = homographies(corners[None], (1.0, 1.0))
    # Each edge from its first to its second end, in shares of the quadrilateral, clockwise.
    lines = []
    for side, edges in enumerate(sides):
        start, end = edges.start[choices[:, side]], edges.end[choices[:, side]]
        zero, one = np.zeros_like(start), np.ones_like(start)
        first, second = [
            ((zero, -start), (one, -end)),
            ((1 + start, zero), (1 + end, one)),
            ((one, 1 + start), (zero, 1 + end)),
            ((-start, one), (-end, zero)),
        ][side]
        ends = [np.stack([*point, one], axis=-1) for point in (first, second)]
        lines.append(np.cross(ends[0], ends[1]))
    points = np.stack([np.cross(lines[side - 1], lines[side]) for side in range(4)], axis=1)
    points = points[..., :2] / points[..., 2:]
    x, y = take(np.broadcast_to(to_picture, (len(points), 3, 3)), points[..., 0], points[..., 1])
    return np.stack([x, y], axis=-1)
