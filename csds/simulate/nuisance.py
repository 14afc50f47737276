"""What goes wrong in real recordings, by name.

Each nuisance is one function that takes a `Site` and returns an `Effect`; ``@nuisance`` puts it
into `NUISANCES`. An effect may act at any of four places, in this order:

1. ``scene``: changes what is filmed (light, noise, encoding) before anything is drawn;
2. ``room``: paints on the empty room under even light, once;
3. ``under``: changes a frame's room before the animals are drawn (things on the floor);
4. ``over``: changes a frame with its animals, before the sensor's noise (light, lens, overlays).

``under`` and ``over`` take and return a uint8 frame and must not change the one they are given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.errors import SimulationError, UsageError
from csds.model.shapes import FloatArray
from csds.simulate.backdrop import Crop, Image, enclosure_outline_px, floor_outline_px
from csds.simulate.scene import Nuisance, Scene

Frame = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One frame, as an effect sees it: its number, its time, and the subject's outline in pixels."""

    index: int
    time_s: float
    subject_px: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Where and how a nuisance acts; None where it doesn't."""

    scene: Callable[[Scene], Scene] | None = None
    room: Callable[[Image], Image] | None = None
    under: Callable[[Frame, Moment], Frame] | None = None
    over: Callable[[Frame, Moment], Frame] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a nuisance may look at when it is set up.

    ``rng`` is the same in both phases of a room where ``scene.random("room")`` is; the one given
    here differs by phase.
    """

    scene: Scene
    strength: float
    rng: np.random.Generator
    room_rng: np.random.Generator

    def floor_share(self) -> Image:
        """Return the share of each pixel that is floor outside the enclosure."""
        width, height = self.scene.arena.frame_size_px
        whole = Crop(left=0, top=0, width=width, height=height, scale=2)
        share = whole.coverage([floor_outline_px(self.scene.arena)])
        if self.scene.enclosure is not None:
            share = share - whole.coverage([enclosure_outline_px(self.scene.arena, self.scene.enclosure)])
        return np.asarray(np.clip(share, 0.0, 1.0), np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class NuisanceKind:
    """A registered nuisance."""

    name: str
    meaning: str
    build: Callable[[Site], Effect]


NUISANCES: dict[str, NuisanceKind] = {}


def nuisance(name: str, meaning: str) -> Callable[[Callable[[Site], Effect]], Callable[[Site], Effect]]:
    """Register a nuisance under a name."""

    def register(build: Callable[[Site], Effect]) -> Callable[[Site], Effect]:
        NUISANCES[name] = NuisanceKind(name=name, meaning=meaning, build=build)
        return build

    return register


def build_effects(scene: Scene) -> tuple[Scene, tuple[Effect, ...]]:
    """Return the scene as its nuisances change it, and their effects in the order given.

    Raises
    ------
    SimulationError
        A name that isn't registered, or a negative strength.
    """
    effects = []
    for number, wanted in enumerate(scene.nuisances):
        kind = NUISANCES.get(wanted.name)
        if kind is None:
            raise SimulationError(
                f"unknown nuisance '{wanted.name}'", hint=f"choose among: {', '.join(sorted(NUISANCES))}"
            )
        if not wanted.strength >= 0:
            raise SimulationError(
                f"expected a strength of 0 or more for nuisance '{wanted.name}', found {wanted.strength}",
                hint="0 is none, 1 is usual, 2 is twice as bad",
            )
        site = Site(
            scene=scene,
            strength=wanted.strength,
            rng=np.random.default_rng([scene.seed, 100 + number, int(scene.target_present)]),
            room_rng=np.random.default_rng([scene.seed, 100 + number]),
        )
        effects.append(kind.build(site))
    for effect in effects:
        if effect.scene is not None:
            scene = effect.scene(scene)
    return scene, tuple(effects)


def parse_nuisance(text: str) -> Nuisance:
    """Return a nuisance from ``name`` or ``name=strength``.

    Raises
    ------
    UsageError
        The strength is not a number, or the name is not registered.

    Examples
    --------
    >>> parse_nuisance("bedding=0.5")
    Nuisance(name='bedding', strength=0.5)
    """
    name, _, strength = text.partition("=")
    if name not in NUISANCES:
        raise UsageError(f"unknown nuisance '{name}'", hint=f"choose among: {', '.join(sorted(NUISANCES))}")
    try:
        return Nuisance(name=name, strength=float(strength) if strength else 1.0)
    except ValueError as error:
        raise UsageError(
            f"expected a number as the strength of '{name}', found '{strength}'", hint=f"write {name}=1.0"
        ) from error


@nuisance("bedding", "grains of bedding on the floor")
def bedding(site: Site) -> Effect:
    """Light and dark chips of 2 to 5 mm, over the whole floor, the enclosure's too."""
    width, height = site.scene.arena.frame_size_px
    chip = max(1.0, 0.16 * site.scene.arena.px_per_cm)
    noise = site.room_rng.normal(0.0, 1.0, (height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), chip) - 0.5 * cv2.GaussianBlur(noise, (0, 0), 2.0 * chip)
    grains = np.clip(smooth / smooth.std(), -2.2, 2.2)
    whole = Crop(left=0, top=0, width=width, height=height, scale=2)
    share = whole.coverage([floor_outline_px(site.scene.arena)])
    depth = np.float32(0.13 * site.strength)

    def room(image: Image) -> Image:
        return np.asarray(image * (1.0 + depth * share * grains), np.float32)

    return Effect(room=room)


@nuisance("vignette", "light falls off towards the frame's corners")
def vignette(site: Site) -> Effect:
    """Half of the light lost in the corners at strength 1."""
    lost = min(0.9, 0.5 * site.strength)
    return Effect(scene=lambda scene: replace(scene, vignette=max(scene.vignette, lost)))


@nuisance("droppings", "dark droppings on the floor, more and more of them")
def droppings(site: Site) -> Effect:
    """About twelve pellets of 6 × 2.5 mm at strength 1; each appears at its time and stays."""
    scene, rng = site.scene, site.rng
    count = max(1, round(12 * site.strength))
    x = rng.uniform(0.06, 0.94, count) * scene.arena.width_cm
    y = rng.uniform(0.30, 0.96, count) * scene.arena.height_cm
    times = np.sort(rng.uniform(-0.3, 1.0, count)) * scene.duration_s
    turn = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    angle = rng.uniform(0, np.pi, count)
    along, across = 0.30 * np.cos(turn), 0.125 * np.sin(turn)
    pellets = [
        np.column_stack(
            scene.arena.to_px(x[i] + along * np.cos(angle[i]) - across * np.sin(angle[i]),
                              y[i] + along * np.sin(angle[i]) + across * np.cos(angle[i]))
        )
        for i in range(count)
    ]  # fmt: skip
    grey = 0.45 if scene.floor_grey > 100 else 1.6
    width, height = scene.arena.frame_size_px
    whole = Crop(left=0, top=0, width=width, height=height, scale=4)
    layers: dict[int, Image] = {}

    def under(frame: Frame, moment: Moment) -> Frame:
        fallen = int(np.searchsorted(times, moment.time_s, side="right"))
        if fallen not in layers:
            layers.clear()
            layers[fallen] = 1.0 + np.float32(grey - 1.0) * whole.coverage(pellets[:fallen])
        return np.asarray(np.clip(frame * layers[fallen], 0, 255), np.uint8)

    return Effect(under=under)


@nuisance("flicker", "the light's brightness wavers")
def flicker(site: Site) -> Effect:
    """Mains flicker aliased by the camera to about 1.3 Hz, ± 5 % at strength 1, and a little at random."""
    phase = site.rng.uniform(0, 2 * np.pi)
    wobble = site.rng.normal(0.0, 0.012, 4096)

    def over(frame: Frame, moment: Moment) -> Frame:
        wave = 0.05 * np.sin(2 * np.pi * 1.3 * moment.time_s + phase) + wobble[moment.index % 4096]
        return np.asarray(cv2.convertScaleAbs(frame, alpha=1.0 + site.strength * float(wave)), np.uint8)

    return Effect(over=over)


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


@nuisance("time_overlay", "the recorder burns a running clock into the picture")
def time_overlay(site: Site) -> Effect:
    """White digits on black at the lower left, larger with strength."""
    _, height = site.scene.arena.frame_size_px
    size = site.strength * height / 700.0

    def over(frame: Frame, moment: Moment) -> Frame:
        if size <= 0:
            return frame
        drawn = frame.copy()
        text = f"2026-03-14 10:{int(moment.time_s // 60) % 60:02d}:{moment.time_s % 60:06.3f}"
        bar = int(34 * size)
        cv2.rectangle(drawn, (0, height - bar), (int(440 * size), height), 16, -1)
        cv2.putText(
            drawn, text, (4, height - int(9 * size)), cv2.FONT_HERSHEY_SIMPLEX, size, 235, max(1, int(2 * size))
        )
        return drawn

    return Effect(over=over)
