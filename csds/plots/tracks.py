"""What figures show of saved tracks, gathered in one pass: each track is read once, and let go of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from csds.analysis.animals import KEYS, Animals
from csds.behaviour.bins import measure_time_bins
from csds.behaviour.timing import frame_durations
from csds.behaviour.zones import point_columns
from csds.errors import CsdsError, TableError
from csds.figures.occupancy import OccupancyGrid, occupancy
from csds.figures.paths import known_runs
from csds.formats.tables import parse_numbers, read_table
from csds.model.arena import Arena
from csds.model.protocol import Point
from csds.model.shapes import FloatArray
from csds.results.folder import ResultsFolder
from csds.results.record import protocol_of
from csds.results.sessions import SavedSession, saved_sessions

ZONE = "interaction"
"""The zone whose time is shown."""
BIN_S = 30.0
"""Length of time bins where the results have none of their own."""

#: Shares of the floor's longer side: a bin of the map, the SD of what smooths it, and how far a line may be from the
#: path that it stands for, which is less than a line's width.
_BIN, _SMOOTH, _THIN = 1 / 56, 1 / 42, 1 / 400

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackSummary:
    """What figures show of a session.

    Parameters
    ----------
    session : SavedSession
    seconds_cm2 : float array (rows, columns)
        Seconds of the window by area, as `csds.figures.occupancy.occupancy` gives them on `grid_of` the arena; their
        sum times a bin's area is the time in which the position is known.
    lines : tuple of (n, 2) float arrays
        Known stretches of the path in cm, thinned; between them is nothing.
    lone : float array (m, 2)
        Known positions without a known neighbour.
    bins : DataFrame
        Of `csds.behaviour.bins.measure_time_bins`: the zone's time, if there is the zone.
    """

    session: SavedSession
    seconds_cm2: FloatArray
    lines: tuple[FloatArray, ...]
    lone: FloatArray
    bins: pd.DataFrame

    @property
    def known_s(self) -> float:
        """Time in which the position is known, s."""
        return float(self.seconds_cm2.sum() * grid_of(self.session.arena).bin_area_cm2)

    @property
    def geometry(self) -> tuple[str, float, float]:
        """Shape and size of the floor, in whole mm."""
        arena = self.session.arena
        return arena.shape, round(arena.width_cm, 1), round(arena.height_cm, 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StudyTracks:
    """The sessions of a study that have a track.

    Parameters
    ----------
    phases : tuple of str
        In the protocol's order, those that sessions have.
    summaries : mapping
        By the animal's key (`csds.analysis.animals.KEYS`) and phase.
    unread : mapping
        By the same, why a session's track couldn't be used.
    """

    phases: tuple[str, ...]
    summaries: Mapping[tuple[Key, str], TrackSummary]
    unread: Mapping[tuple[Key, str], str] = field(default_factory=dict)

    def of(self, animals: Animals, rows: Sequence[int], phase: str) -> dict[int, TrackSummary]:
        """Return the summaries in one phase of animals at some rows, by row."""
        keys = keys_of(animals)
        return {at: self.summaries[keys[at], phase] for at in rows if (keys[at], phase) in self.summaries}

    def lacking(self, key: Key, phase: str) -> str:
        """Return why an animal has nothing to show in a phase; empty where it has."""
        return "" if (key, phase) in self.summaries else self.unread.get((key, phase), "no track")


def keys_of(animals: Animals) -> list[Key]:
    """Return each animal's key, as sessions have it."""
    return list(zip(*(animals.texts(key) for key in KEYS), strict=True))


def tracks_of(results: Path) -> Callable[[], StudyTracks]:
    """Return what reads a results folder's tracks when it is first called, and keeps what it found."""
    return cache(lambda: read_tracks(results))


def read_tracks(results: Path) -> StudyTracks:
    """Return the summaries of all sessions of a results folder; one track is in memory at a time.

    Time bins are as long as those of ``time_bins.csv`` where that lies in the folder, else 30 s.

    Raises
    ------
    TableError
        The folder holds no tracks, or its protocol isn't known.
    """
    try:
        rules = protocol_of(results)
        saved = saved_sessions(results, rules)
    except CsdsError as error:
        raise TableError(
            f"expected the tracks of a results folder: {error.message}",
            hint=error.hint or "Name a folder that csds track has filled.",
        ) from error
    bin_s, by, summaries, unread = _bin_length(results), rules.behaviour.in_zone_by, {}, {}
    for session in saved.values():
        key = tuple(str(session.row.get(name, "")).strip() for name in KEYS), str(session.row["phase"])
        try:
            summaries[key] = summarise_track(session, session.track(_columns(session, by)), bin_s, by=by)
        except (CsdsError, KeyError, OSError, ValueError) as error:
            unread[key] = f"its track can't be read ({' '.join(str(error).split())[:80]})"
    if not summaries:
        raise TableError(
            f"{results}: expected tracks, found none that can be read: {next(iter(unread.values()))}",
            hint="Run csds track again with the same folder: it completes what is missing.",
        )
    found = {phase for _, phase in summaries}
    return StudyTracks(
        phases=tuple(phase.name for phase in rules.phases if phase.name in found), summaries=summaries, unread=unread
    )


def summarise_track(
    session: SavedSession, track: pd.DataFrame, bin_s: float = BIN_S, *, by: Point = "centre"
) -> TrackSummary:
    """Return what figures show of a session.

    Parameters
    ----------
    session : SavedSession
    track : DataFrame
        Columns of `csds.model.columns.TRACK_COLUMNS`.
    bin_s : float
        Length of time bins.
    by : {"centre", "nose", "body"}
        The point that the track's ``in_<zone>`` goes by.
    """
    time, x, y = (track[name].to_numpy(dtype=float, na_value=np.nan) for name in ("time_s", "x_cm", "y_cm"))
    points, arena = np.column_stack([x, y]), session.arena
    stretches = [points[one] for one in known_runs(time, x, y)]
    zones = [zone for zone in session.zones if zone.name == ZONE]
    return TrackSummary(
        session=session,
        seconds_cm2=occupancy(track, frame_durations(time, session.duration_s), grid_of(arena)),
        lines=tuple(_thinned(one, arena) for one in stretches if len(one) > 1),
        lone=np.concatenate([np.zeros((0, 2)), *(one for one in stretches if len(one) == 1)]),
        bins=measure_time_bins(track, zones, bin_s, session.duration_s, by),
    )


def grid_of(arena: Arena) -> OccupancyGrid:
    """Return the grid of an arena's maps: the longer side has 56 bins, and they are smoothed by a Gaussian."""
    side = max(arena.width_cm, arena.height_cm)
    return OccupancyGrid(
        width_cm=arena.width_cm, height_cm=arena.height_cm, bin_cm=_BIN * side, smooth_cm=_SMOOTH * side,
        floor=arena.floor,
    )  # fmt: skip


def commonest(values: Sequence[Any]) -> Any:
    """Return the value that most have; of several, the first.

    Examples
    --------
    >>> commonest([150.0, 120.0, 150.0])
    150.0
    """
    return Counter(values).most_common(1)[0][0]


def _columns(session: SavedSession, by: Point) -> list[str]:
    """Return what summaries need of a track."""
    inside = [f"in_{zone.name}" for zone in session.zones if zone.name == ZONE]
    return [*dict.fromkeys(("time_s", *point_columns("centre"), *point_columns(by), "speed_cm_s")), *inside]


def _thinned(line: FloatArray, arena: Arena) -> FloatArray:
    """Return a line with fewer points, nowhere further from its own than can be seen (Douglas and Peucker 1973)."""
    far = _THIN * max(arena.width_cm, arena.height_cm)
    return np.asarray(cv2.approxPolyDP(line.astype(np.float32)[:, None], far, closed=False)[:, 0], float)


def _bin_length(results: Path) -> float:
    path = ResultsFolder(path=results).table("time_bins")
    if not path.is_file():
        return BIN_S
    table = read_table(path)
    if table.empty or not {"bin_start_s", "bin_end_s"} <= set(table):
        return BIN_S
    start, end = (np.asarray(parse_numbers(table[name], name), float) for name in ("bin_start_s", "bin_end_s"))
    longest = float(np.nanmax(end - start, initial=0.0))
    return longest if longest > 0 else BIN_S
