"""Pictures and files against the truth that comes with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
import pytest

from csds.errors import ResultsError, SimulationError
from csds.model.arena import Arena
from csds.simulate.recording import TRUTH_COLUMNS, scene_truth, simulate_arenas, simulate_recording
from csds.simulate.render import Renderer
from csds.simulate.scenarios import SCENARIOS, scenario, scenario_scenes
from csds.simulate.scene import Encoding, Nuisance, Timing, corners, frame_times
from csds.simulate.write import CODECS


def small(*, fps=20.0, duration_s=0.5, **changes):
    """A scene that is quick to draw."""
    arena = Arena(
        name="A", shape="rectangle", width_cm=42, height_cm=42, frame_size_px=(320, 240), corners_px=corners((320, 240))
    )
    scene = replace(scenario("clean", seed=2), arena=arena, fps=fps, duration_s=duration_s)
    return replace(scene, **changes)


def decode(path: Path):
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    # The luma plane as it is stored: a conversion to grey would stretch its range.
    return [frame.to_ndarray()[: frame.height] for frame in frames], np.array([float(frame.time) for frame in frames])


@pytest.mark.parametrize(
    "arena_changes",
    [{}, {"wall": "bottom"}, {"wall": "left", "turn_deg": 7.0}, {"tilt": 0.25, "turn_deg": -4.0}],
)
def test_truth_is_the_centroid_of_the_pixels_drawn(arena_changes):
    # Large, even light, no noise, no shadow; the tail is taken off by an opening, as a tracker would.
    size = (1280, 960)
    arena = Arena(
        name="A", shape="rectangle", width_cm=42, height_cm=42, frame_size_px=size,
        corners_px=corners(size, **arena_changes),
    )  # fmt: skip
    scene = replace(
        scenario("clean", seed=11, duration_s=20, phase="target_absent"),
        arena=arena, enclosure=None, noise_sigma=0.0, shadow=0.0, vignette=0.0, fps=1.0,
    )  # fmt: skip
    renderer, truth = Renderer(scene), scene_truth(scene).table
    floor = np.zeros((960, 1280), np.uint8)
    cv2.fillPoly(floor, [np.round(arena.corners_px).astype(np.int32)], 1)
    rows, columns = np.indices((960, 1280))
    x_cm, y_cm = arena.to_cm(columns, rows)
    for index in range(0, len(renderer), 4):
        dark = ((renderer.frame(index) < 75) & (floor > 0)).astype(np.uint8)
        body = cv2.morphologyEx(dark, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (15, 15)))
        # What the opening took from the ears comes back; of the tail only its root does.
        body = cv2.dilate(body, np.ones((9, 9), np.uint8)) & dark
        # A pixel of the image covers an area of floor that depends on the perspective.
        weight = 1.0 / np.abs(
            np.gradient(x_cm, axis=1) * np.gradient(y_cm, axis=0)
            - np.gradient(x_cm, axis=0) * np.gradient(y_cm, axis=1)
        )
        share = body / weight
        centre = (x_cm * share).sum() / share.sum(), (y_cm * share).sum() / share.sum()
        expected = truth.loc[index, ["x_cm", "y_cm"]].to_numpy(float)
        assert np.hypot(*(expected - centre)) < 0.12, index


def test_the_nose_is_where_the_picture_s_tip_is():
    scene = replace(small(noise_sigma=0.0, shadow=0.0, vignette=0.0), enclosure=None)
    renderer, truth = Renderer(scene), scene_truth(scene).table
    x_px, y_px = scene.arena.to_px(truth.nose_x_cm[0], truth.nose_y_cm[0])
    rows, columns = np.nonzero(renderer.frame(0) < 75)
    assert np.hypot(columns - x_px, rows - y_px).min() < 2.0
    # The tail is behind: no part of the mouse lies ahead of the nose.
    centre = np.array(scene.arena.to_px(truth.x_cm[0], truth.y_cm[0]))
    ahead = np.array([x_px, y_px]) - centre
    ahead /= np.hypot(*ahead)
    in_floor = (rows > 30) & (rows < 210) & (columns > 70) & (columns < 250)
    along = (columns[in_floor] - centre[0]) * ahead[0] + (rows[in_floor] - centre[1]) * ahead[1]
    assert along.max() < np.hypot(x_px - centre[0], y_px - centre[1]) + 2.0


WRITABLE = [
    ("h264", ".mp4"), ("h264", ".mov"), ("h264", ".mkv"), ("h264", ".avi"), ("mpeg4", ".avi"), ("mpeg4", ".mp4"),
    ("mjpeg", ".avi"), ("mpeg2", ".mpg"), ("wmv2", ".wmv"), ("ffv1", ".avi"),
]  # fmt: skip


@pytest.mark.parametrize(("codec", "suffix"), WRITABLE)
def test_files_hold_every_frame_at_its_time(tmp_path, codec, suffix):
    scene = small(fps=25.0, encoding=Encoding(codec=codec, bitrate_kbps=1500))
    path = tmp_path / f"room{suffix}"
    truth = simulate_recording(scene, path)
    frames, times = decode(path)
    assert len(frames) == len(truth.table) == round(scene.fps * scene.duration_s)
    assert frames[0].shape == (240, 320)
    if (codec, suffix) == ("h264", ".avi"):
        # Raw H.264 in AVI starts wherever the decoder's delay puts it; the steps are right.
        np.testing.assert_allclose(np.diff(times), 1 / 25, atol=1e-6)
    else:
        # Program streams don't start at zero.
        np.testing.assert_allclose(times - times[0], truth.table["time_s"], atol=1e-6)
    # The picture is the one that was drawn, but for the coding's losses.
    drawn = Renderer(scene).frame(5).astype(int)
    assert np.abs(frames[5].astype(int) - drawn).mean() < 6
    assert [left.name for left in tmp_path.iterdir()] == [path.name]


def test_dv(tmp_path):
    truth = simulate_recording(scenario("dv", duration_s=0.2), tmp_path / "room.avi")
    frames, _ = decode(tmp_path / "room.avi")
    assert len(frames) == len(truth.table) == 5


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov", ".wmv"])
def test_variable_stamps_are_the_truth_s(tmp_path, suffix):
    codec = "wmv2" if suffix == ".wmv" else "h264"
    timing = Timing(jitter=0.2, dropped_stretches=2)
    scene = small(duration_s=6.0, timing=timing, encoding=Encoding(codec=codec, bitrate_kbps=300))
    truth = simulate_recording(scene, tmp_path / f"room{suffix}").table
    frames, times = decode(tmp_path / f"room{suffix}")
    assert len(frames) == len(truth)
    np.testing.assert_allclose(times, truth["time_s"], atol=1e-6)
    steps = np.diff(times)
    assert 1 <= (steps > 0.5).sum() <= 2  # two holes may meet
    assert len(np.unique(steps.round(4))) > 20
    assert times[-1] < scene.duration_s


def test_the_position_is_that_of_the_stamp_not_of_the_count():
    # After a hole the mouse is where it would be by the clock: both recordings sample one path.
    regular = small(duration_s=20.0, fps=50.0)
    with_holes = replace(regular, timing=Timing(jitter=0.2, dropped_stretches=3))
    a, b = scene_truth(regular).table, scene_truth(with_holes).table
    expected = np.interp(b["time_s"], a["time_s"], a["x_cm"])
    assert np.abs(b["x_cm"] - expected).max() < 0.35


def test_the_same_seed_gives_the_same_recording_and_another_does_not(tmp_path):
    scene = small(nuisances=(Nuisance(name="bedding"), Nuisance(name="flicker")))
    first, second = simulate_recording(scene, tmp_path / "a.mp4"), simulate_recording(scene, tmp_path / "b.mp4")
    pd.testing.assert_frame_equal(first.table, second.table)
    for one, other in zip(decode(tmp_path / "a.mp4")[0], decode(tmp_path / "b.mp4")[0], strict=True):
        np.testing.assert_array_equal(one, other)
    other = scene_truth(replace(scene, seed=99, duration_s=10.0)).table
    assert np.abs(other["x_cm"] - scene_truth(replace(scene, duration_s=10.0)).table["x_cm"]).max() > 1


def test_frames_may_be_asked_for_in_any_order():
    renderer = Renderer(small(nuisances=(Nuisance(name="droppings"),)))
    in_order = [renderer.frame(index) for index in range(6)]
    np.testing.assert_array_equal(renderer.frame(2), in_order[2])
    assert len(renderer) == 10


def test_both_phases_show_one_room():
    scenes = [
        small(target_present=present, noise_sigma=0.0, nuisances=(Nuisance(name="bedding"),))
        for present in (False, True)
    ]
    absent, present = (Renderer(scene).frame(0).astype(int) for scene in scenes)
    # The far wall and its surroundings, where neither mouse is at the start.
    np.testing.assert_array_equal(absent[215:], present[215:])


def test_the_target_moves_only_within_its_enclosure():
    scene = small(target_present=True, noise_sigma=0.0, behaviour="still", place="far_left", duration_s=8.0)
    with_target, without = Renderer(scene), Renderer(replace(scene, target_present=False))
    (outline,) = scene.enclosure.outlines()
    x, y = scene.arena.to_px(outline[:, 0], outline[:, 1])
    box = slice(int(y.min()) - 1, int(y.max()) + 2), slice(int(x.min()) - 1, int(x.max()) + 2)
    seen = [with_target.frame(index).astype(int) for index in (0, 80, 159)]
    assert np.abs(seen[0][box] - seen[1][box]).max() > 40
    assert seen[0][box].max() > without.frame(0)[box].max() + 20
    outside = np.ones_like(seen[0], bool)
    outside[box] = False
    # The still subject breathes in the lower left of the floor, nothing else changes.
    outside[120:, :160] = False
    assert np.abs(seen[0] - seen[1])[outside].max() == 0


def test_noise_has_the_sigma_asked_for():
    scene = small(noise_sigma=4.0, behaviour="still", place="far_left")
    renderer = Renderer(scene)
    difference = renderer.frame(0).astype(float) - renderer.frame(4)
    assert difference[60:110, 100:220].std() / np.sqrt(2) == pytest.approx(4.0, rel=0.1)


def test_infrared_is_dim_and_black_fur_is_not_black():
    white, infrared = (Renderer(small(light=light, noise_sigma=0.0)).frame(0) for light in ("white", "infrared"))
    assert np.median(infrared) < 0.6 * np.median(white)
    centre = scene_truth(small()).table.loc[0]
    x, y = (int(v) for v in small().arena.to_px(centre["x_cm"], centre["y_cm"]))
    assert infrared[y, x] > white[y, x]


@pytest.mark.parametrize(
    ("changes", "name", "message"),
    [
        ({"encoding": Encoding(codec="vhs")}, "a.mp4", "unknown codec 'vhs'"),
        ({"encoding": Encoding(codec="wmv2")}, "a.mp4", "ends in .wmv"),
        ({"encoding": Encoding(codec="mpeg2"), "fps": 15.0}, "a.mpg", "MPEG-2 knows"),
        ({"encoding": Encoding(codec="dv"), "fps": 25.0}, "a.avi", "720 × 576"),
        ({"encoding": Encoding(codec="mjpeg"), "timing": Timing(jitter=0.1)}, "a.avi", "variable rate"),
    ],
)
def test_files_that_can_t_be_are_refused(tmp_path, changes, name, message):
    with pytest.raises(SimulationError, match=message) as caught:
        simulate_recording(small(**changes), tmp_path / name)
    assert caught.value.hint
    assert not list(tmp_path.iterdir())


def test_a_place_that_can_t_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ResultsError):
        simulate_recording(small(), tmp_path / "file" / "room.mp4")


def test_truth_is_saved_as_declared(tmp_path):
    truth = scene_truth(small())
    truth.save(tmp_path / "room.truth.csv")
    back = pd.read_csv(tmp_path / "room.truth.csv")
    assert tuple(back.columns) == TRUTH_COLUMNS
    np.testing.assert_allclose(back.to_numpy(float), truth.table.to_numpy(float), atol=1e-4)


def test_corners_are_clockwise_and_begin_at_the_enclosure_wall():
    for wall, side in (("top", (1, -1)), ("bottom", (1, 1)), ("left", (0, -1)), ("right", (0, 1))):
        placed = np.array(corners((640, 480), wall=wall)) - [320, 240]
        x, y = placed.T
        assert (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() > 0  # clockwise where y points down
        axis, sign = side
        assert (np.sign(placed[:2, axis]) == sign).all()


def test_tilt_and_turn():
    tilted = np.array(corners((640, 480), tilt=0.2))
    assert np.ptp(tilted[:2, 0]) == pytest.approx(np.ptp(tilted[2:, 0]) * 0.9 / 1.1)
    turned = np.array(corners((640, 480), turn_deg=90))
    np.testing.assert_allclose(turned, np.array(corners((640, 480), wall="right")), atol=1e-9)


def test_frame_times_of_a_regular_scene():
    np.testing.assert_allclose(frame_times(small(fps=25.0, duration_s=2.0)), np.arange(50) / 25)


def test_every_scenario_can_be_written(tmp_path):
    for name in SCENARIOS:
        # Recordings that show more than the trial are long, and have tests of their own.
        scenes = [replace(scene, duration_s=0.1) for scene in scenario_scenes(name, duration_s=1.0)]
        encoding = scenes[0].encoding
        assert encoding.suffix in CODECS[encoding.codec].suffixes
        truths = simulate_arenas(scenes, tmp_path / f"{name}{encoding.suffix}")
        assert [len(truth.table) for truth in truths] == [len(truths[0].table)] * SCENARIOS[name].arena_count
