"""The study is a random intercept where a table has several and the plan has room for it; else a note says why not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from csds.analysis.analyse import analyse
from csds.analysis.animals import read_animals
from csds.analysis.plan import AnalysisPlan
from csds.errors import TableError


@pytest.fixture
def rows(factorial) -> list[dict[str, object]]:
    """Three studies of 32 animals, in cages of two and two cohorts each."""
    return [
        {**row, "study": f"s{study}", "protocol": "golden2011", "cohort": f"s{study} C{i // 16}", "cage": i // 8,
         "experimenter": "AB"[i // 4 % 2]}
        for study in range(3)
        for i, row in enumerate(factorial(32, seed=study))
    ]  # fmt: skip


def analysed(animals_of, rows, **plan: Any):
    return analyse(animals_of(rows), AnalysisPlan(**{"draws": 1000, "secondary": (), **plan}))


def note(found, code: str = "several_studies") -> str:
    return next((one.message for one in found.notices if one.code == code), "")


@pytest.mark.parametrize(
    ("plan", "random", "said"),
    [
        ({}, ("study",), "study is a random intercept of the planned model"),
        ({"random": ("study",)}, ("study",), "study is a random intercept of the planned model"),
        ({"random": ("cage",)}, ("study", "cage"), "study is a random intercept of the planned model"),
        ({"random": ("cohort",)}, ("study", "cohort"), "study is a random intercept of the planned model"),
        ({"fixed": ("sex",)}, ("study",), "study is a random intercept of the planned model"),
        ({"random": ("cohort", "cage")}, ("cohort", "cage"), "the plan has cohort and cage, and there is no room"),
        (
            {"random": ("experimenter",)},
            ("experimenter",),
            "levels of experimenter, a random intercept of the plan, lie",
        ),
        ({"fixed": ("study",)}, (), "no random intercept of study: it is a factor"),
        ({"fixed": ("cohort",)}, (), "cohort tells studies apart"),
        ({"factors": ("stress", "study")}, (), "no random intercept of study: it is a factor"),
        ({"variances": "separate"}, (), "the plan has separate variances"),
    ],
)
def test_random_intercept_of_study(plan, random, said: str, animals_of, rows) -> None:
    found = analysed(animals_of, rows, **plan)
    assert found.plan.random == random
    assert said in note(found)
    assert note(found, "few_studies").startswith("3 studies say little")


def test_cohorts_that_are_studies_stay_alone(animals_of, rows) -> None:
    found = analysed(animals_of, [{**row, "cohort": row["study"]} for row in rows], random=("cohort",))
    assert found.plan.random == ("cohort",)
    assert "cohort tells studies apart" in note(found)


def test_of_repeated_tests_the_animals_own_intercept_leaves_room_for_one(animals_of, rows) -> None:
    tests = [{**row, "test": test} for row in rows for test in ("pre", "post")]
    tests = [{**row, "si_ratio": row["si_ratio"] * (1 + (i % 7) / 20)} for i, row in enumerate(tests)]
    assert analysed(animals_of, tests).plan.random == ("study",)
    found = analysed(animals_of, tests, random=("cage",))
    assert found.plan.random == ("cage",)
    assert "the plan has cage, and there is no room for one more" in note(found)
    assert len(found.across) == 4 + 3  # differences, and g of those between two groups


def test_tests_that_no_animal_has_all_of_are_in_the_model_alone(animals_of, rows) -> None:
    rng = np.random.default_rng(2)
    tests = [
        {**row, "test": test, "si_ratio": row["si_ratio"] + 0.2 * rng.normal()}
        for i, row in enumerate(rows)
        for at, test in enumerate(("pre", "post", "late"))
        if i % 3 != at
    ]
    found = analysed(animals_of, tests)
    assert found.plan.random == ("study",)
    assert found.across == ()
    assert "meta-analysis across studies" in {one.what for one in found.not_computed}


def test_the_cage_stands_beside_the_study(animals_of, rows) -> None:
    found = analysed(animals_of, rows)
    tests = {one.test for one in found.results if one.analysis == "sensitivity" and one.contrast}
    assert any(one.partition("; singular")[0].endswith("random intercept of study and cage") for one in tests)


def test_one_study_is_as_ever(animals_of, rows) -> None:
    for table in (rows[:32], [{**row, "study": ""} for row in rows]):
        found = analysed(animals_of, table)
        assert (found.plan.random, found.across, note(found)) == ((), (), "")
    found = analysed(animals_of, rows, only={"study": "s1"})
    assert (found.plan.random, found.across, note(found)) == ((), (), "")


def test_an_outcome_that_one_study_has_is_analysed_without_the_study(animals_of, rows) -> None:
    table = [{**row, "IL4_pg_ml": row["weight_g"] if row["study"] == "s0" else ""} for row in rows]
    found = analysed(animals_of, table, primary="IL4_pg_ml")
    assert found.plan.random == ()
    assert "one alone has the outcome" in note(found)


def test_chosen_animals_leave_the_study_in_the_plan(animals_of, rows) -> None:
    found = analysed(animals_of, rows, only={"phenotype": "susceptible"})
    assert found.plan.random == ("study",)
    assert found.plan.only == {"phenotype": "susceptible"}


def test_protocols_that_differ_are_a_warning(animals_of, rows) -> None:
    table = [{**row, "protocol": "" if row["study"] == "s2" else f"p{row['study']}"} for row in rows]
    found = analysed(animals_of, table)
    message = note(found, "protocols_differ")
    assert "(ps0: s0; ps1: s1; no protocol: s2)" in message
    assert "--only protocol=ps0" in message
    assert note(analysed(animals_of, rows), "protocols_differ") == ""


def test_many_studies_are_not_few(animals_of, rows) -> None:
    many = [{**row, "study": f"s{i // 16}", "cohort": f"s{i // 16}"} for i, row in enumerate(rows)]
    assert note(analysed(animals_of, many), "few_studies") == ""


def test_text_as_outcome_is_an_error_as_ever(animals_of, rows) -> None:
    with pytest.raises(TableError, match="sex"):
        analysed(animals_of, rows, primary="sex")


def test_a_folder_without_animals_is_its_catalogue(animals_of, rows, tmp_path) -> None:
    animals_of(rows)
    (tmp_path / "animals.csv").rename(tmp_path / "catalogue.csv")
    assert len(read_animals(tmp_path).table) == 96
    animals_of(rows[:32])
    assert len(read_animals(tmp_path).table) == 32
