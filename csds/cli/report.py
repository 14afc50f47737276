"""``csds report``: a results folder as a document for others to read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from csds.cli import console
from csds.cli.console import JsonOption, QuietOption
from csds.errors import UsageError
from csds.report.formats import DEFAULT, FORMATS, EmbedName, FormatName, is_folder, write_report


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Results folder of csds track, score or stats.")],
    format_: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            "-f",
            metavar="html|md|docx|xlsx",
            help="html: all of it, with figures. md, docx: text and tables. xlsx: every table, typed, in one workbook. "
            "Once for each. [default: html and xlsx]",
        ),
    ] = None,
    embed: Annotated[
        EmbedName, typer.Option(help="Of html: all puts full pictures in; thumbnails links to those in DIR.")
    ] = "thumbnails",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="A folder for report.html, .md, .docx or results.xlsx [default: DIR]; or one file, whose ending says "
            "the format.",
        ),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a results folder as a document that others can read.

    Without --format that is report.html and, beside it, results.xlsx. report.html needs no network: the answer
    first, figures, statistics with what speaks against them, exclusions, the quality of each session with its
    pictures, a methods paragraph with references, ARRIVE items, provenance. report.md and report.docx have its text
    and tables. results.xlsx has every table in full, with units under the names, rows with flags in colour, and a
    dictionary. What the last csds stats on DIR was asked beside the plan is followed.

    \b
    Examples:
      csds report results
      csds report results --embed all --out to_the_journal.html
      csds report results --format html
      csds report results --format md --format docx
      csds report results --format xlsx --out for_the_paper/table_S1.xlsx

    \b
    Exit code: 0 all well, 1 a table can't be read or the file not be written, 2 the call is wrong.
    """
    target = out or folder
    names = _names(_known(format_ or []), target)
    if embed != "thumbnails" and "html" not in names:
        raise UsageError(f"--embed {embed}: is for html, found {', '.join(names)}", hint="Leave --embed out.")
    written = write_report(folder, names, target, embed=embed)
    if as_json:
        console.print_json({"files": {name: str(file) for name, file in written.items()}})
        return
    for file in written.values():
        console.note(f"written: {file}", quiet=quiet)


def _known(asked: list[str]) -> tuple[FormatName, ...]:
    for name in asked:
        if name not in FORMATS:
            raise UsageError(f"--format {name}: expected {', '.join(FORMATS)}")
    return tuple(name for name in FORMATS if name in asked)


def _names(asked: tuple[FormatName, ...], target: Path) -> tuple[FormatName, ...]:
    """Return the forms to write: those that are asked for, else what the file's ending says; they must not disagree."""
    if is_folder(target):
        return asked or DEFAULT
    endings = {Path(form.file).suffix: name for name, form in FORMATS.items()}
    own = endings.get(target.suffix.casefold())
    if own is None:
        raise UsageError(
            f"--out {target}: expected a folder, or a file that ends in {', '.join(endings)}",
            hint="Give the file one of these endings.",
        )
    if asked not in {(), (own,)}:
        raise UsageError(
            f"--out {target}: its ending says {own}, --format {', '.join(asked)}",
            hint="Leave --format out, or name a folder with --out.",
        )
    return (own,)
