"""The same question under other models, each labelled a sensitivity analysis of the primary outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from csds.analysis.animals import Animals
from csds.analysis.between import tests_of
from csds.analysis.comparison import REPEATED, Comparison
from csds.analysis.groups import group_values, why_left_out
from csds.analysis.members import of_test, shared
from csds.analysis.pairs import WITHOUT
from csds.analysis.pieces import Computed, Piece, compute
from csds.analysis.plan import AnalysisPlan
from csds.analysis.results import Result
from csds.analysis.studies import STUDY
from csds.analysis.within import repeated_model, repeated_rows

PRESENT, ABSENT, CAGE = "interaction_present_s", "interaction_absent_s", "cage"
_LOG_OF = {"si_ratio": "log_si_ratio"}
#: Outcomes that ask of the time with the target present, set against that with it absent.
_OF_TIMES = ("si_ratio", "log_si_ratio", "si_preference", "si_difference_s", PRESENT)


def other_models(
    animals: Animals, comparison: Comparison, plan: AnalysisPlan, analysed: Sequence[str]
) -> list[Computed]:
    """Return the planned contrasts under other models.

    Where the table allows them: the logarithm of a ratio, unless it is among the outcomes that are analysed; of the
    outcomes that are made of them, the time with the target present, adjusted for the time with it absent (analysis of
    covariance); the cage as a random intercept, unless it is in the plan's model; and where the plan's model has more
    than the factors, the model without that. Of repeated measures, the cage alone: the others stand beside them anyway.
    """
    return [
        compute(
            [Piece(what=what, compute=partial(_contrasts, animals, comparison, other, note))],
            analysis="sensitivity",
            outcome=other.primary,
        )
        for what, other, note in _others(animals, comparison, plan, analysed)
    ]


def _others(
    animals: Animals, comparison: Comparison, plan: AnalysisPlan, analysed: Sequence[str]
) -> Iterator[tuple[str, AnalysisPlan, str]]:
    """Yield what the model is called, the plan that has it, and what is to be said of it."""
    if set(plan.random) <= {STUDY} and CAGE not in plan.fixed and shared(of_test(animals, comparison, -1), CAGE):
        yield (
            "cage as random intercept",
            replace(plan, random=(*(plan.random if comparison.name not in REPEATED else ()), CAGE)),
            "animals of a cage need not be independent",
        )
    if comparison.name in REPEATED:
        return
    has = animals.table.columns
    log = _LOG_OF.get(plan.primary, "")
    if log in has and log not in analysed:
        yield "logarithm of the ratio", replace(plan, primary=log), "logarithm of the ratio"
    if plan.primary in _OF_TIMES and PRESENT in has and ABSENT in has and ABSENT not in plan.covariates:
        yield (
            "analysis of covariance",
            replace(plan, primary=PRESENT, covariates=(*plan.covariates, ABSENT)),
            f"analysis of covariance on {ABSENT}, which is measured after stress and treatment",
        )
    if plan.is_adjusted:
        bare = replace(plan, fixed=(), covariates=(), random=())
        yield "model of the factors alone", bare, WITHOUT


def _contrasts(animals: Animals, comparison: Comparison, plan: AnalysisPlan, note: str) -> Iterator[Result]:
    if comparison.name in REPEATED:
        rows = repeated_rows(animals, comparison, plan.primary, plan)
        outcome, n, left_out = rows.outcome, len(set(rows.animals)), rows.gone()
        found = list(repeated_model(rows, plan))
    else:
        groups = group_values(animals, comparison, plan.primary, plan)
        outcome, n, left_out = groups.outcome, len(groups.values), groups.left_out
        found = list(tests_of(groups, comparison.name, plan)[0]())
    for one in found:
        yield replace(
            one,
            outcome=outcome,
            n=n,
            n_excluded=len(left_out),
            excluded_because=why_left_out(left_out),
            note=f"{note}; {one.note}",
        )
