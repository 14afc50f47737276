"""Two workers against one, each with one decoding thread, over the same short recordings."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from benchmarks.batch_archives import copy_studies, film_study
from benchmarks.batch_measures import Measure
from csds.batch.options import TrackOptions
from csds.batch.sweep import StudyJob, sweep
from csds.protocol import load_protocol
from csds.study import read_study

_ROUNDS = 3


def measure_speedup(folder: Path) -> list[Measure]:
    """Return how many times as fast two workers are: the median of rounds in which both take turns."""
    copies = copy_studies(film_study(folder / "filmed", 4, seconds=30.0, fps=30.0), folder / "archive", 4)
    ratios = []
    for number in range(_ROUNDS):
        one_s, two_s = (_seconds(copies, folder / f"out_{number}_{jobs}", jobs) for jobs in (1, 2))
        ratios.append(one_s / two_s)
        print(f"32 recordings of 30 s, with the start of the workers: one {one_s:.1f} s, two {two_s:.1f} s")
    print("other work on the machine lowers this: two workers need two processors that are free")
    what = "two workers with a decoding thread each, of one's pace"
    return [Measure(what=what, value=statistics.median(ratios), bar=1.7, unit="×", is_least=True)]


def _seconds(studies: list[Path], out: Path, jobs: int) -> float:
    protocol = load_protocol("golden2011")
    asked = [StudyJob(study=read_study(one / "study.csv", protocol), protocol=protocol, out=out / one.name)
             for one in studies]  # fmt: skip
    began = time.perf_counter()
    result = sweep(asked, TrackOptions(jobs=jobs, command=("csds", "batch")))
    taken_s = time.perf_counter() - began
    if result.failures or any(one.failures for one in result.results.values()):
        raise SystemExit(f"expected no failures, found {result}")
    return taken_s
