"""When groups were in the interaction zone: its share of each time bin, the mean of each group with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from csds.analysis.animals import KEYS
from csds.analysis.comparison import Comparison
from csds.errors import StatsError
from csds.figures.pictures import spoken
from csds.model.shapes import FloatArray
from csds.plots import labels
from csds.plots.floors import flow, open_page, place_axes, set_page_height, write_lines
from csds.plots.plot import Plot
from csds.plots.study import Arm, StudyResults
from csds.plots.style import SMALL_PT, TEXT_PT, Style, drawing
from csds.plots.tracks import ZONE, Key, TrackSummary, keys_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "time_course"
#: Groups that stand together with their reference; further ones stand below, beside the reference again.
_MOST_OTHERS = 2
#: Of the panels of one row, and of several.
_HEIGHT_PT = {"single": (110.0, 84.0), "double": (130.0, 110.0)}
_MARGIN_PT, _APART_PT, _LEFT_PT, _BELOW_PT = 5.0, 16.0, 42.0, 28.0
_KEY_PT, _ENTRY_GAP_PT = 15.0, 9.0
#: What a number on the scale of time takes.
_TICK_PT = 17.0
_LABEL = "Time in the interaction zone\n(% of each bin)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The mean of a group in one phase, bin by bin; arrays of shape (bins,).

    Parameters
    ----------
    arm : Arm
    phase : str
    start_s, end_s : array
        Of the bins.
    percent, low, high : array
        Mean share of the bins in the zone, and its 95 % t interval; NaN of fewer than two animals.
    n : array of int
        Animals of which a bin holds a position.
    animals : int
        Of the group in this phase.
    """

    arm: Arm
    phase: str
    start_s: FloatArray
    end_s: FloatArray
    percent: FloatArray
    low: FloatArray
    high: FloatArray
    n: FloatArray
    animals: int

    @property
    def middle_s(self) -> FloatArray:
        """Middles of the bins."""
        return (self.start_s + self.end_s) / 2


def draw_time_course(study: StudyResults, *, style: Style) -> Plot:
    """Return the figure of groups' time in the interaction zone over each phase, in bins, as a share of the bin.

    Bins are those of ``time_bins.csv``, else of 30 s, measured on the saved tracks
    (`csds.behaviour.bins.measure_time_bins`): an animal's add up to the time in ``sessions.csv``. Means have their
    95 % t intervals as bands, bin by bin, not adjusted for the number of bins. A bin in which nothing is known of an
    animal's position is left out of the mean. Phases stand side by side, controls above defeated animals, tests below
    each other.

    Raises
    ------
    StatsError
        There is no results folder, no track of the animals that are compared, or the protocol has no zone
        'interaction'.
    TableError
        The folder holds no tracks.
    """
    tracks = study.read_tracks(NAME)
    data = study.track_listing(tracks, {}, NAME)
    animals = study.analysed
    of = {(arm.name, phase): tracks.of(animals, arm.rows, phase) for arm in study.arms for phase in tracks.phases}
    if not any(f"{ZONE}_time_s" in one.bins for some in of.values() for one in some.values()):
        raise StatsError(
            f"figure '{NAME}': expected tracks with a zone '{ZONE}', found none",
            hint="Only results of a social interaction test have it.",
        )
    courses = [
        _course(arm, phase, list(of[arm.name, phase].values()))
        for arm in study.arms
        for phase in tracks.phases
        if of[arm.name, phase]
    ]
    with drawing(style):
        figure = _draw(courses, tracks.phases, study.analysis.comparison, style)
    data = pd.concat([data, _bin_rows(of, keys_of(animals)), *map(_mean_rows, courses)], ignore_index=True)
    return Plot(name=NAME, figure=figure, data=data, alt=_alt(courses, tracks.phases), style=style)


def bin_percent(bins: pd.DataFrame) -> FloatArray:
    """Return which share of each bin was spent in the zone, in %; NaN where no position is known.

    Examples
    --------
    >>> bins = pd.DataFrame({"bin_start_s": [0.0, 30.0], "bin_end_s": [30.0, 40.0], "interaction_time_s": [15.0, 1.0]})
    >>> bin_percent(bins).tolist()
    [50.0, 10.0]
    """
    length = (bins["bin_end_s"] - bins["bin_start_s"]).to_numpy(float)
    return np.asarray(100 * bins[f"{ZONE}_time_s"].to_numpy(float) / length)


LEAST = 3
"""Animals that an interval needs: of two it goes from 0 to 100 % whatever they do."""


def mean_and_interval(values: FloatArray) -> tuple[float, float, float]:
    """Return the mean of known values and its 95 % t interval: m ± t(0.975, n − 1) · s / √n; NaN of two or fewer.

    Examples
    --------
    >>> [round(one, 3) for one in mean_and_interval(np.array([1.0, 2.0, 3.0, np.nan]))]
    [2.0, -0.484, 4.484]
    """
    from scipy.special import stdtrit

    known = values[np.isfinite(values)]
    mean = float(known.mean()) if known.size else math.nan
    if known.size < LEAST:
        return mean, math.nan, math.nan
    half = float(stdtrit(known.size - 1, 0.975) * known.std(ddof=1) / np.sqrt(known.size))
    return mean, mean - half, mean + half


def _course(arm: Arm, phase: str, of: Sequence[TrackSummary]) -> Course:
    longest = max((one.bins for one in of), key=len)
    shares = np.full((len(of), len(longest)), np.nan)
    for row, one in zip(shares, of, strict=True):
        row[: len(one.bins)] = bin_percent(one.bins)
    told = np.array([mean_and_interval(column) for column in shares.T])
    return Course(
        arm=arm, phase=phase, start_s=longest["bin_start_s"].to_numpy(float),
        end_s=longest["bin_end_s"].to_numpy(float), percent=told[:, 0], low=told[:, 1], high=told[:, 2],
        n=np.isfinite(shares).sum(axis=0).astype(float), animals=len(of),
    )  # fmt: skip


def _draw(courses: Sequence[Course], phases: Sequence[str], comparison: Comparison, style: Style) -> Figure:
    rows = _rows(list({one.arm.name: one.arm for one in courses}.values()), comparison)
    width = style.width_in * labels.POINTS_PER_INCH - _LEFT_PT - _MARGIN_PT
    panel = (width - (len(phases) - 1) * _APART_PT) / len(phases)
    height = _HEIGHT_PT[style.width][len(rows) > 1]
    figure, page = open_page(style, 1000.0)
    # Places are found before the page's height is known, which axes go by.
    top, places = _MARGIN_PT, []
    for row in rows:
        top += _draw_key(page, top, row, (courses, phases), style) + labels.lines_height(1, TEXT_PT) + 4
        places.append(top)
        top += height + _BELOW_PT
    fewest = " from three animals on" if any(one.animals < LEAST for one in courses) else ""
    note = f"Means of animals with 95 % intervals (t){fewest}, bin by bin."
    write_lines(page, _MARGIN_PT, top, note, SMALL_PT, colour=style.inks.muted)
    middle = (places[0] + places[-1] + height) / 2
    page.text(_MARGIN_PT, middle, _LABEL, fontsize=TEXT_PT, rotation=90, va="center", ha="left",
              multialignment="center", linespacing=1.2)  # fmt: skip
    set_page_height(page, top + labels.lines_height(1, SMALL_PT) + _MARGIN_PT)
    for row, start in zip(rows, places, strict=True):
        names = {arm.name for arm in row}
        for column, phase in enumerate(phases):
            axes = place_axes(figure, _LEFT_PT + column * (panel + _APART_PT), start, panel, height)
            in_phase = [one for one in courses if one.phase == phase]
            for one in in_phase:
                if one.arm.name in names:
                    _draw_course(axes, one, style)
            _finish(axes, in_phase, _highest(courses), panel)
            axes.set_title(spoken(phase), fontsize=TEXT_PT, fontweight="normal", loc="left", pad=2)
            axes.tick_params(labelleft=column == 0)
    return figure


def _rows(arms: Sequence[Arm], comparison: Comparison) -> list[list[Arm]]:
    """Return the groups that share their panels: those of the same stress and test, each set with its reference."""
    coloured = max((at for at, one in enumerate(comparison.factors) if one.name != "stress"), default=0)
    alike: dict[tuple[str, ...], list[Arm]] = {}
    for arm in arms:
        rest = tuple(level for at, level in enumerate(arm.levels) if at != coloured or not comparison.factors)
        alike.setdefault(rest, []).append(arm)
    rows = []
    for reference, *others in alike.values():
        many = max(1, -(-len(others) // _MOST_OTHERS))
        rows += [
            [reference, *(others[int(at)] for at in part)] for part in np.array_split(np.arange(len(others)), many)
        ]
    return rows


def _draw_key(
    page: Axes,
    top: float,
    arms: Sequence[Arm],
    of: tuple[Sequence[Course], Sequence[str]],
    style: Style,
) -> float:
    """Name the groups above their panels, and return how high that is."""
    courses, phases = of
    room = style.width_in * labels.POINTS_PER_INCH - _LEFT_PT - _MARGIN_PT
    said = [
        labels.wrap_label(f"{arm.name}, n = {_count(courses, arm, phases)}", room - _KEY_PT, SMALL_PT) for arm in arms
    ]
    widths = [_KEY_PT + max(labels.text_width(line, SMALL_PT) for line in text.split("\n")) for text in said]
    places = flow(widths, room, _ENTRY_GAP_PT)
    lines = [0] * (places[-1][0] + 1)
    for (line, _), text in zip(places, said, strict=True):
        lines[line] = max(lines[line], text.count("\n") + 1)
    tops = [top + (labels.lines_height(sum(lines[:at]), SMALL_PT) if at else 0.0) for at in range(len(lines) + 1)]
    for arm, text, (line, left) in zip(arms, said, places, strict=True):
        x, middle = _LEFT_PT + left, tops[line] + labels.lines_height(1, SMALL_PT) / 2
        page.plot([x, x + _KEY_PT - 3], [middle] * 2, color=arm.colour(style), linewidth=1.3)
        write_lines(page, x + _KEY_PT, tops[line], text, SMALL_PT)
    return tops[-1] - top


def _count(courses: Sequence[Course], arm: Arm, phases: Sequence[str]) -> str:
    counts = {one.phase: one.animals for one in courses if one.arm.name == arm.name}
    if len(set(counts.values())) == 1 and len(counts) == len(phases):
        return str(next(iter(counts.values())))
    return ", ".join(f"{counts.get(one, 0)} {one.removeprefix('target_').replace('_', ' ')}" for one in phases)


def _draw_course(axes: Axes, one: Course, style: Style) -> None:
    colour = one.arm.colour(style)
    if len(one.percent) == 1:
        axes.plot([one.middle_s[0]] * 2, [one.low[0], one.high[0]], color=colour, linewidth=0.8)
    axes.fill_between(one.middle_s, one.low, one.high, color=colour, alpha=0.14, linewidth=0)
    for edge in (one.low, one.high):  # seen where bands lie on each other
        axes.plot(one.middle_s, edge, color=colour, linewidth=0.4, alpha=0.8)
    axes.plot(
        one.middle_s, one.percent, color=colour, linewidth=1.3, marker="o", markersize=2.4,
        markeredgewidth=0, zorder=3,
    )  # fmt: skip


def _finish(axes: Axes, courses: Sequence[Course], highest: float, panel_pt: float) -> None:
    from matplotlib.ticker import FixedLocator, MaxNLocator

    edges = max((np.append(one.start_s, one.end_s[-1:]) for one in courses), key=len, default=np.array([0.0, 1.0]))
    every = next(n for n in range(1, len(edges) + 1) if len(edges) / n * _TICK_PT <= panel_pt or n == len(edges))
    axes.xaxis.set_major_locator(FixedLocator(list(edges[::every])))
    axes.set_xticks(edges[::every], [f"{edge:g}" for edge in edges[::every]])
    axes.set_xlim(0, float(edges[-1]))
    axes.set_ylim(0, highest)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    axes.set_xlabel("Time (s)", labelpad=1.5)


def _highest(courses: Sequence[Course]) -> float:
    tops = np.concatenate([np.append(one.percent, one.high) for one in courses])
    return min(102.0, max(5.0, 1.05 * float(tops[np.isfinite(tops)].max(initial=0.0))))


def _bin_rows(of: Mapping[tuple[str, str], Mapping[int, TrackSummary]], keys: Sequence[Key]) -> pd.DataFrame:
    """Return every bin of every animal; columns are added to all at once, which takes a tenth of the time."""
    each = [(name, phase, keys[at], one.bins) for (name, phase), some in of.items() for at, one in some.items()]
    repeats = [len(bins) for *_, bins in each]
    told = {"mark": ["bin"] * len(each), "group": [name for name, *_ in each], "phase": [one for _, one, *_ in each]}
    told |= {name: [key[at] for *_, key, _ in each] for at, name in enumerate(KEYS)}
    bins = pd.concat([bins for *_, bins in each], ignore_index=True)
    return bins.assign(
        percent=bin_percent(bins), shown=True, **{name: np.repeat(values, repeats) for name, values in told.items()}
    )


def _mean_rows(one: Course) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "mark": "mean", "group": one.arm.name, "phase": one.phase, "shown": True, "bin_start_s": one.start_s,
            "bin_end_s": one.end_s, "percent": one.percent, "ci_low": one.low, "ci_high": one.high, "n": one.n,
        }
    )  # fmt: skip


def _alt(courses: Sequence[Course], phases: Sequence[str]) -> str:
    told = []
    for phase in phases:
        some = [one for one in courses if one.phase == phase]
        each = "; ".join(
            f"{one.arm.name}, {_text(one.percent[0])} in the first bin, {_text(one.percent[-1])} in the last "
            f"(n = {one.animals})"
            for one in some
        )
        known = {one.arm.name: _mean(one.percent) for one in some if np.isfinite(one.percent).any()}
        most = max(known, key=lambda name: known[name], default="")
        ending = f" Most over all bins in {most}, mean {_text(known[most])}." if most else ""
        told.append(f" {spoken(phase)}: {each}.{ending}")
    start, end = courses[0].start_s[0], courses[0].end_s[0]
    return (
        f"Time in the interaction zone in bins of {end - start:g} s, means of groups with 95 % t intervals, in % of "
        f"each bin.{''.join(told)}"
    )


def _mean(values: FloatArray) -> float:
    return float(values[np.isfinite(values)].mean())


def _text(percent: float) -> str:
    return f"{percent:.0f} %" if math.isfinite(percent) else "not known"
