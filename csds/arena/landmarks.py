"""Landmarks of a picture, by which it is found again in one that the camera took after it moved."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.model.shapes import FloatArray

Picture = NDArray[np.uint8]
Detail = NDArray[np.float32]

#: Pictures are compared at about this many pixels across: finer costs more and finds nothing better.
WORK_PX = 640
#: Blur before comparing, working pixels: edges less steep than pixels are followed to a fraction of one.
_BLUR_PX = 1.2
#: The mean over this share of the picture's width, and at least as many pixels, is taken out: light that
#: changes is no landmark.
_SMOOTH_SHARE, _LEAST_SIDE = 0.03, 9
#: Cells across and down the picture, and how many of the strongest edges of each are used.
_CELLS_ACROSS, _CELLS_DOWN, PER_CELL = 16, 12, 8
#: Least slope of an edge, grey levels a working pixel.
_LEAST_SLOPE = 1.5
#: Fewer landmarks than this say nothing.
LEAST_LANDMARKS = 40
#: Residuals beyond this many SDs count for nothing (Tukey's biweight): animals, hands, droppings.
_TUKEY_SDS = 4.7
#: A residual's SD is never taken to be less, grey levels.
_LEAST_SD = 1.0
#: How far each of the eight ways of moving goes, as a share of half the picture's width: shift along x and y,
#: turn, scale, aspect, shear, perspective along x and y. What landmarks can't tell stays near 0.
_USUAL = np.array([0.1, 0.1, 0.06, 0.01, 0.006, 0.006, 0.02, 0.02])
#: How many landmarks on the same edges are worth as much as one that stands alone.
_ALIKE = 100.0
#: … and at most, as a multiple of that.
_FARTHEST = 5.0
#: How many of them are looked for: shift, turn and scale; or all of a plane seen from anywhere.
SIMILARITY, HOMOGRAPHY = 4, 8
#: Steps smaller than this (same unit) are the last: 0.01 px of 640.
_LAST_STEP = 3e-5
#: Motions larger than this are none: the landmarks were lost.
_LOST = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmarks:
    """Strong edges all over a picture, ready to be found again.

    Parameters
    ----------
    unit : (n, 2) float
        Their places: the picture's middle is (0, 0), its sides are at -1 and 1 along x.
    detail : (n,) float
        What the picture shows there without the mean around it, grey levels.
    moves : (n, 8) float
        By how much each way of moving changes that.
    frame_size_px : (width, height)
        Of the picture.
    """

    unit: FloatArray
    detail: FloatArray
    moves: FloatArray
    frame_size_px: tuple[int, int]

    def __len__(self) -> int:
        return len(self.unit)

    def follow(
        self, detail: Detail, start: FloatArray | None = None, *, ways: int = SIMILARITY, most: int = 15
    ) -> FloatArray:
        """Return the 3 × 3 matrix that takes pixels of the landmarks' picture to pixels of another one.

        Gauss-Newton steps with robust weights and the light's gain beside the motion (inverse
        compositional; Baker & Matthews 2004, doi:10.1023/B:VISI.0000011205.11775.fd).

        Parameters
        ----------
        detail : (h, w) float32
            The other picture's, of the same size as that in which the landmarks were found.
        start : (3, 3) array, optional
            Where to start from; default: nothing moved.
        ways : int
            `SIMILARITY` or `HOMOGRAPHY`.
        most : int
            Most steps.

        With fewer than `LEAST_LANDMARKS`, or where these lead nowhere, nothing can be told and the start is returned.
        """
        if len(self) < LEAST_LANDMARKS:
            return np.eye(3) if start is None else start
        to_unit = unit_matrix(self.frame_size_px, self.frame_size_px)
        motion = np.eye(3) if start is None else to_unit @ start @ np.linalg.inv(to_unit)
        for _ in range(most):
            step = self._step(detail, motion, ways)
            if np.abs(step).max() > _LOST or np.abs(_ways_of(motion)).max() > _LOST:
                return np.eye(3) if start is None else start
            motion = motion @ np.linalg.inv(_matrix_of(step))
            motion /= motion[2, 2]
            if np.abs(step).max() < _LAST_STEP:
                break
        matrix = np.linalg.inv(to_unit) @ motion @ to_unit
        return np.asarray(matrix / matrix[2, 2], float)

    def likeness(self, detail: Detail, matrix: FloatArray) -> float:
        """Return how well a picture agrees with the landmarks where they lie in it, -1 to 1.

        The mean over landmarks of what is common to both, weighted by how clear they are: 1 where they show the
        same, 0 where one shows nothing. No animal or hand counts for more than the landmarks that it hides.
        """
        if len(self) < LEAST_LANDMARKS:
            return 0.0
        to_unit = unit_matrix(self.frame_size_px, self.frame_size_px)
        seen, inside = self._seen(detail, to_unit @ matrix @ np.linalg.inv(to_unit))
        if inside.sum() < LEAST_LANDMARKS:
            return 0.0
        own, other = self.detail[inside], seen[inside]
        common = own * other / np.maximum(np.maximum(own**2, other**2), _LEAST_SD**2)
        return float(common @ own**2 / (own @ own))

    def _seen(self, detail: Detail, motion: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Return what a picture shows at the landmarks after a motion, and which of them are in it."""
        height, width = detail.shape
        to_work = np.linalg.inv(unit_matrix(self.frame_size_px, (width, height))) @ motion
        at = np.column_stack([self.unit, np.ones(len(self))]) @ to_work.T
        u, v = (at[:, :2] / at[:, 2:]).astype(np.float32).T
        seen = np.asarray(cv2.remap(detail, u[:, None], v[:, None], cv2.INTER_LINEAR), float)[:, 0]
        return seen, (u >= 0) & (u <= width - 1) & (v >= 0) & (v <= height - 1)

    def _step(self, detail: Detail, motion: FloatArray, ways: int) -> FloatArray:
        """Return how far the landmarks lie beyond a motion, as shares of half the width."""
        seen, inside = self._seen(detail, motion)
        residual = np.where(inside, seen - self.detail, 0.0)
        spread = max(_LEAST_SD, 1.4826 * float(np.median(np.abs(residual))))
        weight = inside * np.clip(1 - (residual / (_TUKEY_SDS * spread)) ** 2, 0, None) ** 2 / spread**2
        columns = np.column_stack([self.moves[:, :ways], self.detail])
        weighted = columns * weight[:, None]
        normal, right = weighted.T @ columns, weighted.T @ residual
        prior = _ALIKE / _USUAL[:ways] ** 2
        normal[np.diag_indices(ways)] += prior
        normal[ways, ways] += 1.0
        right[:ways] += prior * _ways_of(motion)[:ways]
        return np.asarray(np.linalg.solve(normal, right)[:ways], float)


def find_landmarks(
    detail: Detail, frame_size_px: tuple[int, int], *, usable: Picture | None = None, per_cell: int = PER_CELL
) -> Landmarks:
    """Return the landmarks of a picture.

    Parameters
    ----------
    detail : (h, w) float32
        The picture's `work_detail`.
    frame_size_px : (width, height)
        Of the picture itself.
    usable : (height, width) uint8, optional
        255 where landmarks may lie.
    per_cell : int
        How many to take from each part of the picture.
    """
    slope_u, slope_v = cv2.Scharr(detail, cv2.CV_32F, 1, 0) / 32, cv2.Scharr(detail, cv2.CV_32F, 0, 1) / 32
    slope = np.hypot(slope_u, slope_v)
    slope[:2], slope[-2:], slope[:, :2], slope[:, -2:] = 0, 0, 0, 0
    height, width = slope.shape
    if usable is not None:
        free = cv2.resize(usable, (width, height), interpolation=cv2.INTER_AREA)
        slope[np.asarray(cv2.erode(free, np.ones((3, 3), np.uint8))) < 255] = 0
    # Of a fine picture every other row and column is enough.
    stride = 1 + (width >= WORK_PX // 2)
    v, u = (stride * places for places in _strongest(slope[::stride, ::stride], per_cell))
    to_unit = unit_matrix(frame_size_px, (width, height))
    x, y = to_unit[0, 0] * u + to_unit[0, 2], to_unit[1, 1] * v + to_unit[1, 2]
    one, none = np.ones_like(x), np.zeros_like(x)
    along, down = slope_u[v, u] / to_unit[0, 0], slope_v[v, u] / to_unit[1, 1]
    moves = along * np.stack([one, none, -y, x, x, y, x * x, x * y])
    moves += down * np.stack([none, one, x, y, -y, x, x * y, y * y])
    return Landmarks(
        unit=np.stack([x, y], axis=1),
        detail=detail[v, u].astype(float),
        moves=moves.T.copy(),
        frame_size_px=frame_size_px,
    )


def work_detail(picture: Picture, *, coarser: int = 1) -> Detail:
    """Return a picture at working size without the mean around each pixel, (h, w)."""
    height, width = picture.shape
    shrink = max(1, round(width / WORK_PX)) * coarser
    size = (width // shrink, height // shrink)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if shrink > 1 else picture
    side = max(_LEAST_SIDE, 2 * round(_SMOOTH_SHARE * size[0] / 2) + 1)
    fine = cv2.GaussianBlur(small, (5, 5), _BLUR_PX)
    return np.asarray(cv2.subtract(fine, cv2.blur(small, (side, side)), dtype=cv2.CV_32F), np.float32)


def unit_matrix(frame_size_px: tuple[int, int], size: tuple[int, int]) -> FloatArray:
    """Return the matrix from pixels of a frame shrunk to ``size`` (width, height) to units of half its width."""
    half = frame_size_px[0] / 2
    scales = [whole / part for whole, part in zip(frame_size_px, size, strict=True)]
    (scale_x, scale_y), (middle_x, middle_y) = scales, [(length - 1) / 2 for length in frame_size_px]
    return np.array(
        [
            [scale_x / half, 0, ((scale_x - 1) / 2 - middle_x) / half],
            [0, scale_y / half, ((scale_y - 1) / 2 - middle_y) / half],
            [0, 0, 1],
        ]
    )


def is_plausible(matrix: FloatArray, frame_size_px: tuple[int, int]) -> bool:
    """Return True for a motion that a knock can make: none of its ways goes more than five times as far as usual."""
    to_unit = unit_matrix(frame_size_px, frame_size_px)
    motion = to_unit @ matrix @ np.linalg.inv(to_unit)
    return bool((np.abs(_ways_of(motion / motion[2, 2])) <= _FARTHEST * _USUAL).all())


def _strongest(slope: Detail, most: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows and columns of the steepest pixels of every cell."""
    height, width = slope.shape
    tall, wide = height // _CELLS_DOWN, width // _CELLS_ACROSS
    cells = slope[: tall * _CELLS_DOWN, : wide * _CELLS_ACROSS]
    cells = cells.reshape(_CELLS_DOWN, tall, _CELLS_ACROSS, wide).swapaxes(1, 2).reshape(-1, tall * wide)
    count = min(most, cells.shape[1])
    best = np.argpartition(-cells, count - 1, axis=1)[:, :count]
    cell, within = np.repeat(np.arange(len(cells)), count), best.ravel()
    chosen = cells[cell, within] >= _LEAST_SLOPE
    cell, within = cell[chosen], within[chosen]
    return cell // _CELLS_ACROSS * tall + within // wide, cell % _CELLS_ACROSS * wide + within % wide


def _matrix_of(step: FloatArray) -> FloatArray:
    """Return the motion of a small step along each way, in units of half the width."""
    dx, dy, turn, scale, aspect, shear, tilt_x, tilt_y = np.append(step, np.zeros(HOMOGRAPHY - len(step)))
    return np.array(
        [
            [1 + scale + aspect, shear - turn, dx],
            [shear + turn, 1 + scale - aspect, dy],
            [-tilt_x, -tilt_y, 1],
        ]
    )


def _ways_of(motion: FloatArray) -> FloatArray:
    """Return how far a motion goes along each way: the inverse of `_matrix_of`."""
    (a, b, dx), (c, d, dy), (tilt_x, tilt_y, _) = motion
    return np.array([dx, dy, (c - b) / 2, (a + d) / 2 - 1, (a - d) / 2, (b + c) / 2, -tilt_x, -tilt_y])
