"""A recording through a wide lens is measured as well as one without, once its distortion is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from csds.arena import arena_path, write_arenas
from csds.batch import TrackOptions, track_study
from csds.model.arena import Arena
from csds.model.lens import Lens
from csds.protocol import load_protocol
from csds.simulate.recording import scene_truth
from csds.simulate.render import Renderer
from csds.simulate.scenarios import scenario
from csds.simulate.scene import Scene
from csds.simulate.write import write_video
from csds.study import study_from_folder

SIZE = (320, 240)
LENS = Lens(distortion=(-0.38, 0.12, 0.0, 0.0, 0.0), focal_px=(230.0, 230.0), centre_px=(159.5, 119.5))


def small(scene: Scene) -> Scene:
    corners = tuple((x / 2, y / 2) for x, y in scene.arena.corners_px)
    return replace(scene, arena=replace(scene.arena, corners_px=corners, frame_size_px=SIZE), fps=15.0)


def through_lens(frames: Renderer) -> Iterator[np.ndarray]:
    u, v = np.meshgrid(np.arange(SIZE[0], dtype=float), np.arange(SIZE[1], dtype=float))
    x, y = (part.astype(np.float32) for part in LENS.straighten(u, v))
    for frame in frames:
        yield np.asarray(cv2.remap(frame, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT), np.uint8)


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame, Arena]:
    """Return a recording through the lens, its truth in cm, and the arena as that lens shows it."""
    scene = small(scenario("clean", phase="target_absent", seed=3, duration_s=8.0))
    truth = scene_truth(scene)
    video = tmp_path_factory.mktemp("lens") / "M1_absent.mp4"
    write_video(scene, video, through_lens(Renderer(scene)), truth.table["time_s"].to_numpy())
    x, y = LENS.bend(*np.array(scene.arena.corners_px).T)
    seen = tuple((float(a), float(b)) for a, b in zip(x, y, strict=True))
    return video, truth.table, replace(scene.arena, corners_px=seen, lens=LENS)


def centre_errors_cm(video: Path, truth: pd.DataFrame, arena: Arena, out: Path) -> np.ndarray:
    write_arenas(arena_path(video), [arena])
    protocol = load_protocol("open_field")
    study, _ = study_from_folder(video.parent, "{animal_id}_absent.mp4", protocol)
    result = track_study(study, protocol, out, TrackOptions())
    assert not result.failures
    (name,) = result.sessions["session_id"]
    track = pd.read_parquet(out / "tracks" / f"{name}.parquet")
    true = truth.set_index("frame").loc[track["frame"]]
    return np.hypot(track.x_cm.to_numpy() - true.x_cm, track.y_cm.to_numpy() - true.y_cm).to_numpy()


def test_accuracy_returns_with_the_coefficients(filmed: tuple[Path, pd.DataFrame, Arena], tmp_path: Path) -> None:
    video, truth, arena = filmed
    straight = centre_errors_cm(video, truth, arena, tmp_path / "with")
    bent = centre_errors_cm(video, truth, replace(arena, lens=None), tmp_path / "without")
    assert np.nanmedian(straight) < 0.1
    assert np.nanpercentile(straight, 99) < 0.5
    assert np.nanmedian(bent) > 3 * np.nanmedian(straight)
