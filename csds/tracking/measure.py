"""From the animal's pixels to its measures: centre, axes, both ends, tail; of many frames at once.

An array of a few hundred pixels costs numpy mostly its calls, so frames are measured by the dozen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.background.masks import Mask
from csds.model.shapes import FloatArray

#: What is measured of the animal in every frame, in working pixels: columns of `measure_bodies`.
MEASURES = (
    "u", "v", "area", "length", "width", "axis", "ahead_u", "ahead_v", "behind_u", "behind_v", "tail_side", "skew",
)  # fmt: skip

#: Pixels within this many of the farthest one, along the body's axis, are its tip.
_TIP_PX = 1.0
#: Fewer pixels than this are no tail.
_LEAST_TAIL_PX = 2
_MOMENTS = ("m00", "m10", "m01", "mu20", "mu11", "mu02", "mu30", "mu21", "mu12", "mu03")

Pixels = NDArray[np.int32]
_NO_PIXELS: Pixels = np.empty((0, 2), np.int32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The animal in one frame, cut out.

    Parameters
    ----------
    origin : (u, v) int
        Where the cut-out's first pixel lies in the grid.
    pixels, tail : (n, 2) int32
        Columns and rows, in the cut-out, of the body and of what is seen of the tail.
    moments : tuple of float
        Of the body: area, sums of columns and of rows, central moments of second and third order.
    """

    origin: tuple[int, int]
    pixels: Pixels
    tail: Pixels
    moments: tuple[float, ...]

    @property
    def area(self) -> float:
        """Number of its pixels."""
        return self.moments[0]

    @property
    def centre(self) -> tuple[float, float]:
        """Mean of its pixels in the grid."""
        area, sum_u, sum_v = self.moments[:3]
        return sum_u / area + self.origin[0], sum_v / area + self.origin[1]


def cut_out(body: Mask, tail: Mask, origin: tuple[int, int]) -> Body:
    """Return the animal of masks that cover the same part of the grid, from ``origin`` on; the body isn't empty."""
    moments = cv2.moments(body, True)
    return Body(
        origin=origin,
        pixels=_pixels(body),
        tail=_pixels(tail),
        moments=tuple([moments[name] for name in _MOMENTS]),
    )


def _pixels(mask: Mask) -> Pixels:
    if not cv2.countNonZero(mask):
        return _NO_PIXELS
    return np.asarray(cv2.findNonZero(mask), np.int32).reshape(-1, 2)  # an axis more in OpenCV before 5


def measure_bodies(bodies: Sequence[Body | None]) -> FloatArray:
    """Return the measures (n, len(MEASURES)) of the animal in each of n frames; NaN where it is None."""
    rows = np.full((len(bodies), len(MEASURES)), np.nan)
    found = [body for body in bodies if body is not None]
    if not found:
        return rows
    area, sum_u, sum_v, m20, m11, m02, m30, m21, m12, m03 = np.array([body.moments for body in found]).T
    u, v, spread_u, cross, spread_v = sum_u / area, sum_v / area, m20 / area, m11 / area, m02 / area
    axis = 0.5 * np.arctan2(2 * cross, spread_u - spread_v)
    mean, deviation = (spread_u + spread_v) / 2, np.hypot((spread_u - spread_v) / 2, cross)
    # The moments of pixels are those of their centres; 1/12 is the rest of each.
    long_axis = 4 * np.sqrt(mean + deviation + 1 / 12)
    short_axis = 4 * np.sqrt(np.maximum(mean - deviation, 0) + 1 / 12)
    cos, sin = np.cos(axis), np.sin(axis)
    third = cos**3 * m30 + 3 * cos**2 * sin * m21 + 3 * cos * sin**2 * m12 + sin**3 * m03
    skew = third / area / np.maximum((mean + deviation) ** 1.5, 1e-9)
    ahead_u, ahead_v, behind_u, behind_v = _tips([body.pixels for body in found], cos, sin)
    tail_u, tail_v, tail_px = _tails([body.tail for body in found])
    side = ((tail_u - u) * cos + (tail_v - v) * sin) / (long_axis / 2) * np.minimum(1.0, 12.0 * tail_px / area)
    left, top = np.array([body.origin for body in found], float).T
    rows[[body is not None for body in bodies]] = np.column_stack(
        [
            u + left, v + top, area, long_axis, short_axis, axis,
            ahead_u + left, ahead_v + top, behind_u + left, behind_v + top,
            np.where(tail_px > _LEAST_TAIL_PX, side, 0.0), skew,
        ]
    )  # fmt: skip
    return rows


def _tips(parts: Sequence[Pixels], cos: FloatArray, sin: FloatArray) -> list[FloatArray]:
    """Return the means of the pixels farthest ahead along each body's axis and farthest behind: u, v, u, v."""
    pixels, number, starts = _joined(parts)
    along = pixels[:, 0] * cos[number] + pixels[:, 1] * sin[number]
    farthest, nearest = np.maximum.reduceat(along, starts), np.minimum.reduceat(along, starts)
    means: list[FloatArray] = []
    for tip in (along >= (farthest - _TIP_PX)[number], along <= (nearest + _TIP_PX)[number]):
        chosen = np.flatnonzero(tip)
        of = number[chosen]
        count = np.bincount(of)
        means += [np.bincount(of, pixels[chosen, way]) / count for way in (0, 1)]
    return means


def _tails(parts: Sequence[Pixels]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the mean of each tail's pixels, u and v, and their number; 0 where there are none."""
    pixels, number, _ = _joined(parts)
    count = np.bincount(number, minlength=len(parts)).astype(float)
    u, v = (np.bincount(number, pixels[:, way], minlength=len(parts)) / np.maximum(count, 1.0) for way in (0, 1))
    return u, v, count


def _joined(parts: Sequence[Pixels]) -> tuple[Pixels, NDArray[np.intp], NDArray[np.intp]]:
    """Return all pixels (n, 2), which part each is from, and where each part begins."""
    sizes = np.array([len(part) for part in parts], np.intp)
    return np.concatenate(parts), np.repeat(np.arange(len(parts)), sizes), np.cumsum(sizes) - sizes
