"""What each piece of evidence for a floor is worth; ``python -m benchmarks.fit_arenas`` writes this file."""

from __future__ import annotations

from csds.arena.terms import Weights

ROUGH_SIDE = Weights(
    constant=0.000,
    of_terms={
        "own_step": 0.352,
        "own_change": 2.827,
        "bare_beside_own": -1.868,
        "bare_beside_beyond": 1.925,
        "inner_step_beside_own": -0.276,
        "inner_change_beside_own": 0.128,
        "outer_step_beside_own": 0.021,
        "outer_change_beside_own": 1.744,
        "near_inner_change": 1.295,
        "near_outer_change": -0.445,
        "inner_step": -0.462,
        "inner_change": 1.471,
        "bare": 0.385,
        "beyond": 0.122,
        "outer_step": -0.405,
        "outer_change": 1.037,
        "beyond_side": -2.116,
        "near_side": -1.063,
        "far_from_side": -3.059,
    },
)

ROUGH_FLOOR = Weights(
    constant=0.223,
    of_terms={
        "camera_off": -3.223,
        "camera_off_squared": -0.597,
        "straddling": -1.085,
        "empty": -2.819,
        "outside": -11.245,
        "far_outside": -1.584,
    },
)

FLOOR = Weights(
    constant=3.936,
    of_terms={
        "read": 0.023,
        "read_lowest": 0.483,
        "camera_off": -0.729,
        "camera_off_squared": -0.411,
        "straddling": -0.502,
        "empty": -1.066,
        "outside": -0.700,
        "far_outside": -0.112,
    },
)

WALL = Weights(
    constant=0.000,
    of_terms={
        "enclosure": 0.564,
    },
)

#: What the enclosure is worth at right floors where it is worth least: for protocols without one.
NO_ENCLOSURE = 3.665
