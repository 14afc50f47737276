"""Meta-analyses are those of R's metafor, of closed forms, and of simulations with known answers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from csds.errors import StatsError
from csds.stats.meta_analysis import EffectInterval, MetaAnalysis, Tau2Method, fixed_effect, random_effects
from csds.stats.samples import Estimate

#: Tuberculosis with and without BCG vaccination, and without it, in 13 trials: metafor's ``dat.bcg``.
BCG = np.array([
    [4, 119, 11, 128], [6, 300, 29, 274], [3, 228, 11, 209], [62, 13536, 248, 12619], [33, 5036, 47, 5761],
    [180, 1361, 372, 1079], [8, 2537, 10, 619], [505, 87886, 499, 87892], [29, 7470, 45, 7232], [17, 1699, 65, 1600],
    [186, 50448, 141, 27197], [5, 2493, 3, 2338], [27, 16886, 29, 17825],
])  # fmt: skip
_WITH, _WITHOUT = BCG[:, :2].sum(axis=1), BCG[:, 2:].sum(axis=1)
#: Logarithms of risk ratios and their variances, as metafor's ``escalc(measure = "RR")``.
EFFECTS = np.log(BCG[:, 0] / _WITH / (BCG[:, 2] / _WITHOUT))
VARIANCES = 1 / BCG[:, 0] - 1 / _WITH + 1 / BCG[:, 2] - 1 / _WITHOUT
#: Four studies, and three that agree better than by chance.
FOUR = [0.9, 0.4, 0.7, 1.6], [0.1, 0.05, 0.2, 0.15]
ALIKE = [0.5, 0.51, 0.49], [0.1, 0.05, 0.2]
STUDIES = st.lists(
    st.tuples(st.integers(-300, 300).map(lambda i: i / 100), st.integers(1, 300).map(lambda i: i / 100)),
    min_size=2,
    max_size=8,
)


def _numbers(found: Estimate | None) -> list[float]:
    assert found is not None
    return [found.value, found.ci_low, found.ci_high]


def _spread(found: MetaAnalysis) -> Any:
    assert found.heterogeneity is not None
    return found.heterogeneity


@pytest.mark.parametrize(
    ("tau2", "interval", "error", "effect", "p_value", "prediction"),
    [
        ("REML", "normal", 0.179781516105206, (-0.714532342158139, -1.06689763881035, -0.362167045505929),
         7.05425810164165e-05, None),
        ("REML", "HKSJ", 0.180791744092848, (-0.714532342158139, -1.10844371368555, -0.320620970630728),
         0.00192001509605729, (-1.9960168341962, 0.566952149879924)),
        ("REML", "HKSJ, q >= 1", 0.180791744092848, (-0.714532342158139, -1.10844371368555, -0.320620970630728),
         0.00192001509605729, (-1.9960168341962, 0.566952149879924)),
        ("PM", "normal", 0.180892191537624, (-0.714968153493444, -1.06951033399171, -0.360425972995181),
         7.73536460790276e-05, None),
        ("PM", "HKSJ", 0.180892191537624, (-0.714968153493444, -1.10909838120224, -0.320837925784648),
         0.001919271831278, (-2.0054259229281, 0.575489615941215)),
        ("DL", "normal", 0.178742089535403, (-0.714117222073227, -1.06444528008405, -0.363789164062403),
         6.462924304704e-05, None),
        ("DL", "HKSJ", 0.180696628335547, (-0.714117222073227, -1.10782135416833, -0.320413089978125),
         0.00192076676704736, (-1.98720696343074, 0.558972519284285)),
    ],
)  # fmt: skip
def test_bcg_trials_give_what_metafor_prints(
    tau2: Tau2Method,
    interval: EffectInterval,
    error: float,
    effect: tuple[float, float, float],
    p_value: float,
    prediction: tuple[float, float] | None,
) -> None:
    """R 4.2, metafor 3.8.1 with ``control = list(threshold = 1e-14)``: ``rma`` and ``predict``."""
    found = random_effects(EFFECTS, VARIANCES, tau2=tau2, interval=interval)
    assert found.k == 13
    assert found.interval == interval
    assert found.error == pytest.approx(error, rel=1e-9)
    assert found.statistic == pytest.approx(effect[0] / error, rel=1e-9)
    assert _numbers(found.effect) == pytest.approx(effect, rel=1e-9)
    assert found.p_value == pytest.approx(p_value, rel=1e-9)
    assert found.df == (math.inf if interval == "normal" else 12)
    if prediction is not None:
        assert _numbers(found.prediction) == pytest.approx([effect[0], *prediction], rel=1e-9)


@pytest.mark.parametrize(
    ("method", "tau2", "i2", "h2"),
    [
        ("REML", 0.313243258136481, 0.92221384521269, 12.8557582353092),
        ("PM", 0.318068452205024, 0.923303379541533, 13.0383841429039),
        ("DL", 0.308760262862376, 0.921173468545621, 12.6860840068644),
    ],
)
def test_bcg_trials_differ_as_metafor_prints(method: Tau2Method, tau2: float, i2: float, h2: float) -> None:
    """R 4.2, metafor 3.8.1: ``rma`` and ``confint`` (Q-profile)."""
    found = _spread(random_effects(EFFECTS, VARIANCES, tau2=method))
    assert [found.q, found.p_value] == pytest.approx([152.233008082373, 1.99676459084597e-26], rel=1e-9)
    assert found.df == 12
    assert _numbers(found.tau2) == pytest.approx([tau2, 0.119718361141261, 1.11147908406093], rel=1e-9)
    assert _numbers(found.i2) == pytest.approx([i2, 0.81920574558596542, 0.9767807495788742], rel=1e-9)
    assert _numbers(found.h2) == pytest.approx([h2, 5.531149223967666, 43.06771243098171], rel=1e-9)


def test_bcg_trials_weigh_what_metafor_prints() -> None:
    found = random_effects(EFFECTS, VARIANCES).weights
    assert sum(found) == pytest.approx(1)
    assert [found[0], found[7], found[12]] == pytest.approx([0.0505948273436663, 0.101894390370957, 0.084028515522011])


def test_higgins_prediction_is_metafors_riley() -> None:
    """R 4.2, metafor 3.8.1: ``predict(rma(…, test = "z" and "knha"), pi.type = "riley")``."""
    for interval, expected in (
        ("normal", (-2.00837590692258, 0.579311222606299)),
        ("HKSJ", (-2.00905765037111, 0.579992966054834)),
    ):
        found = random_effects(EFFECTS, VARIANCES, interval=interval, prediction="k-2")  # type: ignore[arg-type]
        assert _numbers(found.prediction)[1:] == pytest.approx(expected, rel=1e-9)


def test_a_fixed_effect_is_that_of_metafor() -> None:
    """R 4.2, metafor 3.8.1: ``rma(…, method = "FE")``."""
    found = fixed_effect(EFFECTS, VARIANCES)
    assert _numbers(found.effect) == pytest.approx([-0.430285163654091, -0.509661258426214, -0.350909068881968])
    assert found.error == pytest.approx(0.0404987517108638, rel=1e-9)
    assert found.p_value == pytest.approx(2.28862930697324e-26, rel=1e-9)
    assert [found.weights[0], found.weights[7]] == pytest.approx([0.00503754802568308, 0.414013898709963])
    assert [_spread(found).i2.value, _spread(found).h2.value] == pytest.approx([0.921173468545621, 12.6860840068644])
    assert found.prediction is None
    assert found.interval == "normal"


def test_four_studies_with_a_small_q_need_the_correction() -> None:
    """R 4.2, metafor 3.8.1: ``test = "knha"`` and ``"adhoc"``; the Q-profile interval of τ² starts at 0."""
    plain, corrected = random_effects(*FOUR), random_effects(*FOUR, interval="HKSJ, q >= 1")
    assert _numbers(plain.effect) == pytest.approx([0.852931548253664, 0.0414308963614576, 1.66443220014587], rel=1e-9)
    assert _numbers(corrected.effect)[1:] == pytest.approx([0.0252167895848204, 1.68064630692251], rel=1e-9)
    assert _numbers(plain.prediction)[1:] == pytest.approx([-0.646460134030674, 2.352323230538], rel=1e-9)
    assert _numbers(corrected.prediction)[1:] == pytest.approx([-0.655297158077111, 2.36116025458444], rel=1e-9)
    assert [plain.p_value, corrected.p_value] == pytest.approx([0.0442252404120391, 0.0464467799819544], rel=1e-9)
    assert _numbers(_spread(plain).tau2) == pytest.approx([0.156955734893934, 0, 3.49456281972803], rel=1e-9)


def test_studies_that_agree_better_than_by_chance_have_no_tau2() -> None:
    """R 4.2, metafor 3.8.1, which prints that both bounds of τ² fall below 0."""
    for method in ("REML", "PM", "DL"):
        found = random_effects(*ALIKE, tau2=method)
        assert _numbers(_spread(found).tau2) == [0, 0, 0]
        assert _numbers(_spread(found).i2) == [0, 0, 0]
        assert _numbers(_spread(found).h2) == [1, 1, 1]
        assert _numbers(found.effect)[1:] == pytest.approx([0.482123664231961, 0.526447764339466], rel=1e-9)
        assert found.prediction == found.effect
    corrected = random_effects(*ALIKE, interval="HKSJ, q >= 1")
    assert _numbers(corrected.effect)[1:] == pytest.approx([-0.222995337947691, 1.23156676651912], rel=1e-9)


def test_two_studies_give_all_but_the_wider_prediction() -> None:
    """R 4.2, metafor 3.8.1; τ² is at most (y₁ − y₂)² / (2 χ²) − (v₁ + v₂) / 2, where R's search ends at 100."""
    found = random_effects([0.9, 0.4], [0.1, 0.05])
    assert _numbers(found.effect) == pytest.approx([0.6, -2.5123718170963, 3.7123718170963], rel=1e-9)
    assert _numbers(found.prediction)[1:] == pytest.approx([-3.61417136193282, 4.81417136193282], rel=1e-9)
    upper = (0.25 / stats.chi2.ppf(0.025, 1) - 0.15) / 2
    assert _numbers(_spread(found).tau2) == pytest.approx([0.05, 0, upper], rel=1e-9)
    assert random_effects([0.9, 0.4], [0.1, 0.05], prediction="k-2").prediction is None


@pytest.mark.parametrize("analyse", [fixed_effect, random_effects])
def test_one_study_is_its_own_effect(analyse: Any) -> None:
    found = analyse([0.9], [0.04])
    reach = stats.norm.isf(0.025) * 0.2
    assert _numbers(found.effect) == pytest.approx([0.9, 0.9 - reach, 0.9 + reach])
    assert (found.k, found.interval, found.weights) == (1, "normal", (1.0,))
    assert found.heterogeneity is None
    assert found.prediction is None


@given(st.lists(st.integers(-300, 300).map(lambda i: i / 100), min_size=2, max_size=9), st.floats(0.01, 10))
def test_equal_variances_make_it_a_t_interval_of_the_effects(effects: list[float], variance: float) -> None:
    """Then every τ² is max(0, s² − v), and Hartung and Knapp's interval is Student's of the effects alone."""
    assume(np.ptp(effects) > 0)
    for method in ("REML", "PM", "DL"):
        found = random_effects(effects, [variance] * len(effects), tau2=method)
        expected = max(0.0, float(np.var(effects, ddof=1)) - variance)
        assert _spread(found).tau2.value == pytest.approx(expected, rel=1e-8, abs=1e-10)
        bounds = stats.t.interval(0.95, len(effects) - 1, np.mean(effects), stats.sem(effects))
        assert _numbers(found.effect)[1:] == pytest.approx(bounds, rel=1e-8, abs=1e-10)


@given(STUDIES)
def test_no_tau2_has_a_higher_restricted_likelihood_than_reml(studies: list[tuple[float, float]]) -> None:
    """The restricted likelihood is that of the k − 1 contrasts of the effects, which are normal about 0."""
    y, v = np.array(studies).T
    assume(np.ptp(y) > 0)
    contrasts = np.linalg.svd(np.ones((1, len(y))))[2][1:]

    def likelihood(tau2: float) -> float:
        covariance = contrasts @ np.diag(v + tau2) @ contrasts.T
        return float(stats.multivariate_normal.logpdf(contrasts @ y, cov=covariance))

    found = _spread(random_effects(y, v)).tau2.value
    highest = likelihood(found)
    assert all(likelihood(tau2) <= highest + 1e-9 for tau2 in (0, *np.geomspace(1e-4, 50, 60)))


@given(STUDIES, st.floats(1e-6, 1e6))
def test_another_unit_and_the_other_sign_change_only_that(studies: list[tuple[float, float]], scale: float) -> None:
    y, v = np.array(studies).T
    assume(np.ptp(y) > 0)
    for method in ("REML", "PM", "DL"):
        found, other = random_effects(y, v, tau2=method), random_effects(-scale * y, scale**2 * v, tau2=method)
        assert other.effect.value / scale == pytest.approx(-found.effect.value, rel=1e-6, abs=1e-9)
        assert other.effect.ci_low / scale == pytest.approx(-found.effect.ci_high, rel=1e-6, abs=1e-9)
        assert _spread(other).tau2.value / scale**2 == pytest.approx(_spread(found).tau2.value, rel=1e-6, abs=1e-9)
        assert _spread(other).i2.ci_high == pytest.approx(_spread(found).i2.ci_high, rel=1e-6, abs=1e-9)


def test_very_unequal_variances_are_no_trouble() -> None:
    found = random_effects([1.0, 2.0, 3.0], [1e-18, 1.0, 1e18])
    assert all(math.isfinite(number) for number in (*_numbers(found.effect), *_numbers(_spread(found).i2)))


def test_intervals_cover_what_was_simulated() -> None:
    """1,000 times 6 studies of unequal size about 0.5 with τ² = 1: the mean, the next study's effect, and τ²."""
    random = np.random.default_rng(11)
    v = np.array([0.05, 0.08, 0.1, 0.15, 0.2, 0.3])
    covered = np.zeros(3)
    for _ in range(1000):
        truth = random.normal(0.5, 1.0, size=7)
        found = random_effects(random.normal(truth[:6], np.sqrt(v)), v)
        assert found.prediction is not None
        for i, (interval, value) in enumerate(
            ((found.effect, 0.5), (found.prediction, truth[6]), (_spread(found).tau2, 1.0))
        ):
            covered[i] += interval.ci_low <= value <= interval.ci_high
    assert covered / 1000 == pytest.approx([0.95] * 3, abs=4 * math.sqrt(0.95 * 0.05 / 1000))


def test_equal_effects_have_no_hartung_knapp_interval() -> None:
    with pytest.raises(StatsError, match=r"expected effects that differ, found 0\.5 in all 2 studies") as refused:
        random_effects([0.5, 0.5], [0.1, 0.2])
    assert "q >= 1" in refused.value.hint
    found = random_effects([0.5, 0.5], [0.1, 0.2], interval="HKSJ, q >= 1")
    assert found.effect.ci_low < 0.5 < found.effect.ci_high


@pytest.mark.parametrize(
    ("effects", "variances", "message"),
    [
        ([], [], "effects: expected 1 values at least, found 0"),
        ([0.5, 0.6], [0.1], "expected an effect and a variance of each study, found 2 and 1"),
        ([0.5, 0.6], [0.1, 0.0], "expected variances above 0, found 0"),
        ([0.5, math.nan], [0.1, 0.1], "effects: expected finite numbers"),
        ([0.5, 0.6], [0.1, math.inf], "variances of the effects: expected finite numbers"),
    ],
)
@pytest.mark.parametrize("analyse", [fixed_effect, random_effects])
def test_what_are_no_studies_is_refused(
    analyse: Any, effects: list[float], variances: list[float], message: str
) -> None:
    with pytest.raises(StatsError, match=message) as refused:
        analyse(effects, variances)
    assert refused.value.hint


@pytest.mark.parametrize("analyse", [fixed_effect, random_effects])
def test_confidence_is_a_share(analyse: Any) -> None:
    with pytest.raises(StatsError, match="confidence"):
        analyse([0.5, 0.6], [0.1, 0.1], confidence=95)
