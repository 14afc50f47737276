"""Where an animal may have been while it was not seen: the moments of gaps, and how far off it may have strayed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csds.behaviour.timing import LONGEST_FRAME_S, TOLERANCE_S, frame_durations, run_bounds
from csds.behaviour.zones import point_columns
from csds.model.protocol import Point
from csds.model.shapes import FloatArray

ACCELERATION_CM_S2 = 60.0
"""SD along each axis of how a mouse changes its velocity within a few tenths of a second."""

DRIFT_CM_PER_SQRT_S = 10.0
"""SD along each axis of where a mouse is after 1 s unseen, growing with the square root of time: walking at
10 cm/s in directions that last about 1 s."""

_STEP_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class UnseenMoments:
    """Moments at which the animal was not seen, each standing for some time; arrays of shape (m,).

    Parameters
    ----------
    x_cm, y_cm : array
        On the straight line between the positions before and behind the gap, or the only one of them.
    spread_cm : array
        SD along each axis of how far off that line the animal may have been.
    duration_s : array
        What each moment stands for.
    gap : array of int
        The number of the gap that each lies in.
    """

    x_cm: FloatArray
    y_cm: FloatArray
    spread_cm: FloatArray
    duration_s: FloatArray
    gap: NDArray[np.intp]


def seen_frames(track: pd.DataFrame, by: Point) -> NDArray[np.bool_]:
    """Return in which frames the track holds the point, and not by interpolation."""
    seen = np.isfinite(_positions(track, by)).all(axis=1)
    if "interpolated" in track.columns:
        seen &= ~track["interpolated"].to_numpy(dtype=bool)
    return np.asarray(seen)


def unseen_moments(track: pd.DataFrame, window_s: float, by: Point) -> UnseenMoments:
    """Return the moments of the window, from the first frame to the last, at which the animal was not seen.

    These are frames without the point, interpolated frames, and what exceeds 0.5 s of holes between
    frames. At time u into a gap of length g between two positions the spread is the lesser of
    ``a u (g − u) / 2``, what a change of velocity does within a short gap, and ``s √(u (g − u) / g)``,
    how far a mouse drifts in a longer one (a Brownian bridge). With a position on one side only, u being
    the time from it, they are ``a u² / 2`` and ``s √u``. The animal is never off the floor: see
    `csds.behaviour.zones.clamp_to_floor`.

    Parameters
    ----------
    track : DataFrame
        With ``time_s``, the point's columns and, where known, ``interpolated``. At least one frame is seen.
    window_s : float
    by : {"centre", "nose", "body"}
    """
    time = track["time_s"].to_numpy(dtype=float)
    seen, places = seen_frames(track, by), _positions(track, by)[:, :2]
    found = np.flatnonzero(seen)
    parts = []
    for number, (start, end) in enumerate(_unseen_spans(time, frame_durations(time, window_s), seen)):
        count = max(1, int(np.ceil((end - start) / _STEP_S)))
        moments = start + (np.arange(count) + 0.5) * (end - start) / count
        later = int(np.searchsorted(time[found], end - TOLERANCE_S))
        before, after = (found[later - 1] if later else None), (found[later] if later < found.size else None)
        known = [(float(time[i]), places[i]) for i in (before, after) if i is not None]
        parts.append(
            np.column_stack([*_bridge(moments, known), np.full(count, (end - start) / count), np.full(count, number)])
        )
    table = np.concatenate(parts) if parts else np.zeros((0, 5))
    x, y, spread, duration, gap = table.T
    return UnseenMoments(x_cm=x, y_cm=y, spread_cm=spread, duration_s=duration, gap=gap.astype(np.intp))


def _unseen_spans(time: FloatArray, duration: FloatArray, seen: NDArray[np.bool_]) -> list[tuple[float, float]]:
    spans = []
    for first, end in zip(*run_bounds(seen), strict=True):
        if not seen[first]:
            spans.append((float(time[first]), float(time[end]) if end < time.size else float(time[-1] + duration[-1])))
    hole = np.flatnonzero((np.diff(time) > LONGEST_FRAME_S + TOLERANCE_S) & seen[:-1])
    spans += [(float(time[i]) + LONGEST_FRAME_S, float(time[i + 1])) for i in hole]
    if time.size and time[0] > LONGEST_FRAME_S:
        spans.append((0.0, float(time[0])))
    return sorted(span for span in spans if span[1] > span[0])


def _bridge(moments: FloatArray, known: list[tuple[float, FloatArray]]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return x, y and spread of moments by the one or two (time, position) on their sides."""
    if len(known) == 1:
        ((since, place),) = known
        away = np.abs(moments - since)
        spread = np.minimum(ACCELERATION_CM_S2 * away**2 / 2, DRIFT_CM_PER_SQRT_S * np.sqrt(away))
        return np.full(moments.size, place[0]), np.full(moments.size, place[1]), spread
    (since, start), (until, end) = known
    gone, left = moments - since, until - moments
    share = gone / (until - since)
    spread = np.minimum(
        ACCELERATION_CM_S2 * gone * left / 2, DRIFT_CM_PER_SQRT_S * np.sqrt(gone * left / (until - since))
    )
    x, y = (start[axis] + share * (end[axis] - start[axis]) for axis in (0, 1))
    return x, y, spread


def _positions(track: pd.DataFrame, by: Point) -> FloatArray:
    return np.asarray(track[list(point_columns(by))].to_numpy(dtype=float, na_value=np.nan), float)
