"""Work on the workers of a Dask cluster, with the surface of `csds.batch.workers.Workers`."""

from __future__ import annotations

import logging
import pickle
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Generic

from csds.batch.child import Item, Limits, Result, Task
from csds.batch.cluster_file import Cluster
from csds.batch.cluster_reach import connect, fault_of, refill, scheduler_gone, start_queue
from csds.batch.parcel import pack, path_there
from csds.errors import ClusterError
from csds.formats.atomic import atomic_path, temporary_name

if TYPE_CHECKING:
    from distributed import Client, Future

    from csds.batch.station import Answer

_LOGGER = logging.getLogger(__name__)

_POLL_S, _LOOK_S = 0.2, 1.0
_CONNECT_S = 10.0
_ALONE_S = 300.0
"""A scheduler that runs may be without workers for so long before the run is given up."""
_REFILL_S = 30.0
_TRIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What every worker must see before anything is sent to it: the folder for results, and a recording."""

    folder: Path
    video: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flight:
    """An item that a worker is working on."""

    address: str
    future: Future


class ClusterWorkers(Generic[Item, Result]):
    """The workers of a Dask cluster, such that one that is lost takes nothing with it but the time for its items.

    On each worker the task is done in processes of its own, within the same limits as on one machine. No more is sent
    than is worked on, so that the scheduler holds no long queue, and what a lost worker had is known.

    Parameters
    ----------
    task : callable
        Called on a worker with an item and a function to count progress with. Picklable.
    items : sequence
    cluster : Cluster
        Its ``running`` is kept up to date.
    places : Places
    on_start : callable
        Told an item's number, on this thread, before it is sent.
    on_result : callable
        Told the item's number and what the task returned, on this thread, in the order of finishing.
    on_count : callable
        Told now and then, on this thread, what tasks have counted since the last call.
    limits : Limits
        Of each process; without one of memory it may take its share of its worker's.

    Raises
    ------
    ClusterError
        Dask isn't installed, the scheduler can't be reached or has no workers, or a worker has other software or
        doesn't see the places.
    """

    def __init__(  # noqa: PLR0913 - as `Workers`, and where
        self,
        task: Task[Item, Result],
        items: Sequence[Item],
        *,
        cluster: Cluster,
        places: Places,
        on_start: Callable[[int], None],
        on_result: Callable[[int, Result], None],
        on_count: Callable[[int], None],
        limits: Limits | None = None,
    ) -> None:
        self._items, self._cluster, self._places = items, cluster, places
        self._on_start, self._on_result, self._on_count = on_start, on_result, on_count
        self._name = f"csds-{token_hex(8)}"
        self._waiting = deque(range(len(items)))
        self._flying: dict[int, _Flight] = {}
        self._tries: Counter[int] = Counter()
        self._lost: dict[int, str] = {}
        self._coming: SimpleQueue[tuple[int, Future, Answer | BaseException]] = SimpleQueue()
        self._counts: SimpleQueue[int] = SimpleQueue()
        self._threads: dict[str, int] = {}
        self._unfit: set[str] = set()
        self._looked_s = self._filled_s = self._alone_s = time.monotonic()
        self._queue: Any = None
        self._client: Client | None = None
        try:
            self._queue = start_queue(cluster.queue) if cluster.queue is not None else None
            self._client = connect(cluster.address or str(self._queue.scheduler_address))
            self._begin(task, limits or Limits())
        except BaseException:
            self._close()
            raise

    def run(self) -> dict[int, str]:
        """Do the task for every item; return the numbers of those whose worker or process was lost, twice, and why.

        An exception that a task raises is raised here, after the other items were given up.

        Raises
        ------
        ClusterError
            The scheduler is gone, or all workers.
        """
        try:
            while self._waiting or self._flying:
                self._look()
                self._send()
                self._take()
        finally:
            self._close()
        return self._lost

    def _begin(self, task: Task[Item, Result], limits: Limits) -> None:
        """Wait for the first workers, see that they are fit, and tell them the task; others are told as they come."""
        from csds.batch.station import TOPIC, Station

        self._alone_s = time.monotonic()
        while not self._threads:
            self._look(patience_s=_CONNECT_S)
        client = self._asked()
        client.register_plugin(Station(self._name, pack(task, self._cluster.path_maps), limits), name=self._name)
        client.subscribe_topic(TOPIC, self._hear)

    def _look(self, patience_s: float = _ALONE_S) -> None:
        """Look which workers there are, now and then; what those that are gone had is for others."""
        now = time.monotonic()
        if self._threads and now - self._looked_s < _LOOK_S:
            return
        self._looked_s = now
        try:
            threads: dict[str, int] = dict(self._asked().nthreads())
        except (OSError, RuntimeError, ValueError) as error:
            raise scheduler_gone(self._cluster) from error
        self._unfit &= threads.keys()
        self._check([address for address in threads if address not in self._threads and address not in self._unfit])
        self._threads = {address: count for address, count in threads.items() if address not in self._unfit}
        for number, flight in list(self._flying.items()):
            if flight.address not in threads:
                self._lose(number, "its worker was lost")
        if self._threads:
            self._alone_s = now
        self._refill_or_give_up(now - self._alone_s > patience_s)

    def _refill_or_give_up(self, is_alone: bool) -> None:
        if self._queue is not None:
            if time.monotonic() - self._filled_s > _REFILL_S:
                self._filled_s = time.monotonic()
                refill(self._queue, self._cluster)
        elif is_alone:
            raise ClusterError(
                f"the scheduler {self._cluster.address} has no workers",
                hint=f"Start some: dask worker {self._cluster.address} --nthreads 8, on each machine.",
            )
        if not self._threads:
            time.sleep(_POLL_S)

    def _check(self, addresses: Sequence[str]) -> None:
        """See that new workers have the same software and see the same files.

        Raises
        ------
        ClusterError
            One isn't fit, before anything was done; later it is left out as long as there are others.
        """
        if not addresses:
            return
        from csds.batch.station import cluster_software, look_around

        maps, places = self._cluster.path_maps, self._places
        probe = places.folder / temporary_name()
        with atomic_path(probe) as part:
            part.write_bytes(b"")
        video = path_there(places.video, maps) if places.video else ""
        try:
            asked = (path_there(places.folder, maps), probe.name, video)
            told = self._asked().run(look_around, *asked, workers=list(addresses), on_error="return")
        finally:
            probe.unlink(missing_ok=True)
        own = cluster_software()
        faults = {address: fault for address, one in told.items() if (fault := fault_of(one, own))}
        if faults:  # one that has left meanwhile can't answer either
            there = self._asked().nthreads()
            faults = {address: fault for address, fault in faults.items() if address in there}
        if faults and (not self._threads or not self._tries):
            address, (message, hint) = next(iter(faults.items()))
            raise ClusterError(f"worker {address} {message}", hint=hint)
        for address, (message, _) in faults.items():
            _LOGGER.warning("worker %s is left out: it %s", address, message)
        self._unfit |= faults.keys()

    def _send(self) -> None:
        """Give every thread that has nothing to do an item; the least busy workers come first."""
        from csds.batch.station import work

        busy = Counter(flight.address for flight in self._flying.values())
        free = sorted(
            (load, address) for address, count in self._threads.items() for load in range(busy[address], count)
        )
        room = (self._cluster.at_most or len(self._items)) - len(self._flying)
        for _, address in free[: max(room, 0)]:
            if not self._waiting:
                break
            number = self._waiting.popleft()
            self._tries[number] += 1
            self._on_start(number)
            item = pack(self._items[number], self._cluster.path_maps)
            future = self._asked().submit(
                work, self._name, item, workers=[address], pure=False, retries=0,
                key=f"{self._name}-{number}-{self._tries[number]}",
            )  # fmt: skip
            self._flying[number] = _Flight(address=address, future=future)
            future.add_done_callback(lambda done, number=number: self._land(number, done))
        self._cluster.running = len(self._flying)

    def _land(self, number: int, future: Future) -> None:
        """Fetch an answer, on Dask's thread."""
        try:
            self._coming.put((number, future, future.result()))
        except BaseException as error:  # noqa: BLE001 - judged where the answers are waited for
            self._coming.put((number, future, error))

    def _take(self) -> None:
        """Take the answers that have come, and pass on what was counted."""
        with suppress(Empty):
            self._take_one(*self._coming.get(timeout=_POLL_S))
            while True:
                self._take_one(*self._coming.get_nowait())
        counted = 0
        with suppress(Empty):
            while True:
                counted += self._counts.get_nowait()
        self._on_count(counted)

    def _take_one(self, number: int, future: Future, answer: Answer | BaseException) -> None:
        flight = self._flying.get(number)
        if flight is None or flight.future is not future:
            return  # given up meanwhile
        if isinstance(answer, BaseException):
            if not _is_of_the_cluster(answer):
                raise answer
            self._lose(number, "its worker was lost")
            return
        del self._flying[number]
        self._counts.put(answer.count)
        if answer.result is None:
            self._lost[number] = answer.lost
        else:
            self._on_result(number, pickle.loads(answer.result))  # noqa: S301 - from our own workers

    def _lose(self, number: int, why: str) -> None:
        """Give an item to another worker, once."""
        self._flying.pop(number).future.cancel()
        if self._tries[number] < _TRIES:
            self._waiting.appendleft(number)
        else:
            self._lost[number] = f"{why}, twice"

    def _hear(self, event: tuple[float, Any]) -> None:
        """Take what a worker has counted, on Dask's thread."""
        told = event[1]
        if isinstance(told, dict) and told.get("run") == self._name:
            self._counts.put(int(told["count"]))

    def _asked(self) -> Client:
        if self._client is None or self._client.status == "closed":
            raise scheduler_gone(self._cluster)
        return self._client

    def _close(self) -> None:
        """Give up what isn't finished; the user's own scheduler goes on, one that was started here ends."""
        client, self._cluster.running = self._client, 0
        if client is not None:
            with suppress(Exception):
                if client.status == "running":
                    client.cancel([flight.future for flight in self._flying.values()])
                    client.unregister_worker_plugin(self._name)
            with suppress(Exception):
                client.close(timeout=_CONNECT_S if client.status == "running" else 1.0)
        if self._queue is not None:
            with suppress(Exception):
                self._queue.close(timeout=_CONNECT_S)


def _is_of_the_cluster(error: BaseException) -> bool:
    """Return True for what comes of workers and connections that are lost, not of the task."""
    import asyncio
    import concurrent.futures

    from distributed.scheduler import KilledWorker

    return isinstance(error, (OSError, asyncio.CancelledError, concurrent.futures.CancelledError, KilledWorker))
