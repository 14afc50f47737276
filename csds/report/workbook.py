"""``results.xlsx``: every table of a results folder, typed, with units, flags in colour, and a dictionary."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook  # type: ignore[import-untyped]
from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]
from openpyxl.comments import Comment  # type: ignore[import-untyped]
from openpyxl.styles import Font, NamedStyle, PatternFill  # type: ignore[import-untyped]
from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

from csds.analysis.notices import NOTICES
from csds.errors import TableError
from csds.formats.atomic import atomic_path
from csds.formats.office import undated
from csds.model.dictionary import TABLES
from csds.model.flags import FLAGS, split_flags
from csds.report.told import read_told
from csds.report.typed_tables import TABLE_NAMES, TypedTable, read_typed_tables

#: Backgrounds: of rows with a flag that says to look at the numbers, of other flagged rows, of the two lines of names.
_COLOURS = {"look": "FFD9B3", "flagged": "FFF5CC", "names": "DDE3EA", "notes": "F2F4F7"}
_MAX_ROWS, _MAX_TEXT, _MAX_WIDTH = 1_048_576, 32_767, 60
#: What XML can't hold, and an underscore that a spreadsheet would take for the start of such a character.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def write_workbook(folder: Path, target: Path) -> Path:
    """Write the tables of a results folder as one Excel workbook, and return its path.

    A sheet for each table: names in the first line, units in the second, both frozen, with filters below
    them; numbers, booleans and text as such, unrounded. Text is never a formula, whatever it begins with.
    Rows with flags are coloured, darker where the numbers should be looked at before they are used, and a
    comment says what the flags mean. The sheet ``notices`` has what csds stats found to speak against
    believing it, ``dictionary`` every column, flag and notice with its meaning and the names of tables that
    the folder doesn't hold. The same tables give the same bytes. Other programs read a sheet without its
    second line: ``pandas.read_excel(path, sheet_name="animals", skiprows=[1])``.

    Parameters
    ----------
    folder : Path
        Of `csds track`, `csds score`, `csds stats` or `csds power`.
    target : Path
        The file to write, whole or not at all.

    Raises
    ------
    UsageError
        The folder holds no table.
    TableError
        A table or ``stats.json`` can't be read as what it should be, or a table has more rows than a sheet.
    ResultsError
        The file can't be written, or is open in another program; see `csds.formats.atomic.atomic_path`.
    """
    tables, told = read_typed_tables(folder), read_told(folder)
    book = Workbook(write_only=True)
    book.properties.creator = "csds"
    for name, colour in _COLOURS.items():
        fill, font = PatternFill("solid", fgColor=colour), Font(name="Calibri", size=11, bold=name == "names")
        book.add_named_style(NamedStyle(name=name, fill=fill, font=font))
    for table in tables:
        if len(table.frame) > _MAX_ROWS - 2:
            message = f"{folder / table.name}.csv: expected at most {_MAX_ROWS - 2} rows, found {len(table.frame)}"
            raise TableError(message, hint="A sheet of Excel holds no more; use the CSV, or longer --time-bins.")
        _write_table(book, table)
    if told is not None:
        _write_list(book, "notices", ("severity", "code", "message"), told.notices)
    _write_list(book, "dictionary", ("where", "name", "kind", "unit", "meaning"), list(_dictionary(tables)))
    content = io.BytesIO()
    book.save(content)
    with atomic_path(target) as part:
        part.write_bytes(undated(content.getvalue()))
    return target


def _write_table(book: Any, table: TypedTable) -> None:
    columns = table.columns
    cells = [table.frame[column.name].astype(object).tolist() for column in columns]
    texts = [[one for one in (column.name, *table.frame[column.name]) if isinstance(one, str)] for column in columns]
    sheet = _sheet(book, table.name, texts, head=2, rows=len(table.frame))
    names = [_cell(sheet, column.name, "names") for column in columns]
    for cell, column in zip(names, columns, strict=True):
        cell.comment = _comment(column.meaning)
    sheet.append(names)
    sheet.append([_cell(sheet, column.unit, "notes") for column in columns])
    at = next((i for i, column in enumerate(columns) if column.name == "flags"), None)
    for values in zip(*cells, strict=True):
        codes = split_flags(values[at]) if at is not None else ()
        row = [_cell(sheet, value, _flags_style(codes)) for value in values]
        if at is not None and codes:
            row[at].comment = _comment("\n".join(f"{code}: {_flag_meaning(code)}" for code in codes))
        sheet.append(row)


def _write_list(book: Any, name: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a sheet of text; rows on flags have their colour."""
    sheet = _sheet(book, name, list(zip(head, *rows, strict=True)), head=1, rows=len(rows))
    sheet.append([_cell(sheet, text, "names") for text in head])
    for row in rows:
        style = _flags_style((row[1],)) if row[0] == "flags" else ""
        sheet.append([_cell(sheet, text, style) for text in row])


def _dictionary(tables: Sequence[TypedTable]) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield a row for each column of the workbook, each table that it lacks, each flag and each notice."""
    found = {table.name: table for table in tables}
    about = {file.removesuffix(".csv"): meaning for file, meaning, _ in TABLES}
    for name in TABLE_NAMES:
        if name not in found:
            yield name, "", "", "", f"{name}.csv was not in the folder. {about[name]}"
            continue
        for column in found[name].columns:
            yield name, column.name, column.kind, column.unit, column.meaning
    for flag in FLAGS.values():
        yield "flags", flag.code, "look" if flag.trust else "", "", flag.meaning
    for code, meaning in NOTICES.items():
        yield "notices", code, "", "", meaning


def _sheet(book: Any, name: str, texts: Iterable[Sequence[str]], *, head: int, rows: int) -> Any:
    """Return a new sheet whose columns are as wide as their texts, within reason."""
    sheet = book.create_sheet(name)
    letters = ["A"]
    for number, column in enumerate(texts, start=1):
        letters.append(get_column_letter(number))
        width = max(len(column[0]) + 3, *map(len, column))  # a filter's button covers three letters
        sheet.column_dimensions[letters[-1]].width = min(width + 1, _MAX_WIDTH)
    sheet.freeze_panes = f"A{head + 1}"
    # The filter stands on the head's last line, so that sorting leaves the units where they are.
    sheet.auto_filter.ref = f"A{head}:{letters[-1]}{head + rows}"
    return sheet


def _cell(sheet: Any, value: object, style: str = "") -> Any:
    """Return a cell with its kind said, so that nothing of it is guessed."""
    text, kind = _content(value)
    cell = WriteOnlyCell(sheet, text or None)
    if text:
        cell.data_type = kind
    if style:
        cell.style = style
    if kind == "s" and text:
        cell.number_format = "@"  # remains text, also after someone has edited it
    return cell


def _content(value: object) -> tuple[str, str]:
    """Return what a cell holds, as the file has it, and its kind: n, b or s; empty where nothing is known.

    Numbers are in full (openpyxl would cut them to 16 digits); those that a spreadsheet hasn't are text.
    """
    if isinstance(value, str):
        return _text(value), "s"
    if isinstance(value, bool):
        return str(int(value)), "b"
    if isinstance(value, int):
        return str(value), "n"
    if not isinstance(value, float) or math.isnan(value):
        return "", "s"
    return repr(value), "n" if math.isfinite(value) else "s"


def _text(text: str) -> str:
    if len(text) > _MAX_TEXT:
        ending = f" … (cut here: {len(text)} characters, all of them in the CSV)"
        text = text[: _MAX_TEXT - len(ending)] + ending
    return _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def _flags_style(codes: Sequence[str]) -> str:
    if not codes:
        return ""
    return "look" if any(code not in FLAGS or FLAGS[code].trust for code in codes) else "flagged"


def _flag_meaning(code: str) -> str:
    return FLAGS[code].meaning if code in FLAGS else "not known to this version of csds"


def _comment(text: str) -> Any:
    return Comment(_text(text), "csds", height=24 + 18 * (1 + len(text) // 45 + text.count("\n")), width=320)
