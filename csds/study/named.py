"""Studies without a sheet: the recordings' names say what a sheet would, ``groups.csv`` what names don't."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from csds.errors import SheetError, TableError, UsageError
from csds.formats.tables import read_table
from csds.model.protocol import Protocol
from csds.model.study import Study
from csds.protocol.nearest import quoted
from csds.study.assemble import Source, assemble
from csds.study.faults import Fault
from csds.study.folders import recordings_at
from csds.study.patterns import NameMatch, NamePattern, read_pattern
from csds.study.rows import SheetRow
from csds.study.sheet import check_reserved, column_name, read_settings, study_title

GROUPS = ("groups.csv", "groups.xlsx")
"""Tables of animals that are joined to what the names say."""

_KEY = ("cohort", "animal_id", "test")


def study_from_folder(folder: Path, pattern: str, protocol: Protocol) -> tuple[Study, list[Fault]]:
    """Return the study of a folder's recordings, named by a pattern (see `csds.study.patterns`), and what is wrong.

    Parameters
    ----------
    folder : Path
        Recordings are looked for as many folders below it as the pattern spans.
    pattern : str
        Path below the folder with columns in braces, as ``{cohort}/{animal_id}_{phase}.{ext}``.
    protocol : Protocol
        Names the phases; where it has a single one, the pattern needs no ``{phase}``.

    Returns
    -------
    study : Study
    faults : list of Fault
        Recordings that do not match are warnings with column ``video``.

    Raises
    ------
    UsageError
        There is no such folder, or the pattern lacks a field or names one twice.
    SheetError
        No recording matches.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder", hint="Check the spelling of the path.")
    read = read_pattern(pattern, [phase.name for phase in protocol.phases])
    return study_from_names(folder, list(recordings_at(folder, read.depth)), read, protocol)


def study_from_names(
    folder: Path, names: Sequence[str], pattern: NamePattern, protocol: Protocol
) -> tuple[Study, list[Fault]]:
    """Return the study of recordings that are known, and what is wrong, as `study_from_folder`.

    Parameters
    ----------
    folder : Path
        The study's: ``study.toml`` and ``groups.csv`` are read there.
    names : sequence of str
        Paths of the recordings from there, with forward slashes.
    pattern : NamePattern
        Read with the phases of this protocol.
    protocol : Protocol

    Raises
    ------
    SheetError
        No recording matches, a field is a column that csds writes itself, or ``study.toml`` or the table of groups
        can't be used.
    """
    matches = {name: pattern.match(name) for name in names}
    cells = {name: _cells(name, match, protocol) for name, match in matches.items() if match is not None}
    if not cells:
        raise SheetError(
            f"{folder}: no recording is named by the pattern {pattern.text}; recordings found: "
            f"{', '.join(names[:3]) or 'none'}",
            hint="Write the pattern as the names are, e.g. '{animal_id}_{phase}.{ext}', or give a sheet.",
        )
    settings = read_settings(folder)
    joined, group_faults = _with_groups(folder, cells)
    rows = [SheetRow(row=0, cells=row) for row in joined.values()]
    source = Source(
        title=study_title(folder, settings, folder.name), folder=folder, paths_from=folder, settings=settings
    )
    study, faults = assemble(rows, protocol, source)
    study = replace(study, pattern=pattern.text)
    check_reserved(folder, study.design_columns, protocol)
    named = [_two_ways(name, match) for name, match in matches.items() if match is not None and match.other]
    return study, [*(_unmatched(n, pattern) for n, m in matches.items() if m is None), *named, *group_faults, *faults]


def _cells(name: str, match: NameMatch, protocol: Protocol) -> dict[str, str]:
    # A cell of a sheet loses the spaces around it; a name that begins with some mustn't.
    video = name if name == name.strip() else f"./{name}"
    return {"phase": protocol.phases[0].name, **match.cells, "video": video}


def _with_groups(folder: Path, cells: Mapping[str, Mapping[str, str]]) -> tuple[dict[str, dict[str, str]], list[Fault]]:
    """Return the cells of each recording with those that the table of groups has of its animal, and faults."""
    rows = {name: dict(row) for name, row in cells.items()}
    table = next((folder / name for name in GROUPS if (folder / name).is_file()), None)
    if table is None:
        return rows, []
    groups, key, more = _read_groups(table)
    faults = []
    missing: dict[tuple[str, ...], str] = {}
    for name, row in rows.items():
        animal = tuple(row.get(column, "").strip() for column in key)
        said = groups.get(animal)
        if said is None:
            missing.setdefault(animal, name)
        for column in more:
            row.setdefault(column, said[column] if said else "")
    for animal, name in missing.items():
        who = ", ".join(f"{column} '{text}'" for column, text in zip(key, animal, strict=True))
        faults.append(
            Fault(
                row=None,
                column="animal_id",
                message=f"{table.name} has no row of {who}, the animal of {name}",
                hint=f"Add it to {table.name}, or correct the recording's name.",
                video=name,
            )
        )
    return rows, faults


def _read_groups(table: Path) -> tuple[dict[tuple[str, ...], dict[str, str]], list[str], list[str]]:
    """Return the rows of a table of groups by their key, the key's columns, and the other ones."""
    try:
        frame = read_table(table)
    except TableError as error:
        raise SheetError(error.message, hint=error.hint) from error
    columns = [column_name(str(name)) for name in frame.columns]
    key = [name for name in _KEY if name in columns]
    session = [name for name in ("phase", "video", "start_s", "duration_s") if name in columns]
    if "animal_id" not in key or session or len(set(columns)) < len(columns):
        found = quoted(columns)
        raise SheetError(
            f"{table}: expected a row for each animal, with 'animal_id', 'cohort' and 'test' where animals need them, "
            f"and columns such as 'stress' and 'treatment', each once; found {found}",
            hint="Correct the columns; a table with a row for each recording is a study sheet: name it study.csv.",
        )
    groups: dict[tuple[str, ...], dict[str, str]] = {}
    for line, cells in zip(frame.index, frame.set_axis(columns, axis=1).to_dict("records"), strict=True):
        animal = tuple(cells[name].strip() for name in key)
        if animal in groups:
            raise SheetError(f"{table}, row {line}: {quoted(animal)} is there twice", hint="Delete one of the rows.")
        groups[animal] = {str(name): text for name, text in cells.items()}
    return groups, key, [name for name in columns if name and name not in key]


def _two_ways(name: str, match: NameMatch) -> Fault:
    other = match.other or {}
    differ = [column for column, text in match.cells.items() if other.get(column) != text]
    taken = ", ".join(f"{column} '{match.cells[column]}'" for column in differ)
    left = ", ".join(f"{column} '{other[column]}'" for column in differ)
    return Fault(
        row=None,
        column="video",
        message=f"{name} can be read in two ways: taken as {taken}; it could be {left}",
        hint="If that is wrong, write a pattern with less left open, rename it, or give a sheet.",
        severity="warning",
        video=name,
    )


def _unmatched(name: str, pattern: NamePattern) -> Fault:
    reason, hint = pattern.why_not(name)
    return Fault(
        row=None,
        column="video",
        message=f"{name} is left out: it isn't named by the pattern {pattern.text} ({reason})",
        hint=hint,
        severity="warning",
        video=name,
    )
