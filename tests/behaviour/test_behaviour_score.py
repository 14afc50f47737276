"""The table of animals: scores, phenotypes, flags, and that nobody is left out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.behaviour.ratios import Phases, log_present_to_absent, preference, present_to_absent
from csds.behaviour.score import score_animals
from csds.errors import ScoreError, TableError
from csds.model.columns import ANIMAL_COLUMNS, names
from csds.model.flags import split_flags
from csds.protocol.load import load_protocol

GOLDEN = load_protocol("golden2011")
ACCELERATED = load_protocol("accelerated_defeat")
OPEN_FIELD = load_protocol("open_field")


def session(animal: str, phase: str, interaction: float = 60.0, **cells: object) -> dict[str, object]:
    row: dict[str, object] = {
        "cohort": "C1", "animal_id": animal, "test": "", "phase": f"target_{phase}", "stress": "defeated",
        "treatment": "isotype", "duration_s": 150.0, "recorded_s": 150.0, "interaction_time_s": interaction,
        "corners_time_s": 20.0, "distance_cm": 1200.0, "mean_speed_cm_s": 8.0, "exclude": "", "flags": "",
    }  # fmt: skip
    return row | cells


def pair(animal: str, absent: float, present: float, **cells: object) -> list[dict[str, object]]:
    return [session(animal, "absent", absent, **cells), session(animal, "present", present, **cells)]


def score(rows: list[dict[str, object]], protocol=GOLDEN) -> pd.DataFrame:
    return score_animals(pd.DataFrame(rows), protocol).set_index("animal_id", drop=False)


def flags_of(table: pd.DataFrame, animal: str) -> set[str]:
    return set(split_flags(table.loc[animal, "flags"]))


def test_columns_are_the_contracts_then_the_sheets() -> None:
    table = score(pair("a", 60, 30, sex="F", cage="7"))
    assert table.columns.tolist() == [*names(ANIMAL_COLUMNS), "sex", "cage"]
    assert table.loc["a", ["sex", "cage", "treatment", "stress", "cohort"]].tolist() == [
        "F", "7", "isotype", "defeated", "C1",
    ]  # fmt: skip


def test_scores_by_hand() -> None:
    rows = [
        session("a", "absent", 60, corners_time_s=20, distance_cm=1200, mean_speed_cm_s=8),
        session("a", "present", 30, corners_time_s=50, distance_cm=700, mean_speed_cm_s=4.7),
    ]
    row = score(rows).loc["a"]
    assert (row["interaction_absent_s"], row["interaction_present_s"]) == (60, 30)
    assert (row["corners_absent_s"], row["corners_present_s"]) == (20, 50)
    assert (row["distance_absent_cm"], row["distance_present_cm"]) == (1200, 700)
    assert row["si_ratio"] == 0.5
    assert row["log_si_ratio"] == pytest.approx(-math.log(2))
    assert row["si_preference"] == pytest.approx(1 / 3)
    assert row["si_difference_s"] == -30
    assert row["corner_ratio"] == 2.5
    assert row["delta_velocity_cm_s"] == pytest.approx(3.3)
    assert row["below_cutoff"] is np.True_ or row["below_cutoff"] is True
    assert (row["phenotype"], row["rule"], row["flags"]) == ("susceptible", "si_cutoff", "")


def test_tie_is_resilient_by_golden2011() -> None:
    row = score(pair("a", 61.2, 61.2)).loc["a"]
    assert (row["si_ratio"], row["log_si_ratio"], row["phenotype"]) == (1.0, 0.0, "resilient")
    assert not row["below_cutoff"]


@given(st.floats(0.1, 150), st.floats(0.1, 150))
def test_swapping_the_phases_flips_the_scores(absent: float, present: float) -> None:
    here = Phases(absent=absent, present=present, window_absent_s=150, window_present_s=150)
    there = Phases(absent=present, present=absent, window_absent_s=150, window_present_s=150)
    assert present_to_absent(here) * present_to_absent(there) == pytest.approx(1)
    assert log_present_to_absent(here) == pytest.approx(-log_present_to_absent(there))
    assert preference(here) + preference(there) == pytest.approx(1)
    ratio = float(present_to_absent(here))
    assert preference(here) == pytest.approx(ratio / (1 + ratio))


@given(st.floats(0.1, 60), st.floats(0.1, 60), st.floats(60, 600), st.floats(60, 600))
def test_shares_stand_in_for_times_where_windows_differ(absent, present, window_absent, window_present) -> None:
    ratio = present_to_absent(
        Phases(absent=absent, present=present, window_absent_s=window_absent, window_present_s=window_present)
    )
    differ = abs(window_absent - window_present) > 0.01 * max(window_absent, window_present)
    expected = (present / window_present) / (absent / window_absent) if differ else present / absent
    assert ratio == pytest.approx(expected)


def test_unequal_windows() -> None:
    rows = [session("a", "absent", 61.2, duration_s=150), session("a", "present", 40.8, duration_s=100)]
    table = score(rows)
    assert table.loc["a", "si_ratio"] == pytest.approx(1.0)
    assert table.loc["a", "si_preference"] == pytest.approx(0.5)
    assert table.loc["a", "phenotype"] == "resilient"
    assert flags_of(table, "a") == {"unequal_windows"}
    rows[1]["duration_s"] = 149.0
    assert flags_of(score(rows), "a") == set()


def test_recording_that_ended_early_has_the_window_that_was_recorded() -> None:
    rows = [session("a", "absent", 60), session("a", "present", 40, recorded_s=75.0, flags="short_recording")]
    table = score(rows)
    assert table.loc["a", "si_ratio"] == pytest.approx((40 / 75) / (60 / 150))
    assert flags_of(table, "a") == {"short_recording", "unequal_windows"}


def test_dropped_frames_do_not_change_the_window() -> None:
    rows = [session("a", "absent", 60), session("a", "present", 40, recorded_s=120.0, flags="dropped_frames")]
    assert score(rows).loc["a", "si_ratio"] == pytest.approx(40 / 60)


def test_windows_by_protocol_where_the_table_has_none() -> None:
    rows = pair("a", 60, 30)
    for row in rows:
        del row["duration_s"], row["recorded_s"]
    assert score(rows).loc["a", "si_ratio"] == 0.5


def test_zero_denominator() -> None:
    table = score(pair("a", 0, 30))
    assert table.loc["a", ["si_ratio", "log_si_ratio"]].isna().all()
    assert table.loc["a", "si_preference"] == 1.0
    assert table.loc["a", "si_difference_s"] == 30
    assert table.loc["a", "phenotype"] == "undetermined"
    assert pd.isna(table.loc["a", "below_cutoff"])
    assert flags_of(table, "a") == {"zero_denominator"}


def test_small_denominator_has_a_score_but_no_phenotype() -> None:
    table = score(pair("a", 4.9, 30) + pair("b", 5.0, 30))
    assert table.loc["a", "si_ratio"] == pytest.approx(30 / 4.9)
    assert table["phenotype"].tolist() == ["undetermined", "resilient"]
    assert flags_of(table, "a") == {"small_denominator"}
    assert flags_of(table, "b") == set()


def test_no_time_with_the_target() -> None:
    table = score(pair("a", 60, 0))
    assert table.loc["a", "si_ratio"] == 0
    assert pd.isna(table.loc["a", "log_si_ratio"])
    assert table.loc["a", "phenotype"] == "susceptible"
    assert flags_of(table, "a") == {"zero_numerator"}


def test_never_in_the_zone_at_all() -> None:
    table = score(pair("a", 0, 0))
    assert table.loc["a", ["si_ratio", "log_si_ratio", "si_preference"]].isna().all()
    assert table.loc["a", "phenotype"] == "undetermined"


def test_no_time_in_the_corners() -> None:
    table = score(pair("a", 60, 30, corners_time_s=0.0))
    assert pd.isna(table.loc["a", "corner_ratio"])
    assert flags_of(table, "a") == {"zero_corner_denominator"}
    assert table.loc["a", "phenotype"] == "susceptible"


@pytest.mark.parametrize("left", ["absent", "present"])
def test_animal_with_one_phase_stays(left: str) -> None:
    table = score([session("a", left, 60), *pair("b", 60, 30)])
    assert table["animal_id"].tolist() == ["a", "b"]
    assert table.loc["a", "phenotype"] == "undetermined"
    assert flags_of(table, "a") == {"missing_phase"}
    assert table.loc["a", f"interaction_{left}_s"] == 60
    assert pd.isna(table.loc["a", "si_ratio"])


def test_failed_session_is_a_missing_phase() -> None:
    empty = dict.fromkeys(["interaction_time_s", "corners_time_s", "distance_cm", "mean_speed_cm_s"], math.nan)
    table = score([session("a", "absent", **empty, flags="uncertain_animal"), session("a", "present", 40)])
    assert table.loc["a", "phenotype"] == "undetermined"
    assert flags_of(table, "a") == {"missing_phase", "uncertain_animal"}


def test_control_and_unknown_stress() -> None:
    table = score(pair("a", 60, 30, stress="control") + pair("b", 60, 30, stress=""))
    assert table["phenotype"].tolist() == ["control", "undetermined"]
    assert table["below_cutoff"].tolist() == [True, True]
    assert flags_of(table, "b") == {"unknown_stress"}


def test_stress_written_in_one_of_two_rows_is_enough() -> None:
    rows = pair("a", 60, 30)
    rows[0]["stress"] = ""
    assert score(rows).loc["a", "stress"] == "defeated"


def test_flags_of_sessions_that_touch_trust_reach_the_animal() -> None:
    rows = [session("a", "absent", flags="immobile;arena_size_differs"), session("a", "present", flags="low_tracking")]
    assert flags_of(score(rows), "a") == {"immobile", "low_tracking"}


def test_phenotype_of_an_animal_that_was_hardly_tracked_cannot_be_told() -> None:
    rows = [session("a", "absent", 60, tracked_fraction=1.0), session("a", "present", 10, tracked_fraction=0.49)]
    rows[1]["flags"] = "low_tracking"
    table = score(rows)
    assert table.loc["a", "phenotype"] == "undetermined"
    rows[1]["tracked_fraction"] = 0.5
    assert score(rows).loc["a", "phenotype"] == "susceptible"


def test_phenotype_of_an_animal_that_cannot_be_told_from_the_floor_cannot_be_told() -> None:
    rows = [*pair("a", 60, 10), *pair("b", 60, 10, stress="control"), *pair("c", 60, 10)]
    for row in rows[1], rows[3]:
        row["flags"] = "uncertain_animal"
    assert score(rows)["phenotype"].tolist() == ["undetermined", "control", "susceptible"]
    assert flags_of(score(rows), "a") == {"uncertain_animal"}


def test_exclusion_by_the_sheet_is_carried_and_changes_nothing_else() -> None:
    rows = pair("a", 60, 30)
    rows[1]["exclude"] = "wounded"
    table = score(rows)
    assert table.loc["a", "exclude"] == "wounded"
    assert table.loc["a", "phenotype"] == "susceptible"


def test_exclusions_of_the_rule() -> None:
    rows = pair("a", 50, 59) + pair("b", 50, 61) + pair("c", 0, 70, corners_time_s=0.0, corner_left_time_s=0.0)
    rows += pair("d", 0, 70, corners_time_s=4.0)
    table = score(rows, ACCELERATED)
    assert table["phenotype"].tolist() == ["excluded", "resilient", "excluded", "undetermined"]
    assert "excluded_minimum_time" in flags_of(table, "a")
    assert {"excluded_no_zone_time", "zero_denominator"} <= flags_of(table, "c")


def test_numbers_used_again_in_another_cohort_are_other_animals() -> None:
    rows = pair("1", 60, 30) + pair("1", 60, 90, cohort="C2") + pair("1", 60, 70, test="post")
    table = score_animals(pd.DataFrame(rows), GOLDEN)
    assert table[["cohort", "animal_id", "test"]].to_numpy().tolist() == [
        ["C1", "1", ""], ["C2", "1", ""], ["C1", "1", "post"],
    ]  # fmt: skip
    assert table["phenotype"].tolist() == ["susceptible", "resilient", "resilient"]


def test_columns_that_differ_between_phases_become_two() -> None:
    rows = pair("a", 60, 30, sex="F") + pair("b", 60, 30, sex="")
    rows[0]["session_date"], rows[1]["session_date"] = "2024-05-01", "2024-05-02"
    rows[2]["session_date"] = "2024-05-01"
    table = score(rows)
    assert table.loc["a", ["session_date_absent", "session_date_present"]].tolist() == ["2024-05-01", "2024-05-02"]
    assert "session_date" not in table.columns
    assert table["sex"].tolist() == ["F", ""]


def test_tables_own_columns_never_replace_csdss() -> None:
    table = score(pair("a", 60, 30, phenotype="resilient", si_ratio="1.4"))
    assert table.loc["a", ["phenotype", "phenotype_in_table", "si_ratio_in_table"]].tolist() == [
        "susceptible", "resilient", "1.4",
    ]  # fmt: skip


def test_speed_from_distance_only_where_the_table_has_no_speed() -> None:
    rows = [session("a", "absent", distance_cm=1500.0), session("a", "present", distance_cm=900.0)]
    assert score(rows).loc["a", "delta_velocity_cm_s"] == 0
    for row in rows:
        del row["mean_speed_cm_s"]
    assert score(rows).loc["a", "delta_velocity_cm_s"] == pytest.approx(4)
    rows[0]["mean_speed_cm_s"], rows[1]["mean_speed_cm_s"] = 8.0, math.nan
    assert pd.isna(score(rows).loc["a", "delta_velocity_cm_s"])


def test_order_of_rows_changes_nothing_but_the_order() -> None:
    rows = pair("a", 60, 30) + pair("b", 60, 90) + pair("c", 2, 90)
    pd.testing.assert_frame_equal(score(rows).sort_index(), score(rows[::-1]).sort_index())


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.sampled_from([0.0, 3.0, 60.0, math.nan])), max_size=12))
def test_every_animal_is_in_the_table_once(cells: list[tuple[int, bool, float]]) -> None:
    rows = {(a, p): session(f"m{a}", "present" if p else "absent", t) for a, p, t in cells}
    if not rows:
        return
    table = score_animals(pd.DataFrame(list(rows.values())), GOLDEN)
    assert sorted(table["animal_id"]) == sorted({f"m{a}" for a, _ in rows})
    for _, row in table.iterrows():
        defined = np.isfinite([row["interaction_absent_s"], row["interaction_present_s"]]).all()
        assert row["phenotype"] in {"susceptible", "resilient", "undetermined"}
        assert (row["phenotype"] != "undetermined") == bool(defined and row["interaction_absent_s"] >= 5)
        assert row["phenotype"] != "undetermined" or row["flags"]
        numbers = row[["si_ratio", "log_si_ratio", "si_preference", "corner_ratio"]].to_numpy(float)
        assert not np.isinf(numbers).any()


def test_argument_stays_as_it_was() -> None:
    sessions = pd.DataFrame(pair("a", 60, 30))
    before = sessions.copy()
    score_animals(sessions, GOLDEN)
    pd.testing.assert_frame_equal(sessions, before)


def test_protocol_without_score() -> None:
    rows = [
        {"animal_id": "r1", "phase": "open_field", "centre_time_s": 30.0, "distance_cm": 900.0, "sex": "M",
         "flags": "low_tracking", "stress": "", "mean_speed_cm_s": 3.0, "tracked_fraction": 0.9},
        {"animal_id": "r2", "phase": "open_field", "centre_time_s": math.nan, "distance_cm": math.nan, "sex": "F",
         "flags": "", "stress": "", "mean_speed_cm_s": math.nan, "tracked_fraction": 0.0},
    ]  # fmt: skip
    table = score(rows, OPEN_FIELD)
    assert table["distance_cm"].iloc[0] == 900
    assert table["phenotype"].tolist() == ["", ""]
    assert table["flags"].tolist() == ["low_tracking", ""]
    assert table["sex"].tolist() == ["M", "F"]
    assert not [name for name in table.columns if name.startswith("si_")]


def test_protocol_without_score_and_several_phases() -> None:
    protocol = replace(GOLDEN, score=None, rule=None)
    table = score([*pair("a", 60, 30), session("b", "absent", 10)], protocol)
    assert table.loc["a", "target_present_interaction_time_s"] == 30
    assert table["flags"].tolist() == ["", "missing_phase"]


def test_protocol_without_rule() -> None:
    table = score(pair("a", 60, 30) + pair("b", 60, 30, stress="control"), replace(GOLDEN, rule=None))
    assert table["phenotype"].tolist() == ["", "control"]
    assert table["si_ratio"].tolist() == [0.5, 0.5]
    assert table["below_cutoff"].isna().all()


def test_score_needs_one_phase_of_each_kind() -> None:
    with pytest.raises(ScoreError, match="one phase without and one with the target"):
        score(pair("a", 60, 30), replace(GOLDEN, phases=GOLDEN.phases[:1]))


def test_score_needs_the_interaction_zone() -> None:
    rows = [{k: v for k, v in row.items() if k != "interaction_time_s"} for row in pair("a", 60, 30)]
    with pytest.raises(TableError, match="interaction_time_s") as caught:
        score(rows)
    assert "--map" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"phase": "target"}, "row 1, column 'phase': expected target_absent, target_present, found 'target'"),
        ({"stress": "angry"}, "row 1, column 'stress': expected control, defeated, found 'angry'"),
        ({"flags": "tired"}, "row 1, column 'flags'"),
        ({"animal_id": ""}, "row 1: animal_id is empty"),
        ({"interaction_time_s": "much"}, "row 1, column 'interaction_time_s': expected a number, found 'much'"),
        ({"stress": "control"}, "animal 'a', cohort 'C1': 'stress' must be the same"),
    ],
)
def test_cells_that_cannot_be(change: dict[str, object], message: str) -> None:
    rows = pair("a", 60, 30)
    rows[1] |= change
    with pytest.raises(TableError, match=message) as caught:
        score(rows)
    assert caught.value.hint


def test_doubled_session() -> None:
    with pytest.raises(TableError, match=r"animal 'a', cohort 'C1', phase target_absent.*rows 0 and 2") as caught:
        score([*pair("a", 60, 30), session("a", "absent")])
    assert "cohort" in caught.value.hint


@pytest.mark.parametrize("column", ["animal_id", "phase"])
def test_table_without_key_columns(column: str) -> None:
    with pytest.raises(TableError, match=f"{column} is missing"):
        score_animals(pd.DataFrame(pair("a", 60, 30)).drop(columns=column), GOLDEN)
