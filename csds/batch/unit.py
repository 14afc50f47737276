"""One unit of work: the sessions that share recordings, from video to numbers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from csds.batch.arenas import Arenas
from csds.batch.camera import follow_camera
from csds.batch.evidence import failures_pictured
from csds.batch.floors import Floors, floor_picture
from csds.batch.guard import Outcomes, failures_recorded
from csds.batch.measure import finish_session
from csds.batch.options import Outcome
from csds.batch.pictures import show_recording
from csds.batch.prepare import Context, Opened, Placed, by_recording, open_session, require_unchanged
from csds.batch.reuse import Earlier, Keys, find_earlier, known_digest, seen_again, session_keys, unit_fingerprint
from csds.batch.samples import Samples
from csds.batch.windows import find_window
from csds.errors import TrackingError
from csds.model.study import Session
from csds.results.folder import write_picture
from csds.results.record import arena_of
from csds.tracking import Observations, Task, Track, Window, assemble_track, observe_recording


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyUnit:
    """A unit before its recordings are decoded: their arenas are found, their floors learnt.

    ``fingerprint`` is that of `csds.batch.reuse.unit_fingerprint`; ``tasks`` are those of the sessions that have to be
    tracked, in groups that share a recording; ``outcomes`` holds the sessions that are finished, or failed, without
    that.
    """

    sessions: tuple[Session, ...]
    fingerprint: str | None
    keys: Mapping[str, Keys]
    earlier: Mapping[str, Earlier]
    samples: Samples
    tasks: Sequence[Sequence[tuple[Placed, Task]]]
    outcomes: Outcomes


def process_unit(
    unit: Sequence[Session], progress: Callable[[int], None] | None = None, *, context: Context
) -> list[Outcome]:
    """Return the outcome of every session of a unit, with its track and record written.

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
    return track_unit(ready_unit(unit, progress, context=context), progress, context=context)


def ready_unit(
    unit: Sequence[Session], progress: Callable[[int], None] | None = None, *, context: Context
) -> ReadyUnit:
    """Return a unit ready to be tracked; parameters and errors are those of `process_unit`."""
    outcomes: Outcomes = {}
    fingerprint = unit_fingerprint(unit, context)
    opened = _open(unit, context, progress, outcomes)
    keys = {item.session.session_id: session_keys(item, opened, context) for item in opened}
    earlier: dict[str, Earlier] = {}
    for known in opened:
        session_id = known.session.session_id
        with failures_recorded([known.session], outcomes):
            earlier[session_id] = _reuse(known, keys[session_id], context, outcomes, fingerprint)
    samples = Samples(sessions=unit, protocol=context.protocol, progress=progress)
    placed = _place(opened, Arenas(opened=opened, samples=samples, context=context), outcomes)
    floors = Floors(placed=placed, protocol=context.protocol, samples=samples)
    todo = [item for item in placed if item.session.session_id not in outcomes]
    return ReadyUnit(
        sessions=tuple(unit),
        fingerprint=fingerprint,
        keys=keys,
        earlier=earlier,
        samples=samples,
        tasks=[_tasks(group, floors, context, outcomes) for group in by_recording(todo)],
        outcomes=outcomes,
    )


def track_unit(
    ready: ReadyUnit,
    progress: Callable[[int], None] | None = None,
    on_outcome: Callable[[Session, Outcome], None] | None = None,
    *,
    context: Context,
) -> list[Outcome]:
    """Return the outcome of every session of a unit that is ready; ``on_outcome`` is told of each as it comes."""
    outcomes = dict(ready.outcomes)

    def tell(sessions: Iterable[Session]) -> None:
        for session in sessions:
            if on_outcome is not None:
                on_outcome(session, outcomes[session.session_id])

    tell(session for session in ready.sessions if session.session_id in outcomes)
    for tasks in ready.tasks:
        if tasks:
            _track(tasks, ready, outcomes, progress, context)
            tell(item.session for item, _ in tasks)
    return [outcomes[session.session_id] for session in ready.sessions]


def _track(
    tasks: Sequence[tuple[Placed, Task]],
    ready: ReadyUnit,
    outcomes: Outcomes,
    progress: Callable[[int], None] | None,
    context: Context,
) -> None:
    """Add the outcomes of the sessions that share a recording."""
    distinct = list({id(task): task for _, task in tasks}.values())
    seen: dict[int, Observations] = {}
    with failures_recorded([item.session for item, _ in tasks], outcomes):
        recording = tasks[0][0].recording
        observed = observe_recording(recording, distinct, threads=context.threads, progress=progress)
        require_unchanged(tasks[0][0].opened)
        seen = {id(task): one for task, one in zip(distinct, observed, strict=True)}
    for item, task in tasks if seen else ():
        session_id = item.session.session_id
        with failures_recorded([item.session], outcomes):
            window = _window(item, seen[id(task)], ready.sessions, context)
            with failures_pictured(item, ready.samples, context):
                track = _assemble(item, task, seen[id(task)], window, context)
            record = finish_session(item, track, ready.keys[session_id], context, ready.fingerprint)
            because = ready.earlier[session_id].because
            outcomes[session_id] = Outcome(session_id=session_id, record=record, because=because)


def _open(
    unit: Sequence[Session], context: Context, progress: Callable[[int], None] | None, outcomes: Outcomes
) -> list[Opened]:
    opened: list[Opened] = []
    for session in unit:
        digest_of = functools.partial(known_digest, session=session, context=context)
        with failures_recorded([session], outcomes):
            opened.append(open_session(session, context, digest_of))
        if progress is not None:
            progress(0)
    return opened


def _reuse(item: Opened, keys: Keys, context: Context, outcomes: Outcomes, fingerprint: str | None) -> Earlier:
    """Return what holds of earlier results; a session that needs no tracking gets its outcome."""
    earlier = find_earlier(item, keys, context)
    session_id = item.session.session_id
    if earlier.record is not None:
        record = seen_again(earlier.record, item.session, fingerprint, context.folder)
        outcomes[session_id] = Outcome(session_id=session_id, record=record, work="kept")
    elif earlier.placed is not None and earlier.track is not None:
        record = finish_session(earlier.placed, earlier.track, keys, context, fingerprint)
        outcomes[session_id] = Outcome(session_id=session_id, record=record, work="rescored", because=earlier.because)
    return earlier


def _place(opened: Sequence[Opened], arenas: Arenas, outcomes: Outcomes) -> list[Placed]:
    """Return the sessions with their arenas; those that are finished too, as their floor may be another's."""
    placed: list[Placed] = []
    if any(item.session.session_id not in outcomes for item in opened):
        arenas.samples.take_ahead(opened)
    for item in opened:
        with failures_recorded([item.session], outcomes):
            finished = outcomes.get(item.session.session_id)
            if item.given is None and finished and finished.record:
                arena = arena_of(finished.record)
            else:
                arena = arenas.of(item)
            placed.append(Placed(opened=item, arena=arena))
    if all(item.session.session_id in outcomes for item in placed):
        return placed
    return follow_camera(placed, arenas.samples, arenas.context.protocol)


def _tasks(group: Sequence[Placed], floors: Floors, context: Context, outcomes: Outcomes) -> list[tuple[Placed, Task]]:
    tasks: list[tuple[Placed, Task]] = []
    for item in group:
        with failures_recorded([item.session], outcomes), failures_pictured(item, floors.samples, context):
            tasks.append((item, floors.task(item)))
    return tasks


def _window(item: Placed, seen: Observations, unit: Sequence[Session], context: Context) -> Window:
    """Return when a session's trial is; where there is none its picture shows the whole recording."""
    try:
        return find_window(item.session, unit, context.protocol, seen)
    except TrackingError:
        show_recording(item.session.session_id, seen.thumbnails.spread(), context.folder)
        raise


def _assemble(item: Placed, task: Task, seen: Observations, window: Window, context: Context) -> Track:
    """Return a session's track, with the floor and the thumbnails that its picture needs written."""
    folder, session_id = context.folder, item.session.session_id
    track = assemble_track(task, seen, window)
    if item.is_unsure:
        track = replace(track, flags=(*track.flags, "ambiguous_arena"))
    # Where the recording ends before the window does, its last frames show the end.
    last_s = window.start_s + float(track.table["time_s"].max())
    end_s = min(window.end_s, window.until_s, last_s)
    shown = seen.thumbnails.around(window.start_s, end_s) or seen.thumbnails.spread()
    write_picture(folder.floor(session_id), floor_picture(task))
    write_picture(folder.thumbnails(session_id), np.hstack([picture for _, picture in shown]))
    return replace(track, thumbnails_s=tuple(time_s - window.start_s for time_s, _ in shown))
