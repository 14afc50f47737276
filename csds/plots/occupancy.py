"""Where groups spent their time: mean maps of each group and phase, and how treatment differs from its reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from csds.figures import palette
from csds.figures.animal import occupancy_ticks
from csds.figures.pictures import spoken
from csds.model.shapes import FloatArray
from csds.plots import labels
from csds.plots.floors import floor_outlines, open_page, place_axes, set_page_height, write_lines
from csds.plots.page_key import draw_page_key, outline_entries, page_key
from csds.plots.plot import Plot
from csds.plots.study import Arm, StudyResults
from csds.plots.style import SMALL_PT, TEXT_PT, Style, drawing
from csds.plots.tracks import ZONE, StudyTracks, TrackSummary, commonest, grid_of
from csds.results.sessions import SavedSession

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap, Normalize
    from matplotlib.figure import Figure

NAME = "occupancy"
#: s/cm²: the scale reaches at least so far, so that near-empty maps are not inflated.
_LEAST_PEAK = 0.02
_MARGIN_PT, _GAP_PT, _PAIR_GAP_PT = 5.0, 9.0, 3.0
#: Of a floor: how narrow it may be, and how wide it becomes at most.
_NARROWEST_PT, _WIDEST_PT = 44.0, 110.0
#: Of a scale: its bar, and what it takes with its numbers and name.
_BAR_PT, _SCALE_PT = 6.0, 46.0
_LEAST_BAR_PT, _MOST_BAR_PT = 56.0, 130.0
#: Ends, and tones between them and the page, of what the reference and what the treatment has more of (ColorBrewer's
#: PuOr, which the colour-blind can tell apart).
_DIVERGING: Mapping[str, tuple[str, str, str, str]] = {
    "light": ("#7F3B08", "#E08214", "#8073AC", "#2D004B"),
    "dark": ("#FDB863", "#9A5A10", "#6A5D9E", "#C2BCE6"),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupMap:
    """The mean of some animals' maps in one phase, or a difference of two such means.

    Parameters
    ----------
    group, phase : str
    seconds_cm2 : float array (rows, columns)
    n : int
        Animals in it.
    counted : str
        The same as the figure says it.
    in_zone : float
        Mean share of the window in the interaction zone.
    """

    group: str
    phase: str
    seconds_cm2: FloatArray
    n: int
    counted: str
    in_zone: float = float("nan")


def draw_occupancy(study: StudyResults, *, style: Style) -> Plot:
    """Return the figure of where groups spent their time: a mean map for each group and phase, and differences.

    Each animal's map is scaled to the commonest length of the windows, then animals are averaged; time without a
    position is in no bin, as it is in no zone. All maps share one scale, whose root is shown so that passages are seen
    beside long stays. Differences are each treatment less its reference, in defeated animals where there is stress;
    of a study of stress alone, defeated less control. Animals in an arena of another shape or size than most are not
    in the means, and are listed with the data.

    Raises
    ------
    StatsError
        There is no results folder, or no track of the animals that are compared.
    TableError
        The folder holds no tracks.
    """
    tracks = study.read_tracks(NAME)
    of = _summaries(study, tracks)
    used, others = _same_floor(of)
    data = study.track_listing(tracks, others, NAME)
    window_s = commonest([one.session.duration_s for maps in used.values() for one in maps.values()])
    means = {name: _mean(*name, maps, window_s) for name, maps in used.items() if maps}
    differences = _differences(study, means, tracks.phases)
    example = next(one for maps in used.values() for one in maps.values()).session
    note = _note(window_s, others, example)
    with drawing(style):
        figure = _draw(means, differences, tracks.phases, note, (example, style))
    rows = [_rows(one, "mean", example) for one in means.values()]
    rows += [_rows(one, "difference", example) for one in differences.values()]
    data = pd.concat([data, *rows], ignore_index=True)
    return Plot(name=NAME, figure=figure, data=data, alt=_alt(means, differences, note), style=style)


Maps = dict[tuple[str, str], dict[int, TrackSummary]]


def _summaries(study: StudyResults, tracks: StudyTracks) -> Maps:
    animals = study.analysed
    return {(arm.name, phase): tracks.of(animals, arm.rows, phase) for arm in study.arms for phase in tracks.phases}


def _same_floor(of: Maps) -> tuple[Maps, dict[tuple[int, str], str]]:
    """Return the summaries on floors of the commonest shape and size, and why the others are left out."""
    found = [one.geometry for maps in of.values() for one in maps.values()]
    if not found:
        return of, {}
    usual = commonest(found)
    why = f"an arena of another shape or size than most ({_floor_text(usual)})"
    others = {
        (at, phase): f"{why}: {_floor_text(one.geometry)}"
        for (_, phase), maps in of.items()
        for at, one in maps.items()
        if one.geometry != usual
    }
    return {name: {at: one for at, one in maps.items() if one.geometry == usual} for name, maps in of.items()}, others


def _floor_text(geometry: tuple[str, float, float]) -> str:
    shape, width, height = geometry
    return f"circle of {width:g} cm" if shape == "circle" else f"{width:g} × {height:g} cm"


def _mean(group: str, phase: str, maps: Mapping[int, TrackSummary], window_s: float) -> GroupMap:
    each = [one.seconds_cm2 * (window_s / one.session.duration_s) for one in maps.values()]
    column = f"{ZONE}_time_s"
    shares = [one.bins[column].sum() / one.session.duration_s for one in maps.values() if column in one.bins]
    return GroupMap(
        group=group, phase=phase, seconds_cm2=np.asarray(np.mean(each, axis=0), float), n=len(each),
        counted=str(len(each)), in_zone=float(np.mean(shares)) if shares else float("nan"),
    )  # fmt: skip


def compared_arms(study: StudyResults) -> list[tuple[Arm, Arm]]:
    """Return each treated group with its reference, of defeated animals where there is stress; else stress itself."""
    comparison, arms = study.analysis.comparison, study.arms
    treatment = max((at for at, one in enumerate(comparison.factors) if one.name != "stress"), default=None)
    if treatment is None:
        calm = next((arm for arm in arms if arm.meaning == "control"), None)
        return [(arm, calm) for arm in arms if calm and arm.meaning == "defeated"]
    pairs = []
    for arm in arms:
        levels = (*arm.levels[:treatment], comparison.factors[treatment].levels[0], *arm.levels[treatment + 1 :])
        reference = next((one for one in arms if one.levels == levels and one.meaning == "isotype"), None)
        if reference is not None and arm.meaning in {"treatment", "another treatment"}:
            pairs.append((arm, reference))
    return pairs


def _differences(
    study: StudyResults, means: Mapping[tuple[str, str], GroupMap], phases: Sequence[str]
) -> dict[tuple[str, str], GroupMap]:
    found = {}
    for arm, reference in compared_arms(study):
        for phase in phases:
            first, second = means.get((arm.name, phase)), means.get((reference.name, phase))
            if first and second:
                name = f"{arm.name} − {reference.name}"
                found[name, phase] = GroupMap(
                    group=name, phase=phase, seconds_cm2=first.seconds_cm2 - second.seconds_cm2,
                    n=first.n + second.n, counted=f"{first.n} and {second.n}",
                )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """How maps stand: so many cells side by side, each with a floor for every phase."""

    across: int
    floor_pt: float
    cell_pt: float
    height_pt: float


def _layout(cells: int, phases: int, session: SavedSession, style: Style) -> _Layout:
    room = style.width_in * labels.POINTS_PER_INCH - 2 * _MARGIN_PT - _SCALE_PT
    between = (phases - 1) * _PAIR_GAP_PT
    most = max(1, int((room + _GAP_PT) / (phases * _NARROWEST_PT + between + _GAP_PT)))
    down = -(-cells // min(cells, most))
    across = -(-cells // down)
    floor = min(_WIDEST_PT, ((room - (across - 1) * _GAP_PT) / across - between) / phases)
    arena = session.arena
    return _Layout(
        across=across, floor_pt=floor, cell_pt=phases * floor + between,
        height_pt=floor * arena.height_cm / arena.width_cm,
    )  # fmt: skip


def _draw(
    means: Mapping[tuple[str, str], GroupMap],
    differences: Mapping[tuple[str, str], GroupMap],
    phases: Sequence[str],
    note: str,
    how: tuple[SavedSession, Style],
) -> Figure:
    session, style = how
    peak = max([_LEAST_PEAK, *(float(one.seconds_cm2.max()) for one in means.values())])
    most = max([_LEAST_PEAK / 10, *(float(np.abs(one.seconds_cm2).max()) for one in differences.values())])
    scales = [
        _Scale(name="Time per area (s/cm², √ scale)", ticks=tuple(occupancy_ticks(peak)), ends=(0.0, peak)),
        _Scale(name="Difference (s/cm²)", ticks=_either_side(most), ends=(-most, most)),
    ]
    sections = [(maps, scale) for maps, scale in zip((means, differences), scales, strict=True) if maps]
    layout = _layout(len({group for group, _ in means}), len(phases), session, style)
    figure, page = open_page(style, 1000.0)
    # Places are found before the page's height is known, which axes go by.
    key = page_key(outline_entries(session, style), style.width_in * labels.POINTS_PER_INCH - 2 * _MARGIN_PT)
    draw_page_key(page, key, _MARGIN_PT, _MARGIN_PT)
    places, bars, top = [], [], _MARGIN_PT + key.height_pt + (_GAP_PT if key.entries else 0.0)
    for maps, scale in sections:
        start, groups = 0.0, list(dict.fromkeys(group for group, _ in maps))
        for first in range(0, len(groups), layout.across):
            row = groups[first : first + layout.across]
            titles = [labels.wrap_label(_title(group, maps, phases), layout.cell_pt, TEXT_PT) for group in row]
            captions = [labels.wrap_label(spoken(phase), layout.floor_pt, SMALL_PT) for phase in phases]
            named = top + max(_height(title, TEXT_PT) for title in titles)
            below = named + max(_height(text, SMALL_PT) for text in captions) + 1
            for column, (group, title) in enumerate(zip(row, titles, strict=True)):
                left = _MARGIN_PT + column * (layout.cell_pt + _GAP_PT)
                write_lines(page, left, named - _height(title, TEXT_PT), title, TEXT_PT)
                for phase, caption in zip(phases, captions, strict=True):
                    write_lines(
                        page, left, below - 1 - _height(caption, SMALL_PT), caption, SMALL_PT, colour=style.inks.muted
                    )
                    places.append((left, below, maps.get((group, phase)), scale))
                    left += layout.floor_pt + _PAIR_GAP_PT
            start, top = start or below, below + layout.height_pt + _GAP_PT
        top = max(top, start + _LEAST_BAR_PT + _GAP_PT)
        bars.append((start, min(top - _GAP_PT - start, _MOST_BAR_PT), scale))
    text = labels.wrap_label(note, style.width_in * labels.POINTS_PER_INCH - 2 * _MARGIN_PT, SMALL_PT)
    write_lines(page, _MARGIN_PT, top, text, SMALL_PT, colour=style.inks.muted)
    set_page_height(page, top + _height(text, SMALL_PT) + _MARGIN_PT)
    colours = {scale: scale.colours(style) for scale in scales}
    for left, start, one, scale in places:
        axes = place_axes(figure, left, start, layout.floor_pt, layout.height_pt)
        _draw_map(axes, one, session, colours[scale], style)
    for start, length, scale in bars:
        left = style.width_in * labels.POINTS_PER_INCH - _MARGIN_PT - _SCALE_PT + 4.0
        _draw_bar(place_axes(figure, left, start, _BAR_PT, length), scale, colours[scale], length)
    return figure


def _height(text: str, size_pt: float) -> float:
    return labels.lines_height(text.count("\n") + 1, size_pt)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """What colours stand for: what it is called, its numbers and its ends; with a low end it has 0 in its middle."""

    name: str
    ticks: tuple[float, ...]
    ends: tuple[float, float]

    def colours(self, style: Style) -> tuple[Colormap, Normalize]:
        """Return the colours from end to end, which begin, or have in their middle, that of the page, and the scale."""
        from matplotlib.colors import LinearSegmentedColormap, ListedColormap, Normalize, PowerNorm

        low, high = self.ends
        if low < 0:
            ends = _DIVERGING[style.theme]
            tones = [*ends[:2], style.inks.page, *ends[2:]]
            return LinearSegmentedColormap.from_list("difference", tones), Normalize(low, high)
        shares = np.linspace(0.0, 1.0, 256)
        if style.theme == "light":
            return ListedColormap(palette.occupancy_colours(shares) / 255), PowerNorm(0.5, low, high)
        dark = palette.occupancy_colours(1 - 0.97 * shares) / 255
        page = np.array(palette.channels(style.inks.page)) / 255
        part = np.clip(shares / 0.12, 0, 1)[:, None]
        return ListedColormap(page + part * (dark - page)), PowerNorm(0.5, low, high)


def _either_side(most: float) -> tuple[float, float, float]:
    """Return 0 and the largest round numbers of a scale that ends at ``most`` on either side.

    Examples
    --------
    >>> _either_side(0.034)
    (-0.02, 0.0, 0.02)
    """
    ten = 10.0 ** np.floor(np.log10(most))
    value = float(f"{max(step for step in (1, 2, 5) if step * ten <= most) * ten:.3g}")
    return -value, 0.0, value


def _title(group: str, maps: Mapping[tuple[str, str], GroupMap], phases: Sequence[str]) -> str:
    counts: dict[str, str] = {phase: maps[group, phase].counted for phase in phases if (group, phase) in maps}
    if len(set(counts.values())) == 1 and len(counts) == len(phases):
        return f"{group}\nn = {next(iter(counts.values()))}"
    told = ", ".join(f"{counts.get(phase, 0)} {phase.removeprefix('target_').replace('_', ' ')}" for phase in phases)
    return f"{group}\nn = {told}"


def _draw_map(
    axes: Axes, one: GroupMap | None, session: SavedSession, colours: tuple[Colormap, Normalize], style: Style
) -> None:
    from matplotlib.patches import Polygon

    arena = session.arena
    if one is not None:
        image = axes.imshow(
            one.seconds_cm2, extent=(0.0, arena.width_cm, arena.height_cm, 0.0), cmap=colours[0], norm=colours[1],
            interpolation="bilinear", aspect="auto",
        )  # fmt: skip
        if arena.shape == "circle":
            image.set_clip_path(Polygon(arena.floor.outlines()[0], transform=axes.transData))
    axes.set_xlim(0, arena.width_cm)
    axes.set_ylim(arena.height_cm, 0)
    axes.axis("off")
    for colour, outline in floor_outlines(session, style):
        axes.plot(*outline.T, color=colour, linewidth=0.6, clip_on=False)


def _draw_bar(axes: Axes, scale: _Scale, colours: tuple[Colormap, Normalize], length: float) -> None:
    from matplotlib.cm import ScalarMappable

    bar = labels.figure_of(axes).colorbar(ScalarMappable(cmap=colours[0], norm=colours[1]), cax=axes)
    bar.set_ticks(list(scale.ticks), labels=[f"{tick:g}".replace("-", "−") for tick in scale.ticks])
    bar.ax.minorticks_off()
    bar.outline.set_linewidth(0.4)
    if bar.solids is not None:
        bar.solids.set_edgecolor("face")  # else viewers show lines between the tones
    bar.set_label(labels.wrap_label(scale.name, length, SMALL_PT), fontsize=SMALL_PT, linespacing=1.2)


def _note(window_s: float, others: Mapping[tuple[int, str], str], session: SavedSession) -> str:
    floor = _floor_text((session.arena.shape, round(session.arena.width_cm, 1), round(session.arena.height_cm, 1)))
    note = f"Means of animals, each scaled to a window of {window_s:g} s. Floor {floor}, enclosure wall at the top."
    return f"{note} Not in them: {len(others)} sessions in arenas of another shape or size." if others else note


def _rows(one: GroupMap, mark: str, session: SavedSession) -> pd.DataFrame:
    x, y = grid_of(session.arena).centres()
    inside = np.asarray(session.arena.floor.distance(x, y) <= 0) | (one.seconds_cm2 != 0)
    return pd.DataFrame(
        {
            "mark": mark, "group": one.group, "phase": one.phase, "x_cm": x[inside], "y_cm": y[inside],
            "s_per_cm2": one.seconds_cm2[inside], "n": one.n,
        }
    )  # fmt: skip


def _alt(means: Mapping[tuple[str, str], GroupMap], differences: Mapping[tuple[str, str], GroupMap], note: str) -> str:
    text = "Mean maps of where animals were, by group and phase."
    known = [one for one in means.values() if np.isfinite(one.in_zone)]
    if known:
        last = known[-1].phase
        told = "; ".join(
            f"{group}, "
            + ", ".join(
                f"{100 * one.in_zone:.0f} % with {spoken(one.phase).lower()} (n = {one.n})"
                for one in known if one.group == group
            )
            for group in dict.fromkeys(one.group for one in known)
        )  # fmt: skip
        most = max((one for one in known if one.phase == last), key=lambda one: one.in_zone)
        text += f" Time in the interaction zone: {told}; most with {spoken(last).lower()} in {most.group}."
    if differences:
        text += f" Difference maps: {'; '.join(dict.fromkeys(one.group for one in differences.values()))}."
    return f"{text} {note}"
