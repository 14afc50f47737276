"""A path leaves out what no animal could have reached and come back from."""

from __future__ import annotations

import numpy as np

from csds.tracking.leaps import leapt_to

FPS = 30.0


def walk(seconds: float = 10.0, speed: float = 20.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    time = np.arange(round(seconds * FPS)) / FPS
    return 20 + 10 * np.cos(speed / 10 * time), 20 + 10 * np.sin(speed / 10 * time), time


def test_a_mark_taken_for_the_animal_while_it_was_hidden_is_left_out() -> None:
    x, y, time = walk()
    x[100:150], y[100:150] = 40.0, 2.0
    wrong = leapt_to(x, y, time)
    assert np.flatnonzero(wrong).tolist() == list(range(100, 150))


def test_an_animal_that_runs_fast_or_is_lost_for_a_while_has_not_leapt() -> None:
    x, y, time = walk(speed=100.0)
    assert not leapt_to(x, y, time).any()
    x[100:130] = np.nan
    assert not leapt_to(x, y, time).any()


def test_one_leap_without_a_way_back_says_nothing_of_which_side_is_wrong() -> None:
    x, y, time = walk()
    x[150:] += 25.0
    assert not leapt_to(x, y, time).any()


def test_what_lasts_long_is_not_left_out() -> None:
    x, y, time = walk(30.0)
    x[100:500], y[100:500] = 40.0, 2.0
    assert not leapt_to(x, y, time).any()


def test_a_path_of_nothing_has_no_leaps() -> None:
    nothing = np.full(5, np.nan)
    assert not leapt_to(nothing, nothing, np.arange(5) / FPS).any()
