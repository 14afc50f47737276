"""Work in several processes at the same time."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic

from csds.batch.child import Child, Item, Limits, LostError, Result, Task

_POLL_S = 0.2


class Workers(Generic[Item, Result]):
    """Processes that do one task for many items, such that one that is lost takes nothing else with it.

    Parameters
    ----------
    task : callable
        Called in a process with an item and a function to count progress with. Picklable.
    items : sequence
    processes : int
        At most so many at the same time.
    on_result : callable
        Told the item's number and what the task returned, on this thread, in the order of finishing.
    on_count : callable
        Told now and then, on a thread of its own, what tasks have counted since the last call.
    limits : Limits
        Of each process.
    """

    def __init__(
        self,
        task: Task[Item, Result],
        items: Sequence[Item],
        *,
        processes: int,
        on_result: Callable[[int, Result], None],
        on_count: Callable[[int], None],
        limits: Limits | None = None,
    ) -> None:
        self._task, self._items, self._processes = task, items, processes
        self._on_result, self._on_count = on_result, on_count
        self._limits = limits or Limits()
        self._of_thread = threading.local()
        self._children: list[Child] = []
        self._lock = threading.Lock()
        self._counted = 0

    def run(self) -> dict[int, str]:
        """Do the task for every item; return the numbers of those whose process was lost, twice, and why.

        An exception that a task raises is raised here, after the other processes have been ended.
        """
        from joblib import Parallel, delayed

        lost: dict[int, str] = {}
        calls = (delayed(self._do)(number) for number in range(len(self._items)))
        with self._telling():
            done: Iterable[tuple[int, Result | LostError]] = Parallel(
                n_jobs=self._processes, backend="threading", return_as="generator_unordered", batch_size=1
            )(calls)
            try:
                for number, result in done:
                    if isinstance(result, LostError):
                        lost[number] = str(result)
                    else:
                        self._on_result(number, result)
            finally:
                for child in self._children:
                    child.end()
        return lost

    def _do(self, number: int) -> tuple[int, Result | LostError]:
        child = getattr(self._of_thread, "child", None)
        if child is None:
            _hold_interrupts_back()
            child = self._of_thread.child = Child(self._limits)
            self._children.append(child)
        try:
            return number, child.do(self._task, self._items[number], self._count)
        except LostError as error:
            if not error.may_succeed_again:
                return number, error
        try:
            return number, child.do(self._task, self._items[number], self._count)
        except LostError as error:
            return number, LostError(f"{error}, twice")

    def _count(self, more: int) -> None:
        with self._lock:
            self._counted += more

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell what was counted now and then, and at the end."""
        is_over = threading.Event()

        def tell() -> None:
            while not is_over.wait(_POLL_S):
                self._tell()

        thread = threading.Thread(target=tell, daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()
            self._tell()

    def _tell(self) -> None:
        with self._lock:
            counted, self._counted = self._counted, 0
        self._on_count(counted)


def _hold_interrupts_back() -> None:
    """Hold Ctrl-C back from this thread's processes, which inherit that: it is the main thread's alone to handle."""
    if hasattr(signal, "pthread_sigmask"):  # on Windows a process ignores it as soon as it has started
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
