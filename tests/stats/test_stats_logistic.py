"""Logistic regression agrees with closed forms, with R's logistf and glm as published, and with statsmodels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from csds.errors import StatsError
from csds.stats.logistic import fit_logistic, has_empty_cell, logistic_by_group

#: The endometrial cancer data of Heinze & Schemper 2002: pulsatility index and 100 × endometrium height of each patient
#: of low grade, none of whom has neovasculation; and the same of high grade, after neovasculation.
LOW_GRADE = (
    "13 164,16 226,8 314,34 268,20 128,5 231,17 180,10 168,26 156,17 231,8 201,7 189,20 315,10 123,18 127,16 176,"
    "18 200,28 150,11 133,19 237,10 182,10 313,18 131,14 192,21 164,11 201,17 188,25 193,16 211,19 129,15 172,"
    "33 75,24 192,15 229,29 202,12 233,3 290,20 170,23 141,12 225,22 154,42 197,15 175,13 216,14 257,19 137,"
    "12 361,13 204,10 217"
)
HIGH_GRADE = (
    "0 8 264,0 29 88,0 12 127,0 20 137,1 38 97,1 22 114,1 7 88,1 25 91,1 15 58,0 7 97,0 48 184,0 12 111,0 19 161,"
    "0 2 118,1 22 144,1 40 118,1 5 93,1 0 117,0 21 119,0 15 106,0 12 169,1 49 27,0 6 184,0 5 130,0 17 96,1 11 101,"
    "1 21 98,0 5 35,1 19 102,0 33 85"
)
NAMES = ["intercept", "NV", "PI", "EH"]


def endometrial() -> tuple[np.ndarray, np.ndarray]:
    rows = [[0, *map(int, row.split())] for row in LOW_GRADE.split(",")]
    high = [list(map(int, row.split())) for row in HIGH_GRADE.split(",")]
    table = np.array(rows + high, dtype=float)
    table[:, 2] /= 100
    outcome = np.repeat([0.0, 1.0], [len(rows), len(high)])
    return outcome, np.column_stack([np.ones(len(table)), table])


def test_firth_is_that_of_logistf_on_separated_data() -> None:
    """As R's logistf prints it for the example of Heinze & Schemper, where NV = 1 always means high grade."""
    outcome, design = endometrial()
    assert design.shape == (79, 4)
    fit = fit_logistic(outcome, design, names=NAMES, firth=True)
    log_odds = [term.log_odds for term in fit.terms]
    assert log_odds == pytest.approx([3.77455951, 2.92927330, -0.03475175, -2.60416387], rel=1e-6)
    bounds = [(term.ci_low, term.ci_high) for term in fit.terms]
    wanted = [(1.0825371, 7.20928050), (0.6097244, 7.85463171), (-0.1244587, 0.04045547), (-4.3651832, -1.23272106)]
    assert np.array(bounds) == pytest.approx(np.array(wanted), rel=1e-5)
    with pytest.raises(StatsError, match="a coefficient is infinite"):
        fit_logistic(outcome, design, names=NAMES, firth=False)


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_firth_of_two_groups_adds_a_half_to_every_cell(a: int, b: int, c: int, d: int) -> None:
    """Closed form: log odds, and the likelihood ratio, of the counts with ½ added."""
    if not (a + b and c + d):
        return
    outcome, design = two_by_two(a, b, c, d)
    fit = fit_logistic(outcome, design, names=["intercept", "y"], firth=True)
    intercept, slope = fit.terms
    a2, b2, c2, d2 = a + 0.5, b + 0.5, c + 0.5, d + 0.5
    assert intercept.log_odds == pytest.approx(math.log(a2 / b2), abs=1e-8)
    assert slope.log_odds == pytest.approx(math.log(c2 * b2 / (d2 * a2)), abs=1e-8)

    def penalised(p: float, q: float) -> float:
        return a2 * math.log(p) + b2 * math.log(1 - p) + c2 * math.log(q) + d2 * math.log(1 - q)

    top = penalised(a2 / (a2 + b2), c2 / (c2 + d2))
    both = (a2 + c2) / (a2 + b2 + c2 + d2)
    assert slope.statistic == pytest.approx(2 * (top - penalised(both, both)), abs=1e-8)
    assert slope.p_value == pytest.approx(stats.chi2.sf(slope.statistic, 1))

    # At the bounds the profile, over all chances whose odds ratio that is, has fallen by half the χ² quantile.
    for bound in (slope.ci_low, slope.ci_high):
        profile = optimize.minimize_scalar(
            lambda log_odds, bound=bound: -penalised(expit(log_odds), expit(log_odds + bound)),
            bounds=(-12, 12), method="bounded", options={"xatol": 1e-9},
        )  # fmt: skip
        assert 2 * (top + profile.fun) == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-6)
    assert slope.ci_low < slope.log_odds < slope.ci_high


def expit(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def two_by_two(a: int, b: int, c: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """a of a + b in the first group and c of c + d in the second."""
    outcome = np.repeat([1.0, 0, 1, 0], [a, b, c, d])
    second = np.repeat([0.0, 0, 1, 1], [a, b, c, d])
    return outcome, np.column_stack([np.ones(len(second)), second])


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
def test_plain_fit_of_two_groups_is_the_odds_ratio(a: int, b: int, c: int, d: int) -> None:
    outcome, design = two_by_two(a, b, c, d)
    fit = fit_logistic(outcome, design, names=["intercept", "y"], firth=False)
    slope = fit.terms[1]
    assert slope.log_odds == pytest.approx(math.log(c * b / (d * a)), abs=1e-8)
    assert slope.standard_error == pytest.approx(math.sqrt(1 / a + 1 / b + 1 / c + 1 / d))
    ratio = stats.chi2_contingency([[a, b], [c, d]], correction=False, lambda_="log-likelihood")
    assert slope.statistic == pytest.approx(ratio.statistic, abs=1e-8)


def test_plain_fit_with_covariates_is_that_of_statsmodels() -> None:
    from statsmodels.discrete.discrete_model import Logit

    outcome, design = endometrial()
    design = design[:, [0, 2, 3]]
    fit = fit_logistic(outcome, design, names=["intercept", "PI", "EH"], firth=False)
    wanted = Logit(outcome, design).fit(disp=0, tol=1e-12)
    assert [term.log_odds for term in fit.terms] == pytest.approx(wanted.params.tolist(), rel=1e-6)
    assert [term.standard_error for term in fit.terms] == pytest.approx(wanted.bse.tolist(), rel=1e-6)
    assert fit.log_likelihood == pytest.approx(wanted.llf)
    without = Logit(outcome, design[:, [0, 2]]).fit(disp=0, tol=1e-12)
    assert fit.terms[1].statistic == pytest.approx(2 * (wanted.llf - without.llf), rel=1e-6)
    # Fixing the coefficient at its bound costs half the χ² quantile.
    for bound in (fit.terms[2].ci_low, fit.terms[2].ci_high):
        fixed = likelihood_with_offset(outcome, design[:, :2], bound * design[:, 2])
        assert 2 * (wanted.llf - fixed) == pytest.approx(stats.chi2.ppf(0.95, 1), rel=1e-6)


def likelihood_with_offset(outcome: np.ndarray, design: np.ndarray, offset: np.ndarray) -> float:
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    return float(GLM(outcome, design, family=Binomial(), offset=offset).fit(tol=1e-12).llf)


@pytest.mark.parametrize("firth", [True, False])
def test_scaling_a_covariate_scales_its_coefficient(firth: bool) -> None:
    outcome, design = endometrial()
    design = design[:, [0, 2, 3]]
    scaled = design * [1, 1000, 0.01] + [0, 7, -3]
    first, second = (
        fit_logistic(outcome, matrix, names=["intercept", "PI", "EH"], firth=firth) for matrix in (design, scaled)
    )
    for one, other, factor in zip(first.terms[1:], second.terms[1:], (1000, 0.01), strict=True):
        assert [other.log_odds * factor, other.ci_low * factor, other.ci_high * factor, other.p_value] == pytest.approx(
            [one.log_odds, one.ci_low, one.ci_high, one.p_value], rel=1e-6
        )


def test_order_of_animals_and_coding_change_nothing() -> None:
    outcome, design = two_by_two(2, 9, 4, 3)
    mixed = np.random.default_rng(1).permutation(len(outcome))
    names = ["intercept", "y"]
    first, second = (
        fit_logistic(outcome[order], design[order], names=names, firth=True) for order in (slice(None), mixed)
    )
    flipped = fit_logistic(1 - outcome, design, names=names, firth=True)
    for one, other, mirrored in zip(first.terms, second.terms, flipped.terms, strict=True):
        assert other.log_odds == pytest.approx(one.log_odds)
        assert [mirrored.ci_low, mirrored.ci_high] == pytest.approx([-one.ci_high, -one.ci_low])
        assert mirrored.p_value == pytest.approx(one.p_value)


def test_groups_are_compared_with_the_first_and_an_empty_cell_asks_for_firth() -> None:
    groups = ["isotype"] * 11 + ["1 mg/kg + Ω"] * 7 + ["control"] * 9
    outcome = [1.0] * 9 + [0] * 2 + [1] * 4 + [0] * 3 + [0] * 9
    levels = ["isotype", "1 mg/kg + Ω", "control"]
    fit = logistic_by_group(outcome, groups, levels=levels)
    assert fit.firth
    assert [term.name for term in fit.terms] == ["intercept", *levels[1:]]
    assert fit.terms[2].log_odds == pytest.approx(math.log(0.5 * 2.5 / (9.5 * 9.5)))
    assert fit.n == 27
    plain = logistic_by_group(outcome[:18], groups[:18], levels=levels[:2])
    assert not plain.firth
    assert plain.terms[1].log_odds == pytest.approx(math.log(4 * 2 / (3 * 9)))


def test_what_cant_be_fitted_is_an_error() -> None:
    ones = np.ones((3, 1))
    with pytest.raises(StatsError, match="expected 0 and 1 only"):
        fit_logistic([0, 1, 2], ones, names=["intercept"], firth=True)
    with pytest.raises(StatsError, match="expected a design of 3 animals and 2 columns"):
        fit_logistic([0, 1, 1], ones, names=["intercept", "x"], firth=True)
    with pytest.raises(StatsError, match="expected finite numbers in the design"):
        fit_logistic([0, 1, 1], ones * math.nan, names=["intercept"], firth=True)
    with pytest.raises(StatsError, match="expected independent columns"):
        fit_logistic([0, 1, 1], np.ones((3, 2)), names=["intercept", "x"], firth=True)
    with pytest.raises(StatsError, match="a coefficient is infinite"):
        fit_logistic([1, 1, 1], ones, names=["intercept"], firth=False)
    for groups, levels in ((["a", "a", "b"], ["a"]), (["a", "a", "a"], ["a", "b"]), (["a", "b", "b"], ["a", "b", "b"])):
        with pytest.raises(StatsError, match="expected animals of two groups at least"):
            logistic_by_group([0, 1, 1], groups, levels=levels)
    with pytest.raises(StatsError, match="expected a group for each of 3 outcomes, found 2"):
        has_empty_cell([0, 1, 1], ["a", "b"])


@pytest.mark.parametrize("seed", range(12))
def test_firth_always_converges(seed: int) -> None:
    rng = np.random.default_rng(seed)
    design: Any = np.column_stack([np.ones(14), rng.integers(0, 2, 14), rng.normal(25, 3, 14)])
    outcome = (design[:, 2] > 25).astype(float)  # separated by the covariate
    fit = fit_logistic(outcome, design, names=["intercept", "x", "weight"], firth=True)
    for term in fit.terms:
        assert term.ci_low < term.log_odds < term.ci_high
        assert math.isfinite(term.ci_high - term.ci_low)
