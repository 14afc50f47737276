"""Floors that the picture could show, each with how well it explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from csds.arena.enclosure import enclosure_evidence, is_of_the_size
from csds.arena.evidence import wall_terms
from csds.arena.geometry import shared
from csds.arena.lines import find_lines, picture_gradients
from csds.arena.look import Evidence, Looker, View
from csds.arena.quads import find_quads
from csds.arena.weights import ENCLOSURE, FLOOR, NO_ENCLOSURE, WALL
from csds.model.shapes import FloatArray

#: Quadrilaterals that are looked at.
_LOOKED_AT = 400
#: Places of the picture that are looked at closely, and quadrilaterals there.
_PLACES, _EACH = 14, 2
#: A place whose likeliest floor scores lower than the best place's by this much isn't weighed …
_HOPELESS = 14.0
#: … nor is one that overlaps a place whose likeliest floor scores higher by this much.
_OVERSHADOWED = 12.0
#: A place whose likeliest quadrilateral scores lower than another's by this much isn't looked at at all.
_FAR_OFF = 25.0
#: An enclosure is looked for at the walls of floors that score lower than the place's best by no more than this, and
#: then only at walls that aren't this much less likely than another one at the likeliest floor.
_WORTH, _UNLIKELY = 9.0, 10.0
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
    """

    corners: FloatArray
    floor: float
    enclosure: float
    plane: float = 0.0

    @property
    def score(self) -> float:
        """Logarithm of how much likelier it is that the floor is there than that none is."""
        return self.floor + self.enclosure + self.plane


def floors_at_places(looker: Looker) -> list[Evidence]:
    """Return the likeliest floors of each place of the picture, with what speaks for them."""
    view = looker.view
    lines = find_lines(picture_gradients(view.grey), view.spots)
    corners = find_quads(lines, view.grey.shape, view.size_cm[0] / view.size_cm[1], most=_LOOKED_AT).corners
    if not len(corners):
        return []
    if not view.is_square:
        # Either side may be the one along the enclosure wall.
        corners = np.concatenate([corners, np.roll(corners, -1, axis=1)])
    rough = looker.evidence(corners).rough
    places = []
    for place in _places(corners, rough):
        if rough[place[0]] < rough.max() - _FAR_OFF:
            break
        places.append(looker.near([corners[i] for i in place]))
    best = max((float(place.rough.max()) for place in places), default=0.0)
    return _promising([looker.polished(place) for place in places if place.rough.max() > best - _HOPELESS])


def _promising(places: list[Evidence]) -> list[Evidence]:
    """Return the places without those that overlap one with far likelier floors, the likeliest first."""
    kept: list[tuple[float, Evidence]] = []
    for score, place in sorted(((float(FLOOR.of(p.joint).max()), p) for p in places), key=lambda pair: -pair[0]):
        better = [other.corners[0] for high, other in kept if score < high - _OVERSHADOWED]
        if not better or not shared(place.corners[0], np.array(better)).any():
            kept.append((score, place))
    return [place for _, place in kept]


def weigh_walls(floors: Evidence, view: View) -> list[Hypothesis]:
    """Return hypotheses of floors at one place: each with the enclosure at any of its walls."""
    alone = FLOOR.of(floors.joint)
    if view.enclosure is None:
        return [
            Hypothesis(corners=_from_upper_left(corners, square=view.is_square), floor=score, enclosure=NO_ENCLOSURE)
            for corners, score in zip(floors.corners, alone.tolist(), strict=True)
        ]
    pictures = (view.grey, tuple(phase.motion for phase in view.phases))
    weights = ENCLOSURE[view.enclosure.shape]
    walls: Sequence[int] = range(0, 4, 1 if view.is_square else 2)
    found: list[Hypothesis] = []
    for i in np.argsort(-alone, kind="stable"):
        if alone[i] < alone.max() - _WORTH:
            break
        here = []
        for wall in walls:
            turned = np.roll(floors.corners[i], -wall, axis=0)
            seen = wall_terms(enclosure_evidence(turned, view.size_cm, view.enclosure, pictures))
            worth = float(WALL.of(floors.sides[i, wall]) + weights.of(seen))
            here.append(Hypothesis(corners=turned, floor=float(alone[i]), enclosure=worth))
        if not found:
            # Floors at one place share the order of their corners.
            best = max(one.score for one in here)
            walls = [wall for wall, one in zip(walls, here, strict=True) if one.score > best - _UNLIKELY]
        found += here
    return found


def has_the_enclosure(corners: FloatArray, view: View) -> bool:
    """Return False if what stands at the floor's first wall is of another size than the protocol's enclosure."""
    pictures = (view.grey, tuple(phase.motion for phase in view.phases))
    return view.enclosure is None or is_of_the_size(corners, view.size_cm, view.enclosure, pictures)


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
