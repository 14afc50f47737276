"""Whoever was left out stands by arm and reason."""

from __future__ import annotations

from pathlib import Path

from csds.formats.tables import read_table, write_table
from csds.report.content import read_report
from csds.report.exclusions import exclusions


def change(folder: Path, row: int, **cells: str) -> None:
    table = read_table(folder / "animals.csv")
    for column in cells:
        if column not in table:
            table[column] = ""
    for column, cell in cells.items():
        table.loc[table.index[row], column] = cell
    write_table(table, folder / "animals.csv")


def test_nobody_left_out(results) -> None:
    assert exclusions(read_report(results())) == []


def test_each_reason_by_arm(results) -> None:
    folder = results(exclude="wound")
    change(folder, 3, exclude="wound")
    change(folder, 12, si_ratio="", flags="zero_denominator")
    change(folder, 14, si_ratio="", flags="failed;missing_phase")
    change(folder, 15, si_ratio="", flags="failed;missing_phase")  # though no failure is on record
    change(folder, 16, phenotype="excluded", flags="excluded_minimum_time")
    change(folder, 18, phenotype="excluded")
    (folder / "failures.csv").write_text(
        "session_id,video,stage,error,how_to_fix\ns14,v.mp4,video,no frames,film it\ns99,w.mp4,sheet,no such file,\n",
        encoding="utf-8",
    )
    assert exclusions(read_report(folder)) == [
        ("control + anti-IL-4Rα", "wound", "2", "m1, m3"),
        ("defeated + isotype", "SI ratio is missing: no time in the interaction zone with the target absent; the ratio "
         "is not defined", "1", "m12"),
        ("defeated + isotype", "not classified: excluded by the rule: too little time with the target", "1", "m16"),
        ("defeated + isotype", "not classified: excluded by the rule", "1", "m18"),
        ("defeated + isotype", "target present session could not be used (video): no frames", "1", "m14"),
        ("defeated + anti-IL-4Rα", "SI ratio is missing: the session could not be used; failures.csv says why and one "
         "of the two phases has no result", "1", "m15"),
        ("no group", "session could not be used (sheet): no such file", "1", "s99"),
    ]  # fmt: skip


def test_without_an_analysis_the_sheet_still_tells(tmp_path: Path) -> None:
    rows = "animal_id,stress,si_ratio,exclude\nm1,defeated,1,escaped\nm2,defeated,,\n"
    (tmp_path / "animals.csv").write_text(rows, encoding="utf-8")
    assert exclusions(read_report(tmp_path)) == [("defeated", "escaped", "1", "m1")]
