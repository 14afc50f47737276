"""An outcome's values as figures of groups show them: by group, of repeated measures also by test, animals linked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from csds.analysis.comparison import REPEATED
from csds.analysis.groups import group_values
from csds.analysis.phenotypes import PHENOTYPE
from csds.analysis.results import Result
from csds.analysis.within import PHASES, repeated_rows, values_by_level
from csds.errors import StatsError
from csds.model.shapes import FloatArray
from csds.plots.study import Arm, StudyResults
from csds.stats.bootstrap import bootstrap


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """An outcome of the animals that are analysed.

    Parameters
    ----------
    arms : tuple of Arm
        Their ``rows`` are positions in what follows.
    numbers : (n,) float
        The values.
    phenotypes, keys : sequence of str
        The animal of each value, and what it is called.
    lines : tuple of int
        Of the file, of all that is shown.
    columns : tuple of str
        That the values are from.
    links : tuple of (int, int)
        Positions of the same animal's values at one test and the next; none of groups of animals.
    """

    arms: tuple[Arm, ...]
    numbers: FloatArray
    phenotypes: Sequence[str]
    keys: Sequence[str]
    lines: tuple[int, ...]
    columns: tuple[str, ...]
    links: tuple[tuple[int, int], ...] = ()

    @property
    def shown(self) -> list[int]:
        """Positions of the values that are shown."""
        return [at for arm in self.arms for at in arm.rows]


def measured(study: StudyResults) -> Measured:
    """Return the outcome that is shown, of the animals of the planned model.

    Raises
    ------
    StatsError
        A group has no animal with a value.
    TableError
        There is no such column, or it holds text.
    """
    animals, comparison, plan, outcome = study.analysed, study.analysis.comparison, study.analysis.plan, study.shown
    phenotypes, keys = animals.texts(PHENOTYPE), animals.keys()
    if comparison.name not in REPEATED:
        lines = group_values(animals, comparison, outcome, plan).lines
        _, arms = study.having([outcome], lines)
        return Measured(
            arms=arms, numbers=animals.numbers(outcome), phenotypes=phenotypes, keys=keys, lines=lines,
            columns=(outcome,),
        )  # fmt: skip
    used = values_by_level(repeated_rows(animals, comparison, outcome, plan), plan)
    index, many = animals.table.index, len(animals.table)
    arms, columns = study.arms, [outcome]
    if comparison.name == "target_by_group":
        # Each animal's line holds both phases: the second's values stand behind all of the first's.
        columns = list(PHASES.values())
        arms = tuple(
            replace(arm, name=f"{arm.name}, {phase}", levels=(*arm.levels, phase),
                    rows=tuple(at + k * many for at in arm.rows))
            for arm in arms
            for k, phase in enumerate(PHASES)
        )  # fmt: skip
    lines_at = {level: set(groups.lines) for level, groups in used.items()}
    arms = tuple(
        replace(arm, rows=tuple(at for at in arm.rows if int(index[at % many]) in lines_at[arm.levels[-1]]))
        for arm in arms
    )
    arms = tuple(arm for arm in arms if arm.rows)
    keys = [*keys] * len(columns)
    return Measured(
        arms=arms,
        numbers=np.concatenate([animals.numbers(column) for column in columns]),
        phenotypes=[*phenotypes] * len(columns),
        keys=keys,
        lines=tuple(sorted({line for some in lines_at.values() for line in some})),
        columns=tuple(columns),
        links=tuple(_links(arms, keys)),
    )


def centres_of(study: StudyResults, data: Measured) -> dict[str, Result]:
    """Return each group's mean or median, whichever the study's figures show, by its name.

    Means are those of the analysis, with their t intervals. Medians are as well, with BCa bootstrap intervals by the
    plan's draws and seed (`csds.stats.bootstrap.bootstrap`); a group of fewer than three animals, or of equal values,
    has none.
    """
    found = {
        one.term: one for one in study.results(study.shown, "description") if one.effect_name == study.centre
    }  # fmt: skip
    return {
        arm.name: _with_interval(found[arm.name], data.numbers[list(arm.rows)], study)
        if study.centre == "median"
        else found[arm.name]
        for arm in data.arms
        if arm.name in found
    }


def _with_interval(median: Result, values: FloatArray, study: StudyResults) -> Result:
    plan = study.analysis.plan
    try:
        # Sorted, and from the plan's seed, as the analysis draws its own.
        found = bootstrap(
            np.sort(values), rng=np.random.default_rng(plan.seed), location="median", draws=plan.draws
        )  # fmt: skip
    except StatsError:
        return median
    return replace(
        median,
        ci_low=found.bca[0],
        ci_high=found.bca[1],
        note=f"{median.note}; bootstrap, BCa, {plan.draws} resamples, seed {plan.seed}",
    )


def _links(arms: Sequence[Arm], keys: Sequence[str]) -> list[tuple[int, int]]:
    found = []
    for arm, following in pairwise(arms):
        if arm.group == following.group:
            next_of = {keys[at]: at for at in following.rows}
            found += [(at, next_of[keys[at]]) for at in arm.rows if keys[at] in next_of]
    return found
