"""Studies that come about as the methods assume: groups of normal outcomes, animals tested again, cages, counts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache, partial

import numpy as np

from benchmarks.findings import Finding, Scenario, is_held, labels_of
from csds.analysis.between import planned_contrasts
from csds.analysis.within import change_contrasts
from csds.errors import StatsError
from csds.stats.adjust import adjust_contrasts, adjust_p
from csds.stats.correlation import pearson, spearman
from csds.stats.design import CellContrast, ContrastEstimate, Design, Factor, covariate, design_matrix, factor
from csds.stats.dominance import dominance
from csds.stats.effect_sizes import glass_delta, hedges_g, partial_eta_squared, rank_biserial
from csds.stats.linear import SumsOfSquares, anova, fit_linear_model, linear_contrast
from csds.stats.logistic import LogisticTerm, fit_logistic, logistic_by_group
from csds.stats.mixed_anova import mixed_anova, mixed_contrast, repeated_measures
from csds.stats.mixed_model import MixedModel, fit_mixed_model
from csds.stats.mixed_tests import Denominator, model_contrast, term_tests
from csds.stats.one_way import (
    dunn_pairs,
    dunnett,
    kruskal_wallis,
    one_way_anova,
    pooled_pairs,
    welch_anova,
    welch_pairs,
)
from csds.stats.proportions import conditional_odds_ratio, fisher_exact, risk_difference, wilson_interval
from csds.stats.ranks import aligned_ranks
from csds.stats.samples import Estimate, FloatArray
from csds.stats.two_groups import permutation_test, t_test
from csds.stats.wilcoxon import hodges_lehmann, mann_whitney

Rng = np.random.Generator

LEVEL = 0.05
#: Control and defeated, isotype and treatment; defeat shifts by one SD, treatment takes half of it away.
CELLS = ((0.0, 0.0), (-1.0, -0.5))
PLANNED = ("rescue", "model worked", "treatment alone", "interaction")
DENOMINATORS: tuple[Denominator, ...] = ("satterthwaite", "kenward-roger")
NAMES = {"satterthwaite": "Satterthwaite", "kenward-roger": "Kenward–Roger"}


def told(method: str, found: ContrastEstimate, truth: float = 0.0, *, is_claimed: bool = True) -> Finding:
    """Return the finding of a contrast; its test counts where there is no difference."""
    return Finding(
        method=method,
        rejects=found.p_value < LEVEL if truth == 0 else None,
        holds=is_held(truth, (found.ci_low, found.ci_high)),
        is_claimed=is_claimed,
    )


def sized(method: str, found: Estimate, truth: float, *, is_exact: bool = False) -> Finding:
    """Return the finding of an effect size's interval."""
    return Finding(method=method, holds=is_held(truth, (found.ci_low, found.ci_high)), is_exact=is_exact)


def two_groups(
    rng: Rng, n: int, *, sds: tuple[float, float] = (1.0, 1.0), sizes: tuple[int, int] | None = None
) -> Iterator[Finding]:
    """Yield what tests of two groups of normal outcomes say, and effect sizes of a difference of 0.8 SD."""
    n_x, n_y = sizes or (n, n)
    x, y = sds[0] * rng.standard_normal(n_x), sds[1] * rng.standard_normal(n_y)
    alike = sds[0] == sds[1]
    for equal in (False, True):
        test = t_test(x, y, equal_variances=equal)
        yield Finding(
            method="Student t" if equal else "Welch t",
            rejects=test.p_value < LEVEL,
            holds=is_held(0.0, (test.ci_low, test.ci_high)),
            is_claimed=alike or not equal,
        )
    yield Finding(
        method="Mann–Whitney, exact", rejects=mann_whitney(x, y).p_value < LEVEL, is_claimed=alike, is_exact=True
    )
    yield Finding(
        method="permutation of the means",
        rejects=permutation_test(x, y, rng=rng).p_value < LEVEL,
        is_claimed=alike,
        is_exact=True,
    )
    shift = hodges_lehmann(x, y)
    yield Finding(
        method="Hodges–Lehmann", holds=is_held(0.0, (shift.ci_low, shift.ci_high)), is_claimed=alike, is_exact=True
    )
    if alike:
        moved, effect = x + 0.8, 0.8
        yield sized("Hedges' g of 0.8", hedges_g(moved, y), effect)
        yield sized("Glass's Δ of 0.8", glass_delta(moved, y), effect)
        yield sized("rank-biserial, effectsize's", rank_biserial(moved, y), math.erf(effect / 2))
        yield sized("rank-biserial, Newcombe's", dominance(moved, y), math.erf(effect / 2))


@lru_cache
def crossed_design(sizes: tuple[int, int, int, int]) -> Design:
    """Return the design of stress × treatment with so many animals in each cell."""
    cells = [("control", "isotype"), ("control", "treated"), ("defeated", "isotype"), ("defeated", "treated")]
    rows = [cell for cell, size in zip(cells, sizes, strict=True) for _ in range(size)]
    return design_matrix(
        [
            factor("stress", [stress for stress, _ in rows], levels=("control", "defeated")),
            factor("treatment", [treatment for _, treatment in rows], levels=("isotype", "treated")),
        ]
    )


def two_way(rng: Rng, n: int, *, is_balanced: bool) -> Iterator[Finding]:
    """Yield the tests of terms and planned contrasts of stress × treatment."""
    design = crossed_design((n, n, n, n) if is_balanced else (n, n - 2, n + 2, n))
    noise = rng.standard_normal(len(design.matrix))
    model = fit_linear_model(noise, design)
    kinds: tuple[SumsOfSquares, ...] = (3,) if is_balanced else (2, 3)
    for ss_type in kinds:
        for term in anova(model, ss_type=ss_type):
            if term.term:
                yield Finding(method=f"ANOVA type {'I' * ss_type}, {term.name}", rejects=term.p_value < LEVEL)
    estimates = [linear_contrast(model, contrast) for contrast in planned_contrasts(design.factors)]
    for name, found in zip(PLANNED, estimates, strict=True):
        yield told(f"contrast, {name}", found)
    for adjustment in ("holm", "bonferroni", "sidak"):
        adjusted = adjust_contrasts(estimates, adjustment)
        yield Finding(
            method=f"four contrasts, {adjustment}, any",
            rejects=min(one.p_adjusted for one in adjusted) < LEVEL,
            holds=all(is_held(0.0, (one.ci_low, one.ci_high)) for one in adjusted),
            is_exact=True,
        )
    if not is_balanced:
        return
    means = np.repeat(np.ravel(CELLS), n)
    with_effects = fit_linear_model(noise + means, design)
    (a, b), (c, d) = CELLS
    halves = ((a + b - c - d) / 4, (a - b + c - d) / 4, (a - b - c + d) / 4)
    for term, half in zip(anova(with_effects, ss_type=3)[1:], halves, strict=True):
        truth = half**2 / (half**2 + 1)
        yield sized(f"partial η², {term.name}", partial_eta_squared(term.f, term.df1, term.df2), truth)
    stress, treatment = (each.labels for each in design.factors)
    # Main effects without an interaction: alignment has to take them away.
    main = noise + np.where(np.array(stress) == "defeated", -1.0, 0.0)
    _, drug, interaction = aligned_ranks(main, stress, treatment)
    yield Finding(method="aligned ranks, treatment", rejects=drug.p_value < LEVEL)
    yield Finding(method="aligned ranks, stress:treatment", rejects=interaction.p_value < LEVEL)


@lru_cache
def doses(n: int) -> Factor:
    """Return isotype and three doses, n animals each."""
    levels = ("isotype", "low", "mid", "high")
    return factor("dose", labels_of(dict.fromkeys(levels, n)), levels=levels)


def one_way(rng: Rng, n: int, *, sds: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)) -> Iterator[Finding]:
    """Yield overall tests and families of comparisons of four groups."""
    group = doses(n)
    values, alike = rng.standard_normal(4 * n) * np.repeat(sds, n), len(set(sds)) == 1
    overall = {
        "one-way ANOVA": (one_way_anova(values, group).p_value, alike),
        "Welch's ANOVA": (welch_anova(values, group).p_value, True),
        "Kruskal–Wallis": (kruskal_wallis(values, group).p_value, alike),
    }
    for name, (p_value, is_claimed) in overall.items():
        yield Finding(method=name, rejects=p_value < LEVEL, is_claimed=is_claimed)
    families = {
        "Dunnett, any": (dunnett(values, group), alike),
        "Tukey, any": (pooled_pairs(values, group), alike),
        "Games–Howell, any": (welch_pairs(values, group), True),
    }
    for name, (pairs, is_claimed) in families.items():
        yield Finding(
            method=name,
            rejects=min(pair.p_adjusted for pair in pairs) < LEVEL,
            holds=all(is_held(0.0, (pair.ci_low, pair.ci_high)) for pair in pairs),
            is_claimed=is_claimed,
        )
    welch = [pair.contrast.p_value for pair in welch_pairs(values, group, adjustment="none")[:3]]
    yield Finding(
        method="Welch t against isotype, holm, any", rejects=min(adjust_p(welch, "holm")) < LEVEL, is_exact=True
    )
    dunn = min(pair.p_adjusted for pair in dunn_pairs(values, group))
    yield Finding(method="Dunn with Holm, any", rejects=dunn < LEVEL, is_claimed=alike, is_exact=True)


def covariates(rng: Rng, n: int) -> Iterator[Finding]:
    """Yield the analysis of covariance, and correlations."""
    absent, group = rng.standard_normal(2 * n), factor("group", ["isotype"] * n + ["treated"] * n)
    present = 0.5 * absent + rng.standard_normal(2 * n)
    model = fit_linear_model(present, design_matrix([group, covariate("absent", absent)]))
    yield Finding(method="ANCOVA, group", rejects=anova(model, ss_type=3)[1].p_value < LEVEL)
    x, own = rng.standard_normal(n), rng.standard_normal(n)
    linear, ranked = pearson(x, own), spearman(x, own)
    yield Finding(
        method="Pearson, ρ = 0", rejects=linear.p_value < LEVEL, holds=is_held(0.0, (linear.ci_low, linear.ci_high))
    )
    yield Finding(
        method=f"Spearman, {ranked.method}", rejects=ranked.p_value < LEVEL, is_exact=ranked.method == "exact"
    )
    related = pearson(x, 0.6 * x + 0.8 * own)
    yield Finding(method="Pearson, ρ = 0.6", holds=is_held(0.6, (related.ci_low, related.ci_high)))


def repeated(rng: Rng, n: int, *, share_missing: float = 0.0) -> Iterator[Finding]:
    """Yield the mixed ANOVA and mixed model of stress × treatment × (pre, post), the animal's share being half."""
    between = crossed_design((n, n, n, n)).factors
    animals = np.arange(4 * n)
    values = np.concatenate([rng.standard_normal(4 * n)] * 2) + rng.standard_normal(8 * n)
    if share_missing:
        values[4 * n :][rng.random(4 * n) < share_missing] = np.nan
    within = factor("test", ["pre"] * 4 * n + ["post"] * 4 * n, levels=("pre", "post"))
    doubled = [factor(one.name, one.labels * 2, levels=one.levels) for one in between]
    names = [str(animal) for animal in animals] * 2
    table = repeated_measures(values, names, within, doubled)
    for term in mixed_anova(table).terms:
        if "test" in term.term:
            yield Finding(method=f"mixed ANOVA, {term.name}", rejects=term.p_value < LEVEL)
    contrasts = change_contrasts(table.within, table.between.factors)
    yield told("rescue of the change", mixed_contrast(table, contrasts[0]))
    yield told("change within a group", mixed_contrast(table, contrasts[-1]))
    adjusted = adjust_contrasts([mixed_contrast(table, contrast) for contrast in contrasts], "holm")
    yield Finding(
        method="all changes, holm, any", rejects=min(one.p_adjusted for one in adjusted) < LEVEL, is_exact=True
    )
    model = fit_mixed_model(values, design_matrix([*doubled, within]), [factor("animal_id", names)])
    for ddf in DENOMINATORS:
        for each in term_tests(model, ddf=ddf):
            if each.term in {("stress", "treatment"), ("treatment", "test"), ("stress", "treatment", "test")}:
                yield Finding(method=f"mixed model, {NAMES[ddf]}, {each.name}", rejects=each.p_value < LEVEL)
        yield told(f"mixed model, {NAMES[ddf]}, rescue of the change", model_contrast(model, contrasts[0], ddf=ddf))


def three_tests(rng: Rng, n: int) -> Iterator[Finding]:
    """Yield the tests of pre, mid and post, the later the more variable and neighbours the more alike."""
    times = ("pre", "mid", "post")
    covariance = np.array([[1.0, 0.9, 0.1], [0.9, 1.6, 0.4], [0.1, 0.4, 3.0]])
    wide = rng.multivariate_normal(np.zeros(3), covariance, 2 * n)
    group = factor("treatment", (["isotype"] * n + ["treated"] * n) * 3, levels=("isotype", "treated"))
    within = factor("test", labels_of(dict.fromkeys(times, 2 * n)), levels=times)
    table = repeated_measures(wide.T.ravel(), list(range(2 * n)) * 3, within, [group])
    for term in mixed_anova(table).terms:
        if term.greenhouse_geisser and term.huynh_feldt:
            gg, hf = term.greenhouse_geisser.p_value, term.huynh_feldt.p_value
            yield Finding(method=f"Greenhouse–Geisser, {term.name}", rejects=gg < LEVEL)
            yield Finding(method=f"Huynh–Feldt, {term.name}", rejects=hf < LEVEL, is_claimed=False)
            yield Finding(method=f"uncorrected, {term.name}", rejects=term.p_value < LEVEL, is_claimed=False)
    contrasts = change_contrasts(table.within, table.between.factors)
    yield told("treatment on the change, mid", mixed_contrast(table, contrasts[0]), is_claimed=False)
    yield told("treatment on the change, post", mixed_contrast(table, contrasts[1]), is_claimed=False)


@lru_cache
def caged(n: int, size: int, *, is_split: bool) -> tuple[Design, Factor, Design | None, FloatArray]:
    """Return stress × treatment, the cages, and of the cages' means the design and weights.

    Cages hold animals of one group, or of one stress with treatments in turn.
    """
    design = crossed_design((n, n, n, n))
    order = np.arange(4 * n)
    if is_split:
        order = np.concatenate([half.reshape(2, n).T.ravel() for half in order.reshape(2, 2 * n)])
        number = np.concatenate([np.arange(2 * n) // size, 1000 + np.arange(2 * n) // size])
    else:
        number = np.concatenate([1000 * group + np.arange(n) // size for group in range(4)])
    cages = np.empty(4 * n, int)
    cages[order] = number
    cage = factor("cage", cages.tolist())
    averaging = np.eye(len(cage.levels))[:, cage.codes]
    averaging /= averaging.sum(axis=1, keepdims=True)
    of_cages = None if is_split else design.take(np.array([int(np.argmax(row > 0)) for row in averaging]))
    return design, cage, of_cages, averaging


def cages(rng: Rng, n: int, *, size: int, icc: float, is_split: bool) -> Iterator[Finding]:
    """Yield the contrasts of stress × treatment in animals of which cage mates are alike."""
    design, cage, of_cages, averaging = caged(n, size, is_split=is_split)
    shared = rng.standard_normal(len(cage.levels))[cage.codes]
    values = math.sqrt(icc) * shared + math.sqrt(1 - icc) * rng.standard_normal(4 * n)
    contrasts = planned_contrasts(design.factors)
    asked = {"rescue": contrasts[0], "model worked": contrasts[1], "interaction": contrasts[3]}
    model = fit_mixed_model(values, design, [cage])
    plain = fit_linear_model(values, design)
    means = fit_linear_model(averaging @ values, of_cages) if of_cages else None
    for name, contrast in asked.items():
        for ddf in DENOMINATORS:
            found = model_contrast(model, contrast, ddf=ddf)
            yield told(f"{NAMES[ddf]}, {name}", found)
        if name == "rescue":
            yield from _by_singularity(model, contrast)
        if means:
            yield told(f"means of cages, {name}", linear_contrast(means, contrast), is_claimed=False)
        yield told(f"cage ignored, {name}", linear_contrast(plain, contrast), is_claimed=False)


def _by_singularity(model: MixedModel, contrast: CellContrast) -> Iterator[Finding]:
    """Yield a contrast's findings apart by whether the cages' variance was estimated at 0."""
    for ddf in DENOMINATORS:
        found = told("", model_contrast(model, contrast, ddf=ddf))
        for is_singular, where in ((False, "more than 0"), (True, "0")):
            is_such = model.is_singular == is_singular
            yield Finding(
                method=f"{NAMES[ddf]}, rescue, where the cages' variance is estimated as {where}",
                rejects=found.rejects if is_such else None,
                holds=found.holds if is_such else None,
                is_claimed=False,
            )


@lru_cache(None)
def of_counts(a: int, b: int, n: int) -> tuple[float, Estimate | None, Estimate, Estimate, LogisticTerm, LogisticTerm]:
    """Return all that is made of a and b susceptible mice in two groups of n."""
    table = [[a, n - a], [b, n - b]]
    try:
        ratio = conditional_odds_ratio(table)
    except StatsError:
        ratio = None  # all animals are alike
    outcome = [1.0] * a + [0.0] * (n - a) + [1.0] * b + [0.0] * (n - b)
    design = np.column_stack([np.ones(2 * n), [1.0] * n + [0.0] * n])
    always = fit_logistic(outcome, design, names=["intercept", "group"], firth=True).terms[1]
    groups = ["first"] * n + ["second"] * n
    offered = logistic_by_group(outcome, groups, levels=("second", "first")).terms[1]
    return fisher_exact(table), ratio, risk_difference(a, n, b, n), wilson_interval(a, n), offered, always


def proportions(rng: Rng, n: int, *, shares: tuple[float, float] | None, is_null: bool) -> Iterator[Finding]:
    """Yield tests and intervals of the shares of susceptible mice, which are drawn anew for each study if not given.

    Counts leave gaps between what an interval can be, so its coverage jumps about with the shares: what can be claimed
    is its mean over them, and of exact ones the least.
    """
    p, q = shares or rng.uniform(0.05, 0.95, 2).tolist()
    q = p if is_null else q
    fisher, ratio, difference, share, offered, always = of_counts(int(rng.binomial(n, p)), int(rng.binomial(n, q)), n)
    log_odds = math.log(p / (1 - p)) - math.log(q / (1 - q))
    if is_null:
        yield Finding(method="Fisher exact", rejects=fisher < LEVEL, is_exact=True)
    yield Finding(
        method="odds ratio, conditional",
        holds=is_held(math.exp(log_odds), (ratio.ci_low, ratio.ci_high)) if ratio else None,
        is_exact=True,
    )
    for name, found, truth in (("risk difference, Newcombe", difference, p - q), ("share, Wilson", share, p)):
        yield Finding(method=name, holds=is_held(truth, (found.ci_low, found.ci_high)), is_claimed=shares is None)
    for name, term in (("logistic, Firth where a cell is empty", offered), ("logistic, Firth always", always)):
        yield Finding(
            method=name,
            rejects=term.p_value < LEVEL if is_null else None,
            holds=is_held(log_odds, (term.ci_low, term.ci_high)),
            is_claimed=shares is None,
        )


def scenarios() -> list[Scenario]:
    """Return all of them, in the order of the table."""
    found = [
        Scenario(name="two groups, normal", draw=two_groups),
        Scenario(name="two groups, SD 1 : 2", draw=partial(two_groups, sds=(1.0, 2.0))),
        Scenario(name="8 of SD 2, 15 of SD 1", draw=partial(two_groups, sds=(2.0, 1.0), sizes=(8, 15)), sizes=(8,)),
        Scenario(name="8 of SD 1, 15 of SD 2", draw=partial(two_groups, sds=(1.0, 2.0), sizes=(8, 15)), sizes=(8,)),
        Scenario(name="stress × treatment", draw=partial(two_way, is_balanced=True)),
        Scenario(name="stress × treatment, unequal n", draw=partial(two_way, is_balanced=False)),
        Scenario(name="four groups", draw=one_way),
        Scenario(name="four groups, SD 2, 2, 1, 1", draw=partial(one_way, sds=(2.0, 2.0, 1.0, 1.0))),
        Scenario(name="covariate, correlation", draw=covariates),
        Scenario(name="pre, post", draw=repeated),
        Scenario(name="pre, post, 10 % of post missing", draw=partial(repeated, share_missing=0.1)),
        Scenario(name="pre, mid, post, not spherical", draw=three_tests),
    ]
    for is_split in (False, True):
        for size in (2, 4):
            for icc in (0.1, 0.3):
                where = "treatments mixed" if is_split else "one group each"
                name = f"cages of {size}, {where}, ICC {icc}"
                found.append(Scenario(name=name, draw=partial(cages, size=size, icc=icc, is_split=is_split)))
    counted: dict[str, tuple[tuple[float, float] | None, bool]] = {
        "any share susceptible, the same in both groups": (None, True),
        "any two shares susceptible": (None, False),
        "57 and 57 % susceptible": ((0.57, 0.57), True),
        "10 and 10 % susceptible": ((0.1, 0.1), True),
        "57 and 28 % susceptible": ((0.57, 0.28), False),
    }
    for name, (shares, is_null) in counted.items():
        found.append(Scenario(name=name, draw=partial(proportions, shares=shares, is_null=is_null)))
    return found
