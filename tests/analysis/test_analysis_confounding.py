"""What goes with an arm is named, and what only seems to isn't; animals that aren't independent are found."""

from __future__ import annotations

import numpy as np
import pytest

from csds.analysis.comparison import find_comparison
from csds.analysis.confounding import (
    NUISANCES,
    association,
    confounded,
    pseudoreplication,
    repeated_as_independent,
    singly_housed,
)
from csds.analysis.plan import AnalysisPlan

PLAN = AnalysisPlan()
BY_CAGE = AnalysisPlan(random=("cage",))


def rows_of_cells(column: str, cells: dict[tuple[str, str], int]) -> list[dict[str, object]]:
    arms = [(level, arm) for (level, arm), n in cells.items() for _ in range(n)]
    return [{"animal_id": f"m{i}", "treatment": arm, column: level} for i, (level, arm) in enumerate(arms)]


def notices(animals, plan: AnalysisPlan = PLAN):
    return list(confounded(animals, find_comparison(animals, plan), plan))


@pytest.mark.parametrize("column", [name for name in NUISANCES if name != "cage"])
def test_one_arm_in_each_level_is_confounded(animals_of, column: str) -> None:
    (notice,) = notices(animals_of(rows_of_cells(column, {("one", "a"): 5, ("two", "b"): 6})))
    assert notice.code == "confounded"
    assert notice.severity == "warning"
    assert notice.message.startswith(f"{column} goes with treatment (one: a 5, two: b 6): ")
    assert notice.rows == tuple(range(2, 13))


@pytest.mark.parametrize(
    ("cells", "is_confounded"),
    [
        ({("one", "a"): 15, ("two", "b"): 15, ("one", "b"): 1}, True),
        ({("one", "a"): 12, ("two", "b"): 12, ("one", "b"): 4, ("two", "a"): 4}, False),
        ({("one", "a"): 6, ("one", "b"): 6, ("two", "a"): 6, ("two", "b"): 6}, False),
        ({("one", "a"): 6, ("one", "b"): 6}, False),  # one level
        ({(str(i), "ab"[i % 2]): 1 for i in range(12)}, False),  # a day for each animal
        ({("one", "a"): 2, ("two", "b"): 2, **{(str(i), "ab"[i % 2]): 1 for i in range(12)}}, False),  # of few animals
        ({("one", "a"): 4, ("two", "a"): 4, **{(str(i), "b"): 1 for i in range(4)}}, False),  # arm b alone each
    ],
)  # fmt: skip
def test_nearly_confounded_counts_and_balance_does_not(animals_of, cells, *, is_confounded: bool) -> None:
    found = notices(animals_of(rows_of_cells("cohort", cells)))
    assert bool(found) == is_confounded
    if found:
        assert found[0].message.startswith("cohort nearly goes with treatment")


def test_whole_cages_of_one_arm_are_a_note_where_the_plan_reckons_with_cages(animals_of) -> None:
    animals = animals_of(rows_of_cells("cage", {(f"c{i}", "ab"[i % 2]): 2 for i in range(8)}))
    (reckoned,), (ignored,) = notices(animals, BY_CAGE), notices(animals)
    assert (reckoned.severity, ignored.severity) == ("note", "warning")
    assert "reckon with 8 cages" in ignored.message


def test_empty_arms_and_cells_are_no_level(animals_of) -> None:
    cells = {("one", "a"): 5, ("two", "b"): 5, ("two", ""): 3, ("", "a"): 3, ("three", ""): 3}
    (notice,) = notices(animals_of(rows_of_cells("cohort", cells)))
    assert "(one: a 5, two: b 5)" in notice.message


def test_association_is_bergsmas() -> None:
    # R: the formula on chisq.test(correct = FALSE); uncorrected it is 0.837.
    counts = [{"a": 9, "b": 1}, {"b": 8}, {"a": 2, "b": 1}]
    assert association(counts) == pytest.approx(0.795321246521, rel=1e-10)
    assert association([{"a": 1}, {"b": 1}]) == 0.0


def test_days_of_two_animals_seldom_look_confounded_by_chance() -> None:
    rng = np.random.default_rng(5)

    def drawn() -> float:
        arms = rng.permutation(["a", "b"] * 12).reshape(12, 2)
        return association([{arm: day.count(arm) for arm in day} for day in arms.tolist()])

    assert np.mean([drawn() >= 0.8 for _ in range(500)]) < 0.02


def housed(sizes: dict[str, tuple[int, ...]], **more: str) -> list[dict[str, object]]:
    return [
        {"animal_id": f"{stress}{cage}{i}", "stress": stress, "cage": f"{stress}{cage}", "si_ratio": 1.2, **more}
        for stress, cages in sizes.items()
        for cage, n in enumerate(cages)
        for i in range(n)
    ]


def test_a_singly_housed_arm_beside_pairs_is_named(animals_of) -> None:
    animals = animals_of(housed({"control": (2, 2, 1), "defeated": (1, 1, 1)}))
    (notice,) = singly_housed(animals, find_comparison(animals, PLAN))
    assert notice.code == "singly_housed"
    assert "All cages of stress defeated hold one animal (3 animals), while animals of control share" in notice.message
    assert notice.message.endswith("say so, and compare animals.")
    assert notice.rows == (7, 8, 9)


def test_cohort_and_aggressor_are_offered_where_the_table_has_them(animals_of) -> None:
    one, two = ({"cohort": c, "aggressor": f"cd{c}"} for c in "12")
    animals = animals_of(
        [*housed({"control": (2,), "defeated": (1, 1)}, **one), *housed({"control": (2,), "defeated": (1,)}, **two)]
    )
    (notice,) = singly_housed(animals, find_comparison(animals, PLAN))
    assert notice.message.endswith("take cohort or aggressor as the random effect instead.")


@pytest.mark.parametrize("defeated", [(2, 1, 1), (2, 2)])
def test_pairs_in_both_arms_are_no_matter(animals_of, defeated: tuple[int, ...]) -> None:
    animals = animals_of(housed({"control": (2, 2), "defeated": defeated}))
    assert not list(singly_housed(animals, find_comparison(animals, PLAN)))
    alone = animals_of(housed({"control": (1, 1), "defeated": (1, 1)}))
    assert not list(singly_housed(alone, find_comparison(alone, PLAN)))


def test_tests_of_one_animal_are_not_several_animals(animals_of) -> None:
    rows = [
        {"animal_id": f"m{i}", "test": test, "treatment": "ab"[i % 2], "si_ratio": 1}
        for test in ("pre", "post")
        for i in range(4)
    ]
    animals = animals_of(rows)
    (notice,) = repeated_as_independent(animals, find_comparison(animals, AnalysisPlan(design="two_groups")))
    assert notice.message.startswith("4 animals have several tests, which the design 'two_groups'")
    assert sorted(notice.rows) == list(range(2, 10))
    assert not list(repeated_as_independent(animals, find_comparison(animals, PLAN)))
    once = animals_of(rows[:4])
    assert not list(repeated_as_independent(once, find_comparison(once, PLAN)))


def test_cages_that_the_plan_does_not_know_are_named_with_their_design_effect(animals_of) -> None:
    animals = animals_of(housed({"control": (3, 3), "defeated": (1, 1)}))
    (notice,) = pseudoreplication(animals, PLAN)
    assert notice.message.startswith("6 of 8 animals share a cage with another (4 cages)")
    # The average animal's cage holds (9 + 9 + 1 + 1) / 8 = 2.5.
    assert "is 1.15 times" in notice.message
    assert notice.rows == tuple(range(2, 8))
    assert not list(pseudoreplication(animals, BY_CAGE))
    assert not list(pseudoreplication(animals, AnalysisPlan(fixed=("cage",))))
    assert not list(pseudoreplication(animals_of(housed({"control": (1, 1), "defeated": (1,)})), PLAN))


def test_a_factor_is_no_nuisance_of_itself_or_of_the_other(animals_of) -> None:
    cells = {("one", "a"): 5, ("two", "b"): 6}
    rows = [row | {"sex": "mf"[row["cohort"] == "one"]} for row in rows_of_cells("cohort", cells)]
    found = notices(animals_of(rows), AnalysisPlan(factors=("sex",)))
    assert [notice.message.split(" (")[0] for notice in found] == ["cohort goes with sex"]
