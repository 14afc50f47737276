"""Two workers against one, each with one decoding thread, over the same short recordings: here and by Dask."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from distributed import LocalCluster

from benchmarks.batch_archives import copy_studies, film_study
from benchmarks.measures import Measure
from csds.batch.cluster_file import Cluster
from csds.batch.options import TrackOptions
from csds.batch.sweep import StudyJob, sweep
from csds.protocol import load_protocol
from csds.study import read_study

_ROUNDS = 3


def measure_speedup(folder: Path) -> list[Measure]:
    """Return how many times as fast two workers are: the median of rounds in which both take turns."""
    copies = copy_studies(film_study(folder / "filmed", 4, seconds=30.0, fps=30.0), folder / "archive", 4)
    print("other work on the machine lowers these: two workers need two processors that are free")
    here = _ratio("here", lambda out, workers: _seconds(copies, folder / f"here_{out}", workers))
    dask = _ratio("Dask", lambda out, workers: _seconds_by_dask(copies, folder / f"dask_{out}", workers))
    what = "two workers with a decoding thread each, of one's pace"
    return [
        Measure(what=what, value=here, bar=1.7, unit="×", is_least=True),
        Measure(what=f"{what}, by Dask", value=dask, bar=1.5, unit="×", is_least=True),
    ]


def _ratio(name: str, seconds: Callable[[str, int], float]) -> float:
    ratios = []
    for number in range(_ROUNDS):
        one_s, two_s = (seconds(f"{number}_{workers}", workers) for workers in (1, 2))
        ratios.append(one_s / two_s)
        print(f"{name}, 32 recordings of 30 s, with the start of processes: one {one_s:.1f} s, two {two_s:.1f} s")
    return statistics.median(ratios)


def _seconds_by_dask(studies: list[Path], out: Path, workers: int) -> float:
    with LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=":0") as started:
        return _seconds(studies, out, workers, Cluster(address=started.scheduler_address))


def _seconds(studies: list[Path], out: Path, jobs: int, cluster: Cluster | None = None) -> float:
    protocol = load_protocol("golden2011")
    asked = [StudyJob(study=read_study(one / "study.csv", protocol), protocol=protocol, out=out / one.name)
             for one in studies]  # fmt: skip
    began = time.perf_counter()
    result = sweep(asked, TrackOptions(jobs=jobs, command=("csds", "batch")), cluster=cluster)
    taken_s = time.perf_counter() - began
    if result.failures or any(one.failures for one in result.results.values()):
        raise SystemExit(f"expected no failures, found {result}")
    return taken_s
