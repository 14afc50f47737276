"""Bootstrap intervals agree with R's boot within Monte-Carlo error, and with closed forms where there are some."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from csds.errors import StatsError
from csds.stats.bootstrap import bootstrap, bootstrap_draws

VALUES = st.lists(st.integers(-60, 60).map(lambda i: i / 8), min_size=4, max_size=9, unique=True)


@pytest.fixture(scope="module")
def expected(real_data: Path) -> dict[str, Any]:
    """What R prints."""
    return json.loads((real_data / "reference_stats" / "expected_r.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ratios(real_data: Path) -> dict[str, np.ndarray]:
    data = pd.read_csv(real_data / "reference_stats" / "two_by_two.csv")
    return {str(group): rows.to_numpy() for group, rows in data.groupby("group")["si_ratio"]}


def rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_mean_difference_is_that_of_r(expected: Any, ratios: Any) -> None:
    wanted = expected["boot_meandiff_defveh_minus_defdrug"]
    found = bootstrap(ratios["defeat_vehicle"], ratios["defeat_drug"], rng=rng(), draws=20_000)
    assert found.value == pytest.approx(wanted["t0"], rel=1e-6)
    assert found.percentile == pytest.approx(wanted["perc"], abs=0.01)
    assert found.bca == pytest.approx(wanted["bca"], abs=0.01)


def test_mean_of_one_group_is_that_of_r(expected: Any, ratios: Any) -> None:
    wanted = expected["boot_mean_defveh"]
    found = bootstrap(ratios["defeat_vehicle"], rng=rng(), draws=20_000)
    assert found.value == pytest.approx(wanted["t0"], rel=1e-6)
    assert found.percentile == pytest.approx(wanted["perc"], abs=0.01)
    assert found.bca == pytest.approx(wanted["bca"], abs=0.01)


def test_median_of_one_group_is_that_of_r(expected: Any, ratios: Any) -> None:
    wanted = expected["boot_median_defveh"]
    found = bootstrap(ratios["defeat_vehicle"], rng=rng(), location="median", draws=20_000)
    assert found.value == pytest.approx(wanted["t0"], rel=1e-6)
    assert found.percentile == pytest.approx(wanted["perc"], abs=0.01)
    assert found.studentised is None


@pytest.mark.parametrize("location", ["mean", "median"])
def test_intervals_are_those_of_scipy(location: Any) -> None:
    x, y = rng(1).exponential(1, 20), rng(2).exponential(1.5, 21)

    def difference(first: np.ndarray, second: np.ndarray, axis: int) -> Any:
        of = np.mean if location == "mean" else np.median
        return of(first, axis=axis) - of(second, axis=axis)

    found = bootstrap(x, y, rng=rng(), location=location, draws=40_000)
    for method, ours in (("percentile", found.percentile), ("BCa", found.bca)):
        wanted = stats.bootstrap((x, y), difference, n_resamples=20_000, method=method, rng=rng(5))
        assert ours == pytest.approx(list(wanted.confidence_interval), abs=0.04)


def test_distribution_of_the_median_is_the_exact_one() -> None:
    # Of five values, P(median of a resample ≤ the k-th) = P(at least three of five draws among the first k).
    chance = stats.binom.sf(2, 5, np.arange(1, 6) / 5)
    found = bootstrap([1, 2, 4, 8, 16], rng=rng(), location="median", confidence=0.8, draws=20_000)
    values = np.array([1, 2, 4, 8, 16])
    assert found.percentile == (values[np.searchsorted(chance, 0.1)], values[np.searchsorted(chance, 0.9)])


def test_symmetric_means_have_symmetric_intervals_near_the_normal_one() -> None:
    x = np.concatenate([np.arange(1, 31), -np.arange(1, 31)]).astype(float)
    found = bootstrap(x, rng=rng(), draws=40_000)
    reach = 1.96 * x.std() / math.sqrt(60)
    for low, high in (found.percentile, found.bca):
        assert [low, high] == pytest.approx([-reach, reach], rel=0.04)
    assert found.studentised == pytest.approx(
        [-1.96 * x.std(ddof=1) / math.sqrt(60), 1.96 * x.std(ddof=1) / math.sqrt(60)], rel=0.08
    )


def test_studentised_interval_of_normal_data_is_near_the_t_interval() -> None:
    x = stats.norm.ppf((np.arange(40) + 0.5) / 40)
    low, high = stats.ttest_1samp(x, 0).confidence_interval()
    assert bootstrap(x, rng=rng(), draws=40_000).studentised == pytest.approx([low, high], rel=0.06)


def test_skew_moves_bca_and_studentised_towards_the_long_tail() -> None:
    x = stats.expon.ppf((np.arange(15) + 0.5) / 15)
    found = bootstrap(x, rng=rng(), draws=20_000)
    assert found.bca[0] > found.percentile[0]
    assert found.studentised is not None
    assert found.studentised[1] > found.bca[1] > found.percentile[1]


@settings(max_examples=25)
@given(VALUES, VALUES, st.sampled_from(["mean", "median"]))
def test_scaling_scales_and_negating_flips(x: list[float], y: list[float], location: Any) -> None:
    found, scaled, flipped = (
        bootstrap([k * v for v in x], [k * v for v in y], rng=rng(), location=location, draws=500) for k in (1, 8, -1)
    )
    assert np.array(scaled.bca) == pytest.approx(8 * np.array(found.bca), abs=1e-7)
    assert np.array(scaled.percentile) == pytest.approx(8 * np.array(found.percentile), abs=1e-7)
    assert flipped.percentile == pytest.approx([-found.percentile[1], -found.percentile[0]], abs=1e-9)
    assert flipped.bca == pytest.approx([-found.bca[1], -found.bca[0]], abs=1e-7)
    if location == "mean":
        assert flipped.studentised == pytest.approx([-found.studentised[1], -found.studentised[0]], abs=1e-9)
        moved = bootstrap([v + 3 for v in x], [v + 3 for v in y], rng=rng(), draws=500)
        assert moved.bca == pytest.approx(found.bca, abs=1e-7)


def test_the_seed_decides() -> None:
    x, y = [0.3, 0.5, 0.9, 1.4], [0.1, 0.8, 0.2]
    assert bootstrap(x, y, rng=rng(1)) == bootstrap(x, y, rng=rng(1))
    assert bootstrap(x, y, rng=rng(1)) != bootstrap(x, y, rng=rng(2))


def test_a_group_that_doesnt_vary_is_no_hindrance() -> None:
    found = bootstrap([0.3, 0.5, 0.9, 1.4, 1.1], [1.0, 1.0, 1.0], rng=rng())
    assert found.value == pytest.approx(-0.16)
    assert found.bca[0] < found.value < found.bca[1]


@pytest.mark.parametrize("location", ["mean", "median"])
def test_ten_thousand_draws_are_fast(location: Any) -> None:
    x, y = rng(1).normal(0, 1, 20), rng(2).normal(0, 1, 20)
    bootstrap(x, y, rng=rng(), location=location)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        bootstrap(x, y, rng=rng(), location=location)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.25


def test_what_cant_be_resampled_is_an_error() -> None:
    with pytest.raises(StatsError, match="second group: expected 3 values at least, found 2"):
        bootstrap([1, 2, 3], [1, 2], rng=rng())
    with pytest.raises(StatsError, match="found 1 of 3 missing or infinite"):
        bootstrap([1, 2, math.nan], rng=rng())
    with pytest.raises(StatsError, match="expected values that vary"):
        bootstrap([1, 1, 1], [2, 2, 2], rng=rng())
    with pytest.raises(StatsError, match="expected 100 draws at least, found 5"):
        bootstrap([1, 2, 3], rng=rng(), draws=5)


@pytest.mark.parametrize("location", ["mean", "median"])
def test_draws_of_one_sample_are_those_of_its_interval(location: str) -> None:
    x = [1.1, 0.9, 1.4, 1.2, 1.3, 2.2]
    draws = bootstrap_draws(x, rng=np.random.default_rng(3), location=location, draws=999)
    told = bootstrap(x, rng=np.random.default_rng(3), location=location, draws=999)
    assert np.quantile(draws, (0.025, 0.975), method="weibull") == pytest.approx(told.percentile)
    with pytest.raises(StatsError):
        bootstrap_draws(x[:2], rng=np.random.default_rng(3))
