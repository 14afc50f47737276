"""Keys of pages that are laid out in points: what marks and outlines stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from csds.figures import palette
from csds.figures.floor import main_zones
from csds.figures.pictures import spoken
from csds.plots import labels, marks
from csds.plots.floors import flow, write_lines
from csds.plots.style import SMALL_PT, Style
from csds.results.sessions import SavedSession

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKER_PT, MARK_PT = 3.4, 6.0
"""An animal's marker, and what it takes beside its name."""
_LINE_PT, _BESIDE_PT = 7.0, 9.5
_GAP_PT = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEntry:
    """What is said, and the mark, or the colour of a line, that stands before it; neither before plain words."""

    text: str
    mark: marks.Mark | None = None
    line: str = ""

    @property
    def beside_pt(self) -> float:
        """What stands before the text takes."""
        return MARK_PT if self.mark else _BESIDE_PT if self.line else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PageKey:
    """Entries, each with its line, from 0, and its place in it, pt; and the height of all lines."""

    entries: tuple[tuple[KeyEntry, int, float], ...]
    height_pt: float


def page_key(entries: Sequence[KeyEntry], room_pt: float) -> PageKey:
    """Return a key that is as wide as there is room."""
    places = flow([one.beside_pt + labels.text_width(one.text, SMALL_PT) for one in entries], room_pt, _GAP_PT)
    return PageKey(
        entries=tuple((entry, line, left) for entry, (line, left) in zip(entries, places, strict=True)),
        height_pt=labels.lines_height(1 + max((line for line, _ in places), default=-1), SMALL_PT),
    )


def outline_entries(session: SavedSession, style: Style) -> list[KeyEntry]:
    """Return what the outlines of `csds.plots.floors.floor_outlines` are; zones of one colour share an entry."""
    colours = palette.zone_colours(tuple(zone.name for zone in session.zones))
    names: dict[str, list[str]] = {}
    for name in main_zones(session.zones):
        words = spoken(name).lower()
        names.setdefault(colours[name], []).append(f"{words} zone" if words == "interaction" else words)
    if session.enclosure is not None:
        names.setdefault(style.inks.ink, []).append("enclosure")
    return [KeyEntry(text=", ".join(named), line=colour) for colour, named in names.items()]


def draw_page_key(page: Axes, key: PageKey, left: float, top: float) -> None:
    """Draw a key with its upper left corner at a place of the page."""
    step = labels.lines_height(1, SMALL_PT)
    for entry, line, across in key.entries:
        start, above = left + across, top + line * step
        if entry.mark:
            draw_mark(page, (start + MARKER_PT / 2, above + step / 2), entry.mark)
        elif entry.line:
            page.plot([start, start + _LINE_PT], [above + step / 2] * 2, color=entry.line, linewidth=1.0)
        write_lines(page, start + entry.beside_pt, above, entry.text, SMALL_PT)


def draw_mark(page: Axes, place: tuple[float, float], mark: marks.Mark) -> None:
    """Draw an animal's mark at a place of the page."""
    marks.scatter(page, np.array([place[0]]), np.array([place[1]]), [mark], MARKER_PT)
