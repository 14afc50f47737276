"""Contrasts with separate variances: Welch's test of two groups, R's of more, and what can't be computed."""

from __future__ import annotations

import numpy as np
import pytest

from csds.errors import StatsError
from csds.stats.one_way import separate_contrast
from csds.stats.two_groups import t_test

# set.seed(3) in R, four unequal groups.
SAMPLES = {
    "c i": np.array([0.81, 0.94, 1.05, 0.77]),
    "c t": np.array([1.04, 1.01, 1.02, 1.22, 0.76]),
    "d i": np.array([2.14, 0.33, -0.02, 0.36, 1.23, 1.14]),
    "d t": np.array([0.72, 0.14, 0.42, 2.10, 1.18]),
}
INTERACTION = {"c i": 1.0, "c t": -1.0, "d i": -1.0, "d t": 1.0}


def test_interaction_is_that_of_r() -> None:
    # The standard error is sandwich's: sqrt(w' vcovHC(lm(v ~ 0 + cell), "HC2") w). Degrees of freedom by the formula in
    # R; emmeans(gls(v ~ cell, weights = varIdent(~ 1 | cell)), ~ cell, mode = "satterthwaite") has 9.49 as well.
    found = separate_contrast(SAMPLES, INTERACTION, name="interaction")
    assert found.estimate == pytest.approx(-0.0688333333, abs=1e-10)
    assert found.se == pytest.approx(0.4823429220, rel=1e-9)
    assert found.df == pytest.approx(9.4868090732, rel=1e-9)
    assert found.p_value == pytest.approx(0.8895073948, rel=1e-9)
    assert (found.ci_low, found.ci_high) == pytest.approx((-1.1514931745, 1.0138265079), rel=1e-9)


def test_difference_of_two_groups_is_welchs() -> None:
    found = separate_contrast(SAMPLES, {"d t": 1, "d i": -1}, name="rescue", confidence=0.9)
    welch = t_test(SAMPLES["d t"], SAMPLES["d i"], confidence=0.9)
    assert (found.t, found.df, found.p_value) == pytest.approx((welch.statistic, welch.df, welch.p_value), rel=1e-12)
    assert (found.ci_low, found.ci_high) == pytest.approx((welch.ci_low, welch.ci_high), rel=1e-12)


def test_group_of_one_animal_and_groups_without_variation_are_refused() -> None:
    with pytest.raises(StatsError, match=r"2 animals at least; found fewer in b \(1\)"):
        separate_contrast({"a": np.array([1.0, 2.0]), "b": np.array([3.0])}, {"a": 1, "b": -1}, name="a - b")
    with pytest.raises(StatsError, match="should vary in one of the groups"):
        separate_contrast({"a": np.ones(2), "b": np.zeros(2)}, {"a": 1, "b": -1}, name="a - b")
