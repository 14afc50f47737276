"""Linear models against R's car and emmeans, against closed forms, and with what they can't use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from csds.errors import StatsError
from csds.stats.design import CellContrast, Factor, covariate, crossed, design_matrix, factor, pairwise
from csds.stats.linear import LinearModel, anova, fit_linear_model, linear_contrast, marginal_means, sum_of_squares

LEVELS = {
    "stress": ["control", "defeat"],
    "treatment": ["vehicle", "drug"],
    "group": ["control_vehicle", "control_drug", "defeat_vehicle", "defeat_drug"],
}


@pytest.fixture(scope="module")
def expected(real_data: Path) -> dict[str, Any]:
    """What R prints."""
    return json.loads((real_data / "reference_stats" / "expected_r.json").read_text(encoding="utf-8"))


@pytest.fixture
def fitted(real_data: Path) -> Any:
    def fit(*names: str) -> LinearModel:
        data = pd.read_csv(real_data / "reference_stats" / "two_by_two.csv")
        factors = [factor(name, data[name].tolist(), levels=LEVELS[name]) for name in names]
        return fit_linear_model(data["si_ratio"], design_matrix(factors))

    return fit


@pytest.fixture
def ancova(real_data: Path) -> LinearModel:
    """After treatment, by treatment and the value before."""
    wide = pd.read_csv(real_data / "reference_stats" / "prepost_long.csv").pivot_table(
        index=["animal_id", "treatment"], columns="time", values="si"
    )
    treatment = factor("treatment", wide.index.get_level_values("treatment").tolist())
    return fit_linear_model(wide["post"], design_matrix([treatment, covariate("si.pre", wide["pre"])]))


def assert_anova_is_that_of_r(model: LinearModel, ss_type: Any, rows: list[dict[str, Any]]) -> None:
    tests = anova(model, ss_type=ss_type)
    assert [test.name for test in tests] == [row["term"] for row in rows[:-1]]
    for test, row in zip(tests, rows[:-1], strict=True):
        found = [test.ss, test.df1, test.f, test.p_value]
        assert found == pytest.approx([row[key] for key in ("Sum Sq", "Df", "F value", "Pr(>F)")], rel=1e-9)
    assert [model.residual_ss, model.residual_df] == pytest.approx([rows[-1]["Sum Sq"], rows[-1]["Df"]], rel=1e-9)


@pytest.mark.parametrize(
    ("key", "names", "ss_type"),
    [
        ("anova_type1_stress_first", ("stress", "treatment"), 1),
        ("anova_type1_treatment_first", ("treatment", "stress"), 1),
        ("anova_type2", ("stress", "treatment"), 2),
        ("anova_type3", ("stress", "treatment"), 3),
    ],
)
def test_two_way_anova_is_that_of_r(
    key: str, names: tuple[str, ...], ss_type: Any, fitted: Any, expected: dict[str, Any]
) -> None:
    assert_anova_is_that_of_r(fitted(*names), ss_type, expected[key])


@pytest.mark.parametrize("ss_type", [2, 3])
def test_ancova_is_that_of_r(ss_type: Any, ancova: LinearModel, expected: dict[str, Any]) -> None:
    assert_anova_is_that_of_r(ancova, ss_type, expected[f"ancova_type{ss_type}"])


@pytest.mark.parametrize(
    ("key", "names", "of", "by"),
    [
        ("pairs6_pooled_none", ("group",), "group", ()),
        ("simple_treatment_within_stress", ("stress", "treatment"), "treatment", ("stress",)),
        ("simple_stress_within_treatment", ("stress", "treatment"), "stress", ("treatment",)),
    ],
)
def test_contrasts_are_those_of_emmeans(
    key: str, names: tuple[str, ...], of: str, by: tuple[str, ...], fitted: Any, expected: dict[str, Any]
) -> None:
    model = fitted(*names)
    for contrast, row in zip(pairwise(model.design.factors, of, by), expected[key], strict=True):
        found = linear_contrast(model, contrast)
        assert found.name == row["contrast"]
        assert found.at == ", ".join(row[name] for name in by)
        values = [found.estimate, found.se, found.df, found.t, found.p_value]
        assert values == pytest.approx([row[key] for key in ("estimate", "SE", "df", "t.ratio", "p.value")], rel=1e-9)


def test_marginal_means_of_cells_are_the_groups_means(fitted: Any, expected: dict[str, Any]) -> None:
    means = marginal_means(fitted("stress", "treatment"), ["stress", "treatment"])
    assert [mean.name for mean in means] == [f"{row['stress']} × {row['treatment']}" for row in expected["desc"]]
    assert [mean.estimate for mean in means] == pytest.approx([row["mean"] for row in expected["desc"]])


numbers = st.integers(-400, 400).map(lambda number: number / 16)


@st.composite
def two_by_three(draw: st.DrawFn) -> tuple[np.ndarray, list[Factor]]:
    """Outcomes of two crossed factors with two to four animals in a cell."""
    sizes = [draw(st.integers(2, 4)) for _ in range(6)]
    cells = [(a, b) for a in "xy" for b in "pqr"]
    rows = [cell for cell, size in zip(cells, sizes, strict=True) for _ in range(size)]
    values = np.array(draw(st.lists(numbers, min_size=len(rows), max_size=len(rows), unique=True)))
    return values, [factor("a", [a for a, _ in rows]), factor("b", [b for _, b in rows])]


INTERACTION = CellContrast(
    name="a:b",
    weights=tuple((i * j, {"a": a, "b": b}) for i, a in ((1, "x"), (-1, "y")) for j, b in ((1, "p"), (-1, "q"))),
)


@given(two_by_three())
def test_type_three_tests_that_the_terms_coefficients_are_zero(data: tuple[np.ndarray, list[Factor]]) -> None:
    model = fit_linear_model(data[0], design_matrix(data[1]))
    for test in anova(model):
        columns = model.design.columns([test.term])
        b, v = model.coefficients[columns], model.covariance[np.ix_(columns, columns)]
        assert test.f == pytest.approx(b @ np.linalg.solve(v, b) / len(columns), rel=1e-6, abs=1e-9)


@given(two_by_three())
def test_type_two_is_the_fall_in_residuals_without_the_interaction(data: tuple[np.ndarray, list[Factor]]) -> None:
    values, factors = data

    def residual_ss(*names: str) -> float:
        chosen = [each for each in factors if each.name in names]
        matrix = design_matrix(chosen, terms=[(each.name,) for each in chosen], n=len(values)).matrix
        return float(np.sum((values - matrix @ np.linalg.lstsq(matrix, values)[0]) ** 2))

    a, b, _ = anova(fit_linear_model(values, design_matrix(factors)), ss_type=2)
    scale = 1e-9 * np.sum(values**2)
    assert a.ss == pytest.approx(residual_ss("b") - residual_ss("a", "b"), abs=scale)
    assert b.ss == pytest.approx(residual_ss("a") - residual_ss("a", "b"), abs=scale)


@given(two_by_three())
def test_type_one_adds_up_to_the_total(data: tuple[np.ndarray, list[Factor]]) -> None:
    values = data[0]
    model = fit_linear_model(values, design_matrix(data[1]))
    total = sum(test.ss for test in anova(model, ss_type=1)) + model.residual_ss
    assert total == pytest.approx(np.sum((values - values.mean()) ** 2))


@given(two_by_three(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(data: tuple[np.ndarray, list[Factor]], random: Any) -> None:
    values, factors = data
    order = np.array(random.sample(range(len(values)), len(values)))
    model = fit_linear_model(values, design_matrix(factors))
    shuffled = fit_linear_model(values[order], design_matrix([each.take(order) for each in factors]))
    assert shuffled.coefficients == pytest.approx(model.coefficients, abs=1e-9)
    assert shuffled.residual_ss == pytest.approx(model.residual_ss, abs=1e-9)
    assert shuffled.residuals == pytest.approx(model.residuals[order], abs=1e-9)


@given(two_by_three(), st.floats(0.01, 100), st.floats(-50, 50))
def test_units_change_estimates_alone(data: tuple[np.ndarray, list[Factor]], scale: float, shift: float) -> None:
    values, factors = data
    design = design_matrix(factors)
    model, other = fit_linear_model(values, design), fit_linear_model(values * scale + shift, design)
    assert [test.f for test in anova(other)[1:]] == pytest.approx(
        [test.f for test in anova(model)[1:]], rel=1e-6, abs=1e-6
    )
    first, second = linear_contrast(model, INTERACTION), linear_contrast(other, INTERACTION)
    assert second.estimate == pytest.approx(first.estimate * scale, abs=1e-6)
    assert second.t == pytest.approx(first.t, rel=1e-6, abs=1e-6)


@given(two_by_three())
def test_swapping_levels_flips_the_contrast(data: tuple[np.ndarray, list[Factor]]) -> None:
    values, (a, b) = data
    swapped = [factor("a", ["xy"[label == "x"] for label in a.labels]), b]
    first = linear_contrast(fit_linear_model(values, design_matrix([a, b])), INTERACTION)
    second = linear_contrast(fit_linear_model(values, design_matrix(swapped)), INTERACTION)
    assert (second.t, second.ci_low, second.ci_high) == pytest.approx(
        (-first.t, -first.ci_high, -first.ci_low), abs=1e-7
    )


def test_equal_numbers_leave_the_types_no_difference() -> None:
    rng = np.random.default_rng(3)
    factors = [factor("a", list("xy") * 12), factor("b", list("ppqqrr") * 4)]
    model = fit_linear_model(rng.normal(size=24), design_matrix(factors))
    first, second, third = (anova(model, ss_type=ss_type) for ss_type in (1, 2, 3))
    assert [test.ss for test in first] == pytest.approx([test.ss for test in second])
    assert [test.ss for test in first] == pytest.approx([test.ss for test in third[1:]])


def test_two_groups_are_students_t_test() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=7), rng.normal(size=11)
    design = design_matrix([factor("group", ["x"] * 7 + ["y"] * 11)])
    model = fit_linear_model(np.concatenate([x, y]), design)
    (pair,) = (linear_contrast(model, contrast, confidence=0.9) for contrast in pairwise(design.factors, "group"))
    student = stats.ttest_ind(x, y)
    interval = student.confidence_interval(0.9)
    found = (pair.t, pair.p_value, pair.ci_low, pair.ci_high)
    assert found == pytest.approx((student.statistic, student.pvalue, interval.low, interval.high))
    assert anova(model)[1].f == pytest.approx(student.statistic**2)


def test_three_factors_make_all_terms_and_their_interaction_contrast_is_a_difference_of_differences() -> None:
    rng = np.random.default_rng(5)
    names = ["stress", "treatment", "sex"]
    labels = np.array([(a, b, c) for a in "01" for b in "01" for c in "01"] * 3 + [("0", "0", "0")])
    values = rng.normal(size=25)
    model = fit_linear_model(values, design_matrix([factor(name, labels[:, i]) for i, name in enumerate(names)]))
    assert [test.term for test in anova(model)] == [(), *crossed(names)]
    cells = [(a, b) for a in "01" for b in "01"]
    contrast = CellContrast(
        name="stress:treatment",
        weights=tuple(((-1.0) ** (int(a) + int(b)), {"stress": a, "treatment": b}) for a, b in cells),
    )
    means = {
        cell: np.mean([values[(labels == [*cell, sex]).all(axis=1)].mean() for sex in "01"]) for cell in cells
    }  # each sex counts the same
    hand = means["0", "0"] - means["0", "1"] - means["1", "0"] + means["1", "1"]
    found = linear_contrast(model, contrast)
    assert found.estimate == pytest.approx(hand)
    test = next(test for test in anova(model) if test.name == "stress:treatment")
    assert (found.t**2, found.p_value) == pytest.approx((test.f, test.p_value))


def test_a_covariate_has_the_slope_of_regression_and_means_stand_at_its_mean() -> None:
    weight, outcome = np.array([20.0, 22, 25, 27, 30]), np.array([1.0, 1.2, 1.1, 1.6, 1.5])
    group = factor("group", ["x", "y", "x", "y", "x"])
    alone = fit_linear_model(outcome, design_matrix([covariate("weight", weight)]))
    regression = stats.linregress(weight, outcome)
    assert alone.coefficients[1] == pytest.approx(regression.slope)
    assert anova(alone, ss_type=2)[0].p_value == pytest.approx(regression.pvalue)
    model = fit_linear_model(outcome, design_matrix([group, covariate("weight", weight)]))
    first, second = marginal_means(model, ["group"])
    intercept, half, slope = model.coefficients
    assert [first.estimate, second.estimate] == pytest.approx(
        [intercept + half + slope * weight.mean(), intercept - half + slope * weight.mean()]
    )
    (average,) = marginal_means(model, [])
    assert (average.name, average.estimate) == ("(Intercept)", pytest.approx((first.estimate + second.estimate) / 2))


def test_a_factor_may_change_the_slope_of_a_covariate() -> None:
    rng = np.random.default_rng(7)
    labels, weight = np.array(list("xy") * 8), rng.uniform(20, 30, 16)
    outcome = weight * np.where(labels == "x", 0.1, 0.3) + rng.normal(size=16)
    variables = [factor("group", labels.tolist()), covariate("weight", weight)]
    model = fit_linear_model(outcome, design_matrix(variables, terms=crossed(["group", "weight"])))
    fits = [stats.linregress(weight[labels == label], outcome[labels == label]) for label in "xy"]
    assert 2 * model.coefficients[-1] == pytest.approx(fits[0].slope - fits[1].slope)
    interaction = anova(model, ss_type=2)[-1]
    spread = sum(1 / np.sum((weight[labels == label] - weight[labels == label].mean()) ** 2) for label in "xy")
    t = (fits[0].slope - fits[1].slope) / np.sqrt(model.residual_variance * spread)
    assert (interaction.name, interaction.f) == ("group:weight", pytest.approx(t**2))
    first, second = marginal_means(model, ["group"])
    assert [first.estimate, second.estimate] == pytest.approx([f.intercept + f.slope * weight.mean() for f in fits])


def test_sums_of_squares_of_several_responses_add_up() -> None:
    rng = np.random.default_rng(6)
    responses, design = rng.normal(size=(12, 3)), design_matrix([factor("group", list("xyz") * 4)])
    each = [sum_of_squares(column, design, ("group",), ss_type=3) for column in responses.T]
    assert sum_of_squares(responses, design, ("group",), ss_type=3) == pytest.approx(sum(each))


def test_arguments_are_left_as_they_were() -> None:
    values = np.array([1.0, 2, 3, 5])
    design = design_matrix([factor("group", list("xxyy"))])
    before = design.matrix.copy()
    anova(fit_linear_model(values, design))
    assert values.tolist() == [1, 2, 3, 5]
    assert (design.matrix == before).all()


GROUP = design_matrix([factor("group", list("xxyy"))])


def test_an_empty_cell_is_named() -> None:
    factors = [factor("stress", list("ccdd")), factor("drug", list("nynn"), levels=["n", "y"])]
    with pytest.raises(StatsError, match="none in d × y"):
        design_matrix(factors)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, 2, 3, np.nan], "outcome"),
        ([1, 2, 3, np.inf], "outcome"),
        ([1, 2, 3, "much"], "holds text"),
        ([1, 2, 3], "3 outcomes for 4 rows"),
        ([1, 1, 2, 2], "should vary"),
        ([0, 0, 0, 0], "should vary"),
        ([0.3, 0.3, 0.3, 0.3], "should vary"),
    ],
)
def test_outcomes_that_cannot_be_fitted(values: list[Any], message: str) -> None:
    with pytest.raises(StatsError, match=message):
        fit_linear_model(values, GROUP)


def test_as_many_coefficients_as_animals_leave_no_error() -> None:
    with pytest.raises(StatsError, match="more than 2 animals"):
        fit_linear_model([1, 2], design_matrix([factor("group", list("xy"))]))


def test_type_three_is_refused_with_treatment_coding() -> None:
    model = fit_linear_model([1, 2, 3, 5], design_matrix([factor("group", list("xxyy"))], coding="treatment"))
    with pytest.raises(StatsError, match="sum to zero"):
        anova(model)
    assert anova(model, ss_type=2)[0].f == pytest.approx(anova(fit_linear_model([1, 2, 3, 5], GROUP))[1].f)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (((1.0, {"group": "z"}),), "no cell group = z"),
        (((1.0, {"group": "x"}), (-1.0, {"group": "x"})), "nothing to compare"),
        ((), "nothing to compare"),
    ],
)
def test_contrasts_that_compare_nothing(weights: Any, message: str) -> None:
    with pytest.raises(StatsError, match=message):
        linear_contrast(fit_linear_model([1, 2, 3, 5], GROUP), CellContrast(name="x - z", weights=weights))


def test_means_of_an_unknown_factor() -> None:
    with pytest.raises(StatsError, match="found sex"):
        marginal_means(fit_linear_model([1, 2, 3, 5], GROUP), ["sex"])
