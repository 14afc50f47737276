"""What a sample must be before anything is computed from it, and how estimates with intervals are returned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from csds.errors import StatsError

FloatArray: TypeAlias = npt.NDArray[np.float64]
Numbers: TypeAlias = Sequence[float] | FloatArray
#: What is tested against the null hypothesis: x lies elsewhere, lower or higher than y.
Alternative: TypeAlias = Literal["two-sided", "less", "greater"]
#: Cubes of larger numbers, and of differences of numbers all smaller than its inverse, are lost to overflow.
LARGEST = 1e75


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An estimate and its confidence interval.

    Parameters
    ----------
    value : float
        The estimate.
    ci_low, ci_high : float
        Bounds of its interval; infinite where the method says that there is none on that side.
    """

    value: float
    ci_low: float
    ci_high: float


def check_sample(values: Numbers, *, name: str, at_least: int = 2) -> FloatArray:
    """Return the values as numbers, shape (n,).

    Raises
    ------
    StatsError
        They aren't a list of finite numbers, there are too few, or the largest is so large or so small (`LARGEST`) that
        powers of it can't be computed.

    Examples
    --------
    >>> check_sample([1, 2.5], name="isotype")
    array([1. , 2.5])
    """
    try:
        sample = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise StatsError(
            f"{name}: expected numbers, found text or nothing in some places",
            hint="Correct the column, or leave the animals without a value out.",
        ) from error
    if sample.ndim != 1:
        raise StatsError(f"{name}: expected a list of numbers, found an array of shape {sample.shape}")
    if not np.isfinite(sample).all():
        count = int((~np.isfinite(sample)).sum())
        raise StatsError(
            f"{name}: expected finite numbers, found {count} of {len(sample)} missing or infinite",
            hint="Leave these animals out, saying why; a ratio with a zero time isn't defined.",
        )
    if len(sample) < at_least:
        raise StatsError(
            f"{name}: expected {at_least} values at least, found {len(sample)}",
            hint="Describe so small a group, or join it with another by the plan.",
        )
    largest = float(np.abs(sample).max(initial=0.0))
    if largest and not 1 / LARGEST <= largest <= LARGEST:
        raise StatsError(
            f"{name}: expected numbers of a size that can be measured, found {largest:g} as the largest",
            hint="Correct the value, or use another unit.",
        )
    return sample


def check_pairs(x: Numbers, y: Numbers, *, at_least: int = 2) -> tuple[FloatArray, FloatArray]:
    """Return two samples of the same animals, in the same order, as numbers.

    Raises
    ------
    StatsError
        Either is no sample (`check_sample`), or they differ in length.
    """
    first = check_sample(x, name="first of each pair", at_least=at_least)
    second = check_sample(y, name="second of each pair", at_least=at_least)
    if len(first) != len(second):
        raise StatsError(
            f"expected pairs, found {len(first)} first and {len(second)} second values",
            hint="Leave out the animals that lack one of the two.",
        )
    return first, second


def check_confidence(confidence: float) -> float:
    """Return the confidence level.

    Raises
    ------
    StatsError
        It isn't between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise StatsError(f"confidence: expected a share between 0 and 1, found {confidence}", hint="Say 0.95 for 95 %.")
    return confidence
