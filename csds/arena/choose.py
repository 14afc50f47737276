"""Which floors a picture shows: the likeliest that do not overlap, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from csds.arena.hypotheses import Hypothesis
from csds.model.shapes import FloatArray

#: Two floors overlap if they share this part of the smaller one; they are rivals if they share that part.
_OVERLAP, _RIVAL = 0.04, 0.2
#: Floors are different if their corners are this far apart (RMS), as a share of the floor's side: 0.8 cm of 42.
_DIFFERENT = 1 / 52
#: Lowest score of a floor, and how much lower than the best one's that of another floor in the frame may be.
_LOWEST, _BELOW = -15.0, 8.0
#: Sides of floors in one frame differ by this factor at most, and typically by this one.
_SIZES, _SIZE_SD = 1.2, 0.02
#: What looks like another floor of the same size (to this factor), less likely than the others but by no more than
#: this, leaves it open how many there are.
_ALIKE, _MAYBE = 1.06, 2.0
#: Confidence of floors that do not fill their rows, at most.
_GAP = 0.3
#: Most arenas in a frame.
_MOST = 8
#: Margin over the next different floor, and score, at which a floor is as likely right as wrong, and their spreads.
_MARGIN, _MARGIN_SD = 1.9, 0.4
_SCORE, _SCORE_SD = -11.0, 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A floor that was chosen.

    Parameters
    ----------
    floor : Hypothesis
    rival : Hypothesis or None
        The likeliest that is different, at the same place.
    margin : float
        By how much the floor's score is higher.
    confidence : float
        0 to 1.
    """

    floor: Hypothesis
    rival: Hypothesis | None
    margin: float
    confidence: float


def choose(hypotheses: Sequence[Hypothesis]) -> list[Chosen]:
    """Return the floors that the picture shows, in reading order.

    Parameters
    ----------
    hypotheses : sequence of Hypothesis
        The likeliest first.
    """
    winners = _winners(hypotheses, {})
    scores: dict[int, float] = {}
    if len(winners) > 1:
        # All floors of a frame are of one size and seen from one place: each is judged with that of the others.
        size = float(np.median([_log_side(winner.corners) for winner in winners]))
        for hypothesis in hypotheses:
            off = (_log_side(hypothesis.corners) - size) / _SIZE_SD
            scores[id(hypothesis)] = hypothesis.score - min(8.0, 0.5 * off**2)
        ordered = sorted(hypotheses, key=lambda hypothesis: -scores[id(hypothesis)])
        winners = _winners(ordered, scores)
        hypotheses = ordered
    if not winners:
        return []
    count = _count_certainty(winners, hypotheses)
    rows = _rows([_chosen(winner, hypotheses, scores, count) for winner in winners])
    whole = len({len(row) for row in rows}) == 1
    # Arenas stand in full rows: where one row has fewer, one was not seen.
    return [one if whole else replace(one, confidence=min(one.confidence, _GAP)) for row in rows for one in row]


def _score(hypothesis: Hypothesis, scores: dict[int, float]) -> float:
    return scores.get(id(hypothesis), hypothesis.score)


def _winners(hypotheses: Sequence[Hypothesis], scores: dict[int, float]) -> list[Hypothesis]:
    winners: list[Hypothesis] = []
    for hypothesis in hypotheses:
        if len(winners) == _MOST:
            break
        if winners:
            best = winners[0]
            if _score(hypothesis, scores) < max(_LOWEST, _score(best, scores) - _BELOW):
                break
            if abs(_log_side(hypothesis.corners) - _log_side(best.corners)) > np.log(_SIZES):
                continue
            if any(shared(hypothesis.corners, winner.corners) > _OVERLAP for winner in winners):
                continue
        winners.append(hypothesis)
    return winners


def _chosen(winner: Hypothesis, hypotheses: Sequence[Hypothesis], scores: dict[int, float], count: float) -> Chosen:
    rival = next(
        (
            other
            for other in hypotheses
            if different(winner.corners, other.corners) and shared(winner.corners, other.corners) > _RIVAL
        ),
        None,
    )
    own = _score(winner, scores)
    margin = own - _score(rival, scores) if rival is not None else 10.0
    confidence = min(count, _logistic((margin - _MARGIN) / _MARGIN_SD) * _logistic((own - _SCORE) / _SCORE_SD))
    return Chosen(floor=winner, rival=rival, margin=margin, confidence=confidence)


def _count_certainty(winners: Sequence[Hypothesis], hypotheses: Sequence[Hypothesis]) -> float:
    """Return how sure it is that there are no more floors than these."""
    worst = min(_floor_alone(winner) for winner in winners)
    best = winners[0]
    likeliest = -np.inf
    for hypothesis in hypotheses:
        alike = abs(_log_side(hypothesis.corners) - _log_side(best.corners)) < np.log(_ALIKE)
        if alike and all(shared(hypothesis.corners, winner.corners) <= _OVERLAP for winner in winners):
            likeliest = max(likeliest, _floor_alone(hypothesis))
    return _logistic((worst - likeliest - _MAYBE) / 0.5) if np.isfinite(likeliest) else 1.0


def _floor_alone(hypothesis: Hypothesis) -> float:
    """Return a floor's score without regard to the enclosure: a box in the frame is one also where that isn't seen."""
    return sum(value for name, value in hypothesis.terms.items() if name not in ("enclosure", "place", "target"))


def different(one: FloatArray, other: FloatArray) -> bool:
    """Return True if two floors' corners are so far apart that it matters which is right."""
    apart = float(np.sqrt(((one - other) ** 2).sum(axis=1).mean()))
    return apart > _DIFFERENT * float(np.exp(_log_side(one)))


def shared(one: FloatArray, other: FloatArray) -> float:
    """Return what two floors share, as a part of the smaller one."""
    first, second = one.astype(np.float32), other.astype(np.float32)
    area = cv2.intersectConvexConvex(first, second)[0]
    return float(area) / max(min(cv2.contourArea(first), cv2.contourArea(second)), 1.0)


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


def _logistic(value: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(value, -40.0, 40.0))))
