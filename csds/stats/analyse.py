"""The whole analysis of a study: the primary outcome as planned, the secondary ones as one family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from csds.errors import StatsError
from csds.stats.adjust import adjust_p
from csds.stats.animals import Animals, LeftOut
from csds.stats.between import analyse_groups, group_values
from csds.stats.comparison import Comparison, find_comparison
from csds.stats.plan import AnalysisPlan
from csds.stats.results import Result
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
    not_analysed : mapping
        By secondary outcome, why it could not be analysed.
    """

    plan: AnalysisPlan
    comparison: Comparison
    results: tuple[Result, ...]
    left_out: Mapping[str, tuple[LeftOut, ...]]
    not_analysed: Mapping[str, str]


def analyse(animals: Animals, plan: AnalysisPlan) -> Analysis:
    """Return the analysis of a table of animals by a plan.

    The planned results of all secondary outcomes are one family, whose p values Holm's procedure adjusts.

    Raises
    ------
    StatsError
        The table allows no comparison, or not the planned one; or the primary outcome can't be analysed.
    TableError
        There is no column of the primary outcome.
    """
    comparison = find_comparison(animals, plan)
    results: list[Result] = []
    left_out: dict[str, tuple[LeftOut, ...]] = {}
    not_analysed: dict[str, str] = {}
    secondary: list[Result] = []
    # Absent against present is about the times themselves, whatever the scores are.
    further = () if comparison.name == "target_by_group" else plan.secondary
    for outcome in (plan.primary, *(name for name in further if name != plan.primary)):
        is_primary = outcome == plan.primary
        if not is_primary and outcome not in animals.table:
            not_analysed[outcome] = "the table has no such column"
            continue
        try:
            found, others = _analyse_outcome(animals, comparison, plan, outcome)
        except StatsError as error:
            if is_primary:
                raise
            not_analysed[outcome] = error.message
            continue
        left_out[outcome] = others
        (results if is_primary else secondary).extend(found)
    return Analysis(
        plan=plan,
        comparison=comparison,
        results=(*results, *_as_family(secondary)),
        left_out=left_out,
        not_analysed=not_analysed,
    )


def _analyse_outcome(
    animals: Animals, comparison: Comparison, plan: AnalysisPlan, outcome: str
) -> tuple[list[Result], tuple[LeftOut, ...]]:
    analysis = "planned" if outcome == plan.primary else "secondary"
    if comparison.name in ("pre_post", "target_by_group"):
        is_target = comparison.name == "target_by_group"
        rows = both_phases(animals, comparison) if is_target else repeated_tests(animals, comparison, outcome)
        return analyse_repeated(rows, plan, analysis=analysis), (*rows.left_out, *rows.incomplete())
    groups = group_values(animals, comparison, outcome)
    return analyse_groups(groups, comparison.name, plan, analysis=analysis), groups.left_out


def _as_family(results: Sequence[Result]) -> list[Result]:
    """Return results with the p values of the secondary contrasts adjusted together."""
    family = [at for at, one in enumerate(results) if _is_test(one)]
    adjusted = (
        dict(zip(family, adjust_p([results[at].p_value for at in family], "holm"), strict=True)) if family else {}
    )
    outcomes = len({results[at].outcome for at in family})
    how = f"holm, {len(family)} contrasts of {outcomes} secondary outcomes"
    return [
        replace(one, p_adjusted=adjusted[at], adjustment=how) if at in adjusted else one
        for at, one in enumerate(results)
    ]


def _is_test(one: Result) -> bool:
    return one.analysis == "secondary" and bool(one.contrast) and one.statistic_name == "t"
