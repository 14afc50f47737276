"""A results folder's tables with every column in its kind, and each column's unit and meaning beside it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from csds.errors import TableError, UsageError
from csds.formats.tables import is_missing, parse_numbers, read_table
from csds.model.columns import SESSION_COLUMNS, Column, names
from csds.model.dictionary import TABLES

TABLE_NAMES = ("animals", "stats", "sessions", "time_bins", "power", "agreement", "disagreements", "failures")
"""The tables of a results folder, in the order in which they are asked for."""

_OWN = "a column of the study sheet, as written there"
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d{0,10})([.,]\d+)?", re.ASCII)
_TRUTH = {"true": True, "false": False}
_DECLARED = {file.removesuffix(".csv"): columns for file, _, columns in TABLES}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TypedTable:
    """A table whose columns have their kinds.

    Parameters
    ----------
    name : str
        One of `TABLE_NAMES`.
    columns : tuple of Column
        As they stand in the file, ``<zone>`` spelled out; the sheet's own among them.
    frame : DataFrame
        Text as str, numbers as float64, whole ones as Int64, booleans as boolean. What is missing is
        ``""``, NaN or NA.
    """

    name: str
    columns: tuple[Column, ...]
    frame: pd.DataFrame


def read_typed_tables(folder: Path) -> tuple[TypedTable, ...]:
    """Return those tables of `TABLE_NAMES` that a results folder holds.

    Raises
    ------
    UsageError
        The folder holds none of them.
    TableError
        One of them can't be read as what it should be.
    """
    found = [path for name in TABLE_NAMES if (path := folder / f"{name}.csv").is_file()]
    if not found:
        expected = ", ".join(f"{name}.csv" for name in TABLE_NAMES)
        message = f"{folder}: expected a results folder with some of {expected}; found none of them"
        raise UsageError(message, hint="Name the folder that csds track, csds score or csds stats wrote to.")
    return tuple(read_typed_table(path) for path in found)


def read_typed_table(path: Path) -> TypedTable:
    """Return one of csds's tables with every column in its kind.

    A column of the study sheet's own has numbers where each of its cells is a number as one writes it:
    ``27.7``, but neither ``007`` nor ``1e5`` nor one of more than eleven digits, which are names.

    Parameters
    ----------
    path : Path
        A CSV that is called as one of `TABLE_NAMES`.

    Raises
    ------
    TableError
        It isn't a table, or a cell isn't of its column's kind; the message names file, row and column.
    """
    written = read_table(path)
    columns = _columns(path.stem, [str(name) for name in written.columns], written)
    try:
        frame = pd.DataFrame(
            {column.name: _typed(written[column.name], column) for column in columns}, index=written.index
        )
    except TableError as error:
        raise TableError(f"{path}, {error.message}", hint=error.hint) from error
    return TypedTable(name=path.stem, columns=columns, frame=frame)


def _columns(table: str, found: Sequence[str], written: pd.DataFrame) -> tuple[Column, ...]:
    # Without a score animals.csv has the columns of sessions.csv in the scores' place.
    declared = (*SESSION_COLUMNS, *_DECLARED[table]) if table == "animals" else _DECLARED[table]
    zones = _zones(declared, found)
    known = {
        name: Column(name=name, kind=column.kind, unit=column.unit, meaning=column.meaning)
        for column in declared
        for name in names((column,), zones)
    }
    return tuple(
        known.get(name)
        or Column(name=name, kind="number" if _reads_as_numbers(written[name]) else "text", unit="", meaning=_OWN)
        for name in found
    )


def _zones(declared: Sequence[Column], found: Sequence[str]) -> tuple[str, ...]:
    """Return the zones that a table has every column of, so that the sheet's own columns are none."""
    ends = [column.name.removeprefix("<zone>") for column in declared if column.name.startswith("<zone>")]
    if not ends:
        return ()
    starts = [name.removesuffix(ends[0]) for name in found if name.endswith(ends[0])]
    return tuple(start for start in starts if {start + end for end in ends} <= set(found))


def _reads_as_numbers(cells: pd.Series) -> bool:
    filled = [text.strip() for text in cells if not is_missing(text)]
    one_mark = not {",", "."} <= set("".join(filled))
    return bool(filled) and one_mark and all(_PLAIN_NUMBER.fullmatch(text) for text in filled)


def _typed(cells: pd.Series, column: Column) -> pd.Series:
    if column.kind == "text":
        return cells
    if column.kind == "boolean":
        return _booleans(cells, column.name)
    numbers = parse_numbers(cells, column.name)
    if column.kind == "number":
        return numbers
    for (row, text), number in zip(cells.items(), numbers, strict=True):
        if not (number.is_integer() or math.isnan(number)):
            message = f"row {row}, column '{column.name}': expected a whole number, found '{text}'"
            raise TableError(message, hint="Make the table again with the command that wrote it.")
    return numbers.astype("Int64")


def _booleans(cells: pd.Series, name: str) -> pd.Series:
    for row, text in cells.items():
        if not is_missing(text) and text.strip().casefold() not in _TRUTH:
            message = f"row {row}, column '{name}': expected true or false, found '{text}'"
            raise TableError(message, hint="Make the table again with the command that wrote it.")
    return cells.str.strip().str.casefold().map(_TRUTH).astype("boolean")
