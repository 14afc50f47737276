"""Study sheets: a table with one row per session, and ``study.toml`` beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from csds.errors import SheetError, TableError, UsageError
from csds.formats.tables import read_table
from csds.model.columns import ANIMAL_COLUMNS, SESSION_COLUMNS, names
from csds.model.protocol import Protocol
from csds.model.study import Study
from csds.protocol.keys import parse_toml
from csds.protocol.nearest import nearest, quoted
from csds.study.assemble import Source, assemble, raise_errors
from csds.study.faults import Fault
from csds.study.rows import SHEET_COLUMNS, SheetRow

REQUIRED = ("animal_id", "phase", "video")

_USUAL_DESIGN = ("sex", "cage", "strain", "age_weeks", "weight_g", "aggressor", "experimenter", "session_date")


def read_study(sheet: Path, protocol: Protocol, *, strict: bool = True) -> Study:
    """Return the study of a sheet (CSV or xlsx) with its ``study.toml``.

    Parameters
    ----------
    sheet : Path
        One row per session; columns as `SHEET_COLUMNS` and any others, case-blind.
    protocol : Protocol
        Names the phases.
    strict : bool
        Raise where anything is wrong; otherwise leave out the rows that can't be used.

    Raises
    ------
    UsageError
        There is no such sheet.
    SheetError
        The sheet can't be read or lacks a column, or (if strict) rows have errors: all of them are
        told at once.
    """
    study, faults = load_study(sheet, protocol)
    if strict:
        raise_errors(faults, str(sheet))
    return study


def load_study(sheet: Path, protocol: Protocol) -> tuple[Study, list[Fault]]:
    """Return the study of all usable rows of a sheet, and what is wrong with any row.

    Raises
    ------
    UsageError
        There is no such sheet.
    SheetError
        The sheet or ``study.toml`` can't be read, or a column is missing.
    """
    if not sheet.is_file():
        raise UsageError(f"{sheet}: there is no such study sheet", hint="Check the path and the folder you are in.")
    rows, columns = _rows(sheet)
    settings = read_settings(sheet.parent)
    title = study_title(sheet.parent, settings, sheet.stem)
    source = Source(title=title, folder=sheet.parent, sheet=sheet, paths_from=sheet.parent, settings=settings)
    study, faults = assemble(rows, protocol, source)
    check_reserved(sheet, study.design_columns, protocol)
    return study, [*_misspelt(columns), *faults]


def check_sheet(sheet: Path, protocol: Protocol) -> list[Fault]:
    """Return everything that is wrong with a sheet, row by row; raise as `load_study` does."""
    return load_study(sheet, protocol)[1]


def read_settings(folder: Path) -> dict[str, object]:
    """Return the tables of ``study.toml`` in a folder, or nothing where there is none.

    Raises
    ------
    SheetError
        It isn't TOML; the message names the line.
    """
    path = folder / "study.toml"
    return parse_toml(path, SheetError)[0] if path.is_file() else {}


def study_title(folder: Path, settings: Mapping[str, object], default: str) -> str:
    """Return the title in a folder's settings, or else the default; raise SheetError where it is no text."""
    title = settings.get("title", default)
    if not isinstance(title, str):
        raise SheetError(
            f"{folder / 'study.toml'}, title: expected text, found {title!r}", hint="Put it in quotation marks."
        )
    return title


def named_protocol(folder: Path) -> str:
    """Return the protocol that ``study.toml`` in a folder names, or the default, ``golden2011``.

    A file is looked for in that folder, wherever csds is called from.

    Raises
    ------
    SheetError
        If ``study.toml`` can't be read, or what it names is no text.
    """
    name = read_settings(folder).get("protocol", "golden2011")
    if not isinstance(name, str):
        raise SheetError(
            f"{folder / 'study.toml'}, protocol: expected a name or a file in quotation marks, found {name!r}",
            hint='Write it as in protocol = "golden2011".',
        )
    return str(folder / name) if name.casefold().endswith(".toml") else name


def column_name(text: str) -> str:
    """Return a column's name as csds writes it, from one as people do.

    Examples
    --------
    >>> column_name(" Session-Date ")
    'session_date'
    """
    return "_".join(text.strip().casefold().replace("-", "_").split())


def _rows(sheet: Path) -> tuple[list[SheetRow], list[str]]:
    try:
        frame = read_table(sheet)
    except TableError as error:
        raise SheetError(error.message, hint=error.hint) from error
    columns = [column_name(str(name)) for name in frame.columns]
    doubled = sorted({name for name in columns if columns.count(name) > 1})
    if doubled:
        raise SheetError(
            f"{sheet}: expected each column once, found {quoted(doubled)} more than once (capitals don't count)",
            hint="Rename or delete one of them.",
        )
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        near = {name: nearest(name, [c for c in columns if c not in SHEET_COLUMNS]) for name in missing}
        renames = [f"rename '{there}' to '{name}'" for name, there in near.items() if there]
        raise SheetError(
            f"{sheet}: the column {quoted(missing)} is missing; found {quoted(columns)}",
            hint=f"{' and '.join(renames) or 'Add it'}; a sheet needs {quoted(REQUIRED)}.",
        )
    lines = frame.set_axis(columns, axis=1)
    rows = [
        SheetRow(row=int(number), cells={name: cells[name] for name in columns if name})
        for number, cells in zip(lines.index, lines.to_dict("records"), strict=True)
    ]
    if not rows:
        raise SheetError(f"{sheet}: expected a row for each session, found none", hint="Add rows below the names.")
    return rows, columns


def check_reserved(sheet: Path, design: Sequence[str], protocol: Protocol) -> None:
    """Raise SheetError where a study has columns that csds writes itself."""
    zones = tuple(zone.name for zone in protocol.zones)
    taken = {*names(SESSION_COLUMNS, zones), *names(ANIMAL_COLUMNS, zones)}
    clash = [name for name in design if name in taken]
    if clash:
        raise SheetError(
            f"{sheet}: csds writes columns {quoted(clash)} itself, so the sheet can't have them",
            hint="Rename them in the sheet.",
        )


def _misspelt(columns: Sequence[str]) -> list[Fault]:
    free = [name for name in (*SHEET_COLUMNS, *_USUAL_DESIGN) if name not in columns]
    faults = []
    for column in columns:
        near = get_close_matches(column, free, n=1, cutoff=0.82) if column not in SHEET_COLUMNS else []
        if near and column not in _USUAL_DESIGN:
            faults.append(
                Fault(
                    row=None,
                    column=column,
                    message=f"is carried through as it is; it is nearly the column '{near[0]}', which isn't there",
                    hint=f"Rename it to '{near[0]}' if that is meant.",
                    severity="warning",
                )
            )
    return faults
