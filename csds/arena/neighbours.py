"""Floors beside those that were found: arenas of one frame are alike, and stand in rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from csds.arena.look import Evidence, Looker
from csds.model.shapes import FloatArray

#: How far apart neighbours stand where only one floor was found, in sides of the floor.
_APART = (1.06, 1.2, 1.34)
#: Floors whose middles are nearer than this, in sides, are neighbours.
_NEIGHBOURS = 1.8
#: A floor may lie outside the picture by this share of its side.
_OUTSIDE = 0.1
#: A place is free if its middle is farther than this from any other's, in sides.
_FREE = 0.85


def floors_beside(floors: Sequence[FloatArray], looker: Looker) -> list[Evidence]:
    """Return floors where others like those found may be, and floors there of the others' shape.

    Parameters
    ----------
    floors : sequence of (4, 2) float
        Those found, the likeliest first.
    looker : Looker
    """
    middles = [floor.mean(axis=0) for floor in floors]
    quads = [
        [_moved(other, middle) for other in floors[:2] if other is not own]
        for own, middle in zip(floors, middles, strict=True)
    ]
    for places in _free_places(floors[0], middles, looker.view.grey.shape):
        quads.append([_moved(floors[0], place) for place in places])
    return [looker.near(np.array(few)) for few in quads if few]


def _free_places(floor: FloatArray, middles: list[FloatArray], frame: tuple[int, ...]) -> Iterator[list[FloatArray]]:
    """Yield for each place at which another floor may be where its middle may lie."""
    side = float(np.sqrt(cv2.contourArea(floor.astype(np.float32))))
    half = np.abs(floor - middles[0]).max(axis=0) - _OUTSIDE * side
    taken = [*middles]
    for middle in middles:
        for steps in _steps(floor, middles, side):
            places = [
                place
                for place in middle + steps
                if np.all(place >= half)
                and np.all(place <= np.array(frame[::-1]) - 1 - half)
                and all(np.hypot(*(place - other)) > _FREE * side for other in taken)
            ]
            if places:
                taken += places
                yield places


def _steps(floor: FloatArray, middles: list[FloatArray], side: float) -> list[FloatArray]:
    """Return the ways from a floor's middle to where its neighbours' may be, alternatives together, (n, 2) each."""
    if len(middles) == 1:
        along, away = floor[1] - floor[0], floor[3] - floor[0]
        return [np.outer(_APART, way) for way in (along, -along, away, -away)]
    apart = [one - other for one in middles for other in middles if one is not other]
    near = [step for step in apart if np.hypot(*step) < _NEIGHBOURS * side]
    # Between two that stand twice as far apart another may stand.
    near += [step / 2 for step in apart if _NEIGHBOURS < np.hypot(*step) / side < 2 * _NEIGHBOURS]
    # Two in a row say nothing of how far apart rows are.
    across = [sign * np.array([-step[1], step[0]]) for step in near for sign in (1.0, -1.0)] if len(middles) < 4 else []
    return [step[None] for step in near + across]


def _moved(floor: FloatArray, middle: FloatArray) -> FloatArray:
    return np.asarray(floor - floor.mean(axis=0) + middle)
