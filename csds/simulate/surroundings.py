"""What lies around the boxes: a table and its edge, cables, sheets of paper, bottles, crates."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.model.shapes import FloatArray
from csds.simulate.backdrop import Crop
from csds.simulate.box import View
from csds.simulate.scene import Scene

Canvas = NDArray[np.uint8]


def paint_surroundings(
    scene: Scene, view: View, outlines_cm: Sequence[FloatArray], whole: Crop, rng: np.random.Generator
) -> Canvas:
    """Return the enlarged picture of a room without its boxes.

    Parameters
    ----------
    scene : Scene
        Gives the table's grey.
    view : View
    outlines_cm : sequence of (k, 2) arrays
        The boxes' outer outlines in room cm.
    whole : Crop
        The frame, and how much it is enlarged.
    rng : numpy.random.Generator
    """
    fine = np.full((whole.height * whole.scale, whole.width * whole.scale), round(scene.outside_grey), np.uint8)
    boxes = np.concatenate(outlines_cm)
    low, high = boxes.min(axis=0), boxes.max(axis=0)
    table = _Table(whole=whole, view=view, fine=fine, grey=scene.outside_grey)
    if view.table_edge_cm is not None:
        table.end(rng, low, high, view.table_edge_cm)
    things = (_cable, _cable, _paper, _bottle, _crate)
    for _ in range(view.clutter):
        side, off = int(rng.integers(4)), rng.uniform(4.0, 30.0)
        along = rng.uniform(low - 15.0, high + 15.0)
        beyond = (low - off, high + off)[side % 2]
        place = np.array([beyond[0], along[1]] if side < 2 else [along[0], beyond[1]])
        thing: Callable[[_Table, FloatArray, np.random.Generator], None] = things[int(rng.integers(len(things)))]
        thing(table, place, rng)
    return fine


class _Table:
    """The table that things are drawn on, in room cm."""

    def __init__(self, *, whole: Crop, view: View, fine: Canvas, grey: float) -> None:
        self._whole, self._camera, self._fine, self.grey = whole, view.camera, fine, grey

    def fill(self, outline_cm: FloatArray, grey: float, height_cm: float = 0.0) -> None:
        points = self._whole.points(self._camera.to_px(outline_cm, height_cm))
        cv2.fillPoly(self._fine, [points], float(np.clip(round(grey), 0, 255)), lineType=cv2.LINE_8, shift=4)

    def line(self, points_cm: FloatArray, grey: float, width_cm: float) -> None:
        points = self._whole.points(self._camera.to_px(points_cm))
        width = max(1, round(width_cm * self._camera.px_per_cm * self._whole.scale))
        cv2.polylines(self._fine, [points], False, float(np.clip(round(grey), 0, 255)), width, cv2.LINE_8, 4)

    def end(self, rng: np.random.Generator, low: FloatArray, high: FloatArray, beyond_cm: float) -> None:
        """Draw the table's edge on one side of the boxes, nearly parallel to them, and the room's floor beyond."""
        turn = np.pi / 2 * int(rng.integers(4)) + np.deg2rad(rng.normal(0.0, 1.5))
        across, along = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
        reach = max(float((corner - (low + high) / 2) @ across) for corner in _corners(low, high))
        start = (low + high) / 2 + (reach + beyond_cm) * across
        # Not a thousandth of this is in the picture; points behind the camera would turn it inside out.
        wide = 150.0
        edge = np.array([start - wide * along, start + wide * along])
        beyond = np.concatenate([edge, (edge + wide * across)[::-1]])
        self.fill(beyond, float(rng.uniform(0.3, 0.75)) * self.grey)
        self.line(edge, 1.3 * self.grey, 0.8)


def _corners(low: FloatArray, high: FloatArray) -> FloatArray:
    return np.array([low, (high[0], low[1]), high, (low[0], high[1])], float)


def _cable(table: _Table, place: FloatArray, rng: np.random.Generator) -> None:
    steps = np.cumsum(rng.normal(0.0, 0.12, 60)) + rng.uniform(0, 2 * np.pi)
    way = place + np.cumsum(1.6 * np.column_stack([np.cos(steps), np.sin(steps)]), axis=0)
    table.line(way, float(rng.choice([20.0, 35.0, 150.0])), float(rng.uniform(0.5, 0.9)))


def _paper(table: _Table, place: FloatArray, rng: np.random.Generator) -> None:
    sheet = _turned((21.0, 29.7), rng) + place
    table.fill(sheet + 0.4, 0.6 * table.grey)
    table.fill(sheet, float(rng.uniform(150.0, 215.0)))


def _bottle(table: _Table, place: FloatArray, rng: np.random.Generator) -> None:
    turn, radius, height = np.linspace(0, 2 * np.pi, 40, endpoint=False), rng.uniform(2.5, 5.0), rng.uniform(8.0, 22.0)
    grey = float(rng.uniform(40.0, 200.0))
    ring = np.column_stack([np.cos(turn), np.sin(turn)])
    for share in np.linspace(0.0, 1.0, 8):
        table.fill(place + radius * ring, (0.55 + 0.3 * share) * grey, share * height)
    table.fill(place + 0.5 * radius * ring, grey, height + 1.0)


def _crate(table: _Table, place: FloatArray, rng: np.random.Generator) -> None:
    size, height = rng.uniform(14.0, 32.0, 2), rng.uniform(6.0, 14.0)
    outline, grey = _turned((float(size[0]), float(size[1])), rng) + place, float(rng.uniform(50.0, 180.0))
    for share in np.linspace(0.0, 1.0, 8):
        table.fill(outline, (0.5 + 0.2 * share) * grey, share * height)
    table.fill(outline, grey, height)
    table.fill(place + 0.9 * (outline - place), 0.7 * grey, height)


def _turned(size: tuple[float, float], rng: np.random.Generator) -> FloatArray:
    turn = float(rng.normal(0.0, 0.25))
    outline = np.array(size) / 2 * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float)
    return np.asarray(outline @ np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))]), float)
