"""One recording and its exact truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from csds.formats.atomic import atomic_path
from csds.model.shapes import FloatArray
from csds.simulate.mouse import centroids, noses
from csds.simulate.render import Renderer
from csds.simulate.scene import Scene
from csds.simulate.write import stamp_times, write_video

TRUTH_COLUMNS = ("frame", "time_s", "x_cm", "y_cm", "nose_x_cm", "nose_y_cm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Where the subject truly is.

    Parameters
    ----------
    table : DataFrame
        One row a frame: ``frame, time_s, x_cm, y_cm, nose_x_cm, nose_y_cm``. The centre is the area
        centroid of body, head and ears without tail, as drawn. ``time_s`` is the file's own stamp,
        from 0 at the first frame.
    scene : Scene
        What was filmed.
    """

    table: pd.DataFrame
    scene: Scene

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
    path = Path(path)
    renderer = Renderer(scene)
    times = stamp_times(renderer.scene, path, renderer.poses.time_s)
    write_video(renderer.scene, path, renderer, times)
    return Truth(table=_truth_table(renderer, times), scene=renderer.scene)


def scene_truth(scene: Scene) -> Truth:
    """Return the truth of a scene without drawing it; times are nominal, not a container's."""
    renderer = Renderer(scene)
    return Truth(table=_truth_table(renderer, renderer.poses.time_s), scene=renderer.scene)


def _truth_table(renderer: Renderer, times: FloatArray) -> pd.DataFrame:
    centre = centroids(renderer.outlines_cm)
    nose = noses(renderer.poses, renderer.scene.body_length_cm)
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
