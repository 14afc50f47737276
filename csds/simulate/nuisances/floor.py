"""Things that lie on the floor, or come to lie there."""

from __future__ import annotations

import cv2
import numpy as np

from csds.model.shapes import FloatArray
from csds.simulate.backdrop import Frame, Image, bounding_crop, floor_outline_px
from csds.simulate.effect import Effect, Moment, Site, nuisance

#: Share of the marks that lie there when the recording begins.
_OLD = 0.25


@nuisance("bedding", "grains of bedding on the floor")
def bedding(site: Site) -> Effect:
    """Light and dark chips of 2 to 5 mm, over the whole floor, the enclosure's too."""
    width, height = site.scene.arena.frame_size_px
    chip = max(1.0, 0.16 * site.scene.arena.px_per_cm)
    noise = site.room_rng.normal(0.0, 1.0, (height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), chip) - 0.5 * cv2.GaussianBlur(noise, (0, 0), 2.0 * chip)
    grains = np.clip(smooth / smooth.std(), -2.2, 2.2)
    share = site.whole(2).coverage([floor_outline_px(site.scene.arena)])
    depth = np.float32(0.13 * site.strength)

    def room(image: Image) -> Image:
        return np.asarray(image * (1.0 + depth * share * grains), np.float32)

    return Effect(room=room)


@nuisance("droppings", "dark droppings on the floor, more and more of them")
def droppings(site: Site) -> Effect:
    """About twelve pellets of 6 × 2.5 mm at strength 1; each falls where the mouse is, and stays."""
    count = round(12 * site.strength)
    turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    angle = site.rng.uniform(0, np.pi, (count, 1))
    along, across = 0.30 * np.cos(turn), 0.125 * np.sin(turn)
    shapes = np.stack(
        [along * np.cos(angle) - across * np.sin(angle), along * np.sin(angle) + across * np.cos(angle)], axis=2
    )
    grey = 0.45 if site.scene.floor_grey > 100 else 1.6
    return _left_behind(site, shapes, np.full(count, grey), soft_cm=0.0)


@nuisance("urine", "marks of urine on the floor, more and more of them, darker or shinier than it")
def urine(site: Site) -> Effect:
    """About six puddles of 1 to 4 cm at strength 1, a third off the floor's grey; each comes where the mouse is."""
    count = round(6 * site.strength)
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    size = site.rng.uniform(0.5, 2.0, (count, 1))
    # A few lobes: puddles are not round.
    lobes = site.rng.normal(0.0, 0.10, (count, 1, 3)) * np.cos(
        np.arange(2, 5) * turn[None, :, None] + site.rng.uniform(0, 2 * np.pi, (count, 1, 3))
    )
    radius = size * np.clip(0.85 + lobes.sum(axis=2), 0.4, 1.0)
    shapes = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=2)
    greys = site.rng.choice([0.66, 0.66, 1.35], count)
    return _left_behind(site, shapes, greys, soft_cm=0.12)


def _left_behind(site: Site, shapes_cm: FloatArray, greys: FloatArray, *, soft_cm: float) -> Effect:
    """Return the effect of marks, each of which appears at its time under the mouse's rump and stays.

    Parameters
    ----------
    site : Site
    shapes_cm : (n, k, 2) array
        Outlines about where they fall.
    greys : (n,) array
        The floor's grey is multiplied by these.
    soft_cm : float
        Softness of the edges.
    """
    scene, rng, count = site.scene, site.rng, len(shapes_cm)
    times = np.sort(rng.uniform(-_OLD, 1.0, count)) * scene.duration_s
    width, height = scene.arena.width_cm, scene.arena.height_cm
    old = np.column_stack([rng.uniform(0.06, 0.94, count) * width, rng.uniform(0.30, 0.96, count) * height])
    on_floor, size = site.floor_share(), scene.arena.frame_size_px
    layers: dict[int, Image] = {}

    def draw(fallen: int, moment: Moment) -> Image:
        layer = np.ones(on_floor.shape, np.float32)
        seen_at = np.minimum(np.searchsorted(moment.exposed_s, times), len(moment.exposed_s) - 1)
        for mark in range(fallen):
            at = moment.rumps_cm[seen_at[mark]] if times[mark] >= 0 else old[mark]
            if np.isnan(at).any():
                continue
            outline = np.column_stack(scene.arena.to_px(*(shapes_cm[mark] + at).T))
            soft_px = soft_cm * scene.arena.px_per_cm
            crop = bounding_crop(outline, size, scale=4, margin=3 + int(3 * soft_px))
            if crop is None:
                continue
            share = crop.coverage([outline])
            if soft_px > 0:
                share = np.asarray(cv2.GaussianBlur(share, (0, 0), soft_px), np.float32)
            layer[crop.window] *= 1.0 + np.float32(greys[mark] - 1.0) * share * on_floor[crop.window]
        return layer

    def under(frame: Frame, moment: Moment) -> Frame:
        fallen = int(np.searchsorted(times, moment.time_s, side="right"))
        if fallen == 0:
            return frame
        if fallen not in layers:
            layers.clear()
            layers[fallen] = draw(fallen, moment)
        return np.asarray(cv2.convertScaleAbs(frame * layers[fallen]), np.uint8)

    return Effect(under=under)
