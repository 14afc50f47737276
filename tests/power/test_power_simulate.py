"""Simulated power is that of the closed forms where these hold, and its tests are those of ``csds stats``."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.analysis.between import planned_contrasts
from csds.analysis.within import change_contrasts
from csds.errors import StatsError
from csds.model.zone_times import PUBLISHED_TIMES
from csds.power.designs import (
    POWER_DESIGNS,
    PROPORTIONS,
    critical_t,
    fisher_p,
    normal_power,
    pooled_t,
    power_design,
    rejections,
    welch_t,
)
from csds.power.model import (
    NormalModel,
    Sampling,
    TimesModel,
    find_rescue,
    find_share,
    with_correlation,
)
from csds.power.simulate import (
    PowerCurve,
    PowerPoint,
    PowerStudy,
    sample_size,
    simulate_power,
    suggested_ns,
    with_attrition,
)
from csds.stats.adjust import adjust_contrasts
from csds.stats.design import design_matrix, factor
from csds.stats.linear import fit_linear_model, linear_contrast
from csds.stats.mixed_anova import mixed_contrast, repeated_measures
from csds.stats.mixed_model import fit_mixed_model
from csds.stats.mixed_tests import model_contrast
from csds.stats.one_way import dunnett, pooled_pairs, separate_contrast
from csds.stats.power_forms import contrast_power, proportions_power, t_test_power
from csds.stats.proportions import fisher_exact
from csds.stats.samples import Estimate
from csds.stats.two_groups import t_test

MALES = TimesModel(law=PUBLISHED_TIMES["male"])
#: A stress effect of 0.69 with a standard deviation of 0.48 within groups.
NORMAL = NormalModel(stress_effect=-0.69, sd=0.48, correlation=0.4)


def study(name: str, *, adjust: str = "none", model: TimesModel | NormalModel = NORMAL, **more: float) -> PowerStudy:
    return PowerStudy(design=power_design(name, [0.5], adjust=adjust), model=model, **more)  # type: ignore[arg-type]


# The same statistics


def drawn(groups: int, animals: int = 7) -> np.ndarray:
    return np.random.default_rng(5).normal(1, 0.5, (3, groups, animals))


def test_contrasts_are_those_of_the_linear_model() -> None:
    design = power_design("stress_by_treatment", [0.5])
    values = drawn(4)
    t, df = pooled_t(values, design.weights)
    cells = [group.split(" + ") for group in design.groups for _ in range(7)]
    factors = [factor(name, [cell[i] for cell in cells]) for i, name in enumerate(("stress", "treatment"))]
    for number, animals in enumerate(values):
        model = fit_linear_model(animals.ravel(), design_matrix(factors))
        found = [linear_contrast(model, contrast) for contrast in planned_contrasts(factors)]
        assert [one.name for one in found] == list(design.contrasts)
        np.testing.assert_allclose(t[number], [one.t for one in found], rtol=1e-9)
        assert {one.df for one in found} == {df}


@pytest.mark.parametrize("adjust", ["none", "holm", "bonferroni", "sidak", "tukey"])
def test_what_is_significant_is_so_in_csds_stats(adjust: str) -> None:
    design = power_design("stress_by_treatment", [0.5], adjust=adjust)  # type: ignore[arg-type]
    values = np.random.default_rng(8).normal(0, 0.5, (40, 4, 7)) + np.array([1.6, 1.6, 0.8, 1.3])[:, None]
    found = rejections(values, design)
    cells = [group.split(" + ") for group in design.groups for _ in range(7)]
    factors = [factor(name, [cell[i] for cell in cells]) for i, name in enumerate(("stress", "treatment"))]
    group = factor("group", [name for name in design.groups for _ in range(7)])
    for animals, decided in zip(values, found, strict=True):
        model = fit_linear_model(animals.ravel(), design_matrix(factors))
        contrasts = [linear_contrast(model, contrast) for contrast in planned_contrasts(factors)]
        if adjust == "tukey":
            pairs = pooled_pairs(animals.ravel(), group)
            by_name = {frozenset(one.contrast.name.split(" - ")): one.p_adjusted for one in pairs}
            p = [by_name[frozenset(name.split(" - "))] for name in design.contrasts]
        else:
            p = [one.p_adjusted for one in adjust_contrasts(contrasts, adjust)]  # type: ignore[arg-type]
        assert decided.tolist() == [each <= 0.05 for each in p]
    assert 0 < found[:, 0].mean() < 1


def test_welch_is_the_t_test() -> None:
    values = drawn(2) * np.array([1.0, 3.0])[:, None]
    t, df = welch_t(values, np.array([[-1.0, 1.0]]))
    for number, (reference, treated) in enumerate(values):
        found = t_test(treated, reference)
        assert t[number, 0] == pytest.approx(found.statistic, rel=1e-9)
        assert df[number, 0] == pytest.approx(found.df, rel=1e-9)


def test_separate_variances_are_those_of_planned_contrasts() -> None:
    values = drawn(4) * np.array([1.0, 3.0, 2.0, 0.5])[:, None]
    weights = np.array([[0.0, 0.0, -1.0, 1.0], [1.0, -1.0, -1.0, 1.0]])
    t, df = welch_t(values, weights)
    for number, study in enumerate(values):
        samples = dict(zip("abcd", study, strict=True))
        for place, row in enumerate(weights):
            used = {group: weight for group, weight in zip("abcd", row.tolist(), strict=True) if weight}
            found = separate_contrast(samples, used, name="x")
            assert t[number, place] == pytest.approx(found.t, rel=1e-9)
            assert df[number, place] == pytest.approx(found.df, rel=1e-9)


@pytest.mark.parametrize("name", ["target_by_group", "pre_post"])
def test_changes_are_those_of_the_mixed_anova(name: str) -> None:
    design = power_design(name, [0.5], adjust="none")
    levels = ("absent", "present") if name == "target_by_group" else ("pre", "post")
    pairs = np.random.default_rng(6).normal(1, 0.5, (3, 2, 7, 2))
    t, df = pooled_t(pairs[..., 1] - pairs[..., 0], design.weights)
    animals = [f"{group}{animal}" for group in design.groups for animal in range(7) for _ in levels]
    groups = factor("treatment", [group for group in design.groups for _ in range(14)])
    within = factor("target" if name == "target_by_group" else "test", levels * 14, levels=levels)
    for number, values in enumerate(pairs):
        table = repeated_measures(values.ravel(), animals, within, [groups])
        found = [mixed_contrast(table, contrast) for contrast in change_contrasts(within, table.between.factors)]
        np.testing.assert_allclose(t[number], [one.t for one in found], rtol=1e-9)
        assert [f"{one.at}: {one.name}" if one.at else one.name for one in found] == list(design.contrasts)
        assert {one.df for one in found} == {df}


def test_groups_against_a_reference_are_dunnetts() -> None:
    design = power_design("one_way", [0.25, 0.5])
    values = np.random.default_rng(9).normal(0, 0.5, (40, 3, 8)) + np.array([0.9, 1.6, 1.3])[:, None]
    group = factor("group", [name for name in design.groups for _ in range(8)], levels=design.groups)
    found = rejections(values, design)
    for animals, decided in zip(values, found, strict=True):
        tests = dunnett(animals.ravel(), group)
        assert [one.contrast.name for one in tests] == list(design.contrasts)
        assert decided.tolist() == [one.p_adjusted <= 0.05 for one in tests]
    assert 0 < found.mean() < 1


def test_critical_values_are_those_of_tables() -> None:
    assert critical_t("dunnett", 3, 20, 0.05) == pytest.approx(2.38, abs=0.005)  # Dunnett 1964, two-sided
    assert critical_t("tukey", 4, 20, 0.05) * math.sqrt(2) == pytest.approx(3.958, abs=0.001)  # qtukey(.95, 4, 20)


def test_shares_are_compared_by_fishers_test() -> None:
    values = (np.random.default_rng(3).random((20, 2, 9)) < 0.5).astype(float)
    for p, (first, second) in zip(fisher_p(values), values.sum(axis=2).astype(int).tolist(), strict=True):
        assert p == fisher_exact([[first, 9 - first], [second, 9 - second]])


def test_means_of_cages_are_tested_as_by_the_mixed_model() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(0, 0.4, (2, 6, 3)) + rng.normal(0, 0.5, (2, 6, 1)) + np.array([0.0, 0.6])[:, None, None]
    group = factor("group", [name for name in ("a", "b") for _ in range(18)])
    cage = factor("cage", [f"{name}{number}" for name in ("a", "b") for number in range(6) for _ in range(3)])
    model = fit_mixed_model(values.ravel(), design_matrix([group]), [cage])
    (contrast,) = planned_contrasts([group])
    found = model_contrast(model, contrast)
    t, df = pooled_t(values.mean(axis=2)[np.newaxis], np.array([[-1.0, 1.0]]))
    assert not model.is_singular
    assert t[0, 0] == pytest.approx(found.t, rel=1e-5)
    assert df == pytest.approx(found.df, rel=1e-3)


# Against closed forms


@pytest.mark.parametrize("name", ["stress_by_treatment", "two_groups", "target_by_group", "pre_post"])
def test_normal_outcomes_have_the_power_of_the_closed_form(name: str) -> None:
    curve = simulate_power(study(name), (8, 16, 32, 64), rng=np.random.default_rng(11), draws=4000)
    for point in curve.points:
        error = math.sqrt(point.normal_power * (1 - point.normal_power) / point.draws)
        # Welch's test of few animals has a little less.
        slack = 0.01 if name == "two_groups" else 0.0
        assert point.power.value == pytest.approx(point.normal_power, abs=3.5 * error + slack + 1e-3)


def test_the_closed_form_beside_is_that_of_the_design() -> None:
    by_n = {point.n: point for point in simulate_power(study("two_groups"), (10, 32), rng=rng(), draws=10).points}
    assert by_n[32].normal_power == pytest.approx(t_test_power(0.71875, 32, 32))
    (rescue, *_, interaction) = simulate_power(study("stress_by_treatment"), (62,), rng=rng(), draws=10).points
    assert rescue.normal_power == pytest.approx(contrast_power(0.71875, (0, 0, -1, 1), (62,) * 4))
    assert interaction.normal_power == pytest.approx(0.804721144459, rel=1e-6)  # R; see test_stats_power_forms
    (change, *_) = simulate_power(study("pre_post"), (20,), rng=rng(), draws=10).points
    assert change.normal_power == pytest.approx(t_test_power(0.71875 / math.sqrt(2 * 0.6), 20, 20))


def test_the_field_s_numbers_of_mice() -> None:
    two_way = study("stress_by_treatment")
    curve = simulate_power(two_way, tuple(range(20, 81, 4)), rng=rng(), draws=4000)
    rescue, *_, interaction = (sample_size(curve.of(name), 0.8) for name in two_way.design.contrasts)
    assert rescue.low is not None
    assert rescue.high is not None
    assert rescue.low <= 32 <= rescue.high
    assert interaction.low is not None
    assert interaction.high is not None
    assert interaction.low <= 62 <= interaction.high


def test_cages_cost_what_the_design_effect_says() -> None:
    caged = study("two_groups", cage_size=4, icc=0.2)
    (point,) = simulate_power(caged, (40,), rng=np.random.default_rng(2), draws=4000).points
    assert caged.design_effect == pytest.approx(1.6)
    # Ten cage means, with a variance of 0.4 that of animals.
    assert point.normal_power == pytest.approx(t_test_power(0.71875 / math.sqrt(0.2 + 0.8 / 4), 10, 10))
    assert point.power.value == pytest.approx(point.normal_power, abs=0.03)


def test_without_an_effect_the_level_is_kept() -> None:
    design = replace(power_design("stress_by_treatment", [0.5], adjust="none"), severity=np.ones((4, 1)))
    curve = simulate_power(PowerStudy(design=design, model=NORMAL), (8,), rng=rng(), draws=4000)
    assert all(point.power.value == pytest.approx(0.05, abs=0.013) for point in curve.points)


def test_shares_find_less_than_cohens_approximation() -> None:
    shares = study(PROPORTIONS, model=replace(MALES, outcome="below_cutoff"))
    (point,) = simulate_power(shares, (40,), rng=rng()).points
    moments = shares.model.moments(shares.design.severity, "")
    assert point.normal_power == proportions_power(moments.means[1], moments.means[0], 40, 40)
    assert point.normal_power - 0.12 < point.power.value < point.normal_power
    # The exact power of Fisher's test: all tables of two binomials.
    k = np.arange(41)
    chance = [
        np.array([math.comb(40, i) for i in k.tolist()]) * share**k * (1 - share) ** (40 - k) for share in moments.means
    ]
    tables = [(i, j) for i in k.tolist() for j in k.tolist()]
    exact = sum(chance[0][i] * chance[1][j] for i, j in tables if fisher_exact([[i, 40 - i], [j, 40 - j]]) <= 0.05)
    assert point.power.value == pytest.approx(exact, abs=0.035)


# The model


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_ratios_follow_from_the_times() -> None:
    many = Sampling(draws=1, animals=20_000)
    severity = np.array([[0.0], [1.0]])
    (times,) = MALES.draw(severity, "target", many, rng())
    (ratios,) = MALES.draw(severity, "", many, rng())
    np.testing.assert_allclose(ratios[..., 0], times[..., 1] / times[..., 0])
    assert times.min() >= 0
    assert times.max() <= 150
    controls, defeated = times
    assert controls.mean(axis=0) == pytest.approx([61, 91], abs=0.6)
    assert controls.std(axis=0) == pytest.approx([18, 19], abs=0.5)
    assert defeated.mean(axis=0) == pytest.approx([61, 55], abs=1.0)
    assert np.corrcoef(controls.T)[0, 1] == pytest.approx(0.38, abs=0.03)
    assert np.corrcoef(defeated.T)[0, 1] == pytest.approx(0.20, abs=0.03)
    assert [ratio.mean() for ratio in ratios[..., 0]] == pytest.approx([1.62, 0.94], abs=0.03)


def test_the_assumed_correlation_of_two_tests_gives_the_regression_to_the_mean_that_was_seen() -> None:
    for correlation, again in ((0.0, 0.94), (0.2, 0.88), (0.4, 0.82)):
        model = replace(MALES, correlation=correlation)
        (values,) = model.draw(np.ones((1, 2)), "test", Sampling(draws=1, animals=60_000), rng())
        selected = values[0][values[0][:, 0] < 1]
        assert selected[:, 1].mean() == pytest.approx(again, abs=0.02)
        assert 0.82 - 0.02 <= selected[:, 1].mean() <= 1.01


def test_moments_of_groups_that_do_not_differ_by_law_are_equal() -> None:
    moments = MALES.moments(np.array([[0.0], [0.0], [1.0]]), "")
    assert moments.means[0] == moments.means[1] > moments.means[2]
    assert MALES.moments(np.array([[1.0, 1.0]]), "test").means[0] == 0


def test_normal_moments_are_those_of_what_is_drawn() -> None:
    for name in ("two_groups", "target_by_group", "pre_post"):
        design = power_design(name, [0.5])
        moments = NORMAL.moments(design.severity, design.within, share=0.3)
        sampling = Sampling(draws=1, animals=60_000, cage_size=2, share=0.3)
        (values,) = NORMAL.draw(design.severity, design.within, sampling, rng())
        compared = values[..., 1] - values[..., 0] if design.within else values[..., 0]
        assert moments.means == pytest.approx(compared.mean(axis=1), abs=0.01)
        assert moments.sds == pytest.approx(compared.std(axis=1), abs=0.01)
        pairs = compared[0].reshape(-1, 2)
        assert np.corrcoef(pairs.T)[0, 1] == pytest.approx(moments.icc, abs=0.02)


@pytest.mark.parametrize("icc", [0.05, 0.2])
def test_cages_share_as_much_as_is_asked_for(icc: float) -> None:
    severity = np.array([[1.0], [0.5]])
    share = find_share(MALES, severity, "", icc)
    assert share > icc  # components lie apart within cages
    (values,) = MALES.draw(severity, "", Sampling(draws=1, animals=80_000, cage_size=2, share=share), rng())
    pairs = values[..., 0].reshape(2, -1, 2) - values.mean(axis=(1, 2))[:, None, None]
    assert (pairs[..., 0] * pairs[..., 1]).mean() / (pairs**2).mean() == pytest.approx(icc, abs=0.015)


def test_a_rescue_is_found_from_its_difference() -> None:
    share = find_rescue(MALES, lambda each: np.array([[1.0], [1 - each]]), "", 0.3)
    means = MALES.moments(np.array([[1.0], [1 - share]]), "").means
    assert means[1] - means[0] == pytest.approx(0.3, abs=1e-3)


# Numbers of animals


def points(ns: list[int], powers: list[float]) -> tuple[PowerPoint, ...]:
    return tuple(
        PowerPoint(
            contrast="a - b",
            n=n,
            power=Estimate(value=power, ci_low=power - 0.02, ci_high=power + 0.02),
            normal_power=0.5,
            draws=2000,
        )
        for n, power in zip(ns, powers, strict=True)
    )


@given(st.floats(0.3, 2.0), st.floats(0.5, 0.95))
def test_interpolation_finds_the_number_of_the_closed_form(difference: float, wanted: float) -> None:
    whole = list(range(2, 400))
    exact = [t_test_power(difference, n, n) for n in whole]
    needed = next(n for n, power in zip(whole, exact, strict=True) if power >= wanted)
    grid = sorted({max(2, round(needed * share)) for share in (0.2, 0.5, 0.8, 1.2, 1.6)})
    found = sample_size(points(grid, [t_test_power(difference, n, n) for n in grid]), wanted)
    if t_test_power(difference, grid[0], grid[0]) < wanted:
        assert found.n is not None
        assert abs(found.n - needed) <= max(1, 0.02 * needed)


def test_numbers_that_are_not_among_those_looked_at_are_not_made_up() -> None:
    assert sample_size(points([10, 20], [0.2, 0.5]), 0.8).n is None
    assert sample_size(points([10, 20], [0.9, 0.95]), 0.8).n is None
    found = sample_size(points([10, 20, 30], [0.5, 0.79, 0.9]), 0.8)
    assert found.n is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.n <= found.high
    assert sample_size(points([8, 16], [0.8, 0.9]), 0.8).n == 8


def test_a_dip_by_chance_is_smoothed() -> None:
    found = sample_size(points([10, 20, 30, 40], [0.5, 0.81, 0.79, 0.9]), 0.8)
    assert found.n == 20


def test_whole_cages_are_needed() -> None:
    assert sample_size(points([8, 16, 24], [0.4, 0.7, 0.9]), 0.8, multiple=4).n == 20
    assert with_attrition(20, 0.1, multiple=4) == 24
    assert with_attrition(30, 0.0) == 30
    assert with_attrition(18, 0.1) == 20


@pytest.mark.parametrize("name", list(POWER_DESIGNS))
def test_suggested_numbers_hold_the_answer(name: str) -> None:
    model = replace(MALES, outcome="below_cutoff") if name == PROPORTIONS else MALES
    asked = study(name, adjust="holm", model=model)
    curve = simulate_power(asked, suggested_ns(asked), rng=rng(), draws=400)
    assert sample_size(curve.of(asked.design.contrasts[0]), 0.8).n is not None


def test_the_same_seed_gives_the_same_curve() -> None:
    curves = [simulate_power(study("two_groups", model=MALES), (5, 9), rng=rng(), draws=200) for _ in range(2)]
    assert curves[0].points == curves[1].points


def test_progress_is_told() -> None:
    told: list[int] = []
    simulate_power(study("two_groups"), (900,), rng=rng(), draws=60, on_draws=told.append)
    assert told == sorted(told)
    assert told[-1] == 60
    assert len(told) > 1


def test_normal_power_of_groups_with_different_spread_pools_them() -> None:
    design = power_design("two_groups", [0.5])
    moments = replace(NORMAL.moments(design.severity, ""), sds=np.array([3.0, 1.0]))
    difference = float(moments.means[1] - moments.means[0]) / math.sqrt(5)
    assert normal_power(design, moments, 9)[0] == pytest.approx(t_test_power(difference, 9, 9))


def run(**more: float) -> PowerCurve:
    return simulate_power(study("two_groups", **more), (8,), rng=rng(), draws=10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: power_design("two_group", [0.5]), "design: expected one of"),
        (lambda: power_design("two_groups", [1.5]), "rescue: expected shares"),
        (lambda: power_design("two_groups", []), "rescue: expected shares"),
        (lambda: power_design("two_groups", [0.2, 0.5]), "expected one share"),
        (lambda: run(alpha=1), "level"),
        (lambda: run(cage_size=0), "cage size: expected 1 at least"),
        (lambda: run(cage_size=3), "in whole cages of 3"),
        (lambda: run(cage_size=2, icc=1), "intraclass correlation: expected 0 to 0.99"),
        (lambda: simulate_power(study("two_groups"), (), rng=rng()), "expected some"),
        (lambda: simulate_power(study("two_groups"), (9, 8), rng=rng()), "each once and rising"),
        (lambda: simulate_power(study("two_groups"), (1,), rng=rng()), "expected from 2 to"),
        (lambda: simulate_power(study("two_groups"), (8,), rng=rng(), draws=0), "draws"),
        (
            lambda: simulate_power(
                study(PROPORTIONS, model=replace(MALES, outcome="below_cutoff"), cage_size=2), (8,), rng=rng()
            ),
            "cage size: expected 1 for proportions",
        ),
        (lambda: suggested_ns(study("two_groups", model=replace(NORMAL, sd=20))), "needs about"),
        (lambda: sample_size(points([1, 2], [0.1, 0.9]), 1.0), "power: expected a share"),
        (lambda: with_attrition(10, 1.0), "attrition"),
        (lambda: with_correlation(MALES, 1.0), "correlation"),
        (lambda: find_rescue(MALES, lambda each: np.array([[1.0], [1 - each]]), "", 2.0), "the whole stress effect"),
        (lambda: find_rescue(MALES, lambda each: np.array([[1.0], [1 - each]]), "", 0.0), "more than 0"),
    ],
)
def test_what_cannot_be_planned_is_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(StatsError, match=message):
        call()


def test_an_outcome_that_is_not_defined_is_refused() -> None:
    silent = replace(PUBLISHED_TIMES["male"].control, present_mean=1.0, present_sd=10.0)
    law = replace(PUBLISHED_TIMES["male"], stressed=(("silent", 1.0, silent),))
    model = TimesModel(law=law, outcome="log_si_ratio")
    with pytest.raises(StatsError, match="expected an outcome of every simulated animal"):
        simulate_power(study("two_groups", model=model), (20,), rng=rng(), draws=50)
