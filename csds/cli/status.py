"""``csds status``: how far the runs into a folder are."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from csds.cli import console
from csds.cli.console import JsonOption
from csds.errors import UsageError


def status(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Results folder of csds batch.")],
    as_json: JsonOption = False,
) -> None:
    """Show how far the runs of csds batch into a folder are.

    \b
    Examples:
      csds status csds_batch
      csds status csds_batch --json

    \b
    Exit code: 0 all well, 1 a run was lost (its process is gone without a word), 2 the call is wrong.
    """
    from csds.batch.heartbeat import read_statuses

    found = read_statuses(folder, now_s=time.time())
    if not found:
        raise UsageError(f"{folder}: expected signs of a run of csds batch, found none", hint="Name its --out.")
    if as_json:
        names = ("host", "pid", "state", "studies", "studies_done", "sessions", "done", "running", "failed",
                 "waiting", "frames", "frames_per_s", "left_s", "elapsed_s", "seen_s")  # fmt: skip
        console.print_json([{name: getattr(one, name) for name in names} for one in found])
    else:
        console.print_table(
            ("run", "state", "studies", "done", "running", "failed", "waiting", "frames/s", "time left"),
            [
                [
                    f"{one.host} {one.pid}", one.state, f"{one.studies_done} of {one.studies}",
                    f"{one.done} of {one.sessions}", one.running, one.failed, one.waiting,
                    f"{one.frames_per_s:.0f}", _time(one.left_s),
                ]
                for one in found
            ],
        )  # fmt: skip
    if any(one.state == "lost" for one in found):
        raise typer.Exit(1)


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
