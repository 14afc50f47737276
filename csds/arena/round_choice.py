"""Which round floors a picture shows: the likeliest that do not overlap, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from csds.arena.round_floors import RoundFloor
from csds.model.shapes import FloatArray

#: Floors overlap if their middles are nearer than this share of the sum of their radii; they are rivals below that.
_OVERLAP, _RIVAL = 0.93, 0.6
#: Floors are different if their corners are this far apart (RMS), as a share of the floor's side: 0.84 cm of 42. Those
#: that are no further than twice that from the likeliest one share in where it is said to be, each the less the lower
#: its score, by this scale.
_DIFFERENT, _SHARING = 1 / 50, 1.5
#: How much lower than the best one's the score of another floor in the frame may be, and how much its size differs.
_BELOW, _SIZES = 7.0, 1.12
#: What could be another floor without regard to its enclosure, if less likely by no more than this, leaves it open how
#: many there are.
_MAYBE = 1.5
#: Most arenas in a frame.
_MOST = 8
#: Margin over the next different floor, and score, at which a floor is as likely right as wrong, and their spreads.
_MARGIN, _MARGIN_SD = 3.0, 0.5
_SCORE, _SCORE_SD = -8.0, 0.7
#: Confidence of floors of which it is open how many there are.
_OPEN = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenFloor:
    """A round floor that was chosen, its rival if there is one, and the confidence, 0 to 1, that it is right."""

    floor: RoundFloor
    rival: RoundFloor | None
    margin: float
    confidence: float


def choose_round(floors: Sequence[RoundFloor]) -> list[ChosenFloor]:
    """Return the round floors that the picture shows, in reading order.

    Parameters
    ----------
    floors : sequence of RoundFloor
        The likeliest first.
    """
    if not floors:
        return []
    winners: list[RoundFloor] = []
    for floor in floors:
        if floor.score < floors[0].score - _BELOW or len(winners) == _MOST:
            break
        if _alike(floor, floors[0]) and all(_apart(floor, other) > _OVERLAP for other in winners):
            winners.append(floor)
    rows = _rows([_chosen(winner, floors) for winner in winners])
    is_open = len({len(row) for row in rows}) > 1 or _could_be_more(winners, floors)
    return [replace(one, confidence=min(one.confidence, _OPEN)) if is_open else one for row in rows for one in row]


def _chosen(winner: RoundFloor, floors: Sequence[RoundFloor]) -> ChosenFloor:
    rival = next((one for one in floors if _apart(winner, one) < _RIVAL and _off(winner, one) > _DIFFERENT), None)
    margin = winner.score - rival.score if rival is not None else 10.0
    confidence = _logistic((margin - _MARGIN) / _MARGIN_SD) * _logistic((winner.score - _SCORE) / _SCORE_SD)
    return ChosenFloor(floor=_mean(winner, floors), rival=rival, margin=margin, confidence=confidence)


def _mean(winner: RoundFloor, floors: Sequence[RoundFloor]) -> RoundFloor:
    """Return a floor at the mean of those near it: they differ by which edge and which direction was taken for it."""
    near = [one for one in floors if _off(winner, one) < 2 * _DIFFERENT]
    weights = np.exp((np.array([one.score for one in near]) - winner.score) / _SHARING)
    corners = np.tensordot(weights / weights.sum(), np.array([one.corners for one in near]), 1)
    return replace(winner, corners=corners)


def _could_be_more(winners: Sequence[RoundFloor], floors: Sequence[RoundFloor]) -> bool:
    least = min(_alone(winner) for winner in winners) - _MAYBE
    return any(
        _alone(floor) > least
        and _alike(floor, winners[0])
        and all(_apart(floor, other) > _OVERLAP for other in winners)
        for floor in floors
    )


def _alone(floor: RoundFloor) -> float:
    """Return a floor's score without regard to the enclosure."""
    return sum(value for name, value in floor.terms.items() if name not in ("enclosure", "wires", "place", "target"))


def _side(floor: RoundFloor) -> float:
    x, y = floor.corners.T
    return float(np.sqrt(0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))))


def _middle(floor: RoundFloor) -> FloatArray:
    return np.asarray(floor.corners.mean(axis=0), float)


def _alike(one: RoundFloor, other: RoundFloor) -> bool:
    return bool(abs(np.log(_side(one) / _side(other))) < np.log(_SIZES))


def _apart(one: RoundFloor, other: RoundFloor) -> float:
    """Return how far two floors are from each other, as a share of the sum of their radii."""
    return float(np.hypot(*(_middle(one) - _middle(other)))) / (0.5 * (_side(one) + _side(other)))


def _off(one: RoundFloor, other: RoundFloor) -> float:
    """Return how far apart the corners of two floors are (RMS), as a share of the floor's side."""
    return float(np.sqrt(((one.corners - other.corners) ** 2).sum(axis=1).mean())) / _side(one)


def _rows(chosen: Sequence[ChosenFloor]) -> list[list[ChosenFloor]]:
    """Return floors row by row, as a page is read."""
    rows: list[list[ChosenFloor]] = []
    for one in sorted(chosen, key=lambda one: float(_middle(one.floor)[1])):
        level = float(np.mean([_middle(other.floor)[1] for other in rows[-1]])) if rows else -np.inf
        if _middle(one.floor)[1] - level < 0.5 * _side(one.floor):
            rows[-1].append(one)
        else:
            rows.append([one])
    return [sorted(row, key=lambda one: float(_middle(one.floor)[0])) for row in rows]


def _logistic(value: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(value, -40.0, 40.0))))
