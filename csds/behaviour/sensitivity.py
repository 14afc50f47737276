"""What the choices of a protocol do to the time in a zone: the same track, read in other defensible ways."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from csds.behaviour.timing import frame_durations, recording_end
from csds.behaviour.uncertainty import SessionErrors, draw_zone_times, interval
from csds.behaviour.zones import edge_distances, known_frames
from csds.model.protocol import BehaviourSpec, Point
from csds.model.shapes import FloatArray, Shape

EDGE_SHIFTS_CM = (0.0, -1.0, -0.5, 0.5, 1.0)
"""How far the zone's edge is moved outwards; its parts along a wall stay."""

WINDOW_SHARES = (1.0, 0.8)
"""Shares of the window, from its start: 150 s and 120 s where a phase lasts 150 s."""

LEAST_KNOWN = 0.9
"""Another point than the protocol's is read where it is known in so many of the frames that the protocol's is."""


Way: TypeAlias = tuple[Point, float, float]
"""How a track is read: what has to be in the zone, how far its edge is moved (cm), and the share of the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One way to read a track, and the time in the zone by it, as seconds of the whole window."""

    by: Point
    edge_cm: float
    window_share: float
    time_s: float

    @property
    def way(self) -> Way:
        """What tells this reading from others."""
        return self.by, self.edge_cm, self.window_share


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneReadings:
    """All readings of a session's time in the zone, the protocol's own first, and draws of that one's true value."""

    readings: tuple[Reading, ...]
    draws_s: FloatArray

    def metrics(self) -> dict[str, float]:
        """Return the columns of ``sessions.csv`` that follow."""
        low, high = interval(self.draws_s, self.readings[0].time_s)
        times = {reading.way: reading.time_s for reading in self.readings}
        by, _, share = self.readings[0].way
        return {
            "interaction_low_s": low,
            "interaction_high_s": high,
            "interaction_edge_s_per_cm": times[by, 0.5, share] - times[by, -0.5, share],
        }

    def to_record(self) -> dict[str, Any]:
        """Return plain data, draws to a tenth of a millisecond."""
        return {"readings": [asdict(reading) for reading in self.readings], "draws_s": self.draws_s.round(4).tolist()}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> ZoneReadings:
        """Return what `to_record` gave."""
        readings = tuple(Reading(**values) for values in record["readings"])
        return cls(readings=readings, draws_s=np.array(record["draws_s"], float))


def read_zone(
    track: pd.DataFrame, zone: Shape, spec: BehaviourSpec, window_s: float, errors: SessionErrors
) -> ZoneReadings | None:
    """Return all readings of the time in a zone; None where the protocol's point is never known.

    These are all combinations of the zone's edge moved by `EDGE_SHIFTS_CM`, the protocol's point, the
    centre and the nose, and the shares of the window. Times of a shorter window are scaled to the
    whole one, so that a rule's minimum times mean the same. Where another point than the protocol's is
    not known for a moment, its lead over that one is taken on from before and after.

    Parameters
    ----------
    track : DataFrame
        As `csds.behaviour.session.measure_session` returns it.
    zone : Shape
        In arena cm.
    spec : BehaviourSpec
    window_s : float
        Length of the window in seconds.
    errors : SessionErrors
        What the errors of the measurement depend on.
    """
    readings = zone_readings(track, zone, errors.arena.floor, spec, window_s)
    if not readings:
        return None
    return ZoneReadings(readings=readings, draws_s=draw_zone_times(track, zone, spec, window_s, errors))


def zone_readings(
    track: pd.DataFrame,
    zone: Shape,
    floor: Shape,
    spec: BehaviourSpec,
    window_s: float,
    *,
    edges_cm: Sequence[float] = EDGE_SHIFTS_CM,
    window_shares: Sequence[float] = WINDOW_SHARES,
) -> tuple[Reading, ...]:
    """Return the readings of `read_zone` for edges and shares of one's own; none where the protocol's point is unknown.

    Parameters
    ----------
    track, zone, spec, window_s
        As for `read_zone`.
    floor : Shape
        The arena's floor in cm.
    edges_cm : sequence of float
        How far the zone's edge is moved outwards.
    window_shares : sequence of float
        Shares of the window, from its start.
    """
    own = known_frames(track, spec.in_zone_by)
    if not own.any():
        return ()
    time = track["time_s"].to_numpy(dtype=float)
    ended = recording_end(time, window_s)
    durations = {share: frame_durations(time, share * ended) / share for share in window_shares}
    points = [
        by
        for by in dict.fromkeys((spec.in_zone_by, "centre", "nose"))
        if known_frames(track, by)[own].mean() >= LEAST_KNOWN
    ]
    distances = {by: edge_distances(track, zone, floor, by, spec.body_share) for by in points}
    distances |= {by: _filled(distances[by], distances[points[0]], time) for by in points[1:]}
    return tuple(
        Reading(
            by=by,
            edge_cm=edge,
            window_share=share,
            time_s=float(durations[share][distances[by] <= edge].sum()),
        )
        for by, share, edge in itertools.product(points, window_shares, edges_cm)
    )


def _filled(distance: FloatArray, own: FloatArray, time_s: FloatArray) -> FloatArray:
    """Return a point's distances from the edge with those missing where the protocol's point has one."""
    known, missing = np.isfinite(distance), np.isnan(distance) & np.isfinite(own)
    lead = np.interp(time_s[missing], time_s[known], (distance - own)[known])
    filled = distance.copy()
    filled[missing] = own[missing] + lead
    return filled
