"""Quadrilaterals that could be a floor, put together from straight edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from csds.arena.lines import Lines
from csds.model.shapes import FloatArray

Mask = NDArray[np.bool_]
Index = NDArray[np.int_]

#: Shortest side of a floor, as a share of the picture's shorter side: eight arenas in a frame are larger.
_SHORTEST = 0.15
#: A corner may lie outside the picture by this share of its longer side.
_OUTSIDE = 0.03
#: How much the proportions may differ from the floor's, and opposite sides from each other, under a tilted camera.
_STRETCH, _TAPER = 1.22, 1.4
#: Share of a side along which an edge is seen, at least, on average over the four and for each.
_SEEN, _SEEN_EACH = 0.55, 0.3
#: Spots of motion that may lie across one side, and across all four.
_CROSSED_EACH, _CROSSED = 3, 6
#: What a step of grey levels and a crossing spot are worth beside how well a side is seen.
_STEPPED, _CROSSING = 0.5, 0.12
#: Places and sizes that quadrilaterals are sorted into, so that all kinds are kept: cells across the picture, and
#: sizes that differ by this factor.
_CELLS, _SIZES = 12, 1.15


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """Lines between pairs of crossings, (lines, pairs) each: length, shares seen and stepped, spots across."""

    length: FloatArray
    seen: FloatArray
    stepped: FloatArray
    crossed: FloatArray


def find_quads(lines: tuple[Lines, Lines], size: tuple[int, int], proportion: float, *, most: int) -> Quads:
    """Return the quadrilaterals that a floor's four edges could make: of each place and size the best.

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
    # Each line with each pair of the other family: a side that is long enough, in the picture and seen.
    pairs_i, pairs_j = np.triu_indices(len(first), 1), np.triu_indices(len(second), 1)
    inside = _near_picture(crossings, size)
    sides_i = _sides(first, crossings, inside, pairs_j, _SHORTEST * min(size))
    sides_j = _sides(second, crossings.transpose(1, 0, 2), inside.T, pairs_i, _SHORTEST * min(size))
    good_i, good_j = ((sides.seen > _SEEN_EACH) & (sides.crossed <= _CROSSED_EACH) for sides in (sides_i, sides_j))
    both = good_i[pairs_i[0]] & good_i[pairs_i[1]]
    both &= (good_j[pairs_j[0]] & good_j[pairs_j[1]]).T
    i, j = np.nonzero(both)
    i1, i2, j1, j2 = pairs_i[0][i], pairs_i[1][i], pairs_j[0][j], pairs_j[1][j]

    def four(name: str) -> FloatArray:
        own, other = getattr(sides_i, name), getattr(sides_j, name)
        return np.stack([own[i1, j], other[j2, i], own[i2, j], other[j1, i]], axis=1)

    lengths, seen, stepped, crossed = four("length"), four("seen"), four("stepped"), four("crossed")
    ratio = (lengths[:, 0] + lengths[:, 2]) / (lengths[:, 1] + lengths[:, 3])
    good = _within(ratio, proportion, _STRETCH) | _within(ratio, 1 / proportion, _STRETCH)
    good &= (seen.mean(axis=1) > _SEEN) & (crossed.sum(axis=1) <= _CROSSED)
    good &= _within(lengths[:, 0] / lengths[:, 2], 1.0, _TAPER) & _within(lengths[:, 1] / lengths[:, 3], 1.0, _TAPER)
    corners = np.stack([crossings[i1, j1], crossings[i1, j2], crossings[i2, j2], crossings[i2, j1]], axis=1)
    corners, seen, stepped, crossed = corners[good], seen[good], stepped[good], crossed[good]
    worth = seen.mean(axis=1) + 0.5 * seen.min(axis=1) + _STEPPED * stepped.mean(axis=1)
    worth -= _CROSSING * crossed.sum(axis=1)
    chosen = _of_all_kinds(corners, worth, size, most)
    return _clockwise(corners[chosen], seen[chosen])


def _sides(lines: Lines, crossings: FloatArray, inside: Mask, pairs: tuple[Index, Index], shortest: float) -> _Sides:
    along = lines.along(crossings)
    one, other = pairs
    length = np.hypot(*np.moveaxis(crossings[:, one] - crossings[:, other], -1, 0))
    possible = inside[:, one] & inside[:, other] & (length > shortest)

    def between(counted: FloatArray) -> FloatArray:
        until = lines.until(counted, along)
        return np.abs(until[:, one] - until[:, other])

    whole = np.maximum(length, 1.0)
    return _Sides(
        length=length,
        seen=np.where(possible, np.minimum(between(lines.seen) / whole, 1.0), 0.0),
        stepped=np.minimum(between(lines.stepped) / whole, 1.0),
        crossed=between(lines.crossed),
    )


def _crossings(first: Lines, second: Lines) -> FloatArray:
    a, b = first.normals[:, None], second.normals[None]
    c, d = first.offsets[:, None], second.offsets[None]
    det = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    x = (c * b[..., 1] - d * a[..., 1]) / det
    y = (a[..., 0] * d - b[..., 0] * c) / det
    return np.stack([x, y], axis=-1)


def _near_picture(points: FloatArray, size: tuple[int, int]) -> Mask:
    margin = _OUTSIDE * max(size)
    x, y = points[..., 0], points[..., 1]
    return (x > -margin) & (y > -margin) & (x < size[1] - 1 + margin) & (y < size[0] - 1 + margin)


def _within(ratio: FloatArray, wanted: float, factor: float) -> Mask:
    return (ratio < wanted * factor) & (ratio > wanted / factor)


def _clockwise(corners: FloatArray, seen: FloatArray) -> Quads:
    """Return quadrilaterals with corners clockwise in the picture from the one at the upper left."""
    turn = corners[:, 1] - corners[:, 0]
    after = corners[:, 2] - corners[:, 1]
    backwards = turn[:, 0] * after[:, 1] - turn[:, 1] * after[:, 0] < 0
    corners = np.where(backwards[:, None, None], corners[:, [0, 3, 2, 1]], corners)
    seen = np.where(backwards[:, None], seen[:, [3, 2, 1, 0]], seen)
    start = np.argmin(corners.sum(axis=2), axis=1)
    order = (start[:, None] + np.arange(4)) % 4
    return Quads(
        corners=np.take_along_axis(corners, order[..., None], axis=1), seen=np.take_along_axis(seen, order, axis=1)
    )


def _of_all_kinds(corners: FloatArray, worth: FloatArray, size: tuple[int, int], most: int) -> Index:
    """Return the indices of the best quadrilaterals, taken in turn from those of each place and size."""
    order = np.argsort(-worth, kind="stable")
    middle = corners[order].mean(axis=1) * (_CELLS / max(size))
    area = np.abs(_cross(corners[order, 2] - corners[order, 0], corners[order, 3] - corners[order, 1]))
    kind = np.column_stack([middle.astype(int), (np.log(area) / (2 * np.log(_SIZES))).astype(int)])
    _, kind_of = np.unique(kind, axis=0, return_inverse=True)
    kind_of = np.asarray(kind_of).ravel()
    # The rank of each within its kind: all kinds' best come first, then all second ones.
    by_kind = np.argsort(kind_of, kind="stable")
    starts = np.searchsorted(kind_of[by_kind], kind_of[by_kind])
    rank = np.empty(len(order), int)
    rank[by_kind] = np.arange(len(order)) - starts
    return np.asarray(order[np.argsort(rank, kind="stable")[:most]])


def _cross(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])
