"""The sessions of a results folder, each with its arena, its zones and its saved track."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from csds.errors import TableError
from csds.formats.tables import read_table
from csds.model.arena import Arena
from csds.model.protocol import Protocol
from csds.model.shapes import Shape, Zone
from csds.protocol.zones import enclosure_shape, resolve_zones
from csds.results.folder import ResultsFolder, read_track
from csds.results.record import arena_of, read_record


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SavedSession:
    """A session as its record and its track hold it.

    Parameters
    ----------
    row : mapping
        As ``sessions.csv`` has it, by columns.
    arena : Arena
    zones : tuple of Zone
        In cm on the arena's floor.
    enclosure : Shape or None
    path : Path
        Of the track.
    """

    row: Mapping[str, Any]
    arena: Arena
    zones: tuple[Zone, ...]
    enclosure: Shape | None
    path: Path

    @property
    def duration_s(self) -> float:
        """Length of the session's window in s."""
        return float(self.row["duration_s"])

    def track(self) -> pd.DataFrame:
        """Return the track, a row a frame; columns of `csds.model.columns.TRACK_COLUMNS`."""
        return read_track(self.path)


def saved_sessions(results: Path, protocol: Protocol) -> dict[str, SavedSession]:
    """Return the sessions of ``sessions.csv`` that have a track, by their ids, in the table's order.

    Parameters
    ----------
    results : Path
        What ``csds track`` left: ``sessions.csv``, ``sessions/`` and ``tracks/``.
    protocol : Protocol
        That they were tracked by (`csds.results.record.protocol_of`).

    Raises
    ------
    UsageError
        There is no table of sessions.
    TableError
        It can't be read, or no track of its sessions was saved.
    """
    folder = ResultsFolder(path=results)
    table = read_table(folder.table("sessions"))
    ids = table["session_id"].astype(str) if "session_id" in table else ()
    found = {session_id: _saved(session_id, folder, protocol) for session_id in ids}
    saved = {session_id: session for session_id, session in found.items() if session}
    if not saved:
        raise TableError(
            f"{results}: expected tracks of the sessions in sessions.csv in {results / 'tracks'}, found none",
            hint="Name a folder that csds track has filled, with its folders sessions and tracks.",
        )
    return saved


def _saved(session_id: str, folder: ResultsFolder, protocol: Protocol) -> SavedSession | None:
    record, path = read_record(folder.record(session_id)), folder.track(session_id)
    if record is None or not path.is_file():
        return None
    arena = arena_of(record)
    return SavedSession(
        row=record["row"],
        arena=arena,
        zones=resolve_zones(protocol, arena.width_cm, arena.height_cm),
        enclosure=enclosure_shape(protocol, arena.width_cm, arena.height_cm),
        path=path,
    )
