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
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.arenas import BAR_CM, film
from csds.arena.evidence import READ_TERMS, SIDE_TERMS, WALL_TERMS, WHOLE_TERMS
from csds.arena.find import likely_places, see
from csds.arena.geometry import shared
from csds.arena.hypotheses import at_walls
from csds.arena.look import Evidence, Looker, View
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The floors considered at one place: terms without and with the enclosure's wall, and which are right."""

    rough: FloatArray
    rough_right: Mask
    whole: FloatArray
    whole_right: Mask


def places_of(seed: int) -> list[Place]:
    """Return the places of a random room whose floors are square or oblong; none for others."""
    room = random_room(seed, duration_s=60.0)
    if room.protocol.arena_shape == "circle" or room.protocol.enclosure is None:
        return []
    stacks = [film(room.absent), film(room.present)]
    return list(_places(see(stacks, room.protocol), [scene.arena for scene in room.absent]))


def _places(view: View, true: Sequence[Arena]) -> Iterator[Place]:
    looker = Looker(view)
    for place in likely_places(looker):
        off = _errors_cm(place, view, true)
        right = off < BAR_CM
        if not right.any() and any(shared(place.corners[0], _seen(arena, view)[None])[0] > _HERE for arena in true):
            # An arena is here, but none of the floors is it: that says nothing of what a floor looks like.
            continue
        floors, walls = np.nonzero(np.isfinite(off))
        whole = np.concatenate([place.terms[floors], at_walls(place)[walls]], axis=1)
        sides, alone = looker.rough_terms(place.corners)
        yield Place(
            rough=np.concatenate([sides.sum(axis=1), alone], axis=1),
            rough_right=np.asarray(right.any(axis=1)),
            whole=whole,
            whole_right=right[floors, walls],
        )


def _errors_cm(place: Evidence, view: View, true: Sequence[Arena]) -> FloatArray:
    """Return how far each floor with the enclosure at each wall is from the nearest arena, nan for no wall."""
    walls = range(0, 4, 1 if view.is_square else 2)
    off = np.full((len(place.corners), 4), np.nan)
    for wall in walls:
        off[:, wall] = 1e9
        for arena in true:
            apart = np.roll(place.corners, -wall, axis=1) - _seen(arena, view)
            scale = arena.px_per_cm / view.phases[0].factor
            off[:, wall] = np.minimum(off[:, wall], np.sqrt((apart**2).sum(axis=2).mean(axis=1)) / scale)
    return off


def _seen(arena: Arena, view: View) -> FloatArray:
    return view.phases[0].from_frame(np.array(arena.corners_px))


def fit(terms: Sequence[FloatArray], right: Sequence[Mask]) -> FloatArray:
    """Return the weights, (terms,), that make the right floors likeliest, or none where none is right."""
    everything = np.concatenate(terms)
    spread = everything.std(axis=0)
    spread[spread < 1e-9] = 1.0
    scaled = [each / spread for each in terms]

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        total, slope = 0.5 * _RIDGE * float(weights @ weights), _RIDGE * weights
        for each, good in zip(scaled, right, strict=True):
            score = np.append(each @ weights, 0.0)
            share = np.exp(score - score.max())
            wanted = share * (np.append(good, False) if good.any() else np.append(np.zeros(len(good), bool), True))
            total -= float(np.log(wanted.sum() / share.sum() + 1e-300))
            slope = slope + each.T @ (share / share.sum() - wanted / (wanted.sum() + 1e-300))[:-1]
        return total, slope

    start = np.zeros(everything.shape[1])
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x / spread)


def written(places: Sequence[Place]) -> str:
    """Return the text of ``csds/arena/weights.py``."""
    one = [np.ones((len(place.rough), 1)) for place in places]
    rough = fit([np.hstack([p.rough, o]) for p, o in zip(places, one, strict=True)], [p.rough_right for p in places])
    whole = fit([np.hstack([p.whole, np.ones((len(p.whole), 1))]) for p in places], [p.whole_right for p in places])
    side, floor = len(SIDE_TERMS), len(READ_TERMS)
    least = [
        float((p.whole[good][:, :floor] @ whole[:floor]).max() + whole[-1])
        for p in places
        if (good := p.whole_right).any()
    ]
    worth = [float(p.whole[good][0, floor:] @ whole[floor:-1]) for p in places if (good := p.whole_right).any()]
    return _HEAD + "\n".join(
        [
            _table("ROUGH_SIDE", SIDE_TERMS, rough[:side], 0.0),
            _table("ROUGH_FLOOR", WHOLE_TERMS, rough[side:-1], rough[-1]),
            _table("FLOOR", READ_TERMS, whole[:floor], whole[-1]),
            _table("WALL", WALL_TERMS, whole[floor:-1], 0.0),
            "#: What the enclosure is worth at right floors where it is worth least: for protocols without one.",
            f"NO_ENCLOSURE = {np.percentile(worth, 5):.3f}",
            "#: A floor worth less than this without the enclosure is none: one less than the least of any right one.",
            f"LEAST_FLOOR = {min(least) - 1:.3f}",
            "",
        ]
    )


def _table(name: str, terms: Sequence[str], weights: FloatArray, constant: float) -> str:
    lines = [f'"{term}": {weight:.3f},' for term, weight in zip(terms, weights, strict=True)]
    return f"{name} = Weights(constant={constant:.3f}, of_terms={{\n" + "\n".join(lines) + "\n})\n"


def main() -> int:
    """Film, fit and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=420, help="random rooms to film")
    parser.add_argument("--first", type=int, default=40_000, help="seed of the first one")
    arguments = parser.parse_args()
    with ProcessPoolExecutor(2) as pool:
        seeds = range(arguments.first, arguments.first + arguments.scenes)
        places = [place for room in pool.map(places_of, seeds, chunksize=4) for place in room]
    WEIGHTS.write_text(written(places), encoding="utf-8")
    print(f"{WEIGHTS}: fitted to {len(places)} places; put it in order with ruff format")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
