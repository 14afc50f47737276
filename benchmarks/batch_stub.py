"""What stands in the place of tracking where scheduling alone is measured; it imports no more than a worker must."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from csds.batch.look import finished_unit
from csds.batch.options import Outcome
from csds.batch.prepare import Context
from csds.batch.reuse import stat_results, unit_fingerprint
from csds.formats.digest import stat_files
from csds.formats.json_files import read_json, write_json
from csds.model.study import Session
from csds.results.folder import ResultsFolder

MODEL = "model"
"""Folder, beside those of the archive and its results, of the real session whose record and files all others get."""


def leave_results(
    item: tuple[Path, Sequence[Session]], _progress: Callable[[int], None], *, context: Context
) -> list[Outcome]:
    """Leave what a unit's finished sessions leave: in the place of `csds.batch.sweep.work_on`."""
    _, unit = item
    if found := finished_unit(unit, context):
        return found
    fingerprint = unit_fingerprint(unit, context)
    first, *others = [_leave(session, fingerprint, context) for session in unit]
    return [replace(first, drawn={context.names[session.key]: "" for session in unit}), *others]


def _leave(session: Session, fingerprint: str | None, context: Context) -> Outcome:
    folder, session_id = context.folder, session.session_id
    _, _, record = model_of(folder.path.parent.parent / MODEL, session.phase)
    own = {
        "session_id": session_id, **asdict(session.key), "stress": session.stress, "treatment": session.treatment,
        "video": session.video,
    }  # fmt: skip
    names = [f"{path.parent.name}/{path.name}" for path in
             (folder.track(session_id), folder.floor(session_id), folder.thumbnails(session_id))]  # fmt: skip
    finished = {
        **record,
        "readings": None,
        "row": {**record["row"], **own},
        "files": dict(zip(names, record["files"].values(), strict=True)),
        "files_seen": stat_results(session_id, folder),
        "seen": stat_files(session.videos),
        "unit": fingerprint,
    }
    write_json(folder.record(session_id), finished, lines=False)
    return Outcome(session_id=session_id, record=finished)


_models: dict[str, tuple[ResultsFolder, str, Mapping[str, Any]]] = {}


def model_of(path: Path, phase: str) -> tuple[ResultsFolder, str, Mapping[str, Any]]:
    """Return the real results, and the session and record of a phase."""
    if phase not in _models:
        folder = ResultsFolder(path=path / "results")
        (record,) = folder.record("x").parent.glob(f"*{phase}.json")
        _models[phase] = folder, record.stem, read_json(record) or {}
    return _models[phase]
