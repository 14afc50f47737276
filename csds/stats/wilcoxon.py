"""Wilcoxon's tests: rank sum (Mann–Whitney) with the Hodges–Lehmann shift, and signed rank."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from csds.errors import StatsError
from csds.stats.midranks import doubled_midranks, midranks, tie_sum
from csds.stats.samples import Alternative, FloatArray, Numbers, check_confidence, check_pairs, check_sample

#: The exact distribution serves samples smaller than this, as in R.
EXACT_BELOW = 50

Method: TypeAlias = Literal["auto", "normal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankTest:
    """A test by ranks.

    Parameters
    ----------
    statistic : float
        R's W, the pairs in which x is the higher (Mann–Whitney's U), or its V, the sum of the positive ranks.
    p_value : float
        p.
    method : str
        ``exact``, ``exact, given the ties``, ``normal`` or ``normal with continuity correction``.
    n : int
        Values that were ranked: without the pairs that don't differ.
    """

    statistic: float
    p_value: float
    method: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How much higher x lies than y.

    Parameters
    ----------
    value : float
        Median of all differences between a value of x and one of y.
    ci_low, ci_high : float
        Its confidence interval.
    confidence : float
        The exact level of the interval (very small groups can't reach the one that was asked for), or the one asked
        for where the method is ``normal``.
    method : str
        ``exact``, ``normal`` or ``normal with continuity correction``.
    """

    value: float
    ci_low: float
    ci_high: float
    confidence: float
    method: str


def mann_whitney(
    x: Numbers,
    y: Numbers,
    *,
    method: Method = "auto",
    alternative: Alternative = "two-sided",
    continuity: bool = True,
) -> RankTest:
    """Return Wilcoxon's rank-sum (Mann–Whitney) test of two independent samples.

    Without ties as R's ``wilcox.test``. With ties the exact distribution is the one given the ties, as that of coin's
    ``wilcox_test(distribution="exact")``; it is counted by the shift algorithm of Streitberg & Röhmel (1986) over
    doubled midranks. Two-sided: the rank sum is as far from its mean in either direction.

    Parameters
    ----------
    x, y : sequence of float
        The samples.
    method : str
        ``auto`` is exact where both samples are smaller than `EXACT_BELOW`, else normal.
    alternative : str
        ``less`` if x is expected to lie lower than y, ``greater`` if higher.
    continuity : bool
        Whether the normal approximation has a continuity correction.

    Raises
    ------
    StatsError
        A sample is empty or not of finite numbers, or all values are equal.

    Examples
    --------
    >>> test = mann_whitney([0.9, 0.4, 0.7], [1.2, 1.0, 1.9, 0.8])
    >>> test.statistic, round(test.p_value, 4), test.method
    (1.0, 0.1143, 'exact')
    """
    x, y = check_sample(x, name="first group", at_least=1), check_sample(y, name="second group", at_least=1)
    together = np.concatenate([x, y])
    _check_varies(together)
    doubled = doubled_midranks(together)
    rank_sum = int(doubled[: len(x)].sum())
    pairs = len(x) * len(y)
    statistic = rank_sum / 2 - len(x) * (len(x) + 1) / 2
    if _is_exact(method, x, y):
        ways = _ways(doubled.tolist(), len(x))
        p_value = _exact_p(ways, rank_sum, len(x) * (len(together) + 1), alternative)
        named = "exact, given the ties" if tie_sum(together) else "exact"
    else:
        p_value = _normal_p(statistic - pairs / 2, _rank_sum_sd(x, y, tie_sum(together)), alternative, continuity)
        named = _named(continuity)
    return RankTest(statistic=statistic, p_value=p_value, method=named, n=len(together))


def hodges_lehmann(
    x: Numbers, y: Numbers, *, method: Method = "auto", continuity: bool = True, confidence: float = 0.95
) -> Shift:
    """Return the Hodges–Lehmann shift of x against y with the interval that the rank-sum test gives.

    The bounds are the k-th lowest and k-th highest of all differences between the samples (Hollander & Wolfe). Without
    ties k comes from the exact distribution, as in R's ``wilcox.test(conf.int=TRUE)``, and else from the normal
    approximation that R inverts; R finds that bound to 1e-4 only, and its estimate by the same search, where csds gives
    the difference itself and their median.

    Parameters
    ----------
    x, y : sequence of float
        The samples.
    method : str
        ``auto`` is exact where both samples are smaller than `EXACT_BELOW` and there are no ties, else normal.
    continuity : bool
        Whether the normal approximation has a continuity correction.
    confidence : float
        Confidence level.

    Raises
    ------
    StatsError
        A sample is empty or not of finite numbers, or all values are equal.

    Examples
    --------
    >>> hodges_lehmann([1.1, 2.3, 3.8, 4.2], [0.5, 1.4, 2.0, 2.9]).value
    1.1
    """
    x, y = check_sample(x, name="first group", at_least=1), check_sample(y, name="second group", at_least=1)
    together = np.concatenate([x, y])
    _check_varies(together)
    tail = (1 - check_confidence(confidence)) / 2
    if not tie_sum(together) and _is_exact(method, x, y):
        ways = _ways(range(1, len(together) + 1), len(x))[len(x) * (len(x) + 1) // 2 :]
        below = np.cumsum(ways) / ways.sum()
        k = max(1, int(np.searchsorted(below, tail - 10 * np.finfo(np.float64).eps)))
        confidence, named = 1 - 2 * float(below[k - 1]), "exact"
    else:
        from scipy.special import ndtri

        # Shifted against each other the samples have no ties but those within each.
        sd = _rank_sum_sd(x, y, tie_sum(x) + tie_sum(y))
        k = max(1, math.floor(len(x) * len(y) / 2 + float(ndtri(tail)) * sd - 0.5 * continuity) + 1)
        named = _named(continuity)
    differences = np.sort(np.subtract.outer(x, y), axis=None)
    return Shift(
        value=float(np.median(differences)),
        ci_low=float(differences[k - 1]),
        ci_high=float(differences[-k]),
        confidence=confidence,
        method=named,
    )


def signed_rank(x: Numbers, y: Numbers, *, alternative: Alternative = "two-sided", continuity: bool = True) -> RankTest:
    """Return Wilcoxon's signed-rank test of the differences x − y within pairs, as R's ``wilcox.test(paired=TRUE)``.

    Pairs that don't differ are left out. Exact below `EXACT_BELOW` pairs where no differences are zero or equal in
    size, else normal.

    Raises
    ------
    StatsError
        The samples differ in length, are empty or not of finite numbers, or no pair differs.

    Examples
    --------
    >>> test = signed_rank([2.0, 3.5, 1.0, 4.0], [1.0, 1.5, 1.5, 1.0])
    >>> test.statistic, test.p_value
    (9.0, 0.25)
    """
    x, y = check_pairs(x, y, at_least=1)
    differences = x - y
    differences = differences[differences != 0]
    n = len(differences)
    if n == 0:
        raise StatsError(
            f"signed-rank test: expected pairs that differ, found {len(x)} that don't",
            hint="Nothing can be tested without a difference: describe the values instead.",
        )
    sizes = np.abs(differences)
    statistic = float(midranks(sizes)[differences > 0].sum())
    ties = tie_sum(sizes)
    if n < EXACT_BELOW and n == len(x) and not ties:
        ways = np.zeros(n * (n + 1) // 2 + 1)
        ways[0] = 1
        for rank in range(1, n + 1):
            ways[rank:] += ways[:-rank]
        p_value = _exact_p(ways, 2 * int(statistic), n * (n + 1) // 2, alternative, step=2)
        return RankTest(statistic=statistic, p_value=p_value, method="exact", n=n)
    sd = math.sqrt(n * (n + 1) * (2 * n + 1) / 24 - ties / 48)
    p_value = _normal_p(statistic - n * (n + 1) / 4, sd, alternative, continuity)
    return RankTest(statistic=statistic, p_value=p_value, method=_named(continuity), n=n)


def _check_varies(values: FloatArray) -> None:
    if (values == values[0]).all():
        raise StatsError(
            f"expected values that differ, found all equal ({values[0]:g})",
            hint="Nothing can be tested without variation: describe the values instead.",
        )


def _is_exact(method: Method, x: FloatArray, y: FloatArray) -> bool:
    return method == "auto" and max(len(x), len(y)) < EXACT_BELOW


def _named(continuity: bool) -> str:
    return "normal with continuity correction" if continuity else "normal"


def _ways(ranks: Iterable[int], size: int) -> FloatArray:
    """Return how many subsets of that size have each sum, by sum from 0."""
    ordered = sorted(ranks)
    ways = np.zeros((size + 1, sum(ordered[len(ordered) - size :]) + 1))
    ways[0, 0] = 1
    reach = 0
    for rank in ordered:
        reach = min(reach + rank, ways.shape[1] - 1)
        ways[1:, rank : reach + 1] += ways[:-1, : reach + 1 - rank]
    return np.asarray(ways[size])


def _exact_p(ways: FloatArray, observed: int, mean: int, alternative: Alternative, step: int = 1) -> float:
    """Return p from the number of ways to each value: ways[i] to step · i; all whole numbers, so compared exactly."""
    away = step * np.arange(len(ways)) - mean
    reached = observed - mean
    if alternative == "two-sided":
        away, reached = np.abs(away), abs(reached)
    elif alternative == "less":
        away, reached = -away, -reached
    return float(ways[away >= reached].sum() / ways.sum())


def _normal_p(away: float, sd: float, alternative: Alternative, continuity: bool) -> float:
    from scipy.special import ndtr

    if alternative == "two-sided":
        return float(min(1.0, 2 * ndtr(-(abs(away) - 0.5 * continuity) / sd)))
    towards = away if alternative == "greater" else -away
    return float(ndtr(-(towards - 0.5 * continuity) / sd))


def _rank_sum_sd(x: FloatArray, y: FloatArray, ties: float) -> float:
    n = len(x) + len(y)
    return math.sqrt(len(x) * len(y) / 12 * (n + 1 - ties / (n * (n - 1))))
