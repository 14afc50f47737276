"""Which floors a picture shows: the likeliest that do not overlap, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from csds.arena.geometry import shared
from csds.arena.hypotheses import Hypothesis
from csds.arena.plane import plane_misfits
from csds.model.shapes import FloatArray

#: Two floors overlap if they share this part of the smaller one; they are rivals if they share that part.
_OVERLAP, _RIVAL = 0.04, 0.2
#: Floors of one size overlap if their middles are nearer than this, in sides, and don't if farther than that.
_NEAR, _FAR = 0.6, 2.2
#: Floors are different if their corners are this far apart (RMS), as a share of the floor's side: 0.8 cm of 42.
_DIFFERENT = 1 / 52
#: Floors are taken together that are no further apart than this many times that.
_SHARING = 1.5
#: Sides of floors in one frame, or of two for one and the same place, differ by this factor at most.
_SIZES = 1.2
#: How far a floor may be from those that the others' plane allows, as a share of its side (0.22 cm of 42), what that
#: makes less likely at most, and how often floors are chosen anew with it.
_PLANE_SD, _MOST_OFF, _ROUNDS = 0.25 / 42, 6.0, 2
#: What looks like another floor of the same size, to this factor, leaves it open how many there are.
_ALIKE = 1.06
#: Fewest floors by which a plane is known better than by each of them.
_FEWEST = 3
#: Confidence of floors that do not fill their rows, at most.
_GAP = 0.3
#: Most arenas in a frame, and sizes of floors that are tried.
_MOST, _SETS = 8, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A floor that was chosen.

    Parameters
    ----------
    floor : Hypothesis
        Its corners are the mean of those of floors that hardly differ, each as likely as it is.
    rival : Hypothesis or None
        The likeliest that is different, at the same place.
    confidence : float
        Probability that the floor is there, or one that hardly differs.
    """

    floor: Hypothesis
    rival: Hypothesis | None
    confidence: float


def choose(hypotheses: Sequence[Hypothesis], size_cm: tuple[float, float]) -> list[Chosen]:
    """Return the floors that the picture shows, in reading order.

    Parameters
    ----------
    hypotheses : sequence of Hypothesis
        The likeliest first.
    size_cm : (width, height)
        Of the floors.
    """
    found = winners(hypotheses)
    for _ in range(_ROUNDS):
        if len(found) < _FEWEST:
            break
        # All floors of a frame lie on one plane and are of one size: each is judged by that of the others.
        hypotheses = _on_one_plane(hypotheses, found, size_cm)
        found = winners(hypotheses)
    if not found:
        return []
    count = _count_certainty(found, hypotheses)
    rows = _rows([_chosen(winner, hypotheses, count) for winner in found])
    whole = len({len(row) for row in rows}) == 1
    # Arenas stand in full rows: where one row has fewer, one was not seen.
    return [one if whole else replace(one, confidence=min(one.confidence, _GAP)) for row in rows for one in row]


def _on_one_plane(
    hypotheses: Sequence[Hypothesis], found: Sequence[Hypothesis], size_cm: tuple[float, float]
) -> list[Hypothesis]:
    """Return hypotheses with scores that say how well each fits the plane of those found, the likeliest first."""
    alike = [one for one in hypotheses if abs(_log_side(one.corners) - _log_side(found[0].corners)) < np.log(_SIZES)]
    misfits = plane_misfits(np.array([one.corners for one in alike]), np.array([one.corners for one in found]), size_cm)
    limit = _PLANE_SD * float(np.sqrt(size_cm[0] * size_cm[1]))
    judged = [
        replace(one, plane=-min(_MOST_OFF, 0.5 * (misfit / limit) ** 2))
        for one, misfit in zip(alike, misfits.tolist(), strict=True)
    ]
    return sorted(judged, key=lambda one: -one.score)


def winners(hypotheses: Sequence[Hypothesis]) -> list[Hypothesis]:
    """Return the floors of one size that do not overlap and explain most together."""
    sets: list[tuple[float, list[Hypothesis]]] = []
    sizes: list[float] = []
    for hypothesis in hypotheses:
        size = _log_side(hypothesis.corners)
        if len(sets) == _SETS or (sets and hypothesis.score < 0):
            break
        if all(abs(size - other) > np.log(_SIZES) for other in sizes):
            sizes.append(size)
            together = _alike(hypothesis, hypotheses)
            sets.append((sum(one.score for one in together), together))
    return max(sets, key=lambda one: one[0])[1] if sets else []


def _alike(first: Hypothesis, hypotheses: Sequence[Hypothesis]) -> list[Hypothesis]:
    """Return a floor and others of its size that overlap neither it nor each other, the likeliest first."""
    size, found = _log_side(first.corners), [first]
    for hypothesis in hypotheses:
        if len(found) == _MOST or hypothesis.score < 0:
            break
        if abs(_log_side(hypothesis.corners) - size) < np.log(_SIZES) and _is_apart(hypothesis, found):
            found.append(hypothesis)
    return found


def _is_apart(hypothesis: Hypothesis, others: Sequence[Hypothesis]) -> bool:
    """Return True if a floor shares next to nothing with others of about its size."""
    grounds = np.array([other.ground for other in others])
    side = np.exp(_log_side(hypothesis.corners))
    apart = np.hypot(*(grounds.mean(axis=1) - hypothesis.ground.mean(axis=0)).T) / side
    # Those whose middles are near overlap in any case, and far ones never.
    if (apart < _NEAR).any():
        return False
    close = apart < _FAR
    return not close.any() or bool((shared(hypothesis.ground, grounds[close]) <= _OVERLAP).all())


def _chosen(winner: Hypothesis, hypotheses: Sequence[Hypothesis], count: float) -> Chosen:
    size = _log_side(winner.corners)
    alike = [other for other in hypotheses if abs(_log_side(other.corners) - size) < np.log(_SIZES)]
    shares = shared(winner.ground, np.array([other.ground for other in alike]))
    here = [other for other, share in zip(alike, shares, strict=True) if share > _RIVAL]
    best = max(winner.score, 0.0)
    weights = np.exp([other.score - best for other in here])
    # Floors that hardly differ share in where the floor is.
    near = np.array([_apart(winner.corners, other.corners) < _SHARING * _DIFFERENT for other in here])
    mean = np.tensordot(weights[near] / weights[near].sum(), np.array([one.corners for one in here])[near], 1)
    is_rival = np.array([different(mean, other.corners) for other in here])
    # One of the floors at this place is there, or none is.
    likely = float(weights[~is_rival].sum() / (weights.sum() + np.exp(-best)))
    rival = next((other for other, differs in zip(here, is_rival, strict=True) if differs), None)
    return Chosen(floor=replace(winner, corners=mean), rival=rival, confidence=min(count, likely))


def _count_certainty(winners: Sequence[Hypothesis], hypotheses: Sequence[Hypothesis]) -> float:
    """Return the probability that there are no more floors than these."""
    size = float(np.median([_log_side(winner.corners) for winner in winners]))
    for hypothesis in hypotheses:
        alike = abs(_log_side(hypothesis.corners) - size) < np.log(_ALIKE)
        if alike and _is_apart(hypothesis, winners):
            return float(1.0 / (1.0 + np.exp(min(hypothesis.score, 40.0))))
    return 1.0


def different(one: FloatArray, other: FloatArray) -> bool:
    """Return True if two floors' corners are so far apart that it matters which is right."""
    return _apart(one, other) > _DIFFERENT


def _apart(one: FloatArray, other: FloatArray) -> float:
    """Return how far apart the corners of two floors are (RMS), in sides of the first."""
    return float(np.sqrt(((one - other) ** 2).sum(axis=1).mean())) / float(np.exp(_log_side(one)))


def _log_side(corners: FloatArray) -> float:
    return 0.5 * float(np.log(max(cv2.contourArea(corners.astype(np.float32)), 1.0)))


def _rows(chosen: Sequence[Chosen]) -> list[list[Chosen]]:
    """Return floors row by row, as a page is read; a row's floors overlap in height."""
    left = sorted(chosen, key=lambda one: float(one.floor.corners[:, 1].mean()))
    rows: list[list[Chosen]] = []
    for one in left:
        middle = float(one.floor.corners[:, 1].mean())
        half = 0.5 * np.exp(_log_side(one.floor.corners))
        if rows and abs(middle - float(np.mean([o.floor.corners[:, 1].mean() for o in rows[-1]]))) < half:
            rows[-1].append(one)
        else:
            rows.append([one])
    return [sorted(row, key=lambda one: float(one.floor.corners[:, 0].mean())) for row in rows]
