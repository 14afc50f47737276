"""Groups of animals compared on one outcome: the planned contrasts first, then what goes with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations, product

import numpy as np

from csds.analysis.cell_models import CellModel, fit_cell_model
from csds.analysis.comparison import group_of
from csds.analysis.coverage_notes import is_pooled_well, pooled_note
from csds.analysis.groups import Groups
from csds.analysis.pairs import pair_pieces
from csds.analysis.pieces import Computed, Piece, compute
from csds.analysis.plan import AnalysisPlan
from csds.analysis.results import Result, contrast_results
from csds.stats.adjust import Adjustment, adjust_contrasts
from csds.stats.design import CellContrast, Factor
from csds.stats.effect_sizes import partial_eta_squared
from csds.stats.one_way import (
    dunn_pairs,
    dunnett,
    group_samples,
    kruskal_wallis,
    one_way_anova,
    separate_contrast,
    welch_anova,
    welch_pairs,
)
from csds.stats.ranks import aligned_ranks
from csds.stats.two_groups import mean_interval, t_test


def analyse_groups(groups: Groups, design: str, plan: AnalysisPlan, *, analysis: str) -> Computed:
    """Return the results of one outcome.

    Parameters
    ----------
    groups : Groups
        As `csds.analysis.groups.group_values` returns them.
    design : str
        ``stress_by_treatment``, ``two_groups`` or ``one_way``.
    plan : AnalysisPlan
    analysis : str
        What the planned results are called (``planned`` or ``secondary``); further ones are ``sensitivity``.

    Raises
    ------
    StatsError
        The planned test can't be computed; the message says why.
    """
    _, contrasts = planned_model(groups, design)
    planned, *other = tests_of(groups, design, plan)
    pieces = [
        Piece(what="planned test", compute=planned, is_needed=True),
        *(Piece(what="test with other variances", compute=partial(_beside, test)) for test in other),
        *_without_variances(groups, design, plan),
    ]
    for contrast in contrasts:
        pair = pair_of(contrast)
        if pair:
            pieces += pair_pieces(groups.of(pair[0]), groups.of(pair[1]), contrast.name, plan)
    pieces += [
        Piece(what=f"mean of {level}", compute=partial(describe, groups, level)) for level in groups.group.levels
    ]
    return compute(pieces, analysis=analysis, outcome=groups.outcome, n=len(groups.values), left_out=groups.left_out)


def planned_variances(plan: AnalysisPlan, design: str, outcome: str) -> str:
    """Return whether the planned test has one variance of all groups, ``pooled``, or one of each, ``separate``.

    As the plan says; else separate for two groups (Welch's t), and for outcomes of which contrasts with the pooled
    error were found not to hold up (`csds.analysis.coverage_notes`): defeated mice vary more in them than controls do.
    """
    return plan.variances or ("separate" if design == "two_groups" or not is_pooled_well(outcome) else "pooled")


def tests_of(groups: Groups, design: str, plan: AnalysisPlan) -> list[Callable[[], Iterator[Result]]]:
    """Return what computes the planned test, and what the same with other variances, where there is such a test."""
    factors, contrasts = planned_model(groups, design)
    if groups.is_adjusted:
        return [partial(_model, groups, factors, contrasts, plan)]
    pooled, separate = _tests(groups, design, factors, contrasts, plan)
    tests = [pooled, separate]
    # Where nobody asked for them, separate variances are for groups that have one each.
    if planned_variances(plan, design, groups.outcome) == "separate" and (plan.variances or groups.smallest > 1):
        tests.reverse()
    return tests


def planned_model(groups: Groups, design: str) -> tuple[tuple[Factor, ...], list[CellContrast]]:
    """Return the factors of a design's model, and the planned contrasts between their cells."""
    if design == "stress_by_treatment":
        return groups.factors, planned_contrasts(groups.factors)
    return (groups.group,), group_contrasts(groups.factors, groups.group)


def group_contrasts(factors: Sequence[Factor], group: Factor) -> list[CellContrast]:
    """Return the planned contrasts of groups as the levels of one factor.

    Of a factorial with an empty cell, those of its contrasts that its groups allow, if these reach every group: without
    treated controls, rescue and whether the model worked. Otherwise each group against the first.
    """
    allowed = []
    for contrast in planned_contrasts(factors):
        cells = [group_of(list(cell.values())) for _, cell in contrast.weights]
        if set(cells) <= set(group.levels):
            weights = [weight for weight, _ in contrast.weights]
            of_group = tuple((weight, {group.name: cell}) for weight, cell in zip(weights, cells, strict=True))
            allowed.append(CellContrast(name=contrast.name, weights=of_group))
    reached = {cell[group.name] for contrast in allowed for _, cell in contrast.weights}
    is_crossed = len(group.levels) == math.prod(len(one.levels) for one in factors)
    return planned_contrasts((group,)) if is_crossed or reached != set(group.levels) else allowed


def planned_contrasts(factors: Sequence[Factor]) -> list[CellContrast]:
    """Return what a study is about, each level against the factor's reference, which is its first.

    Of one factor, its levels. Of stress and treatment, in this order: treatment in stressed animals (rescue), stress
    without treatment (the model worked), treatment in unstressed animals, and the interaction: by how much the first
    differs from the third.
    """
    if len(factors) == 1:
        (group,) = factors
        return [_difference((group,), (level,), group.levels[:1]) for level in group.levels[1:]]
    stress, treatment = factors
    calm, bare = stress.levels[0], treatment.levels[0]
    rescues = [((s, t), (s, bare)) for s in stress.levels[1:] for t in treatment.levels[1:]]
    models = [((s, bare), (calm, bare)) for s in stress.levels[1:]]
    alone = [((calm, t), (calm, bare)) for t in treatment.levels[1:]]
    contrasts = [_difference(factors, *pair) for pair in (*rescues, *models, *alone)]
    for (s, t), _ in rescues:
        rescue, same = (_difference(factors, (level, t), (level, bare)) for level in (s, calm))
        weights = (*rescue.weights, *((-weight, cell) for weight, cell in same.weights))
        contrasts.append(CellContrast(name=f"({rescue.name}) - ({same.name})", weights=weights))
    return contrasts


def pair_of(contrast: CellContrast) -> tuple[str, str] | None:
    """Return the two groups whose difference a contrast is, or None where it is of more than two."""
    if len(contrast.weights) != 2:
        return None
    first, second = (group_of(list(cell.values())) for _, cell in contrast.weights)
    return first, second


def describe(groups: Groups, level: str, *, at: str = "") -> Iterator[Result]:
    """Return a group's mean, standard deviation and median; of repeated tests, `at` one of them."""
    values = groups.of(level)
    mean = mean_interval(values) if len(values) > 1 and values.std() > 0 else None
    one = Result(analysis="description", term=f"{level}, {at}" if at else level, test="description", n=len(values))
    yield (
        replace(
            one,
            effect_name="mean",
            effect=float(values.mean()),
            ci_low=mean.ci_low,
            ci_high=mean.ci_high,
            note="t interval",
        )
        if mean
        else replace(one, effect_name="mean", effect=float(values.mean()), note="no interval without variation")
    )
    if len(values) > 1:
        yield replace(one, effect_name="standard deviation", effect=float(values.std(ddof=1)))
    low, middle, high = (float(q) for q in np.quantile(values, (0.25, 0.5, 0.75)))
    yield replace(one, effect_name="median", effect=middle, note=f"quartiles {low:.6g} and {high:.6g}")


def _difference(factors: Sequence[Factor], first: Sequence[str], second: Sequence[str]) -> CellContrast:
    names = [one.name for one in factors]
    cells = [dict(zip(names, levels, strict=True)) for levels in (first, second)]
    return CellContrast(name=f"{group_of(first)} - {group_of(second)}", weights=((1.0, cells[0]), (-1.0, cells[1])))


def _model(
    groups: Groups, factors: Sequence[Factor], contrasts: Sequence[CellContrast], plan: AnalysisPlan
) -> Iterator[Result]:
    model = fit_cell_model(groups.values, factors, added=groups.added, random=groups.random)
    yield from _contrasts(model, groups, factors, contrasts, plan)
    yield from model.terms(plan.sum_of_squares)


def _contrasts(
    model: CellModel, groups: Groups, factors: Sequence[Factor], contrasts: Sequence[CellContrast], plan: AnalysisPlan
) -> Iterator[Result]:
    test = f"contrast, {model.variance}"
    note = "" if groups.is_adjusted else pooled_note(groups.outcome, groups.smallest)
    if plan.adjust == "tukey" and not groups.is_adjusted:
        # Tukey's family is all pairs; the planned ones are among them.
        cells = product(*(one.levels for one in factors))
        pairs = [_difference(factors, later, first) for first, later in combinations(cells, 2)]
        estimates = [model.contrast(pair) for pair in pairs]
        yield from contrast_results(
            adjust_contrasts(estimates, "tukey", means=len(groups.group.levels)), test, note=note
        )
    else:
        estimates = [model.contrast(contrast) for contrast in contrasts]
        yield from contrast_results(adjust_contrasts(estimates, without_tukey(plan)), test, note=note)


def _beside(compute: Callable[[], Iterator[Result]]) -> Iterator[Result]:
    for one in compute():
        yield replace(one, analysis="sensitivity")


def _without_variances(groups: Groups, design: str, plan: AnalysisPlan) -> Iterator[Piece]:
    """Yield tests of the same question that assume nothing of variances."""
    if groups.is_adjusted:
        return
    if design == "stress_by_treatment":
        yield Piece(what="aligned ranks", compute=partial(_beside, partial(_aligned_ranks, groups)))
    elif design == "one_way":
        yield Piece(what="Games–Howell", compute=partial(_beside, partial(_games_howell, groups)))
        yield Piece(what="rank tests", compute=partial(_beside, partial(_ranks, groups, plan)))


def without_tukey(plan: AnalysisPlan) -> Adjustment:
    """Return the plan's adjustment; Holm's where it names none, or Tukey's, which isn't for such contrasts."""
    return plan.adjust if plan.adjust and plan.adjust != "tukey" else "holm"


def _tests(
    groups: Groups, design: str, factors: Sequence[Factor], contrasts: Sequence[CellContrast], plan: AnalysisPlan
) -> tuple[Callable[[], Iterator[Result]], Callable[[], Iterator[Result]]]:
    """Return what computes a design's tests with one variance of all groups, and with one of each."""
    if design == "two_groups":
        return partial(_t_test, groups, equal=True), partial(_t_test, groups, equal=False)
    if design == "one_way":
        return partial(_one_way, groups, contrasts, plan), partial(_welch, groups, contrasts, plan)
    return partial(_model, groups, factors, contrasts, plan), partial(_separate, groups, contrasts, plan)


def _t_test(groups: Groups, *, equal: bool) -> Iterator[Result]:
    reference, other = groups.group.levels
    samples = group_samples(groups.values, groups.group, at_least=2)
    test = t_test(samples[other], samples[reference], equal_variances=equal)
    yield Result(
        contrast=f"{other} - {reference}", test="Student's t" if equal else "Welch's t", statistic_name="t",
        statistic=test.statistic, df1=test.df, p_value=test.p_value, effect_name="difference", effect=test.difference,
        ci_low=test.ci_low, ci_high=test.ci_high,
        note="equal variances assumed" if equal else "variances may differ",
    )  # fmt: skip


def _one_way(groups: Groups, contrasts: Sequence[CellContrast], plan: AnalysisPlan) -> Iterator[Result]:
    reference, *others = groups.group.levels
    if not plan.adjust and list(map(pair_of, contrasts)) == [(level, reference) for level in others]:
        # Dunnett's test is for these contrasts what Holm's procedure is for any, and finds more.
        note = pooled_note(groups.outcome, groups.smallest)
        tested = dunnett(groups.values, groups.group)
        yield from contrast_results(tested, "Dunnett's test, pooled variance", note=note)
    else:
        yield from _contrasts(fit_cell_model(groups.values, (groups.group,)), groups, (groups.group,), contrasts, plan)
    test = one_way_anova(groups.values, groups.group)
    eta = partial_eta_squared(test.f, test.df1, test.df2)
    yield Result(
        test="one-way ANOVA", term="group", statistic_name="F", statistic=test.f, df1=test.df1, df2=test.df2,
        p_value=test.p_value, effect_name="eta squared", effect=test.eta2, ci_low=eta.ci_low, ci_high=eta.ci_high,
        note="equal variances assumed",
    )  # fmt: skip
    yield Result(test="omega squared", term="group", effect_name="omega squared", effect=test.omega2)


def _separate(groups: Groups, contrasts: Sequence[CellContrast], plan: AnalysisPlan) -> Iterator[Result]:
    samples = group_samples(groups.values, groups.group)
    estimates = [
        separate_contrast(
            samples, {group_of(list(cell.values())): weight for weight, cell in contrast.weights}, name=contrast.name
        )
        for contrast in contrasts
    ]
    yield from contrast_results(adjust_contrasts(estimates, without_tukey(plan)), "contrast, separate variances")


def _welch(groups: Groups, contrasts: Sequence[CellContrast], plan: AnalysisPlan) -> Iterator[Result]:
    yield from _separate(groups, contrasts, plan)
    welch = welch_anova(groups.values, groups.group)
    yield Result(
        test="Welch's ANOVA", term="group", statistic_name="F", statistic=welch.f, df1=welch.df1, df2=welch.df2,
        p_value=welch.p_value, note="variances may differ",
    )  # fmt: skip


def _games_howell(groups: Groups) -> Iterator[Result]:
    pairs = welch_pairs(groups.values, groups.group, adjustment="tukey")
    yield from contrast_results(pairs, "Games–Howell, separate variances")


def _aligned_ranks(groups: Groups) -> Iterator[Result]:
    first, second = groups.factors
    for term in aligned_ranks(groups.values, first.labels, second.labels, names=(first.name, second.name)):
        yield Result(
            term=term.term, test="ANOVA of aligned ranks", statistic_name="F", statistic=term.f, df1=term.df1,
            df2=term.df2, p_value=term.p_value,
        )  # fmt: skip


def _ranks(groups: Groups, plan: AnalysisPlan) -> Iterator[Result]:
    ranks = kruskal_wallis(groups.values, groups.group)
    yield Result(
        test="Kruskal–Wallis", term="group", statistic_name="H", statistic=ranks.h, df1=ranks.df, p_value=ranks.p_value
    )
    pairs = dunn_pairs(groups.values, groups.group, adjustment=without_tukey(plan))
    for one in contrast_results(pairs, "Dunn's test of mean ranks", statistic_name="z"):
        yield replace(one, effect_name="difference of mean ranks")
