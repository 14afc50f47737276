"""Mixed models against R's lme4, lmerTest and pbkrtest, closed forms of balanced data, and dense textbook formulas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from csds.errors import StatsError
from csds.stats.design import CellContrast, Design, Factor, covariate, design_matrix, factor, pairwise
from csds.stats.mixed_anova import mixed_anova, repeated_measures
from csds.stats.mixed_model import MixedModel, SmallSample, fit_mixed_model
from csds.stats.mixed_tests import coefficient_tests, model_contrast, term_tests

GROUPS = ["control_vehicle", "control_drug", "defeat_vehicle", "defeat_drug"]
COEFFICIENT = {"Estimate": "estimate", "Std. Error": "se", "df": "df", "t value": "t", "Pr(>|t|)": "p_value"}
TERM = {"Sum Sq": "ss", "NumDF": "df1", "DenDF": "df2", "F value": "f", "Pr(>F)": "p_value"}
KR: Any = "kenward-roger"


@pytest.fixture(scope="module")
def expected(real_data: Path) -> dict[str, Any]:
    """What R prints."""
    return json.loads((real_data / "reference_stats" / "expected_r.json").read_text(encoding="utf-8"))


@pytest.fixture
def cage_model(real_data: Path) -> Any:
    """``si_ratio ~ stress * treatment + (1 | cage)``."""
    data = pd.read_csv(real_data / "reference_stats" / "two_by_two.csv")
    stress = factor("stress", data["stress"].tolist())
    treatment = factor("treatment", data["treatment"].tolist(), levels=["vehicle", "drug"])

    def fit(coding: Any = "treatment", method: Any = "REML") -> MixedModel:
        design = design_matrix([stress, treatment], coding=coding)
        return fit_mixed_model(data["si_ratio"], design, [factor("cage", data["cage"].tolist())], method=method)

    return fit


@pytest.fixture
def target(real_data: Path) -> tuple[np.ndarray, Design, Factor, Factor]:
    """``time_s ~ group * target``, cages and animals."""
    data = pd.read_csv(real_data / "reference_stats" / "mixed_target_long.csv")
    group = factor("group", data["group"].tolist(), levels=GROUPS)
    design = design_matrix([group, factor("target", data["target"].tolist())])
    cage, animal = factor("cage", data["cage"].tolist()), factor("animal_id", data["animal_id"].tolist())
    return data["time_s"].to_numpy(), design, cage, animal


def assert_rows(found: Any, rows: list[dict[str, Any]], columns: dict[str, str], rel: float) -> None:
    assert [each.name for each in found] == [row["term"] for row in rows]
    for each, row in zip(found, rows, strict=True):
        numbers = {column: getattr(each, name) for column, name in columns.items()}
        assert numbers == pytest.approx({column: row[column] for column in columns}, rel=rel)


def variances(model: MixedModel) -> dict[str, float]:
    return {**{group.name: group.variance for group in model.groups}, "Residual": model.residual_variance}


def test_cage_model_by_reml(expected: dict[str, Any], cage_model: Any) -> None:
    model = cage_model()
    assert_rows(coefficient_tests(model), expected["lmm_cage_fixed_satterthwaite"], COEFFICIENT, 1e-7)
    assert_rows(coefficient_tests(model, ddf=KR), expected["lmm_cage_fixed_KR"], COEFFICIENT, 1e-7)
    assert variances(model) == pytest.approx(
        {row["grp"]: row["vcov"] for row in expected["lmm_cage_varcorr"]}, rel=1e-7
    )
    assert [model.groups[0].sd] == pytest.approx([expected["lmm_cage_varcorr"][0]["sdcor"]], rel=1e-7)
    assert model.log_likelihood == pytest.approx(expected["lmm_cage_logLik_REML"], rel=1e-10)
    assert -2 * model.log_likelihood == pytest.approx(expected["lmm_cage_REMLcrit"], rel=1e-10)
    assert model.is_singular is expected["lmm_cage_singular"]


def test_cage_model_by_ml(expected: dict[str, Any], cage_model: Any) -> None:
    model, printed = cage_model(method="ML"), expected["lmm_cage_ML"]
    assert dict(zip(model.design.column_names, model.coefficients, strict=True)) == pytest.approx(
        printed["fixef"], rel=1e-6
    )
    assert variances(model) == pytest.approx({row["grp"]: row["vcov"] for row in printed["vc"]}, rel=1e-6)
    assert model.log_likelihood == pytest.approx(printed["logLik"], rel=1e-10)


@pytest.mark.parametrize(
    ("key", "ss_type", "ddf"),
    [
        ("lmm_cage_typeIII_satt", 3, "satterthwaite"),
        ("lmm_cage_typeIII_KR", 3, "kenward-roger"),
        ("lmm_cage_typeII_KR", 2, "kenward-roger"),
    ],
)
def test_terms_of_the_cage_model(key: str, ss_type: Any, ddf: Any, expected: dict[str, Any], cage_model: Any) -> None:
    assert_rows(term_tests(cage_model("sum"), ss_type=ss_type, ddf=ddf), expected[key], TERM, 1e-7)


def test_contrasts_are_the_treatment_coefficients(expected: dict[str, Any], cage_model: Any) -> None:
    model = cage_model("sum")
    (rescue,) = (each for each in pairwise(model.design.factors, "stress", ["treatment"]) if each.at == "vehicle")
    found, row = model_contrast(model, rescue), expected["lmm_cage_fixed_satterthwaite"][1]
    numbers = (-found.estimate, found.se, found.df, -found.t, found.p_value)
    assert numbers == pytest.approx([row[column] for column in COEFFICIENT], rel=1e-7)
    reach = stats.t.ppf(0.975, row["df"]) * row["Std. Error"]
    assert (found.ci_low, found.ci_high) == pytest.approx((-row["Estimate"] - reach, -row["Estimate"] + reach))


def test_animal_model(expected: dict[str, Any], target: Any) -> None:
    values, design, _, animal = target
    found = term_tests(fit_mixed_model(values, design, [animal]))
    assert_rows(found, expected["lmer_mixed_animal_typeIII_satt"], TERM, 2e-7)


def test_animals_in_cages(expected: dict[str, Any], target: Any) -> None:
    # R's optimum is loose here: ours is the higher, and its 31 degrees of freedom within animals are exact.
    values, design, cage, animal = target
    model = fit_mixed_model(values, design, [cage, animal])
    printed = {row["grp"]: row["vcov"] for row in expected["lmer_mixed_cage_animal_vc"]}
    assert variances(model) == pytest.approx(printed, rel=1e-3)
    assert_rows(term_tests(model), expected["lmer_mixed_cage_animal_typeIII_satt"], TERM, 1e-3)
    assert [test.df2 for test in term_tests(model)[1:]] == pytest.approx([31, 31], rel=1e-9)
    rs = dense_log_likelihood(
        values, design, [cage, animal], [printed[g] for g in ("cage", "animal_id:cage", "Residual")]
    )
    assert model.log_likelihood >= rs
    assert model.log_likelihood == pytest.approx(rs, rel=1e-7)


def test_an_animal_with_a_missing_value_keeps_its_other_one(expected: dict[str, Any], real_data: Path) -> None:
    data = pd.read_csv(real_data / "reference_stats" / "prepost_missing_long.csv")
    treatment = factor("treatment", data["treatment"].tolist(), levels=["vehicle", "drugA", "drugB"])
    time = factor("time", data["time"].tolist(), levels=["pre", "post"])
    animal = factor("animal_id", data["animal_id"].tolist())
    model = fit_mixed_model(data["si"], design_matrix([treatment, time]), [animal])
    assert (model.n, model.n_missing) == (51, 1)
    assert_rows(term_tests(model), expected["prepost_missing_lmer_typeIII_satt"], TERM, 1e-6)


# Dense formulas, as the papers print them, with V as a whole matrix and the variances themselves as parameters.


def dense_parts(design: Design, groupings: list[Factor]) -> tuple[np.ndarray, list[np.ndarray]]:
    labels = [tuple(names) for names in zip(*(each.labels for each in groupings), strict=True)]
    members = [
        np.array([[a[:j] == b[:j] for b in labels] for a in labels], float) for j in range(1, len(groupings) + 1)
    ]
    return design.matrix, [*members, np.eye(len(labels))]


def dense_log_likelihood(values: Any, design: Design, groupings: list[Factor], sigma2: list[float]) -> float:
    x, members = dense_parts(design, groupings)
    v = sum(s * member for s, member in zip(sigma2, members, strict=True))
    inverse = np.linalg.inv(v)
    information = x.T @ inverse @ x
    rest = values - x @ np.linalg.solve(information, x.T @ inverse @ values)
    logs = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
    n, p = x.shape
    return float(-(logs + rest @ inverse @ rest + (n - p) * np.log(2 * np.pi)) / 2)


def dense_kenward_roger(
    model: MixedModel, groupings: list[Factor], rows: np.ndarray
) -> tuple[float, float, np.ndarray]:
    """Return F, its degrees of freedom, and the adjusted covariance (Kenward and Roger 1997, their notation)."""
    x, members = dense_parts(model.design, groupings)
    sigma2 = list(variances(model).values())
    inverse = np.linalg.inv(sum(s * member for s, member in zip(sigma2, members, strict=True)))
    phi = np.linalg.inv(x.T @ inverse @ x)
    p = [-x.T @ inverse @ g @ inverse @ x for g in members]
    r = range(len(members))
    q = [[x.T @ inverse @ members[i] @ inverse @ members[j] @ inverse @ x for j in r] for i in r]
    twice = [
        [
            np.trace(inverse @ members[i] @ inverse @ members[j])
            - 2 * np.trace(phi @ q[i][j])
            + np.trace(phi @ p[i] @ phi @ p[j])
            for j in r
        ]
        for i in r
    ]
    w = 2 * np.linalg.inv(np.array(twice))
    adjusted = phi + 2 * phi @ sum(w[i, j] * (q[i][j] - p[i] @ phi @ p[j]) for i in r for j in r) @ phi
    theta = rows.T @ np.linalg.inv(rows @ phi @ rows.T) @ rows
    each = [theta @ phi @ p[i] @ phi for i in r]
    a1 = sum(w[i, j] * np.trace(each[i]) * np.trace(each[j]) for i in r for j in r)
    a2 = sum(w[i, j] * np.trace(each[i] @ each[j]) for i in r for j in r)
    ell = len(rows)
    b = (a1 + 6 * a2) / (2 * ell)
    g = ((ell + 1) * a1 - (ell + 4) * a2) / ((ell + 2) * a2)
    c1, c2, c3 = (c / (3 * ell + 2 * (1 - g)) for c in (g, ell - g, ell + 2 - g))
    mean, variance = 1 / (1 - a2 / ell), 2 / ell * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
    rho = variance / (2 * mean**2)
    m = 4 + (ell + 2) / (ell * rho - 1)
    estimate = rows @ model.coefficients
    f = m / (mean * (m - 2)) * estimate @ np.linalg.inv(rows @ adjusted @ rows.T) @ estimate / ell
    return float(f), float(m), adjusted


CAGES = factor("cage", np.repeat(list("abcdefgh"), [4, 2, 6, 4, 6, 4, 2, 4]).tolist())
ANIMALS = factor("animal", [str(i // 2 % 3) for i in range(32)])
DOSE = factor("dose", ["0" if cage in "abc" else "1" if cage in "de" else "5" for cage in CAGES.labels])
TIME = factor("time", ["pre", "post"] * 16, levels=["pre", "post"])


def nested_values(seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    animals = [f"{cage}{animal}" for cage, animal in zip(CAGES.labels, ANIMALS.labels, strict=True)]
    effects = {name: rng.normal() for name in [*CAGES.levels, *sorted(set(animals))]}
    shared = [1.5 * effects[cage] + effects[animal] for cage, animal in zip(CAGES.labels, animals, strict=True)]
    return np.array(shared) + rng.normal(size=32)


def test_nested_kenward_roger_is_the_papers() -> None:
    model = fit_mixed_model(nested_values(), design_matrix([DOSE, TIME]), [CAGES, ANIMALS])
    assert not model.is_singular
    for test in term_tests(model, ddf=KR):
        rows = np.eye(6)[model.design.columns([test.term])]
        f, df2, adjusted = dense_kenward_roger(model, [CAGES, ANIMALS], rows)
        assert (test.f, test.df2) == pytest.approx((f, df2), rel=1e-8)
        assert model.kenward_roger is not None
        assert model.kenward_roger.covariance == pytest.approx(adjusted, rel=1e-8)


def test_nested_likelihood_is_the_densest_and_highest() -> None:
    values, design = nested_values(), design_matrix([DOSE, TIME])
    model = fit_mixed_model(values, design, [CAGES, ANIMALS])
    best = np.array(list(variances(model).values()))
    assert model.log_likelihood == pytest.approx(dense_log_likelihood(values, design, [CAGES, ANIMALS], best.tolist()))
    rng = np.random.default_rng(0)
    for _ in range(50):
        other = best * np.exp(rng.normal(scale=0.3, size=3))
        assert dense_log_likelihood(values, design, [CAGES, ANIMALS], other.tolist()) < model.log_likelihood


def test_nested_satterthwaite_is_that_of_numerical_derivatives() -> None:
    values, design = nested_values(), design_matrix([DOSE, TIME])
    model = fit_mixed_model(values, design, [CAGES, ANIMALS])
    best = np.array(list(variances(model).values()))
    x, members = dense_parts(design, [CAGES, ANIMALS])
    row = design.cell_row({"dose": "5"}) - design.cell_row({"dose": "0"})

    def deviance(log_scale: np.ndarray) -> float:
        return -2 * dense_log_likelihood(values, design, [CAGES, ANIMALS], (best * np.exp(log_scale)).tolist())

    def variance(log_scale: np.ndarray) -> float:
        v = sum(s * member for s, member in zip(best * np.exp(log_scale), members, strict=True))
        return float(row @ np.linalg.inv(x.T @ np.linalg.inv(v) @ x) @ row)

    h, unit = 1e-3, np.eye(3)
    hessian = np.array(
        [
            [
                sum(i * j * deviance(h * (i * unit[a] + j * unit[b])) for i in (-1, 1) for j in (-1, 1)) / (4 * h * h)
                for b in range(3)
            ]
            for a in range(3)
        ]
    )
    gradient = np.array([(variance(h * unit[a]) - variance(-h * unit[a])) / (2 * h) for a in range(3)])
    df = 2 * variance(np.zeros(3)) ** 2 / (gradient @ (2 * np.linalg.inv(hessian)) @ gradient)
    contrast = CellContrast(name="5 - 0", weights=((1.0, {"dose": "5"}), (-1.0, {"dose": "0"})))
    assert model_contrast(model, contrast).df == pytest.approx(df, rel=1e-4)


# Balanced data, where everything has a closed form.


def balanced(
    rng: np.random.Generator, groups: int = 2, cages: int = 4, size: int = 3, sd: float = 1.0
) -> tuple[np.ndarray, Design, Factor]:
    """Return groups × cages × mice of cages' SD and residuals' SD 1."""
    values = rng.normal(scale=sd, size=(groups, cages, 1)) + rng.normal(size=(groups, cages, size))
    group = factor("group", np.repeat(list("abc")[:groups], cages * size).tolist())
    cage = factor("cage", np.repeat(np.arange(groups * cages), size).tolist())
    return values, design_matrix([group]), cage


def mean_squares(values: np.ndarray) -> tuple[float, float]:
    """Return the mean squares between cages within groups, and within cages."""
    groups, cages, size = values.shape
    means = values.mean(axis=2)
    between = size * np.sum((means - means.mean(axis=1, keepdims=True)) ** 2) / (groups * (cages - 1))
    within = np.sum((values - means[:, :, np.newaxis]) ** 2) / (groups * cages * (size - 1))
    return float(between), float(within)


def test_balanced_reml_is_the_anova_estimator_and_its_contrast_has_cages_less_groups() -> None:
    rng, seen, held, singular = np.random.default_rng(12), [], [], 0
    for _ in range(400):
        values, design, cage = balanced(rng)
        between, within = mean_squares(values)
        model = fit_mixed_model(values.ravel(), design, [cage])
        contrast = model_contrast(model, pairwise(design.factors, "group")[0])
        seen.append((between - within) / 3)
        held.append(contrast.ci_low <= 0 <= contrast.ci_high)
        if between > within:
            assert variances(model) == pytest.approx({"cage": (between - within) / 3, "Residual": within}, rel=1e-7)
            means = values.mean(axis=2)
            t = stats.ttest_ind(means[0], means[1])
            assert (contrast.df, contrast.t) == pytest.approx((6, t.statistic), rel=1e-6)
            assert contrast.p_value == pytest.approx(t.pvalue, rel=1e-6)
            kenward_roger = model_contrast(model, pairwise(design.factors, "group")[0], ddf=KR)
            assert (kenward_roger.se, kenward_roger.df) == pytest.approx((contrast.se, contrast.df), rel=1e-6)
        else:
            singular += 1
            t = stats.ttest_ind(values[0].ravel(), values[1].ravel())
            assert model.is_singular
            assert (contrast.df, contrast.t, contrast.p_value) == pytest.approx((22, t.statistic, t.pvalue))
    # Standard errors of these: 0.042 (of the mean) and 0.011 (of the coverage).
    assert np.mean(seen) == pytest.approx(1.0, abs=0.13)
    assert np.mean(held) == pytest.approx(0.95, abs=0.033)
    assert 0 < singular < 40


@pytest.mark.parametrize("df", [1, 2, 3, 4, 5, 12])
def test_the_f_test_of_groups_of_equal_cages_is_that_of_cage_means(df: int) -> None:
    # Three groups, cages − groups = df; two mice a cage that hardly differ.
    rng = np.random.default_rng(df)
    groups = ("abc" * 5)[: df + 3]
    means = rng.normal(scale=5, size=len(groups))
    design = design_matrix([factor("group", np.repeat(list(groups), 2).tolist())])
    cage = factor("cage", np.repeat(np.arange(len(groups)), 2).tolist())
    model = fit_mixed_model(np.repeat(means, 2) + np.tile([-0.1, 0.1], len(groups)), design, [cage])
    expected = stats.f_oneway(*(means[np.array(list(groups)) == group] for group in "abc"))
    for ddf in ("satterthwaite", KR):
        (test,) = term_tests(model, ddf=ddf)
        # No t² has an expectation on two degrees of freedom or less; Fai and Cornelius' equal ones are kept.
        assert (test.f, test.df1, test.df2) == pytest.approx((expected.statistic, 2, df), rel=1e-5)
        assert test.p_value == pytest.approx(expected.pvalue, rel=1e-5)


def test_a_complete_design_is_the_mixed_anova() -> None:
    rng = np.random.default_rng(4)
    wide = rng.normal(size=(13, 1)) + rng.normal(size=(13, 3))
    group = factor("group", np.repeat(["a"] * 4 + ["b"] * 6 + ["c"] * 3, 3).tolist())
    time, animals = factor("time", ["t0", "t1", "t2"] * 13), np.repeat(np.arange(13), 3).tolist()
    anova = mixed_anova(repeated_measures(wide.ravel(), animals, time, [group]))
    model = fit_mixed_model(wide.ravel(), design_matrix([group, time]), [factor("animal", animals)])
    for method in ("satterthwaite", KR):
        for test, row in zip(term_tests(model, ddf=method), anova.terms, strict=True):
            assert (test.name, test.df1) == (row.name, row.df1)
            assert (test.f, test.df2) == pytest.approx((row.f, row.df2), rel=1e-6)


def singular_fit() -> tuple[np.ndarray, MixedModel]:
    """Mice that differ within cages more than between them."""
    values = np.array([[[1.0, 4.0, 2.0], [3.5, 0.5, 3.0]], [[6.0, 9.5, 7.0], [9.0, 6.5, 7.5]]])
    cage = factor("cage", np.repeat(np.arange(4), 3).tolist())
    return values, fit_mixed_model(values.ravel(), design_matrix([factor("group", ["a"] * 6 + ["b"] * 6)]), [cage])


def test_a_singular_fit_says_so_and_is_that_without_cages() -> None:
    values, model = singular_fit()
    assert model.is_singular
    assert model.groups[0].variance == model.groups[0].icc == 0
    assert model.design_effect == 1
    (test,) = term_tests(model)
    t = stats.ttest_ind(values[0].ravel(), values[1].ravel())
    assert (test.df2, test.f, test.p_value) == pytest.approx((10, t.statistic**2, t.pvalue))
    assert np.isfinite([coefficient.df for coefficient in coefficient_tests(model, ddf=KR)]).all()


def test_one_of_two_variances_can_be_zero() -> None:
    values, _ = singular_fit()
    pairs = np.repeat(values.ravel(), 2) + np.tile([-0.1, 0.1], 12) * np.arange(1, 25) / 10
    design = design_matrix([factor("group", ["a"] * 12 + ["b"] * 12)])
    cage, animal = (
        factor("cage", np.repeat(np.arange(4), 6).tolist()),
        factor("animal", np.repeat(np.arange(12), 2).tolist()),
    )
    model, without = fit_mixed_model(pairs, design, [cage, animal]), fit_mixed_model(pairs, design, [animal])
    assert [group.variance > 0 for group in model.groups] == [False, True]
    assert model.groups[1].variance == pytest.approx(without.groups[0].variance)
    assert term_tests(model)[0].df2 == pytest.approx(term_tests(without)[0].df2) == pytest.approx(10)


def test_intraclass_correlation_and_design_effect() -> None:
    values, design = nested_values(), design_matrix([DOSE, TIME])
    model = fit_mixed_model(values, design, [CAGES])
    (cage,) = model.groups
    assert cage.icc == pytest.approx(cage.variance / (cage.variance + model.residual_variance))
    assert (cage.units, cage.mean_size) == (8, pytest.approx((4 * 16 + 2 * 4 + 2 * 36) / 32))
    assert model.design_effect == pytest.approx(1 + (cage.mean_size - 1) * cage.icc)
    # Of two groupings it is the variance of the mean of all values against that of independent ones.
    nested = fit_mixed_model(values, design, [CAGES, ANIMALS])
    total = sum(variances(nested).values())
    assert nested.groups[1].icc == pytest.approx((total - nested.residual_variance) / total)
    _, members = dense_parts(design, [CAGES, ANIMALS])
    v = sum(s * member for s, member in zip(variances(nested).values(), members, strict=True))
    assert nested.design_effect == pytest.approx(v.sum() / (32 * total))


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([1e-4, 7.0, 1e5]), offset=st.sampled_from([0.0, 500.0]))
def test_order_scale_offset_and_names_change_nothing(seed: int, scale: float, offset: float) -> None:
    rng = np.random.default_rng(seed)
    values, order = nested_values(seed), rng.permutation(32)
    first = fit_mixed_model(values, design_matrix([DOSE, TIME]), [CAGES, ANIMALS])
    named = factor("animal", [f"{cage}-{animal}" for cage, animal in zip(CAGES.labels, ANIMALS.labels, strict=True)])
    second = fit_mixed_model(
        ((values + offset) * scale)[order],
        design_matrix([DOSE.take(order), TIME.take(order)]),
        [CAGES.take(order), named.take(order)],
    )
    for one, other in zip(term_tests(first), term_tests(second), strict=True):
        assert (one.f, one.df2) == pytest.approx((other.f, other.df2), rel=1e-4)
    assert first.residual_variance * scale**2 == pytest.approx(second.residual_variance, rel=1e-5)


def test_swapping_groups_flips_the_contrast() -> None:
    values, design, cage = balanced(np.random.default_rng(5))
    (group,) = design.factors
    other = design_matrix([factor("group", ["ba"["ab".index(label)] for label in group.labels])])
    (contrast,) = pairwise(design.factors, "group")
    one = model_contrast(fit_mixed_model(values.ravel(), design, [cage]), contrast)
    two = model_contrast(fit_mixed_model(values.ravel(), other, [cage]), contrast)
    assert (one.estimate, one.ci_low, one.p_value) == pytest.approx((-two.estimate, -two.ci_high, two.p_value))


def test_type_2_is_type_3_where_terms_are_orthogonal_and_differs_where_not() -> None:
    rng = np.random.default_rng(9)
    cage = factor("cage", np.repeat(np.arange(12), 2).tolist())
    a, b = factor("a", ["x"] * 12 + ["y"] * 12), factor("b", (["p"] * 4 + ["q"] * 4 + ["r"] * 4) * 2)
    values = rng.normal(size=24) + np.repeat(rng.normal(size=12), 2)
    model = fit_mixed_model(values, design_matrix([a, b]), [cage])
    for two, three in zip(term_tests(model, ss_type=2, ddf=KR), term_tests(model, ddf=KR), strict=True):
        assert (two.f, two.df2) == pytest.approx((three.f, three.df2))
    kept = np.arange(24) > 1
    short = fit_mixed_model(values[kept], model.design.take(kept), [cage.take(kept)])
    assert term_tests(short, ss_type=2)[0].f != pytest.approx(term_tests(short)[0].f, rel=1e-3)


@pytest.mark.parametrize("ss_type", [2, 3])
def test_a_term_alone_is_tested_as_lmertest_does(ss_type: Any) -> None:
    """R: ``anova(lmer(y ~ g + (1 | cage)), type = 3)`` and ``type = 2`` with ``contr.sum``."""
    group = factor("g", list("aaaaaabbbbbbbcccccccc"))
    cage = factor("cage", [1, 1, 2, 2, 2, 3, 4, 4, 4, 5, 6, 6, 6, 7, 7, 8, 8, 8, 8, 9, 10])
    values = [5, 6, 9, 8, 8, 4, 7, 9, 8, 3, 6, 5, 7, 9, 8, 12, 11, 13, 10, 6, 9]
    (test,) = term_tests(fit_mixed_model(values, design_matrix([group]), [cage]), ss_type=ss_type)
    assert (test.df1, test.df2, test.f, test.p_value) == pytest.approx(
        (2, 6.894683775, 1.94783776, 0.2135097436), rel=1e-6
    )


def test_a_covariate_is_a_term() -> None:
    values, weight = nested_values(), covariate("weight", np.random.default_rng(2).normal(25, 2, size=32))
    model = fit_mixed_model(values, design_matrix([DOSE, weight]), [CAGES])
    test, slope = term_tests(model)[1], coefficient_tests(model)[-1]
    assert (test.name, test.f, test.df2) == ("weight", pytest.approx(slope.t**2), pytest.approx(slope.df))


def test_fewer_than_two_degrees_of_freedom_leave_f_with_two() -> None:
    # Fai and Cornelius' expectation doesn't exist for t on two degrees of freedom or less.
    from csds.stats.mixed_tests import _satterthwaite_f

    derivatives = np.array([np.diag([1.0, 0.0]), np.diag([0.0, 1.0])])
    small = SmallSample(
        covariance=np.eye(2), unadjusted=np.eye(2), derivatives=derivatives, parameter_covariance=np.diag([1.25, 0.25])
    )
    assert _satterthwaite_f(np.eye(2), np.array([1.0, 2.0]), small) == pytest.approx((2.5, 2.0))


GROUP = factor("group", ["a"] * 6 + ["b"] * 6)
PAIRS = factor("cage", np.repeat(np.arange(6), 2).tolist())
VALUES = [1.0, 2.0, 4.0, 3.0, 5.0, 9.0, 7.0, 2.0, 4.0, 4.5, 8.0, 6.0]


@pytest.mark.parametrize(
    ("values", "groupings", "message"),
    [
        (VALUES, [], "one grouping or two nested ones; found 0"),
        (VALUES[:5], [PAIRS], "same number of rows"),
        ([np.inf, *VALUES[1:]], [PAIRS], "infinite ones in rows 1 "),
        (VALUES, [factor("cage", list("abcdefghijkl"))], "12 of cage, 12 values and 2 coefficients"),
        (VALUES, [factor("cage", GROUP.labels)], "variance of cage can't be told from the others"),
        (VALUES, [PAIRS, factor("animal", PAIRS.labels)], "variance of cage and animal:cage can't be told"),
        (np.repeat(VALUES[:6], 2), [PAIRS], "vary within cage about"),
        (np.repeat(VALUES[:6], 2) + 1e-4 * np.array(VALUES), [PAIRS], "vary within cage about"),
        ([3.0] * 6 + [4.0] * 6, [PAIRS], "vary about what the fixed effects predict"),
        ([np.nan, 2.0, *[np.nan] * 4, 1.0, *[np.nan] * 5], [PAIRS], "more values than coefficients; found 2 and 2"),
        ([*[np.nan] * 6, *VALUES[6:]], [PAIRS], "there is none in a"),
    ],
)
def test_what_cannot_be_fitted_is_said(values: Any, groupings: Any, message: str) -> None:
    with pytest.raises(StatsError, match=message):
        fit_mixed_model(values, design_matrix([GROUP]), groupings)


def test_tests_that_a_fit_does_not_have() -> None:
    by_ml = fit_mixed_model(VALUES, design_matrix([GROUP]), [PAIRS], method="ML")
    assert by_ml.kenward_roger is None
    with pytest.raises(StatsError, match="needs a fit by REML"):
        term_tests(by_ml, ddf=KR)
    treatment = fit_mixed_model(VALUES, design_matrix([GROUP], coding="treatment"), [PAIRS])
    with pytest.raises(StatsError, match="need sum-to-zero coding"):
        term_tests(treatment)
    nothing = CellContrast(name="a - a", weights=((1.0, {"group": "a"}), (-1.0, {"group": "a"})))
    with pytest.raises(StatsError, match="a - a cancel"):
        model_contrast(by_ml, nothing)


@pytest.mark.parametrize(("traces", "weight"), [((1.0, 0.0), 9.0), ((1.0, -1.0), 1.0)])
def test_kenward_roger_without_degrees_of_freedom_is_an_error(traces: tuple[float, float], weight: float) -> None:
    from csds.stats.mixed_tests import _kenward_roger_f

    small = SmallSample(
        covariance=np.eye(2),
        unadjusted=np.eye(2),
        derivatives=np.array([np.diag(traces)]),
        parameter_covariance=np.array([[weight]]),
    )
    with pytest.raises(StatsError, match="too few units"):
        _kenward_roger_f(np.eye(2), np.ones(2), small)
