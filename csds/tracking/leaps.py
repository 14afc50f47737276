"""Leaps that no animal makes: while it was hidden, something else was taken for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from csds.model.shapes import FloatArray

#: No mouse or rat runs faster than this, cm/s, …
_FASTEST_CM_S = 150.0
#: … and a centre that is found anew may be off by so much, cm.
_FOUND_ANEW_CM = 4.0
#: What lasts longer than this is not left out: which of the two is the animal is no longer plain, s.
_LONGEST_S = 10.0


def leapt_to(x_cm: FloatArray, y_cm: FloatArray, time_s: FloatArray) -> NDArray[np.bool_]:
    """Return True in frames to which the animal would have had to leap, and from which it would have leapt back.

    Parameters
    ----------
    x_cm, y_cm : (n,) float
        NaN where the animal is lost.
    time_s : (n,) float
    """
    wrong = np.zeros(len(x_cm), bool)
    frames = np.flatnonzero(np.isfinite(x_cm))
    x, y, time = x_cm[frames], y_cm[frames], time_s[frames]

    def is_leap(before: NDArray[np.intp], after: NDArray[np.intp]) -> NDArray[np.bool_]:
        far = np.hypot(x[after] - x[before], y[after] - y[before])
        return np.asarray(far > _FOUND_ANEW_CM + _FASTEST_CM_S * (time[after] - time[before]))

    every = np.arange(max(0, len(frames) - 1))
    leaps = np.flatnonzero(is_leap(every, every + 1))
    i = 0
    while i + 1 < len(leaps):
        out, back = leaps[i], leaps[i + 1]
        came_back = not is_leap(np.array([out]), np.array([back + 1]))[0]
        if came_back and time[back] - time[out] <= _LONGEST_S:
            wrong[frames[out + 1 : back + 1]] = True
            i += 2
        else:
            i += 1
    return wrong
