"""Correlations agree with R, with scipy, and with counting every order."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from csds.errors import StatsError
from csds.stats.correlation import pearson, spearman

PAIRS = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=4, max_size=14)


@pytest.fixture(scope="module")
def expected(real_data: Path) -> dict[str, Any]:
    """What R prints."""
    return json.loads((real_data / "reference_stats" / "expected_r.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def times(real_data: Path) -> tuple[np.ndarray, np.ndarray]:
    data = pd.read_csv(real_data / "reference_stats" / "two_by_two.csv")
    return data["zone_present"].to_numpy(), data["corner_present"].to_numpy()


def test_pearson_is_that_of_r(expected: Any, times: Any) -> None:
    found, wanted = pearson(*times), expected["pearson"]
    assert [found.r, found.statistic, found.p_value, found.ci_low, found.ci_high] == pytest.approx(
        [wanted["r"], wanted["t"], wanted["p"], *wanted["ci"]], rel=1e-6
    )


@pytest.mark.parametrize(("key", "exact"), [("spearman", True), ("spearman_asym", False)])
def test_spearman_with_ties_is_that_of_r(expected: Any, times: Any, key: str, exact: bool) -> None:
    found, wanted = spearman(*times, exact=exact), expected[key]
    assert [found.rho, found.p_value] == pytest.approx([wanted["rho"], wanted["p"]], rel=1e-6)
    assert found.statistic == pytest.approx(expected["spearman"]["S"], rel=1e-6)
    assert found.method == "t approximation"


def test_spearman_of_nine_pairs_is_that_of_rs_manual() -> None:
    """Hollander & Wolfe's tuna lightness data, as in the example of R's ``cor.test``: S = 48, p = 0.0968, ρ = 0.6."""
    x = [44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7, 45.2, 60.1]
    y = [2.6, 3.1, 2.5, 5.0, 3.6, 4.0, 5.2, 2.8, 3.8]
    found = spearman(x, y)
    assert [found.statistic, found.rho] == pytest.approx([48, 0.6])
    assert found.p_value == pytest.approx(0.0968, abs=5e-5)
    assert found.method == "exact"


def test_edgeworth_series_is_that_of_rs_pspearman() -> None:
    """P(S ≤ 36) for 10 pairs: 0.005825634 by AS 89, where the exact value is 0.005265377 (manual of pspearman)."""
    x = np.arange(10)
    y = np.array([2, 1, 0, 3, 5, 7, 4, 6, 9, 8])
    y = next(np.array(order) for order in _orders(y) if ((x - np.array(order)) ** 2).sum() == 36)
    found = spearman(x, y)
    assert found.method == "Edgeworth series"
    assert found.p_value == pytest.approx(2 * 0.005825634, rel=1e-6)
    assert spearman(x, -y).p_value == pytest.approx(found.p_value)


@pytest.mark.parametrize(("sign", "s", "rho"), [(1, 250, -3 / 22), (-1, 190, 3 / 22)])
def test_edgeworth_series_is_as_far_on_either_side(sign: int, s: float, rho: float) -> None:
    """R 4.2: ``cor.test(1:11, ± c(7,3,11,5,9,1,10,2,8,4,6), method = "spearman")``."""
    found = spearman(np.arange(11), sign * np.array([7, 3, 11, 5, 9, 1, 10, 2, 8, 4, 6]))
    assert [found.statistic, found.rho, found.p_value] == pytest.approx([s, rho, 0.693511174791049], rel=1e-9)


def _orders(start: np.ndarray) -> Any:
    """Orders that differ from the first by one exchange."""
    for i, j in itertools.combinations(range(len(start)), 2):
        order = start.copy()
        order[[i, j]] = order[[j, i]]
        yield order


@given(st.permutations(range(6)))
def test_exact_spearman_counts_every_order(order: list[int]) -> None:
    x = np.arange(6)
    sums = np.array([((x - np.array(other)) ** 2).sum() for other in itertools.permutations(range(6))])
    observed = ((x - np.array(order)) ** 2).sum()
    wanted = min(1, 2 * min((sums <= observed).mean(), (sums >= observed).mean()))
    found = spearman(np.exp(x), order)
    assert found.p_value == pytest.approx(wanted)
    assert found.statistic == pytest.approx(observed)
    assert spearman(x, [-v for v in order]).p_value == pytest.approx(found.p_value)


@given(PAIRS)
def test_correlations_are_those_of_scipy(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, dtype=float).T
    assume(np.ptp(x) > 0 and np.ptp(y) > 0)
    wanted = stats.pearsonr(x, y)
    assume(abs(wanted.statistic) < 1 - 1e-9)
    found = pearson(x, y)
    interval = wanted.confidence_interval()
    assert [found.r, found.p_value, found.ci_low, found.ci_high] == pytest.approx(
        [wanted.statistic, wanted.pvalue, interval.low, interval.high], abs=1e-7
    )
    ranked = spearman(x, y, exact=False)
    assume(abs(ranked.rho) < 1 - 1e-9)
    assert [ranked.rho, ranked.p_value] == pytest.approx(list(stats.spearmanr(x, y)), abs=1e-7)


@given(PAIRS)
def test_swapping_and_scaling_change_nothing_and_negating_flips(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, dtype=float).T
    assume(np.ptp(x) > 0 and np.ptp(y) > 0)
    assume(abs(np.corrcoef(x, y)[0, 1]) < 1 - 1e-9)
    found, swapped, scaled, flipped = pearson(x, y), pearson(y, x), pearson(7 * x - 3, y / 9), pearson(-x, y)
    assert [swapped.r, scaled.r, flipped.r] == pytest.approx([found.r, found.r, -found.r])
    assert [flipped.ci_low, flipped.ci_high] == pytest.approx([-found.ci_high, -found.ci_low])
    assert spearman(y, x).rho == pytest.approx(spearman(x, y).rho)
    assert spearman(np.exp(x / 9), y).p_value == pytest.approx(spearman(x, y).p_value)


def test_points_on_a_line() -> None:
    x = np.array([0.1, 0.2, 0.3, 0.7])
    found = pearson(x, 3 - 7 * x)
    assert (found.r, found.ci_low, found.ci_high, found.statistic, found.p_value) == (-1, -1, -1, -math.inf, 0)
    assert spearman(x, x).p_value == pytest.approx(2 / 24)
    assert spearman(x, x, exact=False).p_value == 0


def test_what_cant_be_correlated_is_an_error() -> None:
    with pytest.raises(StatsError, match=r"expected values that vary, found all equal .* in the second measure"):
        pearson([1, 2, 3, 4], [2, 2, 2, 2])
    with pytest.raises(StatsError, match="first of each pair: expected 4 values at least, found 3"):
        pearson([1, 2, 3], [2, 1, 2])
    with pytest.raises(StatsError, match="expected pairs, found 4 first and 3 second"):
        spearman([1, 2, 3, 4], [2, 1, 2])
    with pytest.raises(StatsError, match="second of each pair: expected finite numbers"):
        spearman([1, 2, 3], [2, 1, math.inf])
