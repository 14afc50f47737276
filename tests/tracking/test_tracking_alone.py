"""One animal is a track; two, or none, are an error."""

from __future__ import annotations

import numpy as np
import pytest

from csds.errors import TrackingError
from csds.tracking.alone import require_one_animal
from csds.tracking.survey import SURVEYED, Survey

WINDOW = (10.0, 30.0)
FOUND = np.ones(600, bool)


def survey(alike: np.ndarray, *, hand: bool = False) -> Survey:
    rows = np.zeros((len(alike), len(SURVEYED)))
    rows[:, SURVEYED.index("time_s")] = np.arange(len(alike)) * 0.2
    rows[:, SURVEYED.index("alike")] = alike
    rows[:, SURVEYED.index("hand")] = hand
    return Survey(rows=rows, hand_cm2=50.0)


@pytest.mark.parametrize("together", [0.0, 0.4, 0.7])
def test_two_animals_that_are_not_always_in_contact_are_an_error(together: float) -> None:
    rng = np.random.default_rng(2)
    with pytest.raises(TrackingError, match="two animals") as caught:
        require_one_animal(survey(np.where(rng.random(200) < together, 1, 2)), FOUND, WINDOW)
    assert "arena of its own" in caught.value.hint


def test_one_animal_is_none_too_many_nor_is_what_happens_outside_the_window_or_under_a_hand() -> None:
    require_one_animal(survey(np.ones(200)), FOUND, WINDOW)
    require_one_animal(survey(np.where(np.arange(200) < 50, 2, 1)), FOUND, WINDOW)
    require_one_animal(survey(np.full(200, 2), hand=True), FOUND, WINDOW)
    glimpses = np.ones(200)
    glimpses[60:64] = 2
    require_one_animal(survey(glimpses), FOUND, WINDOW)


def test_no_animal_is_an_error() -> None:
    with pytest.raises(TrackingError, match="no animal found") as caught:
        require_one_animal(survey(np.zeros(200)), np.arange(600) < 20, WINDOW)
    assert "start_s" in caught.value.hint
