"""Groups of animals compared on one outcome: the planned contrasts first, then what goes with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from csds.errors import StatsError
from csds.model.shapes import FloatArray
from csds.stats.adjust import AdjustedContrast, adjust_contrasts
from csds.stats.animals import Animals, LeftOut
from csds.stats.comparison import Comparison, group_of, groups_of
from csds.stats.design import CellContrast, Factor, design_matrix, factor, term_name
from csds.stats.effect_sizes import hedges_g, partial_eta_squared, rank_biserial
from csds.stats.linear import LinearModel, SumsOfSquares, anova, fit_linear_model, linear_contrast
from csds.stats.one_way import (
    dunn_pairs,
    dunnett,
    kruskal_wallis,
    one_way_anova,
    pooled_pairs,
    welch_anova,
    welch_pairs,
)
from csds.stats.plan import AnalysisPlan
from csds.stats.results import Result
from csds.stats.two_groups import permutation_test, t_test
from csds.stats.wilcoxon import hodges_lehmann, mann_whitney

_TYPES: dict[str, SumsOfSquares] = {"I": 1, "II": 2, "III": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """One outcome of the animals that are compared.

    Parameters
    ----------
    outcome : str
        The column.
    values : (n,) float
        Finite.
    factors : tuple of Factor
        Their levels for each value.
    group : Factor
        The factors' combinations as one factor.
    left_out : tuple of LeftOut
        Every animal that isn't among them, and why.
    """

    outcome: str
    values: FloatArray
    factors: tuple[Factor, ...]
    group: Factor
    left_out: tuple[LeftOut, ...]

    def of(self, group: str) -> FloatArray:
        """Return a group's values."""
        return np.asarray(self.values[np.array(self.group.labels) == group])


def group_values(animals: Animals, comparison: Comparison, outcome: str) -> Groups:
    """Return an outcome by group, and every animal that can't be used with the reason.

    Raises
    ------
    TableError
        There is no such column, or it holds text.
    StatsError
        A group of the comparison has no animal with a value.
    """
    kept, others = animals.usable(outcome)
    groups = groups_of(animals, comparison.factors)
    unknown = [at for at in kept if not groups[at]]
    for at in unknown:
        row = int(animals.table.index[at])
        others.append(LeftOut(row=row, animal=animals.name(at), reason="its stress or treatment is missing"))
    used = [at for at in kept if groups[at]]
    empty = [group for group in comparison.groups if group not in {groups[at] for at in used}]
    if empty:
        raise StatsError(
            f"{outcome}: expected animals with a value in every group, found none in {', '.join(empty)}",
            hint="Analyse an outcome that all groups have, or leave the group out of the table.",
        )
    columns = {one.name: animals.texts(one.name) for one in comparison.factors}
    return Groups(
        outcome=outcome,
        values=animals.numbers(outcome)[used],
        factors=tuple(
            factor(one.name, [columns[one.name][at] for at in used], levels=one.levels) for one in comparison.factors
        ),
        group=factor("group", [groups[at] for at in used], levels=comparison.groups),
        left_out=(*animals.left_out, *others),
    )


def analyse_groups(groups: Groups, design: str, plan: AnalysisPlan, *, analysis: str) -> list[Result]:
    """Return the results of one outcome.

    Parameters
    ----------
    groups : Groups
        As `group_values` returns them.
    design : str
        ``stress_by_treatment``, ``two_groups`` or ``one_way``.
    plan : AnalysisPlan
    analysis : str
        What the planned results are called (``planned`` or ``secondary``); further ones are ``sensitivity``.

    Raises
    ------
    StatsError
        A model or test can't be computed; the message says why.
    """
    found = {"stress_by_treatment": _two_way, "two_groups": _two_groups, "one_way": _one_way}[design](groups, plan)
    return [
        replace(
            one,
            analysis=one.analysis or analysis,
            outcome=groups.outcome,
            n=one.n or len(groups.values),
            n_excluded=len(groups.left_out),
        )
        for one in found
    ]


def planned_contrasts(factors: Sequence[Factor]) -> list[CellContrast]:
    """Return what a study of stress and treatment is about, each level against the factor's reference.

    In this order: treatment in stressed animals (rescue), stress without treatment (the model worked), treatment in
    unstressed animals, and the interaction: by how much the first differs from the third.
    """
    (stress, treatment), contrasts = factors, []
    calm, bare = stress.levels[0], treatment.levels[0]

    def cell(s: str, t: str) -> dict[str, str]:
        return {stress.name: s, treatment.name: t}

    def difference(first: tuple[str, str], second: tuple[str, str]) -> CellContrast:
        name = f"{group_of(first)} - {group_of(second)}"
        return CellContrast(name=name, weights=((1.0, cell(*first)), (-1.0, cell(*second))))

    rescues = [((s, t), (s, bare)) for s in stress.levels[1:] for t in treatment.levels[1:]]
    models = [((s, bare), (calm, bare)) for s in stress.levels[1:]]
    alone = [((calm, t), (calm, bare)) for t in treatment.levels[1:]]
    contrasts += [difference(*pair) for pair in (*rescues, *models, *alone)]
    for (s, t), _ in rescues:
        parts = ((1.0, (s, t)), (-1.0, (s, bare)), (-1.0, (calm, t)), (1.0, (calm, bare)))
        name = f"({group_of((s, t))} - {group_of((s, bare))}) - ({group_of((calm, t))} - {group_of((calm, bare))})"
        contrasts.append(CellContrast(name=name, weights=tuple((weight, cell(*levels)) for weight, levels in parts)))
    return contrasts


def _two_way(groups: Groups, plan: AnalysisPlan) -> Iterator[Result]:
    model = fit_linear_model(groups.values, design_matrix(groups.factors))
    if plan.adjust == "tukey":
        # Tukey's family is all pairs; the planned ones are among them.
        yield from _contrasts(pooled_pairs(groups.values, groups.group, adjustment="tukey"), "pooled variance")
    else:
        estimates = [linear_contrast(model, contrast) for contrast in planned_contrasts(groups.factors)]
        yield from _contrasts(adjust_contrasts(estimates, plan.adjust), "pooled variance")
    yield from _anova(model, plan.sum_of_squares)
    for s in groups.factors[0].levels:
        reference = groups.factors[1].levels[0]
        for t in groups.factors[1].levels[1:]:
            yield _standardised(groups, group_of((s, t)), group_of((s, reference)))


def _one_way(groups: Groups, plan: AnalysisPlan) -> Iterator[Result]:
    values, group = groups.values, groups.group
    yield from _contrasts(dunnett(values, group), "pooled variance, each against the reference")
    test = one_way_anova(values, group)
    eta = partial_eta_squared(test.f, test.df1, test.df2)
    yield Result(
        analysis="", outcome="", test="one-way ANOVA", term="group", statistic_name="F", statistic=test.f, df1=test.df1,
        df2=test.df2, p_value=test.p_value, effect_name="eta squared", effect=test.eta2, ci_low=eta.ci_low,
        ci_high=eta.ci_high, note="equal variances assumed",
    )  # fmt: skip
    for level in group.levels[1:]:
        yield _standardised(groups, level, group.levels[0])
    welch = welch_anova(values, group)
    yield Result(
        analysis="sensitivity", outcome="", test="Welch's ANOVA", term="group", statistic_name="F", statistic=welch.f,
        df1=welch.df1, df2=welch.df2, p_value=welch.p_value, note="variances may differ",
    )  # fmt: skip
    for one in _contrasts(welch_pairs(values, group, adjustment="tukey"), "Games–Howell, variances may differ"):
        yield replace(one, analysis="sensitivity")
    ranks = kruskal_wallis(values, group)
    yield Result(
        analysis="sensitivity", outcome="", test="Kruskal–Wallis", term="group", statistic_name="H", statistic=ranks.h,
        df1=ranks.df, p_value=ranks.p_value,
    )  # fmt: skip
    adjustment = "holm" if plan.adjust == "tukey" else plan.adjust
    for one in _contrasts(dunn_pairs(values, group, adjustment=adjustment), "Dunn's test of mean ranks"):
        yield replace(one, analysis="sensitivity", statistic_name="z", effect_name="difference of mean ranks")


def _two_groups(groups: Groups, plan: AnalysisPlan) -> Iterator[Result]:
    reference, other = groups.group.levels
    x, y, contrast = groups.of(other), groups.of(reference), f"{other} - {reference}"
    for equal, analysis in ((False, ""), (True, "sensitivity")):
        test = t_test(x, y, equal_variances=equal)
        yield Result(
            analysis=analysis, outcome="", contrast=contrast, test="Student's t" if equal else "Welch's t",
            statistic_name="t", statistic=test.statistic, df1=test.df, p_value=test.p_value, effect_name="difference",
            effect=test.difference, ci_low=test.ci_low, ci_high=test.ci_high,
            note="equal variances assumed" if equal else "variances may differ",
        )  # fmt: skip
    yield _standardised(groups, other, reference)
    ranks, shift, size = mann_whitney(x, y), hodges_lehmann(x, y), rank_biserial(x, y)
    yield Result(
        analysis="sensitivity", outcome="", contrast=contrast, test="Mann–Whitney", statistic_name="U",
        statistic=ranks.statistic, p_value=ranks.p_value, effect_name="Hodges–Lehmann shift", effect=shift.value,
        ci_low=shift.ci_low, ci_high=shift.ci_high, note=f"{ranks.method}; level of the interval {shift.confidence:g}",
    )  # fmt: skip
    yield Result(
        analysis="sensitivity", outcome="", contrast=contrast, test="rank-biserial correlation",
        effect_name="rank-biserial correlation", effect=size.value, ci_low=size.ci_low, ci_high=size.ci_high,
    )  # fmt: skip
    shuffled = permutation_test(x, y, rng=np.random.default_rng(plan.seed))
    yield Result(
        analysis="sensitivity", outcome="", contrast=contrast, test="permutation of the mean difference",
        statistic_name="difference", statistic=shuffled.difference, p_value=shuffled.p_value,
        note=f"{'all' if shuffled.exact else 'random'} {shuffled.splits} splits, seed {plan.seed}",
    )  # fmt: skip


def _contrasts(adjusted: Sequence[AdjustedContrast], test: str) -> Iterator[Result]:
    for one in adjusted:
        found = one.contrast
        yield Result(
            analysis="", outcome="", contrast=found.name, test=test, statistic_name="t", statistic=found.t,
            df1=found.df, p_value=found.p_value, p_adjusted=one.p_adjusted,
            adjustment=f"{one.adjustment}, {len(adjusted)} contrasts", effect_name="difference", effect=found.estimate,
            ci_low=found.ci_low, ci_high=found.ci_high, note="interval not adjusted",
        )  # fmt: skip


def _anova(model: LinearModel, sum_of_squares: str) -> Iterator[Result]:
    for term in anova(model, ss_type=_TYPES[sum_of_squares]):
        if not term.term:
            continue  # the intercept: that the mean isn't 0 is no question
        eta = partial_eta_squared(term.f, term.df1, term.df2)
        yield Result(
            analysis="", outcome="", term=term_name(term.term), test=f"ANOVA, type {sum_of_squares}",
            statistic_name="F", statistic=term.f, df1=term.df1, df2=term.df2, p_value=term.p_value,
            effect_name="partial eta squared", effect=eta.value, ci_low=eta.ci_low, ci_high=eta.ci_high,
            note="equal variances assumed",
        )  # fmt: skip


def _standardised(groups: Groups, first: str, second: str) -> Result:
    x, y = groups.of(first), groups.of(second)
    size = hedges_g(x, y)
    return Result(
        analysis="", outcome="", contrast=f"{first} - {second}", test="standardised difference",
        effect_name="Hedges' g", effect=size.value, ci_low=size.ci_low, ci_high=size.ci_high, n=len(x) + len(y),
        note="SD of these two groups",
    )  # fmt: skip
