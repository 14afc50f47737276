"""Registration: how the camera moved between two pictures of one room, and what becomes of an arena then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.arena.landmarks import (
    HOMOGRAPHY,
    SIMILARITY,
    Detail,
    Picture,
    find_landmarks,
    is_plausible,
    unit_matrix,
    work_detail,
)
from csds.model.arena import Arena, project
from csds.model.shapes import FloatArray

#: Times that the pictures are shrunk from the first look to the last.
_STEPS = (8, 4, 2, 1)
#: Turns that the first look tries, in degrees, and how far it looks for a shift, as a share of the width.
_TURNS_DEG, _REACH_SHARE = (-2.0, 0.0, 2.0), 0.1
#: Shifts tried of each turn, how many of all these, and how many after the first step.
_PEAKS, _TRIED, _KEPT = 3, 6, 3
#: Side of the tiles in which two pictures are compared, as a share of the picture's width.
_TILE_SHARE = 0.06
#: Tiles with less detail (SD in grey levels) say nothing: noise has as much.
_LEAST_DETAIL = 2.0
#: Tiles that correlate more without any motion may be burnt into the picture; the motion is found from the others if
#: these are at least so many, and such a share.
_STAYS, _LEAST_TILES, _LEAST_SHARE = 0.8, 6, 0.15
#: Goodness from which on two pictures certainly show the same room.
SAME_ROOM = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """How a camera moved from one picture to another.

    Parameters
    ----------
    matrix : (3, 3) float
        Takes pixels of the first picture to those of the second.
    goodness : float
        -1 to 1: how much the second picture, moved back, resembles the first one in detail (the
        mean correlation of the places that show any); from `SAME_ROOM` on it is the same room.
    median : float
        Their median correlation: where little but animals and their marks shows any detail, these may spoil
        the mean, but not as many places.
    """

    matrix: FloatArray
    goodness: float
    median: float = -1.0

    @property
    def same_room(self) -> bool:
        """True where both pictures show the same room."""
        return max(self.goodness, self.median) >= SAME_ROOM

    def shift_px(self, arena: Arena) -> float:
        """Return by how many pixels an arena's corners moved: the root of the mean square."""
        corners = np.array(arena.corners_px, float)
        moved = np.column_stack(project(self.matrix, corners[:, 0], corners[:, 1]))
        return float(np.sqrt(((moved - corners) ** 2).sum(axis=1).mean()))


def register(before: Picture, after: Picture, *, usable: Picture | None = None) -> Motion:
    """Return how the camera moved between two pictures of the same size.

    Shifts of a tenth of the picture, turns of three degrees and what perspective goes with them are
    found to about 0.1 px; animals, droppings, shadows and another light are passed over.

    Parameters
    ----------
    before, after : (height, width) uint8
        Best without noise: medians or means of several frames.
    usable : (height, width) uint8, optional
        255 where the first picture is to be relied on: its static part, or an arena and its walls.

    Raises
    ------
    ValueError
        The pictures differ in size.
    """
    if before.shape != after.shape:
        raise ValueError(f"expected pictures of one size, found {before.shape} and {after.shape}")
    pair = _Pair.of(before, after, usable)
    likeness, shown = pair.tiles(np.eye(3))
    # What is burnt into the picture, a clock, stays where it is whatever the camera does.
    stays = shown & (likeness > _STAYS)
    if (shown & ~stays).sum() >= max(_LEAST_TILES, _LEAST_SHARE * shown.sum()):
        moving = pair.without(stays)
        motion = moving.motion(moving.rough_motions())
        if motion.same_room:
            burnt_in = stays & (pair.tiles(motion.matrix)[0] < _STAYS / 2)
            return replace(motion, matrix=pair.without(burnt_in).refined(motion.matrix))
    return pair.motion([np.eye(3), *pair.rough_motions()])


def goodness_of(matrix: FloatArray, before: Picture, after: Picture, *, usable: Picture | None = None) -> float:
    """Return how much a second picture, moved back by a motion, resembles the first: a `Motion`'s goodness."""
    likeness, shown = _Pair.of(before, after, usable).tiles(matrix)
    return float(likeness[shown].mean()) if shown.any() else 0.0


def move_arena(arena: Arena, motion: Motion) -> Arena:
    """Return an arena of the first picture where it lies in the second."""
    corners = np.array(arena.corners_px, float)
    x, y = project(motion.matrix, corners[:, 0], corners[:, 1])
    return replace(arena, corners_px=tuple((float(a), float(b)) for a, b in zip(x, y, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """Two pictures' details by how many times they are shrunk, and where the first is to be relied on."""

    first: dict[int, Detail]
    second: dict[int, Detail]
    usable: Picture
    size: tuple[int, int]

    @classmethod
    def of(cls, before: Picture, after: Picture, usable: Picture | None) -> _Pair:
        details = ({coarser: work_detail(one, coarser=coarser) for coarser in _STEPS} for one in (before, after))
        first, second = details
        everywhere = np.full_like(before, 255) if usable is None else usable
        return cls(first=first, second=second, usable=everywhere, size=(before.shape[1], before.shape[0]))

    def motion(self, starts: Sequence[FloatArray]) -> Motion:
        """Return the best of the motions that starts lead to."""
        found = sorted(self._follow(starts, _STEPS[0]), key=lambda one: self._likeness(one, _STEPS[1]))[-_KEPT:]
        for coarser in _STEPS[1:-1]:
            found = self._follow(found, coarser)
        matrix = self.refined(max(found, key=lambda one: self._likeness(one, _STEPS[-2])))
        likeness, shown = self.tiles(matrix)
        if not (is_plausible(matrix, self.size) and shown.any()):
            return Motion(matrix=matrix, goodness=0.0)
        return Motion(matrix=matrix, goodness=float(likeness[shown].mean()), median=float(np.median(likeness[shown])))

    def refined(self, matrix: FloatArray) -> FloatArray:
        """Return a motion after the last steps, in which it may be any of a plane seen from anywhere."""
        for ways in (SIMILARITY, HOMOGRAPHY):
            (matrix,) = self._follow([matrix], _STEPS[-1], ways)
        return matrix

    def rough_motions(self) -> list[FloatArray]:
        """Return the turns and shifts by which the edges of the pictures agree best, to a few pixels.

        A wall shows two or three edges side by side, so that the best is not always the right one.
        """
        first, second = (_edges(details[_STEPS[0]]) for details in (self.first, self.second))
        height, width = first.shape
        reach = round(_REACH_SHARE * width)
        found = []
        for turn in _TURNS_DEG:
            turned = cv2.warpAffine(first, _turn((width, height), turn)[:2], (width, height))
            scores = np.array(cv2.matchTemplate(second, turned[reach:-reach, reach:-reach], cv2.TM_CCOEFF_NORMED))
            for _ in range(_PEAKS):
                _, score, _, (u, v) = cv2.minMaxLoc(scores)
                matrix = _turn(self.size, turn)
                matrix[:2, 2] += np.array([u - reach, v - reach]) * self.size[0] / width
                found.append((score, matrix))
                scores[max(0, v - 1) : v + 2, max(0, u - 1) : u + 2] = -1
        return [matrix for _, matrix in sorted(found, key=lambda each: each[0])[-_TRIED:]]

    def tiles(self, matrix: FloatArray, coarser: int = _STEPS[-2]) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Return the correlation of the details after a motion, tile by tile, and which tiles show any."""
        first, second = self.first[coarser], self.second[coarser]
        height, width = first.shape
        to_frame = np.linalg.inv(unit_matrix(self.size, self.size)) @ unit_matrix(self.size, (width, height))
        there = np.linalg.inv(to_frame) @ matrix @ to_frame

        def moved_back(values: Detail) -> Detail:
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            return np.asarray(cv2.warpPerspective(values, there, (width, height), flags=flags), np.float32)

        moved, known = moved_back(second), moved_back(np.ones_like(first))
        known[np.asarray(cv2.resize(self.usable, (width, height), interpolation=cv2.INTER_AREA)) < 255] = 0
        side = _tile_side(width)

        def mean(values: Detail) -> Detail:
            return np.asarray(cv2.blur(values, (side, side)), np.float32)[side // 2 :: side, side // 2 :: side]

        share = mean(known)
        one, two, both = mean(known * first * first), mean(known * moved * moved), mean(known * first * moved)
        shown = (share > 0.5) & (np.maximum(one, two) > _LEAST_DETAIL**2 * share)
        return np.asarray(both / np.sqrt(one * two + 1e-9), float), shown

    def without(self, tiles: NDArray[np.bool_]) -> _Pair:
        """Return the pair without what both pictures show in some tiles."""

        def blanked(details: dict[int, Detail]) -> dict[int, Detail]:
            return {k: np.where(self._over(tiles, one.shape), np.float32(0), one) for k, one in details.items()}

        usable = np.where(self._over(tiles, self.usable.shape), np.uint8(0), self.usable)
        return replace(self, first=blanked(self.first), second=blanked(self.second), usable=usable)

    def _over(self, tiles: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """Return the pixels of a picture of that shape that lie in some tiles."""
        compared = self.first[_STEPS[-2]].shape
        side = _tile_side(compared[1])
        rows, columns = (np.arange(n) * whole // n // side for n, whole in zip(shape, compared, strict=True))
        places = np.ix_(np.minimum(rows, len(tiles) - 1), np.minimum(columns, tiles.shape[1] - 1))
        return np.asarray(tiles[places], bool)

    def _likeness(self, matrix: FloatArray, coarser: int) -> float:
        """Return the mean correlation of the tiles that show any detail."""
        likeness, shown = self.tiles(matrix, coarser)
        return float(likeness[shown].mean()) if shown.any() else 0.0

    def _follow(self, starts: Sequence[FloatArray], coarser: int, ways: int = SIMILARITY) -> list[FloatArray]:
        landmarks = find_landmarks(self.first[coarser], self.size, usable=self.usable)
        return [landmarks.follow(self.second[coarser], start, ways=ways) for start in starts]


def _tile_side(width: int) -> int:
    return max(3, round(_TILE_SHARE * width))


def _turn(size: tuple[int, int], degrees: float) -> FloatArray:
    """Return the matrix that turns a picture of that width and height about its middle."""
    width, height = size
    return np.vstack([cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0), (0, 0, 1)])


def _edges(detail: Detail) -> Detail:
    """Return how steep a picture is, softly: edges that lie a little apart still agree."""
    slope = cv2.magnitude(cv2.Scharr(detail, cv2.CV_32F, 1, 0), cv2.Scharr(detail, cv2.CV_32F, 0, 1))
    return np.asarray(cv2.GaussianBlur(slope, (3, 3), 0), np.float32)
