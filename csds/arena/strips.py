"""Strips of the picture along the edges of possible floors, straightened, as `csds.arena.sides` reads them."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from csds.arena.geometry import homographies, take
from csds.arena.still import Picture
from csds.model.shapes import FloatArray

#: A floor's side in units: lengths here are 1/42 of it (of the root of its area), 1 cm of the commonest floor.
SIDE = 42.0
#: How far outside and inside a side a strip reaches, the width of its places, and how many there are across, in units.
OUT, IN, PLACE = 7.0, 10.0, 0.25
PLACES = round((OUT + IN) / PLACE)
#: Width and depth of an enclosure from which others are counted, in units.
ENCLOSURE = 10.0
#: How far a strip reaches beyond the side's ends, in units; its rows along the side, and lines of pixels in each.
_BEYOND, ROWS, _LINES = 4.0, 64, 2
#: Lines of pixels that are taken as one row of a picture.
_AT_ONCE = 32
#: What is seen in each place: grey levels in coarse and in fine steps, and what moves.
CHANNELS = 3
#: What is known of the view on a side.
VIEW_TERMS = 8
#: Grey levels that count as a coarse step, as a fine one (times the noise), and that something moves by.
_COARSE, _FINE, _MOVES = 60.0, 4.0, 10.0
_LEAST_NOISE = 0.4
#: Length of a side in pixels, and in cm, from which others are counted.
_USUAL_PX, _USUAL_CM = 200.0, 42.0
#: By how much terms of the perspective are enlarged.
_PERSPECTIVE = 5.0


class Strips(NamedTuple):
    """Strips along edges of floors.

    ``seen`` is (n, channels, rows, places), rows from the edge's left end to its right one as seen from outside, places
    from outside inwards; ``views`` is (n, terms).
    """

    seen: Picture
    views: Picture


def units_of(size_cm: tuple[float, float]) -> tuple[float, float]:
    """Return a floor's width and height in units."""
    unit = float(np.sqrt(size_cm[0] * size_cm[1])) / SIDE
    return size_cm[0] / unit, size_cm[1] / unit


def strips_of(corners: FloatArray, size_cm: tuple[float, float], grey: Picture, motion: Picture) -> Strips:
    """Return the strips along the four sides of n floors, (n, 4, 2) clockwise, floor by floor from the first side."""
    size = units_of(size_cm)
    parts = [
        _strip(np.roll(corners, -side, axis=1), size if side % 2 == 0 else size[::-1], size_cm, grey, motion)
        for side in range(4)
    ]
    seen, views = (np.stack([part[i] for part in parts], axis=1) for i in (0, 1))
    return Strips(seen=seen.reshape(-1, *seen.shape[2:]), views=views.reshape(-1, VIEW_TERMS))


def strips_around(squares: FloatArray, size_cm: tuple[float, float], grey: Picture, motion: Picture) -> Strips:
    """Return strips along the edges of round floors, one for each of the squares around them, (n, 4, 2).

    Its middle is that of the square's first side; it is as long as that side, along the circle.
    """
    return _strip(squares, units_of(size_cm), size_cm, grey, motion, is_bent=True)


def _strip(
    corners: FloatArray,
    size: tuple[float, float],
    size_cm: tuple[float, float],
    grey: Picture,
    motion: Picture,
    *,
    is_bent: bool = False,
) -> Strips:
    """Return the strips along the first sides, or along the circles that touch them there."""
    length = size[0]
    across = -OUT + (np.arange(PLACES) + 0.5) * PLACE
    along = -_BEYOND + (np.arange(ROWS * _LINES) + 0.5) * (length + 2 * _BEYOND) / (ROWS * _LINES)
    matrices = homographies(corners, size)
    x, y = np.meshgrid(along, across, indexing="ij")
    if is_bent:
        radius = length / 2
        turn = x / radius - 1
        x, y = radius + (radius - y) * np.sin(turn), radius - (radius - y) * np.cos(turn)
    px, py = (np.asarray(p, np.float32) for p in take(matrices, x[None], y[None]))
    levels = _taken(grey, px, py, cv2.BORDER_REPLICATE)
    moves = _taken(motion, px, py, cv2.BORDER_CONSTANT)
    height, width = grey.shape
    within = (px > -0.5) & (px < width - 0.5) & (py > -0.5) & (py < height - 0.5)
    outside = within.reshape(len(corners), ROWS, _LINES, PLACES).mean(axis=2) <= 0.5
    ends, floor = slice(8, -8), slice(round((OUT + 2) / PLACE), None)
    differs = levels - np.median(levels[:, ends, floor], axis=(1, 2), keepdims=True)
    noise = np.median(np.abs(np.diff(levels, axis=2)), axis=(1, 2), keepdims=True)
    fine = _FINE * np.maximum(1.5 * noise, _LEAST_NOISE)
    moved = np.clip((moves - np.median(moves, axis=(1, 2), keepdims=True)) / _MOVES, 0, 2)
    seen = np.stack([np.tanh(differs / _COARSE), np.arcsinh(differs / fine) / 2, np.where(outside, -1, moved)], axis=1)
    return Strips(seen=np.asarray(seen, np.float32), views=_views(corners, matrices, size, size_cm, grey.shape))


def _taken(picture: Picture, px: Picture, py: Picture, border: int) -> FloatArray:
    """Return the mean of the lines of each row, (n, rows, places)."""
    count = len(px)
    # OpenCV takes at most 32,767 rows.
    wide = (count * ROWS * _LINES // _AT_ONCE, -1)
    taken = cv2.remap(picture, px.reshape(wide), py.reshape(wide), cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(taken.reshape(count, ROWS, _LINES, PLACES).mean(axis=2), float)


def _views(
    corners: FloatArray,
    matrices: FloatArray,
    size: tuple[float, float],
    size_cm: tuple[float, float],
    frame: tuple[int, ...],
) -> Picture:
    """Return where the frame's middle is from the side, how long the side is, and how perspective shows the floor."""
    count = len(corners)
    middle = (np.full((count, 1), (frame[1] - 1) / 2), np.full((count, 1), (frame[0] - 1) / 2))
    x, y = take(np.asarray(np.linalg.inv(matrices), float), *middle)
    ends = np.array([(0.5, 0.0), (0.5, 0.5), (0.5, 1.0), (0.0, 0.5), (1.0, 0.5)]) * size
    px, py = take(matrices, ends[None, :, 0], ends[None, :, 1])
    near, far, left, right = (
        np.hypot(px[:, i] - px[:, j], py[:, i] - py[:, j]) for i, j in ((0, 1), (1, 2), (1, 3), (1, 4))
    )
    length_px = np.hypot(*(corners[:, 1] - corners[:, 0]).T)
    terms = [
        x[:, 0] / size[0] - 0.5,
        y[:, 0] / size[1],
        np.log(length_px / _USUAL_PX),
        _PERSPECTIVE * np.log(near / far),
        _PERSPECTIVE * np.log(left / right),
        _PERSPECTIVE * np.log((near + far) / (left + right) * size[0] / size[1]),
        np.full(count, np.log(size[0] / size[1])),
        np.full(count, np.log(np.sqrt(size_cm[0] * size_cm[1]) / _USUAL_CM)),
    ]
    return np.asarray(np.clip(np.column_stack(terms), -3, 3), np.float32)
