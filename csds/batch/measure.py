"""From a session's track to its numbers and record in the results folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from csds import __version__
from csds.batch.floors import picture_grid
from csds.batch.prepare import Context, Placed, start_error_s
from csds.batch.reuse import Keys, digest_files, stat_results
from csds.batch.software import made_with
from csds.behaviour.bins import measure_time_bins
from csds.behaviour.sensitivity import ZoneReadings, read_zone
from csds.behaviour.session import measure_session
from csds.behaviour.uncertainty import SessionErrors
from csds.formats.json_files import plain, write_json
from csds.model.flags import join_flags
from csds.model.shapes import Zone
from csds.protocol.zones import enclosure_shape, resolve_zones
from csds.results.folder import write_track, writing
from csds.tracking import Track, Window


def finish_session(item: Placed, track: Track, keys: Keys, context: Context, unit: str | None = None) -> dict[str, Any]:
    """Write a session's finished track and record, and return the record.

    ``unit`` is the fingerprint of all that it was made from, by which it is told to hold without reading any of it.

    The record comes last and holds digests of the files that it was made with: whatever interrupts
    this, a session whose files are not those of its record is not taken for finished.

    Raises
    ------
    ResultsError
        If a file can't be written.
    """
    session, arena, protocol, folder = item.session, item.arena, context.protocol, context.folder
    # A picture or annotated video of an earlier run would show zones or a track that are no longer the results'.
    outdated = [folder.overlay(session.session_id)]
    if not context.options.overlay_video:
        outdated.append(folder.overlay_video(session.session_id))
    for path in outdated:
        with writing(path):
            path.unlink(missing_ok=True)
    zones = resolve_zones(protocol, arena.width_cm, arena.height_cm)
    length_s = track.window.length_s
    raw = [name for name in track.table.columns if name != "speed_cm_s" and not name.startswith("in_")]
    table, metrics, flags = measure_session(track.table[raw], zones, arena.floor, protocol.behaviour, length_s)
    readings = _read_interaction(item, table, zones, length_s, context)
    if readings is not None:
        metrics |= readings.metrics() | {"start_error_s": start_error_s(session)}
    write_track(folder.track(session.session_id), table)
    grid = picture_grid(arena)
    record: dict[str, Any] = plain(
        {
            "keys": keys,
            "row": _row(item, track.window, metrics, {*track.flags, *flags, *_arena_flags(item, context)}),
            "tracking_flags": track.flags,
            "readings": None if readings is None else readings.to_record(),
            "time_bins": _bins(table, zones, length_s, context),
            "files": digest_files(session.session_id, folder),
            "files_seen": stat_results(session.session_id, folder),
            "seen": item.opened.seen,
            "unit": unit,
            "made_from": {
                "csds": __version__,
                "made_with": made_with(),
                "videos": dict(zip(map(str, session.videos), item.opened.video_sha256, strict=True)),
                "codec": item.recording.info.codec,
                "arena": asdict(arena),
                "camera_shifts": [asdict(shift) for shift in track.shifts],
                "floor_offset_px": [grid.left, grid.top],
                "thumbnails_s": track.thumbnails_s,
            },
        }
    )
    if context.options.overlay_video:
        _write_overlay_video(item, table, track.window, context)
    write_json(folder.record(session.session_id), record, lines=False)
    return record


def _row(item: Placed, window: Window, metrics: dict[str, float | int], flags: set[str]) -> dict[str, Any]:
    session = item.session
    return {
        "session_id": session.session_id,
        **asdict(session.key),
        "phase": session.phase,
        "stress": session.stress,
        "treatment": session.treatment,
        "video": session.video,
        "arena": item.arena.name,
        "start_s": window.start_s,
        "duration_s": window.length_s,
        "start_source": window.source,
        **metrics,
        "exclude": session.exclude,
        "flags": join_flags(flags),
    }


def _arena_flags(item: Placed, context: Context) -> set[str]:
    protocol, arena = context.protocol, item.arena
    same = (arena.width_cm, arena.height_cm) == (protocol.arena_width_cm, protocol.arena_height_cm)
    return set() if same or protocol.enclosure is None else {"arena_size_differs"}


def _read_interaction(
    item: Placed, table: pd.DataFrame, zones: Sequence[Zone], length_s: float, context: Context
) -> ZoneReadings | None:
    """Return the readings that the SI ratio's interval, band and certainty come from; None where there is no score."""
    zone = next((zone for zone in zones if zone.name == "interaction"), None)
    if context.protocol.score is None or zone is None:
        return None
    errors = SessionErrors(arena=item.arena, start_sd_s=start_error_s(item.session), phase=item.session.phase)
    return read_zone(table, zone.shape, context.protocol.behaviour, length_s, errors)


def _bins(table: pd.DataFrame, zones: Sequence[Zone], length_s: float, context: Context) -> list[dict[str, Any]]:
    if context.time_bins_s is None:
        return []
    by = context.protocol.behaviour.in_zone_by
    bins = measure_time_bins(table, zones, context.time_bins_s, length_s, by)
    return [{str(name): value for name, value in row.items()} for row in bins.to_dict(orient="records")]


def _write_overlay_video(item: Placed, table: pd.DataFrame, window: Window, context: Context) -> None:
    from csds.behaviour.timing import frame_durations
    from csds.figures.overlay_video import OverlayPlan, write_overlay_video

    start_s, end_s = window.start_s, window.end_s
    plan = OverlayPlan(
        arena=item.arena,
        zones=resolve_zones(context.protocol, item.arena.width_cm, item.arena.height_cm),
        track=table,
        durations_s=frame_durations(table["time_s"].to_numpy(), end_s - start_s),
        title=item.session.session_id,
        enclosure=enclosure_shape(context.protocol, item.arena.width_cm, item.arena.height_cm),
    )
    frames = (
        (frame.time_s - start_s, frame.luma, frame.index)
        for frame in item.recording.frames(start_s, end_s, threads=context.threads)
    )
    rate = item.recording.info.nominal_rate or 30.0
    write_overlay_video(frames, context.folder.overlay_video(item.session.session_id), plan, rate=rate)
