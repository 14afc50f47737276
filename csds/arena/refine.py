"""Corners to a fraction of a pixel: each side is moved to where the picture changes most along all of it."""

from __future__ import annotations

import cv2
import numpy as np

from csds.arena.geometry import rectangle_cm
from csds.arena.still import Picture
from csds.model.arena import project, solve_homography
from csds.model.shapes import FloatArray

#: A side is moved by at most this share of the floor's, at either end: 0.7 cm of 42, unless less is asked for.
REACH = 1 / 60
#: … and a second time by at most this share of that.
_AGAIN = 1 / 3
#: Places along a side, and across it on each side of where it is.
_ALONG, _ACROSS = 64, 12
#: Blur across the side before the change is taken, in steps across.
_BLUR = 1.0


def refine(corners: FloatArray, grey: Picture, *, covered: float = 0.0, most: float = REACH) -> FloatArray:
    """Return the corners with each side moved to the strongest edge nearby, (4, 2).

    Parameters
    ----------
    corners : (4, 2) float
        Clockwise, in pixels of the picture.
    grey : (height, width) float32
    covered : float
        Share of the first side, in its middle, that the enclosure covers.
    most : float
        By what share of the floor's a side is moved at most, at either end.
    """
    for reach in (most, _AGAIN * most):
        to_picture = solve_homography(rectangle_cm((1.0, 1.0)), corners)
        ends = []
        for side in range(4):
            shift = _shift(side, to_picture, grey, reach, covered if side == 0 else 0.0)
            ends.append(_line(side, shift, to_picture))
        corners = np.array([_cross(ends[side - 1], ends[side]) for side in range(4)])
    return corners


def _shift(side: int, to_picture: FloatArray, grey: Picture, reach: float, covered: float) -> tuple[float, float]:
    """Return by how much a side is to be moved outwards at its two ends, in shares of the floor."""
    along = np.linspace(0.06, 0.94, _ALONG)
    along = along[np.abs(along - 0.5) > covered / 2]
    across = np.linspace(-2 * reach, 2 * reach, 4 * _ACROSS + 1)
    x, y = _at(side, along[:, None], across[None], to_picture)
    sampled = cv2.remap(
        grey, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    smooth = cv2.GaussianBlur(np.asarray(sampled), (0, 0), sigmaX=_BLUR, sigmaY=1.0)
    change = np.gradient(np.asarray(smooth, float), axis=1)
    # No part of a side may outvote the rest: a change counts up to twice the typical one.
    most = 2.0 * float(np.median(np.abs(change).max(axis=1))) + 1e-6
    change = np.clip(change, -most, most)
    steps = np.arange(-_ACROSS, _ACROSS + 1)
    first, last = (a.ravel() for a in np.meshgrid(steps, steps, indexing="ij"))
    place = first[:, None] * (1 - along) + last[:, None] * along + 2 * _ACROSS
    low = np.clip(np.floor(place).astype(int), 0, change.shape[1] - 2)
    share = place - low
    rows = np.arange(len(along))
    total = np.abs((change[rows, low] * (1 - share) + change[rows, low + 1] * share).sum(axis=1))
    # Of two edges alike the nearer one.
    total *= 1 - 0.1 * (first**2 + last**2) / (2 * _ACROSS**2)
    best = int(total.argmax())
    step = float(across[1] - across[0])
    return float(first[best]) * step, float(last[best]) * step


def _at(side: int, along: FloatArray, outwards: FloatArray, to_picture: FloatArray) -> tuple[FloatArray, FloatArray]:
    along, outwards = np.broadcast_arrays(along, outwards)
    u, v = (
        (along, -outwards),
        (1 + outwards, along),
        (1 - along, 1 + outwards),
        (-outwards, 1 - along),
    )[side]
    return project(to_picture, u, v)


def _line(side: int, shift: tuple[float, float], to_picture: FloatArray) -> FloatArray:
    """Return a moved side as a homogeneous line."""
    x, y = _at(side, np.array([0.0, 1.0]), np.array(shift), to_picture)
    return np.cross((x[0], y[0], 1.0), (x[1], y[1], 1.0))


def _cross(one: FloatArray, other: FloatArray) -> FloatArray:
    point = np.cross(one, other)
    return np.asarray(point[:2] / point[2], float)
