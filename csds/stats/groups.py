"""One outcome of the animals that are compared, with all that a model takes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from csds.errors import StatsError
from csds.model.shapes import FloatArray
from csds.stats.animals import Animals, LeftOut
from csds.stats.assumptions import far_out
from csds.stats.comparison import Comparison, groups_of
from csds.stats.design import Covariate, Factor, covariate, factor
from csds.stats.members import unit_labels
from csds.stats.plan import AnalysisPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """One outcome of the animals that are compared.

    Parameters
    ----------
    outcome : str
        The column.
    values : (n,) float
        Finite.
    factors : tuple of Factor
        Their levels for each value.
    group : Factor
        The factors' combinations as one factor.
    lines : tuple of int
        Of the file, for each value.
    fixed, covariates, random : tuple
        What else the plan has in its model.
    left_out : tuple of LeftOut
        Every animal that isn't among them, and why.
    """

    outcome: str
    values: FloatArray
    factors: tuple[Factor, ...]
    group: Factor
    lines: tuple[int, ...] = ()
    fixed: tuple[Factor, ...] = ()
    covariates: tuple[Covariate, ...] = ()
    random: tuple[Factor, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def is_adjusted(self) -> bool:
        """Whether the model has more than the factors."""
        return bool(self.fixed or self.covariates or self.random)

    def of(self, group: str) -> FloatArray:
        """Return a group's values."""
        return np.asarray(self.values[self.group.codes == self.group.levels.index(group)])


def group_values(animals: Animals, comparison: Comparison, outcome: str, plan: AnalysisPlan) -> Groups:
    """Return an outcome by group, and every animal that can't be used with the reason.

    Raises
    ------
    TableError
        There is no such column, or it holds text.
    StatsError
        A group of the comparison has no animal with a value, or a factor of the model has one level.
    """
    used, left_out = usable(animals, comparison, outcome, plan)
    groups = groups_of(animals, comparison.factors)
    if plan.outliers == "left out":
        used, left_out = _without_far_out(animals, outcome, groups, used, left_out)
    empty = [group for group in comparison.groups if group not in {groups[at] for at in used}]
    if empty:
        raise StatsError(
            f"{outcome}: expected animals with a value in every group, found none in {', '.join(empty)} "
            f"(left out: {why_left_out(left_out)})",
            hint="Analyse an outcome that all groups have, or leave the group out of the table.",
        )
    return Groups(
        outcome=outcome,
        values=animals.numbers(outcome)[used],
        factors=tuple(_factor(animals, one.name, used, levels=one.levels) for one in comparison.factors),
        group=factor("group", [groups[at] for at in used], levels=comparison.groups),
        lines=tuple(int(animals.table.index[at]) for at in used),
        fixed=tuple(_factor(animals, name, used) for name in plan.fixed),
        covariates=tuple(covariate(name, animals.numbers(name)[used]) for name in plan.covariates),
        random=tuple(_factor(animals, name, used) for name in plan.random),
        left_out=left_out,
    )


def usable(
    animals: Animals, comparison: Comparison, outcome: str, plan: AnalysisPlan
) -> tuple[list[int], tuple[LeftOut, ...]]:
    """Return the positions of the animals that have all that the plan's model takes, and the others with the reason."""
    kept, others = animals.usable(outcome)
    groups = groups_of(animals, comparison.factors)
    named = [(" or ".join(one.name for one in comparison.factors), groups)]
    for column in (*plan.fixed, *plan.random):
        animals.check_column(column)
        named.append((column, unit_labels(animals, column)))
    named += [(column, ["x" if np.isfinite(x) else "" for x in animals.numbers(column)]) for column in plan.covariates]
    used = []
    for at in kept:
        missing = next((column for column, cells in named if not cells[at]), "")
        if missing:
            row = int(animals.table.index[at])
            others.append(LeftOut(row=row, animal=animals.name(at), reason=f"its {missing} is missing"))
        else:
            used.append(at)
    return used, (*animals.left_out, *others)


def _without_far_out(
    animals: Animals, outcome: str, groups: Sequence[str], used: Sequence[int], left_out: Sequence[LeftOut]
) -> tuple[list[int], tuple[LeftOut, ...]]:
    labels = [groups[at] for at in used]
    if len(set(labels)) < 2:
        return list(used), tuple(left_out)
    check = far_out(animals.numbers(outcome)[list(used)], factor("group", labels), rows=used)
    others = [
        LeftOut(row=int(animals.table.index[at]), animal=animals.name(at), reason=f"{outcome} is {check.name}")
        for at in check.rows
    ]
    return [at for at in used if at not in check.rows], (*left_out, *others)


def why_left_out(left_out: Iterable[LeftOut]) -> str:
    """Return how many animals were left out for each reason.

    Examples
    --------
    >>> one = LeftOut(row=3, animal="m1", reason="its cage is missing")
    >>> why_left_out([one, one])
    '2 its cage is missing'
    """
    return "; ".join(f"{count} {reason}" for reason, count in Counter(one.reason for one in left_out).items())


def _factor(animals: Animals, column: str, used: Sequence[int], levels: tuple[str, ...] | None = None) -> Factor:
    cells = unit_labels(animals, column)
    labels = [cells[at] for at in used]
    return factor(column, labels, levels=levels or tuple(dict.fromkeys(labels)))
