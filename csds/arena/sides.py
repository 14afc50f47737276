"""Steps of grey levels along the sides of a floor plan, and within it where there should be none."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from csds.arena.plan import FloorPlan
from csds.model.shapes import FloatArray

#: Strips across a side that are looked at one by one …
_STRIPS = 12
#: … and the share of them that may disagree: the enclosure, an animal, a shadow.
_DISAGREE = 0.3
#: What is compared on both sides of a step, as a share of the floor's side: 1.2 cm of 42, without the nearest 0.3 cm,
#: as a drawn line has the same floor on both of its sides.
_REACH, _GAP = 1 / 35, 1 / 140
#: How far strips may be shifted against each other, as a share of the floor's side.
_SHIFT = 1 / 105
#: Nearest to a side that a step counts as within the floor, as a share of the floor's side.
_WITHIN = 1 / 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Steps that most strips agree on, in units of noise and texture.

    Parameters
    ----------
    sides : (4,) float
        At each side, from the upper one clockwise.
    inner : float
        The largest within the floor that runs from side to side.
    """

    sides: FloatArray
    inner: float


def find_steps(plan: FloorPlan) -> Steps:
    """Return the steps at a plan's sides and within it."""
    upper, lower, across = _steps(plan)
    left, right, along = _steps(plan.turned(3))
    return Steps(sides=np.array([upper, right, lower, left]), inner=max(across, along))


def _steps(plan: FloorPlan) -> tuple[float, float, float]:
    """Return the steps at the upper and the lower side, and the largest between them."""
    w, h = plan.size_cm
    left, right = plan.index(0.04 * w), plan.index(0.96 * w)
    edges = np.linspace(left, right, _STRIPS + 1).round().astype(int)
    columns = np.cumsum(np.pad(plan.still, ((0, 0), (1, 0))), axis=1, dtype=np.float64)
    profile = ((columns[:, edges[1:]] - columns[:, edges[:-1]]) / np.diff(edges)).T
    rows = profile.shape[1]
    side = max(w, h) * plan.px_per_cm
    reach, gap, shift = (max(1, round(share * side)) for share in (_REACH, _GAP, _SHIFT))
    total = np.cumsum(np.pad(profile, ((0, 0), (1, 0))), axis=1)
    at = np.arange(reach, rows - reach)
    step = ((total[:, at + reach] - total[:, at + gap]) - (total[:, at - gap] - total[:, at - reach])) / (reach - gap)
    noise = max(1.5 * float(np.median(np.abs(step))), 0.3)
    agreed = np.maximum(_agreed(step, 2 * reach + shift, shift), _agreed(-step, 2 * reach + shift, shift)) / noise
    upper, lower = plan.index(0) - reach, plan.index(h) - reach
    within = round(_WITHIN * side)
    return (
        float(agreed[max(upper - shift, 0) : upper + shift + 1].max()),
        float(agreed[lower - shift : lower + shift + 1].max()),
        float(agreed[upper + within : lower - within].max()),
    )


def _agreed(step: FloatArray, apart: int, shift: int) -> FloatArray:
    """Return at each row the step upwards that most strips have, beyond what a slope of light has all over."""
    padded = np.pad(step, ((0, 0), (apart, apart)), mode="edge")
    slope = np.maximum(0.0, (padded[:, : -2 * apart] + padded[:, 2 * apart :]) / 2)
    alone = (step - slope).astype(np.float32)
    widest = np.asarray(cv2.dilate(alone, np.ones((1, 2 * shift + 1), np.uint8)), float)
    rank = int(_DISAGREE * len(step))
    return np.asarray(np.partition(widest, rank, axis=0)[rank], float)
