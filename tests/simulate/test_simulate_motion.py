"""Where the subject goes: never through walls or mesh, and as its behaviour wants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from csds.errors import SimulationError
from csds.model.arena import Arena
from csds.model.shapes import Circle, Rectangle, contains
from csds.simulate.motion import BEHAVIOURS, PLACES, subject_poses
from csds.simulate.mouse import centroids, outlines
from csds.simulate.room import Room, hold_points
from csds.simulate.scenarios import PHASES, SCENARIOS, scenario, scenario_scenes
from csds.simulate.scene import Nuisance, Scene, corners

ZONE = Rectangle(left=9, top=0, right=33, bottom=14)


def body_of(scene):
    return outlines(subject_poses(scene), scene.body_length_cm)


def edges(outline):
    """Points along the outline's sides, not only its corners."""
    after = np.roll(outline, -1, axis=1)
    return np.concatenate([outline + share * (after - outline) for share in (0.0, 0.25, 0.5, 0.75)], axis=1)


def assert_free(scene):
    points = edges(body_of(scene))
    floor, enclosure = scene.arena.floor, scene.enclosure
    assert floor.distance(points[..., 0], points[..., 1]).max() < 0
    if enclosure is not None:
        assert enclosure.distance(points[..., 0], points[..., 1]).min() > 0


@pytest.mark.parametrize("name", [name for name, room in SCENARIOS.items() if not room.is_joined])
@pytest.mark.parametrize("phase", PHASES)
def test_no_scenario_lets_the_body_touch_wall_or_mesh(name, phase):
    for scene in scenario_scenes(name, phase=phase, seed=4, duration_s=12)[:2]:
        assert_free(scene)


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("place", PLACES)
def test_nor_any_behaviour_from_any_place(behaviour, place):
    assert_free(replace(scenario("clean", seed=8, duration_s=6), behaviour=behaviour, place=place))


@pytest.mark.parametrize("behaviour", ["explore", "social", "avoid", "still"])
def test_nor_a_round_floor(behaviour):
    arena = Arena(
        name="A", shape="circle", width_cm=42, height_cm=42, frame_size_px=(640, 480), corners_px=corners((640, 480))
    )
    enclosure = Circle(x=21, y=4.0, radius=3.5)
    for place in ("middle", "far_left", "near_right"):
        assert_free(Scene(arena=arena, enclosure=enclosure, behaviour=behaviour, place=place, duration_s=8, seed=2))


def test_an_arena_without_enclosure():
    assert_free(replace(scenario("clean", duration_s=10), enclosure=None, behaviour="social"))


def test_still_is_still_and_others_move_at_a_mouse_s_speed():
    still = centroids(body_of(scenario("still", duration_s=30)))
    assert np.ptp(still, axis=0).max() < 0.15
    for behaviour in ("explore", "social", "avoid", "mostly_still"):
        centre = centroids(body_of(replace(scenario("clean", seed=1, duration_s=40), behaviour=behaviour)))
        speed = np.hypot(*np.diff(centre, axis=0).T) * 30
        assert 8 < speed.max() < 60, behaviour


def test_behaviours_differ_as_they_should():
    share = {}
    for behaviour in ("explore", "social", "avoid", "mostly_still"):
        scene = replace(scenario("clean", seed=6, duration_s=150), behaviour=behaviour, fps=10, place="far_left")
        centre = centroids(body_of(scene))
        share[behaviour] = contains(ZONE, centre[:, 0], centre[:, 1]).mean()
    assert share["social"] > share["explore"] > 0.25
    assert share["avoid"] < 0.25
    assert share["mostly_still"] < 0.25


def test_heading_turns_smoothly():
    poses = subject_poses(scenario("clean", seed=3, duration_s=30))
    assert np.abs(np.diff(poses.heading_rad)).max() < 0.35


def test_the_nose_reaches_the_mesh():
    scene = scenario("clean", seed=3, duration_s=30)
    outline = body_of(scene)
    assert scene.enclosure.distance(outline[..., 0], outline[..., 1]).min() < 0.3


def test_held_points_lie_on_the_floor_and_outside_the_enclosure():
    points = np.random.default_rng(0).uniform(-10, 52, (500, 2))
    for enclosure in (Rectangle(left=16, top=0, right=26, bottom=6.5), Circle(x=21, y=4.2, radius=3.5), None):
        for floor in (Rectangle(left=0, top=0, right=42, bottom=42), Circle(x=21, y=21, radius=21)):
            room = Room(floor=floor, enclosure=enclosure)
            held = hold_points(room, points, 0.1)
            assert contains(floor, held[:, 0], held[:, 1]).all()
            kept = hold_points(room, held, 0.1)
            np.testing.assert_allclose(kept, held, atol=0.5)


def test_unknown_words_are_refused():
    scene = scenario("clean", duration_s=1)
    with pytest.raises(SimulationError, match="unknown behaviour 'dance'") as caught:
        subject_poses(replace(scene, behaviour="dance"))
    assert "explore" in caught.value.hint
    with pytest.raises(SimulationError, match="unknown place 'moon'"):
        subject_poses(replace(scene, place="moon"))
    with pytest.raises(SimulationError, match="unknown scenario 'clear'") as caught:
        scenario("clear")
    assert "clean" in caught.value.hint
    with pytest.raises(SimulationError, match="has no phase 'absent'"):
        scenario("clean", phase="absent")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"fps": 0.0}, "frame rate"),
        ({"duration_s": 0.0}, "at least one frame"),
        ({"body_length_cm": 20.0}, "body length"),
    ],
)
def test_impossible_scenes_are_refused(wrong, message):
    with pytest.raises(SimulationError, match=message):
        replace(scenario("clean"), **wrong)


def test_odd_frames_are_refused():
    scene = scenario("clean")
    with pytest.raises(SimulationError, match="even width and height"):
        replace(scene, arena=replace(scene.arena, frame_size_px=(641, 480)))


def test_nuisance_is_a_plain_pair():
    assert Nuisance(name="bedding").strength == 1.0
