"""Where the points of a group stand, so that each animal is seen: as near to the middle as others let it."""

from __future__ import annotations

import math

import numpy as np

from csds.model.shapes import FloatArray

#: Diameters of points, the largest that fit is taken, pt.
DIAMETERS_PT = (4.2, 3.6, 3.0, 2.4)


def swarm(heights: FloatArray, diameter: float) -> FloatArray:
    """Return how far to the side each of a group's points stands; no two are nearer than their diameter.

    From the lowest up, each stands as near to the middle as those before it allow. The same heights give the same
    places, whatever else is drawn.

    Parameters
    ----------
    heights : (n,) float
        In the unit of the diameter.
    diameter : float

    Examples
    --------
    >>> swarm(np.array([0.0, 0.0, 0.0, 9.0]), 2.0).tolist()
    [0.0, 2.0, -2.0, 0.0]
    """
    places = np.zeros(len(heights))
    placed: list[int] = []
    for at in np.argsort(heights, kind="stable").tolist():
        near = [(places[one], heights[at] - heights[one]) for one in placed if heights[at] - heights[one] < diameter]
        reach = [(place, math.sqrt(diameter**2 - rise**2)) for place, rise in near]
        free = [
            place
            for place in (0.0, *(middle + side * far for middle, far in reach for side in (1, -1)))
            if all(abs(place - middle) >= far * (1 - 1e-9) for middle, far in reach)
        ]
        places[at] = min(free, key=lambda place: (round(abs(place), 9), -place))
        placed.append(at)
    return places


def swarm_within(groups: list[FloatArray], half_width: float) -> tuple[list[FloatArray], float]:
    """Return each group's places to the side, and the diameter of all points: the largest with which they fit.

    Where even the smallest don't, as of many equal values, they are moved together and overlap.
    """
    for diameter in DIAMETERS_PT:
        places = [swarm(heights, diameter) for heights in groups]
        widest = max((float(np.abs(one).max(initial=0.0)) for one in places), default=0.0)
        if widest + diameter / 2 <= half_width:
            return places, diameter
    room = half_width - diameter / 2
    return [one * min(1.0, room / max(float(np.abs(one).max(initial=0.0)), 1e-9)) for one in places], diameter
