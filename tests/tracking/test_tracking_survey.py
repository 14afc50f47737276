"""What a survey says of painted arenas: 42 cm across, 10 pixels to the cm, floor 200, a dark animal of 20 cm²."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from csds.background import Background, shape_mask, work_grid
from csds.model.arena import Arena
from csds.model.shapes import Rectangle
from csds.simulate.hand import draw_hand, reach_from
from csds.tracking.survey import Surveyor

ARENA = Arena(
    name="A",
    shape="rectangle",
    corners_px=((110.0, 30.0), (530.0, 30.0), (530.0, 450.0), (110.0, 450.0)),
    width_cm=42.0,
    height_cm=42.0,
    frame_size_px=(640, 480),
)
FLOOR, MOUSE = 200, 40
WALL_TO_WALL = ((0, 200), (320, 260))


@pytest.fixture
def surveyor() -> Surveyor:
    return surveyor_of(np.full((480, 640), FLOOR, np.uint8))


def surveyor_of(empty: np.ndarray) -> Surveyor:
    grid = work_grid(ARENA, margin_cm=1.5)
    mask = shape_mask(grid, ARENA, ARENA.floor, margin_cm=0.7)
    mask[shape_mask(grid, ARENA, Rectangle(left=16, top=0, right=26, bottom=6.5)) > 0] = 0
    background = Background(
        floor=grid.crop(empty),
        polarity="dark",
        noise=1.5,
        contrast=160.0,
        threshold=56.0,
        animal_area_px=20.0 * grid.px_per_cm**2,
    )
    return Surveyor(arena=ARENA, grid=grid, background=background, mask=mask)


def paint(*mice: tuple[int, int], floor: int = FLOOR, hand: int | None = None) -> np.ndarray:
    rng = np.random.default_rng(3)
    frame = np.full((480, 640), floor, np.float32)
    for x, y in mice:
        cv2.ellipse(frame, (x, y), (36, 18), 30, 0, 360, MOUSE, -1)
    if hand is not None:
        cv2.rectangle(frame, *WALL_TO_WALL, hand, -1)
    return np.clip(frame + rng.normal(0, 1.5, frame.shape), 0, 255).astype(np.uint8)


def look(surveyor: Surveyor, *frames: np.ndarray) -> dict[str, list[float]]:
    for i, frame in enumerate(frames):
        surveyor.see(float(i), frame)
    survey = surveyor.finish()
    names = ("light", "light_share", "reach_cm2", "hand", "animals", "alike")
    return {name: survey.of(name).tolist() for name in names}


def test_animals_are_counted_with_their_size(surveyor: Surveyor) -> None:
    seen = look(surveyor, paint(), paint((300, 200)), paint((200, 300), (440, 380)))

    assert seen["animals"] == [0, 1, 2]
    assert seen["reach_cm2"] == [0, 0, 0]
    # Survey pixels are 4 mm wide: one that the outline crosses counts whole.
    assert surveyor.finish().of("animal_cm2")[1] == pytest.approx(np.pi * 3.6 * 1.8, rel=0.15)


@pytest.mark.parametrize("grey", [60, 235])
def test_an_arm_reaches_in_and_is_no_animal(surveyor: Surveyor, grey: int) -> None:
    seen = look(surveyor, paint((440, 380), hand=grey))

    # 60 pixels wide from the floor's edge at 110 to 320, with the little that an animal leans over the edge.
    assert seen["reach_cm2"][0] == pytest.approx(6 * 21.5, rel=0.1)
    assert seen["hand"] == [1]
    assert seen["animals"] == [1]


def test_a_hand_apart_from_a_sleeve_as_bright_as_the_floor_is_a_hand(surveyor: Surveyor) -> None:
    frame = paint((440, 380), hand=60)
    frame[200:260, 130:180] = FLOOR

    assert look(surveyor, frame)["hand"] == [1]


def test_an_animal_at_the_wall_is_no_hand(surveyor: Surveyor) -> None:
    seen = look(surveyor, paint((112, 240)), paint((300, 446)))

    assert seen["hand"] == [0, 0]
    assert seen["animals"] == [1, 1]


@pytest.mark.parametrize(("shown", "hand"), [("glove", 1), ("mouse", 0), ("faint mark", 0)])
def test_a_dark_glove_over_dark_walls_is_a_hand(shown: str, hand: int) -> None:
    walls = np.full((480, 640), 45, np.uint8)
    walls[30:450, 110:530] = FLOOR
    frame = walls.copy()
    if shown == "glove":
        frame[200:270, :300] = 45
    elif shown == "faint mark":
        frame[200:350, 110:300] = 130
    else:
        cv2.ellipse(frame, (130, 240), (20, 40), 0, 0, 360, 45, -1)
    cv2.ellipse(frame, (440, 380), (36, 18), 30, 0, 360, 45, -1)

    assert look(surveyor_of(walls), frame)["hand"] == [hand]


@pytest.mark.parametrize("glove", [70.0, 120.0, 160.0])
def test_a_hand_with_its_soft_shadow_is_a_hand(surveyor: Surveyor, glove: float) -> None:
    frame = paint()
    # It lies on the middle of the floor, and its sleeve is almost as bright as that.
    reach = reach_from(2, ARENA, (25.0, 21.0), (0.0, 1.0, 2.0, 3.0), 0.1)
    draw_hand(frame, reach.layers(1.5, glove, 190.0), ARENA.px_per_cm, "white")

    assert look(surveyor, frame)["hand"] == [1]


@pytest.mark.parametrize("share", [0.8, 1.15])
def test_a_change_of_light_is_light_and_nothing_else(surveyor: Surveyor, share: float) -> None:
    seen = look(surveyor, paint((440, 380), floor=round(FLOOR * share)))

    assert seen["light"] == pytest.approx([share], abs=0.01)
    assert seen["light_share"] == [0]
    assert seen["reach_cm2"] == [0]
    assert seen["animals"] == [1]


def test_every_frame_is_surveyed_while_a_hand_is_in(surveyor: Surveyor) -> None:
    hand, none = paint(hand=60), paint((300, 240))
    for i in range(90):
        surveyor.see(i / 30, hand if 30 <= i < 60 else none)

    times = surveyor.finish().of("time_s")
    # Five a second before; every one of the 30 frames; every one for 0.6 s more; five a second again.
    assert np.sum(times < 0.99) == 5
    assert np.sum((times > 0.99) & (times < 1.99)) == 30
    assert np.sum(times > 2.58) <= 3


def test_what_moves_in_the_enclosure_stirs_it(surveyor: Surveyor) -> None:
    still, moved = paint(), paint()
    moved[40:70, 290:330] = 120
    for i, frame in enumerate([still, still, moved, still]):
        surveyor.see(float(i), frame)

    stir = surveyor.finish().of("stir")
    assert np.isnan(stir[0])
    assert stir[1] == 0
    # 4 × 3 of the enclosure's 10 × 6.5 cm.
    assert stir[2:] == pytest.approx([12 / 65, 12 / 65], rel=0.2)


def test_a_mark_as_large_as_the_animal_but_fainter_is_not_alike(surveyor: Surveyor) -> None:
    one, two = paint((300, 200)), paint((200, 300), (440, 380))
    mark = paint((200, 300))
    darker = one.copy()
    body = mark < FLOOR - 20
    darker[body] = round(0.66 * FLOOR)
    seen = look(surveyor, one, two, darker)
    assert seen["alike"] == [1, 2, 1]


def test_a_hand_at_the_enclosure_alone_is_a_hand(surveyor: Surveyor) -> None:
    frame = paint((440, 380))
    # Over the picture's upper edge and 10 × 6 cm of the enclosure, 2 cm of floor beside it.
    frame[:90, 250:370] = 110

    seen = look(surveyor, frame)
    assert seen["hand"] == [1]
    assert seen["animals"] == [1]


def test_the_target_and_what_passes_behind_its_wall_are_no_hand(surveyor: Surveyor) -> None:
    frame = paint((440, 380))
    frame[15:30, 280:350] = MOUSE
    cv2.ellipse(frame, (320, 60), (36, 18), 0, 0, 360, 235, -1)

    seen = look(surveyor, frame)
    assert seen["hand"] == [0]
    assert seen["animals"] == [1]


def test_a_mark_is_held_against_the_floor_beneath_it_where_the_light_falls_off(surveyor: Surveyor) -> None:
    # To the right there is half of the light: the mark on the bright side differs by as many grey levels as the mouse.
    light = np.interp(np.arange(640), [150, 500], [1.0, 0.5])
    background = surveyor.background
    columns = surveyor.grid.to_frame(np.arange(surveyor.grid.width), 0)[0].astype(int)
    dimmed = replace(background, floor=(background.floor * light[columns]).astype(np.uint8))
    surveyor = Surveyor(arena=ARENA, grid=surveyor.grid, background=dimmed, mask=surveyor.mask)
    mark, mouse = paint((220, 300)) < FLOOR - 20, paint((460, 300)) < FLOOR - 20
    frame = (FLOOR * light)[None].repeat(480, axis=0)
    frame[mark] *= 0.66
    frame[mouse] *= 0.3
    assert look(surveyor, frame.astype(np.uint8))["alike"] == [1]


def test_the_rim_of_an_enclosure_that_was_moved_is_no_second_animal(surveyor: Surveyor) -> None:
    frame = paint((300, 330))
    # Two strips of 1 × 12 cm that meet: as large as the animal, as dark, and thin.
    frame[100:110, 380:500] = MOUSE
    frame[100:220, 490:500] = MOUSE
    assert look(surveyor, frame)["alike"] == [1]


@pytest.mark.parametrize(("depth", "noise"), [(0.2, 0.0), (0.4, 0.0), (0.3, 8.0)])
def test_a_shadow_with_a_soft_edge_is_no_hand(surveyor: Surveyor, depth: float, noise: float) -> None:
    frame = paint((300, 200)).astype(float)
    # From a third of the picture inwards the light comes back within 8 cm.
    back = np.clip((np.arange(640) - 210) / 80.0, 0.0, 1.0)
    shaded = frame * (1.0 - depth * (1.0 - back)) + np.random.default_rng(5).normal(0.0, noise, frame.shape)
    seen = look(surveyor, np.clip(shaded, 0, 255).astype(np.uint8))

    assert seen["hand"] == [0]
    assert seen["reach_cm2"] == [0]
    assert seen["animals"] == [1]


def test_an_animal_of_which_a_ring_with_gaps_is_seen_is_one(surveyor: Surveyor) -> None:
    frame = paint()
    # Its ends are stout, its sides are 4 mm wide.
    for x in (262, 342):
        cv2.circle(frame, (x, 250), 17, MOUSE, -1)
    cv2.ellipse(frame, (302, 250), (40, 20), 0, 0, 360, MOUSE, 4)
    assert look(surveyor, frame)["alike"] == [1]
