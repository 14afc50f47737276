"""Arena files for many recordings at once: found, carried from another recording of the camera, or given by hand."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from csds.arena.files import arena_path, check_corners, check_frame_size, read_arenas, write_arenas
from csds.arena.find import FoundArenas
from csds.arena.register import move_arena, register
from csds.arena.still import still_grey
from csds.batch.arenas import find_in_phases
from csds.batch.settle import how_to_settle, save_found_picture, why_ambiguous
from csds.batch.views import steady_samples
from csds.errors import ArenaError, CsdsError, UsageError, VideoError
from csds.model.arena import Arena
from csds.model.protocol import Protocol
from csds.video import open_recording, sample_frames

Outcome = Literal["found", "carried", "by hand", "kept", "failed"]
Corners = tuple[tuple[float, float], ...]

#: A camera that shifted by more than this from one recording to the next has moved, px of a picture 640 wide.
_MOVED_PX = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A recording whose arena is wanted.

    Parameters
    ----------
    videos : tuple of Path
        Its parts in order.
    test : object
        Recordings with the same are phases of one animal's test and looked at together.
    start_s, duration_s : float
        Window that is looked at.
    """

    videos: tuple[Path, ...]
    test: object
    start_s: float = 0.0
    duration_s: float = 150.0

    @property
    def video(self) -> Path:
        """The first part."""
        return self.videos[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArenaRequest:
    """How arena files are made.

    Parameters
    ----------
    protocol : Protocol
    confidence : float
        Least confidence of an arena that is used.
    out : Path, optional
        Folder for the files; default: beside each video, or in ``arenas`` of ``sheet_folder`` where
        that can't be written to.
    sheet_folder : Path, optional
    force : bool
        Replace files that were drawn by hand.
    corners : tuple
        The corners of each arena by hand, clockwise in the image from the left end of the enclosure wall.
    carry_from : Path, optional
        A recording whose arena file is carried over.
    """

    protocol: Protocol
    confidence: float
    out: Path | None = None
    sheet_folder: Path | None = None
    force: bool = False
    corners: tuple[Corners, ...] = ()
    carry_from: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArenaResult:
    """What became of a recording's arena file.

    ``shift_px`` is by how much the camera had moved since the recording that the arena was carried
    from, ``error`` and ``how_to_fix`` say why there is none.
    """

    video: Path
    outcome: Outcome
    arenas: tuple[Arena, ...] = ()
    file: Path | None = None
    picture: Path | None = None
    carried_from: Path | None = None
    shift_px: float | None = None
    camera_moved: bool = False
    error: str = ""
    how_to_fix: str = ""

    @property
    def confidence(self) -> float | None:
        """That of the least sure arena; None where there is none."""
        return min((arena.confidence for arena in self.arenas), default=None)


@dataclass(slots=True, kw_only=True)
class _Seen:
    """A recording that was looked at."""

    shot: Shot
    grey: NDArray[np.uint8]
    found: FoundArenas | None = None


@dataclass(slots=True, kw_only=True)
class _Job:
    request: ArenaRequest
    results: dict[Path, ArenaResult] = field(default_factory=dict)
    settled: list[tuple[_Seen, tuple[Arena, ...]]] = field(default_factory=list)
    unsure: list[_Seen] = field(default_factory=list)


def make_arena_files(
    shots: Sequence[Shot], request: ArenaRequest, *, progress: Callable[[int], None] | None = None
) -> list[ArenaResult]:
    """Return what became of each recording's arena, with its file and a preview written.

    Where an arena can't be found with confidence, it is carried from another of the recordings of
    the same frame size, if registration says that both show the same room.

    Parameters
    ----------
    shots : sequence of Shot
    request : ArenaRequest
    progress : callable, optional
        Told how many recordings were looked at since the last call.

    Raises
    ------
    UsageError
        The recording to carry from has no arena file.
    ResultsError
        A file can't be written.
    """
    job = _Job(request=request)
    source = _source(request)
    tests: dict[object, list[Shot]] = {}
    for shot in shots:
        tests.setdefault(shot.test, []).append(shot)
    for phases in tests.values():
        _look(phases, source, job)
        if progress is not None:
            progress(len(phases))
    for seen in job.unsure:
        job.results[seen.shot.video] = _carried(seen, job.settled, job) or _failed(seen, job)
    return [job.results[shot.video] for shot in shots]


def _source(request: ArenaRequest) -> tuple[_Seen, tuple[Arena, ...]] | None:
    if request.carry_from is None:
        return None
    path = arena_path(request.carry_from)
    if not path.is_file():
        raise UsageError(
            f"{request.carry_from}: has no arena file {path.name} beside it to carry over",
            hint=f"Make one first: csds arena {request.carry_from}",
        )
    shot = Shot(videos=(request.carry_from,), test=request.carry_from)
    return _Seen(shot=shot, grey=_grey(_frames(shot))), read_arenas(path, request.protocol)


def _look(phases: Sequence[Shot], source: tuple[_Seen, tuple[Arena, ...]] | None, job: _Job) -> None:
    """Settle the phases of one test as far as they can be by themselves."""
    request = job.request
    wanted: list[tuple[Shot, NDArray[np.uint8]]] = []
    for shot in phases:
        try:
            kept = _kept(shot, request)
            frames = _frames(shot)
        except CsdsError as error:
            job.results[shot.video] = _error(shot, error)
            continue
        if kept is not None:
            job.results[shot.video] = ArenaResult(
                video=shot.video, outcome="kept", arenas=kept, file=arena_path(shot.video)
            )
            job.settled.append((_Seen(shot=shot, grey=_grey(frames)), kept))
        elif request.corners:
            job.results[shot.video] = _by_hand(shot, frames, job)
        elif source is not None:
            seen = _Seen(shot=shot, grey=_grey(frames))
            job.results[shot.video] = _carried(seen, [source], job) or _another_room(shot, source[0].shot)
        else:
            wanted.append((shot, frames))
    if wanted:
        _find(wanted, job)


def _find(wanted: Sequence[tuple[Shot, NDArray[np.uint8]]], job: _Job) -> None:
    request = job.request
    first_shot, first = wanted[0]
    together = [(shot, frames) for shot, frames in wanted if frames.shape[1:] == first.shape[1:]]
    apart = [(shot, frames) for shot, frames in wanted if frames.shape[1:] != first.shape[1:]]
    try:
        found = find_in_phases([frames for _, frames in together], request.protocol)
    except CsdsError as error:
        job.results |= {shot.video: _error(shot, error) for shot, _ in together}
    else:
        seen = [_Seen(shot=shot, grey=_grey(frames), found=found) for shot, frames in together]
        if found.confidence < request.confidence:
            job.unsure += seen
        else:
            job.results[first_shot.video] = _written(seen[0], found.arenas, "found", request)
            job.settled.append((seen[0], found.arenas))
            for other in seen[1:]:
                # The same arena where it lies in this phase's picture.
                own = _carried(other, [(seen[0], found.arenas)], job, outcome="found")
                if own is None:
                    job.unsure.append(other)
                else:
                    job.results[other.shot.video] = own
                    job.settled.append((other, own.arenas))
    if apart:
        _find(apart, job)


def _carried(
    seen: _Seen, from_these: Sequence[tuple[_Seen, tuple[Arena, ...]]], job: _Job, *, outcome: Outcome = "carried"
) -> ArenaResult | None:
    """Return the result of carrying an arena over from the most alike picture; None where none shows this room."""
    best = None
    for other, arenas in from_these:
        if other.grey.shape != seen.grey.shape:
            continue
        motion = register(other.grey, seen.grey)
        if motion.same_room and (best is None or motion.goodness > best[0].goodness):
            best = (motion, other, arenas)
            if motion.shift_px(arenas[0]) < 1.0:
                break  # the camera is at rest: none is better
    if best is None:
        return None
    motion, other, arenas = best
    shift = max(motion.shift_px(arena) for arena in arenas)
    at_rest = shift < 0.5 * _MOVED_PX * seen.grey.shape[1] / 640
    moved = arenas if at_rest else tuple(move_arena(arena, motion) for arena in arenas)
    result = _written(seen, moved, outcome, job.request)
    return replace(
        result,
        carried_from=other.shot.video,
        shift_px=shift,
        camera_moved=shift >= _MOVED_PX * seen.grey.shape[1] / 640,
    )


def _by_hand(shot: Shot, frames: NDArray[np.uint8], job: _Job) -> ArenaResult:
    request, protocol = job.request, job.request.protocol
    height, width = frames.shape[1:]
    arenas = tuple(
        Arena(
            name=chr(ord("A") + number),
            shape=protocol.arena_shape,
            corners_px=corners,
            width_cm=protocol.arena_width_cm,
            height_cm=protocol.arena_height_cm,
            frame_size_px=(width, height),
        )
        for number, corners in enumerate(request.corners)
    )
    try:
        for arena in arenas:
            check_corners(arena, shot.video)
    except ArenaError as error:
        return _error(shot, error)
    seen = _Seen(shot=shot, grey=_grey(frames))
    job.settled.append((seen, arenas))
    return _written(seen, arenas, "by hand", request)


def _kept(shot: Shot, request: ArenaRequest) -> tuple[Arena, ...] | None:
    """Return the arenas of a file that is not to be replaced, or None."""
    path = file_for(shot.video, request)
    if not path.is_file():
        return None
    arenas = read_arenas(path, request.protocol)
    drawn = any(arena.source == "drawn" for arena in arenas)
    if request.force or (not drawn and not request.corners and request.carry_from is None):
        return None
    if request.corners or request.carry_from is not None:
        raise ArenaError(f"{path}: is there already", hint="Add --force to replace it.")
    info = open_recording(shot.videos).info
    for arena in arenas:
        check_frame_size(arena, (info.width, info.height), path)
    return arenas


def file_for(video: Path, request: ArenaRequest) -> Path:
    """Return where a recording's arena file goes."""
    own = arena_path(video)
    if request.out is not None:
        return request.out / own.name
    if request.sheet_folder is not None and not os.access(video.parent, os.W_OK):
        return request.sheet_folder / "arenas" / own.name
    return own


def _written(seen: _Seen, arenas: tuple[Arena, ...], outcome: Outcome, request: ArenaRequest) -> ArenaResult:
    path = file_for(seen.shot.video, request)
    write_arenas(path, arenas)
    picture = path.with_suffix(".png")
    shown = FoundArenas(arenas=arenas, rivals=(), grey=seen.grey)
    save_found_picture(shown, seen.shot.video.name, request.protocol, picture, 0.0)
    return ArenaResult(video=seen.shot.video, outcome=outcome, arenas=arenas, file=path, picture=picture)


def _failed(seen: _Seen, job: _Job) -> ArenaResult:
    request, found, shot = job.request, seen.found, seen.shot
    if found is None:  # never so: what is unsure was looked for
        raise ArenaError(f"{shot.video}: was not looked at")
    picture = file_for(shot.video, request).with_suffix(".png")
    save_found_picture(found, shot.video.name, request.protocol, picture, request.confidence)
    return ArenaResult(
        video=shot.video,
        outcome="failed",
        picture=picture,
        error=why_ambiguous(found, request.confidence),
        how_to_fix=how_to_settle(
            found, shot.video, request.protocol, request.confidence, picture, request.sheet_folder
        ),
    )


def _another_room(shot: Shot, source: Shot) -> ArenaResult:
    error = ArenaError(
        f"{shot.video}: does not show the same room as {source.video}",
        hint="Leave --from out, or give --corners.",
    )
    return _error(shot, error)


def _error(shot: Shot, error: CsdsError) -> ArenaResult:
    return ArenaResult(video=shot.video, outcome="failed", error=error.message, how_to_fix=error.hint)


def _frames(shot: Shot) -> NDArray[np.uint8]:
    recording = open_recording(shot.videos)
    _, frames = sample_frames(recording, shot.start_s, shot.start_s + shot.duration_s)
    if not frames:
        raise VideoError(
            f"{shot.video}: no frame after {shot.start_s:g} s", hint="Correct start_s in the sheet, or the recording."
        )
    # As csds track sees them: from where the camera looked at first.
    return np.array(steady_samples(frames)[0], np.uint8)


def _grey(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.clip(np.round(still_grey(frames)), 0, 255).astype(np.uint8)
