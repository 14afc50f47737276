"""What ``csds stats`` says of a study, read back from ``stats.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from csds.errors import TableError


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Sentences by the title of their section, and notices as severity, code and message."""

    text: Mapping[str, tuple[str, ...]]
    notices: tuple[tuple[str, str, str], ...]


def read_told(folder: Path) -> Told | None:
    """Return what a results folder's ``stats.json`` says, None where there is none.

    Raises
    ------
    TableError
        It isn't what csds stats writes.
    """
    path = folder / "stats.json"
    if not path.is_file():
        return None
    try:
        value = json.loads(path.read_bytes())
        return Told(
            text={str(title): tuple(map(str, lines)) for title, lines in value["text"].items()},
            notices=tuple((one["severity"], one["code"], one["message"]) for one in value["notices"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{path}: expected what csds stats writes, with 'text' and 'notices'; found something else"
        raise TableError(message, hint="Run csds stats on this folder again.") from error
