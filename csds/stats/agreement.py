"""Agreement of two measurements of the same sessions: limits, intraclass and concordance correlation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from csds.errors import StatsError
from csds.stats.effect_sizes import noncentral_t_cdf
from csds.stats.samples import Estimate, FloatArray, Numbers, check_confidence, check_pairs

#: Intervals of limits of agreement: exact (Carkeet 2015), or by Bland and Altman's standard error (1999).
LimitsInterval: TypeAlias = Literal["exact", "approximate"]
_ROUNDING = 10 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsOfAgreement:
    """Bland and Altman's limits of agreement, of differences x − y or of ratios x / y.

    Parameters
    ----------
    n : int
        Pairs.
    bias : Estimate
        Mean difference, or geometric mean of the ratios.
    lower, upper : Estimate
        The limits between which so large a share (`limits`) of differences or ratios is expected.
    sd : float
        Standard deviation of the differences, or of the ratios' logarithms.
    limits : float
        The share of sessions that the limits are for.
    ratio : bool
        Whether these are ratios; 100 (ratio − 1) is the difference in per cent of y.
    """

    n: int
    bias: Estimate
    lower: Estimate
    upper: Estimate
    sd: float
    limits: float
    ratio: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProportionalBias:
    """How differences change with the size of what is measured.

    Parameters
    ----------
    intercept, slope : Estimate
        Of the regression of the differences on the pairs' means.
    statistic, df, p_value : float
        t of the slope (infinite where the points lie on a line), its degrees of freedom, and p.
    """

    intercept: Estimate
    slope: Estimate
    statistic: float
    df: int
    p_value: float


def limits_of_agreement(
    x: Numbers,
    y: Numbers,
    *,
    ratio: bool = False,
    limits: float = 0.95,
    interval: LimitsInterval = "exact",
    confidence: float = 0.95,
) -> LimitsOfAgreement:
    """Return the mean difference x − y of two measurements and the limits of agreement, d̄ ± z s, with intervals.

    With d̄ and s the mean and standard deviation of n differences (Bland & Altman 1986,
    10.1016/S0140-6736(86)90837-8), the mean's interval is Student's. That of each limit is exact by the noncentral t
    distribution with n − 1 degrees of freedom and noncentrality z √n, d̄ ± s t′ / √n (Carkeet 2015,
    10.1097/OPX.0000000000000513), or approximate by t and the standard error s √(1/n + z² / (2 (n − 1))) (Bland &
    Altman 1999, 10.1177/096228029900800204), as R's ``blandr`` prints it. The exact one isn't symmetric: the outer
    bound lies farther from the limit.

    Parameters
    ----------
    x, y : sequence of float
        Both measurements, in the same order of sessions, three at least.
    ratio : bool
        Whether to compare logarithms, where differences grow with what is measured; results are ratios x / y.
    limits : float
        The share of differences that the limits are to enclose, such as 0.95 (z = 1.96).
    interval : str
        ``exact`` or ``approximate``.
    confidence : float
        Confidence level.

    Raises
    ------
    StatsError
        The samples differ in length, have fewer than three pairs or not finite numbers, one doesn't vary, the
        differences don't vary, or ratios are asked for of numbers that aren't all above 0.

    Examples
    --------
    >>> found = limits_of_agreement([494, 395, 516, 434, 476, 557], [512, 430, 520, 428, 500, 600])
    >>> round(found.bias.value, 1), round(found.lower.value, 1), round(found.upper.value, 1)
    (-19.7, -55.9, 16.5)
    """
    from scipy.special import ndtri, stdtrit

    x, y = _measured(x, y)
    if ratio:
        if min(x.min(), y.min()) <= 0:
            raise StatsError(
                f"ratios: expected numbers above 0, found {min(x.min(), y.min()):g}",
                hint="Compare differences instead.",
            )
        x, y = np.log(x), np.log(y)
    differences = x - y
    if np.ptp(differences) <= _ROUNDING * max(np.abs(x).max(), np.abs(y).max()):
        raise StatsError(
            f"limits of agreement: expected differences that vary, found all equal ({_shown(differences[0], ratio)})",
            hint="Report that one difference: there is nothing to estimate.",
        )
    n = len(differences)
    mean, sd = float(differences.mean()), float(differences.std(ddof=1))
    z = -float(ndtri((1 - check_confidence(limits)) / 2))
    tail = (1 - check_confidence(confidence)) / 2
    t = -float(stdtrit(n - 1, tail))
    if interval == "exact":
        inner, outer = (_noncentral_t_quantile(p, n - 1, z * math.sqrt(n)) / math.sqrt(n) for p in (tail, 1 - tail))
    else:
        reach = t * math.sqrt(1 / n + z**2 / (2 * (n - 1)))
        inner, outer = z - reach, z + reach

    def estimate(value: float, low: float, high: float) -> Estimate:
        bounds = (mean + sd * factor for factor in (value, low, high))
        value, low, high = (math.exp(bound) for bound in bounds) if ratio else bounds
        return Estimate(value=value, ci_low=low, ci_high=high)

    return LimitsOfAgreement(
        n=n,
        bias=estimate(0, -t / math.sqrt(n), t / math.sqrt(n)),
        lower=estimate(-z, -outer, -inner),
        upper=estimate(z, inner, outer),
        sd=sd,
        limits=limits,
        ratio=ratio,
    )


def proportional_bias(x: Numbers, y: Numbers, *, confidence: float = 0.95) -> ProportionalBias:
    """Return the regression of the differences x − y on the means of each pair (Bland & Altman 1999).

    Its slope is 0 where both measurements vary alike: the test is Pitman's of equal variances of pairs, so a slope may
    also mean that one measurement has the larger error (Bland & Altman 1995, 10.1016/S0140-6736(95)91748-9). As R's
    ``lm(x - y ~ I((x + y) / 2))``.

    Parameters
    ----------
    x, y : sequence of float
        Both measurements, in the same order of sessions, three at least; logarithms to look at ratios.
    confidence : float
        Confidence level.

    Raises
    ------
    StatsError
        The samples differ in length, have fewer than three pairs or not finite numbers, one doesn't vary, or the
        pairs' means or their differences don't.

    Examples
    --------
    >>> found = proportional_bias([1.1, 2.3, 3.2, 4.6], [1.0, 2.0, 3.0, 4.0])
    >>> round(found.slope.value, 3), round(found.p_value, 3)
    (0.134, 0.141)
    """
    from scipy.special import stdtr, stdtrit

    x, y = _measured(x, y)
    differences, means = x - y, (x + y) / 2
    smallest = _ROUNDING * max(np.abs(x).max(), np.abs(y).max())
    if np.ptp(means) <= smallest or np.ptp(differences) <= smallest:
        raise StatsError(
            "proportional bias: expected means and differences of pairs that vary, found all equal",
            hint="Leave the regression out.",
        )
    df = len(x) - 2
    centred = means - means.mean()
    squares = float(centred @ centred)
    slope = float(centred @ differences) / squares
    intercept = float(differences.mean() - slope * means.mean())
    residuals = differences - intercept - slope * means
    variance = float(residuals @ residuals) / df
    error = math.sqrt(variance / squares)
    error_at_0 = math.sqrt(variance * (1 / len(x) + float(means.mean()) ** 2 / squares))
    t = slope / error if np.abs(residuals).max() > smallest else math.copysign(math.inf, slope)
    reach = -float(stdtrit(df, (1 - check_confidence(confidence)) / 2))
    return ProportionalBias(
        intercept=_symmetric(intercept, reach * error_at_0),
        slope=_symmetric(slope, reach * error),
        statistic=t,
        df=df,
        p_value=2 * float(stdtr(df, -abs(t))),
    )


def intraclass_correlation(x: Numbers, y: Numbers, *, confidence: float = 0.95) -> Estimate:
    """Return the intraclass correlation ICC(2,1) of two measurements: absolute agreement, two-way random, single.

    With the mean squares of sessions R, of the two measurements C and of error E of the two-way analysis of variance
    of n sessions, ``(R − E) / (R + E + 2 (C − E) / n)`` (Shrout & Fleiss 1979, 10.1037/0033-2909.86.2.420), and its
    interval by F with Satterthwaite's degrees of freedom: ICC(A,1) of McGraw & Wong 1996 (10.1037/1082-989X.1.1.30),
    as R's ``irr::icc(model = "twoway", type = "agreement", unit = "single")`` and ``psych::ICC`` print it. Of an
    estimate below 0, which R's interval can leave out, the degrees of freedom are those at 0.

    Raises
    ------
    StatsError
        The samples differ in length, have fewer than three pairs or not finite numbers, one doesn't vary, all pairs
        are equal, or the sessions' means are.

    Examples
    --------
    >>> found = intraclass_correlation([9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2])
    >>> round(found.value, 3)
    0.126
    """
    from scipy.special import fdtri

    x, y = _unequal(x, y)
    n = len(x)
    means, differences = (x + y) / 2, x - y
    rows = 2 * float(means.var(ddof=1))
    columns = n / 2 * float(differences.mean()) ** 2
    error = float(differences.var(ddof=1)) / 2
    if np.ptp(means) <= _ROUNDING * np.abs(means).max():
        raise StatsError(
            "intraclass correlation: expected sessions that differ in their means, found all equal",
            hint="Is one of the columns a complement of the other?",
        )
    # McGraw and Wong's a C + b E is R, which makes their v this; an a below 0 could make it 0.
    a_columns = max(0.0, rows - error) / (columns + (n - 1) * error) * columns
    v = rows**2 / (a_columns**2 + (rows - a_columns) ** 2 / (n - 1))
    tail = (1 - check_confidence(confidence)) / 2

    def bound(p: float) -> float:
        f = float(fdtri(v, n - 1, p))
        return n * (f * rows - error) / (2 * columns + (n - 2) * error + n * f * rows)

    return Estimate(
        value=(rows - error) / (rows + error + 2 * (columns - error) / n), ci_low=bound(tail), ci_high=bound(1 - tail)
    )


def concordance_correlation(x: Numbers, y: Numbers, *, confidence: float = 0.95) -> Estimate:
    """Return Lin's concordance correlation, 2 s_xy / (s²ₓ + s²ᵧ + (x̄ − ȳ)²), with its interval by Fisher's z.

    Variances are over n (Lin 1989, 10.2307/2532051), the standard error that of Lin's correction of 2000
    (10.1111/j.0006-341X.2000.00324.x), as R's ``epiR::epi.ccc`` and ``DescTools::CCC``.

    Raises
    ------
    StatsError
        The samples differ in length, have fewer than three pairs or not finite numbers, one doesn't vary, or all
        pairs are equal.

    Examples
    --------
    >>> found = concordance_correlation([494, 395, 516, 434, 476, 557], [512, 430, 520, 428, 500, 600])
    >>> round(found.value, 3)
    0.899
    """
    from scipy.special import ndtri

    x, y = _unequal(x, y)
    n = len(x)
    var_x, var_y = float(x.var()), float(y.var())
    spread = math.sqrt(var_x * var_y)
    r = min(1.0, max(-1.0, float((x - x.mean()) @ (y - y.mean())) / n / spread))
    u2 = float(x.mean() - y.mean()) ** 2 / spread
    accuracy = 2 / ((var_x + var_y) / spread + u2)
    c = min(1.0, max(-1.0, r * accuracy))
    if abs(c) == 1:  # opposites, or errors so small that their squares are lost to rounding
        return Estimate(value=c, ci_low=c, ci_high=c)
    # Lin's formula with c / r written as the accuracy, so that r may be 0.
    variance = (1 - r**2) * accuracy**2 * (1 - c**2) + 2 * c**2 * accuracy * (1 - c) * u2 - (c * accuracy * u2) ** 2 / 2
    reach = -float(ndtri((1 - check_confidence(confidence)) / 2))
    reach *= math.sqrt(max(0.0, variance) / (n - 2)) / (1 - c**2)
    return Estimate(value=c, ci_low=math.tanh(math.atanh(c) - reach), ci_high=math.tanh(math.atanh(c) + reach))


def _measured(x: Numbers, y: Numbers) -> tuple[FloatArray, FloatArray]:
    """Return both measurements, three at least, of which each varies."""
    x, y = check_pairs(x, y, at_least=3)
    for name, sample in (("first", x), ("second", y)):
        if (sample == sample[0]).all():
            raise StatsError(
                f"agreement: expected values that vary, found all equal ({sample[0]:g}) in the {name} measurement",
                hint="Leave this measure out: sessions that are all alike can't show agreement.",
            )
    return x, y


def _unequal(x: Numbers, y: Numbers) -> tuple[FloatArray, FloatArray]:
    """Return both measurements, which aren't the same."""
    x, y = _measured(x, y)
    if (x == y).all():
        raise StatsError(
            f"agreement: expected measurements with some error, found all {len(x)} pairs equal",
            hint="Report that all are equal: there is nothing to estimate.",
        )
    return x, y


def _noncentral_t_quantile(p: float, df: int, noncentrality: float) -> float:
    from scipy.optimize import brentq

    def above(t: float) -> float:
        return noncentral_t_cdf(t, df, noncentrality) - p

    width = 1 + noncentrality
    low, high = noncentrality - width, noncentrality + width
    while above(low) > 0:
        low -= (width := 2 * width)
    while above(high) < 0:
        high += (width := 2 * width)
    return float(brentq(above, low, high, xtol=1e-12, rtol=1e-14))


def _symmetric(value: float, reach: float) -> Estimate:
    return Estimate(value=value, ci_low=value - reach, ci_high=value + reach)


def _shown(difference: float, ratio: bool) -> str:
    return f"a ratio of {math.exp(difference):g}" if ratio else f"{difference:g}"
