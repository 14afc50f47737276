"""The forms in which a report of a results folder is written, each with its file and its writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

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
