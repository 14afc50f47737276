"""``csds report``: a results folder as a document for others to read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csds.cli import console
from csds.cli.console import JsonOption, QuietOption
from csds.report.formats import FORMATS, FormatName


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Results folder of csds track, score or stats.")],
    format_: Annotated[
        FormatName,
        typer.Option("--format", "-f", help="md, docx: text and tables. xlsx: every table, typed, in one workbook."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="File to write, or a folder for it. [default: report.md, report.docx, results.xlsx in DIR]",
        ),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a results folder as a document that others can read.

    report.md and report.docx have the sentences of csds stats, what it warns of, and tables of tests, groups and
    animals, rounded. results.xlsx has every table in full, with units under the names, rows with flags in
    colour, and a dictionary of every column and flag.

    \b
    Examples:
      csds report results --format docx
      csds report results --format xlsx --out for_the_paper/table_S1.xlsx

    \b
    Exit code: 0 all well, 1 a table can't be read or the file not be written, 2 the call is wrong.
    """
    form = FORMATS[format_]
    target = out or folder
    if target.is_dir() or not (target.suffix or target.exists()):
        target = target / form.file
    written = form.write(folder, target)
    if as_json:
        console.print_json({"format": format_, "file": str(written)})
        return
    console.note(f"written: {written}", quiet=quiet)
