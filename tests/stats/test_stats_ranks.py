"""Two-way and repeated tests on ranks agree with R, scipy and with what relabelling must do to them."""

from __future__ import annotations

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
from csds.stats.ranks import aligned_ranks, friedman, scheirer_ray_hare

NAMES = ("stress", "treatment")


@pytest.fixture(scope="module")
def expected(real_data: Path) -> dict[str, Any]:
    """What R prints."""
    return json.loads((real_data / "reference_stats" / "expected_r.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def animals(real_data: Path) -> tuple[np.ndarray, list[str], list[str]]:
    data = pd.read_csv(real_data / "reference_stats" / "two_by_two.csv")
    return data["si_ratio"].to_numpy(), data["stress"].tolist(), data["treatment"].tolist()


def test_aligned_ranks_are_those_of_r(expected: Any, animals: Any) -> None:
    for found in aligned_ranks(*animals, names=NAMES):
        wanted = expected[f"art_own_unweighted_{found.term}"]
        assert [found.f, found.df1, found.df2, found.p_value] == pytest.approx(
            [wanted["F"], wanted["df1"], wanted["df2"], wanted["p"]], rel=1e-6
        )


def test_scheirer_ray_hare_is_that_of_r(expected: Any, animals: Any) -> None:
    for found, wanted in zip(scheirer_ray_hare(*animals, names=NAMES), expected["scheirer_ray_hare_own"], strict=True):
        assert found.term == wanted["term"]
        assert [found.statistic, found.df, found.p_value] == pytest.approx(
            [wanted["H"], wanted["df"], wanted["p"]], rel=1e-6
        )


def test_friedman_is_that_of_r(expected: Any, real_data: Path) -> None:
    data = pd.read_csv(real_data / "reference_stats" / "prepost3_long.csv")
    found = friedman(data.pivot_table(index="animal_id", columns="time", values="si").to_numpy())
    wanted = expected["friedman_time"]
    assert [found.statistic, found.p_value] == pytest.approx([wanted["Q"], wanted["p"]], rel=1e-6)
    assert found.df == 2


@given(st.lists(st.lists(st.integers(0, 4), min_size=4, max_size=4), min_size=2, max_size=6))
def test_friedman_with_ties_is_that_of_scipy(table: list[list[int]]) -> None:
    assume(any(len(set(row)) > 1 for row in table))
    wanted = stats.friedmanchisquare(*np.array(table).T)
    found = friedman(np.array(table, dtype=float))
    assert [found.statistic, found.p_value] == pytest.approx([wanted.statistic, wanted.pvalue], abs=1e-9)


def factorial(each: tuple[int, ...], seed: int = 3, levels: int = 3) -> tuple[np.ndarray, list[str], list[str]]:
    """Two levels against several, with so many animals in each combination."""
    cells = [(a, b) for a in ("control", "defeated") for b in [f"dose {i}" for i in range(levels)]]
    labels = [cell for cell, n in zip(cells, each, strict=True) for _ in range(n)]
    values = np.random.default_rng(seed).normal(0, 1, len(labels))
    return values, [a for a, _ in labels], [b for _, b in labels]


def test_scheirer_ray_hare_of_a_balanced_design_splits_kruskals_h() -> None:
    values, first, second = factorial((4,) * 6)
    terms = scheirer_ray_hare(values, first, second)
    cells = [a + b for a, b in zip(first, second, strict=True)]
    together = stats.kruskal(*(values[np.array(cells) == cell] for cell in dict.fromkeys(cells)))
    assert sum(term.statistic for term in terms) == pytest.approx(together.statistic)
    assert [term.df for term in terms] == [1, 2, 2]


@pytest.mark.parametrize("test", [aligned_ranks, scheirer_ray_hare])
def test_order_names_and_scale_change_nothing(test: Any) -> None:
    values, first, second = factorial((3, 4, 5, 6, 3, 2))
    order = np.random.default_rng(1).permutation(len(values))
    wanted = [term.p_value for term in test(values, first, second)]
    shuffled = test(values[order], [first[i] for i in order], [second[i] for i in order])
    renamed = test(values * 1000, [{"control": "z", "defeated": "Ω + 1"}[a] for a in first], second)
    swapped = test(values, second, first)
    assert [term.p_value for term in shuffled] == pytest.approx(wanted)
    assert [term.p_value for term in renamed] == pytest.approx(wanted)
    assert [swapped[i].p_value for i in (1, 0, 2)] == pytest.approx(wanted)


def test_aligned_ranks_see_an_interaction_and_no_main_effects() -> None:
    values, first, second = factorial((8, 8, 8, 8), levels=2)
    crossed = [(a == "control") == (b == "dose 0") for a, b in zip(first, second, strict=True)]
    # Main effects of no size at all: residuals alone would be left, were it not for the cells' sample means.
    main_first, main_second, interaction = aligned_ranks(values + 9 * np.array(crossed), first, second)
    assert interaction.term == "first:second"
    assert interaction.p_value < 1e-6
    assert min(main_first.p_value, main_second.p_value) > 0.01


def test_a_null_main_effect_is_one_on_residual_ranks() -> None:
    # Equal means of both levels of the first factor: its aligned values are the residuals, here symmetric.
    values = [1, 3, 1, 3, 11, 13, 11, 13]
    first, second = ["a", "a", "b", "b"] * 2, ["x"] * 4 + ["y"] * 4
    found = aligned_ranks(values, first, second)
    assert found[0].f == pytest.approx(0, abs=1e-12)
    assert found[0].p_value == pytest.approx(1)


@pytest.mark.parametrize("test", [aligned_ranks, scheirer_ray_hare])
def test_what_is_no_two_way_design_is_an_error(test: Any) -> None:
    ab, xy = ["a", "a", "b", "b", "b"], ["x", "y", "x", "y", "y"]
    with pytest.raises(StatsError, match="found 4 and 5"):
        test([1, 2, 3, 4, 5], ab[:4], xy)
    with pytest.raises(StatsError, match="stress: expected two levels at least, found a alone"):
        test([1, 2, 3, 4, 5], ["a"] * 5, xy, names=NAMES)
    with pytest.raises(StatsError, match=r"found none in b \+ x"):
        test([1, 2, 3, 4, 5], ab, ["x", "y", "y", "y", "y"])
    with pytest.raises(StatsError, match="found one animal in each"):
        test([1, 2, 3, 4], ab[:4], xy[:4])
    with pytest.raises(StatsError, match="found all equal"):
        test([1, 1, 1, 1, 1], ab, xy)
    with pytest.raises(StatsError, match="found 1 of 5 missing or infinite"):
        test([1, 2, 3, 4, math.nan], ab, xy)


def test_what_is_no_repeated_table_is_an_error() -> None:
    with pytest.raises(StatsError, match=r"found \(3,\)"):
        friedman(np.array([1.0, 2, 3]))
    with pytest.raises(StatsError, match="found 1 of 4 missing"):
        friedman(np.array([[1.0, 2], [3, math.nan]]))
    with pytest.raises(StatsError, match="expected animals that change"):
        friedman(np.array([[1.0, 1], [3, 3]]))
