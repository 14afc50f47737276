"""Results computed again from their recordings, and compared with what is there."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from csds import __version__
from csds.arena.files import CONFIDENCE
from csds.batch.archive import search_archive
from csds.batch.options import Listener, TrackOptions
from csds.batch.prepare import group_sessions
from csds.batch.run import track_study
from csds.errors import UsageError
from csds.formats.json_files import read_json
from csds.model.protocol import Protocol
from csds.model.study import Study
from csds.results.folder import ResultsFolder, read_track
from csds.results.record import protocol_of, read_record
from csds.study import load_study


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What isn't as it was: the session, the column of its row (or ``track``), and both values."""

    session_id: str
    column: str
    was: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What came of computing sessions again.

    Parameters
    ----------
    checked : tuple of str
        Ids of the sessions that were computed again.
    differences : tuple of Difference
    made_by, checked_by : str
        Versions of csds.
    """

    checked: tuple[str, ...]
    differences: tuple[Difference, ...]
    made_by: str
    checked_by: str = __version__


def study_of(results: Path, protocol: Protocol, sheet: Path | None = None) -> Study:
    """Return the study that results were made from: by a sheet, or else what they say it is.

    Raises
    ------
    UsageError
        They don't say it, or it isn't there any more.
    SheetError
        It can't be read.
    """
    told = (read_json(ResultsFolder(path=results).provenance) or {}).get("study", {})
    named, pattern, folder = told.get("sheet"), told.get("pattern"), Path(told.get("folder", ""))
    if sheet or named:
        return load_study(sheet or Path(named), protocol)[0]
    if pattern and folder.is_dir():
        for found in search_archive([folder], pattern).studies:
            if found.sheet is None and found.folder.resolve() == folder:
                return found.load(protocol)[0]
    raise UsageError(
        f"{results}: expected provenance.json to name the study sheet, or the folder and pattern of recordings, found "
        f"{f'{folder}, which holds none by {pattern} any more' if pattern else 'neither'}",
        hint="Name the study's sheet with --sheet.",
    )


def verify_results(
    results: Path,
    study: Study,
    *,
    rng: np.random.Generator,
    share: float = 1.0,
    protocol: str = "",
    jobs: int = 1,
    listener: Listener | None = None,
) -> Verification:
    """Compute sessions again, into a folder that is removed afterwards, and return what differs.

    Numbers have to be equal to the last digit, and so do tracks. The arena of a session is found again where it was
    found, and read again where a file gave it.

    Parameters
    ----------
    results : Path
        As ``csds track`` left it.
    study : Study
        That it was made from.
    rng : Generator
        Draws the sample.
    share : float
        Of the finished units (an animal's test, and what shares a recording with it), above 0, at most 1.
    protocol : str
        Name or file; default: what the results say.
    jobs : int
        Worker processes.
    listener : callable, optional
        As for `csds.batch.run.track_study`.

    Raises
    ------
    UsageError
        No session of the study is finished there, or the protocol isn't the results' own.
    """
    rules, folder = protocol_of(results, protocol), ResultsFolder(path=results)
    records = {
        session.session_id: record
        for session in study.sessions
        if (record := read_record(folder.record(session.session_id)))
    }
    units = [unit for unit in group_sessions(study.sessions) if all(session.session_id in records for session in unit)]
    if not units:
        raise UsageError(
            f"{results}: expected finished sessions of this study, found none",
            hint="Name the folder that csds track filled, and the sheet that it was made from.",
        )
    chosen = rng.permutation(len(units))[: max(1, math.ceil(share * len(units)))]
    sessions = [session for number in sorted(chosen) for session in units[number]]
    part = replace(study, sessions=tuple(sessions), unusable=())
    with TemporaryDirectory(prefix="csds-verify-") as place:
        made_again = track_study(part, rules, Path(place), _options(results, jobs), listener=listener)
        failed = {failure.session_id: failure.error for failure in made_again.failures}
        again = ResultsFolder(path=Path(place))
        differences = [
            one
            for session_id in (session.session_id for session in sessions)
            for one in _compare(session_id, folder, again, failed.get(session_id, ""))
        ]
    made = read_json(folder.provenance) or {}
    return Verification(
        checked=tuple(session.session_id for session in sessions),
        differences=tuple(differences),
        made_by=str(made.get("csds", "unknown")),
    )


def _options(results: Path, jobs: int) -> TrackOptions:
    """Return the options that results were made with, as far as numbers depend on them."""
    held = (read_json(ResultsFolder(path=results).provenance) or {}).get("options", {})
    arena = held.get("arena_file")
    return TrackOptions(
        jobs=jobs,
        arena_file=Path(arena) if arena else None,
        arena_confidence=float(held.get("arena_confidence", CONFIDENCE)),
        time_bins_s=held.get("time_bins_s"),
    )


def _compare(session_id: str, folder: ResultsFolder, again: ResultsFolder, failure: str) -> list[Difference]:
    if failure:
        return [Difference(session_id=session_id, column="session", was="finished", now=failure)]
    was, now = ((read_record(place.record(session_id)) or {}).get("row", {}) for place in (folder, again))
    found = [
        Difference(session_id=session_id, column=name, was=str(was.get(name, "")), now=str(now.get(name, "")))
        for name in dict.fromkeys((*was, *now))
        if was.get(name) != now.get(name)
    ]
    tracks = [read_track(place.track(session_id)) for place in (folder, again)]
    if not tracks[0].equals(tracks[1]):
        lengths = [f"{len(track)} frames" for track in tracks]
        found.append(Difference(session_id=session_id, column="track", was=lengths[0], now=lengths[1]))
    return found
