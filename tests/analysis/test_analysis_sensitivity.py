"""Other models of the same question are R's, and are there exactly where the table and the plan call for them."""

from __future__ import annotations

import pytest

from csds.analysis.comparison import find_comparison
from csds.analysis.pieces import Computed
from csds.analysis.plan import AnalysisPlan
from csds.analysis.results import Result
from csds.analysis.sensitivity import other_models


def models(animals_of, rows: list[dict[str, object]], **plan: object) -> dict[str, Computed]:
    """Return the models by what their notes begin with."""
    animals = animals_of(rows)
    chosen = AnalysisPlan(**({"reference": {"stress": "control", "treatment": "isotype"}} | plan))
    found = other_models(animals, find_comparison(animals, chosen), chosen, analysed=())
    return {one.results[0].note.partition(";")[0] if one.results else one.not_computed[0].what: one for one in found}


LOG, COVARIANCE = (
    "logarithm of the ratio",
    ("analysis of covariance on interaction_absent_s, which is measured after stress and treatment"),
)
CAGE, BARE = "animals of a cage need not be independent", "without what the plan adds to the factors"


def test_analysis_of_covariance_is_that_of_emmeans_and_car(animals_of, factorial) -> None:
    results = models(animals_of, factorial())[COVARIANCE].results
    contrasts = [one for one in results if one.contrast]
    # emmeans(lm(interaction_present_s ~ stress * treatment + interaction_absent_s), …), adjust = "holm"
    assert [one.effect for one in contrasts] == pytest.approx(
        [10.1232168, -33.4843922, 14.4620724, -4.33885561], rel=1e-7
    )
    assert [one.statistic for one in contrasts] == pytest.approx(
        [0.949849466, -3.11518055, 1.32911017, -0.284152344], rel=1e-7
    )
    assert [one.p_adjusted for one in contrasts] == pytest.approx(
        [0.701228356, 0.017296658, 0.584803129, 0.778461472], rel=1e-7
    )
    terms = {one.term: one for one in results if one.statistic_name == "F"}
    assert terms["interaction_absent_s"].p_value == pytest.approx(0.0046287, abs=5e-8)
    assert terms["stress"].statistic == pytest.approx(22.38338, abs=5e-6)
    assert {one.outcome for one in results} == {"interaction_present_s"}
    assert {one.analysis for one in results} == {"sensitivity"}
    assert {(one.n, one.n_excluded) for one in results} == {(32, 0)}


def test_logarithm_is_that_of_lm(animals_of, factorial) -> None:
    rescue = models(animals_of, factorial(), adjust="none", variances="pooled")[LOG].results[0]
    assert (rescue.effect, rescue.statistic, rescue.p_value) == pytest.approx(
        (0.186678208, 1.40111399, 0.17216663), rel=1e-7
    )
    assert rescue.outcome == "log_si_ratio"
    assert rescue.note.endswith("covers 86.5 % at n = 8 on skewed ratios (measured)")


def test_logarithm_has_separate_variances_unless_the_plan_pools_them(animals_of, factorial) -> None:
    rescue = models(animals_of, factorial())[LOG].results[0]
    assert rescue.test == "contrast, separate variances"
    assert rescue.effect == pytest.approx(0.186678208, rel=1e-7)


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({}, {LOG, COVARIANCE}),
        ({"primary": "log_si_ratio"}, {COVARIANCE}),
        ({"primary": "weight_g"}, set()),
        ({"primary": "interaction_absent_s"}, set()),
        ({"primary": "interaction_present_s"}, {COVARIANCE}),
        ({"covariates": ("interaction_absent_s",)}, {LOG, BARE}),
        ({"fixed": ("sex",)}, {LOG, COVARIANCE, BARE}),
        ({"design": "target_by_group"}, set()),
    ],
)
def test_models_are_those_that_the_plan_calls_for(
    animals_of, factorial, plan: dict[str, object], expected: set[str]
) -> None:
    assert set(models(animals_of, factorial(), **plan)) == expected


def test_cage_is_tried_where_animals_share_one_and_the_plan_has_it_not(animals_of, factorial) -> None:
    rows = [row | {"cage": f"c{i % 4}{i // 8}"} for i, row in enumerate(factorial())]
    assert CAGE in models(animals_of, rows)
    assert CAGE not in models(animals_of, rows, random=("cage",))
    single = [row | {"cage": f"c{i}"} for i, row in enumerate(factorial())]
    assert CAGE not in models(animals_of, single)


@pytest.mark.parametrize("design", ["pre_post", "target_by_group"])
def test_cage_is_tried_with_repeated_measures_too(animals_of, factorial, design: str) -> None:
    rows = [row | {"cage": f"c{i % 4}{i // 8}"} for i, row in enumerate(factorial())]
    rows[0] |= {"exclude": "died"}
    if design == "pre_post":
        later = [row | {"test": "post", "si_ratio": float(str(row["si_ratio"])) + 0.1 * (i % 3)}
                 for i, row in enumerate(rows)]  # fmt: skip
        rows = [*(row | {"test": "pre"} for row in rows), *later]
    found = models(animals_of, rows, design=design)
    assert set(found) == {CAGE}
    results = found[CAGE].results
    assert "random intercept of cage and animal_id" in results[0].test
    assert {(one.n, one.n_excluded, one.analysis) for one in results} == {(31, 1, "sensitivity")}
    single = [row | {"cage": f"{row['animal_id']}"} for row in rows]
    assert not models(animals_of, single, design=design)


def test_outcome_that_is_a_logarithm_already_is_not_tried_again(animals_of, factorial) -> None:
    animals, plan = animals_of(factorial()), AnalysisPlan()
    found = other_models(animals, find_comparison(animals, plan), plan, analysed=("log_si_ratio",))
    assert {one.outcome for part in found for one in part.results} == {"interaction_present_s"}


def test_bare_model_keeps_animals_that_lack_only_what_the_plan_adds(animals_of, factorial) -> None:
    rows = factorial()
    rows[0]["sex"] = ""
    found: list[Result] = list(models(animals_of, rows, fixed=("sex",))[BARE].results)
    assert {(one.n, one.n_excluded) for one in found} == {(32, 0)}


def test_model_that_can_not_be_fitted_is_named(animals_of, factorial) -> None:
    rows = factorial()
    for row in rows:
        if (row["stress"], row["treatment"]) == ("control", "isotype"):
            row["log_si_ratio"] = ""
    (failed,) = models(animals_of, rows)[LOG].not_computed
    assert (failed.outcome, failed.what) == ("log_si_ratio", LOG)
    assert "found none in control + isotype" in failed.why
