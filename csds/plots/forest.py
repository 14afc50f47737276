"""The forest plot: each study's own effect with its weight, the mean of them all, and where the next may lie.

After Lewis and Clarke (2001, BMJ 322:1479, doi:10.1136/bmj.322.7300.1479), with the prediction interval that Riley et
al. (2011, BMJ 342:d549, doi:10.1136/bmj.d549) ask for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from csds.analysis.meta import DIFFERENCE, AcrossStudies, StudyEffect, meta_table
from csds.analysis.results import Result
from csds.analysis.wording import (
    bounds_text,
    effect_text,
    equals_text,
    interval_text,
    outcome_text,
    spread_text,
    statistic_text,
    unit_text,
)
from csds.errors import StatsError
from csds.plots import labels, marks
from csds.plots.plot import Plot
from csds.plots.study import StudyResults
from csds.plots.style import SMALL_PT, TEXT_PT, TITLE_PT, Style, drawing, new_figure
from csds.stats.design import listed
from csds.stats.meta_analysis import Heterogeneity, MetaAnalysis
from csds.stats.samples import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "forest"
#: Share of the page's width that names of studies have at most.
_NAMES = {"single": 0.24, "double": 0.3}
_MARGIN_PT, _GAP_PT, _APART_PT, _SCALE_PT = 4.0, 6.0, 4.5, 14.0
_SQUARE_PT, _SMALLEST_PT, _DIAMOND_PT, _BAR_PT = 7.0, 1.6, 7.0, 3.0
#: Intervals reach beyond all effects by so many times the half of a middling one at most; longer ones end in an arrow.
_REACH = 3.0
#: How much wider than plain letters bold ones are at most.
_BOLD = 1.2
_SHOWN, _MOST_TICKS = 4, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A line of the figure: its cells, whose it is, and where it begins and ends from the first row's top, pt."""

    cells: tuple[str, ...]
    is_bold: tuple[bool, ...]
    study: StudyEffect | None = None
    top: float = 0.0
    bottom: float = 0.0

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    def width(self, at: int) -> float:
        """Return how wide a cell is, pt."""
        widest = max(labels.text_width(line, SMALL_PT) for line in self.cells[at].split("\n"))
        return widest * _BOLD if self.is_bold[at] else widest


@dataclass(frozen=True, slots=True, kw_only=True)
class _Forest:
    """A contrast that has a mean across studies, with all that its page says."""

    one: AcrossStudies
    found: MetaAnalysis
    spread: Heterogeneity
    result: Result


def draw_forest(study: StudyResults, *, style: Style) -> Plot:
    """Return the forest plots of the primary outcome's planned contrasts, a page each.

    A square is a study's own difference, its area the study's weight, the line its 95 % interval; the diamond the
    random-effects mean from one end of its Hartung–Knapp interval to the other; the bar the 95 % prediction interval.

    Raises
    ------
    StatsError
        The table has one study alone, or no contrast has two studies with an effect.
    """
    across = [one for one in study.analysis.across if one.effect_name == DIFFERENCE]
    shown = [
        _Forest(one=one, found=one.found, spread=one.found.heterogeneity, result=one.result)
        for one in across
        if one.found and one.found.heterogeneity and one.result
    ]
    if not shown:
        why = across[0].why_not if across else "expected a table with several studies, found one"
        raise StatsError(
            f"figure '{NAME}': {why}", hint="csds batch writes catalogue.csv, the animals of all studies in one table."
        )
    first, *others = [_page(one, study, style) for one in shown]
    alt = " ".join(_alt(one) for one in shown)
    return Plot(name=NAME, figure=first, data=meta_table(across), alt=alt, style=style, pages=tuple(others))


def _page(forest: _Forest, study: StudyResults, style: Style) -> Figure:
    page = style.width_in * labels.POINTS_PER_INCH
    title = marks.contrast_title(forest.one.contrast, page / _BOLD)
    head, rows = _rows(forest, style, page)
    widths = [max(row.width(at) for row in (head, *rows)) for at in range(4)]
    ends = [page - _MARGIN_PT - widths[3] - _GAP_PT, page - _MARGIN_PT]
    # Words begin at their place, numbers end at theirs.
    places = [(_MARGIN_PT, "left"), (_MARGIN_PT + widths[0] + _GAP_PT, "left"), *((end, "right") for end in ends)]
    left, right = places[1][0] + widths[1] + _GAP_PT, ends[0] - widths[2] - _GAP_PT
    top = _MARGIN_PT + labels.lines_height(len(title), TITLE_PT) + _GAP_PT + head.bottom
    middle = (left + right) / 2
    axis_name = labels.wrap_label(_axis_name(forest), 2 * min(middle, page - middle) - 2 * _MARGIN_PT, TEXT_PT)
    note = labels.wrap_label(_note(forest, study), page - 2 * _MARGIN_PT, SMALL_PT)
    below = top + rows[-1].bottom + _SCALE_PT
    under = below + _height(axis_name, TEXT_PT) + _GAP_PT
    with drawing(style):
        height = under + _height(note, SMALL_PT) + _MARGIN_PT
        figure = new_figure(style, height / labels.POINTS_PER_INCH)
        figure.set_layout_engine("none")

        def write(text: str, x: float, y: float, **settings: Any) -> None:
            looks: dict[str, Any] = {"va": "center", "fontsize": SMALL_PT, "linespacing": 1.2, **settings}
            figure.text(x / page, 1 - y / height, text, **looks)

        def rule(y: float) -> None:
            from matplotlib.lines import Line2D

            x = [_MARGIN_PT / page, 1 - _MARGIN_PT / page]
            figure.add_artist(Line2D(x, [1 - y / height] * 2, color=style.inks.faint, linewidth=0.6))

        write("\n".join(title), _MARGIN_PT, _MARGIN_PT, va="top", fontsize=TITLE_PT, fontweight="bold")
        for row, zero in ((head, top - head.bottom), *((row, top) for row in rows)):
            for at, (cell, (x, side)) in enumerate(zip(row.cells, places, strict=True)):
                weight = "bold" if row.is_bold[at] else "normal"
                write(cell, x, zero + row.middle, ha=side, multialignment=side, fontweight=weight)
        rule(top)
        rule(top + rows[-2].top)
        write(axis_name, middle, below, va="top", ha="center", fontsize=TEXT_PT)
        write(note, _MARGIN_PT, under, va="top", color=style.inks.muted)
        box = (left / page, 1 - (top + rows[-1].bottom) / height, (right - left) / page, rows[-1].bottom / height)
        _draw(figure.add_axes(box), forest, rows, study, style)
    return figure


def _rows(forest: _Forest, style: Style, page: float) -> tuple[_Row, list[_Row]]:
    """Return the head and the rows: a study each, below its protocol where these differ; the mean; the next study."""
    one, found, room = forest.one, forest.found, _NAMES[style.width] * page

    def row(name: str, counts: Sequence[int], effect: str, share: str, *, study: StudyEffect | None = None) -> _Row:
        is_bold = study is None and bool(share)
        per_line = 2 if style.width == "single" else 4
        of_groups = [" / ".join(map(str, counts[at : at + per_line])) for at in range(0, len(counts), per_line)]
        numbers = effect.replace(" [", "\n[") if style.width == "single" else effect
        cells = (
            labels.wrap_label(name, room / (_BOLD if is_bold else 1), SMALL_PT),
            " /\n".join(of_groups),
            numbers,
            share,
        )
        return _Row(cells=cells, is_bold=(is_bold, False, False, False), study=study)

    by_protocol: dict[str, list[StudyEffect]] = {}
    for study in one.studies:
        by_protocol.setdefault(study.protocol or "no protocol", []).append(study)
    rows = []
    for protocol, studies in by_protocol.items():
        if len(by_protocol) > 1:
            rows.append(_Row(cells=(labels.wrap_label(labels.shortened(protocol), room / _BOLD, SMALL_PT), "", "", ""),
                             is_bold=(True, False, False, False)))  # fmt: skip
        rows += [
            row(
                labels.shortened(each.study),
                each.counts,
                _effect(each.effect),
                f"{100 * each.weight:.0f} %",
                study=each,
            )
            for each in studies
        ]
    totals = [sum(counts) for counts in zip(*(study.counts for study in one.studies), strict=True)]
    rows.append(row("Random-effects mean", totals, _effect(found.effect), "100 %"))
    rows.append(row("Prediction interval", (), bounds_text(found.prediction) if found.prediction else "none", ""))
    head = row("Study", (), "Difference [95 % CI]", "Weight")
    head = replace(head, cells=(head.cells[0], "n", *head.cells[2:]), is_bold=(True,) * 4)
    return _stacked([head])[0], _stacked(rows)


def _stacked(rows: Sequence[_Row]) -> list[_Row]:
    """Return rows below each other, each as high as its cells."""
    heights = [max(_height(cell, SMALL_PT) for cell in row.cells) + _APART_PT for row in rows]
    ends = np.cumsum(heights).tolist()
    return [replace(row, top=end - height, bottom=end) for row, height, end in zip(rows, heights, ends, strict=True)]


def _draw(axes: Axes, forest: _Forest, rows: Sequence[_Row], study: StudyResults, style: Style) -> None:
    one, found, inks = forest.one, forest.found, style.inks
    low, high = _limits(forest)
    axes.set_xlim(low, high)
    axes.set_ylim(rows[-1].bottom, 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xticks(*_ticks(low, high, labels.width_pt(axes)))
    axes.axvline(0, color=inks.ink, linewidth=0.6, zorder=1)
    axes.plot([found.effect.value] * 2, [0, rows[-2].middle], color=inks.faint, linewidth=0.6, zorder=1)
    largest = max(each.weight for each in one.studies)
    for row in rows:
        if row.study is not None:
            _draw_interval(axes, row.study.effect, row.middle, inks.ink, 0.8)
            side = max(_SMALLEST_PT, _SQUARE_PT * math.sqrt(row.study.weight / largest))
            axes.plot(
                [row.study.effect.value], [row.middle], marker="s", markersize=side, markeredgewidth=0,
                color=inks.muted, zorder=3,
            )  # fmt: skip
    colours = {arm.group: arm.colour(style) for arm in study.arms}
    colour = colours.get(one.groups[0], inks.ink) if len(one.groups) == 2 else inks.ink
    y, half = rows[-2].middle, _DIAMOND_PT / 2
    effect = found.effect
    axes.fill(
        [effect.ci_low, effect.value, effect.ci_high, effect.value], [y, y - half, y, y + half], facecolor=colour,
        edgecolor=inks.ink, linewidth=0.4, zorder=3,
    )  # fmt: skip
    _draw_arrows(axes, effect, y, inks.ink)
    if found.prediction:
        _draw_interval(axes, found.prediction, rows[-1].middle, colour, _BAR_PT)


def _draw_interval(axes: Axes, effect: Estimate, y: float, colour: str, linewidth: float) -> None:
    low, high = axes.get_xlim()
    ends = [max(effect.ci_low, low), min(effect.ci_high, high)]
    axes.plot(ends, [y, y], color=colour, linewidth=linewidth, solid_capstyle="butt", zorder=2)
    _draw_arrows(axes, effect, y, colour)


def _draw_arrows(axes: Axes, effect: Estimate, y: float, colour: str) -> None:
    """Draw an arrow at the end of the scale that an interval goes beyond."""
    low, high = axes.get_xlim()
    for is_beyond, end, marker in ((effect.ci_low < low, low, "<"), (effect.ci_high > high, high, ">")):
        if is_beyond:
            axes.plot(
                [end], [y], marker=marker, markersize=3.5, markeredgewidth=0, color=colour, clip_on=False, zorder=4
            )


def _limits(forest: _Forest) -> tuple[float, float]:
    """Return where the scale begins and ends: with 0 and all intervals, but for those far longer than others."""
    effects = [study.effect for study in forest.one.studies]
    intervals = [*effects, forest.found.effect, *([forest.found.prediction] if forest.found.prediction else [])]
    values = [one.value for one in (*effects, forest.found.effect)]
    reach = _REACH * float(np.median([(one.ci_high - one.ci_low) / 2 for one in effects]))
    low = max(min(one.ci_low for one in intervals), min(values) - reach)
    high = min(max(one.ci_high for one in intervals), max(values) + reach)
    low, high = min(low, 0.0), max(high, 0.0)
    return low - 0.04 * (high - low), high + 0.04 * (high - low)


def _ticks(low: float, high: float, width_pt: float) -> tuple[list[float], list[str]]:
    """Return as many round numbers, with their names, as stand apart on a scale of a width that holds 0.

    Examples
    --------
    >>> _ticks(-0.2, 1.1, 80.0)
    ([0.0, 0.5, 1.0], ['0', '0.5', '1'])
    """
    from matplotlib.ticker import MaxNLocator

    for bins in range(_MOST_TICKS, 0, -1):
        found = MaxNLocator(nbins=bins, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        ticks = [float(tick) + 0.0 for tick in found if low <= tick <= high]
        names = [f"{tick:g}".replace("-", "\N{MINUS SIGN}") for tick in ticks]
        widest = max((labels.text_width(name, SMALL_PT) for name in names), default=0.0)
        if len(ticks) > 1 and widest + _GAP_PT <= width_pt * (ticks[1] - ticks[0]) / (high - low):
            return ticks, names
    return [0.0], ["0"]


def _axis_name(forest: _Forest) -> str:
    unit = unit_text(forest.one.outcome).strip()
    return f"Difference in {outcome_text(forest.one.outcome)}{f' ({unit})' if unit else ''}"


def _note(forest: _Forest, study: StudyResults) -> str:
    one, called = forest.one, {arm.group: arm.group_label for arm in study.arms}
    groups = " / ".join(called.get(group, group) for group in one.groups)
    text = (
        f"{spread_text(forest.spread)}; mean {statistic_text(forest.result)}, p {equals_text(forest.result.p_value)}. "
        f"Mean by REML with Hartung and Knapp's interval; squares are as large as weights. n: {groups}."
    )
    if one.left_out:
        text += f" Left out, as meta_analysis.csv says: {listed(map(labels.shortened, one.left_out), _SHOWN)}."
    return text


def _alt(forest: _Forest) -> str:
    one, found = forest.one, forest.found
    unit = unit_text(one.outcome)
    expected = f", 95 % prediction interval {bounds_text(found.prediction, unit)}" if found.prediction else ""
    return (
        f"Forest plot of {one.contrast} in {outcome_text(one.outcome)}: {found.k} studies, random-effects mean "
        f"difference {interval_text(forest.result, unit)}, p {equals_text(forest.result.p_value)}{expected}; "
        f"{spread_text(forest.spread)}."
    )


def _effect(effect: Estimate) -> str:
    return effect_text(Result(test="", effect=effect.value, ci_low=effect.ci_low, ci_high=effect.ci_high))


def _height(text: str, size_pt: float) -> float:
    return labels.lines_height(text.count("\n") + 1, size_pt)
