"""The part of a cluster run that stands on each Dask worker: it hands work to processes that are watched."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from multiprocessing import current_process
from pathlib import Path
from threading import Lock, Timer
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker

from csds.batch.child import Child, Limits, LostError
from csds.batch.parcel import Parcel
from csds.batch.software import software, version_of
from csds.formats.atomic import temporary_name

_TELL_S = 2.0
_IDLE_S = 60.0
"""A process that nothing is asked of for so long is ended: whoever asked may be gone."""
_SETUP_S = 30.0
_LEAST_MEMORY = 2**30

TOPIC = "csds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of an item: its result in bytes, or why it was lost; and what was counted and not told before."""

    result: bytes | None = None
    lost: str = ""
    count: int = 0


class Station(WorkerPlugin):
    """Does a task for item after item, each in a `csds.batch.child.Child`: as many at once as the worker has threads.

    Parameters
    ----------
    name : str
        Of the run.
    task : bytes
        From `csds.batch.parcel.pack`.
    limits : Limits
        Of each process; without one of memory it may take its share of the worker's.
    """

    def __init__(self, name: str, task: bytes, limits: Limits) -> None:
        self.name, self._packed, self._limits = name, task, limits

    def setup(self, worker: Worker) -> None:
        """Make ready; nothing heavy is imported here, but in the processes."""
        if current_process().daemon:  # as a nanny's workers are, which then may have no processes of their own
            current_process().daemon = False
        self._worker, self._task = worker, Parcel(self._packed)
        self._limits = replace(self._limits, memory=self._limits.memory or _share_of(worker))
        self._lock = Lock()
        self._resting: list[Child] = []
        self._busy: list[Child] = []
        self._is_over = False
        self._timer: Timer | None = None

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002 - Dask's interface
        """End the processes, whatever they do."""
        with self._lock:
            self._is_over = True
            for child in self._busy:
                child.end()
        self._rest()

    def do(self, item: bytes) -> Answer:
        """Return what came of an item; what the task itself raises is raised."""
        child, teller = self._take(), _Teller(self.name, self._worker)
        try:
            result = child.try_twice(self._task, item, teller)
        finally:
            self._give_back(child)
        if isinstance(result, LostError):
            return Answer(lost=str(result), count=teller.left)
        return Answer(result=result, count=teller.left)

    def _take(self) -> Child:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            child = self._resting.pop() if self._resting else Child(self._limits)
            self._busy.append(child)
            return child

    def _give_back(self, child: Child) -> None:
        with self._lock:
            self._busy.remove(child)
            self._resting.append(child)
            if self._timer is not None:
                self._timer.cancel()
            self._timer = Timer(_IDLE_S, self._rest)
            self._timer.daemon = True
            self._timer.start()
        if self._is_over:
            self._rest()

    def _rest(self) -> None:
        """End the processes that do nothing."""
        with self._lock:
            resting, self._resting = self._resting, []
        for child in resting:
            child.close()


def work(name: str, item: bytes) -> Answer:
    """Do an item at a run's station on this worker: what the cluster is asked to do."""
    plugins, ends = get_worker().plugins, time.monotonic() + _SETUP_S
    while name not in plugins and time.monotonic() < ends:  # a worker that has just joined
        time.sleep(0.05)
    station: Station = plugins[name]
    return station.do(item)


def cluster_software() -> dict[str, str]:
    """Return the versions that leader and workers must share: what computes, and what they talk by."""
    return {**software(), "distributed": version_of("distributed")}


def look_around(folder: str, probe: str, video: str) -> tuple[dict[str, str], str]:
    """Return this worker's software, and what it lacks to work: the results folder, or a recording.

    Parameters
    ----------
    folder, probe : str
        The results folder as workers see it, and the name of a file that the leader has just written there.
    video : str
        A recording as workers see it; empty for none.
    """
    lacks = ""
    try:
        if not (Path(folder) / probe).is_file():
            lacks = f"doesn't see the results folder {folder}"
        else:
            own = Path(folder) / temporary_name()
            own.write_bytes(b"")
            own.unlink()
        if not lacks and video and not Path(video).is_file():
            lacks = f"doesn't see the recording {video}"
    except OSError as error:
        lacks = f"can't write into the results folder {folder} ({error.strerror or error})"
    return cluster_software(), lacks


class _Teller:
    """Passes on what a task counts, now and then, to the leader."""

    def __init__(self, name: str, worker: Worker) -> None:
        self._name, self._worker = name, worker
        self._told, self.left = time.monotonic(), 0

    def __call__(self, more: int) -> None:
        self.left += more
        if self.left and time.monotonic() - self._told > _TELL_S:
            self._worker.log_event(TOPIC, {"run": self._name, "count": self.left})
            self._told, self.left = time.monotonic(), 0


def _share_of(worker: Worker) -> int:
    """Return how many bytes each process may take such that the worker's threads share its memory."""
    import psutil

    manager: Any = worker.memory_manager
    whole = manager.memory_limit or psutil.virtual_memory().total
    return max(int(whole / (worker.state.nthreads + 1)), _LEAST_MEMORY)
