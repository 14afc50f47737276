"""p values and confidence intervals of a family of tests, adjusted for their number."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from csds.errors import StatsError
from csds.stats.design import ContrastEstimate, finite_values
from csds.stats.studentised import range_tail

#: Those that need p values alone, and Tukey's, which needs to know the number of means that are compared.
Adjustment = Literal["none", "holm", "bonferroni", "sidak", "fdr", "tukey"]
#: The probability that the largest of a family's ``|t|`` exceeds a number, given that and the degrees of freedom.
Tail = Callable[[float, float], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustedContrast:
    """A contrast as one of a family.

    Parameters
    ----------
    contrast : ContrastEstimate
        The estimate with the p value and interval of its own.
    p_adjusted : float
        Adjusted for the number of tests.
    ci_low, ci_high : float
        Simultaneous confidence interval.
    adjustment : str
        How they were adjusted.
    """

    contrast: ContrastEstimate
    p_adjusted: float
    ci_low: float
    ci_high: float
    adjustment: str


def adjust_p(p_values: ArrayLike, adjustment: Adjustment) -> tuple[float, ...]:
    """Return the adjusted p values of a family of tests, in their order.

    With m tests and p in ascending order, as R's ``p.adjust`` and emmeans: Bonferroni ``m p``; Šidák ``1 − (1 − p)ᵐ``;
    Holm (1979, Scand J Stat 6:65–70) the largest ``(m − j + 1) pⱼ`` up to each; fdr, of Benjamini and Hochberg (1995,
    J R Stat Soc B 57:289–300, doi:10.1111/j.2517-6161.1995.tb02031.x), the least ``m pⱼ / j`` from each.

    Parameters
    ----------
    p_values : sequence of float
        Of all tests of the family.
    adjustment : str
        Any but ``tukey``, which p values alone don't allow (`adjust_contrasts`).

    Raises
    ------
    StatsError
        A p value is missing or not between 0 and 1, or the adjustment isn't one of these.

    Examples
    --------
    >>> adjust_p([0.01, 0.04, 0.03], "holm")
    (0.03, 0.06, 0.06)
    """
    p = finite_values(p_values, "p")
    if ((p < 0) | (p > 1)).any():
        raise StatsError(f"p values lie between 0 and 1; found {p.min()} to {p.max()}.")
    m, order = len(p), np.argsort(p, kind="stable")
    ranks = np.arange(1, m + 1)
    adjusted = np.empty(m)
    if adjustment == "none":
        adjusted = p
    elif adjustment == "bonferroni":
        adjusted = m * p
    elif adjustment == "sidak":
        with np.errstate(divide="ignore"):  # the logarithm of 1 − 1
            adjusted = -np.expm1(m * np.log1p(-p))
    elif adjustment == "holm":
        adjusted[order] = np.maximum.accumulate((m - ranks + 1) * p[order])
    elif adjustment == "fdr":
        adjusted[order] = np.minimum.accumulate((m * p[order] / ranks)[::-1])[::-1]
    else:
        raise StatsError(
            f"p values alone can be adjusted by none, holm, bonferroni, sidak or fdr; found {adjustment}.",
            hint="Tukey's adjustment needs the contrasts and the number of means.",
        )
    return tuple(np.minimum(adjusted, 1.0).tolist())


def adjust_contrasts(
    contrasts: Sequence[ContrastEstimate], adjustment: Adjustment, *, means: int | None = None, confidence: float = 0.95
) -> tuple[AdjustedContrast, ...]:
    """Return the contrasts of a family with adjusted p values and simultaneous confidence intervals, as emmeans.

    For Holm and fdr, which have no intervals of their own, the intervals are Bonferroni's.

    Parameters
    ----------
    contrasts : sequence of ContrastEstimate
        The whole family.
    adjustment : str
        ``tukey`` is for differences of two means only. Where they are some of all pairs, or the means' errors differ
        (Tukey–Kramer, Games–Howell), it is conservative or close to exact.
    means : int, optional
        How many means are compared, for ``tukey``: k means make k (k − 1) / 2 pairs.
    confidence : float
        Of all intervals together.

    Raises
    ------
    StatsError
        ``tukey`` without the number of means, or with more contrasts than these have pairs; an unknown adjustment;
        a confidence that isn't between 0 and 1.

    Examples
    --------
    >>> from csds.stats.design import estimate_contrast
    >>> pair = estimate_contrast(1.0, 0.4, 12.0, name="isotype - antibody")
    >>> round(adjust_contrasts([pair], "tukey", means=3)[0].p_adjusted, 4)
    0.067
    """
    _check_confidence(confidence)
    m = len(contrasts)
    if adjustment == "tukey":
        pairs = math.comb(means or 0, 2)
        if means is None or m > pairs:
            raise StatsError(
                f"Tukey's adjustment is for the pairs of so many means; found {m} contrasts of {means or '?'} means.",
                hint="Use Holm's or Šidák's for contrasts that aren't differences of two means.",
            )
        return adjust_by_tail(
            contrasts,
            lambda t, df: range_tail(math.sqrt(2) * t, means=means, df=df),
            tests=pairs,
            adjustment=adjustment,
            confidence=confidence,
        )
    p_adjusted = adjust_p([each.p_value for each in contrasts], adjustment)
    outside = 1 - confidence
    if adjustment == "sidak":
        outside = 1 - confidence ** (1 / max(m, 1))
    elif adjustment != "none":
        outside /= max(m, 1)
    return tuple(
        _adjusted(each, p, _two_sided(outside, each.df), adjustment)
        for each, p in zip(contrasts, p_adjusted, strict=True)
    )


def adjust_by_tail(
    contrasts: Sequence[ContrastEstimate], tail: Tail, *, tests: int, adjustment: str, confidence: float = 0.95
) -> tuple[AdjustedContrast, ...]:
    """Return contrasts adjusted by the distribution of the largest ``|t|`` of a family.

    Parameters
    ----------
    contrasts : sequence of ContrastEstimate
        Of the family.
    tail : callable
        From ``|t|`` and degrees of freedom to the probability that the family's largest exceeds it.
    tests : int
        The size of the family.
    adjustment : str
        The name of the adjustment.
    confidence : float
        Of all intervals together.

    Raises
    ------
    StatsError
        The confidence isn't between 0 and 1.
    """
    _check_confidence(confidence)
    # No tail is thinner than that of one test, or thicker than the sum of all: so rounding stays within these.
    reach = {df: _critical(tail, df, tests, 1 - confidence) for df in {each.df for each in contrasts}}
    return tuple(
        _adjusted(
            each,
            min(max(tail(abs(each.t), each.df), each.p_value), tests * each.p_value, 1.0),
            reach[each.df],
            adjustment,
        )
        for each in contrasts
    )


def _critical(tail: Tail, df: float, tests: int, outside: float) -> float:
    """Return the ``|t|`` that the largest of a family exceeds with the probability ``outside``."""
    from scipy.optimize import brentq

    low, high = _two_sided(outside, df) * (1 - 1e-6), _two_sided(outside / tests, df) * (1 + 1e-6)
    return float(brentq(lambda t: math.log(tail(t, df) / outside), low, high, xtol=1e-12, rtol=1e-12))


def _two_sided(outside: float, df: float) -> float:
    """Return the ``|t|`` of a single test that is exceeded with the probability ``outside``."""
    from scipy.special import stdtrit

    return -float(stdtrit(df, outside / 2))


def _adjusted(contrast: ContrastEstimate, p_adjusted: float, reach: float, adjustment: str) -> AdjustedContrast:
    return AdjustedContrast(
        contrast=contrast,
        p_adjusted=p_adjusted,
        ci_low=contrast.estimate - reach * contrast.se,
        ci_high=contrast.estimate + reach * contrast.se,
        adjustment=adjustment,
    )


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise StatsError(f"A level of confidence lies between 0 and 1; found {confidence}.", hint="0.95 is usual.")
