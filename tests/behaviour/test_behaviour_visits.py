"""Entries and latency: the rule of 0.2 s in after 0.2 s out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.behaviour.visits import FrameStates, find_visits

STEP = 0.05


def entries(pattern: str, **rule: float) -> tuple[float, ...]:
    """Return entry times of a pattern, a letter per 0.05 s: i in, o out, ? unknown."""
    states = np.array(list(pattern))
    frames = FrameStates(
        time_s=np.arange(states.size) * STEP, duration_s=np.full(states.size, STEP), known=states != "?"
    )
    return find_visits(states == "i", frames, **rule).entry_times_s


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("oooooiiiiiooooo", [0.25]),  # once in
        ("iiiiiooooo", [0.0]),  # starting inside counts
        ("iiiiiooooiiii", [0.0, 0.45]),  # exactly 0.2 s out and 0.2 s in
        ("iiiiioooiiiii", [0.0]),  # out too shortly
        ("oooooiiiooooo", []),  # in too shortly
        ("oooooiiioiiiooooo", []),  # never 0.2 s at a stretch
        ("ooiiiii", [0.1]),  # nothing says that it came from outside
        ("iiioooooiiiii", [0.4]),  # the short time at the start is no stay
        ("iiiiiooioooiiiii", [0.0]),  # never 0.2 s out at a stretch
        ("", []),
        ("??????", []),
    ],
)
def test_rule(pattern: str, expected: list[float]) -> None:
    assert entries(pattern) == pytest.approx(tuple(expected))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("iiiii????????iiiii", [0.0]),  # in before and behind: no new entry
        ("ooooo????????iiiii", [0.65]),  # entered unseen: at the first frame seen
        ("iiiii????????ooooo", [0.0]),
        ("????????iiiii", [0.4]),
        ("oooooii????iiooooo", [0.25]),  # the stay goes on behind the gap
    ],
)
def test_gaps_are_neither_in_nor_out(pattern: str, expected: list[float]) -> None:
    assert entries(pattern) == pytest.approx(tuple(expected))


def test_rule_is_the_protocols() -> None:
    assert entries("oooooiiiooooo", min_in_s=0.1) == pytest.approx((0.25,))
    assert entries("iiiiioooiiiii", min_out_s=0.1) == pytest.approx((0.0, 0.4))


def test_latency_is_empty_without_an_entry() -> None:
    frames = FrameStates(time_s=[0, 0.3, 0.6], duration_s=[0.3] * 3, known=[True] * 3)
    assert np.isnan(find_visits([False] * 3, frames).latency_s)
    visits = find_visits([False, True, True], frames)
    assert (visits.entries, visits.latency_s) == (1, 0.3)


@given(st.text("io?", max_size=120))
def test_entries_and_exits_take_turns(pattern: str) -> None:
    times = entries(pattern)
    assert list(times) == sorted(set(times))
    assert len(times) <= 1 + sum(1 for stretch in pattern.replace("?", "").split("i") if len(stretch) >= 4)
    for time in times:
        assert pattern[round(time / STEP)] == "i"
    if "iiii" in pattern:
        assert times


@given(st.text("io?", max_size=60), st.integers(1, 4))
def test_frame_rate_changes_nothing(pattern: str, finer: int) -> None:
    fine = "".join(letter * finer for letter in pattern)
    states = np.array(list(fine))
    frames = FrameStates(
        time_s=np.arange(states.size) * STEP / finer,
        duration_s=np.full(states.size, STEP / finer),
        known=states != "?",
    )
    assert find_visits(states == "i", frames).entry_times_s == pytest.approx(entries(pattern))
