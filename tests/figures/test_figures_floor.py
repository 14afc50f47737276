"""The background lands where the arena says, upright, readable; zones are outlined once and named."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from csds.figures.floor import backdrop, distinct_outlines, floor_view, main_zones
from csds.model.arena import Arena
from csds.model.shapes import Circle


@pytest.fixture
def view(arena):
    return floor_view(arena, max_width_in=4.4, max_height_in=5.0, margin_in=0.2)


def place_of(value_test, grey, view) -> tuple[float, float]:
    """Return the mean place in cm of the pixels that pass a test."""
    rows, columns = np.nonzero(value_test(grey))
    left, right, bottom, top = view.extent
    return (
        left + (columns.mean() + 0.5) / grey.shape[1] * (right - left),
        top + (rows.mean() + 0.5) / grey.shape[0] * (bottom - top),
    )


# The corner at (0, 0) cm stands at each corner of the picture in turn, clockwise from there.
SQUARE = ((110, 30), (530, 30), (530, 450), (110, 450))


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("scale", [1, 2])
def test_a_dark_spot_lands_at_its_place_whichever_wall_the_enclosure_is_on(make_picture, turn, scale) -> None:
    corners = tuple((x * scale, y * scale) for x, y in SQUARE[turn:] + SQUARE[:turn])
    size = (640 * scale, 480 * scale)
    arena = Arena(name="A", shape="rectangle", width_cm=42, height_cm=42, frame_size_px=size, corners_px=corners)
    image = np.full((size[1], size[0]), 150, np.uint8)
    x, y = (round(float(v)) for v in arena.to_px(30.0, 20.0))
    cv2.circle(image, (x, y), 12 * scale, 60, -1)
    picture = make_picture(arena=arena, background=image, enclosure=None)
    view = floor_view(arena, max_width_in=4.4, max_height_in=5.0, margin_in=0.2)
    grey = backdrop(picture, view)
    assert place_of(lambda g: g < 190, grey, view) == pytest.approx((30.0, 20.0), abs=0.1)


def test_a_crop_shows_what_the_whole_frame_shows(make_picture, view) -> None:
    whole = make_picture()
    crop = make_picture(background=whole.background[20:460, 100:540], offset_px=(100, 20))
    floor = np.s_[40:320, 40:320]
    assert np.array_equal(backdrop(whole, view)[floor], backdrop(crop, view)[floor])


def test_what_the_camera_did_not_see_is_white(make_picture, view) -> None:
    picture = make_picture(background=np.full((100, 100), 90, np.uint8), offset_px=(200, 200))
    grey = backdrop(picture, view)
    assert (grey[:100] == 255).all()
    assert (grey[-100:] == 255).all()
    assert (grey < 255).any()


@pytest.mark.parametrize("level", [3, 120, 250])
def test_dim_and_bright_floors_are_equally_readable(make_picture, view, level) -> None:
    noise = np.random.default_rng(0).integers(-3, 4, (480, 640))
    grey = backdrop(make_picture(background=(level + noise).clip(0, 255).astype(np.uint8)), view)
    floor = grey[80:280, 80:280]
    assert 180 < floor.mean() < 235
    # Noise of a few levels is not blown up to texture.
    assert floor.std() < 8


def test_an_enclosures_bright_target_does_not_set_the_scale(make_picture, view) -> None:
    image = make_picture().background.copy()
    with_target = image.copy()
    with_target[30:95, 270:370] = 255
    floor = np.s_[120:320, 40:320]
    one, other = (backdrop(make_picture(background=b), view)[floor] for b in (image, with_target))
    assert np.array_equal(one, other)


def test_a_background_of_one_pixel_is_drawn(make_picture, view) -> None:
    assert backdrop(make_picture(background=np.zeros((1, 1), np.uint8)), view).ndim == 2


def test_outlines_that_zones_share_are_drawn_once_under_the_parts_name(zones) -> None:
    assert [zone.name for zone, _ in distinct_outlines(zones)] == ["interaction", "corner_left", "corner_right"]
    assert [zone.name for zone, _ in distinct_outlines(zones[:2])] == ["interaction", "corners", "corners"]


def test_parts_of_a_union_are_not_main_zones(zones) -> None:
    assert main_zones(zones) == ("interaction", "corners")


def test_views_fit_their_room(arena) -> None:
    wide = Arena(
        name="A",
        shape="rectangle",
        width_cm=89,
        height_cm=20,
        frame_size_px=(640, 480),
        corners_px=arena.corners_px,
    )
    for one in (arena, wide):
        view = floor_view(one, max_width_in=3.0, max_height_in=2.0, margin_in=0.1)
        assert view.width_in <= 3.0 + 1e-9
        assert view.height_in <= 2.0 + 1e-9
        assert view.margin_cm * view.inch_per_cm == pytest.approx(0.1)


def test_round_floors_fade_beyond_their_edge(make_picture) -> None:
    arena = Arena(name="A", shape="circle", width_cm=42, height_cm=42, frame_size_px=(640, 480), corners_px=SQUARE)
    view = floor_view(arena, max_width_in=4.0, max_height_in=4.0, margin_in=0.1)
    flat = np.full((480, 640), 100, np.uint8)
    grey = backdrop(make_picture(arena=arena, background=flat, enclosure=None), view).astype(float)
    middle = grey[grey.shape[0] // 2, grey.shape[1] // 2]
    corner = grey[25, 25]
    assert isinstance(arena.floor, Circle)
    assert corner > middle
