"""Pictures of the moments that matter, and never more than a bounded number of them."""

from __future__ import annotations

import numpy as np
import pytest

from csds.tracking.thumbnails import AT_END_S, AT_START_S, Thumbnails


def watch(length_s: float, marks: set[float], **settings: object) -> Thumbnails:
    """Show a picture five times a second, grey as its time in s."""
    thumbnails = Thumbnails(**settings)
    for i in range(round(length_s * 5)):
        picture = np.full((4, 4), i // 5 % 256, np.uint8)
        thumbnails.see(i / 5, picture, mark=round(i / 5, 1) in marks)
    return thumbnails


def test_start_and_end_are_shown() -> None:
    shown = watch(200, {0.0, 8.0, 12.0}, lengths_s=(150.0,)).around(12.0, 162.0)

    times = [time_s for time_s, _ in shown]
    assert times[:6] == pytest.approx([12 + offset for offset in AT_START_S], abs=0.11)
    assert times[6:] == pytest.approx([162 + offset for offset in AT_END_S], abs=0.11)
    assert all(picture[0, 0] == int(time_s) for time_s, picture in shown)


def test_what_was_not_filmed_is_left_out() -> None:
    times = [time_s for time_s, _ in watch(20, {0.0}, lengths_s=(20.0,)).around(0.0, 20.0)]

    assert times == pytest.approx([0.0, 1.0, 2.0, 19.0, 19.8])


def test_an_early_end_is_shown_where_something_came() -> None:
    times = [time_s for time_s, _ in watch(80, {10.0, 60.0}, lengths_s=(150.0,)).around(10.0, 60.0)]

    assert times[-3:] == pytest.approx([59.0, 60.0, 61.0], abs=0.01)


def test_memory_is_bounded_however_often_something_changes() -> None:
    restless = watch(4000, {round(i / 5, 1) for i in range(0, 20000, 2)}, lengths_s=(150.0,))

    assert len(restless._kept) + len(restless._recent) + len(restless._spread) < 400
    assert len(restless._asked) < 1000


def test_pictures_are_spread_over_the_recording() -> None:
    times = [time_s for time_s, _ in watch(1000, {0.0}, lengths_s=(150.0,)).spread()]

    assert 6 <= len(times) <= 12
    assert np.diff(times) == pytest.approx(np.full(len(times) - 1, times[1] - times[0]), rel=0.05)
    assert times[-1] > 800
