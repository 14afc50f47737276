"""The outline of a mouse seen from above, posed by position, heading, bends and stretch.

The body is a strip around a bent spine, from tail root to nose, its half-width a fixed
profile with the ears as two bumps. One simple polygon holds body, head and ears, so its area
centroid (the truth of every simulation) has a closed form. The tail is a polygon of its own and
never counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from csds.model.shapes import FloatArray

TAIL_LENGTH_CM = 8.0
TAIL_POINTS = 18

# Share of the body's length from tail root to nose, and half-width as a share of that length.
_PROFILE = np.array(
    [
        (0.00, 0.016), (0.03, 0.062), (0.08, 0.098), (0.16, 0.134), (0.28, 0.158), (0.40, 0.154),
        (0.52, 0.134), (0.61, 0.112), (0.67, 0.104), (0.74, 0.106), (0.82, 0.092), (0.90, 0.064),
        (0.96, 0.036), (0.99, 0.020), (1.00, 0.006),
    ]
)  # fmt: skip
# Ears: half ellipses on the profile, by place, half-width along the spine, and height.
_EAR_AT, _EAR_WIDTH, _EAR_HEIGHT = 0.735, 0.042, 0.052
_STATIONS = np.concatenate(
    [
        np.linspace(0.0, 0.08, 6),
        np.linspace(0.12, 0.66, 14),
        # Denser towards both ends of an ear, where the half ellipse is steep.
        _EAR_AT - _EAR_WIDTH * np.cos(np.linspace(0.0, np.pi, 19)),
        np.linspace(0.80, 1.0, 11),
    ]
)
_EAR = np.sqrt(np.clip(1.0 - ((_STATIONS - _EAR_AT) / _EAR_WIDTH) ** 2, 0.0, None))
_HALF_WIDTH = PchipInterpolator(_PROFILE[:, 0], _PROFILE[:, 1])(_STATIONS) + _EAR_HEIGHT * _EAR
# The spine hangs on this station: the pose's x and y.
_ANCHOR = 0.45
OUTLINE_POINTS = 2 * len(_STATIONS)
_EAR_STATIONS = np.flatnonzero(np.abs(_STATIONS - _EAR_AT) <= 1.001 * _EAR_WIDTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Poses:
    """Poses of one animal, one row a frame.

    Parameters
    ----------
    time_s : (n,) array
    x_cm, y_cm : (n,) arrays
        The middle of the trunk (not the centroid, which follows from the outline).
    heading_rad : (n,) array
        Direction of the trunk; 0 along x, π/2 away from the enclosure wall; unwrapped.
    head_bend_rad, rear_bend_rad : (n,) arrays
        How far head and rump turn away from the trunk's direction.
    stretch : (n,) array
        Length as a share of the body's length at rest; the width shrinks as it grows.
    breath : (n,) array
        Width as a share of the width at rest.
    tail_rad : (n, TAIL_POINTS) array
        Direction of each piece of the tail, from its root.
    """

    time_s: FloatArray
    x_cm: FloatArray
    y_cm: FloatArray
    heading_rad: FloatArray
    head_bend_rad: FloatArray
    rear_bend_rad: FloatArray
    stretch: FloatArray
    breath: FloatArray
    tail_rad: FloatArray

    def __len__(self) -> int:
        return len(self.time_s)


def spines(poses: Poses, length_cm: float) -> tuple[FloatArray, FloatArray]:
    """Return the spine from tail root to nose, (n, k, 2) in cm, and its direction, (n, k) in rad."""
    head = _smooth_step((_STATIONS - 0.52) / 0.36)
    rear = 1.0 - _smooth_step((_STATIONS - 0.02) / 0.40)
    angle = (
        poses.heading_rad[:, None]
        + poses.head_bend_rad[:, None] * head[None]
        + poses.rear_bend_rad[:, None] * rear[None]
    )
    step = np.diff(_STATIONS)[None] * length_cm * poses.stretch[:, None]
    middle = 0.5 * (angle[:, 1:] + angle[:, :-1])
    x = np.concatenate([np.zeros((len(poses), 1)), np.cumsum(step * np.cos(middle), axis=1)], axis=1)
    y = np.concatenate([np.zeros((len(poses), 1)), np.cumsum(step * np.sin(middle), axis=1)], axis=1)
    anchor = int(np.argmin(np.abs(_STATIONS - _ANCHOR)))
    x += (poses.x_cm - x[:, anchor])[:, None]
    y += (poses.y_cm - y[:, anchor])[:, None]
    return np.stack([x, y], axis=2), angle


def outlines(poses: Poses, length_cm: float) -> FloatArray:
    """Return the outlines of body, head and ears as (n, OUTLINE_POINTS, 2) in cm."""
    spine, angle = spines(poses, length_cm)
    half = _HALF_WIDTH[None] * length_cm * (poses.breath / np.sqrt(poses.stretch))[:, None]
    normal = np.stack([-np.sin(angle), np.cos(angle)], axis=2) * half[..., None]
    return np.concatenate([spine + normal, (spine - normal)[:, ::-1]], axis=1)


def nose_tips(outlines_cm: FloatArray) -> FloatArray:
    """Return the tips of the nose as (n, 2) from outlines, (n, OUTLINE_POINTS, 2)."""
    half = OUTLINE_POINTS // 2
    return np.asarray(0.5 * (outlines_cm[:, half - 1] + outlines_cm[:, half]), float)


def tails(poses: Poses, length_cm: float) -> FloatArray:
    """Return the middle lines of the tail, root first, as (n, TAIL_POINTS + 1, 2) in cm."""
    spine, _ = spines(poses, length_cm)
    step = TAIL_LENGTH_CM / TAIL_POINTS
    pieces = step * np.stack([np.cos(poses.tail_rad), np.sin(poses.tail_rad)], axis=2)
    # The tail starts a little within the body, so that no gap shows.
    root = spine[:, 1][:, None]
    return np.concatenate([root, root + np.cumsum(pieces, axis=1)], axis=1)


def tail_outline(middle_line: FloatArray) -> FloatArray:
    """Return one tail's outline, (m, 2) in cm, from its middle line, (k, 2): it tapers from 3.6 to 1 mm."""
    along = np.gradient(middle_line, axis=0)
    norm = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)
    normal = np.column_stack([-along[:, 1], along[:, 0]]) / norm[:, None]
    half = np.linspace(0.18, 0.05, len(middle_line))[:, None]
    return np.concatenate([middle_line + half * normal, (middle_line - half * normal)[::-1]])


def ear_outlines(outline: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the two ears within one outline, for shading."""
    first, last = int(_EAR_STATIONS[0]), int(_EAR_STATIONS[-1])
    mirrored = OUTLINE_POINTS - 1
    return outline[first : last + 1], outline[mirrored - last : mirrored - first + 1]


def snout_outline(outline: FloatArray) -> FloatArray:
    """Return the part of one outline before the ears."""
    first = int(np.searchsorted(_STATIONS, _EAR_AT + _EAR_WIDTH))
    return outline[first : OUTLINE_POINTS - first]


def back_outline(outline: FloatArray, share: float = 0.5) -> FloatArray:
    """Return the outline drawn in towards the spine, for the sheen on the back."""
    half = OUTLINE_POINTS // 2
    left, right = outline[:half], outline[half:][::-1]
    trunk = (_STATIONS > 0.10) & (_STATIONS < 0.62)
    taper = share * np.sqrt(np.clip(1.0 - ((_STATIONS - 0.36) / 0.27) ** 2, 0.0, None))
    spine, side = 0.5 * (left + right), 0.5 * taper[:, None] * (left - right)
    return np.concatenate([(spine + side)[trunk], (spine - side)[trunk][::-1]])


def centroids(polygons: FloatArray) -> FloatArray:
    """Return the area centroids of simple polygons, (n, k, 2) to (n, 2), by the shoelace formula.

    Examples
    --------
    >>> centroids(np.array([[(0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (0.0, 1.0)]])).tolist()
    [[1.0, 0.5]]
    """
    # About the first corner, so that no digits are lost far from the origin.
    base = polygons[:, :1]
    x, y = np.moveaxis(polygons - base, 2, 0)
    xn, yn = np.roll(x, -1, axis=1), np.roll(y, -1, axis=1)
    cross = x * yn - xn * y
    area = 3.0 * cross.sum(axis=1)
    centre = np.column_stack([((x + xn) * cross).sum(axis=1), ((y + yn) * cross).sum(axis=1)]) / area[:, None]
    return np.asarray(centre + base[:, 0], float)


def cut_to(polygon: FloatArray, window: FloatArray) -> FloatArray:
    """Return the part of a polygon, (n, 2), within a convex one, (k, 2); empty if there is none.

    By Sutherland and Hodgman (1974, doi:10.1145/360767.360802). Where that leaves parts apart, edges
    of no area join them.

    Examples
    --------
    >>> square = np.array([(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)])
    >>> centroids(cut_to(square - (1.0, 0.0), square)[None]).tolist()
    [[0.5, 1.0]]
    """
    x, y = window.T
    turn = np.sign(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))
    for start, end in zip(window, np.roll(window, -1, axis=0), strict=True):
        along, off = end - start, polygon - start
        inside = turn * (along[0] * off[:, 1] - along[1] * off[:, 0])
        after = np.roll(inside, -1)
        crosses = (inside >= 0) != (after >= 0)
        share = inside / np.where(crosses, inside - after, 1.0)
        cuts = polygon + share[:, None] * (np.roll(polygon, -1, axis=0) - polygon)
        polygon = np.stack([polygon, cuts], axis=1)[np.column_stack([inside >= 0, crosses])]
    return polygon


def _smooth_step(share: FloatArray) -> FloatArray:
    clipped = np.clip(share, 0.0, 1.0)
    return np.asarray(clipped * clipped * (3.0 - 2.0 * clipped), float)
