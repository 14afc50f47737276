"""Round edges of a picture, also weak ones."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.arena.ellipses import Ellipses, circle, fit_edges, profiles
from csds.arena.lines import Gradients, picture_gradients
from csds.arena.still import Picture
from csds.model.shapes import FloatArray

Index = NDArray[np.int_]

#: Widest picture in which circles are voted for, pixels.
_WIDTH_PX = 240
#: Radii that are tried: the smallest in pixels, the largest as a share of the picture's shorter side, and the factor
#: from one to the next.
_SMALLEST_PX, _LARGEST, _FACTOR = 8.0, 0.62, 1.06
#: A pixel votes if its gradient is this many times the typical one, and with no more weight than this many times it.
_VOTE, _CAP = 1.0, 3.0
#: A vote is spread over this share of the radius, pixels at least.
_SPREAD, _SPREAD_PX = 0.02, 1.2
#: Least share of a circle that has voted, and at how many places circles are looked for.
_LEAST, _MOST = 0.2, 14
#: Circles are at one place if their middles are nearer than this share of the larger radius, and their radii to
#: this factor.
_ONE_PLACE, _ONE_SIZE = 0.3, 1.9
#: Shares of a place's circle at which other circles are looked for.
_SHARES = np.arange(0.5, 1.36, 0.01)
#: By how much they may be off its middle, in shares of its radius, and in which steps.
_OFF, _OFF_STEP = 0.12, 0.03
#: Share of the way round that may lie beyond the picture.
_BEYOND = 0.4
#: A step is as sure as can be if it is this many times the typical change.
_SURE = 3.0
#: Circles kept of each place, with steps of either sign and of one, and how near to each other they may be, steps.
_KEPT, _APART = (6, 4, 4), 2


def find_rings(grey: Picture, sharp: Picture) -> tuple[Ellipses, Index]:
    """Return the round edges of a picture, and the number of the place at which each is.

    Circles are voted for by pixels (Hough transform) in a small picture. At each place where there
    is one, all round edges within and around it are looked for, then fitted as ellipses.

    Parameters
    ----------
    grey : (height, width) float32
        At the working scale.
    sharp : (height, width) float32
        The same at its full scale; the edges found are in its pixels.
    """
    factor = max(1.0, grey.shape[1] / _WIDTH_PX)
    size = (round(grey.shape[1] / factor), round(grey.shape[0] / factor))
    small = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.float32) if factor > 1 else grey
    circles = _circles(picture_gradients(small))
    factor = sharp.shape[1] / small.shape[1]
    count = len(circles)
    rough = Ellipses(
        middles=(circles[:, :2] + 0.5) * factor - 0.5,
        axes=factor * circles[:, 2, None, None] * np.eye(2),
        signs=np.zeros(count),
    )
    if not count:
        return rough, np.zeros(0, int)
    smooth = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 0.8), np.float32)
    places = fit_edges(smooth, rough, rounds=(0, 1))
    found, of = _nested(smooth, places)
    found = fit_edges(smooth, found, rounds=(2, 3))
    return found, of


def _circles(gradients: Gradients) -> FloatArray:
    """Return x, y and radius of circles at different places, (n, 3), those of which most is seen first."""
    size = np.hypot(gradients.x, gradients.y)
    rows, columns = np.nonzero(size > _VOTE)
    strength = size[rows, columns]
    weight = np.minimum(strength, _CAP) / _CAP
    weight = np.concatenate([weight, weight])
    towards = np.stack([gradients.x[rows, columns], gradients.y[rows, columns]], axis=1) / strength[:, None]
    height, width = size.shape
    largest = _LARGEST * min(height, width)
    count = max(1, int(np.log(largest / _SMALLEST_PX) / np.log(_FACTOR)))
    found: list[tuple[float, ...]] = []
    for radius in largest / _FACTOR ** np.arange(count):
        x = np.concatenate([columns - radius * towards[:, 0], columns + radius * towards[:, 0]])
        y = np.concatenate([rows - radius * towards[:, 1], rows + radius * towards[:, 1]])
        x, y = np.round(x).astype(int), np.round(y).astype(int)
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        votes = np.bincount(y[inside] * width + x[inside], weight[inside], minlength=height * width)
        found += _peaks(np.asarray(votes.reshape(height, width), np.float32), float(radius))
    kept: list[tuple[float, ...]] = []
    for one in sorted(found, key=lambda one: -one[3]):
        if len(kept) == _MOST:
            break
        if not any(_one_place(one, other) for other in kept):
            kept.append(one)
    return np.array(kept, float).reshape(-1, 4)[:, :3]


def _peaks(votes: Picture, radius: float) -> list[tuple[float, ...]]:
    spread = max(_SPREAD * radius, _SPREAD_PX)
    spread_votes = cv2.GaussianBlur(votes, (0, 0), spread)
    # An edge is a few pixels wide; of a circle all of which is seen, about so many vote.
    share = np.asarray(spread_votes) * (2 * np.pi * spread**2) / (2 * np.pi * radius * 2.0)
    reach = 2 * max(1, round(0.1 * radius)) + 1
    highest = cv2.dilate(share, np.ones((reach, reach), np.uint8))
    rows, columns = np.nonzero((share >= highest) & (share > _LEAST))
    # Of a large circle as much is seldom seen by chance.
    return [
        (float(x), float(y), radius, float(share[y, x]) * radius**0.5)
        for y, x in zip(rows.tolist(), columns.tolist(), strict=True)
    ]


def _one_place(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    apart = np.hypot(one[0] - other[0], one[1] - other[1])
    return bool(apart < _ONE_PLACE * max(one[2], other[2]) and abs(np.log(one[2] / other[2])) < np.log(_ONE_SIZE))


def _nested(smooth: Picture, places: Ellipses) -> tuple[Ellipses, Index]:
    """Return rough circles within and around those of each place, and the number of the place of each."""
    step = float(_SHARES[1] - _SHARES[0])
    unit = circle()
    off = np.arange(-round(_OFF / _OFF_STEP), round(_OFF / _OFF_STEP) + 1) * _OFF_STEP
    offsets = np.array([(x, y) for x in off for y in off])
    shifts = np.round(offsets @ unit.T / step).astype(int)
    near = np.hypot(*offsets.T) <= _OFF + 1e-9
    index = np.clip(np.arange(len(_SHARES)) + shifts[near, :, None], 0, len(_SHARES) - 1)
    rows = np.arange(len(unit))[:, None]
    middles, axes, signs, of = [], [], [], []
    for i, levels in enumerate(profiles(smooth, places, _SHARES)):
        upwards, downwards, valid = _steps(levels)
        seen = np.zeros((3, len(offsets), len(_SHARES)), np.float32)
        count = np.maximum(valid[rows, index].sum(axis=1), (1 - _BEYOND) * len(unit))
        for k, steps in enumerate((upwards, downwards)):
            seen[1 + k, near] = steps[rows, index].sum(axis=1) / count
        seen[0] = seen[1] + seen[2]
        for k, sign in enumerate((0.0, 1.0, -1.0)):
            for moved, at in _best_peaks(seen[k].reshape(len(off), len(off), -1), _KEPT[k]):
                middles.append(places.middles[i] + offsets[moved] @ places.axes[i])
                axes.append(_SHARES[at] * places.axes[i])
                signs.append(sign)
                of.append(i)
    found = Ellipses(
        middles=np.array(middles).reshape(-1, 2), axes=np.array(axes).reshape(-1, 2, 2), signs=np.array(signs, float)
    )
    return found, np.array(of, int)


def _steps(levels: FloatArray) -> tuple[Picture, Picture, Picture]:
    """Return how surely there is a step upwards and downwards outwards at each place, 0 to 1, and where any is seen."""
    change = np.gradient(levels, axis=1)
    size = np.abs(change)
    padded = np.pad(size, ((0, 0), (1, 1)), mode="edge")
    # A weak edge beside a strong one would drown in its flanks.
    crest = (size >= padded[:, :-2]) & (size >= padded[:, 2:])
    noise = float(np.nanmedian(size)) + 0.02
    sure = np.where(crest, np.minimum(np.nan_to_num(size) / (_SURE * noise), 1.0), 0.0)
    padded = np.pad(sure * np.sign(np.nan_to_num(change)), ((0, 0), (1, 1))).astype(np.float32)
    parts = np.stack([padded[:, :-2], padded[:, 1:-1], padded[:, 2:]])
    valid = (~np.isnan(levels)).astype(np.float32)
    return np.maximum(parts.max(axis=0), 0), np.maximum(-parts.min(axis=0), 0), valid


def _best_peaks(seen: Picture, most: int) -> list[tuple[int, int]]:
    """Return the number of the offset and of the share of the highest peaks of (offsets, offsets, shares)."""
    highest = seen
    for axis, apart in enumerate((1, 1, _APART)):
        width = [(apart, apart) if i == axis else (0, 0) for i in range(3)]
        padded = np.pad(highest, width, mode="constant", constant_values=0.0)
        highest = np.max([np.take(padded, range(k, k + seen.shape[axis]), axis) for k in range(2 * apart + 1)], axis=0)
    flat = seen.reshape(-1, seen.shape[2])
    moved, at = np.nonzero((seen >= highest).reshape(flat.shape) & (flat > 0))
    order = np.argsort(-flat[moved, at], kind="stable")[:most]
    return list(zip(moved[order].tolist(), at[order].tolist(), strict=True))
