"""What is finished is told by a look at sizes and dates; no recording is opened for it."""

from __future__ import annotations

from collections.abc import Sequence

from csds.batch.failures import read_failure
from csds.batch.options import Outcome
from csds.batch.prepare import Context
from csds.batch.reuse import files_hold, unit_fingerprint
from csds.model.study import Session
from csds.results.record import read_record


def finished_unit(unit: Sequence[Session], context: Context) -> list[Outcome] | None:
    """Return the outcomes of a unit of which nothing has changed since all of it was finished, or None.

    Sessions that failed are among them, unless these are to be tried again.
    """
    folder = context.folder
    # Most units of a first run have neither, and nothing more need be asked of them.
    is_held = all(folder.record(one.session_id).is_file() or folder.failure(one.session_id).is_file() for one in unit)
    if not is_held or context.options.rehash or (fingerprint := unit_fingerprint(unit, context)) is None:
        return None
    outcomes = []
    for session in unit:
        found = _finished(session, fingerprint, context)
        if found is None:
            return None
        outcomes.append(found)
    return outcomes


def _finished(session: Session, fingerprint: str, context: Context) -> Outcome | None:
    folder, session_id = context.folder, session.session_id
    record = read_record(folder.record(session_id))
    if record is not None and record.get("unit") == fingerprint:
        pictures = [folder.overlay(session_id)]
        if context.options.overlay_video:
            pictures.append(folder.overlay_video(session_id))
        is_whole = files_hold(record, session_id, folder) and all(path.is_file() for path in pictures)
        return Outcome(session_id=session_id, record=record, work="kept") if is_whole else None
    if context.options.retry_failed:
        return None
    return read_failure(folder.failure(session_id), fingerprint)
