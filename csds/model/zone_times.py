"""How long mice are in the interaction zone with the target absent and present: laws, and published numbers.

For each animal a pair of correlated standard normals is taken through beta distributions on the phase's length that
have the law's means and SDs (a Gaussian copula). Defeated animals can be several components, such as susceptible and
resilient ones. An animal's times are those that it would have undefeated, plus ``severity`` times the difference that
defeat makes to it: 0 is a control, 1 is as the law says, and means move in proportion in between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from csds.model.shapes import FloatArray

PHASE_S = 150.0
#: Two standard normals of each animal: absent, and present's own part.
Latents = tuple[FloatArray, FloatArray]
#: From the mean and SD of a share, and standard normals, to the share at the same quantiles.
Quantiles = Callable[[float, float, FloatArray], FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesLaw:
    """Seconds in the interaction zone of one kind of animal: means, SDs, and their correlation."""

    absent_mean: float
    absent_sd: float
    present_mean: float
    present_sd: float
    correlation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StressLaw:
    """Undefeated animals, and the components of defeated ones: name, share and law; all in phases of one length, s."""

    control: TimesLaw
    stressed: tuple[tuple[str, float, TimesLaw], ...]
    phase_s: float = PHASE_S


PUBLISHED_TIMES: dict[str, StressLaw] = {
    "male": StressLaw(
        control=TimesLaw(absent_mean=61, absent_sd=18, present_mean=91, present_sd=19, correlation=0.38),
        stressed=(
            (
                "susceptible",
                123 / 216,
                TimesLaw(absent_mean=63, absent_sd=16, present_mean=35, present_sd=21, correlation=0.53),
            ),
            (
                "resilient",
                93 / 216,
                TimesLaw(absent_mean=57, absent_sd=15, present_mean=80, present_sd=18, correlation=0.53),
            ),
        ),
    ),
    "female": StressLaw(
        control=TimesLaw(absent_mean=63, absent_sd=15, present_mean=92, present_sd=16, correlation=0.08),
        stressed=(
            (
                "stressed",
                1.0,
                TimesLaw(absent_mean=69, absent_sd=16, present_mean=85, present_sd=18, correlation=0.17),
            ),
        ),
    ),
}
"""Schuler … Bagot 2024 (761 mice, 20 cohorts, 150 s): males (defeat) and females (witness defeat).

The published correlation over all defeated males is .20; it holds ``Σ share · r_within · SD_a · SD_p`` plus the
covariance between the components' means, hence r = .53 within them.
"""


def beta_quantiles(mean: float | FloatArray, sd: float, latent: FloatArray) -> FloatArray:
    """Return the values of a beta distribution of given mean and SD at the normal's quantiles."""
    from scipy import stats

    size = mean * (1.0 - mean) / sd**2 - 1.0
    return np.asarray(stats.beta.ppf(stats.norm.cdf(latent), mean * size, (1.0 - mean) * size), float)


def find_components(law: StressLaw, liability: FloatArray) -> NDArray[np.intp]:
    """Return each animal's component as a place in the law's list: the higher the liability, the earlier."""
    from scipy import stats

    shares = np.cumsum([share for _, share, _ in law.stressed])
    return np.minimum(np.searchsorted(shares, stats.norm.sf(liability)), len(shares) - 1)


def zone_times(
    law: StressLaw,
    component: NDArray[np.intp],
    severity: FloatArray,
    latents: Latents,
    *,
    quantiles: Quantiles = beta_quantiles,
) -> tuple[FloatArray, FloatArray]:
    """Return the times with the target absent and present, s, in the latents' shape.

    Parameters
    ----------
    law : StressLaw
    component : array of int
        As `find_components` returns it.
    severity : array
        Share of what defeat does to an animal; 0 for undefeated ones.
    latents : tuple of array
        Standard normals of each animal.
    quantiles : callable
        How a beta distribution's quantiles are found.
    """
    undefeated = _both_times(law.control, law.phase_s, latents, quantiles)
    stressed = [_both_times(kind, law.phase_s, latents, quantiles) for _, _, kind in law.stressed]
    both = []
    for phase in (0, 1):
        defeated = np.choose(component, [times[phase] for times in stressed])
        both.append(np.clip(undefeated[phase] + severity * (defeated - undefeated[phase]), 0.0, law.phase_s))
    return both[0], both[1]


def _both_times(law: TimesLaw, phase_s: float, latents: Latents, quantiles: Quantiles) -> tuple[FloatArray, FloatArray]:
    absent, own = latents
    present = law.correlation * absent + np.sqrt(1.0 - law.correlation**2) * own
    return (
        phase_s * quantiles(law.absent_mean / phase_s, law.absent_sd / phase_s, absent),
        phase_s * quantiles(law.present_mean / phase_s, law.present_sd / phase_s, present),
    )
