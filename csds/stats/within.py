"""The same animals compared with themselves: before and after treatment, or target absent and present, by group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from csds.model.shapes import FloatArray
from csds.stats.adjust import adjust_contrasts
from csds.stats.animals import Animals, LeftOut
from csds.stats.comparison import Comparison, groups_of
from csds.stats.design import CellContrast, ContrastEstimate, Factor, design_matrix, factor
from csds.stats.effect_sizes import partial_eta_squared
from csds.stats.mixed_anova import MixedAnova, RepeatedMeasures, mixed_anova, mixed_contrast, repeated_measures
from csds.stats.mixed_model import fit_mixed_model, term_tests
from csds.stats.plan import AnalysisPlan
from csds.stats.results import Result

#: The factor of the two phases, its levels, and the columns that hold them.
TARGET, PHASES = "target", {"absent": "interaction_absent_s", "present": "interaction_present_s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """An outcome measured again and again in the same animals, a value a row.

    ``animals``, ``lines`` (of the file), ``within`` and ``between`` are those of the same rows; ``left_out`` names
    every row of the table that isn't among them, and why.
    """

    outcome: str
    values: FloatArray
    animals: tuple[str, ...]
    lines: tuple[int, ...]
    within: Factor
    between: tuple[Factor, ...]
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


def repeated_tests(animals: Animals, comparison: Comparison, outcome: str) -> Repeated:
    """Return an outcome of several tests (``pre``, ``post``) of the same animals."""
    used, left_out = _usable(animals, comparison, outcome)
    tests, within = animals.texts("test"), comparison.within
    return Repeated(
        outcome=outcome,
        values=animals.numbers(outcome)[used],
        animals=_names(animals, used),
        lines=tuple(int(animals.table.index[at]) for at in used),
        within=factor("test", [tests[at] for at in used], levels=within.levels if within else None),
        between=_between(animals, comparison, used),
        left_out=left_out,
    )


def both_phases(animals: Animals, comparison: Comparison) -> Repeated:
    """Return the time in the interaction zone with the target absent and present."""
    parts = [_usable(animals, comparison, column) for column in PHASES.values()]
    rows = [(at, phase) for phase, (used, _) in zip(PHASES, parts, strict=True) for at in used]
    left_out = {one.row: one for _, others in parts for one in others}
    return Repeated(
        outcome="interaction_s",
        values=np.array([animals.numbers(PHASES[phase])[at] for at, phase in rows], float),
        animals=_names(animals, [at for at, _ in rows]),
        lines=tuple(int(animals.table.index[at]) for at, _ in rows),
        within=factor(TARGET, [phase for _, phase in rows], levels=tuple(PHASES)),
        between=_between(animals, comparison, [at for at, _ in rows]),
        left_out=tuple(left_out[row] for row in sorted(left_out)),
    )


def analyse_repeated(rows: Repeated, plan: AnalysisPlan, *, analysis: str) -> list[Result]:
    """Return the mixed ANOVA with its contrasts, and the mixed model, which keeps animals with a missing cell.

    The planned contrasts are, in this order: the change of each group, later level less earlier, and by how much it
    differs from the reference group's.

    Raises
    ------
    StatsError
        A model can't be computed; the message says why.
    """
    table = repeated_measures(rows.values, rows.animals, rows.within, rows.between)
    anova = mixed_anova(table, ss_type=2 if plan.sum_of_squares == "II" else 3)
    found = [*_changes(table, plan), *_anova(anova), *_model(rows)]
    return [
        replace(
            one,
            analysis=one.analysis or analysis,
            outcome=rows.outcome,
            n=one.n or anova.n,
            n_excluded=len(rows.left_out) + (len(table.left_out) if one.analysis != "sensitivity" else 0),
        )
        for one in found
    ]


def _usable(animals: Animals, comparison: Comparison, outcome: str) -> tuple[list[int], tuple[LeftOut, ...]]:
    kept, others = animals.usable(outcome)
    groups = groups_of(animals, comparison.factors) if comparison.factors else ["all"] * len(animals.table)
    unknown = [
        LeftOut(row=int(animals.table.index[at]), animal=animals.name(at), reason="its stress or treatment is missing")
        for at in kept
        if not groups[at]
    ]
    return [at for at in kept if groups[at]], (*animals.left_out, *others, *unknown)


def _names(animals: Animals, used: Sequence[int]) -> tuple[str, ...]:
    cohorts, ids = animals.texts("cohort"), animals.texts("animal_id")
    return tuple(f"{cohorts[at]} {ids[at]}".strip() for at in used)


def _between(animals: Animals, comparison: Comparison, used: Sequence[int]) -> tuple[Factor, ...]:
    columns = {one.name: animals.texts(one.name) for one in comparison.factors}
    return tuple(
        factor(one.name, [columns[one.name][at] for at in used], levels=one.levels) for one in comparison.factors
    )


def _changes(table: RepeatedMeasures, plan: AnalysisPlan) -> Iterator[Result]:
    contrasts = change_contrasts(table.within, table.factors)
    estimates = [mixed_contrast(table, contrast) for contrast in contrasts]
    adjustment = "holm" if plan.adjust == "tukey" else plan.adjust
    for one in adjust_contrasts(estimates, adjustment):
        yield replace(
            _tested(one.contrast, "difference within animals"),
            p_adjusted=one.p_adjusted,
            adjustment=f"{one.adjustment}, {len(contrasts)} contrasts",
            n=len(table.animals),
        )


def change_contrasts(within: Factor, factors: Sequence[Factor]) -> list[CellContrast]:
    """Return each group's change to each later level, and its difference from the first group's change."""
    between = [one for one in factors if one.name != within.name]
    cells: list[dict[str, str]] = [{}]
    for one in between:
        cells = [{**cell, one.name: level} for cell in cells for level in one.levels]
    changes, differences = [], []
    first = within.levels[0]
    for later in within.levels[1:]:
        for number, cell in enumerate(cells):
            own = ((1.0, {**cell, within.name: later}), (-1.0, {**cell, within.name: first}))
            group = " + ".join(cell.values())
            changes.append(CellContrast(name=f"{later} - {first}", at=group, weights=own))
            if number:
                reference = cells[0]
                theirs = ((-1.0, {**reference, within.name: later}), (1.0, {**reference, within.name: first}))
                name = f"({later} - {first}): {group} - {' + '.join(reference.values())}"
                differences.append(CellContrast(name=name, weights=(*own, *theirs)))
    return [*differences, *changes] if differences else changes


def _tested(contrast: ContrastEstimate, test: str) -> Result:
    name = f"{contrast.at}: {contrast.name}" if contrast.at else contrast.name
    return Result(
        analysis="", outcome="", contrast=name, test=test, statistic_name="t", statistic=contrast.t, df1=contrast.df,
        p_value=contrast.p_value, effect_name="difference", effect=contrast.estimate, ci_low=contrast.ci_low,
        ci_high=contrast.ci_high, note="interval not adjusted",
    )  # fmt: skip


def _anova(anova: MixedAnova) -> Iterator[Result]:
    for term in anova.terms:
        correction = term.greenhouse_geisser
        eta = partial_eta_squared(term.f, term.df1, term.df2)
        yield Result(
            analysis="", outcome="", term=term.name, test=f"mixed ANOVA, type {'I' * anova.ss_type}",
            statistic_name="F", statistic=term.f, df1=correction.df1 if correction else term.df1,
            df2=correction.df2 if correction else term.df2,
            p_value=correction.p_value if correction else term.p_value, effect_name="partial eta squared",
            effect=eta.value, ci_low=eta.ci_low, ci_high=eta.ci_high,
            note=f"Greenhouse–Geisser, epsilon {correction.epsilon:.6g}" if correction else "",
        )  # fmt: skip


def _model(rows: Repeated) -> Iterator[Result]:
    factors = (*rows.between, rows.within)
    model = fit_mixed_model(rows.values, design_matrix(factors), [factor("animal_id", rows.animals)])
    note = "random intercept of the animal, Satterthwaite's degrees of freedom"
    for term in term_tests(model):
        if term.term:
            yield Result(
                analysis="sensitivity", outcome="", term=term.name, test="linear mixed model, type III",
                statistic_name="F", statistic=term.f, df1=term.df1, df2=term.df2, p_value=term.p_value,
                n=len(set(rows.animals)), note=f"{note}; singular" if model.is_singular else note,
            )  # fmt: skip
