"""Trials found in surveys that are written by hand: what was in the arena, and for how long."""

from __future__ import annotations

import numpy as np
import pytest

from csds.tracking.survey import SURVEYED, Survey
from csds.tracking.trial import Wanted, Window, find_trials, hand_within, trials_are_over

HAND, MOUSE, EMPTY = "hand", "mouse", "empty"
TRIAL_S = 150.0
PLACED = [(EMPTY, 8.0), (HAND, 3.0)]
TAKEN = [(HAND, 3.0), (EMPTY, 10.0)]


def survey_of(*parts: tuple[str, float]) -> Survey:
    """Return five surveys a second; while a hand is in, thirty."""
    rows, at_s = [], 0.0
    for what, length_s in parts:
        step = 1 / 30 if what == HAND else 0.2
        for time_s in at_s + np.arange(round(length_s / step)) * step:
            values = {
                "time_s": time_s,
                "light": 1.0,
                "reach_cm2": 150.0 if what == HAND else 0.0,
                "hand": float(what == HAND),
                "animals": float(what == MOUSE),
                "animal_cm2": 20.0 if what == MOUSE else 0.0,
            }
            rows.append([values.get(name, 0.0) for name in SURVEYED])
        at_s += length_s
    return Survey(rows=np.array(rows), hand_cm2=50.0)


def find(*parts: tuple[str, float], trials: int = 1, length_s: float = TRIAL_S, **wanted: object) -> list[Window]:
    return find_trials(survey_of(*parts), Wanted(durations_s=(length_s,) * trials, **wanted))


def test_a_mouse_that_is_there_from_the_first_frame_starts_there() -> None:
    assert find((MOUSE, 160.0)) == [Window(start_s=0.0, end_s=150.0, source="first_frame")]


def test_the_trial_starts_when_the_hand_is_gone_and_ends_when_it_comes_back() -> None:
    (trial,) = find(*PLACED, (MOUSE, 155.0), *TAKEN)

    assert trial.start_s == pytest.approx(11.0)
    assert trial.end_s == pytest.approx(161.0)
    assert trial.until_s == pytest.approx(166.0)
    assert (trial.source, trial.uncertain) == ("found", False)


def test_the_last_fingers_are_still_the_hand() -> None:
    survey = survey_of(*PLACED, (MOUSE, 155.0))
    after = np.flatnonzero(survey.of("time_s") >= 11.0 - 1e-6)[:2]
    survey.rows[after, SURVEYED.index("reach_cm2")] = 15.0

    assert find_trials(survey, Wanted(durations_s=(TRIAL_S,)))[0].start_s == pytest.approx(11.4)


def test_a_trial_that_is_cut_short_says_when() -> None:
    (trial,) = find(*PLACED, (MOUSE, 100.0), *TAKEN)

    assert trial.end_s - trial.start_s == TRIAL_S
    assert trial.until_s == pytest.approx(111.0)
    assert not trial.uncertain


def test_a_hand_that_comes_back_at_once_belongs_to_the_placing() -> None:
    (trial,) = find(*PLACED, (MOUSE, 4.0), (HAND, 2.0), (MOUSE, 155.0), *TAKEN)

    assert trial.start_s == pytest.approx(17.0)
    assert not trial.uncertain


@pytest.mark.parametrize(("alone_s", "uncertain"), [(20.0, True), (60.0, False)])
def test_a_hand_that_comes_later_disturbs_a_trial_that_has_begun(alone_s: float, uncertain: bool) -> None:
    parts = (*PLACED, (MOUSE, alone_s), (HAND, 2.0), (MOUSE, 155.0), *TAKEN)
    (trial,) = find(*parts)

    assert trial.start_s == pytest.approx(11.0)
    assert trial.uncertain is uncertain
    assert hand_within(survey_of(*parts), trial.start_s, trial.end_s)


def test_a_mouse_that_comes_in_without_a_hand_is_uncertain() -> None:
    (trial,) = find((EMPTY, 8.0), (MOUSE, 155.0))

    assert trial.start_s == pytest.approx(8.0)
    assert trial.uncertain


def test_a_mouse_that_was_there_before_the_hand_is_uncertain() -> None:
    (trial,) = find((MOUSE, 5.0), (HAND, 2.0), (MOUSE, 155.0))

    assert trial.start_s == pytest.approx(7.0)
    assert trial.uncertain


def test_a_mouse_beside_a_hand_from_the_first_frame_on_is_uncertain() -> None:
    survey = survey_of((HAND, 2.0), (MOUSE, 155.0))
    assert not find_trials(survey, Wanted(durations_s=(TRIAL_S,)))[0].uncertain

    survey.rows[:, SURVEYED.index("animals")] = 1.0
    assert find_trials(survey, Wanted(durations_s=(TRIAL_S,)))[0].uncertain


def test_a_mouse_on_the_enclosure_is_still_in_its_trial() -> None:
    (trial,) = find(*PLACED, (MOUSE, 40.0), (EMPTY, 30.0), (MOUSE, 85.0), *TAKEN)

    assert trial.start_s == pytest.approx(11.0)
    assert trial.until_s == pytest.approx(166.0)
    assert not trial.uncertain


def test_a_mouse_that_escaped_and_was_put_back_has_its_trial_then() -> None:
    (trial,) = find(*PLACED, (MOUSE, 30.0), *TAKEN, (HAND, 2.0), (MOUSE, 155.0), *TAKEN)

    assert trial.start_s == pytest.approx(56.0)
    assert not trial.uncertain


def test_both_phases_are_found_in_order() -> None:
    first, second = find(*PLACED, (MOUSE, 152.0), *TAKEN, (HAND, 2.0), (MOUSE, 151.0), *TAKEN, trials=2)

    assert (first.start_s, first.until_s) == pytest.approx((11.0, 163.0))
    assert (second.start_s, second.until_s) == pytest.approx((178.0, 329.0))
    assert not first.uncertain
    assert not second.uncertain


def test_both_phases_are_found_though_the_hand_never_left_between_them() -> None:
    first, second = find(*PLACED, (MOUSE, 152.0), (HAND, 25.0), (MOUSE, 151.0), *TAKEN, trials=2)

    assert (first.start_s, first.until_s) == pytest.approx((11.0, 163.0))
    assert second.start_s == pytest.approx(188.0)


def test_both_phases_without_any_hand_are_uncertain() -> None:
    first, second = find((MOUSE, 152.0), (EMPTY, 30.0), (MOUSE, 151.0), trials=2)

    assert first.until_s == pytest.approx(152.0, abs=0.3)
    assert second.start_s == pytest.approx(182.0)
    assert first.uncertain
    assert second.uncertain


def test_a_single_trial_is_not_made_into_two() -> None:
    assert len(find(*PLACED, (MOUSE, 60.0), (EMPTY, 30.0), (MOUSE, 65.0), *TAKEN, trials=2)) == 1


def test_a_window_that_the_sheet_gives_to_the_other_phase_is_left_alone() -> None:
    parts = (*PLACED, (MOUSE, 152.0), *TAKEN, (HAND, 2.0), (MOUSE, 151.0), *TAKEN)

    assert find(*parts, taken=((11.0, 161.0),))[0].start_s == pytest.approx(178.0)


def test_what_always_reaches_in_is_part_of_the_room() -> None:
    survey = survey_of((MOUSE, 20.0))
    survey.rows[:90, SURVEYED.index("hand")] = 1.0

    (trial,) = find_trials(survey, Wanted(durations_s=(TRIAL_S,)))
    assert (trial.start_s, trial.source, trial.uncertain) == (0.0, "first_frame", False)
    assert not hand_within(survey, 0.0, 20.0)


def test_an_empty_arena_holds_no_trial() -> None:
    assert find((EMPTY, 30.0), (HAND, 2.0), (EMPTY, 100.0)) == []


@pytest.mark.parametrize("trials", [1, 2])
def test_what_comes_after_the_trials_changes_nothing(trials: int) -> None:
    wanted = Wanted(durations_s=(TRIAL_S,) * trials)
    whole = survey_of(*PLACED, (MOUSE, 155.0), *TAKEN, (HAND, 2.0), (MOUSE, 160.0), *TAKEN, (HAND, 2.0), (MOUSE, 400.0))
    ends = (161.0, 331.0)
    over = [
        at_s
        for at_s in range(5, 700, 5)
        if trials_are_over(Survey(rows=whole.rows[whole.of("time_s") < at_s], hand_cm2=50.0), wanted)
    ]

    assert ends[trials - 1] < over[0] < ends[trials - 1] + 8
    for at_s in over[:: len(over) // 5]:
        seen = Survey(rows=whole.rows[whole.of("time_s") < at_s], hand_cm2=50.0)
        assert [w.start_s for w in find_trials(seen, wanted)] == [w.start_s for w in find_trials(whole, wanted)]
