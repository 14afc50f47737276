"""Where each animal went: its path in each phase, animals arranged by group, on as many pages as that takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from csds.analysis.animals import KEYS, Animals
from csds.analysis.phenotypes import PHENOTYPE
from csds.figures.lettering import fitted
from csds.figures.pictures import spoken
from csds.model.shapes import FloatArray
from csds.plots import labels, marks
from csds.plots.floors import PAGE_HEIGHT_PT, FloorPlace, floor_outlines, open_page, write_lines
from csds.plots.page_key import (
    MARK_PT,
    MARKER_PT,
    KeyEntry,
    PageKey,
    draw_mark,
    draw_page_key,
    outline_entries,
    page_key,
)
from csds.plots.plot import Plot
from csds.plots.study import Arm, StudyResults
from csds.plots.style import SMALL_PT, TEXT_PT, Style, drawing
from csds.plots.tracks import Key, StudyTracks, TrackSummary, commonest, keys_of
from csds.results.sessions import SavedSession

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "paths"
_MARGIN_PT, _GAP_PT, _PAIR_GAP_PT, _ROW_GAP_PT = 5.0, 8.0, 2.5, 6.5
#: Of a floor: how narrow it may be, and how wide it becomes at most.
_NARROWEST_PT, _WIDEST_PT = 34.0, 90.0
_LABEL_PT = 9.5
_PATH_PT, _OUTLINE_PT = 0.35, 0.4
#: Below a group's name, with its rule; and what a page's number takes.
_RULE_PT, _PAGE_PT = 4.0, 32.0
#: A floor's box is no higher than so many times its width.
_TALLEST = 1.5
_RATIO = "si_ratio"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """Animals side by side, of one group, whose name stands above its first row and again on a further page."""

    arm: Arm
    rows: tuple[int, ...]
    head: str
    again: str
    is_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """How many animals stand side by side, and sizes in pt; floors of all arenas are drawn within the same box."""

    across: int
    cell: float
    width: float
    height: float
    key: float

    @property
    def row(self) -> float:
        """What a row of animals takes."""
        return _LABEL_PT + self.height + _ROW_GAP_PT


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Content:
    """What is drawn: the analysed animals by group, in rising order of their SI ratio, and their tracks."""

    animals: Animals
    arms: Sequence[tuple[Arm, tuple[int, ...]]]
    ratios: FloatArray
    phenotypes: Sequence[str]
    names: Sequence[str]
    keys: Sequence[Key]
    tracks: StudyTracks
    geometry: tuple[str, float, float]

    def summary(self, at: int, phase: str) -> TrackSummary | None:
        """Return an animal's track in a phase."""
        return self.tracks.summaries.get((self.keys[at], phase))

    @property
    def example(self) -> SavedSession:
        """A session on a floor of the commonest shape and size."""
        found = (self.summary(at, phase) for _, rows in self.arms for at in rows for phase in self.tracks.phases)
        return next(one.session for one in found if one is not None and one.geometry == self.geometry)

    def is_elsewhere(self, at: int) -> bool:
        """Whether an animal's arena has another shape or size than most."""
        found = [self.summary(at, phase) for phase in self.tracks.phases]
        return any(one is not None and one.geometry != self.geometry for one in found)


def draw_paths(study: StudyResults, *, style: Style) -> Plot:
    """Return the figure of every animal's path, a small floor for each phase, by group.

    Every animal that is analysed and has a track is shown, in rising order of the SI ratio: where one page of 240 mm
    doesn't hold them there are more (`csds.plots.plot.Plot.pages`), and the data say which page each is on. Paths are
    open where the position isn't known. Where names are too long to tell animals apart they have numbers, as ``label``
    in the data. Floors of all sizes are drawn equally large; zones are those of each arena.

    Raises
    ------
    StatsError
        There is no results folder, or no track of the animals that are compared.
    TableError
        The folder holds no tracks.
    """
    tracks = study.read_tracks(NAME)
    data = study.track_listing(tracks, {}, NAME)
    content = _content(study, tracks)
    key = _key(content, style)
    layout = _layout(content, key, style)
    content = replace(content, names=_called(content, layout))
    pages = _pages(content.arms, layout, style)
    with drawing(style):
        figures = [
            _draw_page(page, (at + 1, len(pages)), (layout, key), content, style) for at, page in enumerate(pages)
        ]
    data = pd.concat([data, pd.DataFrame(_session_rows(pages, content))], ignore_index=True)
    return Plot(
        name=NAME, figure=figures[0], data=data, alt=_alt(content, len(pages)), style=style, pages=tuple(figures[1:])
    )


def _content(study: StudyResults, tracks: StudyTracks) -> _Content:
    animals, keys = study.analysed, keys_of(study.analysed)
    ratios = animals.numbers(_RATIO) if _RATIO in animals.table else np.full(len(animals.table), np.nan)
    shown = [at for at, key in enumerate(keys) if any((key, phase) in tracks.summaries for phase in tracks.phases)]
    order = sorted(shown, key=lambda at: (np.isnan(ratios[at]), ratios[at]))
    arms = [(arm, tuple(at for at in order if at in arm.rows)) for arm in study.arms]
    return _Content(
        animals=animals, arms=[(arm, rows) for arm, rows in arms if rows], ratios=ratios,
        phenotypes=animals.texts(PHENOTYPE), names=_names(animals), keys=keys, tracks=tracks,
        geometry=commonest([tracks.summaries[keys[at], phase].geometry for at in order for phase in tracks.phases
                            if (keys[at], phase) in tracks.summaries]),
    )  # fmt: skip


def _names(animals: Animals) -> list[str]:
    """Return what animals are called: by their id, and their cohort where an id is used again."""
    cohorts: dict[str, set[str]] = {}
    for one, key in zip(animals.texts("animal_id"), animals.keys(), strict=True):
        cohorts.setdefault(one, set()).add(key)
    return [
        one if len(cohorts[one]) == 1 else key
        for one, key in zip(animals.texts("animal_id"), animals.keys(), strict=True)
    ]


def _key(content: _Content, style: Style) -> PageKey:
    """Return the key above a page: which floor is which phase, outlines, and the phenotypes that are there."""
    phases = [spoken(phase).lower() for phase in content.tracks.phases]
    said = [f"Floors, from left: {', '.join(phases)}" if len(phases) > 1 else f"Floor: {phases[0]}"]
    everyone = [at for _, rows in content.arms for at in rows]
    if any(content.is_elsewhere(at) for at in everyone):
        said.append("* an arena of another shape or size")
    known = {content.phenotypes[at] for at in everyone}
    of = content.arms[0][0]
    entries = [
        *(KeyEntry(text=text) for text in said),
        *outline_entries(content.example, style),
        *(KeyEntry(text=name, mark=marks.mark_of(name, of, style)) for name in marks.MARKERS if name in known),
    ]
    return page_key(entries, style.width_in * labels.POINTS_PER_INCH - 2 * _MARGIN_PT - _PAGE_PT)


def _layout(content: _Content, key: PageKey, style: Style) -> _Layout:
    """Return the layout of as few rows a group as one page holds; the one with most animals side by side else."""
    phases, (_, across_cm, down_cm) = len(content.tracks.phases), content.geometry
    room, between = style.width_in * labels.POINTS_PER_INCH - 2 * _MARGIN_PT, (phases - 1) * _PAIR_GAP_PT
    most = max(1, int((room + _GAP_PT) / (phases * _NARROWEST_PT + between + _GAP_PT)))
    key_pt = key.height_pt + _ROW_GAP_PT
    largest = max(len(rows) for _, rows in content.arms)
    fitting = {across for down in range(1, largest + 1) if (across := -(-largest // down)) <= most}
    for across in (*sorted(fitting, reverse=True), most):
        cell = (room - (across - 1) * _GAP_PT) / across
        width = min(_WIDEST_PT, (cell - between) / phases)
        height = width * min(_TALLEST, down_cm / across_cm)
        layout = _Layout(across=across, cell=phases * width + between, width=width, height=height, key=key_pt)
        if len(_pages(content.arms, layout, style)) == 1:
            break
    return layout


def _pages(arms: Sequence[tuple[Arm, tuple[int, ...]]], layout: _Layout, style: Style) -> list[list[_Row]]:
    width = style.width_in * labels.POINTS_PER_INCH - 2 * _MARGIN_PT
    pages: list[list[_Row]] = [[]]
    for arm, of in arms:
        head = f"{arm.name}, n = {len(of)}"
        heads = [labels.wrap_label(text, width, TEXT_PT) for text in (head, f"{head}, continued")]
        for first in range(0, len(of), layout.across):
            row = _Row(
                arm=arm, rows=of[first : first + layout.across], head=heads[0], again=heads[1], is_first=first == 0
            )
            if pages[-1] and _page_height([*pages[-1], row], layout) > PAGE_HEIGHT_PT:
                pages.append([])
            pages[-1].append(row)
    return pages


def _page_height(rows: Sequence[_Row], layout: _Layout) -> float:
    return 2 * _MARGIN_PT + layout.key + sum(_head_height(at, row) + layout.row for at, row in enumerate(rows))


def _head_height(at: int, row: _Row) -> float:
    head = row.head if row.is_first else row.again
    return labels.lines_height(head.count("\n") + 1, TEXT_PT) + _RULE_PT if row.is_first or at == 0 else 0.0


def _draw_page(
    rows: Sequence[_Row],
    number: tuple[int, int],
    how: tuple[_Layout, PageKey],
    content: _Content,
    style: Style,
) -> Figure:
    layout, key = how
    figure, page = open_page(style, _page_height(rows, layout))
    drawn = _Drawn()
    draw_page_key(page, key, _MARGIN_PT, _MARGIN_PT)
    if number[1] > 1:
        right = style.width_in * labels.POINTS_PER_INCH - _MARGIN_PT
        write_lines(page, right, _MARGIN_PT, f"{number[0]} of {number[1]}", SMALL_PT, align="right")
    top = _MARGIN_PT + layout.key
    for at, row in enumerate(rows):
        if row.is_first or at == 0:
            top += _head_height(at, row)
            end = style.width_in * labels.POINTS_PER_INCH - _MARGIN_PT
            page.plot([_MARGIN_PT, end], [top - 2.0] * 2, color=row.arm.colour(style), linewidth=1.2)
            head = row.head if row.is_first else row.again
            write_lines(page, _MARGIN_PT, top - _head_height(at, row), head, TEXT_PT)
        for column, animal in enumerate(row.rows):
            left = _MARGIN_PT + column * (layout.cell + _GAP_PT)
            _draw_label(page, (left, top), animal, row.arm, (layout, content, style))
            for place, phase in enumerate(content.tracks.phases):
                corner = (left + place * (layout.width + _PAIR_GAP_PT), top + _LABEL_PT)
                summary = content.summary(animal, phase)
                if summary is None:
                    middle = (corner[0] + layout.width / 2, corner[1] + layout.height / 2)
                    page.text(*middle, "no track", fontsize=SMALL_PT, ha="center", va="center", color=style.inks.muted)
                else:
                    drawn.add(summary, corner, layout, style)
        top += layout.row
    drawn.draw(page, style)
    return figure


class _Drawn:
    """What is drawn of all floors of a page, gathered so that few artists hold it."""

    def __init__(self) -> None:
        self.paths: list[FloatArray] = []
        self.lone: list[FloatArray] = [np.zeros((0, 2))]
        self.outlines: dict[str, list[FloatArray]] = {}

    def add(self, one: TrackSummary, corner: tuple[float, float], layout: _Layout, style: Style) -> None:
        """Add a session whose floor has its box's upper left corner at a place of the page."""
        arena = one.session.arena
        scale = min(layout.width / arena.width_cm, layout.height / arena.height_cm)
        place = FloorPlace(left=corner[0] + (layout.width - scale * arena.width_cm) / 2, top=corner[1], scale=scale)
        self.paths += [place.to_page(line) for line in one.lines]
        self.lone.append(place.to_page(one.lone))
        for colour, outline in floor_outlines(one.session, style):
            self.outlines.setdefault(colour, []).append(place.to_page(outline))

    def draw(self, page: Axes, style: Style) -> None:
        """Draw all of it: outlines above paths, so that both are seen."""
        from matplotlib.collections import LineCollection

        page.add_collection(
            LineCollection(self.paths, colors=style.inks.ink, linewidths=_PATH_PT, zorder=2), autolim=False
        )
        lone = np.concatenate(self.lone)
        page.plot(
            *lone.T, linestyle="none", marker=".", markersize=1.2, markeredgewidth=0, color=style.inks.ink, zorder=2
        )
        for colour, lines in self.outlines.items():
            page.add_collection(LineCollection(lines, colors=colour, linewidths=_OUTLINE_PT, zorder=3), autolim=False)


def _called(content: _Content, layout: _Layout) -> list[str]:
    """Return what stands above each animal's floors: its name, shortened to fit; numbers where that names several."""
    room = [layout.cell - MARK_PT - labels.text_width(f"{_ratio(one)} *  ", SMALL_PT) for one in content.ratios]
    short = [
        fitted(name, one / labels.POINTS_PER_INCH, SMALL_PT) for name, one in zip(content.names, room, strict=True)
    ]
    whole = {name: set[str]() for name in short}
    for name, one in zip(content.names, short, strict=True):
        whole[one].add(name)
    if all(len(names) == 1 for names in whole.values()):
        return short
    order = {at: number for number, at in enumerate((at for _, rows in content.arms for at in rows), start=1)}
    return [f"no. {order.get(at, '')}" for at in range(len(short))]


def _ratio(ratio: float) -> str:
    return f"SI {ratio:.2f}" if np.isfinite(ratio) else "SI –"


def _draw_label(
    page: Axes, corner: tuple[float, float], at: int, arm: Arm, of: tuple[_Layout, _Content, Style]
) -> None:
    layout, content, style = of
    (left, top), base = corner, corner[1] + _LABEL_PT - 2.5
    draw_mark(page, (left + MARKER_PT / 2, top + _LABEL_PT / 2), marks.mark_of(content.phenotypes[at], arm, style))
    star = " *" if content.is_elsewhere(at) else ""
    page.text(left + MARK_PT, base, f"{content.names[at]}{star}", fontsize=SMALL_PT)
    said = _ratio(content.ratios[at])
    page.text(left + layout.cell, base, said, fontsize=SMALL_PT, ha="right", color=style.inks.muted)


def _session_rows(pages: Sequence[Sequence[_Row]], content: _Content) -> list[dict[str, object]]:
    return [
        {
            "mark": "session", **dict(zip(KEYS, content.keys[at], strict=True)), "group": row.arm.name,
            "phenotype": content.phenotypes[at], "shown": True, "phase": phase, "label": content.names[at],
            "page": number, "row": down + 1,
            "column": column + 1, _RATIO: content.ratios[at], "path_cm": one.session.row.get("distance_cm"),
            "known_s": one.known_s, "duration_s": one.session.duration_s, "width_cm": one.session.arena.width_cm,
            "height_cm": one.session.arena.height_cm,
        }
        for number, page in enumerate(pages, start=1)
        for down, row in enumerate(page)
        for column, at in enumerate(row.rows)
        for phase in content.tracks.phases
        if (one := content.summary(at, phase)) is not None
    ]  # fmt: skip


def _alt(content: _Content, pages: int) -> str:
    phases = " and ".join(spoken(phase).lower() for phase in content.tracks.phases)
    told = []
    for arm, rows in content.arms:
        lengths = [
            f"{np.mean(known) / 100:.1f} m with {spoken(phase).lower()}"
            for phase in content.tracks.phases
            if (known := [length for at in rows if (length := _path_cm(content.summary(at, phase))) is not None])
        ]
        told.append(f"{arm.name}, {len(rows)} animals, mean path {' and '.join(lengths) or 'not known'}")
    where = f", on {pages} pages" if pages > 1 else ""
    return f"Paths of every animal with {phases}{where}, by group in rising order of SI ratio: {'; '.join(told)}."


def _path_cm(one: TrackSummary | None) -> float | None:
    length = float(one.session.row.get("distance_cm") or np.nan) if one is not None else np.nan
    return length if np.isfinite(length) else None
