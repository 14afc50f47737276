"""Painting on pictures of a room: what is painted has the room's light."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from csds.model.arena import project
from csds.model.shapes import FloatArray
from csds.simulate.backdrop import Backdrop, Crop, Frame, Image, bounding_crop
from csds.simulate.greys import Fur
from csds.simulate.mouse import back_outline, ear_outlines, tail_outline
from csds.simulate.scene import Scene

Layers = Sequence[tuple[FloatArray, float]]


class Painter:
    """Paints into pictures of one scene's room.

    Parameters
    ----------
    scene : Scene
    room : Backdrop
    """

    def __init__(self, scene: Scene, room: Backdrop) -> None:
        self.room, self._scene = room, scene
        self._to_pixels = np.asarray(np.linalg.inv(scene.arena.homography), float)
        #: How much larger than the picture things are painted before they are averaged down.
        self.scale = 4 if scene.arena.frame_size_px[0] <= 800 else 3

    def to_px(self, points_cm: FloatArray) -> FloatArray:
        """Return points on the floor, (n, 2) in arena cm, as image points."""
        return np.column_stack(project(self._to_pixels, points_cm[:, 0], points_cm[:, 1]))

    def crop(self, points_px: FloatArray, *, margin: int = 3) -> Crop | None:
        """Return the part of the frame around points; None where they are outside of it."""
        return bounding_crop(points_px, self._scene.arena.frame_size_px, scale=self.scale, margin=margin)

    def paint(self, image: Frame, layers: Layers, *, opacity: float = 1.0, within: Image | None = None) -> None:
        """Paint polygons into a picture, each with its grey under even light, the later over the earlier.

        Parameters
        ----------
        image : (height, width) uint8 array
        layers : sequence of ((k, 2) array in px, grey)
        opacity : float
            1 hides what lies beneath.
        within : (height, width) float32 array, optional
            Share of each pixel that may be painted on.
        """
        crop = self.crop(np.concatenate([polygon for polygon, _ in layers]))
        if crop is None:
            return
        share, grey = crop.paint(layers)
        seen = np.float32(opacity) if within is None else np.float32(opacity) * within[crop.window]
        part = image[crop.window].astype(np.float32)
        image[crop.window] = to_frame(self.over(part, crop, share * seen, grey * seen))

    def mouse(
        self, image: Frame, body_cm: FloatArray, tail_cm: FloatArray, fur: Fur, *, is_above: bool = False
    ) -> None:
        """Paint a mouse and its soft shadow, given its outline, (k, 2), and its tail's middle line, (m, 2).

        ``is_above``: it is on top of what otherwise would hide it.
        """
        body, tail = self.to_px(body_cm), self.to_px(tail_outline(tail_cm))
        crop = self.crop(np.concatenate([body, tail]), margin=8)
        if crop is None:
            return
        left, right = ear_outlines(body)
        share, grey = crop.paint(
            [(tail, fur.tail), (body, fur.body), (back_outline(body), fur.sheen), (left, fur.ears), (right, fur.ears)]
        )
        if self.room.hides is not None and not is_above:
            seen = 1.0 - self.room.hides[crop.window]
            share, grey = share * seen, grey * seen
        part = image[crop.window].astype(np.float32)
        if self._scene.shadow > 0:
            soft = cv2.GaussianBlur(share, (0, 0), max(1.0, 0.35 * self._scene.arena.px_per_cm))
            part *= 1.0 - np.float32(self._scene.shadow) * soft
        image[crop.window] = to_frame(self.over(part, crop, share, grey))

    def over(self, part: Image, crop: Crop, share: Image, grey: Image) -> Image:
        """Return a crop's picture under something painted: its light is the room's there."""
        light = self.room.gain[crop.window]
        return np.asarray(part * (1 - share) + light * grey + np.float32(self.room.offset) * share, np.float32)


def to_frame(image: Image) -> Frame:
    """Return a picture as whole grey levels, rounded and clipped."""
    return np.asarray(cv2.convertScaleAbs(image), np.uint8)
