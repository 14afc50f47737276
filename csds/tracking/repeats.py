"""Pictures that a recorder repeats under new time stamps: the animal goes on while they show where it was."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from csds.model.shapes import FloatArray

#: A picture in which the animal's centre lies within so many working pixels of where it was, …
_SAME_PX = 0.15
#: … and its area within this share, is the picture before: a coder doesn't repeat it to the last pixel.
_SAME_AREA = 0.02
#: An animal that sits still looks alike, too; it was on its way if it is seen so far off after it, working pixels, …
_JUMP_PX = 1.0
#: … for each frame at least so far …
_STEP_PX = 0.3
#: … or, after longer than a gap that is bridged, farther than it can come from one frame to the next, cm.
_LEAP_CM = 2.0
#: Where the next picture comes later than after so many typical frames, pictures are missing, not repeated.
_HOLE_FRAMES = 2.5


def repeated_frames(
    u: FloatArray, v: FloatArray, area: FloatArray, time_s: FloatArray, *, longest_s: float, px_per_cm: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the frames that repeat the picture before while the animal moves on, in short runs and in long ones.

    Parameters
    ----------
    u, v, area : (n,) float
        Centre and area of the animal, working pixels; NaN where it is lost.
    time_s : (n,) float
    longest_s : float
        The longest gap that is bridged.
    px_per_cm : float
        Working pixels per cm.
    """
    short, long = np.zeros(len(u), bool), np.zeros(len(u), bool)
    with np.errstate(invalid="ignore"):
        same = np.hypot(np.diff(u), np.diff(v)) < _SAME_PX
        same &= np.abs(np.diff(area)) < _SAME_AREA * area[1:]
    hole_s = _HOLE_FRAMES * float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], same.astype(np.int8), [0]])))
    for shown, last in edges.reshape(-1, 2):
        after = last + 1
        if after >= len(u) or not np.isfinite(u[after]) or time_s[after] - time_s[last] > hole_s:
            continue
        jump = np.hypot(u[after] - u[last], v[after] - v[last])
        if time_s[after] - time_s[shown] <= longest_s:
            short[shown + 1 : after] = jump > max(_JUMP_PX, _STEP_PX * (after - shown))
        else:
            long[shown + 1 : after] = jump > _LEAP_CM * px_per_cm
    return short, long
