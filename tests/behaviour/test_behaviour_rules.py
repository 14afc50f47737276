"""Classification rules at their boundaries, and the mixture against simulated groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.behaviour.criteria import below_limit, combine, control_limit
from csds.behaviour.mixture import fit_two_normals, mixture_boundary
from csds.behaviour.rules import classify, what_waits
from csds.errors import ScoreError
from csds.model.protocol import Criterion, Exclusion, RuleSpec, ScoreSpec

NAN = float("nan")
CUTOFF = RuleSpec(name="cutoff", criteria=(Criterion(kind="cutoff"),))
SCORE = ScoreSpec()


def animals(absent, present, **columns) -> pd.DataFrame:
    """Return a table of defeated animals with the scores that follow from their times."""
    a, p = np.broadcast_arrays(np.atleast_1d(np.asarray(absent, float)), np.asarray(present, float))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(a > 0, p / a, np.nan)
        log = np.where(ratio > 0, np.log(ratio), np.nan)
    table = pd.DataFrame({
        "stress": "defeated", "test": "", "exclude": "", "interaction_absent_s": a, "interaction_present_s": p,
        "corners_absent_s": 20.0, "corners_present_s": 30.0, "si_ratio": ratio, "log_si_ratio": log,
        "si_preference": np.where(a + p > 0, p / np.maximum(a + p, 1e-300), np.nan), "si_difference_s": p - a,
        "corner_ratio": 1.5, "delta_velocity_cm_s": 2.0,
    })  # fmt: skip
    return table.assign(**columns)


def phenotypes(table: pd.DataFrame, rule: RuleSpec, score: ScoreSpec = SCORE) -> list[str]:
    return classify(table, rule, score)["phenotype"].tolist()


def flags(table: pd.DataFrame, rule: RuleSpec) -> list[tuple[str, ...]]:
    return classify(table, rule, SCORE)["flags"].tolist()


# Cut-off


def test_cutoff_and_where_the_tie_falls() -> None:
    table = animals(61.2, [61.1, 61.2, 61.3])
    assert phenotypes(table, CUTOFF) == ["susceptible", "resilient", "resilient"]
    tie_down = RuleSpec(name="tie", criteria=(Criterion(kind="cutoff", tie="susceptible"),))
    assert phenotypes(table, tie_down) == ["susceptible", "susceptible", "resilient"]


@given(st.floats(1, 150))
def test_equal_times_are_a_tie_however_they_were_summed(seconds: float) -> None:
    frames = np.full(977, seconds / 977)
    table = animals(frames.sum(), [float(np.add.accumulate(frames)[-1])])
    low = ScoreSpec(min_denominator_s=0)
    assert phenotypes(table, CUTOFF, low) == ["resilient"]
    assert phenotypes(table, RuleSpec(name="t", criteria=(Criterion(kind="cutoff", tie="susceptible"),)), low) == [
        "susceptible"
    ]


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_limit_is_strict_but_for_ties(score: float, limit: float) -> None:
    down, up = below_limit(score, limit, "susceptible"), below_limit(score, limit, "resilient")
    assert down >= up
    if abs(score - limit) > 1e-8:
        assert down == up == (score < limit)


def test_same_cutoff_on_four_scales_calls_alike() -> None:
    table = animals(60, [0, 10, 59.9, 60, 60.1, 150])
    for name, cutoff in {"si_ratio": 1, "log_si_ratio": 0, "si_preference": 0.5, "si_difference_s": 0}.items():
        rule = RuleSpec(name=name, criteria=(Criterion(kind="cutoff", score=name, cutoff=cutoff),))
        assert phenotypes(table, rule, ScoreSpec(name=name)) == ["susceptible"] * 3 + ["resilient"] * 3, name


def test_control_is_control_and_still_has_its_side_of_the_cutoff() -> None:
    verdict = classify(animals(60, [30, 90, NAN], stress="control"), CUTOFF, SCORE)
    assert verdict["phenotype"].tolist() == ["control"] * 3
    assert verdict["below_cutoff"].tolist() == [True, False, pd.NA]
    assert verdict["flags"].tolist() == [()] * 3


def test_unknown_stress() -> None:
    verdict = classify(animals(60, 30, stress=""), CUTOFF, SCORE)
    assert verdict["phenotype"].tolist() == ["undetermined"]
    assert verdict["flags"].tolist() == [("unknown_stress",)]
    assert verdict["below_cutoff"].tolist() == [True]


@pytest.mark.parametrize(("absent", "present"), [(NAN, 60), (60, NAN), (NAN, NAN)])
def test_missing_phase(absent: float, present: float) -> None:
    verdict = classify(animals(absent, present), CUTOFF, SCORE)
    assert verdict["phenotype"].tolist() == ["undetermined"]
    assert verdict["flags"].tolist() == [("missing_phase",)]
    assert verdict["below_cutoff"].isna().all()


def test_small_denominator_is_undetermined_from_just_below_the_minimum() -> None:
    verdict = classify(animals([0, 4.999, 5.0], [3, 22, 22]), CUTOFF, SCORE)
    assert verdict["phenotype"].tolist() == ["undetermined", "undetermined", "resilient"]
    assert verdict["below_cutoff"].tolist() == [pd.NA, False, False]


# Several criteria


SI_OR_VELOCITY = RuleSpec(
    name="si_or_delta_velocity",
    criteria=(
        Criterion(kind="cutoff"),
        Criterion(kind="cutoff", score="delta_velocity_cm_s", cutoff=1.5),
    ),
    exclusions=(Exclusion(kind="score_at_least", limit=4.0),),
)


def test_si_or_delta_velocity() -> None:
    table = animals(60, [30, 90, 90, 90], delta_velocity_cm_s=[2, 1.49, 1.5, 2])
    assert phenotypes(table, SI_OR_VELOCITY) == ["susceptible", "susceptible", "resilient", "resilient"]


def test_missing_velocity_matters_only_where_it_could_change_the_call() -> None:
    table = animals(60, [30, 90], delta_velocity_cm_s=NAN)
    assert phenotypes(table, SI_OR_VELOCITY) == ["susceptible", "undetermined"]
    assert flags(table, SI_OR_VELOCITY) == [(), ("missing_score",)]


def test_all_criteria() -> None:
    both = RuleSpec(name="both", susceptible_if="all", criteria=SI_OR_VELOCITY.criteria)
    table = animals(60, [30, 30, 90, 90], delta_velocity_cm_s=[1, 2, 1, NAN])
    assert phenotypes(table, both) == ["susceptible", "resilient", "resilient", "resilient"]


@given(st.lists(st.tuples(*[st.sampled_from([0.0, 1.0, NAN])] * 3), min_size=1))
def test_unknown_answers_stand_for_either(rows: list[tuple[float, float, float]]) -> None:
    table = np.array(rows).T
    for how, join in (("any", np.any), ("all", np.all)):
        joined = combine(list(table), how)
        low, high = join(np.nan_to_num(table, nan=0.0), axis=0), join(np.nan_to_num(table, nan=1.0), axis=0)
        np.testing.assert_array_equal(joined, np.where(low == high, low, np.nan))


def test_below_cutoff_goes_by_the_primary_score() -> None:
    table = animals(60, [90], delta_velocity_cm_s=[1.0])
    swapped = RuleSpec(name="s", criteria=SI_OR_VELOCITY.criteria[::-1])
    for rule in (SI_OR_VELOCITY, swapped):
        verdict = classify(table, rule, SCORE)
        assert (verdict["below_cutoff"].tolist(), verdict["phenotype"].tolist()) == ([False], ["susceptible"])


# Exclusions


MINIMUM_TIME = RuleSpec(
    name="minimum",
    criteria=(Criterion(kind="cutoff"),),
    exclusions=(
        Exclusion(kind="minimum_time", minimum_s=60, only_if="resilient"),
        Exclusion(kind="no_zone_time", phase="target_absent"),
    ),
)


def test_minimum_time_excludes_only_the_resilient() -> None:
    table = animals(50, [40, 59.9, 60.0, 80])
    assert phenotypes(table, MINIMUM_TIME) == ["susceptible", "excluded", "resilient", "resilient"]
    assert flags(table, MINIMUM_TIME)[1] == ("excluded_minimum_time",)


@pytest.mark.parametrize(
    ("only_if", "expected"), [("any", ["excluded"] * 2), ("susceptible", ["excluded", "resilient"])]
)
def test_minimum_time_of_others(only_if: str, expected: list[str]) -> None:
    rule = RuleSpec(
        name="m", criteria=(Criterion(kind="cutoff"),),
        exclusions=(Exclusion(kind="minimum_time", minimum_s=60, only_if=only_if),),
    )  # fmt: skip
    assert phenotypes(animals([50, 20], [40, 40]), rule) == expected


def test_no_zone_time_excludes_where_a_zero_denominator_alone_does_not() -> None:
    table = animals(0, [70, 70, 70], corners_absent_s=[0, 5, NAN])
    assert phenotypes(table, MINIMUM_TIME) == ["excluded", "undetermined", "undetermined"]
    assert flags(table, MINIMUM_TIME)[0] == ("excluded_no_zone_time",)


def test_no_zone_time_goes_by_the_times_it_is_given() -> None:
    verdict = classify(animals(0, [70, 70]), MINIMUM_TIME, SCORE, {"target_absent": [0, 3]})
    assert verdict["phenotype"].tolist() == ["excluded", "undetermined"]


def test_score_limit() -> None:
    table = animals(20, [79.9, 80, 90])
    assert phenotypes(table, SI_OR_VELOCITY) == ["resilient", "excluded", "excluded"]
    assert flags(table, SI_OR_VELOCITY)[1] == ("excluded_score_limit",)


def test_missing_phase_comes_before_exclusion() -> None:
    rule = RuleSpec(
        name="m", criteria=CUTOFF.criteria, exclusions=(Exclusion(kind="minimum_time", minimum_s=60, only_if="any"),)
    )
    assert phenotypes(animals(NAN, 10), rule) == ["undetermined"]


# Control mean


def control_mean(k: float = 1.0) -> RuleSpec:
    return RuleSpec(name="controls", criteria=(Criterion(kind="control_mean", k=k),))


def test_control_mean_minus_k_sd() -> None:
    """Controls 1.0, 1.5, 2.0: mean 1.5, SD 0.5."""
    table = animals(50, [50, 75, 100, 49.9, 50, 60], stress=["control"] * 3 + ["defeated"] * 3)
    assert phenotypes(table, control_mean())[3:] == ["susceptible", "resilient", "resilient"]
    assert phenotypes(table, control_mean(k=2))[3:] == ["resilient"] * 3
    assert phenotypes(table, control_mean(k=0))[3:] == ["susceptible"] * 3


def test_control_limit_is_that_of_independent_arithmetic() -> None:
    scores = [1.4, 1.1, 2.3, 0.9]
    mean = sum(scores) / 4
    sd = (sum((s - mean) ** 2 for s in scores) / 3) ** 0.5
    assert control_limit([*scores, NAN], 1.5) == pytest.approx(mean - 1.5 * sd)


def test_too_few_controls() -> None:
    table = animals(50, [50, 75, 60], stress=["control", "control", "defeated"])
    verdict = classify(table, control_mean(), SCORE)
    assert verdict["phenotype"].tolist() == ["control", "control", "undetermined"]
    assert verdict["flags"].tolist()[2] == ("needs_controls",)
    assert verdict["below_cutoff"].isna().all()


def test_excluded_and_untrusted_controls_are_no_reference() -> None:
    table = animals([50, 50, 50, 50, 2], [50, 75, 100, 60, 90], stress=["control"] * 3 + ["defeated", "control"])
    assert phenotypes(table, control_mean())[3] == "resilient"
    assert phenotypes(table.assign(exclude=["", "", "ill", "", ""]), control_mean())[3] == "undetermined"


def test_each_test_has_its_own_controls() -> None:
    pre, post = animals(50, [50, 75, 100, 60]), animals(50, [100, 125, 150, 60])
    table = pd.concat([pre.assign(test="pre"), post.assign(test="post")], ignore_index=True)
    table["stress"] = (["control"] * 3 + ["defeated"]) * 2
    found = phenotypes(table, control_mean())
    assert (found[3], found[7]) == ("resilient", "susceptible")


# Mixture


MIXTURE = RuleSpec(name="mixture", criteria=(Criterion(kind="mixture"),))


def two_groups(rng: np.random.Generator, n: int = 60) -> np.ndarray:
    return np.exp(np.r_[rng.normal(-0.7, 0.25, n // 2), rng.normal(0.45, 0.2, n - n // 2)])


def test_mixture_finds_two_groups() -> None:
    rng = np.random.default_rng(5)
    table = animals(50, 50 * two_groups(rng))
    found = phenotypes(table, MIXTURE)
    truth = ["susceptible"] * 30 + ["resilient"] * 30
    assert sum(a == b for a, b in zip(found, truth, strict=True)) >= 58


def test_mixture_fit_recovers_its_parameters() -> None:
    rng = np.random.default_rng(8)
    fit = fit_two_normals(np.r_[rng.normal(-1, 0.5, 3000), rng.normal(2, 1, 7000)])
    assert fit.means == pytest.approx((-1, 2), abs=0.06)
    assert fit.sds == pytest.approx((0.5, 1), abs=0.05)
    assert fit.shares == pytest.approx((0.3, 0.7), abs=0.02)


def test_boundary_is_where_both_weighted_densities_are_equal() -> None:
    from scipy.stats import norm

    rng = np.random.default_rng(9)
    scores = np.r_[rng.normal(-1, 0.4, 200), rng.normal(1, 0.6, 100)]
    fit, at = fit_two_normals(scores), mixture_boundary(scores)
    densities = [fit.shares[i] * norm.pdf(at, fit.means[i], fit.sds[i]) for i in range(2)]
    assert densities[0] == pytest.approx(densities[1])
    assert fit.means[0] < at < fit.means[1]


def test_equal_groups_are_parted_half_way() -> None:
    group = np.linspace(-0.3, 0.3, 25)
    assert mixture_boundary(np.r_[group - 1, group + 1]) == pytest.approx(0, abs=1e-6)


@given(st.permutations(range(40)), st.floats(-3, 3), st.floats(0.1, 10))
def test_boundary_follows_the_scale_and_not_the_order(order, shift: float, scale: float) -> None:
    scores = np.log(two_groups(np.random.default_rng(2), 40))
    moved = mixture_boundary(shift + scale * scores[list(order)])
    assert moved == pytest.approx(shift + scale * mixture_boundary(scores), abs=1e-3 * scale)


def test_one_group_is_not_split() -> None:
    rng = np.random.default_rng(4)
    table = animals(50, 50 * np.exp(rng.normal(0.2, 0.4, 60)))
    assert set(phenotypes(table, MIXTURE)) == {"undetermined"}
    assert set(flags(table, MIXTURE)) == {("no_mixture",)}


@pytest.mark.parametrize("scores", [[], [1.0] * 40, list(np.r_[np.zeros(9), np.ones(10)])])
def test_too_few_or_equal_scores_are_not_split(scores: list[float]) -> None:
    assert np.isnan(mixture_boundary(scores))


def test_a_few_outliers_are_no_group() -> None:
    assert np.isnan(mixture_boundary(np.r_[np.linspace(0, 1, 60), 30.0, 30.1]))


def test_animal_that_never_came_is_in_the_lower_group() -> None:
    rng = np.random.default_rng(5)
    table = animals(50, np.append(50 * two_groups(rng), 0.0))
    assert phenotypes(table, MIXTURE)[-1] == "susceptible"


def test_mixture_of_a_score_that_may_be_negative() -> None:
    rng = np.random.default_rng(6)
    table = animals(70, 70 + np.r_[rng.normal(-40, 8, 30), rng.normal(30, 8, 30)])
    rule = RuleSpec(name="m", criteria=(Criterion(kind="mixture", score="si_difference_s"),))
    assert phenotypes(table, rule) == ["susceptible"] * 30 + ["resilient"] * 30


# Rules that can't be


def test_rule_without_criteria() -> None:
    with pytest.raises(ScoreError, match="no criteria"):
        classify(animals(60, 60), RuleSpec(name="empty"), SCORE)


@pytest.mark.parametrize(
    "rule",
    [
        RuleSpec(name="r", criteria=(Criterion(kind="cutoff", score="charm"),)),
        RuleSpec(name="r", criteria=CUTOFF.criteria, exclusions=(Exclusion(kind="minimum_time", column="charm"),)),
        RuleSpec(name="r", criteria=CUTOFF.criteria, exclusions=(Exclusion(kind="score_at_least", score="charm"),)),
    ],
)
def test_rule_that_asks_for_an_unknown_score(rule: RuleSpec) -> None:
    with pytest.raises(ScoreError, match="'charm'"):
        classify(animals(60, 60), rule, SCORE)


def test_exclusion_by_an_unknown_phase() -> None:
    rule = RuleSpec(name="r", criteria=CUTOFF.criteria, exclusions=(Exclusion(kind="no_zone_time", phase="break"),))
    with pytest.raises(ScoreError, match="phase 'break'"):
        classify(animals(60, 60), rule, SCORE)


def test_index_is_the_tables() -> None:
    table = animals(60, [30, 90]).set_index(pd.Index(["a", "b"]))
    assert classify(table, CUTOFF, SCORE).index.tolist() == ["a", "b"]


def test_hidden_stress_has_its_side_of_the_cutoff_and_no_phenotype() -> None:
    verdict = classify(animals(60, [30, 90], stress="blinded"), CUTOFF, SCORE)
    assert verdict["phenotype"].tolist() == ["undetermined"] * 2
    assert verdict["flags"].tolist() == [("blinded",)] * 2
    assert verdict["below_cutoff"].tolist() == [True, False]


def test_what_waits_for_unblinding() -> None:
    hidden = animals(60, [30, 90], stress="blinded")
    assert what_waits(hidden, CUTOFF) == "the groups are hidden: phenotypes wait for csds unblind"
    rule = RuleSpec(name="m", criteria=(Criterion(kind="mixture"), Criterion(kind="control_mean")))
    assert "'m' (defeated animals' scores and controls' mean)" in what_waits(hidden, rule)
    assert what_waits(animals(60, 30), rule) == what_waits(hidden, None) == ""
