"""Other animals, or none: a second mouse, a neighbour, a target that reaches out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from csds.model.shapes import FloatArray
from csds.simulate.backdrop import WALL_CM, Image, floor_outline_px, wall_top_px
from csds.simulate.effect import Animal, Effect, Site, nuisance
from csds.simulate.greys import FURS
from csds.simulate.motion import subject_poses
from csds.simulate.mouse import Poses, nose_tips, outlines, tails
from csds.simulate.room import hold_points, room_of
from csds.simulate.scene import Scene
from csds.simulate.target import TARGET_LENGTH_CM

#: A second mouse keeps this far (cm, between trunks) from the subject.
_APART_CM = 9.0
#: Width of a wall's rim and of the slit to the neighbouring one, cm.
_RIM_CM, _SLIT_CM = 0.7, 0.6
#: Depth of the part of the neighbouring floor on which its mouse walks, and least that is seen of it, cm.
_STRIP_CM, _SEEN_CM = 12.0, 4.0
#: How far a snout reaches out at most, and how far off the walls it comes out, cm.
_REACH_CM, _OFF_WALL_CM = 1.9, 1.2
#: How quickly a target steps forward and back, s.
_STEP_S = 0.15


@nuisance("no_mouse", "the mouse was never put in")
def no_mouse(site: Site) -> Effect:
    """No subject; everything else goes on. The truth's positions are NaN."""
    return Effect(is_empty=site.strength > 0)


@nuisance("two_mice", "a second mouse of the same coat walks on the floor")
def two_mice(site: Site) -> Effect:
    """Explores on a path of its own, and keeps 9 cm from the subject; the truth is the first one's."""
    if site.strength == 0:
        return Effect()
    seed = int(site.rng.integers(1 << 30))

    def company(scene: Scene, subject: Poses) -> Animal:
        place = "near_right" if scene.place != "near_right" else "far_left"
        own = replace(scene, behaviour="explore", place=place, seed=seed)
        room, length = room_of(scene), 0.97 * scene.body_length_cm
        poses = subject_poses(own, subject.time_s)
        for _ in range(4):
            off = np.column_stack([poses.x_cm - subject.x_cm, poses.y_cm - subject.y_cm])
            far = np.maximum(np.hypot(*off.T), 1e-6)
            away = off * (np.maximum(_APART_CM - far, 0.0) / far)[:, None]
            poses = replace(poses, x_cm=poses.x_cm + away[:, 0], y_cm=poses.y_cm + away[:, 1])
            shift = room.free_outlines(outlines(poses, length))
            poses = replace(poses, x_cm=poses.x_cm + shift[:, 0], y_cm=poses.y_cm + shift[:, 1])
        tails_cm = hold_points(room, tails(poses, length), 0.12)
        return Animal(outlines_cm=outlines(poses, length), tails_cm=tails_cm, fur=FURS[scene.coat, scene.light])

    return Effect(company=company)


@nuisance("neighbour", "another arena's mouse walks at the edge of the frame, beyond this arena's walls")
def neighbour(site: Site) -> Effect:
    """The edge of another box, at whichever side the frame leaves the most room, and its mouse half in the frame.

    In a frame that ends at the arena's walls nothing is seen of it. Not for frames of several arenas:
    their mice are each other's neighbours.
    """
    if site.strength == 0:
        return Effect()
    strip = _next_door(site.scene)
    if strip is None:
        return Effect()
    scene, seed = site.scene, int(site.rng.integers(1 << 30))
    own = site.whole(2).coverage([floor_outline_px(scene.arena, strip.own_wall_cm)])
    painted = [
        (-WALL_CM - _RIM_CM, -WALL_CM, 1.28 * scene.wall_grey),
        (-WALL_CM, 0.0, scene.wall_grey),
        (0.0, scene.arena.width_cm, scene.floor_grey),
    ]

    def room(image: Image) -> Image:
        for near, far, grey in painted:
            ends = np.array([(near, 0), (far, 0), (far, strip.length_cm), (near, strip.length_cm)], float)
            share = site.whole(2).coverage([np.column_stack(scene.arena.to_px(*strip.place(ends).T))]) * (1.0 - own)
            image = np.asarray(image + share * (np.float32(grey) - image), np.float32)
        return image

    def company(scene: Scene, subject: Poses) -> Animal:
        arena = replace(scene.arena, shape="rectangle", width_cm=_STRIP_CM, height_cm=strip.length_cm)
        other = replace(scene, arena=arena, enclosure=None, behaviour="explore", place="middle", seed=seed)
        poses = subject_poses(other, subject.time_s)
        tails_cm = hold_points(room_of(other), tails(poses, other.body_length_cm), 0.12)
        return Animal(
            outlines_cm=strip.place(outlines(poses, other.body_length_cm)),
            tails_cm=strip.place(tails_cm),
            fur=FURS[scene.coat, scene.light],
        )

    return Effect(room=room, company=company)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Strip:
    """The edge of a neighbouring floor: its corner nearest to this arena, and the ways off and along the wall.

    ``own_wall_cm`` is how far this arena's own walls are seen beyond its floor.
    """

    corner_cm: FloatArray
    off: FloatArray
    along: FloatArray
    length_cm: float
    own_wall_cm: float

    def place(self, points_cm: FloatArray) -> FloatArray:
        """Return points of the strip, (..., 2), in this arena's cm."""
        return np.asarray(self.corner_cm + points_cm[..., :1] * self.off + points_cm[..., 1:] * self.along, float)


def _next_door(scene: Scene) -> _Strip | None:
    """Return where a neighbouring floor begins, at the side with the most room; None where there is none."""
    arena = scene.arena
    width, height = arena.frame_size_px
    steps = np.arange(0.0, 40.0, 0.25)
    x, y = arena.to_cm(*wall_top_px(scene).T)
    beyond = np.maximum.reduce([-x, -y, x - arena.width_cm, y - arena.height_cm])
    own_wall = float(beyond.max()) + _RIM_CM
    best, strip = own_wall + 1.0, None
    for first, second in zip(arena.corners_cm, np.roll(arena.corners_cm, -1, axis=0), strict=True):
        along = (second - first) / np.hypot(*(second - first))
        off = np.array([along[1], -along[0]])
        x, y = arena.to_px(*((first + second) / 2 + steps[:, None] * off).T)
        free = float(steps[(x >= 0) & (x < width) & (y >= 0) & (y < height)].max(initial=0.0))
        if free > best:
            best = free
            start = float(np.clip(free - _SEEN_CM, own_wall, own_wall + _SLIT_CM + WALL_CM + _RIM_CM))
            strip = _Strip(
                corner_cm=first + start * off,
                off=off,
                along=along,
                length_cm=float(np.hypot(*(second - first))),
                own_wall_cm=own_wall,
            )
    return strip


@nuisance("target_reaching", "the target's snout and tail reach through the mesh")
def target_reaching(site: Site) -> Effect:
    """When there is a target, it pokes its snout out by up to 1.9 cm at strength 1, and lets its tail hang out.

    The snout comes out about half of the time, where the target's head points at mesh and not at a wall.
    """
    if site.strength == 0:
        return Effect()
    phase = site.rng.uniform(0, 2 * np.pi, 2)

    def target(scene: Scene, poses: Poses) -> Poses:
        time = poses.time_s
        poke = 0.7 + 0.3 * np.sin(2 * np.pi * time / 0.9 + phase[0])
        is_out = np.clip(0.8 + 2.0 * np.sin(2 * np.pi * time / 5.0 + phase[1]), 0.0, 1.0)
        # It lies the way round in which its head is more often at mesh than at a wall.
        turned = replace(poses, heading_rad=poses.heading_rad + np.pi, tail_rad=poses.tail_rad + np.pi)
        poses = max(poses, turned, key=lambda either: np.count_nonzero(_way_out(scene, either, np.ones(len(time)))))
        forward = _way_out(scene, poses, site.strength * _REACH_CM * poke) * is_out
        # Heads turn from mesh to wall faster than bodies step back.
        width = max(1e-3, _STEP_S * len(time) / max(float(np.ptp(time)), 1e-3))
        forward = cv2.GaussianBlur(forward[:, None], (0, 0), sigmaX=1e-3, sigmaY=width)[:, 0]
        ahead = poses.heading_rad + poses.head_bend_rad
        return replace(poses, x_cm=poses.x_cm + forward * np.cos(ahead), y_cm=poses.y_cm + forward * np.sin(ahead))

    return Effect(target=target, reach_cm=site.strength * _REACH_CM)


def _way_out(scene: Scene, poses: Poses, reach_cm: FloatArray) -> FloatArray:
    """Return how far the target steps forward until its nose is that far outside; 0 where a wall is in the way."""
    if scene.enclosure is None:
        return np.zeros(len(poses))
    noses = nose_tips(outlines(poses, TARGET_LENGTH_CM))
    ahead = poses.heading_rad + poses.head_bend_rad
    steps = np.arange(0.0, 6.0, 0.1)
    x = noses[:, :1] + steps * np.cos(ahead)[:, None]
    y = noses[:, 1:] + steps * np.sin(ahead)[:, None]
    is_out = scene.enclosure.distance(x, y) > 0
    exit_at = is_out.argmax(axis=1)
    rows = np.arange(len(poses))
    off_wall = -room_of(scene).floor.distance(x[rows, exit_at], y[rows, exit_at])
    can = is_out.any(axis=1) & (off_wall > _OFF_WALL_CM)
    return np.asarray(np.where(can, steps[exit_at] + reach_cm, 0.0), float)
