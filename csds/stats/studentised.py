"""Tails of the largest of several t statistics that share one error: the studentised range, and Dunnett's.

Both are a chance given the error's scale ``s`` (``df s²`` follows χ² with ``df`` degrees of freedom), averaged over
``s``; and that chance is an average over one normal variable. Both averages are sums over evenly spaced points (of
``log s``, and of the normal variable), which for smooth functions that vanish at both ends converge exponentially
(Trefethen and Weideman 2014, SIAM Review 56:385–458, doi:10.1137/130932132). Tails are summed themselves, rather
than taken from 1, so small p values keep their digits.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def range_tail(q: float, *, means: int, df: float) -> float:
    """Return the probability that the studentised range of k independent means exceeds ``q``.

    As R's ``ptukey(q, means, df, lower.tail = FALSE)``. With the least of the k at z, and w = q s, it is
    ``k ∫ φ(z) {Φ(−z)ᵏ⁻¹ − [Φ(z + w) − Φ(z)]ᵏ⁻¹} dz`` given s (Tukey 1953; Copenhaver and Holland 1988, J Stat Comput
    Simul 30:1–15, doi:10.1080/00949658808811082).

    Parameters
    ----------
    q : float
        The range over its standard error: √2 times the t of a difference of two means.
    means : int
        How many means there are, two or more.
    df : float
        Degrees of freedom of the error, above 0; may be infinite.

    Examples
    --------
    >>> round(range_tail(3.77, means=3, df=12), 3)  # tables have 3.77 for 5 %
    0.05
    """
    from scipy.special import ndtr

    scales, weights = _scales(q, df)
    z, density = _normal_points(q, 0.2)
    above, beyond = ndtr(-z), ndtr(-z - q * scales[:, np.newaxis])
    # aᵏ⁻¹ − (a − b)ᵏ⁻¹ without taking near-equals from each other.
    fall = -np.expm1((means - 1) * _log_complement(beyond / above))
    return min(1.0, float(weights @ (fall @ (means * density * above ** (means - 1)))))


def dunnett_tail(t: float, *, ratios: FloatArray, df: float) -> float:
    """Return the probability that the largest ``|t|`` of several means against one reference exceeds ``t``.

    The t statistics of groups of nⱼ against one of n₀ correlate as λᵢ λⱼ with ``λⱼ² = nⱼ / (nⱼ + n₀)``, so given s and
    the reference's share z they are independent (Dunnett 1955, J Am Stat Assoc 50:1096–1121,
    doi:10.1080/01621459.1955.10501294): ``1 − ∏ⱼ P(|λⱼ z + √(1 − λⱼ²) εⱼ| ≤ t s)``, averaged over both.

    Parameters
    ----------
    t : float
        A t statistic without its sign.
    ratios : ndarray, shape (groups,)
        nⱼ / n₀ of each group that is compared.
    df : float
        Degrees of freedom of the error, above 0; may be infinite.

    Examples
    --------
    >>> round(dunnett_tail(2.54, ratios=np.ones(3), df=20), 3)  # tables have 2.54 for 5 %
    0.05
    """
    from scipy.special import ndtr

    scales, weights = _scales(t, df)
    # The more the groups outnumber the reference, the sharper their chances change with z.
    z, density = _normal_points(t, min(0.2, 0.65 / math.sqrt(1 + ratios.sum())))
    inside = np.zeros((len(scales), len(z)))
    for ratio, count in zip(*np.unique(ratios, return_counts=True), strict=True):
        bound, shift = t * np.sqrt(1 + ratio) * scales[:, np.newaxis], np.sqrt(ratio) * z
        inside += count * _log_complement(ndtr(shift - bound) + ndtr(-shift - bound))
    return min(1.0, float(weights @ (-np.expm1(inside) @ density)))


def _scales(extreme: float, df: float) -> tuple[FloatArray, FloatArray]:
    """Return points of the error's scale s and their weights, which add up to 1.

    With v = log s, the density of v is proportional to ``exp(−df (e²ᵛ/2 − v))``: about normal with standard deviation
    1/√(2 df) where df is large, and falling as ``exp(df v)`` to the left. Far in the tail, what counts lies where
    ``extreme`` times s is moderate, to the left by half the log of ``1 + extreme²/df``. At the ends the density has
    fallen by e⁻⁴⁰ or more, as ``e²ᵛ/2 − v − ½`` exceeds ``v²/(1 + |v|)`` to the left and ``(s − 1)²/2`` to the right.
    """
    if math.isinf(df):
        return np.ones(1), np.ones(1)
    fall = 40 / df
    low = -math.log1p(extreme**2 / df) / 2 - (fall + math.sqrt(fall**2 + 4 * fall)) / 2
    v = np.arange(low, math.log1p(math.sqrt(2 * fall)), min(0.1, 0.35 / math.sqrt(df)))
    weights = np.exp(-df * (np.expm1(2 * v) / 2 - v))
    return np.exp(v), weights / weights.sum()


def _normal_points(extreme: float, step: float) -> tuple[FloatArray, FloatArray]:
    """Return points of a standard normal variable and their weights.

    Given s, what counts lies within 9 of 0 or, far in the tail, of what is no more than ``extreme``; beyond 37 there is
    no density that a double can hold.
    """
    end = min(9 + extreme, 37.0)
    z = np.arange(-end, end, step)
    return z, step * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def _log_complement(chance: FloatArray) -> FloatArray:
    """Return log(1 − chance), minus infinity where the chance is 1."""
    with np.errstate(divide="ignore"):
        return np.log1p(-np.minimum(chance, 1.0))
