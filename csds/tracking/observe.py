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
from csds.tracking.find import Finder, Look
from csds.tracking.measure import MEASURES, measure_bodies
from csds.tracking.steady import CameraShift, Steadier
from csds.tracking.survey import Survey, Surveyor
from csds.tracking.thumbnails import Thumbnails
from csds.tracking.trial import Wanted, trials_are_over
from csds.video.planes import Luma
from csds.video.read import DecodingLog, Frame, Recording

#: So often it is asked whether the trials are over, s.
_ASK_EVERY_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One animal to be followed in a recording: its arena's grid, floor and mask, and the span to look at in s.

    ``mask`` is 255 on the floor without the target's ``enclosure``, which has a mask of its own.
    ``view`` is where the camera looks at first: what it films after it moved is moved back. ``shift`` is by
    how much it had moved since the arena was drawn. ``wanted`` are the trials to be found in the span; None
    where it is the trial itself.
    """

    arena: Arena
    grid: WorkGrid
    background: Background
    mask: Mask
    start_s: float
    end_s: float
    wanted: Wanted | None = None
    spec: TrackingSpec = field(default_factory=TrackingSpec)
    enclosure: Mask | None = None
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
    thumbnails : Thumbnails
        Pictures around possible starts and ends of the trial.
    """

    frames: NDArray[np.int64]
    time_s: FloatArray
    measures: FloatArray
    damaged_s: tuple[float, ...] = ()
    survey: Survey = field(default_factory=Survey)
    shifts: tuple[CameraShift, ...] = ()
    thumbnails: Thumbnails = field(default_factory=Thumbnails)


def observe_recording(
    recording: Recording,
    tasks: Sequence[Task],
    *,
    threads: int = 0,
    progress: Callable[[int], None] | None = None,
) -> list[Observations]:
    """Return what is seen of every task's animal, all from one pass over the recording.

    The pass ends with the last task's span, or sooner when all the trials that are wanted are over.

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
    watches = [_Watch(task=task) for task in tasks]
    steadiers = {id(task.view): _steadier(task.view, tasks) for task in tasks if task.view is not None}
    start, end = min(task.start_s for task in tasks), max(task.end_s for task in tasks)
    pending = 0
    for frame in recording.frames(start, end, threads=threads, log=log):
        steadied: dict[int, Luma] = {}
        for watch in watches:
            if not watch.task.start_s <= frame.time_s < watch.task.end_s:
                continue
            place = id(watch.task.view)
            if place not in steadied:
                steadier = steadiers.get(place)
                steadied[place] = steadier.steady(frame.luma, frame.time_s) if steadier else frame.luma
            watch.see(frame, steadied[place])
        pending += 1
        if pending >= 100:
            if progress is not None:
                progress(pending)
            pending = 0
            if all(watch.is_over(frame.time_s) for watch in watches):
                break
    if progress is not None and pending:
        progress(pending)
    return [watch.finish(tuple(log.damaged), steadiers.get(id(watch.task.view))) for watch in watches]


def _steadier(view: View, tasks: Sequence[Task]) -> Steadier:
    """Return a steadier of what the tasks of a view look at."""
    grids = [task.grid for task in tasks if task.view is view]
    right, bottom = (max(g.left + g.width * g.factor for g in grids), max(g.top + g.height * g.factor for g in grids))
    part = (min(grid.left for grid in grids), min(grid.top for grid in grids), right, bottom)
    return Steadier(view=view, part=part)


@dataclass(slots=True, kw_only=True)
class _Watch:
    """Follows one task's animal: what has been seen so far."""

    task: Task
    finder: Finder = field(init=False)
    surveyor: Surveyor = field(init=False)
    thumbnails: Thumbnails = field(init=False)
    rows: array[float] = field(init=False, default_factory=lambda: array("d"))
    looks: list[Look] = field(init=False, default_factory=list)
    stamps: array[float] = field(init=False, default_factory=lambda: array("d"))
    numbers: array[int] = field(init=False, default_factory=lambda: array("q"))
    asked_s: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        task = self.task
        self.finder = Finder(grid=task.grid, background=task.background, mask=task.mask, enclosure=task.enclosure)
        self.surveyor = Surveyor(arena=task.arena, grid=task.grid, background=task.background, mask=task.mask)
        lengths = task.wanted.durations_s if task.wanted is not None else (task.end_s - task.start_s,)
        self.thumbnails = Thumbnails(lengths_s=tuple(dict.fromkeys(lengths)))

    def see(self, frame: Frame, luma: Luma) -> None:
        """Take in a frame within the task's span, with its picture as seen from where the camera looked at first."""
        self.looks.append(self.finder.look(luma))
        if len(self.looks) >= self.finder.at_a_time:
            self._search()
        self.stamps.append(frame.time_s)
        self.numbers.append(frame.index)
        picture = self.surveyor.see(frame.time_s, luma)
        if picture is not None:
            self.thumbnails.see(frame.time_s, picture, mark=self.surveyor.has_changed)

    def is_over(self, time_s: float) -> bool:
        """Return True where no later frame is needed."""
        if time_s >= self.task.end_s:
            return True
        wanted = self.task.wanted
        if wanted is None or time_s < self.asked_s:
            return False
        self.asked_s = time_s + _ASK_EVERY_S
        return trials_are_over(self.surveyor.finish(), wanted)

    def finish(self, damaged_s: tuple[float, ...], steadier: Steadier | None) -> Observations:
        """Return all that was seen, without what was seen while the camera was elsewhere than thought."""
        self._search()
        time_s = np.frombuffer(self.stamps)
        measures: FloatArray = np.frombuffer(self.rows).reshape(-1, len(MEASURES))
        if steadier is not None and steadier.doubtful_s:
            doubtful = np.zeros(len(time_s), bool)
            for start, end in steadier.doubtful_s:
                doubtful |= (time_s > start) & (time_s < end)
            measures = np.where(doubtful[:, None], np.nan, measures)
        return Observations(
            frames=np.frombuffer(self.numbers, np.int64),
            time_s=time_s,
            measures=measures,
            damaged_s=damaged_s,
            survey=self.surveyor.finish(),
            shifts=tuple(steadier.shifts) if steadier is not None else (),
            thumbnails=self.thumbnails,
        )

    def _search(self) -> None:
        """Find and measure the animal in the frames that wait for it."""
        self.rows.frombytes(measure_bodies([self.finder.find(look) for look in self.looks]).tobytes())
        self.looks.clear()
