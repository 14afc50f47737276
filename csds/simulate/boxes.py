"""Boxes in perspective: what a camera above sees of their floors, walls and rims, and of what lies around."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.errors import SimulationError
from csds.model.shapes import FloatArray
from csds.simulate.backdrop import Crop, Image, floor_outline_px
from csds.simulate.box import Box
from csds.simulate.room import floor_of
from csds.simulate.scene import Scene
from csds.simulate.surroundings import paint_surroundings

Canvas = NDArray[np.uint8]

#: Strips of different brightness, from floor to rim, that a wall is painted in.
_STRIPS = 12
#: cm; how far up a glossy wall mirrors the floor, and how wide the darker edge of a floor is.
_MIRROR_CM, _CREASE_CM = 9.0, 1.6
#: Share of the light that the floor loses in the crease below a wall, and in a wall's shadow.
_CREASE_DEPTH, _SHADOW_DEPTH = 0.22, 0.3
#: cm; width of a line painted on the floor, of a seam between two walls, softness of a wall's shadow.
_LINE_CM, _SEAM_CM, _PENUMBRA_CM = 0.35, 0.22, 0.7
#: cm; radius of the lamp's mirror image on the floor.
_GLARE_CM = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """A box's outlines in room cm, corner by corner: the floor's, and the wall's outer side."""

    box: Box
    inner: FloatArray
    outer: FloatArray
    is_round: bool

    def px(self, outline: FloatArray, height_cm: float = 0.0) -> FloatArray:
        return self.box.view.camera.to_px(outline, height_cm)

    @property
    def inwards(self) -> FloatArray:
        """Each wall's normal, from the wall to the floor's middle, (k, 2)."""
        along = np.roll(self.inner, -1, axis=0) - self.inner
        normal = np.column_stack([-along[:, 1], along[:, 0]])
        return np.asarray(normal / np.hypot(*normal.T)[:, None], float)


@dataclass(frozen=True, slots=True)
class _Painter:
    """Fills polygons on an enlarged picture."""

    whole: Crop
    fine: Canvas = field()

    def fill(self, polygon_px: FloatArray, grey: float) -> None:
        value = float(np.clip(round(grey), 0, 255))
        cv2.fillPoly(self.fine, [self.whole.points(polygon_px)], value, lineType=cv2.LINE_8, shift=4)

    def line(self, points_px: FloatArray, grey: float, width_px: float, *, closed: bool = False) -> None:
        thickness = max(1, round(width_px * self.whole.scale))
        value = float(np.clip(round(grey), 0, 255))
        cv2.polylines(self.fine, [self.whole.points(points_px)], closed, value, thickness, cv2.LINE_8, 4)


def paint_boxes(scenes: tuple[Scene, ...], rng: np.random.Generator) -> Image:
    """Return the room with the boxes of all scenes under even light, (height, width), grey levels."""
    width, height = scenes[0].arena.frame_size_px
    whole = Crop(left=0, top=0, width=width, height=height, scale=4 if width <= 800 else 2)
    shapes = [_shape_of(scene) for scene in scenes]
    fine = paint_surroundings(scenes[0], box_of(scenes[0]).view, [shape.outer for shape in shapes], whole, rng)
    camera = box_of(scenes[0]).view.camera.place_cm[:2]
    # What stands further off is hidden by what stands nearer.
    for shape, scene in sorted(zip(shapes, scenes, strict=True), key=lambda pair: -_far(pair[0], camera)):
        _paint_box(_Painter(whole, fine), scene, shape, rng)
    even = whole.average(fine) * np.float32(255.0)
    for scene in scenes:
        even = even * _floor_light(scene)
    return np.asarray(even, np.float32)


def hidden_share(scene: Scene) -> Image:
    """Return the share of each pixel of the floor that a near wall hides, (height, width)."""
    width, height = scene.arena.frame_size_px
    whole = Crop(left=0, top=0, width=width, height=height, scale=2)
    shape = _shape_of(scene)
    opening = whole.coverage([shape.px(shape.inner, shape.box.wall_height_cm)])
    return np.asarray(whole.coverage([floor_outline_px(scene.arena)]) * (1.0 - opening), np.float32)


def hidden_cm(scene: Scene) -> float:
    """Return the width in cm of the widest strip of floor that a near wall hides from the camera."""
    shape = _shape_of(scene)
    *place, height = shape.box.view.camera.place_cm
    beyond = -((np.array(place) - shape.inner) * shape.inwards).sum(axis=1)
    hidden = shape.box.wall_height_cm * beyond / (height - shape.box.wall_height_cm)
    return max(0.0, float(hidden.max()))


def box_of(scene: Scene) -> Box:
    """Return the scene's box.

    Raises
    ------
    SimulationError
        The scene has none.
    """
    if scene.box is None:
        raise SimulationError(
            f"expected a box around arena {scene.arena.name}, found none",
            hint="give the scene a Box, and its arena by Box.arena()",
        )
    return scene.box


def _shape_of(scene: Scene) -> _Shape:
    box, arena = box_of(scene), scene.arena
    size = arena.width_cm, arena.height_cm
    if arena.shape == "circle":
        turn = np.linspace(0, 2 * np.pi, 120, endpoint=False)
        ring, middle = np.column_stack([np.cos(turn), np.sin(turn)]), np.array(size) / 2
        inner, outer = (middle + (min(size) / 2 + off) * ring for off in (0.0, box.wall_thickness_cm))
    else:
        inner = arena.corners_cm
        outer = inner + box.wall_thickness_cm * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    return _Shape(
        box=box, inner=box.to_room(inner, size), outer=box.to_room(outer, size), is_round=arena.shape == "circle"
    )


def _far(shape: _Shape, camera: FloatArray) -> float:
    return float(np.hypot(*(shape.inner.mean(axis=0) - camera)))


def _paint_box(painter: _Painter, scene: Scene, shape: _Shape, rng: np.random.Generator) -> None:
    box, behind = shape.box, painter.fine.copy()
    top = box.wall_height_cm
    lamp = np.deg2rad(box.view.lamp_deg)
    lit = 1.0 - 0.10 * shape.inwards @ np.array([np.cos(lamp), np.sin(lamp)])
    towards = box.view.camera.place_cm[:2] - shape.inner
    faces_camera = (towards * shape.inwards).sum(axis=1) > 0
    # A round wall is one sheet, bent; others are of four boards.
    boards = 1 if shape.is_round else len(shape.inner)
    grain = rng.normal(0.0, 0.05 if box.finish == "wood" else 0.008, (boards, _STRIPS))
    walls = scene.wall_grey * (lit[:, None] + grain)
    for wall in np.flatnonzero(~faces_camera):
        # From outside, the wall on the camera's side shows its outer face.
        side = shape.outer[[wall, (wall + 1) % len(shape.outer)]]
        painter.fill(np.concatenate([shape.px(side), shape.px(side, top)[::-1]]), 0.85 * float(walls[wall, 0]))
    painter.fill(shape.px(shape.outer, top), box.rim_grey)
    inside = _Painter(painter.whole, painter.fine.copy())
    inside.fill(shape.px(shape.inner), scene.floor_grey)
    _paint_grid(inside, scene, box)
    for wall in np.flatnonzero(faces_camera):
        _paint_wall(inside, scene, shape, int(wall), walls[wall])
    if not shape.is_round:
        for wall in np.flatnonzero(faces_camera | np.roll(faces_camera, 1)):
            foot = shape.inner[[wall]]
            seam = np.concatenate([shape.px(foot), shape.px(foot, top)])
            inside.line(seam, 0.8 * scene.wall_grey, _SEAM_CM * scene.arena.px_per_cm)
    if box.finish == "perspex":
        _see_through(inside, behind, shape)
    opening = np.zeros_like(painter.fine)
    _Painter(painter.whole, opening).fill(shape.px(shape.inner, top), 255)
    np.copyto(painter.fine, inside.fine, where=opening > 0)


def _paint_wall(painter: _Painter, scene: Scene, shape: _Shape, wall: int, grey: FloatArray) -> None:
    box = shape.box
    side = shape.inner[[wall, (wall + 1) % len(shape.inner)]]
    heights = np.linspace(0.0, box.wall_height_cm, _STRIPS + 1)
    mirror = {"glossy": 0.55, "perspex": 0.35}.get(box.finish, 0.08)
    for low, high, own in zip(heights[:-1], heights[1:], grey, strict=True):
        share = mirror * np.exp(-low / _MIRROR_CM)
        # Light comes from above: the foot of a wall is darker than its top.
        bare = own * (0.80 + 0.28 * low / box.wall_height_cm)
        strip = np.concatenate([shape.px(side, low), shape.px(side, high)[::-1]])
        painter.fill(strip, (1 - share) * bare + share * scene.floor_grey)


def _paint_grid(painter: _Painter, scene: Scene, box: Box) -> None:
    if box.grid_cm is None:
        return
    size = scene.arena.width_cm, scene.arena.height_cm
    floor = floor_of(scene.arena)
    for axis, length in enumerate(size):
        for at in np.arange(box.grid_cm, length - 0.5, box.grid_cm):
            along = np.linspace(0.0, size[1 - axis], 200)
            line = np.column_stack([np.full_like(along, at), along][:: 1 if axis == 0 else -1])
            on_floor = line[floor.distance(line[:, 0], line[:, 1]) <= 0]
            painter.line(box.to_px(on_floor, size), box.grid_grey, _LINE_CM * scene.arena.px_per_cm)


def _see_through(inside: _Painter, behind: Canvas, shape: _Shape) -> None:
    """Mix what stands behind clear walls into the picture of a box's inside."""
    floor = np.zeros_like(behind)
    _Painter(inside.whole, floor).fill(shape.px(shape.inner), 255)
    mixed = cv2.addWeighted(inside.fine, 0.55, behind, 0.45, 0.0)
    np.copyto(inside.fine, np.asarray(mixed, np.uint8), where=floor == 0)


def _floor_light(scene: Scene) -> Image:
    """Return the factor by which creases, the walls' shadows and the lamp's glare change the floor's light."""
    box, arena, floor = box_of(scene), scene.arena, floor_of(scene.arena)
    width, height = arena.frame_size_px
    # A quarter of the pixels is plenty for what changes this slowly.
    columns, rows = np.meshgrid(np.arange(0.5, width, 2), np.arange(0.5, height, 2))
    x, y = arena.to_cm(columns, rows)
    inside = np.clip(-floor.distance(x, y), -2.0, None)
    factor = 1.0 - _CREASE_DEPTH * np.exp(-np.abs(inside) / _CREASE_CM)
    lamp = np.deg2rad(box.view.lamp_deg - box.turn_deg)
    direction = np.array([np.cos(lamp), np.sin(lamp)])
    if box.wall_shadow_cm > 0:
        towards = floor.distance(x + box.wall_shadow_cm * direction[0], y + box.wall_shadow_cm * direction[1])
        factor *= 1.0 - _SHADOW_DEPTH / (1.0 + np.exp(-np.clip(towards / _PENUMBRA_CM, -30, 30)))
    if box.view.glare > 0:
        spot = box.to_floor(box.view.glare_at_cm, (arena.width_cm, arena.height_cm))
        factor += box.view.glare * np.exp(-((x - spot[0]) ** 2 + (y - spot[1]) ** 2) / (2 * _GLARE_CM**2))
    full = cv2.resize(np.asarray(factor, np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    whole = Crop(left=0, top=0, width=width, height=height, scale=2)
    share = whole.coverage([floor_outline_px(arena)])
    return np.asarray(1.0 + share * (full - 1.0), np.float32)
