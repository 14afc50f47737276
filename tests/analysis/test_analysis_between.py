"""Groups of animals are compared as R compares them, from a table as csds writes it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from csds.analysis.animals import Animals, read_animals
from csds.analysis.between import analyse_groups, planned_contrasts
from csds.analysis.comparison import find_comparison
from csds.analysis.groups import group_values
from csds.analysis.plan import AnalysisPlan
from csds.analysis.results import Result, results_table
from csds.errors import StatsError
from csds.stats.adjust import adjust_p
from csds.stats.design import factor

PLAN = AnalysisPlan(reference={"stress": "control", "treatment": "vehicle"})


@pytest.fixture
def reference() -> tuple[Animals, dict[str, list[dict[str, float]]]]:
    """Return the animals of the reference's two-by-two design, and what R prints for them."""
    shared = os.environ.get("CSDS_REAL_DATA")
    if not shared:
        pytest.skip("CSDS_REAL_DATA names no folder with reference statistics")
    folder = Path(shared) / "reference_stats"
    return read_animals(folder / "two_by_two.csv"), json.loads((folder / "expected_r.json").read_text())


def analysed(animals: Animals, plan: AnalysisPlan = PLAN, outcome: str = "si_ratio") -> list[Result]:
    found = find_comparison(animals, plan)
    groups = group_values(animals, found, outcome, plan)
    return list(analyse_groups(groups, found.name, plan, analysis="planned").results)


def only(animals: Animals, **levels: str) -> Animals:
    table = animals.table
    for column, level in levels.items():
        table = table[table[column] == level]
    return replace(animals, table=table)


def test_planned_contrasts_and_interaction_are_those_of_emmeans(reference) -> None:
    animals, expected = reference
    rows = analysed(animals)
    rescue, model, alone, interaction = rows[:4]
    within = {row["stress"]: row for row in expected["simple_treatment_within_stress"]}
    for row, contrast, sign in (
        (rescue, within["defeat"], -1),
        (alone, within["control"], -1),
        (model, expected["simple_stress_within_treatment"][0], -1),
    ):
        assert row.effect == pytest.approx(sign * contrast["estimate"], rel=1e-9)
        assert row.statistic == pytest.approx(sign * contrast["t.ratio"], rel=1e-9)
        assert row.df1 == contrast["df"]
        assert row.p_value == pytest.approx(contrast["p.value"], rel=1e-8)
    terms = {row["term"]: row for row in expected["anova_type3"]}
    # A single degree of freedom: the contrast's t is the root of the interaction's F.
    assert interaction.statistic**2 == pytest.approx(terms["stress:treatment"]["F value"], rel=1e-9)
    assert rescue.contrast == "defeat + drug - defeat + vehicle"
    assert {row.adjustment for row in rows[:4]} == {"holm, 4 contrasts"}


@pytest.mark.parametrize("kind", ["II", "III"])
def test_anova_is_cars(reference, kind: str) -> None:
    animals, expected = reference
    rows = [row for row in analysed(animals, replace(PLAN, sum_of_squares=kind)) if row.test.startswith("ANOVA, type")]
    number = len(kind)
    terms = {row["term"]: row for row in expected[f"anova_type{number}"]}
    sizes = {row["Parameter"]: row for row in expected[f"pes_type{number}"]}
    assert [row.term for row in rows] == ["stress", "treatment", "stress:treatment"]
    for row in rows:
        assert row.statistic == pytest.approx(terms[row.term]["F value"], rel=1e-9)
        assert row.p_value == pytest.approx(terms[row.term]["Pr(>F)"], rel=1e-8)
        assert row.effect == pytest.approx(sizes[row.term]["Eta2_partial"], rel=1e-9)
        assert row.ci_low == pytest.approx(sizes[row.term]["CI_low"], rel=1e-6, abs=1e-9)


def test_tukey_takes_all_pairs(reference) -> None:
    animals, expected = reference
    rows = [row for row in analysed(animals, replace(PLAN, adjust="tukey")) if row.adjustment.startswith("tukey")]
    assert [row.p_adjusted for row in rows] == pytest.approx(
        [row["p.value"] for row in expected["pairs6_pooled_tukey"]], rel=1e-6
    )


def test_two_groups_are_compared_by_welch_and_ranks(reference) -> None:
    animals, expected = reference
    rows = {row.test: row for row in analysed(only(animals, stress="defeat"))}
    welch = expected["welch_defveh_vs_defdrug"]
    assert rows["Welch's t"].statistic == pytest.approx(-welch["t"], rel=1e-9)
    assert rows["Welch's t"].p_value == pytest.approx(welch["p"], rel=1e-8)
    assert (rows["Welch's t"].ci_low, rows["Welch's t"].ci_high) == pytest.approx(
        tuple(-bound for bound in reversed(welch["ci"])), rel=1e-8
    )
    assert rows["Mann–Whitney"].p_value == pytest.approx(expected["mwu_exact_defveh_vs_defdrug"]["p"], rel=1e-9)
    assert rows["Mann–Whitney"].effect == pytest.approx(-expected["hodges_lehmann"]["est"], rel=1e-6)
    size = expected["hedges_g_defveh_defdrug"][0]
    assert rows["Hedges' g"].effect == pytest.approx(-size["Hedges_g"], rel=1e-6)
    assert rows["Hedges' g"].ci_low == pytest.approx(-size["CI_high"], rel=1e-6)
    assert rows["Welch's t"].analysis == "planned"
    assert rows["Student's t"].analysis == "sensitivity"


def test_incomplete_factorial_keeps_the_planned_contrasts_that_it_allows(reference) -> None:
    animals, _ = reference
    table = animals.table
    some = replace(animals, table=table[(table["stress"] == "defeat") | (table["treatment"] == "vehicle")])
    found = find_comparison(some, PLAN)
    assert (found.name, found.groups[0]) == ("one_way", "control + vehicle")
    rows = analysed(some)
    assert [row.contrast for row in rows if row.analysis == "planned" and row.statistic_name == "t"] == [
        "defeat + drug - defeat + vehicle", "defeat + vehicle - control + vehicle",
    ]  # fmt: skip
    assert {row.adjustment for row in rows[:2]} == {"holm, 2 contrasts"}
    pairs = {row.contrast: row for row in rows if row.test == "Games–Howell, separate variances"}
    assert rows[0].effect == pytest.approx(-pairs["defeat + vehicle - defeat + drug"].effect)


def test_factorial_without_its_reference_cell_is_compared_with_its_first_group(reference) -> None:
    animals, _ = reference
    table = animals.table
    some = replace(animals, table=table[(table["stress"] == "defeat") | (table["treatment"] == "drug")])
    rows = analysed(some)
    assert [row.contrast for row in rows[:2]] == [
        "defeat + vehicle - control + drug", "defeat + drug - control + drug",
    ]  # fmt: skip
    assert {row.adjustment for row in rows[:2]} == {"dunnett, 2 contrasts"}


def test_complete_factorial_named_one_way_is_compared_with_its_reference(reference) -> None:
    animals, _ = reference
    rows = analysed(animals, replace(PLAN, design="one_way"))
    assert [row.contrast.partition(" - ")[2] for row in rows[:3]] == ["control + vehicle"] * 3
    assert {row.adjustment for row in rows[:3]} == {"dunnett, 3 contrasts"}
    other = analysed(animals, replace(PLAN, design="one_way", adjust="bonferroni"))
    assert [row.p_adjusted for row in other[:3]] == pytest.approx([min(1, 3 * row.p_value) for row in other[:3]])
    assert {row.adjustment for row in other[:3]} == {"bonferroni, 3 contrasts"}


def write(tmp_path: Path, values: dict[str, list[float | str]]) -> Animals:
    lines = ["animal_id,stress,treatment,si_ratio"]
    for number, (group, cells) in enumerate(values.items()):
        stress, treatment = group.split("/")
        lines += [f"m{number}{i},{stress},{treatment},{cell}" for i, cell in enumerate(cells)]
    path = tmp_path / "animals.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_animals(path)


def test_swapping_groups_flips_every_sign(tmp_path: Path) -> None:
    a, b = [0.5, 0.7, 0.6, 0.9], [1.1, 1.3, 0.8, 1.2]
    plan = AnalysisPlan(reference={"treatment": "isotype"})
    one = analysed(write(tmp_path, {"defeated/isotype": a, "defeated/anti-IL-4Rα": b}), plan)
    other = analysed(write(tmp_path, {"defeated/isotype": b, "defeated/anti-IL-4Rα": a}), plan)
    described = ("description", "Glass's delta")
    for first, second in zip(one, other, strict=True):
        if first.test in described or first.test.startswith("bootstrap"):
            continue  # the reference's own SD, and draws that differ
        assert first.effect == pytest.approx(-second.effect, nan_ok=True)
        assert first.p_value == pytest.approx(second.p_value, nan_ok=True)
        assert first.ci_low == pytest.approx(-second.ci_high, nan_ok=True)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"control/isotype": [1.0, 1.2, 1.1], "defeated/isotype": [0.5]}, "1|one"),
        ({"control/isotype": [1.0, 1.0, 1.0], "defeated/isotype": [1.0, 1.0, 1.0]}, "equal|alike|vary"),
        ({"control/isotype": [1.0, 1.2, 1.1], "defeated/isotype": ["", ""]}, "found none in defeated"),
    ],
)
def test_what_can_not_be_compared_is_an_error_that_says_so(
    tmp_path: Path, cells: dict[str, list[float | str]], message: str
) -> None:
    with pytest.raises(StatsError, match=message):
        analysed(write(tmp_path, cells), AnalysisPlan())


def test_left_out_animals_are_counted_in_every_row(tmp_path: Path) -> None:
    animals = write(tmp_path, {"control/isotype": [1.0, 1.2, 1.1, ""], "defeated/isotype": [0.5, 0.7, 0.6, "inf"]})
    rows = analysed(animals, AnalysisPlan())
    assert {row.n_excluded for row in rows} == {2}
    assert {row.excluded_because for row in rows} == {"si_ratio is missing (1); si_ratio is infinite (1)"}
    assert rows[0].n == 6
    table = results_table(rows)
    assert table.loc[0, "contrast"] == "defeated - control"
    assert np.isfinite(table.loc[0, ["statistic", "p_value", "effect", "ci_low", "ci_high"]].astype(float)).all()


def test_planned_contrasts_of_several_doses_are_each_against_the_reference() -> None:
    stress = factor("stress", ["control", "defeated"] * 3)
    doses = factor("treatment", ["isotype", "low", "high"] * 2, levels=["isotype", "low", "high"])
    names = [contrast.name for contrast in planned_contrasts((stress, doses))]
    assert names[:2] == ["defeated + low - defeated + isotype", "defeated + high - defeated + isotype"]
    assert names[2] == "defeated + isotype - control + isotype"
    assert len(names) == 7
    assert all(sum(weight for weight, _ in contrast.weights) == 0 for contrast in planned_contrasts((stress, doses)))


def test_several_groups_have_dunnetts_test_unless_the_plan_names_another(reference) -> None:
    animals, _ = reference
    plan = replace(PLAN, design="one_way")
    first = {row.adjustment for row in analysed(animals, plan)[:3]}
    assert first == {"dunnett, 3 contrasts"}
    named = analysed(animals, replace(plan, adjust="holm"))[:3]
    assert {row.adjustment for row in named} == {"holm, 3 contrasts"}
    assert [row.p_adjusted for row in named] == pytest.approx(list(adjust_p([row.p_value for row in named], "holm")))


@pytest.mark.parametrize("design", ["stress_by_treatment", "one_way", "two_groups"])
def test_variances_decide_which_tests_are_the_planned_ones(reference, design: str) -> None:
    animals, _ = reference
    some = only(animals, stress="defeat") if design == "two_groups" else animals
    plan = replace(PLAN, design=design)
    found = {
        name: {(row.test, row.contrast, row.term): row for row in analysed(some, replace(plan, variances=name))}
        for name in ("pooled", "separate")
    }
    tests = [key for key, row in found["pooled"].items() if row.statistic_name in ("t", "F") and row.effect_name]
    assert tests
    swapped = 0
    for key in tests:
        one, other = found["pooled"][key], found["separate"][key]
        assert (one.statistic, one.p_value) == (other.statistic, other.p_value)
        swapped += one.analysis != other.analysis
    assert swapped >= 2


def test_model_with_more_than_factors_has_pooled_variances_only() -> None:
    assert "expected pooled" in replace(PLAN, variances="separate", random=("cage",)).fault()
