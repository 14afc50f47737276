"""Frames: the room, the target behind its wires, the subject with its soft shadow, the sensor's noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from csds.model.arena import project
from csds.model.shapes import FloatArray
from csds.simulate.backdrop import Backdrop, Crop, Image, bounding_crop, build_backdrop
from csds.simulate.clock import Clock, steady_clock
from csds.simulate.effect import Effect, Frame, Moment
from csds.simulate.greys import FURS
from csds.simulate.motion import subject_poses
from csds.simulate.mouse import back_outline, ear_outlines, outlines, tail_outline, tails
from csds.simulate.nuisance import build_effects
from csds.simulate.room import hold_points, room_of
from csds.simulate.scene import Scene, frame_times
from csds.simulate.target import TARGET_LENGTH_CM, target_poses

_NOISE_FIELDS, _NOISE_MARGIN = 6, 48
# Video levels: what a decoder that follows the standard keeps apart.
_DARKEST, _BRIGHTEST = 16, 235


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    outlines_cm: FloatArray
    tails_cm: FloatArray


class Renderer:
    """Draws the frames of a scene, in any order; each is the same whenever it is asked for.

    The camera takes exposures, and the recorder's clock makes frames of the file of them. Where
    frames are interlaced, the second fields' exposures follow after the first fields'.

    Parameters
    ----------
    scene : Scene

    Attributes
    ----------
    scene : Scene
        As its nuisances changed it.
    clock : Clock
        Which exposures the file's frames hold.
    poses : Poses
        The subject's, at each exposure.
    outlines_cm : (n, k, 2) array
        The subject's body, head and ears in arena cm, at each exposure.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene, self._effects = build_effects(scene)
        self.clock = _clock_of(self.scene, self._effects)
        self._exposed_s = _exposures(self.clock)
        self.poses = subject_poses(self.scene, self._exposed_s)
        self.outlines_cm = outlines(self.poses, self.scene.body_length_cm)
        self._tails_cm = hold_points(room_of(self.scene), tails(self.poses, self.scene.body_length_cm), 0.12)
        self._target = _target_of(self.scene, self._exposed_s)
        self._to_pixels = np.asarray(np.linalg.inv(self.scene.arena.homography), float)
        self._backdrop = _affected(build_backdrop(self.scene), self._effects)
        self._empty = _to_frame(self._wired(self._backdrop.grey.copy(), None))
        self._noise = _noise_fields(self.scene)
        rng = self.scene.random("noise")
        self._noise_at = rng.integers(0, _NOISE_MARGIN, (len(self.poses), 2))
        self._noise_of = rng.integers(0, _NOISE_FIELDS, len(self.poses))
        width = self.scene.arena.frame_size_px[0]
        self._scale = 4 if width <= 800 else 3

    def __len__(self) -> int:
        return len(self.clock.shown)

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(index) for index in range(len(self)))

    def frame(self, index: int) -> Frame:
        """Return one frame of the file as a (height, width) uint8 array."""
        exposure = int(self.clock.shown[index])
        image = self._expose(exposure)
        if self.clock.field_s is not None:
            image[1::2] = self._expose(exposure + len(self.clock.exposed_s))[1::2]
        moment = self._moment(exposure)
        for effect in self._effects:
            if effect.recorder is not None:
                image = effect.recorder(image, moment)
        return image

    def lens(self, time_s: float, *, is_settled: bool = False) -> FloatArray | None:
        """Return the 3 × 3 matrix by which the camera has moved at a time; None where it hasn't at all.

        ``is_settled`` leaves out trembling about a place.
        """
        matrix = None
        for effect in self._effects:
            if effect.lens is not None and (effect.moves_s or not is_settled):
                moved = effect.lens(time_s)
                matrix = moved if matrix is None else matrix @ moved
        return matrix

    def moves(self) -> tuple[float, ...]:
        """Return the times from which the camera is at a new place; the first is 0, its place at the start."""
        return tuple(sorted({0.0, *(time for effect in self._effects for time in effect.moves_s)}))

    def _moment(self, exposure: int) -> Moment:
        return Moment(
            index=exposure,
            time_s=float(self._exposed_s[exposure]),
            subject_px=self._to_px(self.outlines_cm[exposure]),
            rumps_cm=self._tails_cm[:, 0],
            exposed_s=self._exposed_s,
        )

    def _expose(self, exposure: int) -> Frame:
        moment = self._moment(exposure)
        image = self._empty
        for effect in self._effects:
            if effect.under is not None:
                image = effect.under(image, moment)
        image = image.copy()
        if self._target is not None:
            self._draw_target(image, self._target, exposure)
        self._draw_subject(image, moment.subject_px, self._to_px(tail_outline(self._tails_cm[exposure])))
        for effect in self._effects:
            if effect.over is not None:
                image = effect.over(image, moment)
        image = self._with_noise(self._through_lens(image, moment.time_s), exposure)
        for effect in self._effects:
            if effect.sensor is not None:
                image = effect.sensor(image)
        return np.asarray(np.clip(image, _DARKEST, _BRIGHTEST), np.uint8)

    def _through_lens(self, image: Frame, time_s: float) -> Frame:
        matrix = self.lens(time_s)
        if matrix is None:
            return image
        height, width = image.shape
        # What lies beyond the picture looks like its edge.
        moved = cv2.warpPerspective(
            image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(moved, np.uint8)

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
        part = image[crop.window].astype(np.float32)
        if scene.shadow > 0:
            soft = cv2.GaussianBlur(share, (0, 0), max(1.0, 0.35 * scene.arena.px_per_cm))
            part *= 1.0 - np.float32(scene.shadow) * soft
        image[crop.window] = _to_frame(self._over(part, crop, share, grey))

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
        image[crop.window] = _to_frame(self._wired(self._over(part, crop, share * inside, grey * inside), crop))

    def _wired(self, part: Image, crop: Crop | None) -> Image:
        """Return a picture (the whole, or the enclosure's crop) with the wires drawn over it."""
        room = self._backdrop
        if room.wires is None:
            return part
        window = room.wires.window if crop is None else (slice(None), slice(None))
        wire = room.lit(room.wire_grey, room.wires.window)
        part[window] += room.wire_share * (wire - part[window])
        return part

    def _with_noise(self, image: Frame, index: int) -> Frame:
        if self._noise is not None:
            height, width = image.shape
            top, left = self._noise_at[index]
            field = self._noise[self._noise_of[index], top : top + height, left : left + width]
            return np.asarray(cv2.add(image, field, dtype=cv2.CV_8U), np.uint8)
        return image


def _clock_of(scene: Scene, effects: tuple[Effect, ...]) -> Clock:
    clock = steady_clock(frame_times(scene))
    for effect in effects:
        if effect.clock is not None:
            clock = effect.clock(clock)
    return clock


def _exposures(clock: Clock) -> FloatArray:
    if clock.field_s is None:
        return clock.exposed_s
    return np.concatenate([clock.exposed_s, clock.exposed_s + clock.field_s])


def _target_of(scene: Scene, times: FloatArray) -> _Target | None:
    poses = target_poses(scene, times)
    if poses is None:
        return None
    return _Target(outlines_cm=outlines(poses, TARGET_LENGTH_CM), tails_cm=tails(poses, TARGET_LENGTH_CM))


def _affected(backdrop: Backdrop, effects: tuple[Effect, ...]) -> Backdrop:
    """Return the room as nuisances paint and light it."""
    lamps = [effect.light for effect in effects if effect.light is not None]
    painters = [effect.room for effect in effects if effect.room is not None]
    if not lamps and not painters:
        return backdrop
    even, gain = np.asarray((backdrop.grey - backdrop.offset) / backdrop.gain, np.float32), backdrop.gain
    for paint in painters:
        even = paint(even)
    for change in lamps:
        gain = change(gain)
    return replace(backdrop, gain=gain, grey=np.asarray(even * gain + np.float32(backdrop.offset), np.float32))


def _noise_fields(scene: Scene) -> np.ndarray[tuple[int, int, int], np.dtype[np.int8]] | None:
    """Return a pool of noise; frames take pieces of it at random, which is much faster than drawing anew."""
    if scene.noise_sigma <= 0:
        return None
    width, height = scene.arena.frame_size_px
    rng = scene.random("noise")
    fields = rng.normal(0.0, scene.noise_sigma, (_NOISE_FIELDS, height + _NOISE_MARGIN, width + _NOISE_MARGIN))
    return np.clip(np.round(fields), -127, 127).astype(np.int8)


def _to_frame(image: Image) -> Frame:
    # Rounds and clips in one go.
    return np.asarray(cv2.convertScaleAbs(image), np.uint8)
