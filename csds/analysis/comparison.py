"""Which comparison a table of animals allows: named by the plan, or found from its columns."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from csds.analysis.animals import Animals
from csds.analysis.plan import DESIGNS, AnalysisPlan
from csds.errors import StatsError

#: A factor with more levels is none: an id or a date in the wrong column.
MOST_LEVELS = 12
#: Stands between the levels of two factors in a group's name.
JOIN = " + "
#: The group of all animals, where no factor tells them apart.
EVERYONE = "all"
#: The factor within animals.
WITHIN = "test"
#: Designs that compare animals with themselves.
REPEATED = ("target_by_group", "pre_post")
#: What the level that others are compared with is called, most telling first.
_REFERENCE_WORDS = (
    "isotype", "control", "vehicle", "saline", "pbs", "sham", "untreated", "naive", "none", "igg", "pre", "baseline",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorLevels:
    """A factor, its levels with the reference first, and how that was chosen (``plan``, ``name`` or ``order``)."""

    name: str
    levels: tuple[str, ...]
    chosen_by: str = "order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is compared.

    Parameters
    ----------
    name : str
        One of `csds.analysis.plan.DESIGNS`.
    factors : tuple of FactorLevels
        Between animals, those with two levels or more.
    groups : tuple of str
        The combinations of their levels that hold animals, the reference first.
    within : FactorLevels or None
        Tests of the same animals, in order, or None.
    why : str
        How the design was come by, for the report.
    """

    name: str
    factors: tuple[FactorLevels, ...]
    groups: tuple[str, ...]
    within: FactorLevels | None
    why: str

    @property
    def is_crossed(self) -> bool:
        """Whether every combination of the factors' levels holds animals."""
        return len(self.groups) == _cells(self.factors)


def find_comparison(animals: Animals, plan: AnalysisPlan) -> Comparison:
    """Return the design that the plan names, or else the one that the table's columns allow.

    Raises
    ------
    StatsError
        There is nothing to compare, a factor has too many levels, a reference level is unknown, or the table doesn't
        allow the design that the plan names.
    """
    for name in plan.factors:
        if plan.factors != AnalysisPlan().factors:
            animals.check_column(name)
    factors = tuple(factor for name in plan.factors if len((factor := find_factor(animals, name, plan)).levels) > 1)
    groups = _groups(animals, factors)
    tests = find_factor(animals, WITHIN, plan)
    within = tests if len(tests.levels) > 1 and _are_repeated(animals) else None
    name, why = (plan.design, "named by the plan") if plan.design else _found(factors, groups, within)
    if not name:
        raise StatsError(
            f"expected two groups at least, found one: {_all_levels(animals, plan.factors)}",
            hint="Give the animals' stress or treatment, or name the columns that tell groups apart with --factor.",
        )
    _check(name, factors, groups, within)
    return Comparison(name=name, factors=factors, groups=groups, within=within, why=why)


def find_factor(animals: Animals, column: str, plan: AnalysisPlan) -> FactorLevels:
    """Return a column's levels in order of appearance, but for the reference, which is first; empty cells are none.

    The reference is the plan's; else the level whose name says so (isotype, control, vehicle …); else the first.

    Raises
    ------
    StatsError
        There are too many levels, or the reference is none of them.
    """
    levels = list(dict.fromkeys(text for text in animals.texts(column) if text))
    if len(levels) > MOST_LEVELS:
        raise StatsError(
            f"column '{column}': expected {MOST_LEVELS} levels at most, found {len(levels)} "
            f"({', '.join(levels[:3])} …)",
            hint="Is this a factor, or an id or date in the wrong column?",
        )
    if len(levels) < 2:
        return FactorLevels(name=column, levels=tuple(levels))
    reference, chosen_by = plan.reference.get(column), "plan"
    if reference is None:
        named = [[level for level in levels if word in level.casefold()] for word in _REFERENCE_WORDS]
        reference = next((found[0] for found in named if len(found) == 1), None)
        chosen_by = "name" if reference else "order"
    if reference is None:
        reference = levels[0]
    if reference not in levels:
        raise StatsError(
            f"reference level of {column}: expected one of {', '.join(levels)}, found '{reference}'",
            hint=f"Correct [reference] {column} in study.toml, or give --reference {column}=LEVEL.",
        )
    others = (level for level in levels if level != reference)
    return FactorLevels(name=column, levels=(reference, *others), chosen_by=chosen_by)


def group_of(levels: Sequence[str]) -> str:
    """Return a group's name from its levels.

    Examples
    --------
    >>> group_of(["defeated", "anti-IL-4Rα"])
    'defeated + anti-IL-4Rα'
    """
    return JOIN.join(levels)


def groups_of(animals: Animals, factors: Sequence[FactorLevels]) -> list[str]:
    """Return each animal's group, empty where one of its levels is."""
    if not factors:
        return [EVERYONE] * len(animals.table)
    cells = zip(*(animals.texts(factor.name) for factor in factors), strict=True)
    return [group_of(levels) if all(levels) else "" for levels in cells]


def _groups(animals: Animals, factors: Sequence[FactorLevels]) -> tuple[str, ...]:
    """Return the groups that hold animals, by the order of their levels."""
    held = set(groups_of(animals, factors))
    every = itertools.product(*(factor.levels for factor in factors)) if factors else ()
    return tuple(group for group in map(group_of, every) if group in held)


def _are_repeated(animals: Animals) -> bool:
    return max(Counter(animals.keys()).values(), default=0) > 1


def _found(factors: Sequence[FactorLevels], groups: Sequence[str], within: FactorLevels | None) -> tuple[str, str]:
    if within is not None:
        return "pre_post", f"animals have more than one test: {', '.join(within.levels)}"
    if len(factors) == 2:
        cells, both = _cells(factors), " and ".join(factor.name for factor in factors)
        if len(groups) == cells:
            return "stress_by_treatment", f"{both} both vary, and every combination holds animals"
        return "one_way", f"{cells - len(groups)} of {cells} combinations of {both} hold no animal"
    if not factors:
        return "", ""
    name = "two_groups" if len(groups) == 2 else "one_way"
    return name, f"{factors[0].name} alone varies, with {len(groups)} levels"


def _check(name: str, factors: Sequence[FactorLevels], groups: Sequence[str], within: FactorLevels | None) -> None:
    """Raise StatsError unless the table allows the design."""
    expected = ""
    if name == "stress_by_treatment":
        if len(factors) < 2 or len(groups) < _cells(factors):
            expected = "animals in every combination of two or more levels of stress and of treatment"
    elif name == "two_groups" and len(groups) != 2:
        expected = "two groups"
    elif name == "one_way" and len(groups) < 2:
        expected = "two groups at least"
    elif name == "pre_post" and within is None:
        expected = "animals with two tests or more (column 'test')"
    if expected:
        found = ", ".join(groups) or "no groups"
        raise StatsError(
            f"design '{name}' ({DESIGNS[name]}): expected {expected}, found {found}",
            hint=f"Name another design with --design: {', '.join(DESIGNS)}.",
        )


def _cells(factors: Sequence[FactorLevels]) -> int:
    return math.prod(len(factor.levels) for factor in factors)


def _all_levels(animals: Animals, names: Sequence[str]) -> str:
    found = [f"{name} {text or 'empty'}" for name in names for text in dict.fromkeys(animals.texts(name))]
    return ", ".join(found)
