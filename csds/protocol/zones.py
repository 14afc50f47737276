"""Zones and enclosure of a protocol as shapes in the centimetres of one arena."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from csds.errors import ProtocolError
from csds.model.protocol import EnclosureSpec, Protocol, ZoneSpec
from csds.model.shapes import Around, Circle, Polygon, Rectangle, Shape, Union, Zone
from csds.protocol.nearest import quoted
from csds.protocol.schema import ZONE_FORMS

_EDGE = 1e-6
"""cm; what sizes may overshoot by rounding."""


def enclosure_shape(protocol: Protocol, width_cm: float, height_cm: float) -> Rectangle | Circle | None:
    """Return the enclosure at the middle of the wall y = 0, in cm; None where the protocol has none.

    Parameters
    ----------
    protocol : Protocol
    width_cm, height_cm : float
        The arena's actual size along and away from the enclosure wall.

    Raises
    ------
    ProtocolError
        The enclosure does not fit the arena.
    """
    spec = protocol.enclosure
    if spec is None:
        return None
    if spec.width_cm > width_cm + _EDGE or spec.gap_cm + spec.depth_cm > height_cm + _EDGE:
        raise ProtocolError(
            f"protocol {protocol.name}: the enclosure ({spec.width_cm:g} × {spec.depth_cm:g} cm, {spec.gap_cm:g} cm "
            f"from the wall) does not fit the arena ({width_cm:g} × {height_cm:g} cm)",
            hint="Correct the arena's or the enclosure's size; both are in cm.",
        )
    return _place_enclosure(spec, width_cm)


def resolve_zones(protocol: Protocol, width_cm: float, height_cm: float) -> tuple[Zone, ...]:
    """Return the protocol's zones as shapes in an arena of the given size, in the protocol's order.

    A zone that stands at the enclosure wall includes the enclosure's own area, and so does a ring.

    Parameters
    ----------
    protocol : Protocol
    width_cm, height_cm : float
        The arena's actual size along and away from the enclosure wall.

    Raises
    ------
    ProtocolError
        A zone does not fit the arena, or a value is still open.

    Examples
    --------
    >>> from csds.protocol import load_protocol
    >>> resolve_zones(load_protocol("golden2011"), 42.0, 42.0)[0].shape
    Rectangle(left=9.0, top=0.0, right=33.0, bottom=14.0)
    """
    if protocol.open_fields:
        raise ProtocolError(
            f"protocol {protocol.name}: zones can't be placed while {', '.join(protocol.open_fields)} is open",
            hint=f"Fill in a copy: `csds protocol new my.toml --from {protocol.name}`.",
        )
    enclosure = enclosure_shape(protocol, width_cm, height_cm)
    placed: dict[str, Shape] = {}
    for spec in protocol.zones:
        shape = _place_zone(spec, (width_cm, height_cm), enclosure, placed)
        _check_fit(spec, shape, (width_cm, height_cm), protocol.name)
        placed[spec.name] = shape
    return tuple(Zone(name=name, shape=shape) for name, shape in placed.items())


def check_zones(protocol: Protocol, path: Path) -> None:
    """Raise ProtocolError where a zone's keys do not make its shape, or zones and enclosure do not fit the arena."""
    earlier: list[str] = []
    for spec in protocol.zones:
        _check_form(spec, path)
        unknown = [name for name in spec.of if name not in earlier]
        if unknown:
            raise ProtocolError(
                f"{path}, zone.{spec.name}.of: expected zones that stand above it ({quoted(earlier)}), "
                f"found {quoted(unknown)}",
                hint="List the parts first and the union after them.",
            )
        if spec.shape == "ring" and protocol.enclosure is None and not protocol.open_fields:
            raise ProtocolError(
                f"{path}: zone.{spec.name} is a ring around the enclosure, but the protocol has no [enclosure]",
                hint="Add [enclosure], or make the zone a circle or rectangle.",
            )
        earlier.append(spec.name)
    if not protocol.open_fields:
        try:
            resolve_zones(protocol, protocol.arena_width_cm, protocol.arena_height_cm)
        except ProtocolError as error:
            raise ProtocolError(f"{path}: {error.message}", hint=error.hint) from error


def _check_form(spec: ZoneSpec, path: Path) -> None:
    keys = ("at", "width_cm", "depth_cm", "share", "x_cm", "y_cm", "centre_cm", "diameter_cm", "points_cm")
    given = {key for key in keys if getattr(spec, key) is not None} | ({"of"} if spec.of else set())
    forms = ZONE_FORMS.get(spec.shape, ())
    if forms and given not in forms:
        expected = " or ".join(", ".join(sorted(form)) for form in forms)
        raise ProtocolError(
            f"{path}: zone.{spec.name} is a {spec.shape}; expected the keys {expected}, "
            f"found {', '.join(sorted(given)) or 'none'}",
            hint="Add what is missing and take out what doesn't belong to the shape.",
        )
    corners = spec.points_cm or ()
    if len(set(corners)) < len(corners):
        raise ProtocolError(
            f"{path}: zone.{spec.name}.points_cm names a corner twice",
            hint="List each corner once; the polygon closes by itself.",
        )


def _place_enclosure(spec: EnclosureSpec, width_cm: float) -> Rectangle | Circle:
    middle = width_cm / 2
    if spec.shape == "circle":
        return Circle(x=middle, y=spec.gap_cm + spec.depth_cm / 2, radius=spec.width_cm / 2)
    return Rectangle(
        left=middle - spec.width_cm / 2,
        top=spec.gap_cm,
        right=middle + spec.width_cm / 2,
        bottom=spec.gap_cm + spec.depth_cm,
    )


def _place_zone(
    spec: ZoneSpec,
    size: tuple[float, float],
    enclosure: Rectangle | Circle | None,
    placed: Mapping[str, Shape],
) -> Shape:
    # check_zones has seen to it that each shape has its keys; what is absent can't be reached.
    match spec.shape:
        case "union":
            return Union(shapes=tuple(placed[name] for name in spec.of))
        case "ring" if enclosure is not None:
            return Around(shape=enclosure, width=spec.width_cm or math.nan)
        case "polygon":
            return Polygon(corners=spec.points_cm or ())
        case "circle":
            diameter = spec.diameter_cm or math.nan
            x, y = spec.centre_cm or _middle(_anchored(spec.at, (diameter, diameter), size))
            return Circle(x=x, y=y, radius=diameter / 2)
        case _:
            return _rectangle(spec, size)


def _rectangle(spec: ZoneSpec, size: tuple[float, float]) -> Rectangle:
    if spec.x_cm is not None and spec.y_cm is not None:
        return Rectangle(left=spec.x_cm[0], top=spec.y_cm[0], right=spec.x_cm[1], bottom=spec.y_cm[1])
    if spec.share is not None:
        return _anchored(spec.at, (spec.share * size[0], spec.share * size[1]), size)
    return _anchored(spec.at, (spec.width_cm or math.nan, spec.depth_cm or math.nan), size)


def _anchored(at: str | None, zone: tuple[float, float], arena: tuple[float, float]) -> Rectangle:
    """Return a rectangle of the zone's width and depth at its anchor."""
    (width, depth), (arena_width, arena_height) = zone, arena
    anchor = at or "centre"
    left = 0.0 if anchor.endswith("_left") else arena_width - width
    if anchor in ("enclosure_wall", "centre"):
        left = (arena_width - width) / 2
    top = 0.0 if anchor == "enclosure_wall" or anchor.startswith("near_") else arena_height - depth
    if anchor == "centre":
        top = (arena_height - depth) / 2
    return Rectangle(left=left, top=top, right=left + width, bottom=top + depth)


def _middle(rectangle: Rectangle) -> tuple[float, float]:
    return (rectangle.left + rectangle.right) / 2, (rectangle.top + rectangle.bottom) / 2


def _check_fit(spec: ZoneSpec, shape: Shape, size: tuple[float, float], protocol: str) -> None:
    if spec.shape in ("ring", "union"):
        return  # a ring is cut off by the wall that its enclosure stands at
    for outline in shape.outlines():
        low, high = outline.min(axis=0), outline.max(axis=0)
        if low.min() < -_EDGE or high[0] > size[0] + _EDGE or high[1] > size[1] + _EDGE:
            raise ProtocolError(
                f"protocol {protocol}: zone {spec.name} reaches from ({low[0]:g}, {low[1]:g}) to ({high[0]:g}, "
                f"{high[1]:g}) cm, beyond the arena of {size[0]:g} × {size[1]:g} cm",
                hint="Correct the zone's size or the arena's; both are in cm.",
            )
