"""Specification curves: the planned effect is csds stats's own, chance gives uniform p, a true effect is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from csds.analysis.analyse import analyse
from csds.analysis.animals import read_animals
from csds.analysis.plan import AnalysisPlan
from csds.analysis.specifications import ANCOVA, SpecificationCurve, curve_tests, specification_curve
from csds.behaviour.score import score_animals
from csds.behaviour.sensitivity import Way
from csds.errors import StatsError, TableError
from csds.formats.tables import write_table
from csds.protocol.load import load_protocol
from csds.stats.arms import ArmOutcome, shuffled_labels

GOLDEN = load_protocol("golden2011")
PLAN = AnalysisPlan()
WAYS: list[Way] = [(by, edge, share) for by in ("centre", "nose") for share in (1.0, 0.8) for edge in (0.0, -2.0, 2.0)]
ARMS = [(stress, treatment) for stress in ("control", "defeated") for treatment in ("isotype", "anti-IL-4Rα")]


def readings_of(rescue_s: float = 0.0, seed: int = 1, count: int = 40, **columns: list[str]) -> dict[Way, pd.DataFrame]:
    """Return animals, alternately of the four arms, read in twelve ways that differ by a little noise."""
    rng = np.random.default_rng(seed)
    arms = [ARMS[at % 4] for at in range(count)]
    seek = np.array([90.0 if stress == "control" else 55.0 + rescue_s * (arm != "isotype") for stress, arm in arms])
    times = {"target_absent": rng.normal(60, 12, count), "target_present": rng.normal(seek, 15)}
    design = {"stress": [arm[0] for arm in arms], "treatment": [arm[1] for arm in arms], "exclude": [""] * count}
    found = {}
    for way in WAYS:
        shift = 4.0 * way[1] + 2.0 * (way[0] == "nose")
        phases = [
            pd.DataFrame(
                {"animal_id": [f"m{at}" for at in range(count)], "phase": phase, "flags": "", "corners_time_s": 20.0,
                 "duration_s": 150.0, "interaction_time_s": np.clip(own + shift + rng.normal(0, 3, count), 5, 150)}
                | design | columns
            )
            for phase, own in times.items()
        ]  # fmt: skip
        found[way] = score_animals(pd.concat(phases, ignore_index=True), GOLDEN)
    return found


def curve_of(
    readings: dict[Way, pd.DataFrame], plan: AnalysisPlan = PLAN, draws: int = 200, **more: str
) -> SpecificationCurve:
    return specification_curve(readings, plan, GOLDEN, rng=np.random.default_rng(1), draws=draws, **more)


class TestCurve:
    def test_planned_effect_is_what_csds_stats_computes(self, tmp_path: Path) -> None:
        readings = readings_of(15.0)
        write_table(readings[WAYS[0]], tmp_path / "animals.csv")
        for primary in ("si_ratio", "log_si_ratio", "si_difference_s"):
            plan = replace(PLAN, primary=primary, secondary=())
            results = analyse(read_animals(tmp_path / "animals.csv"), plan).results
            curve = curve_of(readings, plan)
            size = next(one for one in results if one.effect_name == "Hedges' g" and one.contrast == curve.contrast)
            planned = curve.planned
            assert curve.contrast == "defeated + anti-IL-4Rα - defeated + isotype"
            assert (planned.effect.value, planned.effect.ci_low, planned.effect.ci_high) == pytest.approx(
                (size.effect, size.ci_low, size.ci_high), abs=1e-9
            )
            assert planned.n_treated + planned.n_reference == size.n

    def test_every_combination_is_there_sorted_and_one_is_planned(self) -> None:
        curve = curve_of(readings_of(15.0))
        effects = [one.effect.value for one in curve.effects]
        assert len(effects) == 12 * 7
        assert effects == sorted(effects)
        assert sum(one.is_planned for one in curve.effects) == 1
        assert curve.table()["window_s"].unique().tolist() in ([150.0, 120.0], [120.0, 150.0])
        assert curve.not_computed == ()

    def test_a_planned_analysis_of_covariance_is_marked(self) -> None:
        plan = replace(PLAN, primary="interaction_present_s", covariates=("interaction_absent_s",))
        assert curve_of(readings_of(15.0), plan).planned.specification.outcome == ANCOVA

    def test_a_true_effect_is_found_and_none_is_not(self) -> None:
        rescued, alike = curve_of(readings_of(40.0)), curve_of(readings_of(0.0))
        assert all(one.effect.value > 0 for one in rescued.effects)
        assert {one.p_value for one in rescued.tests} <= {1 / 201, 2 / 201}
        assert all(one.p_value > 0.05 for one in alike.tests)

    def test_the_effect_of_the_time_difference_is_the_one_that_was_put_in(self) -> None:
        # P − A differs by 20 s; its SD within arms is √(15² + 12² + 2 · 3²) s.
        curve = curve_of(readings_of(20.0, count=4000), replace(PLAN, primary="si_difference_s"), draws=1)
        assert curve.planned.effect.value == pytest.approx(20 / (15**2 + 12**2 + 18) ** 0.5, abs=0.1)

    def test_arms_the_other_way_round_turn_every_sign(self) -> None:
        readings = readings_of(15.0)
        turned = curve_of(readings, replace(PLAN, reference={"treatment": "anti-IL-4Rα"}))
        curve = curve_of(readings)
        assert [-one.effect.value for one in reversed(turned.effects)] == pytest.approx(
            [one.effect.value for one in curve.effects]
        )
        for one, other in zip(curve.tests, turned.tests, strict=True):
            assert abs(one.value) == pytest.approx(abs(other.value))

    def test_order_of_readings_behind_the_first_changes_nothing(self) -> None:
        readings = readings_of(15.0)
        turned = dict([next(iter(readings.items())), *reversed(list(readings.items())[1:])])
        curve, other = curve_of(readings), curve_of(turned)
        assert curve.effects == other.effects
        for one, same in zip(curve.tests, other.tests, strict=True):
            assert (one.value, one.p_value) == pytest.approx((same.value, same.p_value))

    def test_another_contrast_by_its_name(self) -> None:
        curve = curve_of(readings_of(15.0), contrast="defeated + isotype - control + isotype")
        assert curve.planned.effect.value < -1

    def test_exclusions_are_choices_where_they_change_the_animals(self) -> None:
        exclude, flags = [""] * 40, [""] * 40
        exclude[2], flags[3] = "wounded", "low_tracking"
        table = curve_of(readings_of(15.0, exclude=exclude, flags=flags)).table()
        of_ratio = table[table["outcome"] == "si_ratio"]
        sizes = of_ratio.groupby("exclusions")[["n_treated", "n_reference"]].first()
        assert sizes.to_dict(orient="index") == {
            "as planned": {"n_treated": 10, "n_reference": 9},
            "none": {"n_treated": 10, "n_reference": 10},
            "flagged too": {"n_treated": 9, "n_reference": 9},
        }
        assert set(curve_of(readings_of(15.0)).table()["exclusions"]) == {"as planned"}

    def test_animals_of_the_plan_only(self) -> None:
        curve = curve_of(
            readings_of(15.0, sex=["F", "F", "F", "F", "M", "M", "M", "M"] * 5), replace(PLAN, only={"sex": "F"})
        )
        assert curve.planned.n_treated == 5

    def test_what_cannot_be_computed_is_named(self) -> None:
        readings = readings_of(15.0)
        nose = readings[WAYS[6]]
        nose[["si_ratio", "log_si_ratio", "si_preference"]] = np.nan
        failed = curve_of(readings).not_computed
        assert [one.outcome for one, _ in failed] == [
            "si_ratio",
            "log_si_ratio",
            "si_preference",
            "rule control_mean",
        ]
        assert "found 0 and 0" in failed[0][1]


class TestRefused:
    def test_planned_outcome_of_something_else(self) -> None:
        with pytest.raises(StatsError, match="found 'corner_ratio'"):
            curve_of(readings_of(), replace(PLAN, primary="corner_ratio"))

    def test_planned_specification_that_has_no_values(self) -> None:
        with pytest.raises(StatsError, match="animals with a value"):
            curve_of(readings_of(count=8))

    def test_unknown_contrast(self) -> None:
        with pytest.raises(StatsError, match=r"expected a contrast of two groups .* found 'x - y'"):
            curve_of(readings_of(), contrast="x - y")

    def test_repeated_tests(self) -> None:
        first, second = readings_of(), readings_of(seed=2)
        both = {way: pd.concat([first[way].assign(test="pre"), second[way].assign(test="post")]) for way in WAYS}
        with pytest.raises(StatsError, match="expected one test of each animal"):
            curve_of(both)

    def test_nobody_of_the_plan(self) -> None:
        with pytest.raises(TableError, match="whose treatment is 'none'"):
            curve_of(readings_of(), replace(PLAN, only={"treatment": "none"}))

    def test_treatment_told_by_cohort(self) -> None:
        readings = {
            way: table.assign(cohort=["a" if arm == "isotype" else "b" for arm in table["treatment"]])
            for way, table in readings_of().items()
        }
        with pytest.raises(StatsError, match="nothing can be shuffled"):
            curve_of(readings)


class TestPermutation:
    def test_p_is_uniform_without_an_effect(self) -> None:
        # Simulated tables under the null: of correlated outcomes, each p lies below α in a share α of tables.
        rng, runs, p = np.random.default_rng(11), 400, []
        treated = np.arange(20) % 2 == 0
        for _ in range(runs):
            shared = rng.normal(size=20)
            outcomes = [ArmOutcome(values=shared + rng.normal(size=20)) for _ in range(6)]
            outcomes.append(ArmOutcome(values=outcomes[0].values, covariate=rng.normal(size=20)))
            outcomes.append(ArmOutcome(values=(shared > 0).astype(float), is_binary=True))
            labels = shuffled_labels(treated, rng=rng, draws=99)
            p.append([one.p_value for one in curve_tests(outcomes, treated, labels)])
        shares = {level: (np.array(p) <= level).mean(axis=0) for level in (0.05, 0.2, 0.5)}
        for level, (median, significant, stouffer) in shares.items():
            reach = 3.3 * (level * (1 - level) / runs) ** 0.5
            assert abs(median - level) < reach
            assert abs(stouffer - level) < reach
            assert significant < level + reach  # many curves have no significant specification: p = 1, conservative

    def test_animals_of_a_cage_are_shuffled_together(self) -> None:
        readings = {
            way: table.assign(cage=[f"{table['stress'][at]} {table['treatment'][at]} {at // 20}" for at in table.index])
            for way, table in readings_of(40.0).items()
        }
        # Two cages an arm allow six labellings, of which two are as extreme: p can't be small.
        caged = curve_of(readings, replace(PLAN, random=("cage",)))
        assert all(one.p_value > 0.2 for one in caged.tests)
