"""Power over the number of animals: a curve for each planned test, the first with its Monte Carlo band."""

from __future__ import annotations

import numpy as np

from csds.figures import palette
from csds.figures.furniture import LINE_IN, draw_scale, put
from csds.figures.lettering import fitted
from csds.figures.page import Areas, Dots, Lines, Page, Panel, Text
from csds.model.shapes import FloatArray
from csds.power.simulate import PowerCurve, SampleSize

_COLOURS = (palette.RESILIENT, palette.SUSCEPTIBLE, palette.INTERACTION, palette.TREATMENT)
_WIDTH, _LEFT, _RIGHT, _TOP, _HEIGHT = 5.4, 0.55, 0.2, 0.45, 2.6


def draw_power_curve(curve: PowerCurve, needed: SampleSize) -> Page:
    """Return the picture of a power curve.

    Parameters
    ----------
    curve : PowerCurve
    needed : SampleSize
        Of the first planned test: its wanted power is a line, and its number a mark on that.
    """
    contrasts = curve.study.design.contrasts
    foot = _TOP + _HEIGHT + 0.6
    page = Page(width_in=_WIDTH, height_in=foot + (len(contrasts) + 1) * LINE_IN + 0.1)
    ns = np.array([point.n for point in curve.of(contrasts[0])], float)
    panel = Panel(
        page=page, box=(_LEFT, _TOP, _WIDTH - _LEFT - _RIGHT, _HEIGHT), x=(0.0, float(ns[-1]) * 1.02), y=(1.0, 0.0)
    )
    put(page, _LEFT, 0.25, "Power of the planned tests", size_pt=9.0, weight="bold")
    _draw_axes(panel, needed.power)
    for number, name in reversed(list(enumerate(contrasts))):
        points, colour = curve.of(name), _COLOURS[number % len(_COLOURS)]
        if not number:
            low, high = ([getattr(point.power, end) for point in points] for end in ("ci_low", "ci_high"))
            band = np.concatenate([np.column_stack([ns, low]), np.column_stack([ns, high])[::-1]])
            panel.add(Areas(outlines=(band,), face=colour, alpha=0.25, name="band"))
            normal = np.column_stack([ns, [point.normal_power for point in points]])
            panel.add(
                Lines(lines=(normal,), colours=(palette.MUTED,), width_pt=0.8, dash_pt=(3.0, 2.0), name="as if normal")
            )
        line = np.column_stack([ns, [point.power.value for point in points]])
        panel.add(Lines(lines=(line,), colours=(colour,), width_pt=1.1 if number else 1.8, name=name))
        _key(page, foot + number * LINE_IN, name, colour)
    _key(
        page, foot + len(contrasts) * LINE_IN, "as if normal with one variance, unadjusted (first test)", palette.MUTED
    )
    if needed.n is not None:
        at = np.array([[float(needed.n), needed.power]])
        panel.add(Dots(points=at, size_pt=4.5, face="#FFFFFF", edge=_COLOURS[0], edge_pt=1.2, z=4.0, name="needed"))
        panel.add(
            Text(place=(float(needed.n), needed.power), text=f"n = {needed.n}", shift_pt=(5.0, 9.0), size_pt=7.5, z=4.0)
        )
    return page


def _draw_axes(panel: Panel, wanted: float) -> None:
    ends = panel.x
    for share, colour, dash in ((0.0, palette.MUTED, None), (wanted, palette.FAINT, (2.0, 2.0))):
        rule = np.array([[ends[0], share], [ends[1], share]])
        panel.add(Lines(lines=(rule,), colours=(colour,), width_pt=0.7, z=0.5, butt=True, dash_pt=dash))
    shares = np.linspace(0, 1, 6)
    draw_scale(panel, shares, [f"{share:.0%}" for share in shares], side="left", at=0.0)
    ticks = _ticks(ends[1])
    draw_scale(panel, ticks, [f"{tick:g}" for tick in ticks], side="bottom", at=0.0)
    left, top, width, height = panel.box
    put(panel.page, left + width / 2, top + height + 0.38, "Animals in each group", size_pt=7.5, across="center")


def _ticks(most: float) -> FloatArray:
    """Return up to eight round numbers of animals.

    Examples
    --------
    >>> _ticks(48.0).tolist()
    [0.0, 10.0, 20.0, 30.0, 40.0]
    """
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500) if most / step < 8)
    return np.arange(0.0, most + 1e-9, step)


def _key(page: Page, y: float, name: str, colour: str) -> None:
    rule = np.array([[_LEFT, y - 0.035], [_LEFT + 0.2, y - 0.035]])
    page.paper.add(Lines(lines=(rule,), colours=(colour,), width_pt=1.6, butt=True))
    put(page, _LEFT + 0.28, y, fitted(name, _WIDTH - _LEFT - _RIGHT - 0.28, 6.5), size_pt=6.5)
