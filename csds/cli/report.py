"""``csds report``: a results folder as a document for others to read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csds.cli import console
from csds.cli.console import JsonOption, QuietOption
from csds.errors import UsageError
from csds.report.formats import FORMATS, EmbedName, FormatName, write_html_report


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Results folder of csds track, score or stats.")],
    format_: Annotated[
        FormatName,
        typer.Option(
            "--format",
            "-f",
            help="html: all of it, with figures. md, docx: text and tables. xlsx: every table, typed, in one workbook.",
        ),
    ] = "html",
    embed: Annotated[
        EmbedName, typer.Option(help="Of html: all puts full pictures in; thumbnails links to those in DIR.")
    ] = "thumbnails",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="File to write, or a folder for it. [default: report.html, .md, .docx or results.xlsx in DIR]",
        ),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a results folder as a document that others can read.

    report.html needs no network: the answer first, figures, statistics with what speaks against them, the
    quality of each session with its pictures, ARRIVE items, methods, provenance. report.md and report.docx have
    the sentences of csds stats, what it warns of, and tables of tests, groups and animals, rounded. results.xlsx
    has every table in full, with units under the names, rows with flags in colour, and a dictionary.

    \b
    Examples:
      csds report results
      csds report results --embed all --out to_the_journal.html
      csds report results --format docx
      csds report results --format xlsx --out for_the_paper/table_S1.xlsx

    \b
    Exit code: 0 all well, 1 a table can't be read or the file not be written, 2 the call is wrong.
    """
    form = FORMATS[format_]
    target = out or folder
    if target.is_dir() or not (target.suffix or target.exists()):
        target = target / form.file
    if format_ == "html":
        written = write_html_report(folder, target, embed=embed)
    elif embed != "thumbnails":
        raise UsageError(f"--embed {embed}: is for html, found --format {format_}", hint="Leave --embed out.")
    else:
        written = form.write(folder, target)
    if as_json:
        console.print_json({"format": format_, "file": str(written)})
        return
    console.note(f"written: {written}", quiet=quiet)
