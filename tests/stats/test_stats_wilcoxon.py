"""Rank tests agree with R and coin, with counting by hand, and with what swapping and scaling must do to them."""

from __future__ import annotations

import itertools
import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from csds.errors import StatsError
from csds.stats.wilcoxon import hodges_lehmann, mann_whitney, signed_rank

ALTERNATIVES = st.sampled_from(["two-sided", "less", "greater"])
TIED = st.lists(st.integers(0, 6), min_size=1, max_size=5)


@pytest.fixture(scope="module")
def expected(real_data: Path) -> dict[str, Any]:
    """What R prints."""
    return json.loads((real_data / "reference_stats" / "expected_r.json").read_text(encoding="utf-8"))


def groups(real_data: Path, file: str, column: str) -> tuple[np.ndarray, np.ndarray]:
    data = pd.read_csv(real_data / "reference_stats" / file)
    x, y = (data[data["group"] == group][column].to_numpy() for group in ("defeat_vehicle", "defeat_drug"))
    return x, y


@pytest.mark.parametrize(
    ("key", "options", "method"),
    [
        ("mwu_exact_defveh_vs_defdrug", {}, "exact"),
        ("mwu_normal_cc_defveh_vs_defdrug", {"method": "normal"}, "normal with continuity correction"),
        ("mwu_normal_nocc", {"method": "normal", "continuity": False}, "normal"),
    ],
)
def test_rank_sum_without_ties_is_that_of_r(
    expected: Any, real_data: Path, key: str, options: Any, method: str
) -> None:
    test = mann_whitney(*groups(real_data, "two_by_two.csv", "si_ratio"), **options)
    assert [test.statistic, test.p_value] == pytest.approx([expected[key]["W"], expected[key]["p"]], rel=1e-6)
    assert test.method == method
    assert test.n == 18


def test_rank_sum_with_ties_is_that_of_r_and_coin(expected: Any, real_data: Path) -> None:
    x, y = groups(real_data, "ties.csv", "si_round1")
    normal, exact = mann_whitney(x, y, method="normal"), mann_whitney(x, y)
    wanted = expected["mwu_ties_R_default"]
    assert [normal.statistic, normal.p_value] == pytest.approx([wanted["W"], wanted["p"]], rel=1e-6)
    assert exact.p_value == pytest.approx(expected["mwu_ties_exact_conditional_coin"]["p"], rel=1e-6)
    assert exact.method == "exact, given the ties"


def test_shift_is_that_of_r(expected: Any, real_data: Path) -> None:
    shift = hodges_lehmann(*groups(real_data, "two_by_two.csv", "si_ratio"))
    wanted = expected["hodges_lehmann"]
    assert [shift.value, shift.ci_low, shift.ci_high] == pytest.approx([wanted["est"], *wanted["ci"]], rel=1e-6)
    assert shift.method == "exact"
    assert 0.95 <= shift.confidence < 0.97


@pytest.mark.parametrize("group", ["control_vehicle", "control_drug", "defeat_vehicle", "defeat_drug"])
def test_signed_rank_is_that_of_r(expected: Any, real_data: Path, group: str) -> None:
    wanted = expected["paired_t_by_group"][group]
    data = pd.read_csv(real_data / "reference_stats" / "mixed_target_long.csv")
    times = data[data["group"] == group].pivot_table(index="animal_id", columns="target", values="time_s")
    test = signed_rank(times["present"].to_numpy(), times["absent"].to_numpy())
    assert [test.statistic, test.p_value] == pytest.approx([wanted["V"], wanted["p_wilcoxon"]], rel=1e-6)
    assert ("exact" in test.method) == ("exact" in wanted["method"])


@given(TIED, TIED, ALTERNATIVES)
def test_exact_p_counts_every_split_of_the_ranks(x: list[int], y: list[int], alternative: Any) -> None:
    together = np.array(x + y)
    assume(np.ptp(together) > 0)
    ranks = stats.rankdata(together)
    sums = [sum(chosen) for chosen in itertools.combinations(ranks, len(x))]
    away = np.array(sums) - len(x) * (len(together) + 1) / 2
    reached = {"two-sided": np.abs, "less": np.negative, "greater": np.positive}[alternative]
    wanted = np.mean(reached(away) >= reached(ranks[: len(x)].sum() - len(x) * (len(together) + 1) / 2))
    assert mann_whitney(x, y, alternative=alternative).p_value == pytest.approx(wanted)


@given(st.permutations(range(24)), st.integers(1, 23), ALTERNATIVES, st.booleans())
def test_rank_sum_without_ties_is_that_of_scipy(order: list[int], n: int, alternative: Any, continuity: bool) -> None:
    x, y = order[:n], order[n:]
    for method, ours in (("exact", "auto"), ("asymptotic", "normal")):
        wanted = stats.mannwhitneyu(x, y, alternative=alternative, method=method, use_continuity=continuity)
        found = mann_whitney(x, y, alternative=alternative, method=ours, continuity=continuity)
        assert [found.statistic, found.p_value] == pytest.approx([wanted.statistic, wanted.pvalue], rel=1e-9)


@given(TIED, TIED)
def test_swapping_flips_and_monotone_scaling_changes_nothing(x: list[int], y: list[int]) -> None:
    assume(np.ptp(x + y) > 0)
    test, swapped = mann_whitney(x, y), mann_whitney(y, x)
    assert swapped.p_value == pytest.approx(test.p_value)
    assert swapped.statistic == len(x) * len(y) - test.statistic
    assert mann_whitney(np.exp(x), np.exp(y)) == test
    shift, back = hodges_lehmann(x, y), hodges_lehmann(y, x)
    assert [back.value, back.ci_low, back.ci_high] == [-shift.value, -shift.ci_high, -shift.ci_low]
    scaled = hodges_lehmann([4 * v + 1 for v in x], [4 * v + 1 for v in y])
    assert [scaled.value, scaled.ci_low, scaled.ci_high] == [4 * shift.value, 4 * shift.ci_low, 4 * shift.ci_high]


@given(st.permutations(range(15)), st.integers(4, 11))
def test_shifts_within_the_interval_are_those_that_the_test_keeps(order: list[int], n: int) -> None:
    # Irregular steps, so that no two differences are equal.
    values = np.sqrt(np.array(order) + 1.0) * 3
    x, y = values[:n], values[n:]
    shift = hodges_lehmann(x, y)
    for moved, kept in ((1e-9, True), (-1e-9, False)):
        assert (mann_whitney(x - shift.ci_low - moved, y).p_value > 0.05) == kept
        assert (mann_whitney(x - shift.ci_high + moved, y).p_value > 0.05) == kept


@given(st.lists(st.integers(0, 30), min_size=6, max_size=9), st.lists(st.integers(0, 30), min_size=6, max_size=9))
def test_normal_interval_is_where_the_normal_test_changes(x: list[int], y: list[int]) -> None:
    assume(len(set(x)) > 2 and len(set(y)) > 2)
    shift = hodges_lehmann(x, y, method="normal")
    for bound, towards in ((shift.ci_low, 1), (shift.ci_high, -1)):
        kept, lost = (
            mann_whitney(np.array(x) - bound - side * towards * 1e-6, y, method="normal").p_value > 0.05
            for side in (1, -1)
        )
        assert kept
        assert not lost or bound in (min(x) - max(y), max(x) - min(y))


def test_large_samples_are_normal() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(1, 1, 50), rng.normal(0, 1, 40)
    assert mann_whitney(x, y).method == "normal with continuity correction"
    shift = hodges_lehmann(x, y)
    assert shift.confidence == 0.95
    assert shift.ci_low < 1 < shift.ci_high


def test_counting_the_largest_exact_case_is_fast() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(0, 1, 49).round(1), rng.normal(0, 1, 49).round(1)
    start = time.perf_counter()
    exact = mann_whitney(x, y)
    assert time.perf_counter() - start < 2
    assert exact.p_value == pytest.approx(mann_whitney(x, y, method="normal", continuity=False).p_value, abs=0.005)


def test_too_few_animals_can_not_reach_the_level() -> None:
    # Of 20 splits of 3 and 3, one has all of x above all of y: the widest interval leaves 2 in 20 out.
    shift = hodges_lehmann([1.0, 2.5, 4.1], [0.3, 1.2, 2.2])
    assert shift.confidence == pytest.approx(0.9)
    assert [shift.ci_low, shift.ci_high] == pytest.approx([1.0 - 2.2, 4.1 - 0.3])


@given(st.lists(st.integers(1, 60), min_size=1, max_size=9, unique=True), st.data(), ALTERNATIVES)
def test_exact_signed_rank_counts_every_sign(sizes: list[int], data: Any, alternative: Any) -> None:
    signs = data.draw(st.lists(st.sampled_from([-1, 1]), min_size=len(sizes), max_size=len(sizes)))
    differences = np.array(sizes) * np.array(signs)
    ranks = stats.rankdata(sizes)
    sums = np.array([sum(itertools.compress(ranks, kept)) for kept in itertools.product((0, 1), repeat=len(sizes))])
    away, observed = sums - ranks.sum() / 2, ranks[differences > 0].sum() - ranks.sum() / 2
    reached = {"two-sided": np.abs, "less": np.negative, "greater": np.positive}[alternative]
    test = signed_rank(differences + 5.0, np.full(len(sizes), 5.0), alternative=alternative)
    assert test.p_value == pytest.approx(np.mean(reached(away) >= reached(observed)))
    assert test.method == "exact"


@given(st.lists(st.integers(-4, 4), min_size=6, max_size=12), ALTERNATIVES, st.booleans())
def test_signed_rank_with_ties_is_that_of_scipy(differences: list[int], alternative: Any, continuity: bool) -> None:
    kept = [abs(d) for d in differences if d]
    assume(kept and len(set(kept)) < len(kept))
    test = signed_rank(differences, [0] * len(differences), alternative=alternative, continuity=continuity)
    wanted = stats.wilcoxon(differences, alternative=alternative, correction=continuity, method="asymptotic")
    assert test.p_value == pytest.approx(min(1, wanted.pvalue))
    assert test.n == len(kept)


def test_what_cant_be_ranked_is_an_error() -> None:
    for test in (mann_whitney, hodges_lehmann):
        with pytest.raises(StatsError, match="expected values that differ, found all equal"):
            test([2, 2], [2, 2, 2])
        with pytest.raises(StatsError, match="second group: expected 1 values at least"):
            test([1, 2], [])
        with pytest.raises(StatsError, match="found 1 of 2 missing or infinite"):
            test([1, math.inf], [2, 3])
    with pytest.raises(StatsError, match="expected pairs that differ, found 3"):
        signed_rank([1, 2, 3], [1, 2, 3])
    with pytest.raises(StatsError, match="expected pairs"):
        signed_rank([1, 2, 3], [1, 2])
