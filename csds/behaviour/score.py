"""From the table of sessions to the table of animals: scores, phenotypes and their flags."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csds.behaviour.certainty import PairedReadings, weigh_animals
from csds.behaviour.ratios import Phases, log_present_to_absent, preference, present_to_absent, windows_differ
from csds.behaviour.rules import classify
from csds.behaviour.sensitivity import ZoneReadings
from csds.behaviour.sessions_table import GROUPS, KEYS, Key, SessionsByAnimal, design_columns, group_by_animal
from csds.errors import ScoreError, TableError
from csds.model.columns import ANIMAL_COLUMNS, names
from csds.model.flags import FLAGS, join_flags, split_flags
from csds.model.protocol import Protocol, ScoreSpec
from csds.model.shapes import FloatArray

LEAST_TRACKED = 0.5
"""Where the animal was found in a smaller share of a phase's frames, its phenotype can't be told: time
that is not tracked counts in no zone, which would look like avoidance."""

_MEASURES = ("tracked_fraction", "distance_cm", "mean_speed_cm_s", "immobile_time_s")


def score_animals(
    sessions: pd.DataFrame, protocol: Protocol, readings: Mapping[tuple[Key, str], ZoneReadings] | None = None
) -> pd.DataFrame:
    """Return one row per animal and test, with scores, phenotype and flags.

    Every animal with a row in ``sessions`` gets one, also where a phase is missing or failed (a row
    without numbers stands for a failed session). Scores that are not defined are NaN with a flag.

    - Where the windows differ by more than 1 %, ratios use shares of the windows
      (``unequal_windows``). A phase whose recording ended early (``short_recording``) has the
      window that was recorded.
    - Flags of a session that touch trust are passed on to the animal.
    - Defeated animals that were found in less than half of a phase's frames, or that could not be
      told from the floor with confidence (``uncertain_animal``), are ``undetermined``.
    - ``exclude`` is carried and leaves scores and phenotype as they are; only reference groups of
      the rule (controls' mean, mixture) leave such animals out.
    - Other columns of ``sessions`` follow behind. One that differs between the phases of any
      animal becomes two, ``<name>_absent`` and ``<name>_present``.
    - Without ``mean_speed_cm_s`` in the table, the speed is distance over window.

    A protocol without a score (``open_field``) gives zone times, entries, latencies, distance, speed
    and immobile time per animal, with an empty phenotype; names begin with the phase where there
    are several. One without a rule gives scores and no phenotype but ``control``.

    Parameters
    ----------
    sessions : DataFrame
        Columns of `csds.model.columns.SESSION_COLUMNS`, of which ``animal_id`` and ``phase`` are
        needed, and ``interaction_time_s`` for the scores; numbers as numbers.
    protocol : Protocol
        Phases, zones, score and rule.
    readings : mapping, optional
        Readings of the time in the interaction zone, by the animal's key (cohort, animal_id, test) and
        the phase. From them come the interval, band and certainty, which else are NaN; see
        `csds.behaviour.certainty`.

    Returns
    -------
    DataFrame
        Columns of `csds.model.columns.ANIMAL_COLUMNS`, then the carried ones.

    Raises
    ------
    TableError
        If the table can't be read as sessions of this protocol: see
        `csds.behaviour.sessions_table.group_by_animal`.
    ScoreError
        If the protocol has a score but not one phase with and one without the target.
    """
    if protocol.score is None:
        return _unscored(group_by_animal(sessions, protocol), protocol)
    absent, present = _two_phases(protocol)
    animals = group_by_animal(sessions, protocol)
    if "interaction_time_s" not in sessions.columns:
        raise TableError(
            "scores need the column interaction_time_s (seconds in the interaction zone), found "
            f"{', '.join(map(str, sessions.columns))}",
            hint="Say which column holds it, as in --map interaction_time_s=IZ_time.",
        )
    table = _design(animals)
    windows = {phase: _window(animals, phase, protocol) for phase in (absent, present)}
    scores = _scores(animals, absent, present, windows)
    table = table.assign(**scores)
    flags = [
        set(a) | set(b)
        for a, b in zip(_session_flags(animals), _score_flags(scores, windows, protocol.score), strict=True)
    ]
    table["rule"] = protocol.rule.name if protocol.rule else ""
    if protocol.rule:
        verdict = classify(table, protocol.rule, protocol.score, _longest_zone_times(animals, protocol))
        lost = _lost(animals) & (table["stress"].to_numpy() == "defeated")
        table["below_cutoff"] = verdict["below_cutoff"]
        table["phenotype"] = np.where(lost, "undetermined", verdict["phenotype"].to_numpy())
        flags = [own | set(more) for own, more in zip(flags, verdict["flags"], strict=True)]
    else:
        table["below_cutoff"] = pd.array([None] * len(table), dtype="boolean")
        table["phenotype"] = np.where(table["stress"] == "control", "control", "")
    certainty = weigh_animals(
        table, _paired_readings(animals, (absent, present), protocol, readings or {}), protocol.rule, protocol.score
    )
    flags = [
        own | ({"borderline"} if near else set()) for own, near in zip(flags, certainty["borderline"], strict=True)
    ]
    table = table.assign(**certainty.drop(columns="borderline"))
    table["flags"] = [join_flags(codes) for codes in flags]
    return _with_carried(table[names(ANIMAL_COLUMNS)], animals, protocol, {absent: "absent", present: "present"})


def _two_phases(protocol: Protocol) -> tuple[str, str]:
    absent = [phase.name for phase in protocol.phases if not phase.has_target]
    present = [phase.name for phase in protocol.phases if phase.has_target]
    if len(absent) != 1 or len(present) != 1:
        raise ScoreError(
            f"a score needs one phase without and one with the target; protocol '{protocol.name}' has "
            f"{len(absent)} without and {len(present)} with",
            hint="Mark the target's phase with has_target = true, or leave out the protocol's score.",
        )
    return absent[0], present[0]


def _design(animals: SessionsByAnimal) -> pd.DataFrame:
    table = pd.DataFrame(list(animals.keys), columns=list(KEYS), dtype=str)
    for name in GROUPS:
        table[name] = animals.text_of_animal(name)
    reasons = zip(*(animals.texts("exclude", phase) for phase in animals.rows), strict=True)
    table["exclude"] = ["; ".join(dict.fromkeys(text for text in found if text)) for found in reasons]
    return table


def _window(animals: SessionsByAnimal, phase: str, protocol: Protocol) -> FloatArray:
    """Return the length of each animal's window of a phase in seconds."""
    asked = animals.numbers("duration_s", phase)
    asked = np.where(np.isnan(asked), protocol.phase(phase).duration_s, asked)
    ended = np.array(["short_recording" in split_flags(cell) for cell in animals.texts("flags", phase)], bool)
    recorded = animals.numbers("recorded_s", phase)
    return np.where(ended & (recorded > 0), np.fmin(asked, recorded), asked)


def _scores(
    animals: SessionsByAnimal, absent: str, present: str, windows: Mapping[str, FloatArray]
) -> dict[str, FloatArray]:
    def both(column: str) -> Phases:
        return Phases(
            absent=animals.numbers(column, absent),
            present=animals.numbers(column, present),
            window_absent_s=windows[absent],
            window_present_s=windows[present],
        )

    interaction, corners, distance = both("interaction_time_s"), both("corners_time_s"), both("distance_cm")
    if "mean_speed_cm_s" in animals.table.columns:
        speeds = animals.numbers("mean_speed_cm_s", absent), animals.numbers("mean_speed_cm_s", present)
    else:
        speeds = np.asarray(distance.absent) / windows[absent], np.asarray(distance.present) / windows[present]
    return {
        "interaction_absent_s": np.asarray(interaction.absent, float),
        "interaction_present_s": np.asarray(interaction.present, float),
        "corners_absent_s": np.asarray(corners.absent, float),
        "corners_present_s": np.asarray(corners.present, float),
        "distance_absent_cm": np.asarray(distance.absent, float),
        "distance_present_cm": np.asarray(distance.present, float),
        # With these a table of animals can be scored again, and gives the same.
        "mean_speed_absent_cm_s": np.asarray(speeds[0], float),
        "mean_speed_present_cm_s": np.asarray(speeds[1], float),
        "duration_absent_s": np.where(np.isnan(interaction.absent), np.nan, windows[absent]),
        "duration_present_s": np.where(np.isnan(interaction.present), np.nan, windows[present]),
        "si_ratio": present_to_absent(interaction),
        "log_si_ratio": log_present_to_absent(interaction),
        "si_preference": preference(interaction),
        "si_difference_s": np.asarray(interaction.present, float) - np.asarray(interaction.absent, float),
        "corner_ratio": present_to_absent(corners),
        "delta_velocity_cm_s": speeds[0] - speeds[1],
    }


def _session_flags(animals: SessionsByAnimal) -> list[list[str]]:
    """Return the flags that touch trust, of all of an animal's sessions."""
    cells = zip(*(animals.texts("flags", phase) for phase in animals.rows), strict=True)
    return [[code for cell in found for code in split_flags(cell) if FLAGS[code].trust] for found in cells]


def _score_flags(
    scores: Mapping[str, FloatArray], windows: Mapping[str, FloatArray], score: ScoreSpec
) -> list[list[str]]:
    absent, present = scores["interaction_absent_s"], scores["interaction_present_s"]
    has_both = np.isfinite(absent) & np.isfinite(present)
    holds: dict[str, NDArray[np.bool_]] = {
        "missing_phase": ~has_both,
        "zero_denominator": absent == 0,
        # Below the minimum, but for the rounding of summed frame durations.
        "small_denominator": (absent > 0) & (absent < score.min_denominator_s * (1 - 1e-9)),
        "zero_numerator": (present == 0) & has_both,
        "zero_corner_denominator": scores["corners_absent_s"] == 0,
        "unequal_windows": windows_differ(*windows.values()) & has_both,
    }
    return [[code for code, where in holds.items() if where[i]] for i in range(absent.size)]


def _longest_zone_times(animals: SessionsByAnimal, protocol: Protocol, without: str = "") -> dict[str, FloatArray]:
    """Return the longest of each animal's zone times by phase, but one; NaN unless all of them are known."""
    columns = [f"{zone.name}_time_s" for zone in protocol.zones if zone.name != without]
    # The two main zones are needed even where the table lacks them: NaN then, not "in no zone".
    needed = ("interaction_time_s", "corners_time_s")
    used = [name for name in columns if name in animals.table.columns or name in needed]
    if not used:
        return {phase: np.zeros(len(animals.keys)) for phase in animals.rows}
    return {phase: np.max([animals.numbers(name, phase) for name in used], axis=0) for phase in animals.rows}


def _paired_readings(
    animals: SessionsByAnimal,
    phases: tuple[str, str],
    protocol: Protocol,
    readings: Mapping[tuple[Key, str], ZoneReadings],
) -> dict[int, PairedReadings]:
    """Return the readings of the animals that have them of both phases, by position."""
    others = _longest_zone_times(animals, protocol, without="interaction") if readings else {}
    return {
        at: PairedReadings(
            absent=readings[key, phases[0]],
            present=readings[key, phases[1]],
            longest_other_s={phase: float(others[phase][at]) for phase in phases},
        )
        for at, key in enumerate(animals.keys)
        if all((key, phase) in readings for phase in phases)
    }


def _lost(animals: SessionsByAnimal) -> NDArray[np.bool_]:
    shares = [animals.numbers("tracked_fraction", phase) for phase in animals.rows]
    cells = zip(*(animals.texts("flags", phase) for phase in animals.rows), strict=True)
    uncertain = [any("uncertain_animal" in split_flags(cell) for cell in found) for found in cells]
    return np.asarray(np.any([share < LEAST_TRACKED for share in shares], axis=0) | np.array(uncertain, bool))


def _unscored(animals: SessionsByAnimal, protocol: Protocol) -> pd.DataFrame:
    table = _design(animals)
    exclude = table.pop("exclude")
    zone_metrics = [f"{z.name}_{what}" for z in protocol.zones for what in ("time_s", "entries", "latency_s")]
    several = len(animals.rows) > 1
    for phase in animals.rows:
        for name in (*zone_metrics, *_MEASURES):
            if name in animals.table.columns:
                table[f"{phase}_{name}" if several else name] = animals.numbers(name, phase)
    table["phenotype"] = ""
    table["rule"] = ""
    table["exclude"] = exclude
    flags = _session_flags(animals)
    missing = np.any([rows < 0 for rows in animals.rows.values()], axis=0)
    table["flags"] = [
        join_flags([*own, *(["missing_phase"] if gone else [])]) for own, gone in zip(flags, missing, strict=True)
    ]
    return _with_carried(table, animals, protocol, {phase: phase for phase in animals.rows})


def _with_carried(
    table: pd.DataFrame, animals: SessionsByAnimal, protocol: Protocol, suffixes: Mapping[str, str]
) -> pd.DataFrame:
    """Return the table with the sheet's own columns behind, split by phase where they differ between phases."""
    carried: dict[str, list[str]] = {}
    for name in design_columns(animals.table, protocol):
        per_phase = {phase: animals.texts(name, phase) for phase in animals.rows}
        rows = list(zip(*per_phase.values(), strict=True))
        if any(len({text for text in row if text}) > 1 for row in rows):
            carried |= {f"{name}_{suffixes[phase]}": texts for phase, texts in per_phase.items()}
        else:
            carried[name] = [next((text for text in row if text), "") for row in rows]
    # What an archived table calls, say, phenotype or si_ratio stays beside csds's own.
    free = {f"{name}_in_table" if name in table.columns else name: texts for name, texts in carried.items()}
    return pd.concat([table, pd.DataFrame(free, index=table.index, dtype=str)], axis=1)
