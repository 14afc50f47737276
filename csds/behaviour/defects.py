"""Defects that archived tables really have, found with row and column.

Seen in public tables: distances in cm and in m in one column; an animal's id that changes between
phases; two animals with one id; a velocity left blank for one laboratory.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csds.behaviour.sessions_table import KEYS, Key, describe, to_floats, to_texts
from csds.model.protocol import Protocol
from csds.model.shapes import FloatArray
from csds.protocol.nearest import nearest
from csds.study.faults import Fault, Severity

WINDOW_TOLERANCE = 0.01
"""A zone time may exceed its window by this share: windows are often given rounded."""

UNIT_RATIO = 50.0
"""Two clusters of values in one column whose medians differ by more are taken for two units."""

_MEASURED = ("distance_cm", "mean_speed_cm_s")
_ROWS_SHOWN = 8


def cell_faults(sessions: pd.DataFrame, protocol: Protocol) -> list[Fault]:
    """Return cells whose numbers can't be right, each with its row and column.

    Negative times, distances and speeds; more time in a zone than the window has (by more than 1 %);
    a column whose values fall into two clusters that differ like centimetres and metres.
    """
    faults: list[Fault] = []
    times = [name for name in sessions.columns if str(name).endswith(("_time_s", "_latency_s"))]
    windows = _windows(sessions, protocol)
    for column in [*times, "duration_s", *_MEASURED]:
        if column not in sessions.columns:
            continue
        values = to_floats(sessions, column)
        for at in np.flatnonzero(values < 0).tolist():
            message = f"expected 0 or more, found {values[at]:g}"
            faults.append(_fault(sessions, [at], column, message, "Correct the cell."))
        for at in np.flatnonzero(values > windows * (1 + WINDOW_TOLERANCE)).tolist() if column in times else ():
            message = f"found {values[at]:g} s, which is more than the phase's {windows[at]:g} s"
            hint = "Use the protocol that the test was run with, or map duration_s to the table's trial length."
            faults.append(_fault(sessions, [at], column, message, hint))
    for column in _MEASURED:
        faults += _unit_faults(sessions, column) if column in sessions.columns else []
    return faults


def completeness_faults(sessions: pd.DataFrame, protocol: Protocol) -> list[Fault]:
    """Return warnings about what is missing: phases (with ids that are nearly the same), cells, stress."""
    faults = _phase_faults(sessions, protocol)
    for column in ("interaction_time_s", "corners_time_s", *_MEASURED):
        if column not in sessions.columns:
            continue
        blank = np.isnan(to_floats(sessions, column))
        if blank.any():
            message = "blank in all rows" if blank.all() else f"blank in {int(blank.sum())} of {blank.size} rows"
            hint = "Scores that need it are empty and flagged; fill the cells in if the values are known."
            faults.append(_fault(sessions, np.flatnonzero(blank), column, message, hint, "warning"))
    if not any(to_texts(sessions, "stress")):
        message = "nothing says which animals were defeated, so no phenotype can be given"
        faults.append(_fault(sessions, [], "stress", message, "Map the column, as in --map stress=Group.", "warning"))
    return faults


def split_by_unit(values: FloatArray) -> NDArray[np.bool_]:
    """Return which values are likely metres among centimetres; False throughout where all are of one kind.

    The positive values are split at their widest gap (as a ratio). They are of two units if the
    medians of the parts differ by more than 50, and the lower part, times 100, lies in the range of
    the upper one.

    Examples
    --------
    >>> split_by_unit(np.array([1210.0, 12.9, 905.0, 1100.0, 8.8])).tolist()
    [False, True, False, False, True]
    >>> split_by_unit(np.array([1210.0, 50.0, 905.0])).tolist()
    [False, False, False]
    """
    none = np.zeros(values.shape, bool)
    positive = np.sort(values[values > 0])
    if positive.size < 2:
        return none
    steps = positive[1:] / positive[:-1]
    at = int(np.argmax(steps)) + 1
    low, high = positive[:at], positive[at:]
    fits = 100 * np.median(low) >= high[0] / 2 and 100 * np.median(low) <= high[-1] * 2
    if np.median(high) / np.median(low) <= UNIT_RATIO or not fits:
        return none
    return np.asarray((values > 0) & (values <= low[-1]))


def _unit_faults(sessions: pd.DataFrame, column: str) -> list[Fault]:
    values = to_floats(sessions, column)
    small = split_by_unit(values)
    if not small.any():
        return []
    # A single animal that hardly moved looks the same: that is said, not refused.
    severity: Severity = "error" if small.sum() >= 2 else "warning"
    low, high = np.median(values[small]), np.median(values[(values > 0) & ~small])
    message = f"values around {low:.3g} among values around {high:.3g} look like metres among centimetres"
    hint = "Write the whole column in cm (cm/s); empty the cells whose unit isn't known."
    return [_fault(sessions, np.flatnonzero(small), column, message, hint, severity)]


def _phase_faults(sessions: pd.DataFrame, protocol: Protocol) -> list[Fault]:
    """Return a warning for each animal that lacks a phase, with the id that it may have had in it."""
    phases = [phase.name for phase in protocol.phases]
    rows: dict[Key, dict[str, int]] = {}
    columns = [to_texts(sessions, name) for name in KEYS]
    for at, (phase, *parts) in enumerate(zip(to_texts(sessions, "phase"), *columns, strict=True)):
        rows.setdefault(tuple(parts), {})[phase] = at
    faults = []
    for key, own in rows.items():
        for phase in [name for name in phases if name not in own]:
            others = [k[1] for k, has in rows.items() if phase in has and len(has) < len(phases) and _kin(k, key)]
            near = nearest(key[1], others)
            message = f"{describe(key)} has no {phase}" + (f"; '{near}' has nothing else: one animal?" if near else "")
            hint = "Give an animal the same id in both phases; without both it stays undetermined."
            faults.append(_fault(sessions, list(own.values()), "animal_id", message, hint, "warning"))
    return faults


def _kin(one: Key, other: Key) -> bool:
    return one != other and (one[0], one[2]) == (other[0], other[2])


def _windows(sessions: pd.DataFrame, protocol: Protocol) -> FloatArray:
    planned = np.array([protocol.phase(name).duration_s for name in to_texts(sessions, "phase")], float)
    if "duration_s" not in sessions.columns:
        return planned
    given = to_floats(sessions, "duration_s")
    return np.where(np.isnan(given), planned, given)


def _fault(
    sessions: pd.DataFrame,
    at: Sequence[int] | NDArray[np.intp],
    column: str,
    message: str,
    hint: str,
    severity: Severity = "error",
) -> Fault:
    found = list(dict.fromkeys(int(sessions.index[i]) for i in at))
    if len(found) > 1:
        shown = ", ".join(map(str, found[:_ROWS_SHOWN])) + (" …" if len(found) > _ROWS_SHOWN else "")
        message = f"{message} (rows {shown})"
    row = found[0] if found else None
    return Fault(row=row, column=column, message=message, hint=hint, severity=severity, stage="table")
