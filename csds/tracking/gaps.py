"""Light smoothing of a path, and interpolation of its short gaps."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from csds.model.shapes import FloatArray

_ORDER = 2


def stretches(found: NDArray[np.bool_], time_s: FloatArray, *, longest_step_s: float) -> list[tuple[int, int]]:
    """Return the (start, stop) frame ranges in which the animal was found without a gap or hole in time."""
    frames = np.flatnonzero(found)
    if not len(frames):
        return []
    breaks = np.flatnonzero((np.diff(frames) > 1) | (np.diff(time_s[frames]) > longest_step_s)) + 1
    parts = np.split(frames, breaks)
    return [(int(part[0]), int(part[-1]) + 1) for part in parts]


def smooth_path(time_s: FloatArray, values: FloatArray, *, window_s: float, longest_step_s: float = 0.5) -> FloatArray:
    """Return a coordinate smoothed by local parabolas (Savitzky and Golay 1964, doi:10.1021/ac60214a047).

    Each unbroken stretch is smoothed by itself, and a stretch shorter than the window is left as it is.

    Parameters
    ----------
    time_s, values : (n,) float
        NaN where lost.
    window_s : float
        Length of the window; 0 switches smoothing off.
    """
    smooth = values.copy()
    if window_s <= 0 or len(time_s) < 2:
        return smooth
    window = round(window_s / float(np.median(np.diff(time_s)))) | 1
    if window <= _ORDER + 1:
        return smooth
    for start, stop in stretches(np.isfinite(values), time_s, longest_step_s=longest_step_s):
        if stop - start >= window:
            smooth[start:stop] = _local_parabolas(values[start:stop], window)
    return smooth


def _local_parabolas(values: FloatArray, window: int) -> FloatArray:
    """Return what `scipy.signal.savgol_filter` does, whose import alone takes as long as tracking a minute."""
    half = window // 2
    powers = np.vander(np.arange(-half, half + 1) / half, _ORDER + 1)
    fit = np.linalg.pinv(powers)
    smooth = np.convolve(values, fit[-1][::-1], mode="same")
    # Within half a window of either end, the parabola through the first or last window goes on.
    smooth[:half] = powers[:half] @ fit @ values[:window]
    smooth[-half:] = powers[-half:] @ fit @ values[-window:]
    return np.asarray(smooth, float)


def short_gaps(time_s: FloatArray, found: NDArray[np.bool_], *, longest_s: float) -> NDArray[np.bool_]:
    """Return True in frames without the animal that lie between two detections at most ``longest_s`` apart."""
    frames = np.flatnonzero(found)
    short = np.zeros(len(found), bool)
    for before, after in itertools.pairwise(frames):
        if after - before > 1 and time_s[after] - time_s[before] <= longest_s:
            short[before + 1 : after] = True
    return short


def fill_gaps(time_s: FloatArray, values: FloatArray, gaps: NDArray[np.bool_]) -> FloatArray:
    """Return values with the marked frames interpolated linearly in time between their neighbours."""
    known = np.isfinite(values)
    filled = values.copy()
    if gaps.any() and known.any():
        filled[gaps] = np.interp(time_s[gaps], time_s[known], values[known])
    return filled
