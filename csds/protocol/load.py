"""Protocols: found by name or path, read from TOML and checked to the last key."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from csds.errors import ProtocolError, UnknownProtocolError
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
from csds.protocol import schema
from csds.protocol.keys import OPEN, Key, Place, check_keys, open_keys, parse_toml, read_keys
from csds.protocol.nearest import nearest, quoted
from csds.protocol.zones import check_zones
from csds.shipped import shipped_folder


def protocol_names() -> tuple[str, ...]:
    """Return the names of the protocols that come with csds, the default first."""
    names = sorted(path.stem for path in shipped_folder("protocols").glob("*.toml"))
    return tuple(sorted(names, key=lambda name: name != "golden2011"))


def find_protocol(name_or_path: str | Path) -> Path:
    """Return the file of a protocol that comes with csds, or of one given by path.

    Raises
    ------
    UnknownProtocolError
        No protocol has that name and there is no such file.
    """
    shipped = shipped_folder("protocols") / f"{name_or_path}.toml"
    if isinstance(name_or_path, str) and name_or_path in protocol_names():
        return shipped
    path = Path(name_or_path)
    if path.is_file():
        return path
    near = nearest(path.stem, protocol_names())
    asked = f"; did you mean '{near}'?" if near else ""
    if path.suffix == ".toml" or len(path.parts) > 1:
        raise UnknownProtocolError(
            f"there is no protocol file {path}",
            hint=f"Check the path, or name one that comes with csds: {', '.join(protocol_names())}.",
        )
    raise UnknownProtocolError(
        f"there is no protocol '{name_or_path}'{asked}",
        hint=f"Known: {', '.join(protocol_names())}; or give the path of a .toml file.",
    )


def load_protocol(name_or_path: str | Path, *, allow_open: bool = False) -> Protocol:
    """Return a checked protocol, by the name of one that comes with csds or by the path of a TOML file.

    Parameters
    ----------
    name_or_path : str or Path
        ``golden2011`` or ``my_lab.toml``.
    allow_open : bool
        Accept values that the source left out and nobody has filled in (NaN, listed in
        ``open_fields``): to show the protocol, not to use it.

    Raises
    ------
    UnknownProtocolError
        There is none of that name or path.
    ProtocolError
        A key is unknown, missing, of the wrong kind, unit or range, or contradicts another; or a
        value is still open.

    Examples
    --------
    >>> golden = load_protocol("golden2011")
    >>> golden.arena_width_cm, [zone.name for zone in golden.zones]
    (42.0, ['interaction', 'corner_left', 'corner_right', 'corners'])
    """
    path = find_protocol(name_or_path)
    data, text = parse_toml(path, ProtocolError)
    protocol = replace(_build(data, path, hashlib.sha256(text.encode("utf-8")).hexdigest()), asked_as=str(name_or_path))
    if protocol.open_fields and not allow_open:
        start = protocol.name if protocol.name in protocol_names() else path
        raise ProtocolError(
            f"{path}: the protocol leaves open what its source doesn't say: {', '.join(protocol.open_fields)}",
            hint=f"Write a copy with `csds protocol new my.toml --from {start}`, put your own values in place of "
            '"open" and use it with `--protocol my.toml`.',
        )
    return protocol


def _build(data: Mapping[str, Any], path: Path, sha256: str) -> Protocol:
    top = _place(path, "")
    check_keys(data, {**schema.TOP, **dict.fromkeys(schema.TABLES)}, top)
    words = read_keys({key: value for key, value in data.items() if key in schema.TOP}, schema.TOP, top)
    arena = read_keys(_table(data, "arena", top), schema.ARENA, _place(path, "arena"))
    protocol = Protocol(
        name=words["name"],
        title=words["title"],
        source=words["source"],
        arena_shape=arena["shape"],
        arena_width_cm=arena["width_cm"],
        arena_height_cm=arena["height_cm"],
        enclosure=_enclosure(data, path),
        zones=tuple(ZoneSpec(**values) for values in _named(data, "zone", schema.ZONE, path)),
        phases=tuple(PhaseSpec(**values) for values in _named(data, "phase", schema.PHASE, path)),
        tracking=TrackingSpec(**_optional(data, "tracking", schema.TRACKING, path)),
        behaviour=BehaviourSpec(**_optional(data, "behaviour", schema.BEHAVIOUR, path)),
        score=ScoreSpec(**_optional(data, "score", schema.SCORE, path)) if "score" in data else None,
        rule=_rule(data["rule"], path) if "rule" in data else None,
        treatment=_treatment(data, path),
        sha256=sha256,
        open_fields=open_keys({key: value for key, value in data.items() if key != "treatment"}),
    )
    _check_whole(protocol, path)
    return protocol


def _place(path: Path, table: str) -> Place:
    return Place(file=path, table=table, error=ProtocolError)


def _table(data: Mapping[str, Any], name: str, place: Place) -> object:
    if name not in data:
        raise ProtocolError(
            f"{place.file}: the table [{name}] is missing",
            hint=f"Add it; `csds protocol show golden2011 --toml` shows what stands in [{name}].",
        )
    return data[name]


def _optional(data: Mapping[str, Any], name: str, keys: Mapping[str, Key], path: Path) -> dict[str, Any]:
    return read_keys(data.get(name, {}), keys, _place(path, name))


def _treatment(data: Mapping[str, Any], path: Path) -> dict[str, object]:
    """Return the treatment's fields as they stand, open ones as ``"open"``: these never block."""
    checked = _optional(data, "treatment", schema.TREATMENT, path)
    return {key: data["treatment"][key] for key in checked}


def _named(data: Mapping[str, Any], name: str, keys: Mapping[str, Key], path: Path) -> list[dict[str, Any]]:
    """Return the tables of a list such as [[zone]], each name once and fit for a column's name."""
    read: list[dict[str, Any]] = []
    for number, item in enumerate(_list(_table(data, name, _place(path, "")), name, path), start=1):
        label = item.get("name", number) if isinstance(item, dict) else number
        values = read_keys(item, keys, _place(path, f"{name}.{label}"))
        _check_name(values["name"], [other["name"] for other in read], _place(path, f"{name}.{label}"))
        read.append(values)
    if not read:
        raise ProtocolError(f"{path}: expected at least one [[{name}]], found none", hint=f"Add a [[{name}]].")
    return read


def _list(value: object, name: str, path: Path) -> Sequence[object]:
    if isinstance(value, list):
        return value
    raise ProtocolError(
        f"{path}: expected a list of tables [[{name}]], found {type(value).__name__}",
        hint=f"Write [[{name}]] with two brackets above the keys of each.",
    )


def _check_name(name: str, taken: Sequence[str], place: Place) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        raise place.fault("name", "small letters a-z, digits and _, beginning with a letter, at most 40", name)
    if name in taken:
        raise place.fault("name", "a name that isn't used yet", name)
    if name in schema.RESERVED_ZONE_NAMES or name.startswith(schema.RESERVED_ZONE_PREFIXES):
        reserved = quoted([*schema.RESERVED_ZONE_NAMES, *(f"{start}…" for start in schema.RESERVED_ZONE_PREFIXES)])
        raise place.fault("name", f"a name other than {reserved}, which columns of csds have already", name)


def _enclosure(data: Mapping[str, Any], path: Path) -> EnclosureSpec | None:
    place = _place(path, "enclosure")
    if "enclosure" not in data:
        return None
    values = read_keys(data["enclosure"], schema.ENCLOSURE, place)
    shape = values.pop("shape")
    needed = {"rectangle": {"width_cm", "depth_cm"}, "circle": {"diameter_cm"}}.get(shape, set())
    given = set(values) - {"gap_cm"}
    for key in sorted(given ^ needed if shape != OPEN else ()):
        expected = "to be given" if key in needed else "to be left out"
        raise ProtocolError(
            f"{path}: expected {place.name(key)} {expected} for an enclosure of shape '{shape}'",
            hint="A rectangle has width_cm and depth_cm, a circle diameter_cm, 'none' nothing.",
        )
    if shape in ("none", OPEN):
        return None
    width = values.get("width_cm", values.get("diameter_cm", math.nan))
    depth = values.get("depth_cm", values.get("diameter_cm", math.nan))
    return EnclosureSpec(shape=shape, width_cm=width, depth_cm=depth, gap_cm=values.get("gap_cm", 0.0))


def _rule(table: object, path: Path) -> RuleSpec:
    place = _place(path, "rule")
    lists = ("criterion", "exclusion")
    if isinstance(table, dict):
        check_keys(table, {**schema.RULE, **dict.fromkeys(lists)}, place)
    own = {key: value for key, value in table.items() if key not in lists} if isinstance(table, dict) else table
    values = read_keys(own, schema.RULE, place)
    whole = table if isinstance(table, dict) else {}
    criteria = [
        Criterion(**_form(item, n, "criterion", schema.CRITERION, schema.CRITERION_FORMS, path))
        for n, item in enumerate(_list(whole.get("criterion", []), "rule.criterion", path), start=1)
    ]
    exclusions = [
        Exclusion(**_form(item, n, "exclusion", schema.EXCLUSION, schema.EXCLUSION_FORMS, path))
        for n, item in enumerate(_list(whole.get("exclusion", []), "rule.exclusion", path), start=1)
    ]
    if not criteria:
        raise ProtocolError(f"{path}: expected at least one [[rule.criterion]], found none", hint="Add one.")
    return RuleSpec(**values, criteria=tuple(criteria), exclusions=tuple(exclusions))


def _form(
    item: object, number: int, name: str, keys: Mapping[str, Key], forms: Mapping[str, frozenset[str]], path: Path
) -> dict[str, Any]:
    place = _place(path, f"rule.{name}.{number}")
    values = read_keys(item, keys, place)
    for key in sorted(forms.get(values["kind"], frozenset()) - values.keys()):
        raise ProtocolError(
            f"{path}: {place.name(key)} is missing; a {name} of kind '{values['kind']}' needs it",
            hint=f"Add a line '{key} = …' below it.",
        )
    return values


def _check_whole(protocol: Protocol, path: Path) -> None:
    """Check what concerns more than one table."""
    check_zones(protocol, path)
    width, height = protocol.arena_width_cm, protocol.arena_height_cm
    # NaN, where the size is open, differs from itself.
    if protocol.arena_shape == "circle" and width != height and not math.isnan(width + height):
        raise _place(path, "arena").fault("height_cm", "a circle's width_cm and height_cm to be equal", height)
    phases = [phase.name for phase in protocol.phases]
    zones = [zone.name for zone in protocol.zones]
    if protocol.rule is not None and protocol.score is None:
        raise ProtocolError(f"{path}: [rule] is given without [score]", hint="Add [score], or leave [rule] out.")
    if protocol.score is not None:
        for what, needed, there in (
            ("phase", ("target_absent", "target_present"), phases),
            ("zone", ("interaction",), zones),
        ):
            lacking = [name for name in needed if name not in there]
            if lacking:
                raise ProtocolError(
                    f"{path}: [score] needs the {what} {quoted(lacking)}, found {quoted(there)}",
                    hint=f"Name the {what} so, or leave [score] and [rule] out.",
                )
    for number, exclusion in enumerate(protocol.rule.exclusions if protocol.rule else (), start=1):
        if exclusion.kind == "no_zone_time" and exclusion.phase not in phases:
            place = _place(path, f"rule.exclusion.{number}")
            raise place.fault("phase", f"one of the protocol's phases {quoted(phases)}", exclusion.phase)
