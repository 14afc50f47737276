"""What the models assume, checked: normal residuals, one variance, no values far out; each with what it means.

Nothing is left out or changed by these checks. Tests of assumptions see little in small groups and trifles in large
ones, so that the planned analysis stays what it is and the checks say which of the results beside it to look at.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from csds.errors import StatsError
from csds.stats.design import Factor, FloatArray, finite_values, listed
from csds.stats.one_way import group_samples, one_way_anova

Verdict = Literal["no sign against it", "doubtful", "not checked"]
#: Below this p an assumption is doubtful.
ALPHA = 0.05
#: Tukey's outer fences: values further from the quartiles than so many times their distance are "far out".
FENCES = 3.0
#: In fewer values none can lie beyond the outer fences.
_LEAST_FOR_FENCES = 5
#: Spread that is no more than rounding, as a share of the largest value.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """An assumption that was checked.

    Parameters
    ----------
    name : str
        The check: ``Shapiro–Wilk``, ``Brown–Forsythe`` or ``far out (Tukey, 3 IQR)``.
    statistic_name : str
        ``W``, ``F`` or ``values far out``.
    statistic, df1, df2, p_value : float
        What was found; NaN where it doesn't apply or couldn't be computed, which ``verdict`` and ``meaning`` say.
    verdict : {"no sign against it", "doubtful", "not checked"}
        Doubtful is p < 0.05, or a value far out.
    meaning : str
        What it means for the analysis, or why it couldn't be computed.
    rows : tuple of int
        The rows that it is about.
    """

    name: str
    statistic_name: str
    statistic: float = math.nan
    df1: float = math.nan
    df2: float = math.nan
    p_value: float = math.nan
    verdict: Verdict
    meaning: str
    rows: tuple[int, ...] = ()


def check_assumptions(
    values: ArrayLike, group: Factor, residuals: ArrayLike, *, rows: Sequence[int] | None = None
) -> tuple[Check, ...]:
    """Return the checks of an analysis of groups: normality, equal variances, values far out.

    Parameters
    ----------
    values : array_like, shape (n,)
        The outcome of each animal.
    group : Factor
        The group of each animal.
    residuals : array_like, shape (m,)
        Of the model that was fitted.
    rows : sequence of int, length n, optional
        The line of the file of each animal; counted from 1 where not given.

    Returns
    -------
    tuple of Check
        Those of `normal_residuals`, `equal_variances` and `far_out`, in this order.

    Raises
    ------
    StatsError
        A value is missing, infinite or no number, or there aren't as many values as animals.

    Examples
    --------
    >>> from csds.stats.design import factor
    >>> group = factor("group", list("aaaaabbbbb"))
    >>> checks = check_assumptions([1, 2, 3, 4, 5, 2, 3, 4, 5, 60], group, [-2, -1, 0, 1, 2, -12, -11, -10, -9, 45])
    >>> [(check.name, check.verdict, check.rows) for check in checks]
    [('Shapiro–Wilk', 'doubtful', ()),
     ('Brown–Forsythe', 'no sign against it', ()),
     ('far out (Tukey, 3 IQR)', 'doubtful', (10,))]
    """
    return normal_residuals(residuals), equal_variances(values, group), far_out(values, group, rows=rows)


def normal_residuals(residuals: ArrayLike) -> Check:
    """Return the Shapiro–Wilk test of a model's residuals, as R's ``shapiro.test``.

    Royston 1995, Appl Stat 44:547–551, doi:10.2307/2986146.

    Raises
    ------
    StatsError
        A residual is missing, infinite or no number.
    """
    sample = finite_values(residuals, "residuals")
    make = partial(Check, name="Shapiro–Wilk", statistic_name="W")
    if not 3 <= len(sample) <= 5000:
        return _not_checked(make, f"it is for 3 to 5,000 residuals; there are {len(sample)}")
    if np.ptp(sample) <= _ROUNDING * np.abs(sample).max(initial=1.0):
        return _not_checked(make, "all residuals are equal")
    from scipy import stats

    w, p = map(float, stats.shapiro(sample))
    if p < ALPHA:
        meaning = (
            f"The {len(sample)} residuals aren't normal. Tests of means stand a moderate departure, the less the "
            "smaller and the more unequal the groups are; see whether the log of the ratio and the tests that don't "
            "assume it (ranks, permutation) agree, and say so where they don't."
        )
    else:
        meaning = (
            f"Nothing in these {len(sample)} residuals speaks against normality"
            f"{'; so few would show but gross departures' if len(sample) < 30 else ''}."
        )
    return make(statistic=w, p_value=p, verdict=_verdict(p), meaning=meaning)


def equal_variances(values: ArrayLike, group: Factor) -> Check:
    """Return the Brown–Forsythe test of groups having one variance, as R's ``car::leveneTest``.

    The one-way analysis of variance of the distances from each group's median (Brown and Forsythe 1974, J Am Stat
    Assoc 69:364–367, doi:10.1080/01621459.1974.10482955).

    Raises
    ------
    StatsError
        A value is missing, infinite or no number, or there aren't as many values as animals.
    """
    samples = group_samples(values, group)
    make = partial(Check, name="Brown–Forsythe", statistic_name="F")
    small = [level for level, sample in samples.items() if len(sample) < 3]
    if small:
        # Two values lie equally far from their median, so that distances don't vary.
        verb = "has" if len(small) == 1 else "have"
        return _not_checked(make, f"every group needs three animals; {listed(small)} {verb} fewer")
    outcome = finite_values(values, "outcome")
    distances = np.abs(outcome - np.array([np.median(samples[label]) for label in group.labels]))
    try:
        test = one_way_anova(distances, group)
    except StatsError:
        return _not_checked(make, "values vary too little within groups to compare how much")
    return make(
        statistic=test.f,
        df1=test.df1,
        df2=test.df2,
        p_value=test.p_value,
        verdict=_verdict(test.p_value),
        meaning=_spreads(samples, is_doubtful=test.p_value < ALPHA),
    )


def far_out(values: ArrayLike, group: Factor, *, rows: Sequence[int] | None = None) -> Check:
    """Return the values that lie far out in their group, by Tukey's outer fences; nothing is removed.

    Below ``Q₁ − 3 IQR`` or above ``Q₃ + 3 IQR`` of the group, with R's default quartiles (type 7), as "extreme" in
    ``rstatix::identify_outliers`` (Tukey 1977, Exploratory Data Analysis, section 2E). In a group of four or fewer no
    value can.

    Parameters
    ----------
    values : array_like, shape (n,)
        The outcome of each animal.
    group : Factor
        The group of each animal.
    rows : sequence of int, length n, optional
        The line of the file of each animal; counted from 1 where not given.

    Raises
    ------
    StatsError
        A value is missing, infinite or no number, or there aren't as many values or rows as animals.
    """
    samples, outcome = group_samples(values, group), finite_values(values, "outcome")
    lines = range(1, len(outcome) + 1) if rows is None else rows
    if len(lines) != len(outcome):
        raise StatsError(f"Every animal needs one row; found {len(lines)} rows for {len(outcome)} animals.")
    make = partial(Check, name=f"far out (Tukey, {FENCES:g} IQR)", statistic_name="values far out")
    judged = {
        level: fences
        for level, sample in samples.items()
        if len(sample) >= _LEAST_FOR_FENCES and (fences := _fences(sample)) is not None
    }
    left = [level for level in samples if level not in judged]
    unjudged = f"{listed(left)}: fewer than {_LEAST_FOR_FENCES} animals, or half of them equal" if left else ""
    if not judged:
        return _not_checked(make, unjudged)
    out = [
        (int(line), label, float(value))
        for line, label, value in zip(lines, group.labels, outcome, strict=True)
        if label in judged and not judged[label][0] <= value <= judged[label][1]
    ]
    if out:
        shown = listed((f"row {line} ({label}): {value:.3g}" for line, label, value in out), 8)
        meaning = (
            f"Far from the rest of their group: {shown}. They are in the analysis. See whether it was measured right; "
            "a value that was stays, and the tests of ranks show whether the result rests on it."
        )
    else:
        meaning = "No value lies far from the rest of its group."
    return make(
        statistic=float(len(out)),
        verdict="doubtful" if out else "no sign against it",
        meaning=f"{meaning} Not judged: {unjudged}." if unjudged else meaning,
        rows=tuple(line for line, _, _ in out),
    )


def _fences(sample: FloatArray) -> tuple[float, float] | None:
    """Return Tukey's outer fences, None where half of the values are equal, so that any other would lie beyond."""
    low, high = map(float, np.quantile(sample, (0.25, 0.75)))
    reach = FENCES * (high - low)
    return (low - reach, high + reach) if reach > 0 else None


def _spreads(samples: dict[str, FloatArray], *, is_doubtful: bool) -> str:
    """Return what the groups' SDs mean for comparisons with the pooled one."""
    sds = {level: float(sample.std(ddof=1)) for level, sample in samples.items()}
    shown = listed(f"{level} {sd:.3g}" for level, sd in sds.items())
    if not is_doubtful:
        return f"Nothing speaks against one variance (SD: {shown})."
    df = sum(len(sample) - 1 for sample in samples.values())
    pooled = math.sqrt(sum((len(sample) - 1) * sds[level] ** 2 for level, sample in samples.items()) / df)
    wide = [level for level, sd in sds.items() if sd > pooled]
    narrow = [level for level in sds if level not in wide]
    return (
        f"Variances differ (SD: {shown}; pooled {pooled:.3g}). Intervals with the pooled error may be too narrow for "
        f"comparisons of {listed(wide)}, and too wide for those of {listed(narrow)} alone; Welch's, beside them, don't "
        "assume one variance."
    )


def _verdict(p: float) -> Verdict:
    return "doubtful" if p < ALPHA else "no sign against it"


def _not_checked(make: Callable[..., Check], why: str) -> Check:
    return make(verdict="not checked", meaning=f"Not computed: {why}.")
