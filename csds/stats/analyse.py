"""The whole analysis of a study: the primary outcome as planned, the secondary ones as one family."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from csds.errors import StatsError, TableError, UsageError
from csds.protocol.nearest import nearest
from csds.stats.adjust import adjust_p
from csds.stats.animals import Animals, LeftOut
from csds.stats.associations import correlate
from csds.stats.between import analyse_groups
from csds.stats.comparison import Comparison, find_comparison
from csds.stats.groups import group_values
from csds.stats.phenotypes import PHENOTYPE, analyse_phenotypes
from csds.stats.pieces import Computed, NotComputed
from csds.stats.plan import OUTCOMES, AnalysisPlan
from csds.stats.results import Result
from csds.stats.sensitivity import other_models
from csds.stats.within import analyse_repeated, both_phases, repeated_tests


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What was found.

    Parameters
    ----------
    plan : AnalysisPlan
    comparison : Comparison
    results : tuple of Result
        Of the primary outcome first.
    left_out : mapping
        By outcome, every animal that was not used, and why.
    not_computed : tuple of NotComputed
        What these data don't allow; an outcome of which nothing could be computed has ``all`` as what.
    """

    plan: AnalysisPlan
    comparison: Comparison
    results: tuple[Result, ...]
    left_out: Mapping[str, tuple[LeftOut, ...]]
    not_computed: tuple[NotComputed, ...]


def analyse(animals: Animals, plan: AnalysisPlan) -> Analysis:
    """Return the analysis of a table of animals by a plan.

    The planned results of all secondary outcomes are one family, whose p values Holm's procedure adjusts.

    Raises
    ------
    StatsError
        The table allows no comparison, or not the planned one; or the primary outcome can't be analysed.
    TableError
        There is no column of the primary outcome.
    UsageError
        An outcome is neither a score of csds nor a column of the table.
    """
    _check_outcomes(animals, plan)
    comparison = find_comparison(animals, plan)
    primary = _analyse_outcome(animals, comparison, plan, plan.primary)
    secondary: list[Computed] = []
    further = _further(animals, comparison, plan)
    for outcome in further:
        try:
            secondary.append(_analyse_outcome(animals, comparison, plan, outcome))
        except (StatsError, TableError) as error:
            secondary.append(_nothing(outcome, error.message))
    if PHENOTYPE in animals.table and comparison.factors:
        try:
            secondary.append(analyse_phenotypes(animals, comparison))
        except StatsError as error:
            secondary.append(_nothing(PHENOTYPE, error.message, what="proportions"))
    beside = [*other_models(animals, comparison, plan, further), correlate(animals, comparison, plan)]
    parts = [primary, *secondary, *beside]
    return Analysis(
        plan=plan,
        comparison=comparison,
        results=(
            *primary.results,
            *_as_family([one for part in secondary for one in part.results]),
            *(one for part in beside for one in part.results),
        ),
        left_out={_outcome_of(part): part.left_out for part in (primary, *secondary)},
        not_computed=tuple(one for part in parts for one in part.not_computed),
    )


def _analyse_outcome(animals: Animals, comparison: Comparison, plan: AnalysisPlan, outcome: str) -> Computed:
    analysis = "planned" if outcome == plan.primary else "secondary"
    if comparison.name == "target_by_group":
        return analyse_repeated(both_phases(animals, comparison, plan), plan, analysis=analysis)
    if comparison.name == "pre_post":
        return analyse_repeated(repeated_tests(animals, comparison, outcome, plan), plan, analysis=analysis)
    return analyse_groups(group_values(animals, comparison, outcome, plan), comparison.name, plan, analysis=analysis)


def _further(animals: Animals, comparison: Comparison, plan: AnalysisPlan) -> list[str]:
    """Return the secondary outcomes: those that the plan names, else all scores that the table has values of."""
    if comparison.name == "target_by_group":
        return []  # absent against present is about the times themselves, whatever the scores are
    if plan.secondary is not None:
        return [name for name in plan.secondary if name != plan.primary]
    return [name for name in OUTCOMES if name != plan.primary and name in animals.table and animals.usable(name)[0]]


def _check_outcomes(animals: Animals, plan: AnalysisPlan) -> None:
    known = [*OUTCOMES, *map(str, animals.table)]
    for name in (plan.primary, *(plan.secondary or ())):
        if name not in known:
            near = nearest(name, known)
            raise UsageError(
                f"outcome '{name}': expected a column of the table",
                hint=f"Did you mean '{near}'?" if near else f"Columns: {', '.join(map(str, animals.table))}.",
            )


def _nothing(outcome: str, why: str, what: str = "all") -> Computed:
    return Computed(not_computed=(NotComputed(outcome=outcome, what=what, why=why),))


def _outcome_of(part: Computed) -> str:
    rows: list[Result | NotComputed] = [*part.results, *part.not_computed]
    return rows[0].outcome if rows else ""


def _as_family(results: Sequence[Result]) -> list[Result]:
    """Return results with the p values of the secondary contrasts adjusted together."""
    family = [at for at, one in enumerate(results) if _is_test(one)]
    if not family:
        return list(results)
    adjusted = dict(zip(family, adjust_p([results[at].p_value for at in family], "holm"), strict=True))
    outcomes = len({results[at].outcome for at in family})
    how = f"holm, {len(family)} contrasts of {outcomes} secondary outcomes"
    return [
        replace(one, p_adjusted=adjusted[at], adjustment=how) if at in adjusted else one
        for at, one in enumerate(results)
    ]


def _is_test(one: Result) -> bool:
    return one.analysis == "secondary" and bool(one.contrast) and not math.isnan(one.p_value)
