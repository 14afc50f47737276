"""How well sessions were tracked, one after the other as they were recorded, so that drift over days shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from csds.formats.tables import parse_numbers
from csds.model.flags import FLAGS, split_flags
from csds.plots import labels, marks
from csds.plots.style import SMALL_PT, Style

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

#: Shares that are shown, each with what it is called.
SHARES = {"unknown_percent": "Unknown", "interpolated_percent": "Interpolated", "detected_percent": "Detected"}
_TRACKED, _INTERPOLATED = "tracked_fraction", "interpolated_fraction"
_IN_WORDS = {"session_date": "date", "cohort": "cohort"}
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
#: Scales of shares that are all near 0 or 100 show at least so many points of percent.
_LEAST_PERCENT = 5.0
#: Names of stretches are left out where a stretch is narrower, pt.
_NARROWEST_PT = 9.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sessions:
    """Sessions in their order.

    Parameters
    ----------
    table : DataFrame
        ``session_id``, ``cohort``, ``session_date``, the columns of `SHARES`, ``flags``, ``is_flagged`` and
        ``is_failed``.
    by : tuple of str
        Columns that they are ordered by.
    """

    table: pd.DataFrame
    by: tuple[str, ...]

    @property
    def order(self) -> str:
        """How they are ordered, in words."""
        return f"by {' and '.join(_IN_WORDS[name] for name in self.by)}" if self.by else "as in sessions.csv"

    @property
    def flagged(self) -> int:
        """How many have a flag that says to look at their numbers."""
        return int(self.table["is_flagged"].sum())

    @property
    def worst(self) -> int | None:
        """Place of the session with most frames of unknown position; None where that is known of none."""
        unknown = self.table["unknown_percent"].to_numpy(float)
        return int(np.nanargmax(unknown)) if np.isfinite(unknown).any() else None


def sessions_in_order(table: pd.DataFrame) -> Sessions | None:
    """Return sessions by date and cohort, otherwise as in the table; None where it doesn't have what was tracked.

    Dates are taken where all are written as 2026-01-31; cohorts in the order in which they first appear.

    Parameters
    ----------
    table : DataFrame
        ``sessions.csv``, as text.

    Raises
    ------
    TableError
        A share is no number.
    """
    if table.empty or _TRACKED not in table or _INTERPOLATED not in table:
        return None
    detected, interpolated = (100 * parse_numbers(table[name], name) for name in (_TRACKED, _INTERPOLATED))
    texts = {
        name: [str(cell).strip() for cell in table[name]] if name in table else [""] * len(table)
        for name in ("session_id", "cohort", "session_date", "flags")
    }
    codes = [split_flags(cell) for cell in texts["flags"]]
    made = pd.DataFrame(
        {
            **texts,
            "unknown_percent": np.clip(100 - np.asarray(detected) - np.asarray(interpolated), 0, 100),
            "interpolated_percent": np.asarray(interpolated),
            "detected_percent": np.asarray(detected),
            "is_flagged": [any(code not in FLAGS or FLAGS[code].trust for code in some) for some in codes],
            "is_failed": [
                "failed" in some or not known for some, known in zip(codes, np.isfinite(detected), strict=True)
            ],
        }
    )
    has_dates = all(map(_ISO_DATE.fullmatch, texts["session_date"])) and len(set(texts["session_date"])) > 1
    cohorts = list(dict.fromkeys(texts["cohort"]))
    dates = texts["session_date"] if has_dates else [""] * len(made)
    order = sorted(range(len(made)), key=lambda at: (dates[at], cohorts.index(texts["cohort"][at])))
    by = (*(["session_date"] if has_dates else []), *(["cohort"] if len(cohorts) > 1 else []))
    return Sessions(table=made.iloc[order].reset_index(drop=True), by=by)


def draw_sessions(panels: Sequence[Axes], sessions: Sessions, style: Style) -> None:
    """Draw each share of frames into axes of its own, from the top, a mark a session."""
    table, inks = sessions.table, style.inks
    places, size = np.arange(len(table)), max(1.4, min(3.2, 300 / len(table)))
    flagged, failed = (table[name].to_numpy(bool) for name in ("is_flagged", "is_failed"))
    is_plain, colour = ~flagged & ~failed, style.colour_of("susceptible")
    for axes, (column, name) in zip(panels, SHARES.items(), strict=True):
        shares = table[column].to_numpy(float)
        known = shares[np.isfinite(shares)]
        if column == "detected_percent":
            low = min(100 - _LEAST_PERCENT, float(known.min(initial=100.0)))
            limits = (low - 0.05 * (100 - low), 100.0)
        else:
            limits = (0.0, 1.08 * max(_LEAST_PERCENT, float(known.max(initial=0.0))))
        axes.set(xlim=(-1, len(table)), ylim=limits)
        _draw_marks(axes, places[is_plain], shares[is_plain], ("o", size, inks.muted))
        _draw_marks(axes, places[flagged & ~failed], shares[flagged & ~failed], ("D", 1.25 * size, colour))
        axes.yaxis.set_major_locator(marks.few_ticks())
        axes.set_xticks([])
        axes.set_ylabel(f"{name}\n(% of frames)", fontsize=SMALL_PT)
    first = panels[0]
    _draw_marks(first, places[failed], np.full(failed.sum(), first.get_ylim()[1]), ("x", 3.6, colour))
    for start in _name_stretches(panels[-1], sessions)[1:]:
        for axes in panels:
            axes.axvline(start - 0.5, color=inks.faint, linewidth=0.5, zorder=1)


def _draw_marks(axes: Axes, x: np.ndarray, y: np.ndarray, look: tuple[str, float, str]) -> None:
    """Draw marks; none at all where there are none, as matplotlib reckons with an empty line's place."""
    marker, size, colour = look
    if len(x):
        axes.plot(
            x, y, linestyle="none", marker=marker, markersize=size, markerfacecolor=colour, markeredgecolor=colour,
            markeredgewidth=0.8 if marker == "x" else 0, clip_on=False, zorder=3,
        )  # fmt: skip


def session_handles(sessions: Sessions, style: Style) -> list[Artist]:
    """Return the entries of a legend for sessions that aren't as the others."""
    from matplotlib.lines import Line2D

    colour, table = style.colour_of("susceptible"), sessions.table
    entries = (
        ("flagged session", "D", bool((table["is_flagged"] & ~table["is_failed"]).any())),
        ("failed session", "x", bool(table["is_failed"].any())),
    )
    return [
        Line2D([], [], linestyle="none", marker=marker, markersize=3.4, markerfacecolor=colour, markeredgecolor=colour,
               markeredgewidth=0.8 if marker == "x" else 0, label=label)
        for label, marker, is_there in entries
        if is_there
    ]  # fmt: skip


def _name_stretches(axes: Axes, sessions: Sessions) -> list[int]:
    """Name what neighbouring sessions share below them, and return where each stretch starts.

    That is date and cohort, or one of them where stretches are too narrow for a name; none where both are.
    """
    axes.set_xlabel(f"Sessions, {sessions.order}")
    unit = labels.width_pt(axes) / (len(sessions.table) + 1)
    for columns in dict.fromkeys([sessions.by, sessions.by[-1:], sessions.by[:1]]):
        names = ["\n".join(cell or "none" for cell in row) for row in sessions.table[list(columns)].to_numpy(str)]
        starts = [at for at, name in enumerate(names) if at == 0 or name != names[at - 1]]
        ends = [*starts[1:], len(names)]
        place = min(end - start for start, end in zip(starts, ends, strict=True)) * unit
        if columns and len(starts) > 1 and place >= _NARROWEST_PT:
            break
    else:
        return []
    fitted = labels.fit_labels([names[start] for start in starts], place, SMALL_PT)
    labels.grow(axes, fitted.height_pt)
    axes.set_xticks(
        [(start + end - 1) / 2 for start, end in zip(starts, ends, strict=True)], fitted.texts,
        rotation=90 if fitted.is_upright else 0, va="top",
        multialignment="right" if fitted.is_upright else "center", linespacing=1.2,
    )  # fmt: skip
    axes.tick_params(axis="x", length=0)
    return starts
