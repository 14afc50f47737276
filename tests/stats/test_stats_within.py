"""The same animals before and after, and with the target absent and present: as afex and lmerTest print it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from csds.stats.animals import read_animals
from csds.stats.comparison import find_comparison
from csds.stats.design import factor
from csds.stats.plan import AnalysisPlan
from csds.stats.results import Result
from csds.stats.within import analyse_repeated, both_phases, change_contrasts, repeated_tests


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
    rows = {row.term: row for row in pre_post(folder / f"{name}_long.csv", tmp_path) if "ANOVA" in row.test}
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
