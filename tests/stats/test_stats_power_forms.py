"""Closed forms of power agree with R's pwr and power.t.test, and with the numbers that the field's page states."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.errors import StatsError
from csds.stats.power_forms import (
    anova_power,
    contrast_power,
    detectable_difference,
    proportions_power,
    smallest_n,
    t_test_power,
)

#: A stress effect of 0.69 with a standard deviation of 0.48 (see the domain's numbers), of which half is rescued.
RESCUE = 0.69 / 2 / 0.48


@pytest.mark.parametrize(
    ("difference", "sizes", "alpha", "r"),
    [
        (0.71875, (32, 32), 0.05, 0.807915735351),  # pwr.t.test, and power.t.test(delta=.345, sd=.48, strict=TRUE)
        (1.25, (10, 10), 0.05, 0.75287836681),
        (0.2, (8, 8), 0.01, 0.014892736077),
        (0.05, (500, 500), 0.05, 0.123951104212),
        (0.1 / 0.48, (5, 5), 0.05, 0.0598157507748),  # power.t.test(strict=TRUE): the other tail counts
        (0.8, (12, 20), 0.05, 0.56377327133),  # pwr.t2n.test
        (2.0, (2, 3), 0.05, 0.332744095188),
    ],
)
def test_t_test_as_pwr(difference: float, sizes: tuple[int, int], alpha: float, r: float) -> None:
    assert t_test_power(difference, *sizes, alpha=alpha) == pytest.approx(r, rel=1e-6)
    assert t_test_power(-difference, *sizes, alpha=alpha) == pytest.approx(r, rel=1e-6)


def test_anova_as_pwr() -> None:
    assert anova_power(0.3, 4, 15) == pytest.approx(0.443552295108, rel=1e-6)
    assert anova_power(0.5, 3, 6, alpha=0.01) == pytest.approx(0.159402745323, rel=1e-6)
    # power.anova.test(groups=4, n=12, between.var=0.04, within.var=0.2304): its variance is over k − 1.
    assert anova_power(math.sqrt(0.04 * 3 / 4 / 0.2304), 4, 12) == pytest.approx(0.497045688358, rel=1e-6)
    assert smallest_n(lambda n: anova_power(0.3, 4, n)) == math.ceil(31.2791749088)  # pwr.anova.test(power = 0.8)


def test_proportions_as_pwr() -> None:
    assert proportions_power(0.57, 0.285, 40, 40) == pytest.approx(0.744100180613, rel=1e-6)
    assert proportions_power(0.6, 0.2, 12, 18) == pytest.approx(0.620601834043, rel=1e-6)
    assert smallest_n(lambda n: proportions_power(0.57, 0.285, n, n)) == math.ceil(45.876777202)


def test_interaction_as_the_noncentral_t_of_r() -> None:
    weights = (1, -1, -1, 1)
    # n <- 61; nc <- 0.71875 / sqrt(4 / n); q <- qt(.975, 4 * n - 4); pt(-q, 4 * n - 4, nc) + its upper tail
    assert contrast_power(0.71875, weights, (61,) * 4) == pytest.approx(0.798309901596, rel=1e-6)
    assert contrast_power(0.71875, weights, (62,) * 4) == pytest.approx(0.804721144459, rel=1e-6)


def test_numbers_of_mice_that_the_field_plans_with() -> None:
    assert smallest_n(lambda n: t_test_power(RESCUE, n, n)) == 32
    assert smallest_n(lambda n: contrast_power(RESCUE, (1, -1, -1, 1), (n,) * 4)) == 62
    assert smallest_n(lambda n: t_test_power(1.25, n, n), power=0.9) == math.ceil(14.4809895937)  # pwr.t.test


@pytest.mark.parametrize(
    ("sizes", "power", "alpha", "r"),
    # The root of pwr's own power by uniroot(tol = 1e-13); pwr.t.test(power =) itself stops at 2e-6.
    [
        ((12, 12), 0.8, 0.05, 1.19681191375),
        ((8, 15), 0.9, 0.05, 1.48880287989),
        ((12, 12), 0.8, 0.01, 1.51055347731),
    ],
)
def test_detectable_difference_as_pwr(sizes: tuple[int, int], power: float, alpha: float, r: float) -> None:
    assert detectable_difference(*sizes, power=power, alpha=alpha) == pytest.approx(r, rel=1e-6)


@given(st.floats(0.06, 0.999), st.integers(2, 200), st.integers(2, 200))
def test_detectable_difference_has_the_power_that_was_asked_for(power: float, first: int, second: int) -> None:
    assert t_test_power(detectable_difference(first, second, power=power), first, second) == pytest.approx(power)


def test_without_an_effect_power_is_the_level() -> None:
    assert t_test_power(0, 7, 9, alpha=0.03) == pytest.approx(0.03, rel=1e-9)
    assert anova_power(0, 3, 9, alpha=0.03) == pytest.approx(0.03, rel=1e-9)
    assert proportions_power(0.4, 0.4, 9, 9, alpha=0.03) == pytest.approx(0.03, rel=1e-9)


def test_two_groups_by_t_and_by_f_are_one() -> None:
    assert anova_power(0.4, 2, 11) == pytest.approx(t_test_power(0.8, 11, 11), rel=1e-9)


def test_huge_effects_have_all_power() -> None:
    assert t_test_power(1000, 2, 2) == pytest.approx(1)
    assert t_test_power(1000, 200, 200) == pytest.approx(1)


def test_further_groups_add_to_the_degrees_of_freedom() -> None:
    assert contrast_power(1.0, (1, -1, 0), (6, 6, 6)) > contrast_power(1.0, (1, -1), (6, 6))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: t_test_power(1, 1, 5), "two animals in each group"),
        (lambda: t_test_power(1, 5, 5, alpha=0), "level"),
        (lambda: t_test_power(math.nan, 5, 5), "finite effect"),
        (lambda: contrast_power(1, (1, -1), (5, 5, 5)), "a weight for each of 3 groups"),
        (lambda: contrast_power(1, (0, 0), (5, 5)), "a weight for each of 2 groups"),
        (lambda: anova_power(0.3, 1, 5), "two groups"),
        (lambda: anova_power(-0.3, 3, 5), "an f of 0 at least"),
        (lambda: proportions_power(1.2, 0.3, 5, 5), "shares from 0 to 1"),
        (lambda: detectable_difference(5, 5, power=1), "power: expected a share"),
        (lambda: detectable_difference(5, 5, power=0.04), "power: expected a share"),
        (lambda: smallest_n(lambda n: t_test_power(0, n, n)), "isn't reached"),
    ],
)
def test_what_has_no_power_is_refused(call: Callable[[], float], message: str) -> None:
    with pytest.raises(StatsError, match=message):
        call()
