"""Effect sizes with intervals: standardised differences of two groups, dominance by ranks, and shares of variance."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np

from csds.errors import StatsError
from csds.stats.midranks import midranks
from csds.stats.samples import Estimate, FloatArray, Numbers, check_confidence, check_sample
from csds.stats.two_groups import pooled_variance, welch_error

#: Beyond so large a noncentrality parameter of F nothing is left of the residual variance.
_MOST_NONCENTRAL = 1e9


def cohens_d(x: Numbers, y: Numbers, *, pooled: bool = True, confidence: float = 0.95) -> Estimate:
    """Return Cohen's d of x against y with its noncentral-t interval, as R's ``effectsize::cohens_d``.

    d = (x̄ − ȳ) / s, with the pooled s or, unpooled, s = √((s²ₓ + s²ᵧ) / 2) and Welch's degrees of freedom
    (Delacre et al. 2021, 10.31234/osf.io/tu6mp).

    Parameters
    ----------
    x, y : sequence of float
        The samples, two values each at least.
    pooled : bool
        Whether both groups are taken to have one variance.
    confidence : float
        Confidence level.

    Raises
    ------
    StatsError
        A sample is too small or not of finite numbers, or neither varies.

    Examples
    --------
    >>> round(cohens_d([1.1, 0.9, 1.4, 1.2], [0.6, 0.8, 0.5, 1.0]).value, 3)
    1.976
    """
    return _standardised(x, y, pooled, confidence)[0]


def hedges_g(x: Numbers, y: Numbers, *, pooled: bool = True, confidence: float = 0.95) -> Estimate:
    """Return Hedges' g of x against y: Cohen's d without its small-sample bias, as R's ``effectsize::hedges_g``.

    d and its interval (`cohens_d`) times J = Γ(ν/2) / (√(ν/2) Γ((ν − 1)/2)), exactly (Hedges 1981,
    10.3102/10769986006002107), with ν degrees of freedom.

    Raises
    ------
    StatsError
        As `cohens_d`; or unpooled in two values against two or more equal ones, where J isn't defined.

    Examples
    --------
    >>> round(hedges_g([1.1, 0.9, 1.4, 1.2], [0.6, 0.8, 0.5, 1.0]).value, 3)
    1.717
    """
    d, df = _standardised(x, y, pooled, confidence)
    if df <= 1 + 1e-9:
        raise StatsError(
            "Hedges' g: expected more than one degree of freedom, found one, as one group has two values that differ "
            "and the other none",
            hint="Ask for the pooled standard deviation.",
        )
    return _corrected(d, df)


def hedges_g_of_t(t: float, df: float, error: float, *, confidence: float = 0.95) -> Estimate:
    """Return Hedges' g of a t statistic of a model's difference of two groups, with its noncentral-t interval.

    d = t · error times the J of `hedges_g`, with d in residual standard deviations of the model; of two groups without
    a covariate it is `hedges_g`.

    Parameters
    ----------
    t, df : float
        The statistic and its degrees of freedom, more than one.
    error : float
        The difference's standard error in residual standard deviations; √(1/nₓ + 1/nᵧ) without a covariate.
    confidence : float
        Confidence level.

    Examples
    --------
    >>> round(hedges_g_of_t(2.7944, 6, 0.5**0.5).value, 2)
    1.72
    """
    return _corrected(_noncentral(t * error, 1.0, error, df, confidence), df)


def small_sample_correction(df: FloatArray) -> FloatArray:
    """Return J of `hedges_g` for degrees of freedom, more than one.

    Examples
    --------
    >>> small_sample_correction(np.array([10.0, 38.0])).round(4).tolist()
    [0.9227, 0.9801]
    """
    from scipy.special import gammaln

    return np.asarray(np.exp(gammaln(df / 2) - np.log(df / 2) / 2 - gammaln((df - 1) / 2)))


def glass_delta(x: Numbers, y: Numbers, *, confidence: float = 0.95) -> Estimate:
    """Return Glass's Δ of x against y, in standard deviations of y, as R's ``effectsize::glass_delta``.

    Δ = (x̄ − ȳ) / sᵧ; y is the reference group. The interval is noncentral t with nᵧ − 1 degrees of freedom and
    standard error √(s²ₓ/nₓ + s²ᵧ/nᵧ).

    Raises
    ------
    StatsError
        A sample is too small or not of finite numbers, or y doesn't vary.
    """
    x, y = _two(x, y)
    error, _ = welch_error(x, y)
    sd = float(y.std(ddof=1))
    if sd <= 10 * np.finfo(np.float64).eps * float(np.abs(y).max()):
        raise StatsError(
            f"Glass's Δ: expected a reference group that varies, found all equal ({y[0]:g})",
            hint="Use Hedges' g, which takes its standard deviation from both groups.",
        )
    return _noncentral(float(x.mean() - y.mean()), sd, error, len(y) - 1, confidence)


def rank_biserial(x: Numbers, y: Numbers, *, confidence: float = 0.95) -> Estimate:
    """Return the rank-biserial correlation (Cliff's δ) of x against y, as R's ``effectsize::rank_biserial``.

    The share of the pairs in which x is the higher less the share in which y is (Kerby 2014,
    10.2466/11.IT.3.1); the interval is by Fisher's z with standard error √((nₓ + nᵧ + 1) / (3 nₓ nᵧ)). Where one group
    lies wholly above the other that interval has no width, as effectsize prints it.

    Raises
    ------
    StatsError
        A sample is empty or not of finite numbers.

    Examples
    --------
    >>> round(rank_biserial([0.9, 0.4, 0.7], [1.2, 1.0, 1.9, 0.8]).value, 3)
    -0.833
    """
    from scipy.special import ndtri

    x, y = check_sample(x, name="first group", at_least=1), check_sample(y, name="second group", at_least=1)
    rank_sum = float(midranks(np.concatenate([x, y]))[: len(x)].sum())
    pairs = len(x) * len(y)
    r = 2 * (rank_sum - len(x) * (len(x) + 1) / 2) / pairs - 1
    reach = -float(ndtri((1 - check_confidence(confidence)) / 2)) * math.sqrt((len(x) + len(y) + 1) / (3 * pairs))
    if abs(r) == 1:
        return Estimate(value=r, ci_low=r, ci_high=r)
    return Estimate(value=r, ci_low=math.tanh(math.atanh(r) - reach), ci_high=math.tanh(math.atanh(r) + reach))


def probability_of_superiority(x: Numbers, y: Numbers, *, confidence: float = 0.95) -> Estimate:
    """Return the probability that a value of x is higher than one of y, ties counting half.

    (r + 1) / 2 of the rank-biserial correlation r and its interval, as R's
    ``effectsize::p_superiority(parametric=FALSE)``.

    Raises
    ------
    StatsError
        A sample is empty or not of finite numbers.
    """
    r = rank_biserial(x, y, confidence=confidence)
    return Estimate(value=(r.value + 1) / 2, ci_low=(r.ci_low + 1) / 2, ci_high=(r.ci_high + 1) / 2)


def partial_eta_squared(f: float, df1: float, df2: float, *, confidence: float = 0.95) -> Estimate:
    """Return partial η² of a term from its F with the noncentral-F interval, as R's ``effectsize::eta_squared``.

    η²ₚ = F ν₁ / (F ν₁ + ν₂); the interval is two-sided (Steiger 2004, 10.1037/1082-989X.9.2.164) and its lower bound 0
    where F isn't significant at half the level. R's search for the bounds can stop early; these are exact.

    Parameters
    ----------
    f, df1, df2 : float
        F of the term, its degrees of freedom and those of the error.
    confidence : float
        Confidence level; 0.9 corresponds to a test at 5 %.

    Raises
    ------
    StatsError
        F is negative or not finite, or so large that no residual variance is left; or degrees of freedom aren't
        positive.

    Examples
    --------
    >>> effect = partial_eta_squared(24.49, 1, 31)
    >>> round(effect.value, 3), round(effect.ci_low, 3), round(effect.ci_high, 3)
    (0.441, 0.18, 0.628)
    """
    _check_f(f, df1, df2)
    return _with_f_interval(f * df1 / (f * df1 + df2), f, df1, df2, confidence)


def partial_omega_squared(f: float, df1: float, df2: float, *, n: int, confidence: float = 0.95) -> Estimate:
    """Return partial ω² of a term from its F with an interval, as R's ``effectsize::omega_squared``.

    ω²ₚ = ν₁ (F − 1) / (ν₁ F + n − ν₁) (Olejnik & Algina 2003, 10.1037/1082-989X.8.4.434), 0 where that is negative.
    The interval is that of `partial_eta_squared` for the F that would have this share of variance.

    Parameters
    ----------
    f, df1, df2 : float
        F of the term, its degrees of freedom and those of the error.
    n : int
        Animals.
    confidence : float
        Confidence level.

    Raises
    ------
    StatsError
        As `partial_eta_squared`; or there are fewer animals than degrees of freedom.
    """
    _check_f(f, df1, df2)
    if n < df1 + df2:
        raise StatsError(f"partial ω²: expected {df1 + df2:g} animals at least, found {n}")
    omega = max(0.0, df1 * (f - 1) / (df1 * f + n - df1))
    return _with_f_interval(omega, omega / df1 / ((1 - omega) / df2), df1, df2, confidence)


def eta_squared(ss: float, ss_total: float) -> float:
    """Return η² of a term: its share of the sums of squares of all terms and the error together.

    Raises
    ------
    StatsError
        The sums aren't finite, the term's is negative or greater than the total, or the total is 0.

    Examples
    --------
    >>> eta_squared(2, 8)
    0.25
    """
    _check_sums(ss, ss_total)
    return ss / ss_total


def omega_squared(ss: float, df: float, ms_error: float, ss_total: float) -> float:
    """Return ω² of a term, (SS − ν MSE) / (SS_total + MSE), 0 where that is negative.

    Parameters
    ----------
    ss, df : float
        Sum of squares of the term and its degrees of freedom.
    ms_error : float
        Mean square of the error.
    ss_total : float
        Sums of squares of all terms and the error together, as R's ``effectsize`` takes it: for types II and III of
        unbalanced data that isn't the total sum of squares.

    Raises
    ------
    StatsError
        As `eta_squared`, or the mean square isn't positive.
    """
    _check_sums(ss, ss_total)
    if not 0 < ms_error < math.inf:
        raise StatsError(f"ω²: expected a positive mean square of the error, found {ms_error}")
    return max(0.0, (ss - df * ms_error) / (ss_total + ms_error))


def noncentral_t_cdf(t: float, df: float, nc: float) -> float:
    """Return P(T ≤ t) of the noncentral t distribution.

    T = (Z + δ) / S with S² = χ²/ν: Φ(−δ) and, over the Z that make the numerator positive, the probability that S
    is large enough, by Gauss–Legendre quadrature where the integrand isn't constant.
    """
    from scipy.special import gammaincc, gammainccinv, gammaincinv, ndtr

    if t < 0:
        return 1 - noncentral_t_cdf(-t, df, -nc)
    # Below s_low, S is certainly larger; above s_high, certainly not.
    s_low, s_high = (math.sqrt(2 * float(quantile(df / 2, 1e-17)) / df) for quantile in (gammaincinv, gammainccinv))
    low = max(t * s_low, nc - 9)
    high = max(low, min(t * s_high, nc + 9))
    if high == low:
        return float(ndtr(low - nc))
    nodes, weights = _quadrature()
    u = low + (high - low) * (nodes + 1) / 2
    density = np.exp(-((u - nc) ** 2) / 2) / math.sqrt(2 * math.pi)
    inside = (weights * density * gammaincc(df / 2, df * (u / t) ** 2 / 2)).sum() * (high - low) / 2
    return float(ndtr(low - nc) + inside)


def noncentral_f_cdf(f: float, df1: float, df2: float, nc: float) -> float:
    """Return P(F ≤ f) of the noncentral F distribution: Beta probabilities weighted by a Poisson distribution's."""
    from scipy.special import betainc, gammaln, xlogy

    mean = nc / 2
    reach = 12 * math.sqrt(mean) + 60
    j = np.arange(max(0, int(mean - reach)), int(mean + reach))
    weights = np.exp(xlogy(j, mean) - mean - gammaln(j + 1.0))
    return float((weights * betainc(df1 / 2 + j, df2 / 2, df1 * f / (df1 * f + df2))).sum())


@functools.cache
def _quadrature() -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.legendre.leggauss(200)
    return nodes, weights


def _two(x: Numbers, y: Numbers) -> tuple[FloatArray, FloatArray]:
    return check_sample(x, name="first group"), check_sample(y, name="second group")


def _standardised(x: Numbers, y: Numbers, pooled: bool, confidence: float) -> tuple[Estimate, float]:
    """Return Cohen's d and its degrees of freedom."""
    x, y = _two(x, y)
    error, df = welch_error(x, y)
    sd = math.sqrt((float(x.var(ddof=1)) + float(y.var(ddof=1))) / 2)
    if pooled:
        df, sd = len(x) + len(y) - 2, math.sqrt(pooled_variance(x, y))
        error = sd * math.sqrt(1 / len(x) + 1 / len(y))
    return _noncentral(float(x.mean() - y.mean()), sd, error, df, confidence), df


def _corrected(d: Estimate, df: float) -> Estimate:
    j = math.exp(math.lgamma(df / 2) - math.log(df / 2) / 2 - math.lgamma((df - 1) / 2))
    return Estimate(value=d.value * j, ci_low=d.ci_low * j, ci_high=d.ci_high * j)


def _noncentral(difference: float, sd: float, error: float, df: float, confidence: float) -> Estimate:
    """Return a difference in standard deviations, with the interval of its t's noncentrality parameter."""
    t = difference / error
    tail = (1 - check_confidence(confidence)) / 2

    def bound(p: float) -> float:
        nc = _root(lambda nc: noncentral_t_cdf(t, df, nc) - p, t - 1 - abs(t), t + 1 + abs(t))
        return nc * error / sd

    return Estimate(value=difference / sd, ci_low=bound(1 - tail), ci_high=bound(tail))


def _with_f_interval(value: float, f: float, df1: float, df2: float, confidence: float) -> Estimate:
    tail = (1 - check_confidence(confidence)) / 2

    def bound(p: float) -> float:
        if noncentral_f_cdf(f, df1, df2, 0) <= p:
            return 0.0
        nc = _root(lambda nc: noncentral_f_cdf(f, df1, df2, nc) - p, 0, f * df1 + 1)
        return nc / (nc + df2)

    return Estimate(value=value, ci_low=bound(1 - tail), ci_high=bound(tail))


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    """Return where a falling function is 0, beyond the bracket too."""
    from scipy.optimize import brentq

    width = high - low
    while falling(low) < 0:
        low -= width
        width *= 2
    while falling(high) > 0:
        high += width
        width *= 2
    return float(brentq(falling, low, high, xtol=1e-13, rtol=1e-14))


def _check_f(f: float, df1: float, df2: float) -> None:
    if not (df1 > 0 and df2 > 0 and math.isfinite(df1) and math.isfinite(df2)):
        raise StatsError(f"expected positive degrees of freedom, found {df1} and {df2}")
    if not 0 <= f * df1 < _MOST_NONCENTRAL:
        raise StatsError(
            f"expected an F from 0 to {_MOST_NONCENTRAL / df1:.0e}, found {f}",
            hint="Does the outcome vary within groups?",
        )


def _check_sums(ss: float, ss_total: float) -> None:
    if not 0 <= ss <= ss_total < math.inf or ss_total == 0:
        raise StatsError(
            f"expected sums of squares of a term and, as large at least, of all terms, found {ss} and {ss_total}"
        )
