"""The comparison that a table allows is found from its columns, or an error says why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from csds.analysis.animals import read_animals
from csds.analysis.comparison import find_comparison
from csds.analysis.plan import AnalysisPlan, read_plan
from csds.errors import StatsError, TableError

HEAD = "cohort,animal_id,test,stress,treatment,si_ratio,exclude,flags"


def animals_of(tmp_path: Path, lines: list[str], head: str = HEAD):
    path = tmp_path / "animals.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return read_animals(path)


def rows(*groups: tuple[str, str], tests: tuple[str, ...] = ("",), each: int = 3) -> list[str]:
    names = [(f"m{i}{j}", *group) for i, group in enumerate(groups) for j in range(each)]
    return [f",{name},{test},{stress},{treatment},1.2,," for test in tests for name, stress, treatment in names]


FULL = [
    ("control", "anti-IL-4Rα"),
    ("control", "isotype"),
    ("defeated", "anti-IL-4Rα"),
    ("defeated", "isotype"),
]
PLAN = AnalysisPlan(reference={"stress": "control", "treatment": "isotype"})


def test_full_factorial_is_two_way_with_the_references_first(tmp_path: Path) -> None:
    found = find_comparison(animals_of(tmp_path, rows(*FULL)), PLAN)
    assert found.name == "stress_by_treatment"
    assert [factor.levels for factor in found.factors] == [("control", "defeated"), ("isotype", "anti-IL-4Rα")]
    assert found.groups == (
        "control + isotype", "control + anti-IL-4Rα", "defeated + isotype", "defeated + anti-IL-4Rα",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("groups", "name", "count"),
    [
        (FULL[1:], "one_way", 3),
        ([FULL[0], FULL[1]], "two_groups", 2),
        ([FULL[1], FULL[3]], "two_groups", 2),
        ([("defeated", dose) for dose in ("isotype", "1 mg/kg", "10 mg/kg + 5")], "one_way", 3),
    ],
)
def test_what_varies_decides(tmp_path: Path, groups: list[tuple[str, str]], name: str, count: int) -> None:
    found = find_comparison(animals_of(tmp_path, rows(*groups)), PLAN)
    assert found.name == name
    assert len(found.groups) == count


def test_repeated_tests_are_pre_and_post(tmp_path: Path) -> None:
    found = find_comparison(animals_of(tmp_path, rows(*FULL[2:], tests=("pre", "post"))), PLAN)
    assert found.name == "pre_post"
    assert found.within is not None
    assert found.within.levels == ("pre", "post")


def test_one_group_is_an_error_that_shows_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(StatsError, match="found one: stress defeated, treatment isotype"):
        find_comparison(animals_of(tmp_path, rows(FULL[3])), PLAN)


def test_factor_with_too_many_levels_is_no_factor(tmp_path: Path) -> None:
    many = [("control", f"t{i}") for i in range(40)]
    with pytest.raises(StatsError, match="'treatment': expected 12 levels at most, found 40"):
        find_comparison(animals_of(tmp_path, rows(*many)), AnalysisPlan())


def test_unknown_reference_names_the_levels(tmp_path: Path) -> None:
    plan = AnalysisPlan(reference={"treatment": "vehicle"})
    with pytest.raises(StatsError, match="expected one of anti-IL-4Rα, isotype, found 'vehicle'"):
        find_comparison(animals_of(tmp_path, rows(*FULL)), plan)


def test_planned_design_that_the_table_does_not_allow_is_refused(tmp_path: Path) -> None:
    plan = AnalysisPlan(design="stress_by_treatment")
    with pytest.raises(StatsError, match="every combination"):
        find_comparison(animals_of(tmp_path, rows(*FULL[1:])), plan)
    with pytest.raises(StatsError, match="two tests or more"):
        find_comparison(animals_of(tmp_path, rows(*FULL)), AnalysisPlan(design="pre_post"))


def test_excluded_animals_are_listed_with_row_and_reason(tmp_path: Path) -> None:
    lines = rows(*FULL)
    lines[4] = ",m11,,control,isotype,1.2,died,"
    animals = animals_of(tmp_path, lines)
    assert len(animals.table) == 11
    assert [(one.row, one.animal, one.reason) for one in animals.left_out] == [(6, "m11", "excluded: died")]


def test_missing_and_infinite_values_are_left_out_by_name(tmp_path: Path) -> None:
    lines = rows(*FULL)
    lines[0] = ",m00,,control,isotype,,,zero_denominator"
    lines[1] = ",m01,,control,isotype,inf,,"
    kept, others = animals_of(tmp_path, lines).usable("si_ratio")
    assert len(kept) == 10
    assert [(one.animal, one.reason) for one in others] == [
        ("m00", "si_ratio is missing (zero_denominator)"), ("m01", "si_ratio is infinite"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([",m1,,control,isotype,1.2,,", ",m1,,control,isotype,1.3,,"], r"expected one row, found 2 \(rows 2, 3\)"),
        ([",m1,,control,isotype,fast,,"], "row 2, column 'si_ratio': expected a number, found 'fast'"),
        ([",,,control,isotype,1.2,,"], "row 2: animal_id is empty"),
    ],
)  # fmt: skip
def test_tables_that_can_not_be_used_say_where(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(TableError, match=message):
        animals_of(tmp_path, lines)


def test_metres_among_centimetres_are_refused(tmp_path: Path) -> None:
    head = "animal_id,stress,distance_absent_cm"
    lines = ["a,control,1210", "b,control,12.9", "c,defeated,905", "d,defeated,1100", "e,defeated,8.8"]
    with pytest.raises(TableError, match=r"look like metres among centimetres \(rows 3, 6\)"):
        animals_of(tmp_path, lines, head)


def test_plan_is_read_and_its_hash_tells_every_change(tmp_path: Path) -> None:
    assert read_plan(tmp_path) == AnalysisPlan()
    text = '[reference]\ntreatment = "isotype"\n[analysis]\nprimary = "log_si_ratio"\nsum_of_squares = "II"\n'
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    plan = read_plan(tmp_path)
    assert (plan.primary, plan.sum_of_squares, plan.is_written) == ("log_si_ratio", "II", True)
    assert plan.reference == {"treatment": "isotype"}
    (tmp_path / "study.toml").write_text(text.replace('"II"', '"III"'), encoding="utf-8")
    assert read_plan(tmp_path).sha256 != plan.sha256
    assert len(plan.sha256) == 64
