"""Work in several processes at the same time."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Generic

from csds.batch.child import Child, Item, Limits, LostError, Result, Task

_POLL_S = 0.2
_AHEAD = 1000
"""So many results may wait to be taken, as while tables are written: more would fill the memory."""


class Workers(Generic[Item, Result]):
    """Processes that do tasks for many items, such that one that is lost takes nothing else with it.

    Parameters
    ----------
    task_of : callable
        Returns an item's task: called in a process with the item and a function to count progress with. Picklable;
        a process is told it anew only where it isn't the one of the item before, so it may carry much.
    items : sequence
    processes : int
        At most so many at the same time.
    on_result : callable
        Told the item's number and what the task returned, on this thread, in the order of finishing.
    on_count : callable
        Told now and then, on this thread, what tasks have counted since the last call.
    limits : Limits
        Of each process.
    """

    def __init__(
        self,
        task_of: Callable[[Item], Task[Item, Result]],
        items: Sequence[Item],
        *,
        processes: int,
        on_result: Callable[[int, Result], None],
        on_count: Callable[[int], None],
        limits: Limits | None = None,
    ) -> None:
        self._task_of, self._items, self._processes = task_of, items, processes
        self._on_result, self._on_count = on_result, on_count
        self._limits = limits or Limits()
        self._of_thread = threading.local()
        self._children: list[Child] = []
        self._lock = threading.Lock()
        self._room = threading.Semaphore(_AHEAD)
        self._counted = 0
        self._is_over = False

    def run(self) -> dict[int, str]:
        """Do the task for every item; return the numbers of those whose process was lost, twice, and why.

        An exception that a task raises is raised here, after the other processes have been ended.
        """
        lost: dict[int, str] = {}
        coming: SimpleQueue[tuple[int, Result | LostError] | BaseException | None] = SimpleQueue()
        # On a thread of its own, so that an interruption ends the processes first: joblib waits for what they do.
        thread = threading.Thread(target=self._dispatch, args=(coming,), daemon=True)
        thread.start()
        try:
            for number, result in self._arriving(coming):
                if isinstance(result, LostError):
                    lost[number] = str(result)
                else:
                    self._on_result(number, result)
                self._room.release()
        finally:
            self._is_over = True
            self._room.release(len(self._items) or 1)
            for child in self._children:
                child.end()
            thread.join()
            for child in self._children:
                child.close()
        return lost

    def _dispatch(self, coming: SimpleQueue[tuple[int, Result | LostError] | BaseException | None]) -> None:
        from joblib import Parallel, delayed

        parallel = Parallel(n_jobs=self._processes, backend="threading", return_as="generator_unordered", batch_size=1)
        try:
            for answer in parallel(delayed(self._do)(number) for number in range(len(self._items))):
                coming.put(answer)
        except BaseException as error:  # noqa: BLE001 - raised where the results are waited for
            coming.put(error)
        else:
            coming.put(None)

    def _arriving(
        self, coming: SimpleQueue[tuple[int, Result | LostError] | BaseException | None]
    ) -> Iterator[tuple[int, Result | LostError]]:
        """Yield results as they come, passing on what was counted meanwhile."""
        while True:
            try:
                answer = coming.get(timeout=_POLL_S)
            except Empty:
                self._tell()
                continue
            self._tell()
            if answer is None:
                return
            if isinstance(answer, BaseException):
                raise answer
            yield answer

    def _do(self, number: int) -> tuple[int, Result | LostError]:
        self._room.acquire()
        if self._is_over:
            raise LostError("the run was ended")
        child = getattr(self._of_thread, "child", None)
        if child is None:
            _hold_interrupts_back()
            child = self._of_thread.child = Child(self._limits)
            self._children.append(child)
        item = self._items[number]
        return number, child.try_twice(self._task_of(item), item, self._count)

    def _count(self, more: int) -> None:
        with self._lock:
            self._counted += more

    def _tell(self) -> None:
        with self._lock:
            counted, self._counted = self._counted, 0
        self._on_count(counted)


def _hold_interrupts_back() -> None:
    """Hold Ctrl-C back from this thread's processes, which inherit that: it is the main thread's alone to handle."""
    if hasattr(signal, "pthread_sigmask"):  # on Windows a process ignores it as soon as it has started
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
