"""Zones by centre, nose and body, against closed forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.behaviour.zones import BODY_POINTS, clamp_to_floor, known_frames, zone_membership
from csds.model.shapes import Around, Circle, Polygon, Rectangle, Union, Zone

FLOOR = Rectangle(left=0, top=0, right=42, bottom=42)
INTERACTION = Zone(name="interaction", shape=Rectangle(left=9, top=0, right=33, bottom=14))
LEFT = Zone(name="corner_left", shape=Rectangle(left=0, top=33, right=9, bottom=42))
RIGHT = Zone(name="corner_right", shape=Rectangle(left=33, top=33, right=42, bottom=42))
ZONES = (INTERACTION, LEFT, RIGHT)


def track(x, y, **columns) -> pd.DataFrame:
    x, y = np.broadcast_arrays(np.atleast_1d(np.asarray(x, float)), np.asarray(y, float))
    frame = pd.DataFrame({"time_s": np.arange(x.size) / 30, "x_cm": x, "y_cm": y})
    return frame.assign(**columns)


def body(x, y, length=8.0, width=3.0, axis=0.0) -> pd.DataFrame:
    return track(x, y, body_length_cm=length, body_width_cm=width, body_axis_rad=axis)


def is_in(frame: pd.DataFrame, zone: Zone, by="centre", share=0.5, floor=FLOOR) -> list[bool]:
    return zone_membership(frame, [zone], floor, by, share)[zone.name].tolist()


def test_edge_belongs_to_the_zone() -> None:
    assert is_in(track([9, 8.999, 33, 21], [5, 5, 14, 14.001]), INTERACTION) == [True, False, True, False]


def test_no_position_is_in_no_zone() -> None:
    assert is_in(track([np.nan, 21], [5, np.nan]), INTERACTION) == [False, False]


def test_points_off_the_floor_count_where_the_floor_is_nearest() -> None:
    assert is_in(track([21, -0.5, 42.7], [-1.0, 42.8, 43]), INTERACTION) == [True, False, False]
    assert is_in(track([21, -0.5, 42.7], [-1.0, 42.8, 43]), LEFT) == [False, True, False]
    assert is_in(track([21, -0.5, 42.7], [-1.0, 42.8, 43]), RIGHT) == [False, False, True]


@given(st.floats(-60, 100), st.floats(-60, 100))
def test_nearest_point_of_a_round_floor(x: float, y: float) -> None:
    floor = Circle(x=20, y=20, radius=20)
    cx, cy = clamp_to_floor(floor, np.array([x]), np.array([y]))
    outside = max(float(floor.distance(x, y)), 0.0)
    assert np.hypot(cx[0] - x, cy[0] - y) == pytest.approx(outside, abs=1e-9)
    assert floor.distance(cx, cy)[0] <= 1e-9


def test_floor_of_another_shape_leaves_points_alone() -> None:
    triangle = Polygon(corners=((0, 0), (1, 0), (0, 1)))
    assert [float(v) for v in clamp_to_floor(triangle, np.array(5.0), np.array(6.0))] == [5, 6]


def test_nose_and_centre_are_told_apart() -> None:
    frame = track([21, 21], [15, 15], nose_x_cm=[21, np.nan], nose_y_cm=[13, np.nan])
    assert is_in(frame, INTERACTION, by="centre") == [False, False]
    assert is_in(frame, INTERACTION, by="nose") == [True, False]
    assert known_frames(frame, "nose").tolist() == [True, False]


def test_track_without_nose_or_body() -> None:
    frame = track([21], [5])
    assert not known_frames(frame, "nose").any()
    assert is_in(frame, INTERACTION, by="body") == [False]


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.75, 0.9])
def test_share_of_a_body_across_a_straight_edge(share: float) -> None:
    """The part of a disc of radius 1 beyond a line at distance d is (arccos d − d √(1 − d²)) / π."""
    edge = np.linspace(-1, 1, 20001)
    part = (np.arccos(edge) - edge * np.sqrt(1 - edge**2)) / np.pi
    below_edge = float(np.interp(share, part[::-1], edge[::-1]))  # centre lies this far outside the edge
    frame = body(21.0, 14 + 1.5 * below_edge + np.array([-0.15, 0.15]), width=3.0)
    assert is_in(frame, INTERACTION, by="body", share=share) == [True, False]


def test_share_follows_the_bodys_direction() -> None:
    across, along = body(21.0, 16.0, axis=np.pi / 2), body(21.0, 16.0, axis=0.0)
    assert is_in(across, INTERACTION, by="body", share=0.15) == [True]
    assert is_in(along, INTERACTION, by="body", share=0.15) == [False]


def test_body_beyond_the_wall_counts_as_at_the_wall() -> None:
    assert is_in(body(21.0, 0.5, axis=np.pi / 2), INTERACTION, by="body", share=1.0) == [True]


@given(
    x=st.floats(0, 42), y=st.floats(0, 42), axis=st.floats(0, np.pi), length=st.floats(1, 9), share=st.floats(0.02, 1)
)
def test_whole_bodies_need_no_counting(x, y, axis, length, share) -> None:
    """The short cut for bodies away from the edge agrees with counting all points."""
    shapes = [
        INTERACTION.shape,
        Around(shape=Circle(x=21, y=4, radius=3.5), width=8),
        Union(shapes=(LEFT.shape, RIGHT.shape)),
    ]
    number = np.arange(BODY_POINTS) + 0.5
    r, angle = np.sqrt(number / BODY_POINTS), number * np.pi * (3 - np.sqrt(5))
    u, v = length / 2 * r * np.cos(angle), 1.5 / 2 * r * np.sin(angle)
    px = np.clip(x + u * np.cos(axis) - v * np.sin(axis), 0, 42)
    py = np.clip(y + u * np.sin(axis) + v * np.cos(axis), 0, 42)
    for shape in shapes:
        counted = np.mean(shape.distance(px, py) <= 0)
        frame = body(x, y, length=length, width=1.5, axis=axis)
        assert is_in(frame, Zone(name="z", shape=shape), by="body", share=share) == [counted >= share - 1e-9]


@given(st.integers(0, 2**32 - 1), st.sampled_from(["centre", "nose", "body"]))
def test_mirroring_floor_and_track_changes_nothing(seed: int, by: str) -> None:
    rng = np.random.default_rng(seed)
    x, y, nx, ny, axis = (
        rng.uniform(0, 42, 50),
        rng.uniform(0, 42, 50),
        *rng.uniform(0, 42, (2, 50)),
        rng.uniform(0, 3, 50),
    )
    frame = body(x, y, axis=axis).assign(nose_x_cm=nx, nose_y_cm=ny)
    # Turned by a half turn about the middle, zones and all.
    turned = body(42 - x, 42 - y, axis=axis + np.pi).assign(nose_x_cm=42 - nx, nose_y_cm=42 - ny)
    for zone in ZONES:
        r = zone.shape
        turned_zone = Zone(
            name=zone.name, shape=Rectangle(left=42 - r.right, top=42 - r.bottom, right=42 - r.left, bottom=42 - r.top)
        )
        assert is_in(frame, zone, by=by) == is_in(turned, turned_zone, by=by)


def test_many_frames_are_done_in_parts() -> None:
    frame = body(np.full(10_000, 21.0), 14.0)
    assert zone_membership(frame, [INTERACTION], FLOOR, "body", 0.4)["interaction"].all()


def test_columns_and_index_are_the_tracks() -> None:
    frame = track([1, 2], 3).set_index(pd.Index([7, 9]))
    inside = zone_membership(frame, ZONES, FLOOR, "centre")
    assert inside.columns.tolist() == ["interaction", "corner_left", "corner_right"]
    assert inside.index.tolist() == [7, 9]
    assert [dtype.kind for dtype in inside.dtypes] == ["b", "b", "b"]
