"""Registration: how the camera moved between two pictures of one room, and what becomes of an arena then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from csds.arena.landmarks import HOMOGRAPHY, SIMILARITY, Detail, Picture, find_landmarks, unit_matrix, work_detail
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
        typical correlation of the places that show any); from `SAME_ROOM` on it is the same room.
    """

    matrix: FloatArray
    goodness: float

    @property
    def same_room(self) -> bool:
        """True where both pictures show the same room."""
        return self.goodness >= SAME_ROOM

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
    size = (before.shape[1], before.shape[0])
    first, second = (
        {coarser: work_detail(picture, coarser=coarser) for coarser in _STEPS} for picture in (before, after)
    )

    def likeness(matrix: FloatArray, coarser: int) -> float:
        return _likeness(first[coarser], second[coarser], matrix, size, usable)

    def followed(matrices: Sequence[FloatArray], coarser: int, ways: int = SIMILARITY) -> list[FloatArray]:
        landmarks = find_landmarks(first[coarser], size, usable=usable)
        return [landmarks.follow(second[coarser], matrix, ways=ways) for matrix in matrices]

    found = followed([np.eye(3), *_rough_motions(first[_STEPS[0]], second[_STEPS[0]], size)], _STEPS[0])
    found = sorted(found, key=lambda matrix: likeness(matrix, _STEPS[1]))[-_KEPT:]
    for coarser in _STEPS[1:-1]:
        found = followed(found, coarser)
    (matrix,) = followed([max(found, key=lambda matrix: likeness(matrix, _STEPS[-2]))], _STEPS[-1])
    (matrix,) = followed([matrix], _STEPS[-1], HOMOGRAPHY)
    return Motion(matrix=matrix, goodness=likeness(matrix, _STEPS[-2]))


def move_arena(arena: Arena, motion: Motion) -> Arena:
    """Return an arena of the first picture where it lies in the second."""
    corners = np.array(arena.corners_px, float)
    x, y = project(motion.matrix, corners[:, 0], corners[:, 1])
    return replace(arena, corners_px=tuple((float(a), float(b)) for a, b in zip(x, y, strict=True)))


def _rough_motions(first: Detail, second: Detail, size: tuple[int, int]) -> list[FloatArray]:
    """Return the turns and shifts by which the edges of two pictures agree best, to a few pixels.

    A wall shows two or three edges side by side, so that the best is not always the right one.
    """
    first, second = _edges(first), _edges(second)
    height, width = first.shape
    reach = round(_REACH_SHARE * width)
    found = []
    for turn in _TURNS_DEG:
        turned = cv2.warpAffine(first, _turn((width, height), turn)[:2], (width, height))
        scores = np.array(cv2.matchTemplate(second, turned[reach:-reach, reach:-reach], cv2.TM_CCOEFF_NORMED))
        for _ in range(_PEAKS):
            _, score, _, (u, v) = cv2.minMaxLoc(scores)
            matrix = _turn(size, turn)
            matrix[:2, 2] += np.array([u - reach, v - reach]) * size[0] / width
            found.append((score, matrix))
            scores[max(0, v - 1) : v + 2, max(0, u - 1) : u + 2] = -1
    return [matrix for _, matrix in sorted(found, key=lambda each: each[0])[-_TRIED:]]


def _turn(size: tuple[int, int], degrees: float) -> FloatArray:
    """Return the matrix that turns a picture of that width and height about its middle."""
    width, height = size
    return np.vstack([cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0), (0, 0, 1)])


def _edges(detail: Detail) -> Detail:
    """Return how steep a picture is, softly: edges that lie a little apart still agree."""
    slope = cv2.magnitude(cv2.Scharr(detail, cv2.CV_32F, 1, 0), cv2.Scharr(detail, cv2.CV_32F, 0, 1))
    return np.asarray(cv2.GaussianBlur(slope, (3, 3), 0), np.float32)


def _likeness(
    first: Detail, second: Detail, matrix: FloatArray, size: tuple[int, int], usable: Picture | None
) -> float:
    """Return the mean correlation of two pictures' details over the tiles that show any."""
    height, width = first.shape
    to_unit, from_work = unit_matrix(size, size), unit_matrix(size, (width, height))
    to_frame = np.linalg.inv(to_unit) @ from_work
    there = np.linalg.inv(to_frame) @ matrix @ to_frame

    def moved_back(values: Detail) -> Detail:
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpPerspective(values, there, (width, height), flags=flags), np.float32)

    moved, known = moved_back(second), moved_back(np.ones_like(first))
    if usable is not None:
        known[np.asarray(cv2.resize(usable, (width, height), interpolation=cv2.INTER_AREA)) < 255] = 0
    side = max(3, round(_TILE_SHARE * width))

    def mean(values: Detail) -> Detail:
        return np.asarray(cv2.blur(values, (side, side)), np.float32)[side // 2 :: side, side // 2 :: side]

    share = mean(known)
    one, two, both = mean(known * first * first), mean(known * moved * moved), mean(known * first * moved)
    shown = (share > 0.5) & (np.maximum(one, two) > _LEAST_DETAIL**2 * share)
    if not shown.any():
        return 0.0
    return float(np.mean(both[shown] / np.sqrt((one * two)[shown] + 1e-9)))
