"""The same animals before and after, and with the target absent and present: as afex and lmerTest print it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from csds.analysis.animals import read_animals
from csds.analysis.comparison import find_comparison
from csds.analysis.plan import AnalysisPlan
from csds.analysis.results import Result
from csds.analysis.within import analyse_repeated, both_phases, change_contrasts, repeated_tests
from csds.errors import StatsError
from csds.stats.design import factor


@pytest.fixture
def shared() -> tuple[Path, dict[str, Any]]:
    """Return the folder of reference statistics, and what R prints."""
    named = os.environ.get("CSDS_REAL_DATA")
    if not named:
        pytest.skip("CSDS_REAL_DATA names no folder with reference statistics")
    folder = Path(named) / "reference_stats"
    return folder, json.loads((folder / "expected_r.json").read_text())


def pre_post(path: Path, to: Path, reference: str = "vehicle") -> list[Result]:
    """Return the analysis of a long table of tests, written as animals.csv."""
    long = pd.read_csv(path).rename(columns={"time": "test", "si": "si_ratio"})
    long.to_csv(to / "animals.csv", index=False)
    animals = read_animals(to)
    plan = AnalysisPlan(reference={"treatment": reference, "test": "pre"})
    rows = repeated_tests(animals, find_comparison(animals, plan), "si_ratio", plan)
    return list(analyse_repeated(rows, plan, analysis="planned").results)


@pytest.mark.parametrize("name", ["prepost", "prepost3"])
def test_tests_before_and_after_are_afexs_type_three(shared, tmp_path: Path, name: str) -> None:
    folder, expected = shared
    rows = {
        row.term: row for row in pre_post(folder / f"{name}_long.csv", tmp_path) if row.test == "mixed ANOVA, type III"
    }
    for wanted in expected[f"{name}_mixed_type3"]:
        row = rows[wanted["term"].replace("time", "test")]
        assert row.statistic == pytest.approx(wanted["F"], rel=1e-8)
        assert row.df1 == pytest.approx(wanted["num Df"], rel=1e-8)
        assert row.df2 == pytest.approx(wanted["den Df"], rel=1e-8)
        assert row.p_value == pytest.approx(wanted["Pr(>F)"], rel=1e-6)
        assert row.effect == pytest.approx(wanted["pes"], rel=1e-8)


def test_animal_with_a_missing_cell_is_kept_by_the_mixed_model(shared, tmp_path: Path) -> None:
    folder, expected = shared
    found = pre_post(folder / "prepost_missing_long.csv", tmp_path)
    rows = {row.term: row for row in found if row.test.startswith("linear mixed")}
    for wanted in expected["prepost_missing_lmer_typeIII_satt"]:
        assert rows[wanted["term"].replace("time", "test")].statistic == pytest.approx(wanted["F value"], rel=1e-5)
        assert rows[wanted["term"].replace("time", "test")].df2 == pytest.approx(wanted["DenDF"], rel=1e-3)
        assert rows[wanted["term"].replace("time", "test")].p_value == pytest.approx(wanted["Pr(>F)"], rel=1e-3)
    whole = {row.term: row for row in found if "ANOVA" in row.test}
    for wanted in expected["prepost_missing_listwise_type3"]:
        assert whole[wanted["term"].replace("time", "test")].statistic == pytest.approx(wanted["F"], rel=1e-8)
    assert rows["test"].n == whole["test"].n + 1


def test_target_absent_and_present_are_compared_within_animals(shared, tmp_path: Path) -> None:
    folder, expected = shared
    wide = pd.read_csv(folder / "two_by_two.csv").rename(
        columns={"zone_absent": "interaction_absent_s", "zone_present": "interaction_present_s"}
    )
    wide.drop(columns=["si_ratio"]).to_csv(tmp_path / "animals.csv", index=False)
    animals = read_animals(tmp_path)
    plan = AnalysisPlan(design="target_by_group", reference={"stress": "control", "treatment": "vehicle"})
    phases = both_phases(animals, find_comparison(animals, plan), plan)
    rows = analyse_repeated(phases, plan, analysis="planned").results
    terms = {row.term: row for row in rows if "ANOVA" in row.test}
    for wanted in expected["mixed_target_by_stress_x_treatment_type3"]:
        row = terms[wanted["term"]]
        assert row.statistic == pytest.approx(wanted["F"], rel=1e-8)
        assert row.p_value == pytest.approx(wanted["Pr(>F)"], rel=1e-6)
    changes = {row.contrast: row for row in rows if row.test == "difference within animals"}
    for wanted in expected["mixed_emm_target_within_group_none"]:
        row = changes[f"{wanted['group'].replace('_', ' + ')}: present - absent"]
        assert row.effect == pytest.approx(-wanted["estimate"], rel=1e-9)
        assert row.p_value == pytest.approx(wanted["p.value"], rel=1e-7)


def test_difference_of_changes_is_the_difference_of_changes() -> None:
    within = factor("test", ["pre", "post"], levels=["pre", "post"])
    drug = factor("treatment", ["isotype", "antibody"], levels=["isotype", "antibody"])
    difference, *changes = change_contrasts(within, [drug])
    assert difference.name == "(post - pre): antibody - isotype"
    assert [(one.at, one.name) for one in changes] == [("isotype", "post - pre"), ("antibody", "post - pre")]
    parts = dict.fromkeys([*changes[0].weights, *changes[1].weights][0][1])
    assert list(parts) == ["treatment", "test"]
    total = {tuple(cell.items()): weight for weight, cell in difference.weights}
    apart = {tuple(cell.items()): weight for weight, cell in changes[1].weights}
    apart |= {tuple(cell.items()): -weight for weight, cell in changes[0].weights}
    assert total == apart


def test_shifting_both_tests_changes_no_change(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    table = pd.DataFrame(
        {
            "animal_id": [f"m{i}" for i in range(12)] * 2,
            "test": ["pre"] * 12 + ["post"] * 12,
            "treatment": (["isotype"] * 6 + ["anti-IL-4Rα"] * 6) * 2,
            "si_ratio": rng.normal(1.0, 0.3, 24),
        }
    )
    table.to_csv(tmp_path / "a.csv", index=False)
    table.assign(si_ratio=table["si_ratio"] + 5).to_csv(tmp_path / "b.csv", index=False)
    one, other = (
        [row for row in pre_post(tmp_path / name, tmp_path, reference="isotype") if row.effect_name == "difference"]
        for name in ("a.csv", "b.csv")
    )
    assert [row.effect for row in one] == pytest.approx([row.effect for row in other])


def before_and_after(count: int = 8, **more: object) -> list[dict[str, object]]:
    """Return rows of animals of two treatments with two tests each."""
    rng = np.random.default_rng(2)
    return [
        {"animal_id": f"m{i}", "test": test, "treatment": ("isotype", "anti-IL-4Rα")[i % 2], "stress": "defeated",
         "si_ratio": 1 + 0.3 * rng.normal(), **more}
        for test in ("pre", "post") for i in range(count)
    ]  # fmt: skip


def analysed(animals, plan: AnalysisPlan, outcome: str = "si_ratio"):
    rows = repeated_tests(animals, find_comparison(animals, plan), outcome, plan)
    return analyse_repeated(rows, plan, analysis="planned")


def test_each_animal_is_counted_once_whatever_tests_it_lacks(animals_of) -> None:
    rows = before_and_after(12)
    rows[0]["si_ratio"] = ""  # m0 lacks its first value
    del rows[13]  # m1 has no second test
    for row in rows:
        if row["animal_id"] in ("m2", "m3"):
            row["exclude"] = "died"
        if row["animal_id"] == "m4":
            row["si_ratio"] = ""
    found = analysed(animals_of(rows), AnalysisPlan())
    anova = next(row for row in found.results if row.test.startswith("mixed ANOVA"))
    model = next(row for row in found.results if row.test.startswith("linear mixed model"))
    assert (anova.n, anova.n_excluded) == (7, 5)
    assert (model.n, model.n_excluded) == (9, 3)
    assert model.excluded_because == "excluded: died (2); si_ratio is missing (1)"
    assert {one.name for one in found.left_out} == {
        "m0 pre", "m0", "m1", "m2 pre", "m2 post", "m3 pre", "m3 post", "m4 pre", "m4 post",
    }  # fmt: skip


@pytest.mark.parametrize("extra", [{"random": ("cage",)}, {"fixed": ("sex",)}, {"covariates": ("weight_g",)}])
def test_what_the_plan_has_beside_the_factors_is_in_the_planned_model(animals_of, extra: dict[str, Any]) -> None:
    rows = before_and_after(16)
    for row in rows:
        number = int(str(row["animal_id"])[1:])
        row |= {"cage": f"c{number % 8}", "sex": "MF"[number // 8], "weight_g": 20 + number % 5}
    results = analysed(animals_of(rows), AnalysisPlan(**extra)).results
    planned = [row for row in results if row.analysis == "planned"]
    (name,) = next(iter(extra.values()))
    assert planned[0].contrast == "(post - pre): anti-IL-4Rα - isotype"
    assert all("mixed model" in row.test or name in row.test for row in planned if row.statistic_name)
    assert {row.analysis for row in results if "mixed ANOVA" in row.test} == {"sensitivity"}
    assert any(row.term == name for row in planned) or name == "cage"


def test_random_cage_gives_lmertests_contrast_of_changes(animals_of) -> None:
    rng = np.random.default_rng(4)
    cages, own = rng.normal(size=6), rng.normal(size=18)
    rows = [
        {"animal_id": f"m{i}", "test": test, "treatment": ("isotype", "drug")[i // 9], "cage": f"c{i // 3}",
         "si_ratio": round(1 + 0.5 * cages[i // 3] + 0.4 * own[i] + 0.3 * rng.normal()
                           + 0.4 * (test == "post") * (i // 9), 3)}
        for i in range(18) for test in ("pre", "post")
    ]  # fmt: skip
    plan = AnalysisPlan(random=("cage",), reference={"test": "pre", "treatment": "isotype"})
    found = analysed(animals_of(rows[1:]), plan).results
    # lmer(si_ratio ~ treatment * test + (1 | cage / animal_id)), contrast(emmeans(…), list(c(1, -1, -1, 1))), anova().
    first = found[0]
    assert (first.effect, first.statistic) == pytest.approx((0.5652405007, 2.566002422), rel=1e-5)
    assert (first.df1, first.p_value) == pytest.approx((15.36700715, 0.02120402746), rel=1e-3)
    terms = {row.term: row for row in found if row.test == "linear mixed model, type III"}
    assert terms["treatment"].df2 == pytest.approx(3.987679526, rel=1e-3)
    assert [terms[name].statistic for name in ("treatment", "test", "treatment:test")] == pytest.approx(
        [0.01345, 4.08475, 6.58437], abs=1e-5
    )


def test_second_random_column_is_refused_not_dropped(animals_of) -> None:
    rows = [row | {"cage": f"c{i % 4}", "cohort": "ab"[i % 2]} for i, row in enumerate(before_and_after())]
    plan = AnalysisPlan(random=("cohort", "cage"))
    with pytest.raises(StatsError, match="one random intercept beside the animal's own, found cohort and cage"):
        analysed(animals_of(rows), plan)


def test_groups_of_an_incomplete_factorial_are_compared_as_one_factor(animals_of) -> None:
    rows = before_and_after(12)
    for row in rows:
        number = int(str(row["animal_id"])[1:])
        row["stress"] = "defeated" if number % 2 or number < 6 else "control"
    contrasts = [row.contrast for row in analysed(animals_of(rows), AnalysisPlan()).results if row.contrast]
    assert contrasts[:2] == [
        "(post - pre): defeated + anti-IL-4Rα - defeated + isotype",
        "(post - pre): defeated + isotype - control + isotype",
    ]  # fmt: skip


def test_rows_without_a_test_are_left_out_by_name(animals_of) -> None:
    rows = [*before_and_after(), {"animal_id": "m99", "treatment": "isotype", "stress": "defeated", "si_ratio": 1.0}]
    left_out = analysed(animals_of(rows), AnalysisPlan()).left_out
    assert [(one.name, one.reason) for one in left_out] == [("m99", "its test is missing")]


def test_phases_of_animals_with_several_tests_are_refused(animals_of) -> None:
    rows = before_and_after(interaction_absent_s=60, interaction_present_s=50)
    animals, plan = animals_of(rows), AnalysisPlan(design="target_by_group")
    with pytest.raises(StatsError, match="one test of each animal, found pre, post") as error:
        both_phases(animals, find_comparison(animals, plan), plan)
    assert "--only test=post" in error.value.hint


def test_animal_without_one_phase_is_named_once(animals_of) -> None:
    rng = np.random.default_rng(3)
    rows: list[dict[str, object]] = [
        {"animal_id": f"m{i}", "treatment": ("isotype", "drug")[i % 2], "interaction_absent_s": 60 + rng.normal(),
         "interaction_present_s": 50 + rng.normal()}
        for i in range(10)
    ]  # fmt: skip
    rows[0]["interaction_absent_s"] = ""
    rows[1] |= {"interaction_absent_s": "", "interaction_present_s": ""}
    animals, plan = animals_of(rows), AnalysisPlan(design="target_by_group", factors=("treatment",))
    found = analyse_repeated(both_phases(animals, find_comparison(animals, plan), plan), plan, analysis="planned")
    assert [(one.row, one.animal, one.reason) for one in found.left_out] == [
        (3, "m1", "interaction_present_s is missing"),
        (2, "m0", "no value at absent: kept by the mixed model only"),
    ]
    counts = {row.test.split(",")[0]: (row.n, row.n_excluded) for row in found.results if row.statistic_name == "F"}
    assert counts == {"mixed ANOVA": (8, 2), "linear mixed model": (9, 1)}


def test_adding_a_constant_to_every_value_changes_no_change(animals_of) -> None:
    rows = [row | {"cage": f"c{i % 4}"} for i, row in enumerate(before_and_after())]
    shifted = [row | {"si_ratio": float(str(row["si_ratio"])) + 3.0} for row in rows]
    for plan in (AnalysisPlan(), AnalysisPlan(random=("cage",))):
        one, other = (
            [row for row in analysed(animals_of(some), plan).results if row.contrast or ":" in row.term]
            for some in (rows, shifted)
        )
        assert [row.effect for row in one] == pytest.approx([row.effect for row in other], nan_ok=True, rel=1e-6)
        assert [row.p_value for row in one] == pytest.approx([row.p_value for row in other], nan_ok=True, rel=1e-6)


def test_three_tests_have_both_corrections_and_mauchlys_test(shared, tmp_path: Path) -> None:
    folder, expected = shared
    found = pre_post(folder / "prepost3_long.csv", tmp_path)
    (mauchly,) = [row for row in found if row.test == "Mauchly's test"]
    wanted = expected["prepost3_mixed_mauchly"][0]
    assert mauchly.statistic == pytest.approx(wanted["Test statistic"], rel=1e-8)
    assert mauchly.p_value == pytest.approx(wanted["p-value"], rel=1e-6)
    corrected = [row for row in found if row.test.endswith("Huynh–Feldt")]
    assert [row.term for row in corrected] == ["test", "treatment:test"]
    assert {row.analysis for row in corrected} == {"sensitivity"}
    assert [row.p_value for row in corrected] == pytest.approx(
        [row["Pr(>F[HF])"] for row in expected["prepost3_mixed_eps"]], rel=1e-6
    )


#: Changes whose mean has, in R, boot.ci's BCa interval (200,000 resamples) and t.test's interval that follow.
CHANGES = (0.31, -0.12, 0.44, 0.25, 0.08, 0.61, -0.05, 0.37, 0.19, 0.9)
BCA_BOUNDS, T_BOUNDS = (0.137, 0.500), (0.07912209, 0.51687791)


def changed_by(changes: tuple[float, ...]) -> list[dict[str, object]]:
    """Return rows of animals of one group, alike before and changed after; those of another change twice as much."""
    return [
        {"animal_id": f"{name}{i}", "test": test, "treatment": treatment,
         "si_ratio": 1 + 0.01 * i + (times * change if test == "post" else 0.0)}
        for name, treatment, times in (("a", "isotype", 1), ("b", "anti-IL-4Rα", 2))
        for test in ("pre", "post") for i, change in enumerate(changes)
    ]  # fmt: skip


def test_each_groups_change_has_rs_bootstrap_interval(animals_of) -> None:
    results = analysed(animals_of(changed_by(CHANGES)), AnalysisPlan(draws=100_000)).results
    found = {(one.contrast, one.effect_name): one for one in results if one.test == "bootstrap, BCa"}
    one = found["isotype: post - pre", "mean change"]
    assert (one.effect, one.n, one.analysis) == (pytest.approx(0.298), 10, "planned")
    assert (one.ci_low, one.ci_high) == pytest.approx(BCA_BOUNDS, abs=0.006)
    double = found["anti-IL-4Rα: post - pre", "mean change"]
    assert (double.ci_low, double.ci_high) == pytest.approx((2 * one.ci_low, 2 * one.ci_high))
    assert found["isotype: post - pre", "median change"].effect == pytest.approx(np.median(CHANGES))


def test_each_group_is_described_at_each_test(animals_of) -> None:
    rows = [row | {"si_ratio": CHANGES[int(str(row["animal_id"])[1:])]} if row["test"] == "pre" else row
            for row in changed_by(CHANGES)]  # fmt: skip
    results = analysed(animals_of(rows), AnalysisPlan(draws=1000)).results
    means = {one.term: one for one in results if one.analysis == "description" and one.effect_name == "mean"}
    assert list(means) == ["isotype, pre", "anti-IL-4Rα, pre", "isotype, post", "anti-IL-4Rα, post"]
    assert (means["isotype, pre"].ci_low, means["isotype, pre"].ci_high) == pytest.approx(T_BOUNDS)


@pytest.mark.parametrize(("extra", "n"), [({}, 9), ({"fixed": ("sex",)}, 10)])
def test_described_are_the_animals_of_the_planned_model(animals_of, extra: dict[str, Any], n: int) -> None:
    rows = changed_by(CHANGES)
    for row in rows:
        row["sex"] = "MF"[int(str(row["animal_id"])[1:]) % 2]
    rows[10]["si_ratio"] = ""  # a0 after
    results = analysed(animals_of(rows), AnalysisPlan(draws=1000, **extra)).results
    means = {one.term: one.n for one in results if one.analysis == "description" and one.effect_name == "mean"}
    assert (means["isotype, pre"], means["isotype, post"]) == (n, 9)
