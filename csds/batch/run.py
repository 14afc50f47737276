"""Tracking a whole study: units in parallel, tables rebuilt from finished sessions, nothing lost."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib import metadata
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd

from csds import __version__
from csds.batch.folder import ResultsFolder, digest, prepare_folder, read_json, write_json
from csds.batch.options import Failure, Listener, Outcome, RunResult, TrackOptions
from csds.batch.pictures import save_animal
from csds.batch.tables import animals_table, failures_table, sessions_table, time_bins_table
from csds.batch.unit import Context, group_sessions, process_unit
from csds.batch.workers import call_with_progress, start_worker
from csds.errors import CsdsError, ResultsError
from csds.formats.tables import write_table
from csds.model.protocol import Protocol
from csds.model.study import Session, Study
from csds.study.faults import Fault
from csds.study.session_ids import safe_name

_LIBRARIES = ("numpy", "pandas", "scipy", "opencv-python", "av", "pyarrow", "matplotlib")


def track_study(
    study: Study,
    protocol: Protocol,
    out: Path,
    options: TrackOptions | None = None,
    *,
    faults: Sequence[Fault] = (),
    listener: Listener | None = None,
) -> RunResult:
    """Track every session of a study and write what the contract lists into a folder.

    Sessions that are finished there, from the same recording, arena and settings, are kept; where
    only zones, behaviour or score changed, the tracks are.

    Parameters
    ----------
    study : Study
    protocol : Protocol
    out : Path
        The results folder; made if need be.
    options : TrackOptions, optional
    faults : sequence of Fault
        Rows of the sheet that can't be used; they are listed in ``failures.csv``.
    listener : callable, optional
        Told of progress as (frames decoded, sessions finished) since the last call.

    Raises
    ------
    ResultsError
        If the folder can't be written to, or holds another study's results.
    KeyboardInterrupt
        If interrupted; the tables of what was finished are written first.
    """
    options = options or TrackOptions()
    folder = ResultsFolder(path=out)
    _refuse_other_study(study, folder, options)
    prepare_folder(folder)
    run = _Run(study=study, protocol=protocol, folder=folder, options=options, listener=listener)
    units = group_sessions(study.sessions)
    try:
        run.track(units)
    except (KeyboardInterrupt, ResultsError):
        with contextlib.suppress(CsdsError):
            run.write(faults, pictures=False)
        raise
    return run.write(faults, pictures=True)


@dataclass(slots=True, kw_only=True)
class _Run:
    """The state of one run: what has come out so far."""

    study: Study
    protocol: Protocol
    folder: ResultsFolder
    options: TrackOptions
    listener: Listener | None
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def track(self, units: Sequence[tuple[Session, ...]]) -> None:
        """Process all units, here or in worker processes."""
        jobs = max(1, min(self.options.jobs, len(units)))
        threads = 0 if jobs == 1 else max(1, (os.cpu_count() or 1) // jobs)
        context = Context(
            protocol=self.protocol,
            folder=self.folder,
            options=self.options,
            sheet_folder=self.study.folder,
            threads=threads,
        )
        if jobs == 1:
            for unit in units:
                self._take(process_unit(unit, context, self._frames))
        else:
            self._in_processes(units, context, jobs)

    def write(self, faults: Iterable[Fault], *, pictures: bool) -> RunResult:
        """Write the tables, provenance and, if asked, the animals' pictures."""
        failures = [*self._sheet_failures(faults), *self._failures()]
        sessions = sessions_table(self.study, self.outcomes, self.protocol)
        animals = animals_table(sessions, self.protocol)
        write_table(sessions, self.folder.table("sessions"))
        write_table(animals, self.folder.table("animals"))
        write_table(failures_table(failures), self.folder.table("failures"))
        if self.options.time_bins_s is not None:
            write_table(time_bins_table(self.study, self.outcomes, self.protocol), self.folder.table("time_bins"))
        drawn = self._draw_animals(animals) if pictures else {}
        write_json(self.folder.provenance, self._provenance(drawn))
        work = Counter(outcome.work for outcome in self.outcomes.values() if outcome.record)
        return RunResult(
            folder=self.folder.path, sessions=sessions, animals=animals, failures=tuple(failures), work=dict(work)
        )

    def _frames(self, count: int) -> None:
        if self.listener is not None:
            self.listener(count, 0)

    def _take(self, outcomes: Iterable[Outcome]) -> None:
        done = {outcome.session_id: outcome for outcome in outcomes}
        self.outcomes |= done
        if self.listener is not None:
            self.listener(0, len(done))

    def _in_processes(self, units: Sequence[tuple[Session, ...]], context: Context, jobs: int) -> None:
        """Process units in worker processes; a unit whose worker dies is tried once more, alone."""
        waiting = self._one_pool(units, context, jobs)
        for unit in waiting:
            if self._one_pool([unit], context, 1):
                self._take(_died(session) for session in unit)

    def _one_pool(
        self, units: Sequence[tuple[Session, ...]], context: Context, jobs: int
    ) -> list[tuple[Session, ...]]:
        """Process units in one pool of workers; return those that were lost because a worker died."""
        lost: list[tuple[Session, ...]] = []
        spawn = get_context("spawn")
        queue = spawn.SimpleQueue()
        pool = ProcessPoolExecutor(jobs, mp_context=spawn, initializer=start_worker, initargs=(queue,))
        try:
            futures: dict[Future[list[Outcome]], tuple[Session, ...]] = {
                pool.submit(call_with_progress, unit, context): unit for unit in units
            }
            for future in _completed(futures, queue, self._frames):
                try:
                    self._take(future.result())
                except BrokenProcessPool:
                    lost.append(futures[future])
        except BaseException:
            for worker in list((pool._processes or {}).values()):
                worker.terminate()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
        pool.shutdown()
        return lost

    def _failures(self) -> Iterator[Failure]:
        for session in self.study.sessions:
            outcome = self.outcomes.get(session.session_id)
            if outcome is not None and outcome.failure is not None:
                yield outcome.failure

    def _sheet_failures(self, faults: Iterable[Fault]) -> Iterator[Failure]:
        for fault in faults:
            if fault.severity == "error":
                yield Failure(
                    session_id=fault.session_id,
                    video=fault.video,
                    stage=fault.stage,
                    error=str(fault),
                    how_to_fix=fault.hint,
                )

    def _draw_animals(self, animals: pd.DataFrame) -> dict[str, str]:
        """Draw each animal's picture unless the one that is there shows the same; return what each was drawn from."""
        before = (read_json(self.folder.provenance) or {}).get("animal_pictures", {})
        drawn: dict[str, str] = {}
        taken: Counter[str] = Counter()
        for animal in animals.to_dict(orient="records"):
            records = self._records_of(animal)
            name = _animal_name(animal)
            taken[name.casefold()] += 1
            if taken[name.casefold()] > 1:
                name = f"{name}_{digest([animal[k] for k in ('cohort', 'animal_id', 'test')])[:6]}"
            if not records:
                continue
            drawn[name] = digest([animal, {phase: record["keys"] for phase, record in records.items()}])
            if before.get(name) != drawn[name] or not self.folder.animal(name).is_file():
                save_animal(animal, records, name, self.folder, self.protocol)
        return drawn

    def _records_of(self, animal: Mapping[Any, Any]) -> dict[str, Mapping[str, Any]]:
        records = {}
        for session in self.study.sessions:
            outcome = self.outcomes.get(session.session_id)
            if outcome and outcome.record and all(getattr(session.key, k) == animal[k] for k in asdict(session.key)):
                records[session.phase] = outcome.record
        return records

    def _provenance(self, drawn: Mapping[str, str]) -> dict[str, Any]:
        options = self.options
        return {
            "csds": __version__,
            "libraries": {name: metadata.version(name) for name in _LIBRARIES},
            "python": platform.python_version(),
            "system": platform.platform(),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": list(options.command) or sys.argv,
            "study": {"title": self.study.title, "sheet": str(self.study.sheet or ""), "settings": self.study.settings},
            "protocol": {"name": self.protocol.name, "sha256": self.protocol.sha256, "content": asdict(self.protocol)},
            "options": asdict(replace(options, command=())),
            "sessions": {
                outcome.session_id: {**outcome.record["made_from"], "keys": outcome.record["keys"]}
                for outcome in self.outcomes.values()
                if outcome.record
            },
            "animal_pictures": drawn,
        }


def _completed(
    futures: Mapping[Future[list[Outcome]], object], queue: Any, frames: Any
) -> Iterator[Future[list[Outcome]]]:
    """Yield futures as they finish, passing on the workers' frame counts meanwhile."""
    pending = set(futures)
    while pending:
        finished: set[Future[list[Outcome]]] = set()
        with contextlib.suppress(TimeoutError):
            for future in as_completed(pending, timeout=0.2):
                finished.add(future)
                yield future
        pending -= finished
        while not queue.empty():
            frames(queue.get())


def _died(session: Session) -> Outcome:
    failure = Failure(
        session_id=session.session_id,
        video=session.video,
        stage="csds",
        error="the worker process died while it worked on this recording, twice",
        how_to_fix="The recording may crash the decoder, or memory is short; try it alone with --jobs 1.",
    )
    return Outcome(session_id=session.session_id, failure=failure)


def _animal_name(animal: Mapping[Any, Any]) -> str:
    parts = [str(animal[k]) for k in ("cohort", "animal_id", "test")]
    return safe_name("_".join(part for part in parts if part))


def _refuse_other_study(study: Study, folder: ResultsFolder, options: TrackOptions) -> None:
    """Refuse a folder whose finished sessions are none of this study's.

    Raises
    ------
    ResultsError
        With both sheets' names.
    """
    before = read_json(folder.provenance)
    if before is None or options.force or not before.get("sessions"):
        return
    sheet = before.get("study", {}).get("sheet", "")
    same_sheet = bool(sheet) and study.sheet is not None and Path(sheet).resolve() == study.sheet.resolve()
    shared = {session.session_id for session in study.sessions} & set(before["sessions"])
    if not same_sheet and not shared:
        raise ResultsError(
            f"{folder.path}: holds the results of another study ({sheet or before.get('study', {}).get('title', '')})",
            hint="Name another folder with --out, or add --force to put both in this one.",
        )
