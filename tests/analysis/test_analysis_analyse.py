"""A study is analysed as planned: the primary outcome by itself, the secondary ones as a family."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from csds.analysis.analyse import analyse
from csds.analysis.animals import Animals, read_animals
from csds.analysis.plan import AnalysisPlan
from csds.analysis.results import Result
from csds.errors import TableError
from csds.stats.adjust import adjust_p

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
    rows = analyse(study(tmp_path), replace(PLAN, variances="pooled")).results
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
    assert without.results[0].excluded_because == f"si_ratio is far out (Tukey, 3 IQR) ({len(far)})"


def numbers(results: Iterable[Result]) -> list[tuple[object, ...]]:
    return [(one.outcome, one.term, one.contrast, one.test, one.statistic, one.p_value, one.effect, one.n)
            for one in results]  # fmt: skip


def test_animals_chosen_after_treatment_come_after_the_whole_analysis_of_all(animals_of, factorial) -> None:
    animals = animals_of(factorial())
    whole = analyse(animals, AnalysisPlan())
    found = analyse(animals, AnalysisPlan(only={"phenotype": "susceptible"}))
    assert repr(numbers(found.results[: len(whole.results)])) == repr(numbers(whole.results))
    rest = found.results[len(whole.results) :]
    assert {one.analysis for one in rest} == {"selected"}
    assert rest[0].note.startswith("only phenotype = susceptible, chosen after treatment; planned")
    assert found.notices[0].code == "selected_after_treatment"


def test_a_plan_that_takes_one_sex_compares_chosen_animals_with_all_of_that_sex(animals_of, factorial) -> None:
    animals = animals_of(factorial(64))
    whole = analyse(animals, AnalysisPlan(only={"sex": "F"}))
    found = analyse(animals, AnalysisPlan(only={"sex": "F", "phenotype": "susceptible"}))
    assert repr(numbers(found.results[: len(whole.results)])) == repr(numbers(whole.results))
    assert (whole.results[0].n, whole.results[0].n_excluded) == (32, 32)
    assert "only phenotype = susceptible, chosen" in found.results[-1].note


def test_chosen_animals_that_allow_no_analysis_leave_that_of_all(animals_of, factorial) -> None:
    rows = [row for row in factorial() if row["phenotype"] != "susceptible" or row["treatment"] == "isotype"]
    found = analyse(animals_of(rows), AnalysisPlan(only={"phenotype": "susceptible"}))
    assert "selected" not in {one.analysis for one in found.results}
    failed = found.not_computed[-1]
    assert (failed.outcome, failed.what) == ("si_ratio", "all of the animals with phenotype = susceptible")
    assert "two groups at least" in failed.why


def repeated(factorial, count: int = 24) -> list[dict[str, object]]:
    rng = np.random.default_rng(3)
    return [
        row | {"test": test, "si_ratio": float(str(row["si_ratio"])) + 0.2 * rng.normal()}
        for test in ("pre", "post") for row in factorial(count)
    ]  # fmt: skip


def test_phenotype_of_the_first_test_chooses_animals_and_their_sex_each_row(animals_of, factorial) -> None:
    rows = repeated(factorial)
    for row in rows[24:]:
        row["phenotype"] = "resilient"
    gone = next(row for row in rows[:24] if row["phenotype"] == "susceptible" and row["sex"] == "F")
    rows.remove(gone)
    by_phenotype = analyse(animals_of(rows), AnalysisPlan(only={"phenotype": "susceptible"}, secondary=()))
    reasons = {one.name: one.reason for one in by_phenotype.left_out["si_ratio"]}
    assert reasons[f"{gone['animal_id']} post"] == "its phenotype at pre is not susceptible"
    by_sex = analyse(animals_of(rows), AnalysisPlan(only={"sex": "F"}, secondary=()))
    assert str(gone["animal_id"]) not in {
        one.animal for one in by_sex.left_out["si_ratio"] if "sex" in one.reason
    }  # fmt: skip


def test_one_test_of_each_animal_can_be_taken(animals_of, factorial) -> None:
    found = analyse(animals_of(repeated(factorial)), AnalysisPlan(only={"test": "post"}))
    assert found.comparison.name == "stress_by_treatment"
    assert (found.results[0].n, found.results[0].n_excluded) == (24, 24)


def test_phenotype_of_the_first_test_chooses_animals_whose_last_test_is_analysed(animals_of, factorial) -> None:
    rows = repeated(factorial, 48)
    expected = {row["animal_id"] for row in rows if (row["test"], row["phenotype"]) == ("pre", "susceptible")}
    for row in rows:
        if row["test"] == "post":
            row["phenotype"] = "resilient"
    one, other = (
        analyse(animals_of(rows), AnalysisPlan(only=dict(only)))
        for only in permutations((("test", "post"), ("phenotype", "susceptible")))
    )
    assert repr(one.results) == repr(other.results)
    assert (one.comparison.name, one.results[0].n) == ("two_groups", len(expected))


def test_phases_need_no_score(animals_of, factorial) -> None:
    rows = [{key: cell for key, cell in row.items() if "ratio" not in key} for row in factorial()]
    found = analyse(animals_of(rows), AnalysisPlan(design="target_by_group"))
    assert found.results[0].outcome == "interaction_s"
    assert found.plan == AnalysisPlan(design="target_by_group")


def test_groups_told_by_scores_are_described_at_each_test(animals_of, factorial) -> None:
    rows = [row for row in repeated(factorial, 32) if row["stress"] == "defeated"]
    found = analyse(animals_of(rows), AnalysisPlan(factors=("phenotype",), design="pre_post"))
    assert {one.analysis for one in found.results} == {"description"}
    means = {one.term: (one.effect, one.n) for one in found.results
             if one.effect_name == "mean" and one.outcome == "si_ratio"}  # fmt: skip
    for term, (mean, n) in means.items():
        phenotype, test = term.split(", ")
        values = [float(str(row["si_ratio"])) for row in rows if (row["phenotype"], row["test"]) == (phenotype, test)]
        assert (mean, n) == (pytest.approx(np.mean(values)), len(values))
    assert len(means) == 4


def test_proportions_join_the_secondary_family_only_if_planned(animals_of, factorial) -> None:
    animals = animals_of(factorial())
    named = analyse(animals, AnalysisPlan(secondary=("log_si_ratio", "phenotype")))
    fisher = next(one for one in named.results if one.test == "Fisher's exact test")
    assert (fisher.analysis, fisher.adjustment) == ("secondary", "holm, 5 contrasts of 2 secondary outcomes")
    assert not [one for one in named.not_computed if one.outcome == "phenotype"]
    unnamed = analyse(animals, AnalysisPlan(secondary=("log_si_ratio",)))
    fisher = next(one for one in unnamed.results if one.test == "Fisher's exact test")
    assert (fisher.analysis, fisher.adjustment) == ("exploratory", "")
    assert {one.adjustment for one in unnamed.results if one.analysis == "secondary" and one.adjustment} == {
        "holm, 4 contrasts of 1 secondary outcome"
    }


def test_covariate_is_no_outcome_of_its_own_model(animals_of, factorial) -> None:
    plan = AnalysisPlan(covariates=("interaction_absent_s",))
    failed = [one for one in analyse(animals_of(factorial()), plan).not_computed if one.what == "all"]
    assert [one.outcome for one in failed] == ["interaction_absent_s"]
    assert "is a covariate" in failed[0].why


def test_table_of_excluded_animals_says_why(animals_of, factorial) -> None:
    with pytest.raises(TableError, match=r"found all left out: excluded: died \(32\)"):
        analyse(animals_of([row | {"exclude": "died"} for row in factorial()]), AnalysisPlan())


def test_checks_are_of_the_planned_models_residuals(animals_of, factorial) -> None:
    rows = factorial()
    plain, adjusted = (analyse(animals_of(rows), AnalysisPlan(covariates=names)) for names in ((), ("weight_g",)))
    assert plain.checks[0].statistic == pytest.approx(0.9586045713, rel=1e-6)  # shapiro.test(resid(lm(…)))
    assert adjusted.checks[0].statistic == pytest.approx(0.9619153712, rel=1e-6)


@pytest.mark.parametrize("design", ["stress_by_treatment", "one_way", "target_by_group"])
def test_every_animal_is_used_or_left_out_with_a_reason(animals_of, factorial, design: str) -> None:
    rows = factorial(40)
    rows[3]["exclude"] = "died"
    rows[5]["si_ratio"] = rows[5]["interaction_present_s"] = ""
    rows[8]["treatment"] = ""
    rows[9]["sex"] = ""
    found = analyse(animals_of(rows), AnalysisPlan(design=design, fixed=("sex",)))
    for outcome, left_out in found.left_out.items():
        if outcome == "phenotype":
            continue  # controls have none
        first = next(one for one in found.results if one.outcome == outcome and one.analysis != "sensitivity")
        assert first.n + first.n_excluded == 40
        assert len({one.row for one in left_out}) == len(left_out)
        assert all(one.reason for one in left_out)


def test_row_order_changes_no_number(animals_of, factorial) -> None:
    rows = factorial()
    plan = AnalysisPlan(random=("sex",), draws=1000)
    one, other = (analyse(animals_of(some), plan) for some in (rows, rows[::-1]))
    key = {(r.outcome, r.analysis, r.test, r.term, r.contrast, r.effect_name): r for r in other.results}
    assert len(key) == len(one.results) == len(other.results)
    for row in one.results:
        same = key[row.outcome, row.analysis, row.test, row.term, row.contrast, row.effect_name]
        for name in ("statistic", "df1", "df2", "p_value", "p_adjusted", "effect", "ci_low", "ci_high", "n"):
            assert getattr(row, name) == pytest.approx(getattr(same, name), rel=1e-6, abs=1e-9, nan_ok=True)


def test_names_of_formula_characters_change_no_number(animals_of, factorial) -> None:
    rows = factorial()
    strange = {"isotype": "=SUM(A1) ~ x:y * 'isotype'", "anti-IL-4Rα": "-2 + \"β γ\" | C(q) - z",
               "control": "control + 0", "defeated": "(defeated) - 1"}  # fmt: skip
    renamed = [row | {name: strange[str(row[name])] for name in ("stress", "treatment")} for row in rows]
    plan = AnalysisPlan(draws=1000)
    one, other = (analyse(animals_of(some), plan) for some in (rows, renamed))
    fields = ("statistic", "df1", "df2", "p_value", "p_adjusted", "effect", "ci_low", "ci_high", "n")
    first, second = ([[getattr(row, name) for name in fields] for row in found.results] for found in (one, other))
    np.testing.assert_allclose(first, second, rtol=1e-9)
