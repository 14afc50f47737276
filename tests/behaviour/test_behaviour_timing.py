"""Time: what each frame counts, holes, the recording's end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.behaviour.timing import Hole, find_holes, frame_durations, recording_end, run_bounds
from csds.errors import TableError

STEPS = st.lists(st.floats(0, 3), min_size=0, max_size=60)


def test_regular_frames_fill_the_window() -> None:
    durations = frame_durations(np.arange(3750) / 25, 150.0)
    assert durations == pytest.approx(np.full(3750, 0.04))
    assert durations.sum() == pytest.approx(150.0)


def test_last_frame_lasts_as_long_as_the_median() -> None:
    assert frame_durations([0, 0.1, 0.3, 0.4], 10)[-1] == pytest.approx(0.1)


def test_frame_before_a_hole_counts_half_a_second() -> None:
    assert frame_durations([0, 0.1, 5.1, 5.2], 10).tolist() == pytest.approx([0.1, 0.5, 0.1, 0.1])


def test_no_frame_counts_beyond_the_window() -> None:
    assert frame_durations([9.8, 9.9, 10.0, 10.1], 9.95).tolist() == pytest.approx([0.1, 0.05, 0, 0])


def test_frames_before_the_window_count_nothing() -> None:
    assert frame_durations([-0.2, -0.1, 0.0], 1).tolist() == pytest.approx([0, 0, 0.1])


def test_few_frames() -> None:
    assert frame_durations([], 10).shape == (0,)
    assert frame_durations([1.0], 10).tolist() == [0.0]
    assert find_holes([], 10) == ()
    assert recording_end([], 10) == 0


@given(STEPS, st.floats(0.1, 100))
def test_time_never_exceeds_the_window(steps: list[float], window_s: float) -> None:
    time = np.cumsum([0.0, *steps])
    durations = frame_durations(time, window_s)
    assert (durations >= 0).all()
    assert (durations <= 0.5 + 1e-9).all()
    assert durations.sum() <= window_s + 1e-9
    assert recording_end(time, window_s) <= window_s + 1e-9


@given(STEPS, st.floats(1, 100))
def test_time_lost_in_holes_is_what_is_missing(steps: list[float], window_s: float) -> None:
    time = np.cumsum([0.0, *steps])
    lost = sum(hole.end_s - hole.start_s - min(0.5, hole.end_s - hole.start_s) for hole in find_holes(time, window_s))
    assert frame_durations(time, window_s).sum() + lost == pytest.approx(recording_end(time, window_s), abs=1e-4)


def test_holes_also_before_the_first_frame() -> None:
    assert find_holes([1.0, 1.1, 2.0], 10) == (Hole(start_s=0, end_s=1.0), Hole(start_s=1.1, end_s=2.0))
    assert find_holes([0.0, 0.5, 1.0], 10) == ()


@pytest.mark.parametrize(
    ("time", "message"), [([0, 0.2, 0.1], "row 2 has 0.1 after 0.2"), ([0, np.nan], "row 1 has none")]
)
def test_time_stamps_that_cannot_be(time: list[float], message: str) -> None:
    with pytest.raises(TableError, match=message) as caught:
        frame_durations(time, 10)
    assert caught.value.hint


@given(st.lists(st.integers(0, 2)))
def test_runs_partition_the_labels(labels: list[int]) -> None:
    firsts, ends = run_bounds(labels)
    assert [label for a, b in zip(firsts, ends, strict=True) for label in [labels[a]] * (b - a)] == labels
    assert all(labels[a] != labels[a - 1] for a in firsts[1:])
