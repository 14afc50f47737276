"""The whole analysis of a study: the primary outcome as planned, the secondary ones as one family."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from csds.analysis.animals import Animals, LeftOut
from csds.analysis.associations import correlate
from csds.analysis.assumptions import Check
from csds.analysis.between import analyse_groups, describe
from csds.analysis.comparison import EVERYONE, REPEATED, WITHIN, Comparison, find_comparison, find_factor
from csds.analysis.groups import group_values, why_left_out
from csds.analysis.guardrails import guardrails
from csds.analysis.meta import AcrossStudies, across_studies, not_combined
from csds.analysis.notices import Notice
from csds.analysis.phenotypes import PHENOTYPE, analyse_phenotypes
from csds.analysis.pieces import Computed, NotComputed, Piece, compute
from csds.analysis.plan import OUTCOMES, AnalysisPlan
from csds.analysis.residuals import as_compared, planned_residuals
from csds.analysis.results import Result, family
from csds.analysis.selection import circular, selected, told_by_scores
from csds.analysis.sensitivity import other_models
from csds.analysis.studies import with_study
from csds.analysis.within import analyse_repeated, repeated_rows
from csds.errors import StatsError, TableError, UsageError
from csds.protocol.nearest import nearest
from csds.stats.adjust import adjust_p


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What was found.

    Parameters
    ----------
    plan : AnalysisPlan
    comparison : Comparison
    results : tuple of Result
        Of the primary outcome first.
    checks : tuple of Check
        Of what the planned model of the primary outcome assumes.
    notices : tuple of Notice
        What is to be known of the study before its results are believed, warnings first.
    left_out : mapping
        By outcome, every animal that was not used, and why.
    not_computed : tuple of NotComputed
        What these data don't allow; an outcome of which nothing could be computed has ``all`` as what.
    across : tuple of AcrossStudies
        The planned contrasts across studies; empty of one study.
    """

    plan: AnalysisPlan
    comparison: Comparison
    results: tuple[Result, ...]
    checks: tuple[Check, ...]
    notices: tuple[Notice, ...]
    left_out: Mapping[str, tuple[LeftOut, ...]]
    not_computed: tuple[NotComputed, ...]
    across: tuple[AcrossStudies, ...] = ()


def analyse(animals: Animals, plan: AnalysisPlan) -> Analysis:
    """Return the analysis of a table of animals by a plan.

    The planned results of all secondary outcomes are one family, whose p values Holm's procedure adjusts. Groups that
    the scores themselves define are described, not tested. Where the plan takes only animals that scores chose after
    treatment, all randomised animals are analysed first, and the chosen ones after them, labelled ``selected``; where
    the chosen ones allow no analysis, that is among what couldn't be computed.

    Of a table with several studies the study is a random intercept of the planned model, unless the plan has it
    elsewhere or leaves no room for it (`csds.analysis.studies`), and the planned contrasts are combined across studies.

    Raises
    ------
    StatsError
        The table allows no comparison, or not the planned one; or the primary outcome can't be analysed.
    TableError
        There is no column of the primary outcome, or no animal that the plan takes.
    UsageError
        An outcome is neither a score of csds nor a column of the table.
    """
    _check_outcomes(animals, plan)
    if animals.table.empty:
        raise TableError(
            f"expected animals to analyse, found all left out: {why_left_out(animals.left_out, most=3)}",
            hint="Empty the column 'exclude' of those that are to be analysed.",
        )
    chosen_by = _chosen_after(animals, plan)
    everyone = randomised(animals, plan)
    if not chosen_by:
        return _analyse(everyone, plan)
    others = {column: value for column, value in plan.only.items() if column not in chosen_by}
    whole = _analyse(everyone, replace(plan, only=others))
    only = ", ".join(f"{column} = {value}" for column, value in chosen_by.items())
    chosen = _chosen(everyone, plan, chosen_by)
    try:
        part = _analyse(chosen, plan)
        results, failed = part.results, part.not_computed
    except (StatsError, TableError) as error:
        results, failed = (), (NotComputed(outcome=plan.primary, what="all", why=error.message),)
    return replace(
        whole,
        plan=replace(whole.plan, only=plan.only),
        results=(*whole.results, *(_selected(one, only) for one in results)),
        notices=(*selected(everyone, chosen_by), *whole.notices),
        not_computed=(
            *whole.not_computed,
            *(replace(one, what=f"{one.what} of the animals with {only}") for one in failed),
        ),
    )


def described(animals: Animals, plan: AnalysisPlan, why: StatsError) -> Analysis:
    """Return what there is to be seen of animals that can't be analysed: their groups, without any result.

    Parameters
    ----------
    animals : Animals
    plan : AnalysisPlan
    why : StatsError
        What `analyse` raised.

    Raises
    ------
    TableError
        There is no animal that the plan takes.
    """
    try:
        comparison = find_comparison(randomised(animals, plan), plan)
    except StatsError:
        comparison = Comparison(name="", factors=(), groups=(EVERYONE,), within=None, why="there is nothing to compare")
    return Analysis(
        plan=plan,
        comparison=comparison,
        results=(),
        checks=(),
        notices=(),
        left_out={plan.primary: ()},
        not_computed=(NotComputed(outcome=plan.primary, what="all", why=why.message),),
    )


def randomised(animals: Animals, plan: AnalysisPlan) -> Animals:
    """Return the animals that the plan takes, but for what it chooses by scores after treatment."""
    chosen_by = _chosen_after(animals, plan)
    others = {column: value for column, value in plan.only.items() if column not in chosen_by}
    return _chosen(animals, plan, others)


def _chosen_after(animals: Animals, plan: AnalysisPlan) -> dict[str, str]:
    """Return the values by which the plan chooses animals after treatment."""
    return {column: value for column, value in plan.only.items() if list(selected(animals, {column: value}))}


def _chosen(animals: Animals, plan: AnalysisPlan, only: Mapping[str, str]) -> Animals:
    """Return the animals that have some values; of repeated tests the first decides where scores told these."""
    tests = find_factor(animals, WITHIN, plan).levels
    first = tests[0] if len(tests) > 1 and max(Counter(animals.keys()).values()) > 1 else ""
    # What the first test's scores tell comes first: another column may take that test away.
    scores = {column for column in only if told_by_scores(animals, column)}
    for column in sorted(only, key=lambda column: column not in scores):
        animals = animals.only(column, only[column], test=first if column in scores else "")
    return animals


def _selected(one: Result, only: str) -> Result:
    note = f"only {only}, chosen after treatment; {one.analysis}{f'; {one.note}' if one.note else ''}"
    return replace(one, analysis="selected", note=note)


def _analyse(animals: Animals, asked: AnalysisPlan) -> Analysis:
    comparison = find_comparison(animals, asked)
    planned = with_study(animals, comparison, asked)
    factors = [one.name for one in comparison.factors]
    plan = as_compared(planned, comparison)
    primary = _analyse_outcome(animals, comparison, plan, plan.primary)
    secondary: list[Computed] = []
    further = _further(animals, comparison, plan)
    for outcome in further:
        try:
            secondary.append(_analyse_outcome(animals, comparison, plan, outcome))
        except (StatsError, TableError) as error:
            secondary.append(_nothing(outcome, error.message))
    beside: list[Computed] = []
    across: tuple[AcrossStudies, ...] = ()
    if not circular(animals, factors, plan.primary):
        if PHENOTYPE in animals.table and factors and PHENOTYPE not in plan.only:
            is_secondary = plan.secondary is None or PHENOTYPE in plan.secondary
            try:
                found = analyse_phenotypes(animals, comparison, analysis="secondary" if is_secondary else "exploratory")
                secondary.append(found)
            except StatsError as error:
                secondary.append(_nothing(PHENOTYPE, error.message, what="all" if is_secondary else "proportions"))
        beside = [*other_models(animals, comparison, plan, further), correlate(animals, comparison, plan)]
        try:
            across = across_studies(animals, comparison, plan)
        except StatsError as error:  # no animal with all its tests, which the planned model can do without
            beside.append(_nothing(plan.primary, error.message, what="meta-analysis across studies"))
    parts = [primary, *secondary, *beside]
    modelled = planned_residuals(animals, comparison, plan)
    return Analysis(
        plan=planned,
        comparison=comparison,
        results=(
            *primary.results,
            *_as_family([one for part in secondary for one in part.results]),
            *(one for part in beside for one in part.results),
        ),
        checks=modelled.checks() if modelled else (),
        notices=guardrails(animals, comparison, plan, plan.primary),
        left_out={_outcome_of(part): part.left_out for part in (primary, *secondary)},
        not_computed=(*(one for part in parts for one in part.not_computed), *not_combined(across)),
        across=across,
    )


def _analyse_outcome(animals: Animals, comparison: Comparison, plan: AnalysisPlan, outcome: str) -> Computed:
    analysis = "planned" if outcome == plan.primary else "secondary"
    if circular(animals, [one.name for one in comparison.factors], outcome):
        return _described(animals, comparison, plan, outcome)
    if outcome in plan.covariates:
        raise StatsError(f"{outcome} is a covariate of the plan's model, so it can't be its outcome as well")
    if comparison.name in REPEATED:
        return analyse_repeated(repeated_rows(animals, comparison, outcome, plan), plan, analysis=analysis)
    return analyse_groups(group_values(animals, comparison, outcome, plan), comparison.name, plan, analysis=analysis)


def _described(animals: Animals, comparison: Comparison, plan: AnalysisPlan, outcome: str) -> Computed:
    """Return what groups' values are, of repeated tests at each of them."""
    bare = replace(plan, fixed=(), covariates=(), random=())
    parts = []
    for test in comparison.within.levels if comparison.within else ("",):
        of_test = [text == test for text in animals.texts(WITHIN)] if test else slice(None)
        groups = group_values(replace(animals, table=animals.table[of_test]), comparison, outcome, bare)
        pieces = [
            Piece(what=f"mean of {level}", compute=partial(describe, groups, level, at=test))
            for level in groups.group.levels
        ]
        parts.append(compute(pieces, analysis="description", outcome=outcome, left_out=groups.left_out))
    return Computed(
        results=tuple(one for part in parts for one in part.results),
        left_out=tuple(dict.fromkeys(one for part in parts for one in part.left_out)),
    )


def _further(animals: Animals, comparison: Comparison, plan: AnalysisPlan) -> list[str]:
    """Return the secondary outcomes: those that the plan names, else all scores that the table has values of."""
    if comparison.name == "target_by_group":
        return []
    if plan.secondary is not None:
        return [name for name in plan.secondary if name not in (plan.primary, PHENOTYPE)]
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
    tests = [at for at, one in enumerate(results) if _is_test(one)]
    if not tests:
        return list(results)
    adjusted = dict(zip(tests, adjust_p([results[at].p_value for at in tests], "holm"), strict=True))
    outcomes = len({results[at].outcome for at in tests})
    how = f"{family('holm', len(tests))} of {outcomes} secondary outcome{'s' if outcomes > 1 else ''}"
    return [
        replace(one, p_adjusted=adjusted[at], adjustment=how) if at in adjusted else one
        for at, one in enumerate(results)
    ]


def _is_test(one: Result) -> bool:
    return one.analysis == "secondary" and bool(one.contrast) and not math.isnan(one.p_value)
