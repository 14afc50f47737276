"""One factor between animals: overall tests, and comparisons of its levels by pairs or against a reference.

Groups come as the levels of a factor (`csds.stats.design.factor`) in their order; differences are the earlier less the
later level. Tests of means with a pooled error are those of the linear model of one factor.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from csds.errors import StatsError
from csds.stats.adjust import AdjustedContrast, Adjustment, adjust_by_tail, adjust_contrasts
from csds.stats.design import (
    CellContrast,
    ContrastEstimate,
    Factor,
    FloatArray,
    design_matrix,
    estimate_contrast,
    f_tail,
    finite_values,
    listed,
    pairwise,
)
from csds.stats.linear import LinearModel, anova, fit_linear_model, linear_contrast
from csds.stats.studentised import dunnett_tail

_FEW = "Leave the group out and say so, or join it with another by the plan."


@dataclass(frozen=True, slots=True, kw_only=True)
class OneWayAnova:
    """A one-way analysis of variance.

    Parameters
    ----------
    f, df1, df2, p_value : float
        F, its degrees of freedom, and p.
    eta2, omega2 : float
        Share of the variance between groups: of the sample, and corrected for chance (not below 0).
    """

    f: float
    df1: float
    df2: float
    p_value: float
    eta2: float
    omega2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WelchAnova:
    """A one-way analysis of variance with separate variances: F, its degrees of freedom, and p."""

    f: float
    df1: float
    df2: float
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KruskalWallis:
    """A one-way analysis of ranks: H, corrected for ties, the degrees of freedom of its χ² distribution, and p."""

    h: float
    df: float
    p_value: float


def one_way_anova(values: ArrayLike, group: Factor) -> OneWayAnova:
    """Return the one-way analysis of variance, as R's ``aov`` and, for the effect sizes, effectsize.

    ``η² = SS_b / SS``, ``ω² = (SS_b − df₁ MS_w) / (SS + MS_w)`` (Hays 1963, Statistics for Psychologists).

    Parameters
    ----------
    values : array_like, shape (n,)
        The outcome of each animal.
    group : Factor
        The group of each animal.

    Raises
    ------
    StatsError
        A group is empty, outcomes are missing, infinite or don't vary within groups.

    Examples
    --------
    >>> from csds.stats.design import factor
    >>> test = one_way_anova([1, 2, 3, 3, 4, 5], factor("group", list("aaabbb")))
    >>> round(test.f, 3), round(test.eta2, 3), round(test.omega2, 3)
    (6.0, 0.6, 0.455)
    """
    model = _group_model(values, group)
    (test,) = anova(model, ss_type=2)
    total = test.ss + model.residual_ss
    corrected = (test.ss - test.df1 * model.residual_variance) / (total + model.residual_variance)
    return OneWayAnova(
        f=test.f,
        df1=test.df1,
        df2=test.df2,
        p_value=test.p_value,
        eta2=test.ss / total,
        omega2=max(corrected, 0.0),
    )


def welch_anova(values: ArrayLike, group: Factor) -> WelchAnova:
    """Return Welch's one-way analysis of variance, which lets variances differ, as R's ``oneway.test``.

    Welch 1951, Biometrika 38:330–336, doi:10.1093/biomet/38.3-4.330.

    Parameters
    ----------
    values : array_like, shape (n,)
        The outcome of each animal.
    group : Factor
        The group of each animal.

    Raises
    ------
    StatsError
        A group has fewer than two animals or outcomes that are all equal, or an outcome is missing or infinite.

    Examples
    --------
    >>> from csds.stats.design import factor
    >>> test = welch_anova([1, 2, 3, 3, 4, 8], factor("group", list("aaabbb")))
    >>> round(test.f, 3), test.df1, round(test.df2, 3)
    (3.375, 1.0, 2.56)
    """
    samples = group_samples(values, group, at_least=2)
    constant = [level for level, sample in samples.items() if np.ptp(sample) == 0]
    if constant:
        raise StatsError(
            f"Welch's analysis of variance needs outcomes that vary in each group; they don't in {listed(constant)}.",
            hint="Use the Kruskal–Wallis test, or leave the group out and say so.",
        )
    k = len(samples)
    sizes = np.array([len(sample) for sample in samples.values()])
    means = np.array([sample.mean() for sample in samples.values()])
    weights = sizes / np.array([sample.var(ddof=1) for sample in samples.values()])
    shares = weights / weights.sum()
    between = np.sum(weights * (means - shares @ means) ** 2) / (k - 1)
    spread = np.sum((1 - shares) ** 2 / (sizes - 1)) / (k**2 - 1)
    f, df1, df2 = float(between / (1 + 2 * (k - 2) * spread)), k - 1.0, float(1 / (3 * spread))
    return WelchAnova(f=f, df1=df1, df2=df2, p_value=f_tail(f, df1, df2))


def kruskal_wallis(values: ArrayLike, group: Factor) -> KruskalWallis:
    """Return the Kruskal–Wallis test, as R's ``kruskal.test``.

    ``H`` is the ranks' sum of squares between groups over their variance, which corrects it for ties (Kruskal and
    Wallis 1952, J Am Stat Assoc 47:583–621, doi:10.1080/01621459.1952.10483441); p is that of χ², large-sample.

    Parameters
    ----------
    values : array_like, shape (n,)
        The outcome of each animal.
    group : Factor
        The group of each animal.

    Raises
    ------
    StatsError
        A group is empty, all outcomes are equal, or one is missing or infinite.

    Examples
    --------
    >>> from csds.stats.design import factor
    >>> test = kruskal_wallis([1, 2, 3, 4, 5, 6], factor("group", list("aaabbb")))
    >>> round(test.h, 3), round(test.p_value, 4)
    (3.857, 0.0495)
    """
    from scipy.special import chdtrc

    samples, variance = _ranked(values, group)
    middle = (sum(len(ranks) for ranks in samples.values()) + 1) / 2
    h = sum(len(ranks) * (ranks.mean() - middle) ** 2 for ranks in samples.values()) / variance
    df = len(samples) - 1.0
    return KruskalWallis(h=float(h), df=df, p_value=float(chdtrc(df, h)))


def pooled_pairs(
    values: ArrayLike, group: Factor, *, adjustment: Adjustment = "tukey", confidence: float = 0.95
) -> tuple[AdjustedContrast, ...]:
    """Return the differences of each two groups' means, tested with the pooled error; by default Tukey's HSD.

    As R's ``pairs(emmeans(lm(y ~ group), ~ group), adjust = …)``; with unequal numbers ``tukey`` is Tukey–Kramer's.

    Parameters
    ----------
    values : array_like, shape (n,)
        The outcome of each animal.
    group : Factor
        The group of each animal.
    adjustment : str
        For the number of pairs.
    confidence : float
        Of all intervals together.

    Raises
    ------
    StatsError
        As `one_way_anova`; or the adjustment or confidence is none.

    Examples
    --------
    >>> from csds.stats.design import factor
    >>> pairs = pooled_pairs([1, 2, 3, 3, 4, 5, 2, 4, 6], factor("group", list("aaabbbccc")))
    >>> [(pair.contrast.name, round(pair.p_adjusted, 3)) for pair in pairs]
    [('a - b', 0.269), ('a - c', 0.269), ('b - c', 1.0)]
    """
    model = _group_model(values, group)
    contrasts = [linear_contrast(model, pair, confidence=confidence) for pair in pairwise([group], group.name)]
    return adjust_contrasts(contrasts, adjustment, means=len(group.levels), confidence=confidence)


def welch_pairs(
    values: ArrayLike, group: Factor, *, adjustment: Adjustment = "tukey", confidence: float = 0.95
) -> tuple[AdjustedContrast, ...]:
    """Return the differences of each two groups' means with separate variances; by default Games and Howell's.

    Each pair has the standard error and degrees of freedom of Welch's t test. ``tukey`` refers them to the studentised
    range (Games and Howell 1976, J Educ Stat 1:113–125, doi:10.3102/10769986001002113), other adjustments as R's
    ``pairwise.t.test(pool.sd = FALSE)``.

    Parameters
    ----------
    values : array_like, shape (n,)
        The outcome of each animal.
    group : Factor
        The group of each animal.
    adjustment : str
        For the number of pairs.
    confidence : float
        Of all intervals together.

    Raises
    ------
    StatsError
        A group has fewer than two animals, two groups' outcomes don't vary, or an outcome is missing or infinite; or
        the adjustment or confidence is none.

    Examples
    --------
    >>> from csds.stats.design import factor
    >>> pairs = welch_pairs([1, 2, 3, 3, 4, 8, 2, 4, 6], factor("group", list("aaabbbccc")), adjustment="holm")
    >>> [(pair.contrast.name, round(pair.contrast.df, 2), round(pair.p_adjusted, 3)) for pair in pairs]
    [('a - b', 2.56, 0.537), ('a - c', 2.94, 0.537), ('b - c', 3.72, 0.631)]
    """
    samples = group_samples(values, group, at_least=2)

    def contrast(first: str, second: str) -> ContrastEstimate:
        weights = {first: 1.0, second: -1.0}
        return separate_contrast(samples, weights, name=f"{first} - {second}", confidence=confidence)

    return _pairs(group, contrast, adjustment, confidence)


def separate_contrast(
    samples: Mapping[str, FloatArray], weights: Mapping[str, float], *, name: str, confidence: float = 0.95
) -> ContrastEstimate:
    """Return a weighted sum of groups' means with separate variances.

    ``Σ w m ± t √(Σ w² s²/n)``, with Satterthwaite's degrees of freedom (1946, Biometrics Bull 2:110–114,
    doi:10.2307/3002019; Welch 1947 for two groups): they are exact for no set of variances, close for all.

    Parameters
    ----------
    samples : mapping
        Of each group, the outcomes of two animals at least.
    weights : mapping
        Of the groups that are compared.
    name : str
        What is compared.
    confidence : float
        Of the interval.

    Raises
    ------
    StatsError
        A group has fewer than two animals, or no group that has a weight varies.

    Examples
    --------
    >>> samples = {"a": np.array([1.0, 2, 3]), "b": np.array([3.0, 4, 8])}
    >>> round(separate_contrast(samples, {"a": 1, "b": -1}, name="a - b").df, 2)
    2.56
    """
    used = {group: np.asarray(samples[group]) for group in weights}
    small = [f"{group} ({len(sample)})" for group, sample in used.items() if len(sample) < 2]
    if small:
        raise StatsError(f"Every group needs 2 animals at least; found fewer in {listed(small)}.", hint=_FEW)
    if all(np.ptp(sample) == 0 for sample in used.values()):
        raise StatsError(
            f"Outcomes should vary in one of the groups that are compared; they don't in {' and '.join(used)}.",
            hint="Use a test with the pooled error, or leave one of them out and say so.",
        )
    variances = np.array([weights[group] ** 2 * sample.var(ddof=1) / len(sample) for group, sample in used.items()])
    df = variances.sum() ** 2 / np.sum(variances**2 / [len(sample) - 1 for sample in used.values()])
    estimate = sum(weights[group] * float(sample.mean()) for group, sample in used.items())
    return estimate_contrast(estimate, float(np.sqrt(variances.sum())), float(df), name=name, confidence=confidence)


def dunnett(
    values: ArrayLike, group: Factor, *, reference: str | None = None, confidence: float = 0.95
) -> tuple[AdjustedContrast, ...]:
    """Return each group's difference from a reference, group less reference, by Dunnett's two-sided test.

    As R's ``glht(model, mcp(group = "Dunnett"))``, whose p are Monte Carlo; these are by quadrature
    (`csds.stats.studentised.dunnett_tail`), for equal and unequal numbers.

    Parameters
    ----------
    values : array_like, shape (n,)
        The outcome of each animal.
    group : Factor
        The group of each animal.
    reference : str, optional
        The level that others are compared with; the first where not given.
    confidence : float
        Of all intervals together.

    Raises
    ------
    StatsError
        As `one_way_anova`; or the reference is no level, or the confidence none.

    Examples
    --------
    >>> from csds.stats.design import factor
    >>> doses = factor("dose", ["isotype"] * 3 + ["low"] * 3 + ["high"] * 3, levels=["isotype", "low", "high"])
    >>> high = dunnett([1, 2, 3, 2, 3, 4, 5, 6, 7], doses)[1]
    >>> high.contrast.name, round(high.contrast.t, 3), round(high.p_adjusted, 4)
    ('high - isotype', 4.899, 0.0049)
    """
    reference = group.levels[0] if reference is None else reference
    model = _group_model(values, group)
    others = [level for level in group.levels if level != reference]
    contrasts = [
        linear_contrast(
            model,
            CellContrast(
                name=f"{level} - {reference}", weights=((1.0, {group.name: level}), (-1.0, {group.name: reference}))
            ),
            confidence=confidence,
        )
        for level in others
    ]
    labels = group.labels
    ratios = np.array([labels.count(level) / labels.count(reference) for level in others])
    return adjust_by_tail(
        contrasts,
        lambda t, df: dunnett_tail(t, ratios=ratios, df=df),
        tests=len(others),
        adjustment="dunnett",
        confidence=confidence,
    )


def dunn_pairs(
    values: ArrayLike, group: Factor, *, adjustment: Adjustment = "holm", confidence: float = 0.95
) -> tuple[AdjustedContrast, ...]:
    """Return the differences of each two groups' mean ranks among all animals: Dunn's test after Kruskal–Wallis.

    The statistic is normal: ``z = (R̄ᵢ − R̄ⱼ) / √(s² (1/nᵢ + 1/nⱼ))`` with s² the variance of all ranks, which corrects
    it for ties (Dunn 1964, Technometrics 6:241–252, doi:10.1080/00401706.1964.10490181); its degrees of freedom are
    given as infinite. As R's ``rstatix::dunn_test``, which takes the later less the earlier group.

    Parameters
    ----------
    values : array_like, shape (n,)
        The outcome of each animal.
    group : Factor
        The group of each animal.
    adjustment : str
        For the number of pairs.
    confidence : float
        Of all intervals, of differences of mean ranks, together.

    Raises
    ------
    StatsError
        As `kruskal_wallis`; or the adjustment or confidence is none.

    Examples
    --------
    >>> from csds.stats.design import factor
    >>> pairs = dunn_pairs([1, 2, 3, 3, 4, 5, 2, 4, 6], factor("group", list("aaabbbccc")))
    >>> [(pair.contrast.name, round(pair.contrast.t, 3)) for pair in pairs]
    [('a - b', -1.661), ('a - c', -1.51), ('b - c', 0.151)]
    """
    from scipy.special import ndtr, ndtri

    samples, variance = _ranked(values, group)

    def contrast(first: str, second: str) -> ContrastEstimate:
        x, y = samples[first], samples[second]
        estimate, se = float(x.mean() - y.mean()), math.sqrt(variance * (1 / len(x) + 1 / len(y)))
        reach = float(ndtri((1 + confidence) / 2)) * se
        return ContrastEstimate(
            name=f"{first} - {second}",
            at="",
            estimate=estimate,
            se=se,
            df=math.inf,
            t=estimate / se,
            p_value=2 * float(ndtr(-abs(estimate / se))),
            ci_low=estimate - reach,
            ci_high=estimate + reach,
        )

    return _pairs(group, contrast, adjustment, confidence)


def _group_model(values: ArrayLike, group: Factor) -> LinearModel:
    return fit_linear_model(values, design_matrix([group]))


def _pairs(
    group: Factor, contrast: Callable[[str, str], ContrastEstimate], adjustment: Adjustment, confidence: float
) -> tuple[AdjustedContrast, ...]:
    contrasts = [contrast(first, second) for first, second in combinations(group.levels, 2)]
    return adjust_contrasts(contrasts, adjustment, means=len(group.levels), confidence=confidence)


def group_samples(values: ArrayLike, group: Factor, *, at_least: int = 1) -> dict[str, FloatArray]:
    """Return the outcomes of each group, in the order of the levels.

    Raises
    ------
    StatsError
        A group has too few animals, or an outcome is missing or infinite.

    Examples
    --------
    >>> from csds.stats.design import factor
    >>> group_samples([1, 2, 3], factor("group", ["antibody", "isotype", "antibody"]))
    {'antibody': array([1., 3.]), 'isotype': array([2.])}
    """
    outcome = finite_values(values, "outcome")
    if len(outcome) != len(group.codes):
        raise StatsError(
            f"Every animal needs one outcome; found {len(outcome)} outcomes for {len(group.codes)} animals."
        )
    samples = {level: outcome[group.codes == code] for code, level in enumerate(group.levels)}
    small = [f"{level} ({len(sample)})" for level, sample in samples.items() if len(sample) < at_least]
    if small:
        raise StatsError(f"Every group needs {at_least} animals at least; found fewer in {listed(small)}.", hint=_FEW)
    return samples


def _ranked(values: ArrayLike, group: Factor) -> tuple[dict[str, FloatArray], float]:
    """Return the ranks of each group among all animals, equal outcomes sharing the mean of theirs, and the variance."""
    samples = group_samples(values, group)
    together = np.concatenate(list(samples.values()))
    _, which, counts = np.unique(together, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[which]
    if len(counts) == 1:
        raise StatsError("Outcomes should differ between animals; all are equal.", hint="There is nothing to test.")
    ends = np.cumsum([len(sample) for sample in samples.values()])[:-1]
    return dict(zip(samples, np.split(ranks, ends), strict=True)), float(ranks.var(ddof=1))
