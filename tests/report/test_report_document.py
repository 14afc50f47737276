"""The report's text and tables: what stands where, rounded as it is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from csds.errors import UsageError
from csds.formats.tables import read_table, write_table
from csds.report.document import Section, read_document

SCRIPT, COMMAND = "<script>alert(1)</script>", "=cmd|'/C calc'!A0"


def sections(folder: Path) -> dict[str, Section]:
    return {section.title: section for section in read_document(folder)}


def test_answer_and_warnings_stand_first(analysed: Path) -> None:
    assert list(sections(analysed)) == [
        "Results", "To be known", "Planned tests", "Secondary outcomes", "Groups", "Methods", "Animals",
        "What could not be used",
    ]  # fmt: skip


def test_tests_are_rounded_as_sentences_are(analysed: Path) -> None:
    table = sections(analysed)["Planned tests"]
    assert table.rows == (
        ("SI ratio", "anti-IL-4Rα - isotype", "contrast", "t(4) = 1.76", ".152", ".458", "0.50 [-0.29, 1.30]",
         "difference", "8"),
        ("SI ratio", "stress", "ANOVA, type III", "F(1, 4) = 14.96", ".018", "", "0.79 [0.05, 0.93]",
         "partial eta squared", "8"),
    )  # fmt: skip
    assert len(table.head) == len(table.rows[0])


def test_interval_without_a_bound_keeps_its_infinity(analysed: Path) -> None:
    ((*_, p, _, effect, _, n),) = sections(analysed)["Secondary outcomes"].rows
    assert (p, effect, n) == ("< .001", "3.00 [1.50, ∞]", "7")


def test_a_column_that_someone_added_to_the_results_is_passed_over(analysed: Path) -> None:
    before = read_document(analysed)
    stats = read_table(analysed / "stats.csv")
    write_table(stats.assign(remark="mine"), analysed / "stats.csv")
    assert read_document(analysed) == before


def test_groups_are_those_of_the_planned_outcome(analysed: Path) -> None:
    assert sections(analysed)["Groups"].rows == (("SI ratio", "isotype", "mean", "1.62 [1.25, 2.00]", "4"),)


def test_animals_without_empty_columns(analysed: Path) -> None:
    table = sections(analysed)["Animals"]
    assert table.head == ("animal_id", "si_ratio", "phenotype")
    assert table.rows == (
        (SCRIPT, "1.46", "resilient"), (COMMAND, "", "undetermined"), (r"α*1*\x1b[2J β", "0.50", "susceptible"),
    )  # fmt: skip


def test_folder_without_statistics_says_so(analysed: Path) -> None:
    (analysed / "stats.json").unlink()
    (analysed / "stats.csv").unlink()
    found = sections(analysed)
    assert list(found) == ["Results", "Animals", "What could not be used"]
    assert found["Results"].sentences == ("There are no statistics in this folder: csds stats makes them.",)


def test_folder_without_tables(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="found none"):
        read_document(tmp_path)


def test_what_csds_stats_writes_is_what_is_read(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from csds.cli import app

    lines = [f"c{i},control,{1.5 + i / 50}\nd{i},defeated,{0.5 + i / 40}" for i in range(9)]
    (tmp_path / "animals.csv").write_text("\n".join(["animal_id,stress,si_ratio", *lines, ""]), encoding="utf-8")
    assert CliRunner().invoke(app, ["stats", str(tmp_path)]).exit_code == 0
    told = json.loads((tmp_path / "stats.json").read_text(encoding="utf-8"))
    found = sections(tmp_path)
    assert found["Results"].sentences == tuple(told["sentences"])
    assert found["Planned tests"].rows[0][0] == "SI ratio"
    assert len(found["Animals"].rows) == 18
