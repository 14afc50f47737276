"""The same animals compared with themselves: before and after treatment, or target absent and present, by group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np

from csds.analysis.animals import Animals, LeftOut
from csds.analysis.between import describe, group_contrasts, pair_of, planned_contrasts, without_tukey
from csds.analysis.cell_models import fit_cell_model
from csds.analysis.comparison import EVERYONE, Comparison, group_of
from csds.analysis.coverage_notes import pooled_note
from csds.analysis.groups import Groups, added_variables, between_factors, group_factor, unit_factors, usable
from csds.analysis.pairs import change_pieces, pair_pieces
from csds.analysis.pieces import Computed, Piece, compute
from csds.analysis.plan import AnalysisPlan
from csds.analysis.results import Result, contrast_results
from csds.errors import StatsError
from csds.model.shapes import FloatArray
from csds.stats.adjust import adjust_contrasts
from csds.stats.design import CellContrast, Factor, Variable, factor
from csds.stats.effect_sizes import partial_eta_squared
from csds.stats.mixed_anova import MixedAnova, mixed_anova, mixed_contrast, repeated_measures

#: The factor of the two phases, its levels, and the columns that hold them.
TARGET, PHASES = "target", {"absent": "interaction_absent_s", "present": "interaction_present_s"}
#: What the seconds in the interaction zone are called as one outcome of both phases.
BOTH_PHASES = "interaction_s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """An outcome measured again and again in the same animals, a value a row.

    ``animals``, ``lines`` (of the file), ``within``, ``between`` (with the planned ``contrasts`` of its cells) and what
    else the plan has in its model (``added`` factors and covariates, ``random`` intercepts) are those of the same rows;
    ``left_out`` names every row of the table that isn't among them, and why.
    """

    outcome: str
    values: FloatArray
    animals: tuple[str, ...]
    lines: tuple[int, ...]
    within: Factor
    between: tuple[Factor, ...]
    contrasts: tuple[CellContrast, ...]
    added: tuple[Variable, ...]
    random: tuple[Factor, ...]
    left_out: tuple[LeftOut, ...]

    def gone(self) -> tuple[LeftOut, ...]:
        """Return each animal that has no row here, once, with the reason of its first row in the table."""
        used = set(self.animals)
        first = {one.animal: one for one in reversed(self.left_out)}
        return tuple(one for one in reversed(first.values()) if one.animal not in used)

    def incomplete(self) -> tuple[LeftOut, ...]:
        """Return the animals that lack a value at some level: the mixed model alone keeps them."""
        levels: dict[str, set[str]] = {}
        lines = dict(zip(reversed(self.animals), reversed(self.lines), strict=True))
        for animal, level in zip(self.animals, self.within.labels, strict=True):
            levels.setdefault(animal, set()).add(level)
        return tuple(
            LeftOut(
                row=lines[animal],
                animal=animal,
                reason=f"no value at {', '.join(missing)}: kept by the mixed model only",
            )
            for animal, found in levels.items()
            if (missing := [level for level in self.within.levels if level not in found])
        )


def repeated_tests(animals: Animals, comparison: Comparison, outcome: str, plan: AnalysisPlan) -> Repeated:
    """Return an outcome of several tests (``pre``, ``post``) of the same animals.

    Raises
    ------
    TableError
        There is no such column, or it holds text.
    StatsError
        A group has no animal with a value.
    """
    used, left_out = usable(animals, comparison, outcome, plan)
    tests, within = animals.texts("test"), comparison.within
    labels = factor("test", [tests[at] for at in used], levels=within.levels if within else None)
    return _repeated(animals, comparison, plan, outcome, (used, left_out), animals.numbers(outcome)[used], labels)


def repeated_rows(animals: Animals, comparison: Comparison, outcome: str, plan: AnalysisPlan) -> Repeated:
    """Return the rows of a design that compares animals with themselves: `both_phases`, or else `repeated_tests`."""
    if comparison.name == "target_by_group":
        return both_phases(animals, comparison, plan)
    return repeated_tests(animals, comparison, outcome, plan)


def both_phases(animals: Animals, comparison: Comparison, plan: AnalysisPlan) -> Repeated:
    """Return the time in the interaction zone with the target absent and present.

    Raises
    ------
    TableError
        There is no such column, or it holds text.
    StatsError
        A group has no animal with a value, or animals have several tests.
    """
    if comparison.within is not None:
        levels = comparison.within.levels
        raise StatsError(
            f"design 'target_by_group': expected one test of each animal, found {', '.join(levels)}",
            hint=f"Take one of them, such as --only {comparison.within.name}={levels[-1]}.",
        )
    parts = [usable(animals, comparison, column, plan) for column in PHASES.values()]
    rows = [(at, phase) for phase, (used, _) in zip(PHASES, parts, strict=True) for at in used]
    used = [at for at, _ in rows]
    lines = {int(animals.table.index[at]) for at in used}
    left_out = {one.row: one for _, others in parts for one in others if one.row not in lines}
    found = used, tuple(left_out[row] for row in sorted(left_out))
    values = np.array([animals.numbers(PHASES[phase])[at] for at, phase in rows], float)
    labels = factor(TARGET, [phase for _, phase in rows], levels=tuple(PHASES))
    return _repeated(animals, comparison, plan, BOTH_PHASES, found, values, labels)


def analyse_repeated(rows: Repeated, plan: AnalysisPlan, *, analysis: str) -> Computed:
    """Return the mixed ANOVA with its contrasts, and the mixed model, which keeps animals with a missing cell.

    The planned contrasts are, in this order: by how much each group's change, later level less earlier, differs from
    the reference group's, and the change of each group. They are those of the mixed ANOVA, or of the mixed model where
    the plan has more than the factors, which the ANOVA can't have; the other stands beside, labelled ``sensitivity``.

    Raises
    ------
    StatsError
        The planned model can't be computed; the message says why.
    """
    whole, incomplete = set(rows.animals), rows.incomplete()
    is_adjusted = bool(rows.added or rows.random)
    anova = Piece(what="mixed ANOVA", compute=partial(_planned, rows, plan), is_needed=not is_adjusted)
    model = Piece(what="linear mixed model", compute=partial(repeated_model, rows, plan), is_needed=is_adjusted)
    try:
        beside = list(_change_pieces(rows, plan))
    except StatsError:
        beside = []  # the mixed ANOVA fails for the same reason, and says so
    gone = rows.gone()
    complete = compute(
        [anova, *beside],
        analysis="sensitivity" if is_adjusted else analysis,
        outcome=rows.outcome,
        n=len(whole) - len(incomplete),
        left_out=[*gone, *incomplete],
    )
    everyone = compute(
        [model],
        analysis=analysis if is_adjusted else "sensitivity",
        outcome=rows.outcome,
        n=len(whole),
        left_out=gone,
    )
    first, second = (everyone, complete) if is_adjusted else (complete, everyone)
    described = compute(
        [Piece(what="means", compute=partial(_descriptions, rows, plan))],
        analysis="description",
        outcome=rows.outcome,
        left_out=gone if is_adjusted else [*gone, *incomplete],
    )
    return Computed(
        results=(*first.results, *second.results, *described.results),
        not_computed=(*first.not_computed, *second.not_computed),
        left_out=(*rows.left_out, *incomplete),
    )


def _repeated(
    animals: Animals,
    comparison: Comparison,
    plan: AnalysisPlan,
    outcome: str,
    found: tuple[Sequence[int], tuple[LeftOut, ...]],
    values: FloatArray,
    within: Factor,
) -> Repeated:
    """Return an outcome's values in the rows that were found, as `csds.analysis.groups.usable` returns them."""
    (used, left_out), keys = found, animals.keys()
    between = between_factors(animals, comparison, used)
    contrasts = planned_contrasts(between) if between else []
    if between and not comparison.is_crossed:
        # A factorial with an empty cell has no interactions: its groups are compared as one factor.
        group = group_factor(animals, comparison, used)
        between, contrasts = (group,), group_contrasts(between, group)
    return Repeated(
        outcome=outcome,
        values=values,
        animals=tuple(keys[at] for at in used),
        lines=tuple(int(animals.table.index[at]) for at in used),
        within=within,
        between=between,
        contrasts=tuple(contrasts),
        added=added_variables(animals, plan, used),
        random=unit_factors(animals, plan.random, used),
        left_out=left_out,
    )


def _planned(rows: Repeated, plan: AnalysisPlan) -> Iterator[Result]:
    table = repeated_measures(rows.values, rows.animals, rows.within, rows.between)
    contrasts = change_contrasts(table.within, table.between.factors, rows.contrasts)
    estimates = [mixed_contrast(table, contrast) for contrast in contrasts]
    # The contrast of two groups' changes from absent to present is that of their differences.
    note = ""
    if rows.within.name == TARGET and rows.between:
        _, group, _ = changes_by_group(rows)
        note = pooled_note("si_difference_s", int(np.bincount(group.codes).min()))
    adjusted = adjust_contrasts(estimates, without_tukey(plan))
    yield from contrast_results(adjusted, "difference within animals", note=note)
    yield from _anova(mixed_anova(table, ss_type=2 if plan.sum_of_squares == "II" else 3))


def changes_by_group(rows: Repeated) -> tuple[FloatArray, Factor, tuple[int, ...]]:
    """Return each complete animal's change, last level less first, its group, and its first line in the file."""
    table = repeated_measures(rows.values, rows.animals, rows.within, rows.between)
    lines = dict(zip(reversed(rows.animals), reversed(rows.lines), strict=True))
    changes = table.responses[:, -1] - table.responses[:, 0]
    group = _as_one(table.between.factors, len(table.animals))
    return changes, group, tuple(lines[animal] for animal in table.animals)


def values_by_level(rows: Repeated, plan: AnalysisPlan) -> dict[str, Groups]:
    """Return the values at each level by group: of the animals of the planned model.

    These are the animals with a value at every level, or all where the plan's own model, which is mixed, keeps them.
    """
    incomplete = set() if plan.is_adjusted else {one.animal for one in rows.incomplete()}
    found = {}
    for level in rows.within.levels:
        is_here = [label == level for label in rows.within.labels]
        used = np.array([at for at, here in enumerate(is_here) if here and rows.animals[at] not in incomplete], int)
        between = tuple(one.take(used) for one in rows.between)
        found[level] = Groups(
            outcome=rows.outcome,
            values=rows.values[used],
            factors=between,
            group=_as_one(between, len(used)),
            lines=tuple(rows.lines[at] for at in used),
        )
    return found


def _as_one(between: Sequence[Factor], n: int) -> Factor:
    """Return the factors' combinations as one factor; everyone's group where there are none."""
    if not between:
        return Factor(name="group", levels=(EVERYONE,), codes=np.zeros(n, np.intp))
    labels = [group_of(levels) for levels in zip(*(one.labels for one in between), strict=True)]
    return factor("group", labels, levels=[group_of(levels) for levels in product(*(one.levels for one in between))])


def _descriptions(rows: Repeated, plan: AnalysisPlan) -> Iterator[Result]:
    for level, groups in values_by_level(rows, plan).items():
        for group in groups.group.levels:
            if len(groups.of(group)):
                yield from describe(groups, group, at=level)


def _change_pieces(rows: Repeated, plan: AnalysisPlan) -> Iterator[Piece]:
    """Yield what is computed of groups' changes, last level less first, and their differences, beside the contrasts."""
    changes, group, _ = changes_by_group(rows)
    step = f"{rows.within.levels[-1]} - {rows.within.levels[0]}"
    for level in group.levels:
        own = f"{level}: {step}" if rows.between else step
        yield from change_pieces(changes[group.codes == group.levels.index(level)], own, plan)
    for contrast in rows.contrasts:
        pair = pair_of(contrast)
        if pair:
            x, y = (changes[group.codes == group.levels.index(level)] for level in pair)
            yield from pair_pieces(x, y, f"({step}): {contrast.name}", plan)


def change_contrasts(
    within: Factor, between: Sequence[Factor], differences: Sequence[CellContrast] | None = None
) -> list[CellContrast]:
    """Return how the changes to each later level differ between groups, and each group's change.

    Parameters
    ----------
    within : Factor
    between : sequence of Factor
    differences : sequence of CellContrast, optional
        Between groups; those of `csds.analysis.between.planned_contrasts` where not given.
    """
    first, *later = within.levels
    cells = [
        dict(zip([one.name for one in between], levels, strict=True))
        for levels in product(*(one.levels for one in between))
    ]

    def change(level: str, contrast: CellContrast) -> CellContrast:
        weights = [
            (sign * weight, {**cell, within.name: end})
            for weight, cell in contrast.weights
            for sign, end in ((1.0, level), (-1.0, first))
        ]
        step = f"{level} - {first}"
        if len(contrast.weights) == 1:
            return CellContrast(name=step, at=contrast.name, weights=tuple(weights))
        return CellContrast(name=f"({step}): {contrast.name}", weights=tuple(weights))

    if differences is None:
        differences = planned_contrasts(between) if between else []
    own = [CellContrast(name=group_of(list(cell.values())), weights=((1.0, cell),)) for cell in cells]
    return [change(level, contrast) for contrasts in (differences, own) for level in later for contrast in contrasts]


def _anova(anova: MixedAnova) -> Iterator[Result]:
    for term in anova.terms:
        correction = term.greenhouse_geisser
        eta = partial_eta_squared(term.f, term.df1, term.df2)
        yield Result(
            term=term.name, test=f"mixed ANOVA, type {'I' * anova.ss_type}",
            statistic_name="F", statistic=term.f, df1=correction.df1 if correction else term.df1,
            df2=correction.df2 if correction else term.df2,
            p_value=correction.p_value if correction else term.p_value, effect_name="partial eta squared",
            effect=eta.value, ci_low=eta.ci_low, ci_high=eta.ci_high,
            note=f"Greenhouse–Geisser, epsilon {correction.epsilon:.6g}" if correction else "",
        )  # fmt: skip
        other = term.huynh_feldt
        if other:
            yield Result(
                analysis="sensitivity", term=term.name, test=f"mixed ANOVA, type {'I' * anova.ss_type}, Huynh–Feldt",
                statistic_name="F", statistic=term.f, df1=other.df1, df2=other.df2, p_value=other.p_value,
                note=f"epsilon {other.epsilon:.6g}",
            )  # fmt: skip
    mauchly = anova.sphericity
    if mauchly and mauchly.w is not None and mauchly.p_value is not None:
        yield Result(
            analysis="sensitivity", term="sphericity", test="Mauchly's test", statistic_name="W", statistic=mauchly.w,
            p_value=mauchly.p_value, note="it finds little in small groups; the corrections hold whatever it says",
        )  # fmt: skip


def repeated_model(rows: Repeated, plan: AnalysisPlan) -> Iterator[Result]:
    """Yield the contrasts and terms of the linear mixed model, whose innermost random intercept is the animal's.

    Raises
    ------
    StatsError
        It can't be fitted, or the plan has two random intercepts beside the animal's.
    """
    if len(rows.random) > 1:
        raise StatsError(
            f"expected one random intercept beside the animal's own, found {' and '.join(plan.random)}",
            hint="Keep the outer one, such as the cohort, and have the other as fixed, or leave it out.",
        )
    model = fit_cell_model(
        rows.values,
        (*rows.between, rows.within),
        added=rows.added,
        random=(*rows.random, factor("animal_id", rows.animals)),
    )
    contrasts = change_contrasts(rows.within, rows.between, rows.contrasts)
    estimates = [model.contrast(contrast) for contrast in contrasts]
    yield from contrast_results(adjust_contrasts(estimates, without_tukey(plan)), f"contrast, {model.variance}")
    yield from model.terms(plan.sum_of_squares)
