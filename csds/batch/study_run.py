"""One study's run: what has come out so far, and the tables made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from csds.batch.animals import AnimalPicture, animal_names, animal_pictures, pictures_alone
from csds.batch.artist import Artist
from csds.batch.failures import remember_failures
from csds.batch.look import finished_unit
from csds.batch.options import Failure, Listener, Outcome, RunResult, failed_outcome
from csds.batch.prepare import Context, group_sessions
from csds.batch.provenance import describe_run, digest_of_inputs, refuse_other_study
from csds.batch.reuse import PARTS, recall
from csds.batch.tables import animals_table, failures_table, sessions_table, time_bins_table
from csds.behaviour.rules import what_waits
from csds.errors import ResultsError
from csds.formats.atomic import require_steady
from csds.formats.digest import stat_folder
from csds.formats.json_files import read_json, write_json
from csds.formats.tables import write_table
from csds.model.study import Session, Study
from csds.results.folder import ResultsFolder, clear_unfinished, prepare_folder, writing
from csds.study.faults import Fault, errors_among


def open_run(
    study: Study,
    context: Context,
    *,
    faults: Sequence[Fault] = (),
    listener: Listener | None = None,
) -> StudyRun:
    """Return a run into a results folder, which is made if need be.

    Raises
    ------
    UsageError, ResultsError, ScoreError
        As `csds.batch.run.track_study`.
    """
    # What can't be scored at all is told now, not after hours of tracking.
    animals = animals_table(study, sessions_table(study, {}, context.protocol), {}, context.protocol)
    before = read_json(context.folder.provenance) or {}
    if not context.options.force:
        refuse_other_study(study, context.folder, before)
    prepare_folder(context.folder)
    before.pop("sessions", None)  # of many studies that wait these would fill the memory, and the records have them
    context = replace(context, names=animal_names(animals), design_columns=study.design_columns)
    return StudyRun(
        study=study,
        context=context,
        faults=faults,
        listener=listener,
        artist=Artist(context=context),
        before=before,
        pictured=_pictured(before, context.folder),
        had_failures=any(context.folder.failure("x").parent.glob("*.json")),
    )


@dataclass(slots=True, kw_only=True)
class StudyRun:
    """The state of one run: what has come out so far.

    ``before`` is the provenance of the run before but for its sessions, ``had_failures`` whether it left some;
    ``pictured`` is what its animals' pictures show, of those that nobody has touched since, ``drawn`` what those show
    that this one drew; ``forgotten`` are units that were finished before, to be looked at again.
    """

    study: Study
    context: Context
    faults: Sequence[Fault]
    listener: Listener | None
    artist: Artist
    before: Mapping[str, Any]
    pictured: Mapping[str, str] = field(default_factory=dict)
    had_failures: bool = False
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    drawn: dict[str, str] = field(default_factory=dict)
    forgotten: list[tuple[Session, ...]] = field(default_factory=list)

    def look(self) -> list[tuple[Session, ...]]:
        """Return the units that aren't finished; of the others take what is there."""
        left = []
        for unit in group_sessions(self.study.sessions):
            found = finished_unit(unit, self.context)
            if found is None:
                left.append(unit)
                continue
            self.outcomes |= {outcome.session_id: outcome for outcome in found}
            if self.listener is not None:
                self.listener(0, found)
        return left

    def is_unchanged(self) -> bool:
        """Return whether tables and pictures are there as they would be made of what was found."""
        if self.forgotten or any(outcome.work != "kept" for outcome in self.outcomes.values()):
            return False
        return self.before.get("made_of") == self._inputs()

    def forget(self) -> None:
        """Forget what is finished until the tables are written: of many studies that wait it would fill the memory."""
        if self.outcomes:
            units = group_sessions(self.study.sessions)
            self.forgotten = [unit for unit in units if unit[0].session_id in self.outcomes]
            self.outcomes.clear()

    def lose(self, unit: Sequence[Session], why: str) -> None:
        """Take it that a unit was lost with the process that worked on it."""
        self.take(unit, [_lost(session, why) for session in unit])

    def give_up(self, reason: str) -> None:
        """Write the tables of what is finished, by this run or an earlier one; the rest failed for this reason."""
        clear_unfinished(self.context.folder)
        self._remember()
        why = f"the run ended before ({reason})"
        for session in self.study.sessions:
            if session.session_id not in self.outcomes:
                self.outcomes[session.session_id] = recall(session, self.context) or _not_reached(session, why)
        self.write(pictures=False)

    def write(self, *, pictures: bool) -> RunResult:
        """Write the tables, provenance and, if asked, the animals' pictures."""
        require_steady(self.context.folder.path)
        self._remember()
        if pictures:
            self.outcomes |= {outcome.session_id: outcome for outcome in self.artist.finish_sessions()}
        folder, protocol = self.context.folder, self.context.protocol
        failures = self.failures()
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
            # An animal that the rule judges alone may have been drawn: its row is that of the whole study's table.
            left = [one for one in self.study.sessions if self.context.names[one.key] not in self.drawn]
            self._draw_animals(animal_pictures(animals, left, self.outcomes, self.context))
            self.artist.finish_animals()
            clear_unfinished(folder)
        # Those of an earlier run stand as they were: what was drawn since is told by its date.
        drawn = _as_drawn(self.drawn, folder) if pictures else self.before.get("animal_pictures", {})
        made = describe_run(self.study, self.context, self.outcomes.values(), drawn, self.before)
        made["made_of"] = self._inputs() if pictures else None
        write_json(folder.provenance, made)
        return RunResult(
            folder=folder.path,
            sessions=sessions,
            animals=animals,
            failures=failures,
            work=self.work(),
            messages=tuple(messages),
        )

    def failures(self) -> tuple[Failure, ...]:
        """Return what failed, of the sheet and of what came out, in the sheet's order."""
        found = (self.outcomes.get(session.session_id) for session in self.study.sessions)
        return (*self._sheet_failures(), *(one.failure for one in found if one is not None and one.failure is not None))

    def work(self) -> dict[str, int]:
        """Return how many sessions were ``tracked``, ``rescored`` or ``kept``."""
        return dict(Counter(outcome.work for outcome in self.outcomes.values() if outcome.record))

    def count(self, frames: int) -> None:
        """Take that frames were decoded."""
        if self.listener is not None:
            self.listener(frames, ())

    def take(self, unit: Sequence[Session], outcomes: Sequence[Outcome]) -> None:
        """Take what became of a unit."""
        require_steady(self.context.folder.path)
        if self.had_failures or any(outcome.failure is not None for outcome in outcomes):
            remember_failures(unit, outcomes, self.context)
        self.outcomes |= {outcome.session_id: outcome for outcome in outcomes}
        for outcome in outcomes:
            self.drawn |= outcome.drawn
        if self.listener is not None:
            self.listener(0, outcomes)

    def sketch_animals(self, unit: Sequence[Session]) -> None:
        """Ask for the pictures of a unit's animals while others are tracked."""
        self._draw_animals(pictures_alone(unit, self.outcomes, self.context))

    def _inputs(self) -> str:
        return digest_of_inputs(self.study, self.context, self.failures())

    def _remember(self) -> None:
        """Take again what was forgotten; what has changed meanwhile is the next run's to do."""
        for unit in self.forgotten:
            found = finished_unit(unit, self.context) or [
                recall(session, self.context) or _not_reached(session, "it changed while others were tracked")
                for session in unit
            ]
            self.outcomes |= {outcome.session_id: outcome for outcome in found}
        self.forgotten = []

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

    def _draw_animals(self, pictures: Iterable[AnimalPicture]) -> None:
        """Ask for each picture unless the one that is there shows the same."""
        for picture in pictures:
            self.drawn[picture.name] = shown = picture.digest()
            if self.pictured.get(picture.name) != shown:
                self.artist.draw_animal(picture)


def _as_drawn(drawn: Mapping[str, str], folder: ResultsFolder) -> dict[str, list[Any]]:
    """Return of each picture that is there what it shows, and its size and date."""
    there = dict(stat_folder(folder.animal("").parent, ".png"))
    files = {name: folder.animal(name).name for name in drawn}
    return {name: [shown, *there[files[name]][:2]] for name, shown in drawn.items() if files[name] in there}


def _pictured(before: Mapping[str, Any], folder: ResultsFolder) -> dict[str, str]:
    """Return of an earlier run's pictures what they show, where they are as that run left them."""
    told: Mapping[str, list[Any]] = before.get("animal_pictures", {})
    now = _as_drawn({name: seen[0] for name, seen in told.items()}, folder)
    return {name: seen[0] for name, seen in told.items() if now.get(name) == seen}


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


def _not_reached(session: Session, why: str) -> Outcome:
    return failed_outcome(
        session,
        stage="results",
        is_passing=True,
        error=f"not finished, {why}",
        how_to_fix="Run the same command again; it completes what is missing.",
    )
