"""What is wrong with a study, said row by row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong with a study.

    Parameters
    ----------
    row : int or None
        Line of the sheet; None where the fault isn't that of one row.
    column : str
        Column of the sheet; empty where it isn't that of one column.
    message : str
        What was expected and what was found.
    hint : str
        How to mend it.
    severity : str
        ``error``, or ``warning`` for what may be meant.
    unusable : bool
        The row can't be tracked and is not among the study's sessions.
    stage : str
        ``sheet``, ``arena`` or ``video``.
    session_id, video : str
        The session's, as far as they are known.
    """

    row: int | None
    column: str
    message: str
    hint: str
    severity: Severity = "error"
    unusable: bool = False
    stage: str = "sheet"
    session_id: str = ""
    video: str = ""

    @property
    def where(self) -> str:
        """``row 3, column 'phase'``, or as much of it as is known."""
        parts = [f"row {self.row}" if self.row else "", f"column '{self.column}'" if self.column else ""]
        return ", ".join(part for part in parts if part)

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


def errors_among(faults: Iterable[Fault]) -> list[Fault]:
    """Return the faults that are errors, not warnings."""
    return [fault for fault in faults if fault.severity == "error"]
