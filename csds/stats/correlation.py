"""Correlation of two measures of the same animals: Pearson's and Spearman's."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from csds.errors import StatsError
from csds.stats.midranks import midranks, tie_sum
from csds.stats.samples import FloatArray, Numbers, check_confidence, check_pairs

#: Up to so many pairs Spearman's distribution is counted; R does so too.
_COUNTED = 9
#: R's limit of the Edgeworth series.
_EDGEWORTH = 1290


@dataclass(frozen=True, slots=True, kw_only=True)
class Pearson:
    """Pearson's correlation.

    Parameters
    ----------
    r : float
        The correlation.
    ci_low, ci_high : float
        Its interval by Fisher's z.
    statistic, df, p_value : float
        t (infinite where the points lie on a line), its degrees of freedom, and p.
    """

    r: float
    ci_low: float
    ci_high: float
    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spearman:
    """Spearman's rank correlation.

    Parameters
    ----------
    rho : float
        The correlation of the midranks.
    statistic : float
        R's S, (n³ − n)(1 − ρ) / 6: without ties the sum of squared differences of ranks.
    p_value : float
        p.
    method : str
        ``exact``, ``Edgeworth series`` or ``t approximation``.
    """

    rho: float
    statistic: float
    p_value: float
    method: str


def pearson(x: Numbers, y: Numbers, *, confidence: float = 0.95) -> Pearson:
    """Return Pearson's correlation, as R's ``cor.test``.

    Raises
    ------
    StatsError
        The samples differ in length, have fewer than four pairs or not finite numbers, or one doesn't vary.

    Examples
    --------
    >>> round(pearson([1, 2, 3, 4], [1.2, 1.9, 3.2, 3.8]).r, 3)
    0.99
    """
    from scipy.special import ndtri, stdtr

    x, y = _pairs(x, y, at_least=4)
    df = len(x) - 2
    r = _correlation(x, y)
    if abs(r) == 1:
        return Pearson(r=r, ci_low=r, ci_high=r, statistic=math.copysign(math.inf, r), df=df, p_value=0.0)
    t = r * math.sqrt(df / (1 - r**2))
    reach = -float(ndtri((1 - check_confidence(confidence)) / 2)) / math.sqrt(len(x) - 3)
    return Pearson(
        r=r,
        ci_low=math.tanh(math.atanh(r) - reach),
        ci_high=math.tanh(math.atanh(r) + reach),
        statistic=t,
        df=df,
        p_value=2 * float(stdtr(df, -abs(t))),
    )


def spearman(x: Numbers, y: Numbers, *, exact: bool = True) -> Spearman:
    """Return Spearman's rank correlation, as R's ``cor.test(method="spearman")``.

    Without ties p is exact up to 9 pairs and by the Edgeworth series of algorithm AS 89 (Best & Roberts 1975,
    10.2307/2347111) up to 1290; else, and with ties, by t = ρ √((n − 2) / (1 − ρ²)).

    Parameters
    ----------
    x, y : sequence of float
        The samples, three pairs at least.
    exact : bool
        Whether the first two may be used.

    Raises
    ------
    StatsError
        The samples differ in length, are too small or not of finite numbers, or one doesn't vary.

    Examples
    --------
    >>> result = spearman([1, 2, 3, 4, 5], [1, 3, 2, 4, 5])
    >>> round(result.rho, 3), round(result.p_value, 4), result.method
    (0.9, 0.0833, 'exact')
    """
    from scipy.special import stdtr

    x, y = _pairs(x, y, at_least=3)
    n = len(x)
    rho = _correlation(midranks(x), midranks(y))
    s = (n**3 - n) * (1 - rho) / 6
    if exact and n <= _EDGEWORTH and not tie_sum(x) and not tie_sum(y):
        whole = round(s)
        upper = whole > (n**3 - n) / 6
        tail = _counted_tail if n <= _COUNTED else _edgeworth_tail
        return Spearman(
            rho=rho,
            statistic=s,
            p_value=min(1.0, 2 * tail(whole, n, upper)),
            method="exact" if n <= _COUNTED else "Edgeworth series",
        )
    p_value = 0.0 if abs(rho) == 1 else 2 * float(stdtr(n - 2, -abs(rho) * math.sqrt((n - 2) / (1 - rho**2))))
    return Spearman(rho=rho, statistic=s, p_value=p_value, method="t approximation")


def _pairs(x: Numbers, y: Numbers, *, at_least: int) -> tuple[FloatArray, FloatArray]:
    x, y = check_pairs(x, y, at_least=at_least)
    for name, sample in (("first", x), ("second", y)):
        if (sample == sample[0]).all():
            raise StatsError(
                f"correlation: expected values that vary, found all equal ({sample[0]:g}) in the {name} measure",
                hint="Leave this correlation out.",
            )
    return x, y


def _correlation(x: FloatArray, y: FloatArray) -> float:
    x, y = x - x.mean(), y - y.mean()
    r = float(x @ y) / math.sqrt(float(x @ x) * float(y @ y))
    return math.copysign(1.0, r) if abs(r) > 1 - 1e-15 else r


def _counted_tail(s: int, n: int, upper: bool) -> float:
    """Return P(S ≥ s) or P(S ≤ s) over all orders of n ranks."""
    most = (n**3 - n) // 3
    # Ways to give the first ranks partners, by the set of partners that are taken and the sum of squares so far.
    ways = np.zeros((1 << n, most + 1))
    ways[0, 0] = 1
    for taken in range((1 << n) - 1):
        rank = taken.bit_count()
        for partner in range(n):
            if not taken >> partner & 1:
                square = (rank - partner) ** 2
                ways[taken | 1 << partner, square:] += ways[taken, : most + 1 - square]
    counted = ways[-1]
    return float((counted[s:] if upper else counted[: s + 1]).sum() / math.factorial(n))


def _edgeworth_tail(s: int, n: int, upper: bool) -> float:
    """Return P(S ≥ s) or P(S ≤ s) by the series of AS 89, with its coefficients."""
    from scipy.special import ndtr

    b = 1 / n
    # S is even, so halfway to the next on either side.
    x = (6 * (s - 1 if upper else s + 1) * b / (n**2 - 1) - 1) * math.sqrt(n - 1)
    y = x * x
    u = x * b * (
        0.2274 + b * (0.2531 + 0.1745 * b)
        + y * (
            -0.0758
            + b * (0.1033 + 0.3932 * b)
            - y * b * (0.0879 + 0.0151 * b - y * (0.0072 - 0.0831 * b + y * b * (0.0131 - 4.6e-4 * y)))
        )
    )  # fmt: skip
    correction = u * math.exp(-y / 2)
    tail = ndtr(-x) + correction if upper else ndtr(x) - correction
    return float(min(1.0, max(0.0, tail)))
