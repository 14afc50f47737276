"""A power curve shows each planned test, the first one's band, and the number that is needed."""

from __future__ import annotations

import numpy as np
import pytest

from csds.figures.canvas import DPI, painted
from csds.figures.page import Areas, Dots, Lines
from csds.figures.power_curve import draw_power_curve
from csds.power.request import PowerRequest, plan_study
from csds.power.simulate import PowerCurve, sample_size, simulate_power


@pytest.fixture(scope="module")
def curve() -> PowerCurve:
    study = plan_study(PowerRequest(difference=0.345, sd=0.48))
    return simulate_power(study, (10, 30, 50), rng=np.random.default_rng(1), draws=300)


def test_each_test_is_a_line_and_the_first_has_a_band_and_its_number(curve: PowerCurve) -> None:
    contrasts = curve.study.design.contrasts
    needed = sample_size(curve.of(contrasts[0]), 0.8)
    page = draw_power_curve(curve, needed)
    for name in contrasts:
        (line,) = page.named(name)
        assert isinstance(line, Lines)
        expected = [[point.n, point.power.value] for point in curve.of(name)]
        np.testing.assert_array_equal(line.lines[0], expected)
        assert name in page.texts()
    (band,) = page.named("band")
    assert isinstance(band, Areas)
    assert band.outlines[0][:, 1].min() == curve.of(contrasts[0])[0].power.ci_low
    (mark,) = page.named("needed")
    assert isinstance(mark, Dots)
    np.testing.assert_array_equal(mark.points, [[needed.n, 0.8]])
    assert f"n = {needed.n}" in page.texts()
    boxes = page.text_boxes()
    assert all(left >= 0 and right <= page.width_in and low <= page.height_in for left, _, right, low in boxes)


def test_a_number_that_was_not_found_is_not_marked(curve: PowerCurve) -> None:
    page = draw_power_curve(curve, sample_size(curve.of(curve.study.design.contrasts[0]), 0.9999))
    assert not page.named("needed")
    assert painted(page).shape == (round(page.height_in * DPI), round(page.width_in * DPI), 3)
