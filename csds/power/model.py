"""What animals of a study yet to be done are drawn from: times in the interaction zone, or a normal outcome.

Each animal has latent standard normals, which have a ``correlation`` between tests. A ``share`` of their variance is
its cage's. Scores are derived from the times, never drawn.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from csds.behaviour.ratios import Phases, log_present_to_absent, preference, present_to_absent
from csds.errors import StatsError
from csds.model.shapes import FloatArray
from csds.model.zone_times import StressLaw, beta_quantiles, find_components, zone_times

Within = Literal["", "target", "test"]
#: Untreated mice that are selected for SI < 1 (mean 0.64) have 0.82 to 1.01 when they are tested again, as correlations
#: of 0.4 to 0 between the latent normals of the published males give; this is the middle.
RETEST = 0.2
#: Points of the latent axis between which a beta distribution's quantiles are interpolated, to 1e-4 s of a phase.
_GRID = np.linspace(-9.0, 9.0, 8001)
#: Animals that moments are taken from, and the seed that draws them: the same for the same model.
_MANY, _SEED = 40_000, 20110721
#: Intraclass correlations beyond this leave a cage one animal.
MOST_ICC = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How many draws of how many animals in each group, in cages of so many that share part of the variance."""

    draws: int
    animals: int
    cage_size: int = 1
    share: float = 0.0

    @property
    def cages(self) -> int:
        """Cages in a group, the last perhaps not full."""
        return math.ceil(self.animals / self.cage_size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Mean and SD in each group of what is compared (of repeated measurements, the change), and its cages' ICC."""

    means: FloatArray
    sds: FloatArray
    icc: float


OUTCOMES: Mapping[str, Callable[[Phases], FloatArray]] = {
    "si_ratio": present_to_absent,
    "log_si_ratio": log_present_to_absent,
    "si_preference": preference,
    "si_difference_s": lambda phases: np.asarray(phases.present, float) - np.asarray(phases.absent, float),
    "interaction_present_s": lambda phases: np.asarray(phases.present, float),
    "below_cutoff": lambda phases: np.asarray(present_to_absent(phases) < 1, float),
}
"""Outcomes that follow from the times in the interaction zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesModel:
    """Times in the interaction zone by a law, and the outcome that follows from them.

    Parameters
    ----------
    law : StressLaw
    outcome : str
        One of `OUTCOMES`; of the design ``target_by_group`` the times themselves are the outcome.
    correlation : float
        Between an animal's latent normals (both times, and the liability to be susceptible) in two tests.
    """

    law: StressLaw
    outcome: str = "si_ratio"
    correlation: float = RETEST

    def draw(self, severity: FloatArray, within: Within, sampling: Sampling, rng: np.random.Generator) -> FloatArray:
        """Return values of shape (draws, groups, animals, measurements).

        Parameters
        ----------
        severity : ndarray, shape (groups, tests)
            Share of the stress effect that each group shows in each test.
        within : str
            ``target``: both phases are measured in the one test; ``test``: each test is.
        sampling : Sampling
        rng : numpy.random.Generator
        """
        groups, tests = severity.shape
        absent, own, liability = _latents(3, (groups, tests), self.correlation, sampling, rng)
        times = zone_times(
            self.law,
            find_components(self.law, liability),
            severity[:, np.newaxis, :],
            (absent, own),
            quantiles=_tabulated,
        )
        if within == "target":
            return np.concatenate(times, axis=-1)
        phases = Phases(absent=times[0], present=times[1], window_absent_s=1.0, window_present_s=1.0)
        return OUTCOMES[self.outcome](phases)

    def moments(self, severity: FloatArray, within: Within, *, share: float = 0.0) -> Moments:
        """Return the moments of many animals in cages of two: the same ones in each group, so that groups that don't
        differ by law don't differ by chance.
        """
        values = np.array([self._many(row, within, share) for row in severity])
        means, sds = values.mean(axis=1), values.std(axis=1, ddof=1)
        first, second = np.moveaxis((values - means[:, np.newaxis]).reshape(len(values), -1, 2), -1, 0)
        if within == "test":  # tests that don't differ by law don't differ by chance either
            mean = {each: self._many(np.array([each]), "", share).mean() for each in np.unique(severity).tolist()}
            means = np.array([mean[post] - mean[pre] for pre, post in severity.tolist()])
        return Moments(means=means, sds=sds, icc=float((first * second).mean() / np.mean(sds**2)))

    def _many(self, severity: FloatArray, within: Within, share: float) -> FloatArray:
        """Return what is compared of many animals of one group, always the same ones."""
        sampling = Sampling(draws=1, animals=_MANY, cage_size=2, share=share)
        ((many,),) = draw_compared(self, severity[np.newaxis], within, sampling, np.random.default_rng(_SEED))
        return np.asarray(many)


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalModel:
    """A normal outcome with one SD in all groups and measurements.

    Parameters
    ----------
    stress_effect : float
        Defeated less undefeated, in the outcome's unit; of ``target_by_group``, in what the target changes.
    sd : float
        Standard deviation within groups.
    correlation : float
        Between two measurements of an animal.
    outcome : str
        What it is called.
    """

    stress_effect: float
    sd: float
    correlation: float = RETEST
    outcome: str = "outcome"

    def draw(self, severity: FloatArray, within: Within, sampling: Sampling, rng: np.random.Generator) -> FloatArray:
        """Return values of shape (draws, groups, animals, measurements), as `TimesModel.draw` does."""
        if within == "target":
            severity = np.column_stack([np.zeros(len(severity)), severity])
        (latent,) = _latents(1, severity.shape, self.correlation, sampling, rng)
        return np.asarray(self.stress_effect * severity[:, np.newaxis, :] + self.sd * latent)

    def moments(self, severity: FloatArray, within: Within, *, share: float = 0.0) -> Moments:
        """Return the moments, exactly."""
        first = 0.0 if within != "test" else severity[:, 0]
        sd = self.sd * (math.sqrt(2 * (1 - self.correlation)) if within else 1.0)
        return Moments(means=self.stress_effect * (severity[:, -1] - first), sds=np.full(len(severity), sd), icc=share)


Model = TimesModel | NormalModel


def draw_compared(
    model: Model, severity: FloatArray, within: Within, sampling: Sampling, rng: np.random.Generator
) -> FloatArray:
    """Return what groups are compared by, shape (draws, groups, animals): a value, or an animal's change."""
    values = model.draw(severity, within, sampling, rng)
    return values[..., 1] - values[..., 0] if within else values[..., 0]


def find_share(model: Model, severity: FloatArray, within: Within, icc: float) -> float:
    """Return the share of the latent variance that cages must hold for what is compared to have such an ICC.

    Raises
    ------
    StatsError
        It isn't from 0 to `MOST_ICC`.
    """
    from scipy.optimize import brentq

    if not 0 <= icc <= MOST_ICC:
        raise StatsError(f"intraclass correlation: expected 0 to {MOST_ICC}, found {icc}", hint="0.1 is a usual one.")
    if icc == 0:
        return 0.0
    by_chance = model.moments(severity, within).icc

    def excess(share: float) -> float:
        return model.moments(severity, within, share=share).icc - by_chance * (1 - share) - icc

    return float(brentq(excess, 0.0, 1.0, xtol=1e-3))


def find_rescue(model: Model, severities: Callable[[float], FloatArray], within: Within, difference: float) -> float:
    """Return the share of the stress effect whose removal changes the treated group's mean by a difference.

    Parameters
    ----------
    model : Model
    severities : callable
        From the share to the severities of the reference and the treated group, shape (2, tests).
    within : str
    difference : float
        Of the two groups' means (of repeated measurements, of their changes), without its sign.

    Raises
    ------
    StatsError
        The difference is more than the whole stress effect, or not positive.
    """
    from scipy.optimize import brentq

    def change(share: float) -> float:
        means = model.moments(severities(share), within).means
        return abs(float(means[1] - means[0]))

    most = change(1.0)
    if not 0 < difference <= most:
        raise StatsError(
            f"difference of {model.outcome}: expected more than 0 and {most:.3g} at most, which is the whole stress "
            f"effect of this model, found {difference:g}",
            hint="Give the share of the stress effect that treatment removes, or the outcome's standard deviation.",
        )
    return float(brentq(lambda share: change(share) - difference, 0.0, 1.0, xtol=1e-4))


def with_correlation(model: Model, correlation: float) -> Model:
    """Return the model with another correlation between an animal's measurements.

    Raises
    ------
    StatsError
        It isn't from 0 to less than 1.
    """
    if not 0 <= correlation < 1:
        raise StatsError(
            f"correlation: expected 0 to less than 1, found {correlation}", hint=f"{RETEST} is the default."
        )
    return replace(model, correlation=correlation)


def _latents(
    kinds: int, shape: tuple[int, int], correlation: float, sampling: Sampling, rng: np.random.Generator
) -> FloatArray:
    """Return standard normals of shape (kinds, draws, groups, animals, tests), correlated within cages and animals."""
    groups, tests = shape

    def correlated(units: int) -> FloatArray:
        size = (kinds, sampling.draws, groups, units)
        normals = rng.standard_normal((*size, tests))
        if tests == 1:
            return normals
        return math.sqrt(correlation) * rng.standard_normal((*size, 1)) + math.sqrt(1 - correlation) * normals

    latent = correlated(sampling.animals)
    if sampling.share > 0:
        cages = np.repeat(correlated(sampling.cages), sampling.cage_size, axis=-2)[..., : sampling.animals, :]
        latent = math.sqrt(sampling.share) * cages + math.sqrt(1 - sampling.share) * latent
    return latent


def _tabulated(mean: float, sd: float, latent: FloatArray) -> FloatArray:
    return np.interp(latent, _GRID, _table(mean, sd))


@functools.lru_cache(maxsize=64)
def _table(mean: float, sd: float) -> FloatArray:
    return beta_quantiles(mean, sd, _GRID)
