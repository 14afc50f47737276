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

What a criterion answers stands in `csds.behaviour.criteria`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from csds.behaviour.criteria import Answers, answer, below_limit, combine, find_limit, floats, is_trusted
from csds.errors import ScoreError
from csds.model.protocol import Exclusion, RuleSpec, ScoreSpec
from csds.model.shapes import FloatArray
from csds.study.words import BLINDED

_REASONS = {
    "minimum_time": "excluded_minimum_time",
    "no_zone_time": "excluded_no_zone_time",
    "score_at_least": "excluded_score_limit",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a rule says of n animals: phenotypes, criteria's answers, phases that lack, exclusions by their flag."""

    phenotype: NDArray[np.str_]
    answers: tuple[Answers, ...]
    missing: NDArray[np.bool_]
    exclusions: tuple[tuple[str, NDArray[np.bool_]], ...]


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
        ``control`` for undefeated animals and ``undetermined`` for those whose stress is hidden or unknown;
        for defeated ones ``undetermined`` without both phases, else ``excluded`` where an exclusion holds,
        else what the criteria say, scores with too small a denominator counting as unknown. ``flags`` holds
        a tuple of codes.

    Raises
    ------
    ScoreError
        If the rule asks for a score that there is not, or has no criteria.
    """
    verdict = judge(animals, rule, score, find_limits(animals, rule, score), longest_zone_s)
    flags = []
    for i, (phenotype, stress) in enumerate(zip(verdict.phenotype, animals["stress"], strict=True)):
        codes: list[str] = []
        if phenotype == "excluded":
            codes = [code for code, holds in verdict.exclusions if holds[i]]
        elif phenotype == "undetermined" and stress != "defeated":
            codes = ["blinded" if stress == BLINDED else "unknown_stress"]
        elif phenotype == "undetermined" and verdict.missing[i]:
            codes = ["missing_phase"]
        elif phenotype == "undetermined":
            codes = [given.flags[i] for given in verdict.answers if given.flags[i]]
        flags.append(tuple(codes))
    on_score = [i for i, criterion in enumerate(rule.criteria) if criterion.score == score.name]
    primary = verdict.answers[on_score[0] if on_score else 0].below
    below = pd.array([None if np.isnan(value) else bool(value) for value in primary], dtype="boolean")
    return pd.DataFrame(
        {
            "below_cutoff": below,
            "phenotype": verdict.phenotype.tolist(),
            "flags": pd.Series(flags, index=animals.index, dtype=object),
        },
        index=animals.index,
    )


def find_limits(animals: pd.DataFrame, rule: RuleSpec, score: ScoreSpec) -> tuple[FloatArray, ...]:
    """Return each criterion's limit for each animal: the cut-off, or what its reference animals give; NaN for none.

    Raises
    ------
    ScoreError
        As for `classify`.
    """
    _check(animals, rule)
    return tuple(find_limit(animals, criterion, score.min_denominator_s) for criterion in rule.criteria)


def judge(
    animals: pd.DataFrame,
    rule: RuleSpec,
    score: ScoreSpec,
    limits: Sequence[ArrayLike],
    longest_zone_s: Mapping[str, ArrayLike] | None = None,
) -> Verdict:
    """Return what the rule says of each animal by given limits, one of shape (n,) or a number for each criterion.

    Parameters are those of `classify`; of the table only the columns that the rule asks for are needed,
    with the times in the interaction zone and ``stress``.
    """
    answers = tuple(
        answer(animals, criterion, np.broadcast_to(np.asarray(limit, float), (len(animals),)))
        for criterion, limit in zip(rule.criteria, limits, strict=True)
    )
    trusted = [
        np.where(is_trusted(animals, criterion.score, score.min_denominator_s), given.below, np.nan)
        for criterion, given in zip(rule.criteria, answers, strict=True)
    ]
    call = combine(trusted, rule.susceptible_if)
    missing = np.isnan(floats(animals, "interaction_absent_s") + floats(animals, "interaction_present_s"))
    zone_times = _zone_times(animals, longest_zone_s) if rule.exclusions else {}
    exclusions = tuple(
        (_REASONS[exclusion.kind], exclusion_holds(animals, exclusion, call, zone_times))
        for exclusion in rule.exclusions
    )
    excluded = np.any([holds for _, holds in exclusions], axis=0) if exclusions else np.zeros(len(animals), bool)
    stress = animals["stress"].to_numpy()
    phenotype = np.select(
        [stress == "control", stress != "defeated", missing, excluded, np.isnan(call), call == 1],
        ["control", "undetermined", "undetermined", "excluded", "undetermined", "susceptible"],
        "resilient",
    )
    return Verdict(phenotype=phenotype, answers=answers, missing=missing, exclusions=exclusions)


def exclusion_holds(
    animals: pd.DataFrame, exclusion: Exclusion, call: ArrayLike, longest_zone_s: Mapping[str, ArrayLike]
) -> NDArray[np.bool_]:
    """Return which animals an exclusion takes out, whatever their stress; False where it can't be told.

    ``minimum_time`` holds where ``column`` is below ``minimum_s`` and the call (1 susceptible, 0
    resilient, NaN unknown) is the one in ``only_if``; ``no_zone_time`` where the longest zone
    time of the phase is 0; ``score_at_least`` where the score reaches ``limit``.
    """
    if exclusion.kind == "minimum_time":
        short = below_limit(floats(animals, exclusion.column), exclusion.minimum_s) == 1
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
    return np.asarray(below_limit(floats(animals, exclusion.score), exclusion.limit) == 0)


def what_waits(animals: pd.DataFrame, rule: RuleSpec | None) -> str:
    """Return in words what is left open where the groups are hidden; empty where they aren't, or nothing needs them.

    Examples
    --------
    >>> from csds.model.protocol import Criterion
    >>> rule = RuleSpec(name="mean_sd", criteria=(Criterion(kind="control_mean"),))
    >>> what_waits(pd.DataFrame({"stress": ["blinded"]}), rule)
    "the groups are hidden: phenotypes wait for csds unblind, as do limits of the rule 'mean_sd' (controls' mean)"
    """
    if rule is None or not (animals["stress"] == BLINDED).any():
        return ""
    needs = {"control_mean": "controls' mean", "mixture": "defeated animals' scores"}
    waiting = [needs[criterion.kind] for criterion in rule.criteria if criterion.kind in needs]
    more = f", as do limits of the rule '{rule.name}' ({' and '.join(dict.fromkeys(waiting))})" if waiting else ""
    return f"the groups are hidden: phenotypes wait for csds unblind{more}"


def _zone_times(animals: pd.DataFrame, given: Mapping[str, ArrayLike] | None) -> Mapping[str, ArrayLike]:
    if given is not None:
        return given
    return {
        f"target_{phase}": np.maximum(floats(animals, f"interaction_{phase}_s"), floats(animals, f"corners_{phase}_s"))
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
