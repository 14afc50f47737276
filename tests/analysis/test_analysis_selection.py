"""Groups told by scores, animals chosen by them, and what chosen animals do by themselves."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from csds.analysis.animals import Animals
from csds.analysis.comparison import find_comparison
from csds.analysis.plan import AnalysisPlan
from csds.analysis.selection import (
    RETEST_MEANS,
    circular,
    circular_groups,
    is_defined_by_scores,
    regression_to_the_mean,
    selected,
)

RATIOS = [1.4, 0.8, 1.6, 0.3, 1.1, 0.7, 1.3, 0.5, 1.2, 0.6, 1.5, 0.4]


def rows_by(column: str, levels: list[str]) -> list[dict[str, object]]:
    return [
        {"animal_id": f"m{i}", column: level, "si_ratio": ratio, "weight_g": 20 + i}
        for i, (level, ratio) in enumerate(zip(levels, RATIOS, strict=False))
    ]


@pytest.mark.parametrize("column", ["phenotype", "below_cutoff", "si_ratio", "interaction_present_s", "corner_ratio"])
def test_columns_that_scores_define(column: str) -> None:
    assert is_defined_by_scores(column)


@pytest.mark.parametrize("column", ["stress", "treatment", "sex", "cage", "weight_g", "flags"])
def test_columns_that_scores_do_not_define(column: str) -> None:
    assert not is_defined_by_scores(column)


def test_own_threshold_of_the_ratio_is_found_and_told(animals_of) -> None:
    animals = animals_of(rows_by("responder", ["no" if ratio < 1 else "yes" for ratio in RATIOS]))
    reason = circular(animals, ["responder"], "corners_present_s")
    assert reason is not None
    assert reason.startswith("the levels of 'responder' don't overlap in si_ratio")
    (notice,) = circular_groups(animals, ["responder"], "si_ratio")
    assert (notice.code, notice.severity) == ("circular", "warning")


def test_thirds_of_the_ratio_are_found(animals_of) -> None:
    levels = ["high" if ratio > 1.25 else "low" if ratio < 0.65 else "middle" for ratio in RATIOS]
    assert circular(animals_of(rows_by("third", levels)), ["third"], "si_ratio")


def test_phenotypes_in_the_column_stress_are_told_by_their_names(animals_of) -> None:
    animals = animals_of(rows_by("stress", ["control", "Susceptible", "resilient"] * 4))
    assert circular(animals, ["stress"], "si_ratio") == (
        "'stress' holds phenotypes (Susceptible, resilient), which are told from the scores"
    )


def test_an_outcome_that_is_no_score_may_be_compared_between_phenotypes(animals_of) -> None:
    animals = animals_of(rows_by("phenotype", ["resilient", "susceptible"] * 6))
    assert circular(animals, ["phenotype"], "weight_g") is None
    assert circular(animals, ["phenotype"], "si_preference") == "'phenotype' is told from the scores"


@pytest.mark.parametrize(
    ("column", "levels"),
    [
        ("treatment", ["no" if ratio < 1 else "yes" for ratio in RATIOS]),  # assigned: however strong it is
        ("batch", ["a", "b"] * 3 + ["b", "a"] * 3),
        ("batch", ["no" if ratio < 1 else "yes" for ratio in RATIOS[:6]]),  # by chance in 1 of 10
        ("batch", [str(i) for i in range(12)]),  # ids
        ("batch", ["one"] * 12),
    ],
)
def test_assigned_and_overlapping_groups_are_compared(animals_of, column: str, levels: list[str]) -> None:
    animals = animals_of(rows_by(column, levels))
    assert circular(animals, [column], "si_ratio") is None
    assert not list(circular_groups(animals, [column], "si_ratio"))


def test_a_level_without_scores_is_no_sign(animals_of) -> None:
    animals = animals_of(
        [{**row, "si_ratio": ""} if row["batch"] == "c" else row for row in rows_by("batch", [*"cab"] * 4)]
    )
    assert circular(animals, ["batch"], "si_ratio") is None


def chosen_study(tests: tuple[str, ...] = ("",)) -> list[dict[str, object]]:
    return [
        {"animal_id": f"m{i}", "test": test, "treatment": "isotype" if i < 6 else "anti-IL-4Rα",
         "phenotype": "susceptible" if i % 3 == 0 else "resilient", "si_ratio": RATIOS[i]}
        for test in tests
        for i in range(12)
    ]  # fmt: skip


def test_choosing_by_a_phenotype_after_treatment_warns_with_the_arms(animals_of) -> None:
    (notice,) = selected(animals_of(chosen_study()), {"phenotype": "susceptible"})
    assert notice.code == "selected_after_treatment"
    assert "(isotype 2, anti-IL-4Rα 2 of isotype 6, anti-IL-4Rα 6)" in notice.message
    assert notice.rows == (2, 5, 8, 11)


def test_choosing_by_an_earlier_test_or_by_design_is_no_matter(animals_of) -> None:
    assert not list(selected(animals_of(chosen_study(("pre", "post"))), {"phenotype": "susceptible"}))
    assert not list(selected(animals_of(chosen_study()), {"treatment": "isotype"}))


def untreated(n: int, r: float, *, mean: float = 1.1, sd: float = 0.4) -> pd.DataFrame:
    """Two tests of defeated animals between which nothing happens, correlated by r; and controls far above."""
    rng = np.random.default_rng(11)
    first = rng.normal(size=n)
    last = r * first + np.sqrt(1 - r**2) * rng.normal(size=n)
    values = mean + sd * np.concatenate([first, last])
    defeated = pd.DataFrame(
        {"animal_id": [f"m{i}" for i in range(n)] * 2, "test": ["pre"] * n + ["post"] * n, "si_ratio": values}
    ).assign(stress="defeated")
    control = pd.DataFrame({"animal_id": [f"c{i}" for i in range(20)] * 2, "test": ["pre"] * 20 + ["post"] * 20})
    return pd.concat([defeated, control.assign(stress="control", si_ratio=3.0)], ignore_index=True)


def expected_change(table: pd.DataFrame) -> float:
    animals = Animals(table=table, left_out=())
    (notice,) = regression_to_the_mean(animals, find_comparison(animals, AnalysisPlan()))
    (found,) = re.findall(r"animals, ([+-]\d+\.\d+) is to be expected", notice.message)
    return float(found)


@pytest.mark.parametrize("r", [0.0, 0.4, 0.8])
@pytest.mark.parametrize("only_chosen_retested", [False, True])
def test_regression_to_the_mean_is_as_large_as_it_is(r: float, *, only_chosen_retested: bool) -> None:
    table = untreated(6000, r)
    before = table["si_ratio"][:6000].to_numpy()
    low = before < 1
    change = float((table["si_ratio"][6000:12000].to_numpy() - before)[low].mean())
    # In closed form, of a normal score cut at 1: 0.4 (1 − r) φ(z) / Φ(z), z = −0.25.
    assert change == pytest.approx(0.4 * (1 - r) * 0.386668 / 0.401294, abs=0.02)
    if only_chosen_retested:
        kept = np.ones(len(table), bool)
        kept[6000:12000] = low
        table = table[kept]
    assert expected_change(table) == pytest.approx(change, abs=0.03)


def test_without_data_the_reckoning_for_untreated_mice_stands_in(animals_of) -> None:
    low = [{"animal_id": f"m{i}", "test": test, "si_ratio": 0.5 + i / 40 + 0.3 * (test == "post")}
           for test in ("pre", "post") for i in range(12)]  # fmt: skip
    every = animals_of(low)
    (notice,) = regression_to_the_mean(every, find_comparison(every, AnalysisPlan()))
    assert f"(mean 0.64) are reckoned to come back at {RETEST_MEANS[0]} to {RETEST_MEANS[1]}" in notice.message
    assert notice.rows == tuple(range(2, 14))
    few = animals_of([row for row in low if row["animal_id"] in ("m0", "m1")])
    assert list(regression_to_the_mean(few, find_comparison(few, AnalysisPlan())))
    other = animals_of([{**row, "si_ratio": "", "weight_g": 20} for row in low])
    assert list(regression_to_the_mean(other, find_comparison(other, AnalysisPlan())))
    bare = animals_of([{"animal_id": row["animal_id"], "test": row["test"]} for row in low])
    assert list(regression_to_the_mean(bare, find_comparison(bare, AnalysisPlan())))


@pytest.mark.parametrize(("column", "warns"), [("sex", True), ("drug", False)])
def test_an_arm_by_another_name_is_one_and_sex_is_none(animals_of, column: str, *, warns: bool) -> None:
    animals = animals_of([{**row, column: row["treatment"]} for row in chosen_study(("pre", "post"))])
    comparison = find_comparison(animals, AnalysisPlan(factors=(column,)))
    assert bool(list(regression_to_the_mean(animals, comparison))) == warns


def test_an_isotype_arm_answers_the_question(animals_of) -> None:
    animals = animals_of(chosen_study(("pre", "post")))
    assert not list(regression_to_the_mean(animals, find_comparison(animals, AnalysisPlan())))
    once = animals_of(chosen_study())
    assert not list(regression_to_the_mean(once, find_comparison(once, AnalysisPlan())))
