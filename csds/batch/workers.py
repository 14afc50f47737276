"""Work in several processes, such that one that dies takes nothing else with it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.sharedctypes import RawArray
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Task = Callable[[Item, Callable[[int], None]], Result]

_POLL_S = 0.2
_board: dict[str, Any] = {}  # of a worker process: the shared counts


class Workers(Generic[Item, Result]):
    """Processes that do one task for many items.

    Parameters
    ----------
    task : callable
        Called in a worker with an item and a function to count progress with. Picklable.
    items : sequence
    processes : int
        At most so many at the same time.
    on_result : callable
        Told the item's number and what the task returned, in this process, in the order of finishing.
    on_count : callable
        Told now and then what tasks have counted since the last call.
    """

    def __init__(
        self,
        task: Task[Item, Result],
        items: Sequence[Item],
        *,
        processes: int,
        on_result: Callable[[int, Result], None],
        on_count: Callable[[int], None],
    ) -> None:
        self._task, self._items, self._processes = task, items, processes
        self._on_result, self._on_count = on_result, on_count

    def run(self) -> list[int]:
        """Do the task for every item; return the numbers of those whose worker died, also when alone.

        Where a worker dies, the items that were being worked on are tried once more, each alone.
        An exception that a task raises is raised here, after the other workers have been ended.
        """
        waiting = list(range(len(self._items)))
        suspects: list[int] = []
        while waiting:
            lost, begun = self._one_pool(waiting, self._processes)
            # Without a sign of which it was, all are suspects; so this ends.
            blamed = [number for number in lost if number in begun] or lost
            suspects += blamed
            waiting = [number for number in lost if number not in blamed]
        return [number for number in suspects if self._one_pool([number], 1)[0]]

    def _one_pool(self, numbers: Sequence[int], processes: int) -> tuple[list[int], set[int]]:
        """Work through items in one pool; return those lost as a worker died, and those that were begun."""
        # Plain shared memory without a lock: a worker that dies while it counts can't block anybody.
        counts = RawArray("q", len(self._items))
        begun = RawArray("b", len(self._items))
        lost: list[int] = []
        others = set(active_children())
        pool = ProcessPoolExecutor(
            processes, mp_context=get_context("spawn"), initializer=_start_worker, initargs=(counts, begun)
        )
        try:
            with _interrupts_held_back():
                futures = {pool.submit(_work, self._task, number, self._items[number]): number for number in numbers}
            for future in self._finished(futures, counts):
                try:
                    result = future.result()
                except BrokenProcessPool:
                    lost.append(futures[future])
                else:
                    self._on_result(futures[future], result)
        except BaseException:
            for worker in set(active_children()) - others:
                worker.terminate()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
        pool.shutdown()
        return sorted(lost), {number for number in numbers if begun[number]}

    def _finished(self, futures: dict[Future[Result], int], counts: Any) -> Iterator[Future[Result]]:
        """Yield futures as they finish, passing on what workers count meanwhile."""
        pending, told = set(futures), 0
        while pending:
            finished, pending = wait(pending, timeout=_POLL_S, return_when=FIRST_COMPLETED)
            counted = sum(counts)
            self._on_count(counted - told)
            told = counted
            yield from finished


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Hold back Ctrl-C while processes are started: they inherit this, so that it is the parent's alone to handle."""
    if not hasattr(signal, "pthread_sigmask"):
        yield  # Windows; a worker ignores it as soon as it has started
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker(counts: Any, begun: Any) -> None:
    import cv2  # this module itself stays light: it is the first that a worker imports

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    cv2.setNumThreads(1)  # one worker, one processor
    _board.update(counts=counts, begun=begun)


def _leave_with_parent() -> None:
    """End this process when its parent is gone (killed, or its terminal closed): nobody else would."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(task: Task[Item, Result], number: int, item: Item) -> Result:
    _board["begun"][number] = 1

    def count(more: int) -> None:
        _board["counts"][number] += more

    return task(item, count)
