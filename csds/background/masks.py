"""Masks (255 inside, 0 outside) and their regions: what morphology does to them, typed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """One connected region: its mask (height, width) and its area in pixels."""

    mask: Mask
    area: float


def mask_where(condition: NDArray[np.bool_]) -> Mask:
    """Return 255 where the condition holds."""
    return np.where(condition, np.uint8(255), np.uint8(0))


def find_blobs(mask: Mask, *, area_px: tuple[float, float], most: int) -> list[Blob]:
    """Return the largest regions whose area lies within ``area_px``, largest first."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    areas = np.asarray(stats)[1:count, cv2.CC_STAT_AREA].astype(float)
    order = np.argsort(-areas, kind="stable")
    fitting = [int(i) for i in order if area_px[0] <= areas[i] <= area_px[1]][:most]
    return [Blob(mask=mask_where(np.asarray(labels) == i + 1), area=float(areas[i])) for i in fitting]


def largest_part(mask: Mask) -> tuple[float, float]:
    """Return the areas of the largest region of a mask and of the whole mask."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    areas = np.asarray(stats)[1:count, cv2.CC_STAT_AREA]
    return (float(areas.max()), float(areas.sum())) if len(areas) else (0.0, 0.0)


def ring_around(mask: Mask, floor: Mask, *, width: int) -> NDArray[np.bool_]:
    """Return True on the floor around a region, two to ``2 + width`` pixels away from it."""
    return np.asarray((grow(mask, 2 + width) > 0) & (grow(mask, 2) == 0) & (floor > 0))


def above(difference: Picture, threshold: float) -> Mask:
    """Return where a picture is above a threshold."""
    return np.asarray(cv2.threshold(difference, threshold, 255, cv2.THRESH_BINARY)[1], np.uint8)


def smoothed(picture: Picture, side: int) -> Picture:
    """Return a picture averaged over squares of a side in pixels; 1 leaves it as it is."""
    return picture if side == 1 else np.asarray(cv2.blur(picture, (side, side)), np.uint8)


def grow(mask: Mask, radius: float) -> Mask:
    """Return a mask grown by a radius in pixels."""
    return np.asarray(cv2.dilate(mask, disc(radius)), np.uint8)


def close_gaps(mask: Mask) -> Mask:
    """Return a mask with pinholes and cracks of up to two pixels closed."""
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _PINHOLE), np.uint8)


def fill_between(mask: Mask, width: float) -> Mask:
    """Return a mask with what lies between its parts filled, up to a width in pixels."""
    side = 2 * round(width / 2) + 1
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)), np.uint8)


def fill_holes(mask: Mask) -> Mask:
    """Return a mask with all that its regions enclose."""
    # OpenCV leaves out what touches the picture's edge.
    filled = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    outlines, _ = cv2.findContours(filled, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(filled, outlines, -1, 255, -1)[1:-1, 1:-1], np.uint8)


def without_thin(mask: Mask, radius: float) -> Mask:
    """Return a mask without what is narrower than a disc of that radius (a tail, a joint between tiles)."""
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, disc(radius)), np.uint8)


def solid_parts(difference: Picture, threshold: float, thin_px: float, *, gap_px: float = 0.0) -> Mask:
    """Return where a picture is above a threshold, pinholes closed and thin parts taken off.

    Where a gap's width is given, gaps up to that and all holes are closed first.
    """
    seen = close_gaps(above(difference, threshold))
    return without_thin(fill_outline(seen, gap_px) if gap_px else seen, thin_px)


def fill_outline(mask: Mask, gap_px: float) -> Mask:
    """Return a mask with all that its regions enclose, also where a gap up to a width in pixels is left in them."""
    return fill_holes(np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, disc(gap_px / 2)), np.uint8))


@cache
def disc(radius: float) -> Mask:
    """Return a disc of that radius, in pixels, as a structuring element."""
    reach = int(np.ceil(radius))
    y, x = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    inside = x * x + y * y <= radius * radius + 0.25
    # Without the rows and columns that it leaves empty: they only cost time.
    used = inside.any(axis=0)
    return np.asarray(inside[np.ix_(used, used)], np.uint8)


_PINHOLE = np.ones((3, 3), np.uint8)
