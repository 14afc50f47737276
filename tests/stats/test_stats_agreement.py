"""Agreement of two measurements is that of R, of closed forms, and of simulations with known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from csds.errors import StatsError
from csds.stats.agreement import (
    concordance_correlation,
    intraclass_correlation,
    limits_of_agreement,
    proportional_bias,
)
from csds.stats.samples import Estimate

#: Peak expiratory flow by Wright's and the mini meter, l/min, first readings (Bland & Altman 1986, table 1).
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
#: The first two judges of Shrout & Fleiss 1979, table 2.
JUDGES = [9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2]
#: Two measurements that disagree more than by chance.
CONTRARY = [1.2, 3.4, 2.2, 5.1, 0.7], [4.1, 0.3, 2.9, 1.8, 3.0]
PAIRS = st.lists(st.tuples(st.integers(1, 99), st.integers(1, 99)), min_size=3, max_size=12)
MEASURES = [limits_of_agreement, proportional_bias, intraclass_correlation, concordance_correlation]


def _numbers(found: Estimate) -> list[float]:
    return [found.value, found.ci_low, found.ci_high]


def test_limits_of_peak_flow_are_those_of_the_paper() -> None:
    """Bland & Altman 1986: mean −2.1, standard deviation 38.8, and −22.0 to 17.8 l/min for the bias."""
    found = limits_of_agreement(WRIGHT, MINI)
    assert [round(number, 1) for number in (found.sd, *_numbers(found.bias))] == [38.8, -2.1, -22.0, 17.8]


@pytest.mark.parametrize(
    ("interval", "lower", "upper"),
    [
        ("exact", (-124.16079829484, -53.0949314167406), (48.8596372990936, 119.925504177193)),
        ("approximate", (-112.851553139311, -43.3402577949126), (39.1049636772655, 108.616259021664)),
    ],
)
def test_limits_have_the_intervals_of_r(interval: str, lower: tuple[float, float], upper: tuple[float, float]) -> None:
    """R 4.2: d̄ ± s q / √17, with q by ``uniroot`` of ``pt(q, 16, ncp = qnorm(.975) * sqrt(17))``, and by its ``qt``."""
    found = limits_of_agreement(WRIGHT, MINI, interval=interval)  # type: ignore[arg-type]
    assert found.n == 17
    assert found.sd == pytest.approx(38.7651298736074, rel=1e-12)
    assert _numbers(found.bias) == pytest.approx([-2.11764705882353, -22.0488376966452, 17.8135435789981], rel=1e-9)
    assert _numbers(found.lower) == pytest.approx([-78.0959054671117, *lower], rel=1e-9)
    assert _numbers(found.upper) == pytest.approx([73.8606113494646, *upper], rel=1e-9)


def test_ratios_have_the_limits_of_logarithms_in_r() -> None:
    found = limits_of_agreement(WRIGHT, MINI, ratio=True)
    assert found.ratio
    assert found.sd == pytest.approx(0.121888028067655, rel=1e-9)
    assert _numbers(found.bias) == pytest.approx([0.988284625767657, 0.928250561307033, 1.05220135838481], rel=1e-9)
    assert _numbers(found.lower) == pytest.approx([0.778270845347308, 0.673329050738928, 0.841919498447889], rel=1e-9)
    assert _numbers(found.upper) == pytest.approx([1.25496992129116, 1.16009488238402, 1.45056343619343], rel=1e-9)


@pytest.mark.parametrize("n", [3, 12, 100, 900])
@pytest.mark.parametrize(("limits", "confidence"), [(0.95, 0.95), (0.8, 0.99)])
def test_exact_bounds_are_quantiles_of_scipys_noncentral_t(n: int, limits: float, confidence: float) -> None:
    x = np.random.default_rng(n).normal(size=n)
    y = np.linspace(0, 1, n)
    found = limits_of_agreement(x, y, limits=limits, confidence=confidence)
    noncentrality = stats.norm.isf((1 - limits) / 2) * math.sqrt(n)
    for bound, chance in ((found.upper.ci_low, (1 - confidence) / 2), (found.upper.ci_high, (1 + confidence) / 2)):
        t = (bound - found.bias.value) / found.sd * math.sqrt(n)
        assert stats.nct.cdf(t, n - 1, noncentrality) == pytest.approx(chance, rel=1e-6)


def test_exact_intervals_cover_the_true_limit_as_often_as_they_say() -> None:
    """20,000 samples of 8: 95 % within four standard errors; the approximate ones miss more often on one side."""
    random = np.random.default_rng(6)
    samples = random.normal(size=(20_000, 8))
    means, sds = samples.mean(axis=1), samples.std(axis=1, ddof=1)
    one = limits_of_agreement(samples[0], np.array([1.0, -1.0] * 4) * 1e-9)
    low, high = ((bound - one.bias.value) / one.sd for bound in (one.upper.ci_low, one.upper.ci_high))
    truth = stats.norm.isf(0.025)
    covered = ((means + low * sds <= truth) & (truth <= means + high * sds)).mean()
    assert covered == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / 20_000))


@given(PAIRS)
def test_limits_of_the_exchanged_measurements_are_mirrored(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, dtype=float).T
    assume(np.ptp(x) > 0 and np.ptp(y) > 0 and np.ptp(x - y) > 0)
    found, other = limits_of_agreement(x, y), limits_of_agreement(y, x)
    mirrored = [-other.lower.value, -other.lower.ci_high, -other.lower.ci_low]
    assert _numbers(found.upper) == pytest.approx(mirrored)
    assert found.upper.ci_low < found.upper.value < found.upper.ci_high
    assert found.upper.ci_high - found.upper.value > found.upper.value - found.upper.ci_low


def test_proportional_bias_is_rs_regression() -> None:
    """R 4.2: ``lm(d ~ m)``, ``confint``; the same p as Pitman's ``cor.test(x - y, x + y)``."""
    found = proportional_bias(WRIGHT, MINI)
    assert _numbers(found.intercept) == pytest.approx([-15.067497300039, -102.406362408064, 72.271367807986], rel=1e-9)
    assert _numbers(found.slope) == pytest.approx([0.0286874451525492, -0.159320063683956, 0.216694953989055], rel=1e-9)
    assert [found.statistic, found.p_value] == pytest.approx([0.325230850151019, 0.749498533649294], rel=1e-9)
    assert found.df == 15


def test_proportional_bias_of_points_on_a_line_has_no_error() -> None:
    found = proportional_bias([1.0, 2.0, 4.0], [2.0, 4.0, 8.0])
    assert found.slope.value == pytest.approx(-2 / 3)
    assert found.statistic == -math.inf
    assert found.p_value == 0


@pytest.mark.parametrize(
    ("measurements", "expected"),
    [
        ((WRIGHT, MINI), (0.94592840557731, 0.857411171234992, 0.980078659146259)),
        (JUDGES, (0.12565445026178, -0.0236532215432571, 0.599851484037915)),
    ],
)
def test_intraclass_correlation_is_that_of_r(measurements: tuple[list[float], ...], expected: tuple[float]) -> None:
    """R 4.2, psych 2.2.9: ``ICC(cbind(x, y), lmer = FALSE)``, ICC2."""
    assert _numbers(intraclass_correlation(*measurements)) == pytest.approx(expected, rel=1e-9)


def test_a_negative_intraclass_correlation_has_the_interval_of_fs_with_equal_degrees_of_freedom() -> None:
    """R 4.2, psych 2.2.9 prints −0.625 from NaN to −0.663; with ρ = 0 the F of sessions has 2 and 2."""
    found = intraclass_correlation([1, 1, 3], [4, 5, 2])
    rows, columns, error = 1 / 6, 6.0, 3.5  # mean squares of R's aov
    assert found.value == pytest.approx(-0.625)
    for bound, chance in ((found.ci_low, 0.025), (found.ci_high, 0.975)):
        f = stats.f.ppf(chance, 2, 2)
        assert bound == pytest.approx(3 * (f * rows - error) / (2 * columns + error + 3 * f * rows))


@pytest.mark.parametrize(
    ("measurements", "expected"),
    [
        ((WRIGHT, MINI), (0.942742431427484, 0.85049187316856, 0.978726279170122)),
        (JUDGES, (0.106951871657754, -0.0562550071259736, 0.264591773823591)),
        (CONTRARY, (-0.659332249115086, -0.955140241201743, 0.295037490221477)),
    ],
)
def test_concordance_correlation_is_that_of_r(measurements: tuple[list[float], ...], expected: tuple[float]) -> None:
    """R 4.2, epiR 2.0.57: ``epi.ccc(x, y)$rho.c``."""
    assert _numbers(concordance_correlation(*measurements)) == pytest.approx(expected, rel=1e-9)


def test_a_constant_shift_lowers_both_correlations_as_their_formulas_say() -> None:
    """Without any other error ICC(2,1) is R / (R + 2 C / n) and Lin's 2 s² / (2 s² + shift²)."""
    x = np.array([1.0, 2.0, 3.0, 6.0])
    icc, ccc = intraclass_correlation(x + 2, x), concordance_correlation(x + 2, x)
    rows, columns = 2 * x.var(ddof=1), 2 * 2.0**2
    assert icc.value == pytest.approx(rows / (rows + 2 * columns / 4))
    assert ccc.value == pytest.approx(2 * x.var() / (2 * x.var() + 4))
    assert icc.ci_low < icc.value < icc.ci_high
    assert ccc.ci_low < ccc.value < ccc.ci_high


@pytest.mark.parametrize(("y", "expected"), [([-1.0, 1e-12, -1e-12, 1.0], 1), ([1.0, 0.0, 0.0, -1.0], -1)])
def test_a_concordance_of_one_has_no_width(y: list[float], expected: int) -> None:
    assert _numbers(concordance_correlation([-1.0, 0.0, 0.0, 1.0], y)) == [expected] * 3


def test_uncorrelated_measurements_have_an_interval() -> None:
    """Where r is 0, Lin's variance as it is written divides by 0."""
    found = concordance_correlation([1, 2, 1, 2], [1, 1, 2, 2])
    assert found.value == 0
    assert found.ci_high == -found.ci_low == pytest.approx(math.tanh(stats.norm.isf(0.025) * math.sqrt(1 / 2)))


@given(PAIRS, st.floats(0.1, 10), st.floats(-100, 100))
def test_correlations_know_no_unit_and_no_order(pairs: list[tuple[int, int]], scale: float, shift: float) -> None:
    x, y = np.array(pairs, dtype=float).T
    assume(np.ptp(x) > 0 and np.ptp(y) > 0 and (x != y).any() and np.ptp(x + y) > 0)
    for measure in (intraclass_correlation, concordance_correlation):
        found = measure(x, y)
        other = measure((scale * y + shift)[::-1], (scale * x + shift)[::-1])
        assert all(math.isfinite(number) for number in _numbers(found))
        assert found.ci_low - 1e-12 <= found.value <= found.ci_high + 1e-12
        assert _numbers(other) == pytest.approx(_numbers(found), rel=1e-4, abs=1e-6)


def test_both_correlations_estimate_what_was_simulated() -> None:
    """Sessions of variance 4 measured twice with error variance 1: both are 0.8, less what 200 sessions bias."""
    random = np.random.default_rng(8)
    found = []
    for _ in range(200):
        truth = random.normal(0, 2, size=200)
        x, y = truth + random.normal(size=(2, 200))
        estimates = intraclass_correlation(x, y), concordance_correlation(x, y)
        found.append([[e.value, e.ci_low <= 0.8 <= e.ci_high] for e in estimates])
    (icc, icc_covered), (ccc, ccc_covered) = np.array(found).mean(axis=0)
    assert [icc, ccc] == pytest.approx([0.8, 0.8], abs=0.005)
    assert min(icc_covered, ccc_covered) > 0.90


@pytest.mark.parametrize("measure", MEASURES)
def test_fewer_than_three_pairs_are_refused(measure: object) -> None:
    with pytest.raises(StatsError, match="expected 3 values at least, found 2"):
        measure([1, 2], [2, 3])  # type: ignore[operator]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(("x", "y", "which"), [([1, 1, 1], [1, 2, 3], "first"), ([1, 2, 3], [2, 2, 2], "second")])
def test_a_measurement_that_does_not_vary_is_refused(
    measure: object, x: list[float], y: list[float], which: str
) -> None:
    with pytest.raises(StatsError, match=f"found all equal .* in the {which} measurement") as refused:
        measure(x, y)  # type: ignore[operator]
    assert refused.value.hint


@pytest.mark.parametrize("measure", MEASURES)
def test_equal_measurements_are_refused(measure: object) -> None:
    with pytest.raises(StatsError, match="equal") as refused:
        measure([0.1, 0.2, 0.7], [0.1, 0.2, 0.7])  # type: ignore[operator]
    assert refused.value.hint


@pytest.mark.parametrize(("ratio", "shown"), [(False, r"0\.1\)"), (True, r"a ratio of 1\.1\)")])
def test_differences_that_do_not_vary_have_no_limits(ratio: bool, shown: str) -> None:
    y = np.array([0.7, 1.3, 2.9])
    with pytest.raises(StatsError, match=f"found all equal .{shown}"):
        limits_of_agreement(1.1 * y if ratio else y + 0.1, y, ratio=ratio)


def test_ratios_need_numbers_above_zero() -> None:
    with pytest.raises(StatsError, match="expected numbers above 0, found 0"):
        limits_of_agreement([0, 1, 2], [1, 2, 4], ratio=True)


@pytest.mark.parametrize("measure", [proportional_bias, intraclass_correlation])
def test_pairs_that_have_one_mean_are_refused(measure: object) -> None:
    with pytest.raises(StatsError, match="means"):
        measure([0.1, 0.2, 0.7], [0.9, 0.8, 0.3])  # type: ignore[operator]


@pytest.mark.parametrize("measure", MEASURES)
def test_confidence_is_a_share(measure: object) -> None:
    with pytest.raises(StatsError, match="confidence"):
        measure(WRIGHT, MINI, confidence=95)  # type: ignore[operator]
