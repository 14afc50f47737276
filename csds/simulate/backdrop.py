"""The room without its animals: floor, walls, enclosure and light, drawn once per recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.model.arena import Arena
from csds.model.shapes import Circle, FloatArray, Rectangle
from csds.simulate.greys import BLACK_LEVEL, LIGHT_GAIN
from csds.simulate.scene import Enclosure, Scene

Image = NDArray[np.float32]
Frame = NDArray[np.uint8]
_SHIFT = 4
#: Width of a wall's inner face as it is seen, cm.
WALL_CM = 3.2
_WIRE_CM = 0.14
_FRAME_CM = 0.32
_MESH_CM = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """A rectangle of whole pixels within the frame, drawn at ``scale`` times its size and averaged down."""

    left: int
    top: int
    width: int
    height: int
    scale: int

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the frame."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    def coverage(self, polygons_px: Sequence[FloatArray]) -> Image:
        """Return the share (0 to 1) of each pixel that the polygons cover together, (height, width)."""
        fine = np.zeros((self.height * self.scale, self.width * self.scale), np.uint8)
        for polygon in polygons_px:
            cv2.fillPoly(fine, [self.points(polygon)], 255, lineType=cv2.LINE_8, shift=_SHIFT)
        return self.average(fine)

    def paint(self, layers: Sequence[tuple[FloatArray, float]]) -> tuple[Image, Image]:
        """Return what polygons, each with its grey and the later over the earlier, leave on the crop.

        Returns
        -------
        share : (height, width) float32 array
            Share of each pixel that they cover together.
        grey : (height, width) float32 array
            Their grey times that share.
        """
        fine = np.zeros((self.height * self.scale, self.width * self.scale), np.uint8)
        for polygon, grey in layers:
            cv2.fillPoly(fine, [self.points(polygon)], round(grey), lineType=cv2.LINE_8, shift=_SHIFT)
        covered = cv2.threshold(fine, 0, 255, cv2.THRESH_BINARY)[1]
        return self.average(np.asarray(covered, np.uint8)), self.average(fine) * np.float32(255.0)

    def points(self, polygon_px: FloatArray) -> NDArray[np.int32]:
        """Return image points as OpenCV's fixed-point coordinates within the enlarged crop."""
        # Pixel centres are integers in both pictures, hence the half pixels.
        local = (polygon_px - np.array([self.left, self.top]) + 0.5) * self.scale - 0.5
        return np.asarray(np.round(local * (1 << _SHIFT)), np.int32).reshape(-1, 1, 2)

    def average(self, fine: NDArray[np.uint8]) -> Image:
        """Return an enlarged picture averaged down to the crop's size, 0 to 1."""
        small = cv2.resize(fine, (self.width, self.height), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.float32) / np.float32(255.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backdrop:
    """What never moves.

    Parameters
    ----------
    grey : (height, width) float32 array
        The room as the camera sees it, light applied, without noise and without wires.
    gain : (height, width) float32 array
        Light on each pixel, 1 in full white light.
    offset : float
        Grey level of no light.
    wires : Crop or None
        Where the enclosure lies in the frame.
    wire_share, inside_share : (h, w) float32 arrays
        Share of each pixel of ``wires`` that wire covers, and that lies within the enclosure.
    wire_grey : float
        Grey of the wire under even light.
    hides : (height, width) float32 array or None
        Share of each pixel at which a wall or a cage stands between the camera and the floor.
    """

    grey: Image
    gain: Image
    offset: float
    wires: Crop | None
    wire_share: Image
    inside_share: Image
    wire_grey: float
    hides: Image | None = None

    def lit(self, grey: float, window: tuple[slice, slice]) -> Image:
        """Return how something of that grey would look at each pixel of a window."""
        return np.asarray(self.gain[window] * np.float32(grey) + np.float32(self.offset), np.float32)


def bounding_crop(points_px: FloatArray, frame_size_px: tuple[int, int], *, scale: int, margin: int = 3) -> Crop | None:
    """Return the crop around points, cut to the frame; None where nothing of it is in the frame."""
    width, height = frame_size_px
    left, top = np.floor(points_px.min(axis=0)).astype(int) - margin
    right, bottom = np.ceil(points_px.max(axis=0)).astype(int) + margin + 1
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    if right <= left or bottom <= top:
        return None
    return Crop(left=int(left), top=int(top), width=int(right - left), height=int(bottom - top), scale=scale)


def paint_plain(scenes: Sequence[Scene]) -> Image:
    """Return floors and walls as seen from high above, under even light, (height, width), grey levels."""
    width, height = scenes[0].arena.frame_size_px
    scale = 4 if width <= 800 else 2
    whole = Crop(left=0, top=0, width=width, height=height, scale=scale)
    fine = np.full((height * scale, width * scale), round(scenes[0].outside_grey), np.uint8)
    for scene in scenes:
        for polygon, grey in _walls(scene):
            cv2.fillPoly(fine, [whole.points(polygon)], round(grey), lineType=cv2.LINE_8, shift=_SHIFT)
        floor = floor_outline_px(scene.arena)
        cv2.fillPoly(fine, [whole.points(floor)], round(scene.floor_grey), lineType=cv2.LINE_8, shift=_SHIFT)
        # A dark seam where floor and wall meet, as every box has.
        seam = max(1, round(0.12 * scene.arena.px_per_cm * scale))
        cv2.polylines(
            fine, [whole.points(floor)], isClosed=True, color=round(0.6 * scene.wall_grey), thickness=seam, shift=_SHIFT
        )
    return whole.average(fine) * np.float32(255.0)


def floor_outline_px(arena: Arena, outwards_cm: float = 0.0) -> FloatArray:
    """Return the floor's outline in the image, drawn outwards by some cm."""
    return np.column_stack(arena.to_px(*floor_outline_cm(arena, outwards_cm).T))


def floor_outline_cm(arena: Arena, outwards_cm: float = 0.0) -> FloatArray:
    """Return the floor's outline in arena cm, (k, 2), drawn outwards by some cm."""
    width, height = arena.width_cm, arena.height_cm
    if arena.shape == "circle":
        turn = np.linspace(0, 2 * np.pi, 180, endpoint=False)
        radius = min(width, height) / 2 + outwards_cm
        x, y = width / 2 + radius * np.cos(turn), height / 2 + radius * np.sin(turn)
    else:
        x = np.array([0.0, width, width, 0.0]) + outwards_cm * np.array([-1, 1, 1, -1])
        y = np.array([0.0, 0.0, height, height]) + outwards_cm * np.array([-1, -1, 1, 1])
    return np.column_stack([x, y])


def wall_top_px(scene: Scene) -> FloatArray:
    """Return where the upper edge of the walls' inner faces is seen, (k, 2)."""
    if scene.box is None:
        return floor_outline_px(scene.arena, WALL_CM)
    size = scene.arena.width_cm, scene.arena.height_cm
    return scene.box.to_px(floor_outline_cm(scene.arena), size, scene.box.wall_height_cm)


def enclosure_outline_px(arena: Arena, enclosure: Enclosure) -> FloatArray:
    """Return the enclosure's outline in the image."""
    (outline,) = enclosure.outlines()
    return np.column_stack(arena.to_px(outline[:, 0], outline[:, 1]))


def _walls(scene: Scene) -> list[tuple[FloatArray, float]]:
    rim = floor_outline_px(scene.arena, WALL_CM + 0.7)
    outer = floor_outline_px(scene.arena, WALL_CM)
    inner = floor_outline_px(scene.arena)
    # The walls' upper edge catches the light; each wall is lit a little differently.
    drawn: list[tuple[FloatArray, float]] = [(rim, 1.28 * scene.wall_grey)]
    if scene.arena.shape == "circle":
        return [*drawn, (outer, scene.wall_grey)]
    for side, shade in enumerate((1.0, 0.9, 1.07, 0.95)):
        after = (side + 1) % 4
        drawn.append((np.array([outer[side], outer[after], inner[after], inner[side]]), shade * scene.wall_grey))
    return drawn


def draw_unevenness(shape: tuple[int, int], rng: np.random.Generator) -> Image:
    """Return a slowly varying factor near 1: no floor is painted evenly."""
    coarse = rng.normal(0.0, 1.0, (9, 12)).astype(np.float32)
    fine = rng.normal(0.0, 1.0, (shape[0] // 4, shape[1] // 4)).astype(np.float32)
    size = (shape[1], shape[0])
    slow = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    quick = cv2.resize(cv2.GaussianBlur(fine, (0, 0), 1.2), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(1.0 + 0.018 * slow + 0.02 * quick, np.float32)


def draw_light(scene: Scene) -> tuple[Image, float]:
    """Return the light on each pixel, 1 in full white light, and the grey level of no light."""
    width, height = scene.arena.frame_size_px
    x = (np.arange(width) - (width - 1) / 2) / (width / 2)
    y = (np.arange(height) - (height - 1) / 2) / (height / 2)
    fall_off = 1.0 - scene.vignette * (x[None] ** 2 + y[:, None] ** 2) / 2.0
    return np.asarray(LIGHT_GAIN[scene.light] * fall_off, np.float32), BLACK_LEVEL[scene.light]


def draw_wires(scene: Scene) -> tuple[Crop | None, Image, Image]:
    """Return the enclosure's crop, its wires and its inside."""
    nothing = np.zeros((0, 0), np.float32)
    if scene.enclosure is None:
        return None, nothing, nothing
    outline = enclosure_outline_px(scene.arena, scene.enclosure)
    crop = bounding_crop(outline, scene.arena.frame_size_px, scale=6)
    if crop is None:
        return None, nothing, nothing
    fine = np.zeros((crop.height * crop.scale, crop.width * crop.scale), np.uint8)
    per_cm = scene.arena.px_per_cm * crop.scale
    wire, frame = max(1, round(_WIRE_CM * per_cm)), max(2, round(_FRAME_CM * per_cm))
    for line in mesh_lines(scene.enclosure):
        drawn = crop.points(np.column_stack(scene.arena.to_px(line[:, 0], line[:, 1])))
        cv2.polylines(fine, [drawn], isClosed=False, color=255, thickness=wire, shift=_SHIFT)
    inside = np.zeros_like(fine)
    cv2.fillPoly(inside, [crop.points(outline)], 255, lineType=cv2.LINE_8, shift=_SHIFT)
    cv2.polylines(fine, [crop.points(outline)], isClosed=True, color=255, thickness=2 * frame, shift=_SHIFT)
    # What a thick line draws beyond the outline would be ground that the subject may touch.
    wires = np.minimum(fine, inside)
    return crop, crop.average(wires), crop.average(inside)


def mesh_lines(enclosure: Enclosure) -> list[FloatArray]:
    """Return the wires of a mesh over the enclosure's outline, each as its two ends in cm."""
    (outline,) = enclosure.outlines()
    (left, top), (right, bottom) = outline.min(axis=0), outline.max(axis=0)
    lines = []
    for x in np.arange(left + _MESH_CM, right, _MESH_CM):
        lines.append(_chord(enclosure, along_y=True, at=float(x), span=(float(top), float(bottom))))
    for y in np.arange(top + _MESH_CM, bottom, _MESH_CM):
        lines.append(_chord(enclosure, along_y=False, at=float(y), span=(float(left), float(right))))
    return lines


def _chord(enclosure: Enclosure, *, along_y: bool, at: float, span: tuple[float, float]) -> FloatArray:
    first, last = span
    if isinstance(enclosure, Circle):
        off = at - (enclosure.x if along_y else enclosure.y)
        half = float(np.sqrt(max(enclosure.radius**2 - off**2, 0.0)))
        middle = enclosure.y if along_y else enclosure.x
        first, last = middle - half, middle + half
    ends = np.array([(at, first), (at, last)], float)
    return ends if along_y else ends[:, ::-1].copy()


def enclosure_box(enclosure: Enclosure) -> Rectangle:
    """Return the upright rectangle around the enclosure."""
    (outline,) = enclosure.outlines()
    (left, top), (right, bottom) = outline.min(axis=0), outline.max(axis=0)
    return Rectangle(left=float(left), top=float(top), right=float(right), bottom=float(bottom))
