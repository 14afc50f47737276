"""Two groups within one set of scores: a mixture of two normal distributions.

Defeated mice are described as two populations, one that avoids and one that does not; the mixture
puts the boundary where the scores themselves fall apart, instead of at a fixed ratio. It is fitted by
expectation and maximisation (Dempster, Laird and Rubin 1977, J R Stat Soc B 39:1,
doi:10.1111/j.2517-6161.1977.tb01600.x) from fixed starting points, so that the same scores always
give the same boundary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from csds.model.shapes import FloatArray

MIN_ANIMALS = 20
"""Fewer scores are not split."""

MIN_SHARE = 0.1
"""A component with a smaller share of the animals is a few outliers, not a group."""

MIN_BIC_GAIN = 2.0
"""What two components must gain over one: "positive" evidence in the scale of Kass and Raftery 1995
(J Am Stat Assoc 90:773, doi:10.1080/01621459.1995.10476572)."""

_NARROWEST = 0.1  # share of the scores' SD: keeps a component from collapsing onto a single score
_ROUNDS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoNormals:
    """A mixture of two normal distributions, the lower one first: means, SDs and shares of both."""

    means: tuple[float, float]
    sds: tuple[float, float]
    shares: tuple[float, float]
    log_likelihood: float


def mixture_boundary(scores: ArrayLike) -> float:
    """Return the score at which both components of the mixture are equally likely; NaN if it isn't supported.

    The boundary (posterior probability 0.5) lies between the two means. It is NaN where there are
    fewer than 20 scores, where one component has less than a tenth of them, where it would not lie
    between the means, or where one normal distribution describes the scores as well (its
    Bayesian information criterion is not higher by more than 2).

    Parameters
    ----------
    scores : array of shape (n,)
        Finite scores, on a scale on which the groups are about normal: ratios as logarithms.

    Examples
    --------
    >>> apart = np.concatenate([np.linspace(-1.2, -0.8, 20), np.linspace(0.8, 1.2, 20)])
    >>> round(mixture_boundary(apart), 6) + 0.0
    0.0
    >>> mixture_boundary([1.0, 2.0])
    nan
    """
    values = np.asarray(scores, float)
    if values.size < MIN_ANIMALS or not np.ptp(values) > 0:
        return float("nan")
    fit = fit_two_normals(values)
    spread = float(values.std())
    one = float(_log_density(values, float(values.mean()), spread).sum())
    gain = 2 * (fit.log_likelihood - one) - 3 * np.log(values.size)
    if gain <= MIN_BIC_GAIN or min(fit.shares) < MIN_SHARE:
        return float("nan")
    return _crossing(fit)


def fit_two_normals(scores: ArrayLike) -> TwoNormals:
    """Return the likeliest mixture of two normal distributions.

    Started from splits at the quartiles and the median; the best of the three is taken. No
    component's SD falls below a tenth of the SD of all scores.
    """
    values = np.asarray(scores, float)
    floor = _NARROWEST * float(values.std())
    starts = [(values > np.quantile(values, at)).astype(float) for at in (0.25, 0.5, 0.75)]
    fits = [_fit_from(values, start, floor) for start in starts if 0 < start.mean() < 1]
    return max(fits, key=lambda fit: fit.log_likelihood)


def _fit_from(values: FloatArray, upper: FloatArray, floor: float) -> TwoNormals:
    """Return the mixture that EM reaches from given memberships of the upper component."""
    before = -np.inf
    for _ in range(_ROUNDS):
        weights = np.stack([1 - upper, upper])
        sizes = np.maximum(weights.sum(axis=1), 1e-9)
        means = weights @ values / sizes
        sds = np.maximum(np.sqrt((weights * (values - means[:, None]) ** 2).sum(axis=1) / sizes), floor)
        shares = sizes / sizes.sum()
        joint = np.stack([np.log(shares[i]) + _log_density(values, means[i], sds[i]) for i in range(2)])
        total = np.logaddexp(joint[0], joint[1])
        upper = np.exp(joint[1] - total)
        likelihood = float(total.sum())
        if likelihood - before < 1e-9 * values.size:
            break
        before = likelihood
    low, high = (0, 1) if means[0] <= means[1] else (1, 0)
    return TwoNormals(
        means=(float(means[low]), float(means[high])),
        sds=(float(sds[low]), float(sds[high])),
        shares=(float(shares[low]), float(shares[high])),
        log_likelihood=likelihood,
    )


def _crossing(fit: TwoNormals) -> float:
    """Return where both weighted densities are equal between the means, by bisection; NaN if nowhere."""

    def lead_of_lower(at: float) -> float:
        lower, upper = (
            float(np.log(fit.shares[i]) + _log_density(np.array([at]), fit.means[i], fit.sds[i])[0]) for i in range(2)
        )
        return lower - upper

    low, high = fit.means
    if not (lead_of_lower(low) > 0 > lead_of_lower(high)):
        return float("nan")
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if lead_of_lower(middle) > 0 else (low, middle)
    return (low + high) / 2


def _log_density(values: FloatArray, mean: float, sd: float) -> FloatArray:
    return np.asarray(-0.5 * ((values - mean) / sd) ** 2 - np.log(sd * np.sqrt(2 * np.pi)))
