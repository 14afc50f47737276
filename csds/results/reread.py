"""Saved tracks read in other ways: the table of animals by each, without a look at any video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from csds.behaviour.archived import read_archived
from csds.behaviour.score import score_animals
from csds.behaviour.sensitivity import WINDOW_SHARES, Way, zone_readings
from csds.errors import ScoreError
from csds.formats.tables import read_table
from csds.model.protocol import Protocol
from csds.results.folder import ResultsFolder
from csds.results.record import protocol_of
from csds.results.sessions import SavedSession, saved_sessions
from csds.study.blinding import refuse_blinded

EDGES_CM = (0.0, -2.0, -1.0, 1.0, 2.0)
"""How far the interaction zone's edge is moved outwards, the protocol's own first."""


def reread_animals(
    results: Path,
    *,
    protocol: str = "",
    edges_cm: Sequence[float] = EDGES_CM,
    window_shares: Sequence[float] = WINDOW_SHARES,
) -> tuple[Protocol, dict[Way, pd.DataFrame]]:
    """Return the protocol of a results folder, and its table of animals by each reading of the saved tracks.

    Readings are all combinations of the point that has to be in the interaction zone (the protocol's, and the centre
    and the nose where they are known), the zone's edges and the shares of the window; the protocol's own comes first,
    and its table holds the scores of ``animals.csv``. Times of a shorter window are scaled to the whole one
    (`csds.behaviour.sensitivity.read_zone`). A session that a reading doesn't have is missing in its table.

    Parameters
    ----------
    results : Path
        What ``csds track`` left: ``sessions.csv``, ``sessions/``, ``tracks/`` and ``provenance.json``.
    protocol : str
        Name or file of the protocol; default: what the results say.
    edges_cm, window_shares : sequence of float
        The first of each is the protocol's: 0 and 1.

    Returns
    -------
    protocol : Protocol
    animals : dict of DataFrame
        Columns of `csds.model.columns.ANIMAL_COLUMNS`, animals in the same rows throughout.

    Raises
    ------
    UsageError
        The groups are still hidden, or the protocol isn't the results' own.
    TableError
        There is no table of sessions, or no track of them was saved.
    ScoreError
        The protocol has no score, or no zone 'interaction'.
    """
    refuse_blinded(results)
    rules, folder = protocol_of(results, protocol), ResultsFolder(path=results)
    if rules.score is None or "interaction" not in [zone.name for zone in rules.zones]:
        raise ScoreError(
            f"protocol '{rules.name}': expected a score and a zone 'interaction' to read in other ways, found none",
            hint="Only results of a social interaction test can be read again.",
        )
    sessions = read_archived(read_table(folder.table("sessions")), {}, rules).sessions
    saved, shares, edges = saved_sessions(results, rules), tuple(window_shares), tuple(edges_cm)
    found = [
        _read_session(saved[session_id], rules, edges, shares) if session_id in saved else {}
        for session_id in sessions["session_id"].astype(str)
    ]
    ways = dict.fromkeys(way for times in found for way in times)
    own: Way = (rules.behaviour.in_zone_by, edges[0], shares[0])
    ordered = [own, *(way for way in ways if way != own)]
    return rules, {
        way: score_animals(sessions.assign(interaction_time_s=[times.get(way, float("nan")) for times in found]), rules)
        for way in ordered
    }


def _read_session(
    session: SavedSession, rules: Protocol, edges: Sequence[float], shares: Sequence[float]
) -> Mapping[Way, float]:
    """Return a session's times in the interaction zone by reading."""
    zones = {zone.name: zone.shape for zone in session.zones}
    readings = zone_readings(
        session.track(), zones["interaction"], session.arena.floor, rules.behaviour, session.duration_s,
        edges_cm=edges, window_shares=shares,
    )  # fmt: skip
    return {reading.way: reading.time_s for reading in readings}
