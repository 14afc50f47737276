"""What each piece of evidence for a floor is worth; ``python -m benchmarks.fit_arenas`` writes this file."""

from __future__ import annotations

from csds.arena.terms import Weights

ROUGH_SIDE = Weights(
    constant=0.000,
    of_terms={
        "own_step": 0.754,
        "own_change": 2.468,
        "bare_beside_own": -1.274,
        "bare_beside_beyond": 4.258,
        "inner_step_beside_own": 0.446,
        "inner_change_beside_own": -1.265,
        "outer_step_beside_own": -0.493,
        "outer_change_beside_own": 2.299,
        "near_inner_change": 2.344,
        "near_outer_change": -0.140,
        "inner_step": -0.173,
        "inner_change": -0.205,
        "bare": 0.768,
        "beyond": 0.116,
        "outer_step": -2.010,
        "outer_change": 0.248,
        "beyond_side": -6.562,
        "near_side": -1.548,
        "far_from_side": -3.572,
    },
)

ROUGH_FLOOR = Weights(
    constant=0.140,
    of_terms={
        "camera_off": -3.641,
        "camera_off_squared": -0.434,
        "straddling": -0.833,
        "empty": -1.497,
        "outside": -11.560,
        "far_outside": -1.786,
    },
)

FLOOR = Weights(
    constant=2.982,
    of_terms={
        "read": 0.033,
        "read_lowest": 0.397,
        "anywhere": 0.453,
        "camera_off": -1.581,
        "camera_off_squared": 0.062,
        "straddling": -1.359,
        "empty": -2.509,
        "outside": -3.876,
        "far_outside": -0.915,
    },
)

WALL = Weights(
    constant=0.000,
    of_terms={
        "enclosure": 0.624,
    },
)

#: What the enclosure is worth at right floors where it is worth least: for protocols without one.
NO_ENCLOSURE = 4.415
