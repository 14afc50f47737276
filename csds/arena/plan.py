"""The picture seen as if a quadrilateral were the floor: from straight above, in centimetres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from csds.arena.still import Picture, StillPicture
from csds.model.arena import project, solve_homography
from csds.model.shapes import FloatArray

#: Pixels per side of a floor, whatever its size: 3 a cm for 42 cm.
_SIDE_PX = 126
#: What is seen of the floor's surroundings, as a share of its longer side: 6 cm of 42.
_AROUND = 1 / 7
#: Focal lengths that cameras have, in frame diagonals: from very wide to very long.
_FOCAL_LENGTHS = (0.5, 0.8, 1.2, 2.0, 4.0, 12.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorPlan:
    """A rectified picture; its first side runs along the width.

    Parameters
    ----------
    still : (rows, columns) float32
        What stands still, over all phases.
    across, down : (rows, columns) float32
        By how much neighbouring pixels differ, sideways and downwards.
    moved : tuple of (rows, columns) float32
        Motion in each phase.
    size_cm : (width, height)
        Of the floor.
    px_per_cm : float
    around_cm : float
        What is seen beyond each side.
    """

    still: Picture
    across: Picture
    down: Picture
    moved: tuple[Picture, ...]
    size_cm: tuple[float, float]
    px_per_cm: float
    around_cm: float

    def turned(self, quarters: int) -> FloorPlan:
        """Return the plan turned so that side ``quarters`` (0 the first, clockwise) is at the top."""
        sides = (self.across, self.down) if quarters % 2 == 0 else (self.down, self.across)
        return FloorPlan(
            still=np.rot90(self.still, quarters),
            across=np.rot90(sides[0], quarters),
            down=np.rot90(sides[1], quarters),
            moved=tuple(np.rot90(moved, quarters) for moved in self.moved),
            size_cm=self.size_cm if quarters % 2 == 0 else self.size_cm[::-1],
            px_per_cm=self.px_per_cm,
            around_cm=self.around_cm,
        )

    def index(self, cm: float) -> int:
        """Return the row or column of a place in cm."""
        return round((cm + self.around_cm) * self.px_per_cm)


def floor_plan(
    corners: FloatArray, grey: Picture, phases: Sequence[StillPicture], size_cm: tuple[float, float]
) -> FloorPlan:
    """Return the picture as seen from straight above if these were the floor's corners.

    Parameters
    ----------
    corners : (4, 2) float
        Clockwise in the picture; the side from the first to the second is the plan's upper one.
    grey : (height, width) float32
        What stands still, over all phases.
    phases : sequence of StillPicture
        For their motion.
    size_cm : (width, height)
        Of the floor, along and away from the plan's upper side.
    """
    around = _AROUND * max(size_cm)
    px_per_cm = _SIDE_PX / max(size_cm)
    matrix = solve_homography((rectangle_cm(size_cm) + around) * px_per_cm, corners)
    shape = tuple(round((side + 2 * around) * px_per_cm) + 1 for side in size_cm)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP

    def taken(picture: Picture) -> Picture:
        warped = cv2.warpPerspective(picture, matrix, shape, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped, np.float32)

    still = taken(grey)
    across, down = np.zeros_like(still), np.zeros_like(still)
    cv2.absdiff(still[:, 1:], still[:, :-1], across[:, :-1])
    cv2.absdiff(still[1:], still[:-1], down[:-1])
    return FloorPlan(
        still=still,
        across=across,
        down=down,
        moved=tuple(taken(phase.motion) for phase in phases),
        size_cm=size_cm,
        px_per_cm=px_per_cm,
        around_cm=around,
    )


def rectangle_cm(size_cm: tuple[float, float]) -> FloatArray:
    """Return the corners of a floor of that size in cm, (4, 2)."""
    w, h = size_cm
    return np.array([(0, 0), (w, 0), (w, h), (0, h)], float)


def camera_misfit(corners: FloatArray, size_cm: tuple[float, float], frame: tuple[int, int]) -> float:
    """Return by how much four corners differ from any that a camera with square pixels sees of such a floor.

    A share: 0.05 means that the floor would have to be 5 % longer than it is, or skewed as much. The
    camera's focal length is not known, its axis is taken to go through the frame's middle.

    Parameters
    ----------
    corners : (4, 2) float
    size_cm : (width, height)
    frame : (height, width)
        Of the picture, in its pixels.
    """
    middle = np.array([(frame[1] - 1) / 2, (frame[0] - 1) / 2])
    diagonal = float(np.hypot(*frame))
    matrix = solve_homography(rectangle_cm(size_cm), (corners - middle) / diagonal)
    best = np.inf
    for focal in _FOCAL_LENGTHS:
        along, away = (matrix[:, i] / (focal, focal, 1.0) for i in (0, 1))
        stretch = np.log(np.linalg.norm(along) / np.linalg.norm(away))
        skew = along @ away / (np.linalg.norm(along) * np.linalg.norm(away))
        best = min(best, float(np.hypot(stretch, skew)))
    return best


def spots_inside(corners: FloatArray, spots: FloatArray, size_cm: tuple[float, float], slack_cm: float) -> FloatArray:
    """Return the share of each moving spot's outline that lies on the floor or within a slack of it, (n,)."""
    if not len(spots):
        return np.zeros(0)
    w, h = size_cm
    x, y = project(solve_homography(corners, rectangle_cm(size_cm)), spots[..., 0], spots[..., 1])
    inside = (x > -slack_cm) & (x < w + slack_cm) & (y > -slack_cm) & (y < h + slack_cm)
    return np.asarray(inside.mean(axis=1), float)
