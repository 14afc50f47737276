"""A lens that bends straight lines, and the picture as a lens without distortion would give it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from csds.model.shapes import FloatArray

#: Most Newton steps from a point to its place without distortion, and the step, as a share of the focal
#: length, that is the last: 1e-6 px.
_MOST_STEPS, _LAST_STEP = 25, 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """A lens by OpenCV's model (radial k1, k2, k3 and tangential p1, p2), as ``cv2.calibrateCamera`` gives it.

    Parameters
    ----------
    distortion : (k1, k2, p1, p2, k3)
    focal_px : (along x, along y)
        Focal lengths in pixels.
    centre_px : (x, y)
        Where the lens's axis meets the picture.

    Examples
    --------
    >>> barrel = Lens(distortion=(-0.2, 0.0, 0.0, 0.0, 0.0), focal_px=(600.0, 600.0), centre_px=(319.5, 239.5))
    >>> [round(float(v), 2) for v in barrel.bend(619.5, 239.5)]
    [604.5, 239.5]
    >>> [round(float(v), 2) for v in barrel.straighten(604.5, 239.5)]
    [619.5, 239.5]
    """

    distortion: tuple[float, float, float, float, float]
    focal_px: tuple[float, float]
    centre_px: tuple[float, float]

    def bend(self, x_px: ArrayLike, y_px: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return where points of the straightened picture lie in the picture as recorded."""
        x, y = self._to_unit(x_px, y_px)
        return self._to_px(*self._bent(x, y))

    def straighten(self, x_px: ArrayLike, y_px: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return where points of the picture as recorded lie without distortion; NaN where they can't be told."""
        seen_x, seen_y = self._to_unit(x_px, y_px)
        x, y = seen_x.copy(), seen_y.copy()
        last = np.full(np.shape(x), np.inf)
        with np.errstate(all="ignore"):
            for _ in range(_MOST_STEPS):
                bent_x, bent_y = self._bent(x, y)
                xx, xy, yx, yy = self._slopes(x, y)
                off_x, off_y, spread = seen_x - bent_x, seen_y - bent_y, xx * yy - xy * yx
                step_x, step_y = (yy * off_x - xy * off_y) / spread, (xx * off_y - yx * off_x) / spread
                x, y, last = x + step_x, y + step_y, np.hypot(step_x, step_y)
                if not np.any(last > _LAST_STEP):
                    break
            # Beyond where the model folds the picture over, no point or a wrong one would be found.
            known = (last <= 1e3 * _LAST_STEP) & self._is_unfolded(x, y)
        return self._to_px(np.where(known, x, np.nan), np.where(known, y, np.nan))

    def _bent(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        k1, k2, p1, p2, k3 = self.distortion
        r2 = x * x + y * y
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        return x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x), y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y

    def _slopes(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return the derivatives of `_bent`: of its x by x and y, of its y by x and y."""
        k1, k2, p1, p2, k3 = self.distortion
        r2 = x * x + y * y
        radial, more = 1 + r2 * (k1 + r2 * (k2 + r2 * k3)), 2 * (k1 + r2 * (2 * k2 + 3 * r2 * k3))
        across = x * y * more + 2 * p1 * x + 2 * p2 * y
        return (
            radial + x * x * more + 2 * p1 * y + 6 * p2 * x,
            across,
            across,
            radial + y * y * more + 6 * p1 * y + 2 * p2 * x,
        )

    def _is_unfolded(self, x: FloatArray, y: FloatArray) -> NDArray[np.bool_]:
        """Return True where the way from the axis to a point is bent without turning back."""
        share = np.linspace(0.0, 1.0, 17).reshape(-1, *([1] * np.ndim(x)))
        xx, xy, yx, yy = self._slopes(share * x, share * y)
        return np.asarray(((xx * yy - xy * yx) > 0).all(axis=0) & (xx + yy > 0).all(axis=0), bool)

    def _to_unit(self, x_px: ArrayLike, y_px: ArrayLike) -> tuple[FloatArray, FloatArray]:
        x, y = np.asarray(x_px, float), np.asarray(y_px, float)
        return (x - self.centre_px[0]) / self.focal_px[0], (y - self.centre_px[1]) / self.focal_px[1]

    def _to_px(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        return x * self.focal_px[0] + self.centre_px[0], y * self.focal_px[1] + self.centre_px[1]
