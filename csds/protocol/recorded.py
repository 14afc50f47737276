"""A protocol as results have kept it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from csds.model.protocol import (
    BehaviourSpec,
    Criterion,
    EnclosureSpec,
    Exclusion,
    PhaseSpec,
    Protocol,
    RuleSpec,
    ScoreSpec,
    TrackingSpec,
    ZoneSpec,
)


def recorded_protocol(content: Mapping[str, Any]) -> Protocol | None:
    """Return the protocol that ``provenance.json`` holds; None where it holds none, or none that is whole.

    Lengths that were left open are NaN again. Keys that this version of csds doesn't know are passed over.

    Examples
    --------
    >>> from dataclasses import asdict
    >>> from csds.protocol.load import load_protocol
    >>> golden = load_protocol("golden2011")
    >>> recorded_protocol(asdict(golden)) == golden
    True
    >>> recorded_protocol({"name": "golden2011"}) is None
    True
    """
    try:
        rule, enclosure, score = content["rule"], content["enclosure"], content["score"]
        parts = {
            "arena_width_cm": _number(content["arena_width_cm"]),
            "arena_height_cm": _number(content["arena_height_cm"]),
            "enclosure": enclosure and EnclosureSpec(**_open_lengths(_of(EnclosureSpec, enclosure))),
            "zones": tuple(ZoneSpec(**_of(ZoneSpec, one)) for one in content["zones"]),
            "phases": tuple(PhaseSpec(**_of(PhaseSpec, one)) for one in content["phases"]),
            "tracking": TrackingSpec(**_of(TrackingSpec, content["tracking"])),
            "behaviour": BehaviourSpec(**_of(BehaviourSpec, content["behaviour"])),
            "score": score and ScoreSpec(**_of(ScoreSpec, score)),
            "rule": rule and RuleSpec(**_of(RuleSpec, rule) | {
                "criteria": tuple(Criterion(**_of(Criterion, one)) for one in rule["criteria"]),
                "exclusions": tuple(Exclusion(**_of(Exclusion, one)) for one in rule["exclusions"]),
            }),
        }  # fmt: skip
        return Protocol(**_of(Protocol, content) | parts)
    except (KeyError, TypeError, AttributeError):
        return None


def _of(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a kind of thing knows of some values, lists as tuples."""
    known = {field.name for field in fields(kind)}
    return {name: _frozen(value) for name, value in values.items() if name in known}


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


def _open_lengths(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _number(value) for name, value in values.items()}


def _number(value: Any) -> Any:
    return math.nan if value is None else value
