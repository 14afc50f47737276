"""Cages in perspective: wire mesh, upright bars or clear perspex that stand on the enclosure's outline."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.model.shapes import FloatArray
from csds.simulate.backdrop import Crop, Image, bounding_crop, enclosure_outline_px, mesh_lines
from csds.simulate.boxes import box_of
from csds.simulate.scene import Scene

#: cm; width of wire, of a cage's frame, of a perspex edge, and of a hole in perspex.
_WIRE_CM, _FRAME_CM, _EDGE_CM, _HOLE_CM = 0.16, 0.3, 0.35, 0.8
#: cm; from wire to wire of a mesh, bar to bar, hole to hole; hoop above hoop of a mesh.
_MESH_CM, _BARS_CM, _HOLES_CM, _HOOPS_CM = 1.1, 1.0, 2.2, 2.5
#: Share of the light that a perspex edge, a hole's rim and a pane turn towards the camera.
_EDGE_SHARE, _HOLE_SHARE, _PANE_SHARE = 200, 90, 22

Canvas = NDArray[np.uint8]


def draw_cage(scene: Scene) -> tuple[Crop | None, Image, Image]:
    """Return where the cage lies in the frame, its wires, and the inside of its footprint.

    Returns
    -------
    crop : Crop or None
        None where the scene has no enclosure or it lies outside the frame.
    wires, inside : (h, w) float32 arrays
        Share of each of the crop's pixels that wire covers, and that lies within the outline on the floor.
    """
    nothing = np.zeros((0, 0), np.float32)
    if scene.enclosure is None:
        return None, nothing, nothing
    cage = box_of(scene).cage
    (outline,) = scene.enclosure.outlines()
    foot = enclosure_outline_px(scene.arena, scene.enclosure)
    top = _px(scene, outline, cage.height_cm)
    crop = bounding_crop(np.concatenate([foot, top]), scene.arena.frame_size_px, scale=6)
    if crop is None:
        return None, nothing, nothing
    fine = np.zeros((crop.height * crop.scale, crop.width * crop.scale), np.uint8)
    draw = {"mesh": _draw_mesh, "bars": _draw_bars, "perspex": _draw_perspex}[cage.kind]
    draw(scene, crop, fine, outline)
    inside = np.zeros_like(fine)
    cv2.fillPoly(inside, [crop.points(foot)], 255, lineType=cv2.LINE_8, shift=4)
    return crop, crop.average(fine), crop.average(inside)


def _px(scene: Scene, points_cm: FloatArray, height_cm: float) -> FloatArray:
    return box_of(scene).to_px(points_cm, (scene.arena.width_cm, scene.arena.height_cm), height_cm)


def _draw_mesh(scene: Scene, crop: Crop, fine: Canvas, outline: FloatArray) -> None:
    height = box_of(scene).cage.height_cm
    for hoop in np.arange(0.0, height, _HOOPS_CM):
        _line(scene, crop, fine, _px(scene, outline, float(hoop)), _WIRE_CM, closed=True)
    _draw_uprights(scene, crop, fine, _along(outline, _MESH_CM), _WIRE_CM)
    if scene.enclosure is not None:
        for wire in mesh_lines(scene.enclosure):
            _line(scene, crop, fine, _px(scene, wire, height), _WIRE_CM)
    _draw_frame(scene, crop, fine, outline, _FRAME_CM, 255)


def _draw_bars(scene: Scene, crop: Crop, fine: Canvas, outline: FloatArray) -> None:
    _draw_uprights(scene, crop, fine, _along(outline, _BARS_CM), _WIRE_CM)
    _draw_frame(scene, crop, fine, outline, _FRAME_CM, 255)


def _draw_perspex(scene: Scene, crop: Crop, fine: Canvas, outline: FloatArray) -> None:
    height = box_of(scene).cage.height_cm
    hull = cv2.convexHull(
        np.concatenate([crop.points(_px(scene, outline, at)) for at in (0.0, height)]).reshape(-1, 1, 2)
    )
    cv2.fillPoly(fine, [hull], _PANE_SHARE, lineType=cv2.LINE_8, shift=4)
    for at in np.arange(1.5, min(height, 8.0), _HOLES_CM):
        for x, y in crop.points(_px(scene, _along(outline, _HOLES_CM), float(at)))[:, 0] >> 4:
            radius = max(1, round(0.5 * _HOLE_CM * scene.arena.px_per_cm * crop.scale))
            cv2.circle(fine, (int(x), int(y)), radius, _HOLE_SHARE, max(1, radius // 3))
    if len(outline) == 4:
        _draw_uprights(scene, crop, fine, outline, _EDGE_CM, _EDGE_SHARE)
    _draw_frame(scene, crop, fine, outline, _EDGE_CM, _EDGE_SHARE)


def _draw_frame(scene: Scene, crop: Crop, fine: Canvas, outline: FloatArray, width_cm: float, share: int) -> None:
    for at in (0.0, box_of(scene).cage.height_cm):
        _line(scene, crop, fine, _px(scene, outline, at), width_cm, share, closed=True)


def _draw_uprights(scene: Scene, crop: Crop, fine: Canvas, feet: FloatArray, width_cm: float, share: int = 255) -> None:
    low, high = _px(scene, feet, 0.0), _px(scene, feet, box_of(scene).cage.height_cm)
    for ends in np.stack([low, high], axis=1):
        _line(scene, crop, fine, ends, width_cm, share)


def _line(
    scene: Scene, crop: Crop, fine: Canvas, points: FloatArray, width_cm: float, share: int = 255, *,
    closed: bool = False,
) -> None:  # fmt: skip
    width = max(1, round(width_cm * scene.arena.px_per_cm * crop.scale))
    cv2.polylines(fine, [crop.points(points)], closed, share, width, cv2.LINE_8, 4)


def _along(outline: FloatArray, step_cm: float) -> FloatArray:
    """Return points on a closed outline, evenly spaced, the corners of a rectangle among them."""
    pieces = []
    for start, end in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        count = max(1, round(float(np.hypot(*(end - start))) / step_cm))
        pieces.append(start + np.arange(count)[:, None] / count * (end - start))
    points = np.concatenate(pieces)
    if len(outline) > 8:
        # A circle comes as many short pieces.
        length = float(np.hypot(*np.diff(outline, axis=0, append=outline[:1]).T).sum())
        points = points[:: max(1, round(len(points) * step_cm / length))]
    return np.asarray(points, float)
