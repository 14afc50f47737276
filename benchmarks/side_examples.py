"""Strips along the sides of floors in random rooms, with what is to be read off them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np

from benchmarks.arenas import film
from benchmarks.side_rooms import ROOMS, Kind
from csds.arena.find import see
from csds.arena.geometry import homographies, shared
from csds.arena.hypotheses import quads_at_places
from csds.arena.look import Looker, View
from csds.arena.ring_edges import rings_at_places
from csds.arena.round_pose import circle_matrices, circle_poses, edge_within, square_corners
from csds.arena.sides import sides_within
from csds.arena.strips import ENCLOSURE, SIDE, Strips, strips_around, strips_of, units_of
from csds.model.protocol import EnclosureSpec
from csds.model.shapes import FloatArray

#: Right floors that are moved about in each arena; how far their sides are, in units (a little or more), and are turned
#: beside that; and how often a side is moved.
_MOVED, _FAR, _TURNED, _OFTEN = 12, (0.2, 1.5), 0.25, 0.75
#: Nothing is an arena's that shares no more than this with it; and what is as large, to this factor, and as near, in
#: sides, is its own.
_NOTHING, _AS_LARGE, _NEAR = 0.05, 1.33, 0.25
#: Beyond this, in units, a strip doesn't show a wall well enough to tell what stands at it.
_WELL_SEEN = 4.0
#: Strips around each round floor in any direction, and towards its enclosure with this spread, radians.
_TURNED_ABOUT, _TOWARDS = 4, 0.12
#: The enclosure stands at a strip turned away from it by less than this, radians, and does not at one turned by more
#: than that; how far off it is is told up to the last.
_HERE, _NEAR_IT = (0.07, 0.16), 0.3
#: What is told of an enclosure that isn't there.
_NONE = np.array([0.0, np.nan, np.nan, np.nan])
_NOWHERE = 99.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Strips with what is to be read off them.

    Parameters
    ----------
    seen : (n, channels, rows, places) float16
    views : (n, terms) float32
    ends : (n, 2) float32
        Where the floor's edge is at the side's left and right end, in units inwards; far out where there is none.
    enclosure : (n, 4) float32
        1 where the enclosure stands at this side and 0 where it doesn't; the logarithms of its width and depth beside
        `csds.arena.strips.ENCLOSURE`; how far to the right of the strip's middle it stands, in units. Nan where that
        isn't known.
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


def examples_of(seed: int, *, kind: Kind = "random", keep: Path | None = None) -> Examples:
    """Return the examples of a room of that kind."""
    kept = keep / f"{kind}_{seed}.npz" if keep else None
    if kept is not None and kept.is_file():
        with np.load(kept, allow_pickle=False) as arrays:
            return Examples(**arrays)
    room = ROOMS[kind](seed)
    enclosure = room.protocol.enclosure if room.absent[0].enclosure is not None else None
    view = see([film(room.absent), film(room.present)], room.protocol)
    floors = [view.phases[0].from_frame(np.array(scene.arena.corners_px)) for scene in room.absent]
    told = round_examples if room.protocol.arena_shape == "circle" else straight_examples
    examples = told(view, enclosure, floors, np.random.default_rng([seed, 7]))
    if kept is not None:
        np.savez(kept, **{name: getattr(examples, name) for name in (field.name for field in fields(Examples))})
    return examples


def straight_examples(
    view: View, spec: EnclosureSpec | None, floors: list[FloatArray], rng: np.random.Generator
) -> Examples:
    """Return strips along the sides of what could be floors, and of right floors that were moved about."""
    size, units = _size(view, spec), units_of(view.size_cm)
    quads, ends, enclosure = [], [], []
    for place in quads_at_places(Looker(view)):
        for quad in place:
            own = next((floor for floor in floors if _is_at(quad, floor)), None)
            if own is not None:
                turn = int(np.argmin([np.abs(np.roll(own, k, axis=0) - quad).sum() for k in range(4)]))
                if not view.is_square and turn % 2:
                    continue
                quads.append(quad)
                ends.append(sides_within(quad, np.roll(own, turn, axis=0)[None], units)[0])
                enclosure.append(_enclosure(quad, own, turn, ends[-1], size, units))
            elif all(shared(quad, floor[None])[0] < _NOTHING for floor in floors):
                quads.append(quad)
                ends.append(np.full((4, 2), _NOWHERE))
                enclosure.append(np.tile(_NONE, (4, 1)))
    for floor in floors:
        for _ in range(_MOVED):
            quads.append(_moved_about(floor, rng))
            ends.append(sides_within(quads[-1], floor[None], units)[0])
            enclosure.append(_enclosure(quads[-1], floor, 0, ends[-1], size, units))
    return _examples(strips_of(np.array(quads), view.size_cm, view.grey, view.motion), ends, enclosure)


def round_examples(
    view: View, spec: EnclosureSpec | None, floors: list[FloatArray], rng: np.random.Generator
) -> Examples:
    """Return strips along the edges of what could be round floors, and of right ones that were moved about."""
    size = _size(view, spec)
    squares, ends, enclosure = [], [], []
    for square in _round_candidates(view):
        own = next((floor for floor in floors if _is_at(square, floor)), None)
        if own is not None or all(shared(square, floor[None])[0] < _NOTHING for floor in floors):
            turned = square_corners(circle_matrices(square[None])[0], rng.uniform(0, 2 * np.pi, _TURNED_ABOUT))
            squares.append(turned)
            told = [_round_edge(one, own, size) for one in turned]
            ends.append([one for one, _ in told])
            enclosure.append([one for _, one in told])
    for floor in floors:
        matrix = circle_matrices(floor[None])[0]
        for _ in range(_MOVED):
            turns = np.concatenate([rng.uniform(0, 2 * np.pi, _TURNED_ABOUT), rng.normal(0, _TOWARDS, _TURNED_ABOUT)])
            squares.append(square_corners(matrix @ _circle_moved(rng), turns - np.pi / 2))
            told = [_round_edge(one, floor, size) for one in squares[-1]]
            ends.append([one for one, _ in told])
            enclosure.append([one for _, one in told])
    return _examples(
        strips_around(np.concatenate(squares), view.size_cm, view.grey, view.motion),
        [one for few in ends for one in few],
        [one for few in enclosure for one in few],
    )


def _round_candidates(view: View) -> Iterator[FloatArray]:
    """Yield squares around what could be round floors, in working pixels."""
    for rings in rings_at_places(view):
        for middle, axes in zip(rings.middles, rings.axes, strict=True):
            for pose in circle_poses(middle, axes, view.sharp.shape):
                yield view.phases[0].from_frame(square_corners(pose.matrix, np.zeros(1))[0])


def _round_edge(square: FloatArray, own: FloatArray | None, size: FloatArray | None) -> tuple[FloatArray, FloatArray]:
    """Return where the own floor's edge is at the ends of the strip at a square's first side, and the enclosure's."""
    if own is None:
        return np.full(2, _NOWHERE), _NONE
    matrix, true = circle_matrices(square[None])[0], circle_matrices(own[None])
    ends = np.nan_to_num((1 - edge_within(matrix, true, np.array([-1.0, 1.0]))[0]) * SIDE / 2, nan=_NOWHERE)
    x, y, w = np.linalg.solve(matrix, true[0] @ (0.0, -1.0, 1.0))
    turned = float(np.arctan2(x / w, -y / w))
    told = _NONE.copy()
    if size is not None and abs(turned) < _NEAR_IT:
        there = 1.0 if abs(turned) < _HERE[0] else 0.0 if abs(turned) > _HERE[1] else np.nan
        told = np.array([there, *size, turned * SIDE / 2])
    return ends, np.full(4, np.nan) if np.abs(ends).max() > _WELL_SEEN else told


def _circle_moved(rng: np.random.Generator) -> FloatArray:
    """Return the unit circle moved and bent a little."""
    far = float(rng.choice(_FAR)) / (SIDE / 2)
    stretched, shifted = rng.normal(0, far, 3), rng.normal(0, far, 2)
    return np.array(
        [
            (1 + stretched[0], 0.5 * stretched[2], shifted[0]),
            (0.5 * stretched[2], 1 + stretched[1], shifted[1]),
            (0, 0, 1),
        ]
    )


def _examples(strips: Strips, ends: Sequence[FloatArray], enclosure: Sequence[FloatArray]) -> Examples:
    return Examples(
        seen=strips.seen.astype(np.float16),
        views=strips.views,
        ends=np.array(ends, np.float32).reshape(-1, 2),
        enclosure=np.array(enclosure, np.float32).reshape(-1, 4),
    )


def _is_at(quad: FloatArray, floor: FloatArray) -> bool:
    side, other = (np.sqrt(cv2.contourArea(one.astype(np.float32))) for one in (floor, quad))
    apart = np.hypot(*(quad.mean(axis=0) - floor.mean(axis=0)))
    return bool(1 / _AS_LARGE < other / side < _AS_LARGE and apart < _NEAR * side)


def _enclosure(
    quad: FloatArray, own: FloatArray, wall: int, ends: FloatArray, size: FloatArray | None, units: tuple[float, float]
) -> FloatArray:
    """Return the enclosure of the own floor as it stands to the sides of another at its place."""
    told = np.tile(_NONE, (4, 1))
    if size is not None:
        along = units if wall % 2 == 0 else units[::-1]
        middle = homographies(own[None], (2.0, 2.0))[0] @ (1.0, 0.0, 1.0)
        x, _, w = np.linalg.solve(homographies(np.roll(quad, -wall, axis=0)[None], along)[0], middle)
        told[wall] = [1.0, *size, x / w - along[0] / 2]
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


def _size(view: View, spec: EnclosureSpec | None) -> FloatArray | None:
    """Return the logarithms of the enclosure's width and depth beside `ENCLOSURE`; None without one."""
    unit = view.size_cm[0] / units_of(view.size_cm)[0]
    return np.log(np.array([spec.width_cm, spec.depth_cm]) / unit / ENCLOSURE) if spec else None
