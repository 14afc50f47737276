"""Failures that are remembered: what failed isn't tried again until something has changed, or it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from csds.batch.options import Failure, Outcome
from csds.batch.prepare import Context
from csds.batch.reuse import unit_fingerprint
from csds.formats.json_files import read_json, write_json
from csds.model.study import Session
from csds.results.folder import writing


def remember_failures(unit: Sequence[Session], outcomes: Sequence[Outcome], context: Context) -> None:
    """Write the failures of a unit beside the records, and remove those that are none any more, or may pass."""
    has_failed = any(outcome.failure is not None and not outcome.is_passing for outcome in outcomes)
    fingerprint = unit_fingerprint(unit, context) if has_failed else None
    for outcome in outcomes:
        path = context.folder.failure(outcome.session_id)
        if outcome.failure is None or outcome.is_passing or fingerprint is None:
            with writing(path):
                path.unlink(missing_ok=True)
        else:
            write_json(path, {"unit": fingerprint, "failure": asdict(outcome.failure), "flag": outcome.flag})


def read_failure(path: Path, fingerprint: str) -> Outcome | None:
    """Return a failure that was remembered of the same unit, or None."""
    held = read_json(path)
    if held is None or held.get("unit") != fingerprint or not isinstance(held.get("failure"), dict):
        return None
    try:
        failure = Failure(**held["failure"])
    except TypeError:
        return None
    return Outcome(session_id=failure.session_id, failure=failure, flag=str(held.get("flag", "")), work="kept")
