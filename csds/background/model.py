"""The empty floor, from a few frames of all phases, never with the animal in it.

Medians, running averages and mixtures take in an animal that sits in one place for most of the
test, which is what a susceptible mouse does. Here the floor is the *other side*: with a dark
animal the brightest state that a pixel holds repeatedly, with a light one the darkest, over the
samples of every phase in the same arena. One visit elsewhere is enough to see the floor beneath.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.background.floor import even_out, far_side, measure_noise
from csds.background.masks import Picture, find_blobs, grow, largest_part, solid_parts
from csds.background.polarity import find_polarity
from csds.background.still import BackgroundSpec, polarity_of_still_animal, take_out_still_animal
from csds.errors import TrackingError
from csds.model.protocol import Polarity

#: A pixel's noise is never taken to be less than this (8-bit rounding and compression), grey levels.
_LEAST_NOISE = 0.8
#: Differences below this many noise SDs are floor.
_NOISE_SDS = 4.0
#: The animal's outline lies where its contrast with the floor has fallen to this share of its typical one …
_OUTLINE = 0.35
#: … or lower (dim fur between bright paws), until it is one piece in this share of the samples.
_WHOLE = 0.9
#: A tail is at most this share of the animal's mean radius to each side of its middle.
_TAIL_SHARE = 0.18


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """The empty floor of one arena, and how the animal stands out from it.

    Parameters
    ----------
    floor : (height, width) uint8
        Grey levels of the working grid without the animal.
    polarity : str
        ``dark`` or ``light``: the animal against the floor.
    noise : float
        SD of one pixel over time, grey levels.
    absorbed : bool
        True where an animal seems never to have left one place in any sample; its picture was
        taken out of the floor by guessing what lies beneath.
    contrast : float
        Typical difference of the animal from the floor, grey levels.
    threshold : float
        Difference that a pixel of the animal has at least, grey levels.
    animal_area_px : float
        Typical area of the animal without tail, working pixels.
    found_share : float
        Share of the samples in which the animal stands out.
    """

    floor: Picture
    polarity: Polarity
    noise: float
    absorbed: bool = False
    contrast: float = 0.0
    threshold: float = 0.0
    animal_area_px: float = 0.0
    found_share: float = 0.0

    @property
    def tail_px(self) -> float:
        """Half the width, in working pixels, below which a part of the animal is its tail."""
        return max(1.0, _TAIL_SHARE * float(np.sqrt(self.animal_area_px / np.pi)))

    def difference(self, picture: Picture, floor: Picture | None = None) -> Picture:
        """Return by how many grey levels a picture differs from the floor towards the animal's side, 0 elsewhere."""
        empty = self.floor if floor is None else floor
        differs = cv2.subtract(empty, picture) if self.polarity == "dark" else cv2.subtract(picture, empty)
        return np.asarray(differs, np.uint8)


def learn_background(recordings: Sequence[Picture], spec: BackgroundSpec) -> Background:
    """Return the empty floor from samples of every recording of one arena.

    Parameters
    ----------
    recordings : sequence of (n, height, width) uint8
        Samples on the working grid, one stack a recording.
    spec : BackgroundSpec

    Raises
    ------
    TrackingError
        If there are no samples, or nothing in them stands out from the floor.
    """
    stacks = [stack for stack in recordings if len(stack)]
    if not stacks:
        raise TrackingError(
            "no frame of the window could be decoded",
            hint="Check start_s and duration_s against the recording's length.",
        )
    noise = max(_LEAST_NOISE, measure_noise(stacks, spec.mask))
    samples = even_out(np.concatenate(stacks), spec.mask)
    polarity = spec.polarity
    if polarity == "auto":
        polarity, _ = find_polarity(samples, spec.mask, noise=noise, area_px=spec.area_px)
    if polarity == "auto":
        polarity = polarity_of_still_animal(np.median(samples, axis=0).astype(np.uint8), spec, noise)
    floor, absorbed = take_out_still_animal(far_side(samples, polarity, noise), polarity, samples, spec, noise)
    return _with_contrast(Background(floor=floor, polarity=polarity, noise=noise, absorbed=absorbed), samples, spec)


def _with_contrast(background: Background, samples: Picture, spec: BackgroundSpec) -> Background:
    """Return the background with contrast, threshold and area as the samples show them."""
    animals = _cut_out_animals(background, samples, spec)
    if not animals:
        raise TrackingError(
            "nothing as large as the animal stands out from the floor in any sample",
            hint="Check the arena file and the protocol's tracking.animal_area_cm2 against the recording.",
        )
    contrast = float(np.median([_depth(animal) for animal in animals]))
    least = max(_NOISE_SDS * background.noise, 1.0)
    threshold = max(least, _OUTLINE * contrast)
    best, best_share, areas = least, -1.0, [0.0]
    while best_share < _WHOLE:
        parts = [largest_part(solid_parts(animal, threshold, spec.thin_px)) for animal in animals]
        share = float(np.mean([largest >= max(0.9 * whole, spec.area_px[0]) for largest, whole in parts]))
        if share > best_share:
            best, best_share, areas = threshold, share, [largest for largest, _ in parts]
        if threshold <= least:
            break
        threshold = max(least, 0.75 * threshold)
    return replace(
        background,
        contrast=contrast,
        threshold=best,
        animal_area_px=float(np.median(areas)),
        found_share=len(animals) / len(samples),
    )


def _cut_out_animals(background: Background, samples: Picture, spec: BackgroundSpec) -> list[Picture]:
    """Return the difference from the floor around the animal, 0 elsewhere, of every sample that shows it."""
    animals = []
    for sample in samples:
        difference = np.where(spec.mask > 0, background.difference(sample), np.uint8(0))
        threshold = max(5.0 * background.noise, 6.0, 0.25 * _peak(difference, spec.area_px[0]))
        seen = solid_parts(difference, threshold, spec.thin_px)
        for blob in find_blobs(seen, area_px=spec.area_px, most=1):
            near = grow(blob.mask, 2 * spec.thin_px)
            animals.append(np.minimum(difference, near))
    return animals


def _peak(difference: Picture, area_px: float) -> float:
    """Return by how much the most different pixels differ, as many of them as the smallest animal has."""
    rank = min(difference.size - 1, int(area_px))
    return float(np.partition(difference, -rank - 1, axis=None)[-rank - 1])


def _depth(animal: NDArray[np.uint8]) -> float:
    """Return the typical difference of what differs by at least half as much as the most different pixels."""
    values = animal[animal > 0]
    return float(np.median(values[values >= 0.5 * np.percentile(values, 95)]))
