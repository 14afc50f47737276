"""How certain an animal's ratio and call are: a strip with its interval, its band and the rule's limits."""

from __future__ import annotations

import numpy as np

from csds.figures import palette
from csds.figures.furniture import LINE_IN, draw_scale, put
from csds.figures.page import Areas, Dots, Lines, Page, Panel
from csds.figures.pictures import AnimalPicture, number, shown, shown_range
from csds.model.shapes import FloatArray

_STRIP = 0.16
_TICKS = 0.2
_LEAST, _MOST = 0.05, 20.0
"""Ratios beyond these are drawn at the strip's ends."""


def certainty_height(picture: AnimalPicture) -> float:
    """Return how much height `draw_certainty` needs, in inches; 0 where nothing is known."""
    if not _is_known(picture):
        return 0.0
    return _STRIP + _TICKS + (2 + _has_call(picture)) * LINE_IN + 0.12


def draw_certainty(page: Page, picture: AnimalPicture, where: tuple[float, float, float]) -> None:
    """Draw the strip, on a logarithmic scale, and its numbers below; ``where`` is left, top and right in inches."""
    if not _is_known(picture):
        return
    left, top, right = where
    _draw_strip(page, picture, where)
    metrics = picture.metrics
    y = top + _STRIP + _TICKS + 0.1
    rows = [
        ("95 % interval", shown_range(number(metrics, "si_ratio_low"), number(metrics, "si_ratio_high"))),
        ("Other choices", shown_range(number(metrics, "si_ratio_band_low"), number(metrics, "si_ratio_band_high"))),
    ]
    if _has_call(picture):
        rows.append(("Readings that agree", shown(number(metrics, "phenotype_certainty") * 100, "%", 0)))
    for i, (label, value) in enumerate(rows):
        put(page, left, y + i * LINE_IN, label, size_pt=6.5, colour=palette.MUTED)
        put(page, right, y + i * LINE_IN, value, size_pt=6.5, across="right")


def _draw_strip(page: Page, picture: AnimalPicture, where: tuple[float, float, float]) -> None:
    left, top, right = where
    ratio, low, high, lowest, highest = (
        number(picture.metrics, name)
        for name in ("si_ratio", "si_ratio_low", "si_ratio_high", "si_ratio_band_low", "si_ratio_band_high")
    )
    ends = [value for value in (ratio, low, high, lowest, highest, *picture.limits) if np.isfinite(value)]
    span = np.log(np.clip([min(ends) * 0.9, max(ends) * 1.1], _LEAST, _MOST))
    panel = Panel(page=page, box=(left, top, right - left, _STRIP), x=(float(span[0]), float(span[1])))

    def at(value: float, unknown: float) -> float:
        return float(np.clip(np.log(value), *span)) if np.isfinite(value) and value > 0 else unknown

    def bar(ends: tuple[float, float], rows: tuple[float, float], colour: str, name: str) -> None:
        start, end = at(ends[0], span[0]), at(ends[1], span[1])
        outline = np.array([[start, rows[0]], [end, rows[0]], [end, rows[1]], [start, rows[1]]])
        panel.add(Areas(outlines=(outline,), face=colour, name=name))

    bar((lowest, highest), (0.1, 0.9), palette.FAINT, "band")
    bar((low, high), (0.3, 0.7), palette.phenotype_colour(picture.phenotype), "interval")
    panel.add(Dots(points=np.array([[at(ratio, span[0]), 0.5]]), size_pt=3.2, face=palette.INK, z=2.5, name="ratio"))
    for limit in picture.limits:
        x = at(limit, span[0])
        line = np.array([[x, 0.0], [x, 1.0]])
        panel.add(Lines(lines=(line,), colours=(palette.INK,), width_pt=0.8, butt=True, name="limit"))
    ticks = _ratio_ticks(np.exp(span))
    draw_scale(panel, np.log(ticks), [f"{tick:g}" for tick in ticks], side="bottom", at=0.0)


def _ratio_ticks(span: FloatArray) -> FloatArray:
    """Return up to five round ratios within a span, well apart on a logarithmic scale.

    Examples
    --------
    >>> _ratio_ticks(np.array([0.3, 2.2])).tolist()
    [0.5, 1.0, 2.0]
    """
    for rounds in ((0.1, 1, 10), (0.1, 0.2, 0.5, 1, 2, 5, 10), np.arange(1, 40) / 10, np.arange(1, 2000) / 100):
        inside = np.array([value for value in rounds if span[0] <= value <= span[1]], float)
        if inside.size >= 2:
            break
    return inside[:: int(np.ceil(inside.size / 5))] if inside.size else inside


def _is_known(picture: AnimalPicture) -> bool:
    return bool(np.isfinite(number(picture.metrics, "si_ratio_low")))


def _has_call(picture: AnimalPicture) -> bool:
    return bool(np.isfinite(number(picture.metrics, "phenotype_certainty")))
