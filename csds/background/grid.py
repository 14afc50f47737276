"""The working grid: the arena's part of the picture at the scale that tracking works at."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from csds.model.arena import Arena
from csds.model.shapes import FloatArray, Shape

#: Working pixels per cm that tracking aims at: a mouse is then about 500 pixels.
_TARGET_PX_PER_CM = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkGrid:
    """A crop of the frame, shrunk by a whole factor.

    Parameters
    ----------
    left, top : int
        First column and row of the crop, in frame pixels.
    factor : int
        How many frame pixels make one working pixel, along each axis.
    width, height : int
        Of the grid, in working pixels.
    px_per_cm : float
        Working pixels per cm.
    """

    left: int
    top: int
    factor: int
    width: int
    height: int
    px_per_cm: float

    def crop(self, luma: NDArray[np.uint8], box: tuple[int, int, int, int] | None = None) -> NDArray[np.uint8]:
        """Return the crop of a frame, or of a box (left, top, right, bottom in working pixels) of it, shrunk."""
        left, top, right, bottom = (0, 0, self.width, self.height) if box is None else box
        f = self.factor
        part = luma[self.top + top * f : self.top + bottom * f, self.left + left * f : self.left + right * f]
        if f == 1:
            return part
        shrunk = cv2.resize(part, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
        return np.asarray(shrunk, np.uint8)

    def view(self, luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a view of the frame's pixel at the middle of each working pixel, nothing averaged."""
        f, start = self.factor, self.factor // 2
        rows = luma[self.top + start : self.top + self.height * f : f]
        return rows[:, self.left + start : self.left + self.width * f : f]

    def to_frame(self, u: ArrayLike, v: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return frame pixels of working pixels (both with centres at integers)."""
        f = self.factor
        shift = (f - 1) / 2
        return np.asarray(u, float) * f + self.left + shift, np.asarray(v, float) * f + self.top + shift

    def centres_cm(self, arena: Arena) -> tuple[FloatArray, FloatArray]:
        """Return the arena centimetres (height, width) of every working pixel's centre."""
        u, v = np.meshgrid(np.arange(self.width), np.arange(self.height))
        return arena.to_cm(*self.to_frame(u, v))


def work_grid(arena: Arena, *, margin_cm: float) -> WorkGrid:
    """Return the grid that covers an arena's floor and a margin around it, within the frame."""
    scale = arena.px_per_cm
    factor = max(1, round(scale / _TARGET_PX_PER_CM))
    width, height = arena.frame_size_px
    corners = arena.outline_px
    low = np.floor(corners.min(axis=0) - margin_cm * scale).astype(int)
    high = np.ceil(corners.max(axis=0) + margin_cm * scale).astype(int) + 1
    left, top = (int(max(0, value)) for value in low)
    right, bottom = min(width, int(high[0])), min(height, int(high[1]))
    return WorkGrid(
        left=left,
        top=top,
        factor=factor,
        width=(right - left) // factor,
        height=(bottom - top) // factor,
        px_per_cm=scale / factor,
    )


def shape_mask(grid: WorkGrid, arena: Arena, shape: Shape, *, margin_cm: float = 0.0) -> NDArray[np.uint8]:
    """Return a mask (height, width), 255 within ``margin_cm`` of a shape and 0 elsewhere."""
    inside = shape.distance(*grid.centres_cm(arena)) <= margin_cm
    return np.where(inside, np.uint8(255), np.uint8(0))
