"""An outcome by group holds each animal once, or says why it doesn't."""

from __future__ import annotations

import numpy as np
import pytest

from csds.analysis.animals import LeftOut
from csds.analysis.comparison import find_comparison
from csds.analysis.groups import group_values, usable, why_left_out
from csds.analysis.plan import AnalysisPlan
from csds.errors import StatsError, TableError

PLAN = AnalysisPlan(reference={"stress": "control", "treatment": "isotype"})


def test_every_row_is_used_or_left_out_with_a_reason(animals_of, factorial) -> None:
    rows = factorial(24)
    rows[0]["exclude"] = "died"
    rows[1]["si_ratio"] = ""
    rows[2] |= {"si_ratio": "inf", "flags": "zero_denominator"}
    rows[3]["treatment"] = " "
    rows[4]["sex"] = ""
    rows[5]["weight_g"] = ""
    rows[6]["cage"] = ""
    for row in rows:
        row.setdefault("cage", "c1" if row["sex"] == "F" else "c2")
    plan = AnalysisPlan(fixed=("sex",), covariates=("weight_g",), random=("cage",), reference=PLAN.reference)
    animals = animals_of(rows)
    groups = group_values(animals, find_comparison(animals, plan), "si_ratio", plan)
    assert [(one.row, one.animal, one.reason) for one in sorted(groups.left_out, key=lambda one: one.row)] == [
        (2, "m0", "excluded: died"),
        (3, "m1", "si_ratio is missing"),
        (4, "m2", "si_ratio is infinite (zero_denominator)"),
        (5, "m3", "its stress or treatment is missing"),
        (6, "m4", "its sex is missing"),
        (7, "m5", "its weight_g is missing"),
        (8, "m6", "its cage is missing"),
    ]
    assert groups.lines == tuple(range(9, 26))
    assert len(groups.values) == 17
    assert ([one.name for one in groups.added], [one.name for one in groups.random]) == (["sex", "weight_g"], ["cage"])
    assert groups.is_adjusted


def test_values_are_those_of_the_group(animals_of, factorial) -> None:
    rows = factorial(16)
    animals = animals_of(rows)
    groups = group_values(animals, find_comparison(animals, PLAN), "si_ratio", PLAN)
    assert not groups.is_adjusted
    for name in groups.group.levels:
        stress, treatment = name.split(" + ")
        expected = [row["si_ratio"] for row in rows if (row["stress"], row["treatment"]) == (stress, treatment)]
        assert groups.of(name).tolist() == pytest.approx(expected)
    assert [one.levels for one in groups.factors] == [("control", "defeated"), ("isotype", "anti-IL-4Rα")]


def test_numbers_of_cages_used_again_in_another_cohort_are_other_cages(animals_of, factorial) -> None:
    rows = [row | {"cohort": "ab"[i // 8], "cage": i % 4} for i, row in enumerate(factorial(16))]
    plan = AnalysisPlan(random=("cage",))
    animals = animals_of(rows)
    (cage,) = group_values(animals, find_comparison(animals, plan), "si_ratio", plan).random
    assert cage.levels == ("a 0", "a 1", "a 2", "a 3", "b 0", "b 1", "b 2", "b 3")


def test_group_without_a_value_is_named_with_the_reasons(animals_of, factorial) -> None:
    rows = factorial(16)
    for row in rows:
        if (row["stress"], row["treatment"]) == ("defeated", "isotype"):
            row["si_ratio"] = ""
    animals = animals_of(rows)
    with pytest.raises(StatsError, match=r"found none in defeated \+ isotype \(left out: si_ratio is missing \(4\)\)"):
        group_values(animals, find_comparison(animals, PLAN), "si_ratio", PLAN)


def test_animals_without_any_value_are_an_error_whatever_the_design(animals_of) -> None:
    rows = [{"animal_id": f"m{i}", "test": test, "si_ratio": ""} for i in range(3) for test in ("pre", "post")]
    animals = animals_of(rows)
    with pytest.raises(StatsError, match="expected animals with a value, found none"):
        usable(animals, find_comparison(animals, AnalysisPlan()), "si_ratio", AnalysisPlan())


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"fixed": ("strain",)}, "no column 'strain'"),
        ({"random": ("litter",)}, "no column 'litter'"),
        ({"covariates": ("age",)}, "no column 'age'"),
        ({"covariates": ("sex",)}, "expected a number, found 'F'"),
    ],
)
def test_column_that_can_not_be_used_is_named(animals_of, factorial, plan: dict[str, tuple[str]], message: str) -> None:
    animals = animals_of(factorial(16))
    with pytest.raises(TableError, match=message):
        group_values(animals, find_comparison(animals, PLAN), "si_ratio", AnalysisPlan(**plan))


def test_factor_of_one_level_can_not_be_in_the_model(animals_of, factorial) -> None:
    animals = animals_of([row | {"sex": "F"} for row in factorial(16)])
    with pytest.raises(StatsError, match="two levels or more; “sex” has F"):
        group_values(animals, find_comparison(animals, PLAN), "si_ratio", AnalysisPlan(fixed=("sex",)))


def test_values_far_out_are_left_out_by_the_plan_only(animals_of, factorial) -> None:
    rows = factorial(24)
    rows[4]["si_ratio"] = 40.0
    animals = animals_of(rows)
    found = find_comparison(animals, PLAN)
    assert len(group_values(animals, found, "si_ratio", PLAN).values) == 24
    without = group_values(animals, found, "si_ratio", AnalysisPlan(outliers="left out"))
    assert [(one.row, one.reason) for one in without.left_out] == [(6, "si_ratio is far out (Tukey, 3 IQR)")]
    assert np.max(without.values) < 40


def test_reasons_are_counted() -> None:
    reasons = ("its cage is missing", "excluded: died", "its cage is missing")
    left_out = [LeftOut(row=2 + i, animal=f"m{i}", reason=reason) for i, reason in enumerate(reasons)]
    assert why_left_out(left_out) == "its cage is missing (2); excluded: died (1)"
    assert why_left_out([]) == ""
