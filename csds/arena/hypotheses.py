"""Floors that the picture could show, each with how well it explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from csds.arena.enclosure import EnclosureEvidence, enclosure_evidence, plan_texture
from csds.arena.plan import FloorPlan, camera_misfit, floor_plan, spots_inside
from csds.arena.sides import Steps, find_steps
from csds.arena.still import Picture, StillPicture
from csds.model.protocol import EnclosureSpec
from csds.model.shapes import FloatArray

#: How far an animal that leans on a wall is seen beyond the floor, as a share of its side: 1.3 cm of 42.
_LEAN = 0.03
#: A spot of motion straddles the floor's edge if this share of its outline lies on the other side.
_STRADDLES = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What hypotheses are held against: the still picture, its phases, and what the protocol says."""

    grey: Picture
    phases: Sequence[StillPicture]
    size_cm: tuple[float, float]
    enclosure: EnclosureSpec | None

    @property
    def spots(self) -> FloatArray:
        """Outlines of all that moves, (n, points, 2)."""
        return np.concatenate([phase.spots_px for phase in self.phases])


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """A floor that the picture could show.

    Parameters
    ----------
    corners : (4, 2) float
        Clockwise, beginning with the left end of the enclosure wall as seen with that wall at the
        top, in working pixels.
    score : float
        Logarithm, up to a constant, of how much likelier the picture is with it: 0 to 2 for a
        floor of which everything is seen, and the less the more is missing or does not fit.
    terms : dict
        What the score is made of.
    """

    corners: FloatArray
    score: float
    terms: dict[str, float]


def weigh(corners: FloatArray, seen: FloatArray, view: View) -> list[Hypothesis]:
    """Return hypotheses for one quadrilateral: the enclosure at each wall that fits the floor's proportions.

    Parameters
    ----------
    corners : (4, 2) float
        Clockwise from the one at the upper left.
    seen : (4,) float
        Share of each side along which an edge is seen.
    view : View
    """
    hypotheses = []
    square = view.size_cm[0] == view.size_cm[1]
    plans: dict[int, FloorPlan] = {}
    for wall in range(4 if view.enclosure is not None else (1 if square else 2)):
        # Opposite walls share a plan of the same proportions, and all four do on a square floor.
        half = 0 if square else wall % 2
        if half not in plans:
            plans[half] = floor_plan(np.roll(corners, -half, axis=0), view.grey, view.phases, view.size_cm)
        hypotheses.append((wall, plans[half], wall - half))
    result = []
    shared: dict[int, dict[str, float]] = {}
    for wall, plan, turn in hypotheses:
        half = wall - turn
        if half not in shared:
            shared[half] = _floor_terms(np.roll(corners, -half, axis=0), np.roll(seen, -half), plan, view)
        terms = dict(shared[half])
        if view.enclosure is not None:
            evidence = enclosure_evidence(plan.turned(turn), view.enclosure, plan_texture(plan))
            terms |= _enclosure_terms(evidence)
        result.append(
            Hypothesis(corners=np.roll(corners, -wall, axis=0), score=float(sum(terms.values())), terms=terms)
        )
    return result


def floor_score(corners: FloatArray, seen: FloatArray, view: View) -> float:
    """Return the score of a quadrilateral without the enclosure, for choosing what to look at closely."""
    turns = (0,) if view.size_cm[0] == view.size_cm[1] else (0, 1)
    best = -np.inf
    for turn in turns:
        turned = np.roll(corners, -turn, axis=0)
        plan = floor_plan(turned, view.grey, (), view.size_cm)
        best = max(best, sum(_floor_terms(turned, np.roll(seen, -turn), plan, view).values()))
    return float(best)


def _floor_terms(corners: FloatArray, seen: FloatArray, plan: FloorPlan, view: View) -> dict[str, float]:
    steps: Steps = find_steps(plan)
    misfit = camera_misfit(corners, view.size_cm, view.grey.shape)
    inside = spots_inside(corners, view.spots, view.size_cm, _LEAN * max(view.size_cm))
    here = inside > _STRADDLES
    straddling = float((here & (inside < 1 - _STRADDLES)).sum()) / max(1, int(here.sum()))
    return {
        "seen": 2.0 * float(np.sum(np.clip((seen - 0.4) / 0.6, 0.0, 1.0) - 1.0)),
        "step": float(np.sum(np.clip(steps.sides / 6.0, 0.0, 1.0) - 1.0)),
        "inner": -4.0 * steps.inner / (steps.inner + 6.0),
        "camera": -min(4.0, 0.5 * (misfit / 0.04) ** 2),
        "straddling": -3.0 * straddling,
        "empty": -2.0 * float(not here.any()),
    }


def _enclosure_terms(evidence: EnclosureEvidence) -> dict[str, float]:
    edges = np.clip(evidence.edges / 12.0, 0.0, 1.0)
    return {
        "enclosure": 6.0 * (float(edges.mean()) - 1.0) + float(np.clip(evidence.busy / 4.0, 0.0, 1.0) - 1.0),
        "target": 1.5 * float(np.clip(evidence.motion, 0.0, 1.0)),
    }
