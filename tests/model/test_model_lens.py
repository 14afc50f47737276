"""A lens's distortion: as OpenCV has it, there and back, and through an arena."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.background.grid import shape_mask, work_grid
from csds.model.arena import Arena
from csds.model.lens import Lens

BARREL = Lens(distortion=(-0.3, 0.09, 0.001, -0.0015, -0.01), focal_px=(610.0, 605.0), centre_px=(322.0, 236.0))
SQUARE = np.array([(110.0, 30.0), (530.0, 30.0), (530.0, 450.0), (110.0, 450.0)])


def seen_through(lens: Lens) -> Arena:
    """Return the arena whose corners lie on a square of 10 px a cm once the lens's distortion is removed."""
    corners = np.column_stack(lens.bend(*SQUARE.T))
    return Arena(
        name="A",
        shape="rectangle",
        corners_px=tuple((float(x), float(y)) for x, y in corners),
        width_cm=42,
        height_cm=42,
        frame_size_px=(640, 480),
        lens=lens,
    )


@given(st.floats(0, 639), st.floats(0, 479))
def test_bending_is_opencvs(x: float, y: float) -> None:
    camera = np.array([[610.0, 0, 322.0], [0, 605.0, 236.0], [0, 0, 1]])
    ray = np.array([[(x - 322.0) / 610.0, (y - 236.0) / 605.0, 1.0]])
    expected, _ = cv2.projectPoints(ray, np.zeros(3), np.zeros(3), camera, np.array(BARREL.distortion))
    assert np.ravel(BARREL.bend(x, y)) == pytest.approx(expected.ravel(), abs=1e-9)


@given(st.floats(0, 639), st.floats(0, 479))
def test_there_and_back_changes_nothing(x: float, y: float) -> None:
    assert np.ravel(BARREL.bend(*BARREL.straighten(x, y))) == pytest.approx((x, y), abs=1e-5)


def test_a_closed_form() -> None:
    # r' = r (1 + k1 r²) with r = 0.5 and k1 = -0.2: 0.475 focal lengths from the centre.
    lens = Lens(distortion=(-0.2, 0, 0, 0, 0), focal_px=(600, 600), centre_px=(320, 240))
    assert np.ravel(lens.bend(620, 240)) == pytest.approx((605, 240))
    assert np.ravel(lens.straighten(605, 240)) == pytest.approx((620, 240))


def test_what_a_lens_cannot_show_is_missing() -> None:
    folds = replace(BARREL, distortion=(-0.5, 0, 0, 0, 0))
    # r - 0.5 r³ is nowhere more than 0.544.
    x, _ = folds.straighten([322.0, 322.0 + 610 * 0.5, 322.0 + 610 * 0.56], [236.0] * 3)
    assert np.isfinite(x).tolist() == [True, True, False]


def test_an_arena_behind_a_lens_measures_the_floor_itself() -> None:
    arena = seen_through(BARREL)
    x_cm, y_cm = np.array([0.0, 21.0, 42.0, 10.0, 33.3]), np.array([0.0, 21.0, 42.0, 40.0, 0.5])
    seen = BARREL.bend(110 + 10 * x_cm, 30 + 10 * y_cm)
    np.testing.assert_allclose(arena.to_cm(*seen), (x_cm, y_cm), atol=1e-6)
    np.testing.assert_allclose(arena.to_px(x_cm, y_cm), seen, atol=1e-6)
    # Without the lens the middle of a side is off by millimetres.
    assert abs(float(replace(arena, lens=None).to_cm(*BARREL.bend(320, 30))[1])) > 0.4


def test_scale_grid_and_mask_follow_the_curved_sides() -> None:
    arena = seen_through(BARREL)
    outline = arena.outline_px
    x, y = outline.T
    area_px = 0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))
    assert arena.px_per_cm == pytest.approx(np.sqrt(area_px) / 42)
    assert arena.px_per_cm < 10
    # A barrel's sides bulge beyond its corners; the grid holds them.
    assert outline[:, 1].min() < min(corner[1] for corner in arena.corners_px) - 2
    grid = work_grid(arena, margin_cm=0.0)
    assert grid.top <= outline[:, 1].min()
    mask = shape_mask(grid, arena, arena.floor)
    assert np.count_nonzero(mask) * grid.factor**2 == pytest.approx(area_px, rel=0.01)
