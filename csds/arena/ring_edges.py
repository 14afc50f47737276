"""Round edges at the places of a picture that could show a round floor, as far as their looks go."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.arena.ellipses import Ellipses, circle, sample
from csds.arena.look import View
from csds.arena.rings import find_rings
from csds.arena.still import Picture
from csds.model.shapes import FloatArray

Index = NDArray[np.int_]

#: Places that are weighed, edges at each, and how much less likely than the best one.
_PLACES, _AT_A_PLACE, _UNLIKELY = 10, 3, 7.0
#: Blur before changes are taken, frame pixels, and the least that is taken for noise, grey levels per pixel.
_BLUR_PX, _LEAST_NOISE = 0.8, 0.15


def rings_at_places(view: View) -> list[Ellipses]:
    """Return the places of the picture that could show a round floor: at each the likeliest edges, in frame pixels."""
    rings, of = find_rings(view.grey, view.sharp)
    if not len(rings):
        return []
    smooth = np.asarray(cv2.GaussianBlur(view.sharp, (0, 0), _BLUR_PX), np.float32)
    down, right = np.gradient(smooth[::2, ::2])
    noise = float(np.median(np.hypot(down, right))) / 2 + _LEAST_NOISE
    edges = measure_edges(smooth, rings, noise)
    chosen = _distinct(rings, edges)
    if not len(chosen):
        return []
    rings, of, edges = rings.take(chosen), of[chosen], edges.take(chosen)
    terms = edge_terms(rings, edges, view.phases[0].to_frame(view.spots))
    return [rings.take(np.array(place)) for place in _places(np.sum(list(terms.values()), axis=0), of)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """How the edges of ellipses are seen, (n,) each, in grey levels per pixel and units of noise.

    Parameters
    ----------
    least, low, middle : float
        Change across the edge that all but 15, 30 and 45 % of the way round reach.
    sharp : float
        The same as ``low``, less the change just beside the edge.
    """

    least: FloatArray
    low: FloatArray
    middle: FloatArray
    sharp: FloatArray

    def take(self, index: Index) -> Edges:
        """Return some of them."""
        return Edges(least=self.least[index], low=self.low[index], middle=self.middle[index], sharp=self.sharp[index])


def measure_edges(smooth: Picture, rings: Ellipses, noise: float) -> Edges:
    """Return how the edges of ellipses are seen in a slightly smoothed picture.

    Parameters
    ----------
    smooth : (height, width) float32
    rings : Ellipses
    noise : float
        Grey levels per pixel that count as one.
    """
    step = np.maximum(0.008, 0.7 / rings.radii)
    spokes = circle() @ rings.axes
    across = np.arange(-5, 6)
    points = rings.middles[:, None, None] + (1 + across[:, None] * step[:, None, None, None]) * spokes[:, :, None]
    change = np.diff(sample(smooth, points), axis=2) / (step * rings.radii)[:, None, None] / noise
    signs = rings.signs[:, None, None]
    most = np.where(signs == 0, np.abs(change), signs * change)[:, :, 3:7].max(axis=2)
    beside = np.abs(change)[:, :, [0, 1, 8, 9]].max(axis=2)
    low = _reached(most, 0.3)
    return Edges(least=_reached(most, 0.15), low=low, middle=_reached(most, 0.45), sharp=_reached(most - beside, 0.3))


def _reached(values: FloatArray, share: float) -> FloatArray:
    """Return what all but a share of the way round reaches; 0 where too little of it is in the picture."""
    count = (~np.isnan(values)).sum(axis=1)
    ordered = np.sort(values, axis=1)
    rank = np.minimum((share * count).astype(int), np.maximum(count - 1, 0))
    reached = np.nan_to_num(np.take_along_axis(ordered, rank[:, None], axis=1)[:, 0])
    return np.where(count > 0.55 * values.shape[1], np.maximum(reached, 0.0), 0.0)


def _distinct(rings: Ellipses, edges: Edges) -> Index:
    """Return the numbers of the edges that are seen, without those nearly the same as a better one."""
    outlines = rings.outlines(count=8)
    radii = rings.radii
    kept: list[int] = []
    for i in np.argsort(-edges.low - 0.01 * np.abs(rings.signs), kind="stable"):
        if rings.flatness[i] > 0.2 or edges.low[i] < 0.8:
            continue
        if kept:
            apart = np.abs(outlines[kept] - outlines[i]).max(axis=(1, 2))
            if (apart < 0.008 * radii[i] + 0.2).any():
                continue
        kept.append(int(i))
    return np.array(kept, int)


def edge_terms(rings: Ellipses, edges: Edges, spots: FloatArray) -> dict[str, FloatArray]:
    """Return what speaks for and against edges being a floor's, (n,) each, without regard to the enclosure."""
    radii = rings.radii
    ratio = radii[None] / radii[:, None]
    apart = np.linalg.norm(rings.middles[None] - rings.middles[:, None], axis=2)
    nested = (ratio > 0.55) & (ratio < 0.985) & (apart < (1.03 - ratio) * radii[:, None])
    around = (ratio > 1.015) & (ratio < 1.7) & (apart < (ratio - 0.97) * radii[:, None])
    inner, outer = (np.where(which, edges.sharp[None], 0.0).max(axis=1) for which in (nested, around))
    outer_low = np.where(around, edges.low[None], 0.0).max(axis=1)
    inside, close = _shares_inside(rings, spots, 1.04), _shares_inside(rings, spots, 1.0)
    here = inside > 0.25
    straddling = (here & (inside < 0.75)).sum(axis=1) / np.maximum(here.sum(axis=1), 1)
    most = close > 0.5
    beyond = (most & (close < 0.9)).sum(axis=1) / np.maximum(most.sum(axis=1), 1)
    least, low, middle, out, out_low = (
        np.minimum(np.log1p(values), 3.2) for values in (edges.least, edges.low, edges.middle, outer, outer_low)
    )
    number = np.minimum((around & (edges.low[None] > 4)).sum(axis=1), 4)
    return {
        "seen": 0.9 * (least - 3.2) + 0.6 * (low - 3.2) + 0.4 * (middle - 3.2),
        "around": 0.4 * (out_low - 3.2) + 0.4 * (out - 3.2) + 0.35 * (number - 4),
        "within": -0.65 * np.log1p(inner) - 1.7 * inner / (edges.sharp + 0.5 + inner),
        "flat": -40.0 * np.minimum(rings.flatness, 0.1),
        "straddling": -2.7 * straddling - 2.8 * beyond,
        "empty": -2.0 * ~here.any(axis=1),
    }


def _shares_inside(rings: Ellipses, spots: FloatArray, share: float) -> FloatArray:
    if not len(spots):
        return np.zeros((len(rings), 0))
    local = (spots[None] - rings.middles[:, None, None]) @ np.linalg.inv(rings.axes)[:, None]
    return np.asarray((np.hypot(local[..., 0], local[..., 1]) < share).mean(axis=2), float)


def _places(total: FloatArray, of: Index) -> list[list[int]]:
    """Return the numbers of the likeliest edges of each place, the likeliest place first."""
    places: dict[int, list[int]] = {}
    for i in np.argsort(-total, kind="stable"):
        if total[i] < total.max() - _UNLIKELY:
            break
        place = places.setdefault(int(of[i]), [])
        if len(place) < _AT_A_PLACE:
            place.append(int(i))
    return list(places.values())[:_PLACES]
