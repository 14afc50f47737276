"""Straight edges of a picture, also weak ones, with how well each is seen along its way."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from csds.arena.still import Picture
from csds.model.shapes import FloatArray

#: Blur before differences are taken, working pixels.
_BLUR_PX = 1.2
#: A pixel votes for a line if its gradient is this many times the picture's typical one …
_VOTE = 1.3
#: … and no vote weighs more than this many times it: a strong short edge must not outvote a weak long one.
_CAP = 4.0
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
    """How grey levels change per working pixel to the right and downwards, in units of the typical change."""

    x: Picture
    y: Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Edges of one family of directions, sorted across them.

    Parameters
    ----------
    normals : (n, 2) float
        Unit normals, pointing to the lighter side; points of line i have ``normals[i] @ p = offsets[i]``.
    offsets : (n,) float
    seen : (n, length + 1) float
        Up to each working pixel along the line (from ``-reach`` on), how many show an edge.
    reach : float
        Where along a line counting starts, working pixels from the foot of the origin's normal.
    """

    normals: FloatArray
    offsets: FloatArray
    seen: FloatArray
    reach: float

    def __len__(self) -> int:
        return len(self.offsets)

    def along(self, points: FloatArray) -> FloatArray:
        """Return how far along its line each point of (n, m, 2) lies, (n, m)."""
        directions = np.column_stack([-self.normals[:, 1], self.normals[:, 0]])
        return np.asarray(np.einsum("nmk,nk->nm", points, directions))

    def seen_until(self, along: FloatArray) -> FloatArray:
        """Return how many pixels of its line show an edge up to each place, (n, m)."""
        index = np.clip((along + self.reach).round().astype(int), 0, self.seen.shape[1] - 1)
        return np.asarray(np.take_along_axis(self.seen, index, axis=1))


def picture_gradients(grey: Picture) -> Gradients:
    """Return a picture's gradients in units of their typical size: noise and texture of the floor itself."""
    smooth = cv2.GaussianBlur(grey, (0, 0), _BLUR_PX)
    x = np.asarray(cv2.Scharr(smooth, cv2.CV_32F, 1, 0), np.float32) / np.float32(32)
    y = np.asarray(cv2.Scharr(smooth, cv2.CV_32F, 0, 1), np.float32) / np.float32(32)
    typical = max(float(np.median(np.hypot(x[::3, ::3], y[::3, ::3]))) / 1.1774, 0.05)
    return Gradients(x=x / np.float32(typical), y=y / np.float32(typical))


def find_lines(gradients: Gradients, *, most: int = 36) -> tuple[Lines, Lines]:
    """Return the picture's straight edges in two families, roughly at right angles to each other.

    A Hough transform with signed directions: a pixel votes for the edges that its own gradient
    may belong to, so that the two sides of a drawn line are two edges. The best edge is taken, its
    pixels' votes are taken back, and so on.

    Parameters
    ----------
    gradients : Gradients
    most : int
        Edges kept in each family.
    """
    crests = _crests(gradients)
    own = _main_direction(crests)
    families = [_family(crests, own + quarter * _TURNS // 4, most) for quarter in (0, 1)]
    first, second = (_measure(gradients, normals, offsets) for normals, offsets in families)
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
        turn, offset = best // width, best % width - crests.reach
        normal = np.array([cosine[turn], sine[turn]])
        mine = left & (flipped == (turn >= len(angles))) & (np.abs(x * normal[0] + y * normal[1] - offset) < _NEAR_PX)
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


def _is_crest(gx: Picture, gy: Picture, size: Picture) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
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


def _measure(gradients: Gradients, normals: FloatArray, offsets: FloatArray) -> Lines:
    """Return lines with how they are seen along their way, sorted across the family's direction."""
    height, width = gradients.x.shape
    if not len(offsets):
        return Lines(normals=np.zeros((0, 2)), offsets=offsets, seen=np.zeros((0, 1)), reach=0.0)
    reach = float(np.ceil(np.hypot(height, width)))
    along = np.arange(-reach, reach + 1)
    seen = np.zeros((len(offsets), len(along)), bool)
    for shift in (-1.0, 0.0, 1.0):
        x = normals[:, :1] * (offsets[:, None] + shift) - normals[:, 1:] * along
        y = normals[:, 1:] * (offsets[:, None] + shift) + normals[:, :1] * along
        column, row = np.round(x).astype(int), np.round(y).astype(int)
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        column, row = np.where(inside, column, 0), np.where(inside, row, 0)
        across = gradients.x[row, column] * normals[:, :1] + gradients.y[row, column] * normals[:, 1:]
        seen |= inside & (across > _SEEN)
    upwards = np.where((normals[:, 0] + 1e-3 * normals[:, 1] < 0) if abs(normals[0, 0]) > 0.7 else normals[:, 1] < 0, -1, 1)
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    order = np.argsort(upwards * (offsets - normals @ centre))
    counted = np.concatenate([np.zeros((len(offsets), 1)), np.cumsum(seen, axis=1)], axis=1)
    return Lines(normals=normals[order], offsets=offsets[order], seen=counted[order], reach=reach)
