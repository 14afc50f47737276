"""Studies without a sheet: two recordings given by hand, or a folder whose file names say it all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from csds.errors import SheetError, UsageError
from csds.model.protocol import Protocol
from csds.model.study import Study
from csds.study.assemble import Source, assemble, raise_errors
from csds.study.faults import Fault
from csds.study.rows import SheetRow
from csds.study.sheet import read_settings
from csds.study.words import BOTH, phase_pattern

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".avi", ".mpg", ".mpeg", ".wmv", ".asf", ".mts", ".m2ts", ".ts", ".vob", ".webm"}
    | {".dv", ".mjpeg", ".flv", ".ogv", ".3gp"}
)

_FIELD = re.compile(r"\{([a-z][a-z0-9_]*)\}")


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


def study_from_folder(folder: Path, pattern: str, protocol: Protocol) -> tuple[Study, list[Fault]]:
    """Return the study of a folder's recordings, named by a pattern, and what is wrong.

    Parameters
    ----------
    folder : Path
    pattern : str
        Path below the folder with columns in braces: ``{animal_id}_{phase}.{ext}`` or
        ``{cohort}/{animal_id}_{phase}``; the ending may be left out. ``{phase}`` stands for every
        accepted word for a phase, case-blind; any other field is a column of the sheet.
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

    Examples
    --------
    >>> compile_pattern("{cohort}_{animal_id}_{phase}", ["target_absent"]).fullmatch("C1_M_1_No Target.mp4").groupdict()
    {'cohort': 'C1', 'animal_id': 'M_1', 'phase': 'No Target', 'ext': 'mp4'}
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: there is no such folder", hint="Check the spelling of the path.")
    names = [phase.name for phase in protocol.phases]
    expression = compile_pattern(pattern, names)
    found = folder.rglob("*") if "/" in pattern.replace("\\", "/") else folder.iterdir()
    recordings = sorted(p.relative_to(folder).as_posix() for p in found if p.suffix.casefold() in VIDEO_SUFFIXES)
    rows, unmatched = [], []
    for name in recordings:
        match = expression.fullmatch(name)
        if match is None:
            unmatched.append(name)
            continue
        cells = {key: value for key, value in match.groupdict().items() if key != "ext"}
        rows.append(SheetRow(row=0, cells={"phase": names[0], **cells, "video": name}))
    if not rows:
        examples = ", ".join(unmatched[:3]) or "none"
        raise SheetError(
            f"{folder}: no recording is named by the pattern {pattern}; recordings found: {examples}",
            hint="Write the pattern as the names are, e.g. '{animal_id}_{phase}.{ext}', or give a sheet.",
        )
    source = Source(title=folder.name, folder=folder, paths_from=folder, settings=read_settings(folder))
    study, faults = assemble(rows, protocol, source)
    return study, [*(_unmatched(name, pattern) for name in unmatched), *faults]


def compile_pattern(pattern: str, phases: list[str]) -> re.Pattern[str]:
    """Return the regular expression of a name pattern, with a group for each field.

    Raises
    ------
    UsageError
        A field that is needed is missing, or one stands twice.
    """
    whole = pattern.replace("\\", "/").removeprefix("./")
    if not whole.endswith(".{ext}") and Path(whole).suffix.casefold() not in VIDEO_SUFFIXES:
        whole += ".{ext}"
    fields = _FIELD.findall(whole)
    needed = ["animal_id", *(["phase"] if len(phases) > 1 else [])]
    lacking = [f"{{{name}}}" for name in needed if name not in fields]
    doubled = [f"{{{name}}}" for name in dict.fromkeys(fields) if fields.count(name) > 1]
    if lacking or doubled or "{" in _FIELD.sub("", whole) or "video" in fields:
        fault = f"lacks {' and '.join(lacking)}" if lacking else "names a field twice or isn't understood"
        raise UsageError(
            f"the pattern {pattern} {fault}",
            hint="Write it like '{animal_id}_{phase}.{ext}' or '{cohort}/{animal_id}_{phase}.{ext}'; fields are "
            "columns of a sheet in small letters, each once.",
        )
    parts = _FIELD.split(whole)
    expression = "".join(
        re.escape(part) if number % 2 == 0 else f"(?P<{part}>{_field_pattern(part, phases)})"
        for number, part in enumerate(parts)
    )
    return re.compile(expression, re.IGNORECASE)


def _field_pattern(name: str, phases: list[str]) -> str:
    if name == "phase":
        return phase_pattern([*phases, BOTH] if len(phases) > 1 else phases)
    return r"[^./]+" if name == "ext" else r"[^/]+?"


def _unmatched(name: str, pattern: str) -> Fault:
    return Fault(
        row=None,
        column="video",
        message=f"{name} isn't named by the pattern {pattern} and is left out",
        hint="Rename it, or give a sheet.",
        severity="warning",
        video=name,
    )
