"""What each piece of evidence for a floor is worth: the logarithm of how much likelier it makes the floor.

The weights (`csds.arena.weights`) are those of a conditional logit model (McFadden 1974, Conditional logit analysis of
qualitative choice behavior): at each place of a picture one of the possible floors is there, or none. They were fitted
to random rooms of the simulator by ``python -m benchmarks.fit_arenas``; rooms made by others were not used.
"""

from __future__ import annotations

from csds.arena.borders import BORDER_TERMS
from csds.arena.spots import FLOOR_TERMS, SPOT_TERMS

#: How far floors may be from what a camera sees: a misfit that counts as one.
CAMERA_SD = 0.018
#: How well a camera could see a floor so.
CAMERA_TERMS = ("camera_off", "camera_off_squared")
#: Terms of one side at first sight, and of a floor as a whole.
SIDE_TERMS = (*BORDER_TERMS, *SPOT_TERMS)
WHOLE_TERMS = (*CAMERA_TERMS, *FLOOR_TERMS)
#: Terms of a floor that was read along: the logarithm of how likely its sides are (`csds.arena.sides`), added up and of
#: the least likely one, that they are anywhere, and the camera's; and the term of the enclosure at a wall. Where
#: animals are seen is left out: the simulator's don't lean over walls as others do.
READ_TERMS = ("read", "read_lowest", "anywhere", *CAMERA_TERMS)
WALL_TERMS = ("enclosure",)
#: The same for round floors; the camera's is its tilt.
ROUND_TERMS = ("read", "read_lowest", "anywhere", "tilted", "tilted_squared")
