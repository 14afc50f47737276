"""``csds check``: every fault of a study in seconds, and what there is in an archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csds.cli import console
from csds.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from csds.batch.archive import LeftOver
    from csds.batch.archive_check import ArchiveCheck, StudyLook
    from csds.batch.check import StudyCheck
    from csds.study import Fault

_SHOWN = 20
_EXAMPLES = 3


def check(
    sheet: Annotated[
        Path, typer.Argument(metavar="SHEET | ARCHIVE", help="Study sheet (CSV or xlsx), or a folder of studies.")
    ],
    protocol: Annotated[
        str,
        typer.Option("--protocol", "-p", help="A protocol's name, or a file. Default: study.toml's, else golden2011."),
    ] = "",
    arena: Annotated[Path | None, typer.Option(help="One arena file for all recordings of a sheet.")] = None,
    pattern: Annotated[
        str,
        typer.Option(
            help='How recordings of an archive without sheets are named, e.g. "{cohort}/{animal_id}_{phase}.{ext}". '
            "Default: the usual ways are tried."
        ),
    ] = "",
    as_json: console.JsonOption = False,
) -> None:
    """Find every fault of a study in seconds, before hours of tracking; or the studies of an archive.

    Of an archive, a folder, it says which studies there are, what their recordings' names were read as, and which
    recordings no study takes; the recordings themselves aren't opened.

    \b
    Examples:
      csds check study.csv
      csds check study.csv --protocol accelerated_defeat --arena room1.arena.toml
      csds check archive
      csds check archive --pattern "{cohort}/{date}/{animal_id}-{phase}.mp4"
      csds check archive --pattern "{animal_id}{phase=both}.{ext}" --json

    \b
    Exit code: 0 all well, 1 something can't be used (a fault, a recording that no pattern names, no study at all),
    2 the call is wrong.
    """
    if sheet.is_dir():
        if arena is not None:
            raise UsageError("--arena goes with a sheet", hint="Leave it out, or name a study's sheet.")
        _check_archive(sheet, pattern, protocol, as_json=as_json)
        return
    if pattern:
        raise UsageError("--pattern goes with a folder", hint="Leave it out, or name the recordings' folder.")
    _check_sheet(sheet, protocol, arena, as_json=as_json)


def _check_sheet(sheet: Path, protocol: str, arena: Path | None, *, as_json: bool) -> None:
    from csds.batch.check import check_study
    from csds.study import errors_among

    found = check_study(sheet, protocol or None, arena=arena)
    if as_json:
        console.print_json(_as_data(found))
    else:
        _show(found, sheet)
    if errors_among(found.faults):
        raise typer.Exit(1)


def _as_data(found: StudyCheck) -> dict[str, object]:
    return {
        "sessions": len(found.study.sessions) if found.study else 0,
        "protocol": found.protocol.name if found.protocol else None,
        "without_arena": list(found.without_arena),
        "faults": _fault_data(found.faults),
    }


def _fault_data(faults: Iterable[Fault]) -> list[dict[str, object]]:
    from dataclasses import asdict

    return [asdict(fault) for fault in faults]


def _show(found: StudyCheck, sheet: Path) -> None:
    _show_faults(found.faults)
    if found.study is not None and found.protocol is not None:
        animals = len({session.key for session in found.study.sessions})
        said = f"{_count(len(found.study.sessions), 'session')} of {_count(animals, 'animal')}"
        console.say(f"{sheet}: {said}, protocol {found.protocol.name}")
    if found.without_arena:
        count = len(found.without_arena)
        whose = "1 recording has" if count == 1 else f"{count} recordings have"
        console.say(f"{whose} no arena file: csds track looks for the arena; csds arena shows what it finds")
    _show_counts(found.faults)


def _show_faults(faults: Sequence[Fault], indent: str = "", limit: int | None = None) -> None:
    for fault in faults[:limit]:
        console.say(f"{indent}{fault.severity}: {fault}")
        console.say(f"{indent}  fix: {fault.hint}")
    if limit is not None and len(faults) > limit:
        console.say(f"{indent}… and {len(faults) - limit} more; --json has all")


def _show_counts(faults: Sequence[Fault], *, left_over: int = 0) -> None:
    errors = sum(fault.severity == "error" for fault in faults)
    warnings = len(faults) - errors
    counts = [_count(n, word) for n, word in ((errors, "error"), (warnings, "warning")) if n]
    said = f"{' and '.join(counts)} found" if counts else "" if left_over else "nothing is wrong"
    console.say(f"{said}{'; ' * bool(said)}{_count(left_over, 'recording')} left over" if left_over else said)


def _count(number: int, word: str) -> str:
    plural = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{number:,} {word if number == 1 else plural}"


def _check_archive(root: Path, pattern: str, protocol: str, *, as_json: bool) -> None:
    from csds.batch.archive_check import check_archive

    found = check_archive(root, pattern, protocol=protocol)
    if as_json:
        console.print_json(_archive_data(found))
    else:
        _show_archive(found, root)
    if not found.is_good:
        raise typer.Exit(1)


def _archive_data(found: ArchiveCheck) -> dict[str, object]:
    def paths(some: Sequence[LeftOver]) -> list[dict[str, str]]:
        return [{"video": str(one.path), "reason": one.reason} for one in some]

    return {
        "studies": [_look_data(look) for look in found.looks],
        "left_over": paths(found.left_over),
        "unlisted": paths(found.unlisted),
        "skipped": [{"folder": str(one.folder), "reason": one.reason} for one in found.skipped],
    }


def _look_data(look: StudyLook) -> dict[str, object]:
    return {
        "folder": str(look.found.folder),
        "sheet": str(look.found.sheet) if look.found.sheet else None,
        "pattern": look.found.pattern or None,
        "protocol": look.protocol.name if look.protocol else None,
        "sessions": len(look.study.sessions) if look.study else 0,
        "animals": look.animals,
        "phases": dict(look.phases),
        "examples": [{"video": name, **cells} for name, cells in look.examples(_EXAMPLES)],
        "notes": list(look.found.notes),
        "faults": _fault_data(look.faults),
    }


def _show_archive(found: ArchiveCheck, root: Path) -> None:
    for look in found.looks:
        _show_look(look)
    _show_paths(found.left_over, "that no study takes")
    _show_paths(found.unlisted, "beside sheets that don't list them")
    for one in found.skipped:
        console.say(f"not gone into: {one.folder}: {one.reason}")
    sessions = sum(len(look.study.sessions) for look in found.looks if look.study)
    animals = sum(look.animals for look in found.looks)
    said = f"{_count(sessions, 'session')} of {_count(animals, 'animal')}"
    console.say(f"{root}: {_count(len(found.looks), 'study')}, {said}; no recording was opened")
    if not found.looks:
        console.say(
            "  fix: name the folder of the recordings, say how they are named with --pattern, or write a study.csv"
        )
    _show_counts([fault for look in found.looks for fault in look.faults], left_over=len(found.left_over))


def _show_look(look: StudyLook) -> None:
    by = look.found.sheet.name if look.found.sheet else f"pattern {look.found.pattern}"
    console.say(f"{look.found.folder}: {by}, protocol {look.protocol.name if look.protocol else 'unknown'}")
    if look.study is not None:
        phases = ", ".join(f"{name} {count:,}" for name, count in look.phases.items())
        sessions = _count(len(look.study.sessions), "session")
        console.say(f"  {sessions} of {_count(look.animals, 'animal')}: {phases}")
    for name, cells in look.examples(_EXAMPLES):
        console.say(f"  {name}: {', '.join(f'{column} {text}' for column, text in cells.items())}")
    for note in look.found.notes:
        console.say(f"  note: {note}")
    _show_faults(look.faults, "  ", _SHOWN)


def _show_paths(some: Sequence[LeftOver], what: str) -> None:
    if some:
        console.say(f"{_count(len(some), 'recording')} {what}:")
    for one in some[:_SHOWN]:
        console.say(f"  {one.path}: {one.reason}")
    if len(some) > _SHOWN:
        console.say(f"  … and {len(some) - _SHOWN:,} more; --json has all")
