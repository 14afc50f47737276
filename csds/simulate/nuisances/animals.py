"""Other animals, or none: a second mouse, a neighbour, a target that reaches out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from csds.model.shapes import Circle, FloatArray
from csds.simulate.backdrop import WALL_CM, Frame, Image, floor_outline_px, wall_top_px
from csds.simulate.effect import Animal, Effect, Moment, Site, nuisance
from csds.simulate.greys import FURS
from csds.simulate.motion import subject_poses
from csds.simulate.mouse import Poses, nose_tips, outlines, tail_outline, tails
from csds.simulate.room import hold_points, room_of
from csds.simulate.scene import Enclosure, Scene, frame_times
from csds.simulate.target import TARGET_LENGTH_CM, target_poses

#: A second mouse keeps this far (cm, between trunks) from the subject.
_APART_CM = 9.0
#: Width of a wall's rim and of the slit to the neighbouring one, cm.
_RIM_CM, _SLIT_CM = 0.7, 0.6
#: Depth of the part of the neighbouring floor on which its mouse walks, and least that is seen of it, cm.
_STRIP_CM, _SEEN_CM = 12.0, 4.0
#: How far snout and tail reach out at most, cm.
_REACH_CM = 1.9
#: Half of a snout's width where it comes through the mesh, cm.
_SNOUT_CM = 0.7


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
    """When there is a target, its snout comes out by up to 1.9 cm at strength 1 about half of the time, and its tail.

    They come out where they are nearest to the mesh, and move.
    """
    scene = site.scene
    poses = target_poses(scene)
    if poses is None or scene.enclosure is None or site.strength == 0:
        return Effect()
    enclosure, times = scene.enclosure, frame_times(scene)
    noses = nose_tips(outlines(poses, TARGET_LENGTH_CM))
    roots = tails(poses, TARGET_LENGTH_CM)[:, 6]
    fur, phase = FURS["white", scene.light], site.rng.uniform(0, 2 * np.pi, 4)

    def reach(time_s: float, number: int) -> float:
        poke = 0.65 + 0.35 * np.sin(2 * np.pi * time_s / 0.9 + phase[number])
        is_out = np.clip(0.6 + 2.5 * np.sin(2 * np.pi * time_s / (5.0 + number) + phase[2 + number]), 0.0, 1.0)
        return float(site.strength * _REACH_CM * poke * is_out)

    def under(frame: Frame, moment: Moment) -> Frame:
        drawn = frame.copy()
        now = moment.time_s
        for number, (points, grey) in enumerate(((noses, fur.body), (roots, fur.tail))):
            inner = np.array([np.interp(now, times, points[:, 0]), np.interp(now, times, points[:, 1])])
            at, outwards, is_clear = _through_mesh(enclosure, inner)
            length = reach(now, number) * is_clear
            if length > 0.05:
                shape = _snout(length) if number == 0 else _tail_tip(length, now)
                placed = at + shape[:, :1] * outwards + shape[:, 1:] * np.array([-outwards[1], outwards[0]])
                moment.painter.paint(drawn, [(moment.painter.to_px(placed), grey)])
        return drawn

    return Effect(under=under)


def _through_mesh(enclosure: Enclosure, inner_cm: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Return where something within comes out, which way, and 1, or less where two ways are about as near."""
    if isinstance(enclosure, Circle):
        off = inner_cm - (enclosure.x, enclosure.y)
        outwards = off / max(float(np.hypot(*off)), 1e-6)
        return np.array([enclosure.x, enclosure.y]) + enclosure.radius * outwards, outwards, 1.0
    # A snout needs some room beside it: it doesn't come out in a corner.
    room = _SNOUT_CM
    x, y = np.clip(
        inner_cm, (enclosure.left + room, enclosure.top + room), (enclosure.right - room, enclosure.bottom - room)
    )
    ways = [
        (enclosure.bottom - y, (x, enclosure.bottom), (0.0, 1.0)),
        (x - enclosure.left, (enclosure.left, y), (-1.0, 0.0)),
        (enclosure.right - x, (enclosure.right, y), (1.0, 0.0)),
    ]
    (near, at, outwards_xy), (next_near, *_), _ = sorted(ways, key=lambda way: way[0])
    return np.array(at), np.array(outwards_xy), float(min(1.0, next_near - near))


def _snout(length_cm: float) -> FloatArray:
    """Return a snout's outline, (k, 2): along and across, from within the mesh to its tip."""
    along = np.linspace(-0.3, length_cm, 12)
    half = _SNOUT_CM * np.sqrt(np.clip(1.0 - np.maximum(along, 0.0) / length_cm, 0.0, 1.0))
    return np.concatenate([np.column_stack([along, half]), np.column_stack([along, -half])[::-1]])


def _tail_tip(length_cm: float, time_s: float) -> FloatArray:
    """Return a tail's outline, (k, 2), that swings to both sides."""
    along = np.linspace(-0.2, length_cm, 14)
    swing = 0.5 * np.sin(2 * np.pi * time_s / 1.6) * (along / max(length_cm, 0.1)) ** 2 * length_cm
    return tail_outline(np.column_stack([along, swing]))
