"""Criteria of classification rules: a score held against a limit.

Every criterion gives one of three answers: the score lies on the susceptible side, it doesn't, or it
can't be told. ``any`` and ``all`` follow three-valued logic: an answer that can't be told matters only
where it could change the outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from csds.behaviour.mixture import mixture_boundary
from csds.model.protocol import Criterion
from csds.model.shapes import FloatArray

MIN_CONTROLS = 3
"""Fewer controls give no mean and SD to hold others against."""

TIE = 1e-9
"""Relative difference below which a score equals a limit. Sums of frames' durations differ by
rounding where the times are the same; the shortest true difference, one frame, is 1e-4 of a trial."""

_LOG_SCALE = frozenset({"si_ratio", "corner_ratio"})
_DENOMINATORS: dict[str, tuple[str, ...]] = {
    "si_ratio": ("interaction_absent_s",),
    "log_si_ratio": ("interaction_absent_s",),
    "si_preference": ("interaction_absent_s", "interaction_present_s"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """A criterion's answers, shape (n,): 1 susceptible side, 0 other side, NaN can't be told; and why not."""

    below: FloatArray
    flags: tuple[str, ...]


def answer(animals: pd.DataFrame, criterion: Criterion, limits: FloatArray) -> Answers:
    """Return what a criterion says of each animal by its limit, shape (n,)."""
    values = floats(animals, criterion.score)
    why = {"control_mean": "needs_controls", "mixture": "no_mixture"}.get(criterion.kind, "")
    below = below_limit(values, limits, criterion.tie)
    if criterion.score == "log_si_ratio":
        # No time at all with the target: the logarithm isn't defined, but lies below any limit.
        avoids = (floats(animals, "interaction_present_s") == 0) & (floats(animals, "interaction_absent_s") > 0)
        below = np.where(avoids & ~np.isnan(limits), 1.0, below)
    unexplained = np.isnan(values) & np.isnan(below) & ~_zero_denominator(animals, criterion.score)
    flags = np.where(np.isnan(limits), why, np.where(unexplained, "missing_score", ""))
    return Answers(below=below, flags=tuple(str(code) for code in flags))


def find_limit(animals: pd.DataFrame, criterion: Criterion, min_denominator_s: float) -> FloatArray:
    """Return each animal's limit, shape (n,): the cut-off, or what its reference animals give; NaN for none.

    Reference animals are those of its own test (all cohorts together): the controls (``control_mean``)
    or the defeated (``mixture``) that are not excluded by the sheet and whose score is defined and trusted.
    """
    if criterion.kind == "cutoff":
        return np.full(len(animals), criterion.cutoff)
    values = floats(animals, criterion.score)
    reference = animals["stress"].to_numpy() == ("control" if criterion.kind == "control_mean" else "defeated")
    reference &= animals["exclude"].to_numpy() == ""
    reference &= np.isfinite(values) & is_trusted(animals, criterion.score, min_denominator_s)
    tests = animals["test"].to_numpy()
    limits = np.full(values.size, np.nan)
    for test in dict.fromkeys(tests.tolist()):
        scores = values[reference & (tests == test)]
        if criterion.kind == "control_mean":
            limit = control_limit(scores, criterion.k)
        elif criterion.score in _LOG_SCALE:
            limit = float(np.exp(mixture_boundary(np.log(scores[scores > 0]))))
        else:
            limit = mixture_boundary(scores)
        limits[tests == test] = limit
    return limits


def is_trusted(animals: pd.DataFrame, score: str, min_denominator_s: float) -> NDArray[np.bool_]:
    """Return where a score's denominator reaches the minimum; True for scores without one."""
    columns = _DENOMINATORS.get(score, ())
    if not columns:
        return np.ones(len(animals), bool)
    denominator = np.sum([floats(animals, name) for name in columns], axis=0)
    return np.asarray(below_limit(denominator, min_denominator_s) == 0)


def below_limit(
    score: ArrayLike, limit: ArrayLike, tie: Literal["susceptible", "resilient"] = "resilient"
) -> FloatArray:
    """Return 1 where a score lies below a limit, 0 where not, NaN where either is missing.

    A score within 1e-9 (relative) of the limit equals it and goes to ``tie``: 61.2 s / 61.2 s is
    exactly 1 and, by default, resilient.

    Examples
    --------
    >>> below_limit([0.99, 61.2 / 61.2, float("nan")], 1.0).tolist()
    [1.0, 0.0, nan]
    >>> below_limit([1.0], 1.0, tie="susceptible").tolist()
    [1.0]
    """
    values, limits = np.broadcast_arrays(np.asarray(score, float), np.asarray(limit, float))
    ties = equals_limit(values, limits)
    below = np.where(ties, tie == "susceptible", values < limits).astype(float)
    return np.where(np.isnan(values) | np.isnan(limits), np.nan, below)


def equals_limit(score: ArrayLike, limit: ArrayLike) -> NDArray[np.bool_]:
    """Return where a score equals a limit but for rounding (1e-9, relative to the limit or to 1)."""
    values, limits = np.asarray(score, float), np.asarray(limit, float)
    return np.asarray(np.abs(values - limits) <= TIE * np.maximum(1.0, np.abs(limits)))


def control_limit(scores: ArrayLike, k: float) -> float:
    """Return mean − k · SD (n − 1) of the controls' scores; NaN with fewer than 3 of them.

    Examples
    --------
    >>> control_limit([1.0, 1.5, 2.0], k=1)
    1.0
    """
    values = np.asarray(scores, float)
    values = values[np.isfinite(values)]
    return float(values.mean() - k * values.std(ddof=1)) if values.size >= MIN_CONTROLS else float("nan")


def combine(answers: Sequence[ArrayLike], how: Literal["any", "all"]) -> FloatArray:
    """Return several criteria's answers joined by three-valued ``any`` or ``all``.

    Examples
    --------
    >>> nan = float("nan")
    >>> combine([[1, 0, nan, nan], [nan, 0, 0, 1]], "any").tolist()
    [1.0, 0.0, nan, 1.0]
    >>> combine([[1, 0, nan, nan], [nan, 0, 0, 1]], "all").tolist()
    [nan, 0.0, 0.0, nan]
    """
    table = np.stack([np.asarray(answer, float) for answer in answers])
    decisive = 1.0 if how == "any" else 0.0
    unknown = np.isnan(table).any(axis=0)
    return np.where((table == decisive).any(axis=0), decisive, np.where(unknown, np.nan, 1.0 - decisive))


def _zero_denominator(animals: pd.DataFrame, score: str) -> NDArray[np.bool_]:
    columns = ("corners_absent_s",) if score == "corner_ratio" else _DENOMINATORS.get(score, ())
    if not columns:
        return np.zeros(len(animals), bool)
    return np.asarray(np.sum([floats(animals, name) for name in columns], axis=0) == 0)


def floats(animals: pd.DataFrame, name: str) -> FloatArray:
    """Return a column as floats."""
    return np.asarray(animals[name].to_numpy(dtype=float, na_value=np.nan), float)
