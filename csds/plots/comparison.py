"""Groups compared: every animal a point, means with their intervals, and the planned contrasts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from csds.analysis.comparison import REPEATED
from csds.analysis.results import Result
from csds.analysis.wording import effect_text
from csds.errors import StatsError
from csds.model.shapes import FloatArray
from csds.plots import labels, marks
from csds.plots.brackets import ROW_PT, Bracket, brackets_of, draw_brackets, interactions_note, p_note, rows_of
from csds.plots.measured import Measured, centres_of, measured
from csds.plots.plot import Plot
from csds.plots.study import Arm, Centre, StudyResults
from csds.plots.style import SMALL_PT, Style, drawing, new_figure
from csds.plots.swarm import swarm_within

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

NAME = "comparison"
#: Of the axes.
_HEIGHT_PT = {"single": 140.0, "double": 180.0}
#: Share of a group's place that its points may take to either side.
_REACH = 0.32
#: Width of a mean's stroke, which stands beside the points, pt.
_MEAN_PT = 6.0
#: Of a group's place, where that is narrow.
_MEAN_SHARE = 0.2
#: Between a group's place and the means beside its points of repeated tests, pt.
_APART_PT = 2.0


def draw_comparison(study: StudyResults, *, style: Style) -> Plot:
    """Return the figure of groups compared on the study's outcome.

    Every animal that is analysed is a point, its marker and colour its phenotype's; beside a group's points stand its
    mean with its 95 % t interval, or its median with a BCa bootstrap interval, as the study's ``centre`` says. Above
    are the planned contrasts with their adjusted p values. Of repeated tests, or target absent and present, each group
    has its tests side by side, and a line joins an animal's points.

    Parameters
    ----------
    study : StudyResults
    style : Style

    Raises
    ------
    StatsError
        The analysis has nothing of the outcome by group, or a group has no animal with a value.
    TableError
        There is no such column, or it holds text.
    """
    outcome, comparison = study.shown, study.analysis.comparison
    if not study.results(outcome, "description"):
        why = [one.why for one in study.analysis.not_computed if one.outcome == outcome and one.what == "all"]
        raise StatsError(
            f"figure '{NAME}': expected {outcome} to be analysed" + (f", but {why[0]}" if why else ", found it isn't"),
            hint=f"Take an outcome of the analysis: {', '.join(filter(None, study.analysis.left_out))}.",
        )
    tests = study.results(outcome, "planned", "secondary")
    is_repeated = comparison.name in REPEATED
    if is_repeated and not any(one.contrast for one in tests):
        raise StatsError(
            f"figure '{NAME}': expected planned contrasts of {outcome}, found it described only",
            hint="Groups that scores define aren't tested; the figure 'paired' shows their animals.",
        )
    data = measured(study)
    centres, arms, values = centres_of(study, data), data.arms, data.numbers
    brackets = brackets_of(tests, arms, is_repeated=is_repeated)
    with drawing(style):
        figure = new_figure(style, _HEIGHT_PT[style.width] / labels.POINTS_PER_INCH + 1)
        upper, axes = figure.subplots(2, 1, height_ratios=(0.3, 1), sharex=True)
        upper.axis("off")
        handles = marks.phenotype_handles((data.phenotypes[at] for at in data.shown), style)
        marks.add_legend(figure, [*handles, _centre_handle(study.centre, style)], style)
        cutoff = study.cutoffs.get(outcome, math.nan)
        everyone = values[data.shown]
        bounds = [bound for one in centres.values() for bound in (one.effect, one.ci_low, one.ci_high)]
        within = _within_reach(bounds, everyone)
        note = _note(study, centres, brackets)
        note += "" if within == bounds else " What leaves the scale is cut; its numbers are in the CSV."
        marks.add_note(figure, note, style)
        axes.set_ylim(*marks.value_limits([everyone.min(), marks.far_beyond(everyone), *within, cutoff]))
        marks.name_y(axes, marks.axis_name(outcome), _HEIGHT_PT[style.width])
        if math.isfinite(cutoff):
            marks.draw_cutoff(axes, cutoff, style)
        marks.name_groups(axes, arms, comparison, style)
        rows = rows_of(brackets, labels.width_pt(axes) / len(arms))
        draw_brackets(upper, brackets, rows, style)
        marks.set_height_ratios(upper, ROW_PT * (max(rows, default=-1) + 1), _HEIGHT_PT[style.width])
        marks.fit_height(figure, axes, _HEIGHT_PT[style.width])
        places, width = draw_points(axes, data, style)
        for arm, place in zip(arms, places, strict=True):
            if arm.name in centres:
                _draw_centre(axes, place, centres[arm.name], width, style)
    return Plot(
        name=NAME, figure=figure, data=_data(study, data, centres, brackets), style=style,
        alt=_alt(outcome, arms, centres, brackets) + f" {note}",
    )  # fmt: skip


def _within_reach(bounds: Sequence[float], values: FloatArray) -> list[float]:
    """Return bounds, cut to the animals' scale where far ones would stretch it: the others would be a line."""
    last = marks.far_beyond(values)
    if last >= values.max():
        return list(bounds)
    return [float(np.clip(bound, 0.0, 1.5 * last)) for bound in bounds]


def draw_points(axes: Axes, data: Measured, style: Style) -> tuple[list[float], float]:
    """Draw the animals, and a line between the values of one; return where each group's mean is to be, and how wide.

    It stands on the right of the points but, of repeated tests, for the first, so that no line lies on it. The width
    is in points.
    """
    arms, values = data.arms, data.numbers
    place, (low, high) = labels.width_pt(axes) / len(arms), axes.get_ylim()
    mean = min(_MEAN_PT, _MEAN_SHARE * place)
    half = min(_REACH * place, place / 2 - mean - _APART_PT) if data.links else _REACH * place
    unit = labels.height_pt(axes) / (high - low)
    groups = [values[list(arm.rows)] for arm in arms]
    places, diameter = swarm_within([np.minimum(one, high) * unit for one in groups], half)
    sides = [-1 if data.links and (i == 0 or arm.group != arms[i - 1].group) else 1 for i, arm in enumerate(arms)]
    across = np.full(len(values), np.nan)
    for i, (arm, x, side) in enumerate(zip(arms, places, sides, strict=True)):
        across[list(arm.rows)] = i - side * mean / 2 / place + x / place
    ends = np.array(data.links, int).reshape(-1, 2).T
    axes.plot(across[ends], np.minimum(values[ends], high), color=style.inks.muted, linewidth=0.4, alpha=0.6, zorder=2)
    for arm, y in zip(arms, groups, strict=True):
        of = [marks.mark_of(data.phenotypes[at], arm, style) for at in arm.rows]
        x = across[list(arm.rows)]
        marks.scatter(axes, x, np.minimum(y, high), of, diameter)
        for far in np.flatnonzero(y > high):
            value = f"{y[far]:.0f}" if y[far] >= 1000 else f"{y[far]:.3g}"
            axes.annotate(
                f"↑ {value}", (x[far], high), xytext=(diameter / 2 + 2, 0), textcoords="offset points",
                va="center", fontsize=SMALL_PT, annotation_clip=False,
            )  # fmt: skip
    reach = max(float(np.abs(one).max()) for one in places) + diameter / 2 + mean / 2
    return [i + side * reach / place for i, side in enumerate(sides)], mean


def _draw_centre(axes: Axes, x: float, one: Result, width: float, style: Style) -> None:
    ink = style.inks.ink
    axes.plot(
        [x], [one.effect], color=ink, marker="_", markersize=width, markeredgewidth=1.6, linestyle="none", zorder=4
    )
    if math.isfinite(one.ci_low):
        axes.plot([x, x], [one.ci_low, one.ci_high], color=ink, linewidth=0.8, solid_capstyle="butt", zorder=4)


def _centre_handle(centre: Centre, style: Style) -> Artist:
    from matplotlib.lines import Line2D

    return Line2D(
        [], [], color=style.inks.ink, linestyle="none", marker="+", markersize=7, markeredgewidth=1.0,
        label=f"{centre}, 95 % interval",
    )  # fmt: skip


def _note(study: StudyResults, centres: Mapping[str, Result], brackets: Sequence[Bracket]) -> str:
    is_mean = study.centre == "mean"
    parts = [f"{'Means' if is_mean else 'Medians'} with 95 % {'t' if is_mean else 'BCa bootstrap'} intervals"]
    if not all(math.isfinite(one.ci_low) for one in centres.values()):
        parts[0] += " where values allow one"
    if study.analysis.comparison.name in REPEATED:
        parts[0] += ", each between the animals of one test: they don't show how sure a change is"
    if brackets:
        parts.append(f"brackets: contrasts of means, {p_note([one.result for one in brackets])}")
        parts += filter(None, [interactions_note(brackets)])
    return "; ".join(parts) + "."


def _data(
    study: StudyResults, data: Measured, centres: Mapping[str, Result], brackets: Sequence[Bracket]
) -> pd.DataFrame:
    animals = study.listing(list(data.columns), data.lines, NAME)
    told = [marks.result_row(one, group=name) for name, one in centres.items()]
    told += [marks.result_row(one.result) for one in brackets]
    return pd.concat([animals, pd.DataFrame(told)], ignore_index=True)


def _alt(outcome: str, arms: Sequence[Arm], centres: Mapping[str, Result], brackets: Sequence[Bracket]) -> str:
    groups = "; ".join(
        f"{arm.name}, {one.effect_name} {effect_text(one)}, n = {len(arm.rows)}"
        for arm in arms
        if (one := centres.get(arm.name))
    )
    tests = "".join(f" {one.result.contrast}: {one.text.removeprefix('interaction ')}." for one in brackets)
    return f"{marks.axis_name(outcome)}, each animal a point, by group: {groups}.{tests}"
