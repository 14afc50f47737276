"""Boxes in perspective, several arenas in a frame, and rooms drawn at random."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from csds.errors import SimulationError
from csds.model.arena import project, solve_homography
from csds.model.shapes import Rectangle
from csds.simulate.box import Box, Cage, View
from csds.simulate.boxes import box_of, hidden_cm
from csds.simulate.camera import Camera
from csds.simulate.greys import FURS, LIGHT_GAIN
from csds.simulate.motion import subject_poses
from csds.simulate.random_rooms import random_room, random_scene
from csds.simulate.recording import save_truths, scene_truth, simulate_arenas
from csds.simulate.render import Renderer
from csds.simulate.scenarios import scenario
from csds.simulate.scene import Nuisance, Scene

SEEDS = range(40)


def boxed(*, name="A", middle_cm=(0.0, 0.0), camera=None, box=None, **changes):
    camera = camera or Camera(frame_size_px=(320, 240), px_per_cm=4.5, distance_cm=200.0)
    box = replace(box or Box(view=View(camera=camera)), middle_cm=middle_cm)
    scene = Scene(
        arena=box.arena(name=name, shape="rectangle", width_cm=42, height_cm=42),
        enclosure=Rectangle(left=16, top=0, right=26, bottom=6.5),
        box=box,
        duration_s=0.5,
        fps=10.0,
        noise_sigma=0.0,
        vignette=0.0,
        seed=3,
    )
    return replace(scene, **changes)


def test_a_pinhole_takes_the_floor_s_plane_by_a_homography():
    camera = Camera(
        frame_size_px=(640, 480), px_per_cm=8.0, distance_cm=150.0, aim_cm=(3.0, -4.0),
        tilt_deg=14.0, tilt_towards_deg=70.0, turn_deg=9.0,
    )  # fmt: skip
    corners = np.array([(-20.0, -20.0), (20.0, -20.0), (20.0, 20.0), (-20.0, 20.0)])
    matrix = solve_homography(corners, camera.to_px(corners))
    inside = np.random.default_rng(1).uniform(-20, 20, (50, 2))
    np.testing.assert_allclose(camera.to_px(inside), np.column_stack(project(matrix, *inside.T)), atol=1e-6)
    np.testing.assert_allclose(camera.to_px(np.array([camera.aim_cm])), [(320, 240)], atol=1e-9)


def test_what_stands_below_the_camera_is_seen_at_one_point_at_every_height():
    camera = Camera(frame_size_px=(640, 480), px_per_cm=8.0, distance_cm=150.0, tilt_deg=11.0, turn_deg=30.0)
    below = camera.place_cm[None, :2]
    np.testing.assert_allclose(camera.to_px(below, 0.0), camera.to_px(below, 60.0), atol=1e-6)
    assert camera.place_cm[2] == pytest.approx(150 * np.cos(np.deg2rad(11)))


def test_similar_triangles_give_a_wall_s_width_in_the_picture():
    scene = boxed()
    top = box_of(scene).to_px(scene.arena.corners_cm, (42, 42), 30.0)
    # Seen from 200 cm, a point 30 cm high appears 200 / 170 times as far from the middle.
    np.testing.assert_allclose(top - (160, 120), (np.array(scene.arena.corners_px) - (160, 120)) * 200 / 170)


def test_a_near_wall_hides_the_strip_that_similar_triangles_say():
    aside = boxed(middle_cm=(61.0, 0.0), camera=Camera(frame_size_px=(640, 480), px_per_cm=4.0, distance_cm=230.0))
    # The left wall stands 40 cm beside the point below the camera.
    assert hidden_cm(aside) == pytest.approx(30 * 40 / (230 - 30))
    assert hidden_cm(boxed()) == 0.0


def test_a_subject_behind_a_near_wall_is_not_seen():
    camera = Camera(frame_size_px=(640, 480), px_per_cm=4.0, distance_cm=150.0, aim_cm=(30.0, 0.0))
    scene = boxed(middle_cm=(75.0, 0.0), camera=camera, behaviour="still", place="far_left", shadow=0.0, enclosure=None)
    shown, empty = Renderer(scene), Renderer(replace(scene, place="far_right"))
    difference = np.abs(shown.frame(0).astype(int) - empty.frame(0))
    x, y = scene.arena.to_px(*shown.outlines_cm[0].T)
    behind = difference[int(y.min()) : int(y.max()) + 1, int(x.min()) : int(x.max()) + 1]
    # 30 · 24 / 120 = 6 cm of the floor are hidden, most of a mouse that sits there lengthwise.
    assert 0 < (behind > 15).sum() < 0.5 * (behind.size / 2)


def test_boxes_stand_on_the_floor_that_truth_is_told_in(tmp_path):
    room = random_room(5, arenas=1, duration_s=0.5)
    (scene,) = room.absent
    bare = replace(scene, noise_sigma=0.0, shadow=0.0, behaviour="still", place="middle")
    elsewhere = replace(bare, place="far_left")
    change = np.abs(Renderer(bare).frame(0).astype(int) - Renderer(elsewhere).frame(0)) > 12
    rows, columns = np.nonzero(change)
    x, y = scene.arena.to_cm(columns, rows)
    centre = scene_truth(bare).table.loc[0, ["x_cm", "y_cm"]].to_numpy(float)
    near = np.hypot(x - centre[0], y - centre[1]) < 6
    assert np.hypot(x[near].mean() - centre[0], y[near].mean() - centre[1]) < 1.2


def test_two_arenas_in_a_frame_have_animals_and_truth_of_their_own(tmp_path):
    camera = Camera(frame_size_px=(480, 240), px_per_cm=4.5, distance_cm=250.0)
    pair = [boxed(name=name, middle_cm=(x, 0.0), camera=camera) for name, x in (("A", -23.0), ("B", 23.0))]
    truths = simulate_arenas(pair, tmp_path / "two.mp4")
    assert [truth.scene.arena.name for truth in truths] == ["A", "B"]
    assert np.abs(truths[0].table["x_cm"] - truths[1].table["x_cm"]).max() > 0.01
    pd.testing.assert_series_equal(truths[0].table["time_s"], truths[1].table["time_s"])
    # The picture's left half doesn't know what happens in the right one.
    both, other = Renderer(*pair), Renderer(pair[0], replace(pair[1], behaviour="still", place="far_left"))
    np.testing.assert_array_equal(both.frame(4)[:, :235], other.frame(4)[:, :235])
    assert (both.frame(4) != other.frame(4)).any()
    paths = save_truths(truths, tmp_path, tmp_path / "two.mp4")
    assert [path.name for path in paths] == ["two.A.truth.csv", "two.B.truth.csv"]
    assert len(pd.read_csv(paths[1])) == 5


def test_a_nuisance_of_one_arena_stays_in_it():
    camera = Camera(frame_size_px=(480, 240), px_per_cm=4.5, distance_cm=250.0)
    pair = [boxed(name=name, middle_cm=(x, 0.0), camera=camera) for name, x in (("A", -23.0), ("B", 23.0))]
    strewn = Renderer(pair[0], replace(pair[1], nuisances=(Nuisance(name="bedding"),)))
    changed = (Renderer(*pair).frame(0) != strewn.frame(0)).any(axis=0)
    assert changed.any()
    assert not changed[:240].any()


def test_a_nuisance_of_the_whole_picture_acts_once_however_many_arenas_have_it():
    camera = Camera(frame_size_px=(480, 240), px_per_cm=4.5, distance_cm=250.0)
    pair = [boxed(name=name, middle_cm=(x, 0.0), camera=camera) for name, x in (("A", -23.0), ("B", 23.0))]
    flicker = (Nuisance(name="flicker"),)
    first = replace(pair[0], nuisances=flicker)
    one, both = Renderer(first, pair[1]), Renderer(first, replace(pair[1], nuisances=flicker))
    np.testing.assert_array_equal(one.frame(3), both.frame(3))


def test_scenes_that_can_t_share_a_frame_are_refused():
    scene = boxed()
    for other, message in (
        (scene, "names of their own"),
        (boxed(name="B", fps=20.0), "at the same times"),
        (replace(boxed(name="B"), box=None), "all to have a box"),
    ):
        with pytest.raises(SimulationError, match=message):
            Renderer(scene, other)
    with pytest.raises(SimulationError, match="expected a box around arena A"):
        box_of(scenario("clean"))
    with pytest.raises(SimulationError, match="expected a scenario of one arena"):
        scenario("four_arenas")


@pytest.mark.parametrize("arenas", [1, 2, 4, 6, 8])
def test_as_many_arenas_as_asked_for_named_in_reading_order(arenas):
    for seed in range(3 if arenas < 8 else 1):
        room = random_room(seed, arenas=arenas)
        assert [scene.arena.name for scene in room.present] == list("ABCDEFGH"[:arenas])
        middles = np.array([np.mean(scene.arena.corners_px, axis=0) for scene in room.present])
        size = min(np.ptp(scene.arena.corners_px, axis=0).min() for scene in room.present)
        for first, second in pairwise(middles):
            assert second[0] > first[0] + 0.5 * size or second[1] > first[1] + 0.5 * size


def test_random_rooms_can_be_settled_by_looking():
    for seed in SEEDS:
        room = random_room(seed, duration_s=1.0)
        width, height = room.absent[0].arena.frame_size_px
        for scene in (*room.absent, *room.present):
            assert hidden_cm(replace(scene, enclosure=None)) <= 0.6
            corners = np.array(scene.arena.corners_px)
            # Slightly cut by the frame at the most.
            assert (corners > -0.03 * max(width, height)).all()
            assert (corners < 1.03 * np.array([width, height])).all()
            assert scene.arena.width_cm == room.protocol.arena_width_cm
            assert scene.enclosure is not None
        for one, other in zip(room.absent, room.present, strict=True):
            assert one.arena == other.arena
            assert (one.target_present, other.target_present) == (False, True)


def test_random_rooms_are_drawn_from_wide_ranges():
    scenes = [scene for seed in SEEDS for scene in random_room(seed).present]
    boxes = [box_of(scene) for scene in scenes]
    assert {scene.coat for scene in scenes} == {"black", "white"}
    assert {scene.light for scene in scenes} == {"white", "infrared"}
    assert {box.finish for box in boxes} == {"matte", "glossy", "wood", "perspex"}
    assert {box.cage.kind for box in boxes} == {"mesh", "bars", "perspex"}
    assert {round(box.turn_deg / 90) % 4 for box in boxes} == {0, 1, 2, 3}
    assert {scene.arena.shape for scene in scenes} == {"rectangle", "circle"}
    assert any(box.grid_cm for box in boxes)
    assert max(abs(box.view.camera.turn_deg) for box in boxes) > 9
    assert max(box.view.camera.tilt_deg for box in boxes) > 10
    assert len({scene.arena.frame_size_px for scene in scenes}) > 6


def test_random_rooms_are_pure_functions_of_their_seeds():
    assert random_room(11) == random_room(11)
    assert random_room(11) != random_room(12)
    assert random_scene(11) == random_scene(11)
    one, again = Renderer(*random_room(11).absent), Renderer(*random_room(11).absent)
    np.testing.assert_array_equal(one.frame(5), again.frame(5))


def test_random_scenes_have_one_arena_and_the_nuisances_asked_for():
    (scene,) = random_scene(4, nuisances=("bedding", "flicker"), duration_s=1.0).present
    assert [nuisance.name for nuisance in scene.nuisances] == ["bedding", "flicker"]
    scenes = [random_scene(seed).absent[0] for seed in range(30)]
    assert {len(scene.nuisances) for scene in scenes} == {0, 1, 2}
    assert not {"no_mouse", "two_mice"} & {nuisance.name for scene in scenes for nuisance in scene.nuisances}
    contrasts = [
        abs(scene.floor_grey - FURS[scene.coat, scene.light].body) * LIGHT_GAIN[scene.light] for scene in scenes
    ]
    assert min(contrasts) >= 25 - 1e-9
    assert min(contrasts) < 45
    assert max(contrasts) > 100
    assert min(abs(scene.floor_grey - box_of(scene).cage.grey) for scene in scenes) >= 50 - 1e-9


def test_random_subjects_stay_on_their_floors():
    for seed in range(8):
        for scene in random_room(seed, duration_s=2.0).present:
            poses = subject_poses(scene, np.arange(0.0, 2.0, 0.2))
            assert (scene.arena.floor.distance(poses.x_cm, poses.y_cm) < 0).all()
            assert (scene.enclosure.distance(poses.x_cm, poses.y_cm) > 0).all()


def test_clear_panes_look_the_same_whether_or_not_the_target_is_behind_them():
    box = replace(box_of(boxed()), cage=Cage(kind="perspex", height_cm=10.0, grey=220.0))
    empty = boxed(box=box, floor_grey=60.0)
    pictures = [Renderer(replace(empty, target_present=present)).frame(0).astype(int) for present in (False, True)]
    target = np.abs(pictures[1] - pictures[0]) > 3
    assert 0 < np.count_nonzero(target) < 1.3 * 8.4 * 4.0 * empty.arena.px_per_cm**2
