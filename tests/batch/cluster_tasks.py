"""What workers of a cluster are asked to do in tests; apart, as each process imports it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from csds.errors import ResultsError


def work(item: object, count: Callable[[int], None]) -> object:
    """Count a number and double it; die of 13, hang at 99; of a path, kill the worker unless it's there."""
    if item == 13:
        os._exit(1)
    if item == 99:
        time.sleep(60)
    if isinstance(item, Path):
        if not item.exists():
            item.write_text("was here", encoding="utf-8")
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(60)
        return item.name
    assert isinstance(item, int)
    count(item)
    return 2 * item


def sleep_long(item: object, count: Callable[[int], None]) -> object:
    for _ in range(600):
        count(1)
        time.sleep(0.1)
    return item


def kill_or_sleep(item: object, count: Callable[[int], None]) -> object:
    return work(item, count) if isinstance(item, Path) else sleep_long(item, count)


def kill_always(item: object, count: Callable[[int], None]) -> object:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)
    return item


def fail(item: object, count: Callable[[int], None]) -> object:
    raise ResultsError("the disk is full", hint="free some")


def end_job_once(path: Path, count: Callable[[int], None]) -> str:
    """End the worker and its nanny, which are a job, unless this was done before."""
    if not path.exists():
        path.write_text("was here", encoding="utf-8")
        worker = psutil.Process(os.getppid())
        for process in (worker.parent(), worker):
            process.kill()
        time.sleep(60)
    return path.name
