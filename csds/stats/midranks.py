"""Ranks of values, equal ones sharing the mean of theirs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from csds.stats.samples import FloatArray


def doubled_midranks(values: FloatArray) -> npt.NDArray[np.int64]:
    """Return twice the midrank of each value, a whole number, shape (n,).

    Examples
    --------
    >>> doubled_midranks(np.array([0.3, 0.1, 0.3, 0.9]))
    array([5, 2, 5, 8])
    """
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (2 * np.cumsum(counts) - counts + 1)[which]


def midranks(values: FloatArray) -> FloatArray:
    """Return the midrank of each value from 1, shape (n,)."""
    return doubled_midranks(values) / 2


def tie_sum(values: FloatArray) -> float:
    """Return Σ(t³ − t) over the sizes t of the groups of equal values; 0 without ties."""
    counts = np.unique(values, return_counts=True)[1].astype(np.float64)
    return float((counts**3 - counts).sum())
