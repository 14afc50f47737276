"""All straight edges near one side of a possible floor."""

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
#: An edge's two ends may be shifted against each other by this many steps, either way …
_SKEW = 5
_SKEWS = np.arange(-_SKEW, _SKEW + 1)
#: … and its strips between them, (skews, strips).
_SHIFTS = np.round(_SKEWS[:, None] * np.linspace(-1, 1, _STRIPS)).astype(int)
#: Edges kept for each side, and how near to each other they may be, steps.
_KEPT, _APART = 7, 3
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
    """

    start: FloatArray
    end: FloatArray


def side_edges(corners: FloatArray, side: int, grey: Picture) -> SideEdges:
    """Return the edges near one side of a quadrilateral, the strongest first.

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
    # All skews and both signs at once, (signs, skews, strips, places).
    signs = np.array([1.0, -1.0])[:, None, None, None]
    agreed = _agreed(signs * _skewed(change))
    flat = agreed.reshape(-1, change.shape[1])
    pick = flat.argmax(axis=0)
    best = np.maximum(flat[pick, np.arange(change.shape[1])], 0.0)
    skews = pick % len(_SKEWS) - _SKEW
    noise = max(float(np.percentile(best, 30)), 0.12)
    kept = _peaks(best, noise)
    kept = kept[np.argsort(-best[kept], kind="stable")[:_KEPT]]
    place, lean = (kept - _REACH) / _SIDE, skews[kept] / _SIDE
    return SideEdges(start=place - lean, end=place + lean)


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


def _skewed(values: FloatArray) -> FloatArray:
    """Return each strip's values moved so that an edge whose ends are shifted lies straight, (skews, …)."""
    index = np.clip(np.arange(values.shape[1]) + _SHIFTS[..., None], 0, values.shape[1] - 1)
    return np.asarray(values[np.arange(_STRIPS)[:, None], index])


def _agreed(change: FloatArray) -> FloatArray:
    """Return at each place the change that most strips have, (..., places) for (..., strips, places)."""
    first, last = change[..., :1], change[..., -1:]
    before, after = (
        np.concatenate([first, change[..., :-1]], axis=-1),
        np.concatenate([change[..., 1:], last], axis=-1),
    )
    widest = np.maximum(np.maximum(before, change), after)
    rank = int(_DISAGREE * _STRIPS)
    # A little of the strips' own values: where several places are as good, the middle one.
    return np.asarray(
        np.partition(widest, rank, axis=-2)[..., rank, :] + 0.05 * np.partition(change, rank, axis=-2)[..., rank, :]
    )


def _peaks(best: FloatArray, noise: float) -> np.ndarray[tuple[int], np.dtype[np.int_]]:
    padded = np.pad(best, _APART, mode="constant", constant_values=-1.0)
    highest = np.max([padded[i : i + len(best)] for i in range(2 * _APART + 1)], axis=0)
    inner = np.arange(len(best))
    margin = (inner >= _APART) & (inner < len(best) - _APART)
    return np.flatnonzero((best >= highest) & (best > 1.6 * noise) & margin)
