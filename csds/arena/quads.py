"""Quadrilaterals that could be a floor, put together from straight edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from csds.arena.lines import Lines
from csds.model.shapes import FloatArray

#: Shortest side of a floor, as a share of the picture's shorter side: eight arenas in a frame are larger.
_SHORTEST = 0.17
#: A corner may lie outside the picture by this share of its longer side.
_OUTSIDE = 0.03
#: The sides' lengths may differ from the floor's proportions by this factor under a tilted camera.
_STRETCH = 1.3
#: Share of a side along which an edge is seen, at least, on average over the four and for each.
_SEEN, _SEEN_EACH = 0.5, 0.22
#: What a side's length is worth beside how well it is seen.
_SIZE = 0.15
#: Two quadrilaterals are the same if their corners are this near, as a share of a side.
_SAME = 0.012


@dataclass(frozen=True, slots=True, kw_only=True)
class Quads:
    """Quadrilaterals, the likeliest first.

    Parameters
    ----------
    corners : (n, 4, 2) float
        Clockwise in the picture, in its pixels, from the one at the upper left.
    seen : (n, 4) float
        Share of each side, from the upper one clockwise, along which an edge is seen.
    """

    corners: FloatArray
    seen: FloatArray

    def __len__(self) -> int:
        return len(self.corners)


def find_quads(lines: tuple[Lines, Lines], size: tuple[int, int], proportion: float, *, most: int = 160) -> Quads:
    """Return the quadrilaterals that a floor's four edges could make.

    Parameters
    ----------
    lines : two Lines
        As `csds.arena.lines.find_lines` returns them.
    size : (height, width)
        Of the picture.
    proportion : float
        The floor's length along the enclosure wall by that away from it; either may lie across the picture.
    most : int
        Quadrilaterals to return at most.
    """
    first, second = lines
    if len(first) < 2 or len(second) < 2:
        return Quads(corners=np.zeros((0, 4, 2)), seen=np.zeros((0, 4)))
    crossings = _crossings(first, second)
    first_seen = first.seen_until(first.along(crossings))
    second_seen = second.seen_until(second.along(crossings.transpose(1, 0, 2)))
    i1, i2 = np.triu_indices(len(first), 1)
    j1, j2 = np.triu_indices(len(second), 1)
    i1, i2, j1, j2 = _pairs((i1, i2), (j1, j2))
    inside = _near_picture(crossings, size)
    keep = inside[i1, j1] & inside[i1, j2] & inside[i2, j1] & inside[i2, j2]
    i1, i2, j1, j2 = i1[keep], i2[keep], j1[keep], j2[keep]
    # Sides of the first family run between the crossings with two of the second, and the other way round.
    lengths = np.stack(
        [
            _apart(crossings, (i1, j1), (i1, j2)),
            _apart(crossings, (i2, j1), (i2, j2)),
            _apart(crossings, (i1, j1), (i2, j1)),
            _apart(crossings, (i1, j2), (i2, j2)),
        ]
    )
    ratio = (lengths[0] + lengths[1]) / (lengths[2] + lengths[3])
    fits = _within(ratio, proportion) | _within(ratio, 1 / proportion)
    fits &= lengths.min(axis=0) > _SHORTEST * min(size)
    fits &= _within(lengths[0] / lengths[1], 1.0) & _within(lengths[2] / lengths[3], 1.0)
    i1, i2, j1, j2, lengths = i1[fits], i2[fits], j1[fits], j2[fits], lengths[:, fits]
    counted = np.stack(
        [
            np.abs(first_seen[i1, j2] - first_seen[i1, j1]),
            np.abs(first_seen[i2, j2] - first_seen[i2, j1]),
            np.abs(second_seen[j1, i2] - second_seen[j1, i1]),
            np.abs(second_seen[j2, i2] - second_seen[j2, i1]),
        ]
    )
    seen = np.clip(counted / lengths, 0.0, 1.0)
    good = (seen.mean(axis=0) > _SEEN) & (seen.min(axis=0) > _SEEN_EACH)
    i1, i2, j1, j2, seen = i1[good], i2[good], j1[good], j2[good], seen[:, good]
    corners = np.stack([crossings[i1, j1], crossings[i1, j2], crossings[i2, j2], crossings[i2, j1]], axis=1)
    corners, seen = _clockwise(corners, np.stack([seen[0], seen[3], seen[1], seen[2]], axis=1))
    order = np.argsort(-_worth(seen, lengths[:, good].mean(axis=0) / max(size)), kind="stable")[: 12 * most]
    chosen = _distinct(corners[order], most)
    return Quads(corners=corners[order][chosen], seen=seen[order][chosen])


def _worth(seen: FloatArray, side: FloatArray) -> FloatArray:
    """Return how well quadrilaterals are seen; of equals the larger first, as many small ones lie within it."""
    return np.asarray(seen.mean(axis=1) + 0.5 * seen.min(axis=1) + _SIZE * np.log(side))


def _pairs(
    first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    n, m = len(first[0]), len(second[0])
    return (
        np.repeat(first[0], m),
        np.repeat(first[1], m),
        np.tile(second[0], n),
        np.tile(second[1], n),
    )


def _crossings(first: Lines, second: Lines) -> FloatArray:
    a, b = first.normals[:, None], second.normals[None]
    c, d = first.offsets[:, None], second.offsets[None]
    det = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    x = (c * b[..., 1] - d * a[..., 1]) / det
    y = (a[..., 0] * d - b[..., 0] * c) / det
    return np.stack([x, y], axis=-1)


def _near_picture(points: FloatArray, size: tuple[int, int]) -> np.ndarray:
    margin = _OUTSIDE * max(size)
    x, y = points[..., 0], points[..., 1]
    return (x > -margin) & (y > -margin) & (x < size[1] - 1 + margin) & (y < size[0] - 1 + margin)


def _apart(points: FloatArray, one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> FloatArray:
    return np.asarray(np.hypot(*(points[one] - points[other]).T))


def _within(ratio: FloatArray, wanted: float) -> np.ndarray:
    return (ratio < wanted * _STRETCH) & (ratio > wanted / _STRETCH)


def _clockwise(corners: FloatArray, seen: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return corners clockwise in the picture from the one at the upper left, with their sides."""
    turn = corners[:, 1] - corners[:, 0]
    after = corners[:, 2] - corners[:, 1]
    backwards = turn[:, 0] * after[:, 1] - turn[:, 1] * after[:, 0] < 0
    corners = np.where(backwards[:, None, None], corners[:, [0, 3, 2, 1]], corners)
    seen = np.where(backwards[:, None], seen[:, [3, 2, 1, 0]], seen)
    start = np.argmin(corners.sum(axis=2), axis=1)
    order = (start[:, None] + np.arange(4)) % 4
    return np.take_along_axis(corners, order[..., None], axis=1), np.take_along_axis(seen, order, axis=1)


def _distinct(corners: FloatArray, most: int) -> np.ndarray:
    """Return the indices of those that are not nearly the same as a better one."""
    kept: list[int] = []
    sides = np.hypot(*(corners[:, 1] - corners[:, 0]).T)
    for i in range(len(corners)):
        if len(kept) == most:
            break
        if kept:
            apart = np.abs(corners[kept] - corners[i]).max(axis=(1, 2))
            if (apart < _SAME * sides[i]).any():
                continue
        kept.append(i)
    return np.array(kept, int)
