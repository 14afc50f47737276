"""The sessions of a results folder, each with its arena, its zones and its saved track."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from csds.errors import TableError
from csds.formats.tables import read_table
from csds.model.arena import Arena
from csds.model.columns import GROUP_COLUMNS, KEY_COLUMNS
from csds.model.protocol import Protocol
from csds.model.shapes import Shape, Zone
from csds.protocol.zones import enclosure_shape, resolve_zones
from csds.results.folder import ResultsFolder, read_track
from csds.results.record import arena_of, read_record
from csds.study.blinding import LOG, read_log
from csds.study.session_ids import is_safe

_WHOSE = ("session_id", "phase", *(column.name for column in (*KEY_COLUMNS, *GROUP_COLUMNS)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SavedSession:
    """A session as its record and its track hold it.

    Parameters
    ----------
    row : mapping
        By columns of ``sessions.csv``: numbers as they were measured, whose it is as the table has it.
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

    def track(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the track, a row a frame; those or all of `csds.model.columns.TRACK_COLUMNS`."""
        return read_track(self.path, columns)


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
    table = read_table(ResultsFolder(path=results).table("sessions"))
    folder, codes = kept_sessions(results)
    saved = {}
    for cells in table.to_dict("records") if "session_id" in table else ():
        session_id = cells["session_id"]
        if found := _saved(codes.get(session_id, session_id), folder, protocol):
            saved[session_id] = replace(found, row={**found.row, **{name: cells.get(name, "") for name in _WHOSE}})
    if not saved:
        raise TableError(
            f"{results}: expected tracks of the sessions in sessions.csv in {results / 'tracks'}, found none",
            hint="Name a folder that csds track has filled, with its folders sessions and tracks.",
        )
    return saved


def kept_sessions(results: Path) -> tuple[ResultsFolder, Mapping[str, str]]:
    """Return the folder that holds the records, tracks and pictures of results, and the sessions' names in it.

    These are the results' own but for unblinded tables: their sessions stay with the blinded results, under codes.
    """
    log = read_log(results / LOG)
    return ResultsFolder(path=results / log.get("results", "")), log.get("sessions", {})


def _saved(session_id: str, folder: ResultsFolder, protocol: Protocol) -> SavedSession | None:
    if not is_safe(session_id):
        return None  # csds gives no such names
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
