"""Finding the animal in one frame: the blob that differs from the empty floor, without its tail."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.background.blobs import disc
from csds.background.grid import WorkGrid
from csds.background.model import Background

#: A blob is the animal if its area is at least this share of the typical one …
_LEAST_AREA = 0.25
#: … and at most this multiple of it (the tail's remains, a shadow, a stretched body).
_MOST_AREA = 2.6
#: Below this share of the typical area the whole floor is searched for something better.
_DOUBTFUL_AREA = 0.5
#: Half the side of the window that is searched around the last position, in typical body radii.
_REACH = 4.5

#: What is measured of the animal in every frame, in working pixels (columns of `Finder.locate`'s row).
MEASURES = ("u", "v", "area", "length", "width", "axis", "ahead_u", "ahead_v", "behind_u", "behind_v", "tail_side", "skew")
Row = tuple[float, ...]
LOST: Row = (float("nan"),) * len(MEASURES)

Box = tuple[int, int, int, int]


@dataclass(slots=True, kw_only=True)
class Finder:
    """Follows one animal through the frames of one recording.

    It looks around the last position first and at the whole floor when that fails, so that a
    frame costs little whatever the arena's size.

    Parameters
    ----------
    grid : WorkGrid
    background : Background
    mask : (height, width) uint8
        255 where the animal can be: the floor without the enclosure.
    """

    grid: WorkGrid
    background: Background
    mask: NDArray[np.uint8]
    _opening: NDArray[np.uint8] = field(init=False)
    _regrow: NDArray[np.uint8] = field(init=False)
    _reach: int = field(init=False)
    _last: tuple[float, float] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._opening = disc(self.background.tail_px)
        self._regrow = disc(max(1.0, self.background.tail_px - 1.0))
        self._reach = int(np.ceil(_REACH * np.sqrt(self.background.animal_area_px / np.pi)))

    def locate(self, luma: NDArray[np.uint8]) -> Row:
        """Return the animal's measures in a frame (see `MEASURES`), or `LOST`."""
        whole = (0, 0, self.grid.width, self.grid.height)
        found: tuple[Row, bool] | None = None
        if self._last is not None:
            box = self._box_around(*self._last)
            found = self._search(luma, box)
        if found is None or found[1] or found[0][2] < _DOUBTFUL_AREA * self.background.animal_area_px:
            wider = self._search(luma, whole)
            if wider is not None and (found is None or found[1] or wider[0][2] > 2.0 * found[0][2]):
                found = wider
        if found is None:
            return LOST
        self._last = found[0][0], found[0][1]
        return found[0]

    def _box_around(self, u: float, v: float) -> Box:
        left, top = int(u) - self._reach, int(v) - self._reach
        return (
            max(0, left),
            max(0, top),
            min(self.grid.width, left + 2 * self._reach),
            min(self.grid.height, top + 2 * self._reach),
        )

    def _search(self, luma: NDArray[np.uint8], box: Box) -> tuple[Row, bool] | None:
        """Return the animal's measures within a box, and whether it is cut off by the box's edge."""
        left, top, right, bottom = box
        picture = self.grid.crop(luma, box)
        difference = self.background.difference(picture, self.background.floor[top:bottom, left:right])
        _, seen = cv2.threshold(difference, self.background.threshold, 255, cv2.THRESH_BINARY)
        seen = cv2.bitwise_and(seen, self.mask[top:bottom, left:right])
        seen = cv2.morphologyEx(seen, cv2.MORPH_CLOSE, _NEXT_TO)
        solid = cv2.morphologyEx(seen, cv2.MORPH_OPEN, self._opening)
        count, labels, stats, centres = cv2.connectedComponentsWithStats(solid, connectivity=8)
        label = self._choose(count, stats, centres, left, top)
        if label is None:
            return None
        x, y, w, h = (int(value) for value in stats[label, :4])
        cut = (
            (x == 0 and left > 0)
            or (y == 0 and top > 0)
            or (x + w == right - left and right < self.grid.width)
            or (y + h == bottom - top and bottom < self.grid.height)
        )
        # The tail is looked for within two body radii of the body; the crop keeps this cheap.
        pad = self._reach // 2
        x0, y0, x1, y1 = max(0, x - pad), max(0, y - pad), min(right - left, x + w + pad), min(bottom - top, y + h + pad)
        core = cv2.compare(labels[y0:y1, x0:x1], label, cv2.CMP_EQ)
        body = cv2.bitwise_and(cv2.dilate(core, self._regrow), seen[y0:y1, x0:x1])
        return _measure(body, seen[y0:y1, x0:x1], (left + x0, top + y0)), cut

    def _choose(
        self, count: int, stats: NDArray[np.int32], centres: NDArray[np.float64], left: int, top: int
    ) -> int | None:
        """Return the label of the blob that is most like the animal: as large as it is, and near where it was."""
        typical = self.background.animal_area_px
        best, best_score = None, -np.inf
        for label in range(1, count):
            area = float(stats[label, cv2.CC_STAT_AREA])
            if not _LEAST_AREA * typical <= area <= _MOST_AREA * typical:
                continue
            score = min(area / typical, 1.0)
            if self._last is not None:
                away = np.hypot(centres[label, 0] + left - self._last[0], centres[label, 1] + top - self._last[1])
                score -= 0.5 * float(away) / (away + self._reach)
            if score > best_score:
                best, best_score = label, score
        return best


def _measure(body: NDArray[np.uint8], seen: NDArray[np.uint8], origin: tuple[int, int]) -> Row:
    """Return the measures of a body mask; ``seen`` is the mask with the tail, ``origin`` their place in the grid."""
    moments = cv2.moments(body, binaryImage=True)
    area = moments["m00"]
    u, v = moments["m10"] / area, moments["m01"] / area
    spread_u, spread_v, cross = moments["mu20"] / area, moments["mu02"] / area, moments["mu11"] / area
    axis = 0.5 * float(np.arctan2(2 * cross, spread_u - spread_v))
    mean, deviation = (spread_u + spread_v) / 2, float(np.hypot((spread_u - spread_v) / 2, cross))
    long_axis = 4 * np.sqrt(mean + deviation + 1 / 12)
    short_axis = 4 * np.sqrt(max(mean - deviation, 0.0) + 1 / 12)

    cosine, sine = float(np.cos(axis)), float(np.sin(axis))
    rows, columns = np.nonzero(body)
    along = (columns - u) * cosine + (rows - v) * sine
    order = np.argsort(along)
    tip = max(3, len(along) // 60)
    last, first = order[-tip:], order[:tip]
    skew = float(np.mean(along**3)) / max((mean + deviation) ** 1.5, 1e-9)

    # What is seen near the body and isn't body is tail; its side says where the nose is not.
    tail = cv2.moments(cv2.subtract(seen, cv2.dilate(body, _NEXT_TO)), binaryImage=True)
    side = 0.0
    if tail["m00"] > 2:
        reach = (tail["m10"] / tail["m00"] - u) * cosine + (tail["m01"] / tail["m00"] - v) * sine
        side = reach / (long_axis / 2) * min(1.0, 12.0 * tail["m00"] / area)
    left, top = origin
    return (
        u + left, v + top, area, long_axis, short_axis, axis,
        float(columns[last].mean()) + left, float(rows[last].mean()) + top,
        float(columns[first].mean()) + left, float(rows[first].mean()) + top,
        side, skew,
    )


_NEXT_TO = np.ones((3, 3), np.uint8)
