"""From a rough quadrilateral to the floors near it: each side taken to an edge nearby."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from csds.arena.edges import SideEdges, side_edges
from csds.arena.geometry import camera_misfits, homographies, take
from csds.arena.still import Picture
from csds.model.shapes import FloatArray

#: Change across an edge, in units of noise, at which it is as sure as can be.
_SURE = 25.0
#: What an edge that isn't seen is worth less, and one with a sharp step within its floor.
_UNSEEN, _WITHIN = 1.4, 1.5
#: A step further inwards of this share of the edge's own change is enough to say that it lies within the floor.
_AS_STRONG = 0.35
#: How far floors may be from what a camera sees: a misfit that is one standard deviation.
_CAMERA_SD = 0.018


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapped:
    """Floors near a quadrilateral, the likeliest first.

    Parameters
    ----------
    corners : (n, 4, 2) float
    seen, within : (n,) float
        How well their sides are seen and how little else is seen within them, summed over the sides and 0 at best.
    camera : (n,) float
        How well a camera could see such floors, 0 at best.
    """

    corners: FloatArray
    seen: FloatArray
    within: FloatArray
    camera: FloatArray


def snap(
    corners: FloatArray, grey: Picture, size_cm: tuple[float, float], frame: tuple[int, int], *, most: int
) -> Snapped:
    """Return the floors whose sides are edges near those of a quadrilateral.

    Parameters
    ----------
    corners : (4, 2) float
        Clockwise, the first side along the floor's width.
    grey : (height, width) float32
        Slightly smoothed.
    size_cm : (width, height)
    frame : (height, width)
    most : int
        Floors to return at most.
    """
    sides = [side_edges(corners, side, grey) for side in range(4)]
    worth = [edge_worth(side) for side in sides]
    count = [len(side.change) for side in sides]
    if not all(count):
        return Snapped(corners=np.zeros((0, 4, 2)), **dict.fromkeys(("seen", "within", "camera"), np.zeros(0)))
    choices = np.array(list(itertools.product(*map(range, count))))
    parts = np.sum([worth[side][:, choices[:, side]] for side in range(4)], axis=0)
    best = np.argsort(-parts.sum(axis=0), kind="stable")[: 12 * most]
    choices, parts = choices[best], parts[:, best]
    moved = _moved(corners, sides, choices)
    camera = -np.minimum(6.0, 0.5 * (camera_misfits(moved, size_cm, frame) / _CAMERA_SD) ** 2)
    order = np.argsort(-(parts.sum(axis=0) + camera), kind="stable")[:most]
    seen, within = parts[:, order]
    return Snapped(corners=moved[order], seen=seen, within=within, camera=camera[order])


def edge_worth(edges: SideEdges) -> FloatArray:
    """Return what each edge is worth as a floor's side, 0 at best: for being seen, and for what is within it."""
    seen = np.log1p(edges.change / edges.noise) / np.log1p(_SURE)
    within = edges.within / (_AS_STRONG * edges.change + edges.noise)
    return np.stack([_UNSEEN * (np.minimum(seen, 1.0) - 1.0), -_WITHIN * np.minimum(within, 1.0)])


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
