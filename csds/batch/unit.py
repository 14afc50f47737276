"""One unit of work: the sessions that share recordings, from video to numbers and pictures."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from csds import __version__
from csds.arena.files import check_frame_size, choose_arena, read_arenas, require_arena_file
from csds.background import Background, BackgroundSpec, WorkGrid, learn_background, shape_mask, work_grid
from csds.batch.folder import (
    ResultsFolder,
    digest,
    file_digest,
    read_json,
    read_track,
    write_json,
    write_picture,
    write_track,
)
from csds.batch.options import Failure, Outcome, TrackOptions
from csds.batch.pictures import save_session
from csds.behaviour.bins import measure_time_bins
from csds.behaviour.session import measure_session
from csds.errors import CsdsError, ResultsError, VideoError
from csds.model.arena import Arena
from csds.model.flags import join_flags
from csds.model.protocol import Protocol
from csds.model.study import Session
from csds.protocol.zones import enclosure_shape, resolve_zones
from csds.tracking import Task, Track, track_recording
from csds.video import Recording, open_recording, sample_frames

#: Raised whenever a change to the code alters tracks or metrics, so that old results are not kept.
ENGINE = "1"
#: The floor's edge and the animal's body leaning over it, as a share of the arena's width (0.7 cm of 42).
_LEAN_SHARE = 1 / 60
_MARGIN_SHARE = 1 / 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What all units of a run share."""

    protocol: Protocol
    folder: ResultsFolder
    options: TrackOptions
    sheet_folder: Path | None
    threads: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A session whose recording is open and whose arena is known."""

    session: Session
    recording: Recording
    arena: Arena
    start_s: float
    end_s: float
    key: str
    video_sha256: tuple[str, ...]


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


def process_unit(
    unit: Sequence[Session], context: Context, progress: Callable[[int], None] | None = None
) -> list[Outcome]:
    """Return the outcome of every session of a unit, with its track, picture and record written.

    A session that can't be used becomes a failure with its reason; the others go on. Only a
    results folder that can't be written to ends the run.

    Raises
    ------
    ResultsError
        If results can't be written.
    """
    outcomes: dict[str, Outcome] = {}
    prepared: list[_Prepared] = []
    for session in unit:
        try:
            prepared.append(_prepare(session, context))
        except CsdsError as error:
            outcomes[session.session_id] = _failed(session, error)
    keys = _keys(prepared, context)
    todo = []
    for item in prepared:
        kept = _kept(item, keys[item.session.session_id], context)
        if kept is None:
            todo.append(item)
        else:
            outcomes[item.session.session_id] = kept
    backgrounds = _Backgrounds(prepared, context)
    for group in _by_recording(todo):
        outcomes |= _track_group(group, backgrounds, keys, context, progress)
    return [outcomes[session.session_id] for session in unit]


def _prepare(session: Session, context: Context) -> _Prepared:
    recording = open_recording(session.videos)
    size = (recording.info.width, recording.info.height)
    given = context.options.arena_file
    path = require_arena_file(
        session.videos[0], context.protocol, sheet_folder=context.sheet_folder, given=given, frame_size_px=size
    )
    arena = choose_arena(read_arenas(path, context.protocol), session.arena, path)
    check_frame_size(arena, size, path)
    start_s = session.start_s or 0.0
    duration_s = session.duration_s or context.protocol.phase(session.phase).duration_s
    return _Prepared(
        session=session,
        recording=recording,
        arena=arena,
        start_s=start_s,
        end_s=start_s + duration_s,
        key=str(session.key),
        video_sha256=tuple(file_digest(path) for path in session.videos),
    )


def _by_recording(items: Iterable[_Prepared]) -> list[list[_Prepared]]:
    groups: dict[tuple[Path, ...], list[_Prepared]] = {}
    for item in items:
        groups.setdefault(item.session.videos, []).append(item)
    return list(groups.values())


def _keys(prepared: Sequence[_Prepared], context: Context) -> dict[str, dict[str, str]]:
    """Return for each session what its track and what its numbers depend on, as digests."""
    protocol = context.protocol
    keys = {}
    for item in prepared:
        floor_from = sorted((*other.video_sha256, str(other.start_s)) for other in _same_floor(item, prepared))
        track = {
            "engine": ENGINE,
            "videos": item.video_sha256,
            "floor_from": floor_from,
            "arena": asdict(item.arena),
            "window": (item.start_s, item.end_s),
            "enclosure": asdict(protocol.enclosure) if protocol.enclosure else None,
            "tracking": asdict(protocol.tracking),
        }
        measure = {
            "zones": [asdict(zone) for zone in protocol.zones],
            "behaviour": asdict(protocol.behaviour),
            "time_bins_s": context.options.time_bins_s,
            "picture": [item.session.stress, item.session.treatment, item.session.key.animal_id],
        }
        keys[item.session.session_id] = {"track": digest(track), "measure": digest(measure)}
    return keys


def _same_floor(item: _Prepared, prepared: Iterable[_Prepared]) -> list[_Prepared]:
    """Return the sessions of the same animal's test that were filmed in the same place of the same picture."""
    return [
        other
        for other in prepared
        if other.key == item.key
        and other.arena.corners_px == item.arena.corners_px
        and other.arena.frame_size_px == item.arena.frame_size_px
    ]


def _kept(item: _Prepared, keys: dict[str, str], context: Context) -> Outcome | None:
    """Return a finished session as it is, or measured anew from its track, or None where it must be tracked."""
    session, folder = item.session, context.folder
    record = read_json(folder.record(session.session_id))
    track_file, floor_file = folder.track(session.session_id), folder.floor(session.session_id)
    if not record or record.get("keys", {}).get("track") != keys["track"] or not (track_file.is_file() and floor_file.is_file()):
        return None
    if context.options.overlay_video and not folder.overlay_video(session.session_id).is_file():
        return None
    if record["keys"] == keys and folder.overlay(session.session_id).is_file():
        return Outcome(session_id=session.session_id, record=record, work="kept")
    track = Track(table=read_track(track_file), flags=tuple(record["tracking_flags"]))
    record = _measure(item, track, keys, context)
    return Outcome(session_id=session.session_id, record=record, work="rescored")


class _Backgrounds:
    """The empty floor of each session, learnt once from all phases that share it."""

    def __init__(self, prepared: Sequence[_Prepared], context: Context) -> None:
        self._prepared, self._context = prepared, context
        self._learnt: dict[tuple[str, ...], tuple[WorkGrid, np.ndarray, Background]] = {}

    def of(self, item: _Prepared) -> tuple[WorkGrid, np.ndarray, Background]:
        """Return a session's grid, mask and floor; raises what sampling and learning raise."""
        sharing = _same_floor(item, self._prepared)
        name = tuple(other.session.session_id for other in sharing)
        if name not in self._learnt:
            self._learnt[name] = self._learn(item, sharing)
        return self._learnt[name]

    def _learn(self, item: _Prepared, sharing: Sequence[_Prepared]) -> tuple[WorkGrid, np.ndarray, Background]:
        arena, protocol = item.arena, self._context.protocol
        grid = work_grid(arena, margin_cm=_MARGIN_SHARE * arena.width_cm)
        mask = shape_mask(grid, arena, arena.floor, margin_cm=_LEAN_SHARE * arena.width_cm)
        enclosure = enclosure_shape(protocol, arena.width_cm, arena.height_cm)
        if enclosure is not None:
            mask[shape_mask(grid, arena, enclosure) > 0] = 0
        stacks = []
        for other in sharing:
            _, frames = sample_frames(other.recording, other.start_s, other.end_s)
            if not frames and other is item:
                raise VideoError(
                    f"{item.session.video}: no frame between {item.start_s:g} s and {item.end_s:g} s; "
                    "the window lies beyond the recording's end",
                    hint="Correct start_s in the sheet; it counts from the recording's first frame.",
                )
            stacks.append(np.array([grid.crop(frame) for frame in frames], np.uint8))
        low, high = protocol.tracking.animal_area_cm2
        scale = grid.px_per_cm**2
        spec = BackgroundSpec(mask=mask, area_px=(low * scale, high * scale), polarity=protocol.tracking.polarity)
        return grid, mask, learn_background(stacks, spec)


def _track_group(
    group: Sequence[_Prepared],
    backgrounds: _Backgrounds,
    keys: dict[str, dict[str, str]],
    context: Context,
    progress: Callable[[int], None] | None,
) -> dict[str, Outcome]:
    """Track all sessions of one recording in one pass over it, and measure them."""
    outcomes: dict[str, Outcome] = {}
    tasks: list[tuple[_Prepared, Task]] = []
    for item in group:
        try:
            grid, mask, background = backgrounds.of(item)
        except ResultsError:
            raise
        except CsdsError as error:
            outcomes[item.session.session_id] = _failed(item.session, error)
            continue
        except Exception as error:  # noqa: BLE001  (one bad recording must not stop the others; the reason is kept)
            outcomes[item.session.session_id] = _broken(item.session, error)
            continue
        task = Task(
            arena=item.arena, grid=grid, background=background, mask=mask,
            start_s=item.start_s, end_s=item.end_s, spec=context.protocol.tracking,
        )
        tasks.append((item, task))
    if not tasks:
        return outcomes
    try:
        tracks = track_recording(
            group[0].recording, [task for _, task in tasks], threads=context.threads, progress=progress
        )
        for (item, task), track in zip(tasks, tracks, strict=True):
            own = keys[item.session.session_id]
            write_picture(context.folder.floor(item.session.session_id), _floor_picture(task))
            record = _measure(item, track, own, context)
            outcomes[item.session.session_id] = Outcome(session_id=item.session.session_id, record=record)
    except ResultsError:
        raise
    except CsdsError as error:
        outcomes |= {item.session.session_id: _failed(item.session, error) for item, _ in tasks}
    except Exception as error:  # noqa: BLE001  (as above)
        outcomes |= {item.session.session_id: _broken(item.session, error) for item, _ in tasks}
    return outcomes


def _floor_picture(task: Task) -> np.ndarray:
    """Return the empty floor at the frame's own scale, as the picture needs it."""
    grid = task.grid
    size = (grid.width * grid.factor, grid.height * grid.factor)
    return cv2.resize(task.background.floor, size, interpolation=cv2.INTER_LINEAR)


def _measure(item: _Prepared, track: Track, keys: dict[str, str], context: Context) -> dict[str, Any]:
    """Write a session's finished track, picture and record, and return the record."""
    session, arena, protocol, folder = item.session, item.arena, context.protocol, context.folder
    window_s = item.end_s - item.start_s
    zones = resolve_zones(protocol, arena.width_cm, arena.height_cm)
    own = [name for name in track.table.columns if name != "speed_cm_s" and not name.startswith("in_")]
    table, metrics, flags = measure_session(track.table[own], zones, arena.floor, protocol.behaviour, window_s)
    all_flags = {*track.flags, *flags}
    if protocol.enclosure and (arena.width_cm, arena.height_cm) != (protocol.arena_width_cm, protocol.arena_height_cm):
        all_flags.add("arena_size_differs")
    row = {
        "session_id": session.session_id,
        **asdict(session.key),
        "phase": session.phase,
        "stress": session.stress,
        "treatment": session.treatment,
        "video": session.video,
        "arena": arena.name,
        "start_s": item.start_s,
        "duration_s": window_s,
        **metrics,
        "exclude": session.exclude,
        "flags": join_flags(all_flags),
    }
    grid = work_grid(arena, margin_cm=_MARGIN_SHARE * arena.width_cm)
    record = {
        "keys": keys,
        "row": row,
        "tracking_flags": list(track.flags),
        "time_bins": _bins(table, zones, window_s, context),
        "made_from": {
            "csds": __version__,
            "videos": {path.name: sha for path, sha in zip(session.videos, item.video_sha256, strict=True)},
            "codec": item.recording.info.codec,
            "arena": asdict(arena),
            "floor_offset_px": [grid.left, grid.top],
        },
    }
    write_track(folder.track(session.session_id), table)
    save_session(record, table, context.folder, protocol)
    if context.options.overlay_video:
        _overlay_video(item, table, zones, context)
    write_json(folder.record(session.session_id), record)
    return record


def _bins(table: pd.DataFrame, zones: Sequence[Any], window_s: float, context: Context) -> list[dict[str, Any]]:
    if context.options.time_bins_s is None:
        return []
    bins = measure_time_bins(table, zones, context.options.time_bins_s, window_s, context.protocol.behaviour.in_zone_by)
    return bins.to_dict(orient="records")


def _overlay_video(item: _Prepared, table: pd.DataFrame, zones: Sequence[Any], context: Context) -> None:
    from csds.behaviour.timing import frame_durations
    from csds.figures.overlay_video import OverlayPlan, write_overlay_video

    protocol = context.protocol
    plan = OverlayPlan(
        arena=item.arena,
        zones=tuple(zones),
        track=table,
        durations_s=frame_durations(table["time_s"].to_numpy(), item.end_s - item.start_s),
        title=item.session.session_id,
        enclosure=enclosure_shape(protocol, item.arena.width_cm, item.arena.height_cm),
    )
    frames = (
        (frame.time_s - item.start_s, frame.luma, frame.index)
        for frame in item.recording.frames(item.start_s, item.end_s, threads=context.threads)
    )
    rate = item.recording.info.nominal_rate or 30.0
    write_overlay_video(frames, context.folder.overlay_video(item.session.session_id), plan, rate=rate)


def _failed(session: Session, error: CsdsError) -> Outcome:
    if isinstance(error, ResultsError):
        raise error
    failure = Failure(
        session_id=session.session_id, video=session.video, stage=error.stage, error=error.message, how_to_fix=error.hint
    )
    return Outcome(session_id=session.session_id, failure=failure)


def _broken(session: Session, error: Exception) -> Outcome:
    last = traceback.extract_tb(error.__traceback__)[-1]
    failure = Failure(
        session_id=session.session_id,
        video=session.video,
        stage="csds",
        error=f"a fault in csds: {type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})",
        how_to_fix="Please report it with this line; the other sessions are not touched by it.",
    )
    return Outcome(session_id=session.session_id, failure=failure)
