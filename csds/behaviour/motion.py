"""Distance, speed and immobility, with the field's remedies against jitter and high frame rates.

The length of a measured path grows with the sampling rate and with the jitter of the positions:
every frame adds its error to the sum. Three remedies are offered, all off by default, since
`csds.tracking` already smooths lightly and imported tracks are used as given:

- smoothing: a centred moving mean over ``distance_smoothing_s``;
- down-sampling: the first position in every interval of 1 / ``distance_sample_hz``;
- minimal distance moved: a step counts once the animal is ``distance_min_step_cm`` away from the
  last counted position, and that position then moves on.

They are applied in this order, and speed follows from the very path that gives the distance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from csds.behaviour.timing import LONGEST_FRAME_S, TOLERANCE_S, run_bounds
from csds.model.protocol import BehaviourSpec
from csds.model.shapes import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """How an animal moved.

    Parameters
    ----------
    speed_cm_s : array of shape (n,)
        Speed from each frame to the next; the last frame of a stretch keeps the speed before it.
        NaN without a position, or with no neighbour to move from.
    distance_cm : float
        Length of the path; NaN where no two consecutive frames have a position.
    path_s : float
        Time over which the path is known.
    """

    speed_cm_s: FloatArray
    distance_cm: float
    path_s: float

    @property
    def mean_speed_cm_s(self) -> float:
        """Distance over the time in which the path is known; NaN where it isn't."""
        return self.distance_cm / self.path_s if self.path_s > 0 else float("nan")


def measure_motion(track: pd.DataFrame, spec: BehaviourSpec) -> Motion:
    """Return distance and speed of the centre point by the protocol's rule.

    The path is cut where a frame has no position, and where time stamps lie more than 0.5 s
    apart: distance is never bridged over such a gap.

    Parameters
    ----------
    track : DataFrame
        With ``time_s, x_cm, y_cm``; positions are NaN in gaps that are not interpolated.
    spec : BehaviourSpec
        Its ``distance_…`` keys.

    Examples
    --------
    >>> line = pd.DataFrame({"time_s": [0.0, 0.1, 0.2], "x_cm": [0.0, 1.0, 2.0], "y_cm": 0.0})
    >>> motion = measure_motion(line, BehaviourSpec())
    >>> motion.distance_cm, motion.speed_cm_s.round(6).tolist()
    (2.0, [10.0, 10.0, 10.0])
    """
    time, x, y = (np.asarray(track[name].to_numpy(dtype=float, na_value=np.nan)) for name in ("time_s", "x_cm", "y_cm"))
    speed = np.full(time.size, np.nan)
    distance = path_s = 0.0
    for part in path_stretches(time, np.isfinite(x) & np.isfinite(y)):
        if part.stop - part.start < 2 or time[part.stop - 1] <= time[part.start]:
            continue
        nodes, steps = _path_steps(time[part], x[part], y[part], spec)
        speed[part] = _speed_between(time[part], nodes, steps)
        distance += float(steps.sum())
        path_s += float(time[part.stop - 1] - time[part.start])
    return Motion(speed_cm_s=speed, distance_cm=distance if path_s > 0 else float("nan"), path_s=path_s)


def path_stretches(time_s: FloatArray, known: ArrayLike) -> tuple[slice, ...]:
    """Return the stretches of consecutive frames over which a path may be drawn.

    They end at frames without a position and where time stamps lie more than 0.5 s apart.
    """
    has_position = np.asarray(known, bool)
    if has_position.size == 0:
        return ()
    breaks = np.concatenate([[False], np.diff(time_s) > LONGEST_FRAME_S + TOLERANCE_S])
    label = 2 * np.cumsum(breaks) + has_position
    return tuple(
        slice(int(first), int(end)) for first, end in zip(*run_bounds(label), strict=True) if has_position[first]
    )


def immobile_frames(speed_cm_s: ArrayLike, duration_s: ArrayLike, below_cm_s: float, for_s: float) -> NDArray[np.bool_]:
    """Return which frames belong to a time slower than ``below_cm_s`` that lasts at least ``for_s``.

    A frame with unknown speed ends such a time.

    Examples
    --------
    >>> immobile_frames([1, 1, 1, 5, 1], [0.5] * 5, below_cm_s=2, for_s=1).tolist()
    [True, True, True, False, False]
    """
    # NaN < limit is False, so unknown speed counts as not slow.
    slow = np.asarray(speed_cm_s, float) < below_cm_s
    elapsed = np.concatenate([[0.0], np.cumsum(np.asarray(duration_s, float))])
    still = np.zeros(slow.size, bool)
    for first, end in zip(*run_bounds(slow), strict=True):
        if slow[first] and elapsed[end] - elapsed[first] >= for_s - TOLERANCE_S:
            still[first:end] = True
    return still


def _path_steps(
    time: FloatArray, x: FloatArray, y: FloatArray, spec: BehaviourSpec
) -> tuple[NDArray[np.intp], FloatArray]:
    """Return the frames between which the path is measured (first and last included) and the steps in cm."""
    if spec.distance_smoothing_s > 0:
        x, y = (_moving_mean(time, values, spec.distance_smoothing_s) for values in (x, y))
    nodes = np.arange(time.size)
    if spec.distance_sample_hz > 0:
        tick = np.floor((time - time[0]) * spec.distance_sample_hz + TOLERANCE_S)
        nodes = np.flatnonzero(np.diff(tick, prepend=-1.0) > 0)
        nodes = nodes if nodes[-1] == time.size - 1 else np.append(nodes, time.size - 1)
    if spec.distance_min_step_cm > 0:
        return _counted_steps(nodes, x, y, spec.distance_min_step_cm)
    return nodes, np.hypot(np.diff(x[nodes]), np.diff(y[nodes]))


def _counted_steps(
    nodes: NDArray[np.intp], x: FloatArray, y: FloatArray, min_step: float
) -> tuple[NDArray[np.intp], FloatArray]:
    """Return only those nodes that lie ``min_step`` from the last counted one; what is left at the end is no step."""
    counted, steps = [int(nodes[0])], []
    last_x, last_y = float(x[nodes[0]]), float(y[nodes[0]])
    for node, node_x, node_y in zip(nodes.tolist(), x[nodes].tolist(), y[nodes].tolist(), strict=True):
        moved = ((node_x - last_x) ** 2 + (node_y - last_y) ** 2) ** 0.5
        if moved >= min_step:
            counted.append(node)
            steps.append(moved)
            last_x, last_y = node_x, node_y
    end = int(nodes[-1])
    if counted[-1] != end:
        counted.append(end)
        steps.append(0.0)
    return np.array(counted, np.intp), np.array(steps, float)


def _speed_between(time: FloatArray, nodes: NDArray[np.intp], steps: FloatArray) -> FloatArray:
    """Return each frame's speed: that of the measured step that it lies in."""
    spans = np.diff(time[nodes])
    rates = np.divide(steps, spans, out=np.zeros_like(steps), where=spans > 0)
    step_of_frame = np.searchsorted(nodes, np.arange(time.size), side="right") - 1
    return np.asarray(rates[np.minimum(step_of_frame, rates.size - 1)], float)


def _moving_mean(time: FloatArray, values: FloatArray, width_s: float) -> FloatArray:
    """Return the centred moving mean; near the ends the window shrinks on both sides and so adds no bias."""
    half = np.minimum(width_s / 2, np.minimum(time - time[0], time[-1] - time))
    total = np.concatenate([[0.0], np.cumsum(values - values[0])])
    first = np.searchsorted(time, time - half - TOLERANCE_S, side="left")
    end = np.searchsorted(time, time + half + TOLERANCE_S, side="right")
    return np.asarray(values[0] + (total[end] - total[first]) / (end - first), float)
