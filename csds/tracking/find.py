"""Finding the animal in one frame: the blob that differs from the empty floor, without its tail."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from csds.background.coat import other_side, patches_of
from csds.background.grid import WorkGrid
from csds.background.light import Light
from csds.background.masks import (
    Mask,
    Picture,
    above_each,
    close_gaps,
    fill_between,
    grow,
    mask_where,
    smoothed,
    without_thin,
)
from csds.background.model import Background
from csds.model.shapes import FloatArray

#: A blob is the animal if its area is at least this share of the typical one …
_LEAST_AREA = 0.25
#: … and at most this multiple of it (the tail's remains, a shadow, a stretched body).
_MOST_AREA = 2.6
#: Below this share of the typical area the whole floor is searched for something better.
_DOUBTFUL_AREA = 0.5
#: Half the side of the window that is searched around the last position, in typical body radii.
_REACH = 3.3
#: Where little light falls the animal stands out by less: by the lower shares where the floor has the upper ones
#: of its usual grey level, …
_LIGHT_SHARES = ((0.15, 0.6, 0.75), (0.15, 0.6, 1.0))
#: … and by this many SDs of the noise.
_NOISE_SDS = 5.0
#: Wires of an enclosure are at most so far apart, cm.
MESH_CM = 1.3
#: Pixels within this many of the farthest one, along the body's axis, are its tip.
_TIP_PX = 1.0
#: Fewer pixels than this are no tail.
_LEAST_TAIL_PX = 2

#: What is measured of the animal in every frame, in working pixels (columns of `Finder.locate`'s row).
MEASURES = (
    "u", "v", "area", "length", "width", "axis", "ahead_u", "ahead_v", "behind_u", "behind_v", "tail_side", "skew",
)  # fmt: skip
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
    enclosure : (height, width) uint8, optional
        255 where the target's enclosure is, onto which the animal may climb.
    """

    grid: WorkGrid
    background: Background
    mask: Mask
    enclosure: Mask | None = None
    _floor: Picture = field(init=False)
    _least: Picture = field(init=False)
    _light: Light = field(init=False)
    _lid: Box | None = field(init=False, default=None)
    _rim: float = field(init=False)
    _reach: int = field(init=False)
    _last: tuple[float, float] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        background = self.background
        # Where the animal can't be, the floor is given the grey level that nothing differs from.
        nothing = np.uint8(0 if background.polarity == "dark" else 255)
        self._floor = np.where(self.mask > 0, background.floor, nothing)
        if self.enclosure is not None and background.lid is not None:
            self._floor = np.where(self.enclosure > 0, background.lid, self._floor)
            rows, columns = (np.flatnonzero((self.enclosure > 0).any(axis=axis)) for axis in (1, 0))
            if len(rows) and len(columns):
                self._lid = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
        self._least = self._thresholds()
        self._light = Light(
            floor=background.floor, mask=self.mask, animal_px=background.animal_area_px, noise=background.noise
        )
        self._rim = max(1.0, background.tail_px - 1.0)
        self._reach = math.ceil(_REACH * math.sqrt(background.animal_area_px / math.pi))

    def locate(self, luma: Picture) -> Row:
        """Return the animal's measures in a frame (see `MEASURES`), or `LOST`."""
        ratios = self._light.ratios(self.grid.view(luma))
        found: tuple[Row, bool] | None = None
        if self._last is not None:
            found = self._search(luma, self._box_around(*self._last), ratios)
        if found is None or found[1] or found[0][2] < _DOUBTFUL_AREA * self.background.animal_area_px:
            wider = self._search(luma, (0, 0, self.grid.width, self.grid.height), ratios)
            if wider is not None and (found is None or found[1] or wider[0][2] > 2.0 * found[0][2]):
                found = wider
        if found is None:
            return LOST
        self._last = found[0][0], found[0][1]
        return found[0]

    def _box_around(self, u: float, v: float) -> Box:
        left, top, reach = round(u) - self._reach, round(v) - self._reach, 2 * self._reach + 1
        return max(0, left), max(0, top), min(self.grid.width, left + reach), min(self.grid.height, top + reach)

    def _thresholds(self) -> Picture:
        """Return from which difference on each pixel is the animal's: less in the dark, where all differs by less."""
        background = self.background
        reach = 2 * round(math.sqrt(background.animal_area_px / math.pi)) + 1
        level = cv2.blur(background.floor, (reach, reach)).astype(np.float32)
        typical = float(np.median(level[self.mask > 0])) if self.mask.any() else 1.0
        share = np.interp(level / max(typical, 1.0), *_LIGHT_SHARES)
        least = np.maximum(share * background.threshold, min(_NOISE_SDS * background.noise, background.threshold))
        return np.asarray(least, np.uint8)

    def _search(self, luma: Picture, box: Box, ratios: FloatArray | None) -> tuple[Row, bool] | None:
        """Return the animal's measures within a box, and whether it is cut off by the box's edge."""
        left, top, right, bottom = box
        picture = smoothed(self.grid.crop(luma, box), self.background.smooth_px)
        if ratios is not None:
            picture = self._light.evened(picture, ratios, box)
        difference = self.background.difference(picture, self._floor[top:bottom, left:right])
        seen = close_gaps(above_each(difference, self._least[top:bottom, left:right]))
        self._fill_lid(seen, box)
        solid = without_thin(seen, self.background.tail_px)
        count, labels, stats, centres = cv2.connectedComponentsWithStats(solid, connectivity=8, ltype=cv2.CV_16U)
        label = self._choose(np.asarray(stats).tolist(), np.asarray(centres).tolist(), left, top)
        if label is None:
            return None
        x, y, w, h = (int(value) for value in stats[label, :4])
        cut = (
            (x == 0 and left > 0)
            or (y == 0 and top > 0)
            or (x + w == right - left and right < self.grid.width)
            or (y + h == bottom - top and bottom < self.grid.height)
        )
        core = solid if count == 2 else mask_where(np.asarray(labels) == label)
        # The body is as wide as its core and a rim; what is seen within a body's width of it and isn't body is tail.
        pad = self._reach // 3
        x0, y0, x1, y1 = max(0, x - pad), max(0, y - pad), x + w + pad, y + h + pad
        near, core = seen[y0:y1, x0:x1], core[y0:y1, x0:x1]
        body = np.bitwise_and(grow(core, self._rim), near)
        if self.background.patch_threshold is not None:
            part = (slice(y0, y1), slice(x0, x1))
            whole = (slice(top + y0, min(top + y1, bottom)), slice(left + x0, min(left + x1, right)))
            body |= self._patches(core, picture[part], whole)
        return _measure(body, near & ~grow(body, 1.5), (left + x0, top + y0)), cut

    def _fill_lid(self, seen: Mask, box: Box) -> None:
        """Close, in place, the gaps between what is seen on the enclosure: wires, or what lies between them."""
        if self._lid is None or self.enclosure is None:
            return
        left, top, right, bottom = (
            max(self._lid[0], box[0]), max(self._lid[1], box[1]), min(self._lid[2], box[2]), min(self._lid[3], box[3]),
        )  # fmt: skip
        if left >= right or top >= bottom:
            return
        part = seen[top - box[1] : bottom - box[1], left - box[0] : right - box[0]]
        if cv2.countNonZero(part):
            whole = fill_between(part, MESH_CM * self.grid.px_per_cm)
            part |= whole & self.enclosure[top:bottom, left:right]

    def _patches(self, core: Mask, picture: Picture, part: tuple[slice, slice]) -> Mask:
        """Return what of a coat of two colours differs from the floor to the other side."""
        background = self.background
        radius = math.sqrt(background.animal_area_px / math.pi)
        other = np.minimum(other_side(picture, background.floor[part], background.polarity), self.mask[part])
        return patches_of(core, other, background.patch_threshold or 255.0, radius)

    def _choose(self, stats: list[list[int]], centres: list[list[float]], left: int, top: int) -> int | None:
        """Return the label of the blob that is most like the animal: as large as it is, and near where it was."""
        typical = self.background.animal_area_px
        best, best_score = None, -math.inf
        for label in range(1, len(stats)):
            area = stats[label][cv2.CC_STAT_AREA]
            if not _LEAST_AREA * typical <= area <= _MOST_AREA * typical:
                continue
            score = min(area / typical, 1.0)
            if self._last is not None:
                u, v = centres[label]
                away = math.hypot(u + left - self._last[0], v + top - self._last[1])
                score -= 0.5 * away / (away + self._reach)
            if score > best_score:
                best, best_score = label, score
        return best


def _measure(body: Mask, rest: Mask, origin: tuple[int, int]) -> Row:
    """Return the measures of a body mask; ``rest`` is what of the tail is seen, ``origin`` their place in the grid."""
    points = np.asarray(cv2.findNonZero(body), np.float64).reshape(-1, 2)
    area = len(points)
    centre = points.sum(axis=0) / area
    points -= centre
    (spread_u, cross), (_, spread_v) = (points.T @ points / area).tolist()
    axis = 0.5 * math.atan2(2 * cross, spread_u - spread_v)
    mean, deviation = (spread_u + spread_v) / 2, math.hypot((spread_u - spread_v) / 2, cross)
    # The moments of pixels are those of their centres; 1/12 is the rest of each.
    long_axis, short_axis = 4 * math.sqrt(mean + deviation + 1 / 12), 4 * math.sqrt(max(mean - deviation, 0) + 1 / 12)

    direction = np.array((math.cos(axis), math.sin(axis)))
    along = points @ direction
    ahead, behind = points[along >= along.max() - _TIP_PX], points[along <= along.min() + _TIP_PX]
    skew = float((along * along) @ along) / area / max((mean + deviation) ** 1.5, 1e-9)

    side = 0.0
    if cv2.countNonZero(rest) > _LEAST_TAIL_PX:
        tail = np.asarray(cv2.findNonZero(rest)).reshape(-1, 2)
        offset = tail.sum(axis=0) / len(tail) - centre
        side = float(offset @ direction) / (long_axis / 2) * min(1.0, 12.0 * len(tail) / area)
    u, v = centre + origin
    (ahead_u, ahead_v), (behind_u, behind_v) = ahead.sum(axis=0) / len(ahead), behind.sum(axis=0) / len(behind)
    return (
        u, v, area, long_axis, short_axis, axis,
        ahead_u + u, ahead_v + v, behind_u + u, behind_v + v, side, skew,
    )  # fmt: skip
