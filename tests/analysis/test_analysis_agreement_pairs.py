"""Rows of results and of an old table go together as they should, and what doesn't is named."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from csds.analysis.agreement_pairs import pair_results
from csds.errors import TableError, UsageError

FOUR = [
    {"cohort": "a", "animal_id": "007", "absent": 60, "present": 50, "si_ratio": 0.8, "phenotype": "susceptible"},
    {"cohort": "a", "animal_id": "M2", "absent": 61, "present": 90, "si_ratio": 1.5, "phenotype": "resilient"},
    {"cohort": "b", "animal_id": "007", "absent": 62, "present": 93, "si_ratio": 1.5, "phenotype": "control"},
    {"cohort": "b", "animal_id": "M4", "absent": "", "present": 93, "si_ratio": "", "phenotype": ""},
]


@pytest.fixture
def old(tmp_path: Path):
    def write(text: str, name: str = "old.csv") -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


def test_animals_go_together_by_cohort_and_id(archive, old) -> None:
    table = old("cohort,animal_id,SI\nb,007,1.4\na,007,0.7\na,M2,\nb,M4,1\nb,M9,2\n")
    found = pair_results(archive(FOUR), table, texts=["SI=si_ratio"])
    (column,) = found.columns
    assert [(pair.name, pair.row, pair.own, pair.old) for pair in column.pairs] == [
        ("a 007", 3, 0.8, 0.7), ("b 007", 2, 1.5, 1.4),
    ]  # fmt: skip
    assert (column.column, column.old_column, column.phase, column.test) == ("si_ratio", "SI", "", "")
    assert column.n_missing == 2  # M2 has no old number, M4 none of csds
    assert (found.keys, found.n, found.own_alone, found.old_alone) == (("cohort", "animal_id"), 4, (), ("b M9",))


def test_without_cohorts_ids_must_tell_animals_apart(archive, old) -> None:
    with pytest.raises(TableError, match="'007' stands for 2 rows of the results") as raised:
        pair_results(archive(FOUR), old("animal_id,si_ratio\n007,1\n"))
    assert "cohort" in raised.value.hint
    found = pair_results(archive(FOUR), old("animal_id,si_ratio\nM2,1\n"))
    assert found.keys == ("animal_id",)
    assert found.own_alone == ("007", "M4")


def test_a_cohort_that_only_the_old_table_has_is_not_a_key(archive, old) -> None:
    rows = [{**row, "cohort": "", "animal_id": f"M{at}"} for at, row in enumerate(FOUR)]
    found = pair_results(archive(rows), old("cohort,animal_id,si_ratio\nx,M0,1\nx,M1,1\n"))
    assert (found.keys, found.n) == (("animal_id",), 2)


def test_sessions_go_together_by_phase_with_the_usual_words(archive, old) -> None:
    lines = ["cohort,Mouse,Trial,IZ,SI,Group", "a,007,no target,59,0.75,S", "a,007,CD1,51,,S", "a,M2,target,88,1.4,R"]
    texts = ["Mouse=animal_id", "Trial=phase", "IZ=interaction_time_s", "SI=si_ratio", "Group=phenotype"]
    found = pair_results(archive(FOUR), old("\n".join(lines)), texts=texts)
    absent, present, ratio = found.columns
    assert [(pair.name, pair.row, pair.own, pair.old) for pair in absent.pairs] == [("a 007 target_absent", 2, 60, 59)]
    assert [(pair.name, pair.old) for pair in present.pairs] == [
        ("a 007 target_present", 51), ("a M2 target_present", 88),
    ]  # fmt: skip
    assert [(pair.name, pair.old) for pair in ratio.pairs] == [("a 007", 0.75), ("a M2", 1.4)]
    assert [(pair.name, pair.own, pair.old) for pair in found.calls] == [
        ("a 007", "susceptible", "susceptible"), ("a M2", "resilient", "resilient"),
    ]  # fmt: skip
    assert found.n == 3
    assert len(found.own_alone) == 5


def test_what_is_said_of_an_animal_twice_must_be_the_same(archive, old) -> None:
    table = old("cohort,animal_id,phase,si_ratio\na,M2,absent,1.4\na,M2,present,1.3\n")
    with pytest.raises(TableError, match="rows 2 and 3: column 'si_ratio' is of the animal"):
        pair_results(archive(FOUR), table)


def test_tests_are_compared_apart(archive, old) -> None:
    rows = [{**row, "animal_id": f"M{at}", "test": test} for at, row in enumerate(FOUR) for test in ("pre", "post")]
    lines = ["animal_id,test,si_ratio", *(f"M{at},{test},1" for at in range(3) for test in ("pre", "post"))]
    found = pair_results(archive(rows), old("\n".join(lines)))
    assert [(one.test, len(one.pairs)) for one in found.columns] == [("pre", 3), ("post", 3)]


def test_measurements_of_the_same_name_are_compared_and_nothing_else(archive, old) -> None:
    table = old("cohort,animal_id,interaction_present_s,si_ratio,weight_g\na,M2,90,1.4,25\na,007,50,1.5,26\n")
    rows = [{**row, "weight_g": 20} for row in FOUR]
    assert [one.column for one in pair_results(archive(rows), table).columns] == ["si_ratio", "interaction_present_s"]
    asked = pair_results(archive(rows), table, columns=["interaction_present_s"])
    assert [one.column for one in asked.columns] == ["interaction_present_s"]
    mapped = pair_results(archive(rows), table, texts=["weight_g=weight_g"])
    assert mapped.columns[0].column == "weight_g"


def test_decimal_commas_semicolons_and_workbooks(archive, old, tmp_path: Path) -> None:
    lines = "cohort;animal_id;si_ratio;phenotype\na;007;0,75;res\na;M2;1,25;-\n"
    found = pair_results(archive(FOUR), old(lines))
    assert [pair.old for pair in found.columns[0].pairs] == [0.75, 1.25]
    assert [pair.old for pair in found.calls] == ["resilient"]
    pd.DataFrame({"cohort": ["a"], "animal_id": ["M2"], "si_ratio": [1.25]}).to_excel(tmp_path / "o.xlsx", index=False)
    assert pair_results(archive(FOUR), tmp_path / "o.xlsx").columns[0].pairs[0].old == 1.25


@pytest.mark.parametrize("kind", ["ethovision3_2006.csv", "ethovision3_maze.csv", "ethovision_xt14.xlsx"])
def test_a_raw_track_is_no_table_of_animals(kind: str, archive, real_data: Path) -> None:
    with pytest.raises((TableError, UsageError)) as raised:
        pair_results(archive(FOUR), real_data / "real" / "exports" / kind)
    assert "raw track" in raised.value.hint


@pytest.mark.parametrize(
    ("text", "asked", "error", "message"),
    [
        ("animal,si_ratio\nM2,1\n", {}, TableError, "expected a column that names the animal, found 'animal'"),
        ("cohort,animal_id,si_ratio\na,x1,1\na,x2,1\na,x3,1\na,x4,1\n", {}, TableError,
         "it has a x1, a x2, a x3 and 1 more; they have a 007, a M2, b 007 and 1 more"),
        ("cohort,animal_id,si_ratio\na,M2,1\na,007,2\na,M2,3\n", {}, TableError,
         r"expected one row of 'a M2', found 2 \(rows 2, 4\)"),
        ("cohort,animal_id,si_ratio\na,M2,1\n,,3\n", {}, TableError, "row 3: no animal is named"),
        ("animal_id,si_ratio\n,1\n,3\n", {}, TableError, "column 'animal_id': expected animals' names, found none"),
        ("cohort,animal_id,si_ratio\na,M2,much\n", {}, TableError,
         "old.csv, row 2, column 'si_ratio': expected a number, found 'much'"),
        ("cohort,animal_id,phenotype\na,M2,ill\n", {}, TableError,
         "row 2, column 'phenotype': expected a phenotype, found 'ill'"),
        ("cohort,animal_id\na,M2\n", {}, TableError, "expected columns to compare, found none"),
        ("cohort,animal_id,IZ\na,M2,1\n", {"texts": ["IZ=interaction_time_s"]}, TableError,
         "'interaction_time_s' is of sessions: expected a column for the phase"),
        ("cohort,animal_id,si_ratio\na,M2,1\n", {"columns": ["phenotype"]}, UsageError,
         "--columns phenotype: the old table has no column for it"),
        ("cohort,animal_id,si_ratio\na,M2,1\n", {"columns": ["si_rat"]}, UsageError,
         "--columns si_rat: the results have no such column, but 'si_ratio'"),
    ],
)  # fmt: skip
def test_what_can_not_be_paired_says_why(text, asked, error, message, archive, old) -> None:
    with pytest.raises(error, match=message) as raised:
        pair_results(archive(FOUR), old(text), **asked)
    assert raised.value.hint


def test_without_results_it_is_a_wrong_call(tmp_path: Path, old) -> None:
    with pytest.raises(UsageError, match=r"found no animals\.csv"):
        pair_results(tmp_path, old("animal_id,si_ratio\nM2,1\n"))
    with pytest.raises(UsageError, match="there is no such table"):
        (tmp_path / "animals.csv").write_text("animal_id,si_ratio\nM2,1\n", encoding="utf-8")
        pair_results(tmp_path, tmp_path / "none.csv")


def test_hidden_groups_stay_hidden(archive, old) -> None:
    folder = archive([{**row, "stress": "blinded"} for row in FOUR])
    with pytest.raises(UsageError, match="blind"):
        pair_results(folder, old("cohort,animal_id,si_ratio\na,M2,1\n"))


def test_a_phenotype_to_leave_out(archive, old) -> None:
    table = old("cohort,animal_id,phenotype\na,M2,ill\na,007,s\n")
    found = pair_results(archive(FOUR), table, texts=["phenotype:ill="])
    assert [pair.name for pair in found.calls] == ["a 007"]
