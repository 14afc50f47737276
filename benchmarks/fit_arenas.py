"""Fit what evidence for a floor is worth: ``python -m benchmarks.fit_arenas`` writes ``csds/arena/weights.py``.

A conditional logit over random rooms of the simulator: at each place of a picture that was looked at closely, one of
the floors considered is there, or none is. Floors nearer to the truth than `BAR_CM` are the right ones. The rooms are
others than ``python -m benchmarks.fit_sides`` trains on (what was learnt by heart is no evidence) and ``python -m
benchmarks.arenas`` counts on; rooms made by others are not used.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.arenas import BAR_CM, film
from csds.arena.evidence import READ_TERMS, ROUND_TERMS, SIDE_TERMS, WALL_TERMS, WHOLE_TERMS
from csds.arena.find import likely_places, see
from csds.arena.geometry import shared
from csds.arena.hypotheses import at_walls
from csds.arena.look import Evidence, Looker, View
from csds.arena.round_look import at_walls as round_walls
from csds.arena.round_look import likely_round_places, towards
from csds.arena.round_pose import square_corners
from csds.model.arena import Arena
from csds.model.shapes import FloatArray
from csds.simulate.random_rooms import random_room

Mask = NDArray[np.bool_]

WEIGHTS = Path(__file__).parents[1] / "csds" / "arena" / "weights.py"
#: A prior of standard deviation 1/√this on each weight, for terms of standard deviation 1.
_RIDGE = 0.5
#: A place shows an arena if this share of the smaller one of both is common to them.
_HERE = 0.3
_HEAD = '''"""What each piece of evidence for a floor is worth; ``python -m benchmarks.fit_arenas`` writes this file."""

from __future__ import annotations

from csds.arena.terms import Weights

'''


class Place(NamedTuple):
    """Floors that were considered at one place: their terms, and which of them are right."""

    terms: FloatArray
    right: Mask


class Places(NamedTuple):
    """Places of rectangular floors by the terms of first sight and by all, and of round ones by all."""

    rough: list[Place]
    straight: list[Place]
    round: list[Place]


def places_of(seed: int, floor: str) -> Places:
    """Return the places of a random room with floors of that shape."""
    room = random_room(seed, floor=floor, duration_s=60.0)
    view, true = (
        see([film(room.absent), film(room.present)], room.protocol),
        [scene.arena for scene in room.absent],
    )
    if floor == "circle":
        return Places([], [], list(_round_places(view, true)))
    both = list(_straight_places(view, true))
    return Places([rough for rough, _ in both], [whole for _, whole in both], [])


def _straight_places(view: View, true: Sequence[Arena]) -> Iterator[tuple[Place, Place]]:
    looker = Looker(view)
    for place in likely_places(looker):
        off = _errors_cm(place, view, true)
        right = off < BAR_CM
        if _is_missed(right, place.corners[0], view, true):
            continue
        floors, walls = np.nonzero(np.isfinite(off))
        whole = np.concatenate([place.terms[floors], at_walls(place)[walls]], axis=1)
        sides, alone = looker.rough_terms(place.corners)
        yield (
            Place(np.concatenate([sides.sum(axis=1), alone], axis=1), np.asarray(right.any(axis=1))),
            Place(whole, right[floors, walls]),
        )


def _round_places(view: View, true: Sequence[Arena]) -> Iterator[Place]:
    spec = view.enclosure
    if spec is None:
        return
    for place in likely_round_places(view):
        walls = round_walls(place.poses[0], spec, view)
        squares = np.array(
            [
                [square_corners(pose.matrix, towards(pose, middle))[0] for middle in walls.middles]
                for pose in place.poses
            ]
        )
        off = np.full(squares.shape[:2], np.inf)
        for arena in true:
            off = np.minimum(off, _off_cm(squares, view, arena))
        right = off < BAR_CM
        if not _is_missed(right, squares[0, 0], view, true):
            floors, ways = (index.ravel() for index in np.indices(right.shape))
            yield Place(np.concatenate([place.terms[floors], walls.terms[ways]], axis=1), right.ravel())


def _is_missed(right: Mask, corners: FloatArray, view: View, true: Sequence[Arena]) -> bool:
    """Return True if an arena is here, but none of the floors is it: that says nothing of what a floor looks like."""
    return not right.any() and any(shared(corners, _seen(arena, view)[None])[0] > _HERE for arena in true)


def _errors_cm(place: Evidence, view: View, true: Sequence[Arena]) -> FloatArray:
    """Return how far each floor with the enclosure at each wall is from the nearest arena, nan for no wall."""
    walls = range(0, 4, 1 if view.is_square else 2)
    off = np.full((len(place.corners), 4), np.nan)
    for wall in walls:
        off[:, wall] = 1e9
        for arena in true:
            off[:, wall] = np.minimum(off[:, wall], _off_cm(np.roll(place.corners, -wall, axis=1), view, arena))
    return off


def _off_cm(corners: FloatArray, view: View, arena: Arena) -> FloatArray:
    apart = corners - _seen(arena, view)
    return np.asarray(np.sqrt((apart**2).sum(axis=-1).mean(axis=-1)) / (arena.px_per_cm / view.phases[0].factor))


def _seen(arena: Arena, view: View) -> FloatArray:
    return view.phases[0].from_frame(np.array(arena.corners_px))


def fit(places: Sequence[Place]) -> FloatArray:
    """Return the weights, (terms + 1,), that make the right floors likeliest, or none where none is right."""
    terms = [np.hstack([place.terms, np.ones((len(place.terms), 1))]) for place in places]
    everything = np.concatenate(terms)
    spread = everything.std(axis=0)
    spread[spread < 1e-9] = 1.0
    scaled = [each / spread for each in terms]

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        total, slope = 0.5 * _RIDGE * float(weights @ weights), _RIDGE * weights
        for each, place in zip(scaled, places, strict=True):
            good, score = place.right, np.append(each @ weights, 0.0)
            share = np.exp(score - score.max())
            wanted = share * (np.append(good, False) if good.any() else np.append(np.zeros(len(good), bool), True))
            total -= float(np.log(wanted.sum() / share.sum() + 1e-300))
            slope = slope + each.T @ (share / share.sum() - wanted / (wanted.sum() + 1e-300))[:-1]
        return total, slope

    start = np.zeros(everything.shape[1])
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x / spread)


def written(places: Places) -> str:
    """Return the text of ``csds/arena/weights.py``."""
    rough, straight, bent = (fit(part) for part in places)
    side, floor, ring = len(SIDE_TERMS), len(READ_TERMS), len(ROUND_TERMS)
    worth = [float(p.terms[p.right][0, floor:] @ straight[floor:-1]) for p in places.straight if p.right.any()]
    return _HEAD + "\n".join(
        [
            _table("ROUGH_SIDE", SIDE_TERMS, rough[:side], 0.0),
            _table("ROUGH_FLOOR", WHOLE_TERMS, rough[side:-1], rough[-1]),
            _table("FLOOR", READ_TERMS, straight[:floor], straight[-1]),
            _table("WALL", WALL_TERMS, straight[floor:-1], 0.0),
            _table("ROUND_FLOOR", ROUND_TERMS, bent[:ring], bent[-1]),
            _table("ROUND_WALL", WALL_TERMS, bent[ring:-1], 0.0),
            "#: What the enclosure is worth at right floors where it is worth least: for protocols without one.",
            f"NO_ENCLOSURE = {np.percentile(worth, 5):.3f}",
            "#: A floor worth less than this without the enclosure is none: one less than the least of any right one.",
            f"LEAST_FLOOR = {_least(places.straight, straight, floor):.3f}",
            f"LEAST_ROUND_FLOOR = {_least(places.round, bent, ring):.3f}",
            "",
        ]
    )


def _least(places: Sequence[Place], weights: FloatArray, floor: int) -> float:
    found = [float((p.terms[p.right][:, :floor] @ weights[:floor]).max()) for p in places if p.right.any()]
    return min(found) + float(weights[-1]) - 1


def _table(name: str, terms: Sequence[str], weights: FloatArray, constant: float) -> str:
    lines = [f'"{term}": {weight:.3f},' for term, weight in zip(terms, weights, strict=True)]
    return f"{name} = Weights(constant={constant:.3f}, of_terms={{\n" + "\n".join(lines) + "\n})\n"


def main() -> int:
    """Film, fit and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=360, help="random rooms to film with rectangular floors")
    parser.add_argument("--round", type=int, default=240, help="random rooms to film with round floors")
    parser.add_argument("--first", type=int, default=40_000, help="seed of the first one")
    arguments = parser.parse_args()
    with ProcessPoolExecutor(2) as pool:
        rooms = [
            room
            for floor, count in (("rectangle", arguments.scenes), ("circle", arguments.round))
            for room in pool.map(
                partial(places_of, floor=floor), range(arguments.first, arguments.first + count), chunksize=4
            )
        ]
    places = Places(*([place for room in rooms for place in room[i]] for i in range(len(Places._fields))))
    WEIGHTS.write_text(written(places), encoding="utf-8")
    print(
        f"{WEIGHTS}: fitted to {len(places.straight)} and {len(places.round)} places; put it in order with ruff format"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
