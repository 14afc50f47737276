"""Comparisons of groups against R, against scipy's own tests where these are right, and with what they can't use."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from csds.errors import StatsError
from csds.stats.adjust import AdjustedContrast
from csds.stats.design import Factor, factor
from csds.stats.one_way import (
    dunn_pairs,
    dunnett,
    kruskal_wallis,
    one_way_anova,
    pooled_pairs,
    welch_anova,
    welch_pairs,
)

GROUPS = ["control_vehicle", "control_drug", "defeat_vehicle", "defeat_drug"]
Pairs = Callable[..., tuple[AdjustedContrast, ...]]


@pytest.fixture(scope="module")
def expected(real_data: Path) -> dict[str, Any]:
    """What R prints."""
    return json.loads((real_data / "reference_stats" / "expected_r.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def data(real_data: Path) -> tuple[np.ndarray, Factor]:
    table = pd.read_csv(real_data / "reference_stats" / "two_by_two.csv")
    return table["si_ratio"].to_numpy(), factor("group", table["group"].tolist(), levels=GROUPS)


def test_one_way_anova_is_that_of_r(data: Any, expected: dict[str, Any]) -> None:
    test = one_way_anova(*data)
    found = {"F": test.f, "df1": test.df1, "df2": test.df2, "p": test.p_value}
    assert found == pytest.approx(expected["oneway"], rel=1e-9)
    assert (test.eta2, test.omega2) == pytest.approx((expected["oneway_eta2"], expected["oneway_omega2"]), rel=1e-9)


def test_welchs_anova_is_that_of_r(data: Any, expected: dict[str, Any]) -> None:
    test = welch_anova(*data)
    found = {"F": test.f, "df1": test.df1, "df2": test.df2, "p": test.p_value}
    assert found == pytest.approx(expected["welch_anova"], rel=1e-9)


def test_kruskal_wallis_is_that_of_r(data: Any, expected: dict[str, Any], real_data: Path) -> None:
    test = kruskal_wallis(*data)
    assert {"H": test.h, "df": test.df, "p": test.p_value} == pytest.approx(expected["kruskal"], rel=1e-9)
    ties = pd.read_csv(real_data / "reference_stats" / "ties.csv")
    test = kruskal_wallis(ties["si_round1"], factor("group", ties["group"].tolist()))
    assert {"H": test.h, "p": test.p_value} == pytest.approx(expected["kruskal_ties"], rel=1e-9)


def test_games_howell_is_that_of_r(data: Any, expected: dict[str, Any]) -> None:
    pairs = welch_pairs(*data)
    for pair, row in zip(pairs, expected["games_howell_full_precision_base_ptukey"], strict=True):
        assert pair.contrast.name == f"{row['A']} - {row['B']}"
        found = (pair.contrast.estimate, abs(pair.contrast.t), pair.contrast.df, pair.p_adjusted)
        assert found == pytest.approx((row["diff"], row["t"], row["df"], row["p"]), rel=1e-7)
    for pair, row in zip(pairs, expected["games_howell"], strict=True):
        # rstatix takes the later less the earlier group.
        assert (-pair.ci_high, -pair.ci_low) == pytest.approx((row["conf.low"], row["conf.high"]), rel=1e-6)
        assert pair.p_adjusted == pytest.approx(row["p.adj"], abs=5.1e-4)


@pytest.mark.parametrize("adjustment", ["none", "holm", "bonferroni"])
def test_pairwise_welch_tests_are_those_of_r(adjustment: Any, data: Any, expected: dict[str, Any]) -> None:
    rows = {f"{row['Var2']} - {row['Var1']}": row["Freq"] for row in expected[f"pairwise_welch_{adjustment}"]}
    found = {pair.contrast.name: pair.p_adjusted for pair in welch_pairs(*data, adjustment=adjustment)}
    assert len(found) == 6
    assert found == pytest.approx({name: rows[name] for name in found}, rel=1e-9)


@pytest.mark.parametrize("adjustment", ["none", "holm", "bonferroni"])
def test_dunns_test_is_that_of_rstatix(adjustment: Any, data: Any, expected: dict[str, Any]) -> None:
    for pair, row in zip(dunn_pairs(*data, adjustment=adjustment), expected[f"dunn_{adjustment}"], strict=True):
        assert pair.contrast.name == f"{row['group1']} - {row['group2']}"
        found = (-pair.contrast.t, pair.contrast.p_value, pair.p_adjusted)
        assert found == pytest.approx((row["statistic"], row["p"], row["p.adj"]), rel=1e-9)


def test_dunnetts_test_is_that_of_r_but_for_its_monte_carlo(data: Any, expected: dict[str, Any]) -> None:
    for found, row in zip(dunnett(*data), expected["dunnett_vs_control_vehicle"], strict=True):
        assert found.contrast.name == row["contrast"]
        exact = (found.contrast.estimate, found.contrast.se, found.contrast.t)
        assert exact == pytest.approx((row["est"], row["se"], row["t"]), rel=1e-9)
        assert found.p_adjusted == pytest.approx(row["p"], abs=1e-4)  # mvtnorm's error is up to 0.001


def test_dunnetts_test_is_that_of_scipy_but_for_its_monte_carlo() -> None:
    rng = np.random.default_rng(1)
    sizes = {"isotype": 12, "low": 5, "middle": 8, "high": 6}
    samples = {name: rng.normal(i / 2, 1, size) for i, (name, size) in enumerate(sizes.items())}
    labels = [name for name, size in sizes.items() for _ in range(size)]
    doses = factor("dose", labels, levels=["low", "middle", "high", "isotype"])
    found = dunnett(np.concatenate(list(samples.values())), doses, reference="isotype", confidence=0.9)
    scipy = stats.dunnett(samples["low"], samples["middle"], samples["high"], control=samples["isotype"], rng=rng)
    interval = scipy.confidence_interval(0.9)
    assert [each.contrast.t for each in found] == pytest.approx(scipy.statistic)
    assert [each.p_adjusted for each in found] == pytest.approx(scipy.pvalue, abs=3e-4)
    assert [each.ci_low for each in found] == pytest.approx(interval.low, abs=0.02)
    assert [each.ci_high for each in found] == pytest.approx(interval.high, abs=0.02)


numbers = st.integers(-400, 400).map(lambda number: number / 16)


@st.composite
def three_groups(draw: st.DrawFn) -> tuple[np.ndarray, Factor]:
    """Outcomes of three groups of three to six, some of them equal."""
    samples = [draw(st.lists(numbers, min_size=3, max_size=6).filter(lambda x: len(set(x)) > 1)) for _ in range(3)]
    labels = [name for name, sample in zip("abc", samples, strict=True) for _ in sample]
    return np.array([value for sample in samples for value in sample]), factor("group", labels)


def split(values: np.ndarray, group: Factor) -> list[np.ndarray]:
    return [values[group.codes == code] for code in range(len(group.levels))]


@given(three_groups())
def test_overall_tests_are_those_of_scipy(data: tuple[np.ndarray, Factor]) -> None:
    samples, test, ranks = split(*data), one_way_anova(*data), kruskal_wallis(*data)
    assert test.f == pytest.approx(stats.f_oneway(*samples).statistic, rel=1e-6, abs=1e-9)
    assert test.p_value == pytest.approx(stats.f.sf(test.f, test.df1, test.df2))
    assert (ranks.h, ranks.p_value) == pytest.approx(tuple(stats.kruskal(*samples)), rel=1e-9, abs=1e-9)
    assert 0 <= test.omega2 <= test.eta2 <= 1


@pytest.mark.skipif(
    "equal_var" not in inspect.signature(stats.tukey_hsd).parameters, reason="this scipy has pooled variances only"
)
@settings(max_examples=20)  # scipy takes its time
@given(three_groups())
def test_pairs_are_those_of_scipy(data: tuple[np.ndarray, Factor]) -> None:
    for equal, pairs in [(True, pooled_pairs(*data)), (False, welch_pairs(*data))]:
        scipy = stats.tukey_hsd(*split(*data), equal_var=equal)
        found = [pair.p_adjusted for pair in pairs]
        assert found == pytest.approx(scipy.pvalue[np.triu_indices(3, 1)], rel=1e-6, abs=1e-9)


@given(three_groups(), st.sampled_from([pooled_pairs, welch_pairs, dunn_pairs]))
def test_turning_the_order_of_groups_flips_the_signs(data: tuple[np.ndarray, Factor], pairs: Pairs) -> None:
    values, group = data
    turned = factor("group", list(group.labels), levels=["c", "b", "a"])
    first = {pair.contrast.name: pair for pair in pairs(values, group, adjustment="none")}
    for pair in pairs(values, turned, adjustment="none"):
        twin = first[" - ".join(reversed(pair.contrast.name.split(" - ")))]
        assert (pair.ci_low, pair.ci_high) == pytest.approx((-twin.ci_high, -twin.ci_low), abs=1e-7)
        assert pair.contrast.p_value == pytest.approx(twin.contrast.p_value, rel=1e-6)


@settings(max_examples=30)
@given(three_groups(), st.randoms(use_true_random=False))
def test_the_order_of_animals_changes_nothing(data: tuple[np.ndarray, Factor], random: Any) -> None:
    values, group = data
    order = np.array(random.sample(range(len(values)), len(values)))
    shuffled = values[order], group.take(order)
    assert one_way_anova(*shuffled).f == pytest.approx(one_way_anova(*data).f, abs=1e-9)
    assert welch_anova(*shuffled).f == pytest.approx(welch_anova(*data).f, abs=1e-9)
    assert kruskal_wallis(*shuffled).h == pytest.approx(kruskal_wallis(*data).h, abs=1e-9)
    for pairs in (dunnett, dunn_pairs):
        found = [each.p_adjusted for each in pairs(*shuffled)]
        assert found == pytest.approx([each.p_adjusted for each in pairs(*data)], abs=1e-9)


@settings(max_examples=30)
@given(three_groups(), st.floats(0.1, 100), st.floats(-50, 50))
def test_units_change_no_p_value(data: tuple[np.ndarray, Factor], scale: float, shift: float) -> None:
    values, group = data
    for test in (one_way_anova, welch_anova):
        assert test(values * scale + shift, group).p_value == pytest.approx(test(values, group).p_value, rel=1e-5)
    for pairs in (pooled_pairs, welch_pairs, dunnett):
        found = [each.p_adjusted for each in pairs(values * scale + shift, group)]
        assert found == pytest.approx([each.p_adjusted for each in pairs(values, group)], rel=1e-5)
    # Ranks stay the same where the order of all values does, ties included.
    assert kruskal_wallis(values * 2, group) == kruskal_wallis(values, group)


def test_two_groups_are_one_test() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=6), rng.normal(1, 3, size=9)
    data = np.concatenate([x, y]), factor("group", ["x"] * 6 + ["y"] * 9)
    student, welch = stats.ttest_ind(x, y), stats.ttest_ind(x, y, equal_var=False)
    assert (welch_anova(*data).f, welch_anova(*data).p_value) == pytest.approx((welch.statistic**2, welch.pvalue))
    for pairs, test in [(pooled_pairs, student), (welch_pairs, welch)]:
        (pair,) = pairs(*data)
        interval = test.confidence_interval()
        found = (pair.contrast.t, pair.p_adjusted, pair.ci_low, pair.ci_high)
        assert found == pytest.approx((test.statistic, test.pvalue, interval.low, interval.high))
    (against,) = dunnett(*data)
    assert (against.contrast.name, against.p_adjusted) == ("y - x", pytest.approx(student.pvalue))
    (ranks,) = dunn_pairs(*data)
    assert ranks.contrast.t**2 == pytest.approx(kruskal_wallis(*data).h)
    assert (ranks.contrast.df, ranks.p_adjusted) == (math.inf, pytest.approx(kruskal_wallis(*data).p_value))


def test_equal_means_leave_no_effect() -> None:
    test = one_way_anova([1, 3, 1, 3, 1, 3], factor("group", list("aabbcc")))
    assert (test.f, test.eta2, test.omega2) == pytest.approx((0, 0, 0), abs=1e-12)


TESTS = [one_way_anova, welch_anova, kruskal_wallis, pooled_pairs, welch_pairs, dunnett, dunn_pairs]


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, 2, 3, 4, 5, np.nan], "outcome.*missing or infinite"),
        ([1, 2, 3, 4, 5, np.inf], "outcome.*missing or infinite"),
        ([1, 2, 3, 4, 5, "a"], "holds text"),
        ([1, 2, 3, 4, 5], "5 outcomes for 6"),
        ([2, 2, 2, 2, 2, 2], "should vary|should differ|vary in each group"),
    ],
)
def test_outcomes_that_cannot_be_compared(test: Any, values: list[Any], message: str) -> None:
    with pytest.raises(StatsError, match=message):
        test(values, factor("group", list("aaabbb")))


@pytest.mark.parametrize("test", TESTS)
def test_a_group_without_animals_is_named(test: Any) -> None:
    with pytest.raises(StatsError, match="isotype"):
        test([1, 2, 3, 4, 5, 7], factor("group", list("aaabbb"), levels=["isotype", "a", "b"]))


@pytest.mark.parametrize("test", [welch_anova, welch_pairs])
def test_one_animal_has_no_variance_of_its_own(test: Any) -> None:
    with pytest.raises(StatsError, match=r"2 animals at least; found fewer in b \(1\)"):
        test([1, 2, 3, 4], factor("group", list("aaab")))


def test_one_animal_can_be_compared_with_the_pooled_error_or_by_ranks() -> None:
    data = [1, 2, 4, 9], factor("group", list("aaab"))
    assert one_way_anova(*data).df2 == 2
    assert kruskal_wallis(*data).df == 1
    assert len(pooled_pairs(*data)) == len(dunnett(*data)) == len(dunn_pairs(*data)) == 1


def test_groups_that_do_not_vary_are_named() -> None:
    values, group = [1, 1, 1, 2, 2, 2, 3, 4, 5], factor("group", list("aaabbbccc"))
    with pytest.raises(StatsError, match="they don't in a, b"):
        welch_anova(values, group)
    with pytest.raises(StatsError, match="they don't in a and b"):
        welch_pairs(values, group)


def test_an_unknown_reference_is_named() -> None:
    with pytest.raises(StatsError, match="no cell group = z"):
        dunnett([1, 2, 4, 9, 8, 7], factor("group", list("aaabbb")), reference="z")
    with pytest.raises(StatsError, match="confidence"):
        dunnett([1, 2, 4, 9, 8, 7], factor("group", list("aaabbb")), confidence=95)


@pytest.mark.parametrize("pairs", [pooled_pairs, welch_pairs, dunn_pairs])
def test_an_unknown_adjustment_or_confidence_is_named(pairs: Pairs) -> None:
    data = [1, 2, 4, 9, 8, 7], factor("group", list("aaabbb"))
    with pytest.raises(StatsError, match="found scheffe"):
        pairs(*data, adjustment="scheffe")
    with pytest.raises(StatsError, match="confidence"):
        pairs(*data, confidence=1.0)


def test_forty_groups_with_odd_names_are_compared_all_the_same() -> None:
    rng = np.random.default_rng(3)
    names = [f"anti-IL-4Rα: dose {i} * 2 ~ µg" for i in range(40)]
    data = rng.normal(size=120), factor("treatment", names * 3, levels=names)
    assert len(pooled_pairs(*data)) == len(dunn_pairs(*data)) == 780
    assert all(0 <= each.p_adjusted <= 1 for each in dunnett(*data))
