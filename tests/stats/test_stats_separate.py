"""Contrasts with separate variances: Welch's test of two groups, R's of more, and what can't be computed."""

from __future__ import annotations

import numpy as np
import pytest

from csds.errors import StatsError
from csds.stats.between import planned_contrasts
from csds.stats.design import CellContrast, Factor, factor
from csds.stats.separate import separate_contrast
from csds.stats.two_groups import t_test

# set.seed(3) in R, four unequal groups.
VALUES = [0.81, 0.94, 1.05, 0.77, 1.04, 1.01, 1.02, 1.22, 0.76, 2.14, 0.33, -0.02, 0.36, 1.23, 1.14, 0.72, 0.14, 0.42]
VALUES += [2.10, 1.18]
STRESS = factor("stress", ["control"] * 9 + ["defeated"] * 11, levels=("control", "defeated"))
TREATMENT = factor("treatment", ["i"] * 4 + ["t"] * 5 + ["i"] * 6 + ["t"] * 5, levels=("i", "t"))
FACTORS = (STRESS, TREATMENT)


def test_interaction_is_that_of_r() -> None:
    # The standard error is sandwich's: sqrt(w' vcovHC(lm(v ~ 0 + cell), "HC2") w). Degrees of freedom by the formula in
    # R; emmeans(gls(v ~ cell, weights = varIdent(~ 1 | cell)), ~ cell, mode = "satterthwaite") has 9.49 as well.
    found = separate_contrast(VALUES, FACTORS, planned_contrasts(FACTORS)[3])
    assert found.estimate == pytest.approx(-0.0688333333, abs=1e-10)
    assert found.se == pytest.approx(0.4823429220, rel=1e-9)
    assert found.df == pytest.approx(9.4868090732, rel=1e-9)
    assert found.p_value == pytest.approx(0.8895073948, rel=1e-9)
    assert (found.ci_low, found.ci_high) == pytest.approx((-1.1514931745, 1.0138265079), rel=1e-9)


def test_difference_of_two_groups_is_welchs() -> None:
    found = separate_contrast(VALUES, FACTORS, planned_contrasts(FACTORS)[0], confidence=0.9)
    welch = t_test(VALUES[15:], VALUES[9:15], confidence=0.9)
    assert (found.t, found.df, found.p_value) == pytest.approx((welch.statistic, welch.df, welch.p_value), rel=1e-12)
    assert (found.ci_low, found.ci_high) == pytest.approx((welch.ci_low, welch.ci_high), rel=1e-12)


def test_scale_and_shift_leave_t_alone() -> None:
    contrast = planned_contrasts(FACTORS)[3]
    plain = separate_contrast(VALUES, FACTORS, contrast)
    for factor_of, shift in ((1e-9, 0.0), (1e6, 3e6)):
        moved = separate_contrast(factor_of * np.array(VALUES) + shift, FACTORS, contrast)
        assert (moved.t, moved.df) == pytest.approx((plain.t, plain.df), rel=1e-7)


def test_group_of_one_animal_is_refused() -> None:
    group = factor("group", ["a", "a", "b"])
    with pytest.raises(StatsError, match="two animals at least in each group, found 1 in b"):
        separate_contrast([1.0, 2.0, 3.0], [group], _difference(group))


def test_groups_without_variation_are_refused() -> None:
    group = factor("group", ["a", "a", "b", "b"])
    with pytest.raises(StatsError, match="all equal within groups"):
        separate_contrast([0.1, 0.1, 0.7, 0.7], [group], _difference(group))


def test_cell_that_leaves_a_factor_open_is_refused() -> None:
    contrast = CellContrast(name="d - c", weights=((1.0, {"stress": "defeated"}), (-1.0, {"stress": "control"})))
    with pytest.raises(StatsError, match="without treatment"):
        separate_contrast(VALUES, FACTORS, contrast)


def test_unknown_cell_and_missing_outcome_are_refused() -> None:
    group = factor("group", ["a", "a", "b", "b"])
    unknown = CellContrast(name="c - a", weights=((1.0, {"group": "c"}), (-1.0, {"group": "a"})))
    with pytest.raises(StatsError, match="no cell group = c"):
        separate_contrast([1, 2, 3, 4], [group], unknown)
    with pytest.raises(StatsError, match="missing or infinite"):
        separate_contrast([1, 2, 3, np.nan], [group], _difference(group))


def _difference(group: Factor) -> CellContrast:
    first, second = group.levels
    return CellContrast(name="difference", weights=((1.0, {group.name: first}), (-1.0, {group.name: second})))
