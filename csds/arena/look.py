"""What is seen of possible floors in one view: evidence, and better floors near a rough one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.arena.borders import blurred, border_terms, side_terms
from csds.arena.edges import smoothed
from csds.arena.evidence import CAMERA_SD
from csds.arena.geometry import camera_misfits
from csds.arena.refine import refine
from csds.arena.snap import snap
from csds.arena.spots import spot_terms
from csds.arena.still import Picture, StillPicture
from csds.arena.weights import FLOOR, ROUGH_FLOOR, ROUGH_SIDE
from csds.model.protocol import EnclosureSpec
from csds.model.shapes import FloatArray

Index = NDArray[np.int_]

#: How many floors each quadrilateral gives whose sides are taken to edges nearby, how many of a place's are weighed,
#: and how many are taken to the very edges.
_SNAPPED, _WEIGHED, _POLISHED = 24, 24, 5
#: Floors are the same if no corner is further apart than this share of a side: 0.15 cm of 42.
_SAME = 1 / 280


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
class Evidence:
    """What speaks for and against n floors.

    Parameters
    ----------
    corners : (n, 4, 2) float
    sides : (n, 4, terms) float
        For each side, clockwise from the first: see `csds.arena.borders` and `csds.arena.spots`.
    floors : (n, terms) float
        For each floor as a whole.
    """

    corners: FloatArray
    sides: FloatArray
    floors: FloatArray

    @property
    def rough(self) -> FloatArray:
        """How likely each is, side by side and so without what sides have to do with each other, (n,)."""
        return np.asarray(ROUGH_SIDE.of(self.sides).sum(axis=1) + ROUGH_FLOOR.of(self.floors))

    @property
    def joint(self) -> FloatArray:
        """The terms of floors, (n, terms): sums, lowest and highest values of the sides', and the floors' own."""
        return np.concatenate(
            [self.sides.sum(axis=1), self.sides.min(axis=1), self.sides.max(axis=1), self.floors], axis=1
        )

    def chosen(self, which: Index) -> Evidence:
        """Return that of some of them."""
        return Evidence(corners=self.corners[which], sides=self.sides[which], floors=self.floors[which])


class Looker:
    """Looks at floors in one view."""

    def __init__(self, view: View) -> None:
        self.view, self._spots = view, view.spots
        self._borders, self._edges = blurred(view.grey), smoothed(view.grey)

    def evidence(self, corners: FloatArray) -> Evidence:
        """Return the evidence for floors without regard to the enclosure."""
        by_side, by_floor = spot_terms(corners, self._spots)
        return Evidence(
            corners=corners,
            sides=np.concatenate([border_terms(corners, self._borders), by_side], axis=2),
            floors=self._floors(corners, by_floor),
        )

    def near(self, quads: Sequence[FloatArray]) -> Evidence:
        """Return the likeliest floors near quadrilaterals at one place, with what speaks for them."""
        floors = self.evidence(np.concatenate([self._nearby(corners) for corners in quads]))
        return floors.chosen(_distinct(floors.corners, floors.rough, _WEIGHED))

    def _nearby(self, corners: FloatArray) -> FloatArray:
        snapped = snap(
            corners,
            self._edges,
            worth_of_side=self._worth_of_side,
            worth_of_floor=lambda moved: ROUGH_FLOOR.of(self._floors(moved, spot_terms(moved, self._spots)[1])),
            most=_SNAPPED,
        )
        return np.concatenate([snapped, corners[None]])

    def polished(self, floors: Evidence) -> Evidence:
        """Return floors with the likeliest of them also taken to the very edges."""
        likeliest = np.argsort(-FLOOR.of(floors.joint), kind="stable")[:_POLISHED]
        exact = self.evidence(np.array([refine(floors.corners[i], self.view.grey) for i in likeliest]))
        both = Evidence(
            corners=np.concatenate([exact.corners, floors.corners]),
            sides=np.concatenate([exact.sides, floors.sides]),
            floors=np.concatenate([exact.floors, floors.floors]),
        )
        return both.chosen(_distinct(both.corners, FLOOR.of(both.joint), len(both.corners)))

    def _worth_of_side(self, corners: FloatArray, side: int) -> FloatArray:
        terms = side_terms(np.roll(corners, -side, axis=1), self._borders)
        return ROUGH_SIDE.of(np.concatenate([terms, spot_terms(corners, self._spots)[0][:, side]], axis=1))

    def _floors(self, corners: FloatArray, spots: FloatArray) -> FloatArray:
        off = camera_misfits(corners, self.view.size_cm, self.view.grey.shape) / CAMERA_SD
        return np.column_stack([np.minimum(off, 4.0), np.minimum(off**2, 9.0), spots])


def _distinct(corners: FloatArray, scores: FloatArray, most: int) -> Index:
    """Return the indices of the best floors, without those that are nearly the same as a better one."""
    kept: list[int] = []
    sides = np.sqrt([cv2.contourArea(one.astype(np.float32)) for one in corners])
    for i in np.argsort(-scores, kind="stable"):
        if kept and (np.abs(corners[kept] - corners[i]).max(axis=(1, 2)) < _SAME * sides[i]).any():
            continue
        kept.append(int(i))
        if len(kept) == most:
            break
    return np.array(kept, int)
