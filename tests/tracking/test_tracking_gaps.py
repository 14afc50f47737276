"""Smoothing keeps what is smooth; short gaps are filled, long ones are not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import savgol_filter

from csds.tracking.gaps import fill_gaps, short_gaps, smooth_path, stretches

TIME = np.arange(90) / 30.0


@given(st.floats(-5, 5), st.floats(-20, 20), st.floats(-20, 20))
def test_parabolas_pass_unchanged(a: float, b: float, c: float) -> None:
    path = a * TIME**2 + b * TIME + c
    assert smooth_path(TIME, path, window_s=0.2) == pytest.approx(path, abs=1e-8)


def test_jitter_becomes_less_by_the_filter_s_own_factor() -> None:
    rng = np.random.default_rng(1)
    long = np.arange(30_000) / 30.0
    noise = rng.normal(0, 1, len(long))
    # Seven-point parabola: the variance falls to the middle weight, 7/21.
    assert smooth_path(long, noise, window_s=0.2).std() == pytest.approx(np.sqrt(7 / 21), rel=0.03)


@pytest.mark.parametrize("window_s", [0.1, 0.2, 0.5])
def test_it_is_the_filter_of_savitzky_and_golay(window_s: float) -> None:
    noise = np.random.default_rng(4).normal(0, 1, 90)
    expected = savgol_filter(noise, round(window_s * 30) | 1, 2)
    assert smooth_path(TIME, noise, window_s=window_s) == pytest.approx(expected, abs=1e-9)


def test_smoothing_can_be_switched_off_and_leaves_short_stretches() -> None:
    noise = np.random.default_rng(2).normal(0, 1, 90)
    assert np.array_equal(smooth_path(TIME, noise, window_s=0.0), noise)
    broken = np.where(np.arange(90) % 5 == 0, np.nan, noise)
    assert np.array_equal(smooth_path(TIME, broken, window_s=0.2), broken, equal_nan=True)


def test_smoothing_does_not_reach_across_a_hole_in_time() -> None:
    path = np.concatenate([np.zeros(45), np.full(45, 100.0)])
    late = TIME + np.where(np.arange(90) >= 45, 2.0, 0.0)
    assert smooth_path(late, path, window_s=0.2) == pytest.approx(path, abs=1e-9)


def test_stretches_end_at_gaps_and_at_holes() -> None:
    found = np.ones(10, bool)
    found[4] = False
    time = np.array([0, 1, 2, 3, 4, 5, 6, 17, 18, 19]) / 10
    assert stretches(found, time, longest_step_s=0.5) == [(0, 4), (5, 7), (7, 10)]
    assert stretches(np.zeros(3, bool), time[:3], longest_step_s=0.5) == []


def test_gaps_up_to_half_a_second_are_interpolated_longer_ones_stay_open() -> None:
    found = np.ones(90, bool)
    found[10:24] = False  # from frame 9 to frame 24: exactly half a second
    found[40:55] = False  # one frame longer
    found[88:] = False  # at the end: nothing to interpolate to
    gaps = short_gaps(TIME, found, longest_s=0.5)
    assert np.flatnonzero(gaps).tolist() == list(range(10, 24))
    path = np.where(found, 3.0 * TIME, np.nan)
    filled = fill_gaps(TIME, path, gaps)
    assert filled[10:24] == pytest.approx(3.0 * TIME[10:24])
    assert np.isnan(filled[40:55]).all()
    assert np.isnan(filled[88:]).all()
