"""How certain an animal's score and call are: an interval, a band, and the share of readings that agree.

- The **interval** holds the SI ratio that error-free measurement would have given in 95 % of animals. It comes
  from draws of both phases' zone times (`csds.behaviour.uncertainty`), ratio by ratio.
- The **band** reaches from the lowest to the highest ratio over the readings of the same tracks that differ in
  what is a choice (`csds.behaviour.sensitivity`).
- The **certainty** of a call is the share of all those readings that give the same call under the protocol's own
  rule, where each way to read stands with every draw of the measurement's errors.

An end of interval or band is empty where a ratio isn't bounded, as with no time in the zone with the target
absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csds.behaviour.ratios import Phases, log_present_to_absent, preference, present_to_absent
from csds.behaviour.rules import find_limits, judge
from csds.behaviour.sensitivity import ZoneReadings
from csds.behaviour.uncertainty import COVERAGE, interval
from csds.model.protocol import RuleSpec, ScoreSpec
from csds.model.shapes import FloatArray

CERTAIN_SHARE = 0.9
"""Animals with a smaller share of agreeing readings are marked ``borderline``."""

_CALLS = ("susceptible", "resilient", "excluded")
_NUMBERS = ("si_ratio_low", "si_ratio_high", "si_ratio_band_low", "si_ratio_band_high", "phenotype_certainty")


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedReadings:
    """Both phases' readings of an animal's test, and the longest time in any other zone by phase's name (s)."""

    absent: ZoneReadings
    present: ZoneReadings
    longest_other_s: Mapping[str, float]


def weigh_animals(
    animals: pd.DataFrame, readings: Mapping[int, PairedReadings], rule: RuleSpec | None, score: ScoreSpec
) -> pd.DataFrame:
    """Return how certain scores and calls are.

    For a rule with reference animals (the controls' mean, a mixture) all animals keep their values for its
    limits. Scores that don't go by the time in the interaction zone (speed, corners) stay as they are.

    Parameters
    ----------
    animals : DataFrame
        Columns of `csds.model.columns.ANIMAL_COLUMNS` with scores and phenotypes, and ``exclude``.
    readings : mapping
        By position in ``animals``; what is not in it has no numbers.
    rule : RuleSpec or None
    score : ScoreSpec

    Returns
    -------
    DataFrame, with the index of ``animals``
        ``si_ratio_low`` and ``si_ratio_high``, ``si_ratio_band_low`` and ``si_ratio_band_high``, and
        ``phenotype_certainty`` for defeated animals that are called, or excluded by the rule.
        ``borderline`` is True where the certainty is below `CERTAIN_SHARE`, or where the interval reaches
        across a limit of the rule: where fewer than 97.5 % of the draws of the protocol's own reading give
        the same call.
    """
    table = pd.DataFrame(np.nan, index=animals.index, columns=list(_NUMBERS)).assign(borderline=False)
    limits = find_limits(animals, rule, score) if rule else ()
    columns = {name: table[name].to_numpy(copy=True) for name in table}
    rows = animals.to_dict(orient="records") if readings else []
    for at, own in readings.items():
        row = {str(name): value for name, value in rows[at].items()}
        times = _times(own)
        if np.isfinite(row["si_ratio"]):
            ratios = present_to_absent(_phases(times, row))
            ratios[np.isnan(ratios) & (times[1] > 0)] = np.inf
            ends = _ends(ratios[0, 1:], float(row["si_ratio"])), _ends(ratios[:, 0])
            for name, end in zip(_NUMBERS, (*ends[0], *ends[1]), strict=False):
                columns[name][at] = end
        if rule and row["phenotype"] in _CALLS:
            same = _calls(times, row, own, (rule, score, [float(limit[at]) for limit in limits])) == row["phenotype"]
            certainty, measured = float(same[:, 1:].mean()), float(same[0, 1:].mean())
            columns["phenotype_certainty"][at] = certainty
            columns["borderline"][at] = certainty < CERTAIN_SHARE or measured < (1 + COVERAGE) / 2
    return pd.DataFrame(columns, index=animals.index)


def _times(own: PairedReadings) -> tuple[FloatArray, FloatArray]:
    """Return the times in the zone (s) with the target absent and present, shape (ways, 1 + draws).

    Rows are the ways to read both phases, the protocol's own first; the first column holds what each
    reads, the others that with the errors of each draw.
    """
    found = [{reading.way: reading.time_s for reading in phase.readings} for phase in (own.absent, own.present)]
    ways = [way for way in found[0] if way in found[1]]
    times = []
    for phase, by_way in zip((own.absent, own.present), found, strict=True):
        errors = np.append(0.0, phase.draws_s - phase.readings[0].time_s)
        times.append(np.maximum(np.array([by_way[way] for way in ways])[:, None] + errors, 0.0))
    return times[0], times[1]


def _phases(times: tuple[FloatArray, FloatArray], row: Mapping[str, Any]) -> Phases:
    return Phases(
        absent=times[0],
        present=times[1],
        window_absent_s=row["duration_absent_s"],
        window_present_s=row["duration_present_s"],
    )


def _ends(ratios: FloatArray, estimate: float | None = None) -> tuple[float, float]:
    """Return the ends of an interval that holds the estimate, or, without one, of all ratios; NaN where unbounded.

    No time in either phase, NaN, is anything from 0 on.
    """
    lowest, highest = np.nan_to_num(ratios, nan=0.0), np.where(np.isnan(ratios), np.inf, ratios)
    if estimate is None:
        low, high = float(lowest.min()), float(highest.max())
    else:
        low, high = interval(lowest, estimate)[0], interval(highest, estimate)[1]
    return low, high if np.isfinite(high) else float("nan")


def _calls(
    times: tuple[FloatArray, FloatArray],
    row: Mapping[str, Any],
    own: PairedReadings,
    by: tuple[RuleSpec, ScoreSpec, list[float]],
) -> NDArray[np.str_]:
    """Return what the rule says of each reading, shape (ways, 1 + draws)."""
    rule, score, limits = by
    phases = _phases(times, row)
    scores = {
        "interaction_absent_s": times[0],
        "interaction_present_s": times[1],
        "si_ratio": present_to_absent(phases),
        "log_si_ratio": log_present_to_absent(phases),
        "si_preference": preference(phases),
        "si_difference_s": times[1] - times[0],
    }
    asked = {criterion.score for criterion in rule.criteria}
    asked |= {name for exclusion in rule.exclusions for name in (exclusion.score, exclusion.column)}
    table = pd.DataFrame({name: values.ravel() for name, values in scores.items()})
    table = table.assign(stress=row["stress"], **{name: float(row[name]) for name in asked - scores.keys()})
    longest = {
        phase: np.maximum(other, values.ravel())
        for (phase, other), values in zip(own.longest_other_s.items(), times, strict=True)
    }
    return judge(table, rule, score, limits, longest).phenotype.reshape(times[0].shape)
