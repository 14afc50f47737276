"""Units that disagree within a column are refused with their rows, and what only looks odd is not."""

from __future__ import annotations

import pytest

from csds.errors import TableError

RATIOS = [1.42, 0.88, 1.61, 0.35, 1.05, 0.71]


def test_percent_among_ratios_is_told_by_the_times_even_in_one_row(animals_of) -> None:
    rows = [
        {"animal_id": f"m{i}", "si_ratio": ratio, "interaction_present_s": 60 * ratio, "interaction_absent_s": 60}
        for i, ratio in enumerate(RATIOS)
    ]
    animals_of(rows)
    rows[3]["si_ratio"] = 35
    with pytest.raises(TableError, match=r"'si_ratio': values around 35 .* percent among ratios \(rows 5\)"):
        animals_of(rows)


def test_percent_among_ratios_is_told_by_the_values_alone(animals_of) -> None:
    rows = [{"animal_id": f"m{i}", "si_ratio": ratio} for i, ratio in enumerate([*RATIOS, 142, 88])]
    with pytest.raises(TableError, match=r"percent among ratios \(rows 8, 9\)"):
        animals_of(rows)


@pytest.mark.parametrize("odd", [[0.011, 0.014], [14.2], [100 * ratio for ratio in RATIOS]])
def test_strong_avoiders_one_large_ratio_and_percent_throughout_are_no_mixture(animals_of, odd: list[float]) -> None:
    ratios = odd if len(odd) == len(RATIOS) else [*RATIOS, *odd]
    assert len(animals_of([{"animal_id": f"m{i}", "si_ratio": one} for i, one in enumerate(ratios)]).table)


def test_ratio_of_shares_of_unequal_windows_is_no_percent(animals_of) -> None:
    rows = [
        {"animal_id": "a", "si_ratio": 3.0, "interaction_present_s": 60, "interaction_absent_s": 60},
        {"animal_id": "b", "si_ratio": 1.0, "interaction_present_s": 60, "interaction_absent_s": 60},
    ]
    assert len(animals_of(rows).table) == 2


@pytest.mark.parametrize(
    ("present", "window", "message"),
    [
        (61_200, "", r"'interaction_present_s': found 61200 s in a trial of 14400 s at most \(rows 3\)"),
        (6_120, 150, r"found 6120 s in a trial of 150 s at most \(rows 3\)"),
    ],
)
def test_time_longer_than_its_trial_is_refused(animals_of, present: float, window: object, message: str) -> None:
    rows = [
        {"animal_id": "a", "interaction_present_s": 150.9, "duration_present_s": window},
        {"animal_id": "b", "interaction_present_s": present, "duration_present_s": window},
    ]
    with pytest.raises(TableError, match=message):
        animals_of(rows)
    assert len(animals_of(rows[:1]).table) == 1


def test_speeds_in_metres_are_refused_too(animals_of) -> None:
    rows = [{"animal_id": f"m{i}", "mean_speed_absent_cm_s": v} for i, v in enumerate([8.1, 0.075, 7.2, 0.066])]
    with pytest.raises(TableError, match=r"metres among centimetres \(rows 3, 5\)"):
        animals_of(rows)
