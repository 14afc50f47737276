"""Proportions of susceptible animals are counted right and compared as R does."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from csds.analysis.comparison import find_comparison
from csds.analysis.phenotypes import analyse_phenotypes
from csds.analysis.pieces import Computed
from csds.analysis.plan import AnalysisPlan
from csds.analysis.results import Result
from csds.errors import StatsError

PLAN = AnalysisPlan(reference={"stress": "control", "treatment": "isotype"})


def animals(counts: dict[tuple[str, str, str], int]) -> list[dict[str, object]]:
    """Return rows of so many animals of each stress, treatment and phenotype."""
    calls = [call for call, n in counts.items() for _ in range(n)]
    return [
        {"animal_id": f"m{i}", "stress": stress, "treatment": treatment, "phenotype": phenotype}
        for i, (stress, treatment, phenotype) in enumerate(calls)
    ]  # fmt: skip


DEFEATED = {
    ("defeated", "isotype", "susceptible"): 9, ("defeated", "isotype", "resilient"): 3,
    ("defeated", "drug", "susceptible"): 2, ("defeated", "drug", "resilient"): 8,
}  # fmt: skip
CONTROLS = {("control", "isotype", "control"): 6, ("control", "drug", "control"): 5}


def analysed(animals_of, rows: list[dict[str, object]], plan: AnalysisPlan = PLAN) -> Computed:
    table = animals_of(rows)
    return analyse_phenotypes(table, find_comparison(table, plan), analysis="secondary")


def by_test(found: Computed) -> dict[str, Result]:
    return {one.effect_name or one.test: one for one in found.results if one.contrast}


def test_proportions_are_compared_as_r_does(animals_of) -> None:
    found = analysed(animals_of, animals(CONTROLS | DEFEATED))
    fisher = by_test(found)["conditional odds ratio"]
    assert fisher.contrast == "defeated + drug - defeated + isotype"
    assert fisher.p_value == pytest.approx(0.0299731228524, rel=1e-9)  # fisher.test(matrix(c(9, 3, 2, 8), 2))
    assert (1 / fisher.effect, 1 / fisher.ci_high, 1 / fisher.ci_low) == pytest.approx(
        (10.4037157776, 1.18968027501, 157.526603542), rel=2e-3
    )  # R's are found to 1e-4 of their inverse only
    assert (fisher.n, fisher.note, fisher.analysis) == (22, "2 of 10 against 9 of 12", "secondary")
    logistic = by_test(found)["log odds ratio"]
    assert logistic.effect == pytest.approx(-2.48490664978, rel=1e-6)  # glm(…, binomial), its LRT and confint()
    assert (logistic.statistic, logistic.p_value) == pytest.approx((6.99438400302, 0.00817658423026), rel=1e-6)
    assert (logistic.ci_low, logistic.ci_high) == pytest.approx((-4.776074691020, -0.609762789217), rel=1e-3)
    assert logistic.analysis == "sensitivity"
    shares = {one.term: one for one in found.results if one.analysis == "description"}
    isotype, drug = shares["defeated + isotype"], shares["defeated + drug"]
    assert (isotype.effect, isotype.ci_low, isotype.ci_high) == pytest.approx(
        (0.75, 0.467694665066, 0.911058331606), rel=1e-8
    )  # prop.test(9, 12, correct = FALSE)
    assert (drug.ci_low, drug.ci_high) == pytest.approx((0.0566821514544, 0.509837528463), rel=1e-8)
    assert by_test(found)["risk difference"].effect == pytest.approx(0.2 - 0.75)


def test_controls_have_no_phenotype_and_others_without_one_are_named(animals_of) -> None:
    rows = animals(CONTROLS | DEFEATED | {("defeated", "drug", "undetermined"): 1, ("defeated", "drug", ""): 1})
    rows += [{"animal_id": "x", "stress": "defeated", "phenotype": "resilient"}]
    rows += [{"animal_id": "y", "stress": "defeated", "treatment": "drug", "phenotype": "resilient", "exclude": "died"}]
    found = analysed(animals_of, rows)
    assert {one.n for one in found.results if one.test == "Fisher's exact test"} == {22}
    assert Counter(one.reason for one in found.left_out) == {
        "excluded: died": 1, "its phenotype is undetermined": 1, "its phenotype is missing": 1,
        "its group is missing": 1,
    }  # fmt: skip
    assert {one.n_excluded for one in found.results} == {4}


def test_last_of_repeated_tests_counts(animals_of) -> None:
    later = [row | {"test": "post"} for row in animals(DEFEATED)]
    earlier = [row | {"test": "pre", "phenotype": "susceptible"} for row in animals(DEFEATED)]
    (fisher,) = [
        one for one in analysed(animals_of, [*earlier, *later]).results if one.test == "Fisher's exact test"
    ]  # fmt: skip
    assert fisher.note == "2 of 10 against 9 of 12"


@pytest.mark.parametrize("call", ["susceptible", "resilient"])
def test_all_of_one_kind_have_no_odds_ratio_and_say_so(animals_of, call: str) -> None:
    found = analysed(animals_of, animals({("defeated", "isotype", call): 6, ("defeated", "drug", call): 5}))
    fisher = by_test(found)["Fisher's exact test"]
    assert fisher.p_value == 1
    assert math.isnan(fisher.effect)
    assert by_test(found)["risk difference"].effect == 0
    assert "Firth" in by_test(found)["log odds ratio"].test


def test_empty_cell_has_an_infinite_odds_ratio_and_firths_logistic(animals_of) -> None:
    counts = {("defeated", "isotype", "resilient"): 6, ("defeated", "drug", "susceptible"): 3,
              ("defeated", "drug", "resilient"): 3}  # fmt: skip
    found = by_test(analysed(animals_of, animals(counts)))
    assert (found["conditional odds ratio"].effect, found["conditional odds ratio"].ci_high) == (math.inf, math.inf)
    assert "Firth" in found["log odds ratio"].test
    assert math.isfinite(found["log odds ratio"].effect)


def test_each_dose_is_compared_with_the_reference(animals_of) -> None:
    counts = {("defeated", dose, call): 4 + i for i, dose in enumerate(("isotype", "low", "high"))
              for call in ("susceptible", "resilient")}  # fmt: skip
    found = analysed(animals_of, animals(counts))
    contrasts = [one.contrast for one in found.results if one.test == "Fisher's exact test"]
    assert contrasts == ["low - isotype", "high - isotype"]


def test_one_group_with_phenotypes_is_an_error(animals_of) -> None:
    rows = animals({("control", "isotype", "control"): 4, ("defeated", "isotype", "susceptible"): 4})
    with pytest.raises(StatsError, match="in two groups at least, found them in defeated"):
        analysed(animals_of, rows)


def test_swapping_the_groups_inverts_the_odds(animals_of) -> None:
    one = by_test(analysed(animals_of, animals(DEFEATED)))
    other = by_test(analysed(animals_of, animals(DEFEATED), AnalysisPlan(reference={"treatment": "drug"})))
    assert one["conditional odds ratio"].effect == pytest.approx(1 / other["conditional odds ratio"].effect)
    assert one["conditional odds ratio"].p_value == pytest.approx(other["conditional odds ratio"].p_value)
    assert one["risk difference"].effect == pytest.approx(-other["risk difference"].effect)
    assert one["log odds ratio"].effect == pytest.approx(-other["log odds ratio"].effect)
