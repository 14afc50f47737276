"""The target's enclosure on a round floor: in which direction from the middle it stands, and how surely."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.arena.ellipses import sample
from csds.arena.round_pose import Pose
from csds.arena.still import Picture
from csds.model.protocol import EnclosureSpec
from csds.model.shapes import FloatArray

#: Directions that are looked at, in degrees apart.
_APART_DEG = 2.0
#: An enclosure's upper edge is seen further from the camera's foot than its lower one by these factors.
_RISES = np.array([1.0, 1.03, 1.06, 1.1, 1.15])
#: Distances across an outline at which grey levels are taken, cm, and points along it.
_COARSE_CM, _FINE_CM = np.array([-0.4, 0.0, 0.4]), np.array([-0.2, 0.0, 0.2])
_POINTS = 32
#: Directions (degrees) and distances from the wall (cm) around the likeliest at which the enclosure is looked for
#: closely, and the standard deviation of the latter.
_WIDE_DEG, _TURNS_DEG = np.arange(-5.0, 5.1, 1.0), np.arange(-3.6, 3.7, 0.9)
_OFF_CM, _OFF_SD_CM = np.arange(-0.8, 0.81, 0.2), 0.5
#: An edge is as sure as can be if it is this many times the texture.
_SURE = 30.0
#: What moves within the enclosure is compared with what moves up to this far around it, cm.
_BAND_CM = 1.6
#: Directions that are offered, and how far apart, degrees.
_OFFERED, _OFFERED_APART_DEG = 3, 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How surely the enclosure stands in a direction.

    Parameters
    ----------
    towards : float
        Radians, clockwise in the picture from the floor's x axis.
    lower, upper : float
        How much of the enclosure's outline is seen on the floor, and of that of its upper edge, 0 to 1.
    wires : (float, float)
        How much darker or lighter than both of its sides each of these outlines is all along, 0 to 1.
    off_cm : float
        How much further from the wall it is seen than the protocol has it.
    motion : float
        Logarithm of how much more moves within it than just around it, over the phases the most.
    """

    towards: float
    lower: float
    upper: float
    wires: tuple[float, float]
    off_cm: float
    motion: float


def outline_cm(spec: EnclosureSpec, outwards_cm: float = 0.0) -> tuple[FloatArray, FloatArray]:
    """Return points on an enclosure's outline and the outward normals there, (n, 2) each.

    x along the wall from the enclosure's middle, y away from the wall.
    """
    turn = (np.arange(_POINTS) + 0.5) * (2 * np.pi / _POINTS)
    normals = np.column_stack([np.cos(turn), np.sin(turn)])
    if spec.shape == "circle":
        points = (spec.width_cm / 2 + outwards_cm) * normals
    else:
        half = np.array([spec.width_cm, spec.depth_cm]) / 2
        share = (np.arange(_POINTS // 4) + 0.5) / (_POINTS // 4) * 2 - 1
        ones = np.ones_like(share)
        sides = [(share, -ones), (ones, share), (-share, ones), (-ones, -share)]
        ways = [(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)]
        normals = np.repeat(np.array(ways), _POINTS // 4, axis=0)
        points = np.concatenate([np.column_stack(side) * half for side in sides]) + outwards_cm * normals
    return points + np.array([0.0, spec.gap_cm + spec.depth_cm / 2]), normals


def likely_directions(
    pose: Pose, radius_cm: float, spec: EnclosureSpec, pictures: tuple[Picture, tuple[Picture, ...]]
) -> tuple[FloatArray, float]:
    """Return directions (radians) in which the enclosure may stand on a round floor, the likeliest first.

    The second value is the floor's texture: the grey levels by which its typical places differ.

    Parameters
    ----------
    pose : Pose
    radius_cm : float
        Of the floor.
    spec : EnclosureSpec
    pictures : picture, pictures
        What stands still, slightly smoothed, and the motion of each phase, all of one size.
    """
    towards = np.deg2rad(np.arange(0.0, 360.0, _APART_DEG))
    placed = towards, np.zeros_like(towards)
    steps = _steps_across(pose, radius_cm, spec, pictures[0], placed, _COARSE_CM)
    texture = float(np.median(np.abs(steps[0]).max(axis=-1))) + 0.3
    seen, wires = _seen(steps, texture), _wires(steps, 2.0 * texture)
    motion = _moves(pose, radius_cm, spec, pictures[1], towards)
    worth = seen[0] + 0.7 * seen.max(axis=0) + wires[0] + 0.7 * wires.max(axis=0)
    return towards[_apart(worth + 0.25 * np.clip(motion, 0.0, 1.0))], texture


def fit_standing(
    pose: Pose,
    radius_cm: float,
    spec: EnclosureSpec,
    pictures: tuple[Picture, tuple[Picture, ...]],
    likely: tuple[float, float],
) -> Standing:
    """Return how surely the enclosure stands near a likely direction, on a floor of that texture."""
    towards, texture = likely
    # Wires are as wide as a few degrees: the middle of where they are seen is sought, so it must be the window's too.
    wide = towards + np.deg2rad(_WIDE_DEG)
    lower = _seen(
        _steps_across(pose, radius_cm, spec, pictures[0], (wide, np.zeros_like(wide)), _FINE_CM)[:1], texture
    )[0]
    towards = float(np.average(wide, weights=np.exp(20.0 * (lower - lower.max()))))
    around, off = (a.ravel() for a in np.meshgrid(towards + np.deg2rad(_TURNS_DEG), _OFF_CM, indexing="ij"))
    steps = _steps_across(pose, radius_cm, spec, pictures[0], (around, off), _FINE_CM)
    seen = _seen(steps, texture)
    rise = seen.argmax(axis=0)
    upper = seen[rise, np.arange(len(around))]
    farther = 0.1 * (off / _OFF_SD_CM) ** 2
    best = int((seen[0] + 0.7 * upper - farther).argmax())
    # How surely an edge is seen says little about where exactly; how large the change is says more, and most of all
    # the wire itself, darker or lighter than both of its sides.
    both = steps[[0, rise[best]]]
    typical = float(np.median(np.abs(both[:, best]).max(axis=-1))) + texture
    strength = np.minimum(np.abs(both).max(axis=-1) / typical, 1.5).mean(axis=2)
    wires = _wires(both, 2.0 * texture)
    worth = (0.5 * strength + _wires(both, 2.0 * typical) + wires).T @ (1.0, 0.7) - farther
    best = int(worth.argmax())
    near = np.exp(20.0 * (worth - worth[best]))
    found = float(np.average(around, weights=near))
    return Standing(
        towards=found,
        lower=float(seen[0, best]),
        upper=float(upper[best]),
        wires=(float(wires[0, best]), float(wires[1, best])),
        off_cm=float(np.average(off, weights=near)),
        motion=float(_moves(pose, radius_cm, spec, pictures[1], np.array([found]))[0]),
    )


def _apart(worth: FloatArray) -> NDArray[np.int_]:
    kept: list[int] = []
    for i in np.argsort(-worth, kind="stable"):
        turns = [abs((int(i) - other + len(worth) // 2) % len(worth) - len(worth) // 2) for other in kept]
        if all(turn * _APART_DEG >= _OFFERED_APART_DEG for turn in turns):
            kept.append(int(i))
        if len(kept) == _OFFERED:
            break
    return np.array(kept, int)


def _steps_across(
    pose: Pose,
    radius_cm: float,
    spec: EnclosureSpec,
    grey: Picture,
    placed: tuple[FloatArray, FloatArray],
    across_cm: FloatArray,
) -> FloatArray:
    """Return how grey levels change from place to place across an enclosure's outline, (rises, n, points, places - 1).

    ``placed`` are directions, and by how many cm the enclosure stands further from the wall than
    it should. The first rise is that of the outline on the floor, others are of an upper edge.
    """
    points, normals = outline_cm(spec)
    across = points[:, None] + across_cm[:, None] * normals[:, None]
    lower = place(across, radius_cm, *placed)
    risen = pose.foot + _RISES[:, None, None, None, None] * (lower - pose.foot)
    levels = sample(grey, to_picture(pose.matrix, risen))
    return np.nan_to_num(np.diff(levels, axis=-1))


def _seen(steps: FloatArray, texture: float) -> FloatArray:
    """Return how surely an outline is seen, (rises, n), 0 to 1."""
    most = np.minimum(np.abs(steps).max(axis=-1) / texture, _SURE)
    return np.asarray((np.log1p(most) / np.log1p(_SURE)).mean(axis=-1), float)


def _wires(steps: FloatArray, typical: float) -> FloatArray:
    """Return how much darker or lighter an outline is than both of its sides, all along it, (rises, n), 0 to 1."""
    return np.asarray(np.abs(np.clip((steps[..., 1] - steps[..., 0]) / typical, -1.0, 1.0).mean(axis=-1)), float)


def place(points_cm: FloatArray, radius_cm: float, towards: FloatArray, off_cm: FloatArray) -> FloatArray:
    """Return points at a wall, (…, 2), for the wall in each direction: floor radii from its middle, (n, …, 2)."""
    away = np.stack([np.cos(towards), np.sin(towards)], axis=-1)
    along = np.stack([-away[:, 1], away[:, 0]], axis=-1)
    shape = (len(towards), *[1] * (points_cm.ndim - 1), 2)
    from_wall = points_cm[None, ..., 1:] + off_cm.reshape((*shape[:-1], 1))
    x, y = points_cm[None, ..., :1] / radius_cm, 1 - from_wall / radius_cm
    return np.asarray(x * along.reshape(shape) + y * away.reshape(shape), float)


def to_picture(pose: FloatArray, points: FloatArray) -> FloatArray:
    """Return points of the floor, (…, 2), in the picture."""
    seen = points @ pose[:, :2].T + pose[:, 2]
    return np.asarray(seen[..., :2] / seen[..., 2:], float)


def _moves(
    pose: Pose, radius_cm: float, spec: EnclosureSpec, motions: tuple[Picture, ...], towards: FloatArray
) -> FloatArray:
    """Return the logarithm of how much more moves within the enclosure than around it, the most of all phases."""
    middle = np.array([0.0, spec.gap_cm + spec.depth_cm / 2])
    outline = outline_cm(spec)[0][::2] - middle
    within = np.concatenate([share * outline for share in (0.2, 0.5, 0.8)]) + middle
    around = outline_cm(spec, 0.6 * _BAND_CM)[0]
    still = np.zeros_like(towards)
    inside_px, outside_px = (
        to_picture(pose.matrix, place(points, radius_cm, towards, still)) for points in (within, around)
    )
    found = []
    for moved in motions:
        inside, outside = (np.nan_to_num(sample(moved, at)).mean(axis=1) for at in (inside_px, outside_px))
        typical = 0.5 * float(np.median(outside)) + 0.5
        found.append(np.log((inside + typical) / (outside + typical)))
    return np.asarray(np.max(found, axis=0), float)


def smoothed(picture: Picture, px_per_cm: float) -> Picture:
    """Return a picture as smooth as wires a few millimetres wide allow."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), max(0.6, 0.1 * px_per_cm)), np.float32)
