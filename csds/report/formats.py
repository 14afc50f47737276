"""The forms in which a report of a results folder is written, each with its file and its writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from csds.errors import UsageError

EmbedName = Literal["thumbnails", "all"]
FormatName = Literal["html", "md", "docx", "xlsx"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A form of the report.

    Parameters
    ----------
    file : str
        What the file is called within the results folder.
    write : callable
        Takes the results folder and the file to write, and returns that file; loads what it needs when it
        is called.
    """

    file: str
    write: Callable[[Path, Path], Path]


def write_html_report(folder: Path, target: Path, *, embed: EmbedName = "thumbnails") -> Path:
    """Write the report of a results folder as one HTML file, with all figures that its results allow."""
    from csds.report.content import read_report
    from csds.report.figures import report_plots
    from csds.report.html import write_html

    report = read_report(folder)
    return write_html(report, *report_plots(report), target, embed=embed)


def _markdown(folder: Path, target: Path) -> Path:
    from csds.report.markdown import write_markdown

    return write_markdown(folder, target)


def _docx(folder: Path, target: Path) -> Path:
    from csds.report.docx import write_docx

    return write_docx(folder, target)


def _workbook(folder: Path, target: Path) -> Path:
    from csds.report.workbook import write_workbook

    return write_workbook(folder, target)


FORMATS: Mapping[FormatName, Format] = {
    "html": Format(file="report.html", write=write_html_report),
    "md": Format(file="report.md", write=_markdown),
    "docx": Format(file="report.docx", write=_docx),
    "xlsx": Format(file="results.xlsx", write=_workbook),
}
"""Every form by the name that the command line has for it."""

DEFAULT: tuple[FormatName, ...] = ("html", "xlsx")
"""What a results folder gets where no form is asked for."""


def write_report(
    folder: Path, names: Sequence[FormatName], target: Path, *, embed: EmbedName = "thumbnails"
) -> dict[FormatName, Path]:
    """Write the report of a results folder in some forms, and return their files.

    Parameters
    ----------
    folder : Path
        The results.
    names : sequence of str
        Keys of `FORMATS`.
    target : Path
        A folder, made if need be, where each form's file has its own name; or, of one form, the file itself.
    embed : {"thumbnails", "all"}
        Of html: whether full pictures are within the file as well.

    Raises
    ------
    UsageError, TableError, ResultsError
        There is no such folder; or as the forms' writers do.
    """
    if not folder.is_dir():
        raise UsageError(
            f"{folder}: there is no such folder", hint="Check its spelling and the folder that you are in."
        )
    written = {}
    for name in names:
        file = target / FORMATS[name].file if is_folder(target) else target
        written[name] = (
            write_html_report(folder, file, embed=embed) if name == "html" else FORMATS[name].write(folder, file)
        )
    return written


def is_folder(path: Path) -> bool:
    """Return True for a folder, or what is to be one: it isn't there, and has no ending."""
    return path.is_dir() or not (path.suffix or path.exists())
