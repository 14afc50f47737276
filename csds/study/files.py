"""Studies of recordings that are given by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from csds.errors import UsageError
from csds.model.protocol import Protocol
from csds.model.study import Study
from csds.study.assemble import Source, assemble, raise_errors
from csds.study.rows import SheetRow
from csds.study.words import BOTH

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".avi", ".mpg", ".mpeg", ".wmv", ".asf", ".mts", ".m2ts", ".ts", ".vob", ".webm"}
    | {".dv", ".mjpeg", ".flv", ".ogv", ".3gp"}
)


def study_from_files(
    absent: Path, present: Path | None, animal: str, protocol: Protocol, *, columns: Mapping[str, str] | None = None
) -> Study:
    """Return the study of one animal's two recordings, or of one that holds both phases.

    Parameters
    ----------
    absent, present : Path
        Recordings with the target absent and present; None for the latter if the first holds both.
    animal : str
        The animal's ID.
    protocol : Protocol
        Must have a phase without and one with the target.
    columns : mapping, optional
        Further columns of the sheet for both rows: arena, cohort, stress, treatment, …

    Raises
    ------
    UsageError
        A recording doesn't exist, both are the same, or the protocol has no such phases.
    SheetError
        The ID or a further column can't be used.
    """
    phases = {phase.has_target: phase.name for phase in reversed(protocol.phases)}
    if set(phases) != {False, True}:
        raise UsageError(
            f"protocol {protocol.name} has no phase with and without target, so recordings alone don't tell the phase",
            hint="Give a sheet, or choose another protocol with --protocol.",
        )
    given = (absent,) if present is None else (absent, present)
    for path in given:
        if not path.is_file():
            raise UsageError(f"{path}: there is no such recording", hint="Check the spelling of the path.")
    if present is not None and absent.samefile(present):
        raise UsageError(
            f"{absent}: given for both phases",
            hint="Give two recordings, or this one once if it holds both phases.",
        )
    names = [BOTH] if present is None else [phases[False], phases[True]]
    rows = [
        SheetRow(row=0, cells={**(columns or {}), "animal_id": animal, "phase": name, "video": str(path)})
        for name, path in zip(names, given, strict=True)
    ]
    study, faults = assemble(rows, protocol, Source(title=animal, folder=absent.parent))
    raise_errors(faults, "the recordings given")
    return study
