"""Q–Q plots: R's quantiles, a band that normal errors keep to, and one that others leave."""

from __future__ import annotations

import numpy as np
import pytest

from csds.errors import StatsError
from csds.stats.residual_envelope import normal_qq


def residuals_of(matrix: np.ndarray, errors: np.ndarray) -> np.ndarray:
    base, _ = np.linalg.qr(matrix)
    return errors - base @ (base.T @ errors)


def groups(sizes: tuple[int, ...]) -> np.ndarray:
    return np.repeat(np.eye(len(sizes)), sizes, axis=0)


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        # R: qnorm(ppoints(5)); qnorm(ppoints(12))[1:3]
        (5, [-1.1797611176, -0.4972005707, 0.0]),
        (12, [-1.7316643961, -1.1503493804, -0.8122178015]),
    ],
)
def test_quantiles_are_those_of_r(n: int, expected: list[float]) -> None:
    found = normal_qq(np.linspace(-1, 1, n), np.ones((n, 1)), rng=np.random.default_rng(1), draws=100)
    assert found.quantiles[:3] == pytest.approx(expected, abs=1e-9)
    assert found.residuals.tolist() == sorted(found.residuals)


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(6, 6), (4, 9, 15)])
def test_normal_errors_leave_the_band_once_in_twenty(sizes: tuple[int, ...]) -> None:
    rng, matrix = np.random.default_rng(7), groups(sizes)
    shares = [
        normal_qq(residuals_of(matrix, rng.standard_normal(len(matrix))), matrix, rng=rng, draws=500).outside
        / len(matrix)
        for _ in range(300)
    ]
    # The mean of 300 shares, which vary by 0.08 or so.
    assert np.mean(shares) == pytest.approx(0.05, abs=0.015)


def test_band_has_the_scale_of_the_residuals_and_knows_the_model() -> None:
    # Two animals a group: residuals of a group are equal but for their sign, so that the band is symmetric and as wide
    # as the residuals are large, whatever the unit.
    matrix = groups((2,) * 10)
    residuals = residuals_of(matrix, np.random.default_rng(3).standard_normal(20))
    one, other = (
        normal_qq(scale * residuals, matrix, rng=np.random.default_rng(1), draws=400) for scale in (1.0, 1000.0)
    )
    assert other.low == pytest.approx(1000 * one.low)
    assert one.low == pytest.approx(-one.high[::-1], rel=1e-9)


def test_a_skewed_sample_leaves_the_band() -> None:
    errors = np.random.default_rng(5).exponential(1, 60) ** 2
    matrix = groups((30, 30))
    found = normal_qq(residuals_of(matrix, errors), matrix, rng=np.random.default_rng(1))
    assert found.outside > 20
    assert found.residuals[-1] > found.high[-1]


@pytest.mark.parametrize(
    ("residuals", "matrix", "draws", "message"),
    [
        ([1.0, -1.0], np.eye(2), 200, "more residuals than the model has columns"),
        ([1.0, -1.0, 0.0], np.ones((2, 1)), 200, "more residuals than the model has columns"),
        ([0.0, 0.0, 0.0], np.ones((3, 1)), 200, "found all zero"),
        ([1.0, -1.0, 0.0], np.ones((3, 1)), 20, "expected 100 draws"),
        ([1.0, np.nan, 0.0], np.ones((3, 1)), 200, "residuals"),
    ],
)
def test_what_has_no_plot_says_why(residuals, matrix, draws: int, message: str) -> None:
    with pytest.raises(StatsError, match=message):
        normal_qq(residuals, matrix, rng=np.random.default_rng(1), draws=draws)
