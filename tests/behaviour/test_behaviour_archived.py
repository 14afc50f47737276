"""Archived tables: mapped, long or wide, and their real defects found with row and column."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.behaviour.archived import parse_mapping, read_archived
from csds.behaviour.defects import split_by_unit
from csds.behaviour.score import score_animals
from csds.errors import TableError, UsageError
from csds.formats.tables import read_table, write_table
from csds.protocol.load import load_protocol

GOLDEN = load_protocol("golden2011")

LONG = """Mouse,Trial,Group,IZ_time,Corner,Distance,Velocity,Batch,Sex
007,No target,Control,61.2,25,1265,8.4,1,M
007,Target,Control,91,15,872,5.8,1,M
μ8,no target,Stress,61.2,27,1242,8.3,1,F
μ8,target,Stress,55,44,811,5.4,1,F
"""
MAP = {
    "animal_id": "Mouse",
    "phase": "Trial",
    "stress": "Group",
    "interaction_time_s": "IZ_time",
    "corners_time_s": "Corner",
    "distance_cm": "Distance",
    "mean_speed_cm_s": "Velocity",
    "cohort": "Batch",
}


def table(text: str, folder: Path) -> pd.DataFrame:
    path = folder / "archive.csv"
    path.write_text(text, encoding="utf-8")
    return read_table(path)


@pytest.fixture
def read(tmp_path: Path):
    def read(text: str, mapping: dict[str, str] = MAP, protocol=GOLDEN):
        return read_archived(table(text, tmp_path), mapping, protocol)

    return read


def test_long_table(read) -> None:
    archived = read(LONG)
    assert archived.warnings == ()
    assert archived.sessions.index.tolist() == [2, 3, 4, 5]
    scored = score_animals(archived.sessions, GOLDEN)
    assert scored["animal_id"].tolist() == ["007", "μ8"]
    assert scored["cohort"].tolist() == ["1", "1"]
    assert scored["phenotype"].tolist() == ["control", "susceptible"]
    assert scored["si_ratio"].tolist() == pytest.approx([91 / 61.2, 55 / 61.2])
    assert scored["delta_velocity_cm_s"].tolist() == pytest.approx([2.6, 2.9])
    assert scored["Sex"].tolist() == ["M", "F"]


def test_wide_table(read) -> None:
    text = (
        "id,group,IZ1,IZ2,d1,d2,phase\nA,csds,60,30,1200,800,dark\nB,ctrl,60,90,1300,900,dark\nC,csds,,40,,700,dark\n"
    )
    mapping = {
        "animal_id": "id", "stress": "group", "interaction_absent_s": "IZ1", "interaction_present_s": "IZ2",
        "distance_absent_cm": "d1", "distance_present_cm": "d2",
    }  # fmt: skip
    archived = read(text, mapping)
    scored = score_animals(archived.sessions, GOLDEN)
    assert scored["phenotype"].tolist() == ["susceptible", "control", "undetermined"]
    assert scored["flags"].tolist() == ["", "", "missing_phase"]
    assert scored["distance_present_cm"].tolist() == [800, 900, 700]
    assert scored["phase_in_table"].tolist() == ["dark"] * 3


def test_scored_table_can_be_scored_again(read, tmp_path: Path) -> None:
    scored = score_animals(read(LONG).sessions, GOLDEN)
    write_table(scored, tmp_path / "animals.csv")
    again = score_animals(read_archived(read_table(tmp_path / "animals.csv"), {}, GOLDEN).sessions, GOLDEN)
    for column in ("animal_id", "phenotype", "si_ratio", "distance_absent_cm", "flags", "below_cutoff"):
        assert again[column].tolist() == scored[column].tolist(), column
    assert again["si_ratio_in_table"].tolist() == [str(value) for value in scored["si_ratio"]]


def test_scores_that_need_windows_and_speeds_survive_a_second_scoring(tmp_path: Path) -> None:
    sessions = pd.DataFrame({
        "animal_id": "a", "phase": ["target_absent", "target_present"], "stress": "defeated",
        "interaction_time_s": [20.0, 30.0], "distance_cm": [600.0, 300.0], "mean_speed_cm_s": [10.5, 2.5],
        "duration_s": [60.0, 120.0],
    })  # fmt: skip
    write_table(score_animals(sessions, GOLDEN), tmp_path / "animals.csv")
    again = score_animals(read_archived(read_table(tmp_path / "animals.csv"), {}, GOLDEN).sessions, GOLDEN)
    assert again["si_ratio"].tolist() == pytest.approx([(30 / 120) / (20 / 60)])
    assert again["delta_velocity_cm_s"].tolist() == [8.0]
    assert again["flags"].tolist() == ["unequal_windows"]
    assert again[["duration_absent_s", "duration_present_s"]].to_numpy().tolist() == [[60.0, 120.0]]


def test_flags_of_an_old_score_do_not_outlive_their_reason(read) -> None:
    text = (
        "animal_id,stress,interaction_absent_s,interaction_present_s,flags\n"
        "a,defeated,60,30,small_denominator;immobile\n"
    )
    scored = score_animals(read(text, {}).sessions, GOLDEN)
    assert scored["flags"].tolist() == ["immobile"]


def test_decimal_commas(read) -> None:
    text = LONG.replace(",", ";").replace("61.2", "61,2").replace("8.4", "8,4").replace("5.8", "5,8")
    text = text.replace("8.3", "8,3").replace("5.4", "5,4")
    assert read(text).sessions["interaction_time_s"].tolist() == [61.2, 91, 61.2, 55]


def test_columns_are_found_but_for_case_and_spaces(read) -> None:
    assert read(LONG, MAP | {"interaction_time_s": " iz_TIME"}).sessions["interaction_time_s"].iloc[0] == 61.2


def test_column_that_bears_the_name_of_a_mapped_one_is_kept_apart(read) -> None:
    text = LONG.replace("Sex", "stress")
    sessions = read(text).sessions
    assert sessions["stress"].tolist() == ["control", "control", "defeated", "defeated"]
    assert sessions["stress_in_table"].tolist() == ["M", "M", "F", "F"]


# Calls that can't be


def test_mapping_of_a_column_unknown_to_csds(read) -> None:
    with pytest.raises(UsageError, match="no column 'interaction_times_s'; did you mean 'interaction_time_s'"):
        read(LONG, MAP | {"interaction_times_s": "IZ_time"})


def test_mapping_of_a_column_unknown_to_the_table(read) -> None:
    with pytest.raises(TableError, match="no column 'IZtime'; did you mean 'IZ_time'") as caught:
        read(LONG, MAP | {"interaction_time_s": "IZtime"})
    assert "Corner" in caught.value.hint


def test_table_without_phases(read) -> None:
    with pytest.raises(TableError, match="column for the phase") as caught:
        read(LONG, {"animal_id": "Mouse", "interaction_time_s": "IZ_time"})
    assert "--map phase=Trial" in caught.value.hint


@pytest.mark.parametrize(
    ("texts", "message"),
    [(["phase"], "found 'phase'"), (["=x"], "found '=x'"), (["phase=A", "phase=B"], "twice: A and B")],
)
def test_mapping_that_cannot_be_read(texts: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        parse_mapping(texts)
    assert "--map" in caught.value.hint


# Cells that can't be right


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("61.2,25", "61.2 s,25", r"row 2, column 'interaction_time_s': expected a number, found '61.2 s'"),
        ("61.2,25", "inf,25", r"row 2, column 'interaction_time_s': expected a number, found 'inf'"),
        ("811", "-811", r"row 5, column 'distance_cm': expected 0 or more, found -811"),
        (",55,44", ",255,44", r"row 5, column 'interaction_time_s': found 255 s, .* the phase's 150 s"),
        ("No target", "habituation", r"row 2, column 'phase': expected .*, found 'habituation'"),
        ("Control,91", "Maybe,91", r"row 3, column 'stress': expected control or defeated .*, found 'Maybe'"),
    ],
)
def test_cell_that_cannot_be_right(read, old: str, new: str, message: str) -> None:
    assert old in LONG
    with pytest.raises(TableError, match=message) as caught:
        read(LONG.replace(old, new, 1))
    assert caught.value.hint


def test_time_may_exceed_a_rounded_window_a_little_and_a_longer_one_is_mapped(read) -> None:
    assert read(LONG.replace(",55,44", ",151.4,44")).warnings == ()
    text = LONG.replace("Sex", "Trial_s").replace(",M\n", ",300\n").replace(",F\n", ",300\n").replace(",91,", ",255,")
    assert read(text, MAP | {"duration_s": "Trial_s"}).warnings == ()


def test_many_faults_are_counted(read) -> None:
    lines = "".join(f"m{i},target,Stress,x,1,1,1,1,M\n" for i in range(25))
    with pytest.raises(TableError, match="and 15 more"):
        read(LONG + lines)


def test_centimetres_and_metres_in_one_column(read) -> None:
    lines = "".join(
        f"m{i},{trial},Stress,60,20,{d},5,2,M\n" for i in range(3) for trial, d in (("absent", 12.4), ("present", 8.1))
    )
    with pytest.raises(
        TableError, match=r"row 6, column 'distance_cm': values around .* look like metres .*rows 6, 7, 8"
    ):
        read(LONG + lines)


def test_single_short_distance_is_said_and_not_refused(read) -> None:
    archived = read(LONG.replace("811", "9.1"))
    assert [(fault.row, fault.column, fault.severity) for fault in archived.warnings] == [(5, "distance_cm", "warning")]


@given(st.lists(st.floats(300, 2500), max_size=40))
def test_mice_that_move_3_to_25_metres_are_of_one_unit(distances: list[float]) -> None:
    assert not split_by_unit(np.array(distances)).any()


@given(st.lists(st.tuples(st.floats(700, 1300), st.booleans()), min_size=2, max_size=40))
def test_units_are_told_apart(distances: list[tuple[float, bool]]) -> None:
    cm, metres = np.array([d for d, _ in distances]), np.array([m for _, m in distances])
    expected = metres if not metres.all() else np.zeros(metres.size, bool)
    np.testing.assert_array_equal(split_by_unit(np.where(metres, cm / 100, cm)), expected)


@pytest.mark.parametrize("values", [[], [5.0], [0.0, 0.0], [math.nan, 1000.0], [1200.0, 50.0, 900.0]])
def test_too_little_to_tell_units_apart(values: list[float]) -> None:
    assert not split_by_unit(np.array(values)).any()


def test_doubled_animal_is_found_when_scored(read) -> None:
    with pytest.raises(TableError, match=r"animal '007', cohort '1', phase target_absent.*rows 2 and 6"):
        score_animals(read(LONG + "007,No target,Control,50,25,1265,8.4,1,M\n").sessions, GOLDEN)


# What may be meant


def test_id_that_changes_between_phases(read) -> None:
    archived = read(LONG.replace("μ8,target", "μ08,target"))
    messages = [str(fault) for fault in archived.warnings]
    assert len(messages) == 2
    assert "row 4" in messages[0]
    assert "animal 'μ8', cohort '1' has no target_present; 'μ08' has nothing else: one animal?" in messages[0]
    scored = score_animals(archived.sessions, GOLDEN)
    assert scored["phenotype"].tolist() == ["control", "undetermined", "undetermined"]
    assert scored["flags"].tolist() == ["", "missing_phase", "missing_phase"]


def test_blank_cells(read) -> None:
    (fault,) = read(LONG.replace(",8.3,", ",,").replace(",5.4,", ",NA,")).warnings
    assert (fault.row, fault.column, fault.severity) == (4, "mean_speed_cm_s", "warning")
    assert "blank in 2 of 4 rows (rows 4, 5)" in fault.message


def test_nobody_is_called_without_stress(read) -> None:
    archived = read(LONG, {name: column for name, column in MAP.items() if name != "stress"})
    assert [fault.column for fault in archived.warnings] == ["stress"]
    assert score_animals(archived.sessions, GOLDEN)["flags"].tolist() == ["unknown_stress"] * 2
