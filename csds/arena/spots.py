"""Where on possible floors things move: an animal keeps to the floor, and walks along its walls."""

from __future__ import annotations

import numpy as np

from csds.arena.geometry import homographies, take
from csds.model.shapes import FloatArray

#: What `spot_terms` returns for each side …
SPOT_TERMS = ("beyond_side", "near_side", "far_from_side")
#: … and for each floor.
FLOOR_TERMS = ("straddling", "empty", "outside", "far_outside")
#: A spot of motion is the floor's if this share of its outline lies in it, and straddles its edge if this one doesn't.
_OWN, _STRADDLES = 0.5, 0.25
#: How far outside an outline still counts as within, as a share of the floor's side.
_LEAN = 0.03
#: Beyond a side an animal is seen that leans on the wall there, by up to this share of the floor's: 2.5 cm of 42.
_LEANS = 0.06
#: Distances are counted up to these shares of a side.
_NEAR, _FAR = 0.1, 0.5


def spot_terms(corners: FloatArray, outlines: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how spots of motion lie to the sides, (n, 4, terms), and on the floors, (n, terms), of n quadrilaterals.

    Parameters
    ----------
    corners : (n, 4, 2) float
        Clockwise.
    outlines : (m, points, 2) float
        Of all that moves, in the same pixels.
    """
    count = len(corners)
    if not len(outlines):
        nearest, shares, reach = np.full((count, 4), _FAR), np.zeros((count, 1)), np.zeros((count, 1))
    else:
        back = np.asarray(np.linalg.inv(homographies(corners, (1.0, 1.0))), float)
        x, y = take(back, outlines[None, ..., 0], outlines[None, ..., 1])
        shares = ((np.abs(x - 0.5) < 0.5 + _LEAN) & (np.abs(y - 0.5) < 0.5 + _LEAN)).mean(axis=2)
        away = np.stack([y, 1 - x, 1 - y, x], axis=1)
        rank = away.shape[3] // 10
        depth = np.partition(away, rank, axis=3)[..., rank]
        nearest = np.where(shares[:, None] > _OWN, depth, _FAR).min(axis=2)
        reach = np.where(shares > _STRADDLES, -away.min(axis=(1, 3)), 0.0)
    nearest = np.clip(nearest, -_NEAR, _FAR)
    here = shares > _STRADDLES
    straddling = (here & (shares < 1 - _STRADDLES)).sum(axis=1) / np.maximum(here.sum(axis=1), 1)
    furthest = reach.max(axis=1)
    sides = [
        np.clip(-nearest - _LEANS, 0, None) / _NEAR,
        np.clip(nearest, 0, _NEAR) / _NEAR,
        np.clip(nearest - _NEAR, 0, 0.3),
    ]
    floors = [
        straddling,
        (~here.any(axis=1)).astype(float),
        np.clip(furthest - _LEANS, 0, _NEAR - _LEANS) / _NEAR,
        np.clip(furthest - 0.05, 0, 0.2) / 0.1,
    ]
    return np.stack(sides, axis=2), np.stack(floors, axis=1)
