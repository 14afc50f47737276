"""What is asked becomes a study, what contradicts itself is a wrong call, and words say what was found."""

from __future__ import annotations

import numpy as np
import pytest

from csds.errors import UsageError
from csds.model.columns import POWER_COLUMNS, names
from csds.power.model import RETEST, NormalModel, TimesModel
from csds.power.request import PowerRequest, plan_study
from csds.power.simulate import PowerCurve, SampleSize, sample_size, simulate_power
from csds.power.wording import needed_text, power_sentence, power_summary, power_table


def test_half_is_rescued_in_published_males_by_default() -> None:
    study = plan_study(PowerRequest())
    assert isinstance(study.model, TimesModel)
    assert (study.model.outcome, study.design.rescue, study.design.adjust) == ("si_ratio", 0.5, "holm")
    assert plan_study(PowerRequest(design="one_way")).design.rescue == 0.5
    assert plan_study(PowerRequest(design="proportions")).model.outcome == "below_cutoff"
    assert plan_study(PowerRequest(design="pre_post")).model.correlation == RETEST


def test_a_difference_is_that_of_the_model() -> None:
    study = plan_study(PowerRequest(design="pre_post", difference=0.3))
    moments = study.model.moments(study.design.severity, study.design.within)
    assert moments.means[1] - moments.means[0] == pytest.approx(0.3, abs=1e-3)
    shares = plan_study(PowerRequest(design="proportions", difference=0.2))
    moments = shares.model.moments(shares.design.severity, "")
    assert moments.means[0] - moments.means[1] == pytest.approx(0.2, abs=2e-3)


def test_a_difference_with_its_sd_is_a_normal_outcome() -> None:
    study = plan_study(PowerRequest(difference=0.345, sd=0.48, outcome="time in corners"))
    assert study.model == NormalModel(stress_effect=-0.69, sd=0.48, outcome="time in corners", correlation=RETEST)
    several = plan_study(PowerRequest(design="one_way", difference=0.5, sd=1, rescue=(0.3, 0.6)))
    means = several.model.moments(several.design.severity, "").means
    assert (means[1:] - means[0]).tolist() == pytest.approx([0.5, 0.25])


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (PowerRequest(design="two_group"), "--design two_group: expected"),
        (PowerRequest(outcome="corner_ratio"), "--outcome corner_ratio: expected"),
        (PowerRequest(outcome="below_cutoff"), "--outcome below_cutoff: expected"),
        (PowerRequest(adjust="hol"), "--adjust hol: expected"),
        (PowerRequest(sd=1), "--sd: expected --difference"),
        (PowerRequest(sd=0, difference=1), "--sd: expected a positive"),
        (PowerRequest(difference=0), "--difference: expected a number other than 0"),
        (PowerRequest(difference=1, rescue=(0.5,)), "say the same twice"),
        (PowerRequest(design="one_way", difference=0.2), "--rescue instead for one_way"),
        (PowerRequest(design="proportions", difference=0.2, sd=1), "none for proportions"),
        (PowerRequest(design="target_by_group", outcome="si_ratio"), "--outcome: expected none for target_by_group"),
        (PowerRequest(correlation=0.3), "--correlation: expected only"),
        (PowerRequest(icc=0.1), "--icc: expected --cage-size"),
        (PowerRequest(cage_size=2), "--cage-size: expected --icc"),
    ],
)
def test_wrong_calls_are_named(asked: PowerRequest, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plan_study(asked)


@pytest.fixture(scope="module")
def curve() -> PowerCurve:
    asked = PowerRequest(difference=0.345, sd=0.48, adjust="none", cage_size=2, icc=0.25)
    return simulate_power(plan_study(asked), (20, 40, 60), rng=np.random.default_rng(1), draws=1000)


def test_the_sentence_says_all_that_a_form_asks(curve: PowerCurve) -> None:
    needed = SampleSize(contrast=curve.study.design.contrasts[0], power=0.8, n=40, low=38, high=42)
    text = power_sentence(curve, needed, attrition=0.1)
    for part in (
        "40 mice in each of 4 groups (control + isotype, control + treatment, defeated + isotype, defeated + treatment;"
        " 160 in all) give a power of 80%",
        "defeated + treatment - defeated + isotype of 0.34 in outcome, treatment removing 50% of the stress effect",
        "t test with pooled variance, two-sided 5 %, 1,000 simulated studies",
        "between 38 and 42",
        "In cages of 2 with an intraclass correlation of 0.25 the design effect is 1.25: 40 mice count as 32.",
        "Allowing for 10% of the animals to be lost or excluded, 46 mice in each",
    ):
        assert part in text


def test_a_number_beyond_those_looked_at_is_said_to_be(curve: PowerCurve) -> None:
    rescue, model, alone, _ = curve.study.design.contrasts
    far = sample_size(curve.of(rescue), 0.999, multiple=2)
    assert needed_text(far, curve) == "> 60"
    assert "a power of 100% lies outside" in power_sentence(curve, far)
    assert needed_text(sample_size(curve.of(model), 0.5, multiple=2), curve) == "≤ 20"
    assert "20 mice in each" in power_sentence(curve, sample_size(curve.of(model), 0.5, multiple=2))
    assert needed_text(sample_size(curve.of(alone), 0.8, multiple=2), curve) == "nothing to find"
    found = SampleSize(contrast=rescue, power=0.8, n=40, low=38, high=None)
    assert needed_text(found, curve) == "40 (38–60)"


def test_the_table_and_the_summary_are_unrounded(curve: PowerCurve) -> None:
    table = power_table(curve.points)
    assert table.columns.tolist() == names(POWER_COLUMNS)
    assert len(table) == 12
    assert table["power"].iloc[0] == curve.points[0].power.value
    needed = [sample_size(curve.of(name), 0.8, multiple=2) for name in curve.study.design.contrasts]
    told = power_summary(curve, needed, attrition=0.1)
    assert told["design_effect"] == 1.25
    assert told["model"]["sd"] == 0.48
    assert told["needed"][0]["n_to_start"] >= needed[0].n / 0.9
    assert told["needed"][2]["n_to_start"] is None
    assert list(told["differences"].values()) == pytest.approx([0.345, -0.69, 0, 0.345])


def test_named_difference_of_two_groups_is_no_share_of_a_stress_effect() -> None:
    study = plan_study(PowerRequest(design="two_groups", difference=0.72, sd=1.0))
    curve = simulate_power(study, [16, 32, 48], rng=np.random.default_rng(1), draws=200)
    needed = sample_size(curve.of(curve.study.design.contrasts[0]), 0.8)
    sentence = power_sentence(curve, needed)
    assert "of 0.72 in outcome (Welch's t" in sentence
    assert "stress" not in sentence
