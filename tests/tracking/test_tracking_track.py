"""From working pixels to a track in arena centimetres, and one pass for several animals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from csds.background import Background, work_grid
from csds.errors import TrackingError
from csds.model.arena import Arena
from csds.model.columns import TRACK_COLUMNS, names
from csds.model.protocol import TrackingSpec
from csds.tracking import Observations, Task, Window, assemble_track, observe_recording
from csds.tracking.measure import MEASURES

N, FPS = 60, 30.0
# The enclosure wall is the picture's right side: x runs down the picture, y to the left.
ARENA = Arena(
    name="A", shape="rectangle", width_cm=42, height_cm=42, frame_size_px=(460, 460),
    corners_px=((440, 20), (440, 440), (20, 440), (20, 20)),
)  # fmt: skip
GRID = work_grid(ARENA, margin_cm=1.0)


def task(**changes: object) -> Task:
    floor = np.full((GRID.height, GRID.width), 150, np.uint8)
    background = Background(
        floor=floor, polarity="dark", noise=1.0, contrast=90.0, threshold=32.0, animal_area_px=500.0
    )
    made = Task(
        arena=ARENA, grid=GRID, background=background, mask=np.full_like(floor, 255),
        start_s=10.0, end_s=10.0 + N / FPS, spec=TrackingSpec(smoothing_s=0.0),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def rows_at(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return measures of a body of 40 × 16 working pixels that looks along +u, tail behind it."""
    table = {
        "u": u, "v": v, "area": 500.0, "length": 40.0, "width": 16.0, "axis": 0.0, "ahead_u": u + 20, "ahead_v": v,
        "behind_u": u - 20, "behind_v": v, "tail_side": -0.8, "skew": 0.3,
    }  # fmt: skip
    return np.column_stack([np.broadcast_to(table[name], len(u)) for name in MEASURES])


def assembled(rows: np.ndarray, damaged_s: tuple[float, ...] = (), **changes: object):
    numbers = np.arange(len(rows))
    seen = Observations(frames=300 + numbers, time_s=10.0 + numbers / FPS, measures=rows, damaged_s=damaged_s)
    return assemble_track(task(**changes), seen, Window(start_s=10.0, end_s=10.0 + N / FPS))


def test_pixels_become_centimetres_of_a_turned_arena() -> None:
    u, v = np.linspace(60, 160, N), np.full(N, 80.0)
    table = assembled(rows_at(u, v)).table
    x_px, y_px = GRID.to_frame(u, v)
    assert table["x_cm"].to_numpy() == pytest.approx((y_px - 20) / 10)
    assert table["y_cm"].to_numpy() == pytest.approx((440 - x_px) / 10)
    # It walks to the right in the picture: towards the enclosure, against y.
    assert table["heading_rad"].to_numpy() == pytest.approx(-np.pi / 2)
    assert table["body_length_cm"].to_numpy() == pytest.approx(40 * GRID.factor / 10)
    assert table["body_width_cm"].to_numpy() == pytest.approx(16 * GRID.factor / 10)
    assert table["body_axis_rad"].to_numpy() == pytest.approx(np.pi / 2)
    assert table["area_cm2"].to_numpy() == pytest.approx(500 * GRID.factor**2 / 100)
    assert table["time_s"].to_numpy() == pytest.approx(np.arange(N) / FPS)
    assert table["frame"].tolist() == list(range(300, 300 + N))
    own = [name for name in names(TRACK_COLUMNS) if name != "speed_cm_s"]
    assert list(table.columns) == own


def test_short_gaps_are_filled_and_marked_long_ones_stay_empty() -> None:
    rows = rows_at(np.linspace(60, 160, N), np.full(N, 80.0))
    rows[5:10] = np.nan
    rows[20:50] = np.nan
    table = assembled(rows).table
    assert np.flatnonzero(table["interpolated"]).tolist() == list(range(5, 10))
    assert np.flatnonzero(~table["detected"]).tolist() == [*range(5, 10), *range(20, 50)]
    assert table["x_cm"].notna().to_numpy().tolist() == [not 20 <= i < 50 for i in range(N)]
    assert table["area_cm2"].isna().sum() == 35
    step = np.diff(table["y_cm"].to_numpy()[:20])
    assert step == pytest.approx(step[0])


def test_doubt_about_the_animal_becomes_a_flag() -> None:
    rows = rows_at(80.0 + 0.1 * np.sin(np.arange(N)), np.full(N, 80.0))
    background = task().background
    assert assembled(rows).flags == ()
    assert assembled(rows, background=replace(background, presence="doubtful")).flags == ("uncertain_animal",)
    assert assembled(rows, background=replace(background, contrast=5.0)).flags == ("low_contrast",)
    faint = replace(background, noise=0.8, contrast=12.0, found_share=1.0)
    assert assembled(rows, background=faint).flags == ()
    assert assembled(rows, background=replace(faint, found_share=0.7)).flags == ("low_contrast",)
    assert assembled(rows, damaged_s=(11.0,)).flags == ("damaged_frames",)
    assert assembled(rows, damaged_s=(30.0,)).flags == ()


def test_what_neither_shifts_nor_breathes_may_be_something_else_than_the_animal() -> None:
    rows = rows_at(np.full(N, 80.0), np.full(N, 80.0))
    assert assembled(rows).flags == ("uncertain_animal",)
    breathing = rows.copy()
    breathing[:, MEASURES.index("area")] += 8.0 * np.sin(np.arange(N))
    assert assembled(breathing).flags == ()


def test_window_without_a_frame_says_so() -> None:
    with pytest.raises(TrackingError, match="beyond the recording's end") as caught:
        assembled(np.empty((0, len(MEASURES))))
    assert "start_s" in caught.value.hint


def test_two_windows_of_one_recording_are_tracked_in_one_pass(tmp_path: Path) -> None:
    from csds.simulate.recording import simulate_recording
    from csds.simulate.scenarios import scenario
    from csds.video import open_recording, sample_frames

    scene = scenario("small_wmv", duration_s=6.0, phase="target_absent")
    video = tmp_path / "room.wmv"
    truth = simulate_recording(scene, video).table
    recording = open_recording(video)
    grid = work_grid(scene.arena, margin_cm=1.0)
    floor = np.median([grid.crop(frame) for frame in sample_frames(recording, 0.0, 6.0)[1]], axis=0).astype(np.uint8)
    background = Background(
        floor=floor, polarity="dark", noise=1.0, contrast=90.0, threshold=35.0, animal_area_px=20 * grid.px_per_cm**2
    )
    windows = [(0.0, 2.0), (1.0, 5.0)]
    tasks = [
        Task(arena=scene.arena, grid=grid, background=background, mask=np.full_like(floor, 255), start_s=a, end_s=b)
        for a, b in windows
    ]
    counted: list[int] = []
    seen = observe_recording(recording, tasks, progress=counted.append)
    assert sum(counted) == ((truth["time_s"] >= 0) & (truth["time_s"] < 5.0)).sum()
    for task_, observed, (start, end) in zip(tasks, seen, windows, strict=True):
        track = assemble_track(task_, observed, Window(start_s=start, end_s=end))
        inside = truth[(truth["time_s"] >= start - 1e-3) & (truth["time_s"] < end - 1e-3)]
        assert track.table["frame"].tolist() == inside["frame"].tolist()
        assert track.table["time_s"].to_numpy() == pytest.approx(inside["time_s"].to_numpy() - start, abs=2e-3)
