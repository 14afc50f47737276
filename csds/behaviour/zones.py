"""In which frames the animal is in which zone: by centre point, by nose point, or by its body's area."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csds.model.protocol import Point
from csds.model.shapes import Circle, FloatArray, Rectangle, Shape, Union, Zone

BODY_POINTS = 100
"""Points, each for an equal part of the body's area, that the body's share in a zone is counted with."""

_FRAMES_AT_ONCE = 512
_COLUMNS: dict[Point, tuple[str, ...]] = {
    "centre": ("x_cm", "y_cm"),
    "nose": ("nose_x_cm", "nose_y_cm"),
    "body": ("x_cm", "y_cm", "body_length_cm", "body_width_cm", "body_axis_rad"),
}


def point_columns(by: Point) -> tuple[str, ...]:
    """Return the columns of a track that ``by`` needs, x and y first."""
    return _COLUMNS[by]


def known_frames(track: pd.DataFrame, by: Point) -> NDArray[np.bool_]:
    """Return in which frames the track holds what ``by`` needs; False throughout where columns are absent."""
    columns = _COLUMNS[by]
    if not set(columns) <= set(track.columns):
        return np.zeros(len(track), bool)
    return np.asarray(np.isfinite(_values(track, columns)).all(axis=1))


def zone_membership(
    track: pd.DataFrame, zones: Sequence[Zone], floor: Shape, by: Point, body_share: float = 0.5
) -> pd.DataFrame:
    """Return in which frames the animal is in each zone.

    A point on the edge of a zone is in it. A point off the floor (a mouse that rears at the wall
    under a tilted camera, a nose over the rim) is taken to the nearest point of the floor first,
    so that a zone at the wall is not left through the wall. Frames without a position are in no
    zone.

    ``body`` takes the body for the ellipse with the same second moments (``body_length_cm`` and
    ``body_width_cm`` are its full axes) and asks whether at least ``body_share`` of its area lies
    in the zone, counted at 100 points of equal area (a sunflower spiral).

    Parameters
    ----------
    track : DataFrame
        With the columns of `csds.model.columns.TRACK_COLUMNS` that ``by`` needs.
    zones : sequence of Zone
        Shapes in arena cm.
    floor : Shape
        The arena's floor in cm.
    by : {"centre", "nose", "body"}
        What has to be in the zone.
    body_share : float
        Share of the body's area, above 0 and up to 1; used by ``body`` only.

    Returns
    -------
    DataFrame of bool
        One column per zone, named as the zone, with the track's index.
    """
    known = known_frames(track, by)
    inside = {zone.name: np.zeros(len(track), bool) for zone in zones}
    if known.any():
        values = _values(track, _COLUMNS[by])[known]
        for zone in zones:
            if by == "body":
                inside[zone.name][known] = _share_inside(values, zone.shape, floor) >= body_share - 1e-9
            else:
                x, y = clamp_to_floor(floor, values[:, 0], values[:, 1])
                inside[zone.name][known] = zone.shape.distance(x, y) <= 0.0
    return pd.DataFrame(inside, index=track.index, columns=[zone.name for zone in zones], dtype=bool)


def edge_distances(track: pd.DataFrame, shape: Shape, floor: Shape, by: Point, body_share: float = 0.5) -> FloatArray:
    """Return how far the point is from a zone's edge in each frame, in cm, negative inside; NaN without a position.

    An animal is in the zone where this is 0 or less (`zone_membership`), and in the zone grown by s cm where it
    is s or less. The floor's walls are no edges: a zone that reaches a wall has none there. For ``body`` it is
    the distance that just ``body_share`` of the body's area reaches; bodies wholly on one side, more than
    2 cm from the edge, have their centre's.
    """
    known = known_frames(track, by)
    distance = np.full(len(track), np.nan)
    if not known.any():
        return distance
    values, open_shape = _values(track, _COLUMNS[by])[known], open_at_walls(shape, floor)
    own = open_shape.distance(*clamp_to_floor(floor, values[:, 0], values[:, 1]))
    if by == "body":
        rank = int(np.ceil(body_share * BODY_POINTS - 1e-6)) - 1
        (across,) = np.nonzero(np.abs(own) <= np.maximum(values[:, 2], values[:, 3]) / 2 + 2.0)
        for first in range(0, across.size, _FRAMES_AT_ONCE):
            part = across[first : first + _FRAMES_AT_ONCE]
            points = open_shape.distance(*clamp_to_floor(floor, *_ellipse_points(values[part])))
            own[part] = np.partition(points, rank, axis=1)[:, rank]
    distance[known] = own
    return distance


def clamp_to_floor(floor: Shape, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return points in cm with those off the floor taken to its nearest point.

    Floors are rectangles or circles (`csds.model.arena.Arena.floor`); points are left as they are
    on a floor of another shape.

    Examples
    --------
    >>> [float(v) for v in clamp_to_floor(Rectangle(left=0, top=0, right=42, bottom=42), 20.0, -0.4)]
    [20.0, 0.0]
    """
    if isinstance(floor, Rectangle):
        return np.clip(x, floor.left, floor.right), np.clip(y, floor.top, floor.bottom)
    if isinstance(floor, Circle):
        dx, dy = np.asarray(x, float) - floor.x, np.asarray(y, float) - floor.y
        off = np.maximum(np.hypot(dx, dy) / floor.radius, 1.0)
        return np.asarray(floor.x + dx / off), np.asarray(floor.y + dy / off)
    return np.asarray(x, float), np.asarray(y, float)


def open_at_walls(shape: Shape, floor: Shape) -> Shape:
    """Return a shape whose sides on the floor's walls are moved far behind them, so that they are no edges.

    Examples
    --------
    >>> floor = Rectangle(left=0, top=0, right=42, bottom=42)
    >>> float(open_at_walls(Rectangle(left=9, top=0, right=33, bottom=14), floor).distance(21, 1))
    -12.0
    """
    if isinstance(shape, Union):
        return Union(shapes=tuple(open_at_walls(part, floor) for part in shape.shapes))
    if not (isinstance(shape, Rectangle) and isinstance(floor, Rectangle)):
        return shape
    far = 2 * max(floor.right - floor.left, floor.bottom - floor.top)
    return Rectangle(
        left=shape.left if shape.left > floor.left else floor.left - far,
        top=shape.top if shape.top > floor.top else floor.top - far,
        right=shape.right if shape.right < floor.right else floor.right + far,
        bottom=shape.bottom if shape.bottom < floor.bottom else floor.bottom + far,
    )


def _share_inside(body: FloatArray, zone: Shape, floor: Shape) -> FloatArray:
    """Return the share of each body (rows of x, y, length, width, axis) in the zone.

    Bodies that are wholly on one side of the edge are told from the centre's distance alone: all
    shapes' distances change by no more than one cm per cm, so only those across the edge (a few
    in a hundred frames) need the points.
    """
    x, y = clamp_to_floor(floor, body[:, 0], body[:, 1])
    distance = zone.distance(x, y)
    reach = np.maximum(body[:, 2], body[:, 3]) / 2
    share = np.where(distance <= 0.0, 1.0, 0.0)
    (across,) = np.nonzero(np.abs(distance) <= reach)
    for first in range(0, across.size, _FRAMES_AT_ONCE):
        part = across[first : first + _FRAMES_AT_ONCE]
        px, py = clamp_to_floor(floor, *_ellipse_points(body[part]))
        share[part] = np.mean(zone.distance(px, py) <= 0.0, axis=1)
    return share


def _ellipse_points(body: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return points of equal area within each body's ellipse, as two arrays of shape (n, BODY_POINTS)."""
    number = np.arange(BODY_POINTS) + 0.5
    radius = np.sqrt(number / BODY_POINTS)
    angle = number * np.pi * (3.0 - np.sqrt(5.0))
    unit = np.stack([radius * np.cos(angle), radius * np.sin(angle)])
    x, y, length, width, axis = body.T
    half_length, half_width = length / 2, width / 2
    along = np.stack([half_length * np.cos(axis), -half_width * np.sin(axis)], axis=1)
    across = np.stack([half_length * np.sin(axis), half_width * np.cos(axis)], axis=1)
    return np.asarray(x[:, None] + along @ unit), np.asarray(y[:, None] + across @ unit)


def _values(track: pd.DataFrame, columns: Sequence[str]) -> FloatArray:
    return np.column_stack([track[name].to_numpy(dtype=float, na_value=np.nan) for name in columns])
