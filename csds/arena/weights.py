"""What each piece of evidence for a floor is worth; ``python -m benchmarks.fit_arenas`` writes this file."""

from __future__ import annotations

from csds.arena.terms import Weights

ROUGH_SIDE = Weights(
    constant=0.000,
    of_terms={
        "own_step": -0.047,
        "own_change": 2.365,
        "bare_beside_own": 0.282,
        "bare_beside_beyond": 1.167,
        "inner_step_beside_own": -0.937,
        "inner_change_beside_own": -2.124,
        "outer_step_beside_own": 0.412,
        "outer_change_beside_own": 2.152,
        "near_inner_change": 1.224,
        "near_outer_change": -0.913,
        "inner_step": -0.463,
        "inner_change": 0.482,
        "bare": 0.668,
        "beyond": 0.123,
        "outer_step": -0.254,
        "outer_change": 1.260,
        "beyond_side": -6.977,
        "near_side": -0.485,
        "far_from_side": -4.574,
    },
)

ROUGH_FLOOR = Weights(
    constant=0.051,
    of_terms={
        "camera_off": -2.827,
        "camera_off_squared": -0.541,
        "straddling": -1.560,
        "empty": -3.408,
        "outside": -9.100,
        "far_outside": -1.133,
    },
)

FLOOR = Weights(
    constant=2.997,
    of_terms={
        "read": 0.047,
        "read_lowest": 0.438,
        "anywhere": 0.241,
        "camera_off": -0.702,
        "camera_off_squared": -0.317,
        "straddling": -1.291,
        "empty": -1.996,
        "outside": -7.525,
        "far_outside": -1.082,
    },
)

WALL = Weights(
    constant=0.000,
    of_terms={
        "enclosure": 0.645,
    },
)

#: What the enclosure is worth at right floors where it is worth least: for protocols without one.
NO_ENCLOSURE = 4.479
