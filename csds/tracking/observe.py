"""One pass over a recording: what is seen of every animal, frame by frame, before anything is made of it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from csds.arena.view import View
from csds.background.grid import WorkGrid
from csds.background.masks import Mask
from csds.background.model import Background
from csds.model.arena import Arena
from csds.model.protocol import TrackingSpec
from csds.model.shapes import FloatArray
from csds.tracking.find import MEASURES, Finder
from csds.tracking.steady import CameraShift, Steadier
from csds.tracking.survey import Survey, Surveyor
from csds.video.planes import Luma
from csds.video.read import DecodingLog, Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One animal to be followed in a recording: its arena's grid, floor and mask, and the span to look at in s.

    ``view`` is where the camera looks at first: what it films after it moved is moved back. ``shift`` is by
    how much it had moved since the arena was drawn.
    """

    arena: Arena
    grid: WorkGrid
    background: Background
    mask: Mask
    start_s: float
    end_s: float
    spec: TrackingSpec = field(default_factory=TrackingSpec)
    view: View | None = None
    shift: CameraShift | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """What a pass saw of one task's animal.

    Parameters
    ----------
    frames : (n,) int
        Numbers of the frames within the span, counted from the recording's first.
    time_s : (n,) float
        Their times within the recording.
    measures : (n, len(MEASURES)) float
        In working pixels; NaN where the animal is lost.
    damaged_s : tuple of float
        Times of frames of the recording that could not be decoded.
    survey : Survey
        What the arena as a whole showed a few times a second.
    shifts : tuple of CameraShift
        When the camera came to rest in another place.
    """

    frames: NDArray[np.int64]
    time_s: FloatArray
    measures: FloatArray
    damaged_s: tuple[float, ...] = ()
    survey: Survey = field(default_factory=Survey)
    shifts: tuple[CameraShift, ...] = ()


def observe_recording(
    recording: Recording,
    tasks: Sequence[Task],
    *,
    threads: int = 0,
    progress: Callable[[int], None] | None = None,
) -> list[Observations]:
    """Return what is seen of every task's animal, all from one pass over the recording.

    Parameters
    ----------
    recording : Recording
    tasks : sequence of Task
        Animals of one recording; several arenas or spans of one file are followed at once.
    threads : int
        Decoding threads; 0 keeps all processors decoding.
    progress : callable, optional
        Called now and then with the number of frames decoded since the last call.

    Raises
    ------
    VideoError
        If the recording can't be opened.
    """
    log = DecodingLog()
    finders = [Finder(grid=task.grid, background=task.background, mask=task.mask) for task in tasks]
    surveyors = [
        Surveyor(arena=task.arena, grid=task.grid, background=task.background, mask=task.mask) for task in tasks
    ]
    steadiers = {id(task.view): Steadier(view=task.view) for task in tasks if task.view is not None}
    rows = [array("d") for _ in tasks]
    stamps = [array("d") for _ in tasks]
    numbers = [array("q") for _ in tasks]
    start, end = min(task.start_s for task in tasks), max(task.end_s for task in tasks)
    pending = 0
    for frame in recording.frames(start, end, threads=threads, log=log):
        steadied: dict[int, Luma] = {}
        for i, task in enumerate(tasks):
            if task.start_s <= frame.time_s < task.end_s:
                place = id(task.view)
                if place not in steadied:
                    steadier = steadiers.get(place)
                    steadied[place] = steadier.steady(frame.luma, frame.time_s) if steadier else frame.luma
                rows[i].extend(finders[i].locate(steadied[place]))
                surveyors[i].see(frame.time_s, steadied[place])
                stamps[i].append(frame.time_s)
                numbers[i].append(frame.index)
        pending += 1
        if progress is not None and pending >= 100:
            progress(pending)
            pending = 0
    if progress is not None and pending:
        progress(pending)
    return [
        _observations(
            np.frombuffer(numbers[i], np.int64),
            np.frombuffer(stamps[i]),
            np.frombuffer(rows[i]).reshape(-1, len(MEASURES)),
            damaged_s=tuple(log.damaged),
            survey=surveyors[i].finish(),
            steadier=steadiers.get(id(task.view)),
        )
        for i, task in enumerate(tasks)
    ]


def _observations(
    frames: NDArray[np.int64],
    time_s: FloatArray,
    measures: FloatArray,
    *,
    damaged_s: tuple[float, ...],
    survey: Survey,
    steadier: Steadier | None,
) -> Observations:
    """Return what a pass saw, without what it saw while the camera was elsewhere than thought."""
    known = measures
    if steadier is not None and steadier.doubtful_s:
        doubtful = np.zeros(len(time_s), bool)
        for start, end in steadier.doubtful_s:
            doubtful |= (time_s > start) & (time_s < end)
        known = np.where(doubtful[:, None], np.nan, measures)
    return Observations(
        frames=frames,
        time_s=time_s,
        measures=known,
        damaged_s=damaged_s,
        survey=survey,
        shifts=tuple(steadier.shifts) if steadier is not None else (),
    )
