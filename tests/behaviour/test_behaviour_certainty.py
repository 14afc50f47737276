"""Interval, band and certainty of animals: by hand, at the limits, and for every kind of rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from csds.behaviour.score import score_animals
from csds.behaviour.sensitivity import Reading, ZoneReadings
from csds.model.columns import ANIMAL_COLUMNS
from csds.model.flags import split_flags
from csds.model.protocol import Criterion, Exclusion, Protocol, RuleSpec
from csds.protocol.load import load_protocol

GOLDEN = load_protocol("golden2011")
NEW = ["si_ratio_low", "si_ratio_high", "si_ratio_band_low", "si_ratio_band_high", "phenotype_certainty"]
NONE = np.zeros(400)
WAVE = np.linspace(-1.0, 1.0, 400)


def session(animal: str, phase: str, interaction: float, **cells: object) -> dict[str, object]:
    row: dict[str, object] = {
        "cohort": "", "animal_id": animal, "test": "", "phase": f"target_{phase}", "stress": "defeated",
        "treatment": "", "duration_s": 150.0, "recorded_s": 150.0, "interaction_time_s": interaction,
        "corners_time_s": 20.0, "distance_cm": 1200.0, "mean_speed_cm_s": 8.0, "exclude": "", "flags": "",
    }  # fmt: skip
    return row | cells


def readings(time_s: float, errors_s: np.ndarray = NONE, others: tuple[float, ...] = ()) -> ZoneReadings:
    edges = (0.0, -1.0, -0.5, 0.5, 1.0)
    found = [Reading(by="centre", edge_cm=edge, window_share=1.0, time_s=t)
             for edge, t in zip(edges, (time_s, *others), strict=False)]  # fmt: skip
    return ZoneReadings(readings=tuple(found), draws_s=time_s + errors_s)


def score(
    absent: ZoneReadings, present: ZoneReadings, protocol: Protocol = GOLDEN, more: tuple[dict[str, object], ...] = (),
    **cells: object,
) -> pd.Series:  # fmt: skip
    own = {"target_absent": absent, "target_present": present}
    rows = [session("a", phase.removeprefix("target_"), r.readings[0].time_s, **cells) for phase, r in own.items()]
    by_key = {(("", "a", ""), phase): found for phase, found in own.items()}
    return score_animals(pd.DataFrame([*rows, *more]), protocol, by_key).iloc[0]


def test_tables_without_readings_have_empty_columns() -> None:
    table = score_animals(pd.DataFrame([session("a", "absent", 60), session("a", "present", 30)]), GOLDEN)
    assert table[NEW].isna().all(axis=None)
    assert "borderline" not in table["flags"][0]
    assert set(NEW) <= {column.name for column in ANIMAL_COLUMNS}


def test_interval_by_hand() -> None:
    # A is exact, P uniform over 28 to 32 s: the ratio's central 95 % reach over 95 % of 28/60 to 32/60.
    row = score(readings(60.0), readings(30.0, 2 * WAVE))
    assert row["si_ratio_low"] == pytest.approx((30 - 1.9) / 60, abs=2e-4)
    assert row["si_ratio_high"] == pytest.approx((30 + 1.9) / 60, abs=2e-4)
    assert (row["phenotype_certainty"], row["flags"]) == (1.0, "")


def test_errors_that_both_phases_share_cancel() -> None:
    together = score(readings(60.0, 2 * WAVE), readings(60.0, 2 * WAVE))
    assert (together["si_ratio_low"], together["si_ratio_high"]) == (1.0, 1.0)


def test_band_is_from_the_lowest_to_the_highest_reading() -> None:
    row = score(readings(60.0, others=(50.0, 55.0, 65.0, 70.0)), readings(30.0, others=(20.0, 27.5, 39.0, 35.0)))
    assert (row["si_ratio_band_low"], row["si_ratio_band_high"]) == (20 / 50, 39 / 65)


def test_only_ways_that_both_phases_have_are_compared() -> None:
    row = score(readings(60.0, others=(50.0,)), readings(30.0, others=(20.0, 1.0)))
    assert (row["si_ratio_band_low"], row["si_ratio_band_high"]) == (20 / 50, 30 / 60)


def test_certainty_is_the_share_of_readings_with_the_same_call() -> None:
    # Five ways to read; one of them says resilient, and half of the draws of another do.
    absent = readings(60.0, others=(60.0, 60.0, 60.0, 60.0))
    present = readings(50.0, WAVE, others=(70.0, 60.0, 55.0, 55.0))
    row = score(absent, present)
    assert row["phenotype"] == "susceptible"
    assert row["phenotype_certainty"] == pytest.approx((5 - 1.5) / 5)
    assert split_flags(row["flags"]) == ("borderline",)


@pytest.mark.parametrize(("present", "marked"), [(57.0, False), (59.0, True), (61.0, True), (63.0, False)])
def test_an_interval_across_the_cut_off_is_borderline(present: float, marked: bool) -> None:
    row = score(readings(60.0), readings(present, 2 * WAVE))
    assert ("borderline" in row["flags"]) == marked
    assert (row["si_ratio_low"] < 1 <= row["si_ratio_high"]) == marked


def test_no_time_with_the_target_absent_leaves_the_interval_empty() -> None:
    row = score(readings(0.0, np.maximum(WAVE, 0.0), (0.0, 0.0, 2.0, 4.0)), readings(30.0, others=(9.0,) * 4))
    assert row[NEW].isna().all()
    assert "zero_denominator" in row["flags"]


def test_an_upper_end_that_is_not_bounded_is_empty() -> None:
    row = score(readings(6.0, 7 * WAVE, (0.0, 6.0, 6.0, 6.0)), readings(30.0, others=(30.0,) * 4))
    assert np.isnan(row["si_ratio_high"])
    assert np.isnan(row["si_ratio_band_high"])
    assert row["si_ratio_low"] == pytest.approx(30 / (6 + 6.65), abs=0.01)
    assert row["si_ratio_band_low"] == 5.0


def test_no_time_with_the_target_is_an_end_of_0() -> None:
    row = score(readings(60.0), readings(0.0, np.maximum(3 * WAVE, 0.0)))
    assert row["si_ratio_low"] == 0.0
    assert row["si_ratio_high"] == pytest.approx(2.85 / 60, abs=1e-3)


@pytest.mark.parametrize("cells", [{"stress": "control"}, {"stress": ""}, {"flags": "uncertain_animal"}])
def test_what_is_not_called_has_an_interval_but_no_certainty(cells: dict[str, object]) -> None:
    row = score(readings(60.0), readings(60.0, WAVE), **cells)
    assert row["si_ratio_low"] < 1 < row["si_ratio_high"]
    assert np.isnan(row["phenotype_certainty"])
    assert "borderline" not in row["flags"]


def test_a_phase_without_readings_leaves_all_empty() -> None:
    sessions = pd.DataFrame([session("a", "absent", 60.0), session("a", "present", 30.0)])
    row = score_animals(sessions, GOLDEN, {(("", "a", ""), "target_absent"): readings(60.0)}).iloc[0]
    assert row[NEW].isna().all()
    assert row["phenotype"] == "susceptible"


def rule(*criteria: Criterion, exclusions: tuple[Exclusion, ...] = (), how: str = "any") -> Protocol:
    own = RuleSpec(name="own", susceptible_if=how, criteria=criteria, exclusions=exclusions)  # type: ignore[arg-type]
    return replace(GOLDEN, rule=own)


class TestRules:
    def test_a_criterion_that_the_zone_does_not_touch_keeps_its_value(self) -> None:
        either = rule(Criterion(kind="cutoff"), Criterion(kind="cutoff", score="delta_velocity_cm_s", cutoff=1.5))
        # The speed alone makes it susceptible (0 < 1.5), whatever the ratio.
        assert score(readings(60.0), readings(60.0, WAVE), either)["phenotype_certainty"] == 1.0
        both = replace(either, rule=replace(either.rule, susceptible_if="all"))
        row = score(readings(60.0), readings(59.9, WAVE), both)
        assert row["phenotype"] == "susceptible"
        assert row["phenotype_certainty"] == pytest.approx(0.55, abs=0.01)

    def test_a_minimum_time_can_be_what_is_uncertain(self) -> None:
        minimum = Exclusion(kind="minimum_time", minimum_s=60.0, only_if="resilient")
        row = score(readings(30.0), readings(60.5, WAVE), rule(Criterion(kind="cutoff"), exclusions=(minimum,)))
        assert row["phenotype"] == "resilient"
        assert row["phenotype_certainty"] == pytest.approx(0.75, abs=0.01)
        assert "borderline" in row["flags"]

    def test_an_animal_in_no_zone_may_have_been_in_one(self) -> None:
        nowhere = rule(Criterion(kind="cutoff"), exclusions=(Exclusion(kind="no_zone_time"),))
        absent = readings(0.0, np.maximum(20 * WAVE, 0.0))
        row = score(absent, readings(30.0), nowhere, corners_time_s=0.0)
        assert row["phenotype"] == "excluded"
        assert row["phenotype_certainty"] == pytest.approx(0.5, abs=0.01)

    def test_controls_keep_their_values_and_the_limit(self) -> None:
        controls = tuple(
            session(f"c{i}", phase, time, stress="control")
            for i, present in enumerate((60.0, 90.0, 120.0))
            for phase, time in (("absent", 60.0), ("present", present))
        )
        # Ratios 1, 1.5, 2: mean − SD is 1.
        below_mean = rule(Criterion(kind="control_mean", k=1.0))
        row = score(readings(60.0), readings(59.5, WAVE), below_mean, controls)
        assert row["phenotype"] == "susceptible"
        assert row["phenotype_certainty"] == pytest.approx(0.75, abs=0.01)

    def test_a_mixture_keeps_its_boundary(self) -> None:
        rng = np.random.default_rng(4)
        ratios = np.exp(np.concatenate([rng.normal(-1.0, 0.15, 20), rng.normal(1.0, 0.15, 20)]))
        others = tuple(
            session(f"d{i}", phase, time)
            for i, ratio in enumerate(ratios)
            for phase, time in (("absent", 30.0), ("present", 30.0 * ratio))
        )
        mixture = rule(Criterion(kind="mixture"))
        assert score(readings(30.0), readings(12.0, WAVE), mixture, others)["phenotype_certainty"] == 1.0
        near = score(readings(30.0), readings(30.0, 15 * WAVE), mixture, others)
        assert 0.3 < near["phenotype_certainty"] < 0.9

    def test_a_protocol_without_a_rule_has_intervals_alone(self) -> None:
        row = score(readings(60.0), readings(60.0, WAVE), replace(GOLDEN, rule=None))
        assert row["si_ratio_low"] < 1 < row["si_ratio_high"]
        assert np.isnan(row["phenotype_certainty"])


def test_unequal_windows_are_compared_by_their_shares() -> None:
    rows = [session("a", "absent", 60.0), session("a", "present", 40.0, duration_s=100.0)]
    found = {(("", "a", ""), "target_absent"): readings(60.0), (("", "a", ""), "target_present"): readings(40.0, WAVE)}
    row = score_animals(pd.DataFrame(rows), GOLDEN, found).iloc[0]
    assert row["si_ratio"] == 1.0
    assert row["si_ratio_high"] == pytest.approx(1 + 0.95 / 40, abs=1e-3)
