"""One catalogue of all animals of all studies below a folder, for pandas, DuckDB, csds stats and csds plot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from csds.errors import CsdsError
from csds.formats.atomic import atomic_path, require_steady
from csds.formats.json_files import read_json
from csds.formats.tables import read_table, write_table
from csds.report.typed_tables import read_typed_table

CATALOGUE = "catalogue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The animals of all studies, a row each, and the tables that couldn't be read, with the reason."""

    animals: pd.DataFrame
    unread: tuple[tuple[Path, str], ...]


def read_catalogue(folder: Path) -> Catalogue:
    """Return the animals of all results folders below a folder, in the order of their paths.

    Columns are those of ``animals.csv``, after ``study`` (the results' path below the folder), ``protocol`` and
    ``csds`` (the version that made them). ``cohort`` has the study's name before its own, so that no two animals are
    called the same. A column that is a number in one study and text in another is text.
    """
    frames = []
    unread: list[tuple[Path, str]] = []
    for results in results_below(folder, unread):
        try:
            frames.append(_animals(results, results.relative_to(folder).as_posix()))
        except CsdsError as error:
            unread.append((results / "animals.csv", error.message))
    if not frames:
        return Catalogue(animals=pd.DataFrame(), unread=tuple(unread))
    animals = pd.concat([typed for typed, _ in frames], ignore_index=True)
    texts = pd.concat([written for _, written in frames], ignore_index=True).fillna("")
    for name in animals:
        if not all(pd.api.types.is_numeric_dtype(typed[name]) for typed, _ in frames if name in typed):
            animals[name] = texts[name]
    return Catalogue(animals=animals, unread=tuple(unread))


def write_catalogue(folder: Path) -> Catalogue:
    """Write ``catalogue.csv`` and ``catalogue.parquet`` into a folder, and return what they hold.

    Raises
    ------
    ResultsError
        The folder is gone, or a file can't be written.
    """
    require_steady(folder)
    found = read_catalogue(folder)
    write_table(found.animals, folder / f"{CATALOGUE}.csv")
    with atomic_path(folder / f"{CATALOGUE}.parquet") as part:
        found.animals.to_parquet(part, index=False)
    return found


def results_below(folder: Path, unread: list[tuple[Path, str]]) -> Iterator[Path]:
    """Yield the folders with both animals and provenance; what lies below one is its own.

    Those out of reach are added to ``unread``, with the reason.
    """
    try:
        is_result = (folder / "animals.csv").is_file() and (folder / "provenance.json").is_file()
        with os.scandir(folder) as entries:  # what tells a folder without a look into it
            below = sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError as error:
        unread.append((folder, error.strerror or str(error)))
        return
    if is_result:
        yield folder
        return
    for one in below:
        yield from results_below(one, unread)


def _animals(results: Path, study: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a study's animals, typed and as written."""
    made = read_json(results / "provenance.json") or {}
    path = results / "animals.csv"
    tables = [table.reset_index(drop=True) for table in (read_typed_table(path).frame, read_table(path))]
    first = {
        "study": study,
        "protocol": str(made.get("protocol", {}).get("name", "")),
        "csds": str(made.get("csds", "")),
        "cohort": [f"{study} {cohort}".strip() for cohort in tables[1].get("cohort", [""] * len(tables[1]))],
    }
    typed, written = (
        pd.concat([pd.DataFrame(first, index=table.index), table.drop(columns="cohort", errors="ignore")], axis=1)
        for table in tables
    )
    return typed, written
