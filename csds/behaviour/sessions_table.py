"""A table of sessions at the door: columns, keys and phases checked, and each animal's rows found."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csds.errors import TableError
from csds.model.columns import GROUP_COLUMNS, KEY_COLUMNS, SESSION_COLUMNS, names
from csds.model.flags import FLAGS, split_flags
from csds.model.protocol import Protocol
from csds.model.shapes import FloatArray
from csds.study.words import BLINDED

Key = tuple[str, ...]

KEYS = tuple(column.name for column in KEY_COLUMNS)
GROUPS = tuple(column.name for column in GROUP_COLUMNS)
STRESSES = ("control", "defeated", BLINDED, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsByAnimal:
    """Sessions with the position of each animal's row per phase, −1 where there is none.

    ``keys`` are (cohort, animal_id, test) in order of first appearance; ``rows`` maps each phase of the
    protocol to an array of shape (animals,).
    """

    table: pd.DataFrame
    keys: tuple[Key, ...]
    rows: dict[str, NDArray[np.intp]]
    _texts: dict[str, list[str]] = field(default_factory=dict, repr=False)

    def numbers(self, column: str, phase: str) -> FloatArray:
        """Return a column's values in a phase, one per animal; NaN where the row or the column is missing."""
        if column not in self.table.columns:
            return np.full(len(self.keys), np.nan)
        values = np.append(to_floats(self.table, column), np.nan)
        return np.asarray(values[self.rows[phase]], float)

    def texts(self, column: str, phase: str) -> list[str]:
        """Return a column's text in a phase, one per animal; empty where the row or the column is missing."""
        if column not in self.table.columns:
            return [""] * len(self.keys)
        values = self._texts.get(column) or self._texts.setdefault(column, [*to_texts(self.table, column), ""])
        return [values[row] for row in self.rows[phase]]

    def text_of_animal(self, column: str) -> list[str]:
        """Return a column's text per animal, which must not differ between its rows where they have one.

        Raises
        ------
        TableError
            If it does, naming animal and texts.
        """
        per_phase = [self.texts(column, phase) for phase in self.rows]
        merged = []
        for key, *found in zip(self.keys, *per_phase, strict=True):
            distinct = list(dict.fromkeys(text for text in found if text))
            if len(distinct) > 1:
                raise TableError(
                    f"{describe(key)}: '{column}' must be the same in all rows of an animal, "
                    f"but is {' and '.join(repr(text) for text in distinct)}",
                    hint="Correct the cell, or give the two animals different animal_id or cohort.",
                )
            merged.append(distinct[0] if distinct else "")
        return merged


def group_by_animal(sessions: pd.DataFrame, protocol: Protocol) -> SessionsByAnimal:
    """Return a table of sessions by animal and phase.

    Raises
    ------
    TableError
        If ``animal_id`` or ``phase`` is missing or empty, a phase is none of the protocol's, a
        stress is neither ``control`` nor ``defeated``, a flag is unknown, or an animal has two
        rows for one phase.
    """
    _check_columns(sessions)
    phases = [phase.name for phase in protocol.phases]
    keys: dict[Key, dict[str, int]] = {}
    columns = [to_texts(sessions, name) for name in KEYS]
    stresses, flags = to_texts(sessions, "stress"), to_texts(sessions, "flags")
    for position, (phase, *parts) in enumerate(zip(to_texts(sessions, "phase"), *columns, strict=True)):
        where = f"row {sessions.index[position]}"
        if not parts[1]:
            raise TableError(f"{where}: animal_id is empty", hint="Give every row the animal's id.")
        _check_word(where, "phase", phase, phases)
        _check_word(where, "stress", stresses[position], STRESSES)
        for code in split_flags(flags[position]):
            _check_word(where, "flags", code, FLAGS)
        own = keys.setdefault(tuple(parts), {})
        if phase in own:
            raise TableError(
                f"{describe(tuple(parts))}, phase {phase}: expected one row, found two "
                f"(rows {sessions.index[own[phase]]} and {sessions.index[position]})",
                hint="Numbers used again in another cohort need a cohort column; repeated tests need a test column.",
            )
        own[phase] = position
    rows = {phase: np.array([own.get(phase, -1) for own in keys.values()], np.intp) for phase in phases}
    return SessionsByAnimal(table=sessions, keys=tuple(keys), rows=rows)


def design_columns(sessions: pd.DataFrame, protocol: Protocol) -> tuple[str, ...]:
    """Return the columns that describe the animal: all that are neither keys, groups nor measurements."""
    zones = [zone.name for zone in protocol.zones]
    own = set(names(SESSION_COLUMNS, tuple(zones)))
    measured = re.compile(
        rf"(centre_|nose_|body_)?({'|'.join(map(re.escape, zones)) or '(?!)'})_(time_s|entries|latency_s)"
    )
    return tuple(str(name) for name in sessions.columns if name not in own and not measured.fullmatch(str(name)))


def describe(key: Key) -> str:
    """Return an animal's key for messages.

    Examples
    --------
    >>> describe(("C1", "007", ""))
    "animal '007', cohort 'C1'"
    """
    cohort, animal, test = key
    parts = [f"animal '{animal}'"]
    parts += [f"cohort '{cohort}'"] if cohort else []
    parts += [f"test '{test}'"] if test else []
    return ", ".join(parts)


def to_floats(table: pd.DataFrame, column: str) -> FloatArray:
    """Return a column as floats; TableError with the row where a cell is not a number."""
    try:
        return np.asarray(table[column].to_numpy(dtype=float, na_value=np.nan), float)
    except (TypeError, ValueError):
        numbers = pd.to_numeric(table[column], errors="coerce")
        wrong = np.asarray(numbers.isna() & table[column].notna())
        at = int(np.argmax(wrong))
        raise TableError(
            f"row {table.index[at]}, column '{column}': expected a number, found {table[column].iloc[at]!r}",
            hint="Write the number alone, without a unit.",
        ) from None


def to_texts(table: pd.DataFrame, column: str) -> list[str]:
    """Return a column as text, missing cells and missing columns as empty text."""
    if column not in table.columns:
        return [""] * len(table)
    values = table[column]
    return ["" if gone else str(value) for value, gone in zip(values.tolist(), values.isna().tolist(), strict=True)]


def _check_columns(sessions: pd.DataFrame) -> None:
    missing = [name for name in ("animal_id", "phase") if name not in sessions.columns]
    if missing:
        raise TableError(
            f"a table of sessions needs the columns animal_id and phase, but {' and '.join(missing)} is missing "
            f"among {', '.join(map(str, sessions.columns))}",
            hint="Say which column holds it, as in --map animal_id=Mouse.",
        )


def _check_word(where: str, column: str, word: str, known: Collection[str]) -> None:
    if word not in known:
        expected = ", ".join(item for item in known if item not in {"", BLINDED})
        raise TableError(
            f"{where}, column '{column}': expected {expected}, found '{word}'",
            hint="Correct the cell, or choose the protocol that the test was run with.",
        )
