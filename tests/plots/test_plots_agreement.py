"""The figure of limits of agreement: its panels, lines, marks, data, words; texts stay apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from csds.analysis.agreement import Agreement, compare
from csds.analysis.agreement_pairs import CallPair, Pair, PairedColumn, Pairing
from csds.errors import StatsError
from csds.plots.agreement import MOST, draw_agreement
from csds.plots.gallery import AGREEMENT, find_figures
from csds.plots.style import Style

COLUMNS = ("si_ratio", "interaction_present_s", "interaction_absent_s", "corners_present_s", "distance_present_cm",
           "delta_velocity_cm_s", "corner_ratio")  # fmt: skip
CALLS = (("susceptible", "susceptible"), ("resilient", "resilient"), ("susceptible", "resilient"),
         ("control", "control"), ("undetermined", "undetermined"))  # fmt: skip
STYLES = [Style(), Style(width="double"), Style(theme="dark"), Style(width="double", theme="dark")]


def compared(
    columns: Sequence[str] = COLUMNS[:2], *, n: int = 20, scale: float = 1, phase: str = "", test: str = "",
    called: bool = True, against: str = "old.csv",
) -> Agreement:  # fmt: skip
    rng = np.random.default_rng(2)
    found = []
    for column in columns:
        own = scale * rng.uniform(1, 2, n)
        old = own + scale * (0.1 + 0.05 * rng.normal(size=n))
        pairs = tuple(
            Pair(cohort="", animal_id=f"M{at}", test=test, phase=phase, row=at + 2, own=float(x), old=float(y))
            for at, (x, y) in enumerate(zip(own, old, strict=True))
        )
        found.append(PairedColumn(column=column, old_column=column, phase=phase, test=test, pairs=pairs, n_missing=0))
    calls = tuple(
        CallPair(cohort="", animal_id=f"M{at}", test=test, row=at + 2, own=own, old=old)
        for at in range(n if called else 0)
        for own, old in [CALLS[at % len(CALLS)]]
    )
    pairing = Pairing(columns=tuple(found), calls=calls, keys=("animal_id",), n=n, own_alone=(), old_alone=())
    return compare(pairing, against)


def test_each_measurement_has_a_panel_with_its_lines() -> None:
    agreement = compared()
    plot = draw_agreement(agreement, style=Style())
    assert len(plot.figure.axes) == 2
    for axes, one in zip(plot.figure.axes, agreement.measurements, strict=True):
        limits = one.limits
        assert limits is not None
        heights = [float(np.asarray(line.get_ydata())[0]) for line in axes.get_lines()]
        for value in (0, limits.bias.value, limits.lower.value, limits.upper.value):
            assert np.isclose(heights, value).any()
        points = [line for line in axes.get_lines() if line.get_linestyle() == "None"]
        assert sum(len(np.asarray(line.get_xdata())) for line in points) == 20


def test_data_hold_every_point_and_line() -> None:
    data = draw_agreement(compared(), style=Style()).data
    assert list(data["mark"].value_counts()[["pair", "bias", "lower_limit", "upper_limit"]]) == [40, 2, 2, 2]
    first = data[(data["mark"] == "pair") & (data["measurement"] == "si_ratio")]
    assert np.allclose(first["csds"] - first["old"], first["difference"])
    assert np.allclose((first["csds"] + first["old"]) / 2, first["mean"])
    bias = data[(data["mark"] == "bias") & (data["measurement"] == "si_ratio")].iloc[0]
    assert bias["difference"] == pytest.approx(first["difference"].mean())
    assert bias["ci_low"] < bias["difference"] < bias["ci_high"]
    assert list(first["phenotype_old"][:3]) == ["susceptible", "resilient", "resilient"]


def test_it_is_told_in_words() -> None:
    alt = draw_agreement(compared(against="<b>.csv"), style=Style()).alt
    assert alt.startswith("Differences of csds less <b>.csv against their means, with 95 % limits of agreement: SI")
    assert "n = 20, bias -0.1" in alt


def test_marks_say_what_both_call_an_animal() -> None:
    (legend,) = draw_agreement(compared(), style=Style()).figure.legends
    assert sorted(text.get_text() for text in legend.get_texts()) == sorted([
        "control", "susceptible", "resilient", "undetermined", "phenotypes differ", "bias", "95 % limits of agreement",
        "their 95 % intervals",
    ])  # fmt: skip
    (plain,) = draw_agreement(compared(called=False), style=Style()).figure.legends
    assert "animals" in [text.get_text() for text in plain.get_texts()]


def test_at_most_six_are_drawn_and_none_without_limits() -> None:
    assert len(draw_agreement(compared(COLUMNS), style=Style()).figure.axes) == MOST
    with pytest.raises(StatsError, match="expected limits of agreement to draw, found none"):
        draw_agreement(compared(n=2), style=Style())


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_texts_stay_apart(style: Style, count: int, overlaps) -> None:
    assert overlaps(draw_agreement(compared(COLUMNS[:count]), style=style)) == []


@pytest.mark.parametrize("scale", [1e-4, 1, 1e5])
def test_texts_stay_apart_whatever_the_numbers_and_names(scale: float, overlaps) -> None:
    columns = ("si_ratio", "an_own_column_with_a_name_without_an_end_that_goes_on_and_on", "$5_{x", "<script>")
    agreement = compared(columns, scale=scale, phase="target_present", test="a test whose name is long")
    assert overlaps(draw_agreement(agreement, style=Style())) == []


def test_it_is_among_the_figures_where_results_were_compared(study_of, animals_of) -> None:
    assert AGREEMENT not in find_figures(())
    assert find_figures((), compared=True) == (*find_figures(()), AGREEMENT)
    assert find_figures(("agreement",)) == (AGREEMENT,)
    study = study_of(animals_of([("defeated", "isotype"), ("defeated", "x")], 3))
    with pytest.raises(StatsError, match=r"expected agreement\.json in the results folder"):
        AGREEMENT.draw(study, style=Style())
