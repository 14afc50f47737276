"""Meta-analysis: one effect from those of several studies, how much they differ, and what the next may find.

Each of k studies has an estimate yᵢ of an effect and its sampling variance vᵢ. Studies' true effects vary about their
mean μ with variance τ² (0 with a fixed effect), so each weighs wᵢ = 1 / (vᵢ + τ²), and ``μ̂ = Σ w y / Σ w``. All as R's
``metafor::rma`` (Viechtbauer 2010, J Stat Softw 36(3), 10.18637/jss.v036.i03).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from csds.errors import StatsError
from csds.stats.samples import Estimate, FloatArray, Numbers, check_confidence, check_sample

#: Estimators of τ²: restricted maximum likelihood, Paule and Mandel's, DerSimonian and Laird's.
Tau2Method: TypeAlias = Literal["REML", "PM", "DL"]
#: Intervals of the effect: Hartung, Knapp, Sidik and Jonkman's, the same never narrower than without it, or normal.
EffectInterval: TypeAlias = Literal["HKSJ", "HKSJ, q >= 1", "normal"]
#: Degrees of freedom of the prediction interval.
PredictionDf: TypeAlias = Literal["k-1", "k-2"]
#: Values of τ² at which the likelihood is looked at before its maximum is searched for.
_GRID = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Heterogeneity:
    """How much studies differ beyond their sampling errors.

    Parameters
    ----------
    q, df, p_value : float
        Cochran's Q, which follows χ² with k − 1 degrees of freedom where τ² is 0, and p.
    tau2 : Estimate
        Variance of the true effects, in squares of the effect's unit, with its Q-profile interval.
    i2 : Estimate
        I²: the share of τ² in the whole variance of estimates, 0 to 1.
    h2 : Estimate
        H²: the whole variance over the sampling variance.
    """

    q: float
    df: int
    p_value: float
    tau2: Estimate
    i2: Estimate
    h2: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaAnalysis:
    """An effect across studies.

    Parameters
    ----------
    k : int
        Studies.
    effect : Estimate
        The mean effect and its interval.
    error : float
        Its standard error.
    statistic, df, p_value : float
        The effect over its standard error, t with so many degrees of freedom (infinite: a normal z), and p.
    weights : tuple of float
        Share of each study in the mean effect, for a forest plot.
    interval : str
        How the interval was made; of one study alone always ``normal``.
    heterogeneity : Heterogeneity, optional
        None of one study alone.
    prediction : Estimate, optional
        The mean effect with the interval in which the true effect of a study like these is expected; None with a fixed
        effect and where too few studies leave no degree of freedom.
    """

    k: int
    effect: Estimate
    error: float
    statistic: float
    df: float
    p_value: float
    weights: tuple[float, ...]
    interval: EffectInterval
    heterogeneity: Heterogeneity | None
    prediction: Estimate | None


def fixed_effect(effects: Numbers, variances: Numbers, *, confidence: float = 0.95) -> MetaAnalysis:
    """Return the meta-analysis with one effect common to all studies, as R's ``rma(yi, vi, method = "FE")``.

    The interval is normal. τ², I² and H² are those of DerSimonian and Laird, with which I² is (Q − k + 1) / Q.

    Parameters
    ----------
    effects, variances : sequence of float
        Estimate of each study and its sampling variance (the squared standard error).
    confidence : float
        Confidence level.

    Raises
    ------
    StatsError
        There is no study, effects and variances differ in number, one is missing or infinite, or a variance isn't
        above 0.

    Examples
    --------
    >>> found = fixed_effect([0.9, 0.4, 0.7], [0.10, 0.05, 0.20])
    >>> round(found.effect.value, 3), round(found.heterogeneity.q, 3)
    (0.586, 1.743)
    """
    y, v = _studies(effects, variances)
    return _combined(y, v, tau2=0.0, spread=_heterogeneity(y, v, "DL", confidence), confidence=confidence)


def random_effects(
    effects: Numbers,
    variances: Numbers,
    *,
    tau2: Tau2Method = "REML",
    interval: EffectInterval = "HKSJ",
    prediction: PredictionDf = "k-1",
    confidence: float = 0.95,
) -> MetaAnalysis:
    """Return the random-effects meta-analysis, as R's ``rma(yi, vi, method = tau2, test = "knha")`` and ``predict``.

    Parameters
    ----------
    effects, variances : sequence of float
        Estimate of each study and its sampling variance (the squared standard error).
    tau2 : str
        ``REML`` (Viechtbauer 2005, 10.3102/10769986030003261), the highest maximum of the restricted likelihood;
        ``PM`` (Paule & Mandel 1982, 10.6028/jres.087.022), the τ² at which ``Σ w (y − μ̂)²`` is k − 1; or ``DL``
        (DerSimonian & Laird 1986, 10.1016/0197-2456(86)90046-2), in closed form. None is below 0.
    interval : str
        ``HKSJ`` is t with k − 1 degrees of freedom and the variance q / Σ w, where ``q = Σ w (y − μ̂)² / (k − 1)``
        (Hartung & Knapp 2001, 10.1002/sim.791; Sidik & Jonkman 2002, 10.1002/sim.1262): metafor's ``test = "knha"``.
        With few studies that happen to agree it can be too narrow; ``HKSJ, q >= 1`` takes max(1, q) (Röver et al.
        2015, 10.1186/s12874-015-0091-1): metafor's ``test = "adhoc"``. ``normal`` is z and 1 / Σ w: ``test = "z"``.
    prediction : str
        Degrees of freedom of t in the prediction interval ``μ̂ ± t √(τ² + SE²)``: ``k-1`` as metafor's ``predict``
        after a t interval, or ``k-2`` of Higgins et al. 2009 (10.1111/j.1467-985X.2008.00552.x), metafor's
        ``"riley"``. SE is that of the interval chosen (Higgins has the ``normal`` one's). With few studies that differ
        about as much as their errors either is too narrow, as τ² is then often found to be 0: of six such studies it
        holds 83 to 85 % of next ones where it says 95 %.
    confidence : float
        Confidence level of all intervals.

    Returns
    -------
    MetaAnalysis
        Of one study its own effect with a normal interval, and neither heterogeneity nor prediction. Of two all but
        the prediction with k − 2 degrees of freedom; with one degree of freedom other intervals are very wide.

    Raises
    ------
    StatsError
        There is no study, effects and variances differ in number, one is missing or infinite, a variance isn't above
        0, or all effects are equal, so that q is 0.

    Notes
    -----
    The interval of τ² is by Q-profile (Viechtbauer 2007, 10.1002/sim.2514): it has the τ² at which
    ``Σ w (y − μ̂)²`` isn't in either tail of χ². Where studies differ less than by chance, it is [0, 0]. The estimate
    can lie outside. I² = τ² / (τ² + s²) and H² = (τ² + s²) / s² have the typical sampling variance
    ``s² = (k − 1) Σ v⁻¹ / ((Σ v⁻¹)² − Σ v⁻²)`` (Higgins & Thompson 2002, 10.1002/sim.1186).

    Examples
    --------
    >>> found = random_effects([0.9, 0.4, 0.7, 1.6], [0.10, 0.05, 0.20, 0.15])
    >>> round(found.effect.value, 3), round(found.effect.ci_low, 3), round(found.effect.ci_high, 3)
    (0.853, 0.041, 1.664)
    >>> round(found.heterogeneity.tau2.value, 3)
    0.157
    """
    y, v = _studies(effects, variances)
    if len(y) > 1 and interval == "HKSJ" and np.ptp(y) == 0:
        raise StatsError(
            f"meta-analysis: expected effects that differ, found {y[0]:g} in all {len(y)} studies, to which Hartung "
            "and Knapp's interval gives no width",
            hint="Ask for the interval 'HKSJ, q >= 1'.",
        )
    spread = _heterogeneity(y, v, tau2, confidence)
    return _combined(
        y,
        v,
        tau2=spread.tau2.value if spread else 0.0,
        spread=spread,
        confidence=confidence,
        interval=interval,
        prediction=prediction,
    )


def _combined(
    y: FloatArray,
    v: FloatArray,
    *,
    tau2: float,
    spread: Heterogeneity | None,
    confidence: float,
    interval: EffectInterval = "normal",
    prediction: PredictionDf | None = None,
) -> MetaAnalysis:
    from scipy.special import stdtr

    k = len(y)
    w = 1 / (v + tau2)
    mean = float(w @ y / w.sum())
    variance, df = 1 / float(w.sum()), math.inf
    if k == 1:
        interval = "normal"
    elif interval != "normal":
        q = _generalised_q(tau2, y, v) / (k - 1)
        variance, df = variance * (q if interval == "HKSJ" else max(1.0, q)), k - 1
    error = math.sqrt(variance)
    prediction_df = {None: 0, "k-1": k - 1, "k-2": k - 2}[prediction]
    return MetaAnalysis(
        k=k,
        effect=_around(mean, error, df, confidence),
        error=error,
        statistic=mean / error,
        df=df,
        p_value=2 * float(stdtr(df, -abs(mean / error))),
        weights=tuple((w / w.sum()).tolist()),
        interval=interval,
        heterogeneity=spread,
        prediction=(
            _around(mean, math.sqrt(tau2 + variance), prediction_df, confidence) if prediction_df > 0 else None
        ),
    )


def _around(mean: float, error: float, df: float, confidence: float) -> Estimate:
    from scipy.special import ndtri, stdtrit

    tail = (1 - check_confidence(confidence)) / 2
    reach = -error * float(ndtri(tail) if math.isinf(df) else stdtrit(df, tail))
    return Estimate(value=mean, ci_low=mean - reach, ci_high=mean + reach)


def _heterogeneity(y: FloatArray, v: FloatArray, method: Tau2Method, confidence: float) -> Heterogeneity | None:
    """Return how much studies differ; None of one study."""
    from scipy.special import chdtrc, chdtri

    df = len(y) - 1
    if df == 0:
        return None
    q = _generalised_q(0.0, y, v)
    w = 1 / v
    # (Σ w)² − Σ w² as products of different weights: no digits are lost where one weighs nearly all.
    typical = df * float(w.sum()) / float(w @ ((1 - np.eye(len(w))) @ w))
    tail = (1 - check_confidence(confidence)) / 2

    def tau2_at(level: float) -> float:
        return _zero(lambda tau2: _generalised_q(tau2, y, v) - level, 0.0, typical)

    estimators = {"REML": lambda: _reml(y, v), "PM": lambda: tau2_at(df), "DL": lambda: max(0.0, q / df - 1) * typical}
    tau2 = estimators[method]()
    # chdtri's second argument is the upper tail.
    low, high = tau2_at(float(chdtri(df, tail))), tau2_at(float(chdtri(df, 1 - tail)))
    return Heterogeneity(
        q=q,
        df=df,
        p_value=float(chdtrc(df, q)),
        tau2=Estimate(value=tau2, ci_low=low, ci_high=high),
        i2=Estimate(value=tau2 / (tau2 + typical), ci_low=low / (low + typical), ci_high=high / (high + typical)),
        h2=Estimate(value=1 + tau2 / typical, ci_low=1 + low / typical, ci_high=1 + high / typical),
    )


def _generalised_q(tau2: float, y: FloatArray, v: FloatArray) -> float:
    """Return Σ w (y − μ̂)², which falls with τ²."""
    w = 1 / (v + tau2)
    return float(w @ (y - w @ y / w.sum()) ** 2)


def _reml(y: FloatArray, v: FloatArray) -> float:
    """Return the τ² with the highest restricted likelihood.

    It can have several maxima, so it is looked at on a grid first. Beyond the grid's end it falls: its derivative,
    ``(y′PPy − tr P) / 2``, is negative where ``(max v + τ²) s² < (min v + τ²)²``.
    """
    end = 2 * max(float(v.max()), float(y.var(ddof=1)))
    grid = np.concatenate([[0.0], np.geomspace(min(1e-8 * end, float(v.min()) / 10), end, _GRID)])
    w = 1 / (v[:, np.newaxis] + grid)
    means = y @ w / w.sum(axis=0)
    squares = (w * (y[:, np.newaxis] - means) ** 2).sum(axis=0)
    best = int((np.log(w).sum(axis=0) - np.log(w.sum(axis=0)) - squares).argmax())

    def slope(tau2: float) -> float:
        w = 1 / (v + tau2)
        residuals = w * (y - w @ y / w.sum())
        return float(residuals @ residuals - w.sum() + w @ w / w.sum())

    return _zero(slope, float(grid[max(0, best - 1)]), float(grid[min(best + 1, _GRID)]))


def _zero(falling: Callable[[float], float], low: float, high: float) -> float:
    """Return where a falling function is 0, beyond ``high`` too; ``low`` where it isn't above 0 there."""
    from scipy.optimize import brentq

    if falling(low) <= 0:
        return low
    while falling(high) > 0:
        low, high = high, 2 * high
    return float(brentq(falling, low, high, xtol=1e-15 * high, rtol=1e-14))


def _studies(effects: Numbers, variances: Numbers) -> tuple[FloatArray, FloatArray]:
    y = check_sample(effects, name="effects", at_least=1)
    v = check_sample(variances, name="variances of the effects", at_least=1)
    if len(y) != len(v):
        raise StatsError(
            f"meta-analysis: expected an effect and a variance of each study, found {len(y)} and {len(v)}",
            hint="Leave out the studies that lack one of the two, saying which.",
        )
    if v.min() <= 0:
        raise StatsError(
            f"meta-analysis: expected variances above 0, found {v.min():g}",
            hint="Give squared standard errors; a study with one animal in a group has none.",
        )
    return y, v
