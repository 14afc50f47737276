"""From one session's track to its metrics and flags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csds.behaviour.motion import Motion, immobile_frames, measure_motion
from csds.behaviour.timing import LONGEST_FRAME_S, TOLERANCE_S, find_holes, frame_durations, recording_end
from csds.behaviour.visits import FrameStates, find_visits
from csds.behaviour.zones import known_frames, zone_membership
from csds.errors import TableError
from csds.model.columns import TRACK_COLUMNS, names
from csds.model.flags import FLAGS
from csds.model.protocol import BehaviourSpec, Point
from csds.model.shapes import FloatArray, Shape, Zone

LOW_TRACKING = 0.95
"""Share of frames with the animal found, below which a session is flagged ``low_tracking``."""

MOST_UNKNOWN = 2 / 90
"""Share of the recorded time without a position, above which it is flagged as well: zone times may be off by that."""

IMMOBILE_MEAN_SPEED_CM_S = 0.5
"""Mean speed below which a session is flagged ``immobile``: 75 cm in 150 s.

Mice of a public data set of 761 moved 8 to 13 m in 150 s on average; one that moved 0.5 m and spent
147 s in the interaction zone was called resilient.
"""

IMMOBILE_SHARE = 0.95
"""Share of the time with a known path spent immobile, from which a session is flagged ``immobile``."""

_POINTS: tuple[Point, ...] = ("centre", "nose", "body")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frames:
    """What all metrics of a session share."""

    track: pd.DataFrame
    time_s: FloatArray
    duration_s: FloatArray
    spec: BehaviourSpec


def measure_session(
    track: pd.DataFrame, zones: Sequence[Zone], floor: Shape, spec: BehaviourSpec, window_s: float
) -> tuple[pd.DataFrame, dict[str, float | int], tuple[str, ...]]:
    """Return the finished track, the session's metrics and its flags.

    Parameters
    ----------
    track : DataFrame
        One row per decoded frame in the window, with ``time_s`` (from the window's start), ``x_cm``
        and ``y_cm`` (NaN in gaps that are not interpolated), and what else there is of
        `csds.model.columns.TRACK_COLUMNS`. Without ``detected`` a frame with a position counts
        as detected, without ``interpolated`` none is.
    zones : sequence of Zone
        The protocol's zones in arena cm.
    floor : Shape
        The arena's floor in cm.
    spec : BehaviourSpec
        The protocol's choices.
    window_s : float
        Length of the window in seconds.

    Returns
    -------
    track : DataFrame
        The same rows with ``speed_cm_s`` and ``in_<zone>`` (by the protocol's point) and every
        column of `csds.model.columns.TRACK_COLUMNS`, in its order; other columns behind.
    metrics : dict
        The columns of `csds.model.columns.SESSION_COLUMNS` from ``recorded_s`` to
        ``immobile_time_s``. Those by nose or body are left out where the track does not have
        them; zone times by the protocol's own point are NaN then. Without any position all zone
        times, the distance and the immobile time are NaN, never 0.
    flags : tuple of str
        Codes of `csds.model.flags.FLAGS`.

    Raises
    ------
    TableError
        If the track lacks a needed column or its time stamps fall.
    """
    _check_columns(track)
    time = np.asarray(track["time_s"].to_numpy(dtype=float), float)
    frames = _Frames(track=track, time_s=time, duration_s=frame_durations(time, window_s), spec=spec)
    motion = measure_motion(track, spec)
    inside = zone_membership(track, zones, floor, spec.in_zone_by, spec.body_share)
    still = immobile_frames(motion.speed_cm_s, frames.duration_s, spec.immobile_below_cm_s, spec.immobile_for_s)

    metrics = _recording_metrics(frames)
    metrics |= _zone_metrics(frames, inside, spec.in_zone_by, prefix="")
    for by in _POINTS:
        if not known_frames(track, by).any() or (by == "centre" and spec.in_zone_by == "centre"):
            continue
        by_point = inside if by == spec.in_zone_by else zone_membership(track, zones, floor, by, spec.body_share)
        metrics |= _zone_metrics(frames, by_point, by, prefix=f"{by}_")
    metrics["distance_cm"] = motion.distance_cm
    metrics["mean_speed_cm_s"] = motion.mean_speed_cm_s
    metrics["immobile_time_s"] = float(frames.duration_s[still].sum()) if motion.path_s > 0 else float("nan")

    flags = _recording_flags(frames, window_s, float(metrics["tracked_fraction"]), known_frames(track, "centre"))
    flags += _point_flags(frames) + _motion_flags(frames, motion, float(metrics["immobile_time_s"]))
    ordered = tuple(code for code in FLAGS if code in flags)
    return _finished_track(track, motion, inside), metrics, ordered


def _check_columns(track: pd.DataFrame) -> None:
    missing = [name for name in ("time_s", "x_cm", "y_cm") if name not in track.columns]
    if missing:
        msg = f"a track needs the columns time_s, x_cm and y_cm, but {', '.join(missing)} is missing"
        raise TableError(msg, hint="Rename the track's columns, with positions in cm of the arena.")


def _recording_metrics(frames: _Frames) -> dict[str, float | int]:
    count = len(frames.track)
    detected, interpolated = _marks(frames.track)
    return {
        "recorded_s": float(frames.duration_s.sum()),
        "n_frames": count,
        "tracked_fraction": float(detected.mean()) if count else 0.0,
        "interpolated_fraction": float(interpolated.mean()) if count else 0.0,
    }


def _marks(track: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return ``detected`` and ``interpolated`` of each frame, from the position where the track lacks them."""
    if "interpolated" in track.columns:
        interpolated = track["interpolated"].to_numpy(dtype=bool)
    else:
        interpolated = np.zeros(len(track), bool)
    if "detected" in track.columns:
        detected = track["detected"].to_numpy(dtype=bool)
    else:
        detected = known_frames(track, "centre") & ~interpolated
    return detected, interpolated


def _zone_metrics(frames: _Frames, inside: pd.DataFrame, by: Point, prefix: str) -> dict[str, float | int]:
    known = known_frames(frames.track, by)
    states = FrameStates(time_s=frames.time_s, duration_s=frames.duration_s, known=known)
    metrics: dict[str, float | int] = {}
    for zone in inside.columns:
        name = f"{prefix}{zone}"
        if not known.any():
            metrics |= {f"{name}_{what}": float("nan") for what in ("time_s", "entries", "latency_s")}
            continue
        is_in = inside[zone].to_numpy(dtype=bool)
        visits = find_visits(is_in, states, frames.spec.entry_min_in_s, frames.spec.entry_min_out_s)
        metrics[f"{name}_time_s"] = float(frames.duration_s[is_in].sum())
        metrics[f"{name}_entries"] = visits.entries
        metrics[f"{name}_latency_s"] = visits.latency_s
    return metrics


def _recording_flags(frames: _Frames, window_s: float, tracked_fraction: float, known: NDArray[np.bool_]) -> list[str]:
    flags = []
    unknown_s = frames.duration_s[~known].sum()
    if tracked_fraction < LOW_TRACKING or unknown_s > MOST_UNKNOWN * frames.duration_s.sum():
        flags.append("low_tracking")
    if recording_end(frames.time_s, window_s) < window_s - LONGEST_FRAME_S - TOLERANCE_S:
        flags.append("short_recording")
    if find_holes(frames.time_s, window_s):
        flags.append("dropped_frames")
    return flags


def _point_flags(frames: _Frames) -> list[str]:
    has_centre = bool(known_frames(frames.track, "centre").any())
    has_point = bool(known_frames(frames.track, frames.spec.in_zone_by).any())
    return ["point_missing"] if has_centre and not has_point else []


def _motion_flags(frames: _Frames, motion: Motion, immobile_s: float) -> list[str]:
    moved = frames.duration_s[np.isfinite(motion.speed_cm_s)].sum()
    if not moved > 0:
        return []
    slow = motion.mean_speed_cm_s < IMMOBILE_MEAN_SPEED_CM_S
    return ["immobile"] if slow or immobile_s >= IMMOBILE_SHARE * moved else []


def _finished_track(track: pd.DataFrame, motion: Motion, inside: pd.DataFrame) -> pd.DataFrame:
    zones = tuple(str(name) for name in inside.columns)
    own = names(TRACK_COLUMNS, zones)
    detected, interpolated = _marks(track)
    columns: dict[str, object] = {
        "frame": track["frame"] if "frame" in track.columns else np.arange(len(track)),
        "speed_cm_s": motion.speed_cm_s,
        "detected": detected,
        "interpolated": interpolated,
        **{f"in_{zone}": inside[zone].to_numpy(dtype=bool) for zone in zones},
    }
    for name in own:
        if name not in columns:
            columns[name] = track[name] if name in track.columns else np.full(len(track), np.nan)
    extra = {str(name): track[name] for name in track.columns if name not in own}
    return pd.DataFrame({name: columns[name] for name in own} | extra, index=track.index)
