"""What results say of themselves: each session's record, its arena, and the protocol."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from csds.errors import UsageError
from csds.formats.json_files import read_json
from csds.model.arena import Arena
from csds.model.lens import Lens
from csds.model.protocol import Protocol
from csds.protocol.load import load_protocol
from csds.results.folder import ResultsFolder

_RECORD = {"keys", "row", "tracking_flags", "time_bins", "files", "seen", "made_from"}


def read_record(path: Path) -> dict[str, Any] | None:
    """Return a session's record, or None where there is none that is whole."""
    record = read_json(path)
    if record is None or not record.keys() >= _RECORD or not isinstance(record["keys"], dict):
        return None
    whole = all(isinstance(record["keys"].get(kind), dict) for kind in ("track", "measure"))
    return record if whole else None


def arena_of(record: Mapping[str, Any]) -> Arena:
    """Return the arena that a record was made with."""
    values = dict(record["made_from"]["arena"])
    values["corners_px"] = tuple(tuple(corner) for corner in values["corners_px"])
    values["frame_size_px"] = tuple(values["frame_size_px"])
    if values["lens"] is not None:
        values["lens"] = Lens(**{name: tuple(numbers) for name, numbers in values["lens"].items()})
    return Arena(**values)


def protocol_of(results: Path, asked: str = "") -> Protocol:
    """Return the protocol that results were scored by. Zone times are known, so geometry may be open.

    Parameters
    ----------
    results : Path
        Results folder.
    asked : str
        Name or file of the protocol; default: what the results say, else golden2011.

    Raises
    ------
    UsageError
        It isn't the one that they say.
    """
    told = (read_json(ResultsFolder(path=results).provenance) or {}).get("protocol", {})
    rules = load_protocol(asked or told.get("content", {}).get("asked_as") or "golden2011", allow_open=True)
    if told and told.get("sha256") != rules.sha256:
        raise UsageError(
            f"protocol '{rules.name}' isn't the one that {results} was scored by ('{told.get('name')}', SHA-256 "
            f"{str(told.get('sha256'))[:12]}…)",
            hint="Name that one's file with --protocol, or run csds track again with this one first.",
        )
    return rules
