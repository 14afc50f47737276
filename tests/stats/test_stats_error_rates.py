"""Simulated error rates: counted, judged against the bar, reproducible, and right where the truth is known."""

from __future__ import annotations

import sys
from functools import partial

import numpy as np
import pytest
from scipy.stats import binom

from benchmarks import error_models, error_rates, error_skewed
from benchmarks.error_models import cages, crossed_design, two_groups
from benchmarks.error_rates import Row, Share, conclude, count_all, lowest, shares
from benchmarks.error_skewed import WEIGHTS, hc3_contrast, populations, truths
from benchmarks.findings import Scenario, Tally, count_studies
from csds.analysis.between import planned_contrasts

NORMAL = Scenario(name="two groups, normal", draw=two_groups, sizes=(8,))


def _row(method: str = "t", model: str = "normal", n: int = 8, **counts: int | bool) -> Row:
    return Row(model=model, method=method, tallies={n: Tally(asked=2000, **counts)})


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"tests": 2000, "rejected": 100}, []),
        ({"tests": 2000, "rejected": 130}, []),
        ({"tests": 2000, "rejected": 132}, ["errs in 6.6 % at n = 8"]),
        ({"tests": 2000, "rejected": 60}, ["errs in 3.0 % only at n = 8"]),
        ({"tests": 2000, "rejected": 60, "is_exact": True}, []),
        ({"intervals": 2000, "held": 1900}, []),
        ({"intervals": 2000, "held": 1840}, ["covers 92.0 % at n = 8"]),
        ({"intervals": 2000, "held": 1960}, ["covers 98.0 % at n = 8"]),
        ({"intervals": 2000, "held": 1960, "is_exact": True}, []),
    ],
)
def test_bar_is_kept_from_both_sides_but_by_exact_methods(counts: dict[str, int | bool], expected: list[str]) -> None:
    assert list(_row(**counts).misses()) == expected


def test_interval_of_a_test_is_judged_too_where_they_differ() -> None:
    assert list(_row(tests=2000, rejected=100, intervals=2000, held=1800).misses()) == ["covers 90.0 % at n = 8"]


def test_share_has_twice_its_standard_error() -> None:
    assert str(Share.of(100, 2000)) == "5.0 ± 1.0"
    assert Share.of(0, 0) is None


def test_claimed_method_that_misses_without_a_known_reason_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = _row(tests=2000, rejected=200)
    assert conclude([row], seconds=1, draws=2000) == 1
    assert "misses the bar: t, normal: errs in 10.0 % at n = 8" in capsys.readouterr().out
    monkeypatch.setattr(error_rates, "KNOWN", {"t, *": "it is known"})
    assert conclude([row], seconds=1, draws=2000) == 0
    assert conclude([_row(tests=2000, rejected=200, is_claimed=False)], seconds=1, draws=2000) == 0


def test_notes_are_of_the_worst_of_published_times() -> None:
    rows = [
        _row("bootstrap BCa, mean of the ratio", "a", intervals=2000, held=1800),
        _row("bootstrap BCa, mean of the log ratio", "b", intervals=2000, held=1779),
        _row("bootstrap BCa, mean of the ratio", "b, times cut", intervals=2000, held=1600),
        _row("Welch t, ratio", "a", intervals=2000, held=1880),
    ]
    assert lowest(rows) == [
        ["bootstrap, BCa, difference of means", "8", "88.9", "bootstrap BCa, mean of the log ratio, b"]
    ]


def test_studies_are_the_same_however_they_are_shared_out() -> None:
    whole = count_studies(NORMAL, 8, studies=range(6), seed=1)
    parts = [count_studies(NORMAL, 8, studies=part, seed=1) for part in (range(2), range(2, 6))]
    for method, tally in whole.items():
        joined = Tally()
        for part in parts:
            joined.join(part[method])
        assert joined == tally
    assert count_all([NORMAL], draws=6, seed=1, jobs=1)[0].tallies == {8: whole["Welch t"]}


def test_students_t_errs_in_five_percent_and_ignored_cages_do_in_more() -> None:
    draws = 400
    tallies = count_studies(NORMAL, 8, studies=range(draws), seed=1)
    low, high = binom.interval(0.999, draws, 0.05)
    assert low <= tallies["Student t"].rejected <= high
    # Cages of 4, ICC 0.3: the variance of a mean of 8 is 1 + 3 · 0.3 times that of independent animals, of which the
    # pooled error sees less than 1; t beyond 2.05 / sqrt(1.9 / 0.93) is 16 %.
    ignored = Scenario(name="cages", draw=partial(cages, size=4, icc=0.3, is_split=False), sizes=(8,))
    found = count_studies(ignored, 8, studies=range(draws), seed=1)["cage ignored, rescue"]
    low, high = binom.interval(0.999, draws, 0.16)
    assert low <= found.rejected <= high


def test_every_scenario_of_its_own_model_gives_findings_of_both_sizes() -> None:
    for scenario in error_models.scenarios():
        for n in scenario.sizes:
            tallies = count_studies(scenario, n, studies=range(2), seed=1)
            assert all(tally.tests <= tally.asked for tally in tallies.values())
            assert any(sum(share is not None for share in shares(tally)) for tally in tallies.values())


def test_hc3_is_that_of_rs_sandwich() -> None:
    samples = {
        "ci": np.array([0.81, 0.94, 1.05, 0.77]),
        "ct": np.array([1.04, 1.01, 1.02, 1.22, 0.76]),
        "di": np.array([2.14, 0.33, -0.02, 0.36, 1.23, 1.14]),
        "dt": np.array([0.72, 0.14, 0.42, 2.10, 1.18]),
    }
    found = hc3_contrast(samples, WEIGHTS["interaction"], name="interaction")
    # sqrt(w' vcovHC(lm(v ~ 0 + cell), "HC3") w)
    assert (found.estimate, found.se) == pytest.approx((-0.0688333333, 0.5346895257), rel=1e-8)
    assert found.df == 16


def test_weights_are_those_of_the_planned_contrasts() -> None:
    factors = crossed_design((2, 2, 2, 2)).factors
    for contrast, weights in zip(planned_contrasts(factors), WEIGHTS.values(), strict=True):
        initials = {cell["stress"][0] + cell["treatment"][0]: weight for weight, cell in contrast.weights}
        assert initials == weights


@pytest.mark.slow
def test_populations_are_those_of_the_published_table() -> None:
    for group, mean, sd in (("control", 1.62, 0.52), ("defeated", 0.94, 0.56)):
        ratio = populations("published")[group]["si_ratio"]
        assert (ratio.mean(), ratio.std()) == pytest.approx((mean, sd), abs=0.05)
    true = truths("published", "defeated", "control", "si_ratio")
    assert true["mean"] == pytest.approx(0.94 - 1.62, abs=0.03)
    x, y = (populations("published")[group]["si_ratio"] for group in ("defeated", "control"))
    above = float((x[:, None] > y[None, :500]).mean())
    assert true["dominance"] == pytest.approx(2 * above - 1, abs=0.03)
    assert true["median"] == pytest.approx(0.90 - 1.49, abs=0.06)
    assert all(value == 0 for value in truths("published", "control", "control", "si_ratio").values())


@pytest.mark.slow
def test_every_skewed_scenario_gives_findings() -> None:
    for scenario in error_skewed.scenarios():
        tallies = count_studies(scenario, 8, studies=range(2), seed=1)
        assert all(tally.intervals or tally.tests for tally in tallies.values())


def test_tables_are_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["error_rates", "--draws", "20", "--jobs", "1", "--only", "57 and 57 %", "--markdown"]
    monkeypatch.setattr(sys, "argv", arguments)
    assert error_rates.main() in (0, 1)
    printed = capsys.readouterr().out
    assert "### 57 and 57 % susceptible" in printed
    assert "| Fisher exact | " in printed
    monkeypatch.setattr(sys, "argv", arguments[:-1])
    assert error_rates.main() in (0, 1)
    assert "  method " in capsys.readouterr().out
