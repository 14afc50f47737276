"""The report's text and tables: what stands where, rounded as it is shown."""

from __future__ import annotations

import json
from pathlib import Path

from csds.formats.tables import read_table, write_table
from csds.report.content import read_report
from csds.report.document import Section, report_sections


def sections(folder: Path) -> dict[str, Section]:
    return {section.title: section for section in report_sections(read_report(folder))}


def study(folder: Path, *rows: str) -> Path:
    lines = [f"c{i},control,{1.5 + i / 50}\nd{i},defeated,{0.5 + i / 40}" for i in range(9)]
    (folder / "animals.csv").write_text(
        "\n".join(["animal_id,stress,si_ratio", *(rows or lines), ""]), encoding="utf-8"
    )
    return folder


def test_answer_and_warnings_stand_first_and_animals_last(results) -> None:
    found = sections(results(exclude="fell ill"))
    assert list(found) == [
        "Answer", "To be known", "Study and treatment", "Animals by group and phase", "Exclusions by arm and reason",
        "Planned tests", "Secondary outcomes", "Groups", "Checks", "Sessions to look at before their numbers are used",
        "Methods", "To be filled in among the methods", "References", found_arrive(found), "Animals",
    ]  # fmt: skip
    assert [found[title].kind for title in ("Answer", "Methods", "References")] == ["list", "prose", "numbered"]
    assert [row[0] for row in found["Sessions to look at before their numbers are used"].rows] == ["s5"]


def found_arrive(found: dict[str, Section]) -> str:
    return next(title for title in found if title.startswith("ARRIVE"))


def test_arrive_cites_the_last_reference(results) -> None:
    found = sections(results())
    last = len(found["References"].sentences)
    assert found["References"].sentences[-1].endswith("https://doi.org/10.1371/journal.pbio.3000410")
    assert found_arrive(found).endswith(f"[{last}]")
    assert len(found[found_arrive(found)].sentences) == 10


def test_tests_are_those_of_csds_stats_rounded_as_sentences_are(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from csds.cli import app

    assert CliRunner().invoke(app, ["stats", str(study(tmp_path))]).exit_code == 0
    told = json.loads((tmp_path / "stats.json").read_text(encoding="utf-8"))
    found = sections(tmp_path)
    assert found["Answer"].sentences[0].startswith(told["sentences"][0])
    assert found["Answer"].sentences[1:] == tuple(told["sentences"][1:])
    planned = found["Planned tests"].rows[0]
    # R: t.test of 0.5 + 0:8 / 40 against 1.5 + 0:8 / 50.
    assert planned[:2] == ("SI ratio", "defeated - control")
    assert (planned[3], planned[4]) == ("t(15.26) = -33.53", "< .001")
    assert planned[6] == "-0.98 [-1.04, -0.92]"
    assert found["Groups"].rows[0][:4] == ("SI ratio", "control", "mean", "1.58 [1.54, 1.62]")
    assert len(found["Animals"].rows) == 18


def test_animals_without_empty_columns_and_control_characters_spelled_out(results) -> None:
    folder = results()
    animals = read_table(folder / "animals.csv").assign(test="")
    animals.loc[animals.index[0], "animal_id"] = "α*1*\x1b[2J β"
    write_table(animals, folder / "animals.csv")
    table = sections(folder)["Animals"]
    assert table.head[:3] == ("animal_id", "stress", "treatment")
    assert table.rows[0][0] == r"α*1*\x1b[2J β"


def test_folder_without_a_comparison_says_why(tmp_path: Path) -> None:
    found = sections(study(tmp_path, "m1,defeated,0.5", "m2,defeated,1.5"))
    assert found["Answer"].sentences == (
        "No groups are compared: expected two groups at least, found one: stress defeated, treatment empty.",
    )
    assert "Planned tests" not in found
    assert "Methods" not in found
