"""Classification rules: from scores to susceptible, resilient, undetermined or excluded.

A rule (`csds.model.protocol.RuleSpec`) is made of criteria, joined by ``any`` or ``all``, and
exclusions. The rules of the field are made of them like this:

=============================  ==========================================================  ===========================
rule                           criteria                                                    exclusions
=============================  ==========================================================  ===========================
cut-off                        ``cutoff`` of ``si_ratio`` at 1                             none
  Golden 2011, Nat Protoc 6:1183, doi:10.1038/nprot.2011.361
cut-off plus minimum time      ``cutoff`` of ``si_ratio`` at 1                             ``minimum_time``: resilient
                                                                                           needs 60 s with the target;
                                                                                           ``no_zone_time``
control mean − k·SD            ``control_mean`` with k                                     none
SI or Δvelocity                ``any`` of ``cutoff`` of ``si_ratio`` at 1 and              ``score_at_least`` 4
                               ``cutoff`` of ``delta_velocity_cm_s`` at 1.5
mixture                        ``mixture``                                                 none
=============================  ==========================================================  ===========================

Every criterion gives one of three answers: the score lies on the susceptible side, it doesn't, or it
can't be told. ``any`` and ``all`` follow three-valued logic: an answer that can't be told matters only
where it could change the outcome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from csds.behaviour.mixture import mixture_boundary
from csds.errors import ScoreError
from csds.model.protocol import Criterion, Exclusion, RuleSpec, ScoreSpec
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
_REASONS = {
    "minimum_time": "excluded_minimum_time",
    "no_zone_time": "excluded_no_zone_time",
    "score_at_least": "excluded_score_limit",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """A criterion's answers, shape (n,): 1 susceptible side, 0 other side, NaN can't be told; and why not."""

    below: FloatArray
    flags: tuple[str, ...]


def classify(
    animals: pd.DataFrame,
    rule: RuleSpec,
    score: ScoreSpec,
    longest_zone_s: Mapping[str, ArrayLike] | None = None,
) -> pd.DataFrame:
    """Return what the rule says of each animal.

    Parameters
    ----------
    animals : DataFrame
        Columns of `csds.model.columns.ANIMAL_COLUMNS` up to ``delta_velocity_cm_s``, and ``exclude``.
    rule : RuleSpec
        Criteria and exclusions.
    score : ScoreSpec
        The primary score and the smallest denominator that scores are trusted with.
    longest_zone_s : mapping of phase to array, optional
        The longest of the animal's zone times in that phase, for ``no_zone_time``; default:
        the longer of the times in the interaction zone and in the corners.

    Returns
    -------
    DataFrame, with the index of ``animals``
        ``below_cutoff`` (nullable boolean) is the answer of the criterion on the primary score (the
        first criterion, if none is on it), for every animal whose score is defined. ``phenotype`` is
        ``control`` for undefeated animals; for defeated ones ``undetermined`` without both phases,
        else ``excluded`` where an exclusion holds, else what the criteria say, scores with too
        small a denominator counting as unknown. ``flags`` holds a tuple of codes.

    Raises
    ------
    ScoreError
        If the rule asks for a score that there is not, or has no criteria.
    """
    _check(animals, rule)
    answers = [_answers(animals, criterion, score.min_denominator_s) for criterion in rule.criteria]
    trusted = [
        np.where(_trusted(animals, criterion.score, score.min_denominator_s), answer.below, np.nan)
        for criterion, answer in zip(rule.criteria, answers, strict=True)
    ]
    call = combine(trusted, rule.susceptible_if)
    missing = np.isnan(_floats(animals, "interaction_absent_s") + _floats(animals, "interaction_present_s"))
    zone_times = _zone_times(animals, longest_zone_s)
    stress = animals["stress"].tolist()

    phenotypes, flags = [], []
    excluded = [(_REASONS[e.kind], exclusion_holds(animals, e, call, zone_times)) for e in rule.exclusions]
    for i in range(len(animals)):
        reasons = [code for code, holds in excluded if holds[i]]
        codes: list[str] = []
        if stress[i] == "control":
            phenotypes.append("control")
        elif stress[i] != "defeated":
            phenotypes.append("undetermined")
            codes.append("unknown_stress")
        elif missing[i]:
            phenotypes.append("undetermined")
            codes.append("missing_phase")
        elif reasons:
            phenotypes.append("excluded")
            codes += reasons
        elif np.isnan(call[i]):
            phenotypes.append("undetermined")
            codes += [answer.flags[i] for answer in answers if answer.flags[i]]
        else:
            phenotypes.append("susceptible" if call[i] else "resilient")
        flags.append(tuple(codes))
    on_score = [i for i, criterion in enumerate(rule.criteria) if criterion.score == score.name]
    primary = answers[on_score[0] if on_score else 0].below
    below = pd.array([None if np.isnan(value) else bool(value) for value in primary], dtype="boolean")
    return pd.DataFrame(
        {"below_cutoff": below, "phenotype": phenotypes, "flags": pd.Series(flags, index=animals.index, dtype=object)},
        index=animals.index,
    )


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


def exclusion_holds(
    animals: pd.DataFrame, exclusion: Exclusion, call: ArrayLike, longest_zone_s: Mapping[str, ArrayLike]
) -> NDArray[np.bool_]:
    """Return which animals an exclusion takes out, whatever their stress; False where it can't be told.

    ``minimum_time`` holds where ``column`` is below ``minimum_s`` and the call (1 susceptible, 0
    resilient, NaN unknown) is the one in ``only_if``; ``no_zone_time`` where the longest zone
    time of the phase is 0; ``score_at_least`` where the score reaches ``limit``.
    """
    if exclusion.kind == "minimum_time":
        short = below_limit(_floats(animals, exclusion.column), exclusion.minimum_s) == 1
        wanted = {"susceptible": 1.0, "resilient": 0.0}.get(exclusion.only_if)
        return np.asarray(short if wanted is None else short & (np.asarray(call, float) == wanted))
    if exclusion.kind == "no_zone_time":
        if exclusion.phase not in longest_zone_s:
            raise ScoreError(
                f"the rule excludes by zone times of phase '{exclusion.phase}', but the phases are "
                f"{', '.join(longest_zone_s)}",
                hint="Name one of these phases in the protocol's exclusion.",
            )
        return np.asarray(np.asarray(longest_zone_s[exclusion.phase], float) == 0)
    return np.asarray(below_limit(_floats(animals, exclusion.score), exclusion.limit) == 0)


def _answers(animals: pd.DataFrame, criterion: Criterion, min_denominator_s: float) -> Answers:
    values = _floats(animals, criterion.score)
    if criterion.kind == "cutoff":
        limits, why = np.full(values.size, criterion.cutoff), ""
    else:
        limits = _limits_by_test(animals, criterion, min_denominator_s)
        why = "needs_controls" if criterion.kind == "control_mean" else "no_mixture"
    below = below_limit(values, limits, criterion.tie)
    if criterion.score == "log_si_ratio":
        # No time at all with the target: the logarithm isn't defined, but lies below any limit.
        avoids = (_floats(animals, "interaction_present_s") == 0) & (_floats(animals, "interaction_absent_s") > 0)
        below = np.where(avoids & ~np.isnan(limits), 1.0, below)
    unexplained = np.isnan(values) & np.isnan(below) & ~_zero_denominator(animals, criterion.score)
    flags = np.where(np.isnan(limits), why, np.where(unexplained, "missing_score", ""))
    return Answers(below=below, flags=tuple(str(code) for code in flags))


def _limits_by_test(animals: pd.DataFrame, criterion: Criterion, min_denominator_s: float) -> FloatArray:
    """Return each animal's limit from the reference animals of its own test (all cohorts together).

    Reference animals are the controls (``control_mean``) or the defeated (``mixture``) that are not
    excluded by the sheet and whose score is defined and trusted.
    """
    values = _floats(animals, criterion.score)
    reference = animals["stress"].to_numpy() == ("control" if criterion.kind == "control_mean" else "defeated")
    reference &= animals["exclude"].to_numpy() == ""
    reference &= np.isfinite(values) & _trusted(animals, criterion.score, min_denominator_s)
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


def _trusted(animals: pd.DataFrame, score: str, min_denominator_s: float) -> NDArray[np.bool_]:
    """Return where a score's denominator reaches the minimum; True for scores without one."""
    columns = _DENOMINATORS.get(score, ())
    if not columns:
        return np.ones(len(animals), bool)
    denominator = np.sum([_floats(animals, name) for name in columns], axis=0)
    return np.asarray(below_limit(denominator, min_denominator_s) == 0)


def _zero_denominator(animals: pd.DataFrame, score: str) -> NDArray[np.bool_]:
    columns = ("corners_absent_s",) if score == "corner_ratio" else _DENOMINATORS.get(score, ())
    if not columns:
        return np.zeros(len(animals), bool)
    return np.asarray(np.sum([_floats(animals, name) for name in columns], axis=0) == 0)


def _zone_times(animals: pd.DataFrame, given: Mapping[str, ArrayLike] | None) -> Mapping[str, ArrayLike]:
    if given is not None:
        return given
    return {
        f"target_{phase}": np.maximum(
            _floats(animals, f"interaction_{phase}_s"), _floats(animals, f"corners_{phase}_s")
        )
        for phase in ("absent", "present")
    }


def _check(animals: pd.DataFrame, rule: RuleSpec) -> None:
    if not rule.criteria:
        raise ScoreError(
            f"the rule '{rule.name}' has no criteria, so it can't call any animal",
            hint='Give the protocol\'s rule at least one criterion, such as kind = "cutoff".',
        )
    wanted = [criterion.score for criterion in rule.criteria]
    wanted += [e.score if e.kind == "score_at_least" else e.column for e in rule.exclusions if e.kind != "no_zone_time"]
    missing = [name for name in wanted if name not in animals.columns]
    if missing:
        raise ScoreError(
            f"the rule '{rule.name}' asks for '{missing[0]}', which is no column of the table of animals "
            f"({', '.join(map(str, animals.columns))})",
            hint="Name one of these columns in the protocol's rule.",
        )


def _floats(animals: pd.DataFrame, name: str) -> FloatArray:
    return np.asarray(animals[name].to_numpy(dtype=float, na_value=np.nan), float)
