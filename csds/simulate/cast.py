"""The animals of one arena: where they are at each exposure, and how they are drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from csds.model.arena import project
from csds.model.shapes import FloatArray
from csds.simulate.backdrop import Backdrop, Crop, Image, bounding_crop
from csds.simulate.effect import Frame
from csds.simulate.greys import FURS
from csds.simulate.motion import subject_poses
from csds.simulate.mouse import back_outline, ear_outlines, outlines, tail_outline, tails
from csds.simulate.room import hold_points, room_of
from csds.simulate.scene import Scene
from csds.simulate.target import TARGET_LENGTH_CM, target_poses


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    outlines_cm: FloatArray
    tails_cm: FloatArray


class Cast:
    """Draws the subject and the target of one scene into frames of its room.

    Parameters
    ----------
    scene : Scene
    backdrop : Backdrop
    exposed_s : (n,) array
        Times of the camera's exposures.

    Attributes
    ----------
    poses : Poses
        The subject's, at each exposure.
    outlines_cm : (n, k, 2) array
        The subject's body, head and ears in arena cm, at each exposure.
    tails_cm : (n, k, 2) array
        The middle line of its tail, root first.
    """

    def __init__(self, scene: Scene, backdrop: Backdrop, exposed_s: FloatArray) -> None:
        self.scene, self._backdrop = scene, backdrop
        self.poses = subject_poses(scene, exposed_s)
        self.outlines_cm = outlines(self.poses, scene.body_length_cm)
        self.tails_cm = hold_points(room_of(scene), tails(self.poses, scene.body_length_cm), 0.12)
        self._target = _target_of(scene, exposed_s)
        self._to_pixels = np.asarray(np.linalg.inv(scene.arena.homography), float)
        self._scale = 4 if scene.arena.frame_size_px[0] <= 800 else 3

    def subject_px(self, index: int) -> FloatArray:
        """Return the subject's outline at one exposure, (k, 2) in pixels."""
        return self._to_px(self.outlines_cm[index])

    def draw(self, image: Frame, index: int) -> None:
        """Draw both animals of one exposure into the picture of the room."""
        if self._target is not None:
            self._draw_target(image, self._target, index)
        self._draw_subject(image, self.subject_px(index), self._to_px(tail_outline(self.tails_cm[index])))

    def draw_wires(self, image: Image) -> None:
        """Draw the enclosure's wires into the whole picture of the room."""
        if self._backdrop.wires is not None:
            self._draw_wires(image[self._backdrop.wires.window], self._backdrop.wires)

    def _to_px(self, points_cm: FloatArray) -> FloatArray:
        return np.column_stack(project(self._to_pixels, points_cm[:, 0], points_cm[:, 1]))

    def _draw_subject(self, image: Frame, body: FloatArray, tail: FloatArray) -> None:
        scene = self.scene
        crop = bounding_crop(np.concatenate([body, tail]), scene.arena.frame_size_px, scale=self._scale, margin=8)
        if crop is None:
            return
        fur = FURS[scene.coat, scene.light]
        left, right = ear_outlines(body)
        share, grey = crop.paint(
            [(tail, fur.tail), (body, fur.body), (back_outline(body), fur.sheen), (left, fur.ears), (right, fur.ears)]
        )
        if self._backdrop.hides is not None:
            seen = 1.0 - self._backdrop.hides[crop.window]
            share, grey = share * seen, grey * seen
        part = image[crop.window].astype(np.float32)
        if scene.shadow > 0:
            soft = cv2.GaussianBlur(share, (0, 0), max(1.0, 0.35 * scene.arena.px_per_cm))
            part *= 1.0 - np.float32(scene.shadow) * soft
        image[crop.window] = to_frame(self._over(part, crop, share, grey))

    def _over(self, part: Image, crop: Crop, share: Image, grey: Image) -> Image:
        """Return a crop's picture under something painted: its light is the room's there."""
        room = self._backdrop
        light = room.gain[crop.window]
        return np.asarray(part * (1 - share) + light * grey + np.float32(room.offset) * share, np.float32)

    def _draw_target(self, image: Frame, target: _Target, index: int) -> None:
        crop = self._backdrop.wires
        if crop is None:
            return
        fur = FURS["white", self.scene.light]
        body = self._to_px(target.outlines_cm[index])
        left, right = ear_outlines(body)
        layers = [
            (self._to_px(tail_outline(target.tails_cm[index])), fur.tail),
            (body, fur.body),
            (left, fur.ears),
            (right, fur.ears),
        ]
        share, grey = replace(crop, scale=self._scale).paint(layers)
        # On whatever nuisances have left on the floor, not on the clean room.
        part = image[crop.window].astype(np.float32)
        inside = self._backdrop.inside_share
        over = self._over(part, crop, share * inside, grey * inside)
        self._draw_wires(over, crop)
        image[crop.window] = to_frame(over)

    def _draw_wires(self, part: Image, crop: Crop) -> None:
        room = self._backdrop
        part += room.wire_share * (room.lit(room.wire_grey, crop.window) - part)


def to_frame(image: Image) -> Frame:
    """Return a picture as whole grey levels, rounded and clipped."""
    return np.asarray(cv2.convertScaleAbs(image), np.uint8)


def _target_of(scene: Scene, times: FloatArray) -> _Target | None:
    poses = target_poses(scene, times)
    if poses is None:
        return None
    return _Target(outlines_cm=outlines(poses, TARGET_LENGTH_CM), tails_cm=tails(poses, TARGET_LENGTH_CM))
