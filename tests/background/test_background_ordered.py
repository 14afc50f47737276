"""Samples in order: as numpy sorts them, only faster."""

from __future__ import annotations

import numpy as np
import pytest

from csds.background.ordered import median_picture, sort_samples


@pytest.mark.parametrize("count", [1, 2, 5, 12, 16, 17])
def test_samples_are_sorted(count: int) -> None:
    values = np.random.default_rng(count).integers(0, 256, (count, 7, 9)).astype(np.uint8)
    kept = values.copy()
    np.testing.assert_array_equal(sort_samples(values), np.sort(values, axis=0))
    np.testing.assert_array_equal(values, kept)


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_the_median_is_numpys(count: int) -> None:
    values = np.random.default_rng(count).integers(0, 256, (count, 7, 9)).astype(np.uint8)
    np.testing.assert_array_equal(median_picture(values), np.median(values, axis=0).astype(np.uint8))
