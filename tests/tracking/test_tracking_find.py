"""One frame: the body is found without its tail, near where it was, never the target."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from csds.background import Background, work_grid
from csds.model.arena import Arena
from csds.tracking.find import Finder
from csds.tracking.measure import MEASURES, Body, measure_bodies

SIZE = 220
ARENA = Arena(
    name="A", shape="rectangle", width_cm=42, height_cm=42, frame_size_px=(SIZE, SIZE),
    corners_px=((5, 5), (215, 5), (215, 215), (5, 215)),
)  # fmt: skip
GRID = work_grid(ARENA, margin_cm=1.0)
FLOOR = np.full((GRID.height, GRID.width), 150, np.uint8)


def finder(mask: np.ndarray | None = None) -> Finder:
    background = Background(
        floor=FLOOR, polarity="dark", noise=1.0, contrast=90.0, threshold=32.0, animal_area_px=np.pi * 20 * 8
    )
    return Finder(grid=GRID, background=background, mask=np.full_like(FLOOR, 255) if mask is None else mask)


def frame(*mice: tuple[float, float, float], tail: bool = True, size: float = 1.0) -> np.ndarray:
    """Draw mice (x, y, heading in degrees) with a tail of 35 pixels, drawn sixteen times finer."""
    image = np.full((SIZE, SIZE), 150, np.uint8)
    for x, y, heading in mice:
        at = (round(x * 16), round(y * 16))
        cv2.ellipse(image, at, (round(size * 320), round(size * 128)), heading, 0, 360, (60,), -1, shift=4)
        if tail:
            way = np.deg2rad(heading + 180)
            ends = [(round((x + r * np.cos(way)) * 16), round((y + r * np.sin(way)) * 16)) for r in (18, 55)]
            cv2.line(image, ends[0], ends[1], (60,), 1, shift=4)
    return image


def measures(body: Body | None) -> dict[str, float]:
    values = dict(zip(MEASURES, measure_bodies([body])[0].tolist(), strict=True))
    x, y = GRID.to_frame(values["u"], values["v"])
    return values | {"x": float(x), "y": float(y)}


def pale_frame(x: float, y: float, heading: float, rng: np.random.Generator) -> np.ndarray:
    """Draw a mouse whose back is brighter than the floor, whose broken rim is darker and whose tail far darker."""
    image = np.full((SIZE, SIZE), 150, np.uint8)
    at, way = (round(x * 16), round(y * 16)), np.deg2rad(heading + 180)
    ends = [(round((x + r * np.cos(way)) * 16), round((y + r * np.sin(way)) * 16)) for r in (18, 55)]
    cv2.line(image, ends[0], ends[1], (120,), 2, shift=4)
    cv2.ellipse(image, at, (320, 128), heading, 0, 360, (152,), -1, shift=4)
    for start in range(0, 360, 45):
        cv2.ellipse(image, at, (304, 112), heading, start, start + 35, (142,), 2, shift=4)
    cv2.ellipse(image, at, (176, 64), heading, 0, 360, (159,), -1, shift=4)
    return np.clip(image + rng.normal(0, 1.0, image.shape), 0, 255).round().astype(np.uint8)


@pytest.mark.parametrize("heading", [0, 30, 75, 90, 140, 200, 290])
def test_animal_that_differs_from_the_floor_to_both_sides_is_found_whole_and_without_tail(heading: float) -> None:
    pale = replace(
        finder().background, noise=0.8, contrast=8.0, threshold=3.2, smooth_px=3, gap_px=5.8, is_two_sided=True
    )
    locate = Finder(grid=GRID, background=pale, mask=np.full_like(FLOOR, 255)).locate
    found = measures(locate(pale_frame(110.3, 96.7, heading, np.random.default_rng(7))))
    assert np.hypot(found["x"] - 110.3, found["y"] - 96.7) < 1.5
    assert found["area"] == pytest.approx(np.pi * 21 * 9, rel=0.15)


@pytest.mark.parametrize("heading", [0, 30, 75, 90, 140, 200, 290])
def test_centre_is_that_of_the_body_without_tail(heading: float) -> None:
    found = measures(finder().locate(frame((110.3, 96.7, heading))))
    assert (found["x"], found["y"]) == pytest.approx((110.3, 96.7), abs=0.8)
    assert found["area"] == pytest.approx(np.pi * 20 * 8, rel=0.1)
    assert np.cos(2 * (found["axis"] - np.deg2rad(heading))) > 0.98
    assert found["length"] == pytest.approx(40, rel=0.1)
    assert found["width"] == pytest.approx(16, rel=0.1)


@pytest.mark.parametrize("heading", [0, 45, 120, 250])
def test_tail_says_where_the_nose_is_not(heading: float) -> None:
    found = measures(finder().locate(frame((110, 110, heading))))
    points_ahead = np.cos(found["axis"] - np.deg2rad(heading)) > 0
    assert (found["tail_side"] < 0) == points_ahead
    ahead = (found["ahead_u"], found["ahead_v"]) if points_ahead else (found["behind_u"], found["behind_v"])
    nose = 110 + 20 * np.cos(np.deg2rad(heading)), 110 + 20 * np.sin(np.deg2rad(heading))
    assert np.asarray(GRID.to_frame(*ahead)).ravel() == pytest.approx(nose, abs=2.0)


def test_animal_is_followed_and_a_second_blob_elsewhere_is_not_taken_for_it() -> None:
    follower = finder()
    for x in np.arange(50, 150, 4.0):
        mice = [(x, 60.0, 0.0), (100.0, 180.0, 90.0)]
        found = measures(follower.locate(frame(*mice[: 1 if x == 50 else 2])))
        assert found["x"] == pytest.approx(x, abs=1.0)
        assert found["y"] == pytest.approx(60, abs=1.0)


def test_animal_that_jumps_out_of_the_window_is_found_on_the_whole_floor() -> None:
    follower = finder()
    follower.locate(frame((40, 40, 0)))
    found = measures(follower.locate(frame((180, 170, 0))))
    assert (found["x"], found["y"]) == pytest.approx((180, 170), abs=1.0)


def test_nothing_and_droppings_are_lost_not_guessed() -> None:
    follower = finder()
    assert follower.locate(frame()) is None
    assert follower.locate(frame((90, 90, 0), size=0.2, tail=False)) is None
    assert np.isfinite(measures(follower.locate(frame((60, 60, 0))))["x"])


def test_what_moves_within_the_enclosure_is_never_the_animal() -> None:
    mask = np.full_like(FLOOR, 255)
    u, v = np.meshgrid(np.arange(GRID.width), np.arange(GRID.height))
    x, y = GRID.to_frame(u, v)
    mask[(x > 80) & (x < 140) & (y < 45)] = 0
    follower = finder(mask)
    assert follower.locate(frame((110, 22, 0), tail=False)) is None
    leaning = measures(follower.locate(frame((110, 22, 0), (110, 62, 90), tail=False)))
    assert leaning["x"] == pytest.approx(110, abs=1.5)
    assert leaning["y"] == pytest.approx(63, abs=3)


@pytest.mark.parametrize("heading", [0, 60, 150])
def test_hooded_animal_is_one_animal_whose_centre_is_the_whole_bodys(heading: float) -> None:
    follower = finder()
    follower.background = replace(follower.background, patch_threshold=12.0, animal_area_px=np.pi * 20 * 8 * 0.6)
    image = frame((110, 96, heading), tail=False)
    body = image < 100
    v, u = np.mgrid[:SIZE, :SIZE]
    along = (u - 110) * np.cos(np.deg2rad(heading)) + (v - 96) * np.sin(np.deg2rad(heading))
    image[body & (along < -4)] = 200
    found = measures(follower.locate(image))
    assert (found["x"], found["y"]) == pytest.approx((110, 96), abs=1.5)
    assert found["area"] == pytest.approx(np.pi * 20 * 8, rel=0.12)


def test_a_faint_animals_back_is_found_within_its_outline() -> None:
    hollow = frame((110.3, 96.7, 30), tail=False)
    cv2.ellipse(hollow, (round(110.3 * 16), round(96.7 * 16)), (14 * 16, 4 * 16), 30, 0, 360, (150,), -1, shift=4)
    own = finder()
    found = measures(replace(own, background=replace(own.background, gap_px=4.0)).locate(hollow))
    assert (found["x"], found["y"]) == pytest.approx((110.3, 96.7), abs=0.8)
    assert found["area"] == pytest.approx(np.pi * 20 * 8, rel=0.1)
