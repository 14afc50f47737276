"""Power of the planned tests over numbers of animals by simulation, and the number that a wanted power needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from csds.errors import StatsError
from csds.model.shapes import FloatArray
from csds.power.designs import PowerDesign, normal_power, rejections
from csds.power.model import Model, Moments, Sampling, draw_compared, find_share
from csds.stats.power_forms import smallest_n
from csds.stats.proportions import wilson_interval
from csds.stats.samples import Estimate

#: More animals in a group than this are not simulated.
MOST_ANIMALS = 1000
#: Animals that are drawn at once.
_BLOCK = 50_000
#: Numbers of animals that are looked at where none are named.
_POINTS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerStudy:
    """A study yet to be done.

    Parameters
    ----------
    design : PowerDesign
    model : Model
        What its animals are drawn from.
    alpha : float
        Level of the planned tests.
    cage_size : int
        Animals of a group that share a cage. Where it isn't 1 cages are compared by their means, which in balanced
        groups is the test of the mixed model with cage as random intercept.
    icc : float
        Intraclass correlation within cages of what is compared: the outcome, or its change within animals.
    """

    design: PowerDesign
    model: Model
    alpha: float = 0.05
    cage_size: int = 1
    icc: float = 0.0

    @property
    def design_effect(self) -> float:
        """By how much cages inflate a mean's variance: ``1 + (m − 1) ICC`` (Kish 1965, Survey Sampling)."""
        return 1 + (self.cage_size - 1) * self.icc


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerPoint:
    """Power of a planned test with ``n`` animals in each group.

    Parameters
    ----------
    contrast : str
    n : int
    power : Estimate
        Share of the simulated studies that find it, with Wilson's interval: the Monte Carlo error.
    normal_power : float
        In closed form, unadjusted, as if outcomes were normal with the model's means and one variance; of shares,
        Cohen's approximation.
    draws : int
    """

    contrast: str
    n: int
    power: Estimate
    normal_power: float
    draws: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSize:
    """Animals in each group that a planned test needs for a power; None where the numbers looked at don't tell.

    ``low`` and ``high`` are the same of the Monte Carlo interval's upper and lower end.
    """

    contrast: str
    power: float
    n: int | None
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerCurve:
    """What was simulated, and the true difference that each planned test looks for, in the outcome's unit."""

    study: PowerStudy
    differences: tuple[float, ...]
    sds: tuple[float, ...]
    points: tuple[PowerPoint, ...]

    def of(self, contrast: str) -> tuple[PowerPoint, ...]:
        """Return a contrast's points, by number of animals."""
        return tuple(point for point in self.points if point.contrast == contrast)


def simulate_power(
    study: PowerStudy,
    ns: Sequence[int],
    *,
    rng: np.random.Generator,
    draws: int = 2000,
    on_draws: Callable[[int], object] | None = None,
) -> PowerCurve:
    """Return the power of every planned test at several numbers of animals.

    Studies are drawn with the largest number and cut to the smaller ones: each point is an honest simulation, and
    points differ by less chance than they would from separate draws.

    Parameters
    ----------
    study : PowerStudy
    ns : sequence of int
        Animals in each group; whole cages.
    rng : numpy.random.Generator
    draws : int
        Simulated studies.
    on_draws : callable
        Called with the number of studies done.

    Raises
    ------
    StatsError
        A number of animals can't be simulated, there are no draws, the model gives outcomes that aren't defined, or
        cages can't hold so much of the variance.
    """
    _check(study, ns, draws)
    design, size = study.design, study.cage_size
    share = find_share(study.model, design.severity, design.within, study.icc) if size > 1 else 0.0
    step = max(1, _BLOCK // (max(ns) * len(design.groups)))
    found = np.zeros((len(ns), len(design.contrasts)), dtype=int)
    for start in range(0, draws, step):
        sampling = Sampling(draws=min(step, draws - start), animals=max(ns), cage_size=size, share=share)
        values = _by_cage(draw_compared(study.model, design.severity, design.within, sampling, rng), size)
        if not np.isfinite(values).all():
            raise StatsError(
                f"{study.model.outcome}: expected an outcome of every simulated animal, found some without",
                hint="Choose an outcome that is defined where a time is 0, such as si_preference.",
            )
        for i, n in enumerate(ns):
            found[i] += rejections(values[..., : n // size], design, alpha=study.alpha).sum(axis=0)
        if on_draws:
            on_draws(start + sampling.draws)
    moments = study.model.moments(design.severity, design.within)
    points = [
        PowerPoint(contrast=name, n=n, power=wilson_interval(int(found[i, j]), draws), normal_power=normal, draws=draws)
        for i, n in enumerate(ns)
        for j, (name, normal) in enumerate(zip(design.contrasts, _normal(study, moments, n), strict=True))
    ]
    return PowerCurve(
        study=study,
        differences=tuple((design.weights @ moments.means).tolist()),
        sds=tuple(moments.sds.tolist()),
        points=tuple(points),
    )


def suggested_ns(study: PowerStudy, *, power: float = 0.8) -> tuple[int, ...]:
    """Return numbers of animals, whole cages, that show the first planned test's power from low to beyond the wanted.

    Found in closed form, as if outcomes were normal, at the level that adjustment leaves the test at worst.

    Raises
    ------
    StatsError
        The effect is so small that more than `MOST_ANIMALS` in a group would be needed.
    """
    size, alpha = study.cage_size, study.alpha / (1 if study.design.adjust == "none" else len(study.design.contrasts))
    moments = study.model.moments(study.design.severity, study.design.within)
    strict = replace(study, alpha=alpha)
    needed = smallest_n(lambda cages: _normal(strict, moments, cages * size)[0], power=power) * size
    most = math.ceil(1.5 * needed / size) * size
    if most > MOST_ANIMALS:
        raise StatsError(
            f"power {power} of {study.design.contrasts[0]} needs about {needed} animals in a group",
            hint=f"Up to {MOST_ANIMALS} are simulated: is the effect what was meant?",
        )
    cages = np.unique(np.linspace(min(3, most // size), most // size, _POINTS).round().astype(int))
    return tuple((cages * size).tolist())


def sample_size(points: Sequence[PowerPoint], power: float, *, multiple: int = 1) -> SampleSize:
    """Return the animals in each group with which a planned test reaches a power.

    Power is made to rise with n (isotonic regression), and between two numbers follows a line in √n and the normal
    quantile of power, which closed forms nearly are.

    Parameters
    ----------
    points : sequence of PowerPoint
        Of one contrast, by rising n.
    power : float
        The wanted power.
    multiple : int
        Animals come in so many.

    Raises
    ------
    StatsError
        The power isn't a share between 0 and 1.
    """
    if not 0 < power < 1:
        raise StatsError(f"power: expected a share between 0 and 1, found {power}", hint="0.8 is usual.")
    ns = np.array([point.n for point in points])

    def reached(values: Sequence[float]) -> int | None:
        at = _crossing(ns, np.array(values), power, points[0].draws)
        return None if at is None else math.ceil(round(at / multiple, 6)) * multiple

    return SampleSize(
        contrast=points[0].contrast,
        power=power,
        n=reached([point.power.value for point in points]),
        low=reached([point.power.ci_high for point in points]),
        high=reached([point.power.ci_low for point in points]),
    )


def with_attrition(n: int, attrition: float, *, multiple: int = 1) -> int:
    """Return how many animals to start with in a group, so that ``n`` are left when a share of them is lost.

    Raises
    ------
    StatsError
        The share isn't from 0 to less than 1.

    Examples
    --------
    >>> with_attrition(32, 0.1)
    36
    """
    if not 0 <= attrition < 1:
        raise StatsError(f"attrition: expected 0 to less than 1, found {attrition}", hint="Say 0.1 for 10 %.")
    return math.ceil(round(n / (1 - attrition) / multiple, 9)) * multiple


def _crossing(ns: FloatArray, powers: FloatArray, wanted: float, draws: int) -> float | None:
    """Return where a curve reaches a power; None where it lies above from the first number on, or never gets there."""
    from scipy.optimize import isotonic_regression
    from scipy.special import ndtri

    rising = isotonic_regression(powers).x
    after = int(np.searchsorted(rising, wanted))
    if after == len(ns):
        return None
    if after == 0:
        return float(ns[0]) if rising[0] == wanted else None
    # A share of none or of all has no quantile: half a draw stands for it.
    low, high = ndtri(np.clip(rising[after - 1 : after + 1], 0.5 / draws, 1 - 0.5 / draws))
    roots = np.sqrt(ns[after - 1 : after + 1])
    root = roots[0] + (ndtri(wanted) - low) / (high - low) * (roots[1] - roots[0])
    return float(root**2)


def _by_cage(values: FloatArray, size: int) -> FloatArray:
    """Return means of cages where there are several animals in one."""
    if size == 1:
        return values
    return np.asarray(values.reshape(*values.shape[:2], -1, size).mean(axis=-1))


def _normal(study: PowerStudy, moments: Moments, n: int) -> tuple[float, ...]:
    """Return the closed form of `csds.power.designs.normal_power`, of cages' means where these are compared."""
    smaller = math.sqrt(study.design_effect / study.cage_size)
    compared = Moments(means=moments.means, sds=moments.sds * smaller, icc=0.0)
    return normal_power(study.design, compared, n // study.cage_size, alpha=study.alpha)


def _check(study: PowerStudy, ns: Sequence[int], draws: int) -> None:
    size = study.cage_size
    if draws < 1:
        raise StatsError(f"draws: expected one at least, found {draws}")
    if size < 1:
        raise StatsError(f"cage size: expected 1 at least, found {size}")
    if size > 1 and study.design.test == "fisher":
        raise StatsError(
            f"cage size: expected 1 for {study.design.name}, found {size}",
            hint="Fisher's test takes animals as independent; compare an outcome in seconds or the ratio instead.",
        )
    if not ns or list(ns) != sorted(set(ns)):
        raise StatsError(f"numbers of animals: expected some, each once and rising, found {list(ns)}")
    wrong = [n for n in ns if n % size or n < 2 * size or n > MOST_ANIMALS]
    if wrong:
        cages = f" in whole cages of {size}, two at least" if size > 1 else ""
        raise StatsError(
            f"animals in a group: expected from {2 * size} to {MOST_ANIMALS}{cages}, found {wrong[0]}",
            hint="Say how many animals each group has.",
        )
    if not 0 < study.alpha < 1:
        raise StatsError(f"level: expected a share between 0 and 1, found {study.alpha}", hint="Say 0.05 for 5 %.")
