"""A batch that is killed at random moments, and run again until it is through."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

from benchmarks.batch_archives import copy_studies, film_study, start_batch, write_protocol
from benchmarks.measures import Measure

KILLS = 30
_FIRST_S = 0.3


def measure_kills(folder: Path, kills: int = KILLS) -> list[Measure]:
    """Return what differs from an undisturbed run after kills, over 40 recordings of 8 s.

    Moments are spread evenly over what the undisturbed run takes. The leading process is killed, or all at once, in
    turns. A run that comes to its end before its moment is compared, and the next begins with an empty folder.
    """
    copy_studies(film_study(folder / "filmed", 4, seconds=8.0), folder / "archive", 5)
    protocol, whole, out = write_protocol(folder), folder / "whole", folder / "out"
    began = time.perf_counter()
    start_batch(folder / "archive", protocol, whole).wait()
    longest_s, found = time.perf_counter() - began, []
    moments, killed, differing, stray, twice, ends = random.Random(3), 0, 0, 0, 0, 0  # noqa: S311 - no secrets
    while killed < kills:
        before = _finished(out)
        run = start_batch(folder / "archive", protocol, out)
        try:
            run.wait(moments.uniform(_FIRST_S, longest_s))
        except subprocess.TimeoutExpired:
            (os.killpg if killed % 2 else os.kill)(run.pid, signal.SIGKILL)
            run.wait()
            killed += 1
            found.append(len(_finished(out)))
        after = _finished(out)
        twice += sum(after.get(record) != seen for record, seen in before.items())
        if run.returncode == 0:
            ends += 1
            differing, stray = differing + _differing(out, whole), stray + _stray(out, whole)
            shutil.rmtree(out)
    before = _finished(out)
    start_batch(folder / "archive", protocol, out).wait()
    twice += sum(_finished(out).get(record) != seen for record, seen in before.items())
    differing, stray = differing + _differing(out, whole), stray + _stray(out, whole)
    print(f"40 recordings, {longest_s:.0f} s undisturbed; sessions finished at each kill: {found}; ends: {ends + 1}")
    return [
        Measure(what=f"after {killed} kills: tables that differ from an undisturbed run's", value=differing, bar=0,
                unit=""),
        Measure(what="finished sessions that were done again", value=twice, bar=0, unit=""),
        Measure(what="files that an undisturbed run doesn't leave, or that lack", value=stray, bar=0, unit=""),
    ]  # fmt: skip


def _finished(out: Path) -> dict[Path, tuple[int, int]]:
    """Return time of change and place on the disk of the records that there are; not of what is half-written."""
    records = (path for path in out.glob("**/sessions/*.json") if not path.name.startswith("."))
    return {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in records}


def _differing(out: Path, whole: Path) -> int:
    tables = [path.relative_to(whole) for path in whole.rglob("*.csv")]
    return sum(not (out / one).is_file() or (out / one).read_bytes() != (whole / one).read_bytes() for one in tables)


def _stray(out: Path, whole: Path) -> int:
    """Return how many files only one of the two folders has; each run's own status is left out."""
    return len(_names(out) ^ _names(whole))


def _names(folder: Path) -> set[Path]:
    return {one for path in folder.rglob("*") if (one := path.relative_to(folder)).parts[0] != "status"}
