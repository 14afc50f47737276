"""Hands among the samples: the floor is learnt without them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from csds.background.masks import Mask, Picture, mask_where, ring_around, without_thin
from csds.background.ordered import median_picture

#: What reaches in from the picture's edge is a hand from this share of the largest animal's area on.
_LEAST_SHARE = 0.5
#: It differs from the typical sample by at least so many grey levels.
_LEAST_DIFFERENCE = 14
#: In more than this share of the samples it is no hand but part of the room, or the animal itself.
_MOST_SAMPLES = 0.34
#: Half the width of what is too thin to be a hand, as a share of the root of the largest animal's area.
_THIN_SHARE = 0.1


def without_hands(stacks: Sequence[Picture], mask: Mask, most_px: float) -> list[Picture]:
    """Return the samples without those into which a hand reaches from the picture's edge.

    What a sample shows of an animal's usual place while the animal is elsewhere is no hand: there the
    typical sample, not this one, differs from the floor around.

    Parameters
    ----------
    stacks : sequence of (n, height, width) uint8
        Samples, one stack a recording.
    mask : (height, width) uint8
        255 where the animal can be.
    most_px : float
        Area of the largest animal, pixels.
    """
    samples = np.concatenate(stacks)
    typical = median_picture(samples)
    hands = np.array([_has_hand(sample, typical, mask, most_px) for sample in samples])
    if not hands.any() or hands.mean() > _MOST_SAMPLES:
        return list(stacks)
    ends = np.cumsum([len(stack) for stack in stacks])[:-1]
    kept = [stack[~hand] for stack, hand in zip(stacks, np.split(hands, ends), strict=True)]
    return [stack for stack in kept if len(stack)]


def _has_hand(sample: Picture, typical: Picture, mask: Mask, most_px: float) -> bool:
    floor = mask > 0
    light = float(np.median(sample[floor])) / max(1.0, float(np.median(typical[floor])))
    expected = np.asarray(cv2.convertScaleAbs(typical, alpha=light), np.uint8)
    differs = mask_where(np.asarray(cv2.absdiff(sample, expected)) > _LEAST_DIFFERENCE)
    solid = without_thin(differs, max(1.0, _THIN_SHARE * float(np.sqrt(most_px))))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    height, width = sample.shape
    for label, (x, y, across, down, area) in enumerate(np.asarray(stats)[:count].tolist()):
        at_edge = x <= 1 or y <= 1 or x + across >= width - 1 or y + down >= height - 1
        if label == 0 or not at_edge or area < _LEAST_SHARE * most_px:
            continue
        region = mask_where((np.asarray(labels) == label) & floor)
        ring = ring_around(region, mask, width=3)
        inside = region > 0
        if np.count_nonzero(inside) < _LEAST_SHARE * most_px or not ring.any():
            continue
        own, usual = (
            abs(float(np.median(picture[inside])) - float(np.median(picture[ring]))) for picture in (sample, expected)
        )
        if own > usual:
            return True
    return False
