"""Every fault of a study, found in seconds before hours of work: sheet, protocol, arenas, recordings."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from csds.analysis.plan import plan_from
from csds.arena import check_frame_size, choose_arena, find_arena_file, read_arenas
from csds.batch.asked import duration_of, given_window, sharing_trials
from csds.errors import ArenaError, CsdsError, ProtocolError, SheetError, UsageError, VideoError
from csds.model.protocol import Protocol
from csds.model.study import Session, Study
from csds.protocol import load_protocol, resolve_zones
from csds.study import Fault, load_study, named_protocol
from csds.video import Recording, open_recording

_AT_ONCE = 4
"""Recordings looked at together; opening one waits for the disk more than for the processor."""

_TOLERANCE_S = 1.0
"""A recording may end this much before its window without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyCheck:
    """What was found: the study as far as it can be used, and its faults in the order of the sheet.

    ``without_arena`` are the recordings that have no arena file: `csds track` finds it in the picture.
    """

    study: Study | None
    protocol: Protocol | None
    faults: tuple[Fault, ...]
    without_arena: tuple[str, ...] = ()


def check_study(sheet: Path, protocol: str | Path | None = None, *, arena: Path | None = None) -> StudyCheck:
    """Return everything that is wrong with a study; nothing is tracked or written.

    Beside the sheet itself: each recording opens and has a frame that decodes, its arena file, where
    there is one, holds the arena that the row names, was drawn on frames of this size and has room for
    the protocol's zones; and the recording reaches the window's end.

    Parameters
    ----------
    sheet : Path
    protocol : str or Path, optional
        Name of a protocol that comes with csds, or a file; default: as for `csds track`, what
        ``study.toml`` names.
    arena : Path, optional
        One arena file for all recordings.

    Raises
    ------
    UsageError
        Sheet, protocol or arena file don't exist: the call is wrong, not the study.
    """
    if arena is not None and not arena.is_file():
        raise UsageError(f"{arena}: there is no such arena file", hint="Check the path given with --arena.")
    try:
        used = load_protocol(protocol or named_protocol(sheet.parent))
    except (ProtocolError, SheetError) as error:
        return StudyCheck(study=None, protocol=None, faults=(_whole(error),))
    try:
        study, faults = load_study(sheet, used)
    except SheetError as error:
        return StudyCheck(study=None, protocol=used, faults=(_whole(error),))
    found = [*faults, *_check_plan(study), *_check_recordings(study.sessions, used, study.folder, arena)]
    found.sort(key=lambda fault: fault.row or 0)
    without = {
        session.video: None
        for session in study.sessions
        if find_arena_file(session.videos[0], study.folder, arena) is None
    }
    return StudyCheck(study=study, protocol=used, faults=tuple(found), without_arena=tuple(without))


def _check_plan(study: Study) -> list[Fault]:
    try:
        plan_from(study.settings, study.folder / "study.toml")
    except SheetError as error:
        return [Fault(row=None, column="", message=error.message, hint=error.hint, stage="plan")]
    return []


def _whole(error: CsdsError) -> Fault:
    return Fault(row=None, column="", message=error.message, hint=error.hint, stage=error.stage, unusable=True)


def _check_recordings(sessions: Sequence[Session], protocol: Protocol, folder: Path, arena: Path | None) -> list[Fault]:
    distinct = list(dict.fromkeys(session.videos for session in sessions))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        opened = dict(zip(distinct, pool.map(_open, distinct), strict=True))
        faults = list(
            pool.map(lambda session: _check_session(session, opened[session.videos], protocol, folder, arena), sessions)
        )
        faults += pool.map(lambda session: _check_length(session, opened[session.videos], sessions, protocol), sessions)
    return _said_once([fault for some in faults for fault in some])


def _open(videos: tuple[Path, ...]) -> Recording | VideoError:
    try:
        return open_recording(videos)
    except VideoError as error:
        return error


def _check_session(
    session: Session, recording: Recording | VideoError, protocol: Protocol, folder: Path, given: Path | None
) -> list[Fault]:
    faults = []
    size = None
    if isinstance(recording, VideoError):
        faults.append(_fault(session, "video", recording))
    else:
        size = (recording.info.width, recording.info.height)
    try:
        path = find_arena_file(session.videos[0], folder, given)
        if path is None:
            # It will be found in the picture, of the protocol's size.
            resolve_zones(protocol, protocol.arena_width_cm, protocol.arena_height_cm)
            return faults
        arena = choose_arena(read_arenas(path, protocol), session.arena, path)
        if size is not None:
            check_frame_size(arena, size, path)
        resolve_zones(protocol, arena.width_cm, arena.height_cm)
    except (ArenaError, ProtocolError) as error:
        faults.append(_fault(session, "arena", error))
    return faults


def _check_length(
    session: Session, recording: Recording | VideoError, sessions: Sequence[Session], protocol: Protocol
) -> list[Fault]:
    """Return a fault where a recording ends before a session's window does, or is too short for its trials."""
    if isinstance(recording, VideoError):
        return []
    given = given_window(session, protocol)
    sharing = sharing_trials(session, sessions, protocol)
    start, end = given or (0.0, sum(duration_of(other, protocol) for other in sharing))
    if _has_frame(recording, max(end - _TOLERANCE_S, start)):
        return []
    if start > 0 and not _has_frame(recording, start):
        error = VideoError(
            f"{session.video}: the recording ends before the window's start at {start:g} s",
            hint="Correct start_s, or the recording's name.",
        )
        return [_fault(session, "start_s", error)]
    window = f"the window of {start:g} to {end:g} s does" if given else f"a trial of {end:g} s can"
    error = VideoError(
        f"{session.video}: the recording ends before "
        + (window if len(sharing) < 2 else f"{len(sharing)} trials of {end:g} s together can"),
        hint="If this is meant, nothing need be done (the session is flagged short_recording); otherwise correct "
        "start_s or duration_s, or choose the protocol with this duration.",
    )
    return [_fault(session, "duration_s", error, severe=False)]


def _has_frame(recording: Recording, from_s: float) -> bool:
    return next(recording.frames(from_s, threads=1), None) is not None


def _fault(session: Session, column: str, error: CsdsError, *, severe: bool = True) -> Fault:
    return Fault(
        row=session.row or None,
        column=column,
        message=error.message,
        hint=error.hint,
        severity="error" if severe else "warning",
        unusable=severe,
        stage=error.stage,
        session_id=session.session_id,
        video=session.video,
    )


def _said_once(faults: Sequence[Fault]) -> list[Fault]:
    """Return the faults without those that another row of the same recording has told already."""
    kept: list[Fault] = []
    for fault in faults:
        if not any((fault.message, fault.hint) == (other.message, other.hint) for other in kept):
            kept.append(fault)
    return kept
