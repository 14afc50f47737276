"""Timing whole processes, in turns, with the memory that they take."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished command.

    ``seconds`` it took, ``processor_s`` of all processors' time (which other programs' work on the same machine
    disturbs less), and its processes' largest anonymous memory in MB; the last two are NaN where unknown.
    """

    seconds: float
    processor_s: float
    anonymous_mb: float


def csds(*arguments: object) -> list[str]:
    """Return the command line of csds."""
    return [sys.executable, "-m", "csds", *map(str, arguments)]


def module(name: str, *arguments: object) -> list[str]:
    """Return the command line of one of the benchmarks' own programs."""
    return [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)]


def decode(video: Path, *more: str) -> list[str]:
    """Return the command line that only decodes, by FFmpeg's own program."""
    return ["ffmpeg", "-v", "error", "-nostdin", "-i", str(video), *more, "-f", "null", "-"]


def run(*commands: Sequence[str], codes: Container[int] = (0,)) -> Run:
    """Run commands at the same time to the end of the last, watching the largest one's memory (Linux only).

    Ends the program if one of them ends with another code than ``codes``.
    """
    began, used = time.perf_counter(), _processor_s()
    processes = [subprocess.Popen(c, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for c in commands]
    peak = [float("nan")]
    watcher = threading.Thread(target=_watch, args=(processes, peak), daemon=True)
    watcher.start()
    for process, command in zip(processes, commands, strict=True):
        _, complaint = process.communicate()
        if process.returncode not in codes:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{complaint.decode()}")
    seconds = time.perf_counter() - began
    watcher.join()
    return Run(seconds=seconds, processor_s=_processor_s() - used, anonymous_mb=peak[0])


def one_after_another(*commands: Sequence[str]) -> Run:
    """Run commands one after another."""
    runs = [run(command) for command in commands]
    return Run(
        seconds=sum(one.seconds for one in runs),
        processor_s=sum(one.processor_s for one in runs),
        anonymous_mb=max(one.anonymous_mb for one in runs),
    )


def in_turns(rounds: int, tasks: Mapping[str, Callable[[], Run]]) -> dict[str, list[Run]]:
    """Return the runs of each task, made in turns so that whatever else the machine does meets all of them."""
    done: dict[str, list[Run]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            done[name].append(task())
    return done


def median_s(runs: Sequence[Run]) -> float:
    """Return the median duration in seconds."""
    return statistics.median(one.seconds for one in runs)


def ratios(above: Sequence[float], below: Sequence[float]) -> str:
    """Return the median of ratios taken round by round, and each of them."""
    each = [a / b for a, b in zip(above, below, strict=True)]
    return f"{statistics.median(each):.2f} ({', '.join(f'{ratio:.2f}' for ratio in each)})"


def _processor_s() -> float:
    """Return the processor time of all ended child processes so far; NaN on Windows."""
    if resource is None:
        return float("nan")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(processes: Sequence[subprocess.Popen[bytes]], peak: list[float]) -> None:
    while any(process.poll() is None for process in processes):
        for process in processes:
            for pid in (process.pid, *_children(process.pid)):
                now = _anonymous_mb(pid)
                peak[0] = now if peak[0] != peak[0] else max(peak[0], now)
        time.sleep(0.02)


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in text.split()]


def _anonymous_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next((float(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon:")), float("nan"))
