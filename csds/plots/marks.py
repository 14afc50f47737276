"""What all figures of animals share: markers by phenotype, the axis of groups, legends and names of axes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from csds.analysis.comparison import Comparison
from csds.analysis.results import Result
from csds.analysis.wording import outcome_text, unit_text
from csds.figures import palette
from csds.model.shapes import FloatArray
from csds.plots import labels
from csds.plots.study import Arm
from csds.plots.style import SMALL_PT, TEXT_PT, TITLE_PT, Style

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.gridspec import SubplotSpec
    from matplotlib.ticker import Locator

#: Each phenotype's marker; the order is that of legends.
MARKERS: Mapping[str, str] = {
    "control": "o",
    "susceptible": "v",
    "resilient": "^",
    "undetermined": "D",
    "excluded": "X",
}
#: Markers that are an outline.
_HOLLOW = (MARKERS["undetermined"], MARKERS["excluded"])
_BETWEEN_NAMES = re.compile(r"( \+ | - )")
_MINUS_BETWEEN = " \N{MINUS SIGN} "
_GAP_PT = 3.0
_FAR = 2.5
#: Points of this size and larger have a line around them, pt.
_EDGED_PT = 2.4
#: What an entry of a legend takes beside its text, pt.
_KEY_PT = 3.2 * SMALL_PT


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An animal's marker, what it is filled with and the line around it."""

    marker: str
    face: str
    edge: str


def mark_of(phenotype: str, arm: Arm, style: Style) -> Mark:
    """Return an animal's mark: by its phenotype, or by its group's colour where none is known."""
    if phenotype in {"susceptible", "resilient", "control"}:
        return Mark(marker=MARKERS[phenotype], face=palette.phenotype_colour(phenotype), edge=style.inks.page)
    if phenotype in MARKERS:
        return Mark(marker=MARKERS[phenotype], face=style.inks.page, edge=style.inks.muted)
    return Mark(marker="o", face=arm.colour(style), edge=style.inks.page)


def scatter(axes: Axes, x: FloatArray, y: FloatArray, marks: Sequence[Mark], diameter_pt: float) -> None:
    """Draw animals' points, each with its mark; the smallest without a line around it, which would leave little."""
    for mark in dict.fromkeys(marks):
        edge = 0.3 if diameter_pt >= _EDGED_PT or mark.marker in _HOLLOW else 0.0
        of = [one == mark for one in marks]
        axes.plot(
            x[of], y[of], linestyle="none", marker=mark.marker, markersize=diameter_pt, markerfacecolor=mark.face,
            markeredgecolor=mark.edge, markeredgewidth=edge, zorder=3, clip_on=False,
        )  # fmt: skip


def phenotype_handles(phenotypes: Iterable[str], style: Style) -> list[Artist]:
    """Return the entries of a legend for the phenotypes that are among some."""
    from matplotlib.lines import Line2D

    nobody = Arm(name="", levels=(), rows=(), meaning="", place=0)
    known = set(phenotypes)
    marks = {name: mark_of(name, nobody, style) for name in MARKERS if name in known}
    return [
        Line2D([], [], linestyle="none", marker=mark.marker, markersize=4, markerfacecolor=mark.face,
               markeredgecolor=mark.edge, markeredgewidth=0.3, label=name)
        for name, mark in marks.items()
    ]  # fmt: skip


def add_legend(figure: Figure, handles: Sequence[Artist], style: Style, *, below: bool = False) -> None:
    """Put a legend above a figure's axes, or below, in as many columns as its width allows."""
    if not handles:
        return
    room = style.width_in * labels.POINTS_PER_INCH - 12
    names = [str(handle.get_label()).split("\n") for handle in handles]
    widths = [max(labels.text_width(line, SMALL_PT) for line in lines) + _KEY_PT for lines in names]
    columns = next((n for n in range(len(widths), 1, -1) if sum(max(widths[at::n]) for at in range(n)) <= room), 1)
    # Read line by line, though legends are filled column by column.
    ordered = [handle for at in range(columns) for handle in handles[at::columns]]
    figure.legend(
        handles=ordered, loc="outside lower left" if below else "outside upper left", ncols=columns, borderaxespad=0.6,
        handlelength=1.2, handletextpad=0.5, columnspacing=1.2,
    )  # fmt: skip


def add_note(figure: Figure, text: str, style: Style) -> None:
    """Write below a figure's axes what is to be known of its numbers, wrapped to the page's width."""
    room = style.width_in * labels.POINTS_PER_INCH - 2 * _GAP_PT
    figure.supxlabel(
        labels.wrap_label(text, room, SMALL_PT), x=_GAP_PT / (style.width_in * labels.POINTS_PER_INCH), ha="left",
        fontsize=SMALL_PT, color=style.inks.muted, linespacing=1.2,
    )  # fmt: skip


def fit_height(figure: Figure, axes: Axes, wanted_pt: float, *, rows: int = 1) -> None:
    """Make a figure as high as lets its axes, one of some rows, be as high as is wanted, whatever stands around."""
    for _ in range(5):
        lacking = wanted_pt - labels.height_pt(axes)
        if abs(lacking) < 0.5:
            break
        width, height = figure.get_size_inches()
        figure.set_size_inches(width, max(height + rows * lacking / labels.POINTS_PER_INCH, 0.5))


def axis_name(outcome: str) -> str:
    """Return an outcome as an axis is called, with its unit.

    Examples
    --------
    >>> axis_name("corners_present_s"), axis_name("si_ratio")
    ('Time in the corner zones with the target present (s)', 'SI ratio')
    """
    text, unit = outcome_text(outcome), unit_text(outcome).strip()
    return f"{text[:1].upper()}{text[1:]}{f' ({unit})' if unit else ''}"


def contrast_title(contrast: str, width_pt: float) -> list[str]:
    """Return a contrast in lines of a title, broken between its two groups first."""
    names = "".join(labels.shortened(part) for part in _BETWEEN_NAMES.split(contrast))
    whole = names.replace(" - ", _MINUS_BETWEEN)
    parts = [whole] if labels.text_width(whole, TITLE_PT) <= width_pt else whole.split(_MINUS_BETWEEN)
    ends = [_MINUS_BETWEEN.rstrip()] * (len(parts) - 1) + [""]
    parts = [part + end for part, end in zip(parts, ends, strict=True)]
    return [line for part in parts for line in labels.wrap_label(part, width_pt, TITLE_PT).split("\n")]


def name_y(axes: Axes, text: str, height_pt: float) -> None:
    """Name the vertical axis, wrapped to a height."""
    axes.set_ylabel(labels.wrap_label(text, height_pt, TEXT_PT))


def name_groups(axes: Axes, arms: Sequence[Arm], comparison: Comparison, style: Style) -> None:
    """Name the groups below an axis that has one at each of 0, 1, 2 ….

    Of two crossed factors the second's levels stand below each group, the first's once below those that share it; of
    repeated tests the tests, and the group below its own.
    """
    is_repeated = all(arm.group not in ("", arm.name) for arm in arms)
    is_banded = is_repeated or (len(comparison.factors) == 2 and comparison.is_crossed)
    shorts = [[labels.shortened(level) for level in arm.levels] for arm in arms]
    own = [of[-1] if is_repeated else ", ".join(of[1:]) for of in shorts]
    names = own if is_banded else [arm.label for arm in arms]
    bands = [arm.group_label if is_repeated else of[0] for arm, of in zip(arms, shorts, strict=True)]
    name_places(axes, [f"{name}\nn = {len(arm.rows)}" for name, arm in zip(names, arms, strict=True)],
                bands if is_banded else [], style)  # fmt: skip


def name_places(axes: Axes, names: Sequence[str], bands: Sequence[str], style: Style) -> None:
    """Name what stands at 0, 1, 2 … of an axis and, where there are bands, below these what neighbours share."""
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.tick_params(axis="x", length=0)
    place = labels.width_pt(axes) / max(1, len(names))
    fitted = labels.fit_labels(names, place, SMALL_PT)
    labels.grow(axes, fitted.height_pt)
    axes.set_xticks(
        range(len(names)), fitted.texts, rotation=90 if fitted.is_upright else 0, rotation_mode="default",
        linespacing=1.2, va="top", multialignment="right" if fitted.is_upright else "center",
    )  # fmt: skip
    if bands:
        _name_bands(axes, bands, fitted.height_pt + 2 * _GAP_PT + 1, place, style)


def _name_bands(axes: Axes, of: Sequence[str], top_pt: float, place_pt: float, style: Style) -> None:
    from matplotlib.transforms import ScaledTranslation

    down = ScaledTranslation(0, -top_pt / labels.POINTS_PER_INCH, labels.figure_of(axes).dpi_scale_trans)
    bands = list(dict.fromkeys(of))
    widths = [of.count(name) * place_pt - 2 * _GAP_PT for name in bands]
    names = [labels.fit_labels([name], width, SMALL_PT) for name, width in zip(bands, widths, strict=True)]
    if any(one.is_upright for one in names):
        names = [
            labels.fit_labels([name], width, SMALL_PT, upright=True) for name, width in zip(bands, widths, strict=True)
        ]
    for name, fitted in zip(bands, names, strict=True):
        first, last = of.index(name), len(of) - 1 - list(reversed(of)).index(name)
        axes.plot(
            [first - 0.42, last + 0.42], [0, 0], transform=axes.get_xaxis_transform() + down, clip_on=False,
            color=style.inks.ink, linewidth=0.6,
        )  # fmt: skip
        axes.annotate(
            fitted.texts[0], ((first + last) / 2, 0), xycoords=axes.get_xaxis_transform(),
            xytext=(0, -top_pt - _GAP_PT), textcoords="offset points", ha="center", va="top", fontsize=SMALL_PT,
            annotation_clip=False, linespacing=1.2, rotation=90 if fitted.is_upright else 0,
            multialignment="right" if fitted.is_upright else "center",
        )  # fmt: skip


def result_row(one: Result, *, group: str = "") -> dict[str, Any]:
    """Return a result as a row of a figure's data.

    Examples
    --------
    >>> result_row(Result(test="description", effect_name="mean", effect=1.5, n=3), group="isotype")["mark"]
    'mean'
    """
    return {
        "mark": "contrast" if one.contrast else one.effect_name,
        "group": group,
        "contrast": one.contrast,
        "test": one.test,
        "effect_name": one.effect_name,
        "effect": one.effect,
        "ci_low": one.ci_low,
        "ci_high": one.ci_high,
        "n": one.n,
        "p_value": one.p_value,
        "p_adjusted": one.p_adjusted,
        "adjustment": one.adjustment,
        "shown": True,
    }


def value_limits(values: Sequence[float] | FloatArray) -> tuple[float, float]:
    """Return where an axis of values begins and ends: at 0 where none is below, with some room beyond the last.

    Examples
    --------
    >>> value_limits([1.0, 4.0])
    (0.0, 4.2)
    """
    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    low, high = min(0.0, float(known.min(initial=0.0))), float(known.max(initial=-np.inf))
    if not high > low:
        high = low + 1 if low == 0 else 0.0
    room = 0.05 * (high - low)
    return (low - room if low < 0 else 0.0), high + room


def far_beyond(values: Sequence[float] | FloatArray) -> float:
    """Return the value that is the last to be drawn in its place: those beyond would press the others together.

    At most three values, each beyond 2.5 times the largest of the rest, where none is below 0; else the largest.

    Examples
    --------
    >>> far_beyond([0.5, 1.2, 29.6]), far_beyond([0.5, 1.2])
    (1.2, 1.2)
    """
    ordered = np.sort(np.asarray(values, float))
    for at in range(max(1, len(ordered) - 3), len(ordered)):
        if ordered[0] >= 0 and ordered[at - 1] > 0 and ordered[at] > _FAR * ordered[at - 1]:
            return float(ordered[at - 1])
    return float(ordered[-1])


def draw_cutoff(axes: Axes, cutoff: float, style: Style, *, upright: bool = False) -> None:
    """Draw the line that tells susceptible from resilient, and name it beyond the axes."""
    settings: dict[str, Any] = {"color": style.inks.muted, "linewidth": 0.7, "linestyle": (0, (4, 2)), "zorder": 1}
    if upright:
        axes.axvline(cutoff, **settings)
        return
    axes.axhline(cutoff, **settings)
    axes.annotate(
        f"cut-off\n{cutoff:g}", (1, cutoff), xycoords=axes.get_yaxis_transform(), xytext=(2, 0),
        textcoords="offset points", va="center", fontsize=SMALL_PT, color=style.inks.muted, annotation_clip=False,
    )  # fmt: skip


def mean_handle(
    style: Style, label: str = "mean", *, linewidth: float = 1.2, marker: str = "", is_muted: bool = False
) -> Artist:
    """Return the entry of a legend for means, or what else is drawn as a line in ink."""
    from matplotlib.lines import Line2D

    colour = style.inks.muted if is_muted else style.inks.ink
    return Line2D([], [], color=colour, linewidth=linewidth, marker=marker, markersize=3.6, label=label)


def few_ticks() -> Locator:
    """Return where a small panel's scale has its ticks."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=3, steps=[1, 2, 2.5, 5, 10])


def set_height_ratios(upper: Axes, above_pt: float, height_pt: float) -> None:
    """Give axes above others, in the same grid, their height beside that of the others."""
    grid = cast("SubplotSpec", upper.get_subplotspec()).get_gridspec()
    grid.set_height_ratios((max(above_pt, 1.0), height_pt))


def name_spans(axes: Axes, arms: Sequence[Arm], spans: Sequence[tuple[float, float]], style: Style) -> None:
    """Name groups below the stretch of the axis that each has, with a rule in its colour."""
    low, high = axes.get_xlim()
    unit = labels.width_pt(axes) / (high - low)
    axes.set_xticks([(first + last) / 2 for first, last in spans])
    axes.tick_params(axis="x", length=0, pad=5)
    place = min(last - first + 2 for first, last in spans) * unit
    fitted = labels.fit_labels([f"{arm.label}\nn = {len(arm.rows)}" for arm in arms], place, SMALL_PT)
    labels.grow(axes, fitted.height_pt)
    axes.set_xticklabels(
        fitted.texts, rotation=90 if fitted.is_upright else 0, linespacing=1.2, va="top",
        multialignment="right" if fitted.is_upright else "center",
    )  # fmt: skip
    for arm, (first, last) in zip(arms, spans, strict=True):
        axes.plot(
            [first - 0.5, last + 0.5], [-0.015, -0.015], transform=axes.get_xaxis_transform(), clip_on=False,
            color=arm.colour(style), linewidth=2.0, solid_capstyle="butt",
        )  # fmt: skip
