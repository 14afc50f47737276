"""Light that changes: by how much each part of the arena is brighter or darker than the floor as learnt.

Flicker, a lamp, a drifting shadow and a camera that regulates itself all scale the grey levels, not
everywhere alike. The median ratio to the floor, in a few cells larger than any animal, follows them
from a few hundred pixels a frame, and no animal can pull it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.background.masks import Mask, Picture
from csds.background.ordered import median_picture
from csds.model.shapes import FloatArray

#: Cells along each side of the grid, at most.
_CELLS = 4
#: A cell is at least so many times as long as the mean radius of the animal: it covers a quarter of it at most.
_RADII = 3.6
#: Pixels that are looked at in each cell, along each side.
_SAMPLES = 9
#: Ratios are kept within these limits.
_LEAST, _MOST = 0.2, 5.0
#: A cell with fewer than this share of its pixels on the floor takes its neighbours' ratio.
_LEAST_FLOOR = 0.3

Box = tuple[int, int, int, int]


@dataclass(slots=True, kw_only=True)
class Light:
    """Follows the light over a floor.

    Parameters
    ----------
    floor : (height, width) uint8
        The empty floor under the light that others are compared with.
    mask : (height, width) uint8
        255 where the floor is.
    animal_px : float
        Typical area of the animal, working pixels.
    noise : float
        SD of a pixel over time, grey levels: less is no change.
    """

    floor: Picture
    mask: Mask
    animal_px: float
    noise: float
    _cells: tuple[int, int] = field(init=False)
    _rows: NDArray[np.intp] = field(init=False)
    _columns: NDArray[np.intp] = field(init=False)
    _scale: NDArray[np.float32] = field(init=False)
    _lowest: Picture = field(init=False)
    _highest: Picture = field(init=False)
    _cell: NDArray[np.intp] = field(init=False)
    _middle: NDArray[np.intp] = field(init=False)
    _known: NDArray[np.bool_] = field(init=False)
    _all_known: bool = field(init=False)
    _below: NDArray[np.intp] = field(init=False)
    _within: NDArray[np.intp] = field(init=False)
    _size: tuple[float, float] = field(init=False)
    _tolerance: float = field(init=False)

    def __post_init__(self) -> None:
        height, width = self.floor.shape
        least = max(8.0, _RADII * float(np.sqrt(self.animal_px / np.pi)))
        down, across = (int(np.clip(side / least, 1, _CELLS)) for side in (height, width))
        self._size = width / across, height / down
        rows = ((np.arange(down * _SAMPLES) + 0.5) * height / (down * _SAMPLES)).astype(np.intp)
        columns = ((np.arange(across * _SAMPLES) + 0.5) * width / (across * _SAMPLES)).astype(np.intp)
        self._cells = down, across
        self._rows, self._columns = (self._by_cell(place) for place in np.meshgrid(rows, columns, indexing="ij"))
        level = self.floor[self._rows, self._columns].astype(np.float32)
        valid = (self.mask[self._rows, self._columns] > 0) & (level >= 4)
        # What is no floor stands last in the order of ratios.
        self._scale = np.where(valid, 1.0 / np.maximum(level, 1.0), np.inf).astype(np.float32)
        count = np.count_nonzero(valid, axis=1)
        self._known = count >= _LEAST_FLOOR * _SAMPLES**2
        if not self._known.any():
            self._known = count >= max(1, int(count.max()))
        self._all_known = bool(self._known.all())
        self._cell, self._middle = np.arange(down * across), np.maximum(count - 1, 0) // 2
        # What is counted is 255 for each; the medians of unknown cells never count as changed.
        self._below = np.where(self._known, 255 * self._middle, 255 * _SAMPLES**2)[:, None]
        self._within = np.where(self._known, 255 * self._middle, -1)[:, None]
        typical = float(np.median(level[valid])) if valid.any() else 255.0
        self._tolerance = 1.5 * max(self.noise, 1.0) / max(typical, 1.0)
        self._lowest, self._highest = self._unchanged()

    def _by_cell(self, places: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the places of pixels with a row for each cell."""
        (down, across), side = self._cells, _SAMPLES
        return places.reshape(down, side, across, side).transpose(0, 2, 1, 3).reshape(down * across, side**2)

    def _unchanged(self) -> tuple[Picture, Picture]:
        """Return each pixel's lowest and highest grey level whose ratio is no change; 1 and 0 off the floor."""
        scales, which = np.unique(self._scale, return_inverse=True)
        off = (np.arange(1, 256, dtype=np.float32)[:, None] * scales).astype(float) - 1.0
        lowest, highest = (off < -self._tolerance).sum(axis=0) + 1, (off <= self._tolerance).sum(axis=0)
        shape = self._scale.shape
        return lowest[which].reshape(shape).astype(np.uint8), highest[which].reshape(shape).astype(np.uint8)

    def ratios(self, picture: Picture) -> FloatArray | None:
        """Return by what the light is multiplied in each cell (down, across), None where nothing has changed.

        Parameters
        ----------
        picture : (height, width) uint8
            Of the whole grid; a view that leaves out pixels will do.
        """
        return self.change(self.pixels(picture))

    def pixels(self, picture: Picture) -> Picture:
        """Return what `change` needs of a picture of the whole grid: a few hundred pixels, a row for each cell."""
        return np.maximum(picture[self._rows, self._columns], 1)

    def change(self, seen: Picture) -> FloatArray | None:
        """Return what `ratios` does, of the `pixels` of a picture."""
        if self._is_same(seen):
            return None
        ordered = np.sort(seen * self._scale, axis=1)
        ratios = ordered[self._cell, self._middle].astype(float)
        if not self._all_known:
            ratios[~self._known] = np.nan
            ratios = _filled(ratios.reshape(self._cells))
        return np.asarray(np.minimum(np.maximum(ratios, _LEAST), _MOST), float).reshape(self._cells)

    def _is_same(self, seen: Picture) -> bool:
        """Return True if the median ratio of no known cell has changed.

        Whether a median lies below a limit is counted, which is several times as fast as finding it.
        """
        low = cv2.reduce(cv2.compare(seen, self._lowest, cv2.CMP_LT), 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
        high = cv2.reduce(cv2.compare(seen, self._highest, cv2.CMP_LE), 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
        return bool((np.asarray(low) <= self._below).all() and (np.asarray(high) > self._within).all())

    def evened(self, picture: Picture, ratios: FloatArray, box: Box) -> Picture:
        """Return a picture of a box of the grid (left, top, right, bottom) as it were under the floor's light."""
        lowest, highest = float(ratios.min()), float(ratios.max())
        if highest - lowest <= self._tolerance:
            return np.asarray(cv2.convertScaleAbs(picture, alpha=2.0 / (lowest + highest)), np.uint8)
        inverse = _extended(1.0 / ratios)
        left, top, _, _ = box
        across, down = self._size
        # A cell's value stands at its middle; the first of the extended ones lies half a cell outside.
        to_cells = np.array(
            [[1.0 / across, 0.0, (left + 0.5) / across + 0.5], [0.0, 1.0 / down, (top + 0.5) / down + 0.5]]
        )
        gain = cv2.warpAffine(
            inverse.astype(np.float32),
            to_cells,
            (picture.shape[1], picture.shape[0]),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(cv2.multiply(picture, gain, dtype=cv2.CV_8U), np.uint8)


def even_out(samples: Picture, mask: Mask, *, animal_px: float, noise: float) -> Picture:
    """Return the samples as they were under the light of the median sample."""
    if len(samples) < 2:
        return samples
    light = Light(floor=median_picture(samples), mask=mask, animal_px=animal_px, noise=noise)
    box = (0, 0, samples.shape[2], samples.shape[1])
    changes = [light.ratios(sample) for sample in samples]
    if all(ratios is None for ratios in changes):
        return samples
    return np.array(
        [
            sample if ratios is None else light.evened(sample, ratios, box)
            for sample, ratios in zip(samples, changes, strict=True)
        ],
        np.uint8,
    )


def _filled(ratios: FloatArray) -> FloatArray:
    """Return the ratios with unknown cells given those of the nearest known ones."""
    known = np.argwhere(np.isfinite(ratios))
    for cell in np.argwhere(~np.isfinite(ratios)):
        away = np.abs(known - cell).sum(axis=1)
        ratios[tuple(cell)] = np.mean([ratios[tuple(near)] for near in known[away == away.min()]])
    return ratios


def _extended(cells: FloatArray) -> FloatArray:
    """Return cells with one more row and column on each side, continued in a straight line."""
    for axis in (0, 1):
        first, last = np.take(cells, [0], axis), np.take(cells, [-1], axis)
        if cells.shape[axis] > 1:
            inner, outer = np.take(cells, [1], axis), np.take(cells, [-2], axis)
            before, after = 2 * first - inner, 2 * last - outer
        else:
            before, after = first, last
        cells = np.concatenate([before, cells, after], axis=axis)
    return np.clip(cells, 1.0 / _MOST, 1.0 / _LEAST)
