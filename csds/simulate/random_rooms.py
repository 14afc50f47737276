"""Rooms drawn at random from wide ranges, for benchmarks: each a pure function of its seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from csds.model.protocol import Protocol
from csds.protocol.zones import enclosure_shape
from csds.simulate.box import Box
from csds.simulate.boxes import box_of
from csds.simulate.greys import FURS, LIGHT_GAIN
from csds.simulate.layout import arena_name, arena_of
from csds.simulate.motion import PLACES
from csds.simulate.nuisance import NUISANCES
from csds.simulate.random_boxes import Look, draw_boxes, draw_lean, draw_look, draw_protocol
from csds.simulate.scene import Encoding, Nuisance, Scene

#: Columns and rows of arenas in a frame, and how often each is drawn.
_LAYOUTS = (((1, 1), 10), ((2, 1), 3), ((1, 2), 2), ((2, 2), 2), ((3, 2), 1), ((2, 3), 1), ((4, 2), 1))
#: Nuisances that are for errors, not for tracks.
_NO_TRACK = frozenset({"no_mouse", "two_mice"})
#: Grey levels of the picture between fur and floor, at least, under full light.
_LEAST_CONTRAST = 25.0
#: Grey levels under even light between floor and cage, at least.
_CAGE_CONTRAST = 50.0
_ABSENT, _PRESENT = ("explore", "avoid", "mostly_still"), ("social", "avoid", "mostly_still", "still", "explore")


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomRoom:
    """A room that was drawn, in both phases.

    Parameters
    ----------
    protocol : Protocol
        What is known about the room before anybody has looked: sizes of floor and enclosure.
    absent, present : tuple of Scene
        One scene an arena, in reading order; see `csds.simulate.recording.simulate_arenas`.
    """

    protocol: Protocol
    absent: tuple[Scene, ...]
    present: tuple[Scene, ...]


def random_room(
    seed: int,
    *,
    arenas: int | None = None,
    floor: str | None = None,
    most_turn_deg: float = 12.0,
    duration_s: float = 20.0,
) -> RandomRoom:
    """Return a room that a person could settle: geometry, greys, light and camera are drawn.

    Tilted and turned cameras, dim infrared, black and white boxes, wood and clear perspex, lines on
    the floor, one to eight arenas, any enclosure at any wall.

    Parameters
    ----------
    seed : int
    arenas : int, optional
        Number of arenas in the frame; drawn by default.
    floor : str, optional
        Shape of the floors, ``rectangle`` or ``circle``; drawn by default.
    most_turn_deg : float
        How far the camera may be turned.
    duration_s : float
        Of each phase.

    Examples
    --------
    >>> [len(random_room(3, arenas=4).absent), random_room(3) == random_room(3)]
    [4, True]
    """
    rng = np.random.default_rng([seed, 1])
    layouts = [(grid, weight) for grid, weight in _LAYOUTS if arenas in (None, grid[0] * grid[1])]
    weights = np.array([weight for _, weight in layouts], float)
    grid = layouts[int(rng.choice(len(layouts), p=weights / weights.sum()))][0]
    look = draw_look(rng)
    # Drawn once, so that rooms which are hard to show aren't turned into straight ones.
    lean = draw_lean(rng, most_turn_deg, alone=grid == (1, 1))
    boxes = None
    while boxes is None:
        protocol = draw_protocol(rng)
        if floor in (None, protocol.arena_shape):
            boxes = draw_boxes(rng, protocol, grid, look, lean)
    return room_of(rng, seed, protocol, look, boxes, duration_s)


def random_scene(seed: int, *, nuisances: Sequence[str] | None = None, duration_s: float = 20.0) -> RandomRoom:
    """Return a room with one arena for tracking: geometry, contrast, nuisances and behaviour are drawn.

    Parameters
    ----------
    seed : int
    nuisances : sequence of str, optional
        Names of the nuisances to put in, at their usual strength; by default none, one or two are drawn
        of those that leave one mouse to track.
    duration_s : float
        Of each phase.
    """
    rng = np.random.default_rng([seed, 2])
    if nuisances is None:
        count = int(rng.choice(3, p=(0.3, 0.4, 0.3)))
        names = sorted(name for name in NUISANCES if name not in _NO_TRACK)
        nuisances = [str(name) for name in rng.choice(names, count, replace=False)]
    put_in = tuple(Nuisance(name=name) for name in nuisances)
    contrast = float(rng.choice([1.0, rng.uniform(0.0, 1.0)]))
    room = random_room(int(rng.integers(2**31)), arenas=1, duration_s=duration_s)
    absent, present = (
        tuple(replace(_with_contrast(scene, contrast), nuisances=put_in) for scene in scenes)
        for scenes in (room.absent, room.present)
    )
    return replace(room, absent=absent, present=present)


def _with_contrast(scene: Scene, contrast: float) -> Scene:
    """Return the scene with its floor drawn towards the fur's grey: all of its contrast at 1, the least at 0."""
    fur, box = FURS[scene.coat, scene.light].body, box_of(scene)
    least = _LEAST_CONTRAST / LIGHT_GAIN[scene.light] * (1 if scene.floor_grey > fur else -1)
    floor = float(fur + least + contrast * (scene.floor_grey - fur - least))
    if abs(box.cage.grey - floor) < _CAGE_CONTRAST:
        grey = floor - _CAGE_CONTRAST if floor > 100 else floor + _CAGE_CONTRAST
        box = replace(box, cage=replace(box.cage, grey=grey))
    return replace(scene, floor_grey=floor, box=box)


def room_of(
    rng: np.random.Generator, seed: int, protocol: Protocol, look: Look, boxes: tuple[Box, ...], duration_s: float
) -> RandomRoom:
    """Return a room with those boxes, its animals' behaviour and its camera's files drawn."""
    enclosure = enclosure_shape(protocol, protocol.arena_width_cm, protocol.arena_height_cm)
    fps = float(rng.choice((15.0, 25.0, 30.0)))
    encoding = Encoding(bitrate_kbps=int(rng.choice((1500, 3000, 6000))))
    phases: dict[bool, list[Scene]] = {False: [], True: []}
    for number, box in enumerate(boxes):
        length, place = float(rng.uniform(7.8, 9.2)), str(rng.choice(PLACES))
        for present, behaviours in ((False, _ABSENT), (True, _PRESENT)):
            phases[present].append(
                Scene(
                    arena=arena_of(box, protocol, arena_name(number)),
                    enclosure=enclosure,
                    target_present=present,
                    behaviour=str(rng.choice(behaviours)),
                    place=place,
                    coat=look.coat,
                    body_length_cm=length,
                    fps=fps,
                    duration_s=duration_s,
                    floor_grey=look.floor,
                    wall_grey=look.wall,
                    outside_grey=look.outside,
                    light=look.light,
                    noise_sigma=look.noise,
                    vignette=look.vignette,
                    encoding=encoding,
                    box=box,
                    seed=seed,
                )
            )
    return RandomRoom(protocol=protocol, absent=tuple(phases[False]), present=tuple(phases[True]))
