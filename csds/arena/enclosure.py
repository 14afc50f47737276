"""The target's enclosure at one wall of a possible floor: its outline, what is in it, what moves in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from csds.arena.geometry import homographies
from csds.arena.still import Picture
from csds.model.protocol import EnclosureSpec
from csds.model.shapes import FloatArray

#: Scale of the picture taken from above, pixels per cm, and what it shows around the enclosure, cm.
_SCALE, _AROUND_CM = 5.0, 4.5
#: An edge may lie this far from where the protocol has it, cm, and that is one standard deviation.
_OFF_CM, _OFF_SD_CM = 1.0, 0.4
#: Beyond an edge and this far from it, cm, nothing as strong may be seen.
_BEYOND_CM = (1.2, 4.0)
#: An enclosure's upper edge is seen further from the camera's foot than its lower one by these shares.
_RISES = np.array([0.0, 0.03, 0.06, 0.09, 0.13])
#: Focal length that is taken for the camera's, in frame diagonals, to tell where its foot is.
_FOCAL = 2.0
#: An edge is as sure as can be if it stands out by this many times the texture.
_SURE = 12.0
#: Width of the band around the enclosure with which motion within it is compared, cm.
_BAND_CM = 1.2
#: What an edge that is seen is worth beside one standard deviation off its place.
_EDGE_WORTH = 7.0
#: Sizes that the protocol's enclosure is compared with, and how much better one of them must be.
_OTHER_SIZES, _CLEARLY = (0.6, 0.75, 1.35, 1.7), 1.2
#: Nothing is explained by an enclosure that is worth no more than this.
_NOTHING = 0.4
#: Directions (degrees from the wall's, clockwise) in which a round enclosure's left, right and inner side are seen.
_SECTORS = ((140, 200), (-20, 40), (50, 130))


@dataclass(frozen=True, slots=True, kw_only=True)
class EnclosureEvidence:
    """How much speaks for the enclosure at one wall.

    Parameters
    ----------
    edges : float
        How surely its left, right and inner edge are seen, 0 to 1.
    places : float
        How far they are from where the protocol has them: mean of the squares, in standard deviations.
    busy : float
        How busy the picture is within it, in units of texture.
    motion : float
        Logarithm of how much more moves within it than just around it, over the phases the most.
    """

    edges: float
    places: float
    busy: float
    motion: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Patch:
    """The surroundings of one wall's middle from above; (0, 0) cm is that middle, y away from the wall."""

    still: Picture
    moved: tuple[Picture, ...]
    left_cm: float
    top_cm: float

    def column(self, cm: float | FloatArray) -> FloatArray:
        return np.asarray((np.asarray(cm) - self.left_cm) * _SCALE)

    def row(self, cm: float | FloatArray) -> FloatArray:
        return np.asarray((np.asarray(cm) - self.top_cm) * _SCALE)


def enclosure_evidence(
    corners: FloatArray,
    size_cm: tuple[float, float],
    spec: EnclosureSpec,
    pictures: tuple[Picture, tuple[Picture, ...]],
) -> EnclosureEvidence:
    """Return the evidence for a protocol's enclosure at the wall between the first two corners.

    Parameters
    ----------
    corners : (4, 2) float
        Clockwise.
    size_cm : (width, height)
        Of the floor, along and away from that wall.
    spec : EnclosureSpec
    pictures : picture, pictures
        What stands still, and the motion of each phase.
    """
    to_picture = homographies(corners[None], size_cm)[0] @ np.array([[1, 0, size_cm[0] / 2], [0, 1, 0], [0, 0, 1.0]])
    patch = _patch(to_picture, spec, pictures)
    foot = _camera_foot(to_picture, pictures[0].shape)
    across = np.asarray(cv2.absdiff(patch.still[:, 1:], patch.still[:, :-1]), np.float32)
    down = np.asarray(cv2.absdiff(patch.still[1:], patch.still[:-1]), np.float32)
    texture = float(np.median(across[::2, ::2]) + np.median(down[::2, ::2])) + 0.2
    if spec.shape == "circle":
        profiles, at = _round_profiles(patch, spec, foot)
    else:
        profiles, at = _straight_profiles(patch, spec, foot, (across, down))
    seen, off = _best_rise(profiles / texture, at)
    rows = slice(*np.round(patch.row(np.array([spec.gap_cm, spec.gap_cm + spec.depth_cm]))).astype(int))
    columns = slice(*np.round(patch.column(np.array([-0.5, 0.5]) * spec.width_cm)).astype(int))
    return EnclosureEvidence(
        edges=seen,
        places=off,
        busy=float(across[rows, columns].mean() + down[rows, columns].mean()) / texture,
        motion=max((_confined(moved, rows, columns) for moved in patch.moved), default=0.0),
    )


def is_of_the_size(
    corners: FloatArray,
    size_cm: tuple[float, float],
    spec: EnclosureSpec,
    pictures: tuple[Picture, tuple[Picture, ...]],
) -> bool:
    """Return False if nothing stands at the first wall, or another size than the protocol's explains it better."""

    def explained(factor: float) -> float:
        scaled = replace(spec, width_cm=factor * spec.width_cm, depth_cm=factor * spec.depth_cm)
        seen = enclosure_evidence(corners, size_cm, scaled, pictures)
        return _EDGE_WORTH * seen.edges - seen.places

    own = explained(1.0)
    return own > _NOTHING and own > max(explained(factor) for factor in _OTHER_SIZES) - _CLEARLY


def _patch(to_picture: FloatArray, spec: EnclosureSpec, pictures: tuple[Picture, tuple[Picture, ...]]) -> _Patch:
    left, top = -spec.width_cm / 2 - _AROUND_CM, -_AROUND_CM / 2
    right, bottom = -left, spec.gap_cm + spec.depth_cm + _AROUND_CM
    shape = (round((right - left) * _SCALE) + 1, round((bottom - top) * _SCALE) + 1)
    matrix = to_picture @ np.array([[1 / _SCALE, 0, left], [0, 1 / _SCALE, top], [0, 0, 1.0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP

    def taken(picture: Picture) -> Picture:
        warped = cv2.warpPerspective(picture, matrix, shape, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped, np.float32)

    return _Patch(
        still=taken(pictures[0]), moved=tuple(taken(moved) for moved in pictures[1]), left_cm=left, top_cm=top
    )


def _camera_foot(to_picture: FloatArray, frame: tuple[int, ...]) -> FloatArray:
    """Return the point of the floor below the camera, cm from the wall's middle."""
    diagonal = float(np.hypot(frame[0], frame[1]))
    centred = np.array([[1, 0, -(frame[1] - 1) / 2], [0, 1, -(frame[0] - 1) / 2], [0, 0, 1]]) @ to_picture
    seen = np.diag([1 / (_FOCAL * diagonal), 1 / (_FOCAL * diagonal), 1.0]) @ centred
    along, away, origin = seen.T / np.sqrt(np.linalg.norm(seen[:, 0]) * np.linalg.norm(seen[:, 1]))
    up = np.cross(along, away)
    place = -np.linalg.solve(np.column_stack([along, away, up]), origin)
    return np.asarray(place[:2], float)


def _straight_profiles(
    patch: _Patch, spec: EnclosureSpec, foot: FloatArray, changes: tuple[Picture, Picture]
) -> tuple[FloatArray, FloatArray]:
    """Return outward profiles of the three edges, (3, n), and where upper and lower edges lie, (2, rises, 3)."""
    across, down = changes
    half, top, bottom = spec.width_cm / 2, spec.gap_cm, spec.gap_cm + spec.depth_cm
    rows = slice(
        round(float(patch.row(top + 0.25 * spec.depth_cm))), round(float(patch.row(bottom - 0.1 * spec.depth_cm)))
    )
    columns = slice(*np.round(patch.column(np.array([-0.8, 0.8]) * half)).astype(int))
    sideways, inwards = across[rows].mean(axis=0), down[:, columns].mean(axis=1)
    length = round((_BEYOND_CM[1] + _OFF_CM + 0.5) * _SCALE) + 1
    # From one cm within each edge outwards.
    left = round(float(patch.column(-half + _OFF_CM)))
    right = round(float(patch.column(half - _OFF_CM)))
    lower = round(float(patch.row(bottom - _OFF_CM)))
    profiles = [
        sideways[max(left - length, 0) : left][::-1],
        sideways[right : right + length],
        inwards[lower : lower + length],
    ]
    padded = np.array([np.pad(profile, (0, length - len(profile)), mode="edge") for profile in profiles])
    moved = np.stack([-_RISES * (-half - foot[0]), _RISES * (half - foot[0]), _RISES * (bottom - foot[1])], axis=1)
    return padded, np.stack([np.zeros_like(moved), moved])


def _round_profiles(patch: _Patch, spec: EnclosureSpec, foot: FloatArray) -> tuple[FloatArray, FloatArray]:
    radius = spec.width_cm / 2
    middle = np.array([0.0, spec.gap_cm + radius])
    angles = np.deg2rad(np.arange(-20, 205, 5))
    length = round((_BEYOND_CM[1] + _OFF_CM + 0.5) * _SCALE) + 1
    distances = radius - _OFF_CM + np.arange(length + 1) / _SCALE
    x = patch.column(middle[0] + distances * np.cos(angles)[:, None]).astype(np.float32)
    y = patch.row(middle[1] + distances * np.sin(angles)[:, None]).astype(np.float32)
    polar = np.asarray(cv2.remap(patch.still, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), float)
    steps = np.abs(np.diff(polar, axis=1))
    profiles, moved = [], []
    for low, high in np.deg2rad(_SECTORS):
        own = (angles >= low - 1e-6) & (angles <= high + 1e-6)
        profiles.append(steps[own].mean(axis=0))
        outwards = np.array([np.cos((low + high) / 2), np.sin((low + high) / 2)])
        moved.append(_RISES * (radius + (middle - foot) @ outwards))
    upper = np.stack(moved, axis=1)
    return np.array(profiles), np.stack([np.zeros_like(upper), upper])


def _best_rise(profiles: FloatArray, at: FloatArray) -> tuple[float, float]:
    """Return how surely the edges are seen and how far off they are, with the height that explains them best."""
    offsets = np.arange(-round(_OFF_CM * _SCALE), round(_OFF_CM * _SCALE) + 1)
    nearness = np.exp(-0.5 * (offsets / _SCALE / (2 * _OFF_SD_CM)) ** 2)
    zero = round(_OFF_CM * _SCALE)
    edge = np.arange(3)[:, None]
    # The outer of lower and upper edge is what the quiet floor begins at; the lower one is seen in any case.
    # All heights at once, (rises, edges, places).
    outer = zero + np.round(np.maximum(at[1], 0.0) * _SCALE).astype(int)[..., None]
    quiet = outer + round(_BEYOND_CM[0] * _SCALE) + np.arange(round((_BEYOND_CM[1] - _BEYOND_CM[0]) * _SCALE))
    last = profiles.shape[1] - 1
    beyond = profiles[edge, np.clip(quiet, 0, last)].max(axis=2, keepdims=True)
    stands = (profiles[edge, np.clip(outer + offsets, 0, last)] - beyond) * nearness
    place = offsets[stands.argmax(axis=2)] / _SCALE
    lower = offsets[(profiles[:, zero + offsets] * nearness).argmax(axis=1)] / _SCALE
    seen = np.log1p(np.clip(stands.max(axis=2), 0.0, _SURE)) / np.log1p(_SURE)
    off = np.minimum(4.0, 0.5 * (place**2 + lower**2) / _OFF_SD_CM**2) * seen
    best = int((_EDGE_WORTH * seen.mean(axis=1) - off.mean(axis=1)).argmax())
    return float(seen[best].mean()), float(off[best].mean())


def _confined(moved: Picture, rows: slice, columns: slice) -> float:
    band = round(_BAND_CM * _SCALE)
    outer = moved[rows.start : rows.stop + band, columns.start - band : columns.stop + band]
    within = moved[rows, columns]
    around = (float(outer.sum()) - float(within.sum())) / max(outer.size - within.size, 1)
    typical = 0.5 * float(np.median(moved[::3, ::3])) + 0.5
    return float(np.log((float(within.mean()) + typical) / (around + typical)))
