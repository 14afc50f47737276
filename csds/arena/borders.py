"""What the picture shows across the sides of possible floors: the floor's own edge, and edges within and beyond it."""

from __future__ import annotations

import cv2
import numpy as np

from csds.arena.geometry import homographies, take
from csds.arena.still import Picture
from csds.model.shapes import FloatArray

#: What `border_terms` returns for each side, 0 to 1 each. "Own" is the edge at the side itself; steps are compared a
#: little away from an edge, changes are those right at it; all are what most strips along the side agree on.
BORDER_TERMS = (
    "own_step",  # the side's own step
    "own_change",  # the side's own change
    "bare_beside_own",  # how much the floor beside the side differs from that further in, beside the own step
    "bare_beside_beyond",  # the same beside what lies beyond the side
    "inner_step_beside_own",  # the largest step within the floor, beside the own one
    "inner_change_beside_own",
    "outer_step_beside_own",  # the largest step beyond the floor, beside the own one
    "outer_change_beside_own",
    "near_inner_change",  # the largest change just within the side, beside the own one
    "near_outer_change",
    "inner_step",
    "inner_change",
    "bare",  # how much the floor beside the side differs from that further in
    "beyond",  # how much what lies beyond the side differs from the floor
    "outer_step",
    "outer_change",
)

#: Strips along a side that are looked at one by one, the lines of pixels in each …
_STRIPS, _LINES = 12, 2
#: … and the share of them that may disagree: the enclosure, an animal, clutter.
_DISAGREE = 0.3
#: Places in a floor's side (each 0.2 cm of 42), and how many are looked at outwards and inwards from its edge.
_SIDE, _OUT, _IN = 210, 30, 60
#: What is compared on both sides of an edge, in places, without the nearest.
_FAR, _NEAR = 5, 1
#: How far strips may be shifted against each other, in places.
_SHIFT = 1
#: Nearest to the side that another edge begins, and how far in it is looked for, in places.
_APART, _WITHIN = 4, 40
#: Ends of the sides that are left out, as a share of them.
_ENDS = 0.05
#: Blur before grey levels are taken, working pixels.
_BLUR_PX = 0.8
#: Quadrilaterals that are looked at in one go.
_AT_ONCE = 64
#: Step and change, in units of the picture's noise and texture, that are as sure as can be.
_SURE_STEP, _SURE_CHANGE = 25.0, 12.0


def blurred(grey: Picture) -> Picture:
    """Return a picture slightly blurred, as `border_terms` takes it."""
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), _BLUR_PX), np.float32)


def border_terms(corners: FloatArray, grey: Picture) -> FloatArray:
    """Return what is seen across the sides of n quadrilaterals, (n, 4, terms), clockwise from the first side.

    Parameters
    ----------
    corners : (n, 4, 2) float
        Clockwise.
    grey : picture
        What stands still, `blurred`.
    """
    return np.stack([side_terms(np.roll(corners, -side, axis=1), grey) for side in range(4)], axis=1)


def side_terms(corners: FloatArray, grey: Picture) -> FloatArray:
    """Return what is seen across the first sides of n quadrilaterals, (n, terms)."""
    # A few at a time stay in the processor's cache.
    few = [_side_terms(corners[i : i + _AT_ONCE], grey) for i in range(0, len(corners), _AT_ONCE)]
    return np.concatenate(few) if few else np.zeros((0, len(BORDER_TERMS)))


def _side_terms(corners: FloatArray, grey: Picture) -> FloatArray:
    profile = _profile(corners, grey)
    total = np.cumsum(np.pad(profile, ((0, 0), (0, 0), (1, 0))), axis=2)
    at = np.arange(_FAR, profile.shape[2] - _FAR)
    within = total[..., at + _FAR + 1] - total[..., at + _NEAR + 1]
    without = total[..., at - _NEAR] - total[..., at - _FAR]
    step = (within - without) / (_FAR - _NEAR)
    change = np.gradient(profile, axis=2)[..., _FAR:-_FAR]
    noise = np.maximum(1.5 * np.median(np.abs(step[:, :, _OUT + _APART :: 3]), axis=(1, 2)), 0.3)[:, None]
    steps, changes = (_agreed(a) / noise for a in (step, change))
    zero = _OUT - _FAR
    own, inner, outer = slice(zero - 1, zero + 2), slice(zero + _APART, zero + _WITHIN), slice(0, zero - _APART + 1)
    floor = np.median(profile[..., _OUT + 10 :], axis=2)
    bare, beyond = (
        np.median(np.abs(profile[..., places].mean(axis=2) - floor), axis=1) / noise[:, 0]
        for places in (slice(_OUT + 2, _OUT + 6), slice(_OUT - 5, _OUT - 1))
    )
    own_step, inner_step, outer_step = (steps[:, places].max(axis=1) for places in (own, inner, outer))
    own_change, inner_change, outer_change = (changes[:, places].max(axis=1) for places in (own, inner, outer))
    near_in, near_out = (
        changes[:, places].max(axis=1) for places in (slice(zero + 2, zero + 8), slice(zero - 7, zero - 1))
    )
    return np.column_stack(
        [
            np.minimum(np.log1p(own_step) / np.log1p(_SURE_STEP), 1.0),
            np.minimum(np.log1p(own_change) / np.log1p(_SURE_CHANGE), 1.0),
            bare / (bare + own_step + 1),
            bare / (bare + beyond + 1),
            inner_step / (inner_step + own_step + 1),
            inner_change / (inner_change + own_change + 1),
            outer_step / (outer_step + own_step + 1),
            outer_change / (outer_change + own_change + 1),
            near_in / (near_in + own_change + 0.5),
            near_out / (near_out + own_change + 0.5),
            inner_step / (inner_step + 6),
            inner_change / (inner_change + 3),
            bare / (bare + 4),
            beyond / (beyond + 4),
            outer_step / (outer_step + 6),
            outer_change / (outer_change + 3),
        ]
    )


def _profile(corners: FloatArray, grey: Picture) -> FloatArray:
    """Return grey levels from outside to inside, (n, strips, places), across the sides between the first corners."""
    along = np.linspace(_ENDS, 1 - _ENDS, _STRIPS * _LINES)[:, None]
    away = (np.arange(-_OUT, _IN + 1) / _SIDE)[None]
    px, py = take(homographies(corners, (1.0, 1.0)), along[None], away[None])
    count, lines, length = px.shape
    px, py = px.reshape(-1, length).astype(np.float32), py.reshape(-1, length).astype(np.float32)
    # OpenCV takes at most 32,767 rows.
    taken = [
        cv2.remap(grey, px[i : i + 30_000], py[i : i + 30_000], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for i in range(0, len(px), 30_000)
    ]
    return np.asarray(np.concatenate(taken).reshape(count, _STRIPS, lines // _STRIPS, length).mean(axis=2), float)


def _agreed(step: FloatArray) -> FloatArray:
    """Return at each place the step, up or down, that most strips have."""
    padded = np.pad(np.moveaxis(step, 1, 0), ((0, 0), (0, 0), (_SHIFT, _SHIFT)), mode="edge")
    before, at, after = padded[..., :-2], padded[..., 1:-1], padded[..., 2:]
    rank = int(_DISAGREE * _STRIPS)
    upwards = _ranked(np.maximum(np.maximum(before, at), after), rank)
    downwards = _ranked(-np.minimum(np.minimum(before, at), after), rank)
    return np.asarray(np.maximum(np.maximum(upwards, downwards), 0.0), np.float64)


def _ranked(rows: FloatArray, rank: int) -> FloatArray:
    """Return at each place the value of that rank among the rows, from 0 for the smallest.

    Whole rows are compared at once, which is faster than numpy's partition of each place's few values.
    """
    smallest: list[FloatArray] = []
    for row in rows:
        carried = row
        for i, kept in enumerate(smallest):
            smallest[i], carried = np.minimum(kept, carried), np.maximum(kept, carried)
        if len(smallest) <= rank:
            smallest.append(carried)
    return smallest[rank]
