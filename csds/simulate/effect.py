"""What a nuisance is made of: the places at which it acts on a recording, and the registry of names.

A recording comes about in steps, and an effect may take part in any of them. In this order:

1. ``scene``: what is filmed (light, noise, encoding), before anything is drawn;
2. ``clock``: which pictures the recorder keeps and how it stamps them;
3. ``acts``, ``is_empty``, ``company``, ``target``: what the subject does besides walking, whether
   there is one at all, which other animals there are, and how the target moves;
4. ``light``: how much light falls on each place of the room, once;
5. ``room``: paint on the empty room under even light, once;
6. ``under``: a picture's room before the animals are drawn (things on the floor);
7. ``above``: a picture with its animals (things that hang over them);
8. ``over``: the same (changes of the light);
9. ``lens``: how the camera has moved;
10. ``sensor``: the picture with the sensor's noise;
11. ``recorder``: the finished frame (overlays).

Steps 6 to 10 happen for each exposure, step 11 for each frame. All take and return uint8 pictures and
don't change the one they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from csds.model.shapes import FloatArray
from csds.simulate.acts import Act
from csds.simulate.backdrop import Crop, Frame, Image, enclosure_outline_px, floor_outline_px, wall_top_px
from csds.simulate.clock import Clock
from csds.simulate.greys import Fur
from csds.simulate.mouse import Poses
from csds.simulate.painting import Painter
from csds.simulate.scene import Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One exposure, as an effect sees it.

    Parameters
    ----------
    index : int
        Number of the exposure.
    time_s : float
    subject_cm : (k, 2) array or None
        The subject's outline as seen, taken to the floor; None where there is no subject.
    rumps_cm : (n, 2) array
        Where the subject's tail begins at each of the n exposures, NaN where there is no subject, and
    exposed_s : (n,) array
        the times of these.
    painter : Painter
        Paints with the room's light.
    """

    index: int
    time_s: float
    subject_cm: FloatArray | None
    rumps_cm: FloatArray
    exposed_s: FloatArray
    painter: Painter


@dataclass(frozen=True, slots=True, kw_only=True)
class Animal:
    """One more animal: its outlines, (n, k, 2), and tails, (n, m, 2), at each exposure in arena cm, and its fur."""

    outlines_cm: FloatArray
    tails_cm: FloatArray
    fur: Fur


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Where and how a nuisance acts; None where it doesn't.

    ``lens`` returns the 3 × 3 matrix that takes image points to where the moved camera sees them at
    a time. ``moves_s`` are the times from which the camera stays at a new place; without them it
    only trembles about its old one. ``reach_cm`` is how far off the mesh the target's snout and tail
    may be seen.
    """

    scene: Callable[[Scene], Scene] | None = None
    clock: Callable[[Clock], Clock] | None = None
    acts: Callable[[Scene], Sequence[Act]] | None = None
    is_empty: bool = False
    company: Callable[[Scene, Poses], Animal] | None = None
    target: Callable[[Scene, Poses], Poses] | None = None
    reach_cm: float = 0.0
    light: Callable[[Image], Image] | None = None
    room: Callable[[Image], Image] | None = None
    under: Callable[[Frame, Moment], Frame] | None = None
    above: Callable[[Frame, Moment], Frame] | None = None
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

    def wall_share(self) -> Image:
        """Return the share of each pixel that is the inner face of a wall."""
        whole = self.whole(2)
        faces = whole.coverage([wall_top_px(self.scene)]) - whole.coverage([floor_outline_px(self.scene.arena)])
        return np.asarray(np.clip(faces, 0.0, 1.0), np.float32)

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
