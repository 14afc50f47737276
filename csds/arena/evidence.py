"""What each piece of evidence for a floor is worth: the logarithm of how much likelier it makes the floor.

The weights (`csds.arena.weights`) are those of a conditional logit model (McFadden 1974, Conditional logit analysis of
qualitative choice behavior): at each place of a picture one of the possible floors is there, or none. They were fitted
to random rooms of the simulator by ``python -m benchmarks.fit_arenas``; rooms made by others were not used.
"""

from __future__ import annotations

import numpy as np

from csds.arena.borders import BORDER_TERMS
from csds.arena.enclosure import EnclosureEvidence
from csds.arena.spots import FLOOR_TERMS, SPOT_TERMS
from csds.model.shapes import FloatArray

#: How far floors may be from what a camera sees: a misfit that counts as one.
CAMERA_SD = 0.018
#: Terms of one side, of a floor as a whole, and of the enclosure at a wall.
SIDE_TERMS = (*BORDER_TERMS, *SPOT_TERMS)
WHOLE_TERMS = ("camera_off", "camera_off_squared", *FLOOR_TERMS)
WALL_TERMS = (
    "edges",
    "edges_squared",
    "places",
    "places_to_1",
    "busy",
    "very_busy",
    "motion",
    "much_motion",
    "still",
)
#: A floor's terms: those of its sides added up, the lowest and the highest of the four, and its own.
JOINT_TERMS = (*(f"{name}_{how}" for how in ("sum", "lowest", "highest") for name in SIDE_TERMS), *WHOLE_TERMS)


def wall_terms(evidence: EnclosureEvidence) -> FloatArray:
    """Return the terms of the enclosure at one wall."""
    motion = evidence.motion
    return np.array(
        [
            evidence.edges,
            evidence.edges**2,
            evidence.places,
            min(evidence.places, 1.0),
            min(evidence.busy / 4, 1.0),
            min(evidence.busy / 12, 1.0),
            np.clip(motion, 0.0, 1.0),
            np.clip(motion - 1.0, 0.0, 2.0),
            np.clip(-motion, 0.0, 1.0),
        ]
    )
