"""A study is analysed as planned: the primary outcome by itself, the secondary ones as a family."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from csds.errors import TableError
from csds.stats.adjust import adjust_p
from csds.stats.analyse import analyse
from csds.stats.animals import Animals, read_animals
from csds.stats.plan import AnalysisPlan

PLAN = AnalysisPlan(
    reference={"stress": "control", "treatment": "isotype"},
    secondary=("interaction_present_s", "log_si_ratio", "corner_ratio"),
)


def study(tmp_path: Path, *, test: str = "") -> Animals:
    rng = np.random.default_rng(3)
    lines = ["animal_id,test,stress,treatment,si_ratio,log_si_ratio,interaction_present_s"]
    for stress, treatment, mean in (
        ("control", "isotype", 1.5),
        ("control", "anti-IL-4Rα", 1.5),
        ("defeated", "isotype", 0.7),
        ("defeated", "anti-IL-4Rα", 1.1),
    ):
        for i in range(8):
            ratio = mean * float(np.exp(0.3 * rng.normal()))
            lines.append(
                f"{stress[0]}{treatment[0]}{i},{test},{stress},{treatment},{ratio},{np.log(ratio)},{60 * ratio}"
            )
    path = tmp_path / "animals.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_animals(path)


def test_primary_outcome_comes_first_and_is_adjusted_by_itself(tmp_path: Path) -> None:
    found = analyse(study(tmp_path), PLAN)
    assert found.comparison.name == "stress_by_treatment"
    assert [one.outcome for one in found.results[:4]] == ["si_ratio"] * 4
    own = [one for one in found.results if one.analysis == "planned" and one.contrast and one.statistic_name == "t"]
    assert len(own) == 4
    assert [one.p_adjusted for one in own] == pytest.approx(list(adjust_p([one.p_value for one in own], "holm")))


def test_secondary_outcomes_are_one_family(tmp_path: Path) -> None:
    found = analyse(study(tmp_path), PLAN)
    family = [one for one in found.results if one.analysis == "secondary" and one.contrast and one.statistic_name]
    assert len(family) == 8
    assert {one.adjustment for one in family} == {"holm, 8 contrasts of 2 secondary outcomes"}
    assert [one.p_adjusted for one in family] == pytest.approx(list(adjust_p([one.p_value for one in family], "holm")))


def test_secondary_outcome_that_is_not_there_is_named_not_dropped(tmp_path: Path) -> None:
    (failed,) = analyse(study(tmp_path), PLAN).not_computed
    assert (failed.outcome, failed.what) == ("corner_ratio", "all")
    assert "no column 'corner_ratio'" in failed.why


def test_scaling_an_outcome_changes_no_test(tmp_path: Path) -> None:
    # Seconds are sixty times the ratio here.
    rows = analyse(study(tmp_path), PLAN).results
    ratio = [one for one in rows if one.outcome == "si_ratio"]
    seconds = [one for one in rows if one.outcome == "interaction_present_s"]
    assert len(ratio) > 30
    for one, other in zip(ratio, seconds, strict=True):
        assert one.p_value == pytest.approx(other.p_value, nan_ok=True)
        if one.effect_name == "difference":
            assert 60 * one.effect == pytest.approx(other.effect)


def test_missing_primary_outcome_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no column 'si_difference_s'"):
        analyse(study(tmp_path), AnalysisPlan(primary="si_difference_s"))


def test_repeated_tests_are_not_taken_for_independent_animals(tmp_path: Path) -> None:
    study(tmp_path, test="pre")
    path = tmp_path / "animals.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    later = []
    for number, line in enumerate(lines[1:]):
        *head, ratio, _, _ = line.replace(",pre,", ",post,").split(",")
        value = float(ratio) * (1.1 + 0.1 * np.sin(number))
        later.append(",".join([*head, f"{value}", f"{np.log(value)}", f"{60 * value}"]))
    path.write_text("\n".join([*lines, *later[1:]]) + "\n", encoding="utf-8")
    found = analyse(read_animals(path), PLAN)
    assert found.comparison.name == "pre_post"
    assert {one.n for one in found.results if one.test.startswith("mixed ANOVA")} == {31}
    assert [(one.animal, one.reason) for one in found.left_out["si_ratio"]] == [
        ("ci0", "no value at post: kept by the mixed model only")
    ]


def test_values_far_out_are_kept_unless_the_plan_leaves_them_out(tmp_path: Path) -> None:
    study(tmp_path)
    path = tmp_path / "animals.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = lines[1].split(",")
    lines[1] = ",".join([*cells[:4], "9.5", *cells[5:]])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    animals = read_animals(path)
    kept = analyse(animals, PLAN)
    assert not kept.left_out["si_ratio"]
    (far,) = [check.rows for check in kept.checks if check.name.startswith("far out")]
    assert 2 in far
    without = analyse(animals, replace(PLAN, outliers="left out"))
    left = without.left_out["si_ratio"]
    assert tuple(one.row for one in left) == far
    assert {one.reason for one in left} == {"si_ratio is far out (Tukey, 3 IQR)"}
    assert without.results[0].n == kept.results[0].n - len(far)
    assert without.results[0].excluded_because == f"{len(far)} si_ratio is far out (Tukey, 3 IQR)"
