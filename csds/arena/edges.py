"""All straight edges near one side of a possible floor, and which of them can be the floor's own."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from csds.arena.geometry import homographies, take
from csds.arena.still import Picture
from csds.model.shapes import FloatArray

#: Strips along a side that are looked at one by one, the lines of pixels in each …
_STRIPS, _LINES = 12, 2
#: … and the share of them that may disagree: the enclosure, an animal, clutter.
_DISAGREE = 0.3
#: How far inwards and outwards from a side edges are looked for, in steps; the side has 300 (0.14 cm of 42).
_REACH, _SIDE = 36, 300
#: An edge's two ends may be shifted against each other by this many steps, either way.
_SKEW = 5
#: What is compared on both sides of an edge, steps: 0.9 cm of 42 without the nearest 0.25 cm.
_FAR, _NEAR = 7, 2
#: Edges kept for each side, and how near to each other they may be, steps.
_KEPT, _APART = 5, 3
#: Change per pixel that an edge in a sharp picture has at most, as a share of its step.
_SHARP = 0.3
#: An edge that lies this many steps further inwards than another is within that one's floor (0.35 cm of 42).
_INSIDE = 2.5
#: Ends of a side that are left out, as a share of it.
_ENDS = 0.05
#: Blur before changes are taken, working pixels.
_BLUR_PX = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class SideEdges:
    """The edges near one side, (n,) each.

    Parameters
    ----------
    start, end : float
        By how much the edge lies outwards from the side's first and second corner, as a share of the floor's side.
    change : float
        Grey levels per working pixel across the edge that most strips agree on.
    within : float
        The same of the strongest sharp step that lies further inwards: there is none within a floor.
    noise : float
        What change most strips agree on where there is no edge.
    """

    start: FloatArray
    end: FloatArray
    change: FloatArray
    within: FloatArray
    noise: float


def side_edges(corners: FloatArray, side: int, grey: Picture) -> SideEdges:
    """Return the edges near one side of a quadrilateral, the likeliest first.

    Parameters
    ----------
    corners : (4, 2) float
        Clockwise.
    side : int
        0 for the one between the first two corners, clockwise.
    grey : (height, width) float32
        Slightly smoothed (`smoothed`).
    """
    profile, step_px = _profile(corners, side, grey)
    change = np.gradient(profile, axis=1) / step_px
    total = np.cumsum(np.pad(profile, ((0, 0), (1, 0))), axis=1)
    at = np.arange(profile.shape[1])
    low, high = np.maximum(at - _FAR, 0), np.minimum(at + _FAR + 1, len(at))
    before = (total[:, np.maximum(at - _NEAR, 1)] - total[:, low]) / np.maximum(np.maximum(at - _NEAR, 1) - low, 1)
    first = np.minimum(at + _NEAR + 1, len(at) - 1)
    after = (total[:, high] - total[:, first]) / np.maximum(high - first, 1)
    step = after - before
    best, skews, steps = np.zeros(len(at)), np.zeros(len(at), int), np.zeros(len(at))
    for skew in range(-_SKEW, _SKEW + 1):
        moved = _skewed(change, skew)
        for sign in (1.0, -1.0):
            agreed = _agreed(sign * moved)
            better = agreed > best
            if better.any():
                best, skews = np.where(better, agreed, best), np.where(better, skew, skews)
                steps = np.where(better, _agreed_step(sign * _skewed(step, skew)), steps)
    noise = max(float(np.percentile(best, 30)), 0.12)
    kept = _peaks(best, noise)
    sharp = best[kept] * np.minimum(1.0, best[kept] / (_SHARP * steps[kept] + 1e-6)) ** 2
    sharp *= np.clip(_SHARP * steps[kept] / (best[kept] + 1e-6), 0.0, 1.0)
    place = (kept - _REACH) / _SIDE
    inwards = place[:, None] - place[None] > _INSIDE / _SIDE
    within = np.where(inwards, sharp[None], 0.0).max(axis=1, initial=0.0)
    lean = skews[kept] / _SIDE
    order = np.argsort(-np.minimum(best[kept], 8 * noise) + 2.0 * within, kind="stable")[:_KEPT]
    return SideEdges(
        start=(place - lean)[order],
        end=(place + lean)[order],
        change=best[kept][order],
        within=within[order],
        noise=noise,
    )


def smoothed(grey: Picture) -> Picture:
    """Return a picture slightly smoothed, as `side_edges` takes it."""
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), _BLUR_PX), np.float32)


def _profile(corners: FloatArray, side: int, grey: Picture) -> tuple[FloatArray, float]:
    """Return grey levels from inside to outside for each strip of a side, and a step's length in pixels."""
    turned = np.roll(corners, -side, axis=0)
    along = np.linspace(_ENDS, 1 - _ENDS, _STRIPS * _LINES)[:, None]
    away = -(np.arange(-_REACH, _REACH + 1) / _SIDE)[None]
    x, y = np.broadcast_arrays(along, away)
    px, py = take(homographies(turned[None], (1.0, 1.0)), x[None], y[None])
    taken = cv2.remap(
        grey, px[0].astype(np.float32), py[0].astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    profile = np.asarray(taken, float).reshape(_STRIPS, _LINES, -1).mean(axis=1)
    middle = np.array([px[0, _STRIPS, [0, -1]], py[0, _STRIPS, [0, -1]]])
    return profile, max(float(np.hypot(*(middle[:, 1] - middle[:, 0]))) / (2 * _REACH), 1e-3)


def _skewed(values: FloatArray, skew: int) -> FloatArray:
    """Return each strip's values moved so that an edge whose ends are shifted by ``skew`` steps lies straight."""
    shifts = np.round(np.linspace(-skew, skew, _STRIPS)).astype(int)
    index = np.clip(np.arange(values.shape[1]) + shifts[:, None], 0, values.shape[1] - 1)
    return np.asarray(np.take_along_axis(values, index, axis=1))


def _agreed(change: FloatArray) -> FloatArray:
    padded = np.pad(change, ((0, 0), (1, 1)), mode="edge")
    widest = np.maximum(np.maximum(padded[:, :-2], padded[:, 1:-1]), padded[:, 2:])
    # A little of the strips' own values: where several places are as good, the middle one.
    return _agreed_step(widest) + 0.05 * _agreed_step(change)


def _agreed_step(values: FloatArray) -> FloatArray:
    rank = int(_DISAGREE * len(values))
    return np.asarray(np.partition(values, rank, axis=0)[rank], float)


def _peaks(best: FloatArray, noise: float) -> np.ndarray[tuple[int], np.dtype[np.int_]]:
    padded = np.pad(best, _APART, mode="constant", constant_values=-1.0)
    highest = np.max([padded[i : i + len(best)] for i in range(2 * _APART + 1)], axis=0)
    inner = np.arange(len(best))
    margin = (inner >= _APART) & (inner < len(best) - _APART)
    return np.flatnonzero((best >= highest) & (best > 1.6 * noise) & margin)
