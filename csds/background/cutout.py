"""The animal as it is cut out of single samples, and what all of them together say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from csds.background.masks import Mask, Picture, grow, mask_where

#: An animal that never left its place is one beyond doubt if it is found, alone and of one size, in this share
#: of the samples, …
_SURE_SAMPLES = 0.9
#: … its area within this factor of the median, …
_SURE_SIZE = 1.7
#: … anything else of an animal's size at most this share of its area, …
_SURE_ALONE = 0.3
#: … stands out by this many SDs of the noise …
_SURE_SDS = 12.0
#: … and this share of the floor's grey level, …
_SURE_CONTRAST = 0.25
#: … fills this share of its convex hull, …
_SURE_SOLIDITY = 0.5
#: … and if pixels that change by this many SDs of the noise …
_ALIVE_SDS = 8.0
#: … and this share of its contrast …
_ALIVE_CONTRAST = 0.25
#: … make at least this share of its area …
_ALIVE_SHARE = 0.04
#: … and lie at its place, this share of all that change in the arena.
_ALIVE_THERE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutout:
    """The animal in one sample.

    Parameters
    ----------
    sample : int
        Its number.
    solid : (height, width) uint8
        Mask of its solid part.
    area, second_area : float
        Of the solid part and of the next largest thing of an animal's size in that sample, 0 for none; pixels.
    difference : (height, width) uint8
        From the floor, around the animal; 0 elsewhere.
    """

    sample: int
    solid: Mask
    area: float
    second_area: float
    difference: Picture


def is_surely_alive(
    cutouts: Sequence[Cutout], samples: Picture, floor: Picture, mask: Mask, *, contrast: float, noise: float
) -> bool:
    """Return whether all the evidence there is says that what never left its place is the animal.

    It stands out strongly, as one stout piece of one size and alone; and it breathes, turns its head
    or shifts about: nearly all that changes in the arena does so at this place. A thing left on the
    floor fails the last, a restless picture too.
    """
    areas = np.array([cutout.area for cutout in cutouts])
    middle = float(np.median(areas))
    usual = (areas <= _SURE_SIZE * middle) & (areas >= middle / _SURE_SIZE)
    alone = np.array([cutout.second_area <= _SURE_ALONE * cutout.area for cutout in cutouts])
    place = np.maximum.reduce([cutout.solid for cutout in cutouts])
    level = float(np.median(floor[place > 0]))
    if (
        np.count_nonzero(usual & alone) < _SURE_SAMPLES * len(samples)
        or contrast < max(_SURE_SDS * noise, _SURE_CONTRAST * level)
        or float(np.median([_solidity(cutout) for cutout in cutouts])) < _SURE_SOLIDITY
    ):
        return False
    ordered = np.sort(samples, axis=0)
    # Without the most extreme sample to each side: one flash is no sign of life.
    reach = np.asarray(cv2.subtract(ordered[-2], ordered[1])) if len(samples) > 3 else np.zeros_like(floor)
    changed = mask_where((reach > max(_ALIVE_SDS * noise, _ALIVE_CONTRAST * contrast)) & (mask > 0))
    there = np.count_nonzero((changed > 0) & (grow(place, 0.35 * float(np.sqrt(middle / np.pi))) > 0))
    return bool(there >= max(_ALIVE_SHARE * middle, _ALIVE_THERE * np.count_nonzero(changed)))


def _solidity(cutout: Cutout) -> float:
    outline = np.asarray(cv2.findNonZero(cutout.solid), np.int32)
    # The hull runs through pixel centres; half a pixel more on each side is the area of the pixels.
    hull = np.asarray(cv2.convexHull(outline), np.int32)
    return cutout.area / (cv2.contourArea(hull) + 0.5 * cv2.arcLength(hull, True) + 1.0)
