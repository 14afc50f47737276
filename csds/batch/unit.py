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
from csds.batch.prepare import Context, Opened, Placed, by_recording, open_session, place_session, session_window
from csds.batch.reuse import Earlier, Keys, find_earlier, session_keys
from csds.batch.samples import Samples
from csds.errors import CsdsError, ResultsError
from csds.model.study import Session
from csds.tracking import Observations, Task, assemble_track, observe_recording

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
    opened = _open(unit, context, progress, outcomes)
    keys = {item.session.session_id: session_keys(item, opened, context) for item in opened}
    earlier: dict[str, Earlier] = {}
    for known in opened:
        session_id = known.session.session_id
        with _failures_recorded([known.session], outcomes):
            earlier[session_id] = _reuse(known, keys[session_id], context, outcomes)
    samples = Samples(protocol=context.protocol, progress=progress)
    placed = _place(opened, outcomes)
    floors = Floors(placed=placed, protocol=context.protocol, samples=samples)
    todo = [item for item in placed if item.session.session_id not in outcomes]
    for group in by_recording(todo):
        tasks = _tasks(group, floors, outcomes)
        seen: list[Observations] = []
        if tasks:
            with _failures_recorded([item.session for item, _ in tasks], outcomes):
                seen = observe_recording(
                    group[0].recording, [task for _, task in tasks], threads=context.threads, progress=progress
                )
        for (item, task), observations in zip(tasks, seen, strict=bool(seen)):
            session_id = item.session.session_id
            with _failures_recorded([item.session], outcomes):
                track = assemble_track(task, observations, session_window(item.session, context.protocol))
                write_picture(context.folder.floor(session_id), floor_picture(task))
                record = finish_session(item, track, keys[session_id], context)
                because = earlier[session_id].because
                outcomes[session_id] = Outcome(session_id=session_id, record=record, because=because)
    return [outcomes[session.session_id] for session in unit]


def _open(
    unit: Sequence[Session], context: Context, progress: Callable[[int], None] | None, outcomes: Outcomes
) -> list[Opened]:
    opened: list[Opened] = []
    digest_of = functools.cache(file_digest)
    for session in unit:
        with _failures_recorded([session], outcomes):
            opened.append(open_session(session, context, digest_of))
        if progress is not None:
            progress(0)
    return opened


def _reuse(item: Opened, keys: Keys, context: Context, outcomes: Outcomes) -> Earlier:
    """Return what holds of earlier results; a session that needs no tracking gets its outcome."""
    earlier = find_earlier(item, keys, context)
    session_id = item.session.session_id
    if earlier.record is not None:
        outcomes[session_id] = Outcome(session_id=session_id, record=earlier.record, work="kept")
    elif earlier.placed is not None and earlier.track is not None:
        record = finish_session(earlier.placed, earlier.track, keys, context)
        outcomes[session_id] = Outcome(session_id=session_id, record=record, work="rescored", because=earlier.because)
    return earlier


def _place(opened: Sequence[Opened], outcomes: Outcomes) -> list[Placed]:
    """Return the sessions with their arenas; those that are finished too, as their floor may be another's."""
    placed: list[Placed] = []
    for item in opened:
        with _failures_recorded([item.session], outcomes):
            placed.append(place_session(item))
    return placed


def _tasks(group: Sequence[Placed], floors: Floors, outcomes: Outcomes) -> list[tuple[Placed, Task]]:
    tasks: list[tuple[Placed, Task]] = []
    for item in group:
        with _failures_recorded([item.session], outcomes):
            tasks.append((item, floors.task(item)))
    return tasks


@contextmanager
def _failures_recorded(sessions: Sequence[Session], outcomes: Outcomes) -> Iterator[None]:
    """Turn what goes wrong in the block into the outcome of these sessions; the others go on."""
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
