"""Effect sizes and intervals agree with R's effectsize, with scipy's distributions, and with their definitions."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from csds.errors import StatsError
from csds.stats.effect_sizes import (
    cohens_d,
    eta_squared,
    glass_delta,
    hedges_g,
    noncentral_f_cdf,
    noncentral_t_cdf,
    omega_squared,
    partial_eta_squared,
    partial_omega_squared,
    probability_of_superiority,
    rank_biserial,
)
from csds.stats.samples import Estimate

VALUES = st.lists(st.integers(-60, 60).map(lambda i: i / 8), min_size=3, max_size=9)
TERMS = ("stress", "treatment", "stress:treatment")
#: Where effectsize's search stopped early: by so much its bounds may differ. For partial η² of the interaction the tail
#: beyond its bound is 0.0254, not 0.025.
STOPPED_EARLY = {
    ("pes_type2", "stress:treatment"): 3e-3,
    ("pes_type3", "stress:treatment"): 3e-3,
    ("pomega_type3", "stress"): 3e-6,
}


@pytest.fixture(scope="module")
def expected(real_data: Path) -> dict[str, Any]:
    """What R prints."""
    return json.loads((real_data / "reference_stats" / "expected_r.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ratios(real_data: Path) -> dict[str, np.ndarray]:
    data = pd.read_csv(real_data / "reference_stats" / "two_by_two.csv")
    return {str(group): rows.to_numpy() for group, rows in data.groupby("group")["si_ratio"]}


def term(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    (row,) = (row for row in rows if name in (row.get("Parameter"), row.get("term")))
    return row


@pytest.mark.parametrize(
    ("key", "column", "other", "effect"),
    [
        ("cohens_d_defveh_defdrug", "Cohens_d", "defeat_drug", cohens_d),
        ("cohens_d_unpooled", "Cohens_d", "defeat_drug", lambda x, y: cohens_d(x, y, pooled=False)),
        ("hedges_g_defveh_defdrug", "Hedges_g", "defeat_drug", hedges_g),
        ("hedges_g_defveh_ctlveh", "Hedges_g", "control_vehicle", hedges_g),
        ("glass_delta_sd_of_second", "Glass_delta", "defeat_drug", glass_delta),
        ("rank_biserial", "r_rank_biserial", "defeat_drug", rank_biserial),
    ],
)
def test_differences_are_those_of_effectsize(
    expected: Any, ratios: Any, key: str, column: str, other: str, effect: Callable[..., Estimate]
) -> None:
    (wanted,) = expected[key]
    found = effect(ratios["defeat_vehicle"], ratios[other])
    assert [found.value, found.ci_low, found.ci_high] == pytest.approx(
        [wanted[column], wanted["CI_low"], wanted["CI_high"]], rel=1e-6
    )


def test_probability_of_superiority_is_that_of_r(expected: Any, ratios: Any) -> None:
    found = probability_of_superiority(ratios["defeat_vehicle"], ratios["defeat_drug"])
    assert found.value == pytest.approx(expected["p_superiority_nonpar"], rel=1e-6)


@pytest.mark.parametrize("name", TERMS)
@pytest.mark.parametrize(
    ("key", "anova", "confidence"),
    [
        ("pes_type2", "anova_type2", 0.95),
        ("pes_type3", "anova_type3", 0.95),
        ("pes_ci90_2", "anova_type2", 0.9),
        ("pes_ci90_3", "anova_type3", 0.9),
        ("pomega_type2", "anova_type2", 0.95),
        ("pomega_type3", "anova_type3", 0.95),
    ],
)
def test_partial_shares_are_those_of_effectsize(
    expected: Any, key: str, anova: str, confidence: float, name: str
) -> None:
    row, error = term(expected[anova], name), term(expected[anova], "Residuals")
    wanted = term(expected[key], name)
    f, df1, df2 = row["F value"], row["Df"], error["Df"]
    if key.startswith("pes"):
        found, column = partial_eta_squared(f, df1, df2, confidence=confidence), "Eta2_partial"
    else:
        found, column = partial_omega_squared(f, df1, df2, n=35, confidence=confidence), "Omega2_partial"
    assert found.value == pytest.approx(wanted[column], rel=1e-6)
    tolerance = STOPPED_EARLY.get((key, name), 1e-6)
    bounds = [wanted["CI_low"], wanted["CI_high"]]
    assert [found.ci_low, found.ci_high] == pytest.approx(bounds, rel=tolerance, abs=1e-12)


def test_where_effectsize_stopped_early_the_exact_bound_has_the_tail_that_was_asked_for(expected: Any) -> None:
    f = term(expected["anova_type3"], "stress:treatment")["F value"]
    ours, theirs = partial_eta_squared(f, 1, 31).ci_high, term(expected["pes_type3"], "stress:treatment")["CI_high"]
    tails = [stats.ncf.cdf(f, 1, 31, 31 * bound / (1 - bound)) for bound in (ours, theirs)]
    assert tails[0] == pytest.approx(0.025, rel=1e-9)
    assert tails[1] == pytest.approx(0.02537, abs=1e-5)


@pytest.mark.parametrize("name", TERMS)
@pytest.mark.parametrize("kind", ["2", "3"])
def test_shares_are_those_of_effectsize(expected: Any, kind: str, name: str) -> None:
    rows = [row for row in expected[f"anova_type{kind}"] if row["term"] != "(Intercept)"]
    total = sum(row["Sum Sq"] for row in rows)
    error = term(rows, "Residuals")
    row = term(rows, name)
    eta = eta_squared(row["Sum Sq"], total)
    omega = omega_squared(row["Sum Sq"], row["Df"], error["Sum Sq"] / error["Df"], total)
    assert eta == pytest.approx(term(expected[f"eta2_type{kind}"], name)["Eta2"], rel=1e-6)
    assert omega == pytest.approx(term(expected[f"omega2_type{kind}"], name)["Omega2"], rel=1e-6)


def test_shares_of_one_way_are_those_of_effectsize(expected: Any, ratios: Any) -> None:
    values = list(ratios.values())
    grand = np.concatenate(values).mean()
    between = sum(len(group) * (group.mean() - grand) ** 2 for group in values)
    within = sum(((group - group.mean()) ** 2).sum() for group in values)
    assert eta_squared(between, between + within) == pytest.approx(expected["oneway_eta2"], rel=1e-6)
    omega = omega_squared(between, 3, within / 31, between + within)
    assert omega == pytest.approx(expected["oneway_omega2"], rel=1e-6)
    f = expected["oneway"]["F"]
    # In a one-way design partial and plain are the same.
    assert partial_eta_squared(f, 3, 31).value == pytest.approx(expected["oneway_eta2"], rel=1e-6)
    assert partial_omega_squared(f, 3, 31, n=35).value == pytest.approx(expected["oneway_omega2"], rel=1e-6)


@given(st.floats(-6, 6), st.floats(1.5, 80), st.floats(-6, 6))
def test_noncentral_t_is_that_of_scipy(t: float, df: float, nc: float) -> None:
    assert noncentral_t_cdf(t, df, nc) == pytest.approx(_nct(t, df, nc), abs=1e-9)


def _nct(t: float, df: float, nc: float) -> float:
    """P(T ≤ t) by adaptive quadrature over the standard deviation."""
    from scipy.integrate import quad

    def density(s: float) -> float:
        return stats.norm.cdf(t * s - nc) * stats.chi.pdf(s * math.sqrt(df), df) * math.sqrt(df)

    middle = [max(1e-12, 1 + k / math.sqrt(2 * df)) for k in (-4, -2, 0, 2, 4)]
    edges = [0.0, *sorted(set(middle)), 1 + 12 / math.sqrt(2 * df) + 12 / df]
    return sum(quad(density, a, b, epsabs=1e-12)[0] for a, b in itertools.pairwise(edges))


@pytest.mark.parametrize(("t", "nc"), [(0.0, 0.7), (0.0, -2.0), (1e-9, 0.3)])
def test_noncentral_t_at_zero_is_normal(t: float, nc: float) -> None:
    assert noncentral_t_cdf(t, 7, nc) == pytest.approx(stats.norm.cdf(-nc), abs=1e-8)


@given(st.floats(-40, 40), st.floats(1, 300))
def test_central_cases_are_students_and_fishers(t: float, df: float) -> None:
    # scipy's own is off by 2e-9 where t is near 0: of one degree of freedom it is 1/2 + atan(t)/π.
    assert noncentral_t_cdf(t, df, 0) == pytest.approx(stats.t.cdf(t, df), abs=1e-8)
    assert noncentral_f_cdf(t * t, 1, df, 0) == pytest.approx(stats.f.cdf(t * t, 1, df), abs=1e-12)


@given(st.floats(0.05, 12), st.floats(1, 100), st.floats(0, 8))
def test_squared_noncentral_t_is_noncentral_f(t: float, df: float, nc: float) -> None:
    between = noncentral_t_cdf(t, df, nc) - noncentral_t_cdf(-t, df, nc)
    assert noncentral_f_cdf(t * t, 1, df, nc * nc) == pytest.approx(between, abs=1e-9)


@given(st.floats(0.1, 20), st.integers(1, 6), st.integers(2, 60), st.floats(0.01, 50))
def test_noncentral_f_is_that_of_scipy(f: float, df1: int, df2: int, nc: float) -> None:
    assert noncentral_f_cdf(f, df1, df2, nc) == pytest.approx(stats.ncf.cdf(f, df1, df2, nc), abs=1e-8)


@given(VALUES, VALUES)
@pytest.mark.parametrize("effect", [cohens_d, hedges_g, rank_biserial])
def test_swapping_flips_and_scaling_changes_nothing(effect: Any, x: list[float], y: list[float]) -> None:
    assume(np.ptp(x) > 0 and np.ptp(y) > 0)
    found, swapped = effect(x, y), effect(y, x)
    scaled = effect([8 * v - 5 for v in x], [8 * v - 5 for v in y])
    assert [swapped.value, swapped.ci_low, swapped.ci_high] == pytest.approx(
        [-found.value, -found.ci_high, -found.ci_low], abs=1e-8
    )
    assert [scaled.value, scaled.ci_low, scaled.ci_high] == pytest.approx(
        [found.value, found.ci_low, found.ci_high], abs=1e-8
    )
    assert found.ci_low <= found.value <= found.ci_high


@given(VALUES, VALUES)
def test_interval_of_d_holds_zero_where_the_t_test_keeps_it(x: list[float], y: list[float]) -> None:
    assume(np.ptp(x) > 0 and np.ptp(y) > 0)
    d = cohens_d(x, y)
    assert (d.ci_low < 0 < d.ci_high) == (stats.ttest_ind(x, y).pvalue > 0.05)


@given(VALUES, VALUES)
def test_dominance_counts_pairs(x: list[float], y: list[float]) -> None:
    higher = np.mean([(a > b) + 0.5 * (a == b) for a in x for b in y])
    found = probability_of_superiority(x, y)
    assert found.value == pytest.approx(higher)
    assert 0 <= found.ci_low <= found.value <= found.ci_high <= 1


def test_glass_delta_takes_the_second_groups_deviation() -> None:
    delta = glass_delta([5, 9, 13], [1, 2, 3])
    assert delta.value == pytest.approx(7)


def test_hedges_correction_is_near_its_approximation() -> None:
    rng = np.random.default_rng(6)
    x, y = rng.normal(1, 1, 12), rng.normal(0, 1, 9)
    # 1 − 3 / (4 ν − 1), Hedges 1981.
    assert hedges_g(x, y).value / cohens_d(x, y).value == pytest.approx(1 - 3 / (4 * 19 - 1), abs=1e-4)


def test_groups_that_hardly_vary_still_have_an_interval() -> None:
    x, y = [0.0, 1e-6, 2e-6, 3e-6], [1.0, 1 + 1e-6, 1 + 2e-6]
    d = cohens_d(x, y)
    assert d.ci_low < d.value < d.ci_high < -1e5
    assert hedges_g(x, y).ci_low == pytest.approx(d.ci_low * hedges_g(x, y).value / d.value)


def test_complete_separation_has_an_interval_without_width() -> None:
    assert rank_biserial([3, 4, 5], [1, 2]) == Estimate(value=1, ci_low=1, ci_high=1)


def test_what_cant_be_computed_is_an_error() -> None:
    with pytest.raises(StatsError, match="expected values that vary"):
        cohens_d([1, 1, 1], [2, 2])
    with pytest.raises(StatsError, match="expected a reference group that varies"):
        glass_delta([1, 2, 3], [2, 2])
    with pytest.raises(StatsError, match="expected more than one degree of freedom"):
        hedges_g([1, 2], [3, 3, 3], pooled=False)
    with pytest.raises(StatsError, match="first group: expected 2 values"):
        hedges_g([1], [3, 3.5])
    with pytest.raises(StatsError, match="first group: expected 1 values at least"):
        rank_biserial([], [3])
    for f in (-1, math.nan, math.inf, 1e12):
        with pytest.raises(StatsError, match="expected an F from 0"):
            partial_eta_squared(f, 1, 10)
    with pytest.raises(StatsError, match="expected positive degrees of freedom, found 1 and 0"):
        partial_eta_squared(2, 1, 0)
    with pytest.raises(StatsError, match="expected 32 animals at least, found 20"):
        partial_omega_squared(2, 1, 31, n=20)
    for sums in ((-1, 5), (6, 5), (0, 0), (math.nan, 5)):
        with pytest.raises(StatsError, match="expected sums of squares"):
            eta_squared(*sums)
    with pytest.raises(StatsError, match="expected a positive mean square"):
        omega_squared(1, 1, 0, 5)
