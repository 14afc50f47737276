"""Tables as people and spreadsheets write them: read as text, written so that nothing is lost.

Written tables are UTF-8 with a byte-order mark (so that Excel shows Greek letters), separated by
commas, with line feeds, numbers in full. Text that a spreadsheet would run as a formula gets a
leading apostrophe, which `read_table` takes off again.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from csds.errors import TableError, UsageError
from csds.formats.atomic import atomic_path
from csds.protocol.nearest import quoted

Row = tuple[int, list[str]]

_MISSING = frozenset({"", "-", "na", "n/a", "#n/a", "nan", "null", "none"})
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?|[+-]?inf", re.ASCII)
#: Spreadsheets skip what is blank before a formula, and some take full-width signs for the others.
_FORMULA = r"(?:\s*[=+@\-＝＋＠－]|[\t\r\n])"
_RUN_AS_FORMULA = re.compile(f"'*{_FORMULA}")
_PROTECTED = re.compile(f"'+{_FORMULA}")
_NEEDS_QUOTES = re.compile(r'[,;\t\r\n"]|^\s|\s$|^sep=')


def read_table(path: Path) -> pd.DataFrame:
    """Return a table with every cell as text, exactly as written (``007`` stays ``007``).

    CSV, with commas, semicolons or tabs (also Excel's ``sep=;`` line), in UTF-8 with or without
    byte-order mark, UTF-16 or Windows-1252; or the first sheet of an xlsx workbook. Empty cells are
    ``""``; lines and unnamed columns that are wholly empty are left out.

    Returns
    -------
    DataFrame
        One row per line, strings only. The index, named ``row``, holds the line numbers of the file
        as a text editor or spreadsheet shows them.

    Raises
    ------
    UsageError
        There is no such file.
    TableError
        The file is empty, isn't a table, names two columns alike, or a line has too many cells.
    """
    if not path.is_file():
        message = f"{path}: there is no such table"
        raise UsageError(message, hint="Check the spelling of the path and the folder that you are in.")
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"{path}: can't be read ({error.strerror})"
        raise TableError(message, hint="Check that you may read the file.") from error
    if content[:4] == b"\xd0\xcf\x11\xe0":
        message = f"{path}: expected CSV or xlsx, found an old Excel workbook (xls) or one with a password"
        raise TableError(message, hint="Save it in Excel as 'Excel workbook (.xlsx)' or 'CSV UTF-8'.")
    rows = _xlsx_rows(path, content) if content[:4] == b"PK\x03\x04" else _csv_rows(path, content)
    return _frame(path, rows)


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, whole or not at all; the index is not written.

    Numbers are written in full, so that they are read back the same; missing values are empty;
    booleans are ``true`` and ``false``.

    Raises
    ------
    ResultsError
        The file can't be written; see `csds.formats.atomic.atomic_path`.
    """
    lines = [_csv_line([_csv_cell(name) for name in frame.columns])]
    columns = [_csv_cells(frame.iloc[:, i]) for i in range(frame.shape[1])]
    lines += [_csv_line(cells) for cells in zip(*columns, strict=True)]
    with atomic_path(path) as temporary:
        temporary.write_bytes("\n".join([*lines, ""]).encode("utf-8-sig"))


def to_number(text: str) -> float | None:
    """Return the number that a cell holds, with decimal point or comma; None where it is not one.

    Groups of thousands are not taken: ``1,234.5`` could be meant either way.

    Examples
    --------
    >>> to_number("61,2"), to_number(" 61.2 "), to_number("61 s"), to_number("1,234.5")
    (61.2, 61.2, None, None)
    """
    stripped = text.strip().replace("\N{MINUS SIGN}", "-")
    return float(stripped.replace(",", ".")) if _NUMBER.fullmatch(stripped) else None


def is_missing(text: str) -> bool:
    """Return True for an empty cell and the usual marks of a missing value (``NA``, ``-``, ``nan``)."""
    return text.strip().casefold() in _MISSING


def parse_numbers(texts: pd.Series, column: str) -> pd.Series:
    """Return a column of text as floats, with decimal points or commas; missing values are NaN.

    Parameters
    ----------
    texts : Series of str
        As `read_table` gives it: the index holds the line numbers.
    column : str
        The column's name, for messages.

    Raises
    ------
    TableError
        A cell is not a number, or the column mixes decimal points with decimal commas; the message
        names row and column.
    """
    values: list[float] = []
    first_with: dict[str, object] = {}
    for row, text in texts.items():
        value = math.nan if is_missing(str(text)) else to_number(str(text))
        if value is None:
            message = f"row {row}, column '{column}': expected a number, found '{text}'"
            hint = "Write the number alone, without unit or thousands separator."
            if row == texts.index[0] and not any(character.isdigit() for character in str(text)):
                hint = "Remove this row if it says the columns' units, as in results.xlsx; animals.csv has none."
            raise TableError(message, hint=hint)
        for mark in {",", "."} & set(str(text)) if not math.isnan(value) else ():
            first_with.setdefault(mark, row)
        values.append(value)
    if len(first_with) > 1:
        message = (
            f"column '{column}': decimal points and decimal commas are mixed "
            f"(a point in row {first_with['.']}, a comma in row {first_with[',']})"
        )
        raise TableError(message, hint="Use one of the two throughout; leave out thousands separators.")
    return pd.Series(values, index=texts.index, name=texts.name, dtype=float)


def cell_text(value: object) -> str:
    """Return a value as the text of a cell: protected from being run as a formula, numbers in full.

    Examples
    --------
    >>> [cell_text(v) for v in (0.1, 3, True, None, "=1+1", "-5", "-x", "007")]
    ['0.1', '3', 'true', '', "'=1+1", '-5', "'-x", '007']
    """
    if isinstance(value, str):
        return protect_text(value)
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(float(value))
    if hasattr(value, "item"):
        return cell_text(value.item())
    if isinstance(value, bool):
        return "true" if value else "false"
    return protect_text(str(value))


def protect_text(text: str) -> str:
    """Return text with a leading apostrophe where a spreadsheet would run it as a formula."""
    if not _RUN_AS_FORMULA.match(text) or (text.lstrip().startswith("-") and to_number(text) is not None):
        return text
    return "'" + text


def unprotect_text(text: str) -> str:
    """Return text without the apostrophe that `protect_text` put before it."""
    return text[1:] if _PROTECTED.match(text) else text


def _csv_line(cells: Sequence[str]) -> str:
    return ",".join(cells) or '""'  # a bare empty line would be taken for no line at all


def _csv_cells(column: pd.Series) -> list[str]:
    """Return a column's cells; what is there many times, as most text is, is looked at once."""
    values = column.tolist()
    if column.dtype == np.float64:
        return ["" if value != value else repr(value) for value in values]  # noqa: PLR0124 - NaN alone isn't itself
    # By its type as well: True is 1.
    keys = [(value.__class__, value) for value in values]
    try:
        known = {key: _csv_cell(key[1]) for key in set(keys)}
    except TypeError:  # a list, say, that can't be looked up
        return [_csv_cell(value) for value in values]
    return [known[key] for key in keys]


def _csv_cell(value: object) -> str:
    text = cell_text(value)
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text


def _csv_rows(path: Path, content: bytes) -> list[Row]:
    if b"\x00" in content[:4096] and not _is_utf16(content):
        message = f"{path}: expected a table (CSV or xlsx), found a file that isn't text"
        raise TableError(message, hint="Give the table itself; a recording goes in its 'video' column.")
    text = _decode(content)
    announced = re.match(r"sep=([,;\t])\r?\n", text)
    lines, skipped = (text[announced.end() :], 1) if announced else (text, 0)
    delimiter = announced[1] if announced else _delimiter(text)
    reader = csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter)
    rows: list[Row] = []
    start = 1
    try:
        for cells in reader:
            rows.append((start + skipped, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        message = f"{path}, row {reader.line_num + skipped}: not a table ({error})"
        raise TableError(message, hint="Save it again as CSV UTF-8.") from error
    return rows


def _is_utf16(content: bytes) -> bool:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    even, odd = content[:4096:2].count(0), content[1:4096:2].count(0)
    return max(even, odd) > 0.3 * min(len(content), 4096) / 2 and min(even, odd) == 0


def _decode(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    if b"\x00" in content[:4096]:
        return content.decode("utf-16-le" if content[1:2] == b"\x00" else "utf-16-be", errors="replace")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _delimiter(text: str) -> str:
    header = re.sub(r'"[^"]*"', "", text[:20_000]).strip("\r\n").split("\n", 1)[0]
    return max(",;\t", key=header.count)


def _xlsx_rows(path: Path, content: bytes) -> list[Row]:
    from zipfile import BadZipFile

    from openpyxl import load_workbook  # type: ignore[import-untyped]
    from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

    try:
        workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = workbook.worksheets[0]
        return [
            (number, [_xlsx_text(cell) for cell in cells]) for number, cells in enumerate(sheet.iter_rows(), start=1)
        ]
    except (BadZipFile, InvalidFileException, KeyError, IndexError, ValueError, OSError) as error:
        message = f"{path}: expected an Excel workbook (xlsx), found a file that can't be read as one ({error})"
        raise TableError(message, hint="Open it in Excel and save it again as 'Excel workbook (.xlsx)'.") from error


def _xlsx_text(cell: Any) -> str:
    value = cell.value
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer() and abs(value) < 1e15):
        # 7 with the format 000 is shown, and meant, as 007.
        shown_digits = cell.number_format if re.fullmatch("0{2,}", cell.number_format or "") else ""
        return str(int(value)).zfill(len(shown_digits))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    # Dates and times print themselves as ISO 8601, numbers in full.
    return str(value)


def _frame(path: Path, rows: Iterable[Row]) -> pd.DataFrame:
    filled = [(number, [unprotect_text(cell) for cell in cells]) for number, cells in rows if any(cells)]
    if not filled:
        message = f"{path}: expected a table with a line of column names, found an empty file"
        raise TableError(message, hint="Save the table again; the first line holds the names of the columns.")
    (_, names), body = filled[0], filled[1:]
    used = [i for i, name in enumerate(names) if name.strip() or any(i < len(c) and c[i] for _, c in body)]
    for number, cells in body:
        if any(cells[len(names) :]):
            message = f"{path}, row {number}: expected {len(names)} cells as in the line of names, found {len(cells)}"
            raise TableError(message, hint="Put cells that contain the separator in quotation marks.")
    kept = [names[i] for i in used]
    doubled = sorted({name for name in kept if kept.count(name) > 1})
    if doubled:
        message = f"{path}: expected every column to have a name of its own, found more than one {quoted(doubled)}"
        raise TableError(message, hint="Rename or delete one of the columns.")
    data = [[cells[i] if i < len(cells) else "" for i in used] for _, cells in body]
    index = pd.Index([number for number, _ in body], name="row", dtype="int64")
    return pd.DataFrame(data, columns=pd.Index(kept, dtype=object), index=index, dtype=str)
