"""Zones and enclosures as shapes in arena centimetres.

Every shape answers one question, its signed distance (negative inside), from which
membership follows: a point on the edge is inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol as Interface

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


class Shape(Interface):
    """Anything with a signed distance in cm."""

    def distance(self, x: ArrayLike, y: ArrayLike) -> FloatArray:
        """Return the signed distance in cm of points to the edge, negative inside; NaN for NaN."""
        ...

    def outlines(self) -> tuple[FloatArray, ...]:
        """Return the closed outlines as (n, 2) arrays in cm, for drawing."""
        ...


def contains(shape: Shape, x: ArrayLike, y: ArrayLike) -> NDArray[np.bool_]:
    """Return True where points lie inside or on the edge of the shape; NaN is outside.

    Examples
    --------
    >>> contains(Rectangle(left=9, top=0, right=33, bottom=14), [9, 8.9], [14, 14]).tolist()
    [True, False]
    """
    return np.asarray(shape.distance(x, y) <= 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectangle:
    """An upright rectangle; ``top`` is the side nearer to y = 0."""

    left: float
    top: float
    right: float
    bottom: float

    def distance(self, x: ArrayLike, y: ArrayLike) -> FloatArray:
        """Return the signed distance in cm."""
        dx = np.abs(np.asarray(x, float) - (self.left + self.right) / 2) - (self.right - self.left) / 2
        dy = np.abs(np.asarray(y, float) - (self.top + self.bottom) / 2) - (self.bottom - self.top) / 2
        outside = np.hypot(np.maximum(dx, 0.0), np.maximum(dy, 0.0))
        return np.asarray(outside + np.minimum(np.maximum(dx, dy), 0.0), float)

    def outlines(self) -> tuple[FloatArray, ...]:
        """Return the four corners."""
        return (
            np.array(
                [
                    (self.left, self.top),
                    (self.right, self.top),
                    (self.right, self.bottom),
                    (self.left, self.bottom),
                ],
                float,
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """A circle."""

    x: float
    y: float
    radius: float

    def distance(self, x: ArrayLike, y: ArrayLike) -> FloatArray:
        """Return the signed distance in cm."""
        return np.asarray(np.hypot(np.asarray(x, float) - self.x, np.asarray(y, float) - self.y) - self.radius, float)

    def outlines(self) -> tuple[FloatArray, ...]:
        """Return the circle as a polygon of 96 points."""
        angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
        return (np.column_stack([self.x + self.radius * np.cos(angle), self.y + self.radius * np.sin(angle)]),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Polygon:
    """A simple polygon; its corners in order, either way round."""

    corners: tuple[tuple[float, float], ...]

    def distance(self, x: ArrayLike, y: ArrayLike) -> FloatArray:
        """Return the signed distance in cm (even-odd rule for inside)."""
        px, py = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        nearest = np.full(px.shape, np.inf)
        inside = np.zeros(px.shape, bool)
        for (ax, ay), (bx, by) in zip(self.corners, self.corners[1:] + self.corners[:1], strict=True):
            ex, ey = bx - ax, by - ay
            share = np.clip(((px - ax) * ex + (py - ay) * ey) / (ex * ex + ey * ey), 0.0, 1.0)
            nearest = np.fmin(nearest, np.hypot(px - ax - share * ex, py - ay - share * ey))
            if ay != by:
                inside ^= ((ay > py) != (by > py)) & (px < ex * (py - ay) / ey + ax)
        return np.where(np.isnan(px) | np.isnan(py), np.nan, np.where(inside, -nearest, nearest))

    def outlines(self) -> tuple[FloatArray, ...]:
        """Return the corners."""
        return (np.array(self.corners, float),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """Everything within ``width`` cm of a shape, the shape included (a ring around an enclosure)."""

    shape: Rectangle | Circle | Polygon
    width: float

    def distance(self, x: ArrayLike, y: ArrayLike) -> FloatArray:
        """Return the signed distance in cm."""
        return self.shape.distance(x, y) - self.width

    def outlines(self) -> tuple[FloatArray, ...]:
        """Return the outer edge."""
        (inner,) = self.shape.outlines()
        turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        circle = self.width * np.column_stack([np.cos(turn), np.sin(turn)])
        points = (inner[:, None, :] + circle[None, :, :]).reshape(-1, 2)
        return (_convex_hull(points),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Union:
    """Several shapes as one."""

    shapes: tuple[Shape, ...]

    def distance(self, x: ArrayLike, y: ArrayLike) -> FloatArray:
        """Return the signed distance in cm to the nearest of the shapes."""
        return np.asarray(np.min([shape.distance(x, y) for shape in self.shapes], axis=0), float)

    def outlines(self) -> tuple[FloatArray, ...]:
        """Return the outlines of all shapes."""
        return tuple(outline for shape in self.shapes for outline in shape.outlines())


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A named shape; names are lower case and start the zone's columns (``<name>_time_s``)."""

    name: str
    shape: Shape


def _convex_hull(points: FloatArray) -> FloatArray:
    from scipy.spatial import ConvexHull

    return np.asarray(points[ConvexHull(points).vertices], float)
