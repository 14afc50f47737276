"""Bland and Altman's figure: differences of two measurements against their means, with limits of agreement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from csds.analysis.agreement import Agreement, MeasurementAgreement
from csds.analysis.agreement_pairs import KEYS, Key, Pair
from csds.analysis.wording import unit_text
from csds.errors import StatsError
from csds.figures import palette
from csds.plots import labels, marks
from csds.plots.marks import Mark
from csds.plots.plot import Plot
from csds.plots.style import SMALL_PT, TEXT_PT, Style, drawing, new_figure
from csds.stats.agreement import LimitsOfAgreement
from csds.stats.samples import Estimate

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

NAME = "agreement"
MOST = 6
"""Measurements that have a panel; ``agreement.csv`` has all."""

_ACROSS = {"single": 2, "double": 3}
_DIFFER = "phenotypes differ"
_COLOURED = ("susceptible", "resilient", "control")
_SHADE = 0.22


def draw_agreement(agreement: Agreement, *, style: Style) -> Plot:
    """Return the figure of the first `MOST` measurements that have limits of agreement, a panel each.

    Points are animals or sessions, filled where both call the animal the same, an outline where they don't. Lines are
    the bias and the 95 % limits, shades their 95 % intervals.

    Raises
    ------
    StatsError
        No measurement has limits of agreement.
    """
    shown = [one for one in agreement.measurements if one.limits][:MOST]
    if not shown:
        raise StatsError(
            "expected limits of agreement to draw, found none: too few pairs, or no difference that varies",
            hint="agreement.csv says why.",
        )
    calls = {pair.animal: (pair.own, pair.old) for pair in agreement.pairing.calls}
    with drawing(style):
        across = min(_ACROSS[style.width], len(shown))
        down = -(-len(shown) // across)
        figure = new_figure(style, 2.0 * down)
        panels = figure.subplots(down, across, squeeze=False).ravel()
        for axes in panels[len(shown) :]:
            axes.remove()
        for at, (axes, one) in enumerate(zip(panels, shown, strict=False)):
            _draw_panel(axes, one, calls, style)
            if at % across == 0:
                axes.set_ylabel("csds − old")
        marks.add_legend(figure, _handles(shown, calls, style), style)
        width = labels.width_pt(panels[0])
        for axes, one in zip(panels, shown, strict=False):
            where = [part.replace("_", " ") for part in (one.paired.phase, one.paired.test) if part]
            name = ", ".join([marks.axis_name(one.paired.column), *where])
            title = labels.wrap_label(f"{name}\nn = {len(one.paired.pairs)}", width, SMALL_PT)
            axes.set_title(title, fontsize=SMALL_PT, fontweight="normal", loc="left", pad=4)
            axes.set_xlabel(f"Mean of both{_unit(one)}", fontsize=TEXT_PT)
        marks.fit_height(figure, panels[0], 0.8 * width, rows=down)
    alt = "; ".join(_told(one, one.limits) for one in shown if one.limits)
    return Plot(
        name=NAME,
        figure=figure,
        data=pd.DataFrame([row for one in shown for row in _rows(one, calls)]),
        alt=f"Differences of csds less {agreement.against} against their means, with 95 % limits of agreement: {alt}.",
        style=style,
    )


def _draw_panel(axes: Axes, one: MeasurementAgreement, calls: Mapping[Key, tuple[str, str]], style: Style) -> None:
    inks, pairs = style.inks, one.paired.pairs
    own, old = (np.array([getattr(pair, of) for pair in pairs], float) for of in ("own", "old"))
    axes.axhline(0, color=inks.faint, linewidth=0.5, zorder=0)
    for name, line in _lines(one).items():
        is_bias = name == "bias"
        colour = inks.ink if is_bias else inks.muted
        axes.axhspan(line.ci_low, line.ci_high, color=colour, alpha=_SHADE, linewidth=0, zorder=1)
        axes.axhline(line.value, color=colour, linewidth=0.9, linestyle="-" if is_bias else (0, (4, 2)), zorder=2)
    marks.scatter(axes, (own + old) / 2, own - old, [_mark(calls.get(pair.animal), style) for pair in pairs], 3.2)
    axes.xaxis.set_major_locator(marks.few_ticks())
    axes.yaxis.set_major_locator(marks.few_ticks())


def _lines(one: MeasurementAgreement) -> dict[str, Estimate]:
    limits = one.limits
    return {"bias": limits.bias, "lower_limit": limits.lower, "upper_limit": limits.upper} if limits else {}


def _mark(calls: tuple[str, str] | None, style: Style) -> Mark:
    """Return a point's mark: the phenotype's, an outline where the two differ, a disc where none is known."""
    if calls is None:
        return Mark(marker="o", face=style.inks.muted, edge=style.inks.page)
    own, old = calls
    if own != old:
        return Mark(marker="s", face=style.inks.page, edge=style.inks.ink)
    colour = palette.phenotype_colour(own) if own in _COLOURED else style.inks.muted
    return Mark(marker=marks.MARKERS.get(own, "o"), face=colour, edge=style.inks.page)


def _handles(shown: Sequence[MeasurementAgreement], calls: Mapping[Key, tuple[str, str]], style: Style) -> list[Artist]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    drawn = [calls.get(pair.animal) for one in shown for pair in one.paired.pairs]
    named = list(dict.fromkeys(_label(one) for one in drawn))
    examples = {_label(one): _mark(one, style) for one in reversed(drawn)}
    ordered = [name for name in (*marks.MARKERS, _DIFFER, "animals") if name in named]
    points: list[Artist] = [
        Line2D([], [], linestyle="none", marker=mark.marker, markersize=4,
               markerfacecolor=mark.face, markeredgecolor=mark.edge, markeredgewidth=0.3,
               label=name)
        for name in ordered
        for mark in [examples[name]]
    ]  # fmt: skip
    muted = style.inks.muted
    return [
        *points,
        Line2D([], [], color=style.inks.ink, linewidth=0.9, label="bias"),
        Line2D([], [], color=muted, linewidth=0.9, linestyle=(0, (4, 2)), label="95 % limits of agreement"),
        Patch(facecolor=muted, alpha=_SHADE, label="their 95 % intervals"),
    ]


def _label(calls: tuple[str, str] | None) -> str:
    if calls is None:
        return "animals"
    return calls[0] if calls[0] == calls[1] else _DIFFER


def _unit(one: MeasurementAgreement) -> str:
    unit = unit_text(one.paired.column).strip()
    return f" ({unit})" if unit else ""


def _told(one: MeasurementAgreement, limits: LimitsOfAgreement) -> str:
    unit = unit_text(one.paired.column)
    return (
        f"{one.label}, n = {limits.n}, bias {limits.bias.value:.3g}{unit}, limits {limits.lower.value:.3g} to "
        f"{limits.upper.value:.3g}{unit}"
    )


def _rows(one: MeasurementAgreement, calls: Mapping[Key, tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """Yield a row for each point and each line."""
    whose = {"measurement": one.paired.column, "phase": one.paired.phase, "test": one.paired.test}
    for pair in one.paired.pairs:
        own_call, old_call = calls.get(pair.animal, ("", ""))
        yield whose | _point(pair) | {"phenotype_csds": own_call, "phenotype_old": old_call}
    for name, line in _lines(one).items():
        yield whose | {"mark": name, "difference": line.value, "ci_low": line.ci_low, "ci_high": line.ci_high}


def _point(pair: Pair) -> dict[str, Any]:
    return {
        "mark": "pair", **dict(zip(KEYS, pair.animal, strict=True)), "csds": pair.own, "old": pair.old,
        "mean": (pair.own + pair.old) / 2, "difference": pair.own - pair.old,
    }  # fmt: skip
