"""A process for work that may crash, hang or take all memory, so that this takes nothing else with it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Task = Callable[[Item, Callable[[int], None]], Result]

_POLL_S = 0.2
_START_S = 120.0
"""A process may take so long to start: it imports what it works with."""
_AWAKE_S = 1.0
"""A moment to wait that took longer is one in which the machine slept, and the process with it."""
_TELL_S = 0.1
_END_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a process may take: seconds without a sign of life, and bytes of memory; 0 for any."""

    silent_s: float = 600.0
    memory: int = 0


class LostError(Exception):
    """The process that did a task died, or was ended as it went beyond its limits; the message says which."""

    may_succeed_again = False


class Child:
    """A process that does one task after the other; one that was lost is replaced by a new one for the next task."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._told: Task[Any, Any] | None = None
        self._is_ended = False
        self._busy = threading.Lock()

    def do(self, task: Task[Item, Result], item: Item, on_count: Callable[[int], None]) -> Result:
        """Return what a task returns, or raise what it raises; it counts its progress with its second argument.

        Raises
        ------
        LostError
            The process is gone.
        """
        (result,) = self.do_each(task, [item], on_count)
        return result

    def do_each(
        self, task: Task[Item, Result], items: Sequence[Item], on_count: Callable[[int], None]
    ) -> Iterator[Result]:
        """Yield what `do` returns of each item; the process gets all at once and waits for nobody between them.

        What is raised is of the first item that nothing was yielded of. All results must be taken.
        """
        with self._busy:
            with self._watched():
                limit_s = self._send(task, items)
            for _ in items:
                with self._watched():
                    kind, value = self._answer(on_count, limit_s)
                if kind == "failed":
                    raise value
                limit_s = self._limits.silent_s
                yield value

    def try_twice(self, task: Task[Item, Result], item: Item, on_count: Callable[[int], None]) -> Result | LostError:
        """Return what a task returns, or why its process was lost; one that died is given a second try."""
        try:
            return self.do(task, item, on_count)
        except LostError as error:
            return self.try_again(error, task, item, on_count)

    def try_again(
        self, error: LostError, task: Task[Item, Result], item: Item, on_count: Callable[[int], None]
    ) -> Result | LostError:
        """Return the same for an item with which a process was lost before."""
        if not error.may_succeed_again:
            return error
        try:
            return self.do(task, item, on_count)
        except LostError as again:
            return LostError(f"{again}, twice")

    def end(self) -> None:
        """End the process, whatever it does; it isn't replaced. To be called from any thread."""
        self._is_ended = True
        if (process := self._process) is not None:
            process.kill()

    def close(self) -> None:
        """End the process and wait until nobody waits for it any more."""
        self.end()
        with self._busy:
            self._drop()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Let go of a process that is lost, and say why it was."""
        try:
            yield
        except (OSError, EOFError) as error:
            code = None
            if (process := self._process) is not None:
                process.join(_END_S)
                code = process.exitcode
            self._drop()
            lost = LostError(f"the process died{f' (exit code {code})' if code else ''}")
            lost.may_succeed_again = not self._is_ended
            raise lost from error
        except LostError:
            self._drop()
            raise

    def _send(self, task: Task[Item, Result], items: Sequence[Item]) -> float:
        """Ask for items; return how long the process may be silent before it first gives a sign."""
        pipe = self._ready()
        # A task may carry much that is the same for all items: each process is told it once.
        is_new = task is not self._told
        pipe.send((task if is_new else None, items))
        self._told = task
        return max(self._limits.silent_s, _START_S) if is_new else self._limits.silent_s

    def _ready(self) -> Connection:
        if self._is_ended:
            raise LostError("the run was ended")
        if self._process is None or self._pipe is None or not self._process.is_alive():
            self._drop()
            context = get_context("spawn")
            self._pipe, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs,), daemon=True)
            process.start()
            self._process = process  # only now can it be ended
            theirs.close()
            if self._is_ended:
                self._drop()
                raise LostError("the run was ended")
        return self._pipe

    def _answer(self, on_count: Callable[[int], None], limit_s: float) -> tuple[str, Any]:
        """Return what comes back."""
        if self._process is None or self._pipe is None:
            raise EOFError
        silent_s = 0.0
        while True:
            asked = time.monotonic()
            if self._pipe.poll(_POLL_S):
                kind, value = self._pipe.recv()
                silent_s, limit_s = 0.0, self._limits.silent_s
                if kind != "count":
                    return kind, value
                on_count(value)
            else:
                silent_s += min(time.monotonic() - asked, _AWAKE_S)
            self._check(self._process, self._pipe, silent_s, limit_s)

    def _check(self, process: BaseProcess, pipe: Connection, silent_s: float, limit_s: float) -> None:
        if self._limits.silent_s and silent_s > limit_s:
            raise LostError(f"nothing was heard of the process for {silent_s:.0f} s, and it was ended")
        # Where more waits to be read, it may be a later item than the one waited for that takes so much.
        if self._limits.memory and (taken := memory_of(process)) > self._limits.memory and not pipe.poll():
            raise LostError(
                f"the process took {taken / 2**30:.1f} GiB of memory, more than {self._limits.memory / 2**30:.1f}, and "
                "was ended"
            )

    def _drop(self) -> None:
        process, pipe, self._process, self._pipe, self._told = self._process, self._pipe, None, None, None
        if process is not None:
            process.kill()
            process.join()
        if pipe is not None:
            pipe.close()


def memory_of(process: BaseProcess) -> int:
    """Return how many bytes of memory a process holds; 0 where it is gone."""
    import psutil

    try:
        return int(psutil.Process(process.pid).memory_info().rss)
    except psutil.Error:
        return 0


def _serve(pipe: Connection) -> None:
    """Do what is asked for until the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    import cv2  # this module itself stays light: it is the first that a process imports

    cv2.setNumThreads(1)  # one process, one processor
    task: Any = None
    while True:
        try:
            told, items = pipe.recv()
        except EOFError:
            return
        task = told or task
        if told:
            pipe.send(("count", 0))  # a sign of life: all is imported
        for item in items:
            count = _Counter(pipe)
            try:
                answer: tuple[str, Any] = ("done", task(item, count))
            except Exception as error:  # noqa: BLE001 - raised where it was asked for
                answer = ("failed", error)
            count.tell_rest()
            pipe.send(answer)
            if answer[0] == "failed":
                break


class _Counter:
    """Passes on what a task counts, now and then: a count is a sign of life as well."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe, self._count, self._told = pipe, 0, 0.0

    def __call__(self, more: int) -> None:
        self._count += more
        if time.monotonic() - self._told > _TELL_S:
            self.tell()

    def tell_rest(self) -> None:
        if self._count:
            self.tell()

    def tell(self) -> None:
        self._pipe.send(("count", self._count))
        self._count, self._told = 0, time.monotonic()


def _leave_with_parent() -> None:
    """End this process when its parent is gone (killed, or its terminal closed): nobody else would."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
