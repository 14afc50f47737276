"""Difference of two means: t tests of independent and of paired samples, and the permutation test."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from csds.errors import StatsError
from csds.stats.samples import Alternative, Estimate, FloatArray, Numbers, check_confidence, check_pairs, check_sample

#: Up to so many ways to split the animals, each is looked at.
MOST_SPLITS = 200_000
#: Numbers that are held at once while animals are shuffled.
_BLOCK = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanDifference:
    """A difference of means and its t test.

    Parameters
    ----------
    statistic, df, p_value : float
        t, its degrees of freedom, and p.
    difference : float
        Mean of x less mean of y.
    ci_low, ci_high : float
        Confidence interval of the difference; a one-sided test's is infinite on one side.
    """

    statistic: float
    df: float
    p_value: float
    difference: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PermutationTest:
    """A permutation test of a difference of means.

    Parameters
    ----------
    difference : float
        Mean of x less mean of y.
    p_value : float
        Share of the splits of the animals whose difference is as extreme as the one observed.
    splits : int
        How many splits were looked at.
    exact : bool
        Whether these were all that there are, rather than random ones.
    """

    difference: float
    p_value: float
    splits: int
    exact: bool


def t_test(
    x: Numbers,
    y: Numbers,
    *,
    equal_variances: bool = False,
    alternative: Alternative = "two-sided",
    confidence: float = 0.95,
) -> MeanDifference:
    """Return Welch's t test of two independent samples, or Student's, as R's ``t.test``.

    Welch: t = (x̄ − ȳ) / √(s²ₓ/nₓ + s²ᵧ/nᵧ), degrees of freedom by Welch (1947, 10.1093/biomet/34.1-2.28).

    Parameters
    ----------
    x, y : sequence of float
        The samples, two values each at least.
    equal_variances : bool
        Student's test with the pooled variance instead of Welch's.
    alternative : str
        ``less`` if x is expected to lie lower than y, ``greater`` if higher.
    confidence : float
        Confidence level.

    Raises
    ------
    StatsError
        A sample is too small or not of finite numbers, or neither varies.

    Examples
    --------
    >>> test = t_test([1.1, 0.9, 1.4, 1.2], [0.6, 0.8, 0.5, 1.0])
    >>> f"t({test.df:.2f}) = {test.statistic:.2f}, p = {test.p_value:.3f}"
    't(5.98) = 2.79, p = 0.032'
    """
    x, y = check_sample(x, name="first group"), check_sample(y, name="second group")
    difference = float(x.mean() - y.mean())
    if equal_variances:
        df: float = len(x) + len(y) - 2
        error = math.sqrt(pooled_variance(x, y) * (1 / len(x) + 1 / len(y)))
        _check_error(error, x, y)
    else:
        error, df = welch_error(x, y)
    return _t(difference, error, df, alternative, confidence)


def paired_t_test(
    x: Numbers, y: Numbers, *, alternative: Alternative = "two-sided", confidence: float = 0.95
) -> MeanDifference:
    """Return the t test of the differences x − y within pairs, as R's ``t.test(paired=TRUE)``.

    Raises
    ------
    StatsError
        The samples differ in length, are too small or not of finite numbers, or all differences are equal.

    Examples
    --------
    >>> round(paired_t_test([3.0, 5.0, 4.0], [1.0, 2.0, 3.5]).statistic, 3)
    2.524
    """
    x, y = check_pairs(x, y)
    mean, error = _mean_and_error(x - y, x, y)
    return _t(mean, error, len(x) - 1, alternative, confidence)


def mean_interval(x: Numbers, *, confidence: float = 0.95) -> Estimate:
    """Return a sample's mean with its t interval, as R's ``t.test(x)$conf.int``.

    Raises
    ------
    StatsError
        The sample is too small or not of finite numbers, or all values are equal.
    """
    x = check_sample(x, name="group")
    mean, error = _mean_and_error(x, x)
    test = _t(mean, error, len(x) - 1, "two-sided", confidence)
    return Estimate(value=mean, ci_low=test.ci_low, ci_high=test.ci_high)


def permutation_test(
    x: Numbers,
    y: Numbers,
    *,
    rng: np.random.Generator,
    draws: int = 10_000,
    alternative: Alternative = "two-sided",
) -> PermutationTest:
    """Return the permutation test of the difference of two means.

    All splits of the animals into groups of these sizes are looked at, if there are no more than `MOST_SPLITS`; else
    ``draws`` random ones, and p = (b + 1) / (draws + 1) with b as extreme as the observed (Phipson & Smyth 2010,
    10.2202/1544-6115.1585). Two-sided: the difference is as large in either direction.

    Raises
    ------
    StatsError
        A sample is empty or not of finite numbers, all values are equal, or there are no draws.

    Examples
    --------
    >>> permutation_test([1, 2, 3], [4, 5, 6], rng=np.random.default_rng(1)).p_value
    0.1
    """
    x, y = check_sample(x, name="first group", at_least=1), check_sample(y, name="second group", at_least=1)
    difference = float(x.mean() - y.mean())
    together = np.concatenate([x, y])
    together = together - together.mean()
    _check_error(float(np.ptp(together)), x, y)
    if draws < 1:
        raise StatsError(f"permutation test: expected one draw at least, found {draws}")
    # Of centred values, the difference of means is proportional to the sum of either group, but for the sign.
    size, sign = (len(x), 1) if len(x) <= len(y) else (len(y), -1)
    exact = math.comb(len(together), size) <= MOST_SPLITS
    sums = sign * (_all_sums(together, size) if exact else _random_sums(together, size, draws, rng))
    observed = float(together[: len(x)].sum())
    if alternative == "two-sided":
        sums, observed = np.abs(sums), abs(observed)
    elif alternative == "less":
        sums, observed = -sums, -observed
    # Sums of the same numbers in another order are equal but for rounding.
    count = int((sums >= observed - 1e-12 * np.abs(together).sum()).sum())
    p_value = count / len(sums) if exact else (count + 1) / (draws + 1)
    return PermutationTest(difference=difference, p_value=p_value, splits=len(sums), exact=exact)


def pooled_variance(x: FloatArray, y: FloatArray) -> float:
    """Return the variance within two samples, weighted by their degrees of freedom."""
    return float(((len(x) - 1) * x.var(ddof=1) + (len(y) - 1) * y.var(ddof=1)) / (len(x) + len(y) - 2))


def welch_error(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Return the standard error of the difference of two means with separate variances, and its degrees of freedom.

    Raises
    ------
    StatsError
        Neither sample varies.
    """
    square_x, square_y = float(x.var(ddof=1) / len(x)), float(y.var(ddof=1) / len(y))
    square = square_x + square_y
    _check_error(math.sqrt(square), x, y)
    # Shares, as the squares of small variances could vanish.
    df = 1 / ((square_x / square) ** 2 / (len(x) - 1) + (square_y / square) ** 2 / (len(y) - 1))
    return math.sqrt(square), df


def _mean_and_error(differences: FloatArray, *samples: FloatArray) -> tuple[float, float]:
    error = float(differences.std(ddof=1)) / math.sqrt(len(differences))
    _check_error(error, *samples)
    return float(differences.mean()), error


def _check_error(error: float, *samples: FloatArray) -> None:
    """Raise StatsError where a standard error is no more than rounding, as R does."""
    scale = max(float(np.abs(sample).max()) for sample in samples)
    if error <= 10 * np.finfo(np.float64).eps * scale:
        raise StatsError(
            f"expected values that vary, found all equal within groups ({samples[0][0]:g} …)",
            hint="Nothing can be tested without variation: describe the values instead.",
        )


def _t(difference: float, error: float, df: float, alternative: Alternative, confidence: float) -> MeanDifference:
    from scipy.special import stdtr, stdtrit

    t = difference / error
    tail = 1 - check_confidence(confidence)
    low, high = -math.inf, math.inf
    if alternative == "two-sided":
        tail, p_value = tail / 2, 2 * stdtr(df, -abs(t))
    else:
        p_value = stdtr(df, t if alternative == "less" else -t)
    reach = -float(stdtrit(df, tail)) * error
    if alternative != "less":
        low = difference - reach
    if alternative != "greater":
        high = difference + reach
    return MeanDifference(statistic=t, df=df, p_value=float(p_value), difference=difference, ci_low=low, ci_high=high)


def _all_sums(values: FloatArray, size: int) -> FloatArray:
    """Return the sum of every subset of that size."""
    # Of the values so far, the sums of each number of them: a further value is in a subset or isn't.
    sums = [np.zeros(1), *(np.empty(0) for _ in range(size))]
    for after, value in zip(reversed(range(len(values))), values, strict=True):
        # Smaller subsets can't be filled any more by the values that are left.
        for count in range(size, max(size - after, 1) - 1, -1):
            sums[count] = np.concatenate([sums[count], sums[count - 1] + value])
    return sums[size]


def _random_sums(values: FloatArray, size: int, draws: int, rng: np.random.Generator) -> FloatArray:
    """Return the sums of random subsets of that size."""
    sums = np.empty(draws)
    step = max(1, _BLOCK // len(values))
    for start in range(0, draws, step):
        block = np.tile(values, (min(step, draws - start), 1))
        sums[start : start + step] = rng.permuted(block, axis=1)[:, :size].sum(axis=1)
    return sums
