"""What the arena as a whole shows, a few times a second: hands, animals on the floor, light, the enclosure's content.

The finder looks only near the animal and at nothing else. The survey looks at the whole working grid on
a coarser picture and measures what the trial, and the number of animals, are found from.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.background.grid import WorkGrid, shape_mask
from csds.background.masks import Mask, Picture, above, close_gaps, grow, mask_where, without_thin
from csds.background.model import Background
from csds.model.arena import Arena
from csds.model.shapes import FloatArray

#: Time between surveys, s; while something large reaches in every frame is surveyed.
_EVERY_S = 0.2
#: … and for so long after, s.
_ATTENTIVE_S = 0.6
#: An animal that is seen after none was for so long has come in, s.
_AWAY_S = 2.0
#: Survey pixels per cm that are aimed at.
_PX_PER_CM = 2.5
#: Something differs from the empty floor from so many noise SDs on …
_NOISE_SDS = 4.0
#: … and so many grey levels, or as many as the animal does where that is fainter.
_CLEAR_DIFFERENCE = 12.0
#: What reaches in from outside is a hand if it covers this much more of the floor than the animal: cm² …
_HAND_CM2 = 30.0
#: … and as a share of the animal's area, which tail, shadow and reflection may more than double.
_HAND_SHARE = 1.5
#: Where it comes over the edge as wide as an arm, cm (and roots of the animal's area, for larger animals) …
_ARM_CM, _ARM_SHARE = 5.5, 1.3
#: … it is a hand if it covers this multiple of the animal's area.
_ARM_COVERS = 1.3
#: It is a shadow if across half of its outline, within the 3 survey pixels of a square, the light changes by less than
#: this share beyond what noise does: a hand's outline is a step but where its own soft shadow joins it, a shadow's only
#: where the animal or a wall does.
_SOFT = 0.05
_SQUARE = np.ones((3, 3), np.uint8)
#: Floors darker than this grey level count as this bright.
_DARKEST = 8
#: What lies so near to a region is beside it, survey pixels.
_BESIDE_PX = 3
#: Half the width of what is too thin to be a hand or an animal (cables, edges of a shaken picture), cm.
_THIN_CM = 0.6
#: A region is animal-sized between these multiples of the animal's typical area.
_ANIMAL_SIZES = (0.35, 2.6)
#: A region is an animal as well if it is as stout, its half width at least this share of the mean radius, …
_STOUT = 0.35
#: … and if it differs, as a share of the floor's grey level beneath it, by this share of what the most different does.
_ALIKE = 0.75
#: Pixels of the floor that the light is measured from, at most.
_LIGHT_PIXELS = 400

#: What a survey measures (columns of `Survey.rows`). ``light`` is the floor's brightness as a multiple
#: of the empty floor's; ``dark_share`` and ``light_share`` are the shares of the arena (without the
#: enclosure) that are darker and lighter than the empty floor under this light; ``reach_cm2`` is the
#: floor that something covers which reaches in from outside the picture's margin, 0 for nothing, and
#: ``hand`` is 1 where that is a hand, else 0;
#: ``animals`` counts animal-sized regions apart from a hand; ``animal_cm2`` is the area of the largest
#: of them and ``alike`` how many of them stand out from the floor as the animal does; ``stir`` is the
#: share of the enclosure that has changed since the survey before.
SURVEYED = (
    "time_s", "light", "dark_share", "light_share", "reach_cm2", "hand", "animals", "animal_cm2", "alike", "stir",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The surveys of one pass: ``rows`` is (n, len(SURVEYED)); ``hand_cm2`` what covers so much is surely a hand."""

    rows: FloatArray = field(default_factory=lambda: np.zeros((0, len(SURVEYED))))
    hand_cm2: float = np.inf

    def of(self, name: str) -> FloatArray:
        """Return one of the measures named in `SURVEYED`."""
        return np.asarray(self.rows[:, SURVEYED.index(name)], float)


@dataclass(slots=True, kw_only=True)
class Surveyor:
    """Surveys one arena in the frames of one recording.

    Parameters
    ----------
    arena : Arena
    grid : WorkGrid
    background : Background
    mask : (height, width) uint8
        255 where the animal can be: the floor without the enclosure.

    Attributes
    ----------
    has_changed : bool
        Whether in the last survey a hand had come or gone, or an animal had come in; True after the first.
    """

    arena: Arena
    grid: WorkGrid
    background: Background
    mask: Mask
    coarse: WorkGrid = field(init=False)
    _floor: Picture = field(init=False)
    _walkable: Mask = field(init=False)
    _enclosure: NDArray[np.intp] = field(init=False)
    _outside: Mask = field(init=False)
    _light_at: NDArray[np.intp] = field(init=False)
    _light_scale: NDArray[np.float32] = field(init=False)
    _animal_px: float = field(init=False)
    _threshold: float = field(init=False)
    _next_s: float = field(init=False, default=-np.inf)
    _regular_s: float = field(init=False, default=-np.inf)
    _attentive_until_s: float = field(init=False, default=-np.inf)
    _before: NDArray[np.int16] | None = field(init=False, default=None)
    _hand: bool | None = field(init=False, default=None)
    _animal_s: float = field(init=False, default=-np.inf)
    has_changed: bool = field(init=False, default=False)
    _rows: array[float] = field(init=False, default_factory=lambda: array("d"))

    def __post_init__(self) -> None:
        shrink = max(1, round(self.grid.px_per_cm / _PX_PER_CM))
        width, height = self.grid.width // shrink, self.grid.height // shrink
        self.coarse = replace(
            self.grid,
            factor=self.grid.factor * shrink,
            width=width,
            height=height,
            px_per_cm=self.grid.px_per_cm / shrink,
        )

        whole = (slice(height * shrink), slice(width * shrink))
        self._floor = _shrunk(self.background.floor[whole], shrink)
        self._walkable = mask_where(_shrunk(self.mask[whole], shrink) > 127)
        on_floor = shape_mask(self.coarse, self.arena, self.arena.floor) > 0
        enclosure = on_floor & (self._walkable == 0)
        self._enclosure = np.flatnonzero(enclosure)
        self._outside = mask_where(~enclosure)
        known = np.flatnonzero((self._walkable > 0) & (self._floor > 0))
        self._light_at = known[:: max(1, len(known) // _LIGHT_PIXELS)]
        self._light_scale = np.float32(1.0) / self._floor.ravel()[self._light_at].astype(np.float32)
        self._animal_px = self.background.animal_area_px / shrink**2
        least = min(_CLEAR_DIFFERENCE, self.background.threshold)
        self._threshold = max(_NOISE_SDS * self.background.noise, least)

    @property
    def hand_cm2(self) -> float:
        """How much of the floor something that reaches in covers at least, to be a hand whatever its shape."""
        animal_cm2 = self._animal_px / self.coarse.px_per_cm**2
        return animal_cm2 + max(_HAND_CM2, _HAND_SHARE * animal_cm2)

    def see(self, time_s: float, luma: Picture) -> Picture | None:
        """Survey a frame if its turn has come; return the coarse picture then, else None."""
        if time_s < self._next_s:
            return None
        grid = self.coarse
        bottom, right = grid.top + grid.height * grid.factor, grid.left + grid.width * grid.factor
        picture = _shrunk(luma[grid.top : bottom, grid.left : right], grid.factor)
        row = self._measure(time_s, picture)
        self._rows.extend(row)
        hand, animals = row[SURVEYED.index("hand")] > 0, row[SURVEYED.index("animals")] >= 1
        if hand:
            self._attentive_until_s = time_s + _ATTENTIVE_S
        self._note_change(time_s, hand, animals)
        # A little early rather than a frame late.
        self._next_s = time_s if time_s < self._attentive_until_s else time_s + _EVERY_S - 1e-3
        return picture

    def _note_change(self, time_s: float, hand: bool, animals: bool) -> None:
        """Say whether a hand came or went, or an animal is seen after none was for long."""
        came_back = animals and time_s > self._animal_s + _AWAY_S
        self.has_changed = self._hand is None or hand != self._hand or came_back
        self._hand = hand
        if animals:
            self._animal_s = time_s

    def finish(self) -> Survey:
        """Return all surveys so far."""
        return Survey(rows=np.array(self._rows).reshape(-1, len(SURVEYED)), hand_cm2=self.hand_cm2)

    def _measure(self, time_s: float, picture: Picture) -> tuple[float, ...]:
        ratios = picture.ravel()[self._light_at] * self._light_scale
        light = float(np.partition(ratios, len(ratios) // 2)[len(ratios) // 2]) if len(ratios) else 1.0
        floor = np.asarray(cv2.convertScaleAbs(self._floor, alpha=light), np.uint8)
        darker = np.asarray(cv2.subtract(floor, picture), np.uint8)
        lighter = np.asarray(cv2.subtract(picture, floor), np.uint8)
        both = above(darker, self._threshold), above(lighter, self._threshold)
        dark, bright = (side & self._outside for side in both)
        shares = [cv2.countNonZero(side) / side.size for side in (dark, bright)]
        scale = self.coarse.px_per_cm**2
        own = darker if self.background.polarity == "dark" else lighter
        if self.background.is_two_sided:
            own = np.maximum(darker, lighter)
        seen = above(own, self.background.threshold) & self._walkable
        reaching, covered, hand = self._reach(dark | bright, within=both[0] | both[1])
        if not covered:
            reaching, covered = self._reach_unseen(dark | bright, picture)
            hand = covered >= self.hand_cm2
        if covered and self._is_soft(reaching, np.maximum(darker, lighter)):
            covered, hand = 0.0, False
        if hand:
            seen &= ~reaching
        animals, animal_px, alike = self._count_animals(seen, own)
        stir = self._stir(time_s, picture)
        return time_s, light, *shares, covered, float(hand), animals, animal_px / scale, alike, stir

    def _reach(self, differs: Mask, *, within: Mask) -> tuple[Mask, float, bool]:
        """Return what reaches in from the picture's edge, the floor that it covers in cm², and if it is a hand.

        ``within`` is what differs in the enclosure, too: a hand may reach for nothing but that.
        """
        nothing = np.zeros_like(differs)
        edges = (differs[0], differs[-1], differs[:, 0], differs[:, -1])
        if not any(edge.any() for edge in edges) or cv2.countNonZero(differs) < self._animal_px:
            return nothing, 0.0, False
        solid = without_thin(differs, max(1.0, _THIN_CM * self.coarse.px_per_cm))
        _, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8, ltype=cv2.CV_16U)
        best, best_area = 0, 0
        for label, (x, y, width, height, area) in enumerate(np.asarray(stats).tolist()):
            reaches = x <= 1 or y <= 1 or x + width >= self.coarse.width - 1 or y + height >= self.coarse.height - 1
            if label and reaches and area > best_area:
                best, best_area = label, area
        if not best:
            return nothing, 0.0, False
        region = mask_where(np.asarray(labels) == best)
        scale = self.coarse.px_per_cm**2
        covered = cv2.countNonZero(region & self._walkable) / scale
        if covered >= self.hand_cm2:
            return region, covered, True
        animal_cm2 = self._animal_px / scale
        if self._edge_cm(region) < max(_ARM_CM, _ARM_SHARE * float(np.sqrt(animal_cm2))):
            return region, covered, False
        with_enclosure = self._with_enclosure(region, within) / scale
        if with_enclosure >= self.hand_cm2:
            return region, with_enclosure, True
        # Where a sleeve is as bright as the floor, the hand is seen apart from it: all counts but one animal.
        covered = max(covered, cv2.countNonZero(solid & self._walkable) / scale - animal_cm2)
        return region, covered, covered >= _ARM_COVERS * animal_cm2 and self.background.presence == "moving"

    def _reach_unseen(self, differs: Mask, picture: Picture) -> tuple[Mask, float]:
        """Return what may reach in over walls that it can't be told from, a dark glove over black ones, and cm².

        It borders on what is as dark or bright as itself, for half the width of an arm: a wrist is narrower.
        """
        nothing = np.zeros_like(differs)
        if cv2.countNonZero(differs) < self._animal_px * _ARM_COVERS:
            return nothing, 0.0
        solid = without_thin(differs, max(1.0, _THIN_CM * self.coarse.px_per_cm))
        _, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8, ltype=cv2.CV_16U)
        areas = np.asarray(stats)[1:, cv2.CC_STAT_AREA]
        if not len(areas) or areas.max() < self._animal_px * _ARM_COVERS:
            return nothing, 0.0
        region = mask_where(np.asarray(labels) == 1 + int(areas.argmax()))
        grey = float(np.median(picture[region > 0]))
        beside = (grow(region, _BESIDE_PX) > 0) & (differs == 0)
        alike = int(np.count_nonzero(np.abs(picture[beside] - grey) < self._threshold))
        if alike / _BESIDE_PX < _ARM_CM / 2 * self.coarse.px_per_cm:
            return nothing, 0.0
        return region, cv2.countNonZero(region & self._walkable) / self.coarse.px_per_cm**2

    def _with_enclosure(self, region: Mask, differs: Mask) -> int:
        """Return how many pixels of floor and enclosure a region covers together with what hangs on to it there."""
        inside = without_thin(differs & ~self._outside, max(1.0, _THIN_CM * self.coarse.px_per_cm))
        _, labels = cv2.connectedComponents(inside, connectivity=8, ltype=cv2.CV_16U)
        touching = np.unique(np.asarray(labels)[(grow(region, 2) & inside) > 0])
        return cv2.countNonZero(region & self._walkable) + int(np.isin(labels, touching).sum()) * (len(touching) > 0)

    def _is_soft(self, region: Mask, difference: Picture) -> bool:
        """Return True for a region into which the light changes as gradually as only a shadow's edge does."""
        # Where it meets the picture's edge or the enclosure is no outline.
        known = cv2.erode(self._outside, np.ones((5, 5), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
        outline = np.asarray(cv2.bitwise_and(cv2.morphologyEx(region, cv2.MORPH_GRADIENT, _SQUARE), known)) > 0
        # A shadow takes a share of the light: walls and floor beneath it differ by their own share of grey levels.
        share = np.asarray(difference / np.maximum(self._floor, _DARKEST), np.float32)
        steps = np.asarray(cv2.morphologyEx(share, cv2.MORPH_GRADIENT, _SQUARE))
        if not outline.any():
            return False
        # The picture's noise makes steps as well, as large beside the region as on its outline.
        calm = steps[(self._walkable > 0) & (region == 0) & ~outline]
        by_noise = float(np.median(calm)) if len(calm) else 0.0
        return float(np.median(steps[outline])) < _SOFT + by_noise

    def _edge_cm(self, region: Mask) -> float:
        """Return the width, in cm, in which a region comes over the picture's edge."""
        sides = (region[:2], region[-2:], region[:, :2].T, region[:, -2:].T)
        return sum(int(np.count_nonzero(side.max(axis=0))) for side in sides) / self.coarse.px_per_cm

    def _count_animals(self, seen: Mask, difference: Picture) -> tuple[int, float, int]:
        """Return the number of animal-sized regions, the area of the largest in survey pixels, and how many are alike.

        A mark on the floor or a shadow can be as large as the animal, but differs less from the floor; the
        rim of an enclosure that was moved is thinner.
        """
        solid = without_thin(seen, max(1.0, 0.5 * _THIN_CM * self.coarse.px_per_cm))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8, ltype=cv2.CV_16U)
        low, high = (factor * self._animal_px for factor in _ANIMAL_SIZES)
        areas = np.asarray(stats)[:count, cv2.CC_STAT_AREA].tolist()
        fitting = [label for label in range(1, count) if low <= areas[label] <= high]
        alike = len(fitting)
        if alike > 1:
            stout = without_thin(seen, max(1.0, _STOUT * float(np.sqrt(self._animal_px / np.pi)))) > 0
            depths = [self._depth((np.asarray(labels) == label) & stout, difference) for label in fitting]
            # Where fur is as bright as the floor in its middle, the animal is a thin ring: parts of one are one.
            wholes = np.asarray(cv2.connectedComponents(close_gaps(seen), connectivity=8)[1])
            alike = len(
                {
                    int(wholes[np.asarray(labels) == label].max())
                    for label, depth in zip(fitting, depths, strict=True)
                    if depth > 0 and depth >= _ALIKE * max(depths)
                }
            )
        return len(fitting), float(max((areas[label] for label in fitting), default=0.0)), alike

    def _depth(self, region: NDArray[np.bool_], difference: Picture) -> float:
        """Return by how much a region differs from the floor, as a share of the floor's grey if it is darker."""
        if not region.any():
            return 0.0
        level = float(np.median(self._floor[region])) if self.background.polarity == "dark" else 1.0
        return float(np.median(difference[region])) / max(level, 1.0)

    def _stir(self, time_s: float, picture: Picture) -> float:
        """Return the share of the enclosure that has changed since the survey before; NaN where that isn't known."""
        if not len(self._enclosure) or time_s < self._regular_s:
            return float("nan")
        self._regular_s = time_s + _EVERY_S - 1e-3
        now = picture.ravel()[self._enclosure].astype(np.int16)
        before, self._before = self._before, now
        return float(np.mean(np.abs(now - before) > self._threshold)) if before is not None else float("nan")


def _shrunk(picture: Picture, factor: int) -> Picture:
    """Return a picture shrunk by a whole factor, by halves where it can be: several times as fast as all at once."""
    while factor > 1:
        step = 2 if factor % 2 == 0 else factor
        size = (picture.shape[1] // step, picture.shape[0] // step)
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        factor //= step
    return np.ascontiguousarray(picture)
