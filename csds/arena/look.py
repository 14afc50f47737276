"""What is seen of possible floors in one view: evidence, and better floors near a rough one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.arena.borders import blurred, border_terms
from csds.arena.evidence import CAMERA_SD
from csds.arena.geometry import camera_misfits
from csds.arena.sides import Reading, read_sides
from csds.arena.spots import spot_terms
from csds.arena.still import Picture, StillPicture
from csds.arena.weights import ROUGH_FLOOR, ROUGH_SIDE
from csds.model.protocol import EnclosureSpec
from csds.model.shapes import FloatArray

Index = NDArray[np.int_]

#: How many floors of a place are weighed.
_WEIGHED = 24
#: What is read along a side is worth no less than this for each of its ends.
WORST = -12.0
#: … and that it was found anywhere no less than this: rooms aren't all like those it was learnt from.
NOWHERE = -3.0
#: Square of the camera's misfit beyond which floors are no less likely.
_CAMERA_MOST = 9.0
#: Floors are the same if no corner is further apart than this share of a side: 0.15 cm of 42.
_SAME = 1 / 280


@dataclass(frozen=True, kw_only=True)
class View:
    """What hypotheses are held against: the still picture, also at the frame's scale, its phases, and the protocol."""

    grey: Picture
    sharp: Picture
    phases: Sequence[StillPicture]
    size_cm: tuple[float, float]
    enclosure: EnclosureSpec | None

    @cached_property
    def motion(self) -> Picture:
        """How much moves, over all phases."""
        return np.asarray(np.mean([phase.motion for phase in self.phases], axis=0), np.float32)

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
    """What speaks for and against n floors at one place of the picture.

    Parameters
    ----------
    corners : (n, 4, 2) float
        Clockwise, from one and the same corner.
    terms : (n, terms) float
        See `csds.arena.evidence.READ_TERMS`.
    reading : Reading
        What was read along the sides of one of them.
    """

    corners: FloatArray
    terms: FloatArray
    reading: Reading


class Looker:
    """Looks at floors in one view."""

    def __init__(self, view: View) -> None:
        self.view, self._spots = view, view.spots
        self._borders = blurred(view.grey)

    def rough(self, corners: FloatArray) -> FloatArray:
        """Return how likely floors are by what is seen across each of their sides, (n,)."""
        sides, floors = self.rough_terms(corners)
        return np.asarray(ROUGH_SIDE.of(sides).sum(axis=1) + ROUGH_FLOOR.of(floors))

    def rough_terms(self, corners: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the terms that `rough` weighs, of sides, (n, 4, terms), and of floors, (n, terms)."""
        by_side, by_floor = spot_terms(corners, self._spots)
        sides = np.concatenate([border_terms(corners, self._borders), by_side], axis=2)
        return sides, np.column_stack([self._camera(corners), by_floor])

    def near(self, quads: FloatArray) -> Evidence:
        """Return the likeliest floors near quadrilaterals at one place, (n, 4, 2), with what speaks for them."""
        readings = self._read(quads)
        # Read a second time along the likeliest: what lies askew in a strip isn't read as well.
        rough = [self._best(reading) for reading in readings]
        reading = self._read(max(rough, key=lambda one: one[0])[1][None])[0]
        corners = np.concatenate([reading.floors(), *(one.floors() for one in readings)])
        return self._evidence(corners[_distinct(corners, self._worth(corners, reading), _WEIGHED)], reading)

    def _read(self, corners: FloatArray) -> list[Reading]:
        return read_sides(corners, self.view.size_cm, self.view.grey, self.view.motion)

    def _best(self, reading: Reading) -> tuple[float, FloatArray]:
        floors = reading.floors()
        worth = self._worth(floors, reading)
        return float(worth.max()), floors[worth.argmax()]

    def _worth(self, corners: FloatArray, reading: Reading) -> FloatArray:
        """Return how likely floors are by what was read alone, and the camera that would see them so, (n,)."""
        misfit = self._camera_off(corners)
        return np.asarray(reading.of(corners).sum(axis=(1, 2)) - 0.5 * np.minimum(misfit**2, _CAMERA_MOST))

    def _evidence(self, corners: FloatArray, reading: Reading) -> Evidence:
        read = np.maximum(reading.of(corners), WORST).sum(axis=2)
        anywhere = float(np.maximum(reading.edges.anywhere, NOWHERE).sum())
        known = [read.sum(axis=1), read.min(axis=1), np.full(len(corners), anywhere)]
        return Evidence(
            corners=corners,
            terms=np.column_stack([*known, self._camera(corners)]),
            reading=reading,
        )

    def _camera_off(self, corners: FloatArray) -> FloatArray:
        return camera_misfits(corners, self.view.size_cm, self.view.grey.shape) / CAMERA_SD

    def _camera(self, corners: FloatArray) -> FloatArray:
        """Return the terms of how well a camera could see floors so, (n, 2)."""
        off = self._camera_off(corners)
        return np.column_stack([np.minimum(off, 4.0), np.minimum(off**2, _CAMERA_MOST)])


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
