"""Pictures that a recorder repeats say nothing of where the animal is meanwhile."""

from __future__ import annotations

import numpy as np
import pytest

from csds.tracking.repeats import repeated_frames

FPS = 30.0


def stuttering(speed_px: float, first: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return centre, area and time of an animal that walks while ``count`` frames from ``first`` on repeat one."""
    number = np.arange(120)
    shown = np.where((number >= first) & (number < first + count), first - 1, number)
    return 50.0 + speed_px * shown, 40.0 + 3.0 * np.sin(speed_px * shown), 400.0 + shown % 7, number / FPS


def repeated(measures: tuple[np.ndarray, ...]) -> tuple[list[int], list[int]]:
    short, long = repeated_frames(*measures, longest_s=0.5, px_per_cm=5.0)
    return np.flatnonzero(short).tolist(), np.flatnonzero(long).tolist()


def test_a_short_run_is_told_from_the_jump_after_it() -> None:
    assert repeated(stuttering(1.5, 40, 6)) == (list(range(40, 46)), [])


def test_a_run_too_long_to_bridge_is_lost() -> None:
    assert repeated(stuttering(1.5, 40, 25)) == ([], list(range(40, 65)))


@pytest.mark.parametrize("count", [3, 6, 12])
def test_a_coder_need_not_repeat_a_picture_to_the_last_pixel(count: int) -> None:
    u, v, area, time_s = stuttering(1.5, 40, count)
    rng = np.random.default_rng(1)
    again = slice(40, 40 + count)
    u[again] += rng.uniform(-0.05, 0.05, count)
    area[again] += rng.integers(-2, 3, count)
    assert repeated((u, v, area, time_s)) == (list(range(40, 40 + count)), [])


def test_an_animal_that_stops_and_goes_on_is_where_it_is_seen() -> None:
    number = np.arange(120)
    # Twelve frames of a rest, and up to 7 cm/s within one frame.
    u = 50.0 + 1.2 * (np.minimum(number, 50) + np.maximum(number - 62, 0))
    u += np.random.default_rng(2).uniform(-0.05, 0.05, 120)
    assert repeated((u, np.full(120, 40.0), np.full(120, 400.0), number / FPS)) == ([], [])


def test_an_animal_that_sits_still_is_where_it_is_seen() -> None:
    number = np.arange(120)
    u = np.where(number < 60, 50.0, 50.0 + 0.4 * (number - 60))
    assert repeated((u, np.full(120, 40.0), np.full(120, 400.0), number / FPS)) == ([], [])


def test_nothing_repeats_in_a_walk_or_where_the_animal_is_lost() -> None:
    assert repeated(stuttering(1.5, 40, 0)) == ([], [])
    nothing = np.full(120, np.nan)
    assert repeated((nothing, nothing, nothing, np.arange(120) / FPS)) == ([], [])


def test_what_repeats_at_the_end_of_a_recording_stays() -> None:
    assert repeated(stuttering(1.5, 110, 10)) == ([], [])


def test_before_a_hole_in_the_time_stamps_pictures_are_missing_and_not_repeated() -> None:
    number = np.arange(120)
    # It rests for 30 frames, then a second of time stamps is missing, and it is 20 px further on.
    u = np.where(number < 60, 50.0, 70.0 + 1.5 * (number - 60))
    time_s = number / FPS + (number >= 60) * 1.0
    assert repeated((u, np.full(120, 40.0), np.full(120, 400.0), time_s)) == ([], [])
