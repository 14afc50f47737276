"""Animals are counted by arm, test and phase."""

from __future__ import annotations

from pathlib import Path

from csds.report.arms import animal_names, arms, group_numbers
from csds.report.content import read_report


def test_numbers_by_group_and_phase(results) -> None:
    folder = results(exclude="fell ill")
    table = (folder / "animals.csv").read_text(encoding="utf-8").splitlines()
    cells = table[5].split(",")
    cells[5] = cells[6] = '""'  # m4, a control on isotype, has neither ratio nor time with the target absent
    table[5] = ",".join(cells)
    (folder / "animals.csv").write_text("\n".join(table) + "\n", encoding="utf-8")
    head, rows = group_numbers(read_report(folder))
    assert head == ("group", "in the study", "target absent", "target present", "excluded in the sheet", "analysed")
    assert rows == [
        ("control + isotype", "6", "5", "6", "0", "5"),
        ("control + anti-IL-4Rα", "6", "6", "6", "1", "5"),
        ("defeated + isotype", "6", "6", "6", "0", "6"),
        ("defeated + anti-IL-4Rα", "6", "6", "6", "0", "6"),
    ]


def test_tests_stand_apart_and_arms_are_those_that_are_compared(tmp_path: Path) -> None:
    rows = [
        f"m{i},{test},defeated,{'ab'[i % 2]},{i + (test == 'post') * i * i}"
        for i in range(8)
        for test in ("pre", "post")
    ]
    (tmp_path / "animals.csv").write_text(
        "\n".join(["animal_id,test,stress,treatment,si_ratio", *rows, ""]), encoding="utf-8"
    )
    report = read_report(tmp_path)
    head, numbers = group_numbers(report)
    assert head == ("group", "test", "in the study", "excluded in the sheet", "analysed")
    assert numbers == [(arm, test, "4", "0", "4") for arm in "ab" for test in ("pre", "post")]
    assert set(arms(report, report.animals)) == {"a", "b"}
    assert animal_names(report.animals)[:2] == ["m0 pre", "m0 post"]


def test_animals_without_a_group(tmp_path: Path) -> None:
    (tmp_path / "animals.csv").write_text("animal_id,si_ratio\nm1,1\n", encoding="utf-8")
    report = read_report(tmp_path)
    assert group_numbers(report) == (("group", "in the study", "excluded in the sheet"), [("no group", "1", "0")])
