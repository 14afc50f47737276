"""An animal that never left its place: found in the floor itself, and taken out of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.background.masks import Blob, Mask, Picture, disc, find_blobs, grow, mask_where, ring_around, without_thin
from csds.errors import TrackingError
from csds.model.protocol import Polarity

#: An animal counts as never having left its place if this share of all that moves touches it.
_STUCK_SHARE = 0.6
#: What is narrower than this share of an animal's mean radius to each side is not an animal.
_STOUT_SHARE = 0.35
#: Spots of one stoutness that are looked at.
_SPOTS = 3
#: What is left of an animal in the floor stands out by this share of its contrast, is no smaller than so many pixels,
#: and is wrong so far around.
_REMAINS_SHARE, _LEAST_REMAINS_PX, _REMAINS_RIM_PX = 0.5, 12.0, 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundSpec:
    """What is known beforehand: where the animal can be, how large it is, and its polarity if given.

    ``mask`` is 255 where the animal can be, but for the target's ``enclosure``, onto which it may
    climb, and which is 255 in that mask where there is one; ``area_px`` the least and greatest area
    of an animal in working pixels; ``mesh_px`` how far apart the enclosure's wires are at most.
    """

    mask: Mask
    area_px: tuple[float, float]
    polarity: Polarity = "auto"
    enclosure: Mask | None = None
    mesh_px: float = 7.0

    @property
    def typical_px(self) -> float:
        """Area of a typical animal, in working pixels: between the least and the greatest."""
        return float(np.sqrt(self.area_px[0] * self.area_px[1]))

    @property
    def thin_px(self) -> float:
        """Half the width, in working pixels, of what is too thin to be the smallest animal."""
        return max(1.0, _STOUT_SHARE * float(np.sqrt(self.area_px[0] / np.pi)))

    @property
    def inner(self) -> NDArray[np.bool_]:
        """True where no wall is: the mask reaches a little over the floor's edge."""
        return np.asarray(cv2.erode(self.mask, disc(2 * self.thin_px))) > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _StillAnimal:
    """An animal-sized spot of the floor, how far it stands out, and the floor as it would be without it."""

    spot: Mask
    depth: float
    floor: Picture


def polarity_of_still_animal(floor: Picture, spec: BackgroundSpec, noise: float) -> Polarity:
    """Return whether the animal-sized spot that stands out most from the floor is dark or light.

    Raises
    ------
    TrackingError
        If none does.
    """
    depths: dict[Polarity, float] = {}
    for side in ("dark", "light"):
        for found in itertools.islice(_still_animals(floor, side, spec, noise), 1):
            depths[side] = found.depth
    if not depths:
        raise TrackingError(
            "nothing in the arena moves or stands out from the floor: no animal found",
            hint="Check that the animal is in view in this window, and that the arena file fits this recording.",
        )
    return max(depths, key=lambda side: depths[side])


def take_out_still_animal(
    floor: Picture, polarity: Polarity, samples: Picture, spec: BackgroundSpec, noise: float
) -> tuple[Picture, bool]:
    """Return the floor with an animal that never left its place taken out, and whether there was one.

    An animal-sized spot of the floor is taken for one when nothing else moves, or when most of what
    moves touches the spot: then it is the outline of an animal that shifts about.
    """
    for found in _still_animals(floor, polarity, spec, noise):
        if _is_stuck(found, floor, polarity, samples, spec):
            return found.floor, True
    return floor, False


def _is_stuck(found: _StillAnimal, floor: Picture, polarity: Polarity, samples: Picture, spec: BackgroundSpec) -> bool:
    """Return True if most of what moves touches a spot."""
    near = grow(found.spot, 2 * spec.thin_px) > 0
    at_the_spot = elsewhere = 0
    for sample in samples:
        moved = cv2.subtract(floor, sample) if polarity == "dark" else cv2.subtract(sample, floor)
        seen = mask_where((np.asarray(moved) > 0.5 * found.depth) & (spec.mask > 0))
        for blob in find_blobs(seen, area_px=(0.05 * spec.area_px[0], spec.area_px[1]), most=1):
            touches = bool(np.any(near & (blob.mask > 0)))
            at_the_spot, elsewhere = at_the_spot + touches, elsewhere + (not touches)
    # One sample may show something else: a flash, a hand at the edge.
    return elsewhere <= max(1.0, (1 - _STUCK_SHARE) * (at_the_spot + elsewhere))


def guess_beneath(picture: Picture, hidden: Mask, inner: NDArray[np.bool_]) -> Picture:
    """Return a picture with what a mask hides guessed from around it: floor from floor, whatever the walls are."""
    guessed = np.asarray(cv2.inpaint(picture, hidden, 3, cv2.INPAINT_TELEA), np.uint8)
    floor_around = ring_around(hidden, mask_where(inner), width=3)
    if not floor_around.any():
        return guessed
    level = np.uint8(np.median(picture[floor_around]))
    without_walls = np.where(inner, picture, level).astype(np.uint8)
    on_floor = np.asarray(cv2.inpaint(without_walls, hidden, 3, cv2.INPAINT_TELEA), np.uint8)
    return np.where(inner, on_floor, guessed)


def take_out_remains(
    floor: Picture, polarity: Polarity, animals: Sequence[Mask], contrast: float, spec: BackgroundSpec, noise: float
) -> Picture:
    """Return the floor without what is left in it of an animal that shifted about in one place.

    Parameters
    ----------
    animals : sequence of (height, width) uint8
        What was seen of it, a mask for each sample.
    contrast : float
        By how many grey levels that stands out.
    """
    looked = _look(floor, polarity, spec, noise)
    alike = mask_where((looked.depth > max(looked.limit, _REMAINS_SHARE * contrast)) & spec.inner)
    for blob in find_blobs(without_thin(alike, 1.0), area_px=(_LEAST_REMAINS_PX, spec.area_px[1]), most=4):
        near = grow(blob.mask, spec.thin_px)
        if all(np.any(np.minimum(animal, near)) for animal in animals):
            beneath = guess_beneath(floor, grow(blob.mask, _REMAINS_RIM_PX), spec.inner)
            floor = np.where(grow(blob.mask, _REMAINS_RIM_PX) > 0, beneath, floor)
    return floor


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """A floor as a dark animal would lie on it, and by how much each place is darker than what is around it.

    ``flat`` has the floor's grey level where walls are; ``smooth`` is that without specks, ``reach`` what counts as
    around, and ``limit`` what counts as darker.
    """

    picture: Picture
    flat: Picture
    smooth: Picture
    depth: Picture
    limit: float
    reach: int


def _look(floor: Picture, polarity: Polarity, spec: BackgroundSpec, noise: float) -> _Looked:
    picture = np.asarray(floor if polarity == "dark" else 255 - floor, np.uint8)
    # Walls may be as dark as the animal.
    level = np.uint8(np.median(picture[spec.inner]))
    flat = np.where(spec.inner, picture, level).astype(np.uint8)
    # Closing with a disc larger than the animal fills it with the grey level of the floor around it.
    reach = min(24, round(0.6 * float(np.sqrt(spec.area_px[1] / np.pi))))
    smooth = np.asarray(cv2.medianBlur(flat, 5), np.uint8)
    filled = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, disc(reach))
    return _Looked(
        picture=picture,
        flat=flat,
        smooth=smooth,
        depth=np.asarray(cv2.subtract(filled, flat), np.uint8),
        limit=max(6.0 * noise, 0.15 * float(level), 10.0),
        reach=reach,
    )


def _still_animals(floor: Picture, polarity: Polarity, spec: BackgroundSpec, noise: float) -> Iterator[_StillAnimal]:
    """Yield the spots of the floor that could be an animal, the stoutest first."""
    looked = _look(floor, polarity, spec, noise)
    for blob in _stout(mask_where((looked.depth > looked.limit) & spec.inner), spec):
        # Patches of the other colour that adjoin the spot are the animal's too: a hooded rat's white flank.
        emptied = cv2.morphologyEx(looked.smooth, cv2.MORPH_OPEN, disc(looked.reach))
        patches = mask_where((np.asarray(cv2.subtract(looked.flat, emptied)) > looked.limit) & spec.inner)
        near = grow(blob.mask, min(looked.reach, float(np.sqrt(blob.area / np.pi))))
        whole = np.maximum(blob.mask, np.minimum(without_thin(patches, 2.0), near))
        empty = guess_beneath(looked.picture, grow(whole, 2 * spec.thin_px), spec.inner)
        yield _StillAnimal(
            spot=blob.mask,
            depth=float(np.median(looked.depth[blob.mask > 0])),
            floor=empty if polarity == "dark" else np.asarray(255 - empty, np.uint8),
        )


def _stout(spots: Mask, spec: BackgroundSpec) -> Iterator[Blob]:
    """Yield spots of an animal's size that are left when ever thinner things are taken off, the stoutest first.

    A floor's joints and cables are as large as an animal but thin: they go before it does.
    """
    thin = _STOUT_SHARE * float(np.sqrt(spec.area_px[1] / np.pi))
    while True:
        for core in find_blobs(without_thin(spots, thin), area_px=(1.0, spec.area_px[1]), most=_SPOTS):
            whole = np.minimum(grow(core.mask, 2 * thin), spots)
            for blob in find_blobs(whole, area_px=spec.area_px, most=1):
                yield blob
                spots = np.where(blob.mask > 0, np.uint8(0), spots)
        if thin <= spec.thin_px:
            return
        thin = max(spec.thin_px, thin / 1.5)
