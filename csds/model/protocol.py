"""What a protocol fixes: geometry, phases, and how tracks become zones, scores and phenotypes.

Plain data; `csds.protocol` reads it from TOML and checks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Point = Literal["centre", "nose", "body"]
Polarity = Literal["auto", "dark", "light"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnclosureSpec:
    """The target's enclosure, at the middle of the wall y = 0."""

    shape: Literal["rectangle", "circle"]
    width_cm: float
    depth_cm: float
    gap_cm: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneSpec:
    """A zone as the protocol names it; `csds.protocol.resolve_zones` turns it into a shape.

    ``shape`` is ``rectangle``, ``circle``, ``ring``, ``polygon`` or ``union``. A rectangle is
    either anchored (``at`` with ``width_cm`` and ``depth_cm``, or ``share`` of the arena when ``at``
    is ``centre``) or explicit (``x_cm`` and ``y_cm`` intervals).
    """

    name: str
    shape: Literal["rectangle", "circle", "ring", "polygon", "union"]
    at: str | None = None
    width_cm: float | None = None
    depth_cm: float | None = None
    share: float | None = None
    x_cm: tuple[float, float] | None = None
    y_cm: tuple[float, float] | None = None
    centre_cm: tuple[float, float] | None = None
    diameter_cm: float | None = None
    points_cm: tuple[tuple[float, float], ...] | None = None
    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseSpec:
    """One phase of the test and how long it lasts."""

    name: str
    duration_s: float
    has_target: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingSpec:
    """Choices of tracking."""

    polarity: Polarity = "auto"
    smoothing_s: float = 0.2
    max_gap_s: float = 0.5
    animal_area_cm2: tuple[float, float] = (4.0, 60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourSpec:
    """How a track becomes zone times, entries, distance and immobility.

    ``time_bin_s`` is the length of time bins, 0 for none.
    """

    in_zone_by: Point = "centre"
    body_share: float = 0.5
    entry_min_in_s: float = 0.2
    entry_min_out_s: float = 0.2
    immobile_below_cm_s: float = 2.0
    immobile_for_s: float = 1.0
    distance_smoothing_s: float = 0.0
    distance_min_step_cm: float = 0.0
    distance_sample_hz: float = 0.0
    time_bin_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSpec:
    """The primary score and the smallest denominator (seconds) that it is trusted with."""

    name: str = "si_ratio"
    min_denominator_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One reason to call a defeated animal susceptible.

    ``kind`` is ``cutoff`` (score below ``cutoff``; a tie goes to ``tie``), ``control_mean``
    (score below the controls' mean − ``k`` · SD) or ``mixture`` (the lower component of a
    two-component normal mixture of the defeated animals' scores).
    """

    kind: Literal["cutoff", "control_mean", "mixture"]
    score: str = "si_ratio"
    cutoff: float = 1.0
    tie: Literal["susceptible", "resilient"] = "resilient"
    k: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """One reason for the rule to exclude an animal.

    ``kind`` is ``minimum_time`` (would be ``only_if``, but ``column`` is below ``minimum_s``),
    ``no_zone_time`` (0 s in every zone of phase ``phase``) or ``score_at_least`` (``score`` ≥ ``limit``).
    """

    kind: Literal["minimum_time", "no_zone_time", "score_at_least"]
    column: str = "interaction_present_s"
    minimum_s: float = 0.0
    only_if: Literal["susceptible", "resilient", "any"] = "any"
    phase: str = "target_absent"
    score: str = "si_ratio"
    limit: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSpec:
    """A classification rule: criteria joined by ``any`` or ``all``, then exclusions."""

    name: str
    susceptible_if: Literal["any", "all"] = "any"
    criteria: tuple[Criterion, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """One way to run and score the test. ``rule`` is None where there is nothing to classify.

    ``open_fields`` names what the source left out and the user has not filled in; a protocol with
    any can be shown but not used. ``asked_as`` is what it was loaded by: its name, or its file.
    """

    name: str
    title: str
    source: str
    arena_shape: Literal["rectangle", "circle"]
    arena_width_cm: float
    arena_height_cm: float
    enclosure: EnclosureSpec | None
    zones: tuple[ZoneSpec, ...]
    phases: tuple[PhaseSpec, ...]
    tracking: TrackingSpec = field(default_factory=TrackingSpec)
    behaviour: BehaviourSpec = field(default_factory=BehaviourSpec)
    score: ScoreSpec | None = field(default_factory=ScoreSpec)
    rule: RuleSpec | None = None
    treatment: Mapping[str, object] = field(default_factory=dict)
    sha256: str = ""
    open_fields: tuple[str, ...] = ()
    asked_as: str = field(default="", compare=False)

    def phase(self, name: str) -> PhaseSpec:
        """Return the phase of that name; KeyError if the protocol has none."""
        for phase in self.phases:
            if phase.name == name:
                return phase
        raise KeyError(name)
