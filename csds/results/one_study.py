"""A folder with the results of one study, told from one with those of several."""

from __future__ import annotations

from pathlib import Path

from csds.errors import UsageError


def require_one_study(folder: Path) -> None:
    """See that a folder holds the results of one study.

    Raises
    ------
    UsageError
        It has no ``animals.csv``; of a folder of several studies it is said where there is one.
    """
    if (folder / "animals.csv").is_file():
        return
    hint = "Name the folder that holds it; csds track, batch and score write one."
    if below := sorted(path.parent for path in folder.glob("*/animals.csv")):
        hint = f"Name one study's folder, as {below[0]}; csds stats and csds plot take all studies together."
    raise UsageError(f"{folder}: expected the results of one study, found no animals.csv", hint=hint)
