"""One outcome of the animals that are compared, with all that a model takes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from csds.analysis.animals import Animals, LeftOut
from csds.analysis.assumptions import far_out
from csds.analysis.comparison import WITHIN, Comparison, groups_of
from csds.analysis.members import unit_labels
from csds.analysis.plan import AnalysisPlan
from csds.errors import StatsError
from csds.model.shapes import FloatArray
from csds.stats.design import Factor, Variable, covariate, factor


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
    added : tuple of Factor or Covariate
        What else the plan's model has, without interactions.
    random : tuple of Factor
        Its random intercepts.
    left_out : tuple of LeftOut
        Every animal that isn't among them, and why.
    """

    outcome: str
    values: FloatArray
    factors: tuple[Factor, ...]
    group: Factor
    lines: tuple[int, ...] = ()
    added: tuple[Variable, ...] = ()
    random: tuple[Factor, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def is_adjusted(self) -> bool:
        """Whether the model has more than the factors."""
        return bool(self.added or self.random)

    @property
    def smallest(self) -> int:
        """Animals in the smallest group."""
        return int(np.bincount(self.group.codes, minlength=len(self.group.levels)).min())

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
        A group of the comparison has no animal with a value (`usable`), or a factor of the model has one level.
    """
    used, left_out = usable(animals, comparison, outcome, plan)
    if plan.outliers == "left out":
        check = far_out(animals.numbers(outcome)[used], group_factor(animals, comparison, used), rows=used)
        left_out = (*left_out, *(animals.leaving_out(at, f"{outcome} is {check.name}") for at in check.rows))
        used = [at for at in used if at not in check.rows]
    return Groups(
        outcome=outcome,
        values=animals.numbers(outcome)[used],
        factors=between_factors(animals, comparison, used),
        group=group_factor(animals, comparison, used),
        lines=tuple(int(animals.table.index[at]) for at in used),
        added=added_variables(animals, plan, used),
        random=unit_factors(animals, plan.random, used),
        left_out=left_out,
    )


def usable(
    animals: Animals, comparison: Comparison, outcome: str, plan: AnalysisPlan
) -> tuple[list[int], tuple[LeftOut, ...]]:
    """Return the positions of the animals that have all that the plan's model takes, and the others with the reason.

    Raises
    ------
    TableError
        There is no such column, or it holds text.
    StatsError
        A group of the comparison has no such animal.
    """
    kept, others = animals.usable(outcome)
    groups = groups_of(animals, comparison.factors)
    named = [(" or ".join(one.name for one in comparison.factors), groups)]
    if comparison.name == "pre_post":
        named.append((WITHIN, animals.texts(WITHIN)))
    for column in (*plan.fixed, *plan.random):
        animals.check_column(column)
        named.append((column, unit_labels(animals, column)))
    named += [(column, ["x" if np.isfinite(x) else "" for x in animals.numbers(column)]) for column in plan.covariates]
    used = []
    for at in kept:
        missing = next((column for column, cells in named if not cells[at]), "")
        if missing:
            others.append(animals.leaving_out(at, f"its {missing} is missing"))
        else:
            used.append(at)
    held, left_out = {groups[at] for at in used}, (*animals.left_out, *others)
    empty = [group for group in comparison.groups if group not in held]
    if empty or not used:
        where = f" in every group, found none in {', '.join(empty)}" if empty else ", found none"
        raise StatsError(
            f"{outcome}: expected animals with a value{where} (left out: {why_left_out(left_out, most=3)})",
            hint="Take an outcome, and columns for the model, that all groups have, or leave the group out.",
        )
    return used, left_out


def why_left_out(left_out: Iterable[LeftOut], most: int | None = None) -> str:
    """Return how many animals were left out for each reason, or for the commonest and all others together.

    Examples
    --------
    >>> one, other = (LeftOut(row=3, animal="m1", reason=f"its {name} is missing") for name in ("cage", "weight_g"))
    >>> why_left_out([one, other, other])
    'its cage is missing (1); its weight_g is missing (2)'
    >>> why_left_out([one, other, other], most=1)
    'its weight_g is missing (2); other reasons (1)'
    """
    counts = Counter(one.reason for one in left_out)
    named = dict(counts.most_common(most) if most else counts)
    told = [f"{reason} ({count})" for reason, count in named.items()]
    return "; ".join([*told, *([f"other reasons ({rest})"] if (rest := counts.total() - sum(named.values())) else [])])


def between_factors(animals: Animals, comparison: Comparison, used: Sequence[int]) -> tuple[Factor, ...]:
    """Return the comparison's factors for the rows at some positions."""
    cells = [animals.texts(one.name) for one in comparison.factors]
    return tuple(
        factor(one.name, [texts[at] for at in used], levels=one.levels)
        for one, texts in zip(comparison.factors, cells, strict=True)
    )


def group_factor(animals: Animals, comparison: Comparison, used: Sequence[int]) -> Factor:
    """Return the combinations of the comparison's factors as one, for the rows at some positions."""
    groups = groups_of(animals, comparison.factors)
    return factor("group", [groups[at] for at in used], levels=comparison.groups)


def added_variables(animals: Animals, plan: AnalysisPlan, used: Sequence[int]) -> tuple[Variable, ...]:
    """Return the plan's further factors and its covariates, for the rows at some positions."""
    covariates = (covariate(name, animals.numbers(name)[used]) for name in plan.covariates)
    return (*unit_factors(animals, plan.fixed, used), *covariates)


def unit_factors(animals: Animals, columns: Sequence[str], used: Sequence[int]) -> tuple[Factor, ...]:
    """Return further columns of the plan as factors, for the rows at some positions."""
    cells = {name: unit_labels(animals, name) for name in columns}
    return tuple(factor(name, [labels[at] for at in used]) for name, labels in cells.items())
