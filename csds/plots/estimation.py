"""Differences between groups, with how far they may be off: Gardner–Altman's plot of two groups, Cumming's of several.

After Gardner and Altman (1986, BMJ 292:746, doi:10.1136/bmj.292.6522.746), Cumming (2012, Understanding The New
Statistics) and Ho et al. (2019, Nat Methods 16:565, doi:10.1038/s41592-019-0470-3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
from csds.plots.comparison import draw_points
from csds.plots.plot import Plot
from csds.plots.study import Arm, StudyResults
from csds.plots.style import SMALL_PT, Style, drawing, new_figure
from csds.stats.bootstrap import bootstrap_draws

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME = "estimation"
_HEIGHT_PT = {"single": 120.0, "double": 150.0}
_INTERVAL = "bootstrap, BCa"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A difference of two groups' means: the result, both groups' places, and its resampled values."""

    result: Result
    first: int
    reference: int
    draws: FloatArray


def draw_estimation(study: StudyResults, *, style: Style) -> Plot:
    """Return the estimation plot of the study's outcome.

    Of two groups, their animals and, on a scale beside them that begins at the reference's mean, the difference of
    means; of more, the planned differences below the groups. Each has its bootstrap distribution (the very resamples
    of the analysis) and BCa interval. Of several differences of one group, that from the first group is drawn.

    Raises
    ------
    StatsError
        The analysis has no bootstrap interval of the outcome: groups are too small or don't vary.
    TableError
        There is no such column, or it holds text.
    """
    outcome, comparison = study.shown, study.analysis.comparison
    if comparison.name in REPEATED:
        raise StatsError(
            f"figure '{NAME}': expected groups of animals, found the design {comparison.name}",
            hint="Animals compared with themselves are in the figure 'paired'.",
        )
    lines = group_values(study.analysed, comparison, outcome, study.analysis.plan).lines
    animals, arms = study.having([outcome], lines)
    values = animals.numbers(outcome)
    differences = _differences(study, arms, values)
    data = pd.concat(
        [
            study.listing([outcome], lines, NAME),
            pd.DataFrame([marks.result_row(one.result, group=arms[one.first].name) for one in differences]),
        ],
        ignore_index=True,
    )
    described = study.results(outcome, "description")
    means = [one.effect for arm in arms for one in described if one.term == arm.name and one.effect_name == "mean"]
    phenotypes = animals.texts(PHENOTYPE)
    draw = _gardner_altman if len(arms) == 2 else _cumming
    with drawing(style):
        height = _HEIGHT_PT[style.width]
        figure = new_figure(style, height / labels.POINTS_PER_INCH + 2)
        if len(arms) == 2:
            axes, beside = figure.subplots(1, 2, width_ratios=(2.2, 1))
        else:
            axes, beside = figure.subplots(2, 1)
        handles = marks.phenotype_handles((phenotypes[at] for arm in arms for at in arm.rows), style)
        marks.add_legend(figure, [*handles, marks.mean_handle(style, "mean or difference, 95 % interval")], style)
        everyone = values[[at for arm in arms for at in arm.rows]]
        axes.set_ylim(*marks.value_limits([everyone.min(), marks.far_beyond(everyone), *means]))
        marks.name_y(axes, marks.axis_name(outcome), height)
        marks.name_groups(axes, arms, comparison, style)
        draw(axes, beside, arms, means, differences, style)
        marks.fit_height(figure, axes, height, rows=1 if len(arms) == 2 else 2)
        aside = draw_points(axes, arms, values, phenotypes, style)
        if len(arms) > 2:
            for i, mean in enumerate(means):
                axes.plot([i + aside], [mean], color=style.inks.ink, marker="_", markersize=6, markeredgewidth=1.6)
    told = "; ".join(f"{one.result.contrast}, {effect_text(one.result)}" for one in differences)
    alt = f"Differences of means of {marks.axis_name(outcome)} with bootstrap distributions and 95 % intervals: {told}."
    return Plot(name=NAME, figure=figure, data=data, alt=alt, style=style)


def _differences(study: StudyResults, arms: Sequence[Arm], values: FloatArray) -> list[Difference]:
    plan = study.analysis.plan
    pairs = {f"{one.name} - {other.name}": (i, j) for i, one in enumerate(arms) for j, other in enumerate(arms)}
    found = [
        one
        for one in study.results(study.shown, "planned", "secondary", "sensitivity")
        if one.test == _INTERVAL and one.effect_name == "difference of means" and one.contrast in pairs
    ]
    if not found:
        missing = [one.why for one in study.analysis.not_computed if "bootstrap of the mean" in one.what]
        raise StatsError(
            f"figure '{NAME}': expected bootstrap intervals of {study.shown}, found none"
            + (f" ({missing[0]})" if missing else ""),
            hint="Three animals in each group, and values that vary, are needed; the figure 'comparison' needs less.",
        )
    chosen: dict[int, Difference] = {}
    for one in sorted(found, key=lambda one: pairs[one.contrast][1]):
        first, reference = pairs[one.contrast]
        if first not in chosen:
            # Sorted, and from the plan's seed, as the analysis draws them.
            x, y = (np.sort(values[list(arms[at].rows)]) for at in (first, reference))
            draws = bootstrap_draws(x, y, rng=np.random.default_rng(plan.seed), draws=plan.draws)
            chosen[first] = Difference(result=one, first=first, reference=reference, draws=draws)
    return [chosen[at] for at in sorted(chosen)]


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
    arms: Sequence[Arm],
    means: Sequence[float],
    differences: Sequence[Difference],
    style: Style,
) -> None:
    (one,) = differences
    base, other = means[one.reference], means[one.first]
    low, high = axes.get_ylim()
    ends = [base + one.draws.min(), base + one.draws.max(), low, high]
    axes.set_ylim(min(ends), max(ends))
    beside.set_ylim(min(ends) - base, max(ends) - base)
    beside.set_xlim(-0.3, 0.7)
    beside.yaxis.tick_right()
    beside.yaxis.set_label_position("right")
    beside.spines["left"].set_visible(False)
    beside.spines["right"].set_visible(True)
    _draw_difference(beside, 0, one, arms[one.first].colour(style), style)
    for place, height in ((one.reference, base), (one.first, other)):
        axes.plot([place + 0.12, len(arms) - 0.5], [height] * 2, color=style.inks.muted, linewidth=0.7, zorder=1)
        beside.plot([-0.3, 0.7], [height - base] * 2, color=style.inks.muted, linewidth=0.7, zorder=1)
    beside.set_xticks([])
    beside.set_ylabel("Difference of means")


def _cumming(
    axes: Axes,
    below: Axes,
    arms: Sequence[Arm],
    means: Sequence[float],
    differences: Sequence[Difference],
    style: Style,
) -> None:
    del means  # they are drawn with the groups
    below.set_xlim(axes.get_xlim())
    for one in differences:
        _draw_difference(below, one.first, one, arms[one.first].colour(style), style)
    below.axhline(0, color=style.inks.muted, linewidth=0.7, zorder=1)
    names = [f"less {arms[one.reference].name}" for one in differences]
    fitted = labels.fit_labels(names, labels.width_pt(below) / len(arms), SMALL_PT)
    labels.grow(below, fitted.height_pt)
    below.set_xticks(
        [one.first for one in differences], fitted.texts, rotation=90 if fitted.is_upright else 0, va="top",
        multialignment="right" if fitted.is_upright else "center", linespacing=1.2,
    )  # fmt: skip
    below.tick_params(axis="x", length=0)
    below.set_ylabel("Difference\nof means")
