"""Proportions of groups: exact and χ² tests of counts, odds ratio, risk difference, and intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from csds.errors import StatsError
from csds.stats.samples import Estimate, FloatArray, check_confidence

#: A row a group and a column an answer, as counts.
Counts: TypeAlias = Sequence[Sequence[int]] | npt.NDArray[np.int64]
#: Beyond so many different tables with the same margins, Fisher's test takes too long.
MOST_TABLES = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ChiSquare:
    """Pearson's χ² test of independence.

    Parameters
    ----------
    statistic, p_value : float
        χ² and p.
    df : int
        Degrees of freedom.
    least_expected : float
        The smallest expected count; below 5 the approximation is poor.
    """

    statistic: float
    df: int
    p_value: float
    least_expected: float


def fisher_exact(table: Counts) -> float:
    """Return the two-sided p of Fisher's exact test of a table of two columns, as R's ``fisher.test``.

    The probability, given the margins, of all tables that are as improbable as the one observed, or more.

    Parameters
    ----------
    table : array of int, shape (groups, 2)
        Counts, a group a row.

    Raises
    ------
    StatsError
        The table isn't one of counts with two columns and two rows at least, a group is empty, or there are too many
        tables with the same margins (`MOST_TABLES`).

    Examples
    --------
    >>> round(fisher_exact([[9, 2], [4, 3]]), 4)
    0.326
    """
    counts = _check_table(table)
    if counts.shape[1] != 2:
        raise StatsError(f"Fisher's exact test: expected two columns, found {counts.shape[1]}")
    total = int(counts[:, 0].sum())
    rows = counts.sum(axis=1)
    # Of the tables of the groups so far: sum of the first column, logarithm of the weight, and how many have both.
    sums, logs, tables = np.zeros(1, dtype=np.int64), np.zeros(1), np.ones(1)
    for i, n in enumerate(rows):
        some = np.arange(n + 1)
        if len(sums) * len(some) > MOST_TABLES:
            raise StatsError(
                f"Fisher's exact test: too many tables with the margins of these {len(rows)} groups",
                hint="Use the χ² test, or compare fewer groups.",
            )
        sums = np.add.outer(sums, some).ravel()
        logs = np.add.outer(logs, _log_choose(int(n), some)).ravel()
        tables = np.repeat(tables, len(some))
        # Those that the groups to come can't complete go, and equal ones are counted together.
        possible = (sums <= total) & (sums + rows[i + 1 :].sum() >= total)
        sums, logs, tables = sums[possible], logs[possible], tables[possible]
        _, first, which = np.unique(sums + 1j * np.round(logs, 9), return_index=True, return_inverse=True)
        sums, logs = sums[first], logs[first]
        tables = np.bincount(which, weights=tables).astype(np.float64)
    observed = sum(float(_log_choose(int(n), a)) for n, a in zip(rows, counts[:, 0], strict=True))
    # As R: tables as probable but for rounding count.
    as_extreme = logs <= observed + 1e-7
    chances = tables * np.exp(logs - logs.max())
    return float(min(1.0, chances[as_extreme].sum() / chances.sum()))


def conditional_odds_ratio(table: Counts, *, confidence: float = 0.95) -> Estimate:
    """Return the odds ratio of a 2×2 table, given its margins, with its exact interval, as R's ``fisher.test``.

    The conditional maximum likelihood estimate of (a d) / (b c), and the odds ratios at which the observed count or a
    more extreme one has half the error probability on either side (Cornfield 1956). Where a cell is empty, estimate
    and bound are 0 or infinite (``math.inf``) on that side: that is what the data say, and what R prints. R finds its
    numbers to 1e-4 only; these are exact.

    Raises
    ------
    StatsError
        The table isn't one of counts, 2×2, or a row or column is empty.

    Examples
    --------
    >>> ratio = conditional_odds_ratio([[9, 0], [2, 9]])
    >>> ratio.value, round(ratio.ci_low, 2), ratio.ci_high
    (inf, 3.88, inf)
    """
    counts = _check_table(table)
    if counts.shape != (2, 2):
        raise StatsError(f"odds ratio: expected a table of 2×2 counts, found {counts.shape[0]}×{counts.shape[1]}")
    _check_columns(counts)
    (a, b), (c, d) = counts.tolist()
    cells = np.arange(max(0, a - d), min(a + b, a + c) + 1)
    logs = _log_choose(a + b, cells) + _log_choose(c + d, a + c - cells)
    tail = (1 - check_confidence(confidence)) / 2

    def chances(log_odds: float) -> FloatArray:
        weights = logs + log_odds * cells
        weights = np.exp(weights - weights.max())
        return np.asarray(weights / weights.sum())

    value, low, high = 0.0, 0.0, math.inf
    if a > cells[0]:
        low = _odds(lambda log_odds: float(chances(log_odds)[cells >= a].sum()) - tail)
        value = math.inf
    if a < cells[-1]:
        high = _odds(lambda log_odds: tail - float(chances(log_odds)[cells <= a].sum()))
        value = 0.0
    if cells[0] < a < cells[-1]:
        value = _odds(lambda log_odds: float(chances(log_odds) @ cells) - a)
    return Estimate(value=value, ci_low=low, ci_high=high)


def chi_square(table: Counts, *, yates: bool = False) -> ChiSquare:
    """Return Pearson's χ² test of independence, as R's ``chisq.test``.

    Parameters
    ----------
    table : array of int, shape (groups, answers)
        Counts.
    yates : bool
        Whether a 2×2 table's deviations are made smaller by ½, or to 0.

    Raises
    ------
    StatsError
        The table isn't one of counts, a row or column is empty, or Yates's correction is asked for a larger table.

    Examples
    --------
    >>> round(chi_square([[9, 2], [4, 3]]).statistic, 3)
    1.298
    """
    from scipy.special import chdtrc

    counts = _check_table(table)
    _check_columns(counts)
    if yates and counts.shape != (2, 2):
        raise StatsError(f"Yates's correction: expected 2×2 counts, found {counts.shape[0]}×{counts.shape[1]}")
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    away = np.abs(counts - expected)
    if yates:
        away = away - min(0.5, float(away.min()))
    statistic = float((away**2 / expected).sum())
    df = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    return ChiSquare(
        statistic=statistic, df=df, p_value=float(chdtrc(df, statistic)), least_expected=float(expected.min())
    )


def wilson_interval(count: int, n: int, *, confidence: float = 0.95) -> Estimate:
    """Return a proportion with Wilson's score interval, as R's ``prop.test(correct=FALSE)``.

    Wilson 1927 (10.1080/01621459.1927.10502953).

    Raises
    ------
    StatsError
        The count isn't one out of ``n`` animals.

    Examples
    --------
    >>> share = wilson_interval(9, 11)
    >>> round(share.ci_low, 3), round(share.ci_high, 3)
    (0.523, 0.949)
    """
    from scipy.special import ndtri

    _check_count(count, n)
    z = -float(ndtri((1 - check_confidence(confidence)) / 2))
    p = count / n
    middle = p + z**2 / (2 * n)
    reach = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    scale = 1 + z**2 / n
    # At 0 of n and n of n the bound is that, but for rounding.
    low = (middle - reach) / scale if count > 0 else 0.0
    high = (middle + reach) / scale if count < n else 1.0
    return Estimate(value=p, ci_low=low, ci_high=high)


def clopper_pearson_interval(count: int, n: int, *, confidence: float = 0.95) -> Estimate:
    """Return a proportion with the exact interval, as R's ``binom.test``.

    Clopper & Pearson 1934 (10.1093/biomet/26.4.404).

    Raises
    ------
    StatsError
        The count isn't one out of ``n`` animals.

    Examples
    --------
    >>> clopper_pearson_interval(0, 8).ci_low
    0.0
    """
    from scipy.special import betaincinv

    _check_count(count, n)
    tail = (1 - check_confidence(confidence)) / 2
    low = float(betaincinv(count, n - count + 1, tail)) if count > 0 else 0.0
    high = float(betaincinv(count + 1, n - count, 1 - tail)) if count < n else 1.0
    return Estimate(value=count / n, ci_low=low, ci_high=high)


def risk_difference(count_x: int, n_x: int, count_y: int, n_y: int, *, confidence: float = 0.95) -> Estimate:
    """Return the difference of two proportions, x less y, with Newcombe's interval.

    Method 10 of Newcombe 1998 (10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I): Wilson's intervals
    of both, combined by squares.

    Raises
    ------
    StatsError
        A count isn't one out of as many animals.

    Examples
    --------
    >>> difference = risk_difference(56, 70, 48, 80)
    >>> round(difference.value, 3), round(difference.ci_low, 3), round(difference.ci_high, 3)
    (0.2, 0.052, 0.334)
    """
    x = wilson_interval(count_x, n_x, confidence=confidence)
    y = wilson_interval(count_y, n_y, confidence=confidence)
    difference = x.value - y.value
    return Estimate(
        value=difference,
        ci_low=difference - math.hypot(x.value - x.ci_low, y.ci_high - y.value),
        ci_high=difference + math.hypot(x.ci_high - x.value, y.value - y.ci_low),
    )


def _odds(rising: Callable[[float], float]) -> float:
    """Return the odds ratio at whose logarithm a rising function is 0."""
    from scipy.optimize import brentq

    reach = 8.0
    while rising(-reach) > 0 or rising(reach) < 0:
        reach *= 2
    return math.exp(float(brentq(rising, -reach, reach, xtol=1e-14, rtol=1e-14)))


def _log_choose(n: int, k: npt.NDArray[np.int64] | np.int64) -> FloatArray:
    from scipy.special import gammaln

    return np.asarray(gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0))


def _check_table(table: Counts) -> npt.NDArray[np.int64]:
    given = np.asarray(table)
    if given.ndim != 2 or min(given.shape, default=0) < 2:
        raise StatsError(f"expected a table of two rows and two columns at least, found shape {given.shape}")
    if not np.issubdtype(given.dtype, np.integer) or given.min() < 0:
        raise StatsError("expected a table of counts, found other than whole numbers from 0")
    counts = given.astype(np.int64)
    if (counts.sum(axis=1) == 0).any():
        empty = int(np.flatnonzero(counts.sum(axis=1) == 0)[0]) + 1
        raise StatsError(f"expected animals in every group, found none in row {empty}", hint="Leave that group out.")
    return counts


def _check_columns(counts: npt.NDArray[np.int64]) -> None:
    if (counts.sum(axis=0) == 0).any():
        raise StatsError(
            "expected animals in every column of the table, found none in one: all animals are alike",
            hint="There is nothing to compare: give the proportions with their intervals.",
        )


def _check_count(count: int, n: int) -> None:
    if not (n > 0 and 0 <= count <= n and count == int(count) and n == int(n)):
        raise StatsError(f"expected a count out of a number of animals, found {count} of {n}")
