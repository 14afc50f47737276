"""Correlations of carried columns, such as weight or a cytokine's level, with the primary outcome, by group."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from csds.analysis.animals import Animals
from csds.analysis.comparison import Comparison, groups_of
from csds.analysis.pieces import Computed, NotComputed, Piece, compute
from csds.analysis.plan import AnalysisPlan
from csds.analysis.results import Result, family
from csds.errors import StatsError
from csds.model.shapes import FloatArray
from csds.stats.adjust import adjust_p
from csds.stats.correlation import pearson, spearman

#: Fewer animals say nothing of how two columns go together.
LEAST = 4


def correlate(animals: Animals, comparison: Comparison, plan: AnalysisPlan) -> Computed:
    """Return how each of the plan's columns goes with the primary outcome, within each group.

    Between groups both differ for the same reason, so no correlation is taken over all of them. The p values of one
    method are one family, by Holm's procedure. Of repeated tests each is correlated by itself.

    Raises
    ------
    TableError
        There is no such column, or it holds text.
    """
    if not plan.correlate:
        return Computed()
    outcome = animals.numbers(plan.primary)
    labels = groups_of(animals, comparison.factors)
    tests = animals.texts("test") if comparison.within else [""] * len(outcome)
    where = np.array([f"{group}, {test}" if test else group for group, test in zip(labels, tests, strict=True)])
    known = np.array([bool(label) for label in labels])
    results: list[Result] = []
    failed: list[NotComputed] = []
    for column in plan.correlate:
        other = animals.numbers(column)
        usable = known & np.isfinite(other) & np.isfinite(outcome)
        left_out = [
            animals.leaving_out(at, f"its {column}, {plan.primary} or group is missing")
            for at in np.flatnonzero(~usable).tolist()
        ]
        pieces = []
        for place in dict.fromkeys(where[known].tolist()):
            rows = usable & (where == place)
            pieces.append(
                Piece(
                    what=f"correlation with {column} in {place}",
                    compute=partial(_correlations, column, place, other[rows], outcome[rows]),
                )
            )
        found = compute(pieces, analysis="exploratory", outcome=plan.primary, left_out=(*animals.left_out, *left_out))
        results += found.results
        failed += found.not_computed
    return Computed(results=tuple(_families(results)), not_computed=tuple(failed))


def _correlations(column: str, place: str, x: FloatArray, y: FloatArray) -> Iterator[Result]:
    if len(x) < LEAST:
        raise StatsError(f"expected {LEAST} animals with both at least, found {len(x)}")
    one = Result(test="", term=f"{column} in {place}", n=len(x))
    straight = pearson(x, y)
    if not math.isfinite(straight.statistic):
        raise StatsError("expected measures of their own, found that one follows from the other")
    yield replace(
        one, test="Pearson's correlation", statistic_name="t", statistic=straight.statistic, df1=straight.df,
        p_value=straight.p_value, effect_name="r", effect=straight.r, ci_low=straight.ci_low, ci_high=straight.ci_high,
        note="Fisher's z interval",
    )  # fmt: skip
    ranked = spearman(x, y)
    yield replace(
        one, test="Spearman's correlation", statistic_name="S", statistic=ranked.statistic, p_value=ranked.p_value,
        effect_name="rho", effect=ranked.rho, note=ranked.method,
    )  # fmt: skip


def _families(results: Sequence[Result]) -> Iterator[Result]:
    """Yield the results with the p values of each method adjusted together."""
    for test in dict.fromkeys(one.test for one in results):
        tests = [one for one in results if one.test == test]
        adjusted = adjust_p([one.p_value for one in tests], "holm")
        for one, p in zip(tests, adjusted, strict=True):
            yield replace(one, p_adjusted=p, adjustment=family("holm", len(tests), "correlation"))
