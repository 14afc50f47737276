"""Strips along the sides of floors in random rooms, with what is to be read off them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np

from benchmarks.arenas import film
from csds.arena.find import see
from csds.arena.geometry import shared
from csds.arena.hypotheses import quads_at_places
from csds.arena.look import Looker, View
from csds.arena.sides import sides_within
from csds.arena.strips import ENCLOSURE, SIDE, strips_of, units_of
from csds.model.arena import Arena
from csds.model.protocol import EnclosureSpec
from csds.model.shapes import FloatArray
from csds.protocol.zones import enclosure_shape
from csds.simulate.random_boxes import draw_look, draw_protocol
from csds.simulate.random_rooms import RandomRoom, random_room
from csds.simulate.scene import Scene, Wall, corners

#: Right floors that are moved about in each arena; how far their sides are, in units (a little or more), and are turned
#: beside that; and how often a side is moved.
_MOVED, _FAR, _TURNED, _OFTEN = 12, (0.2, 1.5), 0.25, 0.75
#: Nothing is an arena's that shares no more than this with it; and what is as large, to this factor, and as near, in
#: sides, is its own.
_NOTHING, _AS_LARGE, _NEAR = 0.05, 1.33, 0.25
#: Beyond this, in units, a strip doesn't show a wall well enough to tell what stands at it.
_WELL_SEEN = 4.0
_NOWHERE = 99.0
#: Walls at which the enclosure stands in plain rooms.
_WALLS: tuple[Wall, ...] = ("top", "right", "bottom", "left")
#: Frames that plain rooms are filmed in.
_FRAMES = ((640, 480), (720, 576), (320, 240), (1280, 960))


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Strips with what is to be read off them.

    Parameters
    ----------
    seen : (n, channels, rows, places) float16
    views : (n, terms) float32
    ends : (n, 2) float32
        Where the floor's edge is at the side's left and right end, in units inwards; far out where there is none.
    enclosure : (n, 3) float32
        1 where the enclosure stands at this side and 0 where it doesn't; the logarithms of its width and depth beside
        `csds.arena.strips.ENCLOSURE`. Nan where that isn't known.
    """

    seen: np.ndarray
    views: np.ndarray
    ends: np.ndarray
    enclosure: np.ndarray

    @staticmethod
    def joined(parts: list[Examples]) -> Examples:
        """Return the examples of several rooms together."""
        names = [field.name for field in fields(Examples)]
        return Examples(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def examples_of(seed: int, *, is_plain: bool = False, keep: Path | None = None) -> Examples | None:
    """Return the examples of a random room, or a plain one, whose floors are square or oblong; None for others."""
    kept = keep / f"{'plain' if is_plain else 'room'}_{seed}.npz" if keep else None
    if kept is not None and kept.is_file():
        with np.load(kept, allow_pickle=False) as arrays:
            return Examples(**arrays)
    room = plain_room(seed) if is_plain else random_room(seed, duration_s=60.0)
    if room.protocol.arena_shape == "circle" or room.protocol.enclosure is None:
        return None
    view = see([film(room.absent), film(room.present)], room.protocol)
    floors = [view.phases[0].from_frame(np.array(scene.arena.corners_px)) for scene in room.absent]
    examples = _examples(view, room.protocol.enclosure, floors, np.random.default_rng([seed, 7]))
    if kept is not None:
        np.savez(kept, **{name: getattr(examples, name) for name in (field.name for field in fields(Examples))})
    return examples


def plain_room(seed: int) -> RandomRoom:
    """Return a room with one square floor and plain walls, drawn in another way than random rooms are."""
    rng = np.random.default_rng([seed, 8])
    protocol = draw_protocol(rng)
    while protocol.arena_shape == "circle" or protocol.arena_width_cm != protocol.arena_height_cm:
        protocol = draw_protocol(rng)
    look, frame = draw_look(rng), _FRAMES[int(rng.integers(len(_FRAMES)))]
    wall, lean = _WALLS[int(rng.integers(4))], float(rng.choice([0.0, rng.uniform(0, 0.25)]))
    place = corners(
        frame, wall=wall, margin=float(rng.uniform(0.05, 0.25)), turn_deg=float(rng.normal(0, 3)), tilt=lean
    )
    arena = Arena(
        name="A",
        shape="rectangle",
        corners_px=place,
        width_cm=protocol.arena_width_cm,
        height_cm=protocol.arena_height_cm,
        frame_size_px=frame,
    )
    scenes = [
        Scene(
            arena=arena,
            enclosure=enclosure_shape(protocol, protocol.arena_width_cm, protocol.arena_height_cm),
            target_present=present,
            behaviour=str(rng.choice(["explore", "avoid", "mostly_still"])),
            duration_s=60.0,
            coat=look.coat,
            floor_grey=look.floor,
            wall_grey=look.wall,
            outside_grey=look.outside,
            light=look.light,
            noise_sigma=look.noise,
            vignette=look.vignette,
            seed=seed,
        )
        for present in (False, True)
    ]
    return RandomRoom(protocol=protocol, absent=(scenes[0],), present=(scenes[1],))


def _examples(view: View, spec: EnclosureSpec, floors: list[FloatArray], rng: np.random.Generator) -> Examples:
    unit = view.size_cm[0] / units_of(view.size_cm)[0]
    size = np.log(np.array([spec.width_cm, spec.depth_cm]) / unit / ENCLOSURE)
    quads, ends, enclosure = [], [], []
    for place in quads_at_places(Looker(view)):
        for quad in place:
            own = next((floor for floor in floors if _is_at(quad, floor)), None)
            if own is not None:
                turn = int(np.argmin([np.abs(np.roll(own, k, axis=0) - quad).sum() for k in range(4)]))
                if not view.is_square and turn % 2:
                    continue
                quads.append(quad)
                ends.append(sides_within(quad, np.roll(own, turn, axis=0)[None], units_of(view.size_cm))[0])
                enclosure.append(_enclosure(turn, ends[-1], size))
            elif all(shared(quad, floor[None])[0] < _NOTHING for floor in floors):
                quads.append(quad)
                ends.append(np.full((4, 2), _NOWHERE))
                enclosure.append(np.tile([0.0, np.nan, np.nan], (4, 1)))
    for floor in floors:
        for _ in range(_MOVED):
            quads.append(_moved_about(floor, rng))
            ends.append(sides_within(quads[-1], floor[None], units_of(view.size_cm))[0])
            enclosure.append(_enclosure(0, ends[-1], size))
    strips = strips_of(np.array(quads), view.size_cm, view.grey, view.motion)
    return Examples(
        seen=strips.seen.astype(np.float16),
        views=strips.views,
        ends=np.array(ends, np.float32).reshape(-1, 2),
        enclosure=np.array(enclosure, np.float32).reshape(-1, 3),
    )


def _is_at(quad: FloatArray, floor: FloatArray) -> bool:
    side, other = (np.sqrt(cv2.contourArea(one.astype(np.float32))) for one in (floor, quad))
    apart = np.hypot(*(quad.mean(axis=0) - floor.mean(axis=0)))
    return bool(1 / _AS_LARGE < other / side < _AS_LARGE and apart < _NEAR * side)


def _enclosure(wall: int, ends: FloatArray, size: FloatArray) -> FloatArray:
    told = np.tile([0.0, np.nan, np.nan], (4, 1))
    told[wall] = [1.0, *size]
    told[np.abs(ends).max(axis=1) > _WELL_SEEN] = np.nan
    return told


def _moved_about(floor: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return a floor with most of its sides moved and turned a little."""
    moved, far = floor.copy(), float(rng.choice(_FAR)) * np.sqrt(cv2.contourArea(floor.astype(np.float32))) / SIDE
    for side in range(4):
        if rng.random() < _OFTEN:
            a, b, c, d = ((side + i) % 4 for i in range(4))
            by, turned = rng.normal(0, far), rng.normal(0, _TURNED * far)
            left, right = moved[d] - moved[a], moved[c] - moved[b]
            moved[a] = moved[a] + left / np.hypot(*left) * (by + turned)
            moved[b] = moved[b] + right / np.hypot(*right) * (by - turned)
    return np.asarray(moved)
