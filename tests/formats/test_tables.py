"""Tables are read as text exactly as written, and survive writing and reading."""

from __future__ import annotations

import errno
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.errors import TableError, UsageError
from csds.formats.tables import parse_numbers, protect_text, read_table, to_number, unprotect_text, write_table

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=8)
AWKWARD = st.sampled_from(
    ["=1+1", "+x", "@x", "-x", "-5", "'=x", "''-", "'a", "007", "IL-4Rα", "🐭", "sep=;", "a\rb", " =1", "'\n-1"]
)


@given(text=TEXT | AWKWARD)
def test_protection_is_taken_off_again(text: str) -> None:
    assert unprotect_text(protect_text(text)) == text


@pytest.mark.parametrize(
    "text",
    ["=SUM(A1)", "+1", "@x", "\tx", "-x", "-cmd|' /C calc'!A0", " =1", "\r=1", "\n1", "\xa0@x", "＝1+1", "＠x"],
)
def test_what_a_spreadsheet_would_run_is_protected(text: str) -> None:
    assert protect_text(text) == "'" + text


def test_negative_numbers_are_left_alone() -> None:
    assert protect_text("-5.5") == "-5.5"
    assert protect_text(" -5.5") == " -5.5"


@given(
    names=st.lists(st.sampled_from(["a", "β", "x;y", "p,q", "'=n", "two\nlines", "sep=;"]), min_size=1, unique=True),
    data=st.data(),
)
def test_text_round_trips(tmp_path_factory: pytest.TempPathFactory, names: list[str], data: st.DataObject) -> None:
    row = st.lists(TEXT | AWKWARD, min_size=len(names), max_size=len(names)).filter(any)
    rows = data.draw(st.lists(row, max_size=4))
    path = tmp_path_factory.mktemp("t") / "table.csv"
    write_table(pd.DataFrame(rows, columns=names, dtype=str), path)
    read = read_table(path)
    assert list(read.columns) == names
    assert read.to_numpy().tolist() == rows


@given(numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=6))
def test_numbers_round_trip_in_full(tmp_path_factory: pytest.TempPathFactory, numbers: list[float]) -> None:
    path = tmp_path_factory.mktemp("t") / "table.csv"
    write_table(pd.DataFrame({"value": numbers}), path)
    assert parse_numbers(read_table(path)["value"], "value").tolist() == numbers


def test_written_file_has_mark_and_plain_cells(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["007", "=x"], "n": [1, 2], "x": [0.1, float("nan")], "ok": [True, False]})
    write_table(frame, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes() == "id,n,x,ok\n007,1,0.1,true\n'=x,2,,false\n".encode("utf-8-sig")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_encodings_and_separators(tmp_path: Path, encoding: str, separator: str, ending: str) -> None:
    lines = [["animal_id", "weight_g", "note"], ["007", "21,5" if separator != "," else '"21,5"', "Müller µ"]]
    path = tmp_path / "sheet.csv"
    path.write_bytes(ending.join(separator.join(cells) for cells in [*lines, [""]]).encode(encoding))
    read = read_table(path)
    assert read.loc[2].tolist() == ["007", "21,5", "Müller µ"]


def test_excels_separator_line_and_line_numbers(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text('sep=;\na;b;;\n1;"two\nlines";;\n;;;\n\n3;4;;\n', encoding="utf-8")
    read = read_table(path)
    assert list(read.columns) == ["a", "b"]
    assert read.index.tolist() == [3, 7]
    assert read.index.name == "row"
    assert read.loc[3, "b"] == "two\nlines"


def test_short_lines_are_filled(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text("a,b\n1\n", encoding="utf-8")
    assert read_table(path).loc[2].tolist() == ["1", ""]


def test_workbook_cells_become_text(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append(["animal_id", "n", "x", "day", "time", "ok", "gap"])
    sheet.append(["007", 3, 2.5, date(2026, 1, 31), datetime(2026, 1, 31, 12, 30), True, None])
    sheet.append([7, 4.0, 1e-3, None, None, False, "IL-4Rα"])
    sheet["A3"].number_format = "000"
    workbook.save(tmp_path / "sheet.xlsx")
    read = read_table(tmp_path / "sheet.xlsx")
    assert read.loc[2].tolist() == ["007", "3", "2.5", "2026-01-31", "2026-01-31 12:30:00", "true", ""]
    assert read.loc[3].tolist() == ["007", "4", "0.001", "", "", "false", "IL-4Rα"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "found an empty file"),
        (b"\n;;\n", "found an empty file"),
        (b"a,b\n1,2,3\n", "row 2: expected 2 cells as in the line of names, found 3"),
        (b"a,b,a\n1,2,3\n", "more than one 'a'"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel workbook"),
        (b"PK\x03\x04rest", "can't be read as one"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00\x01\x02", "isn't text"),
        (b'a,b\n1,"' + b"x" * 200_000 + b'"\n', "field larger than field limit"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(content)
    with pytest.raises(TableError) as caught:
        read_table(path)
    assert expected in caught.value.message
    assert caught.value.hint


def test_missing_file_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such table") as caught:
        read_table(tmp_path / "nowhere.csv")
    assert caught.value.exit_code == 2


def test_unreadable_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text("a\n1\n", encoding="utf-8")

    def refuse(_self: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(TableError, match="can't be read"):
        read_table(path)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1.0), ("1.5", 1.5), ("1,5", 1.5), ("-,5", -0.5), ("1e-3", 0.001), ("\N{MINUS SIGN}2", -2.0), (" 3 ", 3.0)],
)
def test_numbers(text: str, value: float) -> None:
    assert to_number(text) == value


@pytest.mark.parametrize("text", ["", "1 s", "1.234,5", "1,234,567", "0x10", "1_000", "٣", "12:30"])
def test_no_numbers(text: str) -> None:
    assert to_number(text) is None


def test_missing_marks_are_nan() -> None:
    values = parse_numbers(pd.Series(["", "NA", "-", "nan", "2"]), "x")
    assert values.isna().tolist() == [True, True, True, True, False]


def test_bad_number_names_row_and_column() -> None:
    with pytest.raises(TableError, match=r"row 3, column 'distance_cm': expected a number, found '9 m'"):
        parse_numbers(pd.Series(["1", "9 m"], index=[2, 3]), "distance_cm")


def test_row_of_units_is_suspected_where_the_first_is_none_of_numbers() -> None:
    with pytest.raises(TableError, match="row 2") as error:
        parse_numbers(pd.Series(["cm", "9"], index=[2, 3]), "distance_cm")
    assert "columns' units" in error.value.hint
    with pytest.raises(TableError, match="row 3") as error:
        parse_numbers(pd.Series(["9", "cm"], index=[2, 3]), "distance_cm")
    assert "columns' units" not in error.value.hint


def test_mixed_decimal_marks_are_refused() -> None:
    with pytest.raises(TableError, match=r"a point in row 2, a comma in row 3"):
        parse_numbers(pd.Series(["1265.5", "1,265"], index=[2, 3]), "distance_cm")
