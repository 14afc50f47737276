"""The arena: pixels to centimetres and back, whichever wall the enclosure is on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.model.arena import Arena
from csds.model.shapes import Circle, Rectangle

SQUARE = ((110.0, 30.0), (530.0, 30.0), (530.0, 450.0), (110.0, 450.0))
TILTED = ((132.0, 41.0), (517.0, 52.0), (561.0, 447.0), (88.0, 430.0))


def arena(corners=SQUARE, shape="rectangle") -> Arena:
    return Arena(name="A", shape=shape, corners_px=corners, width_cm=42, height_cm=42, frame_size_px=(640, 480))


@pytest.mark.parametrize("corners", [SQUARE, TILTED])
def test_corners_go_to_the_floors_corners(corners) -> None:
    floor = arena(corners)
    np.testing.assert_allclose(np.column_stack(floor.to_cm(*np.array(corners).T)), floor.corners_cm, atol=1e-9)


@given(st.floats(0, 42), st.floats(0, 42))
def test_way_there_and_back_changes_nothing(x: float, y: float) -> None:
    floor = arena(TILTED)
    assert floor.to_cm(*floor.to_px(x, y)) == pytest.approx((x, y), abs=1e-8)


@pytest.mark.parametrize("turns", range(4))
def test_enclosure_wall_is_y_0_on_any_wall_of_the_picture(turns: int) -> None:
    corners = SQUARE[turns:] + SQUARE[:turns]
    middle_of_wall = np.mean(corners[:2], axis=0)
    assert arena(corners).to_cm(*middle_of_wall) == pytest.approx((21, 0), abs=1e-9)


def test_scale_of_a_square() -> None:
    assert arena().px_per_cm == pytest.approx(10)


def test_floor_is_the_rectangle_or_the_circle_within() -> None:
    assert arena().floor == Rectangle(left=0, top=0, right=42, bottom=42)
    assert arena(shape="circle").floor == Circle(x=21, y=21, radius=21)
