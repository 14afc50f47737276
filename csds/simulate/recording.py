"""One recording and its exact truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from csds.formats.atomic import atomic_path
from csds.model.arena import Arena, project
from csds.model.shapes import FloatArray
from csds.simulate.cast import Cast
from csds.simulate.course import Trial
from csds.simulate.mouse import centroids, cut_to, nose_tips
from csds.simulate.render import Renderer
from csds.simulate.room import floor_of
from csds.simulate.scene import Scene
from csds.simulate.write import stamp_times, write_video

TRUTH_COLUMNS = ("frame", "time_s", "x_cm", "y_cm", "nose_x_cm", "nose_y_cm")
#: A body is cut at the floor's edge if it is seen farther beyond it, cm: a circle's outline has corners.
_OVER_EDGE_CM = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenArena:
    """Where the floor truly lies in the picture from a time on (s, by the file's stamps) until the next one's."""

    from_s: float
    arena: Arena


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Where the subject truly is.

    Parameters
    ----------
    table : DataFrame
        One row a frame: ``frame, time_s, x_cm, y_cm, nose_x_cm, nose_y_cm``. The centre is the area
        centroid of body, head and ears without tail, as drawn. ``time_s`` is the file's own stamp,
        from 0 at the first frame. Positions are in cm of the floor itself, whatever the camera does;
        of a mouse that rears or climbs, they are those of the body as seen, taken to the floor by the
        arena's homography, as a tracker would. What of it is seen over a wall, beyond the floor, doesn't
        count for the centre: a mouse that stands up at a wall of a slanting camera's picture would have
        its centre off the floor, farther from its feet than what is left. NaN where there is no mouse.
    scene : Scene
        What was filmed.
    arenas : tuple of SeenArena
        Where the floor lies in the picture: ``scene.arena`` from the start on, but where the camera
        was knocked. Trembling about a place isn't told.
    trials : tuple of Trial
        Each trial by the file's own stamps: it begins with the first frame that shows the mouse on the
        floor and no hand over the arena. Positions are NaN while the mouse isn't on the floor.
    """

    table: pd.DataFrame
    scene: Scene
    arenas: tuple[SeenArena, ...]
    trials: tuple[Trial, ...]

    def save_trials(self, path: Path) -> None:
        """Write the trials as CSV: ``phase, placed_s, start_s, end_s``."""
        with atomic_path(path) as part:
            pd.DataFrame([asdict(trial) for trial in self.trials]).round(6).to_csv(part, index=False)

    def save(self, path: Path) -> None:
        """Write the table as CSV, positions to a micrometre."""
        rounded = self.table.round(dict.fromkeys(TRUTH_COLUMNS[2:], 4) | {"time_s": 6})
        with atomic_path(path) as part:
            rounded.to_csv(part, index=False)


def simulate_recording(scene: Scene, path: Path) -> Truth:
    """Write a recording of the scene to ``path`` and return its truth.

    The same scene gives the same frames; all randomness comes from ``scene.seed``.

    Parameters
    ----------
    scene : Scene
    path : Path
        Its suffix chooses the container and must suit ``scene.encoding.codec``.

    Raises
    ------
    SimulationError
        Unknown behaviour, nuisance or codec, or a container that can't hold the recording.
    """
    (truth,) = simulate_arenas((scene,), path)
    return truth


def simulate_arenas(scenes: Sequence[Scene], path: Path) -> tuple[Truth, ...]:
    """Write a recording whose frames show the arenas of several scenes, and return the truth of each.

    Parameters
    ----------
    scenes : sequence of Scene
        Of one frame: the same size, times, seed and phase, each with an arena of its own name.
    path : Path
        As for `simulate_recording`.

    Raises
    ------
    SimulationError
        As for `simulate_recording`, or scenes that can't be in one frame.
    """
    path = Path(path)
    renderer = Renderer(*scenes)
    times = stamp_times(renderer.scene, path, renderer.clock.stamp_s)
    write_video(renderer.scene, path, renderer, times)
    return tuple(_truth(renderer, cast, times) for cast in renderer.casts)


def save_truths(truths: Sequence[Truth], folder: Path, video: Path) -> tuple[Path, ...]:
    """Write the truth of a recording's arenas into a folder and return the files.

    One arena's is ``<stem>.truth.csv``, one of several ``<stem>.<arena>.truth.csv``; where the
    recording shows more than the trial, ``….trials.csv`` stands beside it.
    """
    paths = []
    for truth in truths:
        stem = video.stem if len(truths) == 1 else f"{video.stem}.{truth.scene.arena.name}"
        paths.append(folder / f"{stem}.truth.csv")
        truth.save(paths[-1])
        if truth.scene.staging is not None:
            truth.save_trials(folder / f"{stem}.trials.csv")
    return tuple(paths)


def scene_truth(scene: Scene) -> Truth:
    """Return the truth of a scene without drawing it; times are nominal, not a container's."""
    renderer = Renderer(scene)
    return _truth(renderer, renderer.casts[0], renderer.clock.stamp_s)


def _truth(renderer: Renderer, cast: Cast, times: FloatArray) -> Truth:
    return Truth(
        table=_truth_table(renderer, cast, times),
        scene=cast.scene,
        arenas=_seen_arenas(renderer, cast.scene.arena, times),
        trials=_trials(renderer, cast, times),
    )


def _truth_table(renderer: Renderer, cast: Cast, times: FloatArray) -> pd.DataFrame:
    due = renderer.clock.due
    is_there = cast.is_there[due, None]
    centre = np.where(is_there, _centres(cast)[due], np.nan)
    nose = np.where(is_there, nose_tips(cast.outlines_cm[due]), np.nan)
    return pd.DataFrame(
        {
            "frame": np.arange(len(times)),
            "time_s": times,
            "x_cm": centre[:, 0],
            "y_cm": centre[:, 1],
            "nose_x_cm": nose[:, 0],
            "nose_y_cm": nose[:, 1],
        }
    )


def _centres(cast: Cast) -> FloatArray:
    """Return the centroid, (n, 2) in cm, of what is seen of the body over the floor, for every exposure."""
    floor, seen = floor_of(cast.scene.arena), cast.outlines_cm
    centres = centroids(seen)
    (window,) = floor.outlines()
    for leaning in np.flatnonzero(floor.distance(seen[..., 0], seen[..., 1]).max(axis=1) > _OVER_EDGE_CM):
        part = cut_to(seen[leaning], window)
        if len(part):
            (centres[leaning],) = centroids(part[None])
    return centres


def _trials(renderer: Renderer, cast: Cast, times: FloatArray) -> tuple[Trial, ...]:
    if cast.stagehand is None:
        last = float(times[-1]) + 1.0 / cast.scene.fps
        return (Trial(phase=cast.scene.phase, placed_s=0.0, start_s=float(times[0]), end_s=last),)
    shown = renderer.clock.exposed_s[renderer.clock.shown]

    def stamp(time_s: float) -> float:
        return float(times[min(int(np.searchsorted(shown, time_s)), len(times) - 1)])

    # A trial that the recording doesn't hold to its end still ends when it ends.
    return tuple(
        replace(
            trial,
            placed_s=stamp(trial.placed_s),
            start_s=stamp(trial.start_s),
            end_s=stamp(trial.start_s) + trial.end_s - trial.start_s,
        )
        for trial in cast.stagehand.course.trials
    )


def _seen_arenas(renderer: Renderer, still: Arena, times: FloatArray) -> tuple[SeenArena, ...]:
    seen = []
    arena, clock = still, renderer.clock
    for move_s in renderer.moves():
        first = int(np.searchsorted(clock.exposed_s[clock.shown], move_s))
        if first == len(times):
            continue
        matrix = renderer.lens(move_s, is_settled=True)
        if matrix is not None:
            corners = np.column_stack(project(matrix, *np.array(still.corners_px, float).T))
            arena = replace(still, corners_px=tuple((float(x), float(y)) for x, y in corners))
        seen.append(SeenArena(from_s=float(times[first]), arena=arena))
    return tuple(seen)
