"""Factors, design matrices and contrasts: R's coding, cells' means, and what can't be coded."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from csds.errors import StatsError
from csds.stats.design import (
    CellContrast,
    covariate,
    crossed,
    design_matrix,
    estimate_contrast,
    factor,
    finite_values,
    pairwise,
    term_name,
)

DOSE = factor("dose", ["0", "0", "1", "1", "5", "5"] * 2, levels=["0", "1", "5"])
SEX = factor("sex", ["F", "M"] * 6)


def test_levels_are_sorted_unless_given() -> None:
    assert factor("stress", ["defeated", "control"]).levels == ("control", "defeated")
    assert factor("stress", ["defeated", "control"], levels=["defeated", "control"]).codes.tolist() == [0, 1]
    assert factor("dose", [10, 2]).labels == ("10", "2")


def test_treatment_coding_is_that_of_r() -> None:
    design = design_matrix([DOSE, SEX], coding="treatment")
    # colnames(model.matrix(~ dose * sex)) in R
    assert design.column_names == ("(Intercept)", "dose1", "dose5", "sexM", "dose1:sexM", "dose5:sexM")
    assert design.matrix[5].tolist() == [1, 0, 1, 1, 0, 1]
    assert design.matrix[0].tolist() == [1, 0, 0, 0, 0, 0]


def test_sum_coding_is_that_of_r() -> None:
    design = design_matrix([DOSE, SEX])
    assert design.column_names == ("(Intercept)", "dose1", "dose2", "sex1", "dose1:sex1", "dose2:sex1")
    # The last levels of both: −1 in each main effect, their products in the interaction.
    assert design.matrix[5].tolist() == [1, -1, -1, -1, 1, 1]
    assert design.terms == ((), ("dose",), ("sex",), ("dose", "sex"))
    assert design.columns([("dose",)]).tolist() == [1, 2]


def test_the_first_factor_of_an_interaction_changes_fastest() -> None:
    day = factor("day", ["a", "b", "c"] * 6)
    dose = factor("dose", np.repeat(["0", "1", "5"], 6).tolist())
    design = design_matrix([dose, day], coding="treatment")
    assert design.column_names[-4:] == ("dose1:dayb", "dose5:dayb", "dose1:dayc", "dose5:dayc")
    row = dose.labels.index("5") + 1
    assert (dose.labels[row], day.labels[row]) == ("5", "b")
    assert design.matrix[row, -4:].tolist() == [0, 1, 0, 0]


@pytest.mark.parametrize("coding", ["sum", "treatment"])
def test_cells_of_the_crossed_design_are_their_means(coding: Any) -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=12)
    design = design_matrix([DOSE, SEX], coding=coding)
    beta = np.linalg.lstsq(design.matrix, values)[0]
    in_cell = np.array([d == "1" and s == "M" for d, s in zip(DOSE.labels, SEX.labels, strict=True)])
    assert design.cell_row({"dose": "1", "sex": "M"}) @ beta == pytest.approx(values[in_cell].mean())
    # A factor that isn't named is averaged over its levels, not over animals.
    means = [design.cell_row({"dose": "1", "sex": sex}) @ beta for sex in "FM"]
    assert design.cell_row({"dose": "1"}) @ beta == pytest.approx(np.mean(means))


def test_covariates_stand_beside_the_crossed_factors_and_at_their_mean() -> None:
    weight = covariate("weight", np.arange(12.0))
    design = design_matrix([SEX, weight])
    assert design.terms == ((), ("sex",), ("weight",))
    assert design.cell_row({"sex": "F"}).tolist() == [1, 1, 5.5]
    assert design.take(np.arange(6)).cell_row({"sex": "F"})[-1] == 2.5


def test_terms_that_contain_a_term() -> None:
    design = design_matrix([DOSE, SEX])
    assert design.containing(()) == (("dose",), ("sex",), ("dose", "sex"))
    assert design.containing(("sex",)) == (("dose", "sex"),)
    assert design.containing(("dose", "sex")) == ()
    assert [term_name(term) for term in crossed("abc")] == ["a", "b", "c", "a:b", "a:c", "b:c", "a:b:c"]


def test_a_design_without_variables_is_the_intercept() -> None:
    assert design_matrix([], n=3).matrix.tolist() == [[1], [1], [1]]


def test_pairs_of_levels_within_others() -> None:
    pairs = pairwise([DOSE, SEX], "dose", by=["sex"])
    assert [(pair.name, pair.at) for pair in pairs][:4] == [
        ("0 - 1", "F"),
        ("0 - 5", "F"),
        ("1 - 5", "F"),
        ("0 - 1", "M"),
    ]
    assert pairs[0].weights == ((1.0, {"sex": "F", "dose": "0"}), (-1.0, {"sex": "F", "dose": "1"}))
    assert len(pairwise([DOSE, SEX], "sex")) == 1


def test_a_t_test_of_an_estimate() -> None:
    # Quantiles of t on 10 degrees of freedom, as tabled: 2.228139 for 95 %, 1.812461 for 90 %.
    result = estimate_contrast(2.228138851964939, 1.0, 10.0, name="difference")
    assert result.p_value == pytest.approx(0.05, rel=1e-9)
    assert result.ci_low == pytest.approx(0.0, abs=1e-9)
    assert result.ci_high == pytest.approx(2 * 2.228138851964939)
    narrow = estimate_contrast(0.0, 1.0, 10.0, name="difference", confidence=0.9)
    assert narrow.ci_high == pytest.approx(1.8124611228107335)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: factor("cage", ["a", None, "b", ""]), r"“cage”; 2, 4"),
        (lambda: factor("cage", ["a", math.nan, "b"]), r"“cage”; 2 "),
        (lambda: factor("stress", ["control", "defeeted"], levels=["control", "defeated"]), "found defeeted"),
        (lambda: factor("stress", ["a", "b"], levels=["a", "b", "a"]), "twice"),
        (lambda: factor("stress", ["control"] * 4), "two levels or more; “stress” has control"),
        (lambda: factor("stress", []), "has none"),
        (lambda: covariate("weight", [1.0, math.inf]), "rows 2 "),
        (lambda: finite_values([1.0, math.nan], "si"), "rows 2 "),
        (lambda: finite_values([1.0, math.inf], "si", missing_allowed=True), "rows 2 "),
        (lambda: finite_values(["long"], "si"), "it holds text"),
        (lambda: finite_values([[1.0]], "si"), "a table"),
        (lambda: design_matrix([]), "found no column"),
        (lambda: design_matrix([SEX, factor("dose", ["0", "1"])]), "found 2, 12"),
        (lambda: design_matrix([SEX, factor("twin", SEX.labels)]), "none in F × M, M × F"),
        (lambda: design_matrix([SEX, covariate("w", SEX.codes)]), "effects of sex, w can't be told apart"),
        (lambda: design_matrix([SEX.take(np.array([0, 2]))]), "none in M"),
        (lambda: pairwise([SEX], "dose"), "has the factors sex; found dose"),
        (lambda: design_matrix([SEX]).cell_row({"sex": "X"}), "no cell sex = X"),
        (lambda: design_matrix([SEX]).cell_row({"dose": "0"}), "no cell dose = 0"),
        (lambda: estimate_contrast(0, 1, 9, name="d", confidence=95), "between 0 and 1; found 95"),
    ],
)
def test_what_cannot_be_coded_is_said(call: Any, message: str) -> None:
    with pytest.raises(StatsError, match=message):
        call()


def test_contrasts_keep_where_they_are_made() -> None:
    contrast = CellContrast(name="change", weights=((1.0, {"sex": "F"}),))
    assert contrast.at == ""
