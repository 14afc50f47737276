"""What of a session's earlier results still holds: nothing that does is computed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from csds.batch.asked import duration_of
from csds.batch.options import Outcome
from csds.batch.prepare import Context, Opened, Placed, same_test, session_arena, start_error_s
from csds.batch.windows import wanted_trials
from csds.behaviour.uncertainty import METHOD
from csds.errors import CsdsError
from csds.formats.digest import digest, file_digest, stat_files
from csds.formats.json_files import write_json
from csds.model.arena import Arena
from csds.model.protocol import Protocol
from csds.model.study import AnimalKey, Session
from csds.results.folder import ResultsFolder, read_track
from csds.results.record import arena_of, read_record
from csds.tracking import CameraShift, Track, Window

#: Raised whenever a change to the code alters tracks or metrics, so that old results are not kept.
ENGINE = "3"

Keys = dict[str, dict[str, str]]
"""Digests of what a session's track (``track``) and its numbers and picture (``measure``) depend on, by part."""

#: The parts of `Keys` in words.
PARTS = {
    "engine": "csds's own method",
    "recording": "the recording",
    "floor": "a recording or arena of the animal's other phase",
    "arena": "the arena",
    "window": "the window",
    "trials": "the sessions of the same recording",
    "enclosure": "the protocol's enclosure",
    "tracking": "the protocol's tracking",
    "zones": "the protocol's zones",
    "behaviour": "the protocol's behaviour",
    "time_bins": "the time bins",
    "uncertainty": "how uncertainty is reckoned",
    "names": "the animal's group",
    "files": "a file of the results was missing or damaged",
    "overlay_video": "the annotated video was missing",
}


_asked_of: dict[str, tuple[Protocol, str]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What an earlier run left of a session: a record if all of it holds, a track if that does, and what changed.

    ``placed`` is the session with the arena that the track was made with.
    """

    record: Mapping[str, Any] | None = None
    placed: Placed | None = None
    track: Track | None = None
    because: tuple[str, ...] = ()


def session_keys(item: Opened, opened: Sequence[Opened], context: Context) -> Keys:
    """Return what a session's results depend on."""
    floor_from = sorted(
        [*other.video_sha256, *map(str, _asked_window(other.session, context)), _digest_arena(other.given, context)]
        for other in same_test(item, opened)
    )
    wanted = wanted_trials(item.session, [other.session for other in opened], context.protocol)
    keys = _settings(item.session, item.given, context)
    keys["track"] |= {
        "recording": digest(item.video_sha256),
        "floor": digest(floor_from),
        "trials": digest(asdict(wanted) if wanted is not None else None),
    }
    return keys


def find_earlier(item: Opened, keys: Keys, context: Context) -> Earlier:
    """Return what of a session's results in the folder was made from the same things and is undamaged."""
    session_id, folder = item.session.session_id, context.folder
    record = read_record(folder.record(session_id))
    if record is None:
        return Earlier()
    because = _changed(record["keys"], keys, "track")
    if not because and not files_hold(record, session_id, folder, rehash=context.options.rehash):
        because = ("files",)
    if because:
        return Earlier(because=because)
    because = _changed(record["keys"], keys, "measure")
    if context.options.overlay_video and not folder.overlay_video(session_id).is_file():
        because = (*because, "overlay_video")
    if not because:
        return Earlier(record=record)
    row = record["row"]
    track = Track(
        table=read_track(folder.track(session_id)),
        flags=tuple(record["tracking_flags"]),
        window=Window(start_s=row["start_s"], end_s=row["start_s"] + row["duration_s"], source=row["start_source"]),
        thumbnails_s=tuple(record["made_from"]["thumbnails_s"]),
        shifts=tuple(CameraShift(**shift) for shift in record["made_from"]["camera_shifts"]),
    )
    return Earlier(placed=Placed(opened=item, arena=arena_of(record)), track=track, because=because)


def unit_fingerprint(unit: Sequence[Session], context: Context) -> str | None:
    """Return what tells whether anything changed that a unit's results depend on; None where a recording is missing.

    Recordings are told by size, dates and place on the disk: none is read. What only the score or the classification
    depend on is left out.
    """
    try:
        parts = [
            [_told(session), stat_files(session.videos), _digest_arena(session_arena(session, context)[0], context)]
            for session in unit
        ]
    except (CsdsError, OSError):
        return None
    return digest([ENGINE, METHOD, context.time_bins_s, _asked(context.protocol), parts])


def _told(session: Session) -> list[object]:
    """Return all that a sheet tells of a session, as `asdict` would but faster."""
    own = [getattr(session, name) for name in Session.__slots__ if name != "key"]
    return [*own, *(getattr(session.key, name) for name in AnimalKey.__slots__)]


def _asked(protocol: Protocol) -> str:
    """Return a digest of what a protocol asks of tracks and numbers, remembered as every unit needs it."""
    held = _asked_of.get("last")
    if held is None or held[0] is not protocol:
        asked = [
            [asdict(phase) for phase in protocol.phases],
            [asdict(zone) for zone in protocol.zones],
            asdict(protocol.enclosure) if protocol.enclosure else None,
            asdict(protocol.tracking),
            asdict(protocol.behaviour),
            [protocol.arena_width_cm, protocol.arena_height_cm, protocol.score is None],
        ]
        held = _asked_of["last"] = protocol, digest(asked)
    return held[1]


def files_hold(record: Mapping[str, Any], session_id: str, folder: ResultsFolder, *, rehash: bool = False) -> bool:
    """Return whether a record's files are those that it was made with; unchanged ones are read for ``rehash`` alone."""
    try:
        if not rehash and record.get("files_seen") == stat_results(session_id, folder):
            return True
        return bool(record["files"] == digest_files(session_id, folder))
    except OSError:
        return False


def seen_again(
    record: Mapping[str, Any], session: Session, unit: str | None, folder: ResultsFolder
) -> Mapping[str, Any]:
    """Return a record that holds, with where its files are now and their dates, so that it is told faster next time."""
    digests = record["made_from"]["videos"].values()
    now = {
        "files_seen": stat_results(session.session_id, folder),
        "seen": stat_files(session.videos),
        "unit": unit,
        "made_from": {**record["made_from"], "videos": dict(zip(map(str, session.videos), digests, strict=True))},
    }
    if all(record.get(name) == value for name, value in now.items()):
        return record
    write_json(folder.record(session.session_id), {**record, **now}, lines=False)
    return {**record, **now}


def known_digest(video: Path, *, session: Session, context: Context) -> str:
    """Return the SHA-256 of a recording: of one that wasn't touched since it was read, the one from then."""
    record = None if context.options.rehash else read_record(context.folder.record(session.session_id))
    if record is not None and record["seen"] == stat_files(session.videos):
        digests = list(record["made_from"]["videos"].values())
        if len(digests) == len(session.videos):
            return str(digests[session.videos.index(video)])
    return file_digest(video)


def recall(session: Session, context: Context) -> Outcome | None:
    """Return a session that an earlier run finished, or None; its recording is known by size and date alone.

    For tables that are written when a run is interrupted: there is no time then to read recordings.
    """
    record = read_record(context.folder.record(session.session_id))
    if record is None:
        return None
    try:
        keys = _settings(session, session_arena(session, context)[0], context)
        seen = stat_files(session.videos)
    except (CsdsError, OSError):
        return None
    changed = any(record["keys"][kind].get(part) != own for kind in keys for part, own in keys[kind].items())
    if changed or record["seen"] != seen or not files_hold(record, session.session_id, context.folder):
        return None
    return Outcome(session_id=session.session_id, record=record, work="kept")


def stat_results(session_id: str, folder: ResultsFolder) -> list[list[int]]:
    """Return the same of the files that later runs build on."""
    return stat_files(_built_on(session_id, folder))


def digest_files(session_id: str, folder: ResultsFolder) -> dict[str, str]:
    """Return the SHA-256 of the files that later runs build on."""
    return {f"{path.parent.name}/{path.name}": file_digest(path) for path in _built_on(session_id, folder)}


def _settings(session: Session, arena: Arena | None, context: Context) -> Keys:
    """Return the parts of a session's keys that don't need its recording."""
    protocol = context.protocol
    track = {
        "engine": ENGINE,
        "arena": _digest_arena(arena, context),
        "window": digest(_asked_window(session, context)),
        "enclosure": digest(asdict(protocol.enclosure) if protocol.enclosure else None),
        "tracking": digest(asdict(protocol.tracking)),
    }
    measure = {
        # The protocol's own arena size is here for the flag that says that the session's differs.
        "zones": digest([protocol.arena_width_cm, protocol.arena_height_cm, *map(asdict, protocol.zones)]),
        "behaviour": digest(asdict(protocol.behaviour)),
        "time_bins": digest(context.time_bins_s),
        "uncertainty": digest([METHOD, start_error_s(session), protocol.score is None]),
        "names": digest([asdict(session.key), session.phase, session.stress, session.treatment]),
    }
    return {"track": track, "measure": measure}


def _digest_arena(arena: Arena | None, context: Context) -> str:
    """Return a digest of a given arena, or of what is looked for where there is none."""
    if arena is not None:
        return digest(asdict(arena))
    protocol = context.protocol
    wanted = [protocol.arena_shape, protocol.arena_width_cm, protocol.arena_height_cm]
    return digest(["to be found", *wanted, context.options.arena_confidence])


def _asked_window(session: Session, context: Context) -> tuple[float | None, float]:
    """Return what the sheet says of a session's window; what is found in the recording depends on that."""
    return session.start_s, duration_of(session, context.protocol)


def _changed(before: Mapping[str, Mapping[str, str]], now: Keys, kind: str) -> tuple[str, ...]:
    return tuple(part for part in PARTS if before[kind].get(part) != now[kind].get(part))


def _built_on(session_id: str, folder: ResultsFolder) -> tuple[Path, ...]:
    return folder.track(session_id), folder.floor(session_id), folder.thumbnails(session_id)
