"""The specification curve's figure: a mark for each specification, its choices below, and text that doesn't overlap."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.transforms import Bbox

from csds.analysis.specifications import CurveTest, Specification, SpecificationCurve, SpecifiedEffect
from csds.plots.plot import Plot
from csds.plots.specification_curve import draw_specification_curve
from csds.plots.style import Style, Theme, Width
from csds.stats.samples import Estimate


def curve(contrast: str = "defeated + anti-IL-4Rα - defeated + isotype", outlier: float = 0.0) -> SpecificationCurve:
    choices = itertools.product(("centre", "nose"), (0.0, -2.0, 2.0), (1.0, 0.8), ("si_ratio", "ancova", "rule mine"))
    effects = [
        SpecifiedEffect(
            specification=Specification(
                by=by, edge_cm=edge, window_share=share, outcome=outcome, exclusions="as planned"
            ),
            effect=Estimate(value=0.02 * at, ci_low=0.02 * at - 0.5, ci_high=0.02 * at + 0.5 + outlier * (at == 35)),
            p_value=0.01 if at > 30 else 0.2,
            n_treated=10,
            n_reference=9,
            is_planned=at == 12,
        )
        for at, (by, edge, share, outcome) in enumerate(choices)
    ]
    tests = tuple(CurveTest(name=name, value=-0.3, p_value=0.021) for name in
                  ("median effect", "share significant", "Stouffer's z"))  # fmt: skip
    return SpecificationCurve(
        contrast=contrast, effects=tuple(effects), tests=tests, draws=1000, phase_s=150.0, not_computed=()
    )


def overlapping(plot: Plot) -> list[tuple[str, str]]:
    figure = plot.figure
    figure.canvas.draw()
    texts = [*figure.texts, *([figure._suptitle] if figure._suptitle else [])]
    for axes in figure.axes:
        texts += [axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            texts += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    texts = list({id(text): text for text in texts if text.get_visible() and text.get_text()}.values())
    shown = [(text.get_text(), text.get_window_extent()) for text in texts]
    page = figure.bbox
    for words, box in shown:
        assert box.x0 >= page.x0 - 1, words
        assert box.x1 <= page.x1 + 1, words
        assert box.y1 <= page.y1 + 1, words
    return [(a, b) for (a, one), (b, other) in itertools.combinations(shown, 2) if _area(one, other) > 8.0]


def _area(one: Bbox, other: Bbox) -> float:
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return max(width, 0.0) * max(height, 0.0)


@pytest.mark.parametrize("width", ["single", "double"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("contrast", ["x - y", " - ".join(["defeated + " + "anti-IL-4Rα (Fc-silenced) clone"] * 2)])
def test_text_is_on_the_page_and_apart(width: Width, theme: Theme, contrast: str) -> None:
    assert overlapping(draw_specification_curve(curve(contrast), Style(width=width, theme=theme))) == []


def test_every_specification_is_a_mark_and_a_row() -> None:
    plot = draw_specification_curve(curve(), Style())
    above, below = plot.figure.axes
    marks = np.concatenate([points.get_offsets() for points in above.collections if len(points.get_offsets()) and
                            hasattr(points, "get_sizes")])  # fmt: skip
    assert len(marks) == 36 + 1  # the planned one has its diamond
    assert len(plot.data) == 36
    ticks = [label.get_text() for label in below.get_yticklabels()]
    assert ticks == [
        "Zone edge", "−2 cm", "protocol's", "+2 cm", "In the zone", "centre", "nose", "Window", "120 s", "150 s",
        "Outcome", "SI ratio", "ANCOVA, P on A", "resilient: mine",
    ]  # fmt: skip


def test_it_says_what_it_shows() -> None:
    alt = draw_specification_curve(curve(), Style()).alt
    assert "36 specifications, effects from 0.00 to 0.70 SD, 5 with p < .05" in alt
    assert "Planned: 0.24 SD, 95 % CI -0.26 to 0.74" in alt
    assert "median effect -0.30, permutation p = .021" in alt


def test_one_wide_interval_is_drawn() -> None:
    above, _ = draw_specification_curve(curve(outlier=30.0), Style()).figure.axes
    assert above.get_ylim()[1] > 30
