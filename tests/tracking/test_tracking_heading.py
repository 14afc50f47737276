"""Heads are chosen over the whole recording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.tracking.heading import head_evidence, head_odds

N = 200


def turning(rng: np.random.Generator) -> np.ndarray:
    """Return headings (radians) of an animal that turns slowly."""
    return np.cumsum(rng.normal(0, 0.08, N)) + rng.uniform(0, 2 * np.pi)


@given(st.integers(0, 200))
def test_heads_are_hardly_ever_wrong_though_a_fifth_of_the_evidence_is_wrong(seed: int) -> None:
    rng = np.random.default_rng(seed)
    heading = turning(rng)
    # The axis is known modulo π only: each frame shows it either way round.
    flipped = rng.random(N) < 0.5
    axis = heading + np.pi * flipped
    truth = ~flipped
    evidence = np.where(truth, 1.0, -1.0) * np.where(rng.random(N) < 0.2, -2.0, 2.0)
    assert np.mean((head_odds(axis, evidence, known=np.ones(N, bool)) > 0) == truth) >= 0.97


@given(st.integers(0, 50))
def test_turning_every_axis_round_turns_every_answer(seed: int) -> None:
    rng = np.random.default_rng(seed)
    axis, evidence = turning(rng), rng.normal(0.5, 2.0, N)
    known = rng.random(N) < 0.9
    one = head_odds(axis, evidence, known=known)
    other = head_odds(axis + np.pi, -evidence, known=known)
    assert one[known] == pytest.approx(-other[known])


def test_no_detection_gives_no_head() -> None:
    nothing = np.full(5, np.nan)
    assert np.isnan(head_odds(nothing, np.zeros(5), known=np.zeros(5, bool))).all()


def test_doubt_is_told_where_the_evidence_contradicts_itself() -> None:
    evidence = np.repeat([0.5, -0.5], N // 2)
    axis = np.zeros(N)
    sure = head_odds(axis, np.abs(evidence), known=np.ones(N, bool))
    torn = head_odds(axis, evidence, known=np.ones(N, bool))
    assert np.abs(torn).min() < 1.0
    assert np.abs(sure).min() > 10.0
    assert np.isnan(head_odds(axis, evidence, known=np.arange(N) != 7)[7])


def test_no_evidence_at_all_gives_even_odds() -> None:
    assert head_odds(np.zeros(N), np.zeros(N), known=np.ones(N, bool)) == pytest.approx(0.0)


def test_motion_tail_and_taper_each_point_to_the_head() -> None:
    time = np.arange(20) / 30
    still = {"u": np.zeros(20), "v": np.zeros(20), "axis": np.zeros(20), "length": np.full(20, 40.0)}
    none = {"tail_side": np.zeros(20), "skew": np.zeros(20)}
    moving = still | none | {"u": np.arange(20) * 2.0}
    assert (head_evidence(moving, time) > 0).all()
    assert (head_evidence(still | none | {"tail_side": np.full(20, -1.0)}, time) > 0).all()
    assert (head_evidence(still | none | {"skew": np.full(20, 0.4)}, time) > 0).all()
    assert (head_evidence(still | none, time) == 0).all()
