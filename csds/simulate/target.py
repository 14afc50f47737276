"""The target: a white CD-1 that turns and shuffles within its enclosure."""

from __future__ import annotations

import numpy as np

from csds.model.shapes import Circle, FloatArray
from csds.simulate.backdrop import enclosure_box
from csds.simulate.mouse import TAIL_POINTS, Poses
from csds.simulate.scene import Scene, frame_times

TARGET_LENGTH_CM = 8.4


def target_poses(scene: Scene, times: FloatArray | None = None) -> Poses | None:
    """Return the target's pose at some times (the frames' if not given), or None where there is none.

    What of it would stick out of the enclosure is cut off when it is drawn.
    """
    if scene.enclosure is None or not scene.target_present:
        return None
    rng, filmed = scene.random("target"), frame_times(scene)
    times = filmed if times is None else times
    box = enclosure_box(scene.enclosure)
    width, depth = box.right - box.left, box.bottom - box.top
    is_round = isinstance(scene.enclosure, Circle)
    heading, shuffle, bend = _heading(times, float(filmed[-1]), rng), _wander(times, rng, 5.0), _wander(times, rng, 3.0)
    curled = np.clip(0.25 + 0.5 * np.abs(np.sin(heading)), 0, 1)
    return Poses(
        time_s=times,
        x_cm=(box.left + box.right) / 2 + (0.05 if is_round else 0.14) * width * shuffle,
        y_cm=(box.top + box.bottom) / 2 + 0.10 * depth * _wander(times, rng, 4.0),
        heading_rad=heading,
        head_bend_rad=np.clip(0.5 * bend, -0.9, 0.9),
        rear_bend_rad=np.clip(-0.35 * bend, -0.7, 0.7),
        stretch=(0.72 if is_round else 0.95) - 0.22 * curled,
        breath=1.05 + 0.02 * np.sin(2 * np.pi * 2.0 * times),
        tail_rad=np.repeat((heading + np.pi)[:, None], TAIL_POINTS, axis=1)
        + 1.1 * np.linspace(0.0, 1.0, TAIL_POINTS)[None] * _wander(times, rng, 6.0)[:, None],
    )


def _heading(times: FloatArray, last_s: float, rng: np.random.Generator) -> FloatArray:
    """Return a heading that rests and now and then turns by up to half a turn within a second or two."""
    end = last_s + 1.0
    starts = np.cumsum(rng.exponential(5.0, 2 + int(end)))
    heading = np.full_like(times, rng.uniform(0, 2 * np.pi))
    for start in starts[starts < end]:
        amount, length = rng.normal(0.0, 1.6), rng.uniform(0.8, 2.0)
        share = np.clip((times - start) / length, 0.0, 1.0)
        heading += amount * share * share * (3 - 2 * share)
    return heading + 0.06 * _wander(times, rng, 1.0)


def _wander(times: FloatArray, rng: np.random.Generator, period_s: float) -> FloatArray:
    """Return a smooth movement between about -1 and 1."""
    total = np.zeros_like(times)
    for _ in range(4):
        total += np.sin(2 * np.pi * times / (period_s * rng.uniform(0.6, 3.0)) + rng.uniform(0, 2 * np.pi))
    return np.asarray(np.tanh(total / 2.0), float)
