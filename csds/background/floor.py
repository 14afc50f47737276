"""The floor itself: noise, and the far side of what each pixel shows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from csds.background.masks import Mask, Picture
from csds.model.protocol import Polarity


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
    ordered = np.sort(samples, axis=0).astype(np.float32)
    if polarity == "dark":
        ordered = 255.0 - ordered[::-1]
    mark = ordered[min(1, len(ordered) - 1)]
    count = np.maximum(1, np.sum(ordered <= mark + 5.0 * noise, axis=0))
    low = np.take_along_axis(ordered, ((count - 1) // 2)[None], axis=0)[0]
    high = np.take_along_axis(ordered, (count // 2)[None], axis=0)[0]
    floor = (low + high) / 2
    return np.asarray(np.round(255.0 - floor if polarity == "dark" else floor), np.uint8)


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
    ordered = np.sort(np.where(hidden > 0, np.uint8(255), samples), axis=0)
    low = np.take_along_axis(ordered, np.maximum(free - 1, 0)[None] // 2, axis=0)[0]
    high = np.take_along_axis(ordered, np.minimum(free // 2, len(samples) - 1)[None], axis=0)[0]
    middle = ((low.astype(np.uint16) + high + 1) // 2).astype(np.uint8)
    return np.where(free >= least, middle, first)
