"""Which end is the head: settled over the whole recording, not frame by frame.

A body's long axis has two ends. Tail, taper and direction of motion each say which is the nose,
none of them always. An end rarely becomes the other from one frame to the next, so each frame is
judged by the evidence of all (a hidden Markov chain of two states, run forwards and backwards), and
what remains of doubt is known.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from csds.model.shapes import FloatArray

#: Evidence in log odds, small since frames that follow each other say nearly the same: of a tail one half body
#: length behind …
_TAIL_WEIGHT = 0.4
#: … of a skewness of 1 …
_TAPER_WEIGHT = 0.6
#: … of moving along the axis by one body length a second …
_MOTION_WEIGHT = 0.3
#: … and of a frame at most.
_MOST_EVIDENCE = 0.8
#: Cost, in log odds, of the two ends changing places between frames, …
_SWAP_COST = 15.0
#: … where the axis turns by 90°, too, so that odds never pass from frame to frame undiminished.
_LEAST_COST = 0.3


def head_odds(axis: FloatArray, evidence: FloatArray, *, known: NDArray[np.bool_]) -> FloatArray:
    """Return the log odds, from the whole recording, that the head is at the end that the axis points to.

    Parameters
    ----------
    axis : (n,) float
        Direction of the long axis, radians, modulo π.
    evidence : (n,) float
        Each frame's own log odds.
    known : (n,) bool
        Frames in which the animal was found; the others, NaN in the answer, carry the decision on.
    """
    frames = np.flatnonzero(known)
    odds = np.full(len(axis), np.nan)
    if not len(frames):
        return odds
    # Turn every axis to within 90° of the one before, so that staying the same end means no swap.
    turns = np.cos(np.diff(axis[frames]))
    sign = np.concatenate([[1.0], np.cumprod(np.where(turns < 0, -1.0, 1.0))])
    # A body seen end-on or rolled up turns by about 90°: there a swap costs little.
    cost = np.maximum(_SWAP_COST * np.abs(turns), _LEAST_COST)
    pull = np.clip(evidence[frames], -_MOST_EVIDENCE, _MOST_EVIDENCE) * sign
    past, future = _carried(pull, cost), _carried(pull[::-1], cost[::-1])[::-1]
    odds[frames] = (past + future + pull) * sign
    return odds


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


def _carried(pull: FloatArray, cost: FloatArray) -> FloatArray:
    """Return for each step the log odds that the steps before it say, each change having a cost in log odds."""
    carried = np.zeros(len(pull))
    odds = 0.0
    for i, (here, price) in enumerate(zip(pull.tolist(), cost.tolist(), strict=False), start=1):
        # Never so large that its exponential overflows; the cost caps it far below.
        ratio, swap = math.exp(min(max(odds + here, -50.0), 50.0)), math.exp(-price)
        odds = math.log((ratio + swap) / (1.0 + swap * ratio))
        carried[i] = odds
    return carried
