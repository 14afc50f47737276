"""Differences between groups, with how far they may be off: Gardner–Altman's plot of two groups, Cumming's of several.

After Gardner and Altman (1986, BMJ 292:746, doi:10.1136/bmj.292.6522.746), Cumming (2012, Understanding The New
Statistics) and Ho et al. (2019, Nat Methods 16:565, doi:10.1038/s41592-019-0470-3).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from csds.analysis.comparison import REPEATED
from csds.analysis.wording import effect_text
from csds.plots import labels, marks
from csds.plots.comparison import draw_points
from csds.plots.differences import Difference, differences_of, without_interval
from csds.plots.measured import Measured, centres_of, measured
from csds.plots.plot import Plot
from csds.plots.study import StudyResults
from csds.plots.style import SMALL_PT, Style, drawing, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME = "estimation"
_HEIGHT_PT = {"single": 120.0, "double": 150.0}


def draw_estimation(study: StudyResults, *, style: Style) -> Plot:
    """Return the estimation plot of the study's outcome.

    Of two groups, their animals and, on a scale beside them that begins at the reference's mean, the difference of
    means; of more, the planned differences below the groups. Each has its bootstrap distribution (the very resamples
    of the analysis) and BCa interval. Of several differences of one group, that from the first group is drawn.

    Of repeated tests, or target absent and present, a line joins each animal's values, and below are each group's
    change from the first test to the last, and the differences between the changes of groups, as Ho et al.'s paired
    plots. Where the study's ``centre`` is the median all of this is of medians.

    Raises
    ------
    StatsError
        The analysis has no bootstrap interval of the outcome: groups are too small or don't vary.
    TableError
        There is no such column, or it holds text.
    """
    outcome, comparison = study.shown, study.analysis.comparison
    data = measured(study)
    differences, arms = differences_of(study, data), data.arms
    centres = {name: one.effect for name, one in centres_of(study, data).items()}
    is_repeated, is_beside = comparison.name in REPEATED, len(arms) == 2 and comparison.name not in REPEATED
    note = _note(study, differences)
    with drawing(style):
        height = _HEIGHT_PT[style.width]
        figure = new_figure(style, height / labels.POINTS_PER_INCH + 2)
        if is_beside:
            axes, other = figure.subplots(1, 2, width_ratios=(2.2, 1))
        else:
            axes, other = figure.subplots(2, 1)
        handles = marks.phenotype_handles((data.phenotypes[at] for at in data.shown), style)
        handles += [
            marks.mean_handle(style, study.centre, linewidth=0.7 if is_beside else 1.6, is_muted=is_beside),
            marks.mean_handle(style, f"{'change or ' if is_repeated else ''}difference, 95 % interval", marker="o"),
        ]
        marks.add_legend(figure, handles, style)
        marks.add_note(figure, note, style)
        everyone = data.numbers[data.shown]
        axes.set_ylim(*marks.value_limits([everyone.min(), marks.far_beyond(everyone), *centres.values()]))
        marks.name_y(axes, marks.axis_name(outcome), height)
        marks.name_groups(axes, arms, comparison, style)
        if is_repeated:
            _changes(other, data, differences, study, style)
        elif is_beside:
            _gardner_altman(axes, other, data, centres, differences[0], study, style)
        else:
            _cumming(axes, other, data, differences, study, style)
        marks.fit_height(figure, axes, height, rows=1 if is_beside else 2)
        places, wide = draw_points(axes, data, style)
        for arm, place in zip(arms, places, strict=True):
            if not is_beside and arm.name in centres:
                axes.plot(
                    [place], [centres[arm.name]], color=style.inks.ink, marker="_", markersize=wide,
                    markeredgewidth=1.6, clip_on=False,
                )  # fmt: skip
    rows = [marks.result_row(one.result, group=one.group) for one in differences]
    rows += [
        {"mark": "not shown", "contrast": name, "note": why, "shown": False}
        for name, why in without_interval(study).items()
    ]
    table = pd.concat([study.listing(list(data.columns), data.lines, NAME), pd.DataFrame(rows)], ignore_index=True)
    told = "; ".join(f"{one.result.contrast}, {effect_text(one.result)}" for one in differences)
    what = f"Changes of {study.centre}s, and their differences," if is_repeated else f"Differences of {study.centre}s"
    alt = f"{what} of {marks.axis_name(outcome)} with bootstrap distributions and 95 % intervals: {told}. {note}"
    return Plot(name=NAME, figure=figure, data=table, alt=alt, style=style)


def _note(study: StudyResults, differences: Sequence[Difference]) -> str:
    resamples = f"{study.analysis.plan.draws:,} resamples"
    text = f"Bootstrap distributions ({resamples}) and BCa intervals of the {study.centre}, as in stats.csv"
    if any(not one.reference for one in differences):
        text += "; each animal's change from the first test to the last is resampled within its group"
    return " ".join([f"{text}.", *(f"Not shown: {name} ({why})." for name, why in without_interval(study).items())])


def _draw_difference(axes: Axes, x: float, one: Difference, colour: str, style: Style) -> None:
    parts = axes.violinplot([one.draws], positions=[x], widths=0.8, side="high", showextrema=False)
    bodies: Any = parts["bodies"]
    for body in bodies:
        body.set(facecolor=colour, alpha=0.55, edgecolor="none")
    ink = style.inks.ink
    axes.plot([x, x], [one.result.ci_low, one.result.ci_high], color=ink, linewidth=1.2, solid_capstyle="butt")
    axes.plot([x], [one.result.effect], color=ink, marker="o", markersize=3.6)


def _gardner_altman(
    axes: Axes,
    beside: Axes,
    data: Measured,
    centres: dict[str, float],
    one: Difference,
    study: StudyResults,
    style: Style,
) -> None:
    arms = {arm.name: i for i, arm in enumerate(data.arms)}
    base, other = centres[one.reference], centres[one.group]
    low, high = axes.get_ylim()
    ends = [base + one.draws.min(), base + one.draws.max(), low, high]
    axes.set_ylim(min(ends), max(ends))
    beside.set_ylim(min(ends) - base, max(ends) - base)
    beside.set_xlim(-0.3, 0.7)
    beside.yaxis.tick_right()
    beside.yaxis.set_label_position("right")
    beside.spines["left"].set_visible(False)
    beside.spines["right"].set_visible(True)
    _draw_difference(beside, 0, one, data.arms[arms[one.group]].colour(style), style)
    for place, height in ((arms[one.reference], base), (arms[one.group], other)):
        axes.plot([place + 0.12, len(arms) - 0.5], [height] * 2, color=style.inks.muted, linewidth=0.7, zorder=1)
        beside.plot([-0.3, 0.7], [height - base] * 2, color=style.inks.muted, linewidth=0.7, zorder=1)
    beside.set_xticks([])
    beside.set_ylabel(f"Difference of {study.centre}s")


def _cumming(
    axes: Axes, below: Axes, data: Measured, differences: Sequence[Difference], study: StudyResults, style: Style
) -> None:
    places = {arm.name: i for i, arm in enumerate(data.arms)}
    below.set_xlim(axes.get_xlim())
    for one in differences:
        at = places[one.group]
        _draw_difference(below, at, one, data.arms[at].colour(style), style)
    below.axhline(0, color=style.inks.muted, linewidth=0.7, zorder=1)
    called = {arm.name: arm.label for arm in data.arms}
    names = [f"less {called[one.reference]}" for one in differences]
    fitted = labels.fit_labels(names, labels.width_pt(below) / len(data.arms), SMALL_PT)
    labels.grow(below, fitted.height_pt)
    below.set_xticks(
        [places[one.group] for one in differences], fitted.texts, rotation=90 if fitted.is_upright else 0, va="top",
        multialignment="right" if fitted.is_upright else "center", linespacing=1.2,
    )  # fmt: skip
    below.tick_params(axis="x", length=0)
    below.set_ylabel(f"Difference\nof {study.centre}s")


def _changes(below: Axes, data: Measured, differences: Sequence[Difference], study: StudyResults, style: Style) -> None:
    arms = {arm.group: arm for arm in data.arms}
    first, *_, last = dict.fromkeys(arm.levels[-1] for arm in data.arms)
    for at, one in enumerate(differences):
        _draw_difference(below, at, one, arms[one.group].colour(style), style)
    below.axhline(0, color=style.inks.muted, linewidth=0.7, zorder=1)
    references = {one.reference for one in differences if one.reference}
    # One that all share is named once.
    same = f" from that of {arms[references.pop()].group_label}" if len(references) == 1 else ""
    names = [
        arms[one.group].group_label
        + (f"\nless {arms[one.reference].group_label}" if one.reference and not same else "")
        for one in differences
    ]
    bands = [
        f"difference{same or ' of changes'}" if one.reference else f"change, {first} to {last}" for one in differences
    ]
    below.set_ylabel(f"{study.centre.capitalize()} change" + ("\nor difference" if len(differences) > 1 else ""))
    marks.name_places(below, names, bands, style)
