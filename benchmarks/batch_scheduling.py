"""10,000 sessions by a tracker that does nothing: what is left is csds's own scheduling and bookkeeping.

In the place of the work on a unit stands a function that leaves a finished session's record. The files that tracking
and drawing leave are links to those of a real session, made before the time is taken. A record is a real one but
for the readings that a score's interval is computed from: that is no bookkeeping.
"""

from __future__ import annotations

import itertools
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

import pandas as pd
import psutil
from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor

from benchmarks.batch_stub import MODEL, leave_results, model_of
from benchmarks.measures import Measure
from csds.batch import track_study
from csds.batch.catalogue import write_catalogue
from csds.batch.options import TrackOptions
from csds.batch.sweep import StudyJob, SweepResult, sweep
from csds.formats.tables import write_table
from csds.protocol import load_protocol
from csds.results.folder import ResultsFolder
from csds.simulate.scene import Encoding
from csds.simulate.study import SimulatedAnimal, StudyDesign, simulate_study
from csds.study import read_study
from csds.study.session_ids import session_ids

SESSIONS, STUDIES, JOBS = 10_000, 5, 2
PHASES = ("target_absent", "target_present")


def measure_scheduling(folder: Path, sessions: int = SESSIONS) -> list[Measure]:
    """Return what 10,000 sessions take, a second look at them, and the memory of the process that leads them."""
    # Elsewhere, so that what filming and tracking import and hold isn't counted as this process's memory.
    filming = get_context("spawn").Process(target=film_model, args=(folder,))
    filming.start()
    filming.join()
    for number in range(STUDIES):
        _write_study(folder, number, sessions // STUDIES)
    protocol = load_protocol("golden2011")
    began = time.perf_counter()
    jobs = [
        StudyJob(study=read_study(sheet, protocol), protocol=protocol, out=folder / "out" / sheet.parent.name)
        for sheet in sorted(folder.glob("archive/*/study.csv"))
    ]
    read_s = time.perf_counter() - began
    for job in jobs:
        _leave_files(job)
    os.sync()
    bare_s = [_seconds(lambda: _bare_joblib(folder / "before", sessions))]
    with _watched_memory() as peak:
        first_s = _seconds(lambda: _sweep(jobs, {"tracked": sessions}))
        second_s = _seconds(lambda: _sweep(jobs, {"kept": sessions}))
        catalogue_s = _seconds(lambda: write_catalogue(folder / "out"))
    bare_s.append(_seconds(lambda: _bare_joblib(folder / "after", sessions)))
    ratio = first_s / statistics.mean(bare_s)
    print(
        f"{sessions} sessions in {STUDIES} studies, {JOBS} workers: {first_s:.1f} s, again {second_s:.1f} s; sheets "
        f"{read_s:.1f} s, catalogue {catalogue_s:.1f} s; bare joblib before {bare_s[0]:.1f} s, after {bare_s[1]:.1f} s"
    )
    return [
        Measure(what=f"{sessions} sessions by a stub, of bare joblib's time", value=ratio, bar=3, unit="×"),
        Measure(what="a finished session in a later run, with sheets and catalogue",
                value=1e3 * (read_s + second_s + catalogue_s) / sessions, bar=1, unit="ms"),
        Measure(what="memory of the process that leads, at most", value=peak[0] / 1e6, bar=500, unit="MB"),
    ]  # fmt: skip


def _link(source: Path, target: Path) -> None:
    """Link a file into a folder, which is made if need be."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(source, target)


def _leave_files(job: StudyJob) -> None:
    """Leave what tracking and drawing do: the sessions' files, and a picture of each animal."""
    folder = ResultsFolder(path=job.out)
    source, source_id, _ = model_of(job.out.parent.parent / MODEL, PHASES[0])
    keys = list(dict.fromkeys(session.key for session in job.study.sessions))
    for name in session_ids([(key, "") for key in keys]):
        _link(source.overlay(source_id), folder.animal(name))
    for session in job.study.sessions:
        source, source_id, _ = model_of(job.out.parent.parent / MODEL, session.phase)
        for place in (ResultsFolder.track, ResultsFolder.floor, ResultsFolder.thumbnails, ResultsFolder.overlay):
            _link(place(source, source_id), place(folder, session.session_id))


def _draw_nothing(*_: object) -> None:
    """Stand where an animal's picture is drawn (a mock would keep all that it is given)."""


def _sweep(jobs: Sequence[StudyJob], expected: Mapping[str, int]) -> None:
    with patch("csds.batch.sweep.work_on", leave_results), patch("csds.batch.artist.save_animal", _draw_nothing):
        result = sweep(jobs, TrackOptions(jobs=JOBS, command=("csds", "batch")))
    found = work_of(result)
    if found != expected:
        raise SystemExit(f"expected {expected}, found {found}: {result.failures}")


def work_of(result: SweepResult) -> dict[str, int]:
    """Return how many sessions were tracked or kept, over all studies."""
    work: dict[str, int] = {}
    for run in result.results.values():
        for name, count in run.work.items():
            work[name] = work.get(name, 0) + count
    return work


def film_model(folder: Path) -> None:
    """Track two short recordings; the others' records are as these."""
    design = StudyDesign(
        animals=(SimulatedAnimal(animal_id="M01", stress="defeated"),), duration_s=8, frame_size_px=(320, 240), fps=15,
        seed=5, encoding=Encoding(bitrate_kbps=600, keyframe_every=8),
    )  # fmt: skip
    filmed = folder / MODEL
    simulate_study(filmed, design)
    protocol = load_protocol("golden2011")
    result = track_study(read_study(filmed / "study.csv", protocol), protocol, filmed / "results")
    if result.failures:
        raise SystemExit(f"expected no failures, found {result.failures}")


def _write_study(folder: Path, number: int, sessions: int) -> None:
    """Write a study whose recordings are small files of their own."""
    own = folder / "archive" / f"study_{number}"
    (own / "videos").mkdir(parents=True)
    rows = []
    for animal, phase in itertools.product(range(sessions // len(PHASES)), PHASES):
        video = f"videos/M{animal:05}_{phase}.mp4"
        (own / video).write_bytes(b"x")
        stress = ("control", "defeated")[animal % 2]
        rows.append({"animal_id": f"M{animal:05}", "cohort": f"C{animal % 9}", "phase": phase, "video": video,
                     "start_s": "0", "duration_s": "8", "stress": stress, "treatment": "isotype"})  # fmt: skip
    write_table(pd.DataFrame(rows), own / "study.csv")


def _bare_joblib(folder: Path, tasks: int) -> None:
    folder.mkdir()
    Parallel(n_jobs=JOBS)(delayed(write_one)(folder / f"{number}.txt") for number in range(tasks))
    get_reusable_executor().shutdown()  # its start counts, as that of csds's own workers does


def write_one(path: Path) -> None:
    """Do nothing but write one small file."""
    path.write_text("done\n", encoding="utf-8")


@contextmanager
def _watched_memory() -> Iterator[list[int]]:
    """Yield a list of the largest resident set of this process, in bytes, while the block runs."""
    process, peak, over = psutil.Process(), [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            peak[0] = max(peak[0], process.memory_info().rss)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def _seconds(task: Callable[[], object]) -> float:
    began = time.perf_counter()
    task()
    return time.perf_counter() - began
