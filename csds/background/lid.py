"""The enclosure as a floor: what an animal that climbs onto it hides, and what its target never does.

An animal on top hides the wires, the target beneath never does. Where the target's coat is the
other one, the state of each pixel that is most like the animal, over all samples in which the animal
is elsewhere, is what only an animal on top exceeds. Where both are light, all is reckoned as if the
target stood behind every wire at once: only a wire that turns light tells. Where both are dark,
nothing does, and the enclosure stays unseen.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from csds.background.cutout import Cutout
from csds.background.masks import Mask, Picture, grow, mask_where, without_thin
from csds.model.protocol import Polarity

#: How far the animal's solid part must be from the enclosure to be surely elsewhere, in mean radii.
_AWAY = 1.5
#: The enclosure is known from this many samples on.
_LEAST_SAMPLES = 5
#: A pixel is like the animal if it is within this share of the contrast of the animal's grey level; …
_LIKE = 0.4
#: … stout parts that are, though not in more than this share of the samples as wires are, …
_ALWAYS = 0.8
#: … and larger than this share of the animal, are a target of the same coat.
_TARGET_SHARE = 0.15
#: How much lighter than the animal a target of the same coat may be, as a factor to the contrast.
_LIGHTER = 1.15


def enclosure_lid(
    cutouts: Sequence[Cutout],
    samples: Picture,
    floor: Picture,
    enclosure: Mask,
    *,
    polarity: Polarity,
    contrast: float,
    mesh_px: float,
) -> Picture | None:
    """Return the floor with the enclosure as it looks most like the animal without being it; None if that isn't known.

    Parameters
    ----------
    cutouts : sequence of Cutout
        The animal in the samples that show it.
    samples : (n, height, width) uint8
    floor : (height, width) uint8
    enclosure : (height, width) uint8
        255 where the target's enclosure is.
    contrast : float
        Typical difference of the animal from the floor, grey levels.
    mesh_px : float
        How far apart its wires are at most, in pixels.
    """
    away = []
    for cutout in cutouts:
        reach = _AWAY * float(np.sqrt(cutout.area / np.pi))
        if not np.any(grow(cutout.solid, reach) & enclosure):
            away.append(cutout.sample)
    if len(away) < _LEAST_SAMPLES or not enclosure.any():
        return None
    around = float(np.median(floor[enclosure == 0]))
    area = float(np.median([cutout.area for cutout in cutouts]))
    if polarity == "dark":
        like = samples[away] < around - (1 - _LIKE) * contrast
    else:
        like = samples[away] > around + (1 - _LIKE) * contrast
    like &= (like.mean(axis=0) <= _ALWAYS) & (enclosure > 0)
    # What is thinner is the rim of a wire; the meshes between them are not.
    stout = [np.count_nonzero(without_thin(mask_where(one), 1.0)) for one in like]
    same_coat = max(stout) > _TARGET_SHARE * area
    if polarity == "dark":
        if same_coat:
            return None
        # A pixel more to each side: wires tremble with the camera.
        likest = np.asarray(cv2.erode(samples[away].min(axis=0), np.ones((3, 3), np.uint8)), np.uint8)
        return np.where(enclosure > 0, likest, floor)
    likest = samples[away].max(axis=0).astype(float)
    if same_coat:
        side = 2 * round(mesh_px / 2) + 1
        gaps = cv2.morphologyEx(floor, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)).astype(float)
        wires = float(np.percentile(floor[enclosure > 0], 5))
        clear = np.clip((floor - wires) / np.maximum(gaps - wires, 1.0), 0.0, 1.0)
        likest = np.maximum(likest, floor + clear * _LIGHTER * contrast)
    return np.where(enclosure > 0, np.clip(likest, 0, 255).astype(np.uint8), floor)
