"""Where a round floor's edge is, as it is read off strips around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from csds.arena.reading import RINGS, EdgeReading, read_strips
from csds.arena.round_pose import edge_within, square_corners
from csds.arena.still import Picture
from csds.arena.strips import OUT, PLACE, PLACES, SIDE, strips_around, units_of
from csds.model.shapes import FloatArray

#: Directions of the strips' middles, and of their two ends from there: radians.
TURNS = np.arange(8) * (np.pi / 4)
_ENDS = np.array([-1.0, 1.0])
#: Nowhere near a strip, in units.
_FAR = 99.0
#: How far apart, in units, floors are that are fitted to what was read, and how many of them.
_APART, _STARTS = 1.0, 3
#: What an edge's place may differ by from a floor's, round by round, in units.
_SPREADS = (1.5, 1.0, 0.6, 0.4)
#: What is read at a place is no less likely than this, and how strongly a floor's bends are held.
_LEAST, _HELD = 1e-3, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundReading:
    """What was read around one round floor.

    Parameters
    ----------
    matrix : (3, 3) float
        Takes the unit circle to the picture.
    edges : EdgeReading
        What was read off the strips in the directions `TURNS`.
    """

    matrix: FloatArray
    edges: EdgeReading

    def of(self, matrices: FloatArray) -> FloatArray:
        """Return the logarithm of how likely the edges of n floors are, (n, 8, 2)."""
        within = edge_within(self.matrix, matrices, _directions().ravel())
        at = np.nan_to_num((1 - within) * SIDE / 2, nan=_FAR).reshape(-1, len(TURNS), 2)
        return self.edges.log_likely(at)

    def floors(self) -> FloatArray:
        """Return the likeliest floors, as matrices from the unit circle, (n, 3, 3)."""
        turns, likely = _directions().ravel(), self.edges.likely.reshape(-1, PLACES) + _LEAST
        places = np.asarray(-OUT + (np.arange(PLACES) + 0.5) * PLACE, float)
        design = np.column_stack(
            [np.sin(turns), -np.cos(turns), np.sin(turns) ** 2, np.cos(turns) ** 2, -2 * np.sin(turns) * np.cos(turns)]
        )
        held = _HELD * np.diag([0.0, 0, 1, 1, 1]) + 1e-6 * np.eye(5)
        found = []
        for start in _starts(places, likely):
            bent = -start * np.array([0.0, 0, 1, 1, 0])
            for spread in _SPREADS:
                # Expected place near the floor's, by what was read there.
                weight = likely * np.exp(-0.5 * ((places + (design @ bent)[:, None]) / spread) ** 2)
                total = weight.sum(axis=1)
                outwards = -(weight @ places) / total
                sure = total / total.max()
                rest = outwards + start
                normal = design.T @ (sure[:, None] * design) + held
                bent = np.linalg.solve(normal, design.T @ (sure * rest)) - start * np.array([0.0, 0, 1, 1, 0])
            x, y, across, away, skew = 2 * bent / SIDE
            found.append(self.matrix @ np.array([(1 + across, skew, x), (skew, 1 + away, y), (0, 0, 1)]))
        return np.array(found)


def read_around(
    matrices: Sequence[FloatArray], size_cm: tuple[float, float], grey: Picture, motion: Picture
) -> list[RoundReading]:
    """Return what is read around round floors, given by matrices from the unit circle to the picture."""
    squares = np.concatenate([square_corners(matrix, np.asarray(TURNS - np.pi / 2, float)) for matrix in matrices])
    edges = read_strips(RINGS, strips_around(squares, size_cm, grey, motion), size_cm[0] / units_of(size_cm)[0])
    count = len(TURNS)
    return [
        RoundReading(matrix=matrix, edges=edges.part(slice(count * i, count * (i + 1))))
        for i, matrix in enumerate(matrices)
    ]


def read_towards(
    matrix: FloatArray, towards: FloatArray, size_cm: tuple[float, float], grey: Picture, motion: Picture
) -> EdgeReading:
    """Return what is read off the strips of a round floor in some directions: see `square_corners`."""
    strips = strips_around(square_corners(matrix, towards), size_cm, grey, motion)
    return read_strips(RINGS, strips, size_cm[0] / units_of(size_cm)[0])


def _directions() -> FloatArray:
    return np.asarray(TURNS[:, None] + _ENDS, float)


def _starts(places: FloatArray, likely: FloatArray) -> list[float]:
    """Return how far within a floor its edge is on the whole, the likeliest first, in units."""
    total = np.log(likely).sum(axis=0)
    smooth = np.convolve(np.pad(total, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    kept: list[float] = []
    for i in np.argsort(-smooth, kind="stable"):
        if all(abs(places[i] - other) > _APART for other in kept):
            kept.append(float(places[i]))
        if len(kept) == _STARTS:
            break
    return kept
