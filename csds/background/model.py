"""The empty floor, from a few frames of all phases, never with the animal in it.

Medians, running averages and mixtures take in an animal that sits in one place for most of the
test, which is what a susceptible mouse does. Here the floor is the *other side*: with a dark
animal the brightest state that a pixel holds repeatedly, with a light one the darkest, over the
samples of every phase in the same arena. One visit elsewhere is enough to see the floor beneath.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.background.coat import patch_threshold
from csds.background.cutout import Cutout, has_moved, is_surely_alive
from csds.background.floor import far_side, floor_between_visits, measure_noise, without_ghosts
from csds.background.hands import without_hands
from csds.background.lid import enclosure_lid
from csds.background.light import even_out
from csds.background.masks import Picture, find_blobs, grow, largest_part, smoothed, solid_parts
from csds.background.ordered import median_picture
from csds.background.polarity import find_polarity
from csds.background.still import (
    BackgroundSpec,
    guess_beneath,
    polarity_of_still_animal,
    take_out_remains,
    take_out_still_animal,
)
from csds.errors import TrackingError
from csds.model.protocol import Polarity

#: How the animal is known: ``moving`` from place to place it shows the floor everywhere; one that is ``still``
#: is told from the floor beyond doubt, a ``doubtful`` one might be something else.
Presence = Literal["moving", "still", "doubtful"]

#: A pixel's noise is never taken to be less than this (8-bit rounding and compression), grey levels.
_LEAST_NOISE = 0.8
#: Pictures are averaged over squares of so many pixels, each tried in turn, …
_SMOOTH_PX = (1, 3, 5)
#: … until a pixel of the animal differs from the floor by this many SDs of the noise.
_CLEAR_SDS = 12.0
#: An animal whose outline differs by fewer grey levels may have a back that doesn't.
_FAINT = 45.0
#: What is found in less than this share of the samples may be a part of it.
_SELDOM = 0.5
#: It is looked for by differences to either side if by these it is larger by this factor, …
_TWO_SIDED = 1.5
#: … averaged over squares of this side at most: larger ones cancel a dark rim and a light back.
_MOST_SMOOTH_PX = 3
#: What differs from the floor in most samples is looked into if it does so by this many SDs of the noise …
_GHOST_SDS = 6.0
#: … and grey levels.
_LEAST_GHOST = 10.0
#: Differences below this many noise SDs are floor.
_NOISE_SDS = 4.0
#: The animal's outline lies where its contrast with the floor has fallen to this share of its typical one …
_OUTLINE = 0.35
#: … or lower (dim fur between bright paws), until it is one piece in this share of the samples.
_WHOLE = 0.9
#: An outline may be broken by gaps up to this share of the animal's mean radius.
_GAP_SHARE = 0.45
#: … or by pinholes alone, where it is seen well: what closes more joins tail and flank.
_PINHOLE_PX = 2.0
#: A tail is at most this share of the animal's mean radius to each side of its middle.
_TAIL_SHARE = 0.18
#: … or this, where it stands out far more than the animal does, and all is seen that averaging has made of it.
_STARK_TAIL_SHARE = 0.42
#: An animal that is found in this share of the samples was there in all of them.
_SURE = 0.9
#: How far around an animal its shadow and its patches of another colour are looked for, at most, pixels.
_MOST_REACH_PX = 24.0


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
    presence : str
        ``moving``; or where an animal seems never to have left one place in any sample, and its
        picture was taken out of the floor by guessing what lies beneath, ``still`` if there is no
        doubt that it is one and ``doubtful`` if there is.
    patch_threshold : float or None
        From how many grey levels on a pixel that differs to the other side is part of the animal;
        None for a coat of one colour.
    contrast : float
        Typical difference of the animal from the floor, grey levels.
    threshold : float
        Difference that a pixel of the animal has at least, grey levels.
    animal_area_px : float
        Typical area of the animal without tail, working pixels.
    found_share : float
        Share of the samples in which the animal stands out.
    smooth_px : int
        Side of the square over which pictures are averaged before they are compared with the floor,
        which is averaged as well; more than 1 where fur and floor differ by little more than the noise.
    gap_px : float
        Where fur and floor are nearly of one grey the back may vanish: what its outline encloses is animal, also
        where gaps up to this width are left in it; else 0.
    is_two_sided : bool
        Where fur and floor are nearly of one grey, rim and tail may be darker than it while the back is lighter:
        what differs to either side is animal.
    is_partial : bool
        Far more differs to either side than is followed: that may be a tail.
    lid : (height, width) uint8 or None
        The floor and on it the enclosure, as an animal that has climbed onto it is told from it.
    """

    floor: Picture
    polarity: Polarity
    noise: float
    presence: Presence = "moving"
    patch_threshold: float | None = None
    contrast: float = 0.0
    threshold: float = 0.0
    animal_area_px: float = 0.0
    found_share: float = 0.0
    smooth_px: int = 1
    gap_px: float = 0.0
    is_two_sided: bool = False
    is_partial: bool = False
    lid: Picture | None = None

    @property
    def clearness(self) -> float:
        """By how many SDs of the noise a pixel of the animal typically differs from the floor."""
        return self.contrast / self.noise

    @property
    def tail_px(self) -> float:
        """Half the width, in working pixels, below which a part of the animal is its tail."""
        share = _STARK_TAIL_SHARE if self.is_two_sided else _TAIL_SHARE
        return max(1.0, share * float(np.sqrt(self.animal_area_px / np.pi)))

    @property
    def is_faint(self) -> bool:
        """Whether fur and floor are nearly of one grey, so that the back may vanish within its outline."""
        return self.gap_px > 0

    def difference(self, picture: Picture, floor: Picture | None = None) -> Picture:
        """Return by how many grey levels a picture differs from the floor towards the animal's side, 0 elsewhere.

        To either side where the animal may differ to both.
        """
        empty = self.floor if floor is None else floor
        if self.is_two_sided:
            return np.asarray(cv2.absdiff(empty, picture), np.uint8)
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
    stacks = without_hands(stacks, spec.mask, spec.area_px[1])
    learnt: list[Background] = []
    errors: list[TrackingError] = []
    for smooth_px in _SMOOTH_PX:
        smooth = [np.array([smoothed(sample, smooth_px) for sample in stack]) for stack in stacks]
        try:
            learnt.append(_learn(smooth, spec, smooth_px))
        except TrackingError as error:
            errors.append(error)
        if learnt and (
            learnt[-1].clearness >= _CLEAR_SDS or (learnt[-1].is_two_sided and smooth_px >= _MOST_SMOOTH_PX)
        ):
            break
    if not learnt:
        raise errors[0]
    # However clear, what is far less than a faint animal that is found as well is its tail, or a cable's end.
    whole = max((background.animal_area_px for background in learnt if background.is_faint), default=0.0)
    entire = [background for background in learnt if _TWO_SIDED * background.animal_area_px >= whole]
    return max(entire, key=lambda background: background.clearness)


def _as_faint(background: Background, samples: Picture, stacks: Sequence[Picture], spec: BackgroundSpec) -> Background:
    """Return the background for an animal whose back may vanish, or differ to the other side, while its rim is seen."""
    faint = _with_contrast(replace(background, gap_px=max(background.gap_px, _PINHOLE_PX)), stacks, spec)
    either = replace(faint, is_two_sided=True, gap_px=_gap_px(spec))
    cutouts = _cut_out_animals(either, samples, spec)
    # Held against what is seen without filling: a tail and parts of a rim are far less than the animal.
    typical = float(np.median([cutout.area for cutout in cutouts])) if cutouts else 0.0
    is_stark = background.contrast >= _FAINT
    if typical <= _TWO_SIDED * background.animal_area_px or (is_stark and len(cutouts) < _SELDOM * len(samples)):
        return background if is_stark else replace(faint, is_partial=_is_partial(faint, stacks, spec))
    # What lay beneath a back that is brighter than the floor is known only now.
    return _with_contrast(replace(_refined(either, samples, spec), patch_threshold=None), stacks, spec)


def _is_partial(faint: Background, stacks: Sequence[Picture], spec: BackgroundSpec) -> bool:
    """Return True where what differs to either side is far larger than what is followed."""
    areas = []
    for sample in np.concatenate(stacks):
        differs = np.minimum(cv2.absdiff(sample, faint.floor), spec.mask)
        whole = solid_parts(np.asarray(differs, np.uint8), faint.threshold, spec.thin_px, gap_px=faint.gap_px)
        # However large: what is larger than any animal leaves it just as open what is followed.
        areas.append(largest_part(whole)[0])
    return float(np.median(areas)) > _TWO_SIDED * faint.animal_area_px


def _learn(stacks: Sequence[Picture], spec: BackgroundSpec, smooth_px: int) -> Background:
    """Return the background that these samples show."""
    noise = max(_LEAST_NOISE, measure_noise(stacks, spec.mask))
    samples = even_out(np.concatenate(stacks), spec.mask, animal_px=spec.typical_px, noise=noise)
    ends = np.cumsum([len(stack) for stack in stacks])[:-1]
    evened = np.split(samples, ends)
    noise = max(_LEAST_NOISE, measure_noise(evened, spec.mask))
    polarity = spec.polarity
    if polarity == "auto":
        polarity, _ = find_polarity(evened, spec.mask, noise=noise, area_px=spec.area_px)
    if polarity == "auto":
        polarity = polarity_of_still_animal(median_picture(samples), spec, noise)
    seen = far_side(samples, polarity, noise)
    seen = without_ghosts(seen, samples, spec.mask, polarity, limit=max(_GHOST_SDS * noise, _LEAST_GHOST))
    floor, stayed = take_out_still_animal(seen, polarity, samples, spec, noise)
    first = Background(
        floor=floor,
        polarity=polarity,
        noise=noise,
        presence="doubtful" if stayed else "moving",
        smooth_px=smooth_px,
    )
    try:
        learnt = _with_contrast(_refined(first, samples, spec), evened, spec)
    except TrackingError:
        # All that is seen may be an outline, each part of it thinner than any animal.
        outlined = replace(first, gap_px=_gap_px(spec))
        learnt = _with_contrast(_refined(outlined, samples, spec), evened, spec)
    # A tail or a cable hides that all else is faint: it is as thick as an animal now and then only.
    may_be_faint = learnt.contrast < _FAINT or learnt.found_share < _SELDOM
    is_faint = may_be_faint and learnt.presence == "moving" and learnt.patch_threshold is None
    return _as_faint(learnt, samples, evened, spec) if is_faint else learnt


def _refined(background: Background, samples: Picture, spec: BackgroundSpec) -> Background:
    """Return the background with the floor as seen while the animal is elsewhere, and with its coat's patches."""
    animals = _cut_out_animals(background, samples, spec)
    if background.presence == "moving" and len(animals) >= _SURE * len(samples):
        contrast = float(np.median([_depth(animal.difference) for animal in animals]))
        solid = [animal.solid for animal in animals]
        floor = take_out_remains(background.floor, background.polarity, solid, contrast, spec, background.noise)
        if floor is not background.floor:
            background = replace(background, floor=floor)
            animals = _cut_out_animals(background, samples, spec)
    if not animals:
        return background
    hidden = np.zeros_like(samples)
    for animal in animals:
        radius = float(np.sqrt(np.count_nonzero(animal.solid) / np.pi))
        hidden[animal.sample] = grow(animal.solid, min(_MOST_REACH_PX, radius))
    if background.presence != "moving":
        never = np.min(hidden, axis=0)
        guessed = guess_beneath(background.floor, never, spec.inner)
        # A guessed floor can't tell patches of another colour.
        return replace(background, floor=floor_between_visits(guessed, samples, hidden, least=1))
    # Seen half of the time at least: an animal missed in a few samples is no floor.
    floor = floor_between_visits(background.floor, samples, hidden, least=(len(samples) + 1) // 2)
    return replace(
        background,
        floor=floor,
        patch_threshold=patch_threshold(
            [animal.solid for animal in animals],
            [np.where(spec.mask > 0, samples[animal.sample], floor) for animal in animals],
            floor,
            background.polarity,
            background.noise,
        ),
    )


def _with_contrast(background: Background, stacks: Sequence[Picture], spec: BackgroundSpec) -> Background:
    """Return the background with contrast, threshold and area as the samples show them."""
    samples = np.concatenate(stacks)
    cutouts = _cut_out_animals(background, samples, spec)
    if not cutouts:
        raise TrackingError(
            "nothing as large as the animal stands out from the floor in any sample",
            hint="Check the arena file and the protocol's tracking.animal_area_cm2 against the recording.",
        )
    animals = [cutout.difference for cutout in cutouts]
    depths = [
        np.median(animal[cutout.solid > 0]) if background.is_two_sided else _depth(animal)
        for animal, cutout in zip(animals, cutouts, strict=True)
    ]
    contrast = float(np.median(depths))
    thin_px = _thin_px(background, spec)
    least = max(_NOISE_SDS * background.noise, 1.0)
    threshold = max(least, _OUTLINE * contrast)
    best, best_share, areas = least, -1.0, [0.0]
    while best_share < _WHOLE:
        parts = [largest_part(solid_parts(animal, threshold, thin_px, gap_px=background.gap_px)) for animal in animals]
        share = float(np.mean([largest >= max(0.9 * whole, spec.area_px[0]) for largest, whole in parts]))
        if share > best_share:
            best, best_share, areas = threshold, share, [largest for largest, _ in parts]
        if threshold <= least:
            break
        threshold = max(least, 0.75 * threshold)
    presence = background.presence
    if presence == "doubtful" and has_moved(cutouts, len(samples)):
        presence = "moving"
    elif presence == "doubtful" and is_surely_alive(
        cutouts,
        stacks,
        background.floor,
        spec.mask,
        enclosure=spec.enclosure,
        contrast=contrast,
        noise=background.noise,
    ):
        presence = "still"
    return replace(
        background,
        lid=None
        if spec.enclosure is None
        else enclosure_lid(
            cutouts,
            samples,
            background.floor,
            spec.enclosure,
            polarity=background.polarity,
            contrast=contrast,
            mesh_px=spec.mesh_px,
        ),
        presence=presence,
        contrast=contrast,
        threshold=best,
        animal_area_px=float(np.median(areas)),
        found_share=len(animals) / len(samples),
    )


def _cut_out_animals(background: Background, samples: Picture, spec: BackgroundSpec) -> list[Cutout]:
    """Return the animal in every sample that shows it."""
    animals = []
    for i, sample in enumerate(samples):
        difference = np.where(spec.mask > 0, background.difference(sample), np.uint8(0))
        threshold = 5.0 * background.noise
        # Where it may differ to both sides, what differs most is a tail whose owner differs by a fraction of that.
        if not background.is_two_sided:
            threshold = max(threshold, 6.0, 0.25 * _peak(difference, spec.area_px[0]))
        seen = solid_parts(difference, threshold, _thin_px(background, spec), gap_px=background.gap_px)
        blobs = find_blobs(seen, area_px=spec.area_px, most=2)
        if blobs:
            animal = blobs[0]
            animals.append(
                Cutout(
                    sample=i,
                    solid=animal.mask,
                    area=animal.area,
                    second_area=blobs[1].area if len(blobs) > 1 else 0.0,
                    difference=np.minimum(difference, grow(animal.mask, 2 * spec.thin_px)),
                )
            )
    return animals


def _gap_px(spec: BackgroundSpec) -> float:
    """Return the width of gaps that the outline of an animal whose back vanishes may have."""
    return _GAP_SHARE * float(np.sqrt(spec.typical_px / np.pi))


def _thin_px(background: Background, spec: BackgroundSpec) -> float:
    """Return half the width of what is too thin to be the animal: a tail that stands out far more than it, too."""
    stark = _STARK_TAIL_SHARE * float(np.sqrt(spec.typical_px / np.pi))
    return max(spec.thin_px, stark) if background.is_two_sided else spec.thin_px


def _peak(difference: Picture, area_px: float) -> float:
    """Return by how much the most different pixels differ, as many of them as the smallest animal has."""
    rank = min(difference.size - 1, int(area_px))
    return float(np.partition(difference, -rank - 1, axis=None)[-rank - 1])


def _depth(animal: NDArray[np.uint8]) -> float:
    """Return the typical difference of what differs by at least half as much as the most different pixels."""
    values = animal[animal > 0]
    return float(np.median(values[values >= 0.5 * np.percentile(values, 95)]))
