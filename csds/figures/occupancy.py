"""Where an animal spent its time: seconds per square centimetre of floor."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd

from csds.model.shapes import FloatArray, Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class OccupancyGrid:
    """The floor cut into bins.

    Bins are stretched a little where ``bin_cm`` does not divide the floor, so that they cover it
    exactly. ``smooth_cm`` is the standard deviation of the Gaussian; 0 smooths nothing.
    ``floor``, where given, is the part of the rectangle that the animal can reach: no time is
    smoothed out of it.
    """

    width_cm: float
    height_cm: float
    bin_cm: float = 0.5
    smooth_cm: float = 1.0
    floor: Shape | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the grid."""
        return max(1, round(self.height_cm / self.bin_cm)), max(1, round(self.width_cm / self.bin_cm))

    @property
    def bin_area_cm2(self) -> float:
        """Area of one bin."""
        rows, columns = self.shape
        return self.width_cm * self.height_cm / (rows * columns)

    def centres(self) -> tuple[FloatArray, FloatArray]:
        """Return x and y in cm of the bins' centres, each of the grid's shape."""
        rows, columns = self.shape
        x = (np.arange(columns) + 0.5) * self.width_cm / columns
        y = (np.arange(rows) + 0.5) * self.height_cm / rows
        grid_x, grid_y = np.meshgrid(x, y)
        return grid_x, grid_y


def occupancy(track: pd.DataFrame, durations_s: FloatArray, grid: OccupancyGrid) -> FloatArray:
    """Return the time that the animal spent per area, smoothed, in s/cm².

    Times the bins' area the result sums to the time in which the position is known: smoothing
    spreads each bin's time over the floor around it with weights that add up to one.

    Parameters
    ----------
    track : DataFrame
        ``x_cm, y_cm``; rows with NaN count for nothing, points beyond the floor for its nearest bin.
    durations_s : float array (n,)
        Seconds that each row stands for; NaN counts as 0.
    grid : OccupancyGrid

    Returns
    -------
    float array (rows, columns)
        Row 0 lies at the enclosure wall. Zero outside ``grid.floor``.

    Examples
    --------
    >>> track = pd.DataFrame({"x_cm": [5.0, 5.0, np.nan], "y_cm": [5.0, 6.0, np.nan]})
    >>> grid = OccupancyGrid(width_cm=10, height_cm=10)
    >>> seconds = occupancy(track, np.array([0.5, 1.0, 1.0]), grid)
    >>> round(float(seconds.sum() * grid.bin_area_cm2), 9)
    1.5
    """
    rows, columns = grid.shape
    x = track["x_cm"].to_numpy(dtype=float, na_value=np.nan)
    y = track["y_cm"].to_numpy(dtype=float, na_value=np.nan)
    weight = np.nan_to_num(np.asarray(durations_s, float))
    known = np.isfinite(x) & np.isfinite(y)
    column = np.clip(np.floor(x[known] / grid.width_cm * columns), 0, columns - 1).astype(np.intp)
    row = np.clip(np.floor(y[known] / grid.height_cm * rows), 0, rows - 1).astype(np.intp)
    seconds = np.bincount(row * columns + column, weights=weight[known], minlength=rows * columns)
    return _smoothed(np.asarray(seconds.reshape(rows, columns), float), grid) / grid.bin_area_cm2


def _smoothed(seconds: FloatArray, grid: OccupancyGrid) -> FloatArray:
    """Spread each bin's seconds over reachable bins, weights summing to one: nothing is lost at walls."""
    rows, columns = grid.shape
    if grid.smooth_cm <= 0:
        return seconds
    sigma_x = grid.smooth_cm * columns / grid.width_cm
    sigma_y = grid.smooth_cm * rows / grid.height_cm
    # Bins in which time was spent are reachable, whatever the floor's outline says.
    reachable = np.ones(grid.shape)
    if grid.floor is not None:
        inside = grid.floor.distance(*grid.centres()) <= grid.bin_cm
        reachable = np.asarray(inside | (seconds > 0), float)

    def blur(values: FloatArray) -> FloatArray:
        # Mirrored at the edge, so that the operator is symmetric: what leaves comes back.
        blurred = cv2.GaussianBlur(values, (0, 0), sigmaX=sigma_x, sigmaY=sigma_y, borderType=cv2.BORDER_REFLECT)
        return np.asarray(blurred, float)

    spread = blur(reachable)
    share = np.divide(seconds, spread, out=np.zeros_like(seconds), where=seconds > 0)
    return reachable * blur(share)
