"""Adjusted p values and simultaneous intervals against R, published examples and each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from csds.errors import StatsError
from csds.stats.adjust import Adjustment, adjust_contrasts, adjust_p
from csds.stats.design import ContrastEstimate, design_matrix, estimate_contrast, factor, pairwise
from csds.stats.linear import fit_linear_model, linear_contrast
from csds.stats.one_way import pooled_pairs

LEVELS = {
    "stress": ["control", "defeat"],
    "treatment": ["vehicle", "drug"],
    "group": ["control_vehicle", "control_drug", "defeat_vehicle", "defeat_drug"],
}
BY_P_ALONE = [adjustment for adjustment in get_args(Adjustment) if adjustment != "tukey"]


@pytest.fixture(scope="module")
def expected(real_data: Path) -> dict[str, Any]:
    """What R prints."""
    return json.loads((real_data / "reference_stats" / "expected_r.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def data(real_data: Path) -> pd.DataFrame:
    return pd.read_csv(real_data / "reference_stats" / "two_by_two.csv")


@pytest.mark.parametrize("adjustment", get_args(Adjustment))
def test_pairs_are_those_of_emmeans(adjustment: Adjustment, data: pd.DataFrame, expected: dict[str, Any]) -> None:
    group = factor("group", data["group"].tolist(), levels=LEVELS["group"])
    pairs = pooled_pairs(data["si_ratio"], group, adjustment=adjustment)
    for pair, row in zip(pairs, expected[f"pairs6_pooled_{adjustment}"], strict=True):
        contrast = pair.contrast
        assert contrast.name == row["contrast"]
        assert [contrast.estimate, contrast.se, contrast.df, contrast.t, pair.p_adjusted] == pytest.approx(
            [row[key] for key in ("estimate", "SE", "df", "t.ratio", "p.value")], rel=1e-8
        )


def test_tukeys_intervals_are_those_of_emmeans(data: pd.DataFrame, expected: dict[str, Any]) -> None:
    group = factor("group", data["group"].tolist(), levels=LEVELS["group"])
    for pair, row in zip(pooled_pairs(data["si_ratio"], group), expected["pairs6_ci_tukey"], strict=True):
        assert (pair.ci_low, pair.ci_high) == pytest.approx((row["lower.CL"], row["upper.CL"]), rel=1e-6)


@pytest.mark.parametrize("adjustment", ["sidak", "holm"])
def test_simple_effects_of_both_factors_are_those_of_emmeans(
    adjustment: Adjustment, data: pd.DataFrame, expected: dict[str, Any]
) -> None:
    factors = [factor(name, data[name].tolist(), levels=LEVELS[name]) for name in ("stress", "treatment")]
    model = fit_linear_model(data["si_ratio"], design_matrix(factors))
    family = [*pairwise(factors, "treatment", ["stress"]), *pairwise(factors, "stress", ["treatment"])]
    found = adjust_contrasts([linear_contrast(model, contrast) for contrast in family], adjustment)
    rows = expected[f"simple4_{adjustment}"]
    assert [each.contrast.name for each in found] == [row["contrast"] for row in rows]
    assert [each.p_adjusted for each in found] == pytest.approx([row["p.value"] for row in rows], rel=1e-9)


def test_benjamini_and_hochbergs_own_example() -> None:
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528]
    p += [0.7590, 1.0]  # Benjamini and Hochberg 1995, section 3.2: four are rejected by fdr, three by Bonferroni
    assert sum(each <= 0.05 for each in adjust_p(p, "fdr")) == 4
    assert sum(each <= 0.05 for each in adjust_p(p, "bonferroni")) == 3
    assert adjust_p(p, "fdr") == pytest.approx(stats.false_discovery_control(p))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_what_all_adjustments_have_in_common(p: list[float], random: Any) -> None:
    order = random.sample(range(len(p)), len(p))
    for adjustment in BY_P_ALONE:
        adjusted = np.array(adjust_p(p, adjustment))
        assert (adjusted >= np.array(p) - 1e-15).all()
        assert (adjusted <= 1).all()
        assert (np.diff(adjusted[np.argsort(p)]) >= -1e-15).all()
        assert adjust_p([p[i] for i in order], adjustment) == pytest.approx(adjusted[order])
    holm, bonferroni, sidak, fdr = (np.array(adjust_p(p, name)) for name in ("holm", "bonferroni", "sidak", "fdr"))
    for smaller, larger in [(holm, bonferroni), (sidak, bonferroni), (fdr, holm)]:
        assert (smaller <= larger + 1e-15).all()


def test_sidak_keeps_the_digits_of_small_p() -> None:
    assert adjust_p([1e-20, 1.0, 0.5], "sidak") == pytest.approx((3e-20, 1.0, 0.875), rel=1e-12)


def estimates(ts: list[float], df: float) -> list[ContrastEstimate]:
    return [estimate_contrast(t, 1.0, df, name=f"contrast {i}") for i, t in enumerate(ts)]


@given(st.lists(st.floats(-6, 6), min_size=1, max_size=6), st.sampled_from([3.0, 12.0, 80.0]))
def test_intervals_exclude_nothing_when_p_says_so(ts: list[float], df: float) -> None:
    for adjustment in ("none", "bonferroni", "sidak", "tukey"):
        for each in adjust_contrasts(estimates(ts, df), adjustment, means=4, confidence=0.9):
            if abs(each.p_adjusted - 0.1) > 1e-9:
                assert (each.p_adjusted < 0.1) == (not each.ci_low <= 0 <= each.ci_high)
            assert each.adjustment == adjustment


def test_one_contrast_needs_no_adjustment() -> None:
    (alone,) = estimates([2.5], 9)
    for adjustment in get_args(Adjustment):
        (each,) = adjust_contrasts([alone], adjustment, means=2)
        found = (each.p_adjusted, each.ci_low, each.ci_high)
        assert found == pytest.approx((alone.p_value, alone.ci_low, alone.ci_high), rel=1e-9)


def test_holm_and_fdr_have_bonferronis_intervals() -> None:
    family = estimates([1.0, 2.0, 3.0], 15)
    wide = [each.ci_low for each in adjust_contrasts(family, "bonferroni")]
    assert wide == pytest.approx([t - stats.t.isf(0.05 / 6, 15) for t in (1, 2, 3)])
    for adjustment in ("holm", "fdr"):
        assert [each.ci_low for each in adjust_contrasts(family, adjustment)] == wide


def test_tukey_stays_between_one_test_and_bonferroni_far_out_in_the_tail() -> None:
    for each in adjust_contrasts(estimates([0.0, 40.0, 300.0], 30), "tukey", means=3):
        assert each.contrast.p_value <= each.p_adjusted <= min(1, 3 * each.contrast.p_value)


def test_a_family_may_be_empty() -> None:
    assert adjust_p([], "holm") == ()
    assert adjust_contrasts([], "sidak") == ()


@pytest.mark.parametrize("p", [[0.2, np.nan], [0.2, np.inf], [-0.1, 0.2], [0.2, 1.1]])
def test_p_values_that_are_none(p: list[float]) -> None:
    with pytest.raises(StatsError, match="p"):
        adjust_p(p, "holm")


@pytest.mark.parametrize("adjustment", ["tukey", "scheffe"])
def test_adjustments_that_p_values_do_not_allow(adjustment: Any) -> None:
    with pytest.raises(StatsError, match=f"found {adjustment}"):
        adjust_p([0.2], adjustment)


@pytest.mark.parametrize("means", [None, 1, 2])
def test_tukey_needs_the_number_of_means(means: int | None) -> None:
    with pytest.raises(StatsError, match="found 2 contrasts"):
        adjust_contrasts(estimates([1, 2], 9), "tukey", means=means)


@pytest.mark.parametrize("adjustment", get_args(Adjustment))
@pytest.mark.parametrize("confidence", [0, 1, 95, float("nan")])
def test_confidence_lies_between_0_and_1(adjustment: Adjustment, confidence: float) -> None:
    with pytest.raises(StatsError, match="confidence"):
        adjust_contrasts(estimates([1], 9), adjustment, means=2, confidence=confidence)
