"""Two groups' difference in all its sizes: standardised, by ranks, and with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from csds.analysis.coverage_notes import coverage_note
from csds.analysis.pieces import Piece
from csds.analysis.plan import AnalysisPlan
from csds.analysis.results import Result
from csds.model.shapes import FloatArray
from csds.stats.bootstrap import Location, bootstrap
from csds.stats.dominance import dominance
from csds.stats.effect_sizes import glass_delta, hedges_g, rank_biserial
from csds.stats.samples import Estimate
from csds.stats.two_groups import permutation_test, t_test
from csds.stats.wilcoxon import hodges_lehmann, mann_whitney

#: What is said of numbers that the plan's further factors, covariates and random intercepts have no part in.
WITHOUT = "without what the plan adds to the factors"
#: The test that a BCa interval's row names.
BCA = "bootstrap, BCa"
#: What bootstrap intervals are of: two groups' difference, or one group's change.
LOCATED: Mapping[Location, tuple[str, str]] = {
    "mean": ("difference of means", "mean change"),
    "median": ("difference of medians", "median change"),
}


def pair_pieces(x: FloatArray, y: FloatArray, contrast: str, plan: AnalysisPlan) -> list[Piece]:
    """Return what is computed of two groups' difference, x less y, beside the planned test.

    Parameters
    ----------
    x, y : (n,) float
        The groups' values, the reference second.
    contrast : str
        What is compared.
    plan : AnalysisPlan
        Says the bootstrap's draws and seed, and whether a Bayes factor is wanted.
    """
    # Sorted, so that draws don't depend on the order of the file's rows.
    x, y = np.sort(x), np.sort(y)
    parts: dict[str, Callable[[FloatArray, FloatArray], Iterator[Result]]] = {
        "Hedges' g": _hedges_g,
        "Glass's delta": _glass_delta,
        "bootstrap of the mean difference": partial(_bootstrap_mean, plan=plan),
        "bootstrap of the median difference": partial(_bootstrap_median, plan=plan),
        "rank tests": _ranks,
        "permutation test": partial(_permutation, plan=plan),
    }
    if plan.bayes_factors:
        parts["Bayes factor"] = _bayes_factor

    def results(part: str) -> Iterator[Result]:
        for one in parts[part](x, y):
            names, smallest = (f"{one.test}, {one.effect_name}", one.test), min(len(x), len(y))
            covers = next((note for name in names if (note := coverage_note(name, smallest))), "")
            note = "; ".join(text for text in (one.note, WITHOUT if plan.is_adjusted else "", covers) if text)
            analysis = "sensitivity" if plan.is_adjusted else one.analysis
            yield replace(one, analysis=analysis, contrast=contrast, n=len(x) + len(y), note=note)

    return [Piece(what=f"{part} of {contrast}", compute=partial(results, part)) for part in parts]


def change_pieces(x: FloatArray, contrast: str, plan: AnalysisPlan) -> list[Piece]:
    """Return the bootstrap intervals of one group's change: of its mean, and of its median.

    Parameters
    ----------
    x : (n,) float
        Each animal's change.
    contrast : str
        Whose change, and from what to what.
    plan : AnalysisPlan
        Says the bootstrap's draws and seed.
    """
    ordered = np.sort(x)

    def results(part: Callable[..., Iterator[Result]]) -> Iterator[Result]:
        for one in part(ordered, None, plan=plan):
            note = f"{one.note}; {WITHOUT}" if plan.is_adjusted else one.note
            yield replace(one, contrast=contrast, n=len(x), note=note)

    return [
        Piece(what=f"bootstrap of the {location} of {contrast}", compute=partial(results, part))
        for location, part in (("mean", _bootstrap_mean), ("median", _bootstrap_median))
    ]


def _hedges_g(x: FloatArray, y: FloatArray) -> Iterator[Result]:
    yield _size("Hedges' g", hedges_g(x, y), "pooled SD of these two groups, noncentral t interval")


def _glass_delta(x: FloatArray, y: FloatArray) -> Iterator[Result]:
    yield _size("Glass's delta", glass_delta(x, y), "SD of the reference group, noncentral t interval")


def _bootstrap_mean(x: FloatArray, y: FloatArray | None, *, plan: AnalysisPlan) -> Iterator[Result]:
    found = bootstrap(x, y, rng=np.random.default_rng(plan.seed), draws=plan.draws)
    note = f"{found.draws} resamples, seed {plan.seed}"
    for name, interval in (("studentised", found.studentised), ("BCa", found.bca)):
        if interval is not None:
            yield _interval(LOCATED["mean"][y is None], found.value, interval, f"bootstrap, {name}", note)


def _bootstrap_median(x: FloatArray, y: FloatArray | None, *, plan: AnalysisPlan) -> Iterator[Result]:
    found = bootstrap(x, y, rng=np.random.default_rng(plan.seed), location="median", draws=plan.draws)
    note = f"{found.draws} resamples, seed {plan.seed}"
    yield _interval(LOCATED["median"][y is None], found.value, found.bca, BCA, note)


def _ranks(x: FloatArray, y: FloatArray) -> Iterator[Result]:
    ranks, shift, size = mann_whitney(x, y), hodges_lehmann(x, y), rank_biserial(x, y)
    yield Result(
        analysis="sensitivity", test="Mann–Whitney", statistic_name="U", statistic=ranks.statistic,
        p_value=ranks.p_value, effect_name="Hodges–Lehmann shift", effect=shift.value, ci_low=shift.ci_low,
        ci_high=shift.ci_high, note=f"{ranks.method}; level of the interval {shift.confidence:g}",
    )  # fmt: skip
    yield replace(_size("rank-biserial correlation", size, "Fisher's z interval"), analysis="sensitivity")
    held = _size("rank-biserial correlation, Newcombe", dominance(x, y), "method 5 of Newcombe (2006)")
    yield replace(held, analysis="sensitivity", test="Newcombe's interval of the rank-biserial correlation")


def _permutation(x: FloatArray, y: FloatArray, *, plan: AnalysisPlan) -> Iterator[Result]:
    shuffled = permutation_test(x, y, rng=np.random.default_rng(plan.seed))
    yield Result(
        analysis="sensitivity", test="permutation of the mean difference", statistic_name="difference",
        statistic=shuffled.difference, p_value=shuffled.p_value,
        note=f"all {shuffled.splits} splits" if shuffled.exact
        else f"{shuffled.splits} random splits, seed {plan.seed}",
    )  # fmt: skip


def _bayes_factor(x: FloatArray, y: FloatArray) -> Iterator[Result]:
    from csds.stats.adapter import bayes_factor

    test = t_test(x, y, equal_variances=True)
    yield Result(
        test="Bayes factor", effect_name="Bayes factor (BF10)", effect=bayes_factor(test.statistic, len(x), len(y)),
        note="of Student's t, Cauchy prior of scale 0.707 on the standardised difference",
    )  # fmt: skip


def _size(name: str, size: Estimate, note: str) -> Result:
    return Result(test=name, effect_name=name, effect=size.value, ci_low=size.ci_low, ci_high=size.ci_high, note=note)


def _interval(name: str, value: float, interval: Sequence[float], test: str, note: str) -> Result:
    low, high = interval
    return Result(test=test, effect_name=name, effect=value, ci_low=low, ci_high=high, note=note)
