"""Registration: known motions are found again, whatever animals, light and noise do meanwhile."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from csds.arena.register import SAME_ROOM, goodness_of, move_arena, register
from csds.model.arena import Arena, project

SIZE = (640, 480)
ARENA = Arena(
    name="A",
    shape="rectangle",
    width_cm=42,
    height_cm=42,
    frame_size_px=SIZE,
    corners_px=((120, 45), (515, 50), (510, 440), (125, 435)),
)


def room(seed: int, *, light: float = 1.0, noise: float = 1.5) -> np.ndarray:
    """Return a box with walls, a cage at its upper wall and things around it."""
    rng = np.random.default_rng(seed)
    picture = np.full(SIZE[::-1], 60, np.uint8)
    for _ in range(25):
        x, y = (int(v) for v in rng.integers(0, SIZE))
        w, h = (int(v) for v in rng.integers(10, 90, 2))
        cv2.rectangle(picture, (x, y), (x + w, y + h), int(rng.integers(30, 120)), -1)
    corners = np.array(ARENA.corners_px, np.int32)
    cv2.polylines(picture, [corners], isClosed=True, color=90, thickness=24)
    cv2.fillPoly(picture, [corners], 160)
    cv2.rectangle(picture, (280, 60), (350, 115), 40, 2)
    lit = light * cv2.GaussianBlur(picture, (3, 3), 0).astype(float) + 20 * (1 - light)
    return np.clip(lit + noise * rng.normal(size=lit.shape), 0, 255).astype(np.uint8)


def seen_after(matrix: np.ndarray, picture: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.warpPerspective(picture, matrix, SIZE, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT))


def rigid(dx: float, dy: float, turn_deg: float = 0.0, scale: float = 1.0, tilt: float = 0.0) -> np.ndarray:
    turn = np.vstack([cv2.getRotationMatrix2D((319.5, 239.5), turn_deg, scale), (0, 0, 1)])
    middle = np.array([[1, 0, -319.5], [0, 1, -239.5], [0, 0, 1]])
    slant = np.linalg.inv(middle) @ np.array([[1, 0, 0], [0, 1, 0], [tilt, tilt / 2, 1]]) @ middle
    return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]]) @ slant @ turn


def with_animals(picture: np.ndarray, seed: int) -> np.ndarray:
    drawn = picture.copy()
    for grey, (x, y) in zip((20, 230, 25), np.random.default_rng(seed).integers(150, 400, (3, 2)), strict=True):
        cv2.ellipse(drawn, (int(x), int(y)), (42, 20), 30.0 * seed, 0, 360, grey, -1)
    return drawn


def corner_error(true: np.ndarray, found: np.ndarray) -> float:
    corners = np.array(ARENA.corners_px)
    off = np.column_stack(project(true, *corners.T)) - np.column_stack(project(found, *corners.T))
    return float(np.sqrt((off**2).sum(axis=1).mean()))


@pytest.mark.parametrize(
    "true",
    [
        rigid(0, 0),
        rigid(0.4, -0.3),
        rigid(30, -22),
        rigid(-9, 14, turn_deg=3.0),
        rigid(12, 6, turn_deg=-2.0, scale=0.98),
        rigid(-25, 20, turn_deg=1.0, scale=1.02, tilt=5e-5),
    ],
)
def test_a_known_motion_is_found_to_a_fifth_of_a_pixel_past_animals_noise_and_another_light(true: np.ndarray) -> None:
    before = with_animals(room(1), 2)
    after = seen_after(true, with_animals(room(1, light=0.8), 5))
    found = register(before, after)
    assert found.same_room
    assert corner_error(true, found.matrix) < 0.2


def test_low_contrast_is_enough() -> None:
    true = rigid(8, -5, turn_deg=0.5)
    faint = [room(3, light=0.25, noise=1.0), seen_after(true, room(3, light=0.25, noise=1.0))]
    assert corner_error(true, register(*faint).matrix) < 0.4


def test_another_room_is_told_apart_and_so_is_one_without_any_detail() -> None:
    other = np.full(SIZE[::-1], 100, np.uint8)
    for x in range(40, 640, 80):
        cv2.line(other, (x, 0), (640 - x, 479), 150, 5)
    assert not register(room(1), other).same_room
    assert not register(other, np.full_like(other, 90)).same_room
    assert not register(np.full_like(other, 90), np.full_like(other, 90)).same_room


def test_an_even_room_is_known_by_the_little_that_stayed_whatever_animals_and_their_marks_show() -> None:
    def even(seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        picture = np.full(SIZE[::-1], 70, np.uint8)
        cv2.line(picture, (0, 40), (639, 40), 100, 3)
        cv2.rectangle(picture, (280, 60), (350, 115), 40, 2)
        for x, y in rng.integers((60, 180), (580, 440), (8, 2)):
            cv2.circle(picture, (int(x), int(y)), 12, int(rng.integers(90, 120)), -1)
        return np.clip(picture + rng.normal(size=picture.shape), 0, 255).astype(np.uint8)

    found = register(even(1), even(2))
    assert found.goodness < SAME_ROOM
    assert found.same_room
    assert corner_error(np.eye(3), found.matrix) < 1.0


def test_a_clock_burnt_into_the_picture_does_not_hold_the_room() -> None:
    true = rigid(9, -6, turn_deg=0.7)
    before, after = room(2, light=0.3), seen_after(true, room(2, light=0.3))
    for picture in (before, after):
        cv2.rectangle(picture, (0, 440), (420, 479), 16, -1)
        cv2.putText(picture, "2026-03-14 10:00:11", (4, 472), cv2.FONT_HERSHEY_SIMPLEX, 1.1, 235, 3)
    found = register(before, after)
    assert found.same_room
    assert corner_error(true, found.matrix) < 0.4


def test_goodness_falls_with_a_wrong_motion() -> None:
    before, after = room(1), seen_after(rigid(5, 5), room(1))
    right, wrong = (goodness_of(rigid(d, d), before, after) for d in (5, -5))
    assert right > 0.9
    assert wrong < 0.5


def test_what_is_not_usable_has_no_say() -> None:
    # The surroundings stay while the box within them is pushed: asked about the box, the box counts.
    surroundings, box = room(1), np.zeros(SIZE[::-1], np.uint8)
    cv2.fillPoly(box, [np.array([(100, 25), (535, 25), (535, 460), (100, 460)], np.int32)], 255)
    true = rigid(7, 3)
    pushed = np.where(seen_after(true, box) > 0, seen_after(true, room(1)), surroundings)
    assert corner_error(true, register(surroundings, pushed, usable=box).matrix) < 0.2


def test_an_arena_moves_along() -> None:
    moved = move_arena(ARENA, register(room(1), seen_after(rigid(10, -4), room(1))))
    np.testing.assert_allclose(np.array(moved.corners_px) - ARENA.corners_px, [(10, -4)] * 4, atol=0.2)
    assert (moved.name, moved.width_cm, moved.frame_size_px) == ("A", 42, SIZE)


def test_the_shift_of_an_arena_is_that_of_its_corners() -> None:
    motion = register(room(1), seen_after(rigid(3, 4), room(1)))
    assert motion.shift_px(ARENA) == pytest.approx(5.0, abs=0.1)


def test_pictures_of_different_size_are_refused() -> None:
    with pytest.raises(ValueError, match="one size"):
        register(room(1), room(1)[:-2])
