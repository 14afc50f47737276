"""Many quadrilaterals at once: the way from centimetres, and whether a camera could see a floor so."""

from __future__ import annotations

import cv2
import numpy as np

from csds.model.shapes import FloatArray

#: Focal lengths that cameras have, in frame diagonals: from very wide to very long.
_FOCAL_LENGTHS = (0.5, 0.8, 1.2, 2.0, 4.0, 12.0)
#: Points along and across a quadrilateral at which it is asked what others share with it.
_GRID = 24


def rectangle_cm(size_cm: tuple[float, float]) -> FloatArray:
    """Return the corners of a floor of that size in cm, (4, 2)."""
    w, h = size_cm
    return np.array([(0, 0), (w, 0), (w, h), (0, h)], float)


def homographies(corners: FloatArray, size_cm: tuple[float, float]) -> FloatArray:
    """Return for each quadrilateral of (n, 4, 2) the 3 × 3 matrix from centimetres to the picture, (n, 3, 3)."""
    count = len(corners)
    x, y = rectangle_cm(size_cm).T
    u, v = corners[..., 0], corners[..., 1]
    zero, one = np.zeros((count, 4)), np.ones((count, 4))
    xs, ys = np.broadcast_to(x, (count, 4)), np.broadcast_to(y, (count, 4))
    upper = np.stack([xs, ys, one, zero, zero, zero, -u * x, -u * y], axis=-1)
    lower = np.stack([zero, zero, zero, xs, ys, one, -v * x, -v * y], axis=-1)
    solved = np.linalg.solve(np.concatenate([upper, lower], axis=1), np.concatenate([u, v], axis=1)[..., None])
    return np.concatenate([solved[..., 0], np.ones((count, 1))], axis=1).reshape(count, 3, 3)


def take(matrices: FloatArray, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return points, one set (n, …) a matrix, taken through their homographies."""
    extra = (slice(None),) + (None,) * (np.ndim(x) - 1)
    m = [[matrices[:, i, j][extra] for j in range(3)] for i in range(3)]
    w = m[2][0] * x + m[2][1] * y + m[2][2]
    return (m[0][0] * x + m[0][1] * y + m[0][2]) / w, (m[1][0] * x + m[1][1] * y + m[1][2]) / w


def camera_misfits(corners: FloatArray, size_cm: tuple[float, float], frame: tuple[int, int]) -> FloatArray:
    """Return by how much corners differ from any that a camera with square pixels sees of such a floor, (n,).

    A share: 0.05 means that the floor would have to be 5 % longer than it is, or skewed as much. The
    camera's focal length is not known, its axis is taken to go through the frame's middle.

    Parameters
    ----------
    corners : (n, 4, 2) float
    size_cm : (width, height)
    frame : (height, width)
        Of the picture, in its pixels.
    """
    middle = np.array([(frame[1] - 1) / 2, (frame[0] - 1) / 2])
    matrices = homographies((corners - middle) / np.hypot(*frame), size_cm)
    misfits = []
    for focal in _FOCAL_LENGTHS:
        along, away = (matrices[:, :, i] / (focal, focal, 1.0) for i in (0, 1))
        length_along, length_away = np.linalg.norm(along, axis=1), np.linalg.norm(away, axis=1)
        skew = (along * away).sum(axis=1) / (length_along * length_away)
        misfits.append(np.hypot(np.log(length_along / length_away), skew))
    return np.asarray(np.min(misfits, axis=0), float)


def shared(one: FloatArray, others: FloatArray) -> FloatArray:
    """Return what a quadrilateral shares with each of m others, (m, 4, 2), as a part of the smaller one, (m,).

    Counted on a grid: OpenCV's intersection of polygons fails on those that are nearly the same.
    """
    areas = np.array([cv2.contourArea(other.astype(np.float32)) for other in others])
    own = max(float(cv2.contourArea(one.astype(np.float32))), 1.0)
    at = (np.arange(_GRID) + 0.5) / _GRID
    x, y = np.meshgrid(at, at)
    px, py = take(homographies(one[None], (1.0, 1.0)), x[None], y[None])
    back = np.asarray(np.linalg.inv(homographies(others, (1.0, 1.0))), float)
    u, v = take(back, px, py)
    inside = ((u > 0) & (u < 1) & (v > 0) & (v < 1)).mean(axis=(1, 2))
    return np.asarray(np.minimum(inside * own / np.maximum(np.minimum(own, areas), 1.0), 1.0))
