"""Shapes: signed distances by closed forms, and one shape written two ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.model.shapes import Around, Circle, Polygon, Rectangle, Union, contains

RECTANGLE = Rectangle(left=9, top=0, right=33, bottom=14)
SAME_AS_POLYGON = Polygon(corners=((9, 0), (33, 0), (33, 14), (9, 14)))
COORDINATE = st.floats(-60, 60, allow_nan=False)


@pytest.mark.parametrize(
    ("x", "y", "distance"),
    [(21, 7, -7), (21, 13, -1), (21, 14, 0), (33, 14, 0), (36, 18, 5), (5, 7, 4), (10, 7, -1)],
)
def test_distance_to_a_rectangle(x: float, y: float, distance: float) -> None:
    assert RECTANGLE.distance(x, y) == pytest.approx(distance)


@given(COORDINATE, COORDINATE)
def test_polygon_of_four_corners_is_the_rectangle(x: float, y: float) -> None:
    assert SAME_AS_POLYGON.distance(x, y) == pytest.approx(RECTANGLE.distance(x, y), abs=1e-9)


@given(COORDINATE, COORDINATE)
def test_direction_of_a_polygons_corners_does_not_matter(x: float, y: float) -> None:
    other_way = Polygon(corners=SAME_AS_POLYGON.corners[::-1])
    assert other_way.distance(x, y) == pytest.approx(SAME_AS_POLYGON.distance(x, y), abs=1e-9)


def test_notch_of_a_concave_polygon_is_outside() -> None:
    u = Polygon(corners=((0, 0), (3, 0), (3, 3), (2, 3), (2, 1), (1, 1), (1, 3), (0, 3)))
    assert contains(u, [0.5, 1.5, 2.5], [2, 2, 2]).tolist() == [True, False, True]


@given(COORDINATE, COORDINATE)
def test_ring_around_a_circle_is_a_larger_circle(x: float, y: float) -> None:
    ring = Around(shape=Circle(x=20, y=3.5, radius=3.5), width=8)
    assert ring.distance(x, y) == pytest.approx(Circle(x=20, y=3.5, radius=11.5).distance(x, y), abs=1e-9)


def test_ring_around_a_rectangle_has_round_corners() -> None:
    ring = Around(shape=RECTANGLE, width=5)
    assert contains(ring, [36, 36.1, 38], [18, 18, 7]).tolist() == [True, False, True]
    assert contains(ring, 21, 7), "the ring holds what it goes around"


@pytest.mark.parametrize("shape", [RECTANGLE, SAME_AS_POLYGON, Circle(x=20, y=20, radius=10)])
@given(x=COORDINATE, y=COORDINATE, angle=st.floats(0, 2 * np.pi), step=st.floats(0, 20))
def test_distance_changes_by_no_more_than_the_way(shape, x, y, angle, step) -> None:
    there = shape.distance(x + step * np.cos(angle), y + step * np.sin(angle))
    assert abs(there - shape.distance(x, y)) <= step + 1e-9


@given(COORDINATE, COORDINATE)
def test_union_holds_what_either_holds(x: float, y: float) -> None:
    left, right = Rectangle(left=0, top=33, right=9, bottom=42), Rectangle(left=33, top=33, right=42, bottom=42)
    both = Union(shapes=(left, right))
    assert contains(both, x, y) == (contains(left, x, y) | contains(right, x, y))


@pytest.mark.parametrize(
    "shape",
    [
        RECTANGLE,
        SAME_AS_POLYGON,
        Circle(x=1, y=1, radius=1),
        Around(shape=RECTANGLE, width=2),
        Union(shapes=(RECTANGLE,)),
    ],
)
def test_no_position_is_nowhere(shape) -> None:
    assert np.isnan(shape.distance([np.nan, 1.0], [1.0, np.nan])).all()
    assert not contains(shape, np.nan, np.nan)


@pytest.mark.parametrize(
    "shape",
    [RECTANGLE, SAME_AS_POLYGON, Circle(x=20, y=20, radius=10), Around(shape=RECTANGLE, width=8)],
)
def test_outline_lies_on_the_edge(shape) -> None:
    (outline,) = shape.outlines()
    assert np.abs(shape.distance(*outline.T)).max() < 0.02
