"""Tests of two means agree with R, with closed forms, and with what swapping and scaling must do to them."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from csds.errors import StatsError
from csds.stats.two_groups import (
    MOST_SPLITS,
    mean_interval,
    paired_t_test,
    permutation_test,
    t_test,
)

VALUES = st.lists(st.integers(-100, 100).map(lambda i: i / 8), min_size=2, max_size=12)


@pytest.fixture(scope="module")
def expected(real_data: Path) -> dict[str, Any]:
    """What R prints."""
    return json.loads((real_data / "reference_stats" / "expected_r.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ratios(real_data: Path) -> dict[str, np.ndarray]:
    data = pd.read_csv(real_data / "reference_stats" / "two_by_two.csv")
    return {str(group): rows.to_numpy() for group, rows in data.groupby("group")["si_ratio"]}


@pytest.mark.parametrize("method", ["welch", "student"])
@pytest.mark.parametrize(
    ("key", "other"), [("defveh_vs_ctlveh", "control_vehicle"), ("defveh_vs_defdrug", "defeat_drug")]
)
def test_t_tests_are_those_of_r(expected: Any, ratios: Any, method: str, key: str, other: str) -> None:
    wanted = expected[f"{method}_{key}"]
    test = t_test(ratios["defeat_vehicle"], ratios[other], equal_variances=method == "student")
    found = [test.statistic, test.df, test.p_value, test.ci_low, test.ci_high, test.difference]
    mean_x, mean_y = wanted["estimate"]
    assert found == pytest.approx([wanted["t"], wanted["df"], wanted["p"], *wanted["ci"], mean_x - mean_y], rel=1e-6)


def test_one_sided_t_test_is_that_of_r(expected: Any, ratios: Any) -> None:
    wanted = expected["welch_less"]
    test = t_test(ratios["defeat_vehicle"], ratios["defeat_drug"], alternative="less")
    assert [test.p_value, test.ci_high] == pytest.approx([wanted["p"], wanted["ci"][1]], rel=1e-6)
    assert test.ci_low == -math.inf


def test_pairwise_welch_p_is_that_of_r(expected: Any, ratios: Any) -> None:
    wanted = [cell for cell in expected["pairwise_welch_none"] if cell["Freq"] is not None]
    assert len(wanted) == 6
    for cell in wanted:
        test = t_test(ratios[cell["Var1"]], ratios[cell["Var2"]])
        assert test.p_value == pytest.approx(cell["Freq"], rel=1e-6)


@pytest.mark.parametrize("group", ["control_vehicle", "control_drug", "defeat_vehicle", "defeat_drug"])
def test_paired_t_is_that_of_r(expected: Any, real_data: Path, group: str) -> None:
    wanted = expected["paired_t_by_group"][group]
    data = pd.read_csv(real_data / "reference_stats" / "mixed_target_long.csv")
    times = data[data["group"] == group].pivot_table(index="animal_id", columns="target", values="time_s")
    test = paired_t_test(times["present"].to_numpy(), times["absent"].to_numpy())
    found = [test.statistic, test.df, test.p_value, test.difference]
    assert found == pytest.approx([wanted["t"], wanted["df"], wanted["p"], wanted["diff"]], rel=1e-6)


def test_mean_has_rs_interval(expected: Any, ratios: Any) -> None:
    mean = mean_interval(ratios["defeat_vehicle"])
    assert [mean.ci_low, mean.ci_high] == pytest.approx(expected["t_ci_mean_defveh"], rel=1e-6)
    assert mean.value == pytest.approx(ratios["defeat_vehicle"].mean())


def test_two_means_of_two_values_by_hand() -> None:
    # Means 1 and 4, both variances 2, so the standard error is √2 and both tests have t = −3/√2 with 2 df;
    # with 2 df, P(T > t) = ½ − t / (2 √(2 + t²)).
    t = 3 / math.sqrt(2)
    for equal in (True, False):
        test = t_test([0, 2], [3, 5], equal_variances=equal)
        assert [test.statistic, test.df] == pytest.approx([-t, 2])
        assert test.p_value == pytest.approx(1 - t / math.sqrt(2 + t**2))


@given(VALUES, VALUES, st.booleans())
def test_swapping_flips_and_scaling_changes_nothing_else(x: list[float], y: list[float], equal: bool) -> None:
    if np.ptp(x) == 0 and np.ptp(y) == 0:
        with pytest.raises(StatsError, match="expected values that vary"):
            t_test(x, y, equal_variances=equal)
        return
    test, swapped = t_test(x, y, equal_variances=equal), t_test(y, x, equal_variances=equal)
    scaled = t_test([8 * v + 3 for v in x], [8 * v + 3 for v in y], equal_variances=equal)
    assert [swapped.statistic, swapped.p_value] == pytest.approx([-test.statistic, test.p_value], abs=1e-9)
    assert [swapped.ci_low, swapped.ci_high] == pytest.approx([-test.ci_high, -test.ci_low], abs=1e-9)
    assert [scaled.statistic, scaled.df, scaled.p_value] == pytest.approx([test.statistic, test.df, test.p_value])
    assert scaled.ci_high == pytest.approx(8 * test.ci_high)
    # The interval holds 0 exactly where p is above 5 %.
    assert (test.ci_low < 0 < test.ci_high) == (test.p_value > 0.05)


@given(VALUES, VALUES)
def test_one_sided_p_values_add_up(x: list[float], y: list[float]) -> None:
    if np.ptp(x) == 0 and np.ptp(y) == 0:
        return
    less, greater = t_test(x, y, alternative="less"), t_test(x, y, alternative="greater")
    assert less.p_value + greater.p_value == pytest.approx(1)
    assert min(less.p_value, greater.p_value) * 2 == pytest.approx(t_test(x, y).p_value)
    assert greater.ci_high == math.inf
    assert greater.ci_low == pytest.approx(t_test(x, y, confidence=0.9).ci_low)


@given(st.lists(st.tuples(st.integers(-40, 40), st.integers(-40, 40)), min_size=2, max_size=10))
def test_paired_t_is_that_of_scipy(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, dtype=float).T
    if np.ptp(x - y) == 0:
        with pytest.raises(StatsError, match="expected values that vary"):
            paired_t_test(x, y)
        return
    found, wanted = paired_t_test(x, y), stats.ttest_rel(x, y)
    assert [found.statistic, found.p_value] == pytest.approx([wanted.statistic, wanted.pvalue], abs=1e-12)


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=5),
    st.lists(st.integers(0, 9), min_size=1, max_size=4),
    st.sampled_from(["two-sided", "less", "greater"]),
)
def test_exact_permutation_looks_at_every_split(x: list[int], y: list[int], alternative: Any) -> None:
    together = np.array(x + y, dtype=float)
    if np.ptp(together) == 0:
        return
    test = permutation_test(x, y, rng=np.random.default_rng(0), alternative=alternative)
    differences = []
    for chosen in itertools.combinations(range(len(together)), len(x)):
        mask = np.isin(np.arange(len(together)), chosen)
        differences.append(together[mask].mean() - together[~mask].mean())
    reached = {"two-sided": np.abs, "less": np.negative, "greater": np.positive}[alternative]
    wanted = np.mean(reached(np.array(differences)) >= reached(test.difference) - 1e-9)
    assert test.exact
    assert test.splits == len(differences)
    assert test.p_value == pytest.approx(wanted)


def test_random_permutations_are_seeded_and_near_the_t_test() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(0.6, 1, 25), rng.normal(0, 1, 25)
    test, again = (permutation_test(x, y, rng=np.random.default_rng(8)) for _ in range(2))
    assert math.comb(50, 25) > MOST_SPLITS
    assert test == again
    assert not test.exact
    assert test.p_value == pytest.approx(t_test(x, y, equal_variances=True).p_value, abs=0.01)
    assert test.p_value * 10_001 == pytest.approx(round(test.p_value * 10_001))
    # However far apart, p is never 0.
    assert permutation_test(x + 99, y, rng=rng, draws=999).p_value == 1 / 1000


def test_arguments_stay_as_they_were() -> None:
    x, y = np.array([1.0, 2, 4]), np.array([3.0, 5, 9])
    for test in (t_test, paired_t_test):
        test(x, y)
    permutation_test(x, y, rng=np.random.default_rng(1))
    assert x.tolist() == [1, 2, 4]
    assert y.tolist() == [3, 5, 9]


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1.0], [1.0, 2], "first group: expected 2 values at least, found 1"),
        ([1.0, 2], [], "second group: expected 2 values at least, found 0"),
        ([1.0, math.inf, math.nan], [1.0, 2], "first group: expected finite numbers, found 2 of 3"),
        (["a", "b"], [1.0, 2], "first group: expected numbers"),
        ([None, {}], [1.0, 2], "first group: expected numbers"),
        ([[1.0, 2], [3, 4]], [1.0, 2], r"first group: expected a list of numbers, found .* \(2, 2\)"),
        ([0.1, 0.1, 0.1], [0.3, 0.3], "expected values that vary"),
        ([1.0, -1e160], [1.0, 2], r"first group: expected numbers of a size that can be measured, found 1e\+160"),
        ([1.0, 2], [0.0, 1e-160], "second group: expected numbers of a size that can be measured, found 1e-160"),
    ],
)
def test_what_cant_be_tested_is_an_error(x: Any, y: Any, message: str) -> None:
    with pytest.raises(StatsError, match=message):
        t_test(x, y)


def test_pairs_confidence_and_draws_are_checked() -> None:
    with pytest.raises(StatsError, match="expected pairs, found 2 first and 3 second"):
        paired_t_test([1, 2], [1, 2, 3])
    with pytest.raises(StatsError, match="expected a share between 0 and 1, found 95"):
        t_test([1, 2], [1, 3], confidence=95)
    with pytest.raises(StatsError, match="expected values that vary"):
        mean_interval([2, 2, 2])
    with pytest.raises(StatsError, match="expected one draw"):
        permutation_test([1, 2], [1, 3], rng=np.random.default_rng(1), draws=0)
    with pytest.raises(StatsError, match="expected values that vary"):
        permutation_test([1, 1], [1], rng=np.random.default_rng(1))
