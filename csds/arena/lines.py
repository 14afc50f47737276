"""Straight edges of a picture, also weak ones, with how well each is seen along its way."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.arena.still import Picture
from csds.model.shapes import FloatArray

Mask = NDArray[np.bool_]
Index = NDArray[np.int_]

#: Blur before differences are taken, working pixels.
_BLUR_PX = 1.2
#: A pixel votes for a line if its gradient is this many times the picture's typical one …
_VOTE = 1.3
#: … and no vote weighs more than this many times it: a strong short edge must not outvote a weak long one.
_CAP = 4.0
#: Blur of, and distance between, what is compared on both sides of a line, working pixels …
_COARSE_PX, _APART_PX = 2.0, 6.0
#: … and the difference, in units of the typical gradient, that makes a step.
_STEP = 3.0
#: A spot lies across a line if this many of its outline's points are farther than this from it, on either side.
_ACROSS_POINTS, _ACROSS_PX = 4, 3.0
#: Directions in a full turn, and how far a pixel's direction may be wrong, in such steps.
_TURNS, _SPREAD = 720, 8
#: A line may be this far, in steps of direction, from the room's two main directions (20 degrees).
_FAMILY = 40
#: Pixels this near to an edge are its own, and this many make one, working pixels.
_NEAR_PX, _FEWEST = 2.0, 20
#: Votes of the weakest edge that is kept, as a share of the strongest one's.
_WEAKEST = 0.04
#: A sample of a line shows an edge if its gradient across the line is this many times the typical one.
_SEEN = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradients:
    """How grey levels change per working pixel to the right and downwards, in units of the typical change.

    ``smooth`` are the grey levels themselves, less fine, in the same units.
    """

    x: Picture
    y: Picture
    smooth: Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Edges of one family of directions.

    Parameters
    ----------
    normals : (n, 2) float
        Unit normals, pointing to the lighter side; points of line i have ``normals[i] @ p = offsets[i]``.
    offsets : (n,) float
    seen : (n, length + 1) float
        Up to each working pixel along the line (from ``-reach`` on), how many show an edge.
    stepped : (n, length + 1) float
        In the same way, how many differ in grey from one side of the line to the other, a little away from it:
        not so for a line that is drawn on a floor.
    crossed : (n, length + 1) float
        In the same way, how many moving spots lie across the line.
    reach : float
        Where along a line counting starts, working pixels from the foot of the origin's normal.
    """

    normals: FloatArray
    offsets: FloatArray
    seen: FloatArray
    stepped: FloatArray
    crossed: FloatArray
    reach: float

    def __len__(self) -> int:
        return len(self.offsets)

    def along(self, points: FloatArray) -> FloatArray:
        """Return how far along its line each point of (n, m, 2) lies, (n, m)."""
        directions = np.column_stack([-self.normals[:, 1], self.normals[:, 0]])
        return np.asarray(np.einsum("nmk,nk->nm", points, directions))

    def until(self, counted: FloatArray, along: FloatArray) -> FloatArray:
        """Return how many of ``seen``, ``stepped`` or ``crossed`` come before each place of its line, (n, m)."""
        index = np.clip((along + self.reach).round().astype(int), 0, counted.shape[1] - 1)
        return np.asarray(np.take_along_axis(counted, index, axis=1))


def picture_gradients(grey: Picture) -> Gradients:
    """Return a picture's gradients in units of their typical size: noise and texture of the floor itself."""
    smooth = cv2.GaussianBlur(grey, (0, 0), _BLUR_PX)
    x = np.asarray(cv2.Scharr(smooth, cv2.CV_32F, 1, 0), np.float32) / np.float32(32)
    y = np.asarray(cv2.Scharr(smooth, cv2.CV_32F, 0, 1), np.float32) / np.float32(32)
    typical = max(float(np.median(np.hypot(x[::3, ::3], y[::3, ::3]))) / 1.1774, 0.05)
    coarse = np.asarray(cv2.GaussianBlur(grey, (0, 0), _COARSE_PX), np.float32)
    unit = np.float32(1 / typical)
    return Gradients(x=x * unit, y=y * unit, smooth=coarse * unit)


def find_lines(gradients: Gradients, spots: FloatArray, *, most: int = 44) -> tuple[Lines, Lines]:
    """Return the picture's straight edges in two families, roughly at right angles to each other.

    A Hough transform with signed directions: a pixel votes for the edges that its own gradient
    may belong to, so that the two sides of a drawn line are two edges. The best edge is taken, its
    pixels' votes are taken back, and so on.

    Parameters
    ----------
    gradients : Gradients
    spots : (m, points, 2) float
        Outlines of what moves.
    most : int
        Edges kept in each family.
    """
    crests = _crests(gradients)
    own = _main_direction(crests)
    families = [_family(crests, own + quarter * _TURNS // 4, most) for quarter in (0, 1)]
    first, second = (_measure(gradients, spots, normals, offsets) for normals, offsets in families)
    return first, second


@dataclass(frozen=True, slots=True, kw_only=True)
class _Crests:
    """Pixels on edges: place, direction in steps of a full turn, and weight; ``reach`` is the picture's diagonal."""

    x: FloatArray
    y: FloatArray
    turn: FloatArray
    weight: FloatArray
    reach: int


def _crests(gradients: Gradients) -> _Crests:
    gx, gy = gradients.x, gradients.y
    size = np.hypot(gx, gy)
    rows, columns = np.nonzero(_is_crest(gx, gy, size))
    turn = np.arctan2(gy[rows, columns], gx[rows, columns]) * (_TURNS / (2 * np.pi))
    weight = np.minimum(size[rows, columns], _CAP)
    return _Crests(
        x=columns.astype(float),
        y=rows.astype(float),
        turn=np.asarray(turn, float),
        weight=np.asarray(weight, float),
        reach=int(np.ceil(np.hypot(*size.shape))),
    )


def _main_direction(crests: _Crests) -> int:
    """Return the direction, as a step of a full turn, that with its right angles has most edges."""
    quarter = _TURNS // 4
    counts = np.bincount(crests.turn.round().astype(int) % quarter, weights=crests.weight, minlength=quarter)
    # Long straight edges make a narrow peak upon what texture spreads evenly.
    smooth = np.convolve(np.tile(counts, 3), np.hanning(15), mode="same")[quarter : 2 * quarter]
    return int(smooth.argmax())


def _family(crests: _Crests, direction: int, most: int) -> tuple[FloatArray, FloatArray]:
    """Return normals and offsets of the edges whose direction lies near this one or its opposite, best first."""
    width = 2 * crests.reach + 3
    half = _TURNS // 2
    apart = (crests.turn - direction + half / 2) % half - half / 2
    near = np.abs(apart) <= _FAMILY + _SPREAD
    x, y, weight = crests.x[near], crests.y[near], crests.weight[near]
    flipped = np.abs((crests.turn[near] - direction + half) % _TURNS - half) > half / 2
    centre = apart[near].round().astype(int)
    spreads = np.arange(-_SPREAD, _SPREAD + 1)
    steps = centre[:, None] + spreads
    angles = (direction + np.arange(-_FAMILY, _FAMILY + 1)) * (2 * np.pi / _TURNS)
    # The opposite directions follow behind: an edge with the lighter side on the other side is another edge.
    cosine, sine = np.concatenate([np.cos(angles), -np.cos(angles)]), np.concatenate([np.sin(angles), -np.sin(angles)])
    row = np.clip(steps, -_FAMILY, _FAMILY) + _FAMILY + np.where(flipped, len(angles), 0)[:, None]
    place = x[:, None] * cosine[row] + y[:, None] * sine[row] + crests.reach
    low = np.floor(place).astype(int)
    share = place - low
    votes = weight[:, None] * (1 - np.abs(spreads) / (_SPREAD + 1)) * (np.abs(steps) <= _FAMILY)
    flat = row * width + low
    table = np.bincount(flat.ravel(), (votes * (1 - share)).ravel(), minlength=len(cosine) * width)
    table += np.bincount(flat.ravel() + 1, (votes * share).ravel(), minlength=len(table))
    normals, offsets = [], []
    left = np.ones(len(x), bool)
    least = _WEAKEST * float(table.max(initial=0.0))
    for _ in range(most):
        best = int(table.argmax())
        if table[best] < least:
            break
        turn, place = best // width, best % width - crests.reach
        normal = np.array([cosine[turn], sine[turn]])
        mine = left & (flipped == (turn >= len(angles))) & (np.abs(x * normal[0] + y * normal[1] - place) < _NEAR_PX)
        if mine.sum() < _FEWEST:
            break
        normal, offset = _fit(x[mine], y[mine], weight[mine], normal)
        normals.append(normal)
        offsets.append(offset)
        left &= ~mine
        np.subtract.at(table, flat[mine].ravel(), (votes[mine] * (1 - share[mine])).ravel())
        np.subtract.at(table, flat[mine].ravel() + 1, (votes[mine] * share[mine]).ravel())
    return np.array(normals).reshape(-1, 2), np.array(offsets, float)


def _fit(x: FloatArray, y: FloatArray, weight: FloatArray, normal: FloatArray) -> tuple[FloatArray, float]:
    """Return normal and offset of the line through weighted points, its normal near the one given."""
    for _ in range(2):
        middle = np.array([np.average(x, weights=weight), np.average(y, weights=weight)])
        along = (x - middle[0]) * -normal[1] + (y - middle[1]) * normal[0]
        across = (x - middle[0]) * normal[0] + (y - middle[1]) * normal[1]
        slope = float(np.sum(weight * along * across) / max(np.sum(weight * along**2), 1e-9))
        angle = np.arctan2(normal[1], normal[0]) + np.arctan(slope)
        normal = np.array([np.cos(angle), np.sin(angle)])
        weight = weight / (1 + (across - slope * along) ** 2)
    return normal, float(normal @ middle)


def _is_crest(gx: Picture, gy: Picture, size: Picture) -> Mask:
    """Return where the gradient is larger than at both neighbours across the edge."""
    crest = np.zeros(size.shape, bool)
    middle = size[1:-1, 1:-1]
    flat = np.abs(gx) > np.abs(gy)
    across = np.where(
        flat[1:-1, 1:-1],
        (middle >= size[1:-1, :-2]) & (middle > size[1:-1, 2:]),
        (middle >= size[:-2, 1:-1]) & (middle > size[2:, 1:-1]),
    )
    crest[1:-1, 1:-1] = across & (middle > _VOTE)
    return crest


def _measure(gradients: Gradients, spots: FloatArray, normals: FloatArray, offsets: FloatArray) -> Lines:
    """Return lines with how they are seen along their way."""
    height, width = gradients.x.shape
    reach = float(np.ceil(np.hypot(height, width)))
    along = np.arange(-reach, reach + 1)
    seen = np.zeros((len(offsets), len(along)), bool)
    for shift in (-1.0, 0.0, 1.0):
        row, column, inside = _places(normals, offsets + shift, along, (height, width))
        across = gradients.x[row, column] * normals[:, :1] + gradients.y[row, column] * normals[:, 1:]
        seen |= inside & (across > _SEEN)
    sides = []
    for shift in (-_APART_PX, _APART_PX):
        row, column, inside = _places(normals, offsets + shift, along, (height, width))
        sides.append(np.where(inside, gradients.smooth[row, column], np.nan))
    stepped = np.abs(sides[1] - sides[0]) > _STEP
    return Lines(
        normals=normals,
        offsets=offsets,
        seen=_counted(seen),
        stepped=_counted(seen & stepped),
        crossed=_counted(_crossings(normals, offsets, spots, along)),
        reach=reach,
    )


def _places(
    normals: FloatArray, offsets: FloatArray, along: FloatArray, size: tuple[int, int]
) -> tuple[Index, Index, Mask]:
    """Return rows and columns of the pixels along lines, and which of them lie in the picture."""
    column = np.round(normals[:, :1] * offsets[:, None] - normals[:, 1:] * along).astype(int)
    row = np.round(normals[:, 1:] * offsets[:, None] + normals[:, :1] * along).astype(int)
    inside = (column >= 0) & (column < size[1]) & (row >= 0) & (row < size[0])
    return np.where(inside, row, 0), np.where(inside, column, 0), inside


def _crossings(normals: FloatArray, offsets: FloatArray, spots: FloatArray, along: FloatArray) -> FloatArray:
    """Return how many spots lie across each line at each place along it."""
    found = np.zeros((len(offsets), len(along)))
    for i, (normal, offset) in enumerate(zip(normals, offsets, strict=True)):
        away = spots @ normal - offset
        across = np.minimum((away > _ACROSS_PX).sum(axis=1), (away < -_ACROSS_PX).sum(axis=1)) >= _ACROSS_POINTS
        middle = spots[across].mean(axis=1) @ np.array([-normal[1], normal[0]]) - along[0]
        np.add.at(found[i], np.clip(middle.round().astype(int), 0, len(along) - 1), 1)
    return found


def _counted(values: FloatArray | Mask) -> FloatArray:
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
