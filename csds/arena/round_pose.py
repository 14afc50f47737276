"""The two ways in which a camera can see a round floor as an ellipse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from csds.arena.geometry import homographies
from csds.model.shapes import FloatArray

#: Focal length that is taken for the camera's, frame diagonals.
FOCAL = 1.6


def conic(middle: FloatArray, axes: FloatArray) -> FloatArray:
    """Return the symmetric matrix of an ellipse: homogeneous points p on it have ``p @ matrix @ p == 0``."""
    back = np.linalg.inv(axes)
    flat = back @ back.T
    away = -flat @ middle
    return np.block([[flat, away[:, None]], [away[None], np.array([[middle @ flat @ middle - 1.0]])]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """How a camera sees a round floor.

    Parameters
    ----------
    matrix : (3, 3) float
        Takes the unit circle to the picture. The circle's x axis points to the right in it and
        its y axis downwards, as nearly as can be.
    foot_px : (3,) float
        The point below the camera in the picture, homogeneous.
    """

    matrix: FloatArray
    foot_px: FloatArray


def circle_poses(middle: FloatArray, axes: FloatArray, frame: tuple[int, ...], focal: float = FOCAL) -> list[Pose]:
    """Return the two ways in which a camera can see a circle as an ellipse.

    A camera with square pixels, whose axis goes through the picture's middle, sees a circle as a
    given ellipse from two directions. The cone through the ellipse has three principal axes; the
    circle's normal lies in the plane of two of them (e.g. Haralick & Shapiro, Computer and Robot
    Vision, 1993).

    Parameters
    ----------
    middle : (2,) float
        Pixels.
    axes : (2, 2) float
        See `csds.arena.ellipses.Ellipses`.
    frame : (height, width)
    focal : float
        Frame diagonals.
    """
    length = focal * float(np.hypot(frame[0], frame[1]))
    to_px = np.array([[length, 0, (frame[1] - 1) / 2], [0, length, (frame[0] - 1) / 2], [0, 0, 1.0]])
    cone = to_px.T @ conic(middle, axes) @ to_px
    values, vectors = np.linalg.eigh(cone / np.abs(cone).max())
    # One value is negative: that of the axis within the cone.
    low, mid, high = values
    along = np.sqrt(max(high - mid, 0.0) / (high - low))
    within = np.sqrt(max(mid - low, 0.0) / (high - low))
    found = []
    for sign in (1.0, -1.0):
        normal = sign * along * vectors[:, 2] + within * vectors[:, 0]
        normal *= np.sign(normal[2])
        centre = np.linalg.solve(cone, normal)
        centre /= centre[2]
        right = np.array([1.0, 0, 0]) - normal[0] * normal
        right /= np.linalg.norm(right)
        down = np.cross(normal, right)
        # How far off the circle is: its edge to the right lies on the cone.
        square, half, free = centre @ cone @ centre, centre @ cone @ right, right @ cone @ right
        away = (-half - np.sqrt(max(half**2 - square * free, 0.0))) / square
        matrix = to_px @ np.column_stack([right, down, abs(away) * centre])
        found.append(Pose(matrix=matrix, foot_px=to_px @ normal))
    return found


def ellipse_of(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the middle and the axes of the ellipse as which a camera sees the unit circle: see `circle_poses`."""
    back = np.linalg.inv(matrix)
    seen = back.T @ np.diag([1.0, 1.0, -1.0]) @ back
    flat, away = seen[:2, :2], seen[:2, 2]
    middle = -np.linalg.solve(flat, away)
    values, vectors = np.linalg.eigh(flat / (middle @ flat @ middle - seen[2, 2]))
    return middle, np.asarray(vectors @ np.diag(1 / np.sqrt(np.abs(values))) @ vectors.T)


def square_corners(matrix: FloatArray, towards: FloatArray) -> FloatArray:
    """Return the corners of the squares around a round floor, (n, 4, 2), the enclosure standing at each direction.

    Parameters
    ----------
    matrix : (3, 3) float
        Takes the unit circle to the picture.
    towards : (n,) float
        Radians, clockwise from the circle's x axis.
    """
    away = np.stack([np.cos(towards), np.sin(towards)], axis=-1)
    along = np.stack([-away[:, 1], away[:, 0]], axis=-1)
    corners = np.stack([away - along, away + along, along - away, -along - away], axis=1)
    seen = np.concatenate([corners, np.ones_like(corners[..., :1])], axis=-1) @ matrix.T
    return np.asarray(seen[..., :2] / seen[..., 2:], float)


def circle_matrices(squares: FloatArray) -> FloatArray:
    """Return for each square around a round floor, (n, 4, 2), the matrix from the unit circle to the picture.

    The circle touches the first side at (0, -1), and the second at (1, 0).
    """
    return np.asarray(homographies(squares, (2.0, 2.0)) @ np.array([(1.0, 0, 1), (0, 1, 1), (0, 0, 1)]))


def edge_within(matrix: FloatArray, others: FloatArray, turns: FloatArray) -> FloatArray:
    """Return where the edges of m other round floors are as seen from the middle of one: shares of its radius, (m, k).

    NaN where its middle isn't within another.

    Parameters
    ----------
    matrix : (3, 3) float
        Takes the unit circle to the picture.
    others : (m, 3, 3) float
    turns : (k,) float
        Directions in which it is looked, radians clockwise from (0, -1).
    """
    across = np.linalg.solve(others, np.broadcast_to(matrix, others.shape))
    rays = np.stack([np.sin(turns), -np.cos(turns), np.zeros_like(turns)])
    along, start = across @ rays, across[:, :, 2:]
    sign = np.array([1.0, 1.0, -1.0])[:, None]
    a, b, c = ((sign * one * other).sum(axis=1) for one, other in ((along, along), (along, start), (start, start)))
    found = np.sqrt(np.where(c < 0, b**2 - a * c, np.nan))
    return np.asarray((found - b) / a, float)
