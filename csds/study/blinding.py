"""Whether results are blinded, and what the log of unblinding says of them.

``blinding.json`` stands in a folder of results from the first `csds unblind` on, and in the folder of unblinded tables
that it writes. Its ``unblindings`` say for each call when it was made, when the key was opened first, and the SHA-256
of each table of scores before the groups were put back. In the folder of unblinded tables it also says where the
blinded ones are (``results``), what each of the ``sessions`` is called there, and the SHA-256 of what was ``written``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from csds.errors import TableError, UsageError
from csds.formats.digest import file_digest
from csds.formats.tables import read_table
from csds.study.words import BLINDED, echo_stress

LOG = "blinding.json"
SCORES = ("animals.csv", "sessions.csv")
"""Tables that are locked."""

_SHOWN = 12  # digits of a hash in a sentence; the log has them all


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindingState:
    """What is known of the blinding of results.

    Parameters
    ----------
    blinded : bool
        The animals were scored under codes: csds blind made their sheet.
    locked_at, unblinded_at : str or None
        When the scores were hashed, and when the groups were put back beside them, for the first time (ISO 8601, UTC);
        None before that.
    unchanged : bool or None
        The scores are still those that were locked; None before unblinding.
    sentence : str
        All this in words, for a report.
    """

    blinded: bool
    locked_at: str | None = None
    unblinded_at: str | None = None
    unchanged: bool | None = None
    sentence: str


def is_blinded(where: Path | pd.DataFrame) -> bool:
    """Return True where the groups of a table of sessions or animals are hidden by ``csds blind``.

    Parameters
    ----------
    where : Path or DataFrame
        A table, or a folder of results: its ``animals.csv``, or else ``sessions.csv`` or ``catalogue.csv``. Other
        folders aren't blinded.

    Raises
    ------
    UsageError, TableError
        As `csds.formats.tables.read_table`.

    Examples
    --------
    >>> is_blinded(pd.DataFrame({"animal_id": ["K7FM"], "stress": ["blinded"]}))
    True
    """
    if isinstance(where, pd.DataFrame):
        return "stress" in where and any(echo_stress(str(cell)) == BLINDED for cell in where["stress"])
    if where.is_dir():
        table = next((where / name for name in (*SCORES, "catalogue.csv") if (where / name).is_file()), None)
        return table is not None and is_blinded(table)
    return is_blinded(read_table(where))


def refuse_blinded(where: Path) -> None:
    """Raise UsageError where a table's groups are hidden (see `is_blinded`)."""
    if is_blinded(where):
        raise UsageError(
            f"{where}: is blinded, so there are no groups to compare",
            hint="When all scores and exclusions are final, put the groups back: csds unblind RESULTS --key KEY.",
        )


def blinding_state(folder: Path) -> BlindingState:
    """Return what is known of the blinding of results, or of the tables that ``csds unblind`` wrote.

    Raises
    ------
    TableError
        The log can't be read.
    """
    log = read_log(folder / LOG)
    unblindings = log.get("unblindings", [])
    if not unblindings:
        if is_blinded(folder):
            return BlindingState(blinded=True, sentence="The groups are hidden behind codes; csds unblind has not run.")
        return BlindingState(blinded=False, sentence="csds has no record of blinding for these results.")
    first = unblindings[0]
    changed = changed_scores(folder, log)
    locked, opened = str(first["locked_at"]), first.get("key_opened_before")
    hashes = " and ".join(f"{name} {digest[:_SHOWN]}…" for name, digest in first["scores"].items())
    if opened:
        said = (
            f"Animals were under codes, but the scores were locked at {locked} (SHA-256 of {hashes}), after the key "
            f"had been opened for other results at {opened}: that these were scored blind can't be shown"
        )
    else:
        said = (
            f"Animals were scored under codes that hid their groups; the scores were locked at {locked} (SHA-256 of "
            f"{hashes}), before unblinding"
        )
    if changed:
        verb = "differs" if len(changed) == 1 else "differ"
        said += f", and were changed after unblinding: {' and '.join(changed)} {verb} from what was locked."
    else:
        said += ", and are unchanged since."
    return BlindingState(
        blinded=True,
        locked_at=locked,
        unblinded_at=first.get("unblinded_at"),
        unchanged=not changed,
        sentence=said,
    )


def changed_scores(folder: Path, log: Mapping[str, Any]) -> list[str]:
    """Return the tables that aren't as they were when the scores were locked first, and what was made of them.

    Parameters
    ----------
    folder : Path
        Where the log is: the blinded results, or the folder of unblinded tables. Of the latter, the blinded ones
        are looked at too where they still are where they were.
    log : mapping
        With one unblinding or more.
    """
    locked: Mapping[str, str] = log["unblindings"][0]["scores"]
    written: Mapping[str, str] = log.get("written", {})
    results = folder / log.get("results", ".")
    return [
        name
        for name in SCORES
        if any(one["scores"].get(name) != locked.get(name) for one in log["unblindings"])
        or (name in written and _digest(folder / name) != written[name])
        or (results.is_dir() and _digest(results / name) != locked.get(name))
    ]


def lock_scores(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each table of scores in a folder of results.

    Raises
    ------
    UsageError
        One of them isn't there.
    """
    for name in SCORES:
        if not (folder / name).is_file():
            raise UsageError(
                f"{folder / name}: there is no such table", hint="Name the folder that csds track has written to."
            )
    return {name: file_digest(folder / name) for name in SCORES}


def read_log(path: Path) -> dict[str, Any]:
    """Return a log of blinding; empty where there is none.

    Raises
    ------
    TableError
        It can't be read as one.
    """
    if not path.is_file():
        return {}
    try:
        log = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TableError(f"{path}: can't be read as JSON ({error})", hint="Restore it from a copy.") from error
    if not isinstance(log, dict) or not _are_unblindings(log.get("unblindings", [])):
        raise TableError(f"{path}: isn't a log of blinding as csds writes it", hint="Restore it from a copy.")
    return log


def _are_unblindings(entries: object) -> bool:
    return isinstance(entries, Sequence) and all(
        isinstance(one, Mapping) and isinstance(one.get("scores"), Mapping) and "locked_at" in one for one in entries
    )


def _digest(path: Path) -> str:
    return file_digest(path) if path.is_file() else ""
