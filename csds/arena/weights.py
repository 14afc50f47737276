"""What each piece of evidence for a floor is worth; ``python -m benchmarks.fit_arenas`` writes this file."""

from __future__ import annotations

from csds.arena.terms import Weights

ROUGH_SIDE = Weights(
    constant=0.000,
    of_terms={
        "own_step": 0.839,
        "own_change": 2.576,
        "bare_beside_own": -1.493,
        "bare_beside_beyond": 3.992,
        "inner_step_beside_own": 1.513,
        "inner_change_beside_own": -2.289,
        "outer_step_beside_own": -0.201,
        "outer_change_beside_own": 2.520,
        "near_inner_change": 2.746,
        "near_outer_change": -0.138,
        "inner_step": -0.826,
        "inner_change": -1.664,
        "bare": 0.278,
        "beyond": 0.603,
        "outer_step": -1.770,
        "outer_change": 0.150,
        "beyond_side": -3.705,
        "near_side": -1.569,
        "far_from_side": -3.312,
    },
)

ROUGH_FLOOR = Weights(
    constant=0.591,
    of_terms={
        "camera_off": -3.511,
        "camera_off_squared": -0.608,
        "straddling": -1.177,
        "empty": -1.975,
        "outside": -13.173,
        "far_outside": -2.069,
    },
)

FLOOR = Weights(
    constant=2.067,
    of_terms={
        "read": 0.076,
        "read_lowest": 0.517,
        "anywhere": 0.229,
        "camera_off": -1.014,
        "camera_off_squared": -0.301,
    },
)

WALL = Weights(
    constant=0.000,
    of_terms={
        "enclosure": 0.804,
    },
)

ROUND_FLOOR = Weights(
    constant=2.688,
    of_terms={
        "read": 0.040,
        "read_lowest": 0.346,
        "anywhere": 0.045,
        "tilted": -1.664,
        "tilted_squared": 0.159,
    },
)

ROUND_WALL = Weights(
    constant=0.000,
    of_terms={
        "enclosure": 0.631,
    },
)

#: What the enclosure is worth at right floors where it is worth least: for protocols without one.
NO_ENCLOSURE = 5.824
#: A floor worth less than this without the enclosure is none: one less than the least of any right one.
LEAST_FLOOR = -2.863
LEAST_ROUND_FLOOR = -4.543
