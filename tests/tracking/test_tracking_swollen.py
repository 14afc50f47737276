"""What touches the animal for a moment, and counts as part of it, says nothing of where it is."""

from __future__ import annotations

import numpy as np
import pytest

from csds.tracking.swollen import swollen

TIME_S = np.arange(300) / 30.0


def areas(*, first: int, count: int, factor: float) -> np.ndarray:
    area = 400.0 + 20.0 * np.sin(TIME_S * 7.0)
    area[first : first + count] *= factor
    return area


@pytest.mark.parametrize("count", [1, 6, 14])
def test_a_moment_in_which_it_is_far_larger_is_left_out(count: int) -> None:
    found = swollen(areas(first=100, count=count, factor=1.8), TIME_S, longest_s=0.5)
    assert np.flatnonzero(found).tolist() == list(range(100, 100 + count))


def test_what_is_larger_for_long_or_by_little_stays() -> None:
    assert not swollen(areas(first=100, count=60, factor=1.8), TIME_S, longest_s=0.5).any()
    assert not swollen(areas(first=100, count=6, factor=1.3), TIME_S, longest_s=0.5).any()


def test_an_animal_that_rises_from_a_rear_is_as_large_as_ever() -> None:
    area = areas(first=0, count=0, factor=1.0)
    area[60:100] *= 0.6
    area[105:145] *= 0.6
    assert not swollen(area, TIME_S, longest_s=0.5).any()


def test_nothing_is_left_out_where_nothing_is_known() -> None:
    assert not swollen(np.full(300, np.nan), TIME_S, longest_s=0.5).any()
