"""Groups compared: every animal a point, means with their intervals, and the planned contrasts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from csds.analysis.comparison import REPEATED
from csds.analysis.groups import group_values
from csds.analysis.phenotypes import PHENOTYPE
from csds.analysis.results import Result
from csds.analysis.wording import effect_text
from csds.errors import StatsError
from csds.model.shapes import FloatArray
from csds.plots import labels, marks
from csds.plots.brackets import ROW_PT, Bracket, brackets_of, draw_brackets, rows_of
from csds.plots.plot import Plot
from csds.plots.study import Arm, StudyResults
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


def draw_comparison(study: StudyResults, *, style: Style, centre: Literal["mean", "median"] = "mean") -> Plot:
    """Return the figure of groups compared on the study's outcome.

    Every animal that is analysed is a point, its marker and colour its phenotype's; beside a group's points stand its
    mean with its 95 % t interval, or its median. Above are the planned contrasts with their adjusted p values.

    Parameters
    ----------
    study : StudyResults
    style : Style
    centre : {"mean", "median"}
        Of groups.

    Raises
    ------
    StatsError
        The analysis has nothing of the outcome by group, or a group has no animal with a value.
    TableError
        There is no such column, or it holds text.
    """
    outcome, comparison = study.shown, study.analysis.comparison
    described = {one.term: one for one in study.results(outcome, "description") if one.effect_name == centre}
    if comparison.name in REPEATED:
        raise StatsError(
            f"figure '{NAME}': expected groups of animals, found the design {comparison.name}",
            hint="Animals compared with themselves are in the figure 'paired'.",
        )
    if not described:
        why = [one.why for one in study.analysis.not_computed if one.outcome == outcome and one.what == "all"]
        raise StatsError(
            f"figure '{NAME}': expected {outcome} to be analysed" + (f", but {why[0]}" if why else ", found it isn't"),
            hint=f"Take an outcome of the analysis: {', '.join(filter(None, study.analysis.left_out))}.",
        )
    lines = group_values(study.analysed, comparison, outcome, study.analysis.plan).lines
    animals, arms = study.having([outcome], lines)
    values, phenotypes = animals.numbers(outcome), animals.texts(PHENOTYPE)
    brackets = brackets_of(study.results(outcome, "planned", "secondary"), arms)
    data = _data(study, arms, described, brackets, lines)
    with drawing(style):
        figure = new_figure(style, _HEIGHT_PT[style.width] / labels.POINTS_PER_INCH + 1)
        upper, axes = figure.subplots(2, 1, height_ratios=(0.3, 1), sharex=True)
        upper.axis("off")
        handles = marks.phenotype_handles((phenotypes[at] for arm in arms for at in arm.rows), style)
        marks.add_legend(figure, [*handles, _centre_handle(centre, style)], style)
        cutoff = study.cutoffs.get(outcome, math.nan)
        everyone = values[[at for arm in arms for at in arm.rows]]
        bounds = [bound for one in described.values() for bound in (one.effect, one.ci_low, one.ci_high)]
        axes.set_ylim(*marks.value_limits([everyone.min(), marks.far_beyond(everyone), *bounds, cutoff]))
        marks.name_y(axes, marks.axis_name(outcome), _HEIGHT_PT[style.width])
        if math.isfinite(cutoff):
            marks.draw_cutoff(axes, cutoff, style)
        marks.name_groups(axes, arms, comparison, style)
        place = labels.width_pt(axes) / len(arms)
        rows = rows_of(brackets, place)
        draw_brackets(upper, brackets, rows, style)
        marks.set_height_ratios(upper, ROW_PT * (max(rows, default=-1) + 1), _HEIGHT_PT[style.width])
        marks.fit_height(figure, axes, _HEIGHT_PT[style.width])
        aside = draw_points(axes, arms, values, phenotypes, style)
        for i, arm in enumerate(arms):
            _draw_centre(axes, i + aside, described[arm.name], style)
    return Plot(name=NAME, figure=figure, data=data, alt=_alt(outcome, arms, described, brackets), style=style)


def draw_points(axes: Axes, arms: Sequence[Arm], values: FloatArray, phenotypes: Sequence[str], style: Style) -> float:
    """Draw the animals, and return how far to the side of a group's place its mean stands, in places."""
    place, (low, high) = labels.width_pt(axes) / len(arms), axes.get_ylim()
    unit = labels.height_pt(axes) / (high - low)
    groups = [values[list(arm.rows)] for arm in arms]
    places, diameter = swarm_within([np.minimum(one, high) * unit for one in groups], _REACH * place)
    aside = (max(float(one.max()) for one in places) + diameter / 2 + _MEAN_PT) / place
    for i, (arm, y, x) in enumerate(zip(arms, groups, places, strict=True)):
        of = [marks.mark_of(phenotypes[at], arm, style) for at in arm.rows]
        across = i - _MEAN_PT / 2 / place + x / place
        marks.scatter(axes, across, np.minimum(y, high), of, diameter)
        for far in np.flatnonzero(y > high):
            axes.annotate(
                f"↑ {y[far]:.3g}", (across[far], high), xytext=(diameter / 2 + 2, 0), textcoords="offset points",
                va="center", fontsize=SMALL_PT, annotation_clip=False,
            )  # fmt: skip
    return aside - _MEAN_PT / 2 / place


def _draw_centre(axes: Axes, x: float, one: Result, style: Style) -> None:
    ink = style.inks.ink
    axes.plot(
        [x], [one.effect], color=ink, marker="_", markersize=_MEAN_PT, markeredgewidth=1.6, linestyle="none", zorder=4
    )
    if math.isfinite(one.ci_low):
        axes.plot([x, x], [one.ci_low, one.ci_high], color=ink, linewidth=0.8, solid_capstyle="butt", zorder=4)


def _centre_handle(centre: str, style: Style) -> Artist:
    from matplotlib.lines import Line2D

    return Line2D(
        [], [], color=style.inks.ink, linestyle="none", marker="+" if centre == "mean" else "_", markersize=7,
        markeredgewidth=1.0,
        label="mean, 95 % interval" if centre == "mean" else "median",
    )  # fmt: skip


def _data(
    study: StudyResults,
    arms: Sequence[Arm],
    described: Mapping[str, Result],
    brackets: Sequence[Bracket],
    lines: Sequence[int],
) -> pd.DataFrame:
    animals = study.listing([study.shown], lines, NAME)
    told = [marks.result_row(described[arm.name], group=arm.name) for arm in arms]
    told += [marks.result_row(one.result) for one in brackets]
    return pd.concat([animals, pd.DataFrame(told)], ignore_index=True)


def _alt(outcome: str, arms: Sequence[Arm], described: Mapping[str, Result], brackets: Sequence[Bracket]) -> str:
    groups = "; ".join(
        f"{arm.name}, {described[arm.name].effect_name} {effect_text(described[arm.name])}, n = {len(arm.rows)}"
        for arm in arms
    )
    tests = "".join(f" {one.result.contrast}: {one.text.removeprefix('interaction ')}." for one in brackets)
    return f"{marks.axis_name(outcome)}, each animal a point, by group: {groups}.{tests}"
