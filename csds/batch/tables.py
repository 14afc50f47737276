"""The tables of a run, built from its sessions' records."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from csds.batch.options import Failure, Outcome
from csds.behaviour.score import score_animals
from csds.model.columns import FAILURE_COLUMNS, SESSION_COLUMNS, TIME_BIN_COLUMNS, Column, names
from csds.model.flags import join_flags
from csds.model.protocol import Protocol
from csds.model.study import AnimalKey, Session, Study
from csds.results.readings import gather_readings

_WHERE_KNOWN = ("nose_", "body_", "centre_", "interaction_low", "interaction_high", "interaction_edge", "start_error")
"""Columns that are left out where no session has them."""


def sessions_table(study: Study, outcomes: Mapping[str, Outcome], protocol: Protocol) -> pd.DataFrame:
    """Return ``sessions.csv``: a row for each session that the study names, without numbers where it failed."""
    rows: list[dict[str, Any]] = []
    for session in _named_sessions(study):
        outcome = outcomes.get(session.session_id)
        known = outcome.record["row"] if outcome and outcome.record else _without_numbers(session, outcome)
        rows.append({**known, **_of_today(session), **dict(session.design)})
    zones = tuple(zone.name for zone in protocol.zones)
    found = set().union(*rows)
    own = [name for name in names(SESSION_COLUMNS, zones) if name in found or not name.startswith(_WHERE_KNOWN)]
    return _typed(pd.DataFrame(rows, columns=[*own, *study.design_columns]), SESSION_COLUMNS, zones)


def animals_table(
    study: Study, sessions: pd.DataFrame, outcomes: Mapping[str, Outcome], protocol: Protocol
) -> pd.DataFrame:
    """Return ``animals.csv``: a row for each animal and test that the study names, also where its sessions failed."""
    known = set(zip(*(sessions[name] for name in AnimalKey.__slots__), strict=True))
    lost = {
        session.key: _without_numbers(session) | {"phase": protocol.phases[0].name} | dict(session.design)
        for session in study.unusable
        if tuple(asdict(session.key).values()) not in known
    }
    if lost:
        # Animals of whose rows not even the phase could be read.
        sessions = pd.concat(
            [sessions, pd.DataFrame(list(lost.values()), columns=sessions.columns).astype(sessions.dtypes)]
        )
    records = [outcome.record for session in study.sessions if (outcome := outcomes.get(session.session_id))]
    readings = gather_readings(record for record in records if record)
    return score_animals(sessions.reset_index(drop=True), protocol, readings)


def _named_sessions(study: Study) -> list[Session]:
    """Return each session that can be told by its name, in the order of the sheet."""
    named: dict[str, Session] = {}
    for session in (*study.sessions, *study.unusable):
        if session.session_id:
            named.setdefault(session.session_id, session)  # a session that is given twice has one row
    return sorted(named.values(), key=lambda session: session.row)


def time_bins_table(study: Study, outcomes: Mapping[str, Outcome], protocol: Protocol) -> pd.DataFrame:
    """Return ``time_bins.csv``: a row for each session and bin."""
    rows = []
    for session in study.sessions:
        record = outcomes[session.session_id].record if session.session_id in outcomes else None
        rows += [{"session_id": session.session_id} | row for row in (record or {}).get("time_bins", [])]
    zones = tuple(zone.name for zone in protocol.zones)
    return _typed(pd.DataFrame(rows, columns=names(TIME_BIN_COLUMNS, zones)), TIME_BIN_COLUMNS, zones)


def failures_table(failures: Sequence[Failure]) -> pd.DataFrame:
    """Return ``failures.csv``: what could not be used, why, and how to mend it."""
    return pd.DataFrame([asdict(failure) for failure in failures], columns=names(FAILURE_COLUMNS), dtype=str)


def _of_today(session: Session) -> dict[str, Any]:
    """Return what the sheet says today of group and exclusion; these touch no measurement."""
    return {"stress": session.stress, "treatment": session.treatment, "exclude": session.exclude}


def _without_numbers(session: Session, outcome: Outcome | None = None) -> dict[str, Any]:
    return {
        "session_id": session.session_id,
        **{name: getattr(session.key, name) for name in AnimalKey.__slots__},  # as asdict, in a tenth of the time
        "phase": session.phase,
        "stress": session.stress,
        "treatment": session.treatment,
        "video": session.video,
        "arena": session.arena or "",
        "start_s": session.start_s,
        "duration_s": session.duration_s,
        "start_source": "sheet" if session.start_s is not None else "",
        "exclude": session.exclude,
        "flags": join_flags({"failed", outcome.flag} - {""} if outcome else {"failed"}),
    }


def _typed(table: pd.DataFrame, columns: Sequence[Column], zones: tuple[str, ...]) -> pd.DataFrame:
    """Return the table with each declared column in its kind, missing numbers as NaN or NA."""
    kinds = {name: column.kind for column in columns for name in names((column,), zones)}
    typed: dict[Hashable, pd.Series] = {}
    for name, values in table.items():
        match kinds.get(str(name)):
            case "number":
                typed[name] = pd.to_numeric(values).astype(float)
            case "integer":
                typed[name] = pd.to_numeric(values).astype("Int64")
            case _:
                typed[name] = values.fillna("").astype(str)
    return pd.DataFrame(typed, index=table.index, columns=table.columns)
