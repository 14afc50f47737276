"""Correlations are taken within groups, as R's cor.test has them, and counted right."""

from __future__ import annotations

import pytest

from csds.analysis.associations import correlate
from csds.analysis.comparison import find_comparison
from csds.analysis.pieces import Computed
from csds.analysis.plan import AnalysisPlan
from csds.errors import TableError

WEIGHTS = {"isotype": [25.1, 23.4, 26.8, 24.2, 27.5, 22.9], "drug": [24.0, 26.1, 23.3, 25.7, 22.8]}
RATIOS = {"isotype": [1.1, 0.9, 1.5, 1.2, 1.3, 0.7], "drug": [0.8, 0.5, 0.9, 0.4, 0.7]}


def rows() -> list[dict[str, object]]:
    return [
        {"animal_id": f"{group}{i}", "treatment": group, "weight_g": weight, "si_ratio": ratio}
        for group in WEIGHTS
        for i, (weight, ratio) in enumerate(zip(WEIGHTS[group], RATIOS[group], strict=True))
    ]  # fmt: skip


def correlated(animals_of, table: list[dict[str, object]], *columns: str) -> Computed:
    animals, plan = animals_of(table), AnalysisPlan(correlate=columns or ("weight_g",))
    return correlate(animals, find_comparison(animals, plan), plan)


def test_correlations_within_groups_are_cor_tests(animals_of) -> None:
    found = {(one.term, one.test): one for one in correlated(animals_of, rows()).results}
    one = found["weight_g in isotype", "Pearson's correlation"]
    assert (one.effect, one.statistic, one.df1, one.p_value) == pytest.approx(
        (0.870825543579, 3.54287792533, 4, 0.0239513552017), rel=1e-9
    )
    assert (one.ci_low, one.ci_high) == pytest.approx((0.202079721136, 0.985737935242), rel=1e-9)
    ranked = found["weight_g in isotype", "Spearman's correlation"]
    assert (ranked.effect, ranked.statistic, ranked.p_value) == pytest.approx((0.885714285714, 4, 0.0333333333333))
    other = found["weight_g in drug", "Pearson's correlation"]
    assert (other.effect, other.p_value) == pytest.approx((-0.821690792192, 0.0879272680355), rel=1e-9)
    assert [one.p_adjusted, other.p_adjusted] == pytest.approx([0.0479027104034, 0.0879272680355])  # p.adjust(…)
    assert {each.adjustment for each in found.values()} == {"holm, 2 correlations"}
    assert {each.analysis for each in found.values()} == {"exploratory"}
    assert (one.n, other.n, one.n_excluded) == (6, 5, 0)


def test_animals_without_both_are_counted(animals_of) -> None:
    table = rows()
    table[0]["weight_g"] = ""
    table[7]["si_ratio"] = ""
    table.append({"animal_id": "x", "treatment": "", "weight_g": 25, "si_ratio": 1})
    table.append({"animal_id": "y", "treatment": "drug", "weight_g": 25, "si_ratio": 1, "exclude": "died"})
    results = correlated(animals_of, table).results
    assert {(one.term, one.n) for one in results} == {("weight_g in isotype", 5), ("weight_g in drug", 4)}
    assert {one.n_excluded for one in results} == {4}
    assert results[0].excluded_because == "excluded: died (1); its weight_g, si_ratio or group is missing (3)"


def test_each_of_repeated_tests_is_correlated_by_itself(animals_of) -> None:
    table = [row | {"test": test} for test in ("pre", "post") for row in rows()]
    found = correlated(animals_of, table).results
    assert [one.term for one in found if one.effect_name == "r"] == [
        "weight_g in isotype, pre", "weight_g in drug, pre", "weight_g in isotype, post", "weight_g in drug, post",
    ]  # fmt: skip
    assert {one.n for one in found} == {6, 5}


def test_what_allows_no_correlation_is_named(animals_of) -> None:
    table = [row | {"age": 8, "twice": 2 * float(str(row["si_ratio"]))} for row in rows()[:-2]]
    found = correlated(animals_of, table, "weight_g", "age", "twice")
    assert {one.term for one in found.results} == {"weight_g in isotype"}
    reasons = {one.what: one.why for one in found.not_computed}
    assert reasons["correlation with weight_g in drug"] == "expected 4 animals with both at least, found 3"
    assert "all equal (8)" in reasons["correlation with age in isotype"]
    assert "follows from the other" in reasons["correlation with twice in isotype"]


def test_nothing_is_read_where_nothing_is_to_be_correlated(animals_of) -> None:
    animals, plan = animals_of([{"animal_id": "a", "treatment": "x"}, {"animal_id": "b", "treatment": "y"}]), None
    plan = AnalysisPlan()
    assert correlate(animals, find_comparison(animals, plan), plan) == Computed()


@pytest.mark.parametrize(("column", "message"), [("IL4", "no column 'IL4'"), ("treatment", "expected a number")])
def test_column_that_can_not_be_correlated_is_an_error(animals_of, column: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        correlated(animals_of, rows(), column)
