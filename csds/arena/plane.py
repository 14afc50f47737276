"""The one plane on which all floors of a frame lie, each as large as the others."""

from __future__ import annotations

import numpy as np

from csds.arena.geometry import homographies, rectangle_cm, take
from csds.model.shapes import FloatArray

#: Rounds of fitting; how strongly the way to the picture is held to that of the first floor (damping); and a floor's
#: misfit, cm of 42, from which on it counts less.
_ROUNDS, _DAMPING, _FIRM = 8, 1e-3, 0.5
#: Step for derivatives, in units of each parameter.
_STEP = 1e-5


def plane_misfits(corners: FloatArray, floors: FloatArray, size_cm: tuple[float, float]) -> FloatArray:
    """Return how far quadrilaterals are from floors of that size on the plane that some floors share, cm (RMS), (m,).

    The plane is fitted to the floors by least squares over the corners: one homography for all, and for each floor
    where it lies on the plane and how it is turned.

    Parameters
    ----------
    corners : (m, 4, 2) float
        Clockwise in the picture, from the left end of the enclosure wall.
    floors : (n, 4, 2) float
        Those that were found, n ≥ 2.
    size_cm : (width, height)
    """
    return _off_size(_on_plane(corners, _fit(floors, size_cm)), size_cm)


def on_one_plane(floors: FloatArray, size_cm: tuple[float, float]) -> FloatArray:
    """Return floors of one frame as large as they are on the plane that they share, (n, 4, 2): see `plane_misfits`."""
    to_plane = _fit(floors, size_cm)
    return _on_plane(_placed(_on_plane(floors, to_plane), size_cm), np.asarray(np.linalg.inv(to_plane), float))


def _fit(floors: FloatArray, size_cm: tuple[float, float]) -> FloatArray:
    """Return the homography from the picture to the plane, (3, 3), the first floor near its own corner there."""
    back = np.asarray(np.linalg.inv(homographies(floors[:1], size_cm)[0]), float)
    # The picture is first taken to the plane by the first floor alone; what is fitted is what that leaves to mend.
    seen = _on_plane(floors, back)
    scale = float(np.abs(seen).max()) or 1.0
    unit = seen / scale
    mend = np.zeros(8)
    for _ in range(_ROUNDS):
        residuals = _residuals(unit, mend, size_cm, scale)
        weight = 1.0 / (1.0 + (np.hypot(*np.moveaxis(residuals, -1, 0)) / _FIRM) ** 2)
        flat = (residuals * np.sqrt(weight)[..., None]).ravel()
        slopes = np.stack(
            [
                (
                    (_residuals(unit, mend + _STEP * (np.arange(8) == k), size_cm, scale) - residuals)
                    * np.sqrt(weight)[..., None]
                ).ravel()
                / _STEP
                for k in range(8)
            ],
            axis=1,
        )
        normal = slopes.T @ slopes
        mend = mend - np.linalg.solve(normal + _DAMPING * np.eye(8) * normal.trace() / 8, slopes.T @ flat)
    to_unit = np.diag([1 / scale, 1 / scale, 1.0])
    return np.asarray(np.linalg.inv(to_unit) @ _matrix(mend) @ to_unit @ back)


def _matrix(mend: FloatArray) -> FloatArray:
    return np.asarray(np.eye(3) + np.append(mend, 0.0).reshape(3, 3))


def _residuals(unit: FloatArray, mend: FloatArray, size_cm: tuple[float, float], scale: float) -> FloatArray:
    on_plane = _on_plane(unit, _matrix(mend)) * scale
    return np.asarray(on_plane - _placed(on_plane, size_cm))


def _on_plane(corners: FloatArray, matrix: FloatArray) -> FloatArray:
    x, y = take(np.broadcast_to(matrix, (len(corners), 3, 3)), corners[..., 0], corners[..., 1])
    return np.asarray(np.stack([x, y], axis=-1), float)


def _placed(on_plane: FloatArray, size_cm: tuple[float, float]) -> FloatArray:
    """Return the corners of floors of the size, shifted and turned to lie nearest to the corners given, (n, 4, 2)."""
    floor = rectangle_cm(size_cm) - np.array(size_cm) / 2
    middle = on_plane.mean(axis=1, keepdims=True)
    away = on_plane - middle
    turn = np.arctan2(
        (floor[:, 0] * away[..., 1] - floor[:, 1] * away[..., 0]).sum(axis=1), (floor * away).sum(axis=(1, 2))
    )
    cosine, sine = np.cos(turn)[:, None], np.sin(turn)[:, None]
    turned = np.stack([cosine * floor[:, 0] - sine * floor[:, 1], sine * floor[:, 0] + cosine * floor[:, 1]], axis=-1)
    return np.asarray(middle + turned)


def _off_size(on_plane: FloatArray, size_cm: tuple[float, float]) -> FloatArray:
    away = on_plane - _placed(on_plane, size_cm)
    return np.asarray(np.sqrt((away**2).sum(axis=2).mean(axis=1)))
