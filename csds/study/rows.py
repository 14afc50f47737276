"""One row of a sheet, read into a session."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from csds.formats.tables import is_missing, to_number
from csds.model.protocol import Protocol
from csds.model.study import AnimalKey, Session
from csds.protocol.nearest import quoted
from csds.study.faults import Fault
from csds.study.words import BOTH, STRESS_WORDS, echo_phase, echo_stress, nearest_phase

SHEET_COLUMNS = (
    "animal_id",
    "phase",
    "video",
    "start_s",
    "duration_s",
    "arena",
    "cohort",
    "test",
    "stress",
    "treatment",
    "exclude",
)
"""Columns with a meaning of their own; every other one is carried through as a design column."""

_MAX_ID = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """A row as it stands: its line number and its cells by column name."""

    row: int
    cells: Mapping[str, str]

    def cell(self, column: str) -> str:
        """Return a cell without surrounding spaces; empty where the sheet has no such column."""
        return self.cells.get(column, "").strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRow:
    """What a row gave: its session (without an id), as far as it can be told, and its faults."""

    session: Session
    faults: tuple[Fault, ...]

    @property
    def is_usable(self) -> bool:
        """The row can be tracked."""
        return not any(fault.unusable for fault in self.faults)


def split_phases(row: SheetRow, protocol: Protocol) -> list[SheetRow]:
    """Return a row as it is, or, where it is for both phases, a row for each phase of the protocol in its order."""
    names = [phase.name for phase in protocol.phases]
    is_both = BOTH not in names and len(names) > 1 and echo_phase(row.cell("phase"), names) == BOTH
    if not is_both or not is_missing(row.cell("start_s")):
        return [row]
    return [SheetRow(row=row.row, cells={**row.cells, "phase": name}) for name in names]


def read_row(row: SheetRow, protocol: Protocol, folder: Path | None) -> ReadRow:
    """Return a row's session and faults.

    Parameters
    ----------
    row : SheetRow
    protocol : Protocol
        Names the phases.
    folder : Path or None
        The sheet's folder, which paths start from and must not leave; None where a program gives
        the paths and they are taken as they are.
    """
    faults: list[Fault] = []
    phase = _phase(row, protocol, faults)
    stress = echo_stress(row.cell("stress"))
    if stress is None:
        words = quoted(word for group in STRESS_WORDS.values() for word in group)
        faults.append(
            _fault(row, "stress", "expected 'control' or 'defeated'", f"Words taken: {words}.", unusable=False)
        )
    if not row.cell("animal_id"):
        faults.append(_fault(row, "animal_id", "expected the animal's ID", "Every row needs one."))
    elif len(row.cell("animal_id")) > _MAX_ID:
        faults.append(_fault(row, "animal_id", f"expected at most {_MAX_ID} characters", "Shorten it."))
    videos = _videos(row, folder, faults)
    session = Session(
        session_id="",
        key=AnimalKey(cohort=row.cell("cohort"), animal_id=row.cell("animal_id"), test=row.cell("test")),
        phase=phase,
        video=row.cell("video"),
        videos=videos,
        start_s=_seconds(row, "start_s", faults),
        duration_s=_seconds(row, "duration_s", faults),
        arena=row.cell("arena") or None,
        stress=stress or "",
        treatment=row.cell("treatment"),
        exclude=row.cell("exclude"),
        design={name: text.strip() for name, text in row.cells.items() if name not in SHEET_COLUMNS},
        row=row.row,
    )
    return ReadRow(session=session, faults=tuple(faults))


def _fault(row: SheetRow, column: str, expected: str, hint: str, *, unusable: bool = True) -> Fault:
    text = row.cell(column)
    found = f"'{_shortened(text)}'" if text else "nothing"
    return Fault(
        row=row.row or None,
        column=column,
        message=f"{expected}, found {found}",
        hint=hint,
        unusable=unusable,
        video=row.cell("video"),
    )


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}…"


def _phase(row: SheetRow, protocol: Protocol, faults: list[Fault]) -> str:
    names = [phase.name for phase in protocol.phases]
    text = row.cell("phase")
    found = echo_phase(text, names)
    if found == BOTH and BOTH not in names:
        if len(names) == 1:
            expected, hint = f"expected '{names[0]}', the only phase of protocol {protocol.name}", "Correct the phase."
        else:
            expected = f"expected one of {quoted(names)} in a row with start_s"
            hint = "Leave start_s empty, so that both phases are found in the recording; or give each a row of its own."
        faults.append(_fault(row, "phase", expected, hint))
        return ""
    if found is None:
        near = nearest_phase(text, names) if text else None
        hint = f"Did you mean '{near}'?" if near else f"Protocol {protocol.name} has the phases {quoted(names)}."
        if echo_phase(text, ["open_field"]) or echo_phase(text, ["target_absent", "target_present"]):
            hint += " Or choose the protocol that has this phase with --protocol."
        faults.append(_fault(row, "phase", f"expected one of {quoted(names)}", hint))
        return ""
    return found


def _seconds(row: SheetRow, column: str, faults: list[Fault]) -> float | None:
    text = row.cell(column)
    if is_missing(text):
        return None
    value = to_number(text)
    least = "0 or more" if column == "start_s" else "more than 0"
    good = value is not None and (value >= 0 if column == "start_s" else value > 0) and value < 1e7
    if not good:
        hint = "Give seconds as a number alone, e.g. 90 for 1:30." if value is None else f"Correct {column}."
        faults.append(_fault(row, column, f"expected seconds, {least}", hint))
        return None
    return value


def _videos(row: SheetRow, folder: Path | None, faults: list[Fault]) -> tuple[Path, ...]:
    text = row.cell("video")
    if not text:
        faults.append(_fault(row, "video", "expected the recording's file", "Give its path, relative to the sheet."))
        return ()
    if "\x00" in text:
        faults.append(_fault(row, "video", "expected a file name", "Take the character NUL out of it."))
        return ()
    if folder is None:
        return (Path(text),)
    whole = _within(folder, text)
    if whole is not None and whole.is_file():
        return (whole,)
    found: list[Path] = []
    for part in re.split(r"\s+\+\s+", text):
        path = _within(folder, part)
        if path is None:
            faults.append(
                _fault(
                    row,
                    "video",
                    f"expected a file in the sheet's folder {folder} or below it",
                    "Put the sheet into the folder that holds the recordings (results can go elsewhere with --out) "
                    "and give paths relative to it.",
                )
            )
            return ()
        found.append(path)
    for path in found:
        if not path.is_file():
            faults.append(_missing(row, path))
            break
    return tuple(found)


def _missing(row: SheetRow, path: Path) -> Fault:
    what = "a folder" if path.is_dir() else "no file"
    return Fault(
        row=row.row or None,
        column="video",
        message=f"expected the recording {path}, found {what}",
        hint="Correct the name (also its ending, and capitals) or put the recording there.",
        stage="video",
        unusable=True,
        video=row.cell("video"),
    )


def _within(folder: Path, text: str) -> Path | None:
    """Return a path relative to the folder, or None where it leaves it.

    What the text says counts, not where links lead: a link that someone put into the folder is meant.
    """
    if re.match(r"[A-Za-z]:[\\/]|\\\\", text) and os.name != "nt":
        return None
    base = Path(os.path.abspath(folder))  # noqa: PTH100  (resolve would follow links)
    path = Path(os.path.normpath(base / text))
    if not path.is_file() and "\\" in text:
        path = Path(os.path.normpath(base / text.replace("\\", "/")))  # a sheet from Windows
    return folder / path.relative_to(base) if path.is_relative_to(base) and path != base else None
