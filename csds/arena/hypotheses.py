"""Floors that the picture could show, each with how well it explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.arena.edges import smoothed
from csds.arena.enclosure import EnclosureEvidence, enclosure_evidence
from csds.arena.geometry import camera_misfits, shares_inside
from csds.arena.lines import find_lines, picture_gradients
from csds.arena.quads import find_quads
from csds.arena.sides import find_steps
from csds.arena.snap import snap
from csds.arena.still import Picture, StillPicture
from csds.model.protocol import EnclosureSpec
from csds.model.shapes import FloatArray

Index = NDArray[np.int_]

#: Quadrilaterals that are looked at.
_LOOKED_AT = 400
#: Places of the picture that are looked at closely, quadrilaterals there whose sides are taken to edges nearby, how
#: many floors each of these gives, and how many of a place's are weighed with the enclosure at their walls.
_PLACES, _SNAPPED_EACH, _SNAPPED, _WEIGHED = 14, 2, 24, 16
#: A wall whose enclosure is less likely than another's by this much at the likeliest floor isn't looked at further.
_UNLIKELY = 7.0
#: Floors are the same if no corner is further apart than this share of a side: 0.2 cm of 42.
_SAME = 1 / 210
#: Quadrilaterals are at one place if their middles are nearer than this share of a side.
_PLACE = 0.3
#: How far an animal that leans on a wall is seen beyond the floor, as a share of its side: 1.3 cm of 42.
_LEAN = 0.03
#: A spot of motion straddles the floor's edge if this share of its outline lies on the other side.
_STRADDLES = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What hypotheses are held against: the still picture, its phases, and what the protocol says."""

    grey: Picture
    phases: Sequence[StillPicture]
    size_cm: tuple[float, float]
    enclosure: EnclosureSpec | None

    @property
    def spots(self) -> FloatArray:
        """Outlines of all that moves, (n, points, 2)."""
        return np.concatenate([phase.spots_px for phase in self.phases])

    @property
    def is_square(self) -> bool:
        """True if a quarter turn changes nothing in the floor's proportions."""
        return self.size_cm[0] == self.size_cm[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """A floor that the picture could show.

    Parameters
    ----------
    corners : (4, 2) float
        Clockwise, beginning with the left end of the enclosure wall as seen with that wall at the
        top, in working pixels.
    score : float
        Logarithm, up to a constant, of how much likelier the picture is with it: 0 to 2 for a
        floor of which everything is seen, and the less the more is missing or does not fit.
    terms : dict
        What the score is made of.
    """

    corners: FloatArray
    score: float
    terms: dict[str, float]


def rectangles(view: View) -> list[Hypothesis]:
    """Return the rectangular floors that the picture could show, the likeliest first."""
    lines = find_lines(picture_gradients(view.grey), view.spots)
    quads = find_quads(lines, view.grey.shape, view.size_cm[0] / view.size_cm[1], most=_LOOKED_AT)
    if not len(quads):
        return []
    corners, seen = quads.corners, quads.seen
    if not view.is_square:
        # Either side may be the one along the enclosure wall.
        corners = np.concatenate([corners, np.roll(corners, -1, axis=1)])
        seen = np.concatenate([seen, np.roll(seen, -1, axis=1)])
    rough = np.sum(list(floor_terms(corners, seen, view).values()), axis=0)
    grey = smoothed(view.grey)
    floors: list[Hypothesis] = []
    for place in _places(corners, rough):
        snapped = [snap(corners[i], grey, view.size_cm, grey.shape, most=_SNAPPED) for i in place]
        floors += _floors(
            np.concatenate([some.corners for some in snapped]),
            {name: np.concatenate([getattr(some, name) for some in snapped]) for name in ("seen", "within", "camera")},
            view,
        )
    return sorted(floors, key=lambda hypothesis: -hypothesis.score)


def _floors(corners: FloatArray, terms: dict[str, FloatArray], view: View) -> list[Hypothesis]:
    """Return the hypotheses of floors at one place, given what their sides and the camera are worth."""
    inside = shares_inside(corners, view.spots, _LEAN)
    here = inside > _STRADDLES
    straddling = (here & (inside < 1 - _STRADDLES)).sum(axis=1) / np.maximum(here.sum(axis=1), 1)
    terms = terms | {"straddling": -12.0 * straddling, "empty": -2.0 * ~here.any(axis=1)}
    chosen = _distinct(corners, np.sum(list(terms.values()), axis=0))
    if not len(chosen):
        return []
    terms = {name: values[chosen] for name, values in terms.items()}
    steps = find_steps(corners[chosen], view.grey)
    terms["inner"] = -10.0 * steps.inner / (steps.inner + 6.0)
    found: list[Hypothesis] = []
    walls: Sequence[int] = range(0, 4, 1 if view.is_square else 2)
    for i, at in enumerate(corners[chosen]):
        found += weigh_walls(at, {name: float(values[i]) for name, values in terms.items()}, walls, view)
        if i == 0 and view.enclosure is not None:
            best = max(hypothesis.score for hypothesis in found)
            walls = [wall for wall, own in zip(walls, found, strict=True) if own.score > best - _UNLIKELY]
    return found


def _distinct(corners: FloatArray, scores: FloatArray) -> Index:
    """Return the indices of the best floors, without those that are nearly the same as a better one."""
    kept: list[int] = []
    sides = np.sqrt([cv2.contourArea(one.astype(np.float32)) for one in corners])
    for i in np.argsort(-scores, kind="stable"):
        if kept and (np.abs(corners[kept] - corners[i]).max(axis=(1, 2)) < _SAME * sides[i]).any():
            continue
        kept.append(int(i))
        if len(kept) == _WEIGHED:
            break
    return np.array(kept, int)


def floor_terms(corners: FloatArray, seen: FloatArray, view: View) -> dict[str, FloatArray]:
    """Return what speaks for and against floors without regard to the enclosure, (n,) each."""
    steps = find_steps(corners, view.grey)
    misfits = camera_misfits(corners, view.size_cm, view.grey.shape)
    inside = shares_inside(corners, view.spots, _LEAN)
    here = inside > _STRADDLES
    straddling = (here & (inside < 1 - _STRADDLES)).sum(axis=1) / np.maximum(here.sum(axis=1), 1)
    return {
        "seen": 2.0 * np.sum(np.clip((seen - 0.4) / 0.6, 0.0, 1.0) - 1.0, axis=1),
        "step": np.sum(np.clip(steps.sides / 6.0, 0.0, 1.0) - 1.0, axis=1),
        "inner": -4.0 * steps.inner / (steps.inner + 6.0),
        "camera": -np.minimum(4.0, 0.5 * (misfits / 0.04) ** 2),
        "straddling": -3.0 * straddling,
        "empty": -2.0 * ~here.any(axis=1),
    }


def weigh_walls(corners: FloatArray, terms: dict[str, float], walls: Sequence[int], view: View) -> list[Hypothesis]:
    """Return a floor's hypotheses: the enclosure at each of these walls, counted from the first side on."""
    if view.enclosure is None:
        start = int(corners.sum(axis=1).argmin()) if view.is_square else 2 * int(corners[2].sum() < corners[0].sum())
        return [Hypothesis(corners=np.roll(corners, -start, axis=0), score=sum(terms.values()), terms=terms)]
    pictures = (view.grey, tuple(phase.motion for phase in view.phases))
    found = []
    for wall in walls:
        turned = np.roll(corners, -wall, axis=0)
        own = terms | _enclosure_terms(enclosure_evidence(turned, view.size_cm, view.enclosure, pictures))
        found.append(Hypothesis(corners=turned, score=sum(own.values()), terms=own))
    return found


def _enclosure_terms(evidence: EnclosureEvidence) -> dict[str, float]:
    return {
        "enclosure": 14.0 * (evidence.edges - 1.0) + 1.6 * float(np.clip(evidence.busy / 4.0, 0.0, 1.0) - 1.0),
        "place": -2.2 * evidence.places,
        "target": 2.3 * float(np.clip(evidence.motion, 0.0, 1.0)),
    }


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
                if len(place) < _SNAPPED_EACH:
                    place.append(int(i))
                break
        else:
            if len(places) < _PLACES:
                places.append([int(i)])
    return places
