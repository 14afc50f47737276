"""Is the animal darker or lighter than the floor? Found from the samples, not asked."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from csds.background.masks import Mask, Picture, find_blobs, mask_where, ring_around
from csds.background.ordered import median_picture
from csds.model.protocol import Polarity


def find_polarity(
    stacks: Sequence[Picture], floor: Mask, *, noise: float, area_px: tuple[float, float]
) -> tuple[Polarity, float]:
    """Return whether the animal is ``dark`` or ``light``, with the share of the evidence that says so.

    Where a sample differs from the median of all, either the animal is there in the sample, or it
    was there so long that the median took it in and the sample shows the floor. The state that
    differs more from the floor around it, in the same picture, is the animal. Each recording is held
    against its own median, as things may stand or shine otherwise in another; only where nothing moves
    within any are they held against each other.

    Parameters
    ----------
    stacks : sequence of (n, height, width) uint8
        Samples, one stack a recording.
    floor : (height, width) uint8
        255 where the animal can be.
    noise : float
        SD of one pixel over time, in grey levels.
    area_px : (low, high)
        Areas, in pixels, that an animal can have.

    Returns
    -------
    polarity : ``dark``, ``light`` or, without any evidence, ``auto``
    share : float
        0.5 to 1; 0 without any evidence.
    """
    each = [_votes(samples, floor, noise=noise, area_px=area_px) for samples in stacks]
    dark, light = (sum(side) for side in zip(*each, strict=True))
    if dark + light == 0 and len(stacks) > 1:
        dark, light = _votes(np.concatenate(stacks), floor, noise=noise, area_px=area_px)
    if dark + light == 0:
        return "auto", 0.0
    return ("dark" if dark >= light else "light"), max(dark, light) / (dark + light)


def _votes(samples: Picture, floor: Mask, *, noise: float, area_px: tuple[float, float]) -> tuple[float, float]:
    """Return the evidence for a dark animal and for a light one."""
    median = median_picture(samples)
    limit = max(5.0 * noise, 8.0)
    dark = light = 0.0
    smooth_median = cv2.blur(median, (3, 3)).astype(np.int16)
    for sample in samples:
        difference = cv2.blur(sample, (3, 3)).astype(np.int16) - smooth_median
        for sign in (-1, 1):
            changed = mask_where((sign * difference > limit) & (floor > 0))
            for blob in find_blobs(changed, area_px=area_px, most=2):
                ring = ring_around(blob.mask, floor, width=3)
                if not ring.any():
                    continue
                inside = blob.mask > 0
                in_sample = float(np.median(sample[inside])) - float(np.median(sample[ring]))
                in_median = float(np.median(median[inside])) - float(np.median(median[ring]))
                animal = in_sample if abs(in_sample) > abs(in_median) else in_median
                weight = blob.area * abs(abs(in_sample) - abs(in_median))
                dark, light = (dark + weight, light) if animal < 0 else (dark, light + weight)
    return dark, light
