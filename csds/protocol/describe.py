"""A protocol in words, and copies of protocol files for a lab to change."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

from csds.errors import ProtocolError, ResultsError, UsageError
from csds.model.protocol import Criterion, Exclusion, Protocol, RuleSpec, ZoneSpec
from csds.protocol.keys import OPEN, parse_toml
from csds.protocol.load import find_protocol


def describe_protocol(protocol: Protocol) -> str:
    """Return a protocol as a page of text: geometry, phases, score, rule, and what is left open."""
    return "\n".join(_lines(protocol))


def protocol_text(name_or_path: str | Path) -> str:
    """Return a protocol file's own text with its comments.

    Raises
    ------
    UnknownProtocolError
        There is none of that name or path.
    ProtocolError
        It can't be read.
    """
    return parse_toml(find_protocol(name_or_path), ProtocolError)[1]


def new_protocol(path: Path, from_name: str | Path = "golden2011") -> None:
    """Write a copy of a protocol, comments included, for a lab to change.

    The copy's ``name`` is the new file's, so that results tell the two apart.

    Raises
    ------
    UsageError
        The file is there already.
    UnknownProtocolError
        There is no protocol to copy.
    ResultsError
        The file can't be written.
    """
    text = protocol_text(from_name)
    name = "".join(c if c.isalnum() else "_" for c in path.stem)
    text = re.sub(r"^name\s*=.*", f'name = "{name}"', text, count=1, flags=re.MULTILINE)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{path}: the file is there already", hint="Choose another name, or delete it.") from error
    except OSError as error:
        raise ResultsError(
            f"{path}: could not be written ({error.strerror})", hint="Choose a folder that you may write to."
        ) from error


def _lines(protocol: Protocol) -> Iterator[str]:
    yield f"{protocol.name}: {protocol.title}"
    yield f"source: {protocol.source}"
    yield ""
    size = _size(protocol.arena_width_cm, protocol.arena_height_cm)
    yield f"arena      {protocol.arena_shape}, {size} (along × away from the enclosure wall)"
    yield f"enclosure  {_enclosure(protocol)}"
    for number, zone in enumerate(protocol.zones):
        yield f"{'zones' if number == 0 else '':11}{zone.name}: {_zone(zone)}"
    for number, phase in enumerate(protocol.phases):
        target = ", with target" if phase.has_target else ""
        yield f"{'phases' if number == 0 else '':11}{phase.name}: {_value(phase.duration_s, 's')}{target}"
    behaviour = protocol.behaviour
    share = f" (at least {behaviour.body_share:g} of its area)" if behaviour.in_zone_by == "body" else ""
    yield f"in a zone  by {behaviour.in_zone_by}{share}"
    if protocol.score is not None:
        least = _value(protocol.score.min_denominator_s, "s")
        yield f"score      {protocol.score.name}, trusted from {least} in the interaction zone with the target absent"
    yield f"rule       {_rule(protocol.rule)}"
    for key, value in protocol.treatment.items():
        yield f"treatment  {key}: {value}"
    if protocol.open_fields:
        yield ""
        yield f"left open by the source, fill in before use: {', '.join(protocol.open_fields)}"


def _value(value: float | None, unit: str) -> str:
    return OPEN if value is None or math.isnan(value) else f"{value:g} {unit}"


def _size(width: float | None, depth: float | None) -> str:
    both = [OPEN if v is None or math.isnan(v) else f"{v:g}" for v in (width, depth)]
    return OPEN if both == [OPEN, OPEN] else f"{both[0]} × {both[1]} cm"


def _enclosure(protocol: Protocol) -> str:
    spec = protocol.enclosure
    if spec is None:
        return OPEN if "enclosure.shape" in protocol.open_fields else "none"
    gap = f", {spec.gap_cm:g} cm from the wall" if spec.gap_cm else ", at the middle of its wall"
    if spec.shape == "circle":
        return f"circle, {_value(spec.width_cm, 'cm')} across{gap}"
    return f"rectangle, {_size(spec.width_cm, spec.depth_cm)}{gap}"


def _zone(zone: ZoneSpec) -> str:
    match zone.shape:
        case "union":
            return " and ".join(zone.of) + " together"
        case "ring":
            return f"within {_value(zone.width_cm, 'cm')} of the enclosure, its own area included"
        case "polygon":
            return f"polygon of {len(zone.points_cm or ())} corners"
        case "circle":
            where = zone.at or f"centre at {zone.centre_cm} cm"
            return f"circle, {_value(zone.diameter_cm, 'cm')} across, {where}"
        case _:
            return f"rectangle, {_rectangle(zone)}"


def _rectangle(zone: ZoneSpec) -> str:
    if zone.x_cm and zone.y_cm:
        (left, right), (top, bottom) = zone.x_cm, zone.y_cm
        return f"x {left:g} to {right:g} cm, y {top:g} to {bottom:g} cm"
    if zone.share is not None:
        return f"{100 * zone.share:g} % of each side, {zone.at}"
    return f"{_size(zone.width_cm, zone.depth_cm)}, {zone.at}"


def _rule(rule: RuleSpec | None) -> str:
    if rule is None:
        return "none: nothing is classified"
    joined = (" or " if rule.susceptible_if == "any" else " and ").join(_criterion(c) for c in rule.criteria)
    excluded = "".join(f"; excluded if {_exclusion(e)}" for e in rule.exclusions)
    return f"{rule.name}: susceptible if {joined}{excluded}"


def _criterion(criterion: Criterion) -> str:
    match criterion.kind:
        case "cutoff":
            return f"{criterion.score} {'<' if criterion.tie == 'resilient' else '≤'} {criterion.cutoff:g}"
        case "control_mean":
            return f"{criterion.score} < controls' mean − {criterion.k:g} SD"
        case _:
            return f"{criterion.score} in the lower component of a mixture of two"


def _exclusion(exclusion: Exclusion) -> str:
    match exclusion.kind:
        case "minimum_time":
            otherwise = "" if exclusion.only_if == "any" else f" though {exclusion.only_if} otherwise"
            return f"{exclusion.column} < {exclusion.minimum_s:g} s{otherwise}"
        case "no_zone_time":
            return f"in no zone during {exclusion.phase}"
        case _:
            return f"{exclusion.score} ≥ {exclusion.limit:g}"
