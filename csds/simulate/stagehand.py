"""The one who brings the mouse: hands, what is in them, the cloth and the room's light, drawn into pictures."""

from __future__ import annotations

import cv2
import numpy as np

from csds.model.shapes import FloatArray
from csds.simulate.backdrop import Frame, floor_outline_px
from csds.simulate.course import Errand, plan_course
from csds.simulate.greys import FURS, Fur
from csds.simulate.hand import draw_hand
from csds.simulate.mouse import tail_outline
from csds.simulate.painting import Painter
from csds.simulate.scene import Scene
from csds.simulate.staging import Staging

#: Brightness of the picture while the room's light is on, as a share of that in the trial.
_ROOM_LIGHT = 1.45

#: An animal's outline, (k, 2), and its tail's middle line, (m, 2), in arena cm.
Shape = tuple[FloatArray, FloatArray]


class Stagehand:
    """Draws what happens around a trial into pictures of its room.

    Parameters
    ----------
    scene : Scene
    staging : Staging
    painter : Painter

    Attributes
    ----------
    course : Course
    """

    def __init__(self, scene: Scene, staging: Staging, painter: Painter) -> None:
        self.course = plan_course(scene, staging)
        self._scene, self._staging, self._painter = scene, staging, painter

    def draw_cloth(self, image: Frame, time_s: float) -> None:
        """Draw the cloth that lies on the floor at first."""
        if self._staging.cloth_grey is None or time_s >= self.course.cloth_until_s:
            return
        outline = floor_outline_px(self._scene.arena, -1.0)
        for errand in self.course.errands:
            if errand.carried == "cloth" and errand.carries(time_s):
                outline = outline + errand.reach.shift_px(time_s)
        self._painter.paint(image, [(outline, self._staging.cloth_grey)])

    def draw_hands(self, image: Frame, time_s: float, subject: Shape, target: Shape | None) -> None:
        """Draw the hands that reach in, with the animals that they carry."""
        light, staging = self._scene.light, self._staging
        for errand in self.course.errands:
            if not errand.reach.is_seen(time_s):
                continue
            if errand.carries(time_s) and errand.carried == "subject":
                self._draw_carried(image, errand, time_s, subject, FURS[self._scene.coat, light])
            if errand.carries(time_s) and errand.carried == "target" and target is not None:
                self._draw_carried(image, errand, time_s, target, FURS["white", light])
            layers = errand.reach.layers(time_s, staging.glove_grey, staging.sleeve_grey)
            draw_hand(image, layers, self._scene.arena.px_per_cm, light)

    def lit(self, image: Frame, time_s: float) -> Frame:
        """Return a picture as it is while the room's light is on, or unchanged."""
        if time_s >= self.course.lights_out_s:
            return image
        return np.asarray(cv2.convertScaleAbs(image, alpha=_ROOM_LIGHT), np.uint8)

    def _draw_carried(self, image: Frame, errand: Errand, time_s: float, shape: Shape, fur: Fur) -> None:
        (body, tail), shift = shape, errand.reach.shift_px(time_s)
        to_px = self._painter.to_px
        self._painter.paint(image, [(to_px(tail_outline(tail)) + shift, fur.tail), (to_px(body) + shift, fur.body)])
