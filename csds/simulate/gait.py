"""What a body does while it walks or rests: sway, stretch, breath, and a tail that follows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from csds.model.shapes import FloatArray
from csds.simulate.mouse import TAIL_LENGTH_CM, TAIL_POINTS, Poses

STEP_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A walk at steps of `STEP_S`: place (cm), heading and bend of the head (rad), speed (cm/s)."""

    time_s: FloatArray
    x: FloatArray
    y: FloatArray
    heading: FloatArray
    head_bend: FloatArray
    speed: FloatArray


def pose_walk(walk: Walk, times: FloatArray, rng: np.random.Generator, *, is_still: bool) -> Poses:
    """Return the poses at the frames' times: the walk, with gait, breathing, and a tail that follows.

    Parameters
    ----------
    walk : Walk
    times : (n,) array
        Seconds, within the walk.
    rng : numpy.random.Generator
    is_still : bool
        The animal stays where it is and only turns its head a little.
    """
    t = walk.time_s
    gait_hz = np.clip(0.25 * walk.speed, 0.0, 6.0)
    phase = 2 * np.pi * np.cumsum(gait_hz) * STEP_S
    vigour = np.clip(walk.speed / 12.0, 0.0, 1.0)
    turning = np.gradient(walk.heading, t) if len(t) > 1 else np.zeros_like(t)
    sway = 0.10 * vigour * np.sin(phase)
    look = 0.05 * _slow_noise(t, 1.5, rng) if is_still else np.zeros_like(t)
    rear = np.clip(-0.12 * turning, -0.45, 0.45) - sway
    # A mouse at rest is shorter and wider than one that walks.
    stretch = 0.94 + 0.08 * vigour + 0.012 * vigour * np.sin(2 * phase)

    def at(values: FloatArray) -> FloatArray:
        return np.asarray(np.interp(times, t, values), float)

    return Poses(
        time_s=times,
        x_cm=at(walk.x),
        y_cm=at(walk.y),
        heading_rad=at(walk.heading),
        head_bend_rad=at(np.clip(walk.head_bend + 0.6 * sway + look, -0.85, 0.85)),
        rear_bend_rad=at(rear),
        stretch=at(stretch),
        breath=1.0 + 0.012 * np.sin(2 * np.pi * 2.3 * times + rng.uniform(0, 6)),
        tail_rad=_tail(walk, phase, vigour, times, rng) + at(rear)[:, None],
    )


def _tail(walk: Walk, phase: FloatArray, vigour: FloatArray, times: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return the tail's directions: each piece lags behind the one before, with a wave while walking."""
    # Lags are time of movement, not of the clock: a tail doesn't straighten while the mouse sits.
    moved = np.cumsum(0.15 + np.abs(walk.speed)) * STEP_S
    now = np.interp(times, walk.time_s, moved)
    # The tail of a mouse that never moves lies as it lies.
    curls = 0.55 * _slow_noise(walk.time_s, 6.0, rng) if walk.speed.any() else np.full_like(walk.time_s, 0.6)
    curl = np.interp(times, walk.time_s, curls)
    wave, strength = np.interp(times, walk.time_s, phase), np.interp(times, walk.time_s, vigour)
    pieces = np.empty((len(times), TAIL_POINTS))
    for piece in range(TAIL_POINTS):
        share = piece / (TAIL_POINTS - 1)
        behind = np.interp(now - 0.75 * share * TAIL_LENGTH_CM, moved, walk.heading)
        pieces[:, piece] = behind + np.pi + curl * share**1.5 + 0.22 * strength * share * np.sin(wave - 4.0 * share)
    return pieces


def _slow_noise(times: FloatArray, period_s: float, rng: np.random.Generator) -> FloatArray:
    """Return smooth noise of SD near 1 that changes over about ``period_s``."""
    total = np.zeros_like(times)
    for _ in range(5):
        total += np.sin(2 * np.pi * times / (period_s * rng.uniform(0.7, 2.5)) + rng.uniform(0, 2 * np.pi))
    return np.asarray(total / math.sqrt(2.5), float)
