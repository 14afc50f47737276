"""The same animals compared with themselves: before and after treatment, or target absent and present, by group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np

from csds.model.shapes import FloatArray
from csds.stats.adjust import adjust_contrasts
from csds.stats.animals import Animals, LeftOut
from csds.stats.between import pair_of, planned_contrasts
from csds.stats.comparison import Comparison, group_of
from csds.stats.design import CellContrast, Factor, design_matrix, factor
from csds.stats.effect_sizes import partial_eta_squared
from csds.stats.groups import usable
from csds.stats.members import unit_labels
from csds.stats.mixed_anova import MixedAnova, mixed_anova, mixed_contrast, repeated_measures
from csds.stats.mixed_model import fit_mixed_model, model_contrast, term_tests
from csds.stats.pairs import pair_pieces
from csds.stats.pieces import Computed, Piece, compute
from csds.stats.plan import AnalysisPlan
from csds.stats.results import Result, contrast_results

#: The factor of the two phases, its levels, and the columns that hold them.
TARGET, PHASES = "target", {"absent": "interaction_absent_s", "present": "interaction_present_s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """An outcome measured again and again in the same animals, a value a row.

    ``animals``, ``lines`` (of the file), ``within``, ``between`` and ``units`` (outer random intercepts) are those of
    the same rows; ``left_out`` names every row of the table that isn't among them, and why.
    """

    outcome: str
    values: FloatArray
    animals: tuple[str, ...]
    lines: tuple[int, ...]
    within: Factor
    between: tuple[Factor, ...]
    units: tuple[Factor, ...]
    left_out: tuple[LeftOut, ...]

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
    """Return an outcome of several tests (``pre``, ``post``) of the same animals."""
    used, left_out = usable(animals, comparison, outcome, plan)
    tests, within = animals.texts("test"), comparison.within
    return Repeated(
        outcome=outcome,
        values=animals.numbers(outcome)[used],
        animals=_names(animals, used),
        lines=tuple(int(animals.table.index[at]) for at in used),
        within=factor("test", [tests[at] for at in used], levels=within.levels if within else None),
        between=_between(animals, comparison, used),
        units=_units(animals, plan, used),
        left_out=left_out,
    )


def both_phases(animals: Animals, comparison: Comparison, plan: AnalysisPlan) -> Repeated:
    """Return the time in the interaction zone with the target absent and present."""
    parts = [usable(animals, comparison, column, plan) for column in PHASES.values()]
    rows = [(at, phase) for phase, (used, _) in zip(PHASES, parts, strict=True) for at in used]
    left_out = {one.row: one for _, others in parts for one in others}
    used = [at for at, _ in rows]
    return Repeated(
        outcome="interaction_s",
        values=np.array([animals.numbers(PHASES[phase])[at] for at, phase in rows], float),
        animals=_names(animals, used),
        lines=tuple(int(animals.table.index[at]) for at, _ in rows),
        within=factor(TARGET, [phase for _, phase in rows], levels=tuple(PHASES)),
        between=_between(animals, comparison, used),
        units=_units(animals, plan, used),
        left_out=tuple(left_out[row] for row in sorted(left_out)),
    )


def analyse_repeated(rows: Repeated, plan: AnalysisPlan, *, analysis: str) -> Computed:
    """Return the mixed ANOVA with its contrasts, and the mixed model, which keeps animals with a missing cell.

    The planned contrasts are, in this order: by how much each group's change, later level less earlier, differs from
    the reference group's, and the change of each group.

    Raises
    ------
    StatsError
        The mixed ANOVA can't be computed; the message says why.
    """
    incomplete = rows.incomplete()
    pieces = [Piece(what="mixed ANOVA", compute=partial(_planned, rows, plan), is_needed=True)]
    pieces += _change_pieces(rows, plan)
    found = compute(
        pieces,
        analysis=analysis,
        outcome=rows.outcome,
        n=len(set(rows.animals)) - len(incomplete),
        left_out=(*rows.left_out, *incomplete),
    )
    model = compute(
        [Piece(what="linear mixed model", compute=partial(_model, rows))],
        analysis="sensitivity",
        outcome=rows.outcome,
        n=len(set(rows.animals)),
        left_out=rows.left_out,
    )
    return Computed(
        results=(*found.results, *model.results),
        not_computed=(*found.not_computed, *model.not_computed),
        left_out=found.left_out,
    )


def _names(animals: Animals, used: Sequence[int]) -> tuple[str, ...]:
    keys = animals.keys()
    return tuple(keys[at] for at in used)


def _between(animals: Animals, comparison: Comparison, used: Sequence[int]) -> tuple[Factor, ...]:
    columns = {one.name: animals.texts(one.name) for one in comparison.factors}
    return tuple(
        factor(one.name, [columns[one.name][at] for at in used], levels=one.levels) for one in comparison.factors
    )


def _units(animals: Animals, plan: AnalysisPlan, used: Sequence[int]) -> tuple[Factor, ...]:
    """Return the plan's outer random intercept, if there is one."""
    cells = {name: unit_labels(animals, name) for name in plan.random[:1]}
    return tuple(factor(name, [texts[at] for at in used]) for name, texts in cells.items())


def _planned(rows: Repeated, plan: AnalysisPlan) -> Iterator[Result]:
    table = repeated_measures(rows.values, rows.animals, rows.within, rows.between)
    estimates = [mixed_contrast(table, contrast) for contrast in change_contrasts(table.within, table.between.factors)]
    adjustment = "holm" if plan.adjust == "tukey" else plan.adjust
    yield from contrast_results(adjust_contrasts(estimates, adjustment), "difference within animals")
    yield from _anova(mixed_anova(table, ss_type=2 if plan.sum_of_squares == "II" else 3))


def changes_by_group(rows: Repeated) -> tuple[FloatArray, Factor, tuple[int, ...]]:
    """Return each complete animal's change, last level less first, its group, and its first line in the file."""
    table = repeated_measures(rows.values, rows.animals, rows.within, rows.between)
    factors = table.between.factors
    levels = [group_of(levels) for levels in product(*(one.levels for one in factors))]
    labels = [group_of(levels) for levels in zip(*(one.labels for one in factors), strict=True)]
    lines = dict(zip(reversed(rows.animals), reversed(rows.lines), strict=True))
    changes = table.responses[:, -1] - table.responses[:, 0]
    return changes, factor("group", labels, levels=levels), tuple(lines[animal] for animal in table.animals)


def _change_pieces(rows: Repeated, plan: AnalysisPlan) -> Iterator[Piece]:
    """Yield what is computed of two groups' changes, last level less first, beside the planned contrast."""
    if not rows.between:
        return
    changes, group, _ = changes_by_group(rows)
    step = f"{rows.within.levels[-1]} - {rows.within.levels[0]}"
    for contrast in planned_contrasts(rows.between):
        pair = pair_of(contrast)
        if pair:
            x, y = (changes[group.codes == group.levels.index(level)] for level in pair)
            yield from pair_pieces(x, y, f"({step}): {contrast.name}", plan)


def change_contrasts(within: Factor, between: Sequence[Factor]) -> list[CellContrast]:
    """Return how the changes to each later level differ between groups, as planned, and each group's change."""
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


def _model(rows: Repeated) -> Iterator[Result]:
    factors = (*rows.between, rows.within)
    units = (*rows.units, factor("animal_id", rows.animals))
    model = fit_mixed_model(rows.values, design_matrix(factors), units)
    note = f"random intercept of {' and '.join(one.name for one in units)}, Satterthwaite's degrees of freedom"
    for term in term_tests(model):
        yield Result(
            term=term.name, test="linear mixed model, type III", statistic_name="F", statistic=term.f, df1=term.df1,
            df2=term.df2, p_value=term.p_value, note=f"{note}; singular" if model.is_singular else note,
        )  # fmt: skip
    for contrast in change_contrasts(rows.within, rows.between):
        found = model_contrast(model, contrast)
        yield from contrast_results(adjust_contrasts([found], "none"), "linear mixed model")
    for group in model.groups:
        yield Result(
            term=group.name, test="intraclass correlation", effect_name="intraclass correlation", effect=group.icc,
            note=f"{group.units} units; no interval",
        )  # fmt: skip
