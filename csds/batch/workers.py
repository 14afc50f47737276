"""Work in several processes at the same time."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Generic

from csds.batch.child import Child, Item, Limits, LostError, Result, Task

_POLL_S = 0.2
_AHEAD = 600
"""So many results may wait to be taken, as while tables are written: more would fill the memory."""
_SHORT_S = 0.1
_SEVERAL = 32
"""Items that are worked on faster than ``_SHORT_S`` are handed out several at once, at most so many."""


class Workers(Generic[Item, Result]):
    """Processes that do tasks for many items, such that one that is lost takes nothing else with it.

    Parameters
    ----------
    task_of : callable
        Returns an item's task: called in a process with the item and a function to count progress with. Picklable;
        a process is told it anew only where it isn't the one of the item before, so it may carry much.
    items : iterable
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
        items: Iterable[Item] = (),
        *,
        processes: int,
        on_result: Callable[[int, Result], None],
        on_count: Callable[[int], None],
        limits: Limits | None = None,
    ) -> None:
        self._task_of, self._items, self._processes = task_of, list(items), processes
        self._on_result, self._on_count = on_result, on_count
        self._limits = limits or Limits()
        self._children: list[Child] = []
        self._coming: SimpleQueue[tuple[int, Result | LostError] | BaseException | None] = SimpleQueue()
        # On a thread of its own, so that an interruption ends the processes first: joblib waits for what they do.
        self._thread = threading.Thread(target=self._dispatch, daemon=True)
        self._more = threading.Condition()
        self._room = threading.Semaphore(_AHEAD)
        self._taken = 0
        self._counted = 0
        self._has_all = False
        self._is_over = False

    def add(self, items: Iterable[Item]) -> None:
        """Give more to do, before `run`: it is begun with at once, and what comes of it waits."""
        with self._more:
            self._items += items
            self._more.notify_all()
        if not self._thread.ident:
            self._thread.start()

    def run(self) -> dict[int, str]:
        """Do the task for every item; return the numbers of those whose process was lost, twice, and why.

        An exception that a task raises is raised here, after the other processes have been ended.
        """
        lost: dict[int, str] = {}
        self._has_all = True
        self.add(())
        try:
            for number, result in self._arriving():
                if isinstance(result, LostError):
                    lost[number] = str(result)
                else:
                    self._on_result(number, result)
                self._room.release()
        finally:
            self.close()
        return lost

    def close(self) -> None:
        """End the processes, whatever they do."""
        with self._more:
            self._is_over = True
            self._more.notify_all()
        self._room.release(len(self._items) or 1)
        for child in self._children:
            child.end()
        if self._thread.ident:
            self._thread.join()
        for child in self._children:
            child.close()

    def _dispatch(self) -> None:
        from joblib import Parallel, delayed

        try:
            Parallel(n_jobs=self._processes, backend="threading")(delayed(self._work)() for _ in range(self._processes))
        except BaseException as error:  # noqa: BLE001 - raised where the results are waited for
            self._coming.put(error)
        else:
            self._coming.put(None)

    def _arriving(self) -> Iterator[tuple[int, Result | LostError]]:
        """Yield results as they come, passing on what was counted meanwhile."""
        while True:
            try:
                answer = self._coming.get(timeout=_POLL_S)
            except Empty:
                self._tell()
                continue
            self._tell()
            if answer is None:
                return
            if isinstance(answer, BaseException):
                raise answer
            yield answer

    def _work(self) -> None:
        """Let one process work until nothing is left, on a thread of its own."""
        _hold_interrupts_back()
        child = Child(self._limits)
        self._children.append(child)
        several = 1
        while numbers := self._take(several):
            began = time.monotonic()
            for answer in self._answers(child, numbers):
                self._room.acquire()
                self._coming.put(answer)
            took_s = time.monotonic() - began
            several = max(1, min(_SEVERAL, 2 * several, int(_SHORT_S * len(numbers) / max(took_s, 1e-9))))

    def _take(self, several: int) -> range:
        """Take the numbers of the next items, of one task and not more than is fair to the other processes."""
        with self._more:
            while self._taken == len(self._items) and not (self._has_all or self._is_over):
                self._more.wait()
            first = self._taken
            left = 0 if self._is_over else len(self._items) - first
            last = first + min(left, max(1, min(several, left // (2 * self._processes))))
            task = self._task_of(self._items[first]) if left else None
            self._taken = next((at for at in range(first, last) if self._task_of(self._items[at]) is not task), last)
            return range(first, self._taken)

    def _answers(self, child: Child, numbers: Sequence[int]) -> Iterator[tuple[int, Result | LostError]]:
        """Yield what comes of items of one task; one that takes its process with it takes none of the others."""
        task = self._task_of(self._items[numbers[0]])
        while numbers:
            try:
                for result in child.do_each(task, [self._items[number] for number in numbers], self._count):
                    yield numbers[0], result
                    numbers = numbers[1:]
            except LostError as error:
                yield numbers[0], child.try_again(error, task, self._items[numbers[0]], self._count)
                numbers = numbers[1:]

    def _count(self, more: int) -> None:
        with self._more:
            self._counted += more

    def _tell(self) -> None:
        with self._more:
            counted, self._counted = self._counted, 0
        self._on_count(counted)


def _hold_interrupts_back() -> None:
    """Hold Ctrl-C back from this thread's processes, which inherit that: it is the main thread's alone to handle."""
    if hasattr(signal, "pthread_sigmask"):  # on Windows a process ignores it as soon as it has started
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
