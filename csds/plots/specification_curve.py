"""The specification curve: the treatment effect under every analysis choice, sorted, above the choices themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from csds.analysis.specifications import ANCOVA, RULE, SpecificationCurve, specification_curve
from csds.analysis.wording import equals_text
from csds.plots import labels, marks
from csds.plots.plot import Plot
from csds.plots.study import StudyResults
from csds.plots.style import SMALL_PT, TITLE_PT, Style, drawing, new_figure
from csds.results.reread import reread_animals

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

_ALPHA = 0.05
_CURVE_IN, _ROW_IN, _TITLE_IN, _REST_IN = 1.6, 0.125, 0.15, 0.95
#: How much wider than plain letters bold ones are at most.
_BOLD = 1.2
_HEADINGS: Mapping[str, str] = {
    "edge_cm": "Zone edge",
    "by": "In the zone",
    "window_s": "Window",
    "outcome": "Outcome",
    "exclusions": "Left out",
}
_WORDS: Mapping[str, str] = {
    "si_ratio": "SI ratio",
    "log_si_ratio": "log SI ratio",
    "si_preference": "P / (P + A)",
    "si_difference_s": "P \N{MINUS SIGN} A",
    ANCOVA: "ANCOVA, P on A",
    f"{RULE}control_mean": "resilient: control mean",
    f"{RULE}cutoff": "resilient: cut-off",
    f"{RULE}si_cutoff": "resilient: cut-off",
    "none": "nobody",
    "as planned": "as planned",
    "flagged too": "flagged too",
}


def draw_specifications(study: StudyResults, *, style: Style) -> Plot:
    """Return the specification curve of a study's first planned contrast, by its saved tracks.

    Raises
    ------
    StatsError
        There are no saved tracks, or see `csds.analysis.specifications.specification_curve`.
    UsageError, TableError, ScoreError
        See `csds.results.reread.reread_animals`.
    """
    plan = study.analysis.plan
    protocol, readings = reread_animals(study.results_folder("specification_curve"))
    curve = specification_curve(readings, plan, protocol, rng=np.random.default_rng(plan.seed))
    return draw_specification_curve(curve, style)


def draw_specification_curve(curve: SpecificationCurve, style: Style) -> Plot:
    """Return the figure of a specification curve.

    Above, every specification's effect with its 95 % interval from the lowest to the highest, filled where p < .05, and
    the planned one as a diamond; below, its choices.

    Parameters
    ----------
    curve : SpecificationCurve
    style : Style
    """
    table = curve.table()
    rows = _rows(table)
    title = marks.contrast_title(curve.contrast, style.width_in * labels.POINTS_PER_INCH / _BOLD)
    ratios = [_CURVE_IN, len(rows) * _ROW_IN]
    with drawing(style):
        figure = new_figure(style, sum(ratios) + len(title) * _TITLE_IN + _REST_IN)
        above, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": ratios, "hspace": 0.02})
        _draw_effects(above, table, style)
        _draw_choices(below, table, rows, style)
        figure.suptitle("\n".join(title), x=0.01, ha="left", fontsize=TITLE_PT, fontweight="bold")
        marks.add_legend(figure, _handles(style), style, below=True)
        above.set_title(_tests_text(curve), fontsize=SMALL_PT, fontweight="normal", color=style.inks.muted)
    return Plot(name="specification_curve", figure=figure, data=table, alt=_alt(curve), style=style)


def _draw_effects(axes: Axes, table: pd.DataFrame, style: Style) -> None:
    inks, x = style.inks, np.arange(len(table))
    effect, low, high = (table[name].to_numpy(float) for name in ("effect", "ci_low", "ci_high"))
    sure = table["p_value"].to_numpy(float) < _ALPHA
    (planned,) = np.flatnonzero(table["is_planned"])
    colour = style.colour_of("treatment")
    axes.axhline(0.0, color=inks.ink, linewidth=0.6, zorder=1)
    axes.vlines(x, low, high, color=inks.faint, linewidth=0.6, zorder=2)
    axes.scatter(x[~sure], effect[~sure], s=3.0, facecolor=inks.page, edgecolor=inks.muted, linewidth=0.5, zorder=3)
    axes.scatter(x[sure], effect[sure], s=3.0, color=inks.ink, linewidth=0.5, zorder=3)
    axes.vlines(x[planned], low[planned], high[planned], color=colour, linewidth=1.2, zorder=4)
    axes.scatter(
        x[planned], effect[planned], s=22.0, marker="D", color=colour, edgecolor=inks.page, linewidth=0.5, zorder=5
    )
    axes.set_ylabel("Effect (SD), 95 % CI")
    axes.set_xlim(-1.0, len(table))
    axes.tick_params(axis="x", length=0)
    axes.spines["bottom"].set_visible(False)


def _handles(style: Style) -> list[Artist]:
    from matplotlib.lines import Line2D

    inks, colour = style.inks, style.colour_of("treatment")
    return [
        Line2D([], [], linestyle="none", marker=marker, markersize=size, markerfacecolor=face, markeredgecolor=edge,
               markeredgewidth=0.5, label=label)
        for marker, size, face, edge, label in (
            ("o", 3.0, inks.ink, inks.ink, f"p < {_ALPHA:g}, not adjusted".replace("0.", ".")),
            ("o", 3.0, inks.page, inks.muted, "any other p"),
            ("D", 4.0, colour, inks.page, "planned"),
        )
    ]  # fmt: skip


def _draw_choices(axes: Axes, table: pd.DataFrame, rows: list[tuple[str, object, str]], style: Style) -> None:
    inks = style.inks
    (planned,) = np.flatnonzero(table["is_planned"])
    for y, (column, level, _) in enumerate(rows):
        if not column:
            continue
        x = np.flatnonzero(table[column] == level)
        axes.vlines(x, y - 0.34, y + 0.34, color=inks.muted, linewidth=0.7)
        if planned in x:
            axes.vlines(planned, y - 0.42, y + 0.42, color=style.colour_of("treatment"), linewidth=1.6, zorder=3)
    axes.set_yticks(range(len(rows)), [label for _, _, label in rows])
    for tick, (column, _, _) in zip(axes.get_yticklabels(), rows, strict=True):
        if not column:
            tick.set_fontweight("bold")
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"Specifications, by effect ({len(table)})")


def _rows(table: pd.DataFrame) -> list[tuple[str, object, str]]:
    """Return the dashboard's rows, column, level and label; headings have no column, choices of one level no row."""
    rows: list[tuple[str, object, str]] = []
    for column, heading in _HEADINGS.items():
        levels = table[column].drop_duplicates().tolist()
        if len(levels) < 2:
            continue
        known = [*_WORDS]
        ordered = sorted(levels, key=lambda one: (known.index(one), "") if one in known else (len(known), one))
        rows.append(("", "", heading))
        rows += [(column, level, _label(column, level)) for level in ordered]
    return rows


def _label(column: str, level: object) -> str:
    """Return a level in words.

    Examples
    --------
    >>> _label("edge_cm", -2.0), _label("window_s", 120.0), _label("outcome", "rule mine")
    ('−2 cm', '120 s', 'resilient: mine')
    """
    if column == "edge_cm":
        return f"{level:+g} cm".replace("-", "\N{MINUS SIGN}") if level else "protocol's"
    if column == "window_s":
        return f"{level:g} s"
    return _WORDS.get(str(level), str(level).replace(RULE, "resilient: "))


def _tests_text(curve: SpecificationCurve) -> str:
    told = {one.name: one for one in curve.tests}
    median, share, z = told["median effect"], told["share significant"], told["Stouffer's z"]
    first = f"median {_signed(median.value, 2)} SD (p {equals_text(median.p_value)})"
    second = f"{100 * share.value:.0f} % significant (p {equals_text(share.p_value)})"
    third = f"Stouffer's z {_signed(z.value, 1)} (p {equals_text(z.p_value)}); {curve.draws:,} permutations"
    return f"{first}, {second},\n{third}"


def _signed(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def _alt(curve: SpecificationCurve) -> str:
    effects, planned = [one.effect.value for one in curve.effects], curve.planned.effect
    sure = sum(one.p_value < _ALPHA for one in curve.effects)
    return (
        f"Specification curve of {curve.contrast}: {len(effects)} specifications, effects from {effects[0]:.2f} to "
        f"{effects[-1]:.2f} SD, {sure} with p < .05, not adjusted. Planned: {planned.value:.2f} SD, 95 % CI "
        f"{planned.ci_low:.2f} to {planned.ci_high:.2f}. "
        + "; ".join(f"{one.name} {one.value:.2f}, permutation p {equals_text(one.p_value)}" for one in curve.tests)
        + "."
    )
