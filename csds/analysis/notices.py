"""What a study's statistics have to say about the study itself: codes, each declared once with its meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from csds.analysis.animals import Animals
from csds.stats.design import listed

#: A warning puts a conclusion in doubt; a note is to be known.
NoticeSeverity = Literal["warning", "note"]
_SHOWN = 8

NOTICES: dict[str, str] = {
    "circular": "the groups were told apart by the scores that are compared",
    "selected_after_treatment": "animals were chosen by scores measured after treatment",
    "regression_to_the_mean": "animals chosen for a low score are tested again, and no untreated ones beside them",
    "controls_below_cutoff": "undefeated controls lie on the susceptible side of the cut-off",
    "unequal_exclusions": "more animals were left out in some groups than in others",
    "confounded": "cohort, cage, day, experimenter or sex goes with stress or treatment",
    "singly_housed": "one arm is singly housed: there a cage and its animal can't be told apart",
    "small_groups": "the smallest group is too small to find any but large differences",
    "undefined_score": "a score is empty because a time is zero",
    "infinite_score": "a score is infinite",
    "small_denominator": "a ratio of a time so short that it says little",
    "percent": "the ratios look like percent",
    "repeated_as_independent": "animals have several tests that are analysed as if of different animals",
    "pseudoreplication": "animals share cages, and the plan takes them as independent",
    "protocols_differ": "studies in one table were measured by different protocols",
    "several_studies": "the table holds several studies: whether the study is in the planned model",
    "few_studies": "too few studies to tell how much studies differ",
}
"""Every code with its meaning; ``docs/checks.md`` says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What was found about a study.

    Parameters
    ----------
    code : str
        One of `NOTICES`.
    severity : {"warning", "note"}
        A warning puts a conclusion in doubt; a note is to be known.
    message : str
        What was found, with numbers and names, what it means and what to do.
    rows : tuple of int
        The lines of the file that it is about.
    """

    code: str
    severity: NoticeSeverity
    message: str
    rows: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a code that isn't declared."""
        if self.code not in NOTICES:
            raise KeyError(f"undeclared notice: {self.code}")


def named(animals: Animals, at: Sequence[int]) -> str:
    """Return animals with their rows, for messages: ``c1 m12 (row 13), c1 m14 (row 15)``."""
    return listed((f"{animals.name(i)} (row {animals.table.index[i]})" for i in at), _SHOWN)


def rows_of(animals: Animals, at: Sequence[int]) -> tuple[int, ...]:
    """Return the lines of the file that hold the animals at some positions."""
    return tuple(int(animals.table.index[i]) for i in at)
