"""Finding the arenas of a recording: hypotheses weighed against each other, or an honest "can't be told"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.arena.hypotheses import Hypothesis, View, floor_score, weigh
from csds.arena.lines import find_lines, picture_gradients
from csds.arena.plan import rectangle_cm
from csds.arena.quads import find_quads
from csds.arena.refine import refine
from csds.arena.still import StillPicture, joined_grey, still_picture
from csds.model.arena import project, solve_homography
from csds.model.protocol import Protocol
from csds.model.shapes import FloatArray

#: Quadrilaterals that are looked at, and those of them whose enclosure is looked for.
_LOOKED_AT, _WEIGHED = 120, 30
#: Hypotheses are different if their corners are this far apart, as a share of the floor's side (RMS): 0.6 cm of 42.
_DIFFERENT = 1 / 70


def weigh_all(samples: Sequence[NDArray[np.uint8]], protocol: Protocol) -> tuple[View, list[Hypothesis]]:
    phases = [still_picture(stack) for stack in samples]
    grey = joined_grey(phases)
    size = (protocol.arena_width_cm, protocol.arena_height_cm)
    view = View(grey=grey, phases=phases, size_cm=size, enclosure=protocol.enclosure)
    quads = find_quads(find_lines(picture_gradients(grey)), grey.shape, size[0] / size[1], most=_LOOKED_AT)
    scores = [floor_score(corners, seen, view) for corners, seen in zip(quads.corners, quads.seen, strict=True)]
    best = np.argsort(-np.array(scores), kind="stable")[:_WEIGHED]
    found = []
    for i in best:
        corners = refine(quads.corners[i], grey)
        found += weigh(corners, quads.seen[i], view)
    found.sort(key=lambda hypothesis: -hypothesis.score)
    return view, found


def apart(one: FloatArray, other: FloatArray) -> float:
    """Return how far two floors' corners are apart, RMS, as a share of the first's side."""
    side = float(np.sqrt(cv2.contourArea(one.astype(np.float32))))
    return float(np.sqrt(((one - other) ** 2).sum(axis=1).mean())) / max(side, 1e-9)
