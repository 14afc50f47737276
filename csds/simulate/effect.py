"""What a nuisance is made of: the places at which it acts on a recording, and the registry of names.

A recording comes about in steps, and an effect may take part in any of them. In this order:

1. ``scene``: what is filmed (light, noise, encoding), before anything is drawn;
2. ``clock``: which pictures the recorder keeps and how it stamps them;
3. ``light``: how much light falls on each place of the room, once;
4. ``room``: paint on the empty room under even light, once;
5. ``under``: a picture's room before the animals are drawn (things on the floor);
6. ``over``: a picture with its animals (things above them, changes of the light);
7. ``lens``: how the camera has moved;
8. ``sensor``: the picture with the sensor's noise;
9. ``recorder``: the finished frame (overlays).

Steps 5 to 8 happen for each exposure, step 9 for each frame. All take and return uint8 pictures and
don't change the one they are given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from csds.model.shapes import FloatArray
from csds.simulate.backdrop import Crop, Image, enclosure_outline_px, floor_outline_px
from csds.simulate.clock import Clock
from csds.simulate.scene import Scene

Frame = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One exposure, as an effect sees it.

    Parameters
    ----------
    index : int
        Number of the exposure.
    time_s : float
    subject_px : (k, 2) array
        The subject's outline.
    rumps_cm : (n, 2) array
        Where the subject's tail begins at each of the n exposures, and
    exposed_s : (n,) array
        the times of these.
    """

    index: int
    time_s: float
    subject_px: FloatArray
    rumps_cm: FloatArray
    exposed_s: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Where and how a nuisance acts; None where it doesn't.

    ``lens`` returns the 3 × 3 matrix that takes image points to where the moved camera sees them at
    a time. ``moves_s`` are the times from which the camera stays at a new place; without them it
    only trembles about its old one.
    """

    scene: Callable[[Scene], Scene] | None = None
    clock: Callable[[Clock], Clock] | None = None
    light: Callable[[Image], Image] | None = None
    room: Callable[[Image], Image] | None = None
    under: Callable[[Frame, Moment], Frame] | None = None
    over: Callable[[Frame, Moment], Frame] | None = None
    lens: Callable[[float], FloatArray] | None = None
    moves_s: tuple[float, ...] = ()
    sensor: Callable[[Frame], Frame] | None = None
    recorder: Callable[[Frame, Moment], Frame] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a nuisance may look at when it is set up.

    ``room_rng`` is the same in both phases of a room, ``rng`` differs.
    """

    scene: Scene
    strength: float
    rng: np.random.Generator
    room_rng: np.random.Generator

    def whole(self, scale: int) -> Crop:
        """Return the whole frame as a crop to be drawn on at ``scale`` times its size."""
        width, height = self.scene.arena.frame_size_px
        return Crop(left=0, top=0, width=width, height=height, scale=scale)

    def floor_share(self) -> Image:
        """Return the share of each pixel that is floor outside the enclosure."""
        whole = self.whole(2)
        share = whole.coverage([floor_outline_px(self.scene.arena)])
        if self.scene.enclosure is not None:
            share = share - whole.coverage([enclosure_outline_px(self.scene.arena, self.scene.enclosure)])
        return np.asarray(np.clip(share, 0.0, 1.0), np.float32)

    def count(self, per_minute: float) -> int:
        """Return how often something happens at this strength: at least once, but never at strength 0."""
        if self.strength == 0:
            return 0
        return max(1, round(per_minute * self.strength * self.scene.duration_s / 60.0))

    def moments(self, count: int) -> FloatArray:
        """Return times at random in seconds, ascending, spread over the recording but for its ends."""
        edges = np.linspace(0.08, 0.92, count + 1) * self.scene.duration_s
        return np.asarray(self.rng.uniform(edges[:-1], edges[1:]), float)


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
