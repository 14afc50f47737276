"""Connected regions of a mask that an animal could be."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """One connected region: its mask (height, width), 255 inside, and its area in pixels."""

    mask: NDArray[np.uint8]
    area: float


def find_blobs(mask: NDArray[np.uint8], *, area_px: tuple[float, float], most: int) -> list[Blob]:
    """Return the largest regions whose area lies within ``area_px``, largest first."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    areas = stats[1:count, cv2.CC_STAT_AREA].astype(float)
    order = np.argsort(-areas, kind="stable")
    fitting = [int(i) for i in order if area_px[0] <= areas[i] <= area_px[1]][:most]
    return [Blob(mask=np.where(labels == i + 1, np.uint8(255), np.uint8(0)), area=float(areas[i])) for i in fitting]


def ring_around(mask: NDArray[np.uint8], floor: NDArray[np.uint8], *, width: int) -> NDArray[np.bool_]:
    """Return True on the floor around a region, two to ``2 + width`` pixels away from it."""
    near = cv2.dilate(mask, disc(2))
    far = cv2.dilate(mask, disc(2 + width))
    return np.asarray((far > 0) & (near == 0) & (floor > 0))


def disc(radius: float) -> NDArray[np.uint8]:
    """Return a disc of that radius, in pixels, as a structuring element."""
    reach = int(np.ceil(radius))
    y, x = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    return np.asarray(x * x + y * y <= radius * radius + 0.25, np.uint8)
