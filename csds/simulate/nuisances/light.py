"""Light that changes, flickers or is kept off."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from csds.simulate.backdrop import Frame, Image
from csds.simulate.effect import Effect, Moment, Site, nuisance
from csds.simulate.greys import BLACK_LEVEL

#: Share of the light left in the enclosure's shadow, and the shadow's length in cm.
_SHADE, _SHADE_CM = 0.27, 11.0


@nuisance("flicker", "the light's brightness wavers")
def flicker(site: Site) -> Effect:
    """Mains flicker aliased by the camera to about 1.3 Hz, ± 5 % at strength 1, and a little at random."""
    phase = site.rng.uniform(0, 2 * np.pi)
    wobble = site.rng.normal(0.0, 0.012, 4096)

    def gain(moment: Moment) -> float:
        wave = 0.05 * np.sin(2 * np.pi * 1.3 * moment.time_s + phase) + wobble[moment.index % 4096]
        return 1.0 + site.strength * float(wave)

    return _lit(site, gain)


@nuisance("light_drift", "the light slowly grows or fades over the recording")
def light_drift(site: Site) -> Effect:
    """From 20 % below to 20 % above the usual light, or back, over the whole recording at strength 1."""
    half = site.strength * 0.20 * float(site.rng.choice([-1.0, 1.0]))
    length = site.scene.duration_s
    return _lit(site, lambda moment: 1.0 - half * float(np.cos(np.pi * min(moment.time_s / length, 1.0))))


@nuisance("light_step", "the light suddenly changes: a door, a lamp, a camera that regulates itself")
def light_step(site: Site) -> Effect:
    """One step or two, up and down, by 20 % at strength 1."""
    steps = site.moments(int(site.rng.integers(1, 3)))
    up = float(site.rng.choice([-1.0, 1.0]))

    def gain(moment: Moment) -> float:
        changed = int(np.searchsorted(steps, moment.time_s, side="right")) % 2
        return 1.0 + site.strength * 0.20 * up * changed

    return _lit(site, gain)


@nuisance("shadow", "somebody's shadow drifts over the arena")
def shadow(site: Site) -> Effect:
    """A soft edge that takes up to 30 % of the light from half of the picture at strength 1."""
    width, height = site.scene.arena.frame_size_px
    depth = min(0.9, 0.30 * site.strength)
    phase, period = site.rng.uniform(0, 2 * np.pi), 25.0
    angle = site.rng.uniform(-0.6, 0.6)
    x = (np.arange(width)[None] * np.cos(angle) + np.arange(height)[:, None] * np.sin(angle)).astype(np.float32)

    def over(frame: Frame, moment: Moment) -> Frame:
        edge = width * (0.05 + 0.45 * np.sin(2 * np.pi * moment.time_s / period + phase))
        soft = np.clip((x - edge) / (0.15 * width), 0.0, 1.0)
        return np.asarray(frame * (1.0 - depth * (1.0 - soft)), np.uint8)

    return Effect(over=over)


@nuisance("enclosure_shadow", "the enclosure's dark shadow lies on the floor where the subject walks")
def enclosure_shadow(site: Site) -> Effect:
    """A quarter of the light is left within 11 cm at strength 1: the floor there is nearly as dark as black fur.

    What walks through the shadow is darker too. The enclosure itself is open to the light above.
    """
    scene = site.scene
    if scene.enclosure is None:
        return Effect()
    (foot,) = scene.enclosure.outlines()
    aside = float(site.room_rng.uniform(-0.5, 0.5)) * _SHADE_CM
    top = foot + np.array([aside, _SHADE_CM])
    hull = cv2.convexHull(np.concatenate([foot, top]).astype(np.float32)).reshape(-1, 2)
    share = site.whole(2).coverage([np.column_stack(scene.arena.to_px(hull[:, 0], hull[:, 1]))])
    # A lamp has some width: the edge is soft by half a centimetre.
    share = cv2.GaussianBlur(share, (0, 0), max(0.8, 0.25 * scene.arena.px_per_cm)) * site.floor_share()
    left = _SHADE**site.strength

    def light(gain: Image) -> Image:
        return np.asarray(gain * (1.0 - (1.0 - left) * share), np.float32)

    return Effect(light=light)


def _lit(site: Site, gain: Callable[[Moment], float]) -> Effect:
    """Return the effect of light that is everywhere ``gain`` times the usual."""
    black = BLACK_LEVEL[site.scene.light]

    def over(frame: Frame, moment: Moment) -> Frame:
        light = max(0.05, gain(moment))
        return np.asarray(cv2.convertScaleAbs(frame, alpha=light, beta=black * (1.0 - light)), np.uint8)

    return Effect(over=over)
