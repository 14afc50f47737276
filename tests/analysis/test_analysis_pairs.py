"""Two groups' difference in all its sizes is that of R's packages."""

from __future__ import annotations

import numpy as np
import pytest

from csds.analysis.pairs import pair_pieces
from csds.analysis.pieces import Computed, compute
from csds.analysis.plan import AnalysisPlan
from csds.analysis.results import Result

NEWCOMBE = "Newcombe's interval of the rank-biserial correlation"
X = np.array([1.12, 0.94, 1.41, 1.27, 1.33, 0.88, 1.05])
Y = np.array([0.61, 0.83, 0.52, 1.02, 0.44, 0.79])


def computed(x: np.ndarray = X, y: np.ndarray = Y, **plan: object) -> Computed:
    pieces = pair_pieces(x, y, "drug - isotype", AnalysisPlan(**({"draws": 2000} | plan)))
    return compute(pieces, analysis="planned", outcome="si_ratio")


def rows(found: Computed) -> dict[str, Result]:
    return {one.effect_name or one.test: one for one in found.results if "bootstrap" not in one.test}


def test_sizes_are_those_of_effectsize() -> None:
    found = rows(computed())
    for name, expected in {  # hedges_g(), glass_delta(), rank_biserial()
        "Hedges' g": (1.96939817771, 0.643063528519, 3.24215668615),
        "Glass's delta": (2.03297034546, 0.382166474388, 3.60948278362),
        "rank-biserial correlation": (0.904761904762, 0.688208796318, 0.973288826661),
    }.items():
        one = found[name]
        assert (one.effect, one.ci_low, one.ci_high) == pytest.approx(expected, rel=1e-6)
        assert (one.n, one.contrast) == (13, "drug - isotype")
    assert found["Hedges' g"].analysis == "planned"
    assert found["rank-biserial correlation"].analysis == "sensitivity"


def test_ranks_and_permutation_are_exact() -> None:
    found = rows(computed())
    ranks = found["Hodges–Lehmann shift"]  # wilcox.test(x, y, conf.int = TRUE)
    assert (ranks.statistic, ranks.p_value) == (40, pytest.approx(0.00466200466, rel=1e-8))
    assert (ranks.effect, ranks.ci_low, ranks.ci_high) == pytest.approx((0.44, 0.11, 0.75))
    shuffled = found["permutation of the mean difference"]  # all combn(13, 7)
    assert shuffled.p_value == pytest.approx(0.00407925407925)
    assert shuffled.statistic == pytest.approx(0.44119047619)
    assert shuffled.note == "all 1716 splits"
    assert {ranks.analysis, shuffled.analysis} == {"sensitivity"}


def test_bayes_factor_is_computed_where_it_is_asked_for() -> None:
    pytest.importorskip("pingouin")
    assert "Bayes factor (BF10)" not in rows(computed())
    one = rows(computed(bayes_factors=True))["Bayes factor (BF10)"]
    assert one.effect == pytest.approx(12.6747569061, rel=1e-3)  # BayesFactor::ttestBF(x, y)
    assert one.statistic_name == ""


def test_bootstrap_intervals_hold_the_difference_and_name_their_draws() -> None:
    found = [one for one in computed(seed=3).results if "bootstrap" in one.test]
    assert [(one.effect_name, one.test) for one in found] == [
        ("difference of means", "bootstrap, studentised"),
        ("difference of means", "bootstrap, BCa"),
        ("difference of medians", "bootstrap, BCa"),
    ]
    assert all(one.ci_low < one.effect < one.ci_high for one in found)
    drawn, covers = (
        "2000 resamples, seed 3",
        "covers 89.2 % at n = 8 on skewed ratios (measured), less in smaller groups",
    )
    assert [one.note for one in found] == [drawn, f"{drawn}; {covers}", drawn]
    assert found[0].effect == pytest.approx(X.mean() - Y.mean())
    assert found[2].effect == pytest.approx(np.median(X) - np.median(Y))


def test_sizes_say_that_the_rest_of_the_model_has_no_part_in_them() -> None:
    assert {"without what the plan adds to the factors" in one.note for one in computed().results} == {False}
    adjusted = computed(random=("cage",)).results
    assert {"without what the plan adds to the factors" in one.note for one in adjusted} == {True}


def test_order_of_the_animals_changes_nothing() -> None:
    one, other = computed(), computed(X[::-1], Y[[3, 1, 0, 5, 2, 4]])
    assert repr(one) == repr(other)


def test_adding_a_constant_changes_no_difference_and_scaling_scales_it() -> None:
    one, shifted, scaled = computed(), computed(X + 3, Y + 3), computed(X * 8, Y * 8)
    for first, second, third in zip(one.results, shifted.results, scaled.results, strict=True):
        factor = 8 if first.effect_name.startswith(("difference", "Hodges")) else 1
        for name in ("effect", "ci_low", "ci_high"):
            assert getattr(second, name) == pytest.approx(getattr(first, name), nan_ok=True, rel=1e-6)
            assert getattr(third, name) == pytest.approx(factor * getattr(first, name), nan_ok=True, rel=1e-6)
        assert second.p_value == pytest.approx(first.p_value, nan_ok=True)
        assert third.p_value == pytest.approx(first.p_value, nan_ok=True)


@pytest.mark.parametrize(
    ("x", "y", "left"),
    [
        (X[:1], Y, {"Mann–Whitney", "rank-biserial correlation", "permutation of the mean difference"}),
        (X[:2], Y, {"Hedges' g", "Glass's delta", "Mann–Whitney", "rank-biserial correlation",
                    "permutation of the mean difference"}),
        (X, np.full(4, 0.5), {"Hedges' g", "bootstrap, BCa", "bootstrap, studentised", "Mann–Whitney",
                              "rank-biserial correlation", "permutation of the mean difference"}),
    ],
)  # fmt: skip
def test_what_small_or_constant_groups_do_not_allow_is_named(x: np.ndarray, y: np.ndarray, left: set[str]) -> None:
    found = computed(x, y)
    assert {one.test for one in found.results} == {*left, NEWCOMBE}
    assert all(one.why for one in found.not_computed)
    every = {one.what.removesuffix(" of drug - isotype") for one in found.not_computed}
    assert every <= {"Hedges' g", "Glass's delta", "bootstrap of the mean difference", "rank tests",
                     "bootstrap of the median difference", "permutation test"}  # fmt: skip
    for one in found.results:
        assert not one.effect_name or np.isfinite(one.effect)
        assert not one.statistic_name or np.isfinite([one.statistic, one.p_value]).all()
