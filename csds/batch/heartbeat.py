"""Signs of life of runs over many studies, for `csds status` in another window or on another machine."""

from __future__ import annotations

import math
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from csds.errors import ResultsError
from csds.formats.json_files import read_json, write_json

State = Literal["running", "finished", "interrupted", "lost"]

_EVERY_S = 2.0
_LOST_S = 60.0
"""A run that has given no sign for so long is taken for lost; clocks of machines may differ by seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """How far a run is.

    Parameters
    ----------
    host, pid : str, int
        Where it runs.
    state : {"running", "finished", "interrupted", "lost"}
        ``lost`` where it gave no sign for a minute.
    studies, studies_done : int
    sessions, done, failed, running : int
        All, finished ones, those among them that failed, and those being worked on at most.
    frames : int
        Decoded so far.
    elapsed_s : float
        From its start to its last sign, whatever clocks were set to meanwhile.
    seen_s : float
        Of its last sign, s since 1970.
    """

    host: str
    pid: int
    state: State = "running"
    studies: int = 0
    studies_done: int = 0
    sessions: int = 0
    done: int = 0
    failed: int = 0
    running: int = 0
    frames: int = 0
    elapsed_s: float = 0.0
    seen_s: float = 0.0

    @property
    def waiting(self) -> int:
        """Sessions that nobody works on yet."""
        return max(0, self.sessions - self.done - self.running)

    @property
    def frames_per_s(self) -> float:
        """Frames decoded in a second, since the start."""
        return self.frames / max(self.elapsed_s, 1e-9)

    @property
    def left_s(self) -> float | None:
        """Seconds that the rest may take, at the pace so far; None before the first session is finished."""
        if self.state != "running" or not self.done:
            return None
        return self.elapsed_s / self.done * (self.sessions - self.done)


@dataclass(slots=True, kw_only=True)
class Heartbeat:
    """Writes a run's status now and then; that it can't be written stops nothing."""

    folder: Path
    clock: Callable[[], float] = time.time
    watch: Callable[[], float] = time.monotonic
    status: RunStatus = field(init=False)
    _began_s: float = field(init=False)
    _written_s: float = -math.inf

    def __post_init__(self) -> None:
        self.status = RunStatus(host=socket.gethostname(), pid=os.getpid(), seen_s=self.clock())
        self._began_s = self.watch()

    def beat(self, *, at_once: bool = False, **changes: Any) -> None:
        """Take what has changed, and write it if the last time is long enough ago."""
        now_s = self.watch()
        self.status = replace(self.status, **changes, elapsed_s=now_s - self._began_s, seen_s=self.clock())
        if at_once or now_s - self._written_s >= _EVERY_S:
            self._written_s = now_s
            try:
                write_json(_place(self.folder) / f"{self.status.host}-{self.status.pid}.json", asdict(self.status))
            except ResultsError:
                return


def read_statuses(folder: Path, *, now_s: float) -> list[RunStatus]:
    """Return the status of every run into a folder, the latest first."""
    found = [_status(read_json(path), now_s) for path in sorted(_place(folder).glob("*.json"))]
    return sorted((one for one in found if one), key=lambda one: -one.seen_s)


def _place(folder: Path) -> Path:
    return folder / "status"


def _status(held: Mapping[str, Any] | None, now_s: float) -> RunStatus | None:
    try:
        status = RunStatus(**(held or {}))
    except TypeError:
        return None
    is_lost = status.state == "running" and abs(now_s - status.seen_s) > _LOST_S
    return replace(status, state="lost") if is_lost else status
