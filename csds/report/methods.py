"""The methods paragraph: how animals were tested, tracked and scored, how that was analysed, and what that cites."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from csds.analysis.methods import methods_sentences, versions_text
from csds.analysis.wording import outcome_text, sentence, series_text, unit_text
from csds.model.protocol import Criterion, Exclusion, Protocol, RuleSpec, ZoneSpec
from csds.protocol.recorded import recorded_protocol
from csds.report.content import Report
from csds.report.references import ARRIVE, GOLDEN, KRISHNAN, METHODS, Reference, cited, protocol_references

#: What made the numbers, as papers call it.
_LIBRARIES = {"opencv-python": "OpenCV", "numpy": "numpy", "pandas": "pandas", "scipy": "scipy"}
#: Words of sentences here, at which their source is cited.
_RATIO, _CLASSES = "divided by that with the target absent", "were classified as susceptible"
_FORMULAS = {
    "si_ratio": f"the time in the interaction zone with the target present {_RATIO}",
    "log_si_ratio": f"the natural logarithm of the time in the interaction zone with the target present {_RATIO}",
    "si_preference": "the time in the interaction zone with the target present divided by that in both phases",
    "si_difference_s": "the time in the interaction zone with the target present less that with the target absent",
    "corner_ratio": f"the time in the corner zones with the target present {_RATIO}",
    "delta_velocity_cm_s": "the mean speed with the target absent less that with the target present",
}
_POINTS = {"centre": "its centre point was inside", "nose": "its nose point was inside"}
_PLACES = {
    "enclosure_wall": "at the middle of the enclosure's wall, the enclosure's own area included",
    "opposite": "in the corners of the opposite wall",
    "near": "in the corners of the wall y = 0",
    "centre": "at the centre",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Methods:
    """A paragraph for a paper.

    Parameters
    ----------
    sentences : tuple of str
        With the numbers of what they cite in brackets.
    references : tuple of Reference
        In the order of their numbers; the last one is that of the ARRIVE guidelines.
    to_fill : tuple of str
        What a paper has to say as well and these results don't hold.
    """

    sentences: tuple[str, ...]
    references: tuple[Reference, ...]
    to_fill: tuple[str, ...]


def report_methods(report: Report) -> Methods:
    """Return how a study's results came about, from its provenance, its protocol and its analysis."""
    protocol = recorded_protocol(report.protocol.get("content", {}))
    sources: dict[str, Sequence[Reference]] = {_RATIO: (GOLDEN,), _CLASSES: (KRISHNAN,)}
    sources |= {words: (reference,) for words, reference in METHODS.items()}
    told: list[str] = []
    if protocol:
        sources[f"the protocol {protocol.name}"] = protocol_references(protocol.source)
        told += map(sentence, _test(report, protocol))
    if report.analysis:
        told += methods_sentences(report.analysis)
    told += [report.when] if report.when else []
    told += [report.blinding.sentence] if report.blinding.blinded else []
    text, references = cited(told, sources)
    to_fill = (
        [] if protocol else ["arena, zones, phases, tracking and the rule: no protocol is recorded with these results"]
    )
    if protocol and protocol.open_fields:
        to_fill.append(f"what the protocol leaves open: {series_text(protocol.open_fields)}")
    to_fill += [] if report.blinding.blinded else ["who was blind to the groups: csds has no record of it"]
    return Methods(sentences=tuple(text), references=(*references, ARRIVE), to_fill=tuple(to_fill))


def _test(report: Report, protocol: Protocol) -> Iterator[str]:
    """Yield how animals were tested and tracked, and what scores and phenotypes are, as sentences without an end."""
    made = report.provenance
    libraries = {name: str(made.get("libraries", {}).get(key, "")) for key, name in _LIBRARIES.items()}
    software = versions_text({"Python": str(made.get("python", ""))} | libraries)
    test = "the social interaction test" if any(phase.has_target for phase in protocol.phases) else "behaviour"
    yield (
        f"{test} was filmed from above, and tracked and scored with csds {made.get('csds', '')}{software} by the "
        f"protocol {protocol.name}"
    )
    if not protocol.open_fields:
        yield _arena(made.get("sessions", {}), protocol)
    yield _phases(report, protocol)
    if protocol.zones and not protocol.open_fields:
        yield "; ".join(_zones(protocol))
    behaviour, tracking = protocol.behaviour, protocol.tracking
    body = f"at least {100 * behaviour.body_share:g} % of its outline's area was inside"
    yield f"an animal counted as in a zone while {_POINTS.get(behaviour.in_zone_by, body)}"
    smoothed = (
        f"its path was smoothed by a Savitzky–Golay filter of {tracking.smoothing_s:g} s"
        if tracking.smoothing_s
        else ""
    )
    yield "; ".join(
        part
        for part in (
            "the animal was found in each frame by its difference from the empty floor, which was learnt from its own "
            "recordings",
            smoothed,
            f"gaps of up to {tracking.max_gap_s:g} s were interpolated, and longer ones counted in no zone",
        )
        if part
    )
    yield from _scores(report, protocol)
    if protocol.rule and protocol.rule.criteria:
        yield from _rule(protocol.rule)


def _arena(sessions: Mapping[str, Any], protocol: Protocol) -> str:
    """Return the arena as it was drawn or found, which may differ from the protocol's, and the enclosure."""
    drawn = [one.get("arena", {}) for one in sessions.values()]
    sizes = [
        (one["shape"], one["width_cm"], one["height_cm"])
        for one in drawn
        if {"shape", "width_cm", "height_cm"} <= one.keys()
    ]
    planned = (protocol.arena_shape, protocol.arena_width_cm, protocol.arena_height_cm)
    texts = [
        f"{width:g} cm across" if shape == "circle" else f"{width:g} × {height:g} cm"
        for shape, width, height in dict.fromkeys(sizes or [planned])
    ]
    enclosure = protocol.enclosure
    if enclosure is None:
        return f"the arena measured {' or '.join(texts)}"
    stood = (
        f"stood {enclosure.gap_cm:g} cm from the middle of one wall"
        if enclosure.gap_cm
        else "stood at the middle of one wall"
    )
    size = f"round enclosure, {enclosure.width_cm:g} cm across,"
    if enclosure.shape == "rectangle":
        size = f"rectangular enclosure of {enclosure.width_cm:g} × {enclosure.depth_cm:g} cm"
    return f"the arena measured {' or '.join(texts)}; a {size} {stood}"


def _phases(report: Report, protocol: Protocol) -> str:
    """Return how long the phases were in truth, and by the protocol where that is something else."""
    parts = {}
    for phase in protocol.phases:
        cells = (
            report.sessions[report.sessions["phase"] == phase.name] if "phase" in report.sessions else report.sessions
        )
        seconds = [float(cell) for cell in cells.get("duration_s", []) if _is_number(str(cell))] or [phase.duration_s]
        low, high = min(seconds), max(seconds)
        lasted = f"{low:.4g} s" if math.isclose(low, high, rel_tol=1e-3) else f"{low:.4g} to {high:.4g} s"
        is_planned = all(math.isclose(one, phase.duration_s, rel_tol=0.01) for one in (low, high))
        planned = "" if is_planned else f" ({phase.duration_s:g} s by the protocol)"
        parts[phase.name.replace("_", " ")] = (lasted, planned)
    if len(parts) > 1 and len(set(parts.values())) == 1:
        lasted, planned = next(iter(parts.values()))
        return f"the phases {series_text(parts)} lasted {lasted} each{planned}"
    return "; ".join(f"the phase {name} lasted {lasted}{planned}" for name, (lasted, planned) in parts.items())


def _zones(protocol: Protocol) -> list[str]:
    """Return the zones with their sizes, those that differ by their side alone together."""
    alike: dict[tuple[ZoneSpec, str], list[str]] = {}
    for zone in protocol.zones:
        if zone.shape != "union":
            place = (zone.at or "").removesuffix("_left").removesuffix("_right")
            alike.setdefault((replace(zone, name="", at=None), place), []).append(zone.name.replace("_", " "))
    parts = []
    for (zone, place), names in alike.items():
        several = len(names) > 1
        what = f"the zones {series_text(names)}" if several else f"the {names[0]} zone"
        where = _PLACES.get(place, "")
        parts.append(f"{what} {_zone(zone)}{' each' if several else ''}{f', {where}' if where else ''}")
    return parts


def _zone(zone: ZoneSpec) -> str:
    match zone.shape:
        case "ring":
            return f"reached {zone.width_cm:g} cm from the enclosure, whose own area it included"
        case "circle":
            return f"measured {zone.diameter_cm:g} cm across"
        case "polygon":
            corners = ", ".join(f"({x:g}, {y:g})" for x, y in zone.points_cm or ())
            return f"was the polygon {corners} cm"
    if zone.x_cm and zone.y_cm:
        return f"measured {zone.x_cm[1] - zone.x_cm[0]:g} × {zone.y_cm[1] - zone.y_cm[0]:g} cm"
    if zone.share is not None:
        return f"measured {100 * zone.share:g} % of each side"
    sides = "" if zone.width_cm == zone.depth_cm else " (along × away from the wall)"
    return f"measured {zone.width_cm:g} × {zone.depth_cm:g} cm{sides}"


def _scores(report: Report, protocol: Protocol) -> Iterator[str]:
    """Yield what the scores are that are classified by or analysed first."""
    if protocol.score is None:
        return
    used = [protocol.score.name, *(one.score for one in (protocol.rule.criteria if protocol.rule else ()))]
    used += [report.analysis.plan.primary] if report.analysis else []
    formulas = [f"{outcome_text(name)} was {_FORMULAS[name]}" for name in dict.fromkeys(used) if name in _FORMULAS]
    if formulas:
        yield "the " + ", and the ".join(formulas)
    least = protocol.score.min_denominator_s
    if least and protocol.score.name in ("si_ratio", "log_si_ratio"):
        yield (
            f"ratios with less than {least:g} s in the interaction zone with the target absent were flagged and not "
            "used for classification"
        )


def _rule(rule: RuleSpec) -> Iterator[str]:
    joined = (" or " if rule.susceptible_if == "any" else " and ").join(_criterion(one) for one in rule.criteria)
    yield f"defeated animals {_CLASSES} if {joined}, and otherwise as resilient (rule {rule.name})"
    if rule.exclusions:
        yield f"excluded from classification were animals {'; or '.join(map(_exclusion, rule.exclusions))}"


def _criterion(one: Criterion) -> str:
    name, unit = outcome_text(one.score), unit_text(one.score)
    match one.kind:
        case "cutoff":
            return f"the {name} was below {one.cutoff:g}{unit} (exactly {one.cutoff:g} counted as {one.tie})"
        case "control_mean":
            return f"the {name} was below the mean of undefeated controls less {one.k:g} SD"
        case _:
            return f"the {name} fell into the lower component of a mixture of two normal distributions"


def _exclusion(one: Exclusion) -> str:
    match one.kind:
        case "minimum_time":
            called = "" if one.only_if == "any" else f" that would be {one.only_if}"
            return f"with a {outcome_text(one.column)} of less than {one.minimum_s:g} s{called}"
        case "no_zone_time":
            return f"that were in no zone at all in the phase {one.phase.replace('_', ' ')}"
        case _:
            return f"with a {outcome_text(one.score)} of {one.limit:g}{unit_text(one.score)} or more"


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False
