"""Every key that a protocol file may hold, with its kind, range and unit, table by table."""

from __future__ import annotations

from collections.abc import Mapping

from csds.model.columns import ANIMAL_COLUMNS
from csds.protocol.keys import (
    ChoiceKey,
    Key,
    NumberKey,
    NumbersKey,
    PointsKey,
    SwitchKey,
    TextKey,
    TextsKey,
)

ANCHORS = ("enclosure_wall", "opposite_left", "opposite_right", "near_left", "near_right", "centre")
"""Where a zone can stand: seen with the enclosure wall at the top, ``near`` is that wall."""

RESERVED_ZONE_NAMES = ("immobile",)
RESERVED_ZONE_PREFIXES = ("centre_", "nose_", "body_")
"""Would make columns that mean something else already."""

SCORES = tuple(column.name for column in ANIMAL_COLUMNS if column.kind == "number")

TABLES = ("arena", "enclosure", "zone", "phase", "tracking", "behaviour", "score", "rule", "treatment")

_SIZE = NumberKey(low=0.5, high=300.0, unit="cm", optional=True)

TOP: Mapping[str, Key] = {"name": TextKey(), "title": TextKey(), "source": TextKey()}

ARENA: Mapping[str, Key] = {
    "shape": ChoiceKey(words=("rectangle", "circle")),
    "width_cm": NumberKey(low=5.0, high=300.0, unit="cm"),
    "height_cm": NumberKey(low=5.0, high=300.0, unit="cm"),
}

ENCLOSURE: Mapping[str, Key] = {
    "shape": ChoiceKey(words=("rectangle", "circle", "none")),
    "width_cm": NumberKey(low=1.0, high=100.0, unit="cm", optional=True),
    "depth_cm": NumberKey(low=1.0, high=100.0, unit="cm", optional=True),
    "diameter_cm": NumberKey(low=1.0, high=100.0, unit="cm", optional=True),
    "gap_cm": NumberKey(low=0.0, high=100.0, unit="cm", optional=True),
}

ZONE: Mapping[str, Key] = {
    "name": TextKey(),
    "shape": ChoiceKey(words=("rectangle", "circle", "ring", "polygon", "union")),
    "at": ChoiceKey(words=ANCHORS, optional=True),
    "width_cm": _SIZE,
    "depth_cm": _SIZE,
    "share": NumberKey(low=0.01, high=1.0, optional=True),
    "x_cm": NumbersKey(low=0.0, high=300.0, unit="cm", rising=True, optional=True),
    "y_cm": NumbersKey(low=0.0, high=300.0, unit="cm", rising=True, optional=True),
    "centre_cm": NumbersKey(low=0.0, high=300.0, unit="cm", optional=True),
    "diameter_cm": _SIZE,
    "points_cm": PointsKey(low=0.0, high=300.0, unit="cm", least=3, optional=True),
    "of": TextsKey(optional=True),
}

ZONE_FORMS: Mapping[str, tuple[frozenset[str], ...]] = {
    "rectangle": (
        frozenset({"at", "width_cm", "depth_cm"}),
        frozenset({"at", "share"}),
        frozenset({"x_cm", "y_cm"}),
    ),
    "circle": (frozenset({"centre_cm", "diameter_cm"}), frozenset({"at", "diameter_cm"})),
    "ring": (frozenset({"width_cm"}),),
    "polygon": (frozenset({"points_cm"}),),
    "union": (frozenset({"of"}),),
}
"""Which keys, beside name and shape, make a zone of each shape."""

PHASE: Mapping[str, Key] = {
    "name": TextKey(),
    "duration_s": NumberKey(low=1.0, high=14_400.0, unit="s"),
    "has_target": SwitchKey(optional=True),
}

TRACKING: Mapping[str, Key] = {
    "polarity": ChoiceKey(words=("auto", "dark", "light"), optional=True),
    "smoothing_s": NumberKey(low=0.0, high=2.0, unit="s", optional=True),
    "max_gap_s": NumberKey(low=0.0, high=10.0, unit="s", optional=True),
    "animal_area_cm2": NumbersKey(low=0.1, high=2000.0, unit="cm²", rising=True, optional=True),
}

BEHAVIOUR: Mapping[str, Key] = {
    "in_zone_by": ChoiceKey(words=("centre", "nose", "body"), optional=True),
    "body_share": NumberKey(low=0.01, high=1.0, optional=True),
    "entry_min_in_s": NumberKey(low=0.0, high=10.0, unit="s", optional=True),
    "entry_min_out_s": NumberKey(low=0.0, high=10.0, unit="s", optional=True),
    "immobile_below_cm_s": NumberKey(low=0.0, high=50.0, unit="cm/s", optional=True),
    "immobile_for_s": NumberKey(low=0.0, high=60.0, unit="s", optional=True),
    "distance_smoothing_s": NumberKey(low=0.0, high=5.0, unit="s", optional=True),
    "distance_min_step_cm": NumberKey(low=0.0, high=10.0, unit="cm", optional=True),
    "distance_sample_hz": NumberKey(low=0.0, high=1000.0, unit="Hz", optional=True),
    "time_bin_s": NumberKey(low=0.0, high=14_400.0, unit="s", optional=True),
}

SCORE: Mapping[str, Key] = {
    "name": ChoiceKey(words=SCORES, optional=True),
    "min_denominator_s": NumberKey(low=0.0, high=14_400.0, unit="s", optional=True),
}

RULE: Mapping[str, Key] = {
    "name": TextKey(),
    "susceptible_if": ChoiceKey(words=("any", "all"), optional=True),
}

CRITERION: Mapping[str, Key] = {
    "kind": ChoiceKey(words=("cutoff", "control_mean", "mixture")),
    "score": ChoiceKey(words=SCORES, optional=True),
    "cutoff": NumberKey(low=-10_000.0, high=10_000.0, optional=True),
    "tie": ChoiceKey(words=("susceptible", "resilient"), optional=True),
    "k": NumberKey(low=0.0, high=10.0, optional=True),
}

EXCLUSION: Mapping[str, Key] = {
    "kind": ChoiceKey(words=("minimum_time", "no_zone_time", "score_at_least")),
    "column": ChoiceKey(words=SCORES, optional=True),
    "minimum_s": NumberKey(low=0.0, high=14_400.0, unit="s", optional=True),
    "only_if": ChoiceKey(words=("susceptible", "resilient", "any"), optional=True),
    "phase": TextKey(optional=True),
    "score": ChoiceKey(words=SCORES, optional=True),
    "limit": NumberKey(low=-10_000.0, high=10_000.0, optional=True),
}

CRITERION_FORMS: Mapping[str, frozenset[str]] = {
    "cutoff": frozenset({"cutoff"}),
    "control_mean": frozenset({"k"}),
    "mixture": frozenset(),
}
EXCLUSION_FORMS: Mapping[str, frozenset[str]] = {
    "minimum_time": frozenset({"column", "minimum_s"}),
    "no_zone_time": frozenset({"phase"}),
    "score_at_least": frozenset({"score", "limit"}),
}
"""Which keys a criterion or exclusion of each kind must give."""

_FREE = TextKey(optional=True)

TREATMENT: Mapping[str, Key] = {
    "target": _FREE,
    "antibody": _FREE,
    "antibody_clone": _FREE,
    "antibody_supplier": _FREE,
    "isotype": _FREE,
    "isotype_clone": _FREE,
    "isotype_supplier": _FREE,
    "dose_mg_kg": NumberKey(low=0.0, high=10_000.0, unit="mg/kg", optional=True),
    "volume_ml_kg": NumberKey(low=0.0, high=1000.0, unit="ml/kg", optional=True),
    "route": _FREE,
    "days": NumbersKey(low=-365.0, high=365.0, length=None, optional=True),
    "day_zero": _FREE,
    "vehicle": _FREE,
    "design": ChoiceKey(words=("prevention", "reversal"), optional=True),
    "note": _FREE,
}
