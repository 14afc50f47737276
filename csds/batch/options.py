"""What a run of `track_study` is asked to do, and what it tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from csds.arena.files import CONFIDENCE
from csds.batch.child import Limits
from csds.errors import CsdsError
from csds.model.study import Session

Work = Literal["tracked", "rescored", "kept"]
"""What was done for a session: all of it, only what comes after tracking, or nothing as it was there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackOptions:
    """Options of a run.

    Parameters
    ----------
    arena_file : Path, optional
        One arena file for all recordings; default: each recording's own.
    jobs : int
        Worker processes.
    arena_confidence : float
        An arena that had to be found, and was with less confidence than this, is not used.
    overlay_video : bool
        Also write an annotated video for each session.
    time_bins_s : float, optional
        Also write zone times and distance in bins of this many seconds; default: the protocol's
        ``behaviour.time_bin_s``, where it is above 0.
    rehash : bool
        Read every recording and every file of earlier results to tell whether it changed, not only its size, dates
        and place on the disk.
    retry_failed : bool
        Try sessions again that failed before and whose files and settings are the same.
    limits : Limits
        Of each worker process.
    force : bool
        Use the folder even if it holds another study's results.
    command : tuple of str
        The command line, for provenance.
    """

    arena_file: Path | None = None
    jobs: int = 1
    arena_confidence: float = CONFIDENCE
    overlay_video: bool = False
    time_bins_s: float | None = None
    rehash: bool = False
    retry_failed: bool = True
    limits: Limits = field(default_factory=Limits)
    force: bool = False
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A session that could not be used: where it failed, why, and what to do."""

    session_id: str
    video: str
    stage: str
    error: str
    how_to_fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a session: its record, or its failure.

    ``because`` says what had changed since earlier results (empty where there were none); ``flag`` is that
    of the failure, beside ``failed``; one that ``is_passing`` isn't remembered: the next run tries again.
    ``drawn`` says what pictures of animals show that were drawn with it, by name.
    """

    session_id: str
    record: Mapping[str, Any] | None = None
    failure: Failure | None = None
    work: Work = "tracked"
    because: tuple[str, ...] = ()
    flag: str = ""
    is_passing: bool = False
    drawn: Mapping[str, str] = field(default_factory=dict)


def failed_outcome(
    session: Session, *, stage: str, error: str, how_to_fix: str, flag: str = "", is_passing: bool = False
) -> Outcome:
    """Return the outcome of a session that could not be used."""
    failure = Failure(
        session_id=session.session_id, video=session.video, stage=stage, error=error, how_to_fix=how_to_fix
    )
    return Outcome(session_id=session.session_id, failure=failure, flag=flag, is_passing=is_passing)


def outcome_of_error(session: Session, error: CsdsError) -> Outcome:
    """Return the outcome of a session that an error ended."""
    return failed_outcome(
        session, stage=error.stage, error=error.message, how_to_fix=error.hint, flag=error.flag,
        is_passing=error.is_passing,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What a run leaves.

    Parameters
    ----------
    folder : Path
    sessions, animals : DataFrame
        The tables as they were written.
    failures : tuple of Failure
    work : mapping
        How many sessions were ``tracked``, ``rescored`` or ``kept``.
    messages : tuple of str
        What the user should know: what was computed anew and why, what was left alone.
    """

    folder: Path
    sessions: pd.DataFrame
    animals: pd.DataFrame
    failures: tuple[Failure, ...]
    work: Mapping[str, int] = field(default_factory=dict)
    messages: tuple[str, ...] = ()


#: Told while a run goes on: frames decoded since the last call, and sessions finished since then.
Listener = Callable[[int, Sequence[Outcome]], None]
