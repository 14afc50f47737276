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

from csds.background.blobs import Blob, disc, find_blobs
from csds.background.polarity import find_polarity
from csds.errors import TrackingError
from csds.model.protocol import Polarity

#: A pixel's noise is never taken to be less than this (8-bit rounding and compression), grey levels.
_LEAST_NOISE = 0.8
#: The animal's outline lies where its contrast with the floor has fallen to this share of its typical one …
_OUTLINE = 0.35
#: … or lower (dim fur between bright paws), until it is one piece in this share of the samples.
_WHOLE = 0.9
#: An animal counts as never having left its place if it touches it in this share of the samples.
_STUCK_SHARE = 0.6
#: What is narrower than this share of an animal's mean radius to each side is not an animal.
_STOUT_SHARE = 0.35
#: A tail is at most this share of the animal's mean radius to each side of its middle.
_TAIL_SHARE = 0.18
#: Blobs of the animal are found at this many noise SDs, at least.
_NOISE_SDS = 4.0


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
    contrast : float
        Typical difference of the animal from the floor, grey levels.
    threshold : float
        Difference that a pixel of the animal has at least, grey levels.
    animal_area_px : float
        Typical area of the animal without tail, working pixels.
    absorbed : bool
        True where an animal seems never to have left one place in any sample; its picture was
        taken out of the floor by guessing what lies beneath.
    found_share : float
        Share of the samples in which the animal stands out.
    """

    floor: NDArray[np.uint8]
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

    def difference(self, picture: NDArray[np.uint8], floor: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
        """Return by how many grey levels a picture differs from the floor towards the animal's side, 0 elsewhere."""
        empty = self.floor if floor is None else floor
        if self.polarity == "dark":
            return np.asarray(cv2.subtract(empty, picture), np.uint8)
        return np.asarray(cv2.subtract(picture, empty), np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundSpec:
    """What is known beforehand: where the animal can be, how large it is, and its polarity if given."""

    mask: NDArray[np.uint8]
    area_px: tuple[float, float]
    polarity: Polarity = "auto"

    @property
    def thin_px(self) -> float:
        """Half the width, in working pixels, of what is too thin to be the smallest animal (a tail, a floor's joint)."""
        return max(1.0, _STOUT_SHARE * float(np.sqrt(self.area_px[0] / np.pi)))


def learn_background(recordings: Sequence[NDArray[np.uint8]], spec: BackgroundSpec) -> Background:
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
        polarity = _polarity_of_a_still_animal(np.median(samples, axis=0).astype(np.uint8), spec, noise)
    floor = far_side(samples, polarity, noise)
    floor, absorbed = _without_still_animal(floor, polarity, samples, spec, noise)
    plain = Background(floor=floor, polarity=polarity, noise=noise, absorbed=absorbed)
    return _with_contrast(plain, samples, spec)


def measure_noise(stacks: Sequence[NDArray[np.uint8]], mask: NDArray[np.uint8]) -> float:
    """Return the SD of a floor pixel over time, in grey levels.

    From the median absolute difference of samples that follow each other, which the animal's few
    pixels don't move; a common change of light is taken out first.
    """
    spreads = []
    for stack in stacks:
        for before, after in zip(stack[:-1], stack[1:], strict=True):
            step = after[mask > 0].astype(np.int16) - before[mask > 0]
            spreads.append(float(np.mean(np.abs(step - np.median(step)) < 1.4826 * 3) and _robust_sd(step)))
    return float(np.median(spreads)) / np.sqrt(2.0) if spreads else 0.0


def _robust_sd(values: NDArray[np.int16]) -> float:
    # The interquartile range of whole grey levels is too coarse below 1; the trimmed SD is not.
    low, high = np.percentile(values, (10, 90))
    kept = values[(values >= low) & (values <= high)]
    return float(max(1.51 * np.std(kept), (high - low) / 2.563 * 0.8))


def even_out(samples: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the samples with their floors' median brightness brought to that of the median sample."""
    inside = mask > 0
    median = np.median(samples, axis=0)
    shifts = np.array([float(np.median(median[inside] - sample[inside])) for sample in samples])
    shifts[np.abs(shifts) < 1.0] = 0.0
    if not shifts.any():
        return samples
    return np.clip(samples + shifts[:, None, None], 0, 255).round().astype(np.uint8)


def far_side(samples: NDArray[np.uint8], polarity: Polarity, noise: float) -> NDArray[np.uint8]:
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
    return np.round(255.0 - floor if polarity == "dark" else floor).astype(np.uint8)


def _still_animal(
    floor: NDArray[np.uint8], polarity: Polarity, spec: BackgroundSpec, noise: float
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], float]:
    """Return what the floor would be without its animal-sized spots, those spots, and how far they stand out."""
    picture = floor if polarity == "dark" else 255 - floor
    inside = spec.mask > 0
    level = np.uint8(np.median(picture[inside]))
    flat = np.where(inside, picture, level).astype(np.uint8)
    reach = float(np.sqrt(spec.area_px[1] / np.pi)) * 0.6
    closed = cv2.morphologyEx(cv2.medianBlur(flat, 5), cv2.MORPH_CLOSE, disc(min(reach, 24.0)))
    depth = cv2.subtract(closed, flat)
    limit = max(6.0 * noise, 0.15 * float(level), 10.0)
    spots = np.where((depth > limit) & inside, np.uint8(255), np.uint8(0))
    blob = _most_solid(spots, spec)
    if blob is None:
        return floor, np.zeros_like(spec.mask), 0.0
    spot = cv2.dilate(blob.mask, disc(2 * spec.thin_px))
    filled = np.where(spot > 0, closed, picture).astype(np.uint8)
    return (
        (filled if polarity == "dark" else 255 - filled).astype(np.uint8),
        blob.mask,
        float(np.median(depth[blob.mask > 0])),
    )


def _most_solid(spots: NDArray[np.uint8], spec: BackgroundSpec) -> Blob | None:
    """Return the spot that is an animal's size once all that is thin has been taken off, the stoutest first.

    A floor's joints and cables are as large as an animal but thin: they go before it does.
    """
    thin = _STOUT_SHARE * float(np.sqrt(spec.area_px[1] / np.pi))
    while True:
        stout = cv2.morphologyEx(spots, cv2.MORPH_OPEN, disc(thin))
        for core in find_blobs(stout, area_px=(1.0, spec.area_px[1]), most=1):
            whole = cv2.bitwise_and(cv2.dilate(core.mask, disc(2 * thin)), spots)
            for blob in find_blobs(whole, area_px=spec.area_px, most=1):
                return blob
        if thin <= spec.thin_px:
            return None
        thin = max(spec.thin_px, thin / 1.5)


def _polarity_of_a_still_animal(median: NDArray[np.uint8], spec: BackgroundSpec, noise: float) -> Polarity:
    depths = {side: _still_animal(median, side, spec, noise)[2] for side in ("dark", "light")}
    if not any(depths.values()):
        raise TrackingError(
            "nothing in the arena moves or stands out from the floor: no animal found",
            hint="Check that the animal is in view in this window, and that the arena file fits this recording.",
        )
    return "dark" if depths["dark"] >= depths["light"] else "light"


def _without_still_animal(
    floor: NDArray[np.uint8], polarity: Polarity, samples: NDArray[np.uint8], spec: BackgroundSpec, noise: float
) -> tuple[NDArray[np.uint8], bool]:
    """Return the floor with an animal that never left its place taken out, and whether there was one.

    An animal-sized spot of the floor is taken for one when nothing else moves, or when in most
    samples what moves touches the spot: then it is the outline of an animal that shifts about.
    """
    without, spot, depth = _still_animal(floor, polarity, spec, noise)
    if depth == 0.0:
        return floor, False
    near = cv2.dilate(spot, disc(2 * spec.thin_px)) > 0
    touching = 0
    for sample in samples:
        moved = cv2.subtract(floor, sample) if polarity == "dark" else cv2.subtract(sample, floor)
        seen = np.where((moved > 0.5 * depth) & (spec.mask > 0), np.uint8(255), np.uint8(0))
        blobs = find_blobs(seen, area_px=(0.05 * spec.area_px[0], spec.area_px[1]), most=1)
        touching += not blobs or bool(np.any(near & (blobs[0].mask > 0)))
    absorbed = touching >= _STUCK_SHARE * len(samples)
    return (without, True) if absorbed else (floor, False)


def _with_contrast(background: Background, samples: NDArray[np.uint8], spec: BackgroundSpec) -> Background:
    """Return the background with contrast, threshold and area as the samples show them."""
    differences, wide = [], []
    for sample in samples:
        difference = background.difference(sample)
        difference[spec.mask == 0] = 0
        peak = _peak(difference, spec.area_px[0])
        seen = solid_parts(difference, max(5.0 * background.noise, 6.0, 0.25 * peak), spec.thin_px)
        for blob in find_blobs(seen, area_px=spec.area_px, most=1):
            differences.append(difference)
            wide.append(cv2.dilate(blob.mask, disc(2 * spec.thin_px)) > 0)
    if not differences:
        raise TrackingError(
            "nothing as large as the animal stands out from the floor in any sample",
            hint="Check the arena file and the protocol's tracking.animal_area_cm2 against the recording.",
        )
    contrast = float(np.median([_depth(d[w]) for d, w in zip(differences, wide, strict=True)]))
    least = _NOISE_SDS * background.noise
    best, best_share, areas = least, -1.0, [0.0]
    threshold = max(least, _OUTLINE * contrast)
    while best_share < _WHOLE:
        parts = [_largest_part(solid_parts(np.where(w, d, 0).astype(np.uint8), threshold, spec.thin_px)) for d, w in zip(differences, wide, strict=True)]
        share = float(np.mean([largest >= 0.9 * whole and largest >= spec.area_px[0] for largest, whole in parts]))
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
        found_share=len(differences) / len(samples),
    )


def _peak(difference: NDArray[np.uint8], area_px: float) -> float:
    """Return by how much the most different pixels differ, as many of them as the smallest animal has."""
    rank = min(difference.size - 1, int(area_px))
    return float(np.partition(difference, -rank - 1, axis=None)[-rank - 1])


def _depth(values: NDArray[np.uint8]) -> float:
    """Return the typical difference of what differs by at least half as much as the most different pixels."""
    return float(np.median(values[values >= 0.5 * np.percentile(values, 95)]))


def solid_parts(difference: NDArray[np.uint8], threshold: float, thin_px: float) -> NDArray[np.uint8]:
    """Return the mask of what differs by more than a threshold, pinholes closed and thin parts taken off."""
    _, seen = cv2.threshold(difference, threshold, 255, cv2.THRESH_BINARY)
    seen = cv2.morphologyEx(seen, cv2.MORPH_CLOSE, disc(1.0))
    return np.asarray(cv2.morphologyEx(seen, cv2.MORPH_OPEN, disc(thin_px)), np.uint8)


def _largest_part(mask: NDArray[np.uint8]) -> tuple[float, float]:
    """Return the areas of the largest region of a mask and of the whole mask."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    areas = stats[1:count, cv2.CC_STAT_AREA]
    return (float(areas.max()), float(areas.sum())) if len(areas) else (0.0, 0.0)
