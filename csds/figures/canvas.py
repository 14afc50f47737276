"""Painting a page with OpenCV, at three times its size and then shrunk, and writing it to disk.

Matplotlib would take half a second to import and twice as long to draw.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.figures.lettering import glyphs
from csds.figures.page import Areas, Dots, Lines, Page, Panel, Pixels, Text, text_start
from csds.figures.palette import channels
from csds.formats.atomic import atomic_path
from csds.model.shapes import FloatArray

DPI = 130
_FINER = 3
_PX = DPI * _FINER
_BITS = 4
"""Of a pixel's fraction that OpenCV is given."""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Pixels, BGR, being painted, and where on the page the first of them lies."""

    pixels: NDArray[np.uint8]
    left_px: int = 0
    top_px: int = 0

    def px(self, points_in: FloatArray) -> FloatArray:
        """Return points on the page as pixels of the sheet, whose centres are integers."""
        return np.asarray(points_in * _PX - (self.left_px, self.top_px) - 0.5, float)

    def fixed(self, points_in: FloatArray) -> NDArray[np.int32]:
        return np.round(self.px(points_in) * (1 << _BITS)).astype(np.int32)

    def around(self, points_in: FloatArray, beyond_in: float) -> _Sheet:
        """Return the part of the sheet that reaches a little beyond points on the page."""
        first = np.maximum(np.floor((points_in.min(axis=0) - beyond_in) * _PX), 0).astype(int)
        last = np.maximum(np.ceil((points_in.max(axis=0) + beyond_in) * _PX), 0).astype(int)
        part = self.pixels[first[1] : last[1], first[0] : last[0]]
        return _Sheet(part, int(first[0]), int(first[1]))


def painted(page: Page) -> NDArray[np.uint8]:
    """Return a page as a (h, w, 3) BGR image of `DPI` pixels an inch."""
    width, height = round(page.width_in * DPI), round(page.height_in * DPI)
    sheet = _Sheet(np.full((height * _FINER, width * _FINER, 3), 255, np.uint8))
    for panel, mark in sorted(page.marks, key=lambda placed: placed[1].z):
        match mark:
            case Lines():
                _paint_lines(sheet, panel, mark)
            case Areas():
                _paint_areas(sheet, panel, mark)
            case Pixels():
                _paint_pixels(sheet, panel, mark)
            case Dots():
                _paint_dots(sheet, panel, mark)
            case Text():
                _paint_text(sheet, panel, mark)
    return np.asarray(cv2.resize(sheet.pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def save_page(page: Page, path: Path) -> None:
    """Write a page as PNG, whole or not at all."""
    _, data = cv2.imencode(".png", painted(page))
    with atomic_path(path) as unfinished:
        unfinished.write_bytes(data.tobytes())


def _paint_lines(sheet: _Sheet, panel: Panel, mark: Lines) -> None:
    lines = [panel.inches(line) for line in mark.lines]
    if mark.dash_pt is not None:
        colours = mark.colours * (len(lines) if len(mark.colours) == 1 else 1)
        cut = [dashes(line, mark.dash_pt) for line in lines]
        groups = list(zip(colours, cut, strict=True))
    elif len(mark.colours) == 1:
        groups = [(mark.colours[0], lines)]
    else:
        groups = [(colour, [line]) for colour, line in zip(mark.colours, lines, strict=True)]
    butt = mark.butt or mark.dash_pt is not None
    with _layer(sheet, panel, lines, mark) as layer:
        for colour, group in groups:
            _stroke(layer, group, colour, mark.width_pt, butt=butt)


def _paint_areas(sheet: _Sheet, panel: Panel, mark: Areas) -> None:
    outlines = [panel.inches(outline) for outline in mark.outlines]
    with _layer(sheet, panel, outlines, mark) as layer:
        if mark.face and outlines:
            fixed = [layer.fixed(outline) for outline in outlines]
            cv2.fillPoly(layer.pixels, fixed, _bgr(mark.face), cv2.LINE_AA, _BITS)
        if mark.edge:
            _stroke(layer, [np.vstack([line, line[:1]]) for line in outlines], mark.edge, mark.width_pt)


def _paint_pixels(sheet: _Sheet, panel: Panel, mark: Pixels) -> None:
    left, top, right, bottom = mark.extent
    corners = panel.inches(np.array([[left, top], [right, bottom]], float))
    code = cv2.COLOR_GRAY2BGR if mark.pixels.ndim == 2 else cv2.COLOR_RGB2BGR
    with _layer(sheet, panel, [corners], mark) as layer:
        (x0, y0), (x1, y1) = np.round(layer.px(corners) + 0.5).astype(int).tolist()
        size = (max(1, x1 - x0), max(1, y1 - y0))
        scaled = cv2.resize(cv2.cvtColor(mark.pixels, code), size, interpolation=cv2.INTER_LINEAR)
        seen = layer.pixels[y0 : y0 + size[1], x0 : x0 + size[0]]
        seen[:] = scaled[: seen.shape[0], : seen.shape[1]]


@contextmanager
def _layer(sheet: _Sheet, panel: Panel, lines: Sequence[FloatArray], mark: Lines | Areas | Pixels) -> Iterator[_Sheet]:
    """Give the sheet to paint on, or a copy of its part where what lies below shines through or the mark is cut off."""
    alpha = 1.0 if isinstance(mark, Pixels) else mark.alpha
    if not lines or (alpha == 1.0 and mark.within is None):
        yield sheet
        return
    part = sheet.around(np.concatenate(lines), 0.1)
    layer = replace(part, pixels=part.pixels.copy())
    yield layer
    if alpha < 1.0:
        cv2.addWeighted(layer.pixels, alpha, part.pixels, 1 - alpha, 0.0, dst=layer.pixels)
    if mark.within is None:
        part.pixels[:] = layer.pixels
        return
    mask = np.zeros(part.pixels.shape[:2], np.uint8)
    cv2.fillPoly(mask, [part.fixed(panel.inches(mark.within))], (255,), shift=_BITS)
    cv2.copyTo(layer.pixels, mask, part.pixels)


def _stroke(sheet: _Sheet, lines: Sequence[FloatArray], colour: str, width_pt: float, *, butt: bool = False) -> None:
    """Paint polylines (inches) with round ends and joints, or each of their steps as a bar."""
    if butt:
        bars = [bar for line in lines for bar in _bars(line, width_pt / 72)]
        for bar in bars:
            cv2.fillConvexPoly(sheet.pixels, sheet.fixed(bar), _bgr(colour), cv2.LINE_AA, _BITS)
    elif lines:
        # OpenCV's smooth lines of 2, 4, 6 … pixels are 3.5, 5.6, 7.7 … wide, those of one pixel 1.4.
        thick = max(1, 2 * round((width_pt / 72 * _PX - 1.4) / 2.1))
        fixed = [sheet.fixed(line) for line in lines]
        cv2.polylines(sheet.pixels, fixed, False, _bgr(colour), thick, cv2.LINE_AA, _BITS)


def _bars(line: FloatArray, width: float) -> list[FloatArray]:
    bars = []
    for start, end in pairwise(line):
        along = end - start
        length = float(np.hypot(*along))
        if length > 0:
            # OpenCV's smooth polygons reach 0.7 pixels beyond their corners.
            aside = np.array([-along[1], along[0]]) / length * max(width - 1.4 / _PX, 0.2 / _PX) / 2
            bars.append(np.array([start + aside, end + aside, end - aside, start - aside]))
    return bars


def dashes(line: FloatArray, dash_pt: tuple[float, float]) -> list[FloatArray]:
    """Return a polyline in inches cut into dashes with gaps, measured along it.

    Examples
    --------
    >>> [dash[:, 0].tolist() for dash in dashes(np.array([[0.0, 0.0], [2.5, 0.0]]), (72.0, 36.0))]
    [[0.0, 1.0], [1.5, 2.5]]
    """
    on, off = dash_pt[0] / 72, dash_pt[1] / 72
    reached = np.append(0.0, np.cumsum(np.hypot(*np.diff(line, axis=0).T)))
    parts = []
    for start in np.arange(0.0, reached[-1], on + off):
        end = min(start + on, reached[-1])
        at = np.concatenate([[start], reached[(reached > start) & (reached < end)], [end]])
        parts.append(np.column_stack([np.interp(at, reached, line[:, axis]) for axis in (0, 1)]))
    return parts


def _paint_dots(sheet: _Sheet, panel: Panel, mark: Dots) -> None:
    rings = [(mark.size_pt, mark.face)]
    if mark.edge:
        rings = [(mark.size_pt + mark.edge_pt, mark.edge), (mark.size_pt - mark.edge_pt, mark.face)]
    for point in panel.inches(mark.points):
        for size_pt, colour in rings:
            radius = size_pt / 72 / 2
            if mark.square:
                corners = point + np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (radius - 0.7 / _PX)
                cv2.fillConvexPoly(sheet.pixels, sheet.fixed(corners), _bgr(colour), cv2.LINE_AA, _BITS)
            else:
                x, y = sheet.fixed(point[None])[0].tolist()
                fixed = round((radius * _PX - 0.6) * (1 << _BITS))
                cv2.circle(sheet.pixels, (x, y), fixed, _bgr(colour), -1, cv2.LINE_AA, _BITS)


def _paint_text(sheet: _Sheet, panel: Panel, mark: Text) -> None:
    mask, (dx, dy) = glyphs(mark.text, mark.size_pt / 72 * _PX, mark.weight)
    x, y = (round(at * _PX) for at in text_start(panel, mark))
    if mark.upright:
        left, top = x + dy, y - dx - mask.shape[1]
        mask = np.rot90(mask)
    else:
        left, top = x + dx, y + dy
    if mark.halo:
        wide = round(mark.halo_pt / 72 * _PX)
        mask = np.pad(mask, wide)
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * wide + 1, 2 * wide + 1))
        left, top = left - wide, top - wide
        _cover(sheet, cv2.dilate(mask, disc), (left, top), mark.halo)
    _cover(sheet, mask, (left, top), mark.colour)


def _cover(sheet: _Sheet, mask: NDArray[np.generic], at: tuple[int, int], colour: str) -> None:
    """Mix a colour into the sheet as much as the mask, 0 to 255, says."""
    left, top = max(at[0], 0), max(at[1], 0)
    seen = sheet.pixels[top : max(0, at[1] + mask.shape[0]), left : max(0, at[0] + mask.shape[1])]
    cut = mask[top - at[1] :, left - at[0] :][: seen.shape[0], : seen.shape[1]]
    share = cut[:, :, None].astype(np.float32) / 255
    seen[:] = np.round(seen + (np.array(_bgr(colour), np.float32) - seen) * share)


def _bgr(colour: str) -> tuple[int, int, int]:
    red, green, blue = channels(colour)
    return blue, green, red
