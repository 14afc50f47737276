"""Which end is the head: settled over the whole recording, not frame by frame.

A body's long axis has two ends. Tail, taper and direction of motion each say which is the nose,
none of them always; the most likely sequence of ends is found by dynamic programming (Viterbi),
where an end rarely becomes the other from one frame to the next.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from csds.model.shapes import FloatArray

#: Evidence, in log odds, of a tail one half body length behind …
_TAIL_WEIGHT = 2.0
#: … of a skewness of 1 …
_TAPER_WEIGHT = 3.0
#: … and of moving along the axis by one body length a second.
_MOTION_WEIGHT = 1.5
#: Cost, in log odds, of the two ends changing places between frames.
_SWAP_COST = 15.0


def choose_heads(axis: FloatArray, evidence: FloatArray, *, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return True where the head is at the end that the axis points to.

    Parameters
    ----------
    axis : (n,) float
        Direction of the long axis, radians, modulo π.
    evidence : (n,) float
        Log odds that the head is at that end.
    known : (n,) bool
        Frames in which the animal was found; the others carry the decision on.
    """
    frames = np.flatnonzero(known)
    ahead = np.zeros(len(axis), bool)
    if not len(frames):
        return ahead
    # Turn every axis to within 90° of the one before, so that staying the same end means no swap.
    turns = np.cos(np.diff(axis[frames]))
    sign = np.concatenate([[1.0], np.cumprod(np.where(turns < 0, -1.0, 1.0))])
    # A body seen end-on or rolled up turns by about 90°: there a swap costs little.
    cost = _SWAP_COST * np.concatenate([[0.0], np.abs(turns)])
    pull = np.clip(evidence[frames], -4.0, 4.0) * sign / 2
    gain = _viterbi(pull, cost)
    ahead[frames] = gain * sign > 0
    return ahead


def head_evidence(measures: dict[str, FloatArray], time_s: FloatArray) -> FloatArray:
    """Return per frame the log odds that the head is at the axis' far end, from tail, taper and motion.

    ``measures`` holds ``u, v, axis, length, tail_side, skew`` (working pixels, radians), NaN where lost.
    """
    step = np.gradient(time_s) if len(time_s) > 1 else np.ones_like(time_s)
    with np.errstate(invalid="ignore", divide="ignore"):
        along = (
            _slope(measures["u"]) * np.cos(measures["axis"]) + _slope(measures["v"]) * np.sin(measures["axis"])
        ) / step
        motion = np.clip(along / measures["length"], -1.5, 1.5)
    parts = -_TAIL_WEIGHT * measures["tail_side"] + _TAPER_WEIGHT * measures["skew"] + _MOTION_WEIGHT * motion
    return np.nan_to_num(parts)


def _slope(values: FloatArray) -> FloatArray:
    return np.asarray(np.gradient(values) if len(values) > 1 else np.zeros_like(values), float)


def _viterbi(pull: FloatArray, cost: FloatArray) -> FloatArray:
    """Return ±1 per step: the sequence that gains most from ``pull`` and pays ``cost`` for each change."""
    plus, minus = float(pull[0]), -float(pull[0])
    from_other = np.zeros((len(pull), 2), bool)
    for i in range(1, len(pull)):
        swap = float(cost[i])
        stay_plus, stay_minus = plus, minus
        from_other[i] = stay_minus - swap > stay_plus, stay_plus - swap > stay_minus
        plus = max(stay_plus, stay_minus - swap) + float(pull[i])
        minus = max(stay_minus, stay_plus - swap) - float(pull[i])
    path = np.empty(len(pull))
    state = 0 if plus >= minus else 1
    for i in range(len(pull) - 1, -1, -1):
        path[i] = 1.0 if state == 0 else -1.0
        if from_other[i, state]:
            state = 1 - state
    return path
