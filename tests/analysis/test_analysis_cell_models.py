"""Models of groups' means are R's lm and lmer, with what a plan adds."""

from __future__ import annotations

import numpy as np
import pytest

from csds.analysis.between import planned_contrasts
from csds.analysis.cell_models import CellModel, fit_cell_model
from csds.analysis.results import Result
from csds.stats.design import covariate, factor


@pytest.fixture
def values(factorial) -> np.ndarray:
    """Return SI ratios of 16 cages of two, which differ."""
    i = np.arange(32)
    shift = np.array([0.3, -0.2, 0.1, -0.4])[i // 8] * (1 + (i % 4) / 4)
    return np.array([float(row["si_ratio"]) for row in factorial()]) + shift


@pytest.fixture
def factors(factorial):
    rows = factorial()
    levels = {"stress": ["control", "defeated"], "treatment": ["isotype", "anti-IL-4Rα"]}
    return tuple(factor(name, [row[name] for row in rows], levels=each) for name, each in levels.items())


def terms(model: CellModel, kind: str) -> dict[str, Result]:
    return {one.term: one for one in model.terms(kind) if one.statistic_name}


def test_random_intercepts_give_lmertests_contrasts_and_terms(values, factors) -> None:
    i = np.arange(32)
    cage = factor("cage", [f"{a}{b}" for a, b in zip(i % 4, i // 8, strict=True)])
    model = fit_cell_model(values, factors, random=(cage,))
    found = [model.contrast(contrast) for contrast in planned_contrasts(factors)]
    # lmer(si_ratio ~ stress * treatment + (1 | cage)), contrast(emmeans(…, lmer.df = "satterthwaite"), …)
    assert [one.estimate for one in found] == pytest.approx(
        [0.157963392, -0.624679877, 0.154067257, 0.00389613485], rel=1e-6
    )
    assert [one.t for one in found] == pytest.approx([0.488948923, -1.93359075, 0.476889098, 0.0085275844], rel=1e-5)
    assert [one.df for one in found] == pytest.approx([12] * 4, rel=1e-3)
    rows = terms(model, "III")
    assert [rows[name].statistic for name in ("stress", "treatment", "stress:treatment")] == pytest.approx(
        [7.43098, 0.46642, 0.00007], abs=6e-6
    )
    assert rows["stress"].p_value == pytest.approx(0.018403, abs=5e-7)
    assert rows["stress"].test == "linear mixed model, type III"
    extra = {one.effect_name: one.effect for one in model.terms("III") if one.effect_name}
    assert extra == {
        "intraclass correlation": pytest.approx(0.4872122, rel=1e-5),
        "design effect": pytest.approx(1.4872122, rel=1e-5),
    }
    assert model.variance == "Satterthwaite's degrees of freedom; random intercept of cage"


def test_further_factors_and_covariates_give_lms_contrasts_and_terms(values, factors, factorial) -> None:
    sex = factor("sex", [row["sex"] for row in factorial()])
    age = covariate("age", 20 + (np.arange(32) * 7) % 5)
    model = fit_cell_model(values, factors, added=(sex, age))
    rescue = model.contrast(planned_contrasts(factors)[0])
    # contrast(emmeans(lm(si_ratio ~ stress * treatment + sex + age), …))
    assert (rescue.estimate, rescue.t, rescue.p_value) == pytest.approx(
        (0.138958671, 0.552581182, 0.585270017), rel=1e-6
    )
    rows = terms(model, "II")  # car::Anova(…, type = 2)
    assert [rows[name].statistic for name in ("stress", "treatment", "sex", "age", "stress:treatment")] == (
        pytest.approx([12.66672, 0.59136, 1.44301, 1.44784, 0.00012], abs=6e-6)
    )
    assert rows["sex"].df2 == 26
    assert model.variance == "pooled variance; sex in the model; age in the model"
    assert rows["stress"].note == "equal variances assumed; sex in the model; age in the model"


def test_type_one_is_type_three_in_a_mixed_model_and_says_so(values, factors) -> None:
    cage = factor("cage", [f"c{i // 2}" for i in range(32)])
    tests = {one.test for one in terms(fit_cell_model(values, factors, random=(cage,)), "I").values()}
    assert tests == {"linear mixed model, type III"}


def test_singular_fit_is_named(factors) -> None:
    values = np.tile([0.0, 0.1, 0.2, 0.3, 1.0, 1.1, 1.2, 1.3], 4) + np.repeat([0.0, 0.01], 16)
    cage = factor("cage", [f"c{i % 4}{i // 8 // 2}" for i in range(32)])
    assert "singular: no variance between them was found" in fit_cell_model(values, factors, random=(cage,)).variance


def test_residuals_are_what_the_fixed_effects_leave(values, factors) -> None:
    cells = factor("cell", [f"{i % 4}" for i in range(32)])
    means = np.array([values[cells.codes == code].mean() for code in range(4)])
    expected = values - means[cells.codes]
    cage = factor("cage", [f"{i % 4}{i // 8}" for i in range(32)])
    for model in (fit_cell_model(values, factors), fit_cell_model(values, factors, random=(cage,))):
        assert model.residuals(values) == pytest.approx(expected)  # cages of one size in one cell leave the means
