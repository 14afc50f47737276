"""The floor itself: noise, and the far side of what each pixel shows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from csds.background.masks import Mask, Picture, find_blobs, grow, mask_where, ring_around, without_thin
from csds.background.ordered import median_picture, sort_samples
from csds.model.protocol import Polarity

#: A smaller spot of the floor than this, in pixels, is not worth asking about.
_LEAST_GHOST_PX = 12.0
#: How far around it a spot's rim is wrong as well, pixels.
_GHOST_RIM_PX = 4.0


def measure_noise(stacks: Sequence[Picture], mask: Mask) -> float:
    """Return the SD of a floor pixel over time, in grey levels.

    From the differences of samples that follow each other, without the tenths that differ most
    either way, among which the animal's few pixels are.
    """
    spreads = [
        _trimmed_sd(after[mask > 0].astype(np.int16) - before[mask > 0])
        for stack in stacks
        for before, after in itertools.pairwise(stack)
    ]
    return float(np.median(spreads)) / float(np.sqrt(2.0)) if spreads else 0.0


def _trimmed_sd(values: NDArray[np.int16]) -> float:
    middle = np.sort(values)[len(values) // 10 : len(values) - len(values) // 10]
    # A normal distribution without its outer tenths has 0.662 of its SD.
    return float(np.std(middle)) / 0.662


def far_side(samples: Picture, polarity: Polarity, noise: float) -> Picture:
    """Return for each pixel the typical grey level of its states farthest from the animal's side.

    The second most extreme sample sets the mark (one flash or passing reflection doesn't); the
    median of the samples within five noise SDs of it is the floor.
    """
    ordered = sort_samples(samples).astype(np.float32)
    if polarity == "dark":
        ordered = 255.0 - ordered[::-1]
    mark = ordered[min(1, len(ordered) - 1)]
    count = np.maximum(1, np.sum(ordered <= mark + 5.0 * noise, axis=0))
    low = np.take_along_axis(ordered, ((count - 1) // 2)[None], axis=0)[0]
    high = np.take_along_axis(ordered, (count // 2)[None], axis=0)[0]
    floor = (low + high) / 2
    return np.asarray(np.round(255.0 - floor if polarity == "dark" else floor), np.uint8)


def without_ghosts(floor: Picture, samples: Picture, mask: Mask, polarity: Polarity, *, limit: float) -> Picture:
    """Return the floor without what a few samples left in it: a sleeve, a hand, a flash on the far side.

    Where at least half of the samples differ from the floor, either an animal sits there in the
    samples or the floor is wrong. What differs more from what is around it, in its own picture, is
    the thing that doesn't belong there.

    Parameters
    ----------
    limit : float
        Differences above it count, grey levels.
    """
    darker, lighter = (floor, samples) if polarity == "dark" else (samples, floor)
    differs = (darker > lighter) & (darker - lighter > limit)
    often = mask_where((2 * np.count_nonzero(differs, axis=0) >= len(samples)) & (mask > 0))
    cleaned = floor
    median: Picture | None = None
    for blob in find_blobs(without_thin(often, 1.0), area_px=(_LEAST_GHOST_PX, np.inf), most=8):
        if median is None:
            median = median_picture(samples)
        ring = ring_around(blob.mask, mask, width=3)
        if not ring.any():
            continue
        inside = blob.mask > 0
        in_samples, in_floor = (
            abs(float(np.median(picture[inside])) - float(np.median(picture[ring]))) for picture in (median, floor)
        )
        if in_floor > in_samples:
            cleaned = np.where(grow(blob.mask, _GHOST_RIM_PX) > 0, median, cleaned)
    return cleaned


def floor_between_visits(first: Picture, samples: Picture, hidden: Picture, *, least: int) -> Picture:
    """Return the median of each pixel over the samples that don't hide it, where at least ``least`` don't.

    Elsewhere the first floor stays.

    Parameters
    ----------
    first : (height, width) uint8
    samples : (n, height, width) uint8
    hidden : (n, height, width) uint8
        255 where the animal, and what surrounds it closely, hides the floor.
    least : int
        How many samples must show a pixel.
    """
    free = np.count_nonzero(hidden == 0, axis=0)
    # Hidden states stand last in the order, whatever they are.
    ordered = sort_samples(np.where(hidden > 0, np.uint8(255), samples))
    low = np.take_along_axis(ordered, np.maximum(free - 1, 0)[None] // 2, axis=0)[0]
    high = np.take_along_axis(ordered, np.minimum(free // 2, len(samples) - 1)[None], axis=0)[0]
    middle = ((low.astype(np.uint16) + high + 1) // 2).astype(np.uint8)
    return np.where(free >= least, middle, first)
