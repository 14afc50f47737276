"""The target's enclosure at the upper wall of a floor plan: its outline, what is in it, what moves in it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from csds.arena.plan import FloorPlan
from csds.arena.still import Picture
from csds.model.protocol import EnclosureSpec
from csds.model.shapes import FloatArray

#: How far the enclosure's edge may lie from where the protocol has it, cm …
_OFF_CM = 0.8
#: … and how far beyond it nothing as strong may be seen.
_BEYOND_CM = 4.0
#: Width of the band around the enclosure with which motion within it is compared, cm.
_BAND_CM = 1.5
#: Directions (degrees from the wall's, clockwise) in which a round enclosure's left, right and inner side are looked at.
_SECTORS = ((140, 200), (-20, 40), (50, 130))


@dataclass(frozen=True, slots=True, kw_only=True)
class EnclosureEvidence:
    """How much speaks for the enclosure at one wall.

    Parameters
    ----------
    edges : (3,) float
        By how much its left, right and inner edge stand out from what lies beyond, in units of texture.
    busy : float
        How busy the picture is within it, in units of texture.
    motion : float
        Logarithm of how much more moves within it than just around it, over the phases the most.
    """

    edges: FloatArray
    busy: float
    motion: float


def enclosure_evidence(plan: FloorPlan, spec: EnclosureSpec, texture: float) -> EnclosureEvidence:
    """Return the evidence for a protocol's enclosure at the plan's upper wall; ``texture`` as of `plan_texture`."""
    left, right = (plan.size_cm[0] - spec.width_cm) / 2, (plan.size_cm[0] + spec.width_cm) / 2
    top, bottom = spec.gap_cm, spec.gap_cm + spec.depth_cm
    inside = (slice(plan.index(top), plan.index(bottom)), slice(plan.index(left), plan.index(right)))
    edges = _round_edges(plan, spec) if spec.shape == "circle" else _straight_edges(plan, (left, right, top, bottom))
    busy = float((plan.across[inside] + plan.down[inside]).mean())
    return EnclosureEvidence(
        edges=edges / texture,
        busy=busy / texture,
        motion=max((_confined(moved, inside, plan) for moved in plan.moved), default=0.0),
    )


def plan_texture(plan: FloorPlan) -> float:
    """Return how much neighbouring pixels of a plan typically differ, grey levels."""
    return float(np.median(plan.across[::3, ::3]) + np.median(plan.down[::3, ::3])) + 0.3


def _straight_edges(plan: FloorPlan, box: tuple[float, float, float, float]) -> FloatArray:
    left, right, top, bottom = box
    depth, width = bottom - top, right - left
    rows = slice(plan.index(top + 0.25 * depth), plan.index(bottom - 0.1 * depth))
    columns = slice(plan.index(left + 0.1 * width), plan.index(right - 0.1 * width))
    across, down = plan.across[rows].mean(axis=0), plan.down[:, columns].mean(axis=1)
    return np.array(
        [
            _edge(across[::-1], len(across) - 1 - plan.index(left), plan.px_per_cm),
            _edge(across, plan.index(right), plan.px_per_cm),
            _edge(down, plan.index(bottom), plan.px_per_cm),
        ]
    )


def _round_edges(plan: FloorPlan, spec: EnclosureSpec) -> FloatArray:
    radius = spec.width_cm / 2
    x, y = plan.index(plan.size_cm[0] / 2), plan.index(spec.gap_cm + radius)
    angles = np.arange(-20, 205, 5)
    distances = np.arange(0, round((radius + _BEYOND_CM + 0.5) * plan.px_per_cm))
    xs = (x + distances * np.cos(np.deg2rad(angles))[:, None]).astype(np.float32)
    ys = (y + distances * np.sin(np.deg2rad(angles))[:, None]).astype(np.float32)
    still = np.ascontiguousarray(plan.still)
    polar = np.asarray(cv2.remap(still, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), float)
    steps = np.abs(np.diff(polar, axis=1))
    at = round(radius * plan.px_per_cm)
    return np.array(
        [_edge(steps[(angles >= low) & (angles <= high)].mean(axis=0), at, plan.px_per_cm) for low, high in _SECTORS]
    )


def _edge(profile: FloatArray, at: int, scale: float) -> float:
    """Return by how much an edge near ``at`` stands out from what lies after it."""
    near, far = round(_OFF_CM * scale), round(_BEYOND_CM * scale)
    return float(profile[at - near : at + near + 1].max() - profile[at + near + 2 : at + far].max())


def _confined(moved: Picture, inside: tuple[slice, slice], plan: FloorPlan) -> float:
    rows, columns = inside
    band = round(_BAND_CM * plan.px_per_cm)
    outer = (slice(rows.start, rows.stop + band), slice(columns.start - band, columns.stop + band))
    within, whole = moved[inside], moved[outer]
    around = (float(whole.sum()) - float(within.sum())) / max(whole.size - within.size, 1)
    typical = float(np.median(moved[::3, ::3])) + 0.3
    return float(np.log((float(within.mean()) + typical) / (around + typical)))
