"""Many studies by one protocol or several: all their units share the workers, and none stops the others."""

from __future__ import annotations

import contextlib
import functools
import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csds.batch.adopt import adopt_outcomes
from csds.batch.artist import process_and_draw
from csds.batch.child import Task
from csds.batch.cluster_file import Cluster
from csds.batch.look import finished_unit
from csds.batch.options import Failure, Listener, Outcome, TrackOptions, outcome_of_error
from csds.batch.prepare import Context
from csds.batch.reuse import unit_fingerprint
from csds.batch.study_run import StudyRun, open_run
from csds.errors import ClusterError, CsdsError, ResultsError
from csds.formats.atomic import require_steady
from csds.model.protocol import Protocol
from csds.model.study import Session, Study
from csds.results.folder import ResultsFolder, writing
from csds.study.faults import Fault

if TYPE_CHECKING:
    from csds.batch.cluster import ClusterWorkers
    from csds.batch.workers import Workers

Unit = Sequence[Session]
_Item = tuple[Path, Unit]
_Sent = tuple[Context, Unit]
_Answer = list[Outcome]

_OBJECTS = 20_000
"""So many new objects are waited for until those without use are looked for: some sessions' records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyJob:
    """A study that is to be worked through by a protocol, into a folder of its own."""

    study: Study
    protocol: Protocol
    out: Path
    faults: Sequence[Fault] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptStudy:
    """What came of a study: not its tables, which would be too many to keep.

    ``work`` is how many sessions were ``tracked``, ``rescored`` or ``kept``.
    """

    animals: int
    failures: tuple[Failure, ...]
    work: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepResult:
    """What a sweep leaves: what came of each study, and of those that couldn't be begun or written why."""

    results: Mapping[Path, SweptStudy] = field(default_factory=dict)
    failures: Mapping[Path, Failure] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class _Pending:
    """A study's run, and how many of its units are still to come."""

    run: StudyRun
    left: int


def sweep(
    jobs: Sequence[StudyJob],
    options: TrackOptions,
    *,
    listener: Listener | None = None,
    on_study: Callable[[Path], None] = lambda _: None,
    cluster: Cluster | None = None,
) -> SweepResult:
    """Work through studies; each one's tables are written as soon as its last session is finished.

    Parameters
    ----------
    jobs : sequence of StudyJob
    options : TrackOptions
        Of all; ``jobs`` is how many units are worked on at the same time, each in a process of its own.
    listener : callable, optional
        As for `csds.batch.run.track_study`.
    on_study : callable, optional
        Told the folder of each study that is finished.
    cluster : Cluster, optional
        Where to work; default: in processes on this machine.

    Raises
    ------
    ClusterError
        If the cluster can't be used, or its scheduler is lost; the tables of what was finished are written first.
    KeyboardInterrupt
        If interrupted; the tables of what was finished are written first.
    """
    state = _Sweep(options=options, on_study=on_study, cluster=cluster)
    try:
        with _seldom_cleared(), contextlib.closing(state):
            for job in jobs:
                state.begin(job, listener)
            state.work_through()
    except KeyboardInterrupt:
        state.give_up("interrupted")
        raise
    return SweepResult(results=state.results, failures=state.failures)


@contextmanager
def _seldom_cleared() -> Iterator[None]:
    """Let Python look less often for what nobody needs any more: a study's many records are all needed."""
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@dataclass(slots=True, kw_only=True)
class _Sweep:
    options: TrackOptions
    on_study: Callable[[Path], None]
    cluster: Cluster | None = None
    pending: dict[Path, _Pending] = field(default_factory=dict)
    items: list[tuple[Path, Unit]] = field(default_factory=list)
    contexts: dict[Path, Context] = field(default_factory=dict)
    tasks: dict[Path, Task[_Item, _Answer]] = field(default_factory=dict)
    results: dict[Path, SweptStudy] = field(default_factory=dict)
    failures: dict[Path, Failure] = field(default_factory=dict)
    fingerprints: dict[int, str | None] = field(default_factory=dict)
    workers: Workers[_Item, _Answer] | None = None

    def begin(self, job: StudyJob, listener: Listener | None) -> None:
        """Look what of a study is finished."""
        context = Context(
            protocol=job.protocol,
            folder=ResultsFolder(path=job.out),
            options=self.options,
            sheet_folder=job.study.folder,
            threads=1,
        )
        try:
            with writing(job.out):
                run = open_run(job.study, context, faults=job.faults, listener=listener)
                units = run.look()
        except CsdsError as error:
            self.failures[job.out] = _failure(job.study, error)
            return
        self.pending[job.out] = _Pending(run=run, left=len(units))
        if not units:
            self._finish(job.out)
            return
        run.forget()
        self.contexts[job.out] = run.context
        self.tasks[job.out] = functools.partial(work_on, context=run.context)
        items = [(job.out, unit) for unit in units]
        self.items += items
        if self.cluster is None:  # the first studies are worked on while others are looked at
            self.workers = self.workers or self._local(run)
            self.workers.add(items)

    def work_through(self) -> None:
        """Process what isn't finished, in worker processes."""
        # A cluster that can't be used is told here, before anything is touched.
        workers = self._elsewhere(self.cluster) if self.cluster and self.items else self.workers
        if workers is None:
            return  # all is finished
        try:
            lost = workers.run()
        except (ClusterError, ResultsError) as error:
            self.give_up(str(error))
            raise
        for number, why in lost.items():
            self._take(number, why)

    def give_up(self, reason: str) -> None:
        """Write the tables of what is finished."""
        for one in self.pending.values():
            one.run.artist.stop()
            with contextlib.suppress(CsdsError, OSError):
                one.run.give_up(reason)

    def close(self) -> None:
        """End what works on this machine."""
        if self.workers is not None:
            self.workers.close()

    def _local(self, run: StudyRun) -> Workers[_Item, _Answer]:
        from csds.batch.workers import Workers  # here, as what starts processes takes its time to import

        return Workers(
            lambda item: self.tasks[item[0]], processes=max(1, self.options.jobs), on_result=self._take,
            on_count=run.count, limits=self.options.limits,
        )  # fmt: skip

    def _elsewhere(self, cluster: Cluster) -> ClusterWorkers[_Sent, _Answer]:
        from csds.batch.cluster import ClusterWorkers, Places

        count = next(iter(self.pending.values())).run.count
        videos = (video for _, unit in self.items for session in unit for video in session.videos)
        return ClusterWorkers(
            work_elsewhere,
            _ToSend(items=self.items, contexts=self.contexts),
            cluster=cluster,
            places=Places(folder=self.items[0][0], video=next((one for one in videos if one.is_file()), None)),
            on_start=self._look_at,
            on_result=self._adopt,
            on_count=count,
            limits=self.options.limits,
        )

    def _look_at(self, number: int) -> None:
        """Remember how a unit's files look before a worker elsewhere begins with them."""
        out, unit = self.items[number]
        self.fingerprints[number] = unit_fingerprint(unit, self.contexts[out])

    def _adopt(self, number: int, outcomes: Sequence[Outcome]) -> None:
        """Take what a worker elsewhere has made of a unit."""
        out, unit = self.items[number]
        fingerprint, maps = self.fingerprints.pop(number), self.cluster.path_maps if self.cluster else ()
        try:
            outcomes = adopt_outcomes(unit, outcomes, fingerprint, self.contexts[out], maps)
        except ResultsError as error:
            outcomes = [outcome_of_error(session, error) for session in unit]
        self._take(number, outcomes)

    def _take(self, number: int, outcomes: Sequence[Outcome] | str) -> None:
        """Take what became of a unit, or why the process that worked on it was lost."""
        out, unit = self.items[number]
        one = self.pending[out]
        try:
            with writing(out):
                if isinstance(outcomes, str):
                    one.run.lose(unit, outcomes)
                else:
                    one.run.take(unit, outcomes)
        except CsdsError as error:
            self.failures[out] = _failure(one.run.study, error)
        one.left -= 1
        if not one.left:
            self._finish(out)

    def _finish(self, out: Path) -> None:
        run = self.pending[out].run
        try:
            with writing(out):
                if not run.is_unchanged():
                    run.write(pictures=True)
            self.results[out] = SweptStudy(animals=len(run.context.names), failures=run.failures(), work=run.work())
        except CsdsError as error:
            self.failures[out] = _failure(run.study, error)
        finally:
            run.artist.stop()
        del self.pending[out]  # only now: what is interrupted before is written by `give_up`
        self.on_study(out)


def work_on(item: _Item, progress: Callable[[int], None], *, context: Context) -> list[Outcome]:
    """Return a unit's outcomes, also where its results can't be written: a worker's whole task.

    What another run has finished meanwhile isn't done again.
    """
    _, unit = item
    try:
        with writing(context.folder.path):
            require_steady(context.folder.path)
            return finished_unit(unit, context) or process_and_draw(unit, progress, context=context)
    except ResultsError as error:
        return [outcome_of_error(session, error) for session in unit]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ToSend(Sequence[_Sent]):
    """What workers elsewhere get: each unit with what it needs of its study, made when it is asked for."""

    items: Sequence[_Item]
    contexts: Mapping[Path, Context]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, number: Any) -> Any:
        out, unit = self.items[number]
        context = self.contexts[out]
        own = {session.key: context.names[session.key] for session in unit}
        return replace(context, names=own), unit


def work_elsewhere(item: _Sent, progress: Callable[[int], None]) -> list[Outcome]:
    """Do what `work_on` does, where nothing is known of a study but what comes with its unit."""
    context, unit = item
    return work_on((context.folder.path, unit), progress, context=context)


def _failure(study: Study, error: CsdsError) -> Failure:
    return Failure(
        session_id="",
        video="",
        stage=error.stage,
        error=f"{study.sheet or study.folder}: {error.message}",
        how_to_fix=error.hint,
    )
