"""How certain each animal's phenotype is: its SI ratio, with the interval of its measurement, against the cut-off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from csds.analysis.phenotypes import PHENOTYPE
from csds.plots import labels, marks
from csds.plots.plot import Plot
from csds.plots.study import StudyResults
from csds.plots.style import Style, drawing, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME = "certainty"
_COLUMNS = ("si_ratio", "si_ratio_low", "si_ratio_high")
_HEIGHT_PT = 150.0
_GAP = 1.5
_THINNEST_PT, _THICKEST_PT = 0.25, 1.4
_DIAMETERS_PT = (1.4, 4.2)


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
    (ratio, low, high), inks = (animals.numbers(column) for column in _COLUMNS), style.inks
    cutoff = study.cutoffs.get("si_ratio")
    phenotypes = animals.texts(PHENOTYPE)
    everyone = [at for arm in arms for at in arm.rows]
    data["cutoff"] = cutoff
    with drawing(style):
        figure = new_figure(style, _HEIGHT_PT / labels.POINTS_PER_INCH + 1)
        axes = figure.subplots()
        known = [*ratio[everyone], *low[everyone], *high[everyone], *([cutoff] if cutoff is not None else [])]
        _draw_scale(axes, [value for value in known if np.isfinite(value)])
        start, middles, unsure = 0.0, [], 0
        pitch = 0.8 * style.width_in * labels.POINTS_PER_INCH / len(everyone)
        thick = float(np.clip(0.5 * pitch, 2 * _THINNEST_PT, _THICKEST_PT))
        diameter = float(np.clip(0.8 * pitch, *_DIAMETERS_PT))
        for arm in arms:
            rows = sorted(arm.rows, key=lambda at: ratio[at])
            places = np.asarray(start + np.arange(len(rows)), np.float64)
            for x, at in zip(places, rows, strict=True):
                is_unsure = cutoff is not None and low[at] < cutoff < (high[at] if np.isfinite(high[at]) else np.inf)
                unsure += is_unsure
                mark = marks.mark_of(phenotypes[at], arm, style)
                top = high[at] if np.isfinite(high[at]) else axes.get_ylim()[1]
                stroke = thick if is_unsure else max(0.4 * thick, _THINNEST_PT)
                axes.plot(
                    [x, x], [low[at], top], linewidth=stroke, solid_capstyle="butt",
                    color=mark.edge if mark.face == inks.page else mark.face, zorder=2,
                )  # fmt: skip
            of = [marks.mark_of(phenotypes[at], arm, style) for at in rows]
            marks.scatter(axes, places, ratio[rows], of, diameter)
            middles.append((places[0], places[-1]))
            start = places[-1] + 1 + _GAP
        axes.set_xlim(-_GAP, start - 1)
        if cutoff is not None:
            marks.draw_cutoff(axes, cutoff, style)
        marks.name_spans(axes, arms, middles, style)
        handles = marks.phenotype_handles((phenotypes[at] for at in everyone), style)
        if unsure:
            handles.append(marks.mean_handle(style, "interval holds the cut-off", linewidth=_THICKEST_PT))
        marks.add_legend(figure, handles, style)
        marks.fit_height(figure, axes, _HEIGHT_PT)
    alt = (
        f"SI ratio of {len(everyone)} animals with the 95 % intervals of their measurement, by group"
        + (f"; the cut-off of {cutoff:g} lies within {unsure} of the intervals" if cutoff is not None else "")
        + "."
    )
    return Plot(name=NAME, figure=figure, data=data, alt=alt, style=style)


def _draw_scale(axes: Axes, known: Sequence[float]) -> None:
    axes.set_ylabel("SI ratio")
    if min(known) <= 0:
        axes.set_ylim(*marks.value_limits(known))
        return
    axes.set_yscale("log", base=2)
    axes.set_ylim(min(known) / 1.1, max(known) * 1.1)
    ticks = _ratio_ticks(*axes.get_ylim())
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_yticks([], minor=True)


def _ratio_ticks(low: float, high: float) -> list[float]:
    """Return round ratios within a range, three at least where there are as many.

    Examples
    --------
    >>> _ratio_ticks(0.3, 2.6), _ratio_ticks(0.8, 1.3)
    ([0.5, 1.0, 2.0], [0.8, 0.9, 1.0, 1.1, 1.2, 1.3])
    """
    tens = 10.0 ** np.arange(-4, 6)
    for digits in ((1, 10), (1, 2, 5), (1, 1.5, 2, 3, 5, 7), (1, 1.1, 1.2, 1.3, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)):
        inside = sorted({round(float(d * ten), 9) for d in digits for ten in tens if low <= d * ten <= high})
        if len(inside) >= 3:
            break
    return inside
