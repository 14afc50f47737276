"""The workbook, read back as other programs read it."""

from __future__ import annotations

import re
import time
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from csds.analysis.notices import NOTICES
from csds.errors import ResultsError, TableError, UsageError
from csds.formats.tables import cell_text, read_table, write_table
from csds.model.flags import FLAGS
from csds.report import workbook
from csds.report.workbook import write_workbook

HOSTILE = (
    "=cmd|'/C calc'!A0", "<script>alert(1)</script>", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "#N/A", "007",
    "anti-IL-4Rα", "_x0041_", " padded ", "a\nb", "&amp;", "TRUE", "2025-01-31", "http://x.example",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = len(HOSTILE)
    animals = pd.DataFrame(
        {
            "animal_id": [f"m{i}" for i in range(rows)],
            "treatment": HOSTILE,
            "si_ratio": [0.1 + 0.2, 1 / 3, 1e-300, np.nan, *np.random.default_rng(2).normal(1, 0.5, rows - 4)],
            "below_cutoff": [True, False, *[None] * (rows - 2)],
            "flags": ["immobile;borderline", "borderline", "made_up", *[""] * (rows - 3)],
            "weight_g": [f"{20 + i / 10}" for i in range(rows)],
        }
    )
    write_table(animals, tmp_path / "animals.csv")
    stats = pd.DataFrame(
        {"outcome": ["si_ratio"], "effect": [np.inf], "ci_low": [-np.inf], "n": [40], "p_value": [0.04]}
    )
    write_table(stats, tmp_path / "stats.csv")
    write_table(pd.DataFrame(columns=["session_id", "error"]), tmp_path / "failures.csv")
    return tmp_path


@pytest.fixture
def book(folder: Path):
    return load_workbook(write_workbook(folder, folder / "results.xlsx"))


def column(sheet, name: str) -> list:
    at = next(cell.column for cell in sheet[1] if cell.value == name)
    return [sheet.cell(row, at) for row in range(3, sheet.max_row + 1)]


def test_sheets_are_the_tables_that_are_there_and_the_dictionary(book) -> None:
    assert book.sheetnames == ["animals", "stats", "failures", "dictionary"]


def test_notices_have_a_sheet_where_there_are_statistics(analysed: Path) -> None:
    book = load_workbook(write_workbook(analysed, analysed / "results.xlsx"))
    assert book.sheetnames == ["animals", "stats", "failures", "notices", "dictionary"]
    rows = [[cell.value for cell in row] for row in book["notices"]]
    assert rows[0] == ["severity", "code", "message"]
    assert rows[1] == ["warning", "confounded", "=1+1 cage goes with <script>alert(1)</script>"]
    assert book["notices"]["C2"].data_type == "s"


def test_kinds(book) -> None:
    sheet = book["animals"]
    assert [cell.data_type for cell in column(sheet, "si_ratio")[:3]] == ["n", "n", "n"]
    assert column(sheet, "si_ratio")[3].value is None
    assert [cell.value for cell in column(sheet, "below_cutoff")[:3]] == [True, False, None]
    assert [cell.value for cell in column(sheet, "weight_g")[:2]] == [20.0, 20.1]
    assert isinstance(column(book["stats"], "n")[0].value, int)


def test_numbers_are_those_of_the_csv_to_the_last_bit(folder: Path, book) -> None:
    written = [float(text) if text else None for text in read_table(folder / "animals.csv")["si_ratio"]]
    found = [cell.value for cell in column(book["animals"], "si_ratio")]
    assert found[:3] == [0.30000000000000004, 1 / 3, 1e-300]
    assert found == written


def test_infinity_which_a_spreadsheet_lacks_is_text(book) -> None:
    assert [column(book["stats"], name)[0].value for name in ("effect", "ci_low")] == ["inf", "-inf"]


def test_text_is_text_whatever_it_begins_with(folder: Path, book) -> None:
    cells = column(book["animals"], "treatment")
    escaped = ["_x005F_x0041_" if text == "_x0041_" else text for text in HOSTILE]  # ECMA-376 part 1, 22.9.2.19
    assert [cell.value for cell in cells] == escaped
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.number_format for cell in cells} == {"@"}
    assert not any(cell.hyperlink for cell in cells)
    with ZipFile(folder / "results.xlsx") as file:
        sheets = [name for name in file.namelist() if name.startswith("xl/worksheets/sheet")]
        assert not any(re.search(rb"<f[ >]", file.read(name)) for name in sheets)
        assert not any(
            "external" in name.lower() or "vba" in name.lower() for name in file.namelist() if "Drawing" not in name
        )


def test_header_is_text_as_well(tmp_path: Path) -> None:
    write_table(pd.DataFrame({"animal_id": ["1"], "=1+1": ["x"], "bell\x07": ["\x1b[2J"]}), tmp_path / "animals.csv")
    sheet = load_workbook(write_workbook(tmp_path, tmp_path / "o.xlsx"))["animals"]
    assert [(cell.value, cell.data_type) for cell in sheet[1]][1:] == [("=1+1", "s"), ("bell_x0007_", "s")]
    assert sheet["C3"].value == "_x001B_[2J"


def test_text_longer_than_a_cell_says_that_it_is_cut(tmp_path: Path) -> None:
    write_table(pd.DataFrame({"session_id": ["1"], "error": ["é" * 40_000]}), tmp_path / "failures.csv")
    text = load_workbook(write_workbook(tmp_path, tmp_path / "o.xlsx"))["failures"]["B3"].value
    assert len(text) == 32_767
    assert text.endswith("é … (cut here: 40000 characters, all of them in the CSV)")


def test_units_in_the_second_row_head_frozen_filters_below_it(book) -> None:
    sheet = book["animals"]
    assert [cell.value for cell in sheet[1]] == [
        "animal_id", "treatment", "si_ratio", "below_cutoff", "flags", "weight_g",
    ]  # fmt: skip
    assert [cell.value for cell in sheet[2]] == [None] * 6
    assert sheet.freeze_panes == "A3"
    assert sheet.auto_filter.ref == f"A2:F{len(HOSTILE) + 2}"
    assert sheet["C1"].comment.text == "P / A, of shares of the windows where these differ"
    assert sheet["A1"].font.bold


def test_units_are_the_declared_ones(tracked: Path, tmp_path: Path) -> None:
    book = load_workbook(write_workbook(tracked, tmp_path / "o.xlsx"))
    units = {above.value: below.value for above, below in zip(book["sessions"][1], book["sessions"][2], strict=True)}
    assert (units["interaction_time_s"], units["distance_cm"], units["mean_speed_cm_s"]) == ("s", "cm", "cm/s")
    assert units["interaction_entries"] is None


def test_other_programs_read_it_with_the_units_left_out(tracked: Path, tmp_path: Path) -> None:
    path = write_workbook(tracked, tmp_path / "o.xlsx")
    for name in ("animals", "sessions", "time_bins"):
        found = pd.read_excel(path, sheet_name=name, skiprows=[1])
        written = read_table(tracked / f"{name}.csv")
        assert found.columns.tolist() == written.columns.tolist()
        for column_name, values in found.items():
            if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
                assert [float(text or "nan") for text in written[column_name]] == pytest.approx(values, 0, 0, True)
            else:
                assert ["" if pd.isna(value) else cell_text(value) for value in values] == written[column_name].tolist()


def test_columns_are_as_wide_as_what_is_in_them_within_reason(tmp_path: Path) -> None:
    table = pd.DataFrame({"session_id": ["m"], "video": ["v" * 30], "error": ["e" * 500]})
    write_table(table, tmp_path / "failures.csv")
    sheet = load_workbook(write_workbook(tmp_path, tmp_path / "o.xlsx"))["failures"]
    widths = [sheet.column_dimensions[letter].width for letter in "ABC"]
    assert widths == [len("session_id") + 4, 31, 60]


def test_flagged_rows_are_coloured_and_say_why(book) -> None:
    rows = list(book["animals"].iter_rows(min_row=3))
    colours = [{cell.fill.fgColor.rgb if cell.fill.fill_type else None for cell in row} for row in rows]
    look, flagged, unknown, plain = colours[:4]
    assert len(look) == len(flagged) == 1
    assert look == unknown != flagged
    assert plain == {None}
    comments = [row[4].comment.text if row[4].comment else "" for row in rows]
    assert comments[0] == f"immobile: {FLAGS['immobile'].meaning}\nborderline: {FLAGS['borderline'].meaning}"
    assert comments[2] == "made_up: not known to this version of csds"
    assert not any(comments[3:])


def test_dictionary_tells_of_every_column_flag_notice_and_missing_table(book) -> None:
    rows = list(book["dictionary"].iter_rows(min_row=2, values_only=True))
    named = {(where, name) for where, name, *_ in rows}
    for sheet in book.worksheets[:-1]:
        assert {(sheet.title, cell.value) for cell in sheet[1]} <= named
    assert {name for where, name, *_ in rows if where == "flags"} == FLAGS.keys()
    assert {name for where, name, *_ in rows if where == "notices"} == NOTICES.keys()
    assert all(row[4] for row in rows)
    missing = {row[0]: row[4] for row in rows if row[1] is None}
    assert missing.keys() == {"sessions", "time_bins", "power", "agreement", "disagreements"}
    assert missing["power"].startswith("power.csv was not in the folder. One row per planned test")


def test_same_tables_give_the_same_bytes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = write_workbook(folder, folder / "a.xlsx").read_bytes()
    monkeypatch.setattr(time, "time", lambda: 2e9)
    assert write_workbook(folder, folder / "b.xlsx").read_bytes() == first


def test_folder_without_tables(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="found none"):
        write_workbook(tmp_path, tmp_path / "o.xlsx")


def test_broken_table_leaves_the_earlier_workbook(folder: Path) -> None:
    target = folder / "results.xlsx"
    earlier = write_workbook(folder, target).read_bytes()
    (folder / "stats.csv").write_text("outcome,p_value\nsi_ratio,small\n", encoding="utf-8")
    with pytest.raises(TableError, match=r"stats\.csv, row 2, column 'p_value': expected a number, found 'small'"):
        write_workbook(folder, target)
    assert target.read_bytes() == earlier


def test_more_rows_than_a_sheet_holds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "_MAX_ROWS", 10)
    with pytest.raises(TableError, match=rf"animals\.csv: expected at most 8 rows, found {len(HOSTILE)}"):
        write_workbook(folder, folder / "o.xlsx")


def test_workbook_that_is_open_elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from csds.formats import atomic

    replace, target = atomic.os.replace, write_workbook(folder, folder / "results.xlsx")

    def held(source: Path, final: Path) -> None:
        if final == target:
            raise PermissionError(13, "in use")
        replace(source, final)

    monkeypatch.setattr(atomic.os, "replace", held)
    with pytest.raises(ResultsError, match=r"open in another program; the new one is results\.new\.xlsx"):
        write_workbook(folder, target)
    assert load_workbook(folder / "results.new.xlsx").sheetnames[0] == "animals"


@pytest.mark.slow
def test_761_animals_take_seconds(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    numbers = {f"own_{i}": rng.normal(size=761) for i in range(30)}
    flags = ["immobile" if i % 3 else "" for i in range(761)]
    write_table(
        pd.DataFrame({"animal_id": [f"m{i}" for i in range(761)], **numbers, "flags": flags}), tmp_path / "animals.csv"
    )
    began = time.perf_counter()
    write_workbook(tmp_path, tmp_path / "o.xlsx")
    assert time.perf_counter() - began < 10
