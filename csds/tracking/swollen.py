"""Frames in which the animal seems suddenly far larger: a cable or a shadow that touches it counts as part of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from csds.model.shapes import FloatArray

#: The animal is so many times as large as it typically is, over the whole track and within a second either way …
_FACTOR = 1.5
_NEARBY_S = 1.0
#: … in at most this share of that time: what is larger for longer has come nearer, or is.
_MOST_SHARE = 0.5


def swollen(area: FloatArray, time_s: FloatArray, *, longest_s: float) -> NDArray[np.bool_]:
    """Return the frames of short runs in which the animal is far larger than before and after.

    Parameters
    ----------
    area : (n,) float
        In any unit; NaN where it is lost.
    time_s : (n,) float
    longest_s : float
        The longest gap that is bridged: longer runs stay.
    """
    large = np.zeros(len(area), bool)
    if not np.isfinite(area).any():
        return large
    large[np.isfinite(area)] = area[np.isfinite(area)] > _FACTOR * float(np.nanmedian(area))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], large.astype(np.int8), [0]])))
    for first, after in edges.reshape(-1, 2):
        start, end = np.searchsorted(time_s, (time_s[first] - _NEARBY_S, time_s[after - 1] + _NEARBY_S))
        nearby = area[start:end]
        lasts_s = time_s[min(after, len(time_s) - 1)] - time_s[first]
        typical = float(np.nanmedian(nearby))
        is_brief = lasts_s <= longest_s and np.count_nonzero(large[start:end]) <= _MOST_SHARE * len(nearby)
        large[first:after] = is_brief & (area[first:after] > _FACTOR * typical)
    return large
