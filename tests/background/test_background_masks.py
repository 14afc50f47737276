"""What morphology does to masks."""

from __future__ import annotations

import cv2
import numpy as np

from csds.background.masks import fill_holes


def ellipse(thickness: int, middle: tuple[int, int] = (40, 30)) -> np.ndarray:
    mask = np.zeros((60, 80), np.uint8)
    cv2.ellipse(mask, middle, (14, 8), 0, 0, 360, (255,), thickness)
    return mask


def test_what_an_outline_encloses_is_filled() -> None:
    assert np.array_equal(fill_holes(ellipse(2)), ellipse(2) | ellipse(-1))


def test_a_mask_without_holes_stays_as_it_is_and_so_does_the_one_given() -> None:
    whole, ring = ellipse(-1, (5, 5)), ellipse(2)
    assert np.array_equal(fill_holes(whole), whole)
    before = ring.copy()
    fill_holes(ring)
    assert np.array_equal(ring, before)


def test_an_outline_with_a_gap_encloses_nothing() -> None:
    ring = ellipse(2)
    ring[:, 38:43] = 0
    assert np.array_equal(fill_holes(ring), ring)
