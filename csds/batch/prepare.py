"""Before tracking: which sessions belong together, and what each of them is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from csds.arena.files import check_frame_size, choose_arena, find_arena_file, read_arenas
from csds.batch.options import TrackOptions
from csds.behaviour.uncertainty import START_FOUND_SD_S, START_GIVEN_SD_S
from csds.errors import UnsteadyError
from csds.formats.digest import stat_files
from csds.model.arena import Arena
from csds.model.protocol import Protocol
from csds.model.shapes import FloatArray
from csds.model.study import AnimalKey, Session
from csds.results.folder import ResultsFolder
from csds.tracking import CameraShift
from csds.video import Recording, open_recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What all sessions of a run share; ``threads`` is how many the decoder may use, 0 for its own choice.

    ``names`` are the files of the animals' pictures, ``design_columns`` those that the sheet adds to tables.
    """

    protocol: Protocol
    folder: ResultsFolder
    options: TrackOptions
    sheet_folder: Path | None
    threads: int = 0
    names: Mapping[AnimalKey, str] = field(default_factory=dict)
    design_columns: tuple[str, ...] = ()

    @property
    def time_bins_s(self) -> float | None:
        """Length of time bins: the option's, or else the protocol's; None for none."""
        return self.options.time_bins_s or self.protocol.behaviour.time_bin_s or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session whose recording is open; ``given`` is the arena that ``arena_file`` gives, None without a file.

    ``seen`` are the sizes, dates and places of its files, ``video_sha256`` what they held.
    """

    session: Session
    recording: Recording
    seen: list[list[int]]
    video_sha256: tuple[str, ...]
    given: Arena | None
    arena_file: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An opened session whose arena is known.

    ``floor_of`` names the session whose floor this one shares, the two pictures being those of one
    room, and ``motion`` takes that one's pixels to this one's; None where the camera rested. ``is_unsure``
    where the arena comes from another recording whose picture shows no such room.
    """

    opened: Opened
    arena: Arena
    floor_of: str = ""
    motion: FloatArray | None = None
    shift: CameraShift | None = None
    is_unsure: bool = False

    @property
    def session(self) -> Session:
        """The sheet's row."""
        return self.opened.session

    @property
    def recording(self) -> Recording:
        """The open recording."""
        return self.opened.recording


def group_sessions(sessions: Sequence[Session]) -> list[tuple[Session, ...]]:
    """Return the sessions in units: those of one animal's test, and all that share a recording with them."""
    parent = list(range(len(sessions)))

    def root(i: int) -> int:
        while parent[i] != i:
            i = parent[i]
        return i

    seen: dict[object, int] = {}
    for i, session in enumerate(sessions):
        for shared in (session.key, session.videos):
            j = seen.setdefault(shared, i)
            parent[max(root(i), root(j))] = min(root(i), root(j))
    units: dict[int, list[Session]] = {}
    for i, session in enumerate(sessions):
        units.setdefault(root(i), []).append(session)
    return [tuple(unit) for unit in units.values()]


def open_session(session: Session, context: Context, digest_of: Callable[[Path], str]) -> Opened:
    """Return a session with its recording opened and its arena file read and checked.

    Raises
    ------
    VideoError, ArenaError, ProtocolError
        The recording or its arena can't be used.
    """
    recording = open_recording(session.videos)
    size = (recording.info.width, recording.info.height)
    arena, path = session_arena(session, context, frame_size_px=size)
    try:
        seen = stat_files(session.videos)
        digests = tuple(digest_of(video) for video in session.videos)
    except OSError as error:
        raise UnsteadyError(
            f"{session.video}: can't be read to its end ({error.strerror})",
            hint="Check the drive or network that it is on; or copy it again from where it was recorded.",
        ) from error
    return Opened(session=session, recording=recording, seen=seen, video_sha256=digests, given=arena, arena_file=path)


def require_unchanged(item: Opened) -> None:
    """Raise UnsteadyError if a session's files are not what they were when it was opened: frames may be missing."""
    try:
        now = stat_files(item.session.videos)
    except OSError as error:
        raise UnsteadyError(
            f"{item.session.video}: went away while it was read ({error.strerror})",
            hint="Check the drive or network that it is on, then run the same command again.",
        ) from error
    if now != item.seen:
        raise UnsteadyError(
            f"{item.session.video}: changed while it was read",
            hint="If it is still being recorded or copied, wait until that is done, then run the same command again.",
        )


def session_arena(
    session: Session, context: Context, *, frame_size_px: tuple[int, int] | None = None
) -> tuple[Arena | None, Path | None]:
    """Return a session's arena, checked against the frames' size if that is known, and the file that gives it.

    None where there is no file: the arena has to be found in the recording.
    """
    path = find_arena_file(session.videos[0], context.sheet_folder, context.options.arena_file)
    if path is None:
        return None, None
    arena = choose_arena(read_arenas(path, context.protocol), session.arena, path)
    if frame_size_px is not None:
        check_frame_size(arena, frame_size_px, path)
    return arena, path


def start_error_s(session: Session) -> float:
    """Return the SD of the trial's start, by where the window comes from: the sheet, or the recording."""
    return START_FOUND_SD_S if session.start_s is None else START_GIVEN_SD_S


def same_test(item: Opened, opened: Iterable[Opened]) -> list[Opened]:
    """Return the sessions of the same animal's test, the session itself among them."""
    return [other for other in opened if other.session.key == item.session.key]


def same_floor(item: Placed, placed: Iterable[Placed]) -> list[Placed]:
    """Return the sessions of the same animal's test that show the same floor, the session itself among them."""
    return [other for other in placed if other is item or (item.floor_of and other.floor_of == item.floor_of)]


def by_recording(items: Iterable[Placed]) -> list[list[Placed]]:
    """Return sessions in groups that share a recording, so that it is decoded once."""
    groups: dict[tuple[Path, ...], list[Placed]] = {}
    for item in items:
        groups.setdefault(item.session.videos, []).append(item)
    return list(groups.values())
