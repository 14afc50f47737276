"""Which animals a check of the study is about: those of one test, those of each level, those below the cut-off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from csds.analysis.animals import Animals
from csds.analysis.comparison import Comparison
from csds.study.words import echo_stress

_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no")
#: Animals and cages are numbered anew in each cohort.
_WITHIN_COHORT = ("cage", "animal_id")


def of_test(animals: Animals, comparison: Comparison, which: int) -> Animals:
    """Return the rows of one test (0 the first, −1 the last) where animals are tested repeatedly, else all."""
    if comparison.within is None:
        return animals
    level = comparison.within.levels[which]
    kept = [text == level for text in animals.texts(comparison.within.name)]
    return replace(animals, table=animals.table[kept])


def unit_labels(animals: Animals, column: str) -> list[str]:
    """Return each row's level of a column, empty where the cell is; cages and animals are told apart by cohort.

    Examples
    --------
    >>> import pandas as pd
    >>> unit_labels(Animals(table=pd.DataFrame({"cohort": ["a", "b"], "cage": ["1", ""]}), left_out=()), "cage")
    ['a 1', '']
    """
    cohorts = animals.texts("cohort") if column in _WITHIN_COHORT else [""] * len(animals.table)
    return [
        f"{cohort} {text}".strip() if text else "" for cohort, text in zip(cohorts, animals.texts(column), strict=True)
    ]


def members(animals: Animals, column: str) -> dict[str, list[int]]:
    """Return the positions of each level's animals; empty cells are no level, and animals and cages are told by cohort.

    Examples
    --------
    >>> import pandas as pd
    >>> members(Animals(table=pd.DataFrame({"cohort": ["a", "b", "b"], "cage": ["1", "1", "1"]}), left_out=()), "cage")
    {'a 1': [0], 'b 1': [1, 2]}
    """
    found: dict[str, list[int]] = {}
    for at, label in enumerate(unit_labels(animals, column)):
        if label:
            found.setdefault(label, []).append(at)
    return found


def shared(animals: Animals, column: str) -> dict[str, list[int]]:
    """Return the levels of a column that hold two animals or more, with their positions."""
    return {level: at for level, at in members(animals, column).items() if len(at) > 1}


def counted(labels: Sequence[str]) -> str:
    """Return how many there are of each label: ``isotype 8, anti-IL-4Rα 2``."""
    return ", ".join(f"{label} {n}" for label, n in Counter(labels).items())


def controls(animals: Animals) -> list[int]:
    """Return the positions of undefeated controls."""
    return [at for at, text in enumerate(animals.texts("stress")) if echo_stress(text) == "control"]


def below_cutoff(animals: Animals) -> tuple[list[bool | None], str]:
    """Return whether each animal lies below the cut-off, None where that isn't known, and how it was told.

    By the column ``below_cutoff``, or else by an SI ratio below 1 (Krishnan et al. 2007,
    doi:10.1016/j.cell.2007.09.018).
    """
    if any(animals.texts("below_cutoff")):
        words = [text.casefold() for text in animals.texts("below_cutoff")]
        return [True if word in _TRUE else False if word in _FALSE else None for word in words], "below_cutoff"
    if "si_ratio" not in animals.table:
        return [None] * len(animals.table), "nothing"
    kept = set(animals.usable("si_ratio")[0])
    values = animals.numbers("si_ratio").tolist()
    return [value < 1 if at in kept else None for at, value in enumerate(values)], "si_ratio < 1"
