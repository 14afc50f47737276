"""Tracking a whole study: units in parallel, tables rebuilt from finished sessions, nothing lost."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Sequence
from pathlib import Path

from csds.batch.ahead import ready_units
from csds.batch.artist import process_and_draw
from csds.batch.options import Listener, RunResult, TrackOptions
from csds.batch.prepare import Context
from csds.batch.study_run import StudyRun, open_run
from csds.batch.unit import track_unit
from csds.errors import CsdsError, ResultsError
from csds.model.protocol import Protocol
from csds.model.study import Session, Study
from csds.results.folder import ResultsFolder, writing
from csds.study.faults import Fault


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
        Told of progress as (frames decoded, outcomes of the sessions finished) since the last call.

    Raises
    ------
    UsageError
        If the folder holds another study's results.
    ResultsError
        If the folder can't be written to.
    ScoreError
        If the protocol has a score but not the phases that it needs.
    KeyboardInterrupt
        If interrupted; the tables of what was finished are written first.
    """
    options = options or TrackOptions()
    jobs = max(1, min(options.jobs, len(study.sessions)))
    context = Context(
        protocol=protocol,
        folder=ResultsFolder(path=out),
        options=options,
        sheet_folder=study.folder,
        threads=0 if jobs == 1 else max(1, (os.cpu_count() or 1) // jobs),
    )
    with writing(out):
        run = open_run(study, context, faults=faults, listener=listener)
    try:
        with writing(out):
            _track(run, run.look(), jobs)
            return run.write(pictures=True)
    except (KeyboardInterrupt, ResultsError) as error:
        run.artist.stop()
        with contextlib.suppress(CsdsError, OSError):
            run.give_up("interrupted" if isinstance(error, KeyboardInterrupt) else str(error))
        raise
    finally:
        run.artist.stop()


def _track(run: StudyRun, units: Sequence[Sequence[Session]], jobs: int) -> None:
    """Process units, here or in worker processes."""
    if not units:
        return
    if jobs == 1:
        with contextlib.closing(ready_units(units, run.count, context=run.context)) as coming:
            for ready in coming:
                if any(ready.tasks):
                    run.artist.get_ready()
                found = track_unit(ready, run.count, run.artist.draw_session, context=run.context)
                run.take(ready.sessions, found)
                run.sketch_animals(ready.sessions)
        return
    from csds.batch.workers import Workers  # only here: what starts processes takes its time to import

    task = functools.partial(process_and_draw, context=run.context)
    workers = Workers(
        lambda _: task,
        units,
        processes=min(jobs, len(units)),
        on_result=lambda number, outcomes: run.take(units[number], outcomes),
        on_count=run.count,
        limits=run.context.options.limits,
    )
    for number, why in workers.run().items():
        run.lose(units[number], why)
