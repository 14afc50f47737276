"""Coats of two colours: patches that differ from the floor to the other side than the rest of the animal."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from csds.background.masks import Mask, Picture, above, grow, without_thin

#: How far from the rest of the animal a patch can reach, as a share of its mean radius.
_REACH = 1.2
#: What is narrower than this share of the mean radius to each side is no patch (an outline's halo, wet fur).
_STOUT = 0.16
#: A coat has two colours if patches make at least this share of the rest's area …
_LEAST_SHARE = 0.08
#: … in at least this share of the samples.
_LEAST_SAMPLES = 0.4
#: A patch differs from the floor by at least this many noise SDs …
_NOISE_SDS = 6.0
#: … and grey levels.
_LEAST_GREY = 10.0


def other_side(picture: Picture, floor: Picture, polarity: str) -> Picture:
    """Return by how many grey levels a picture differs from the floor away from the animal's side."""
    differs = cv2.subtract(picture, floor) if polarity == "dark" else cv2.subtract(floor, picture)
    return np.asarray(differs, np.uint8)


def patches_of(core: Mask, other: Picture, threshold: float, radius: float) -> Mask:
    """Return the patches of the other colour that adjoin a mask; ``other`` as `other_side` gives it.

    Parameters
    ----------
    core : (height, width) uint8
        The animal without its patches.
    radius : float
        The mean radius of such a core, in pixels.
    """
    near = grow(core, _REACH * radius)
    stout = without_thin(np.minimum(above(other, threshold), near), max(1.5, _STOUT * radius))
    count, labels, _, _ = cv2.connectedComponentsWithStats(stout, connectivity=8)
    if count == 1:
        return stout
    touching = np.zeros(count, np.uint8)
    touching[np.unique(np.asarray(labels)[grow(core, 3.0) > 0])] = 255
    touching[0] = 0
    return np.asarray(touching[np.asarray(labels)], np.uint8)


def patch_threshold(
    cores: Sequence[Mask], samples: Sequence[Picture], floor: Picture, polarity: str, noise: float
) -> float | None:
    """Return from how many grey levels on a pixel is a patch of the other colour; None for a coat of one colour.

    ``cores`` holds the animal's mask in each of the samples.
    """
    threshold = max(_NOISE_SDS * noise, _LEAST_GREY)
    shares = []
    for core, sample in zip(cores, samples, strict=True):
        area = float(np.count_nonzero(core))
        patches = patches_of(core, other_side(sample, floor, polarity), threshold, float(np.sqrt(area / np.pi)))
        shares.append(np.count_nonzero(patches) / area)
    if float(np.mean(np.array(shares) >= _LEAST_SHARE)) < _LEAST_SAMPLES:
        return None
    return threshold
