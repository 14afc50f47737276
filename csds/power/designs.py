"""What is planned to be tested in each design, and the same tests computed for many simulated studies at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from csds.analysis.between import planned_contrasts
from csds.analysis.comparison import group_of
from csds.analysis.plan import DESIGNS
from csds.analysis.within import TARGET, change_contrasts
from csds.errors import StatsError
from csds.model.shapes import FloatArray
from csds.power.model import Moments, Within
from csds.stats.adjust import Adjustment, adjust_p
from csds.stats.design import CellContrast, factor
from csds.stats.power_forms import contrast_power, proportions_power
from csds.stats.proportions import fisher_exact
from csds.stats.studentised import dunnett_tail, range_tail

PROPORTIONS = "proportions"
POWER_DESIGNS = {**DESIGNS, PROPORTIONS: "shares of defeated animals with SI < 1, by treatment: Fisher's exact test"}
"""Every design whose power can be found, by name, with what it compares."""

CONTROL, DEFEATED, ISOTYPE, TREATMENT = "control", "defeated", "isotype", "treatment"
_PHASES, _TESTS = ("absent", "present"), ("pre", "post")

Test = Literal["pooled", "welch", "fisher"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerDesign:
    """The groups of a study and what is planned to be tested between them.

    Parameters
    ----------
    name : str
        One of `POWER_DESIGNS`.
    groups : tuple of str
    severity : ndarray, shape (groups, tests)
        Share of the stress effect that a group shows in each test.
    contrasts : tuple of str
        The planned tests, the one that the study is about first.
    weights : ndarray, shape (contrasts, groups)
        Of the groups' means (of repeated measurements, of their mean changes).
    test : str
        t with the pooled variance, with separate ones (Welch's t), or Fisher's exact test.
    within : str
        ``target`` or ``test`` if animals are compared with themselves.
    adjust : str
        How the p values of the planned tests are adjusted; ``dunnett`` for comparisons with one reference.
    """

    name: str
    groups: tuple[str, ...]
    severity: FloatArray
    contrasts: tuple[str, ...]
    weights: FloatArray
    test: Test = "pooled"
    within: Within = ""
    adjust: Adjustment | Literal["dunnett"] = "none"

    @property
    def rescue(self) -> float:
        """The share of the stress effect that treatment removes; of several groups, in the first that is compared."""
        return 1 - float(self.severity[1 if self.name == "one_way" else -1, -1])

    @property
    def test_words(self) -> str:
        """The planned test in words."""
        family = f", {self.adjust} over {len(self.contrasts)} tests" if self.adjust != "none" else ""
        welch = "Welch's t" if len(self.groups) == 2 else "contrasts with separate variances"
        return {"pooled": "t test with pooled variance", "welch": welch, "fisher": "Fisher's exact test"}[
            self.test
        ] + family


def power_design(name: str, rescue: Sequence[float], *, adjust: Adjustment = "holm") -> PowerDesign:
    """Return a design with the tests that ``csds stats`` plans for it, for a treatment that removes stress effects.

    Parameters
    ----------
    name : str
        One of `POWER_DESIGNS`.
    rescue : sequence of float
        Share of the stress effect that the treatment removes; in ``one_way`` a group for each, the largest first.
    adjust : str
        Of the planned contrasts, where ``csds stats`` adjusts them by the plan. As there, Tukey's has no interaction,
        and becomes Holm's within animals.

    Raises
    ------
    StatsError
        The design is unknown, a share isn't from above 0 to 1, or there are several where one treatment is compared.
    """
    if name not in POWER_DESIGNS:
        raise StatsError(f"design: expected one of {', '.join(POWER_DESIGNS)}, found '{name}'")
    if not rescue or any(not 0 < share <= 1 for share in rescue):
        raise StatsError(
            f"rescue: expected shares above 0 and of 1 at most, found {list(rescue)}", hint="Say 0.5 for half."
        )
    if len(rescue) > 1 and name != "one_way":
        raise StatsError(f"rescue: expected one share for {name}, found {len(rescue)}", hint="Several are for one_way.")
    left = [1 - share for share in rescue]
    if name == "stress_by_treatment":
        return _stress_by_treatment(left[0], adjust)
    if name == "one_way":
        return _one_way(rescue)
    if name in ("target_by_group", "pre_post"):
        return _within(name, left[0], adjust)
    return PowerDesign(
        name=name,
        groups=(ISOTYPE, TREATMENT),
        severity=np.array([[1.0], left]),
        contrasts=(f"{TREATMENT} - {ISOTYPE}",),
        weights=np.array([[-1.0, 1.0]]),
        test="fisher" if name == PROPORTIONS else "welch",
    )


def rejections(values: FloatArray, design: PowerDesign, *, alpha: float = 0.05) -> NDArray[np.bool_]:
    """Return which planned tests are significant in each of many studies, shape (studies, contrasts).

    Parameters
    ----------
    values : ndarray, shape (studies, groups, animals)
        What groups are compared by; for Fisher's test 0 and 1.
    design : PowerDesign
    alpha : float
        Level of each test after adjustment.
    """
    if design.test == "fisher":
        return fisher_p(values)[:, np.newaxis] <= alpha
    t, df = welch_t(values, design.weights) if design.test == "welch" else pooled_t(values, design.weights)
    match design.adjust:
        case "tukey" | "dunnett":
            return np.asarray(np.abs(t) >= critical_t(design.adjust, len(design.groups), float(df), alpha))
        case "none":
            return np.asarray(_two_sided(t, df) <= alpha)
        case adjustment:
            return np.array([adjust_p(family, adjustment) for family in _two_sided(t, df)]) <= alpha


def pooled_t(values: FloatArray, weights: FloatArray) -> tuple[FloatArray, float]:
    """Return t of contrasts of group means with the pooled variance, and its degrees of freedom.

    The same as `csds.stats.linear.linear_contrast` of one factor, and with changes for values as
    `csds.stats.mixed_anova.mixed_contrast` of two measurements.

    Parameters
    ----------
    values : ndarray, shape (studies, groups, animals)
    weights : ndarray, shape (contrasts, groups)

    Returns
    -------
    t : ndarray, shape (studies, contrasts)
    df : float
    """
    n = values.shape[2]
    variance = values.var(axis=2, ddof=1).mean(axis=1)
    error = np.sqrt(variance[:, np.newaxis] * (weights**2).sum(axis=1) / n)
    return values.mean(axis=2) @ weights.T / error, values.shape[1] * (n - 1.0)


def welch_t(values: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return t of contrasts of group means with separate variances, and degrees of freedom, each (studies, contrasts).

    The same as `csds.stats.one_way.separate_contrast`, and of two groups as `csds.stats.two_groups.t_test`: with
    variances v and weights w, ``(n − 1) (Σ w² v)² / Σ (w² v)²`` degrees of freedom.

    Parameters
    ----------
    values : ndarray, shape (studies, groups, animals)
    weights : ndarray, shape (contrasts, groups)
    """
    n, variances, squares = values.shape[2], values.var(axis=2, ddof=1), weights.T**2
    total = variances @ squares
    df = (n - 1) * total**2 / (variances**2 @ squares**2)
    return values.mean(axis=2) @ weights.T / np.sqrt(total / n), df


def fisher_p(values: FloatArray) -> FloatArray:
    """Return p of Fisher's exact test of each study's two groups of zeros and ones, shape (studies,)."""
    n = values.shape[2]
    tables, which = np.unique(values.sum(axis=2).astype(int), axis=0, return_inverse=True)
    p = np.array([fisher_exact([[a, n - a], [b, n - b]]) for a, b in tables.tolist()])
    return np.asarray(p[which.ravel()])


def critical_t(adjust: str, groups: int, df: float, alpha: float) -> float:
    """Return the ``|t|`` from which a contrast is significant by Tukey's test of all pairs, or Dunnett's."""
    from scipy.optimize import brentq
    from scipy.special import stdtrit

    ratios = np.ones(groups - 1)

    def tail(t: float) -> float:
        if adjust == "dunnett":
            return dunnett_tail(t, ratios=ratios, df=df)
        return range_tail(np.sqrt(2) * t, means=groups, df=df)

    low, high = (-float(stdtrit(df, alpha / (2 * tests))) for tests in (1, groups * groups))
    return float(brentq(lambda t: tail(t) - alpha, 0.999 * low, high))


def normal_power(design: PowerDesign, moments: Moments, n: int, *, alpha: float = 0.05) -> tuple[float, ...]:
    """Return each planned test's power in closed form, unadjusted, as if outcomes were normal with one variance.

    Parameters
    ----------
    design : PowerDesign
    moments : Moments
        Of what groups are compared by.
    n : int
        Animals in a group, or cages where these are compared.
    alpha : float
        Level of each test.
    """
    if design.test == "fisher":
        reference, treated = moments.means.tolist()
        return (proportions_power(treated, reference, n, n, alpha=alpha),)
    sd = float(np.sqrt(np.mean(moments.sds**2)))
    return tuple(
        contrast_power(float(row @ moments.means) / sd, row.tolist(), [n] * len(row), alpha=alpha)
        for row in design.weights
    )


def _stress_by_treatment(left: float, adjust: Adjustment) -> PowerDesign:
    levels = [(CONTROL, ISOTYPE), (CONTROL, TREATMENT), (DEFEATED, ISOTYPE), (DEFEATED, TREATMENT)]
    stress, treatment = (factor(name, [cell[i] for cell in levels]) for i, name in enumerate(("stress", "treatment")))
    contrasts = planned_contrasts((stress, treatment))
    if adjust == "tukey":
        contrasts = [one for one in contrasts if len(one.weights) == 2]
    groups = tuple(map(group_of, levels))
    return PowerDesign(
        name="stress_by_treatment",
        groups=groups,
        severity=np.array([[0.0], [0.0], [1.0], [left]]),
        contrasts=tuple(one.name for one in contrasts),
        weights=np.array([_weights(one, groups) for one in contrasts]),
        adjust=adjust,
    )


def _one_way(rescue: Sequence[float]) -> PowerDesign:
    rescue = sorted(rescue, reverse=True)
    groups = (ISOTYPE, *(f"{TREATMENT} ({share:.4g} rescued)" for share in rescue))
    contrasts = planned_contrasts([factor("group", groups, levels=groups)])
    return PowerDesign(
        name="one_way",
        groups=groups,
        severity=np.array([[1.0], *([1 - share] for share in rescue)]),
        contrasts=tuple(one.name for one in contrasts),
        weights=np.array([_weights(one, groups) for one in contrasts]),
        adjust="dunnett",
    )


def _within(name: str, left: float, adjust: Adjustment) -> PowerDesign:
    is_target = name == "target_by_group"
    phases = _PHASES if is_target else _TESTS
    within = factor(TARGET if is_target else "test", phases, levels=phases)
    groups = (ISOTYPE, TREATMENT)
    contrasts = change_contrasts(within, [factor("treatment", groups)])
    return PowerDesign(
        name=name,
        groups=groups,
        severity=np.array([[1.0], [left]]) if is_target else np.array([[1.0, 1.0], [1.0, left]]),
        contrasts=tuple(f"{one.at}: {one.name}" if one.at else one.name for one in contrasts),
        weights=np.array([_weights(one, groups, later=(within.name, phases[1])) for one in contrasts]),
        within="target" if is_target else "test",
        adjust="holm" if adjust == "tukey" else adjust,
    )


def _weights(contrast: CellContrast, groups: Sequence[str], *, later: tuple[str, str] = ("", "")) -> list[float]:
    """Return a contrast's weight of each group; of repeated measurements, that of the later one, so of the change."""
    name, level = later
    found = dict.fromkeys(groups, 0.0)
    for weight, cell in contrast.weights:
        if cell.get(name, "") == level:
            found[group_of([each for key, each in cell.items() if key != name])] += weight
    return list(found.values())


def _two_sided(t: FloatArray, df: FloatArray | float) -> FloatArray:
    from scipy.special import stdtr

    return np.asarray(2 * stdtr(df, -np.abs(t)))
