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
    close_gaps,
    fill_between,
    fill_outline,
    grow,
    mask_where,
    smoothed,
    without_thin,
)
from csds.background.model import Background
from csds.model.shapes import FloatArray
from csds.tracking.measure import Body, cut_out

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
#: So many frames are searched for the animal at a time, as decoding washes the processor's caches, where each is
#: shrunk by no more than this: by two it is cheap.
_AT_A_TIME, _SHRUNK_WHOLE = 16, 2

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is kept of a frame: its picture on the grid (of a large one all of it), and pixels that tell the light."""

    picture: Picture
    light: Picture


@dataclass(slots=True, kw_only=True)
class Finder:
    """Follows one animal through the frames of one recording.

    It looks around the last position first and at the whole floor when that fails, so that a
    frame costs little whatever the arena's size. Taking what is needed of a frame and finding the
    animal in it are two steps: what is decoded can be let go at once, and several frames are
    searched one after the other, with code and data in the processor's caches.

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
    _limit: Picture = field(init=False)
    _other_limit: Picture | None = field(init=False, default=None)
    _light: Light = field(init=False)
    _lid: Box | None = field(init=False, default=None)
    _rim: float = field(init=False)
    _reach: int = field(init=False)
    _thin: float = field(init=False)
    _pad: int = field(init=False)
    _beyond: int = field(init=False)
    _other_way: int = field(init=False)
    _last: tuple[float, float] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        background = self.background
        # Where the animal can't be, the floor is given the grey level that nothing differs from.
        nothing = np.uint8(0 if background.polarity == "dark" else 255)
        floor = np.where(self.mask > 0, background.floor, nothing)
        if self.enclosure is not None and background.lid is not None:
            floor = np.where(self.enclosure > 0, background.lid, floor)
            rows, columns = (np.flatnonzero((self.enclosure > 0).any(axis=axis)) for axis in (1, 0))
            if len(rows) and len(columns):
                self._lid = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
        least = self._thresholds()
        limit = cv2.subtract(floor, least) if background.polarity == "dark" else cv2.add(floor, least)
        self._limit = np.asarray(limit, np.uint8)
        if background.is_two_sided:
            other = cv2.add(floor, least) if background.polarity == "dark" else cv2.subtract(floor, least)
            self._other_limit = np.where(self.mask > 0, other, 255 - nothing)
        self._light = Light(
            floor=background.floor, mask=self.mask, animal_px=background.animal_area_px, noise=background.noise
        )
        self._rim = max(1.0, background.tail_px - 1.0)
        self._reach = math.ceil(_REACH * math.sqrt(background.animal_area_px / math.pi))
        self._thin = background.tail_px
        self._pad = math.ceil(max(background.tail_px, background.gap_px)) + 2
        ways = cv2.CMP_LT, cv2.CMP_GT
        self._beyond, self._other_way = ways if background.polarity == "dark" else ways[::-1]

    @property
    def at_a_time(self) -> int:
        """How many frames to search at a time; one where shrinking the whole of each costs more than that saves."""
        return 1 if self.grid.factor > _SHRUNK_WHOLE else _AT_A_TIME

    def look(self, luma: Picture) -> Look:
        """Return what has to be kept of a frame to find the animal in it later: of a large one the frame itself."""
        if self.grid.factor > _SHRUNK_WHOLE:
            return Look(picture=luma, light=self._light.pixels(self.grid.view(luma)))
        picture = self.grid.crop(luma)
        if self.grid.factor == 1:
            picture = picture.copy()  # or it would hold on to the whole frame
        return Look(picture=picture, light=self._light.pixels(self.grid.view(luma)))

    def locate(self, luma: Picture) -> Body | None:
        """Return the animal in a frame, None where it isn't found; frames come in order."""
        return self.find(self.look(luma))

    def find(self, look: Look) -> Body | None:
        """Return what `locate` does, of what was kept of the frame."""
        ratios = self._light.change(look.light)
        found: tuple[Body, bool] | None = None
        if self._last is not None:
            found = self._search(look.picture, self._box_around(*self._last), ratios)
        if found is None or found[1] or found[0].area < _DOUBTFUL_AREA * self.background.animal_area_px:
            wider = self._search(look.picture, (0, 0, self.grid.width, self.grid.height), ratios)
            if wider is not None and (found is None or found[1] or wider[0].area > 2.0 * found[0].area):
                found = wider
        if found is None:
            return None
        self._last = found[0].centre
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

    def _search(self, whole: Picture, box: Box, ratios: FloatArray | None) -> tuple[Body, bool] | None:
        """Return the animal within a box, and whether it is cut off by the box's edge."""
        left, top, right, bottom = box
        is_frame = self.grid.factor > _SHRUNK_WHOLE
        part = self.grid.crop(whole, box) if is_frame else whole[top:bottom, left:right]
        picture = smoothed(part, self.background.smooth_px)
        if ratios is not None:
            picture = self._light.evened(picture, ratios, box)
        seen = self._differing(picture, box)
        inner = self._where_something_is(seen, box)
        if inner is None:
            return None
        within = slice(inner[1] - top, inner[3] - top), slice(inner[0] - left, inner[2] - left)
        found = self._take_out(close_gaps(seen[within]), picture[within], inner)
        if found is None:
            return None
        body, (x0, y0, x1, y1) = found
        cut = (
            (x0 == left > 0) or (y0 == top > 0) or (x1 == right < self.grid.width) or (y1 == bottom < self.grid.height)
        )
        return body, cut

    def _differing(self, picture: Picture, box: Box) -> Mask:
        """Return what differs from the floor as the animal does, within a box."""
        left, top, right, bottom = box
        seen = np.asarray(cv2.compare(picture, self._limit[top:bottom, left:right], self._beyond), np.uint8)
        if self._other_limit is not None:
            other = cv2.compare(picture, self._other_limit[top:bottom, left:right], self._other_way)
            seen |= np.asarray(other, np.uint8)
        return seen

    def _where_something_is(self, seen: Mask, box: Box) -> Box | None:
        """Return the part of a box outside which nothing is seen nor will be; None where nothing is seen at all.

        It has a margin of nothing, or ends where the box ends, so that in it morphology comes out as in the box.
        """
        x, y, width, height = cv2.boundingRect(seen)
        if not width:
            return None
        if self.background.patch_threshold is not None:
            return box  # patches of another colour aren't among what is seen
        left, top = box[:2]
        part = left + x, top + y, left + x + width, top + y + height
        lid = None if self._lid is None else _overlap(self._lid, box)
        if lid is not None and _overlap(lid, part) is not None:
            part = min(part[0], lid[0]), min(part[1], lid[1]), max(part[2], lid[2]), max(part[3], lid[3])
        pad = self._pad
        return (
            max(left, part[0] - pad), max(top, part[1] - pad), min(box[2], part[2] + pad), min(box[3], part[3] + pad)
        )  # fmt: skip

    def _take_out(self, seen: Mask, picture: Picture, box: Box) -> tuple[Body, Box] | None:
        """Return the animal among what is seen in a box, and the box that its core just fills."""
        left, top = box[:2]
        if self.background.is_faint:
            seen = fill_outline(seen, self.background.gap_px)
        self._fill_lid(seen, box)
        solid = without_thin(seen, self._thin)
        count, labels, stats, centres = cv2.connectedComponentsWithStats(solid, connectivity=8, ltype=cv2.CV_16U)
        label = self._choose(np.asarray(stats).tolist(), np.asarray(centres).tolist(), left, top)
        if label is None:
            return None
        x, y, w, h = stats[label, :4].tolist()
        core = solid if count == 2 else mask_where(np.asarray(labels) == label)
        # The body is as wide as its core and a rim; what is seen within a body's width of it and isn't body is tail.
        pad = self._reach // 3
        x0, y0, x1, y1 = max(0, x - pad), max(0, y - pad), x + w + pad, y + h + pad
        near, core = seen[y0:y1, x0:x1], core[y0:y1, x0:x1]
        body = np.bitwise_and(grow(core, self._rim), near)
        if self.background.patch_threshold is not None:
            whole = (slice(top + y0, min(top + y1, box[3])), slice(left + x0, min(left + x1, box[2])))
            body |= self._patches(core, picture[y0:y1, x0:x1], whole)
        tail = np.asarray(cv2.subtract(near, grow(body, 1.5)), np.uint8)
        return cut_out(body, tail, (left + x0, top + y0)), (left + x, top + y, left + x + w, top + y + h)

    def _fill_lid(self, seen: Mask, box: Box) -> None:
        """Close, in place, the gaps between what is seen on the enclosure: wires, or what lies between them."""
        lid = None if self._lid is None else _overlap(self._lid, box)
        if lid is None or self.enclosure is None:
            return
        left, top, right, bottom = lid
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


def _overlap(one: Box, other: Box) -> Box | None:
    """Return what two boxes share, None for nothing."""
    left, top, right, bottom = (
        max(one[0], other[0]),
        max(one[1], other[1]),
        min(one[2], other[2]),
        min(one[3], other[3]),
    )
    return (left, top, right, bottom) if left < right and top < bottom else None
