"""Floors that the picture could show, each with how well it explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from csds.arena.geometry import shared
from csds.arena.lines import find_lines, picture_gradients
from csds.arena.look import Evidence, Looker, View
from csds.arena.quads import find_quads
from csds.arena.weights import FLOOR, NO_ENCLOSURE, WALL
from csds.model.shapes import FloatArray

#: Quadrilaterals that are looked at.
_LOOKED_AT = 400
#: Places of the picture that are looked at closely, and quadrilaterals there.
_PLACES, _EACH = 14, 2
#: A place isn't weighed that overlaps one whose likeliest floor scores higher by this much.
_OVERSHADOWED = 12.0
#: A place whose likeliest quadrilateral scores lower than another's by this much isn't looked at at all.
_FAR_OFF = 25.0
#: The likeliest floors of two places that are one differ by less than this share of a side in place and in size.
_AGAIN = 0.2
#: Logarithm of the odds that the enclosure is at a wall beyond which that is as sure as can be.
SURE = 8.0
#: Quadrilaterals are at one place if their middles are nearer than this share of a side.
_PLACE = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """A floor that the picture could show.

    Parameters
    ----------
    corners : (4, 2) float
        Clockwise, beginning with the left end of the enclosure wall as seen with that wall at the
        top, in working pixels.
    floor, enclosure, plane : float
        What speaks for the floor itself, for the enclosure at its first side, and for it beside the frame's others.
    enlarged : float
        How large the enclosure there is read, as a multiple of the protocol's.
    ground : (4, 2) float
        Quadrilateral that stands for the floor's area, clockwise; the corners, but of round floors.
    """

    corners: FloatArray
    floor: float
    enclosure: float
    plane: float = 0.0
    enlarged: float = 1.0
    ground: FloatArray

    @property
    def score(self) -> float:
        """Logarithm of how much likelier it is that the floor is there than that none is."""
        return self.floor + self.enclosure + self.plane


def floors_at_places(looker: Looker) -> list[Evidence]:
    """Return the likeliest floors of each place of the picture, with what speaks for them."""
    return promising([looker.near(quads) for quads in quads_at_places(looker)])


def quads_at_places(looker: Looker) -> list[FloatArray]:
    """Return the places of the picture that could show a floor: at each the likeliest quadrilaterals, (n, 4, 2)."""
    view = looker.view
    lines = find_lines(picture_gradients(view.grey), view.spots)
    corners = find_quads(lines, view.grey.shape, view.size_cm[0] / view.size_cm[1], most=_LOOKED_AT).corners
    if not len(corners):
        return []
    if not view.is_square:
        # Either side may be the one along the enclosure wall.
        corners = np.concatenate([corners, np.roll(corners, -1, axis=1)])
    rough = looker.rough(corners)
    return [corners[place] for place in _places(corners, rough) if rough[place[0]] > rough.max() - _FAR_OFF]


def promising(places: Sequence[Evidence]) -> list[Evidence]:
    """Return the places without those that overlap one with far likelier floors, or are one again; the likeliest first.

    What was read along another quadrilateral of the same place isn't another possibility.
    """
    kept: list[tuple[float, Evidence, FloatArray]] = []
    scores = [FLOOR.of(place.terms) for place in places]
    best = [place.corners[int(score.argmax())] for place, score in zip(places, scores, strict=True)]
    for i in np.argsort([-float(score.max()) for score in scores], kind="stable"):
        score = float(scores[i].max())
        if any(_is_one_place(best[i], other) for _, _, other in kept):
            continue
        better = [other for high, _, other in kept if score < high - _OVERSHADOWED]
        if not better or not shared(best[i], np.array(better)).any():
            kept.append((score, places[i], best[i]))
    return [place for _, place, _ in kept]


def _is_one_place(floor: FloatArray, other: FloatArray) -> bool:
    side, other_side = (np.sqrt(cv2.contourArea(one.astype(np.float32))) for one in (floor, other))
    apart = np.hypot(*(floor.mean(axis=0) - other.mean(axis=0)))
    return bool(apart < _AGAIN * side and 1 - _AGAIN < other_side / side < 1 + _AGAIN)


def weigh_walls(floors: Evidence, view: View) -> list[Hypothesis]:
    """Return hypotheses of floors at one place: each with the enclosure at any of its walls."""
    alone = FLOOR.of(floors.terms).tolist()
    spec = view.enclosure
    if spec is None:
        return [
            Hypothesis(
                corners=_from_upper_left(corners, square=view.is_square),
                ground=corners,
                floor=score,
                enclosure=NO_ENCLOSURE,
            )
            for corners, score in zip(floors.corners, alone, strict=True)
        ]
    worth = WALL.of(at_walls(floors)).tolist()
    # Its width and depth together: either alone is read less exactly.
    enlarged = np.sqrt(floors.reading.edges.enclosure_cm.prod(axis=1) / (spec.width_cm * spec.depth_cm)).tolist()
    return [
        Hypothesis(
            corners=np.roll(corners, -wall, axis=0),
            ground=corners,
            floor=score,
            enclosure=worth[wall],
            enlarged=enlarged[wall],
        )
        for corners, score in zip(floors.corners, alone, strict=True)
        for wall in range(0, 4, 1 if view.is_square else 2)
    ]


def at_walls(floors: Evidence) -> FloatArray:
    """Return the terms of the enclosure at each of the four walls, (4, terms)."""
    return np.clip(floors.reading.edges.enclosure, -SURE, SURE)[:, None]


def _from_upper_left(corners: FloatArray, *, square: bool) -> FloatArray:
    start = int(corners.sum(axis=1).argmin()) if square else 2 * int(corners[2].sum() < corners[0].sum())
    return np.roll(corners, -start, axis=0)


def _places(corners: FloatArray, scores: FloatArray) -> list[list[int]]:
    """Return the indices of the best quadrilaterals of each place of the picture, the best place first."""
    middles = corners.mean(axis=1)
    sides = np.sqrt([cv2.contourArea(one.astype(np.float32)) for one in corners])
    places: list[list[int]] = []
    for i in np.argsort(-scores, kind="stable"):
        for place in places:
            first = place[0]
            apart = np.hypot(*(middles[i] - middles[first]))
            if apart < _PLACE * min(sides[first], sides[i]) and 0.7 < sides[i] / sides[first] < 1.4:
                if len(place) < _EACH:
                    place.append(int(i))
                break
        else:
            if len(places) < _PLACES:
                places.append([int(i)])
    return places
