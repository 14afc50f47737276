"""Round floors: where they are, at which side the enclosure stands, or that it can't be told."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from csds.arena import CONFIDENCE
from csds.arena.choose import choose
from csds.arena.ellipses import Ellipses, circle, fit_edges, sample
from csds.arena.find import FoundArenas, find_arenas
from csds.arena.hypotheses import Hypothesis
from csds.arena.reading import EdgeReading
from csds.arena.round_look import hypothesis_of
from csds.arena.round_pose import circle_matrices, circle_poses, edge_within, ellipse_of, square_corners
from csds.arena.round_sides import TURNS, RoundReading
from csds.arena.strips import OUT, PLACE, PLACES, SIDE
from csds.model.protocol import EnclosureSpec, Protocol
from csds.model.shapes import Circle
from csds.protocol import load_protocol
from csds.simulate.camera import Camera
from csds.simulate.layout import Layout, arena_name, arena_of
from csds.simulate.render import Renderer
from csds.simulate.scene import Scene, Wall

BAR_CM = 0.8
ROUND = replace(
    load_protocol("golden2011"),
    arena_shape="circle",
    arena_width_cm=40.0,
    arena_height_cm=40.0,
    enclosure=EnclosureSpec(shape="circle", width_cm=9.0, depth_cm=9.0, gap_cm=1.5),
)


def ellipse_mask(
    size: tuple[int, int], middle: tuple[float, float], axes: tuple[float, float], turn_deg: float
) -> NDArray[np.float32]:
    """Return 1 within an ellipse and 0 outside, pixels on its edge in between."""
    rows, columns = (np.arange(0, n * 4) / 4 - 0.375 for n in size)
    turn = np.deg2rad(turn_deg)
    x, y = columns[None] - middle[0], rows[:, None] - middle[1]
    along, across = x * np.cos(turn) + y * np.sin(turn), -x * np.sin(turn) + y * np.cos(turn)
    fine = ((along / axes[0]) ** 2 + (across / axes[1]) ** 2 < 1).astype(np.float32)
    return np.asarray(cv2.resize(fine, size[::-1], interpolation=cv2.INTER_AREA), np.float32)


def test_an_ellipse_is_fitted_to_a_fraction_of_a_pixel() -> None:
    rng = np.random.default_rng(4)
    mask = ellipse_mask((240, 320), (160.3, 118.7), (90.0, 85.0), 30.0)
    picture = np.asarray(cv2.GaussianBlur(100 + 40 * mask + rng.normal(0, 1.5, mask.shape), (0, 0), 0.8), np.float32)
    # A quarter of its edge is covered.
    picture[:90, 170:] = 100
    rough = Ellipses(middles=np.array([[157.0, 121.0]]), axes=86.0 * np.eye(2)[None], signs=np.array([-1.0]))
    found = fit_edges(picture, rough, rounds=(0, 1, 2, 3))
    np.testing.assert_allclose(found.middles[0], (160.3, 118.7), atol=0.25)
    np.testing.assert_allclose(np.linalg.eigvalsh(found.axes[0]), (85.0, 90.0), atol=0.4)


def test_what_lies_beyond_the_picture_is_not_sampled() -> None:
    picture = np.arange(12, dtype=np.float32).reshape(3, 4)
    levels = sample(picture, np.array([(0.0, 0.0), (2.5, 1.0), (-1.0, 1.0), (3.5, 2.0)]))
    np.testing.assert_allclose(levels[:2], (0.0, 6.5))
    assert np.isnan(levels[2:]).all()


@pytest.mark.parametrize("tilt", [0.0, 8.0, 25.0])
@pytest.mark.parametrize("towards", [20.0, 250.0])
def test_one_of_two_poses_is_the_cameras(tilt: float, towards: float) -> None:
    camera = Camera(
        frame_size_px=(641, 481), px_per_cm=9.0, distance_cm=120.0, tilt_deg=tilt, tilt_towards_deg=towards,
        aim_cm=(3.0, -2.0),
    )  # fmt: skip
    radius = 20.0
    outline = camera.to_px(radius * circle(400))
    # The camera's middle is the corner of four pixels; pixel centres are integers.
    middle, axes = _ellipse_through(outline - 0.5)
    poses = circle_poses(middle, axes, (481, 641), 9.0 * 120.0 / float(np.hypot(641, 481)))
    square = camera.to_px(radius * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float)) - 0.5
    turns = np.deg2rad(np.arange(0, 360, 0.05))
    off = [
        np.sqrt(((square_corners(pose.matrix, turns) - square) ** 2).sum(axis=2).mean(axis=1)).min() for pose in poses
    ]
    assert min(off) / 9.0 < 0.03


def _ellipse_through(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    about = points.mean(axis=0)
    x, y = (points - about).T / 100
    a, b, c, d, e = np.linalg.lstsq(np.column_stack([x * x, x * y, y * y, x, y]), np.ones(len(x)), rcond=None)[0]
    flat = np.array([(a, b / 2), (b / 2, c)])
    middle = -0.5 * np.linalg.solve(flat, (d, e))
    values, vectors = np.linalg.eigh(flat / (1 + middle @ flat @ middle))
    return about + 100 * middle, 100 * vectors @ np.diag(1 / np.sqrt(values)) @ vectors.T


def film(*scenes: Scene, count: int = 10) -> NDArray[np.uint8]:
    renderer = Renderer(*(replace(scene, fps=4.0, duration_s=40.0) for scene in scenes))
    return np.array([renderer.frame(int(i)) for i in np.linspace(0, len(renderer) - 1, count).round()], np.uint8)


def both_phases(layout: Layout, protocol: Protocol = ROUND) -> tuple[list[NDArray[np.uint8]], list[Scene]]:
    assert protocol.enclosure is not None
    spec = protocol.enclosure
    enclosure = Circle(x=protocol.arena_width_cm / 2, y=spec.gap_cm + spec.depth_cm / 2, radius=spec.width_cm / 2)
    boxes = layout.boxes(protocol, (640, 480))
    phases = [
        [
            Scene(
                arena=arena_of(box, protocol, arena_name(i)), enclosure=enclosure, target_present=present,
                behaviour="explore", box=box, seed=5 + i,
            )
            for i, box in enumerate(boxes)
        ]
        for present in (False, True)
    ]  # fmt: skip
    return [film(*scenes) for scenes in phases], phases[0]


def error_cm(found: FoundArenas, scenes: list[Scene]) -> float:
    assert len(found.arenas) == len(scenes)
    return max(
        float(
            np.sqrt(((np.array(own.corners_px) - np.array(scene.arena.corners_px)) ** 2).sum(axis=1).mean())
            / scene.arena.px_per_cm
        )
        for own, scene in zip(found.arenas, scenes, strict=True)
    )


@pytest.mark.parametrize("wall", ["top", "left", "bottom"])
def test_a_round_floor_and_the_side_at_which_its_enclosure_stands(wall: Wall) -> None:
    turn = {"top": 33.0, "left": -4.0, "bottom": 8.0}[wall]
    stacks, scenes = both_phases(Layout(walls=(wall,), camera={"turn_deg": turn}))
    found = find_arenas(stacks, ROUND)
    assert found.confidence >= CONFIDENCE
    assert error_cm(found, scenes) < BAR_CM
    assert [arena.shape for arena in found.arenas] == ["circle"]


def test_two_round_floors_are_named_in_reading_order() -> None:
    layout = Layout(columns=2, walls=("left", "bottom"), apart_cm=8.0, box={"wall_height_cm": 10.0})
    stacks, scenes = both_phases(layout)
    found = find_arenas(stacks, ROUND)
    assert error_cm(found, scenes) < BAR_CM
    assert [arena.name for arena in found.arenas] == ["A", "B"]


def test_a_round_floor_without_its_enclosure_is_not_sure() -> None:
    layout = Layout()
    box = layout.boxes(ROUND, (640, 480))[0]
    stack = film(Scene(arena=arena_of(box, ROUND), enclosure=None, behaviour="explore", box=box, seed=2))
    assert find_arenas([stack], ROUND).confidence < CONFIDENCE


def test_noise_is_no_round_floor() -> None:
    noise = np.random.default_rng(1).integers(90, 110, (6, 240, 320)).astype(np.uint8)
    assert find_arenas([noise], ROUND).confidence < CONFIDENCE


def floor(x: float, y: float, score: float, *, turn: float = 0.0) -> Hypothesis:
    """Return a round floor of radius 50 whose enclosure stands in that direction."""
    matrix = np.array([(50.0, 0.0, x), (0.0, 50.0, y), (0.0, 0.0, 1.0)])
    return hypothesis_of(matrix, np.array([turn]), floor=score, enclosure=2.0)


def test_round_floors_that_all_but_touch_are_chosen_row_by_row() -> None:
    # The squares around them overlap: their enclosures stand askew.
    floors = [floor(203, 100, 8.0, turn=0.8), floor(100, 101, 7.0, turn=0.8)]
    floors += [floor(100, 204, 6.0, turn=-0.8), floor(203, 203, 5.0, turn=0.8)]
    chosen = choose([*floors, floor(112, 106, -6.0)], (40.0, 40.0))
    middles = [one.floor.corners.mean(axis=0) for one in chosen]
    np.testing.assert_allclose(middles, [(100, 101), (203, 100), (100, 204), (203, 203)], atol=1e-6)
    assert min(one.confidence for one in chosen) > 0.9


def test_floors_that_hardly_differ_share_in_where_the_floor_is() -> None:
    # 1.4 px are 0.56 cm: either may be it, and so may the middle between them.
    chosen = choose([floor(100, 100, 8.0), floor(101.4, 100, 8.0)], (40.0, 40.0))
    np.testing.assert_allclose(chosen[0].floor.corners.mean(axis=0), (100.7, 100.0), atol=1e-6)
    assert chosen[0].confidence > CONFIDENCE


def test_a_near_rival_another_direction_and_a_likely_one_more_are_not_sure() -> None:
    sure = [floor(100, 100, 8.0), floor(300, 100, 7.8)]
    assert choose(sure, (40.0, 40.0))[0].confidence > CONFIDENCE
    assert choose([*sure, floor(104, 100, 7.5)], (40.0, 40.0))[0].confidence < CONFIDENCE
    assert choose([*sure, floor(100, 100, 7.5, turn=0.5)], (40.0, 40.0))[0].confidence < CONFIDENCE
    assert choose([*sure, floor(100, 300, 7.5)], (40.0, 40.0))[0].confidence < CONFIDENCE


def test_the_edge_of_one_floor_as_seen_from_within_another() -> None:
    one, other = np.diag([50.0, 50.0, 1.0]), np.diag([60.0, 60.0, 1.0])
    other[:2, 2] = (10.0, 0.0)
    turns = np.deg2rad([0.0, 90.0, 270.0])
    # Up, right and left of the middle of the first: the second reaches to √(60² - 10²), 70 and 50 pixels.
    within = edge_within(one, np.array([other]), turns)
    np.testing.assert_allclose(within[0], [np.sqrt(3500) / 50, 1.4, 1.0], atol=1e-9)
    other[:2, 2] = (100.0, 0.0)
    assert np.isnan(edge_within(one, np.array([other]), turns)).all()


def test_the_ellipse_of_a_pose_is_the_one_it_was_made_of() -> None:
    middle, axes = np.array([300.0, 200.0]), np.array([(90.0, 4.0), (4.0, 82.0)])
    for pose in circle_poses(middle, axes, (480, 640)):
        again = ellipse_of(pose.matrix)
        np.testing.assert_allclose(again[0], middle, atol=1e-6)
        np.testing.assert_allclose(again[1], axes, atol=1e-6)
        square = square_corners(pose.matrix, np.array([0.7]))
        turned = circle_matrices(square)[0]
        np.testing.assert_allclose(square_corners(turned, np.array([-np.pi / 2])), square, atol=1e-6)


def test_a_floor_is_fitted_to_where_its_edge_was_read() -> None:
    read = np.diag([100.0, 100.0, 1.0])
    true = np.array([(104.0, 1.0, 5.0), (1.0, 97.0, -4.0), (0.0, 0.0, 1.0)])
    turns = (TURNS[:, None] + np.array([-1.0, 1.0])).ravel()
    depth = (1 - edge_within(read, true[None], turns)[0]) * SIDE / 2
    places = -OUT + (np.arange(PLACES) + 0.5) * PLACE
    likely = np.exp(-0.5 * ((places - depth[:, None]) / 0.2) ** 2)
    # One end of a strip saw something else.
    likely[3] = np.exp(-0.5 * ((places - depth[3] - 3.0) / 0.2) ** 2)
    likely = (likely / likely.sum(axis=1, keepdims=True)).reshape(8, 2, PLACES)
    edges = EdgeReading(
        likely=likely,
        anywhere=np.zeros((8, 2)),
        enclosure=np.zeros(8),
        enclosure_cm=np.full((8, 2), 9.0),
        enclosure_off=np.zeros(8),
    )
    reading = RoundReading(matrix=read, edges=edges)
    floors = reading.floors()
    best = floors[reading.of(floors).sum(axis=(1, 2)).argmax()]
    middle, axes = ellipse_of(best)
    true_middle, true_axes = ellipse_of(true)
    np.testing.assert_allclose(middle, true_middle, atol=0.5)
    np.testing.assert_allclose(axes, true_axes, atol=0.7)
