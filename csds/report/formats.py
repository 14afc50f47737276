"""The forms in which a report of a results folder is written, each with its file and its writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FormatName = Literal["xlsx"]


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


def _workbook(folder: Path, target: Path) -> Path:
    from csds.report.workbook import write_workbook

    return write_workbook(folder, target)


FORMATS: Mapping[FormatName, Format] = {"xlsx": Format(file="results.xlsx", write=_workbook)}
"""Every form by the name that the command line has for it."""
