"""The readings that sessions' records hold: for the table of animals, also when it is made again."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from csds.behaviour.sensitivity import ZoneReadings
from csds.behaviour.sessions_table import KEYS, Key

Readings = dict[tuple[Key, str], ZoneReadings]


def gather_readings(records: Iterable[Mapping[str, Any]]) -> Readings:
    """Return the readings of sessions' records by animal and phase, as `csds.behaviour.score.score_animals` needs."""
    return {
        (_key(record["row"]), record["row"]["phase"]): ZoneReadings.from_record(record["readings"])
        for record in records
        if record.get("readings")
    }


def readings_beside(table: Path, sessions: pd.DataFrame) -> Readings:
    """Return the readings of those sessions whose records lie beside their table, in a results folder.

    A record counts for a session of the same animal and phase, with the same time in the interaction
    zone: not where the table was edited, or is another one.
    """
    if not {"phase", "interaction_time_s", *KEYS} <= set(sessions.columns):
        return {}
    times = {(_key(row), row["phase"]): row["interaction_time_s"] for row in sessions.to_dict(orient="records")}
    found = gather_readings(_records(table.parent / "sessions"))
    return {
        name: readings
        for name, readings in found.items()
        if name in times and math.isclose(times[name], readings.readings[0].time_s, abs_tol=1e-9)
    }


def _records(folder: Path) -> Iterable[Mapping[str, Any]]:
    for path in sorted(folder.glob("*.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # a record that can't be read is none; csds track makes it anew
        if isinstance(record, dict) and isinstance(record.get("row"), dict):
            yield record


def _key(row: Mapping[Any, Any]) -> Key:
    return tuple(str(row[name]) for name in KEYS)
