"""How far the errors of the measurement reach: draws of the time in a zone that they leave possible.

The animal was found at distance ``d(t)`` from the zone's edge (negative inside), so the zone time is
``T = Σ Δt · [d(t) ≤ 0]``. Its true distance differs by the errors of the measurement, which to first order
shift the edge along its normal ``n(t)``::

    s_k(t) = d(t) + n(t) · (Σ_i W_i(t) e_ik + b_k)
    d_k(t) = s_k(t) + |n(t)| · a_k(t)
    T_k    = Σ Δt · (2 [s_k(t) ≤ 0] − [d_k(t) ≤ 0]) + (gaps) + (start)

``e_ik`` are the errors of the arena's four corners, ``W_i`` what a homography makes of them at the animal's
place, ``b_k`` a steady and ``a_k`` a changing error of the centre (an autoregressive process with a time
constant: it does not average out from frame to frame). The changing error is in what was measured already, and
drawing another one adds to it; so the difference that it makes is taken off, not put on top: an animal that sits
just inside the edge is found outside of it now and then, and truly had more time than was measured, not
less. Only frames near the edge can change sides: for small
errors the SD of T is ``(dT/ds) · σ``, the seconds per centimetre that the edge would gain, times the edge's error.
Animals that sit on the edge make T_k neither normal nor symmetric, which is why T_k are drawn, with fixed
seeds, and not their variance computed. The k-th draws of two phases go together: where both phases share
an arena, so do they its corners' errors.

In gaps (`csds.behaviour.gaps`) the animal is drawn anywhere that it could reach, one way of straying for
each gap and draw. A start that is off by ε takes the time in the zone within the first ε seconds away,
and gives ε seconds more of what the animal did last (and the other way round for one before the window).

`benchmarks.coverage` counts how often intervals from them hold the truth.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csds.behaviour.gaps import UnseenMoments, seen_frames, unseen_moments
from csds.behaviour.timing import frame_durations
from csds.behaviour.zones import clamp_to_floor, edge_distances, open_at_walls, point_columns
from csds.model.arena import Arena
from csds.model.protocol import BehaviourSpec, Point
from csds.model.shapes import FloatArray, Shape

DRAWS = 400
"""Draws of a session's zone time."""

COVERAGE = 0.95
"""Share of animals whose true value an interval should hold."""

DRAWN_CORNER_SD_CM = 0.2
"""SD along each axis of a corner that a person drew: about 2 pixels at 10 pixels per cm."""

DETECTED_CORNER_SD_CM = (0.57, 0.2)
"""The same of a corner that csds found, at confidence 0 and 1, linear between: 0.8 cm from the true corner,
which no accepted arena may exceed (root mean square), and as good as a drawn one."""

METHOD = "2"
"""Raised whenever a change to what is drawn or read alters numbers, so that old ones are not kept."""

START_GIVEN_SD_S, START_FOUND_SD_S = 0.1, 0.4
"""SD of the trial's start where the sheet gives it to a tenth of a second, and where it was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointError:
    """SDs along each axis of a tracked point's error in cm: steady over a session, and changing; and how slowly."""

    steady_cm: float
    changing_cm: float
    time_constant_s: float


POINT_ERRORS: dict[Point, PointError] = {
    "centre": PointError(steady_cm=0.1, changing_cm=0.2, time_constant_s=1.5),
    "nose": PointError(steady_cm=0.2, changing_cm=0.5, time_constant_s=1.0),
    "body": PointError(steady_cm=0.1, changing_cm=0.2, time_constant_s=1.5),
}
"""Rounded up from tracks of rooms that another program rendered (root mean squares over eight sessions: steady
0.08 cm, changing 0.17 cm over 1.4 s for the centre). In csds's own simulated rooms errors are a quarter of these."""

_REACH_SDS = 4.0
_FRAMES_PER_S = 15.0
_SLOPE_STEP_CM = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionErrors:
    """What a session's errors depend on.

    Parameters
    ----------
    arena : Arena
        Two sessions of equal corners share the errors of these.
    start_sd_s : float
        SD of the trial's start in seconds.
    phase : str
        Phases have errors of their own but for the corners.
    """

    arena: Arena
    start_sd_s: float
    phase: str

    @property
    def corner_sd_cm(self) -> float:
        """SD along each axis of the arena's corners."""
        if self.arena.source != "detected":
            return DRAWN_CORNER_SD_CM
        return float(np.interp(self.arena.confidence, (0.0, 1.0), DETECTED_CORNER_SD_CM))


def draw_zone_times(
    track: pd.DataFrame, zone: Shape, spec: BehaviourSpec, window_s: float, errors: SessionErrors
) -> FloatArray:
    """Return draws of the true time in a zone in seconds, shape (DRAWS,); the same for the same session.

    Parameters
    ----------
    track : DataFrame
        As `csds.behaviour.session.measure_session` returns it.
    zone : Shape
    spec : BehaviourSpec
        The point that counts.
    window_s : float
    errors : SessionErrors
    """
    floor, by = errors.arena.floor, spec.in_zone_by
    zone = open_at_walls(zone, floor)
    duration = frame_durations(track["time_s"].to_numpy(dtype=float), window_s)
    distance = edge_distances(track, zone, floor, by, spec.body_share)
    seen = seen_frames(track, by)
    if not seen.any():
        return np.full(DRAWS, np.nan)
    rng = _generator(errors.phase)
    inside = distance <= 0.0
    change = _seen_change(track[seen], (zone, duration[seen], distance[seen]), by, errors, rng)
    change += _unseen_times(unseen_moments(track, window_s, by), zone, floor, rng)
    # What counted of gaps are interpolated frames; the draws above stand in their place.
    change -= float(duration[inside & ~seen].sum())
    change += _start_change(inside * duration, duration, errors.start_sd_s * rng.standard_normal(DRAWS))
    return np.clip(float(duration[inside].sum()) + change, 0.0, window_s)


def corner_weights(arena: Arena, x_cm: FloatArray, y_cm: FloatArray) -> FloatArray:
    """Return how far small shifts of the corners move points, shape (n, 2, 8): first all corners' x, then their y.

    A homography that takes each corner to a place nearby is, to first order in the shifts, a linear
    combination of eight fields of displacement.

    Examples
    --------
    >>> arena = Arena(
    ...     name="A",
    ...     shape="rectangle",
    ...     width_cm=42,
    ...     height_cm=42,
    ...     frame_size_px=(640, 480),
    ...     corners_px=((110, 30), (530, 30), (530, 450), (110, 450)),
    ... )
    >>> shift_of_all = np.array([1, 1, 1, 1, 0, 0, 0, 0])
    >>> [round(float(v), 6) + 0.0 for v in (corner_weights(arena, np.array([9.0]), np.array([14.0])) @ shift_of_all)[0]]
    [1.0, 0.0]
    """
    scale = np.array([arena.width_cm, arena.height_cm])
    corners = _fields(*(arena.corners_cm / scale * 2 - 1).T)
    at_corners = np.concatenate([corners[:, 0], corners[:, 1]])
    fields = _fields(np.asarray(x_cm, float) / scale[0] * 2 - 1, np.asarray(y_cm, float) / scale[1] * 2 - 1)
    # The fields are of coordinates from −1 to 1; shifts in cm along either side scale with it.
    weights = fields @ np.linalg.inv(at_corners)
    sides = np.repeat(scale, 4)
    return np.asarray(weights * scale[None, :, None] / sides[None, None, :])


def interval(draws: FloatArray, estimate: float) -> tuple[float, float]:
    """Return the ends of the central 95 % of draws, stretched to hold the estimate; NaN where draws are missing.

    Examples
    --------
    >>> [round(end, 3) for end in interval(np.linspace(0.0, 1.0, 1001), 0.99)]
    [0.025, 0.99]
    """
    if np.isnan(draws).any():
        return float("nan"), float("nan")
    low, high = np.quantile(draws, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2], method="nearest")
    return min(float(low), estimate), max(float(high), estimate)


def _fields(u: FloatArray, v: FloatArray) -> FloatArray:
    """Return the displacement of points under each of the eight small changes of a homography, shape (n, 2, 8)."""
    one, none = np.ones_like(u), np.zeros_like(u)
    along = np.stack([one, u, v, none, none, none, u * u, u * v], axis=1)
    down = np.stack([none, none, none, one, u, v, u * v, v * v], axis=1)
    return np.stack([along, down], axis=1)


def _seen_change(
    track: pd.DataFrame,
    what: tuple[Shape, FloatArray, FloatArray],
    by: Point,
    errors: SessionErrors,
    rng: np.random.Generator,
) -> FloatArray:
    """Return by how many seconds each draw differs from what was measured, over the frames that saw the animal."""
    zone, duration, distance = what
    point, corner_sd = POINT_ERRORS[by], errors.corner_sd_cm
    steady = rng.normal(0.0, point.steady_cm, (2, DRAWS))
    corners = _generator(repr(errors.arena.corners_px)).normal(0.0, corner_sd, (8, DRAWS))
    time = track["time_s"].to_numpy(dtype=float)
    node = np.floor(time / (point.time_constant_s / 3)).astype(np.intp)
    changing = _correlated(int(node.max()) + 1, np.exp(-1 / 3), rng) * point.changing_cm

    reach = _REACH_SDS * np.sqrt(corner_sd**2 + point.steady_cm**2 + point.changing_cm**2)
    near = np.flatnonzero(np.abs(distance) <= reach)
    if near.size == 0:
        return np.zeros(DRAWS)
    # Errors are the same over neighbouring frames: several stand together where a second has many.
    rate = 1.0 / max(float(np.median(np.diff(time))), 1e-3) if time.size > 1 else 1.0
    starts = np.arange(0, near.size, max(1, int(rate / _FRAMES_PER_S)))
    lasted = np.add.reduceat(duration[near], starts)
    measured = np.add.reduceat(duration[near] * (distance[near] <= 0.0), starts)
    near = near[starts]

    x, y = (track[name].to_numpy(dtype=float)[near] for name in point_columns(by)[:2])
    normal = _edge_normals(zone, errors.arena.floor, x, y)
    linear = np.concatenate([np.einsum("na,nac->nc", normal, corner_weights(errors.arena, x, y)), normal], axis=1)
    shifted = linear @ np.concatenate([corners, steady])
    shifted += distance[near][:, None]
    steadily = lasted @ (shifted <= 0.0)
    shifted += np.linalg.norm(normal, axis=1)[:, None] * changing[node[near]]
    return np.asarray(2 * steadily - lasted @ (shifted <= 0.0) - measured.sum())


def _edge_normals(zone: Shape, floor: Shape, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the distance's slope along x and y at points, shape (n, 2); none across a wall that holds them back."""
    step = _SLOPE_STEP_CM
    slopes = []
    for dx, dy in ((step, 0.0), (0.0, step)):
        ahead = zone.distance(*clamp_to_floor(floor, x + dx, y + dy))
        behind = zone.distance(*clamp_to_floor(floor, x - dx, y - dy))
        slopes.append((ahead - behind) / (2 * step))
    return np.stack(slopes, axis=1)


def _correlated(count: int, correlation: float, rng: np.random.Generator) -> FloatArray:
    """Return standard normal series, shape (count, DRAWS), each value correlated with the one before."""
    series = rng.standard_normal((count, DRAWS))
    series[1:] *= np.sqrt(1 - correlation**2)
    for i in range(1, count):
        series[i] += correlation * series[i - 1]
    return series


def _unseen_times(moments: UnseenMoments, zone: Shape, floor: Shape, rng: np.random.Generator) -> FloatArray:
    """Return draws of the time in the zone during gaps."""
    times = np.zeros(DRAWS)
    if not moments.gap.size:
        return times
    straying = rng.standard_normal((2, int(moments.gap.max()) + 1, DRAWS))
    distance = zone.distance(*clamp_to_floor(floor, moments.x_cm, moments.y_cm))
    unsure = np.abs(distance) <= _REACH_SDS * moments.spread_cm
    times += float(moments.duration_s[~unsure & (distance <= 0.0)].sum())
    spread, gap = moments.spread_cm[unsure, None], moments.gap[unsure]
    x = moments.x_cm[unsure, None] + spread * straying[0][gap]
    y = moments.y_cm[unsure, None] + spread * straying[1][gap]
    return np.asarray(times + moments.duration_s[unsure] @ (zone.distance(*clamp_to_floor(floor, x, y)) <= 0.0))


def _start_change(in_zone_s: FloatArray, duration_s: FloatArray, late_s: FloatArray) -> FloatArray:
    """Return by how many seconds the zone time changes if the trial began ``late_s`` after the window did."""
    ends, sums = np.append(0.0, np.cumsum(duration_s)), np.append(0.0, np.cumsum(in_zone_s))
    length = ends[-1]
    first, last = float(in_zone_s[0] > 0), float(in_zone_s[-1] > 0)
    later, earlier = np.clip(late_s, 0.0, length), np.clip(-late_s, 0.0, length)
    lost_at_start = np.interp(later, ends, sums)
    lost_at_end = sums[-1] - np.interp(length - earlier, ends, sums)
    return np.asarray(later * last - lost_at_start + earlier * first - lost_at_end)


def _generator(name: str) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))
