"""How the subject moves: bouts of walking towards goals, pauses, turns, still stretches.

The walker is stepped at 50 Hz and its poses are read off at the frames' times. Discs within the
body are kept free of walls and mesh at each step; the poses' whole outlines are then freed exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from csds.errors import SimulationError
from csds.model.shapes import Circle, FloatArray
from csds.simulate.gait import STEP_S, Walk, pose_walk
from csds.simulate.mouse import Poses, outlines
from csds.simulate.room import Point, Room, room_of
from csds.simulate.scene import Scene, frame_times

# Discs (offset from the trunk's middle and radius, as shares of the length) that fill the body.
_TRUNK_DISCS = ((-0.36, 0.10), (-0.20, 0.155), (-0.03, 0.155))
_HEAD_DISCS = ((0.17, 0.115), (0.29, 0.130), (0.42, 0.055), (0.53, 0.02))


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What the subject wants.

    Parameters
    ----------
    meaning : str
        One line for the reader.
    walls, middle, enclosure, corners, home : float
        Weights with which the next goal is drawn: along the walls, anywhere, at the mesh, in a
        corner of the far wall, back at the scene's place.
    speed_cm_s : float
        Typical walking speed.
    pause_s, enclosure_pause_s, home_pause_s : float
        Median pause after reaching a goal: elsewhere, at the mesh, in a corner or at home.
    is_still : bool
        The subject never leaves its place; it breathes and turns its head a little.
    """

    meaning: str
    walls: float = 0.0
    middle: float = 0.0
    enclosure: float = 0.0
    corners: float = 0.0
    home: float = 0.0
    speed_cm_s: float = 13.0
    pause_s: float = 0.7
    enclosure_pause_s: float = 1.2
    home_pause_s: float = 0.7
    is_still: bool = False


BEHAVIOURS: dict[str, Behaviour] = {
    "explore": Behaviour(
        meaning="explores the whole floor, mostly along the walls, with short pauses",
        walls=5, middle=2, enclosure=3, corners=1,
    ),
    "social": Behaviour(
        meaning="spends most of its time sniffing at the mesh",
        walls=2.0, middle=1.2, enclosure=5, speed_cm_s=11, enclosure_pause_s=2.4,
    ),
    "avoid": Behaviour(
        meaning="stays in the far corners, with rare trips",
        walls=1.6, middle=0.6, enclosure=0.5, corners=5, speed_cm_s=11, home_pause_s=4.0,
    ),
    "mostly_still": Behaviour(
        meaning="sits at one place for most of the time, with a few short trips",
        walls=1.2, middle=0.4, enclosure=0.3, home=4, speed_cm_s=10, home_pause_s=10.0,
    ),
    "still": Behaviour(meaning="never leaves its place; breathes and turns its head a little", is_still=True),
}  # fmt: skip

PLACES = ("middle", "far_left", "far_right", "near_left", "near_right", "beside_enclosure")


def subject_poses(scene: Scene, times: FloatArray | None = None) -> Poses:
    """Return the subject's pose at some times; its outline touches neither wall nor mesh.

    Parameters
    ----------
    scene : Scene
    times : (n,) array, optional
        Seconds within the recording; the frames' if not given.

    Raises
    ------
    SimulationError
        Unknown behaviour or place.
    """
    behaviour = find_behaviour(scene.behaviour)
    room, filmed = room_of(scene), frame_times(scene)
    times = filmed if times is None else times
    rng = scene.random("subject")
    walker = _Walker(scene=scene, room=room, behaviour=behaviour, rng=rng)
    walk = walker.walk(float(filmed[-1]) + STEP_S)
    poses = pose_walk(walk, times, rng, is_still=behaviour.is_still)
    shift = room.free_outlines(outlines(poses, scene.body_length_cm))
    return replace(poses, x_cm=poses.x_cm + shift[:, 0], y_cm=poses.y_cm + shift[:, 1])


def find_behaviour(name: str) -> Behaviour:
    """Return the behaviour of that name, or raise a SimulationError that lists them."""
    if name not in BEHAVIOURS:
        raise SimulationError(f"unknown behaviour '{name}'", hint=f"choose one of: {', '.join(BEHAVIOURS)}")
    return BEHAVIOURS[name]


def place_of(scene: Scene) -> tuple[float, float, float]:
    """Return x, y (cm) and heading (rad) of the scene's place.

    A subject in a far corner faces into it, as frightened mice do.
    """
    width, height = scene.arena.width_cm, scene.arena.height_cm
    far, near = height - 4.2, 4.8
    places = {
        "middle": (width / 2, 0.62 * height, -math.pi / 2),
        "far_left": (4.2, far, 0.72 * math.pi),
        "far_right": (width - 4.2, far, 0.28 * math.pi),
        "near_left": (4.2, near, -0.7 * math.pi),
        "near_right": (width - 4.2, near, -0.3 * math.pi),
        "beside_enclosure": (width / 2 + 9.0, 5.2, math.pi),
    }
    if scene.place not in places:
        raise SimulationError(f"unknown place '{scene.place}'", hint=f"choose one of: {', '.join(PLACES)}")
    x, y, heading = places[scene.place]
    if scene.arena.shape == "circle":
        # The corners of the square lie outside a round floor: the nearest place on it instead.
        radius = min(width, height) / 2 - 5.0
        far_off = max(math.hypot(x - width / 2, y - height / 2) / radius, 1.0)
        x, y = width / 2 + (x - width / 2) / far_off, height / 2 + (y - height / 2) / far_off
    return x, y, heading


class _Walker:
    """Steps one mouse through the room. Plain floats: arrays of one are slow."""

    def __init__(self, *, scene: Scene, room: Room, behaviour: Behaviour, rng: np.random.Generator) -> None:
        self._scene, self._room, self._behaviour, self._rng = scene, room, behaviour, rng
        self._length = scene.body_length_cm
        self.x, self.y, self.heading = place_of(scene)
        self.speed = self.turning = self.bend = self.wanted_bend = 0.0
        self._goal: Point = (self.x, self.y)
        self._pause_after, self._pause, self._patience = 0.0, 0.3, 0.0
        self._walking_speed = behaviour.speed_cm_s
        for _ in range(40):
            before = self.x, self.y
            self._push()
            if (self.x, self.y) == before:
                break

    def walk(self, duration_s: float) -> Walk:
        count = math.ceil(duration_s / STEP_S) + 1
        rows = np.empty((count, 5))
        for row in rows:
            row[:] = self.x, self.y, self.heading, self.bend, self.speed
            if not self._behaviour.is_still:
                self._step()
        return Walk(
            time_s=np.arange(count, dtype=float) * STEP_S,
            x=rows[:, 0], y=rows[:, 1], heading=rows[:, 2], head_bend=rows[:, 3], speed=rows[:, 4],
        )  # fmt: skip

    def _step(self) -> None:
        if self._pause > 0:
            self._pause -= STEP_S
            wanted_speed, wanted_turning = 0.0, 0.0
            if self._rng.random() < STEP_S / 0.9:
                self.wanted_bend = float(self._rng.normal(0.0, 0.30))
            if self._pause <= 0:
                self._choose_goal()
        else:
            wanted_speed, wanted_turning = self._steer()
        self.speed += (wanted_speed - self.speed) * STEP_S / 0.22
        self.turning += (wanted_turning - self.turning) * STEP_S / 0.12
        self.bend += (max(-0.75, min(0.75, self.wanted_bend)) - self.bend) * STEP_S / 0.18
        self.heading += self.turning * STEP_S
        self.x += self.speed * math.cos(self.heading) * STEP_S
        self.y += self.speed * math.sin(self.heading) * STEP_S
        before = self.x, self.y
        self._push()
        # A body pushed back by a wall loses its speed.
        pushed = math.hypot(self.x - before[0], self.y - before[1]) / STEP_S
        self.speed = max(0.0, self.speed - 0.35 * pushed)

    def _steer(self) -> tuple[float, float]:
        nose_x = self.x + 0.5 * self._length * math.cos(self.heading + 0.6 * self.bend)
        nose_y = self.y + 0.5 * self._length * math.sin(self.heading + 0.6 * self.bend)
        self._patience -= STEP_S
        if math.hypot(self._goal[0] - nose_x, self._goal[1] - nose_y) < 1.3 or self._patience <= 0:
            self._pause = self._pause_after * float(self._rng.lognormal(0.0, 0.7)) + 0.05
            return 0.0, 0.0
        target = self._via()
        off = _wrap(math.atan2(target[1] - self.y, target[0] - self.x) - self.heading)
        self.wanted_bend = 0.45 * off
        turning = max(-5.0, min(5.0, 3.5 * off))
        return self._walking_speed * max(0.12, math.cos(off)), turning

    def _via(self) -> Point:
        here = self.x, self.y
        if self._scene.enclosure is None or not self._room.is_blocked(here, self._goal, 0.0):
            return self._goal
        points = [p for p in self._room.waypoints(3.2) if not self._room.is_blocked(here, p, 0.2)]
        if not points:
            return self._goal
        return min(
            points,
            key=lambda p: (
                math.dist(here, p) + math.dist(p, self._goal) + 40.0 * self._room.is_blocked(p, self._goal, 0.0)
            ),
        )

    def _push(self) -> None:
        cos, sin = math.cos(self.heading), math.sin(self.heading)
        bent = self.heading + 0.85 * self.bend
        head_x, head_y = 0.12 * self._length * cos, 0.12 * self._length * sin
        discs = [(o * self._length * cos, o * self._length * sin, r * self._length) for o, r in _TRUNK_DISCS]
        discs += [
            (
                head_x + (o - 0.12) * self._length * math.cos(bent),
                head_y + (o - 0.12) * self._length * math.sin(bent),
                r * self._length,
            )
            for o, r in _HEAD_DISCS
        ]
        for _ in range(2):
            for dx, dy, radius in discs:
                px, py = self._room.push_disc(self.x + dx, self.y + dy, radius)
                self.x, self.y = self.x + px, self.y + py

    def _choose_goal(self) -> None:
        wants, rng = self._behaviour, self._rng
        weights = np.array([wants.walls, wants.middle, wants.enclosure, wants.corners, wants.home], float)
        if self._scene.enclosure is None:
            weights[2] = 0.0
        kind = ("walls", "middle", "enclosure", "corners", "home")[int(rng.choice(5, p=weights / weights.sum()))]
        self._goal = _goal(kind, self._scene, rng)
        pauses = {"enclosure": wants.enclosure_pause_s, "corners": wants.home_pause_s, "home": wants.home_pause_s}
        self._pause_after = pauses.get(kind, wants.pause_s)
        self._walking_speed = wants.speed_cm_s * float(rng.lognormal(0.0, 0.3))
        self._patience = 2.0 + math.dist((self.x, self.y), self._goal) / self._walking_speed * 2.2


def _goal(kind: str, scene: Scene, rng: np.random.Generator) -> Point:
    """Return where the nose should go next."""
    width, height = scene.arena.width_cm, scene.arena.height_cm
    if kind == "home":
        x, y, heading = place_of(scene)
        return x + 3.5 * math.cos(heading) + rng.normal(0, 0.4), y + 3.5 * math.sin(heading) + rng.normal(0, 0.4)
    if kind == "corners":
        # Each animal has a corner that it likes better.
        left = rng.random() < (0.8 if (scene.seed + ord(scene.arena.name[:1] or "A") - ord("A")) % 2 else 0.2)
        x = 2.0 if left else width - 2.0
        return _onto_floor(scene, x + rng.normal(0, 0.8), height - 2.0 + rng.normal(0, 0.8))
    if kind == "enclosure" and scene.enclosure is not None:
        return _at_mesh(scene, rng)
    if kind == "walls":
        along, side = rng.uniform(0.04, 0.96), int(rng.integers(4))
        off = rng.uniform(1.0, 3.5)
        spots = (
            (along * width, off),
            (width - off, along * height),
            (along * width, height - off),
            (off, along * height),
        )
        return _onto_floor(scene, *spots[side])
    return _onto_floor(scene, rng.uniform(0.15, 0.85) * width, rng.uniform(0.15, 0.85) * height)


def _at_mesh(scene: Scene, rng: np.random.Generator) -> Point:
    if isinstance(scene.enclosure, Circle):
        angle = rng.uniform(0, 2 * math.pi)
        radius = scene.enclosure.radius + 0.4
        x, y = scene.enclosure.x + radius * math.cos(angle), scene.enclosure.y + radius * math.sin(angle)
        return _onto_floor(scene, x, y)
    box = scene.enclosure
    if box is None:
        return scene.arena.width_cm / 2, scene.arena.height_cm / 2
    front, side = box.right - box.left, box.bottom - max(box.top, 0.0)
    along = rng.uniform(0.0, front + 2 * side)
    if along < front:
        return box.left + along, box.bottom + 0.4
    down = max(box.top, 0.0) + (along - front) % side
    return (box.left - 0.4, down) if along < front + side else (box.right + 0.4, down)


def _onto_floor(scene: Scene, x: float, y: float) -> Point:
    width, height = scene.arena.width_cm, scene.arena.height_cm
    if scene.arena.shape == "circle":
        radius = min(width, height) / 2 - 1.0
        far = max(math.hypot(x - width / 2, y - height / 2) / radius, 1.0)
        return width / 2 + (x - width / 2) / far, height / 2 + (y - height / 2) / far
    return min(max(x, 1.0), width - 1.0), min(max(y, 1.0), height - 1.0)


def _wrap(angle: float) -> float:
    return (angle + math.pi) % (2 * math.pi) - math.pi
