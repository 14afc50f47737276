"""Cameras that tremble, are knocked, or are set wrongly."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from csds.model.shapes import FloatArray
from csds.simulate.backdrop import Frame
from csds.simulate.effect import Effect, Site, nuisance
from csds.simulate.greys import BLACK_LEVEL, FURS, LIGHT_GAIN
from csds.simulate.scene import Scene

#: Frequencies of a trembling camera, Hz: a fan, footsteps, a shelf that swings.
_TREMBLE_HZ = (3.0, 14.0)
#: Amplitude of the trembling (SD along x and along y) in px of a frame 640 wide: always, and in a burst.
_TREMBLE_PX, _BURST_PX = 0.5, 1.5
#: A knocked camera's shift at strength 1 in cm on the floor, and its turn in degrees: least and most.
_BUMP_CM, _BUMP_DEG = (0.5, 2.0), (0.3, 1.5)
#: Distance over which overexposed ground bleeds, cm, and how much of it does.
_BLEED_CM, _BLEED = 0.18, 0.85


@nuisance("vignette", "light falls off towards the frame's corners")
def vignette(site: Site) -> Effect:
    """Half of the light lost in the corners at strength 1."""
    lost = min(0.9, 0.5 * site.strength)
    return Effect(scene=lambda scene: replace(scene, vignette=max(scene.vignette, lost)))


@nuisance("shake", "the camera trembles, now and then more")
def shake(site: Site) -> Effect:
    """Trembles by 0.5 px (SD) all the time, in bursts of half a second by 1.5 px, at 3 to 14 Hz.

    The pixels are those of a frame 640 wide; others tremble in proportion.
    """
    px = site.strength * site.scene.arena.frame_size_px[0] / 640.0
    hz = site.rng.uniform(*_TREMBLE_HZ, (2, 6))
    phase = site.rng.uniform(0, 2 * np.pi, (2, 6))
    bursts = site.moments(site.count(6.0))

    def lens(time_s: float) -> FloatArray:
        swing = np.sin(2 * np.pi * hz * time_s + phase).sum(axis=1) / np.sqrt(3.0)
        burst = float(np.exp(-(((time_s - bursts) / 0.3) ** 2)).max(initial=0.0))
        return _moved(site.scene, px * (_TREMBLE_PX + (_BURST_PX - _TREMBLE_PX) * burst) * swing, 0.0)

    return Effect(lens=lens)


@nuisance("bump_within", "somebody knocks the camera in the middle of the recording")
def bump_within(site: Site) -> Effect:
    """Shifted by 0.5 to 2 cm and turned by up to 1.5 degrees, once, in the middle 60 % of the recording."""
    after = _bump(site)
    at = float(site.rng.uniform(0.2, 0.8)) * site.scene.duration_s
    return Effect(lens=lambda time_s: after if time_s >= at else np.eye(3), moves_s=(at,))


@nuisance("bump_between", "the camera was knocked between the two phases")
def bump_between(site: Site) -> Effect:
    """With the target present, everything is shifted by 0.5 to 2 cm and turned by up to 1.5 degrees."""
    after = _bump(site)
    if not site.scene.target_present:
        return Effect()
    return Effect(lens=lambda _: after, moves_s=(0.0,))


@nuisance("low_contrast", "fur and floor are almost of one grey")
def low_contrast(site: Site) -> Effect:
    """A floor within 12 grey levels of the fur as the camera sees them at strength 1, within 6 at 2."""
    if site.strength == 0:
        return Effect()

    def scene(scene: Scene) -> Scene:
        fur = FURS[scene.coat, scene.light]
        farthest = 12.0 / site.strength / LIGHT_GAIN[scene.light]
        # The sheen on the back is a little lighter than the rest: even what differs more is within the 12.
        middle, half = (fur.body + fur.sheen) / 2, abs(fur.sheen - fur.body) / 2
        apart = max(0.0, farthest - half) * (1 if scene.floor_grey > middle else -1)
        # At a low strength the contrast may be less without.
        usual = scene.floor_grey - middle
        return replace(scene, floor_grey=middle + (apart if abs(apart) < abs(usual) else usual))

    return Effect(scene=scene)


@nuisance("overexposure", "the bright ground is burnt out and bleeds over the animal's rim")
def overexposure(site: Site) -> Effect:
    """The brighter of floor and fur is exposed to 20 % above white at strength 1, and bleeds by 2 mm."""
    scene, light = site.scene, site.scene.light
    black = BLACK_LEVEL[light]
    brightest = max(scene.floor_grey, FURS[scene.coat, light].body) * LIGHT_GAIN[light]
    gain = 1.0 + site.strength * max(0.0, 1.2 * (235.0 - black) / brightest - 1.0)
    bleed_px = max(0.8, _BLEED_CM * scene.arena.px_per_cm)

    def sensor(frame: Frame) -> Frame:
        exposed = np.asarray(cv2.convertScaleAbs(frame, alpha=gain, beta=black * (1.0 - gain)), np.uint8)
        if site.strength == 0:
            return exposed
        glow = cv2.convertScaleAbs(cv2.GaussianBlur(exposed, (0, 0), bleed_px), alpha=_BLEED)
        return np.asarray(np.maximum(exposed, glow), np.uint8)

    return Effect(sensor=sensor)


def _bump(site: Site) -> FloatArray:
    """Return where a knock takes the picture: the same in both phases of a room."""
    rng, arena = site.room_rng, site.scene.arena
    angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(*_BUMP_CM) * arena.px_per_cm
    turn = float(rng.choice([-1.0, 1.0]) * rng.uniform(*_BUMP_DEG))
    return _moved(
        site.scene, site.strength * far * np.array([np.cos(angle), np.sin(angle)]), site.strength * np.deg2rad(turn)
    )


def _moved(scene: Scene, shift_px: FloatArray, turn_rad: float) -> FloatArray:
    """Return the matrix that turns the picture about its middle and shifts it."""
    width, height = scene.arena.frame_size_px
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    turn = np.array([(np.cos(turn_rad), -np.sin(turn_rad)), (np.sin(turn_rad), np.cos(turn_rad))])
    matrix = np.eye(3)
    matrix[:2, :2] = turn
    matrix[:2, 2] = middle - turn @ middle + shift_px
    return matrix
