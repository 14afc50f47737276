"""What pingouin computes for csds, as numbers. No other module imports it, and this one only when it is called.

pingouin averages over doubled animals, drops infinite values or lets them through, and names columns anew between its
versions (``pval``, ``p_val``); so values are checked here first and columns are found by any of their names.
"""

from __future__ import annotations

import math
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from csds.errors import StatsError
from csds.stats.design import Factor, finite_values
from csds.stats.one_way import group_samples

if TYPE_CHECKING:
    import pandas as pd

#: Levene's test about the groups' medians (Brown and Forsythe) or means, and Bartlett's.
VarianceTest = Literal["brown_forsythe", "levene", "bartlett"]
_P_NAMES = ("pval", "p_val", "p-val")


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumptionCheck:
    """A test of an assumption: its statistic and p; small p speak against the assumption."""

    statistic: float
    p_value: float


def check_normality(values: ArrayLike) -> AssumptionCheck:
    """Return the Shapiro–Wilk test, usually of a model's residuals: W and p, as R's ``shapiro.test``.

    Raises
    ------
    StatsError
        There are fewer than 4 or more than 5,000 values, all are equal, or one is missing or infinite.

    Examples
    --------
    >>> round(check_normality([0.1, -0.2, 0.3, 0.0, -0.1]).statistic, 3)
    0.979
    """
    sample = finite_values(values, "values to check")
    if not 4 <= len(sample) <= 5000:
        raise StatsError(f"The Shapiro–Wilk test is for 4 to 5,000 values; found {len(sample)}.")
    if np.ptp(sample) == 0:
        raise StatsError("Values should differ to be checked for normality; all are equal.")
    import pingouin

    return _check(pingouin.normality(sample), "W")


def check_equal_variances(
    values: ArrayLike, group: Factor, *, test: VarianceTest = "brown_forsythe"
) -> AssumptionCheck:
    """Return a test of groups having one variance, as R's ``car::leveneTest`` and ``bartlett.test``.

    Parameters
    ----------
    values : array_like, shape (n,)
        The outcome of each animal.
    group : Factor
        The group of each animal.
    test : str
        Levene's F about medians (Brown and Forsythe) or means, or Bartlett's K².

    Raises
    ------
    StatsError
        A group has fewer than two animals, outcomes don't vary enough to tell, or one is missing or infinite.

    Examples
    --------
    >>> from csds.stats.design import factor
    >>> check = check_equal_variances([1, 2, 3, 3, 4, 8], factor("group", list("aaabbb")))
    >>> round(check.statistic, 3)
    0.643
    """
    samples = group_samples(values, group, at_least=2)
    import pingouin

    options = {"brown_forsythe": {"center": "median"}, "levene": {"center": "mean"}}.get(test, {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is seen in the result
        table = pingouin.homoscedasticity(samples, method="levene" if options else test, **options)
    return _check(table, "W" if options else "T")


def bayes_factor(t: float, n_first: int, n_second: int | None = None, *, prior_scale: float = math.sqrt(0.5)) -> float:
    """Return the Bayes factor of a difference against none (BF₁₀), from a t statistic, as R's BayesFactor.

    The standardised difference has a Cauchy prior (Rouder et al. 2009, Psychon Bull Rev 16:225–237,
    doi:10.3758/PBR.16.2.225). Of independent groups the t must be Student's, with the pooled variance.

    Parameters
    ----------
    t : float
        The t statistic.
    n_first, n_second : int
        Animals in each group; ``n_second`` left out for pairs, of which there are ``n_first``.
    prior_scale : float
        The prior's scale: √½, BayesFactor's "medium".

    Raises
    ------
    StatsError
        The t isn't between −100 and 100, there is no degree of freedom, or the Bayes factor is too large for a number.

    Examples
    --------
    >>> round(bayes_factor(3.5, 20, 20), 2)
    26.74
    """
    import pingouin

    paired, factor = n_second is None, math.nan
    # Far beyond 100 pingouin's quadrature misses where the integrand is.
    if abs(t) <= 100 and n_first + (n_second or 0) > (1 if paired else 2):
        with suppress(ArithmeticError):  # many animals and a large t
            factor = float(pingouin.bayesfactor_ttest(t, n_first, n_second, paired=paired, r=prior_scale))
    if not math.isfinite(factor):
        found = n_first if paired else f"{n_first} and {n_second}"
        raise StatsError(
            f"t = {t} of {found} animals has no Bayes factor that can be computed.",
            hint="Report the t test without one.",
        )
    return factor


def _check(table: pd.DataFrame, statistic: str) -> AssumptionCheck:
    (name,) = (name for name in _P_NAMES if name in table)
    check = AssumptionCheck(statistic=float(table[statistic].iloc[0]), p_value=float(table[name].iloc[0]))
    if not (math.isfinite(check.statistic) and math.isfinite(check.p_value)):
        raise StatsError(
            "Outcomes vary too little within groups to compare their variances.", hint="Leave the check out, saying so."
        )
    return check
