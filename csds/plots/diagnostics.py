"""What the analysis rests on: residuals of the planned model, and how well each session was tracked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from csds.analysis.residuals import PlannedResiduals, planned_residuals
from csds.analysis.within import BOTH_PHASES, PHASES
from csds.analysis.wording import check_text, outcome_text, unit_text
from csds.errors import StatsError
from csds.plots import labels, marks
from csds.plots.plot import Plot
from csds.plots.session_quality import SHARES, Sessions, draw_sessions, session_handles, sessions_in_order
from csds.plots.study import StudyResults
from csds.plots.style import SMALL_PT, Style, drawing, new_figure
from csds.stats.residual_envelope import NormalQQ, normal_qq

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

NAME = "diagnostics"
_HEIGHT_PT = {"single": 100.0, "double": 130.0}
_STRIP_PT = {"single": 42.0, "double": 50.0}
#: Simulated sets of residuals.
_DRAWS = 2000
#: Markers of groups that have the same colour, in turn.
_MARKERS = ("o", "s", "^", "D", "v", "P")
_ROOM = 0.06


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Residuals:
    """Residuals, their Q–Q plot, and each group's mark."""

    planned: PlannedResiduals
    qq: NormalQQ
    marks: dict[str, marks.Mark]


def draw_diagnostics(study: StudyResults, *, style: Style) -> Plot:
    """Return the figure of the planned model's residuals and of the sessions' tracking.

    Above, the residuals of the primary outcome (of repeated measures, of each animal's change) against normal
    quantiles, with the band that normal errors keep to (`csds.stats.residual_envelope.normal_qq`), and against what
    the model predicts. Below, session by session as they were recorded, the share of frames in which the animal's
    position isn't known, is interpolated, and was detected; sessions with a flag that says to look at their numbers
    are marked. Either half is left out where it can't be drawn, and the note says why.

    Raises
    ------
    StatsError
        There is neither.
    TableError
        A share of the sessions is no number, or an outcome holds text.
    """
    residuals, why_not = _residuals(study, style)
    sessions = sessions_in_order(study.sessions)
    if residuals is None and sessions is None:
        raise StatsError(
            f"figure '{NAME}': expected residuals of groups or tracked sessions, found neither ({why_not})",
            hint="Residuals need groups to compare; tracking needs the sessions.csv of csds track beside the animals.",
        )
    note = _note(study, residuals, why_not, sessions)
    height, strip = _HEIGHT_PT[style.width], _STRIP_PT[style.width]
    upper, lower = residuals is not None, len(SHARES) if sessions else 0
    layout: list[Any] = [
        *([["quantiles", "fitted"]] if upper else []),
        *([name, name] for name in list(SHARES)[:lower]),
    ]
    with drawing(style):
        figure = new_figure(style, (height * upper + strip * lower) / labels.POINTS_PER_INCH + 1)
        panels = figure.subplot_mosaic(layout, height_ratios=[*([height] * upper), *([strip] * lower)])
        handles: list[Artist] = []
        if residuals:
            handles += _group_handles(residuals, study, style)
        if sessions:
            handles += session_handles(sessions, style)
        marks.add_legend(figure, handles, style)
        marks.add_note(figure, note, style)
        if residuals:
            _draw_quantiles(panels["quantiles"], residuals, style)
            _draw_fitted(panels["fitted"], residuals, style)
        if sessions:
            draw_sessions([panels[name] for name in SHARES], sessions, style)
        first, wanted = (panels["quantiles"], height) if upper else (panels[next(iter(SHARES))], strip)
        marks.fit_height(figure, first, wanted, rows=1 + lower if upper else lower)
    parts = [_animal_rows(study, residuals)] if residuals else []
    if sessions:
        shown = sessions.table["unknown_percent"].notna()
        parts.append(sessions.table.assign(mark="session", shown=shown))
    return Plot(
        name=NAME, figure=figure, data=pd.concat(parts, ignore_index=True), style=style,
        alt=f"{_alt(residuals, sessions)} {note}",
    )  # fmt: skip


def _residuals(study: StudyResults, style: Style) -> tuple[_Residuals | None, str]:
    """Return the residuals, or why there are none."""
    analysis = study.analysis
    planned = planned_residuals(study.analysed, analysis.comparison, analysis.plan)
    if planned is None:
        return None, "no model compares groups of animals that the scores themselves don't define"
    try:
        qq = normal_qq(
            planned.residuals, planned.matrix, rng=np.random.default_rng(analysis.plan.seed), draws=_DRAWS
        )  # fmt: skip
    except StatsError as error:
        return None, error.message
    of, seen = {}, dict[str, int]()
    colours = {arm.group: arm.colour(style) for arm in study.arms}
    for group in planned.group.levels:
        colour = colours[group]
        marker = _MARKERS[seen.setdefault(colour, 0) % len(_MARKERS)]
        seen[colour] += 1
        of[group] = marks.Mark(marker=marker, face=colour, edge=style.inks.page)
    return _Residuals(planned=planned, qq=qq, marks=of), ""


def _draw_quantiles(axes: Axes, residuals: _Residuals, style: Style) -> None:
    qq, inks = residuals.qq, style.inks
    axes.fill_between(qq.quantiles, qq.low, qq.high, color=inks.faint, alpha=0.5, linewidth=0, zorder=0)
    ends = qq.quantiles[[0, -1]]
    axes.plot(ends, qq.residuals.std() * ends, color=inks.muted, linewidth=0.7, zorder=1)
    groups = residuals.planned.group.labels
    marks.scatter(axes, qq.quantiles, qq.residuals, [residuals.marks[groups[at]] for at in qq.order], 3.0)
    axes.set_ylim(*_around([*qq.residuals, *qq.low, *qq.high]))
    axes.xaxis.set_major_locator(marks.few_ticks())
    axes.set_xlabel("Normal quantile")
    axes.set_ylabel(f"Residual{_unit(residuals.planned)}")


def _draw_fitted(axes: Axes, residuals: _Residuals, style: Style) -> None:
    planned = residuals.planned
    axes.axhline(0, color=style.inks.muted, linewidth=0.7, zorder=1)
    of = [residuals.marks[group] for group in planned.group.labels]
    marks.scatter(axes, planned.fitted, planned.residuals, of, 3.0)
    axes.set(
        xlim=_around(planned.fitted), ylim=_around([*residuals.qq.residuals, *residuals.qq.low, *residuals.qq.high])
    )
    axes.xaxis.set_major_locator(marks.few_ticks())
    axes.set_xlabel(f"{'Fitted change' if planned.is_change else 'Fitted'}{_unit(planned)}")


def _group_handles(residuals: _Residuals, study: StudyResults, style: Style) -> list[Artist]:
    from matplotlib.lines import Line2D

    room = style.width_in * labels.POINTS_PER_INCH / 2 - 30
    called = {arm.group: arm.group_label for arm in study.arms}
    return [
        Line2D([], [], linestyle="none", marker=mark.marker, markersize=3.4, markerfacecolor=mark.face,
               markeredgecolor=mark.edge, markeredgewidth=0.3, label=labels.wrap_label(called[group], room, SMALL_PT))
        for group, mark in residuals.marks.items()
    ]  # fmt: skip


def _around(values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """Return the ends of a scale that has values with some room on either side."""
    low, high = float(np.min(values)), float(np.max(values))
    room = _ROOM * (high - low) or max(1.0, abs(low)) * _ROOM
    return low - room, high + room


def _unit(planned: PlannedResiduals) -> str:
    unit = unit_text(planned.outcome).strip()
    return f" ({unit})" if unit else ""


def _note(study: StudyResults, residuals: _Residuals | None, why_not: str, sessions: Sessions | None) -> str:
    if residuals:
        what = "each animal's change in " if residuals.planned.is_change else ""
        checks = "; ".join(check_text(one).partition(". ")[0].removesuffix(".") for one in study.analysis.checks[:2])
        text = (
            f"Residuals of the planned model of {what}{outcome_text(residuals.planned.outcome)}; band: where 95 % of "
            f"{_DRAWS:,} simulations with normal errors lie, point by point. {checks}."
        )
    else:
        text = f"Residuals aren't shown: {why_not.removesuffix('.')}."
    if sessions:
        return f"{text} Unknown: neither detected nor interpolated."
    lacks = (
        "no sessions.csv stands beside the animals" if study.sessions.empty else "sessions.csv has no tracked shares"
    )
    return f"{text} Tracking isn't shown: {lacks}."


def _alt(residuals: _Residuals | None, sessions: Sessions | None) -> str:
    parts = []
    if residuals:
        n, out = len(residuals.qq.residuals), residuals.qq.outside
        by_chance = f"about {n / 20:.0f} by chance"
        parts.append(
            f"Normal Q–Q plot of {n} residuals, {out} of them outside the band ({by_chance}), "
            "and residuals by fitted value."
        )
    if sessions:
        many, worst = len(sessions.table), sessions.worst
        text = f"Tracking of {many} sessions {sessions.order}, {sessions.flagged} flagged"
        failed = int(sessions.table["is_failed"].sum())
        text += f", {failed} failed" if failed else ""
        if worst is not None:
            unknown = sessions.table["unknown_percent"]
            text += (
                f"; position unknown in a median of {unknown.median():.1f} % of frames, "
                f"most in {sessions.table['session_id'][worst]} ({unknown[worst]:.1f} %)"
            )
        parts.append(f"{text}.")
    return " ".join(parts)


def _animal_rows(study: StudyResults, residuals: _Residuals) -> pd.DataFrame:
    """Return every animal with its residual; of repeated tests that of its change is in the first of its rows."""
    planned, qq = residuals.planned, residuals.qq
    animals = study.analysed
    lines = list(map(int, animals.table.index))
    keys = dict(zip(lines, animals.keys(), strict=True))
    used = {keys[line] for line in planned.lines} if planned.is_change else set()
    shown = [line for line in lines if keys[line] in used] if planned.is_change else list(planned.lines)
    columns = list(PHASES.values()) if planned.outcome == BOTH_PHASES else [planned.outcome]
    table = study.listing(columns, shown, NAME)
    found = pd.DataFrame({"residual": planned.residuals, "fitted": planned.fitted}, index=list(planned.lines))
    ranked = pd.DataFrame(
        {"normal_quantile": qq.quantiles, "band_low": qq.low, "band_high": qq.high},
        index=[planned.lines[at] for at in qq.order],
    )
    everyone = sorted([*study.animals.table.index, *study.animals.excluded.index])
    return pd.concat([table, found.join(ranked).reindex(everyone).reset_index(drop=True)], axis=1)
