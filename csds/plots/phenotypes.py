"""Proportion of susceptible animals by group, with counts and intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from csds.analysis.members import of_test
from csds.analysis.phenotypes import PHENOTYPE
from csds.analysis.results import Result
from csds.analysis.wording import effect_text
from csds.errors import StatsError
from csds.plots import labels, marks
from csds.plots.brackets import ROW_PT, Bracket, brackets_of, draw_brackets, p_note, rows_of
from csds.plots.plot import Plot
from csds.plots.study import Arm, StudyResults
from csds.plots.style import SMALL_PT, Style, drawing, new_figure

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

NAME = "phenotypes"
_HEIGHT_PT = {"single": 110.0, "double": 140.0}
#: Of a bar: its share of a group's place, but not wider; and how far its interval stands beside it.
_BAR, _WIDEST_BAR_PT, _BESIDE_PT = 0.62, 56.0, 4.0
#: The height in a bar that a count needs, pt.
_LEAST_PT = 9.0
_CALLS = ("susceptible", "resilient")


def draw_phenotypes(study: StudyResults, *, style: Style) -> Plot:
    """Return the figure of the share of each group's animals that is susceptible, and resilient.

    Of the animals that are called either; of repeated tests, the last. Bars have their counts in them, the share that
    is susceptible Wilson's 95 % interval, and groups are compared by Fisher's exact test.

    Raises
    ------
    StatsError
        The analysis has no proportions: fewer than two groups have such animals.
    """
    shares = {one.term: one for one in study.analysis.results if one.test == "Wilson's interval"}
    if not shares:
        why = [one.why for one in study.analysis.not_computed if one.outcome == PHENOTYPE]
        raise StatsError(
            f"figure '{NAME}': {why[0] if why else 'expected a phenotype of each animal, found none analysed'}",
            hint="csds score gives animals their phenotypes; undefeated controls have none.",
        )
    tests = [one for one in study.analysis.results if one.test == "Fisher's exact test"]
    within = study.analysis.comparison.within
    last = within.levels[-1] if within else ""
    animals = of_test(study.analysed, study.analysis.comparison, -1)
    calls = dict(zip(animals.table.index.tolist(), animals.texts(PHENOTYPE), strict=True))
    whole = study.analysed.table.index.tolist()
    arms = tuple(
        Arm(name=arm.name.removesuffix(f", {last}"), levels=arm.levels[:-1] if last else arm.levels,
            rows=tuple(at for at in arm.rows if calls.get(whole[at]) in _CALLS), meaning=arm.meaning, place=arm.place)
        for arm in study.arms
        if arm.name.removesuffix(f", {last}") in shares and (not last or arm.levels[-1] == last)
    )  # fmt: skip
    counts = [[sum(calls[whole[at]] == call for at in arm.rows) for call in _CALLS] for arm in arms]
    brackets = brackets_of(tests, arms)
    data = _data(study, arms, counts, shares, tests)
    inks, note = style.inks, _note(brackets, last)
    with drawing(style):
        figure = new_figure(style, _HEIGHT_PT[style.width] / labels.POINTS_PER_INCH + 1)
        upper, axes = figure.subplots(2, 1, height_ratios=(0.3, 1), sharex=True)
        marks.add_legend(figure, _handles(style), style)
        marks.add_note(figure, note, style)
        axes.set_ylim(0, 100)
        axes.set_ylabel("Animals (%)")
        marks.name_groups(axes, arms, study.analysis.comparison, style)
        place = labels.width_pt(axes) / len(arms)
        bar = min(_BAR, _WIDEST_BAR_PT / place)
        beside = bar / 2 + _BESIDE_PT / place
        for i, (arm, count) in enumerate(zip(arms, counts, strict=True)):
            base = 0.0
            for call, many in zip(_CALLS, count, strict=True):
                height = 100 * many / sum(count)
                axes.bar(i, height, bar, bottom=base, color=style.colour_of(call), edgecolor=inks.page, linewidth=0.6)
                base += height
            one = shares[arm.name]
            axes.plot(
                [i + beside] * 2, [100 * one.ci_low, 100 * one.ci_high], color=inks.ink, linewidth=0.8, clip_on=False
            )
            axes.plot(
                [i + beside], [100 * one.effect], color=inks.ink, marker="_", markersize=4, markeredgewidth=1.4,
                clip_on=False,
            )  # fmt: skip
            _write_counts(axes, (i - bar / 2, i), count, _HEIGHT_PT[style.width])
        rows = rows_of(brackets, place)
        draw_brackets(upper, brackets, rows, style)
        marks.set_height_ratios(upper, ROW_PT * (max(rows, default=-1) + 1), _HEIGHT_PT[style.width])
        marks.fit_height(figure, axes, _HEIGHT_PT[style.width])
    told = "; ".join(f"{arm.name}, {shares[arm.name].note}, {effect_text(shares[arm.name])}" for arm in arms)
    said = "".join(f" {one.result.contrast}: {one.text}." for one in brackets)
    return Plot(
        name=NAME, figure=figure, data=data, alt=f"Proportion susceptible by group: {told}.{said} {note}", style=style
    )


def _note(brackets: Sequence[Bracket], test: str) -> str:
    """Return what the numbers are; proportions are tested in the family of secondary outcomes, or are exploratory."""
    results = [one.result for one in brackets]
    kind = ", exploratory" if any(one.analysis == "exploratory" for one in results) else ""
    tests = f"; brackets: Fisher's exact test, {p_note(results)}{kind}" if results else ""
    where = f" at {test}" if test else ""
    return f"Share susceptible{where} with Wilson's 95 % interval{tests}."


def _write_counts(axes: Axes, across: tuple[float, float], count: Sequence[int], height_pt: float) -> None:
    """Write counts into a bar at its ends, or left of it where its part is too low for letters."""
    for many, at, va in zip(count, (2, 98), ("bottom", "top"), strict=True):
        share = 100 * many / sum(count)
        if share / 100 * height_pt >= _LEAST_PT:
            axes.text(across[1], at, str(many), ha="center", va=va, color="#FFFFFF", fontsize=SMALL_PT, weight="bold")
        elif many:
            axes.annotate(
                str(many), (across[0], share / 2 if va == "bottom" else 100 - share / 2),
                xytext=(-1.5, 0), textcoords="offset points", ha="right", va="center", fontsize=SMALL_PT, weight="bold",
            )  # fmt: skip


def _handles(style: Style) -> list[Artist]:
    from matplotlib.patches import Patch

    return [
        *(Patch(color=style.colour_of(call), label=call) for call in _CALLS),
        marks.mean_handle(style, "susceptible, 95 % interval"),
    ]


def _data(
    study: StudyResults,
    arms: Sequence[Arm],
    counts: Sequence[Sequence[int]],
    shares: Mapping[str, Result],
    tests: Sequence[Result],
) -> pd.DataFrame:
    index = study.analysed.table.index
    animals = study.listing([], (index[at] for arm in arms for at in arm.rows), NAME)
    bars = [
        {**marks.result_row(shares[arm.name], group=arm.name), **dict(zip(_CALLS, count, strict=True))}
        for arm, count in zip(arms, counts, strict=True)
    ]
    return pd.concat([animals, pd.DataFrame([*bars, *map(marks.result_row, tests)])], ignore_index=True)
