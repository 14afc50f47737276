"""Pictures, drawn on a thread of their own while the next recording is decoded."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace

from csds.batch.animals import AnimalPicture, pictures_alone
from csds.batch.guard import failures_recorded
from csds.batch.options import Outcome
from csds.batch.pictures import save_animal, save_session
from csds.batch.prepare import Context
from csds.batch.unit import process_unit
from csds.errors import CsdsError, ResultsError
from csds.model.study import Session


@dataclass(slots=True, kw_only=True)
class Artist:
    """Draws one picture after the other; errors are told where these are waited for."""

    context: Context
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _sessions: list[Future[list[Outcome]]] = field(default_factory=list)
    _animals: dict[str, Future[None]] = field(default_factory=dict)

    def get_ready(self) -> None:
        """Import what writes tracks and draws, which takes as long as a few pictures, while something else goes on."""
        self._thread.submit(_import, ("pyarrow.parquet", "csds.figures.floor_plan", "csds.figures.animal"))

    def draw_session(self, session: Session, outcome: Outcome) -> None:
        """Ask for a session's picture if it is missing."""
        if _lacks_picture(outcome, self.context):
            self._sessions.append(self._thread.submit(draw_sessions, [session], [outcome], self.context))

    def draw_animal(self, picture: AnimalPicture) -> None:
        """Ask for an animal's picture."""
        self._animals[picture.name] = self._thread.submit(_draw_animal, picture, self.context)

    def finish_animals(self) -> None:
        """Wait for the animals' pictures.

        Raises
        ------
        ResultsError
            If one can't be drawn or written.
        """
        for animal in self._animals.values():
            animal.result()
        self._animals.clear()

    def finish_sessions(self) -> list[Outcome]:
        """Wait for the sessions' pictures and return the outcomes of those whose picture failed.

        Raises
        ------
        ResultsError
            If a picture can't be written.
        """
        done = [outcome for future in self._sessions for outcome in future.result() if outcome.failure is not None]
        self._sessions.clear()
        return done

    def stop(self) -> None:
        """Leave out what isn't drawn yet."""
        self._thread.shutdown(cancel_futures=True)


def draw_sessions(sessions: Sequence[Session], outcomes: Sequence[Outcome], context: Context) -> list[Outcome]:
    """Draw the sessions' pictures that are missing; where that fails the outcome becomes a failure.

    Raises
    ------
    ResultsError
        If a picture can't be written.
    """
    after = {outcome.session_id: outcome for outcome in outcomes}
    for session, outcome in zip(sessions, outcomes, strict=True):
        if outcome.record is not None and _lacks_picture(outcome, context):
            with failures_recorded([session], after):
                save_session(outcome.record, context.folder, context.protocol)
    return list(after.values())


def process_and_draw(
    unit: Sequence[Session], progress: Callable[[int], None] | None = None, *, context: Context
) -> list[Outcome]:
    """Do what `process_unit` does and draw the sessions' and animals' pictures: a worker's whole task."""
    outcomes = draw_sessions(unit, process_unit(unit, progress, context=context), context)
    drawn = {}
    for picture in pictures_alone(unit, {outcome.session_id: outcome for outcome in outcomes}, context):
        with suppress(ResultsError):  # told when it is tried again at the end
            _draw_animal(picture, context)
            drawn[picture.name] = picture.digest()
    return [replace(outcomes[0], drawn=drawn), *outcomes[1:]]


def _draw_animal(picture: AnimalPicture, context: Context) -> None:
    try:
        save_animal(picture.row, picture.records, picture.name, context.folder, context.protocol)
    except CsdsError:
        raise
    except Exception as error:  # tables must not be lost to a picture
        raise ResultsError(
            f"{context.folder.animal(picture.name)}: could not be drawn ({type(error).__name__}: {error})",
            hint="Run the same command again; the tables and the other pictures are not touched by it.",
        ) from error


def _import(names: Sequence[str]) -> None:
    for name in names:
        importlib.import_module(name)


def _lacks_picture(outcome: Outcome, context: Context) -> bool:
    return outcome.record is not None and not context.folder.overlay(outcome.session_id).is_file()
