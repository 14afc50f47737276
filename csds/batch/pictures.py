"""Gathering what the pictures show from a results folder: they can be drawn anew without any video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csds.behaviour.timing import frame_durations
from csds.behaviour.visits import FrameStates, find_visits
from csds.behaviour.zones import known_frames
from csds.model.flags import split_flags
from csds.model.protocol import BehaviourSpec, Protocol
from csds.protocol.zones import enclosure_shape, resolve_zones
from csds.results.folder import ResultsFolder, read_picture, read_track
from csds.results.record import arena_of


def save_session(record: Mapping[str, Any], folder: ResultsFolder, protocol: Protocol) -> None:
    """Draw and save a session's picture from its record and its files."""
    from csds.figures.floor_plan import save_session_picture

    picture = session_picture(record, folder, protocol)
    save_session_picture(picture, folder.overlay(record["row"]["session_id"]))


def session_picture(record: Mapping[str, Any], folder: ResultsFolder, protocol: Protocol) -> Any:
    """Return what a session's floor plan shows (a `csds.figures.pictures.SessionPicture`)."""
    from csds.figures.pictures import SessionPicture

    row = record["row"]
    track = read_track(folder.track(row["session_id"]))
    arena = arena_of(record)
    zones = resolve_zones(protocol, arena.width_cm, arena.height_cm)
    times = tuple(record["made_from"]["thumbnails_s"])
    entry_zone = "interaction" if "in_interaction" in track.columns else zones[0].name if zones else ""
    return SessionPicture(
        session_id=row["session_id"],
        animal=row["animal_id"],
        phase=row["phase"],
        stress=row["stress"],
        treatment=row["treatment"],
        background=read_picture(folder.floor(row["session_id"])),
        offset_px=tuple(record["made_from"]["floor_offset_px"]),
        arena=arena,
        zones=zones,
        enclosure=enclosure_shape(protocol, arena.width_cm, arena.height_cm),
        track=track,
        durations_s=frame_durations(track["time_s"].to_numpy(), row["duration_s"]),
        metrics=row,
        flags=split_flags(row["flags"]),
        entry_times_s=_entries(track, entry_zone, protocol.behaviour, row["duration_s"]),
        entry_zone=entry_zone,
        window_s=row["duration_s"],
        thumbnails=_thumbnails(folder.thumbnails(row["session_id"]), len(times)),
        thumbnails_s=times,
    )


def show_recording(session_id: str, shown: Sequence[tuple[float, NDArray[np.uint8]]], folder: ResultsFolder) -> None:
    """Draw and save, in place of its picture, what a recording shows in which a session's trial was not found."""
    from csds.figures.strip import save_recording_strip

    if shown:
        times, pictures = zip(*shown, strict=True)
        path = folder.overlay(session_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        save_recording_strip(pictures, times, session_id, path)


def save_animal(
    animal: Mapping[str, Any],
    records: Mapping[str, Mapping[str, Any]],
    name: str,
    folder: ResultsFolder,
    protocol: Protocol,
) -> None:
    """Draw and save an animal's picture: both phases side by side.

    Parameters
    ----------
    animal : mapping
        Its row of ``animals.csv``.
    records : mapping
        Session records by phase.
    name : str
        File name without suffix.
    """
    from csds.figures.animal import save_animal_picture
    from csds.figures.pictures import AnimalPicture

    phases: dict[bool, Any] = {}
    for phase in protocol.phases:
        if phase.name in records:
            record = records[phase.name]
            phases[phase.has_target] = session_picture(record, folder, protocol)
    picture = AnimalPicture(
        animal=str(animal["animal_id"]),
        absent=phases.get(False),
        present=phases.get(True),
        stress=str(animal["stress"]),
        treatment=str(animal["treatment"]),
        cohort=str(animal["cohort"]),
        test=str(animal["test"]),
        phenotype=str(animal.get("phenotype", "")),
        rule=str(animal.get("rule", "")),
        limits=_ratio_limits(protocol),
        metrics=animal,
        flags=split_flags(str(animal["flags"])),
    )
    save_animal_picture(picture, folder.animal(name))


def _ratio_limits(protocol: Protocol) -> tuple[float, ...]:
    criteria = protocol.rule.criteria if protocol.rule else ()
    return tuple(c.cutoff for c in criteria if c.kind == "cutoff" and c.score == "si_ratio")


def _thumbnails(path: Path, count: int) -> tuple[NDArray[np.uint8], ...]:
    """Return the small pictures that stand side by side in a file."""
    return tuple(np.hsplit(read_picture(path), count))


def _entries(track: pd.DataFrame, zone: str, spec: BehaviourSpec, window_s: float) -> tuple[float, ...]:
    if f"in_{zone}" not in track.columns:
        return ()
    time = track["time_s"].to_numpy()
    states = FrameStates(
        time_s=time, duration_s=frame_durations(time, window_s), known=known_frames(track, spec.in_zone_by)
    )
    inside = np.asarray(track[f"in_{zone}"], bool)
    return find_visits(inside, states, spec.entry_min_in_s, spec.entry_min_out_s).entry_times_s
