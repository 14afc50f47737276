"""What goes wrong with one session never stops the others."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from csds.batch.options import Outcome, failed_outcome, outcome_of_error
from csds.errors import CsdsError, ResultsError, UnsteadyError
from csds.model.study import Session

Outcomes = dict[str, Outcome]


@contextmanager
def failures_recorded(sessions: Sequence[Session], outcomes: Outcomes) -> Iterator[None]:
    """Turn what goes wrong in the block into the outcome of these sessions; the others go on."""
    try:
        yield
    except ResultsError:
        raise  # what can't be written for this session can't be for the next
    except CsdsError as error:
        outcomes |= {session.session_id: outcome_of_error(session, error) for session in sessions}
    except OSError as error:
        outcomes |= {session.session_id: outcome_of_error(session, _lost(error)) for session in sessions}
    except Exception as error:  # noqa: BLE001 - hours of work on other sessions must not be lost to a fault in csds
        outcomes |= {session.session_id: _broken(session, error) for session in sessions}


def _lost(error: OSError) -> UnsteadyError:
    where = f"{error.filename}: " if error.filename else ""
    return UnsteadyError(
        f"{where}can't be used ({error.strerror or error})",
        hint="Check the drive or network that it is on, then run the same command again.",
    )


def _broken(session: Session, error: Exception) -> Outcome:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return failed_outcome(
        session,
        stage="csds",
        error=f"a fault in csds: {type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})",
        how_to_fix="Please report it with this line; the other sessions are not touched by it.",
    )
