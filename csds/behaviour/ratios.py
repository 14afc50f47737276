"""The scores of the social interaction test, as functions of arrays.

P and A are the times in the interaction zone with the target present and absent. Where the two
windows differ in length, the shares P / window and A / window stand in their place.

The ratio P / A is that of Golden et al. 2011 (Nat Protoc 6:1183, doi:10.1038/nprot.2011.361). As a
correction for the baseline it is noisy (P and A correlate by only 0.1 to 0.4), which is why the
times themselves are always reported beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from csds.model.shapes import FloatArray

UNEQUAL_WINDOWS = 0.01
"""Windows that differ by more than this share of the longer one are taken to differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """One quantity (time in a zone, s) in both phases, with the phases' windows in s; arrays of shape (n,)."""

    absent: ArrayLike
    present: ArrayLike
    window_absent_s: ArrayLike
    window_present_s: ArrayLike


def windows_differ(window_absent_s: ArrayLike, window_present_s: ArrayLike) -> NDArray[np.bool_]:
    """Return where two windows differ by more than 1 % of the longer one; False where one is unknown.

    Examples
    --------
    >>> windows_differ([150, 150, 150], [150.5, 100, float("nan")]).tolist()
    [False, True, False]
    """
    absent, present = np.asarray(window_absent_s, float), np.asarray(window_present_s, float)
    return np.asarray(np.abs(absent - present) > UNEQUAL_WINDOWS * np.fmax(absent, present))


def present_to_absent(phases: Phases) -> FloatArray:
    """Return present / absent; NaN where the time with the target absent is zero or one is missing.

    Examples
    --------
    >>> times = Phases(
    ...     absent=[60, 61.2, 0, 60],
    ...     present=[30, 61.2, 9, 40],
    ...     window_absent_s=150,
    ...     window_present_s=[150, 150, 150, 100],
    ... )
    >>> present_to_absent(times).tolist()
    [0.5, 1.0, nan, 1.0]
    """
    absent, present = _comparable(phases)
    return np.asarray(np.divide(present, absent, out=np.full(absent.shape, np.nan), where=absent > 0), float)


def log_present_to_absent(phases: Phases) -> FloatArray:
    """Return the natural logarithm of present / absent; NaN where one of the two is zero or missing."""
    ratio = present_to_absent(phases)
    return np.asarray(np.log(ratio, out=np.full(ratio.shape, np.nan), where=ratio > 0), float)


def preference(phases: Phases) -> FloatArray:
    """Return present / (present + absent); NaN where both are zero or one is missing.

    Examples
    --------
    >>> preference(Phases(absent=[60, 0], present=[20, 0], window_absent_s=150, window_present_s=150)).tolist()
    [0.25, nan]
    """
    absent, present = _comparable(phases)
    total = absent + present
    return np.asarray(np.divide(present, total, out=np.full(total.shape, np.nan), where=total > 0), float)


def _comparable(phases: Phases) -> tuple[FloatArray, FloatArray]:
    """Return absent and present times, in seconds where the windows agree, else as shares of their windows.

    Seconds are kept as they are where they can be, so that equal times give a ratio of exactly 1.
    """
    absent, present, window_absent, window_present = np.broadcast_arrays(
        *(
            np.asarray(values, float)
            for values in (phases.absent, phases.present, phases.window_absent_s, phases.window_present_s)
        )
    )
    differ = windows_differ(phases.window_absent_s, phases.window_present_s)
    # Each is multiplied by the other's window, not divided by its own: whole numbers stay exact.
    return np.where(differ, absent * window_present, absent), np.where(differ, present * window_absent, present)
