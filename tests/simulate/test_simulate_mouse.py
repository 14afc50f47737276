"""The outline and its centroid, against drawing and against closed forms."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csds.simulate.mouse import (
    TAIL_LENGTH_CM,
    TAIL_POINTS,
    Poses,
    centroids,
    cut_to,
    nose_tips,
    outlines,
    tail_outline,
    tails,
)

LENGTH = 8.6


def one_pose(x=0.0, y=0.0, heading=0.0, head_bend=0.0, rear_bend=0.0):
    def row(value):
        return np.array([float(value)])

    return Poses(
        time_s=row(0), x_cm=row(x), y_cm=row(y), heading_rad=row(heading), head_bend_rad=row(head_bend),
        rear_bend_rad=row(rear_bend), stretch=row(1), breath=row(1),
        tail_rad=np.full((1, TAIL_POINTS), heading + np.pi),
    )  # fmt: skip


def test_a_straight_mouse_has_a_real_mouse_s_size():
    (outline,) = outlines(one_pose(), LENGTH)
    length, width = np.ptp(outline, axis=0)
    assert length == pytest.approx(LENGTH, abs=0.2)
    assert 2.5 <= width <= 3.0
    assert 12 <= cv2.contourArea(outline.astype(np.float32)) <= 22
    assert np.hypot(*np.diff(tails(one_pose(), LENGTH)[0], axis=0).T).sum() == pytest.approx(TAIL_LENGTH_CM)


@settings(max_examples=40, deadline=None)
@given(
    heading=st.floats(-4, 4), head=st.floats(-0.85, 0.85), rear=st.floats(-0.6, 0.6),
    x=st.floats(-50, 50), y=st.floats(-50, 50),
)  # fmt: skip
def test_centroid_equals_the_drawn_area_s_and_moves_with_the_pose(heading, head, rear, x, y):
    at_origin, turned = one_pose(head_bend=head, rear_bend=rear), one_pose(x, y, heading, head, rear)
    base, moved = (centroids(outlines(pose, LENGTH))[0] for pose in (at_origin, turned))
    cos, sin = np.cos(heading), np.sin(heading)
    np.testing.assert_allclose(moved, np.array([x, y]) + np.array([[cos, -sin], [sin, cos]]) @ base, atol=1e-9)
    # Independently: count the pixels of a picture at 100 pixels a centimetre.
    (outline,) = outlines(at_origin, LENGTH)
    picture = np.zeros((1400, 1400), np.uint8)
    cv2.fillPoly(picture, [np.round(outline * 100 + 700).astype(np.int32)], 255)
    rows, columns = np.nonzero(picture)
    np.testing.assert_allclose(base, [(columns.mean() - 700) / 100, (rows.mean() - 700) / 100], atol=0.02)


def test_the_outline_is_a_simple_polygon_that_ends_at_the_nose():
    for bend in (-0.85, 0.0, 0.85):
        pose = one_pose(head_bend=bend, rear_bend=-bend / 2)
        (outline,), (nose,) = outlines(pose, LENGTH), nose_tips(outlines(pose, LENGTH))
        picture = np.zeros((1400, 1400), np.uint8)
        corners = np.round(outline * 100 + 700).astype(np.int32)
        cv2.fillPoly(picture, [corners], 255)
        # A polygon that crossed itself would have less area drawn than by the shoelace formula.
        assert (picture > 0).sum() / 1e4 == pytest.approx(cv2.contourArea(outline.astype(np.float32)), rel=0.03)
        assert np.hypot(*(outline - nose).T).min() < 0.1
        assert np.hypot(*nose) > 0.45 * LENGTH


def test_the_tail_tapers():
    line = np.column_stack([np.linspace(0, 8, 19), np.zeros(19)])
    polygon = tail_outline(line)
    assert np.ptp(polygon[[0, -1], 1]) == pytest.approx(0.36)
    assert np.ptp(polygon[[18, 19], 1]) == pytest.approx(0.10)


def test_centroid_of_a_polygon_far_from_the_origin():
    triangle = np.array([[(0.0, 0.0), (3.0, 0.0), (0.0, 6.0)]]) + 1e6
    np.testing.assert_allclose(centroids(triangle) - 1e6, [[1.0, 2.0]], atol=1e-6)


@given(
    heading=st.floats(-4, 4), x=st.floats(-12, 12), y=st.floats(-12, 12), way=st.sampled_from([1, -1]),
)  # fmt: skip
@settings(max_examples=30, deadline=None)
def test_part_of_an_outline_within_a_rectangle_is_that_of_its_pixels(heading, x, y, way):
    window = np.array([(-5.0, -5.0), (5.0, -5.0), (5.0, 5.0), (-5.0, 5.0)])[::way]
    outline = outlines(one_pose(x, y, heading), LENGTH)[0]
    part = cut_to(outline, window)
    fine = np.zeros((1000, 1000), np.uint8)
    cv2.fillPoly(fine, [np.rint((outline + 5.0) * 100).astype(np.int32)], 1)
    area = abs(np.sum(part[:, 0] * np.roll(part[:, 1], -1) - part[:, 1] * np.roll(part[:, 0], -1))) / 2
    assert area == pytest.approx(fine.sum() / 1e4, abs=0.25)
    if area > 1.0:
        rows, columns = np.nonzero(fine)
        np.testing.assert_allclose(
            centroids(part[None])[0], (columns.mean() / 100 - 5, rows.mean() / 100 - 5), atol=0.1
        )
