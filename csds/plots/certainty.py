"""How certain each animal's phenotype is: its SI ratio, with the interval of its measurement, against the cut-off."""

from __future__ import annotations

import numpy as np

from csds.analysis.phenotypes import PHENOTYPE
from csds.plots import labels, marks
from csds.plots.plot import Plot
from csds.plots.study import StudyResults
from csds.plots.style import SMALL_PT, Style, drawing, new_figure

NAME = "certainty"
_COLUMNS = ("si_ratio", "si_ratio_low", "si_ratio_high")
_HEIGHT_PT = 150.0
_GAP = 1.5


def draw_certainty(study: StudyResults, *, style: Style) -> Plot:
    """Return the figure of each animal's SI ratio with the 95 % interval of its measurement, by group, in rising order.

    Intervals that the cut-off lies in are drawn thick: a slightly other measurement calls the animal otherwise. The
    scale is logarithmic where the ratios allow it. An interval without an upper end reaches the end of the scale.

    Raises
    ------
    StatsError
        No animal of the groups has a ratio with an interval.
    TableError
        A column is missing or holds text.
    """
    animals, arms = study.having(_COLUMNS[:2])
    data = study.listing(list(_COLUMNS), (animals.table.index[at] for arm in arms for at in arm.rows), NAME)
    arms = tuple(arm for arm in arms if arm.rows)
    ratio, low, high = (animals.numbers(column) for column in _COLUMNS)
    cutoff, inks = study.cutoffs.get("si_ratio"), style.inks
    phenotypes = animals.texts(PHENOTYPE)
    everyone = [at for arm in arms for at in arm.rows]
    data["cutoff"] = cutoff
    with drawing(style):
        figure = new_figure(style, _HEIGHT_PT / labels.POINTS_PER_INCH + 1)
        axes = figure.subplots()
        known = [*ratio[everyone], *low[everyone], *high[everyone], *([cutoff] if cutoff is not None else [])]
        is_log = min(value for value in known if np.isfinite(value)) > 0
        end = max(value for value in known if np.isfinite(value))
        if is_log:
            axes.set_yscale("log", base=2)
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
            least = min(value for value in known if np.isfinite(value))
            axes.set_ylim(least / 1.1, end * 1.1)
        else:
            axes.set_ylim(*marks.value_limits(known))
        axes.set_ylabel("SI ratio")
        start, middles, unsure = 0.0, [], 0
        for arm in arms:
            rows = sorted(arm.rows, key=lambda at: ratio[at])
            places = start + np.arange(len(rows))
            for x, at in zip(places, rows, strict=True):
                is_unsure = cutoff is not None and low[at] < cutoff < (high[at] if np.isfinite(high[at]) else np.inf)
                unsure += is_unsure
                mark = marks.mark_of(phenotypes[at], arm, style)
                top = high[at] if np.isfinite(high[at]) else axes.get_ylim()[1]
                axes.plot(
                    [x, x], [low[at], top], linewidth=1.6 if is_unsure else 0.6, solid_capstyle="butt",
                    color=mark.edge if mark.face == inks.page else mark.face, zorder=2,
                )  # fmt: skip
            of = [marks.mark_of(phenotypes[at], arm, style) for at in rows]
            marks.scatter(axes, places, ratio[rows], of, max(1.6, min(3.6, 150 / len(everyone))))
            middles.append((places[0], places[-1]))
            start = places[-1] + 1 + _GAP
        axes.set_xlim(-1, start - _GAP)
        if cutoff is not None:
            marks.draw_cutoff(axes, cutoff, style)
        marks.name_spans(axes, arms, middles, style)
        marks.add_legend(figure, marks.phenotype_handles((phenotypes[at] for at in everyone), style), style)
        marks.fit_height(figure, axes, _HEIGHT_PT)
    alt = (
        f"SI ratio of {len(everyone)} animals with the 95 % intervals of their measurement, by group"
        + (f"; the cut-off of {cutoff:g} lies within {unsure} of the intervals" if cutoff is not None else "")
        + "."
    )
    return Plot(name=NAME, figure=figure, data=data, alt=alt, style=style)
