"""What a subject does besides walking: it rears, and it climbs onto the enclosure.

Acts are put into the walk, which waits meanwhile. What is seen of a body above the floor is its
outline as the camera sees it, taken to the floor: shorter, wider, and away from below the camera.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from csds.model.arena import project
from csds.model.shapes import FloatArray
from csds.simulate.backdrop import enclosure_box
from csds.simulate.course import staged_poses
from csds.simulate.mouse import OUTLINE_POINTS, Poses, outlines, tails
from csds.simulate.room import Room, hold_points, room_of
from csds.simulate.scene import Scene

#: Height of a rearing mouse's head, cm, and the share of its length that is lost to the view from above.
_REAR_CM, _FORESHORTENED = 7.0, 0.48
#: Seconds in which a mouse rises or comes down, and in which it climbs at least.
_RISE_S, _CLIMB_S = 0.25, 0.9
#: How much larger a body on the enclosure is seen; the way onto it, cm/s, at most.
_NEARER, _CLIMB_CM_S = 1.07, 20.0
#: Distance from the enclosure, cm, within which a mouse's body rises onto it, and seconds in which it turns.
_CLIMB_CM, _TURN_S = 4.5, 0.5
#: Distance of the camera from the floor, cm: as over many a table.
_CAMERA_CM = 80.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An act: when in the walk it begins (s of walking), how long the walk waits for it, and what it is."""

    kind: Literal["rear", "climb"]
    at_s: float
    length_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A subject's body at n times.

    Parameters
    ----------
    poses : Poses
        Of the body itself.
    outlines_cm : (n, k, 2) array
        Body, head and ears as seen, taken to the floor.
    tails_cm : (n, m, 2) array
        Middle line of the tail, root first.
    is_above : (n,) bool array
        True while it is on the enclosure.
    """

    poses: Poses
    outlines_cm: FloatArray
    tails_cm: FloatArray
    is_above: NDArray[np.bool_]


def act_out(scene: Scene, times: FloatArray, acts: Sequence[Act]) -> Body:
    """Return the subject with acts put into its walk.

    Parameters
    ----------
    scene : Scene
    times : (n,) array
        Seconds.
    acts : sequence of Act
    """
    room, length = room_of(scene), scene.body_length_cm
    walked, rears, climbs = _timetable(times, acts)
    poses = staged_poses(scene, times, walked)
    reared = rears.ramp(_RISE_S)
    if reared.any():
        poses = _rear(poses, reared, room, length)
    lift = np.zeros_like(times)
    if climbs.since_s.any():
        poses, lift = _climb(poses, climbs, scene)
    is_above = lift > 0
    tails_cm = hold_points(room, tails(poses, length), 0.12)
    # The tail follows over wall and mesh.
    tails_cm[is_above] = tails(poses, length)[is_above]
    seen = outlines(poses, length)
    if acts:
        seen = _seen(scene, seen, reared, lift)
    return Body(poses=poses, outlines_cm=seen, tails_cm=tails_cm, is_above=is_above)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Within:
    """Where in acts of a kind each moment is, (n,) each: s since one began and s left of it; 0 outside of acts."""

    since_s: FloatArray
    left_s: FloatArray

    def ramp(self, full_s: FloatArray | float) -> FloatArray:
        """Return 0 outside of acts and 1 within, with smooth rises and falls of so many seconds."""
        return _ramp(np.minimum(self.since_s, self.left_s), full_s)


def _timetable(times: FloatArray, acts: Sequence[Act]) -> tuple[FloatArray, _Within, _Within]:
    """Return the time of walking at each moment, (n,), and where in rears and in climbs it is."""
    walked, done = times.copy(), 0.0
    within = {kind: _Within(since_s=np.zeros_like(times), left_s=np.zeros_like(times)) for kind in ("rear", "climb")}
    for act in sorted(acts, key=lambda act: act.at_s):
        since = times - act.at_s - done
        walked -= np.clip(since, 0.0, act.length_s)
        done += act.length_s
        now = (since > 0) & (since < act.length_s)
        within[act.kind].since_s[now] = since[now]
        within[act.kind].left_s[now] = act.length_s - since[now]
    return walked, within["rear"], within["climb"]


def _ramp(within_s: FloatArray, full_s: FloatArray | float) -> FloatArray:
    """Return a smooth rise from 0 to 1, which is reached after ``full_s``."""
    share = np.clip(within_s / full_s, 0.0, 1.0)
    return np.asarray(share * share * (3 - 2 * share), float)


def _rear(poses: Poses, up: FloatArray, room: Room, length: float) -> Poses:
    stretch = poses.stretch * (1.0 - _FORESHORTENED * up)
    # The nose stays at the wall, the feet step up to it; the body is a little wider than on all fours.
    forward = 0.5 * length * (poses.stretch - stretch)
    sniff = 0.2 * up * np.sin(2 * np.pi * 0.8 * poses.time_s)
    raised = replace(
        poses,
        x_cm=poses.x_cm + forward * np.cos(poses.heading_rad),
        y_cm=poses.y_cm + forward * np.sin(poses.heading_rad),
        head_bend_rad=poses.head_bend_rad * (1.0 - up) + sniff,
        rear_bend_rad=poses.rear_bend_rad * (1.0 - up),
        stretch=stretch,
        breath=poses.breath * np.sqrt(stretch / poses.stretch) * (1.0 + 0.10 * up),
    )
    shift = room.free_outlines(outlines(raised, length))
    return replace(raised, x_cm=raised.x_cm + shift[:, 0], y_cm=raised.y_cm + shift[:, 1])


def _seen(scene: Scene, outlines_cm: FloatArray, reared: FloatArray, lift: FloatArray) -> FloatArray:
    """Return outlines of bodies above the floor as the camera sees them."""
    half = OUTLINE_POINTS // 2
    along = np.linspace(0.0, 1.0, half)
    # From the feet to the head ever higher.
    height = _REAR_CM * reared[:, None] * np.concatenate([along, along[::-1]])[None]
    if scene.box is not None:
        return see_from_above(scene, outlines_cm, height + scene.box.cage.height_cm * lift[:, None])
    # A plain enclosure is drawn as its foot: what sits on it is larger, but not moved aside.
    seen = see_from_above(scene, outlines_cm, height)
    middle = seen.mean(axis=1, keepdims=True)
    return np.asarray(middle + (1.0 + (_NEARER - 1.0) * lift[:, None, None]) * (seen - middle), float)


def see_from_above(scene: Scene, points_cm: FloatArray, height_cm: FloatArray) -> FloatArray:
    """Return where points above the floor seem to be on it.

    In a room without a box, the camera is taken to look at the frame's middle from 80 cm, at the
    slant that the arena's perspective tells.

    Parameters
    ----------
    scene : Scene
    points_cm : (n, k, 2) array
        Feet of the points on the floor, arena cm.
    height_cm : (n, k) array
    """
    arena = scene.arena
    if scene.box is not None:
        flat = points_cm.reshape(-1, 2)
        px = scene.box.to_px(flat, (arena.width_cm, arena.height_cm), height_cm.reshape(-1))
        return np.column_stack(arena.to_cm(px[:, 0], px[:, 1])).reshape(points_cm.shape)
    middle = (np.array(arena.frame_size_px, float) - 1.0) / 2
    to_px = np.linalg.inv(arena.homography)
    focal = arena.px_per_cm * _CAMERA_CM
    inwards = np.array([(1 / focal, 0, -middle[0] / focal), (0, 1 / focal, -middle[1] / focal), (0, 0, 1)])
    columns = inwards @ to_px
    columns *= 2.0 / (np.linalg.norm(columns[:, 0]) + np.linalg.norm(columns[:, 1]))
    columns *= np.sign(columns[2, 2] + columns[2, 0] * arena.width_cm / 2 + columns[2, 1] * arena.height_cm / 2)
    down = np.cross(columns[:, 0], columns[:, 1])
    x, y = points_cm[..., 0, None], points_cm[..., 1, None]
    seen = x * columns[:, 0] + y * columns[:, 1] + columns[:, 2] - height_cm[..., None] * down / np.linalg.norm(down)
    px = focal * seen[..., :2] / seen[..., 2:] + middle
    return np.stack(project(arena.homography, px[..., 0], px[..., 1]), axis=-1)


def _climb(poses: Poses, climbs: _Within, scene: Scene) -> tuple[Poses, FloatArray]:
    """Return poses that go onto the enclosure and back to where the walk waits, and how far up they are, 0 to 1."""
    if scene.enclosure is None:
        return poses, np.zeros(len(poses))
    box = enclosure_box(scene.enclosure)
    middle = np.array([(box.left + box.right) / 2, (box.top + box.bottom) / 2])
    reach = 0.22 * np.array([box.right - box.left, box.bottom - box.top])
    # It shifts about a little on top, and looks round.
    turn = 2 * np.pi * poses.time_s
    top_x = middle[0] + reach[0] * np.sin(turn / 3.7)
    top_y = middle[1] + reach[1] * np.sin(turn / 2.9)
    way_x, way_y = middle[0] - poses.x_cm, middle[1] - poses.y_cm
    on_way = climbs.ramp(np.maximum(_CLIMB_S, np.hypot(way_x, way_y) / _CLIMB_CM_S))
    # It turns to the enclosure, turns round on top, and turns back where it came from: always head first.
    aside = np.arctan2(way_y, way_x) - poses.heading_rad
    aside = (aside + np.pi) % (2 * np.pi) - np.pi
    half_turn = _ramp(0.5 * (climbs.since_s - climbs.left_s) + _TURN_S, 2 * _TURN_S)
    turned = (_ramp(climbs.since_s, _TURN_S) * aside + np.pi * half_turn) * _ramp(climbs.left_s, _TURN_S)
    x, y = poses.x_cm + on_way * (top_x - poses.x_cm), poses.y_cm + on_way * (top_y - poses.y_cm)
    lift = climbs.ramp(_TURN_S) * (1.0 - _ramp(np.maximum(scene.enclosure.distance(x, y), 0.0), _CLIMB_CM))
    climbing = replace(
        poses,
        x_cm=x,
        y_cm=y,
        heading_rad=poses.heading_rad + turned,
        head_bend_rad=poses.head_bend_rad * (1.0 - on_way) + 0.4 * lift * np.sin(turn / 1.7),
        stretch=poses.stretch * (1.0 - 0.12 * on_way),
        tail_rad=poses.tail_rad + turned[:, None],
    )
    shift = room_of(scene).free_outlines(outlines(climbing, scene.body_length_cm)) * (lift == 0)[:, None]
    return replace(climbing, x_cm=x + shift[:, 0], y_cm=y + shift[:, 1]), lift
