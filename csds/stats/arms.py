"""Two arms compared on many outcomes under many labellings at once: what a specification curve is reckoned from.

An outcome is a number of each animal, perhaps with a covariate, or yes and no (1 and 0). Its effect is in standard
deviations, so that outcomes compare, and a z value of the same two-sided p goes with it:

- of numbers, Hedges' g: the difference of the arms over the residual standard deviation of the linear model
  ``outcome ~ arm`` or ``outcome ~ arm + covariate``, without its small-sample bias (`csds.stats.effect_sizes`), and the
  model's t;
- of yes and no, the logarithm of the odds ratio with ½ added to each count (Haldane 1956,
  10.1111/j.1469-1809.1955.tb01285.x; Anscombe 1956, 10.1093/biomet/43.3-4.461) times √3/π, a logistic distribution's
  (Chinn 2000, 10.1002/1097-0258(20001130)19:22<3127::AID-SIM784>3.0.CO;2-M), and its Wald z.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from csds.errors import StatsError
from csds.stats.effect_sizes import hedges_g_of_t, small_sample_correction
from csds.stats.samples import Estimate, FloatArray, check_confidence

LEAST_IN_ARM = 3
"""Fewer animals with a value in either arm give no effect."""
_LOGISTIC = math.sqrt(3.0) / math.pi
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArmOutcome:
    """One outcome of n animals.

    Parameters
    ----------
    values : (n,) float
        NaN where an animal has no part; 1 and 0 for yes and no.
    covariate : (n,) float, optional
        Of the linear model.
    is_binary : bool
        Whether values are yes and no.
    """

    values: FloatArray
    covariate: FloatArray | None = None
    is_binary: bool = False

    @property
    def used(self) -> NDArray[np.bool_]:
        """Which animals have all that is needed, shape (n,)."""
        known = np.isfinite(self.values)
        return np.asarray(known if self.covariate is None else known & np.isfinite(self.covariate))

    def of(self, rows: NDArray[np.intp], kept: NDArray[np.bool_]) -> ArmOutcome:
        """Return the outcome of the animals in some rows; those that aren't kept have no part."""
        values = np.where(kept, self.values[rows], np.nan)
        return replace(self, values=values, covariate=None if self.covariate is None else self.covariate[rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmEffect:
    """An outcome's effect with its interval, its two-sided p value, and the animals of both arms."""

    effect: Estimate
    p_value: float
    n_treated: int
    n_reference: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ManyEffects:
    """Effects and z values, each of shape (labellings, outcomes); 0 where a labelling leaves nothing to compare."""

    effect: FloatArray
    z: FloatArray


def arm_effect(outcome: ArmOutcome, treated: ArrayLike, *, confidence: float = 0.95) -> ArmEffect:
    """Return an outcome's effect, treated less reference.

    The interval of Hedges' g is by noncentral t, of the odds ratio by its normal approximation.

    Parameters
    ----------
    outcome : ArmOutcome
    treated : (n,) bool
        Which animals are in the treated arm.
    confidence : float
        Confidence level.

    Raises
    ------
    StatsError
        Either arm has fewer than three animals with a value, or values don't vary within arms beyond what the
        covariate says.

    Examples
    --------
    >>> values = np.array([1.1, 0.9, 1.4, 1.2, 0.6, 0.8, 0.5, 1.0])
    >>> found = arm_effect(ArmOutcome(values=values), np.arange(8) < 4)
    >>> round(found.effect.value, 3), found.n_treated
    (1.717, 4)
    """
    from scipy.special import ndtr, ndtri, stdtr

    labels, used = np.asarray(treated, bool), outcome.used
    n_treated, n_reference = int((used & labels).sum()), int((used & ~labels).sum())
    if min(n_treated, n_reference) < LEAST_IN_ARM:
        raise StatsError(
            f"expected {LEAST_IN_ARM} animals with a value in each arm at least, found {n_treated} and {n_reference}",
            hint="Take an outcome that more animals have.",
        )
    reach = -float(ndtri((1 - check_confidence(confidence)) / 2))
    if outcome.is_binary:
        log_odds, error = (float(part[0, 0]) for part in _log_odds([outcome], labels[None]))
        ends = (log_odds - reach * error, log_odds + reach * error)
        effect = Estimate(value=log_odds * _LOGISTIC, ci_low=ends[0] * _LOGISTIC, ci_high=ends[1] * _LOGISTIC)
        p_value = 2 * float(ndtr(-abs(log_odds / error)))
    else:
        t, error, df = (float(part.flat[0]) for part in _t_values([outcome], labels[None]))
        if error == 0:
            raise StatsError(
                "expected values that vary within the arms, found all equal or told by the covariate",
                hint="See whether the column holds measurements.",
            )
        effect, p_value = hedges_g_of_t(t, df, error, confidence=confidence), 2 * float(stdtr(df, -abs(t)))
    return ArmEffect(effect=effect, p_value=p_value, n_treated=n_treated, n_reference=n_reference)


def many_arm_effects(outcomes: Sequence[ArmOutcome], treated: ArrayLike) -> ManyEffects:
    """Return the effects of s outcomes under b labellings; each is that of `arm_effect`.

    Parameters
    ----------
    outcomes : sequence of ArmOutcome
        Of the same n animals.
    treated : (b, n) bool
        Which animals are in the treated arm, by each labelling.
    """
    from scipy.special import ndtri, stdtr

    labels = np.asarray(treated, bool)
    effect, z = np.zeros((2, len(labels), len(outcomes)))
    binary = np.array([one.is_binary for one in outcomes], bool)
    if binary.any():
        log_odds, error = _log_odds([one for one in outcomes if one.is_binary], labels)
        effect[:, binary], z[:, binary] = log_odds * _LOGISTIC, log_odds / error
    if not binary.all():
        t, error, df = _t_values([one for one in outcomes if not one.is_binary], labels)
        effect[:, ~binary] = t * error * small_sample_correction(df)
        z[:, ~binary] = -np.sign(t) * ndtri(stdtr(df, -np.abs(t)))
    return ManyEffects(effect=effect, z=z)


def shuffled_labels(
    treated: ArrayLike, *, rng: np.random.Generator, draws: int, blocks: ArrayLike = 0, units: ArrayLike | None = None
) -> NDArray[np.bool_]:
    """Return labellings of n animals as randomisation could have made them, shape (draws, n).

    Parameters
    ----------
    treated : (n,) bool
        Which animals are in the treated arm.
    rng : Generator
    draws : int
        Labellings.
    blocks : (n,) int
        Labels are shuffled within these only.
    units : (n,) int, optional
        Animals that are labelled together, such as those of a cage, each within one block; default: each by itself.

    Raises
    ------
    StatsError
        Animals of a unit are in both arms, or no block has both.

    Examples
    --------
    >>> labels = shuffled_labels([1, 0, 1, 0], rng=np.random.default_rng(1), draws=50, blocks=[0, 0, 1, 1])
    >>> labels.sum(axis=1).tolist() == [2] * 50, bool((labels[:, :2].sum(axis=1) == 1).all())
    (True, True)
    """
    own = np.asarray(treated, bool)
    _, first, unit = np.unique(
        np.arange(own.size) if units is None else np.asarray(units), return_index=True, return_inverse=True
    )
    if (own[first][unit] != own).any():
        raise StatsError(
            "expected units whose animals are all in one arm, found one with both",
            hint="Shuffle animals, not units, where treatment was given to animals.",
        )
    block = np.broadcast_to(np.asarray(blocks), own.shape)[first]
    labels = np.tile(own[first], (draws, 1))
    if not any(0 < own[first][block == one].sum() < (block == one).sum() for one in np.unique(block)):
        raise StatsError(
            "expected both arms in a block of animals at least, found each block in one arm: nothing can be shuffled",
            hint="Is treatment told by cohort or another factor of the plan?",
        )
    for one in np.unique(block):
        labels[:, block == one] = rng.permuted(labels[:, block == one], axis=1)
    return np.asarray(labels[:, unit])


def _t_values(outcomes: Sequence[ArmOutcome], labels: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return t of the difference of arms, its standard error in residual SDs (both (b, s)), and the df (s,).

    By the theorem of Frisch, Waugh and Lovell: the difference is the slope of the outcome on the arm, both as they are
    left by the intercept and the covariate. Both are 0 where a labelling leaves nothing to compare.
    """
    n = labels.shape[1]
    left, bases, df, scale = np.zeros((n, len(outcomes))), [], np.zeros(len(outcomes)), np.zeros(len(outcomes))
    for at, one in enumerate(outcomes):
        used = one.used
        columns = [used.astype(float)]
        if one.covariate is not None:
            columns.append(np.where(used, one.covariate - one.covariate[used].mean(), 0.0))
        basis = np.linalg.qr(np.stack(columns, axis=1))[0]
        values = np.where(used, one.values, 0.0)
        scale[at] = float(np.abs(values).max(initial=0.0))
        values = np.where(used, values - values[used].mean(), 0.0)
        left[:, at] = values - basis @ (basis.T @ values)
        bases.append(basis)
        df[at] = used.sum() - len(columns) - 1
    arms = labels.astype(float)
    spread = arms @ np.stack([one.used for one in outcomes], axis=1).astype(float)  # the arm's own sum of squares,
    spread -= np.stack([((arms @ basis) ** 2).sum(axis=1) for basis in bases], axis=1)  # less what the others tell
    with np.errstate(divide="ignore", invalid="ignore"):
        product = arms @ left
        total = (left**2).sum(axis=0)
        residual = total - product**2 / spread
        holds = (spread > _ROUNDING * n) & (residual > np.maximum(_ROUNDING * total, n * (_ROUNDING * scale) ** 2))
        t = np.where(holds, product / np.sqrt(spread * residual / df), 0.0)
        error = np.where(holds, 1 / np.sqrt(spread), 0.0)
    return t, error, df


def _log_odds(outcomes: Sequence[ArmOutcome], labels: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Return the logarithms of odds ratios and their standard errors, each (b, s)."""
    yes = np.stack([np.where(one.used, one.values, 0.0) for one in outcomes], axis=1)
    no = np.stack([np.where(one.used, 1.0 - one.values, 0.0) for one in outcomes], axis=1)
    arms = labels.astype(float)
    counts = np.stack([arms @ yes, arms @ no, (1 - arms) @ yes, (1 - arms) @ no]) + 0.5
    logs = np.log(counts)
    return logs[0] - logs[1] - logs[2] + logs[3], np.sqrt((1 / counts).sum(axis=0))
