"""Bootstrap intervals of means and medians, and of their differences between two groups."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from csds.errors import StatsError
from csds.stats.samples import FloatArray, Numbers, check_confidence, check_sample

Location: TypeAlias = Literal["mean", "median"]
#: Numbers that are drawn at once.
_BLOCK = 2**18


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapIntervals:
    """An estimate with its bootstrap intervals, each (low, high).

    Parameters
    ----------
    value : float
        The estimate from the sample itself.
    percentile : tuple of float
        Quantiles of the resampled estimates.
    bca : tuple of float
        The same, corrected for bias and acceleration.
    studentised : tuple of float or None
        Bootstrap-t, of means only.
    draws : int
        Resamples.
    """

    value: float
    percentile: tuple[float, float]
    bca: tuple[float, float]
    studentised: tuple[float, float] | None
    draws: int


def bootstrap(
    x: Numbers,
    y: Numbers | None = None,
    *,
    rng: np.random.Generator,
    location: Location = "mean",
    draws: int = 10_000,
    confidence: float = 0.95,
) -> BootstrapIntervals:
    """Return bootstrap intervals of a mean or median of x, or of the difference x − y of two.

    Each group is resampled within itself. Percentile and BCa are as R's ``boot.ci`` (Efron 1987, 10.2307/2289144):
    quantile (draws + 1) α of the resampled estimates, the bias from the share of them that lies below the estimate
    (half of those that equal it), the acceleration from the jackknife, for two groups by Davison & Hinkley (1997,
    equation 5.30). Studentised: the estimate less quantiles of (θ* − θ) / s*, times s, with s the standard error with
    separate variances; resamples without any variation are left out.

    Parameters
    ----------
    x, y : sequence of float
        The samples, three values each at least.
    rng : numpy.random.Generator
        Where randomness comes from.
    location : str
        ``mean`` or ``median``.
    draws : int
        Resamples, 100 at least.
    confidence : float
        Confidence level.

    Raises
    ------
    StatsError
        A sample is too small or not of finite numbers, no group varies, or there are too few draws.

    Examples
    --------
    >>> x, y = [1.1, 0.9, 1.4, 1.2, 1.3], [0.6, 0.8, 0.5, 1.0, 0.4]
    >>> intervals = bootstrap(x, y, rng=np.random.default_rng(1))
    >>> [round(bound, 1) for bound in intervals.percentile]
    [0.3, 0.7]
    """
    samples = [check_sample(x, name="first group", at_least=3)]
    if y is not None:
        samples.append(check_sample(y, name="second group", at_least=3))
    tail = (1 - check_confidence(confidence)) / 2
    if draws < 100:
        raise StatsError(f"bootstrap: expected 100 draws at least, found {draws}", hint="Ask for 10000.")
    if all(np.ptp(sample) == 0 for sample in samples):
        raise StatsError(
            f"bootstrap: expected values that vary, found all equal within groups ({samples[0][0]:g} …)",
            hint="Nothing can be estimated without variation: describe the values instead.",
        )
    of = _mean if location == "mean" else _median
    drawn = [_resampled(sample, of, draws, rng) for sample in samples]
    # x less y, or x alone.
    signs = (1, -1)[: len(samples)]
    value = sum(sign * float(of(sample[None, :])[0]) for sign, sample in zip(signs, samples, strict=True))
    estimates = sum((sign * each.locations for sign, each in zip(signs, drawn, strict=True)), np.zeros(draws))
    studentised = None
    if location == "mean":
        squares = sum((each.squared_errors for each in drawn), np.zeros(draws))
        error = math.sqrt(sum(float(sample.var(ddof=1)) / len(sample) for sample in samples))
        varies = squares > 1e-20 * error**2
        low, high = _quantiles((estimates[varies] - value) / np.sqrt(squares[varies]), (tail, 1 - tail))
        studentised = (value - high * error, value - low * error)
    return BootstrapIntervals(
        value=value,
        percentile=_quantiles(estimates, (tail, 1 - tail)),
        bca=_quantiles(estimates, _bca_tails(estimates, value, _acceleration(samples, signs, of), tail)),
        studentised=studentised,
        draws=draws,
    )


def bootstrap_draws(
    x: Numbers, y: Numbers | None = None, *, rng: np.random.Generator, location: Location = "mean", draws: int = 10_000
) -> FloatArray:
    """Return the resampled means or medians of x, shape (draws,), or differences x − y, as `bootstrap` has them.

    The same generator gives those that `bootstrap` takes its intervals from.

    Raises
    ------
    StatsError
        A sample is too small or not of finite numbers.
    """
    samples = [check_sample(x, name="first group", at_least=3)]
    if y is not None:
        samples.append(check_sample(y, name="second group", at_least=3))
    first, *second = (_resampled(one, _mean if location == "mean" else _median, draws, rng) for one in samples)
    return first.locations - second[0].locations if second else first.locations


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """Of each resample, its location and the squared standard error of its mean."""

    locations: FloatArray
    squared_errors: FloatArray


def _mean(rows: FloatArray) -> FloatArray:
    return np.asarray(rows.mean(axis=1))


def _median(rows: FloatArray) -> FloatArray:
    n = rows.shape[1]
    ordered = np.sort(rows, axis=1)
    return np.asarray((ordered[:, (n - 1) // 2] + ordered[:, n // 2]) / 2)


def _resampled(
    sample: FloatArray, of: Callable[[FloatArray], FloatArray], draws: int, rng: np.random.Generator
) -> _Drawn:
    n = len(sample)
    locations, squared_errors = np.empty(draws), np.empty(draws)
    step = max(1, _BLOCK // n)
    for start in range(0, draws, step):
        rows = sample[rng.integers(n, size=(min(step, draws - start), n))]
        locations[start : start + step] = of(rows)
        squared_errors[start : start + step] = rows.var(axis=1, ddof=1) / n
    return _Drawn(locations=locations, squared_errors=squared_errors)


def _quantiles(values: FloatArray, shares: tuple[float, float]) -> tuple[float, float]:
    low, high = np.quantile(values, shares, method="weibull")
    return float(low), float(high)


def _bca_tails(estimates: FloatArray, value: float, acceleration: float, tail: float) -> tuple[float, float]:
    """Return the shares of the resampled estimates below the bounds of the BCa interval."""
    from scipy.special import ndtr, ndtri

    # Sums of the same numbers in another order are equal but for rounding.
    rounding = 1e-12 * float(np.abs(estimates).max())
    below = ((estimates < value - rounding).mean() + (estimates <= value + rounding).mean()) / 2
    bias = float(ndtri(np.clip(below, 1 / (2 * len(estimates)), 1 - 1 / (2 * len(estimates)))))
    moved = [bias + float(ndtri(share)) for share in (tail, 1 - tail)]
    low, high = (float(ndtr(bias + z / (1 - acceleration * z))) for z in moved)
    return low, high


def _acceleration(samples: list[FloatArray], signs: tuple[int, ...], of: Callable[[FloatArray], FloatArray]) -> float:
    """Return the jackknife's skewness of the estimate, over 6."""
    squares = cubes = 0.0
    for sign, sample in zip(signs, samples, strict=True):
        n = len(sample)
        without = of(np.tile(sample, (n, 1))[~np.eye(n, dtype=bool)].reshape(n, n - 1))
        influence = sign * (n - 1) * (without.mean() - without) / n
        squares += float((influence**2).sum())
        cubes += float((influence**3).sum())
    return cubes / (6 * squares**1.5) if squares > 0 else 0.0
