"""Rank-biserial correlation with Newcombe's interval, against its equation solved in R, and at its ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.errors import StatsError
from csds.stats.dominance import dominance

X = [0.31, 0.92, 1.15, 0.48, 1.71, 0.66, 0.9, 1.02]
Y = [1.35, 1.12, 1.88, 1.02, 2.31, 0.97, 1.44]


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        # uniroot of |t - theta| = z sqrt(V(t)), V with N* = (m + n) / 2 - 1
        (X, Y, (-0.6607142857, -0.9010219172, -0.0570175905)),
        (range(1, 9), range(9, 17), (-1.0, -1.0, -0.5112931220)),
        ([4, 5, 6], [1, 2, 3, 4], (0.9166666667, -0.0072416251, 0.9956660754)),
    ],
)
def test_bounds_solve_newcombes_equation_as_r_does(
    x: list[float], y: list[float], expected: tuple[float, float, float]
) -> None:
    found = dominance(list(x), list(y))
    assert (found.value, found.ci_low, found.ci_high) == pytest.approx(expected, abs=1e-9)


@given(
    st.lists(st.integers(0, 20), min_size=1, max_size=12),
    st.lists(st.integers(0, 20), min_size=1, max_size=12),
)
def test_swapping_groups_flips_the_sign(x: list[int], y: list[int]) -> None:
    one, other = (dominance(np.array(a, float), np.array(b, float)) for a, b in ((x, y), (y, x)))
    swapped = (-other.value, -other.ci_high, -other.ci_low)
    assert (one.value, one.ci_low, one.ci_high) == pytest.approx(swapped, abs=1e-9)
    assert -1 <= one.ci_low <= one.value <= one.ci_high <= 1


def test_interval_has_a_width_where_groups_do_not_overlap() -> None:
    found = dominance([5.0, 6.0, 7.0], [1.0, 2.0, 3.0])
    assert found.value == found.ci_high == 1.0
    assert found.ci_low < 0.1


def test_what_is_no_sample_or_level_is_refused() -> None:
    with pytest.raises(StatsError, match="at least, found 0"):
        dominance([], [1.0])
    with pytest.raises(StatsError, match="between 0 and 1"):
        dominance([1.0], [2.0], confidence=95)
