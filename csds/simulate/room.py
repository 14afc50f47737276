"""Where a mouse can be: on the floor, outside the enclosure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from csds.model.arena import Arena
from csds.model.shapes import Circle, FloatArray, Rectangle
from csds.simulate.scene import Enclosure, Scene

# The outline stays this far (cm) from walls and mesh: fur has some thickness.
GAP_CM = 0.12
Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The floor's edge and the enclosure's, as a mouse meets them."""

    floor: Rectangle | Circle
    enclosure: Enclosure | None

    def push_disc(self, x: float, y: float, radius: float) -> Point:
        """Return the shift in cm that frees a disc from walls and mesh; (0, 0) where it is free."""
        dx, dy = _into_floor(self.floor, x, y, radius + GAP_CM)
        if self.enclosure is not None:
            ex, ey = _out_of(self.enclosure, x + dx, y + dy, radius + GAP_CM)
            dx, dy = dx + ex, dy + ey
        return dx, dy

    def is_blocked(self, start: Point, end: Point, margin: float) -> bool:
        """Return True if the straight way passes within ``margin`` cm of the enclosure."""
        if self.enclosure is None:
            return False
        share = np.linspace(0.0, 1.0, 24)
        x, y = start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])
        return bool((self.enclosure.distance(x, y)[1:] < margin).any())

    def waypoints(self, margin: float) -> list[Point]:
        """Return points around the enclosure, ``margin`` cm off it and on the floor, for walking round it."""
        match self.enclosure:
            case None:
                return []
            case Circle(x=x, y=y, radius=radius):
                ring = [
                    (x + (radius + margin) * math.cos(turn), y + (radius + margin) * math.sin(turn))
                    for turn in np.arange(8) * (math.pi / 4)
                ]
            case Rectangle() as box:
                ring = [
                    (box.left - margin, box.bottom + margin),
                    (box.right + margin, box.bottom + margin),
                    (box.left - margin, box.top - margin),
                    (box.right + margin, box.top - margin),
                ]
        return [point for point in ring if float(self.floor.distance(*point)) < -2.0]

    def free_outlines(self, outlines: FloatArray) -> FloatArray:
        """Return the (n, 2) shifts in cm that free whole outlines, (n, k, 2), from walls and mesh.

        Walking already keeps discs within the body free, so the shifts are small. They are found
        in a few rounds: a corner of the mesh may need a second one.
        """
        total = self._freed(outlines)
        # Seldom, a corner of the mesh still lies between two points of an outline.
        between = 0.5 * (outlines + np.roll(outlines, -1, axis=1)) + total[:, None]
        if self.enclosure is not None:
            cut = (self.enclosure.distance(between[..., 0], between[..., 1]) < 0).any(axis=1)
            total[cut] += self._freed(np.concatenate([outlines[cut] + total[cut, None], between[cut]], axis=1))
        return total

    def _freed(self, outlines: FloatArray) -> FloatArray:
        total = np.zeros((len(outlines), 2))
        active = np.arange(len(outlines))
        for _ in range(30):
            points = outlines[active] + total[active, None]
            shift = self._shift(points)
            moved = np.abs(shift).max(axis=1) > 1e-6
            if not moved.any():
                break
            total[active[moved]] += shift[moved]
            active = active[moved]
        return total

    def _shift(self, points: FloatArray) -> FloatArray:
        shift = _outlines_into_floor(self.floor, points)
        if self.enclosure is not None:
            shift = shift + _outlines_out_of(self.enclosure, points + shift[:, None])
        return shift


def room_of(scene: Scene) -> Room:
    """Return the room that a scene's subject moves in."""
    return Room(floor=floor_of(scene.arena), enclosure=scene.enclosure)


def floor_of(arena: Arena) -> Rectangle | Circle:
    """Return the floor as one of the two shapes it can have."""
    if arena.shape == "circle":
        half = min(arena.width_cm, arena.height_cm) / 2
        return Circle(x=arena.width_cm / 2, y=arena.height_cm / 2, radius=half)
    return Rectangle(left=0.0, top=0.0, right=arena.width_cm, bottom=arena.height_cm)


def hold_points(room: Room, points: FloatArray, gap: float) -> FloatArray:
    """Return points, (…, 2), each moved to the nearest place on the floor and outside the enclosure."""
    # Onto the floor first: what lies behind the enclosure's wall would end up within the enclosure.
    x, y = _onto_floor(room.floor, points[..., 0], points[..., 1], gap)
    match room.enclosure:
        case Rectangle() as box:
            inside = box.distance(x, y) < gap
            to_left, to_right, down = x - box.left + gap, box.right + gap - x, box.bottom + gap - y
            nearest = np.argmin(np.stack([to_left, to_right, down]), axis=0)
            x = np.where(inside & (nearest == 0), box.left - gap, np.where(inside & (nearest == 1), box.right + gap, x))
            y = np.where(inside & (nearest == 2), box.bottom + gap, y)
        case Circle() as ring:
            x, y = _onto_ring(ring, x, y, ring.radius + gap, outwards=True)
        case None:
            pass
    x, y = _onto_floor(room.floor, x, y, gap)
    return np.stack([x, y], axis=-1)


def _onto_floor(floor: Rectangle | Circle, x: FloatArray, y: FloatArray, gap: float) -> tuple[FloatArray, FloatArray]:
    if isinstance(floor, Rectangle):
        return np.clip(x, floor.left + gap, floor.right - gap), np.clip(y, floor.top + gap, floor.bottom - gap)
    return _onto_ring(floor, x, y, floor.radius - gap, outwards=False)


def _onto_ring(
    ring: Circle, x: FloatArray, y: FloatArray, radius: float, *, outwards: bool
) -> tuple[FloatArray, FloatArray]:
    dx, dy = x - ring.x, y - ring.y
    far = np.maximum(np.hypot(dx, dy), 1e-9)
    wrong = far < radius if outwards else far > radius
    scale = np.where(wrong, radius / far, 1.0)
    return ring.x + dx * scale, ring.y + dy * scale


def _into_floor(floor: Rectangle | Circle, x: float, y: float, radius: float) -> Point:
    if isinstance(floor, Rectangle):
        dx = max(floor.left + radius - x, 0.0) + min(floor.right - radius - x, 0.0)
        dy = max(floor.top + radius - y, 0.0) + min(floor.bottom - radius - y, 0.0)
        return dx, dy
    far = math.hypot(x - floor.x, y - floor.y)
    over = far + radius - floor.radius
    if over <= 0:
        return 0.0, 0.0
    return -over * (x - floor.x) / far, -over * (y - floor.y) / far


def _out_of(enclosure: Enclosure, x: float, y: float, radius: float) -> Point:
    if isinstance(enclosure, Circle):
        far = max(math.hypot(x - enclosure.x, y - enclosure.y), 1e-9)
        short = enclosure.radius + radius - far
        if short <= 0:
            return 0.0, 0.0
        return short * (x - enclosure.x) / far, short * (y - enclosure.y) / far
    nearest_x = min(max(x, enclosure.left), enclosure.right)
    nearest_y = min(max(y, enclosure.top), enclosure.bottom)
    far = math.hypot(x - nearest_x, y - nearest_y)
    if far >= radius:
        return 0.0, 0.0
    if far > 1e-9:
        return (radius - far) * (x - nearest_x) / far, (radius - far) * (y - nearest_y) / far
    to_left, to_right, down = x - enclosure.left, enclosure.right - x, enclosure.bottom - y
    if down <= min(to_left, to_right):
        return 0.0, down + radius
    return (-to_left - radius, 0.0) if to_left < to_right else (to_right + radius, 0.0)


def _outlines_into_floor(floor: Rectangle | Circle, points: FloatArray) -> FloatArray:
    if isinstance(floor, Rectangle):
        low, high = points.min(axis=1), points.max(axis=1)
        first = np.array([floor.left + GAP_CM, floor.top + GAP_CM])
        last = np.array([floor.right - GAP_CM, floor.bottom - GAP_CM])
        return np.asarray(np.maximum(first - low, 0.0) + np.minimum(last - high, 0.0), float)
    offset = points - np.array([floor.x, floor.y])
    far = np.hypot(offset[..., 0], offset[..., 1])
    row = np.arange(len(points))
    worst = far.argmax(axis=1)
    over = np.maximum(far[row, worst] - (floor.radius - GAP_CM), 0.0)
    return np.asarray(-offset[row, worst] * (over / far[row, worst])[:, None], float)


def _outlines_out_of(enclosure: Enclosure, points: FloatArray) -> FloatArray:
    if isinstance(enclosure, Circle):
        offset = points - np.array([enclosure.x, enclosure.y])
        far = np.maximum(np.hypot(offset[..., 0], offset[..., 1]), 1e-9)
        row = np.arange(len(points))
        worst = far.argmin(axis=1)
        short = np.maximum(enclosure.radius + GAP_CM - far[row, worst], 0.0)
        return np.asarray(offset[row, worst] * (short / far[row, worst])[:, None], float)
    x, y = points[..., 0], points[..., 1]
    left, right, bottom = enclosure.left - GAP_CM, enclosure.right + GAP_CM, enclosure.bottom + GAP_CM
    inside = (x > left) & (x < right) & (y < bottom)
    to_left = np.where(inside, x - left, 0.0).max(axis=1)
    to_right = np.where(inside, right - x, 0.0).max(axis=1)
    down = np.where(inside, bottom - y, 0.0).max(axis=1)
    side = np.argmin(np.stack([to_left, to_right, down]), axis=0)
    shift = np.zeros((len(points), 2))
    shift[:, 0] = np.where(side == 0, -to_left, np.where(side == 1, to_right, 0.0))
    shift[:, 1] = np.where(side == 2, down, 0.0)
    return shift
