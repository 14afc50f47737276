"""A plan says what it says: options replace its parts, and one that can't be followed is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from csds.analysis.plan import AnalysisPlan, plan_from, read_plan
from csds.errors import SheetError, UsageError

STUDY = Path("study.toml")


def test_what_is_empty_changes_nothing() -> None:
    plan = AnalysisPlan(primary="log_si_ratio", seed=7, random=("cage",))
    assert plan.changed(primary="", seed=None, random=(), reference={}, bayes_factors=False) == plan


def test_seed_of_zero_is_a_seed() -> None:
    assert AnalysisPlan().changed(seed=0).seed == 0


def test_reference_of_one_factor_leaves_the_other_as_planned() -> None:
    plan = AnalysisPlan(reference={"stress": "control", "treatment": "isotype"})
    assert plan.changed(reference={"treatment": "vehicle"}).reference == {"stress": "control", "treatment": "vehicle"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"adjust": "hollm"}, "--adjust hollm: expected one of"),
        ({"primary": "weight_g", "covariates": ("weight_g",)}, "found 'weight_g' in two"),
        ({"random": ("stress",)}, "found 'stress' in two"),
        ({"random": ("a", "b", "c")}, "one or two nested columns, found 3"),
        ({"factors": ("a", "b", "c")}, "one or two columns, found 3"),
        ({"reference": {"dose": "0"}}, "--reference dose: expected one of stress, treatment, test"),
    ],
)
def test_option_that_can_not_be_followed_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        AnalysisPlan().changed(**values)


@pytest.mark.parametrize(
    ("analysis", "message"),
    [
        ({"primry": "si_ratio"}, "primary"),
        ({"adjust": "hollm"}, "adjust"),
        ({"factors": ["a", "b", "c"]}, "one or two columns, found 3"),
        ({"covariates": ["si_ratio"]}, "found 'si_ratio' in two"),
        ({"only": {"sex": 3}}, "sex"),
        ({"draws": 10}, "draws"),
        ("si_ratio", "analysis"),
    ],
)
def test_written_plan_that_can_not_be_followed_names_the_key(analysis: object, message: str) -> None:
    with pytest.raises(SheetError) as error:
        plan_from({"analysis": analysis}, STUDY)
    assert message in f"{error.value.message} {error.value.hint}"


def test_differences_name_what_changed_but_not_that_it_was_written() -> None:
    planned = plan_from({"analysis": {"adjust": "tukey"}}, STUDY)
    assert planned.differences(AnalysisPlan()) == {"adjust": ("tukey", "")}
    assert planned.changed(seed=3).differences(planned) == {"seed": (3, 1)}


def test_hash_tells_any_change_and_nothing_else(tmp_path: Path) -> None:
    one = plan_from({"analysis": {"only": {"sex": "F"}, "draws": 2000}}, STUDY)
    assert one.sha256 == plan_from({"analysis": {"draws": 2000, "only": {"sex": "F"}}}, tmp_path / "a.toml").sha256
    assert one.sha256 != plan_from({"analysis": {"only": {"sex": "M"}, "draws": 2000}}, STUDY).sha256
    assert read_plan(tmp_path) == AnalysisPlan()


def test_plan_may_say_that_there_is_no_secondary_outcome() -> None:
    plan = plan_from({"analysis": {"secondary": []}}, Path("study.toml"))
    assert plan.secondary == ()
    with pytest.raises(SheetError, match=r"analysis\.fixed"):
        plan_from({"analysis": {"fixed": []}}, Path("study.toml"))
