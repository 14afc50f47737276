"""A table of animals at the door of the statistics: typed, checked, and every animal that is left out named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from csds.analysis.units import check_units
from csds.errors import TableError
from csds.formats.tables import parse_numbers, read_table
from csds.model.columns import ANIMAL_COLUMNS, KEY_COLUMNS
from csds.model.shapes import FloatArray
from csds.protocol.nearest import nearest
from csds.stats.design import listed
from csds.stats.samples import LARGEST

KEYS = tuple(column.name for column in KEY_COLUMNS)
NUMBERS = tuple(column.name for column in ANIMAL_COLUMNS if column.kind == "number")
_ROWS_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An animal, or one test of it, that an analysis leaves out: its line in the file, its name, and why."""

    row: int
    animal: str
    reason: str
    test: str = ""

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{self.animal} {self.test}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Animals:
    """The animals that may be analysed, and those that the table itself excludes.

    Parameters
    ----------
    table : DataFrame
        One row per animal and test; csds's own numbers as floats, all else as text. The index holds the file's line
        numbers.
    left_out : tuple of LeftOut
        Animals with a reason in ``exclude``.
    excluded : DataFrame
        Their rows, in the same columns.
    """

    table: pd.DataFrame
    left_out: tuple[LeftOut, ...]
    excluded: pd.DataFrame = field(default_factory=pd.DataFrame)

    def texts(self, column: str) -> list[str]:
        """Return a column's cells as text, empty where there is no such column."""
        return [str(cell).strip() for cell in self.table[column]] if column in self.table else [""] * len(self.table)

    def numbers(self, column: str) -> FloatArray:
        """Return a column as floats, NaN where a cell is empty.

        Raises
        ------
        TableError
            There is no such column, a cell is not a number, or one is larger, or all are smaller, than what can be
            measured; the message names the rows.
        """
        self.check_column(column)
        cells = self.table[column]
        values = np.asarray(cells if pd.api.types.is_float_dtype(cells) else parse_numbers(cells, column), float)
        sizes = np.abs(np.where(np.isfinite(values), values, 0.0))
        largest = float(sizes.max(initial=0.0))
        if largest and not 1 / LARGEST <= largest <= LARGEST:
            row = self.table.index[int(sizes.argmax())]
            raise TableError(
                f"column '{column}', row {row}: expected numbers of a size that can be measured, found {largest:g} as "
                "the largest",
                hint="Correct the cell, or use another unit.",
            )
        return values

    def usable(self, column: str) -> tuple[list[int], list[LeftOut]]:
        """Return the positions of the animals that have a finite value, and the others with the reason."""
        values, kept, others = self.numbers(column), [], []
        flags = self.texts("flags")
        for at, value in enumerate(values.tolist()):
            if np.isfinite(value):
                kept.append(at)
                continue
            what = f"{column} is infinite" if np.isinf(value) else f"{column} is missing"
            reason = f"{what} ({flags[at]})" if flags[at] else what
            others.append(self.leaving_out(at, reason))
        return kept, others

    def only(self, column: str, value: str, *, test: str = "") -> Animals:
        """Return the animals that have a value in a column, the others being left out for that reason.

        Parameters
        ----------
        column, value : str
            The column, and what its cell must say.
        test : str
            The test whose row decides for all rows of an animal, which is left out without it; each row decides for
            itself where empty.

        Raises
        ------
        TableError
            No animal has it.
        """
        self.check_column(column)
        cells, tests, keys = self.texts(column), self.texts("test"), self.keys()
        chosen = {key for key, cell, one in zip(keys, cells, tests, strict=True) if one == test and cell == value}
        keep = [key in chosen if test else cell == value for key, cell in zip(keys, cells, strict=True)]
        if not any(keep):
            raise TableError(
                f"expected animals whose {column} is '{value}', found none: it is "
                f"{listed(dict.fromkeys(cell or 'empty' for cell in cells))}",
                hint=f"Correct what the analysis takes only, such as --only {column}={cells[0] or 'VALUE'}.",
            )
        reason = f"its {column}{f' at {test}' if test else ''} is not {value}"
        others = tuple(self.leaving_out(at, reason) for at, kept in enumerate(keep) if not kept)
        return Animals(
            table=self.table[keep],
            left_out=(*self.left_out, *others),
            excluded=self.excluded[[str(cell).strip() == value for cell in self.excluded.get(column, [])]],
        )

    def keys(self) -> list[str]:
        """Return each row's animal, by cohort and id, whatever the test."""
        cells = zip(self.texts("cohort"), self.texts("animal_id"), strict=True)
        return [f"{cohort} {animal}".strip() for cohort, animal in cells]

    def check_column(self, column: str) -> None:
        """Raise TableError where there is no such column; the message names the nearest one."""
        if column not in self.table:
            near = nearest(column, list(map(str, self.table)))
            raise TableError(
                f"there is no column '{column}'",
                hint=(f"Did you mean '{near}'? " if near else "")
                + f"Columns of this table: {', '.join(map(str, self.table))}.",
            )

    def leaving_out(self, at: int, reason: str) -> LeftOut:
        """Return the row at a position as one that is left out."""
        return LeftOut(
            row=int(self.table.index[at]), animal=self.keys()[at], test=self.texts("test")[at], reason=reason
        )

    def name(self, at: int) -> str:
        """Return an animal's name for messages: cohort, id and test as far as they are given."""
        return " ".join(cell for cell in (self.texts(key)[at] for key in KEYS) if cell)


def read_animals(path: Path) -> Animals:
    """Return the animals of a table as ``csds track`` and ``csds score`` write it.

    Parameters
    ----------
    path : Path
        ``animals.csv`` (or xlsx), or the folder that holds it, or else the catalogue of several studies.

    Raises
    ------
    UsageError
        There is no such table.
    TableError
        It has no animals, no ``animal_id``, an animal twice, text where a number belongs, or units that disagree within
        a column (`csds.analysis.units`); the message names the rows.
    """
    table = read_table(_table_of(path) if path.is_dir() else path)
    if "animal_id" not in table.columns:
        raise TableError(
            f"{path}: expected a column 'animal_id', found {', '.join(map(str, table.columns))}",
            hint="csds stats takes animals.csv; csds score makes it from any table of zone times.",
        )
    if table.empty:
        raise TableError(f"{path}: no animals", hint="Is this the table that csds track or csds score wrote?")
    typed = table.copy()
    for column in NUMBERS:
        if column in typed:
            typed[column] = parse_numbers(table[column], column)
    _check_keys(table)
    check_units(typed)
    reasons = [str(cell).strip() for cell in table["exclude"]] if "exclude" in table else [""] * len(table)
    whole = Animals(table=typed, left_out=())
    left_out = tuple(whole.leaving_out(at, f"excluded: {reason}") for at, reason in enumerate(reasons) if reason)
    kept = np.array([not reason for reason in reasons])
    return Animals(table=typed[kept], left_out=left_out, excluded=typed[~kept])


def _table_of(folder: Path) -> Path:
    """Return a folder's table of animals: that of its own study, or else the catalogue of the studies below it."""
    own, catalogue = folder / "animals.csv", folder / "catalogue.csv"
    return own if own.is_file() or not catalogue.is_file() else catalogue


def _check_keys(table: pd.DataFrame) -> None:
    present = [key for key in KEYS if key in table]
    seen: dict[tuple[str, ...], list[int]] = {}
    for row, *cells in table[present].itertuples(name=None):
        seen.setdefault(tuple(str(cell).strip() for cell in cells), []).append(int(row))
    for key, rows in seen.items():
        if not key[present.index("animal_id")]:
            raise TableError(f"row {rows[0]}: animal_id is empty", hint="Give every row the animal's id.")
        if len(rows) > 1:
            name = " ".join(part for part in key if part)
            raise TableError(
                f"animal '{name}': expected one row, found {len(rows)} (rows {_list(rows)})",
                hint="Numbers used again in another cohort need a cohort column; repeated tests need a test column.",
            )


def _list(rows: Sequence[int]) -> str:
    return ", ".join(map(str, rows[:_ROWS_SHOWN])) + (" …" if len(rows) > _ROWS_SHOWN else "")
