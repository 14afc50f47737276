"""From recording to track: one pass over the frames, then centimetres, heads, gaps and smoothing."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from csds.background.grid import WorkGrid
from csds.background.model import Background
from csds.errors import TrackingError
from csds.model.arena import Arena
from csds.model.protocol import TrackingSpec
from csds.model.shapes import FloatArray
from csds.tracking.find import MEASURES, Finder
from csds.tracking.gaps import fill_gaps, short_gaps, smooth_path
from csds.tracking.heading import choose_heads, head_evidence
from csds.video.read import DecodingLog, Recording

#: Contrast below this many SDs of the noise is flagged ``low_contrast``.
_LOW_CONTRAST_SDS = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One animal to be tracked in a recording: its arena's grid, floor and mask, and its window in seconds."""

    arena: Arena
    grid: WorkGrid
    background: Background
    mask: np.ndarray
    start_s: float
    end_s: float
    spec: TrackingSpec = field(default_factory=TrackingSpec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A track: its table (TRACK_COLUMNS but for what behaviour adds) and the flags that tracking raises."""

    table: pd.DataFrame
    flags: tuple[str, ...]


def track_recording(
    recording: Recording,
    tasks: Sequence[Task],
    *,
    threads: int = 0,
    progress: Callable[[int], None] | None = None,
) -> list[Track]:
    """Return the track of every task, all from one pass over the recording.

    Parameters
    ----------
    recording : Recording
    tasks : sequence of Task
        Animals of one recording; several arenas or windows of one file are followed at once.
    threads : int
        Decoding threads; 0 keeps all processors decoding.
    progress : callable, optional
        Called now and then with the number of frames decoded since the last call.

    Raises
    ------
    VideoError
        If the recording can't be opened.
    TrackingError
        If a window holds no frame.
    """
    log = DecodingLog()
    finders = [Finder(grid=task.grid, background=task.background, mask=task.mask) for task in tasks]
    rows = [array("d") for _ in tasks]
    stamps = [array("d") for _ in tasks]
    numbers = [array("q") for _ in tasks]
    start, end = min(task.start_s for task in tasks), max(task.end_s for task in tasks)
    pending = 0
    for frame in recording.frames(start, end, threads=threads, log=log):
        for i, task in enumerate(tasks):
            if task.start_s <= frame.time_s < task.end_s:
                rows[i].extend(finders[i].locate(frame.luma))
                stamps[i].append(frame.time_s)
                numbers[i].append(frame.index)
        pending += 1
        if progress is not None and pending >= 100:
            progress(pending)
            pending = 0
    if progress is not None and pending:
        progress(pending)
    return [
        assemble_track(task, np.frombuffer(numbers[i], np.int64), np.frombuffer(stamps[i]), np.frombuffer(rows[i]), log)
        for i, task in enumerate(tasks)
    ]


def assemble_track(task: Task, frames: np.ndarray, stamps: FloatArray, rows: FloatArray, log: DecodingLog) -> Track:
    """Return the track in arena centimetres from the measures in working pixels.

    Raises
    ------
    TrackingError
        If there is no frame at all.
    """
    if not len(frames):
        raise TrackingError(
            f"no frame between {task.start_s:g} s and {task.end_s:g} s: the window lies beyond the recording's end",
            hint="Correct start_s in the sheet; it counts from the recording's first frame.",
        )
    columns = rows.reshape(len(frames), len(MEASURES))
    measures = {name: columns[:, i] for i, name in enumerate(MEASURES)}
    time_s = stamps - task.start_s
    found = np.isfinite(measures["u"])
    ahead = choose_heads(measures["axis"], head_evidence(measures, time_s), known=found)

    def to_cm(u: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        return task.arena.to_cm(*task.grid.to_frame(u, v))

    nose_u = np.where(ahead, measures["ahead_u"], measures["behind_u"])
    nose_v = np.where(ahead, measures["ahead_v"], measures["behind_v"])
    points = dict(zip(("x_cm", "y_cm"), to_cm(measures["u"], measures["v"]), strict=True))
    points |= zip(("nose_x_cm", "nose_y_cm"), to_cm(nose_u, nose_v), strict=True)
    gaps = short_gaps(time_s, found, longest_s=task.spec.max_gap_s)
    for name, values in points.items():
        smooth = smooth_path(time_s, values, window_s=task.spec.smoothing_s, longest_step_s=task.spec.max_gap_s)
        points[name] = fill_gaps(time_s, smooth, gaps)
    table = pd.DataFrame(
        {
            "frame": frames,
            "time_s": time_s,
            **points,
            "heading_rad": np.arctan2(points["nose_y_cm"] - points["y_cm"], points["nose_x_cm"] - points["x_cm"]),
            **_ellipse_cm(measures, to_cm),
            "detected": found,
            "interpolated": gaps,
        }
    )
    return Track(table=table, flags=_flags(task, log))


def _ellipse_cm(
    measures: dict[str, FloatArray], to_cm: Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
) -> dict[str, FloatArray]:
    """Return the body's area and the axes of its ellipse in cm: both axes are taken through the homography."""
    u, v = measures["u"], measures["v"]
    lengths, directions = [], []
    for size, turn in (("length", 0.0), ("width", np.pi / 2)):
        half_u = measures[size] / 2 * np.cos(measures["axis"] + turn)
        half_v = measures[size] / 2 * np.sin(measures["axis"] + turn)
        (x1, y1), (x0, y0) = to_cm(u + half_u, v + half_v), to_cm(u - half_u, v - half_v)
        lengths.append(np.hypot(x1 - x0, y1 - y0))
        directions.append(np.arctan2(y1 - y0, x1 - x0))
    long_axis, short_axis = lengths
    with np.errstate(invalid="ignore", divide="ignore"):
        cm2_per_px = long_axis * short_axis / (measures["length"] * measures["width"])
    return {
        "area_cm2": measures["area"] * cm2_per_px,
        "body_length_cm": long_axis,
        "body_width_cm": short_axis,
        "body_axis_rad": np.mod(directions[0], np.pi),
    }


def _flags(task: Task, log: DecodingLog) -> tuple[str, ...]:
    background = task.background
    flags = []
    if background.absorbed:
        flags.append("uncertain_animal")
    if background.contrast < _LOW_CONTRAST_SDS * background.noise:
        flags.append("low_contrast")
    if any(task.start_s - 1.0 <= moment <= task.end_s for moment in log.damaged):
        flags.append("damaged_frames")
    return tuple(flags)
