"""Tracking a whole study: units in parallel, tables rebuilt from finished sessions, nothing lost."""

from __future__ import annotations

import contextlib
import functools
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from csds.batch.ahead import ready_units
from csds.batch.artist import Artist, process_and_draw
from csds.batch.failures import remember_failures
from csds.batch.look import finished_unit
from csds.batch.options import Failure, Listener, Outcome, RunResult, TrackOptions, failed_outcome
from csds.batch.prepare import Context, group_sessions
from csds.batch.provenance import describe_run, refuse_other_study
from csds.batch.reuse import PARTS, recall
from csds.batch.tables import animals_table, failures_table, sessions_table, time_bins_table
from csds.batch.unit import track_unit
from csds.behaviour.rules import what_waits
from csds.errors import CsdsError, ResultsError
from csds.formats.digest import digest
from csds.formats.json_files import read_json, write_json
from csds.formats.tables import write_table
from csds.model.protocol import Protocol
from csds.model.study import AnimalKey, Session, Study
from csds.results.folder import ResultsFolder, clear_unfinished, prepare_folder, writing
from csds.study.faults import Fault, errors_among
from csds.study.session_ids import session_ids


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
    folder = ResultsFolder(path=out)
    jobs = max(1, min(options.jobs, len(study.sessions)))
    context = Context(
        protocol=protocol,
        folder=folder,
        options=options,
        sheet_folder=study.folder,
        threads=0 if jobs == 1 else max(1, (os.cpu_count() or 1) // jobs),
    )
    # What can't be scored at all is told now, not after hours of tracking.
    animals = animals_table(study, sessions_table(study, {}, protocol), {}, protocol)
    if not options.force:
        refuse_other_study(study, folder)
    prepare_folder(folder)
    run = _Run(
        study=study,
        context=context,
        faults=faults,
        listener=listener,
        artist=Artist(context=context),
        names=_animal_names(animals),
        before=read_json(folder.provenance) or {},
    )
    try:
        run.track(jobs)
        return run.write(pictures=True)
    except (KeyboardInterrupt, ResultsError) as error:
        run.artist.stop()
        with contextlib.suppress(CsdsError):
            run.give_up("interrupted" if isinstance(error, KeyboardInterrupt) else str(error))
        raise
    finally:
        run.artist.stop()


@dataclass(slots=True, kw_only=True)
class _Run:
    """The state of one run: what has come out so far.

    ``names`` are the animals' file names; ``before`` is the provenance of the run before, ``drawn``
    what the animals' pictures were drawn from by this one.
    """

    study: Study
    context: Context
    faults: Sequence[Fault]
    listener: Listener | None
    artist: Artist
    names: Mapping[AnimalKey, str]
    before: Mapping[str, Any]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    drawn: dict[str, str] = field(default_factory=dict)

    def track(self, jobs: int) -> None:
        """Process all units that aren't finished, here or in worker processes."""
        units = self._look()
        if not units:
            return
        if jobs == 1:
            with contextlib.closing(ready_units(units, self._count, context=self.context)) as coming:
                for ready in coming:
                    if any(ready.tasks):
                        self.artist.get_ready()
                    found = track_unit(ready, self._count, self.artist.draw_session, context=self.context)
                    self._take(ready.sessions, found)
            return
        from csds.batch.workers import Workers  # only here: what starts processes takes its time to import

        workers = Workers(
            functools.partial(process_and_draw, context=self.context),
            units,
            processes=min(jobs, len(units)),
            on_result=lambda number, outcomes: self._take(units[number], outcomes),
            on_count=self._count,
            limits=self.context.options.limits,
        )
        for number, why in workers.run().items():
            self._take(units[number], [_lost(session, why) for session in units[number]])

    def _look(self) -> list[tuple[Session, ...]]:
        """Return the units that aren't finished; of the others take what is there."""
        left = []
        for unit in group_sessions(self.study.sessions):
            found = finished_unit(unit, self.context)
            if found is None:
                left.append(unit)
            else:
                self._tell(found)
        return left

    def give_up(self, reason: str) -> None:
        """Write the tables of what is finished, by this run or an earlier one; the rest failed for this reason."""
        clear_unfinished(self.context.folder)
        for session in self.study.sessions:
            if session.session_id not in self.outcomes:
                self.outcomes[session.session_id] = recall(session, self.context) or _not_reached(session, reason)
        self.write(pictures=False)

    def write(self, *, pictures: bool) -> RunResult:
        """Write the tables, provenance and, if asked, the animals' pictures."""
        if pictures:
            self.outcomes |= {outcome.session_id: outcome for outcome in self.artist.finish()}
        folder, protocol = self.context.folder, self.context.protocol
        failures = [*self._sheet_failures(), *self._failures()]
        sessions = sessions_table(self.study, self.outcomes, protocol)
        animals = animals_table(self.study, sessions, self.outcomes, protocol)
        messages = [*self._changes(), *self._leftovers()]
        if waiting := what_waits(animals, protocol.rule):
            messages.append(waiting)
        written = {"sessions": sessions, "animals": animals, "failures": failures_table(failures)}
        if self.context.time_bins_s is not None:
            written["time_bins"] = time_bins_table(self.study, self.outcomes, protocol)
        elif folder.table("time_bins").is_file():
            with writing(folder.table("time_bins")):
                folder.table("time_bins").unlink()
            messages.append("time_bins.csv of an earlier run was removed; --time-bins makes it again")
        _write_tables(written, folder)
        if pictures:
            self._draw_animals(animals)
            self.artist.finish()
            clear_unfinished(folder)
        drawn = self.drawn if pictures else self.before.get("animal_pictures", {})
        made = describe_run(self.study, self.context, self.outcomes.values(), drawn, self.before)
        write_json(folder.provenance, made)
        return RunResult(
            folder=folder.path,
            sessions=sessions,
            animals=animals,
            failures=tuple(failures),
            work=dict(Counter(outcome.work for outcome in self.outcomes.values() if outcome.record)),
            messages=tuple(messages),
        )

    def _count(self, frames: int) -> None:
        if self.listener is not None:
            self.listener(frames, ())

    def _take(self, unit: Sequence[Session], outcomes: Sequence[Outcome]) -> None:
        remember_failures(unit, outcomes, self.context)
        self._tell(outcomes)

    def _tell(self, outcomes: Sequence[Outcome]) -> None:
        self.outcomes |= {outcome.session_id: outcome for outcome in outcomes}
        self._sketch_animals(outcomes)
        if self.listener is not None:
            self.listener(0, outcomes)

    def _failures(self) -> Iterator[Failure]:
        for session in self.study.sessions:
            outcome = self.outcomes.get(session.session_id)
            if outcome is not None and outcome.failure is not None:
                yield outcome.failure

    def _sheet_failures(self) -> Iterator[Failure]:
        for fault in errors_among(self.faults):
            yield Failure(
                session_id=fault.session_id,
                video=fault.video,
                stage=fault.stage,
                error=str(fault),
                how_to_fix=fault.hint,
            )

    def _changes(self) -> Iterator[str]:
        """Say what of earlier results was made anew, and why."""
        said = {"tracked": "tracked anew", "rescored": "scored anew from tracks that still hold"}
        changes = Counter((o.work, o.because) for o in self.outcomes.values() if o.record and o.because)
        for (work, because), count in changes.items():
            why = ", ".join(PARTS[part] for part in because)
            changed = why if because == ("files",) else f"changed: {why}"
            yield f"{_sessions(count)} {said[work]} ({changed})"

    def _leftovers(self) -> Iterator[str]:
        """Say which sessions of earlier runs are not the study's any more."""
        own = {session.session_id for session in (*self.study.sessions, *self.study.unusable)}
        left = sorted(
            path.stem for path in self.context.folder.record("x").parent.glob("*.json") if path.stem not in own
        )
        if left:
            names = ", ".join(left[:3]) + (" …" if len(left) > 3 else "")
            yield f"{_sessions(len(left))} of earlier runs not in the study ({names}): files left, not in the tables"

    def _sketch_animals(self, outcomes: Sequence[Outcome]) -> None:
        """Ask for the pictures of finished animals while others are tracked, unless the rule compares them."""
        rule, own = self.context.protocol.rule, {outcome.session_id for outcome in outcomes}
        if rule is not None and any(criterion.kind != "cutoff" for criterion in rule.criteria):
            return
        sessions = tuple(session for session in self.study.sessions if session.session_id in own)
        part = replace(self.study, sessions=sessions, unusable=())
        protocol = self.context.protocol
        self._draw_animals(animals_table(part, sessions_table(part, self.outcomes, protocol), self.outcomes, protocol))

    def _draw_animals(self, animals: pd.DataFrame) -> None:
        """Ask for each animal's picture unless the one that is there shows the same."""
        if len(self.context.protocol.phases) == 1:
            return  # no phases to compare: the session's floor plan shows it all
        for row in ({str(name): value for name, value in row.items()} for row in animals.to_dict(orient="records")):
            key = AnimalKey(**{name: str(row[name]) for name in AnimalKey.__slots__})
            records = self._records_of(key)
            if not records:
                continue
            name = self.names[key]
            shown = digest([row, {phase: record["keys"] for phase, record in records.items()}])
            if self.drawn.get(name) == shown:
                continue
            self.drawn[name] = shown
            if (
                self.before.get("animal_pictures", {}).get(name) != shown
                or not self.context.folder.animal(name).is_file()
            ):
                self.artist.draw_animal(row, records, name)

    def _records_of(self, key: AnimalKey) -> dict[str, Mapping[str, Any]]:
        records = {}
        for session in self.study.sessions:
            outcome = self.outcomes.get(session.session_id)
            if session.key == key and outcome is not None and outcome.record:
                records[session.phase] = outcome.record
        return records


def _animal_names(animals: pd.DataFrame) -> dict[AnimalKey, str]:
    columns = [animals[name].astype(str) for name in AnimalKey.__slots__]
    keys = [AnimalKey(**dict(zip(AnimalKey.__slots__, values, strict=True))) for values in zip(*columns, strict=True)]
    return dict(zip(keys, session_ids([(key, "") for key in keys]), strict=True))


def _write_tables(tables: Mapping[str, pd.DataFrame], folder: ResultsFolder) -> None:
    """Write all tables; where one can't be (it is open in Excel), the others are written before this is raised."""
    errors: list[ResultsError] = []
    for name, table in tables.items():
        try:
            write_table(table, folder.table(name))
        except ResultsError as error:
            errors.append(error)
    if errors:
        raise errors[0]


def _sessions(count: int) -> str:
    return f"{count} session{'s' * (count != 1)}"


def _lost(session: Session, why: str) -> Outcome:
    return failed_outcome(
        session,
        stage="csds",
        error=f"not finished: {why}",
        how_to_fix="The recording may crash the decoder or hold it up, or memory is short; try it alone with --jobs 1.",
    )


def _not_reached(session: Session, reason: str) -> Outcome:
    return failed_outcome(
        session,
        stage="results",
        error=f"not finished, the run ended before ({reason})",
        how_to_fix="Run the same command again; it completes what is missing.",
    )
