"""The mixed ANOVA against R's afex, against t tests that it must equal, and with what it can't use."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from csds.errors import StatsError
from csds.stats.design import CellContrast, Factor, factor, pairwise
from csds.stats.mixed_anova import MixedTerm, RepeatedMeasures, mixed_anova, mixed_contrast, repeated_measures

GROUPS = ["control_vehicle", "control_drug", "defeat_vehicle", "defeat_drug"]
LEVELS = {"group": GROUPS, "treatment": None, "target": ["absent", "present"], "time": ["pre", "mid", "post"]}
CASES = {
    "mixed_target_by_group4": ("mixed_target_long.csv", "time_s", ["group"], "target"),
    "mixed_target_by_stress2": ("mixed_target_long.csv", "time_s", ["stress"], "target"),
    "mixed_target_by_stress_x_treatment": ("mixed_target_long.csv", "time_s", ["stress", "treatment"], "target"),
    "prepost_mixed": ("prepost_long.csv", "si", ["treatment"], "time"),
    "prepost3_mixed": ("prepost3_long.csv", "si", ["treatment"], "time"),
    "prepost_missing_listwise": ("prepost_missing_long.csv", "si", ["treatment"], "time"),
}


@pytest.fixture(scope="module")
def expected(real_data: Path) -> dict[str, Any]:
    """What R prints."""
    return json.loads((real_data / "reference_stats" / "expected_r.json").read_text(encoding="utf-8"))


@pytest.fixture
def read(real_data: Path) -> Any:
    def table(case: str) -> RepeatedMeasures:
        file, value, between, within = CASES[case]
        data = pd.read_csv(real_data / "reference_stats" / file)
        order = [level for level in LEVELS[within] or [] if level in set(data[within])]
        return repeated_measures(
            data[value],
            data["animal_id"].tolist(),
            factor(within, data[within].tolist(), levels=order),
            [factor(name, data[name].tolist(), levels=LEVELS.get(name)) for name in between],
        )

    return table


def afex_row(term: MixedTerm) -> list[float]:
    """A row in afex's order of columns: degrees of freedom and p corrected by Greenhouse and Geisser's epsilon."""
    gg = term.greenhouse_geisser
    df1, df2, p_value = (gg.df1, gg.df2, gg.p_value) if gg else (term.df1, term.df2, term.p_value)
    return [df1, df2, term.error_ss / df2, term.f, term.partial_eta2, term.generalised_eta2, p_value]


def assert_agrees(found: dict[str, float], row: dict[str, Any]) -> None:
    assert found == pytest.approx({key: row[key] for key in found}, rel=1e-9)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("ss_type", [2, 3])
def test_tables_are_those_of_afex(case: str, ss_type: Any, expected: dict[str, Any], read: Any) -> None:
    result = mixed_anova(read(case), ss_type=ss_type)
    assert [term.name for term in result.terms] == [row["term"] for row in expected[f"{case}_type{ss_type}"]]
    for term, row in zip(result.terms, expected[f"{case}_type{ss_type}"], strict=True):
        assert afex_row(term) == pytest.approx(list(row.values())[:-1], rel=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_sums_of_squares_are_those_of_car(case: str, expected: dict[str, Any], read: Any) -> None:
    result = mixed_anova(read(case))
    for term, row in zip((result.intercept, *result.terms), expected[f"{case}_SS_type3"], strict=True):
        assert term.name == row["term"]
        found = {"Sum Sq": term.ss, "num Df": term.df1, "Error SS": term.error_ss, "den Df": term.df2}
        assert_agrees({**found, "F value": term.f, "Pr(>F)": term.p_value}, row)


def test_sphericity_is_that_of_car(expected: dict[str, Any], read: Any) -> None:
    result = mixed_anova(read("prepost3_mixed"))
    for row in expected["prepost3_mixed_mauchly"]:
        assert_agrees({"Test statistic": result.sphericity.w, "p-value": result.sphericity.p_value}, row)
    assert result.terms[0].greenhouse_geisser is None
    for term, row in zip(result.terms[1:], expected["prepost3_mixed_eps"], strict=True):
        gg, hf = term.greenhouse_geisser, term.huynh_feldt
        found = {"GG eps": gg.epsilon, "Pr(>F[GG])": gg.p_value, "HF eps": hf.epsilon, "Pr(>F[HF])": hf.p_value}
        assert_agrees(found, row)


@pytest.mark.parametrize(
    ("key", "of", "by"),
    [
        ("mixed_emm_target_within_group_none", "target", "group"),
        ("mixed_emm_group_within_target_none_multivariate", "group", "target"),
    ],
)
def test_simple_comparisons_are_those_of_emmeans(
    key: str, of: str, by: str, expected: dict[str, Any], read: Any
) -> None:
    table = read("mixed_target_by_group4")
    for contrast, row in zip(pairwise(table.factors, of, [by]), expected[key], strict=True):
        found = mixed_contrast(table, contrast)
        assert (found.name, found.at) == (row["contrast"], row[by])
        numbers = {"estimate": found.estimate, "SE": found.se, "df": found.df}
        assert_agrees({**numbers, "t.ratio": found.t, "p.value": found.p_value}, row)


def test_animals_with_a_missing_cell_are_named(read: Any) -> None:
    result = mixed_anova(read("prepost_missing_listwise"))
    assert (result.left_out, result.n) == (("drugA_03",), 25)


def long(wide: np.ndarray, groups: list[str] | None = None) -> RepeatedMeasures:
    """Animals' rows of responses, one below another."""
    n, k = wide.shape
    animals = np.repeat([f"m{i:02}" for i in range(n)], k).tolist()
    within = factor("time", [f"t{j}" for j in range(k)] * n)
    between = [factor("group", np.repeat(groups, k).tolist())] if groups else []
    return repeated_measures(wide.ravel(), animals, within, between)


WIDE = np.random.default_rng(3).normal(10, 2, size=(11, 2)) + np.arange(2)
TWO = ["a"] * 4 + ["b"] * 7


def test_two_levels_and_two_groups_are_t_tests() -> None:
    between, within, interaction = mixed_anova(long(WIDE, TWO)).terms
    means, changes = WIDE.mean(axis=1), WIDE[:, 1] - WIDE[:, 0]
    for term, values in ((between, means), (interaction, changes)):
        t = stats.ttest_ind(values[:4], values[4:])
        assert (term.f, term.p_value, term.df2) == pytest.approx((t.statistic**2, t.pvalue, 9))
    # Unweighted mean of the groups' changes, on their pooled variance.
    pooled = (3 * changes[:4].var(ddof=1) + 6 * changes[4:].var(ddof=1)) / 9
    t = (changes[:4].mean() + changes[4:].mean()) / 2 / np.sqrt(pooled * (1 / 4 + 1 / 7) / 4)
    assert within.f == pytest.approx(t**2)


def test_without_groups_it_is_the_paired_t_test() -> None:
    result = mixed_anova(long(WIDE))
    t = stats.ttest_rel(WIDE[:, 0], WIDE[:, 1])
    assert [(term.name, term.f) for term in result.terms] == [("time", pytest.approx(t.statistic**2))]
    assert result.sphericity is None
    contrast = mixed_contrast(long(WIDE), pairwise(long(WIDE).factors, "time")[0])
    assert (contrast.t, contrast.p_value) == pytest.approx((t.statistic, t.pvalue))
    interval = t.confidence_interval()
    assert (contrast.ci_low, contrast.ci_high) == pytest.approx((interval.low, interval.high))


def test_perfect_sphericity_has_epsilon_one_and_its_p_is_not_made_smaller() -> None:
    # Deviations in orthogonal columns of equal length: a Hadamard matrix.
    deviations = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    result = mixed_anova(long(deviations + np.array([0.0, 1.0, 3.0])))
    assert result.sphericity.w == pytest.approx(1)
    assert result.sphericity.p_value == pytest.approx(1)
    assert result.sphericity.greenhouse_geisser == pytest.approx(1)
    (time,) = result.terms
    assert time.huynh_feldt.epsilon == pytest.approx((4 * 2 - 2) / (2 * (3 - 2)))
    assert time.huynh_feldt.p_value == pytest.approx(time.p_value)


def test_changes_in_one_direction_have_the_lowest_epsilon() -> None:
    slopes = np.random.default_rng(5).normal(size=(9, 1))
    wide = slopes * [0.0, 1.0, 2.0, 3.0] + np.random.default_rng(6).normal(size=(9, 1)) + [0.0, 1.0, 0.5, 2.0]
    result = mixed_anova(long(wide))
    assert result.sphericity.greenhouse_geisser == pytest.approx(1 / 3)
    assert (result.sphericity.w, result.sphericity.p_value) == pytest.approx((0, 0), abs=1e-12)


def test_with_few_animals_mauchlys_test_is_left_out() -> None:
    result = mixed_anova(long(np.random.default_rng(8).normal(size=(2, 4))))
    assert (result.sphericity.w, result.sphericity.p_value) == (None, None)
    assert result.sphericity.huynh_feldt == result.sphericity.greenhouse_geisser
    assert 0 < result.terms[0].greenhouse_geisser.p_value < 1


def test_balanced_types_agree_and_sums_of_squares_add_up() -> None:
    wide = np.random.default_rng(2).normal(size=(12, 3))
    table = long(wide, ["a", "b", "c"] * 4)
    two, three = mixed_anova(table, ss_type=2), mixed_anova(table)
    assert [term.ss for term in two.terms] == pytest.approx([term.ss for term in three.terms])
    errors = three.terms[0].error_ss + three.terms[1].error_ss
    assert sum(term.ss for term in three.terms) + errors == pytest.approx(np.sum((wide - wide.mean()) ** 2))


@given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([1e-6, 3.0, 1e6]), offset=st.sampled_from([0.0, -50.0]))
def test_order_scale_and_offset_change_nothing(seed: int, scale: float, offset: float) -> None:
    rng = np.random.default_rng(seed)
    wide = rng.normal(size=(9, 3))
    groups = ["a"] * 3 + ["b"] * 4 + ["c"] * 2
    first = mixed_anova(long(wide, groups))
    order = rng.permutation(9)
    second = mixed_anova(long((wide[order] + offset) * scale, [groups[i] for i in order]))
    for one, other in zip(first.terms, second.terms, strict=True):
        assert (one.f, one.p_value) == pytest.approx((other.f, other.p_value), rel=1e-6)
        assert one.generalised_eta2 == pytest.approx(other.generalised_eta2, rel=1e-6)


def test_swapping_groups_flips_contrasts() -> None:
    one, other = long(WIDE, TWO), long(WIDE, ["b"] * 4 + ["a"] * 7)
    for contrast in pairwise(one.factors, "group", ["time"]):
        first, second = mixed_contrast(one, contrast), mixed_contrast(other, contrast)
        assert (first.estimate, first.ci_low, first.p_value) == pytest.approx(
            (-second.estimate, -second.ci_high, second.p_value)
        )


def test_the_contrast_of_contrasts_is_the_interaction() -> None:
    table = long(WIDE, TWO)
    signs = {("a", "t0"): 1.0, ("a", "t1"): -1.0, ("b", "t0"): -1.0, ("b", "t1"): 1.0}
    weights = tuple((sign, {"group": group, "time": time}) for (group, time), sign in signs.items())
    result = mixed_contrast(table, CellContrast(name="interaction", weights=weights))
    assert result.t**2 == pytest.approx(mixed_anova(table).terms[-1].f)


def test_arguments_are_not_changed() -> None:
    values = WIDE.ravel().copy()
    values.setflags(write=False)
    within = factor("time", ["t0", "t1"] * 11)
    repeated_measures(values, [str(i // 2) for i in range(22)], within)
    assert within.codes.tolist() == [0, 1] * 11


PAIRS = factor("time", ["t0", "t1"] * 4)
NUMBERS = [1.0, 2.0, 4.0, 3.0, 5.0, 9.0, 7.0, 2.0]
ANIMALS = ["a", "a", "b", "b", "c", "c", "d", "d"]
STRESS = factor("stress", ["no"] * 4 + ["yes"] * 4)


def arrange(values: Any = NUMBERS, animals: Any = ANIMALS, within: Factor = PAIRS, between: Any = ()) -> Any:
    return repeated_measures(values, animals, within, between)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"animals": ["a", "a", "a", "b", "c", "c", "d", "d"]}, "there are more for a"),
        ({"values": [np.inf, *NUMBERS[1:]]}, "infinite ones in rows 1 "),
        ({"values": [1, 2]}, "same number of rows"),
        ({"between": [factor("stress", ["no", "yes"] * 4)]}, "one group of “stress”; a, b, c, d are in several"),
        ({"between": [replace(STRESS, name="time")]}, "can't be a factor within animals and between"),
        ({"values": [np.nan, 2, 4, np.nan] * 2}, "No animal has a value at every level"),
        ({"values": [np.nan, 2, np.nan, *NUMBERS[3:]], "between": [STRESS]}, "there is none in no"),
        (
            {"values": [np.nan, 2, 4, 3, np.nan, *NUMBERS[5:]], "between": [STRESS]},
            "2 animals are complete, and there are 2 groups",
        ),
    ],
)
def test_tables_that_cannot_be_used(change: dict[str, Any], message: str) -> None:
    with pytest.raises(StatsError, match=message):
        arrange(**change)


@pytest.mark.parametrize(
    ("values", "what"), [([1, 2, 2, 3, 5, 6, 3, 4], "changes"), ([5, 5, 4, 6, 3, 7, 2, 8], "means")]
)
def test_animals_that_do_not_differ(values: list[float], what: str) -> None:
    with pytest.raises(StatsError, match=f"their {what} over “time” don't"):
        mixed_anova(arrange(values))


def test_contrasts_that_cannot_be_estimated() -> None:
    table = arrange([1, 2, 2, 3, 5, 6, 3, 4])
    with pytest.raises(StatsError, match="contrasted in t0 - t1; they don't"):
        mixed_contrast(table, pairwise(table.factors, "time")[0])
    with pytest.raises(StatsError, match="no cell time = t9"):
        mixed_contrast(table, CellContrast(name="t9", weights=((1.0, {"time": "t9"}),)))
