"""Brackets of contrasts above groups, each with its p value: as low as the others let it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from csds.analysis.comparison import EVERYONE
from csds.analysis.results import Result
from csds.analysis.wording import adjusted_text, author_text, equals_text
from csds.plots.labels import text_width
from csds.plots.study import Arm
from csds.plots.style import SMALL_PT, Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Height that a row of brackets takes, pt.
ROW_PT = 13.0
_TICK = 0.22
_INSET = 0.06
#: What stands before p, by how deep a difference is tested; of repeated tests each is one deeper.
_KINDS = ("", "interaction ", "three-way ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """What is compared, where, and what is said of it; of one interaction among several, the level that it is of."""

    result: Result
    start: float
    end: float
    text: str
    of: str = ""


def brackets_of(results: Sequence[Result], arms: Sequence[Arm], *, is_repeated: bool = False) -> list[Bracket]:
    """Return the brackets of contrasts between two groups, or between two such differences.

    Of repeated tests, also those of a group's change, and of differences between the changes of groups. The p value
    is the adjusted one where there is one. What compares anything else has no bracket.
    """
    own, steps = _steps(arms) if is_repeated else ({}, {"": {arm.name: float(i) for i, arm in enumerate(arms)}})
    kinds = _KINDS[is_repeated:]
    found = []
    for one in results:
        p = one.p_value if math.isnan(one.p_adjusted) else one.p_adjusted
        if math.isnan(p):
            continue
        if one.contrast in own:
            start, end = own[one.contrast]
            found.append(Bracket(result=one, start=start, end=end, text=f"p {equals_text(p)}"))
            continue
        step = next((step for step in steps if one.contrast.startswith(step)), None)
        if step is None:
            continue
        ends, pair = _ends(one.contrast.removeprefix(step), steps[step])
        if ends:
            kind, of = kinds[len(pair) // 2], _level_of(pair, arms)
            text = f"{kind}p {equals_text(p)}"
            found.append(Bracket(result=one, start=min(ends), end=max(ends), text=text, of=of))
    return _lettered(found)


def _level_of(pair: Sequence[str], arms: Sequence[Arm]) -> str:
    """Return the level that the first of two groups has and the second hasn't."""
    levels = [next(arm.levels for arm in arms if name in (arm.name, arm.group)) for name in pair]
    return next((first for first, second in zip(*levels, strict=True) if first != second), "") if pair else ""


def _lettered(brackets: Sequence[Bracket]) -> list[Bracket]:
    """Return brackets with a letter before the p of each interaction, where there are several."""
    letters = iter("abcdefghijkl" if sum(bool(one.of) for one in brackets) > 1 else "")
    return [
        replace(one, text=one.text.replace("p ", f"{letter} p ", 1), of=f"{letter}, {one.of}")
        if one.of and (letter := next(letters, ""))
        else replace(one, of="")
        for one in brackets
    ]


def interactions_note(brackets: Sequence[Bracket]) -> str:
    """Return which of several interactions each letter stands for; empty where there are none or is one."""
    said = "; ".join(one.of for one in brackets if one.of)
    return f"interactions: {said}" if said else ""


def p_note(results: Sequence[Result]) -> str:
    """Return which p values figures show of some results: adjusted by what and over how many, or not.

    Examples
    --------
    >>> p_note([Result(test="", p_value=0.01, p_adjusted=0.05, adjustment="holm, 5 contrasts of 2 secondary outcomes")])
    'p adjusted (Holm, 5 contrasts of 2 secondary outcomes)'
    >>> p_note([Result(test="", p_value=0.01, p_adjusted=0.01, adjustment="holm, 1 contrast")])
    'p not adjusted'
    """
    said = dict.fromkeys(
        f"adjusted ({author_text(one.adjustment)}{one.adjustment[one.adjustment.index(',') :]})"
        if adjusted_text(one)
        else "not adjusted"
        for one in results
    )
    return f"p {' or '.join(said)}" if said else ""


def _steps(arms: Sequence[Arm]) -> tuple[dict[str, tuple[float, float]], dict[str, dict[str, float]]]:
    """Return where each group's change stands, and by the name of each change where the groups' middles are."""
    places = {(arm.group, arm.levels[-1]): float(i) for i, arm in enumerate(arms)}
    first, *later = dict.fromkeys(arm.levels[-1] for arm in arms)
    own: dict[str, tuple[float, float]] = {}
    steps: dict[str, dict[str, float]] = {}
    for level in later:
        step = f"{level} - {first}"
        for group in dict.fromkeys(arm.group for arm in arms):
            if (group, first) in places and (group, level) in places:
                ends = places[group, first], places[group, level]
                own[step if group == EVERYONE else f"{group}: {step}"] = ends
                steps.setdefault(f"({step}): ", {})[group] = sum(ends) / 2
    return own, steps


def _ends(contrast: str, at: Mapping[str, float]) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Return the two ends of a contrast, none where it compares something else, and an interaction's first pair."""
    names = {f"{a} - {b}": (a, b) for a in at for b in at}
    pairs = {name: (at[a], at[b]) for name, (a, b) in names.items()}
    if contrast in pairs:
        return pairs[contrast], ()
    first, _, second = contrast.removeprefix("(").removesuffix(")").partition(") - (")
    if first in pairs and second in pairs:
        return tuple(sum(pairs[name]) / 2 for name in (first, second)), names[first]
    return (), ()


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
