"""Tables of a results folder: each column in its kind, whatever stands in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from csds.errors import TableError, UsageError
from csds.report.typed_tables import TypedTable, read_typed_table, read_typed_tables


@pytest.fixture
def read(tmp_path: Path):
    def read(text: str, name: str = "animals") -> TypedTable:
        path = tmp_path / f"{name}.csv"
        path.write_text(text, encoding="utf-8-sig")
        return read_typed_table(path)

    return read


def kinds(table: TypedTable) -> dict[str, str]:
    return {column.name: column.kind for column in table.columns}


def test_declared_columns_have_their_kind_and_unit(read) -> None:
    table = read("animal_id,interaction_absent_s,below_cutoff,flags\n007,61.2,true,immobile\n8,,,\n9,0.1,False,\n")
    assert kinds(table) == {
        "animal_id": "text", "interaction_absent_s": "number", "below_cutoff": "boolean", "flags": "text",
    }  # fmt: skip
    assert [column.unit for column in table.columns] == ["", "s", "", ""]
    assert table.frame["animal_id"].tolist() == ["007", "8", "9"]
    assert table.frame["interaction_absent_s"].isna().tolist() == [False, True, False]
    assert table.frame["below_cutoff"].astype(object).tolist()[::2] == [True, False]
    assert table.frame["below_cutoff"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize("name", ["si_ratio", "below_cutoff", "n_frames"])
def test_column_without_a_value_keeps_its_kind(read, name: str) -> None:
    table = read(f"animal_id,{name}\nm1,\nm2,NA\n")
    assert kinds(table)[name] != "text"
    assert table.frame[name].isna().all()


def test_zones_are_those_with_all_their_columns(read) -> None:
    zone = "nest_time_s,nest_entries,nest_latency_s,nose_nest_time_s,nose_nest_entries,nose_nest_latency_s"
    table = read(f"session_id,{zone},training_time_s\nM1,12.5,3,,1.5,1,0.5,long\n", "sessions")
    told = {column.name: column for column in table.columns}
    assert told["nest_time_s"].meaning == "time in the zone, by the protocol's point"
    assert told["nose_nest_time_s"].meaning == "the same by nose point, where known"
    assert (told["nest_entries"].kind, told["nest_time_s"].unit) == ("integer", "s")
    assert table.frame["nest_entries"].tolist() == [3]
    assert told["training_time_s"].kind == "text"
    assert "study sheet" in told["training_time_s"].meaning


def test_animals_without_a_score_have_the_columns_of_sessions(read) -> None:
    table = read("animal_id,centre_time_s,centre_entries,centre_latency_s,immobile_time_s\n1,2.5,3,4,5\n")
    assert kinds(table)["centre_entries"] == "integer"
    assert table.columns[-1].unit == "s"


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (("27.7", "-3", "0.5"), "number"),
        (("27,7", "30"), "number"),
        (("27.7", "NA", ""), "number"),
        (("27,7", "27.7"), "text"),
        (("007", "8"), "text"),
        (("1e5", "3E1"), "text"),
        (("982000123456789", "1"), "text"),
        (("", ""), "text"),
        (("٣", "1"), "text"),
        (("12", "=1+1"), "text"),
    ],
)
def test_sheets_own_column_is_numbers_where_it_reads_as_such(read, cells: tuple[str, ...], kind: str) -> None:
    lines = [f'{i},"{cell}"' for i, cell in enumerate(cells)]
    table = read("\n".join(["animal_id,own", *lines, ""]))
    assert kinds(table)["own"] == kind
    if kind == "text":
        assert table.frame["own"].tolist() == list(cells)


@pytest.mark.parametrize(
    ("header", "cell", "expected"),
    [
        ("si_ratio", "high", "expected a number, found 'high'"),
        ("below_cutoff", "perhaps", "expected true or false, found 'perhaps'"),
    ],
)
def test_cell_of_another_kind_is_named(read, header: str, cell: str, expected: str) -> None:
    with pytest.raises(TableError, match=rf"animals\.csv, row 3, column '{header}': {expected}") as caught:
        read(f"animal_id,{header}\n1,\n2,{cell}\n")
    assert caught.value.hint


def test_part_of_a_frame_is_named(read) -> None:
    with pytest.raises(TableError, match=r"sessions\.csv, row 2, column 'n_frames': expected a whole number.*'3\.5'"):
        read("session_id,n_frames\nM1,3.5\n", "sessions")


def test_broken_table_is_named(read) -> None:
    with pytest.raises(TableError, match=r"animals\.csv, row 2: expected 1 cells"):
        read("animal_id\n1,2\n")


def test_folder_without_tables_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"expected a results folder with some of animals\.csv, stats\.csv") as caught:
        read_typed_tables(tmp_path)
    assert "csds track" in caught.value.hint


def test_every_table_of_a_run_is_typed(tracked: Path) -> None:
    tables = {table.name: table for table in read_typed_tables(tracked)}
    assert list(tables) == ["animals", "sessions", "time_bins", "failures"]
    undeclared = {
        column.name for table in tables.values() for column in table.columns if "study sheet" in column.meaning
    }
    sheet = {"sex", "cage", "cohort", "strain", "age_weeks", "weight_g", "aggressor", "experimenter", "session_date"}
    assert undeclared <= sheet
    assert kinds(tables["time_bins"])["interaction_time_s"] == "number"
    assert kinds(tables["sessions"])["interaction_entries"] == "integer"
