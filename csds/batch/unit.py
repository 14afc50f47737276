"""One unit of work: the sessions that share recordings, from video to numbers and pictures."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from csds.batch.floors import Floors, floor_picture
from csds.batch.folder import file_digest, write_picture
from csds.batch.measure import finish_session
from csds.batch.options import Outcome, failed_outcome
from csds.batch.prepare import Context, Prepared, by_recording, prepare_session
from csds.batch.reuse import Earlier, Keys, find_earlier, session_keys
from csds.errors import CsdsError, ResultsError
from csds.model.study import Session
from csds.tracking import Task, Track, track_recording

Outcomes = dict[str, Outcome]


def process_unit(
    unit: Sequence[Session], progress: Callable[[int], None] | None = None, *, context: Context
) -> list[Outcome]:
    """Return the outcome of every session of a unit, with its track, picture and record written.

    A session that can't be used becomes a failure with its reason; the others go on. Only a
    results folder that can't be written to ends the run.

    Parameters
    ----------
    unit : sequence of Session
        As `csds.batch.prepare.group_sessions` makes them.
    progress : callable, optional
        Called now and then with the number of frames decoded since the last call.
    context : Context

    Raises
    ------
    ResultsError
        If results can't be written.
    """
    outcomes: Outcomes = {}
    prepared = _prepare(unit, context, progress, outcomes)
    keys = {item.session.session_id: session_keys(item, prepared, context) for item in prepared}
    earlier: dict[str, Earlier] = {}
    for item in prepared:
        with _failures_recorded([item], outcomes):
            earlier[item.session.session_id] = _reuse(item, keys[item.session.session_id], context, outcomes)
    floors = Floors(prepared=prepared, protocol=context.protocol, progress=progress)
    todo = [item for item in prepared if item.session.session_id not in outcomes]
    for group in by_recording(todo):
        tasks = _tasks(group, floors, outcomes)
        tracks: list[Track] = []
        if tasks:
            with _failures_recorded([item for item, _ in tasks], outcomes):
                tracks = track_recording(
                    group[0].recording, [task for _, task in tasks], threads=context.threads, progress=progress
                )
        for (item, task), track in zip(tasks, tracks, strict=bool(tracks)):
            session_id = item.session.session_id
            with _failures_recorded([item], outcomes):
                write_picture(context.folder.floor(session_id), floor_picture(task))
                record = finish_session(item, track, keys[session_id], context)
                because = earlier[session_id].because
                outcomes[session_id] = Outcome(session_id=session_id, record=record, because=because)
    return [outcomes[session.session_id] for session in unit]


def _prepare(
    unit: Sequence[Session], context: Context, progress: Callable[[int], None] | None, outcomes: Outcomes
) -> list[Prepared]:
    prepared: list[Prepared] = []
    digest_of = functools.cache(file_digest)
    for session in unit:
        with _failures_recorded([session], outcomes):
            prepared.append(prepare_session(session, context, digest_of))
        if progress is not None:
            progress(0)
    return prepared


def _reuse(item: Prepared, keys: Keys, context: Context, outcomes: Outcomes) -> Earlier:
    """Return what holds of earlier results; a session that needs no tracking gets its outcome."""
    earlier = find_earlier(item, keys, context)
    session_id = item.session.session_id
    if earlier.record is not None:
        outcomes[session_id] = Outcome(session_id=session_id, record=earlier.record, work="kept")
    elif earlier.track is not None:
        record = finish_session(item, earlier.track, keys, context)
        outcomes[session_id] = Outcome(session_id=session_id, record=record, work="rescored", because=earlier.because)
    return earlier


def _tasks(group: Sequence[Prepared], floors: Floors, outcomes: Outcomes) -> list[tuple[Prepared, Task]]:
    tasks: list[tuple[Prepared, Task]] = []
    for item in group:
        with _failures_recorded([item], outcomes):
            tasks.append((item, floors.task(item)))
    return tasks


@contextmanager
def _failures_recorded(items: Sequence[Prepared | Session], outcomes: Outcomes) -> Iterator[None]:
    """Turn what goes wrong in the block into the outcome of these sessions; the others go on."""
    sessions = [item.session if isinstance(item, Prepared) else item for item in items]
    try:
        yield
    except ResultsError:
        raise  # what can't be written for this session can't be for the next
    except CsdsError as error:
        outcomes |= {session.session_id: _failed(session, error) for session in sessions}
    except Exception as error:  # noqa: BLE001 - hours of work on other sessions must not be lost to a fault in csds
        outcomes |= {session.session_id: _broken(session, error) for session in sessions}


def _failed(session: Session, error: CsdsError) -> Outcome:
    return failed_outcome(session, stage=error.stage, error=error.message, how_to_fix=error.hint)


def _broken(session: Session, error: Exception) -> Outcome:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return failed_outcome(
        session,
        stage="csds",
        error=f"a fault in csds: {type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})",
        how_to_fix="Please report it with this line; the other sessions are not touched by it.",
    )
