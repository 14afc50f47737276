"""Tails of the studentised range and of Dunnett's largest t against tables, special cases and brute quadrature."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.special import ndtr

from csds.stats.studentised import dunnett_tail, range_tail

#: Upper points of the studentised range: means, degrees of freedom, share, point (Pearson and Hartley 1966,
#: Biometrika Tables for Statisticians, table 29; of one degree, Harter 1960, Ann Math Stat 31:1122–1147).
RANGES = [
    (3, 1, 0.05, 26.98),
    (4, 10, 0.05, 4.33),
    (4, 10, 0.01, 5.77),
    (3, 12, 0.05, 3.77),
    (3, 12, 0.01, 5.05),
    (10, 20, 0.05, 5.01),
    (10, 20, 0.01, 6.09),
    (5, math.inf, 0.05, 3.86),
    (5, math.inf, 0.01, 4.60),
]
#: Two-sided points of Dunnett's t for one to nine equal groups (Dunnett 1964, Biometrics 20:482–491).
DUNNETTS = [
    (5, 0.05, [2.57, 3.03, 3.29, 3.48, 3.62, 3.73, 3.82, 3.90, 3.97]),
    (10, 0.05, [2.23, 2.57, 2.76, 2.89, 2.99, 3.07, 3.14, 3.19, 3.24]),
    (20, 0.05, [2.09, 2.38, 2.54, 2.65, 2.73, 2.80, 2.86, 2.90, 2.95]),
    (60, 0.05, [2.00, 2.27, 2.41, 2.51, 2.58, 2.64, 2.69, 2.73, 2.77]),
    (20, 0.01, [2.85, 3.13, 3.29, 3.40, 3.48, 3.55, 3.60, 3.65, 3.69]),
]
HALF_A_DIGIT = 0.0051
freedom = st.one_of(st.floats(0.8, 300), st.just(math.inf))


@pytest.mark.parametrize(("means", "df", "share", "point"), RANGES)
def test_ranges_are_those_of_tables(means: int, df: float, share: float, point: float) -> None:
    below, above = (range_tail(point + d, means=means, df=df) for d in (-HALF_A_DIGIT, HALF_A_DIGIT))
    assert above < share < below


@pytest.mark.parametrize(("df", "share", "points"), DUNNETTS)
def test_dunnetts_points_are_those_of_tables(df: float, share: float, points: list[float]) -> None:
    for groups, point in enumerate(points, 1):
        below, above = (dunnett_tail(point + d, ratios=np.ones(groups), df=df) for d in (-HALF_A_DIGIT, HALF_A_DIGIT))
        assert above < share < below


@given(st.floats(0, 30), freedom)
def test_two_means_are_one_t_test(t: float, df: float) -> None:
    p_value = 2 * stats.t.sf(t, df)
    assert range_tail(math.sqrt(2) * t, means=2, df=df) == pytest.approx(p_value, rel=1e-9)
    for ratio in (0.05, 1.0, 20.0):
        assert dunnett_tail(t, ratios=np.array([ratio]), df=df) == pytest.approx(p_value, rel=1e-9)


@given(st.floats(0.5, 12), st.integers(3, 12), st.floats(2, 300))
def test_ranges_are_those_of_scipy(q: float, means: int, df: float) -> None:
    scipy = stats.studentized_range.sf(q, means, df)
    assert range_tail(q, means=means, df=df) == pytest.approx(scipy, rel=1e-8, abs=1e-11)


@given(st.floats(0.1, 8), freedom, st.lists(st.floats(0.1, 8), min_size=2, max_size=6))
def test_dunnetts_tail_lies_between_one_test_and_the_sum_of_all(t: float, df: float, ratios: list[float]) -> None:
    one = 2 * stats.t.sf(t, df)
    found = dunnett_tail(t, ratios=np.array(ratios), df=df)
    assert one < found <= min(1.0, len(ratios) * one * (1 + 1e-9))
    assert found < dunnett_tail(t, ratios=np.array([*ratios, 1.0]), df=df) + 1e-12


def test_a_large_reference_makes_tests_independent_but_for_the_shared_error() -> None:
    def together(s: float) -> float:
        return 1 - (1 - 2 * ndtr(-2.0 * s)) ** 4

    density = stats.chi(8, scale=8**-0.5)  # of the error's scale
    shared = integrate.quad(lambda s: together(s) * density.pdf(s), 0, np.inf, epsabs=1e-13)[0]
    assert dunnett_tail(2.0, ratios=np.full(4, 1e-12), df=8) == pytest.approx(shared, abs=1e-6)
    assert dunnett_tail(2.0, ratios=np.full(4, 1e-12), df=math.inf) == pytest.approx(together(1.0), abs=1e-6)


def test_unequal_numbers_by_brute_quadrature() -> None:
    t, df, ratios = 2.3, 7, np.array([0.6, 1.6, 4.0])
    share = np.sqrt(ratios / (1 + ratios))
    rest = np.sqrt(1 - share**2)

    def integrand(z: float, s: float) -> float:
        inside = np.prod(ndtr((t * s - share * z) / rest) - ndtr((-t * s - share * z) / rest))
        return stats.norm.pdf(z) * density.pdf(s) * (1 - inside)

    density = stats.chi(df, scale=df**-0.5)
    nodes, weights = np.polynomial.legendre.leggauss(60)
    points = list(zip(nodes, weights, strict=True))
    # z from −8 to 8 and s from 0 to 5
    brute = 8 * 2.5 * sum(a * b * integrand(8 * z, 2.5 + 2.5 * s) for z, a in points for s, b in points)
    assert dunnett_tail(t, ratios=ratios, df=df) == pytest.approx(brute, rel=1e-8)


@pytest.mark.parametrize(("means", "mean_range"), [(3, 1.69257), (4, 2.05875), (10, 3.07751)])
def test_the_tail_of_one_degree_of_freedom_is_proportional_to_the_mean_range(means: int, mean_range: float) -> None:
    # Of 2 normal values the range is 2/√π on average; the others are the control chart's constants d₂ (Tippett 1925).
    share = range_tail(1e6, means=means, df=1) / range_tail(1e6, means=2, df=1)
    assert share == pytest.approx(mean_range * math.sqrt(math.pi) / 2, rel=1e-5)


def test_far_tails_keep_their_digits() -> None:
    for t, df in [(60.0, 30), (12.0, 1000), (15.0, math.inf)]:
        one = 2 * stats.t.sf(t, df)
        # So far out three pairs hardly ever go together, and the bound is the value but for rounding.
        most = 3 * one * (1 + 1e-9)
        assert one < range_tail(math.sqrt(2) * t, means=3, df=df) <= most
        assert one < dunnett_tail(t, ratios=np.array([0.5, 1.0, 2.0]), df=df) <= most
