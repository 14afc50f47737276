"""The animal as it is cut out of single samples, and what all of them together say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from csds.background.masks import Mask, Picture, grow, mask_where
from csds.background.ordered import sort_samples

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
#: … and lie at its place, or adjoin it as its tail does, this share of all that change in the arena.
_ALIVE_THERE = 0.8
#: How far from its place a tail reaches, in mean radii.
_TAIL_RADII = 4.0
#: … parts of it being so near to each other, …
_TOGETHER_RADII = 0.3
#: … and how far from the enclosure its target does.
_TARGET_RADII = 1.5
#: An animal has moved from place to place if no pixel is its own in more than this share of the samples.
_MOST_THERE = 0.6


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


def has_moved(cutouts: Sequence[Cutout], count: int) -> bool:
    """Return whether the animal was, alone, in one place after the other in most of ``count`` samples."""
    alone = [cutout for cutout in cutouts if cutout.second_area <= _SURE_ALONE * cutout.area]
    if len(alone) < _SURE_SAMPLES * count:
        return False
    there = np.sum([cutout.solid > 0 for cutout in alone], axis=0)
    return bool(there.max() <= _MOST_THERE * len(alone))


def is_surely_alive(
    cutouts: Sequence[Cutout],
    stacks: Sequence[Picture],
    floor: Picture,
    mask: Mask,
    *,
    enclosure: Mask | None,
    contrast: float,
    noise: float,
) -> bool:
    """Return whether all the evidence there is says that what never left its place is the animal.

    It stands out strongly, as one stout piece of one size and alone; and it breathes, turns its head
    or shifts about: nearly all that changes in the arena within any of the recordings does so at this
    place, or beside the enclosure, where a target's snout and tail reach out. A thing left on the floor
    fails the last, a restless picture too.
    """
    areas = np.array([cutout.area for cutout in cutouts])
    middle = float(np.median(areas))
    usual = (areas <= _SURE_SIZE * middle) & (areas >= middle / _SURE_SIZE)
    alone = np.array([cutout.second_area <= _SURE_ALONE * cutout.area for cutout in cutouts])
    place = np.maximum.reduce([cutout.solid for cutout in cutouts])
    level = float(np.median(floor[place > 0]))
    if (
        np.count_nonzero(usual & alone) < _SURE_SAMPLES * sum(map(len, stacks))
        or contrast < max(_SURE_SDS * noise, _SURE_CONTRAST * level)
        or float(np.median([_solidity(cutout) for cutout in cutouts])) < _SURE_SOLIDITY
    ):
        return False
    least = max(_ALIVE_SDS * noise, _ALIVE_CONTRAST * contrast)
    changed = mask_where(np.any([_reach(samples) > least for samples in stacks], axis=0) & (mask > 0))
    radius = float(np.sqrt(middle / np.pi))
    near = grow(place, 0.35 * radius) & mask
    # A tail's root moves less than the rest of it: what is near enough to each other belongs together.
    _, numbers = cv2.connectedComponents(grow(changed | near, _TOGETHER_RADII * radius), connectivity=8)
    labels = np.asarray(numbers)
    own = np.isin(labels, np.unique(labels[near > 0])) & (grow(place, _TAIL_RADII * radius) > 0)
    if enclosure is not None:
        changed[(grow(enclosure, _TARGET_RADII * radius) > 0) & ~own] = 0
    # Specks along the edges of things are compression's.
    sizes = np.bincount(labels[changed > 0], minlength=int(labels.max()) + 1)
    counts = (changed > 0) & (own | (sizes[labels] >= _ALIVE_SHARE * middle))
    moved = np.count_nonzero((changed > 0) & (near > 0))
    return bool(
        moved >= _ALIVE_SHARE * middle and np.count_nonzero(counts & own) >= _ALIVE_THERE * np.count_nonzero(counts)
    )


def _reach(samples: Picture) -> Picture:
    """Return by how much each pixel changes over samples of one recording."""
    ordered = sort_samples(samples)
    # Without the most extreme sample to each side: one flash is no sign of life.
    return np.asarray(cv2.subtract(ordered[-2], ordered[1]) if len(samples) > 3 else 0 * samples[0], np.uint8)


def _solidity(cutout: Cutout) -> float:
    outline = np.asarray(cv2.findNonZero(cutout.solid), np.int32)
    # The hull runs through pixel centres; half a pixel more on each side is the area of the pixels.
    hull = np.asarray(cv2.convexHull(outline), np.int32)
    return cutout.area / (cv2.contourArea(hull) + 0.5 * cv2.arcLength(hull, True) + 1.0)
