"""Tests and intervals of proportions agree with R, scipy, and the published examples."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from csds.errors import StatsError
from csds.stats.proportions import (
    chi_square,
    clopper_pearson_interval,
    conditional_odds_ratio,
    fisher_exact,
    risk_difference,
    wilson_interval,
)

CELLS = st.integers(0, 12)
#: Susceptible and not, of defeated mice on isotype and on treatment, by group of reference_stats/two_by_two.csv.
DEFEATED = [[2, 9], [3, 4]]
ALL_FOUR = [[9, 0], [6, 2], [2, 9], [3, 4]]


@pytest.fixture(scope="module")
def expected(real_data: Path) -> dict[str, Any]:
    """What R prints."""
    return json.loads((real_data / "reference_stats" / "expected_r.json").read_text(encoding="utf-8"))


def test_counts_are_those_of_the_reference(expected: Any) -> None:
    assert [[row["0"], row["1"]] for row in expected["susceptible_counts"]] == ALL_FOUR


def test_fishers_test_is_that_of_r(expected: Any) -> None:
    assert fisher_exact(DEFEATED) == pytest.approx(expected["fisher_2x2"]["p"], rel=1e-6)
    assert fisher_exact([[9, 0], [2, 9]]) == pytest.approx(expected["fisher_2x2_zero_cell"]["p"], rel=1e-6)
    assert fisher_exact(ALL_FOUR) == pytest.approx(expected["fisher_4x2"]["p"], rel=1e-6)


def test_odds_ratio_is_that_of_r_as_far_as_r_searches(expected: Any) -> None:
    # R stops searching at 1.2e-4 (uniroot's default tolerance).
    wanted, found = expected["fisher_2x2"], conditional_odds_ratio(DEFEATED)
    assert [found.value, found.ci_low, found.ci_high] == pytest.approx([wanted["or_condMLE"], *wanted["ci"]], rel=1e-3)
    low, high = expected["fisher_2x2_zero_cell"]["ci"]
    empty = conditional_odds_ratio([[9, 0], [2, 9]])
    assert (empty.value, high) == (math.inf, "Inf")
    assert empty.ci_low == pytest.approx(float(low), rel=1e-3)
    assert empty.ci_high == math.inf


@given(CELLS, CELLS, CELLS, CELLS)
def test_odds_ratio_solves_its_equations(a: int, b: int, c: int, d: int) -> None:
    assume(a + b and c + d and a + c and b + d)
    found = conditional_odds_ratio([[a, b], [c, d]])
    lowest, highest = max(0, a - d), min(a + b, a + c)
    x = np.arange(lowest, highest + 1)

    def chances(odds: float) -> np.ndarray:
        """Return Fisher's noncentral hypergeometric distribution: ways to fill the table, times odds to the power x."""
        ways = [math.log(math.comb(a + b, k)) + math.log(math.comb(c + d, a + c - k)) for k in x.tolist()]
        logs = np.array(ways) + x * math.log(odds)
        weights = np.exp(logs - logs.max())
        return weights / weights.sum()

    assert (found.ci_low == 0) == (a == lowest)
    assert (found.ci_high == math.inf) == (a == highest)
    if a > lowest:
        assert chances(found.ci_low)[x >= a].sum() == pytest.approx(0.025, rel=1e-6)
    if a < highest:
        assert chances(found.ci_high)[x <= a].sum() == pytest.approx(0.025, rel=1e-6)
    if lowest < a < highest:
        assert chances(found.value) @ x == pytest.approx(a, rel=1e-6)
    swapped = conditional_odds_ratio([[c, d], [a, b]])
    for ours, theirs in ((found.ci_low, swapped.ci_high), (found.value, swapped.value)):
        assert (1 / ours if ours else math.inf) == pytest.approx(theirs)


@given(CELLS, CELLS, CELLS, CELLS)
def test_fishers_p_is_that_of_scipy(a: int, b: int, c: int, d: int) -> None:
    assume(a + b and c + d)
    p = fisher_exact([[a, b], [c, d]])
    assert p == pytest.approx(stats.fisher_exact([[a, b], [c, d]]).pvalue, rel=1e-9)
    assert fisher_exact([[d, c], [b, a]]) == pytest.approx(p)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=4))
def test_fishers_p_sums_all_tables_with_these_margins(table: list[tuple[int, int]]) -> None:
    rows = [a + b for a, b in table]
    assume(all(rows))
    total = sum(a for a, _ in table)
    ways = [
        math.prod(math.comb(n, a) for n, a in zip(rows, counts, strict=True))
        for counts in itertools.product(*(range(n + 1) for n in rows))
        if sum(counts) == total
    ]
    observed = math.prod(math.comb(n, a) for n, (a, _) in zip(rows, table, strict=True))
    assert fisher_exact(table) == pytest.approx(sum(w for w in ways if w <= observed) / sum(ways))


def test_too_many_tables_are_refused_rather_than_waited_for() -> None:
    with pytest.raises(StatsError, match="too many tables"):
        fisher_exact([[15, 16 + i] for i in range(9)])


def test_where_all_are_alike_p_is_one_and_there_is_no_odds_ratio() -> None:
    assert fisher_exact([[0, 9], [0, 7]]) == 1
    with pytest.raises(StatsError, match="all animals are alike"):
        conditional_odds_ratio([[0, 9], [0, 7]])


@pytest.mark.parametrize(
    ("key", "table", "yates"),
    [("chisq_yates", DEFEATED, True), ("chisq_nocorr", DEFEATED, False), ("chisq_4x2", ALL_FOUR, False)],
)
def test_chi_square_is_that_of_r(expected: Any, key: str, table: Any, yates: bool) -> None:
    test = chi_square(table, yates=yates)
    assert [test.statistic, test.p_value] == pytest.approx([expected[key]["X2"], expected[key]["p"]], rel=1e-6)
    assert test.df == expected[key].get("df", 1)


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 20), st.integers(1, 20), st.booleans())
def test_chi_square_is_that_of_scipy(a: int, b: int, c: int, d: int, yates: bool) -> None:
    wanted = stats.chi2_contingency([[a, b], [c, d]], correction=yates)
    found = chi_square([[a, b], [c, d]], yates=yates)
    assert [found.statistic, found.p_value] == pytest.approx([wanted.statistic, wanted.pvalue], abs=1e-12)
    assert found.least_expected == pytest.approx(wanted.expected_freq.min())


def test_intervals_are_those_of_r(expected: Any) -> None:
    for key, interval in (("wilson_9_11", wilson_interval), ("clopper_9_11", clopper_pearson_interval)):
        found = interval(9, 11)
        assert [found.ci_low, found.ci_high] == pytest.approx(expected[key], rel=1e-6)
        assert found.value == 9 / 11


@given(st.integers(1, 40), st.data(), st.sampled_from([0.9, 0.95, 0.99]))
def test_intervals_are_those_of_scipy(n: int, data: Any, confidence: float) -> None:
    count = data.draw(st.integers(0, n))
    for method, interval in (("wilson", wilson_interval), ("exact", clopper_pearson_interval)):
        wanted = stats.binomtest(count, n).proportion_ci(confidence, method=method)
        found = interval(count, n, confidence=confidence)
        assert [found.ci_low, found.ci_high] == pytest.approx([wanted.low, wanted.high], abs=1e-9)
        mirrored = interval(n - count, n, confidence=confidence)
        assert [1 - mirrored.ci_high, 1 - mirrored.ci_low] == pytest.approx([found.ci_low, found.ci_high], abs=1e-9)


@pytest.mark.parametrize(
    ("x", "y", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_risk_difference_is_newcombes(x: tuple[int, int], y: tuple[int, int], low: float, high: float) -> None:
    """Table II of Newcombe 1998, method 10."""
    found = risk_difference(*x, *y)
    assert [found.ci_low, found.ci_high] == pytest.approx([low, high], abs=5.1e-5)
    assert found.value == pytest.approx(x[0] / x[1] - y[0] / y[1])
    swapped = risk_difference(*y, *x)
    assert [swapped.ci_low, swapped.ci_high] == pytest.approx([-found.ci_high, -found.ci_low])


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[1, 2]], "expected a table of two rows"),
        ([1, 2], "expected a table of two rows"),
        ([[1.5, 2], [3, 4]], "expected a table of counts"),
        ([[-1, 2], [3, 4]], "expected a table of counts"),
        ([[0, 0], [3, 4]], "found none in row 1"),
    ],
)
def test_what_is_no_table_of_counts_is_an_error(table: Any, message: str) -> None:
    for test in (fisher_exact, conditional_odds_ratio, chi_square):
        with pytest.raises(StatsError, match=message):
            test(table)


def test_what_a_test_isnt_made_for_is_an_error() -> None:
    three = np.array([[1, 2, 3], [4, 5, 6]])
    with pytest.raises(StatsError, match="expected two columns, found 3"):
        fisher_exact(three)
    with pytest.raises(StatsError, match="expected a table of 2×2 counts, found 2×3"):
        conditional_odds_ratio(three)
    with pytest.raises(StatsError, match="Yates's correction: expected 2×2"):
        chi_square(three, yates=True)
    with pytest.raises(StatsError, match="all animals are alike"):
        chi_square([[3, 0], [4, 0]])
    for count, n in ((3, 2), (-1, 2), (0, 0), (0.5, 2)):
        for interval in (wilson_interval, clopper_pearson_interval):
            with pytest.raises(StatsError, match="expected a count out of"):
                interval(count, n)
