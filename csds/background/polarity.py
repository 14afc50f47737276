"""Is the animal darker or lighter than the floor? Found from the samples, not asked."""

from __future__ import annotations

import cv2
import numpy as np

from csds.background.masks import Mask, Picture, find_blobs, mask_where, ring_around
from csds.model.protocol import Polarity


def find_polarity(
    samples: Picture, floor: Mask, *, noise: float, area_px: tuple[float, float]
) -> tuple[Polarity, float]:
    """Return whether the animal is ``dark`` or ``light``, with the share of the evidence that says so.

    Where a sample differs from the median of all, either the animal is there in the sample, or it
    was there so long that the median took it in and the sample shows the floor. The state that
    differs more from the floor around it, in the same picture, is the animal.

    Parameters
    ----------
    samples : (n, height, width) uint8
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
    median = np.median(samples, axis=0).astype(np.uint8)
    limit = max(5.0 * noise, 8.0)
    votes = {"dark": 0.0, "light": 0.0}
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
                votes["dark" if animal < 0 else "light"] += blob.area * abs(abs(in_sample) - abs(in_median))
    total = votes["dark"] + votes["light"]
    if total == 0:
        return "auto", 0.0
    winner: Polarity = "dark" if votes["dark"] >= votes["light"] else "light"
    return winner, votes[winner] / total
