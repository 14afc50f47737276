"""Tables that other programs and laboratories left, brought into the shape of csds's sessions.

A table may be long (a row per animal and phase, with a ``phase`` column) or wide (a row per animal, with
``interaction_absent_s`` and ``interaction_present_s``). Its columns are named to csds by a mapping; what
isn't mapped is carried along. Nothing is repaired silently: cells that can't be right are errors with
row and column, what may be meant is a warning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from csds.behaviour.defects import cell_faults, completeness_faults
from csds.errors import TableError, UsageError
from csds.formats.tables import is_missing, parse_numbers, to_number
from csds.model.columns import GROUP_COLUMNS, KEY_COLUMNS, SESSION_COLUMNS, names
from csds.model.flags import split_flags
from csds.model.protocol import Protocol
from csds.protocol.nearest import nearest
from csds.study.faults import Fault, errors_among
from csds.study.words import echo_phase, echo_stress

WIDE_COLUMNS = {
    f"{stem}_{suffix}_{unit}": (column, suffix)
    for stem, unit, column in (
        ("interaction", "s", "interaction_time_s"),
        ("corners", "s", "corners_time_s"),
        ("distance", "cm", "distance_cm"),
        ("mean_speed", "cm_s", "mean_speed_cm_s"),
        ("duration", "s", "duration_s"),
    )
    for suffix in ("absent", "present")
}
"""Columns of a wide table: the session's column and the phase that each stands for."""

SHEET_COLUMNS = ("sex", "cage", "strain", "age_weeks", "weight_g", "aggressor", "experimenter", "session_date")
"""Columns of a study sheet that are carried along; a mapping may name them too."""

_TEXT_COLUMNS = tuple(column.name for column in (*KEY_COLUMNS, *GROUP_COLUMNS))
_SHOWN = 10
# Flags that scoring gives anew; those of a table of animals would outlive their reasons.
_GIVEN_BY_SCORING = frozenset({
    "small_denominator", "zero_denominator", "zero_numerator", "zero_corner_denominator", "unequal_windows",
    "missing_phase", "needs_controls", "excluded_minimum_time", "excluded_no_zone_time", "excluded_score_limit",
    "missing_score", "no_mixture", "unknown_stress", "blinded", "borderline",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedSessions:
    """Sessions for `csds.behaviour.score.score_animals`, indexed by the file's rows, and what is odd about them."""

    sessions: pd.DataFrame
    warnings: tuple[Fault, ...]


def read_archived(table: pd.DataFrame, mapping: Mapping[str, str], protocol: Protocol) -> ArchivedSessions:
    """Return a table of sessions or animals from elsewhere as csds's sessions.

    Parameters
    ----------
    table : DataFrame of str
        As `csds.formats.tables.read_table` gives it.
    mapping : mapping of str to str
        csds's name of a column to the table's, such as ``{"interaction_time_s": "IZ_time"}``. Columns
        that bear csds's names need no mapping.
    protocol : Protocol
        Its phases and their lengths, and its zones.

    Raises
    ------
    UsageError
        If the mapping names a column that csds doesn't know.
    TableError
        If the table lacks a column, or cells can't be right: text where a number belongs, a
        negative time, more time in a zone than the window has, a phase or stress that isn't
        known, centimetres and metres in one column.
    """
    own_names = _own_names(protocol)
    renamed = _rename(table, mapping, own_names)
    if _is_wide(renamed, mapping):
        renamed = _to_long(renamed, protocol)
    elif "phase" not in renamed.columns:
        raise TableError(
            "expected a column for the phase, or one each for the target absent and present, found "
            f"{', '.join(map(str, table.columns))}",
            hint="Say which it is, as in --map phase=Trial, or --map interaction_absent_s=IZ1 "
            "--map interaction_present_s=IZ2.",
        )
    numbers = [name for name in _number_names(protocol) if name in renamed.columns]
    faults = _word_faults(renamed, protocol) + _number_faults(renamed, numbers)
    _raise_errors(faults)
    sessions = _typed(renamed, numbers, protocol)
    faults = cell_faults(sessions, protocol)
    _raise_errors(faults)
    return ArchivedSessions(sessions=sessions, warnings=(*faults, *completeness_faults(sessions, protocol)))


def parse_mapping(texts: Sequence[str]) -> dict[str, str]:
    """Return ``["interaction_time_s=IZ_time"]`` as a mapping.

    Raises
    ------
    UsageError
        If a text has no ``=`` or a column is named twice.

    Examples
    --------
    >>> parse_mapping(["phase=Trial", "interaction_time_s=IZ time (s)"])
    {'phase': 'Trial', 'interaction_time_s': 'IZ time (s)'}
    """
    mapping: dict[str, str] = {}
    for text in texts:
        own, equals, theirs = (part.strip() for part in text.partition("="))
        if not (own and equals and theirs):
            raise UsageError(f"--map expects csds's name=the table's name, found '{text}'", hint=_MAP_HINT)
        if own in mapping:
            raise UsageError(f"--map names '{own}' twice: {mapping[own]} and {theirs}", hint=_MAP_HINT)
        mapping[own] = theirs
    return mapping


_MAP_HINT = "Write it as in --map interaction_time_s=IZ_time, once for each column."


def _number_names(protocol: Protocol) -> list[str]:
    zones = tuple(dict.fromkeys([*(zone.name for zone in protocol.zones), "interaction", "corners"]))
    kinds = {name: column.kind for column in SESSION_COLUMNS for name in names((column,), zones)}
    return [name for name, kind in kinds.items() if kind in {"number", "integer"}]


def _own_names(protocol: Protocol) -> list[str]:
    return [*_TEXT_COLUMNS, "phase", "exclude", "flags", *_number_names(protocol), *WIDE_COLUMNS, *SHEET_COLUMNS]


def _rename(table: pd.DataFrame, mapping: Mapping[str, str], own_names: Sequence[str]) -> pd.DataFrame:
    found = {str(name).strip().casefold(): str(name) for name in reversed(table.columns)}
    columns: dict[str, str] = {}
    for own, theirs in mapping.items():
        if own not in own_names:
            near = nearest(own, own_names)
            raise UsageError(
                f"--map: csds has no column '{own}'" + (f"; did you mean '{near}'?" if near else ""),
                hint=f"Columns that can be mapped: {', '.join(own_names)}.",
            )
        exact = theirs if theirs in table.columns else found.get(theirs.strip().casefold())
        if exact is None:
            near = nearest(theirs, found.values())
            raise TableError(
                f"--map {own}={theirs}: the table has no column '{theirs}'"
                + (f"; did you mean '{near}'?" if near else ""),
                hint=f"The table's columns: {', '.join(map(str, table.columns))}.",
            )
        columns[own] = exact
    kept = {own: table[theirs] for own, theirs in columns.items()}
    for name in map(str, table.columns):
        if name not in columns.values():
            # A column of the table that bears a name given to another one stays, under a name of its own.
            kept[f"{name}_in_table" if name in kept else name] = table[name]
    return pd.DataFrame(kept, index=table.index)


def _is_wide(table: pd.DataFrame, mapping: Mapping[str, str]) -> bool:
    if any(name in WIDE_COLUMNS for name in mapping):
        return True
    return "phase" not in table.columns and any(name in WIDE_COLUMNS for name in table.columns)


def _to_long(table: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    shared = table.drop(columns=[name for name in WIDE_COLUMNS if name in table.columns])
    shared = shared.rename(columns={"phase": "phase_in_table"})
    if "flags" in shared.columns:
        shared["flags"] = [_kept_flags(cell) for cell in shared["flags"]]
    parts = []
    for phase in protocol.phases:
        suffix = "present" if phase.has_target else "absent"
        own = {column: table[wide] for wide, (column, of) in WIDE_COLUMNS.items() if of == suffix and wide in table}
        parts.append(shared.assign(phase=phase.name, **own))
    return pd.concat(parts)


def _kept_flags(cell: str) -> str:
    return ";".join(code for code in split_flags(cell) if code not in _GIVEN_BY_SCORING)


def _word_faults(table: pd.DataFrame, protocol: Protocol) -> list[Fault]:
    phases = [phase.name for phase in protocol.phases]
    faults = []
    for row, text in table["phase"].items():
        if echo_phase(text, phases) not in phases:
            message = f"expected {' or '.join(phases)} (or a usual word for it), found '{text}'"
            faults.append(_fault(row, "phase", message, "Use the protocol's words for the phases."))
    for row, text in table["stress"].items() if "stress" in table.columns else ():
        if not is_missing(text) and echo_stress(text) is None:
            message = f"expected control or defeated (or a usual word for it), found '{text}'"
            faults.append(_fault(row, "stress", message, "Write control or defeated."))
    return faults


def _number_faults(table: pd.DataFrame, numbers: Sequence[str]) -> list[Fault]:
    faults = []
    for column in numbers:
        for row, text in table[column].items():
            value = None if is_missing(text) else to_number(text)
            if not is_missing(text) and (value is None or value in {float("inf"), float("-inf")}):
                hint = "Write the number alone, without unit or remark; leave the cell empty where there is none."
                faults.append(_fault(row, column, f"expected a number, found '{text}'", hint))
    return faults


def _typed(table: pd.DataFrame, numbers: Sequence[str], protocol: Protocol) -> pd.DataFrame:
    phases = [phase.name for phase in protocol.phases]
    sessions = table.copy()
    sessions["phase"] = [echo_phase(text, phases) or "" for text in table["phase"]]
    for column in numbers:
        sessions[column] = parse_numbers(table[column], column).to_numpy()
    for column in (*_TEXT_COLUMNS, "exclude", "flags"):
        texts = table[column] if column in table.columns else pd.Series("", index=table.index)
        sessions[column] = [text.strip() for text in texts]
    sessions["stress"] = ["" if is_missing(text) else echo_stress(text) or "" for text in sessions["stress"]]
    return sessions


def _raise_errors(faults: Sequence[Fault]) -> None:
    errors = errors_among(faults)
    if not errors:
        return
    lines = [str(fault) for fault in errors[:_SHOWN]]
    if len(errors) > _SHOWN:
        lines.append(f"… and {len(errors) - _SHOWN} more")
    raise TableError("\n".join(lines), hint=errors[0].hint)


def _fault(row: object, column: str, message: str, hint: str) -> Fault:
    return Fault(row=int(str(row)), column=column, message=message, hint=hint, stage="table")
