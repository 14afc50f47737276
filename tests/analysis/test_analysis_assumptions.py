"""Checks of assumptions agree with R, say what they mean, and say why where they can't be computed."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from csds.analysis.assumptions import Check, check_assumptions, equal_variances, far_out, normal_residuals
from csds.errors import StatsError
from csds.stats.design import design_matrix, factor
from csds.stats.linear import fit_linear_model

VALUES = [
    1.2, 1.9, 1.4, 1.1, 1.7, 1.5, 1.3,
    0.4, 0.9, 0.2, 1.6, 0.7, 0.1,
    1.0, 1.1, 0.9, 1.2, 1.05, 0.95, 1.15, 3.4, 0.85,
]  # fmt: skip
GROUP = factor("group", list("aaaaaaabbbbbbccccccccc"))


def residuals() -> np.ndarray:
    return fit_linear_model(VALUES, design_matrix([GROUP])).residuals


def test_normality_is_that_of_r() -> None:
    # R 4.2: shapiro.test(residuals(lm(y ~ g)))
    check = normal_residuals(residuals())
    assert (check.statistic, check.p_value) == pytest.approx((0.719823983141, 0.000035356174), rel=1e-6)
    assert check.verdict == "doubtful"
    assert "aren't normal" in check.meaning


def test_variances_are_compared_as_r_does() -> None:
    # car::leveneTest(y, g, center = median)
    check = equal_variances(VALUES, GROUP)
    assert (check.statistic, check.p_value) == pytest.approx((0.256579245625, 0.776331619070), rel=1e-9)
    assert (check.df1, check.df2, check.verdict) == (2, 19, "no sign against it")


def test_values_far_out_are_those_beyond_rs_quartiles() -> None:
    # quantile(y, c(.25, .75)) ∓ 3 IQR: 0.35 to 1.75 in group c, 0.2 to 2.65 in a.
    check = far_out(VALUES, GROUP, rows=range(2, 24))
    assert (check.statistic, check.rows, check.verdict) == (1, (22,), "doubtful")
    assert "row 22 (c): 3.4" in check.meaning
    inside = far_out([*VALUES[:20], 1.749, 0.351], GROUP)
    assert (inside.statistic, inside.rows, inside.verdict) == (0, (), "no sign against it")


def test_numbers_of_the_reference_agree(real_data: Path) -> None:
    folder = real_data / "reference_stats"
    expected = json.loads((folder / "expected_r.json").read_text(encoding="utf-8"))
    data = pd.read_csv(folder / "two_by_two.csv")
    group = factor("group", data["group"].tolist())
    model = fit_linear_model(data["si_ratio"], design_matrix([group]))
    normal, equal, _ = check_assumptions(data["si_ratio"], group, model.residuals)
    assert {"W": normal.statistic, "p": normal.p_value} == pytest.approx(expected["shapiro_residuals"], rel=1e-6)
    assert {"F": equal.statistic, "p": equal.p_value} == pytest.approx(expected["brown_forsythe"], rel=1e-6)


def test_unequal_variances_name_the_comparisons_that_suffer() -> None:
    rng = np.random.default_rng(2)
    values = np.concatenate([rng.normal(scale=s, size=15) for s in (0.1, 0.1, 1.0)])
    check = equal_variances(values, factor("group", ["a"] * 15 + ["b"] * 15 + ["c"] * 15))
    assert check.verdict == "doubtful"
    assert "too narrow for comparisons of c, and too wide for those of a, b alone" in check.meaning


def test_scale_and_place_change_no_verdict() -> None:
    moved = [check.verdict for check in check_assumptions(np.array(VALUES) * 60 + 5, GROUP, residuals() * 60)]
    assert moved == [check.verdict for check in check_assumptions(VALUES, GROUP, residuals())]


def test_few_normal_residuals_are_said_to_be_few() -> None:
    assert "so few would show" in normal_residuals([0.1, -0.2, 0.3, 0.0, -0.1]).meaning
    many = normal_residuals(np.random.default_rng(1).normal(size=60))
    assert (many.verdict, "so few" in many.meaning) == ("no sign against it", False)


def is_not_checked(check: Check, why: str) -> bool:
    return check.verdict == "not checked" and math.isnan(check.statistic) and why in check.meaning


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([1.0, 2.0], "there are 2"),
        (np.arange(5001.0), "there are 5001"),
        ([0.0] * 6, "all residuals are equal"),
        ([1e-17, -1e-17, 0.0, 2e-17], "all residuals are equal"),
    ],
)
def test_residuals_that_can_not_be_checked_say_why(values, why: str) -> None:
    assert is_not_checked(normal_residuals(values), why)


def test_variances_that_can_not_be_compared_say_why() -> None:
    assert is_not_checked(equal_variances([1, 2, 3, 1, 2], factor("g", list("aaabb"))), "three animals; b has fewer")
    assert is_not_checked(equal_variances([1, 1, 1, 2, 2, 2], factor("g", list("aaabbb"))), "vary too little")
    # One group that doesn't vary beside one that does can be compared.
    assert math.isfinite(equal_variances([1, 1, 1, 2, 3, 5], factor("g", list("aaabbb"))).statistic)


def test_groups_that_can_not_be_judged_are_named() -> None:
    small = factor("g", list("aaaabbbb"))
    assert is_not_checked(far_out([1, 2, 3, 900, 1, 2, 3, 4], small), "a, b: fewer than 5 animals")
    some = far_out([1, 1, 1, 1, 9, 1, 2, 3, 4, 50], factor("g", list("aaaaabbbbb")))
    assert some.rows == (10,)
    assert some.meaning.endswith("Not judged: a: fewer than 5 animals, or half of them equal.")


def test_bad_input_is_refused() -> None:
    with pytest.raises(StatsError, match="3 rows for 22 animals"):
        far_out(VALUES, GROUP, rows=[1, 2, 3])
    with pytest.raises(StatsError, match="missing or infinite"):
        normal_residuals([1, 2, np.nan])
    for check in (equal_variances, far_out):
        with pytest.raises(StatsError, match="2 outcomes for 22 animals"):
            check([1, 2], GROUP)
        with pytest.raises(StatsError, match="missing or infinite"):
            check([*VALUES[:21], np.inf], GROUP)


@pytest.mark.parametrize(("n", "share"), [(8, 0.045), (15, 0.026)])
def test_normal_groups_seldom_have_a_value_far_out(n: int, share: float) -> None:
    # R, 40,000 draws: 0.04505 and 0.025725 of normal groups.
    rng = np.random.default_rng(4)
    group = factor("g", ["a"] * n + ["b"] * n)
    found = [far_out(rng.normal(size=2 * n), group).statistic > 0 for _ in range(1500)]
    assert np.mean(found) == pytest.approx(1 - (1 - share) ** 2, abs=0.02)
