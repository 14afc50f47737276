"""Steps of grey levels along the sides of possible floors, and within them where there should be none."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from csds.arena.geometry import homographies, take
from csds.arena.still import Picture
from csds.model.shapes import FloatArray

#: Strips across a side that are looked at one by one, the lines of pixels in each …
_STRIPS, _LINES = 12, 2
#: … and the share of them that may disagree: the enclosure, an animal, a shadow.
_DISAGREE = 0.3
#: Places from side to side, and beyond each side, where grey levels are taken.
_PLACES, _BEYOND = 112, 14
#: What is compared on both sides of a step, in places: 1.2 cm of 42, without the nearest 0.4 cm, as a drawn line has
#: the same floor on both of its sides.
_REACH, _GAP = 4, 1
#: How far strips may be shifted against each other, in places.
_SHIFT = 1
#: Nearest to a side that a step counts as within the floor, in places.
_WITHIN = 7
#: Ends of the sides that are left out, as a share of them.
_ENDS = 0.04
#: Blur before grey levels are taken, working pixels.
_BLUR_PX = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Steps that most strips agree on, in units of noise and texture.

    Parameters
    ----------
    sides : (n, 4) float
        At each side, from the one between the first two corners clockwise.
    inner : (n,) float
        The largest within the floor that runs from side to side.
    """

    sides: FloatArray
    inner: FloatArray


def find_steps(corners: FloatArray, grey: Picture) -> Steps:
    """Return the steps at the sides of quadrilaterals, (n, 4, 2), and within them."""
    smooth = np.asarray(cv2.GaussianBlur(grey, (0, 0), _BLUR_PX), np.float32)
    to_picture = homographies(corners, (1.0, 1.0))
    along = np.linspace(_ENDS, 1 - _ENDS, _STRIPS * _LINES)[:, None]
    away = (np.arange(-_BEYOND, _PLACES + _BEYOND + 1) / _PLACES)[None]
    upper, lower, across = _steps(smooth, take(to_picture, *_grid(along, away)))
    left, right, down = _steps(smooth, take(to_picture, *_grid(along, away)[::-1]))
    return Steps(sides=np.stack([upper, right, lower, left], axis=1), inner=np.maximum(across, down))


def _grid(along: FloatArray, away: FloatArray) -> tuple[FloatArray, FloatArray]:
    x, y = np.broadcast_arrays(along[None], away[None])
    return x, y


def _steps(grey: Picture, places: tuple[FloatArray, FloatArray]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the steps at the first and the last side, and the largest between them, (n,) each."""
    x, y = places
    count, lines, length = x.shape
    # OpenCV takes at most 32,767 rows.
    taken = [
        cv2.remap(grey, part_x, part_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for part_x, part_y in _parts(x.reshape(-1, length), y.reshape(-1, length))
    ]
    profile = np.concatenate(taken).reshape(count, _STRIPS, lines // _STRIPS, length).mean(axis=2, dtype=np.float64)
    total = np.cumsum(np.pad(profile, ((0, 0), (0, 0), (1, 0))), axis=2)
    at = np.arange(_REACH, length - _REACH)
    after, before = (
        total[..., at + _REACH + 1] - total[..., at + _GAP + 1],
        total[..., at - _GAP] - total[..., at - _REACH],
    )
    step = (after - before) / (_REACH - _GAP)
    noise = np.maximum(1.5 * np.median(np.abs(step[:, :, ::3]), axis=(1, 2)), 0.3)
    agreed = np.maximum(_agreed(step), _agreed(-step)) / noise[:, None]
    first, last = _BEYOND - _REACH, _BEYOND + _PLACES - _REACH
    return (
        agreed[:, first - _SHIFT : first + _SHIFT + 1].max(axis=1),
        agreed[:, last - _SHIFT : last + _SHIFT + 1].max(axis=1),
        agreed[:, first + _WITHIN : last - _WITHIN + 1].max(axis=1),
    )


def _parts(x: FloatArray, y: FloatArray) -> list[tuple[Picture, Picture]]:
    first, second = np.asarray(x, np.float32), np.asarray(y, np.float32)
    return [(first[i : i + 30_000], second[i : i + 30_000]) for i in range(0, len(first), 30_000)]


def _agreed(step: FloatArray) -> FloatArray:
    """Return at each place the step upwards that most strips have, beyond what a slope of light has all over."""
    apart = 2 * _REACH + _SHIFT
    padded = np.pad(step, ((0, 0), (0, 0), (apart, apart)), mode="edge")
    slope = np.maximum(0.0, (padded[..., : -2 * apart] + padded[..., 2 * apart :]) / 2)
    alone = np.pad(step - slope, ((0, 0), (0, 0), (_SHIFT, _SHIFT)), mode="edge")
    widest = np.max([alone[..., i : i + step.shape[2]] for i in range(2 * _SHIFT + 1)], axis=0)
    rank = int(_DISAGREE * _STRIPS)
    return np.asarray(np.partition(widest, rank, axis=1)[:, rank], float)
