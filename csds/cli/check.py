"""``csds check``: every fault of a study in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from csds.cli import console

if TYPE_CHECKING:
    from csds.batch.check import StudyCheck


def check(
    sheet: Annotated[Path, typer.Argument(help="Study sheet (CSV or xlsx).")],
    protocol: Annotated[
        str,
        typer.Option("--protocol", "-p", help="A protocol's name, or a file. Default: study.toml's, else golden2011."),
    ] = "",
    arena: Annotated[Path | None, typer.Option(help="One arena file for all recordings.")] = None,
    as_json: console.JsonOption = False,
) -> None:
    """Find every fault of a study in seconds, before hours of tracking."""
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
    from dataclasses import asdict

    return {
        "sessions": len(found.study.sessions) if found.study else 0,
        "protocol": found.protocol.name if found.protocol else None,
        "without_arena": list(found.without_arena),
        "faults": [asdict(fault) for fault in found.faults],
    }


def _show(found: StudyCheck, sheet: Path) -> None:
    for fault in found.faults:
        console.say(f"{fault.severity}: {fault}")
        console.say(f"  fix: {fault.hint}")
    if found.study is not None and found.protocol is not None:
        animals = len({session.key for session in found.study.sessions})
        count = len(found.study.sessions)
        said = f"{count} session{'s' * (count != 1)} of {animals} animal{'s' * (animals != 1)}"
        console.say(f"{sheet}: {said}, protocol {found.protocol.name}")
    if found.without_arena:
        count = len(found.without_arena)
        whose = "1 recording has" if count == 1 else f"{count} recordings have"
        console.say(f"{whose} no arena file: csds track looks for the arena; csds arena shows what it finds")
    errors = sum(fault.severity == "error" for fault in found.faults)
    warnings = len(found.faults) - errors
    counts = [f"{n} {word}{'s' * (n != 1)}" for n, word in ((errors, "error"), (warnings, "warning")) if n]
    console.say(f"{' and '.join(counts)} found" if counts else "nothing is wrong")
