"""Round floors that a picture could show, each with the enclosure in any direction in which it may stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from csds.arena.ellipses import Ellipses
from csds.arena.hypotheses import SURE, Hypothesis
from csds.arena.look import NOWHERE, WORST, View
from csds.arena.reading import EdgeReading
from csds.arena.ring_edges import rings_at_places
from csds.arena.round_pose import FOCAL, Pose, circle_poses, ellipse_of, square_corners
from csds.arena.round_sides import RoundReading, read_around, read_towards
from csds.arena.strips import SIDE
from csds.arena.weights import NO_ENCLOSURE, ROUND_FLOOR, ROUND_WALL
from csds.model.protocol import EnclosureSpec
from csds.model.shapes import FloatArray

#: Floors of a place that are weighed.
_WEIGHED = 12
#: Floors are the same if no corner is further apart than this share of their side, and a camera may see a circle as
#: the same ellipse from two sides: it doesn't matter from which if they are no further apart than that.
_SAME, _ONE_POSE = 1 / 280, 1 / 100
#: A place whose likeliest floor scores lower than another's by this much isn't looked at for the enclosure.
_FAR_OFF = 12.0
#: Makes a circle as large as the square around it.
_AS_LARGE = np.diag([np.sqrt(np.pi) / 2, np.sqrt(np.pi) / 2, 1.0])
#: Tilt of the camera that counts as one, degrees, and how many of these count at most.
_TILT_DEG, _TILTED = 5.0, 4.0
#: Directions in which the enclosure is looked for around a floor, degrees apart, and how many are kept.
_AROUND_DEG, _DIRECTIONS = 10.0, 3
#: How far beside a direction, degrees, it is read where the enclosure stands, time after time, and by how much a
#: direction is mended at most, radians.
_BESIDE, _FARTHEST = ((-4.0, 0.0, 4.0), (-8.0, -5.0, -2.0, 2.0, 5.0, 8.0)), 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundEvidence:
    """What speaks for and against n round floors at one place of the picture.

    Parameters
    ----------
    poses : sequence of Pose
        From the unit circle to the working picture; the likeliest first.
    terms : (n, terms) float
        See `csds.arena.evidence.ROUND_TERMS`.
    """

    poses: Sequence[Pose]
    terms: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Walls:
    """The enclosure in directions from one floor: where its middle is in the picture, and what speaks for it there."""

    middles: FloatArray
    terms: FloatArray
    enlarged: FloatArray


def round_hypotheses(view: View) -> list[Hypothesis]:
    """Return the round floors that a picture could show, the likeliest first."""
    found = [hypothesis for place in likely_round_places(view) for hypothesis in weigh_directions(place, view)]
    return sorted(found, key=lambda one: -one.score)


def likely_round_places(view: View) -> list[RoundEvidence]:
    """Return the places of the picture at which round floors may be, with what speaks for the likeliest there."""
    places = [near(rings, view) for rings in rings_at_places(view)]
    scores = [float(ROUND_FLOOR.of(place.terms[0])) for place in places]
    return [place for place, score in zip(places, scores, strict=True) if score > max(scores) - _FAR_OFF]


def near(rings: Ellipses, view: View) -> RoundEvidence:
    """Return the likeliest floors near round edges at one place, given in frame pixels."""
    own = [pose for ring in zip(rings.middles, rings.axes, strict=True) for pose in _poses(*ring, view)]
    readings = _read([pose.matrix for pose in own], view)
    rough = [_best(reading) for reading in readings]
    # Read a second time along the likeliest: what lies askew in a strip isn't read as well.
    reading = _read([max(rough, key=lambda one: one[0])[1]], view)[0]
    fitted = np.concatenate([reading.floors(), *(one.floors() for one in readings)])
    to_frame = _scaled(view.phases[0].factor)
    poses = own + [pose for matrix in fitted for pose in _poses(*ellipse_of(to_frame @ matrix), view)]
    terms = _terms(poses, reading, view)
    chosen = _distinct(poses, ROUND_FLOOR.of(terms))
    return RoundEvidence(poses=[poses[i] for i in chosen], terms=terms[chosen])


def weigh_directions(place: RoundEvidence, view: View) -> list[Hypothesis]:
    """Return hypotheses of floors at one place: each with the enclosure in any of the likeliest directions."""
    scores = ROUND_FLOOR.of(place.terms).tolist()
    if view.enclosure is None:
        upright = np.array([-np.pi / 2])
        return [
            hypothesis_of(pose.matrix, upright, floor=score, enclosure=NO_ENCLOSURE)
            for pose, score in zip(place.poses, scores, strict=True)
        ]
    walls = at_walls(place.poses[0], view.enclosure, view)
    ways = list(zip(walls.middles, ROUND_WALL.of(walls.terms).tolist(), walls.enlarged.tolist(), strict=True))
    return [
        hypothesis_of(pose.matrix, towards(pose, middle), floor=score, enclosure=worth, enlarged=enlarged)
        for pose, score in zip(place.poses, scores, strict=True)
        for middle, worth, enlarged in ways
    ]


def at_walls(pose: Pose, spec: EnclosureSpec, view: View) -> Walls:
    """Return the directions in which the enclosure may stand on a floor, and what speaks for each."""
    radius = view.size_cm[0] / 2
    around = np.deg2rad(np.arange(0.0, 360.0, _AROUND_DEG))
    turns = around[_peaks(_read_towards(pose, around, view).enclosure)]
    for beside in _BESIDE:
        near = turns[:, None] + np.deg2rad(beside)
        off = _read_towards(pose, near.ravel(), view).enclosure_off.reshape(near.shape) / (SIDE / 2)
        turns = np.median(near + np.clip(off, -_FARTHEST, _FARTHEST), axis=1)
    read = _read_towards(pose, turns, view)
    away = 1 - (spec.gap_cm + spec.depth_cm / 2) / radius
    middles = np.column_stack([away * np.cos(turns), away * np.sin(turns), np.ones_like(turns)]) @ pose.matrix.T
    return Walls(
        middles=middles[:, :2] / middles[:, 2:],
        terms=np.clip(read.enclosure, -SURE, SURE)[:, None],
        enlarged=np.sqrt(read.enclosure_cm.prod(axis=1) / (spec.width_cm * spec.depth_cm)),
    )


def _read_towards(pose: Pose, turns: FloatArray, view: View) -> EdgeReading:
    return read_towards(pose.matrix, turns, view.size_cm, view.grey, view.motion)


def _peaks(odds: FloatArray) -> list[int]:
    """Return which of the directions around a floor the enclosure may stand in, the likeliest first."""
    crest = (odds >= np.roll(odds, 1)) & (odds >= np.roll(odds, -1))
    order = np.argsort(-odds[crest], kind="stable")
    return [int(i) for i in np.flatnonzero(crest)[order][:_DIRECTIONS]]


def towards(pose: Pose, middle: FloatArray) -> FloatArray:
    """Return the direction, (1,), of a point of the picture from a floor's middle: see `square_corners`."""
    x, y, w = np.linalg.solve(pose.matrix, np.append(middle, 1.0))
    return np.array([np.arctan2(y / w, x / w)])


def hypothesis_of(
    matrix: FloatArray, direction: FloatArray, *, floor: float, enclosure: float, enlarged: float = 1.0
) -> Hypothesis:
    """Return the hypothesis of a floor, given from the unit circle, with the enclosure in that direction, (1,)."""
    return Hypothesis(
        corners=square_corners(matrix, direction)[0],
        ground=square_corners(matrix @ _AS_LARGE, np.array([-np.pi / 2]))[0],
        floor=floor,
        enclosure=enclosure,
        enlarged=enlarged,
    )


def _read(matrices: Sequence[FloatArray], view: View) -> list[RoundReading]:
    return read_around(matrices, view.size_cm, view.grey, view.motion)


def _best(reading: RoundReading) -> tuple[float, FloatArray]:
    floors = reading.floors()
    worth = np.maximum(reading.of(floors), WORST).sum(axis=(1, 2))
    return float(worth.max()), floors[worth.argmax()]


def _terms(poses: Sequence[Pose], reading: RoundReading, view: View) -> FloatArray:
    read = np.maximum(reading.of(np.array([pose.matrix for pose in poses])), WORST).sum(axis=2)
    anywhere = float(np.maximum(reading.edges.anywhere, NOWHERE).sum())
    tilted = np.minimum([_tilt(pose, view) for pose in poses], _TILTED)
    return np.column_stack([read.sum(axis=1), read.min(axis=1), np.full(len(poses), anywhere), tilted, tilted**2])


def _tilt(pose: Pose, view: View) -> float:
    """Return how far from straight down the camera looks that sees a floor so."""
    middle = np.array(view.grey.shape[::-1]) / 2 - 0.5
    off = pose.foot_px[:2] / pose.foot_px[2] - middle
    return float(np.degrees(np.arctan(np.hypot(*off) / (FOCAL * np.hypot(*view.grey.shape)))) / _TILT_DEG)


def _poses(middle: FloatArray, axes: FloatArray, view: View) -> list[Pose]:
    """Return how a camera may see a floor as an ellipse in frame pixels, for the working picture."""
    back = np.linalg.inv(_scaled(view.phases[0].factor))
    both = circle_poses(middle, axes, view.sharp.shape)
    poses = [Pose(matrix=back @ one.matrix, foot_px=back @ one.foot_px) for one in both]
    return poses[:1] if _is_same(_square(poses[0]), _square(poses[1]), _ONE_POSE) else poses


def _scaled(factor: float) -> FloatArray:
    """Return the matrix from the working picture to the frame."""
    return np.array([(factor, 0.0, (factor - 1) / 2), (0.0, factor, (factor - 1) / 2), (0.0, 0.0, 1.0)])


def _distinct(poses: Sequence[Pose], scores: FloatArray) -> list[int]:
    """Return the indices of the best floors, without those that are nearly the same as a better one."""
    squares = [_square(pose) for pose in poses]
    kept: list[int] = []
    for i in np.argsort(-scores, kind="stable").tolist():
        if not any(_is_same(squares[i], squares[j], _SAME) for j in kept):
            kept.append(i)
        if len(kept) == _WEIGHED:
            break
    return kept


def _square(pose: Pose) -> FloatArray:
    return np.asarray(square_corners(pose.matrix, np.array([-np.pi / 2]))[0], float)


def _is_same(one: FloatArray, other: FloatArray, share: float) -> bool:
    side = float(np.sqrt(cv2.contourArea(one.astype(np.float32))))
    return bool(np.abs(one - other).max() < share * side)
