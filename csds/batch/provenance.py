"""What made a folder's results, and whose they are."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from csds import __version__
from csds.analysis.plan_record import PLANS, record_plan
from csds.batch.options import Failure, Outcome
from csds.batch.prepare import Context
from csds.batch.software import libraries, made_with
from csds.errors import UsageError
from csds.formats.digest import digest, file_digest, stat_folder
from csds.model.study import Study
from csds.results.folder import ResultsFolder

_COMPARED = 3
_TABLES = ("sessions", "animals", "failures", "time_bins")


def describe_run(
    study: Study,
    context: Context,
    outcomes: Iterable[Outcome],
    animal_pictures: Mapping[str, Sequence[Any]],
    before: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the content of ``provenance.json``.

    Parameters
    ----------
    study : Study
    context : Context
    outcomes : iterable of Outcome
    animal_pictures : mapping
        Digest of what each animal's picture was drawn from, by its file name, and the file's size and date.
    before : mapping
        The same of the run before into this folder; empty where there was none.
    """
    protocol, options = context.protocol, context.options
    return {
        "csds": __version__,
        "libraries": libraries(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": list(options.command) or sys.argv,
        "study": {
            "title": study.title,
            "sheet": str(study.sheet.resolve()) if study.sheet else "",
            "folder": str(study.folder.resolve()),
            "pattern": study.pattern,
            "settings": study.settings,
        },
        PLANS: record_plan(study.settings, before.get(PLANS, ())),
        "protocol": {"name": protocol.name, "sha256": protocol.sha256, "content": asdict(protocol)},
        "options": {**asdict(replace(options, command=())), "time_bins_s": context.time_bins_s},
        "sessions": {outcome.session_id: outcome.record["made_from"] for outcome in outcomes if outcome.record},
        "animal_pictures": dict(animal_pictures),
    }


def digest_of_inputs(study: Study, context: Context, failures: Sequence[Failure] = ()) -> str:
    """Return a digest of what tables and pictures are made of, and of how they look.

    Records, tables and pictures are told by size, dates and place on the disk: none is read.

    Parameters
    ----------
    study : Study
    context : Context
    failures : sequence of Failure
        All that are in the tables: what was out of reach for a moment has its record, but failed.
    """
    folder = context.folder
    seen = [
        stat_folder(folder.path, *(folder.table(name).name for name in _TABLES)),
        stat_folder(folder.record("").parent, ".json"),
        stat_folder(folder.failure("").parent, ".json"),
        stat_folder(folder.animal("").parent, ".png"),
    ]
    told = [study.title, study.settings, study.sessions, study.unusable, list(failures), context.protocol.sha256]
    return digest([__version__, made_with(), told, context.time_bins_s, seen])


def refuse_other_study(study: Study, folder: ResultsFolder, before: Mapping[str, Any]) -> None:
    """Refuse a folder that holds another study's results, as its provenance ``before`` tells.

    It is the same study if it was made from the same sheet, or without one in the same folder, or if a session of
    the same name was made from the same recording (the study's folder may have moved).

    Raises
    ------
    UsageError
        With what the folder holds.
    """
    if not isinstance(before.get("study"), dict) or not before.get("sessions"):
        return
    sheet = str(before["study"].get("sheet", ""))
    if sheet and study.sheet is not None and Path(sheet) == study.sheet.resolve():
        return
    if not sheet and study.sheet is None and before["study"].get("folder") == str(study.folder.resolve()):
        return
    if _shares_a_recording(study, before["sessions"]):
        return
    raise UsageError(
        f"{folder.path}: holds the results of another study ({sheet or before['study'].get('title', '')})",
        hint="Name another folder with --out, or add --force to use this one all the same: tables are then "
        "this study's, and sessions of the same name are replaced.",
    )


def _shares_a_recording(study: Study, before: Mapping[str, Any]) -> bool:
    shared = (session for session in study.sessions if session.session_id in before)
    for session in islice(shared, _COMPARED):
        made_from = before[session.session_id]
        known = made_from.get("videos", {}) if isinstance(made_from, dict) else {}
        try:
            if [file_digest(video) for video in session.videos] == list(known.values()):
                return True
        except OSError:
            continue
    return False
