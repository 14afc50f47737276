"""Frames: the room, the animals in it, what disturbs them, the sensor's noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from csds.errors import SimulationError
from csds.model.shapes import FloatArray
from csds.simulate.backdrop import Backdrop, Frame
from csds.simulate.cast import Cast
from csds.simulate.clock import Clock, steady_clock
from csds.simulate.effect import Effect, Moment
from csds.simulate.mouse import Poses
from csds.simulate.nuisance import build_effects
from csds.simulate.painting import to_frame
from csds.simulate.scene import Scene, frame_times
from csds.simulate.scenery import build_backdrops

_NOISE_FIELDS, _NOISE_MARGIN = 6, 48
# Video levels: what a decoder that follows the standard keeps apart.
_DARKEST, _BRIGHTEST = 16, 235


class Renderer:
    """Draws the frames of one scene, or of several that share a frame, in any order; each is the same every time.

    The camera takes exposures, and the recorder's clock makes frames of the file of them. Where
    frames are interlaced, the second fields' exposures follow after the first fields'.

    Light, noise and surroundings are the first scene's. The nuisances of all scenes act; of one that
    the first scene has too, only what happens within the arena.

    Parameters
    ----------
    scene : Scene
    *others : Scene
        Further arenas of the same frame, each with a name and a place of its own.

    Attributes
    ----------
    clock : Clock
        Which exposures the file's frames hold.
    casts : tuple of Cast
        The animals of each scene.

    Raises
    ------
    SimulationError
        Scenes that can't be in one frame.
    """

    def __init__(self, scene: Scene, *others: Scene) -> None:
        built = [build_effects(scene)]
        built += [_within_its_arena(*build_effects(other), scene) for other in others]
        scenes = tuple(scene for scene, _ in built)
        _check_frame(scenes)
        self._own_effects = tuple(effects for _, effects in built)
        self._effects = tuple(effect for effects in self._own_effects for effect in effects)
        self.clock = _clock_of(scenes[0], self._effects)
        self._exposed_s = _exposures(self.clock)
        rooms = [_affected(room, self._effects) for room in build_backdrops(scenes)]
        self.casts = tuple(
            Cast(one, room, effects, self._exposed_s)
            for one, room, effects in zip(scenes, rooms, self._own_effects, strict=True)
        )
        empty = rooms[0].grey.copy()
        for cast in self.casts:
            cast.draw_wires(empty)
        self._empty = to_frame(empty)
        self._noise = _noise_fields(self.scene)
        rng = self.scene.random("noise")
        self._noise_at = rng.integers(0, _NOISE_MARGIN, (len(self._exposed_s), 2))
        self._noise_of = rng.integers(0, _NOISE_FIELDS, len(self._exposed_s))

    @property
    def scene(self) -> Scene:
        """The first scene, as its nuisances changed it."""
        return self.casts[0].scene

    @property
    def poses(self) -> Poses:
        """The first scene's subject's poses, at each exposure."""
        return self.casts[0].poses

    @property
    def outlines_cm(self) -> FloatArray:
        """The outlines of the first scene's subject in arena cm, (n, k, 2), at each exposure."""
        return self.casts[0].outlines_cm

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
        for effect, moment in self._effects_at(exposure):
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

    def _effects_at(self, exposure: int) -> list[tuple[Effect, Moment]]:
        """Return all effects, each with the exposure as seen in its own arena."""
        return [
            (effect, moment)
            for cast, effects in zip(self.casts, self._own_effects, strict=True)
            if effects
            for moment in (cast.moment(exposure),)
            for effect in effects
        ]

    def _expose(self, exposure: int) -> Frame:
        effects = self._effects_at(exposure)
        image = self._empty
        for effect, moment in effects:
            if effect.under is not None:
                image = effect.under(image, moment)
        image = image.copy()
        for cast in self.casts:
            cast.draw(image, exposure)
        for effect, moment in effects:
            if effect.above is not None:
                image = effect.above(image, moment)
        for cast in self.casts:
            cast.draw_hands(image, exposure)
        first = self.casts[0].stagehand
        if first is not None:
            image = first.lit(image, float(self._exposed_s[exposure]))
        for effect, moment in effects:
            if effect.over is not None:
                image = effect.over(image, moment)
        image = self._with_noise(self._through_lens(image, float(self._exposed_s[exposure])), exposure)
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

    def _with_noise(self, image: Frame, index: int) -> Frame:
        if self._noise is not None:
            height, width = image.shape
            top, left = self._noise_at[index]
            field = self._noise[self._noise_of[index], top : top + height, left : left + width]
            return np.asarray(cv2.add(image, field, dtype=cv2.CV_8U), np.uint8)
        return image


def _within_its_arena(scene: Scene, effects: tuple[Effect, ...], first: Scene) -> tuple[Scene, tuple[Effect, ...]]:
    """Return a further scene of a frame without what the first one's nuisances already do to the whole picture."""
    shared = {nuisance.name for nuisance in first.nuisances}
    return scene, tuple(
        replace(effect, clock=None, light=None, over=None, lens=None, moves_s=(), sensor=None, recorder=None)
        if nuisance.name in shared
        else effect
        for nuisance, effect in zip(scene.nuisances, effects, strict=True)
    )


def _check_frame(scenes: tuple[Scene, ...]) -> None:
    names = [scene.arena.name for scene in scenes]
    if len(set(names)) < len(names):
        raise SimulationError(
            f"expected arenas of one frame with names of their own, found {', '.join(names)}",
            hint="name them A, B, C … in reading order",
        )
    first = scenes[0]
    for other in scenes[1:]:
        if other.arena.frame_size_px != first.arena.frame_size_px or not np.array_equal(
            frame_times(other), frame_times(first)
        ):
            raise SimulationError(
                f"expected arenas {first.arena.name} and {other.arena.name} in frames of one size and at the "
                "same times, found others",
                hint="give the scenes the same frame size, fps, duration, timing, phase and seed",
            )


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
