"""Where a rectangular floor's sides are, as it is read off strips along them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from csds.arena.geometry import homographies, take
from csds.arena.reading import SIDES, EdgeReading, read_strips
from csds.arena.still import Picture
from csds.arena.strips import OUT, PLACE, PLACES, strips_of, units_of
from csds.model.shapes import FloatArray

#: Places of a side that floors are made of, at most, and by how much a place may be less likely than the likeliest.
_MODES, _UNLIKELY = 3, 9.0
#: How far apart a side's ends may be from the strip's direction, in units.
_TURN = 2.5
#: Places around a peak that are its own.
_PEAK = 2
#: No place is less likely than this.
_LEAST = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read along the sides of one floor.

    Parameters
    ----------
    corners : (4, 2) float
        The floor along whose sides was read, clockwise.
    size : (width, height)
        Of the floor, in units.
    edges : EdgeReading
        What was read off the strips along its four sides.
    """

    corners: FloatArray
    size: tuple[float, float]
    edges: EdgeReading

    def of(self, corners: FloatArray) -> FloatArray:
        """Return the logarithm of how likely the sides of n floors are, (n, 4, 2): left and right ends."""
        return self.edges.log_likely(sides_within(self.corners, corners, self.size))

    def floors(self) -> FloatArray:
        """Return the likeliest floors, made of each side's likeliest places, (n, 4, 2)."""
        modes = [self._modes(side) for side in range(4)]
        return _moved(self.corners, self.size, np.array(list(itertools.product(*modes))))

    def _modes(self, side: int) -> list[tuple[float, float]]:
        """Return the likeliest places of a side's left and right end, in units within this floor."""
        left, right = (_peaks(likely) for likely in self.edges.likely[side])
        pairs = [(np.log(p) + np.log(q), at, other) for at, p in left for other, q in right if abs(at - other) < _TURN]
        pairs = sorted(pairs, reverse=True)[:_MODES] or [(0.0, left[0][0], left[0][0])]
        return [(at, other) for likely, at, other in pairs if likely > pairs[0][0] - _UNLIKELY]


def read_sides(
    corners: FloatArray, size_cm: tuple[float, float], grey: Picture, motion: Picture, network: Path = SIDES
) -> list[Reading]:
    """Return what is read along the sides of n floors, (n, 4, 2) clockwise from the first side along the width."""
    size = units_of(size_cm)
    edges = read_strips(network, strips_of(corners, size_cm, grey, motion), size_cm[0] / size[0])
    return [Reading(corners=one, size=size, edges=edges.part(slice(4 * i, 4 * i + 4))) for i, one in enumerate(corners)]


def sides_within(floor: FloatArray, others: FloatArray, size: tuple[float, float]) -> FloatArray:
    """Return how far inside a floor's sides those of n others are, at its sides' ends, (n, 4, 2) in units."""
    ends = []
    for side in range(4):
        length, away = size if side % 2 == 0 else size[::-1]
        back = np.linalg.inv(homographies(np.roll(floor, -side, axis=0)[None], (length, away)))
        theirs = np.roll(others, -side, axis=1)[:, :2]
        x, y = (part[0] for part in take(np.asarray(back), theirs[None, ..., 0], theirs[None, ..., 1]))
        slope = (y[:, 1] - y[:, 0]) / (x[:, 1] - x[:, 0])
        left = y[:, 0] - slope * x[:, 0]
        ends.append(np.column_stack([left, left + slope * length]))
    return np.stack(ends, axis=1)


def _peaks(likely: FloatArray) -> list[tuple[float, float]]:
    """Return where a side's end may be, in units, each with how likely that is, the likeliest first."""
    padded = np.pad(likely + _LEAST, 1)
    at = np.flatnonzero((padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:]))
    found = []
    for i in at[np.argsort(-likely[at], kind="stable")][: 2 * _MODES]:
        near = slice(max(i - _PEAK, 0), i + _PEAK + 1)
        weight = likely[near] + _LEAST
        place = -OUT + (np.arange(PLACES)[near] + 0.5) * PLACE
        found.append((float((place * weight).sum() / weight.sum()), float(weight.sum())))
    return found


def _moved(corners: FloatArray, size: tuple[float, float], ends: FloatArray) -> FloatArray:
    """Return a floor with its sides moved inwards, (n, 4, 2), by those units at their left and right ends."""
    lines = []
    for side in range(4):
        length, away = size if side % 2 == 0 else size[::-1]
        matrix = homographies(np.roll(corners, -side, axis=0)[None], (length, away))
        x = np.broadcast_to([0.0, length], ends[:, side].shape)
        px, py = (part[0] for part in take(matrix, x[None], ends[None, :, side]))
        points = np.stack([px, py, np.ones_like(px)], axis=2)
        lines.append(np.cross(points[:, 0], points[:, 1]))
    crossings = [np.cross(lines[side - 1], lines[side]) for side in range(4)]
    return np.stack([cross[:, :2] / cross[:, 2:] for cross in crossings], axis=1)
