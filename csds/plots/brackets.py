"""Brackets of contrasts above groups, each with its p value: as low as the others let it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from csds.analysis.results import Result
from csds.analysis.wording import equals_text
from csds.plots.labels import text_width
from csds.plots.study import Arm
from csds.plots.style import SMALL_PT, Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Height that a row of brackets takes, pt.
ROW_PT = 13.0
_TICK = 0.22
_INSET = 0.06


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """What is compared, where, and what is said of it."""

    result: Result
    start: float
    end: float
    text: str


def brackets_of(results: Sequence[Result], arms: Sequence[Arm]) -> list[Bracket]:
    """Return the brackets of contrasts between two groups, or between two such differences.

    The p value is the adjusted one where there is one. What compares anything else has no bracket.
    """
    pairs = {f"{one.name} - {other.name}": (i, j) for i, one in enumerate(arms) for j, other in enumerate(arms)}
    places = {name: (min(pair), max(pair)) for name, pair in pairs.items()}
    found = []
    for one in results:
        p = one.p_value if math.isnan(one.p_adjusted) else one.p_adjusted
        if math.isnan(p):
            continue
        if one.contrast in places:
            start, end = places[one.contrast]
            found.append(Bracket(result=one, start=start, end=end, text=f"p {equals_text(p)}"))
            continue
        first, _, second = one.contrast.removeprefix("(").removesuffix(")").partition(") - (")
        if first in places and second in places:
            middles = sorted(sum(places[name]) / 2 for name in (first, second))
            found.append(Bracket(result=one, start=middles[0], end=middles[1], text=f"interaction p {equals_text(p)}"))
    return found


def rows_of(brackets: Sequence[Bracket], place_pt: float) -> list[int]:
    """Return the row of each bracket from the lowest, 0: the shortest first, and none over another or its text.

    Parameters
    ----------
    brackets : sequence of Bracket
    place_pt : float
        Distance of two groups, pt.
    """
    taken: list[list[tuple[float, float]]] = []
    rows = [0] * len(brackets)
    for at in sorted(range(len(brackets)), key=lambda at: (brackets[at].end - brackets[at].start, brackets[at].start)):
        one = brackets[at]
        middle, half = (one.start + one.end) / 2, text_width(one.text, SMALL_PT) / 2 / place_pt + _INSET
        low, high = min(one.start, middle - half), max(one.end, middle + half)
        row = next(
            (i for i, spans in enumerate(taken) if all(high <= start or end <= low for start, end in spans)), len(taken)
        )
        if row == len(taken):
            taken.append([])
        taken[row].append((low, high))
        rows[at] = row
    return rows


def draw_brackets(axes: Axes, brackets: Sequence[Bracket], rows: Sequence[int], style: Style) -> None:
    """Draw brackets into axes of their own, which have the groups at 0, 1, 2 … and rows from 0 up."""
    for bracket, row in zip(brackets, rows, strict=True):
        ends = (bracket.start + _INSET, bracket.end - _INSET)
        axes.plot(
            [ends[0], ends[0], ends[1], ends[1]], [row, row + _TICK, row + _TICK, row], color=style.inks.ink,
            linewidth=0.6, clip_on=False,
        )  # fmt: skip
        axes.text((bracket.start + bracket.end) / 2, row + _TICK + 0.1, bracket.text, ha="center", va="bottom",
                  fontsize=SMALL_PT)  # fmt: skip
    axes.set_ylim(0, max(rows, default=0) + 1)
    axes.axis("off")
