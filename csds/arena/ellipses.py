"""Ellipses fitted to the edges of a picture, many at once."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.arena.still import Picture
from csds.model.shapes import FloatArray

#: Places round an ellipse at which its edge is looked for.
PLACES = 64
#: How far from an ellipse its edge is looked for, round by round, as a share of its radius, and pixels at least.
_REACHES, _LEAST_PX = (0.05, 0.03, 0.018, 0.012), (3.0, 2.0, 1.3, 1.0)
#: Steps across an edge, on each side of the ellipse.
_STEPS = 7
#: No place's edge weighs more than this many times the median one's.
_CAP = 2.0
#: How often places that don't fit are weighed down, and how strongly an ellipse of which little is seen is held.
_REWEIGHTED, _HELD = 4, 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ellipses:
    """Ellipses in a picture, and which of their sides is the lighter one.

    Parameters
    ----------
    middles : (n, 2) float
        Pixels.
    axes : (n, 2, 2) float
        Symmetric: it takes the unit circle to the ellipse about its middle.
    signs : (n,) float
        1 where it is lighter outside, -1 where it is lighter inside, 0 where that changes on the way round.
    """

    middles: FloatArray
    axes: FloatArray
    signs: FloatArray

    def __len__(self) -> int:
        return len(self.signs)

    @property
    def radii(self) -> FloatArray:
        """Root of the product of the half axes, (n,)."""
        return np.asarray(np.sqrt(np.abs(np.linalg.det(self.axes))), float)

    @property
    def flatness(self) -> FloatArray:
        """Logarithm of the longer over the shorter half axis, (n,)."""
        lengths = np.abs(np.linalg.eigvalsh(self.axes))
        return np.asarray(np.log(lengths[:, 1] / np.maximum(lengths[:, 0], 1e-6)))

    def outlines(self, share: float = 1.0, count: int = PLACES) -> FloatArray:
        """Return points on the ellipses drawn at a share of their size, (n, count, 2)."""
        return np.asarray(self.middles[:, None] + share * (circle(count) @ self.axes))

    def take(self, index: NDArray[np.int_]) -> Ellipses:
        """Return some of them."""
        return Ellipses(middles=self.middles[index], axes=self.axes[index], signs=self.signs[index])


def circle(count: int = PLACES) -> FloatArray:
    """Return points of the unit circle, (count, 2)."""
    turn = np.arange(count) * (2 * np.pi / count)
    return np.column_stack([np.cos(turn), np.sin(turn)])


def profiles(grey: Picture, ellipses: Ellipses, shares: FloatArray) -> FloatArray:
    """Return grey levels at shares of the way from an ellipse's middle to its edge, (n, places, shares).

    NaN beyond the picture.
    """
    spokes = circle() @ ellipses.axes
    points = ellipses.middles[:, None, None] + shares[:, None] * spokes[:, :, None]
    return sample(grey, points)


def sample(grey: Picture, points: FloatArray) -> FloatArray:
    """Return grey levels at points, (…, 2), NaN beyond the picture."""
    flat = np.asarray(points, np.float32).reshape(-1, 2)
    # OpenCV takes at most 32,767 rows.
    width = 512
    padded = np.concatenate([flat, np.full((-len(flat) % width, 2), -9.0, np.float32)]).reshape(-1, width, 2)
    parts = [
        cv2.remap(grey, part[..., 0].copy(), part[..., 1].copy(), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for part in (padded[i : i + 30_000] for i in range(0, len(padded), 30_000))
    ]
    taken = np.asarray(np.concatenate(parts), np.float64).ravel()[: len(flat)]
    height, wide = grey.shape
    inside = (flat[:, 0] >= 0) & (flat[:, 1] >= 0) & (flat[:, 0] <= wide - 1) & (flat[:, 1] <= height - 1)
    return np.where(inside, taken, np.nan).reshape(points.shape[:-1])


def fit_edges(grey: Picture, ellipses: Ellipses, *, rounds: tuple[int, ...]) -> Ellipses:
    """Return the ellipses moved to the edges of their sign nearby, each by its own robust least squares.

    Parameters
    ----------
    grey : (height, width) float32
        Slightly smoothed.
    ellipses : Ellipses
    rounds : tuple of int
        Which of the rounds, 0 to 3, in which an edge is looked for ever nearer.
    """
    for number in rounds:
        ellipses = _moved(grey, ellipses, np.maximum(_REACHES[number] * ellipses.radii, _LEAST_PX[number]))
    return ellipses


def _moved(grey: Picture, ellipses: Ellipses, reach_px: FloatArray) -> Ellipses:
    unit = circle()
    normals = unit @ np.linalg.inv(ellipses.axes)
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    steps = np.arange(-_STEPS - 1, _STEPS + 2)
    step_px = reach_px / _STEPS
    points = ellipses.outlines()[:, :, None] + (steps[:, None] * step_px[:, None, None, None]) * normals[:, :, None]
    levels = sample(grey, points)
    change = levels[:, :, 2:] - levels[:, :, :-2]
    signs = ellipses.signs[:, None, None]
    change = np.where(signs == 0, np.abs(change), signs * change)
    within = np.arange(-_STEPS, _STEPS + 1)
    valued = np.nan_to_num(change, nan=0.0) * (1 - 0.3 * (within / _STEPS) ** 2)
    best = valued.argmax(axis=2)
    strength = np.maximum(np.take_along_axis(valued, best[..., None], axis=2)[..., 0], 0.0)
    offset = (within[best] + _vertex(valued, best)) * step_px[:, None]
    typical = np.median(strength, axis=1, keepdims=True)
    weight = np.minimum(strength, _CAP * typical + 1e-9) / (_CAP * typical + 1e-9)
    shift = np.zeros((len(ellipses), 5))
    design = _design(normals, unit)
    for _ in range(_REWEIGHTED):
        residual = offset - (design @ shift[..., None])[..., 0]
        spread = 1.5 * _weighted_median(np.abs(residual), weight) + 0.15
        robust = weight / (1.0 + (residual / spread[:, None]) ** 2) ** 2
        weighted = design * robust[..., None]
        normal = np.swapaxes(design, 1, 2) @ weighted + _HELD * np.eye(5)
        right = (weighted * offset[..., None]).sum(axis=1)
        shift = np.linalg.solve(normal, right[..., None])[..., 0]
    limit = 1.5 * reach_px[:, None]
    shift = np.clip(shift, -limit, limit)
    symmetric = np.stack([shift[:, [2, 3]], shift[:, [3, 4]]], axis=1)
    return Ellipses(middles=ellipses.middles + shift[:, :2], axes=ellipses.axes + symmetric, signs=ellipses.signs)


def _design(normals: FloatArray, unit: FloatArray) -> FloatArray:
    """Return how far a point of an ellipse moves outwards for each change of middle and axes, (n, places, 5)."""
    x, y = normals[..., 0], normals[..., 1]
    return np.stack([x, y, x * unit[:, 0], x * unit[:, 1] + y * unit[:, 0], y * unit[:, 1]], axis=2)


def _vertex(values: FloatArray, best: NDArray[np.int_]) -> FloatArray:
    """Return by which share of a step the highest place of a parabola through three values is off the middle one."""
    middle = np.clip(best, 1, values.shape[2] - 2)[..., None]
    low, high, top = (np.take_along_axis(values, middle + i, axis=2)[..., 0] for i in (-1, 1, 0))
    bend = low + high - 2 * top
    return np.where(bend < -1e-9, np.clip(0.5 * (low - high) / np.minimum(bend, -1e-9), -0.5, 0.5), 0.0)


def _weighted_median(values: FloatArray, weights: FloatArray) -> FloatArray:
    order = np.argsort(values, axis=1)
    total = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    middle = (total >= 0.5 * total[:, -1:]).argmax(axis=1)
    return np.asarray(np.take_along_axis(values, np.take_along_axis(order, middle[:, None], axis=1), axis=1)[:, 0])
