"""Two arms on many outcomes: R's numbers, agreement of one with many, and labellings that randomisation allows."""

from __future__ import annotations

import numpy as np
import pytest

from csds.errors import StatsError
from csds.stats.arms import ArmOutcome, arm_effect, many_arm_effects, shuffled_labels
from csds.stats.effect_sizes import hedges_g

PRESENT = np.array([31, 55, 72, 20, 48, 90, 66, 12, 81, 44, 95, 70], float)
ABSENT = np.array([60, 55, 70, 48, 66, 71, 52, 58, 63, 49, 75, 61], float)
TREATED = np.arange(12) % 2 == 1


def test_analysis_of_covariance_as_r_has_it() -> None:
    # R 4: m <- lm(y ~ g + a); t of g, its error over sigma(m); bounds of nc by uniroot on pt; J by gamma().
    found = arm_effect(ArmOutcome(values=PRESENT, covariate=ABSENT), TREATED)
    expected = (-0.102148918537, -1.250042972159, 1.051321546549)
    assert (found.effect.value, found.effect.ci_low, found.effect.ci_high) == pytest.approx(expected, abs=1e-9)
    assert found.p_value == pytest.approx(0.865614837711, abs=1e-10)


def test_without_a_covariate_it_is_hedges_g() -> None:
    found, g = arm_effect(ArmOutcome(values=PRESENT), TREATED).effect, hedges_g(PRESENT[TREATED], PRESENT[~TREATED])
    assert (found.value, found.ci_low, found.ci_high) == pytest.approx((g.value, g.ci_low, g.ci_high), abs=1e-10)


def test_yes_and_no_by_hand() -> None:
    # 7 of 10 against 2 of 10, ½ added to each: log((7.5 / 3.5) / (2.5 / 8.5)) · √3/π, computed by R.
    values, treated = np.repeat([1.0, 0.0, 1.0, 0.0], [7, 3, 2, 8]), np.arange(20) < 10
    found = arm_effect(ArmOutcome(values=values, is_binary=True), treated)
    expected = (1.0948925900123, 0.0490703526511, 2.1407148273735)
    assert (found.effect.value, found.effect.ci_low, found.effect.ci_high) == pytest.approx(expected, abs=1e-10)
    assert found.p_value == pytest.approx(0.0401768357388, abs=1e-10)


def test_many_are_each_as_one() -> None:
    from scipy.special import ndtr

    rng = np.random.default_rng(3)
    missing = np.where(np.arange(12) == 4, np.nan, PRESENT)
    outcomes = [
        ArmOutcome(values=PRESENT), ArmOutcome(values=missing), ArmOutcome(values=missing, covariate=ABSENT),
        ArmOutcome(values=(PRESENT > 50).astype(float), is_binary=True),
    ]  # fmt: skip
    labels = shuffled_labels(TREATED, rng=rng, draws=20)
    many = many_arm_effects(outcomes, labels)
    for effects, zs, treated in zip(many.effect, many.z, labels, strict=True):
        for effect, z, outcome in zip(effects, zs, outcomes, strict=True):
            one = arm_effect(outcome, treated)
            assert effect == pytest.approx(one.effect.value, abs=1e-10)
            assert 2 * ndtr(-abs(z)) == pytest.approx(one.p_value, abs=1e-10)
            assert np.sign(z) == np.sign(effect)


def test_scale_and_place_of_values_do_not_matter() -> None:
    outcomes = [ArmOutcome(values=PRESENT), ArmOutcome(values=1000 + 1e-3 * PRESENT)]
    assert np.ptp(many_arm_effects(outcomes, TREATED[None]).z) == pytest.approx(0, abs=1e-8)


def test_a_labelling_that_leaves_nothing_to_compare_has_no_effect() -> None:
    found = many_arm_effects([ArmOutcome(values=PRESENT)], np.ones((1, 12), bool))
    assert (found.effect[0, 0], found.z[0, 0]) == (0.0, 0.0)


def test_too_few_animals() -> None:
    with pytest.raises(StatsError, match="3 animals with a value in each arm at least, found 2 and 10"):
        arm_effect(ArmOutcome(values=PRESENT), np.arange(12) < 2)


@pytest.mark.parametrize("covariate", [None, ABSENT])
def test_values_that_do_not_vary(covariate: np.ndarray | None) -> None:
    values = np.full(12, 0.1) if covariate is None else 0.3 * ABSENT
    with pytest.raises(StatsError, match="expected values that vary"):
        arm_effect(ArmOutcome(values=values, covariate=covariate), TREATED)


class TestLabels:
    def test_blocks_and_units_are_kept(self) -> None:
        treated = np.repeat([1, 0, 1, 0], 4).astype(bool)
        blocks, units = np.repeat([0, 1], 8), np.repeat(np.arange(8), 2)
        labels = shuffled_labels(treated, rng=np.random.default_rng(1), draws=300, blocks=blocks, units=units)
        assert (labels[:, ::2] == labels[:, 1::2]).all()
        assert (labels[:, :8].sum(axis=1) == 4).all()
        assert len(np.unique(labels, axis=0)) == 36  # (4 choose 2) in each block

    def test_units_in_both_arms(self) -> None:
        with pytest.raises(StatsError, match="all in one arm"):
            shuffled_labels([1, 0, 1, 0], rng=np.random.default_rng(1), draws=5, units=[0, 0, 1, 1])

    def test_blocks_of_one_arm(self) -> None:
        with pytest.raises(StatsError, match="nothing can be shuffled"):
            shuffled_labels([1, 1, 0, 0], rng=np.random.default_rng(1), draws=5, blocks=[0, 0, 1, 1])
