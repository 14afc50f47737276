"""A floor seen from above in arena centimetres, the enclosure wall at the top: backdrop, zones, scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.figures import palette
from csds.figures.canvas import DPI
from csds.figures.lettering import fitted, text_width_in
from csds.figures.page import Across, Areas, Lines, Page, Panel, Pixels, Text
from csds.figures.pictures import SessionPicture, number, shown, spoken
from csds.model.arena import Arena
from csds.model.shapes import FloatArray, Union, Zone

_MAX_BACKDROP_PX = 360
_DARKEST, _LIGHTEST, _MIDDLE = 168.0, 246.0, 0.65
"""Greys of the display, and where between them the floor's median lies, whatever else is in view."""
_GREY_STEP = 3
"""Levels of grey per step of the display: steps too small to see make files half the size."""
_MIN_RANGE = 36.0
"""Luma levels that the display stretch spans at least: less would show noise as texture."""
_ENCLOSURE_EDGE_CM = 0.5
"""The wires reach a little beyond the enclosure's nominal outline."""
_LABEL_PT = 6.5


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorView:
    """How large a floor is drawn: centimetres of margin around it and inches per centimetre."""

    arena: Arena
    margin_cm: float
    inch_per_cm: float

    @property
    def width_in(self) -> float:
        """Width on paper."""
        return (self.arena.width_cm + 2 * self.margin_cm) * self.inch_per_cm

    @property
    def height_in(self) -> float:
        """Height on paper."""
        return (self.arena.height_cm + 2 * self.margin_cm) * self.inch_per_cm

    def panel(self, page: Page, left: float, top: float) -> Panel:
        """Return where the floor is drawn, in cm, from inches of the page's left and top."""
        x0, x1, y1, y0 = self.extent
        return Panel(page=page, box=(left, top, self.width_in, self.height_in), x=(x0, x1), y=(y0, y1))

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top in cm; y runs down."""
        m = self.margin_cm
        return -m, self.arena.width_cm + m, self.arena.height_cm + m, -m


def floor_view(arena: Arena, *, max_width_in: float, max_height_in: float, margin_in: float) -> FloorView:
    """Return the largest view of a floor, with a margin of ``margin_in`` inches, that fits."""
    inch_per_cm = min(
        (max_width_in - 2 * margin_in) / arena.width_cm,
        (max_height_in - 2 * margin_in) / arena.height_cm,
    )
    return FloorView(arena=arena, margin_cm=margin_in / inch_per_cm, inch_per_cm=inch_per_cm)


def backdrop(picture: SessionPicture, view: FloorView) -> NDArray[np.uint8]:
    """Return the background warped into arena centimetres, as light grey (h, w) luma for display.

    The floor's own range of luma is stretched, so that infrared pictures can be read, onto light
    tones, so that the path stands out; walls and surroundings are faded further. White where the
    picture does not reach.
    """
    left, right, bottom, top = view.extent
    # The floor is context: more pixels would cost time and show noise.
    px_per_cm = min(DPI * view.inch_per_cm, _MAX_BACKDROP_PX / max(right - left, bottom - top))
    columns, rows = max(1, round((right - left) * px_per_cm)), max(1, round((bottom - top) * px_per_cm))
    x, y = np.meshgrid(left + (np.arange(columns) + 0.5) / px_per_cm, top + (np.arange(rows) + 0.5) / px_per_cm)
    x_px, y_px = picture.arena.to_px(x, y)
    shrink = max(1, int(picture.arena.px_per_cm / px_per_cm))
    source = _shrunk(picture.background, shrink)
    # Pixel centres are integers: pixel i of the shrunk image covers pixels from i·shrink.
    map_x = ((x_px - picture.offset_px[0] + 0.5) / shrink - 0.5).astype(np.float32)
    map_y = ((y_px - picture.offset_px[1] + 0.5) / shrink - 0.5).astype(np.float32)
    warped = cv2.remap(source, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    height, width = source.shape
    seen = (map_x >= -0.5) & (map_y >= -0.5) & (map_x <= width - 0.5) & (map_y <= height - 0.5)
    on_floor = np.asarray(picture.arena.floor.distance(x, y) <= 0)
    # Sensor noise tells the reader nothing and would be stretched as well.
    floor = on_floor & seen
    if picture.enclosure is not None:
        floor &= picture.enclosure.distance(x, y) > _ENCLOSURE_EDGE_CM
    display = _stretched(np.asarray(cv2.GaussianBlur(warped, (0, 0), 0.7), float), floor)
    display = np.where(on_floor, display, 255 - (255 - display) * 0.45)
    display = np.where(seen, display, 255.0)
    return (np.round(display / _GREY_STEP) * _GREY_STEP).astype(np.uint8)


def _shrunk(image: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    height, width = image.shape[0] // factor, image.shape[1] // factor
    if factor == 1 or not height or not width:
        return image
    whole = image[: height * factor, : width * factor]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _stretched(luma: FloatArray, where: NDArray[np.bool_]) -> FloatArray:
    if not where.any():
        return np.full(luma.shape, _LIGHTEST)
    low, middle, high = np.percentile(luma[where], (1.0, 50.0, 99.0))
    share = np.clip((luma - middle) / max(high - low, _MIN_RANGE) + _MIDDLE, 0.0, 1.0)
    return np.asarray(_DARKEST + share * (_LIGHTEST - _DARKEST), float)


def draw_floor(
    panel: Panel, picture: SessionPicture, view: FloorView, *, backdrop_shown: bool = True, around_shown: bool = True
) -> None:
    """Draw backdrop, with or without what lies around the floor, and walls, zones and enclosure."""
    outlines = tuple(picture.arena.floor.outlines())
    if backdrop_shown:
        left, right, bottom, top = view.extent
        within = None if around_shown else outlines[0]
        panel.add(Pixels(pixels=backdrop(picture, view), extent=(left, top, right, bottom), within=within))
    panel.add(Areas(outlines=outlines, edge=palette.MUTED, width_pt=0.8, z=1.0, name="floor"))
    _draw_zones(panel, picture, tinted=backdrop_shown)
    if picture.enclosure is not None:
        outlines = tuple(picture.enclosure.outlines())
        panel.add(Areas(outlines=outlines, face="#FFFFFF", alpha=0.45, z=2.5))
        panel.add(Areas(outlines=outlines, edge=palette.ENCLOSURE, width_pt=1.0, z=2.5, name="enclosure"))


def _draw_zones(panel: Panel, picture: SessionPicture, *, tinted: bool) -> None:
    colours = palette.zone_colours(tuple(zone.name for zone in picture.zones))
    for zone, outline in distinct_outlines(picture.zones):
        where: dict[str, Any] = {"outlines": (_on_floor(outline, picture.arena),), "within": floor_cut(picture.arena)}
        if tinted:
            panel.add(Areas(face=colours[zone.name], alpha=0.10, z=1.5, **where))
        panel.add(Areas(edge=colours[zone.name], width_pt=1.3, z=2.0, name=f"zone-{zone.name}", **where))


def floor_cut(arena: Arena) -> FloatArray | None:
    """Return the outline at which what covers the floor's rectangle is cut off; None where it is all floor."""
    return arena.floor.outlines()[0] if arena.shape == "circle" else None


def distinct_outlines(zones: tuple[Zone, ...]) -> tuple[tuple[Zone, FloatArray], ...]:
    """Return every outline once, with the zone that has the fewest outlines of those that share it.

    A protocol names the corners together and each alone: each alone says more about an outline.
    """
    found: list[tuple[Zone, FloatArray]] = []
    for zone in sorted(zones, key=lambda zone: len(zone.shape.outlines())):
        for outline in zone.shape.outlines():
            if not any(outline.shape == other.shape and np.allclose(outline, other) for _, other in found):
                found.append((zone, outline))
    return tuple(found)


def main_zones(zones: tuple[Zone, ...]) -> tuple[str, ...]:
    """Return the names of the zones that are not merely parts of another: corners, not each corner."""
    unions = [zone.shape for zone in zones if isinstance(zone.shape, Union)]
    return tuple(zone.name for zone in zones if not any(zone.shape in union.shapes for union in unions))


def _on_floor(outline: FloatArray, arena: Arena) -> FloatArray:
    """Return the part of an outline that lies on the rectangle of the floor (a ring ends at its wall)."""
    return np.clip(outline, 0.0, (arena.width_cm, arena.height_cm))


def draw_zone_labels(panel: Panel, picture: SessionPicture, view: FloorView) -> None:
    """Name each zone with its time and entries: beyond the wall it touches, else inside its own corner.

    A union whose parts have no name of their own is labelled at its first part.
    """
    colours = palette.zone_colours(tuple(zone.name for zone in picture.zones))
    labels: dict[str, tuple[str, FloatArray]] = {}
    for zone, outline in distinct_outlines(picture.zones):
        labels.setdefault(zone.name, (_wall(outline, view.arena), _on_floor(outline, picture.arena)))
    walls = [wall for wall, _ in labels.values()]
    for name, (wall, outline) in labels.items():
        room = view.width_in / walls.count(wall) if wall else float(np.ptp(outline[:, 0])) * view.inch_per_cm
        line = fitted(_zone_text(name, picture), room - 0.06, _LABEL_PT)
        ink = palette.darker(colours[name], 0.35)
        _draw_zone_label(panel, line, outline, (view, wall, ink))
    if picture.enclosure is not None:
        _draw_enclosure_label(panel, picture, view)


def _zone_text(name: str, picture: SessionPicture) -> str:
    time = shown(number(picture.metrics, f"{name}_time_s"), "s")
    entries = number(picture.metrics, f"{name}_entries")
    count = "" if not np.isfinite(entries) else f" · {entries:.0f} " + ("entry" if entries == 1 else "entries")
    return f"{spoken(name)}  {time}{count}"


def _wall(outline: FloatArray, arena: Arena) -> str:
    """Return which of the walls ``top`` and ``bottom`` an outline touches, empty if none or both."""
    near = 0.02 * arena.height_cm
    at_top = bool(outline[:, 1].min() <= near)
    at_bottom = bool(outline[:, 1].max() >= arena.height_cm - near)
    if at_top == at_bottom:
        return ""
    return "top" if at_top else "bottom"


def _draw_zone_label(panel: Panel, line: str, outline: FloatArray, how: tuple[FloorView, str, str]) -> None:
    view, wall, ink = how
    left, top = outline.min(axis=0)
    x, side = _anchor(float(left), float(outline[:, 0].max()), view.arena.width_cm)
    gap = 0.035 / view.inch_per_cm
    style: dict[str, Any] = {"text": line, "size_pt": _LABEL_PT, "colour": ink, "z": 5.0}
    if wall == "top":
        panel.add(Text(place=(x, -gap), down="bottom", across=side, **style))
    elif wall == "bottom":
        panel.add(Text(place=(x, view.arena.height_cm + gap), down="top", across=side, **style))
    else:
        panel.add(Text(place=(float(left) + 2 * gap, float(top) + gap), down="top", halo="#FFFFFF", **style))


def _anchor(left: float, right: float, width: float) -> tuple[float, Across]:
    """Return where a label beyond a wall stands, so that those of left and right corners grow inwards."""
    middle = (left + right) / 2
    if middle < width / 3:
        return left, "left"
    if middle > 2 * width / 3:
        return right, "right"
    return middle, "center"


def _draw_enclosure_label(panel: Panel, picture: SessionPicture, view: FloorView) -> None:
    outline = np.concatenate(picture.enclosure.outlines()) if picture.enclosure is not None else np.zeros((1, 2))
    x, y = (outline.min(axis=0) + outline.max(axis=0)) / 2
    room = float(np.ptp(outline[:, 0])) * view.inch_per_cm
    words = {"target_present": "target", "target_absent": "empty"}.get(picture.phase, "enclosure")
    if text_width_in(words, 6.0) < room:
        style: dict[str, Any] = {"size_pt": 6.0, "colour": palette.ENCLOSURE, "across": "center", "down": "center"}
        panel.add(Text(place=(float(x), float(y)), text=words, z=2.6, **style))


def draw_scale_bar(panel: Panel, view: FloorView) -> None:
    """Draw a bar of a round length below the floor's right end, also beyond the axes."""
    arena = view.arena
    length = scale_bar_cm(arena.width_cm)
    y = arena.height_cm + 0.12 / view.inch_per_cm
    right = arena.width_cm
    bar = np.array([[right - length, y], [right, y]])
    panel.add(Lines(lines=(bar,), colours=(palette.INK,), width_pt=1.6, butt=True, name="scale-bar"))
    place = (right - length - 0.05 / view.inch_per_cm, y)
    panel.add(Text(place=place, text=f"{length:g} cm", size_pt=6.5, across="right", down="center"))


def scale_bar_cm(width_cm: float) -> float:
    """Return a round length near a fifth of the floor's width.

    Examples
    --------
    >>> scale_bar_cm(42.0), scale_bar_cm(100.0), scale_bar_cm(20.0)
    (10.0, 20.0, 5.0)
    """
    choices = np.array([0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0])
    return float(choices[np.argmin(np.abs(np.log(choices / (width_cm / 5))))])
