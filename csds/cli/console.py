"""How commands speak: results to stdout, progress and messages to stderr, nothing taken for markup.

Every text that csds prints passes through here, so that an animal called ``[/bold]`` or one
with a terminal's escape code in its name is shown as it is written and does nothing else.
rich is imported only where a terminal draws a table or a bar.
"""

from __future__ import annotations

import json
import math
import numbers
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Protocol, TextIO

import typer

QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no messages, only errors.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the results as JSON, for another program to read.")]

PLAIN_EVERY_S = 10.0
"""Seconds between two lines of progress where no bar can be drawn (a log file)."""


def say(text: str = "") -> None:
    """Print a result to stdout."""
    _write(sys.stdout, text)


def note(text: str, *, quiet: bool = False) -> None:
    """Print a message to stderr, unless quiet."""
    if not quiet:
        _write(sys.stderr, text)


def warn(text: str, *, quiet: bool = False) -> None:
    """Print a warning to stderr, unless quiet."""
    note(f"warning: {text}", quiet=quiet)


def complain(text: str, hint: str = "") -> None:
    """Print an error and how to mend it to stderr, quiet or not."""
    _write(sys.stderr, f"error: {text}")
    if hint:
        _write(sys.stderr, f"  fix: {hint}")


def print_json(value: object) -> None:
    """Print a value as JSON to stdout; NaN and infinities, which JSON lacks, become null."""
    _write(sys.stdout, json.dumps(_jsonable(value), ensure_ascii=False, indent=2, default=str, allow_nan=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "") -> None:
    """Print a table to stdout: drawn on a terminal, aligned plain text elsewhere.

    Parameters
    ----------
    columns : sequence of str
        Headings.
    rows : sequence of sequences
        Cells; see `format_cell`. Columns of numbers are set flush right.
    title : str, optional
        Stands above the table.
    """
    names = [printable(name) for name in columns]
    cells = [[format_cell(value) for value in row] for row in rows]
    right = [_is_numeric([row[i] for row in rows]) for i in range(len(columns))]
    if sys.stdout.isatty():
        _draw_table(names, cells, right, printable(title))
        return
    if title:
        _write(sys.stdout, title)
    widths = [max([_width(name), *(_width(row[i]) for row in cells)]) for i, name in enumerate(names)]
    for line in [names, *cells]:
        padded = [_pad(cell, width, side) for cell, width, side in zip(line, widths, right, strict=True)]
        _write(sys.stdout, "  ".join(padded).rstrip())


def format_cell(value: object) -> str:
    """Return a value as a table shows it: numbers to two decimals, what is missing as a dash.

    Examples
    --------
    >>> [format_cell(v) for v in (1.23456, 12, float("nan"), None, True, "007")]
    ['1.23', '12', '–', '–', 'yes', '007']
    """
    if _is_missing(value):
        return "–"
    if _is_boolean(value):
        return "yes" if value else "no"
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral):
        return f"{float(value):.2f}"
    return printable(str(value)).replace("\n", " ")


def printable(text: str) -> str:
    r"""Return the text with control characters (but line ends and tabs) spelled out.

    Examples
    --------
    >>> printable("M01\x1b[2J anti-IL-4Rα")
    'M01\\x1b[2J anti-IL-4Rα'
    """
    return "".join(_spell(c) if unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t" else c for c in text)


class Progress(Protocol):
    """What shows how far a job has come."""

    def update(self, done: float, *, total: float | None = None, text: str | None = None) -> None:
        """Show that ``done`` of ``total`` is done; ``text`` says what is being worked on."""
        ...


@contextmanager
def progress(*, total: float | None = None, unit: str = "frames", quiet: bool = False) -> Iterator[Progress]:
    """Show progress on stderr while the block runs: a bar on a terminal, a line now and then elsewhere.

    Parameters
    ----------
    total : float, optional
        How much there is to do; the time left is shown once it is known.
    unit : str
        What is counted.
    quiet : bool
        Show nothing.

    Yields
    ------
    Progress
        Its ``update`` takes the amount done since the start.
    """
    if quiet:
        yield _NoProgress()
    elif sys.stderr.isatty():
        with _bar(total, unit) as bar:
            yield bar
    else:
        yield PlainProgress(total=total, unit=unit, write=note)


class PlainProgress:
    """Progress as lines of text, at most one in `PLAIN_EVERY_S` seconds."""

    def __init__(
        self,
        *,
        total: float | None,
        unit: str,
        write: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total, self._unit, self._write, self._clock = total, unit, write, clock
        self._began = self._last = clock()
        self._text = ""

    def update(self, done: float, *, total: float | None = None, text: str | None = None) -> None:
        """Write a line if the last one is long enough ago."""
        self._total = self._total if total is None else total
        self._text = self._text if text is None else text
        now = self._clock()
        if now - self._last < PLAIN_EVERY_S:
            return
        self._last = now
        rate = done / (now - self._began)
        self._write(_describe(done, self._total, rate, self._unit, self._text))


class _NoProgress:
    def update(self, done: float, *, total: float | None = None, text: str | None = None) -> None:
        """Show nothing."""


def _describe(done: float, total: float | None, rate: float, unit: str, text: str) -> str:
    if total is None:
        line = f"{done:,.0f} {unit}, {rate:,.0f} {unit}/s"
    else:
        line = f"{done:,.0f} of {total:,.0f} {unit}, {rate:,.0f} {unit}/s"
        if rate > 0:
            line += f", {_duration(max(total - done, 0.0) / rate)} left"
    return f"{text}: {line}" if text else line


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@contextmanager
def _bar(total: float | None, unit: str) -> Iterator[Progress]:
    from rich import progress as rich_progress
    from rich.console import Console

    columns = (
        rich_progress.TextColumn("{task.description}", markup=False),
        rich_progress.BarColumn(),
        rich_progress.TaskProgressColumn(),
        rich_progress.TextColumn("{task.fields[rate]}", markup=False),
        rich_progress.TimeRemainingColumn(),
    )
    with rich_progress.Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task("", total=total, rate="")
        began = time.monotonic()

        class Bar:
            def update(self, done: float, *, total: float | None = None, text: str | None = None) -> None:
                passed = max(time.monotonic() - began, 1e-9)
                drawn.update(task, completed=done, rate=f"{done / passed:,.0f} {unit}/s")
                if total is not None:
                    drawn.update(task, total=total)
                if text is not None:
                    drawn.update(task, description=printable(text))

        yield Bar()


def _draw_table(names: Sequence[str], cells: Sequence[Sequence[str]], right: Sequence[bool], title: str) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, title=Text(title, style="bold") if title else None, title_justify="left")
    for name, side in zip(names, right, strict=True):
        table.add_column(Text(name), justify="right" if side else "left", overflow="fold")
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False, markup=False, emoji=False).print(table)


def _is_numeric(values: Sequence[object]) -> bool:
    known = [value for value in values if not _is_missing(value)]
    return bool(known) and all(isinstance(value, numbers.Real) and not _is_boolean(value) for value in known)


def _is_missing(value: object) -> bool:
    # NaN and NaT alone differ from themselves; pandas' NA can't be compared at all. Neither is worth importing here.
    return value is None or type(value).__name__ == "NAType" or bool(value != value)  # noqa: PLR0124 - that is the point


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool) or type(value).__name__ in {"bool_", "bool"}


def _width(text: str) -> int:
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def _spell(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _jsonable(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        return float(value) if math.isfinite(value) else None
    if _is_boolean(value):
        return bool(value)
    return None if _is_missing(value) else value


def _write(stream: TextIO, text: str) -> None:
    print(printable(text), file=stream, flush=True)
