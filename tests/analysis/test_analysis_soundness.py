"""Controls, animals left out, sizes of groups and ratios that aren't defined: each named with its rows."""

from __future__ import annotations

import re

import pytest

from csds.analysis.comparison import find_comparison
from csds.analysis.plan import AnalysisPlan
from csds.analysis.soundness import controls_below_cutoff, small_groups, undefined_scores, unequal_exclusions

PLAN = AnalysisPlan()


def controls_with(low: int, n: int, **more: object) -> list[dict[str, object]]:
    return [
        {"animal_id": f"m{i}", "stress": "control", "below_cutoff": i < low, "si_ratio": 1.2, **more} for i in range(n)
    ] + [{"animal_id": f"d{i}", "stress": "defeated", "below_cutoff": True, "si_ratio": 0.5, **more} for i in range(3)]


def below(animals):
    return list(controls_below_cutoff(animals, find_comparison(animals, PLAN)))


@pytest.mark.parametrize(
    ("low", "n", "severity", "interval"),
    [
        (3, 12, "warning", "25 %, 95 % CI 9 % to 53 %"),  # R: prop.test(3, 12, correct = FALSE) 0.0889 to 0.5323
        (8, 42, "warning", "19 %, 95 % CI 10 % to 33 %"),  # 0.0998 to 0.3330
        (1, 12, "note", "8 %, 95 % CI 1 % to 35 %"),
        (5, 25, "note", "20 %, 95 % CI 9 % to 39 %"),  # 0.0886 to 0.3913
    ],
)
def test_controls_below_the_cut_off_are_named(animals_of, low: int, n: int, severity: str, interval: str) -> None:
    (notice,) = below(animals_of(controls_with(low, n)))
    assert (notice.code, notice.severity) == ("controls_below_cutoff", severity)
    assert notice.message.startswith(
        f"{low} of {n} controls ({interval}) lie below the cut-off (below_cutoff): m0 (row 2)"
    )
    assert notice.rows == tuple(range(2, 2 + low))


def test_controls_above_the_cut_off_need_no_word(animals_of) -> None:
    assert not below(animals_of(controls_with(0, 12)))


def test_controls_are_judged_by_their_first_test(animals_of) -> None:
    rows = [*controls_with(1, 12, test="pre"), *controls_with(5, 12, test="post")]
    (notice,) = below(animals_of(rows))
    assert notice.message.startswith("1 of 12 controls")


def arms(lost: dict[str, tuple[int, int]], cell: dict[str, object]) -> list[dict[str, object]]:
    return [
        {"animal_id": f"{arm}{i}", "treatment": arm, "si_ratio": 1.2, "exclude": ""} | (cell if i < k else {})
        for arm, (k, n) in lost.items()
        for i in range(n)
    ]


def unequal(animals, outcome: str = "si_ratio"):
    return list(unequal_exclusions(animals, find_comparison(animals, PLAN), outcome))


@pytest.mark.parametrize("cell", [{"exclude": "died"}, {"si_ratio": ""}])
@pytest.mark.parametrize(
    ("lost", "p"),
    [
        ({"a": (5, 10), "b": (0, 10)}, ".033"),  # R: fisher.test
        ({"a": (3, 10), "b": (0, 10)}, ".211"),  # 30 points
    ],
)
def test_unequal_exclusions_are_counted_by_arm(animals_of, lost, p: str, cell: dict[str, object]) -> None:
    (notice,) = unequal(animals_of(arms(lost, cell)))
    assert notice.code == "unequal_exclusions"
    assert f"a {lost['a'][0]} of 10, b 0 of 10 (Fisher's exact test, p = 0{p}; rows 2, 3" in notice.message
    assert notice.rows == tuple(range(2, 2 + lost["a"][0]))


@pytest.mark.parametrize(
    "lost",
    [
        {"a": (3, 10), "b": (1, 10)},  # p = .58, 20 points
        {"a": (1, 4), "b": (0, 4)},  # one animal
        {"a": (0, 8), "b": (0, 8)},
        {"a": (2, 8), "b": (2, 8)},
    ],
)
def test_equal_exclusions_need_no_word(animals_of, lost) -> None:
    assert not unequal(animals_of(arms(lost, {"exclude": "died"})))


def test_an_animal_that_misses_a_test_is_left_out(animals_of) -> None:
    rows = [
        {"animal_id": f"{arm}{i}", "test": test, "treatment": arm, "si_ratio": 1.2}
        for test in ("pre", "post")
        for arm in "ab"
        for i in range(8)
        if not (test == "post" and arm == "b" and i < 5)
    ]
    (notice,) = unequal(animals_of(rows))
    assert "a 0 of 8, b 5 of 8" in notice.message
    assert notice.rows == (10, 11, 12, 13, 14)


def test_too_many_tables_for_fisher_are_compared_by_chi_square(animals_of, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csds.stats.proportions.MOST_TABLES", 5)
    (notice,) = unequal(animals_of(arms({"a": (5, 10), "b": (0, 10)}, {"exclude": "died"})))
    # R: prop.test(c(5, 0), c(10, 10), correct = FALSE): χ² = 6.667, p = 0.0098.
    assert "χ² test, p = 0.010" in notice.message


def test_one_group_has_nothing_unequal(animals_of) -> None:
    rows = [
        {"animal_id": f"m{i}", "test": test, "si_ratio": "" if i else 1} for test in ("pre", "post") for i in range(4)
    ]
    animals = animals_of(rows)
    comparison = find_comparison(animals, PLAN)
    assert not list(unequal_exclusions(animals, comparison, "si_ratio"))
    assert not list(small_groups(animals, comparison, "si_ratio"))


def sized(n: dict[str, int], values: list[float], **more: object) -> list[dict[str, object]]:
    return [
        {"animal_id": f"{arm}{i}", "treatment": arm, "si_ratio": values[i % len(values)], **more}
        for arm, k in n.items()
        for i in range(k)
    ]


def test_small_groups_say_what_they_can_find(animals_of) -> None:
    animals = animals_of(sized({"a": 5, "b": 6}, [0.8, 1.2]))
    (notice,) = small_groups(animals, find_comparison(animals, PLAN), "si_ratio")
    # R: pwr.t2n.test(5, 6, power = .8)$d is 1.907198. Values are 0.2 from 1; a has three below and two above.
    assert notice.message.startswith("The smallest group, a, has 5 animals: against 6, a difference has to be 1.91 SD")
    sd = ((5 * 0.04 - 5 * 0.04**2 + 6 * 0.04) / 9) ** 0.5
    assert f"({1.907198 * sd:.3g} of si_ratio, by the pooled SD of {sd:.3g})" in notice.message


def test_of_repeated_tests_the_change_counts(animals_of) -> None:
    rows = [
        *sized({"a": 5, "b": 5}, [1.0, 2.0], test="pre"),
        *sized({"a": 5, "b": 5}, [1.1, 2.3, 1.2, 2.1, 1.3], test="post"),
    ]
    rows[-1]["si_ratio"] = ""
    animals = animals_of(rows)
    (notice,) = small_groups(animals, find_comparison(animals, PLAN), "si_ratio")
    # Changes a: .1 .3 .2 .1 .3, b: .1 .3 .2 .1: sums of squares .04 and .0275 on 7 degrees of freedom.
    assert "has 4 animals: against 5" in notice.message
    assert f"by the pooled SD of {(0.0675 / 7) ** 0.5:.3g})" in notice.message
    assert "of si_ratio's change" in notice.message


@pytest.mark.parametrize("n", [{"a": 8, "b": 9}, {"a": 1, "b": 9}])
def test_larger_groups_need_no_word_and_single_animals_are_the_analysis_own_error(animals_of, n) -> None:
    animals = animals_of(sized(n, [0.8, 1.2]))
    assert not list(small_groups(animals, find_comparison(animals, PLAN), "si_ratio"))


SCORED = [
    {"animal_id": "m0", "interaction_absent_s": 60, "corners_absent_s": 20, "si_ratio": 1.1, "flags": ""},
    {
        "animal_id": "m1",
        "interaction_absent_s": 3,
        "corners_absent_s": 20,
        "si_ratio": 4.4,
        "flags": "small_denominator",
    },
    {"animal_id": "m2", "interaction_absent_s": 0, "corners_absent_s": 20, "si_ratio": "", "flags": ""},
    {"animal_id": "m3", "interaction_absent_s": 0, "corners_absent_s": 20, "si_ratio": "inf", "flags": ""},
    {"animal_id": "m4", "interaction_absent_s": "", "corners_absent_s": 9, "si_ratio": "", "flags": "zero_denominator"},
    {"animal_id": "m5", "interaction_absent_s": "", "corners_absent_s": 0, "si_ratio": "", "flags": "missing_phase"},
]


def told(animals, outcome: str) -> dict[str, tuple[int, ...]]:
    return {notice.code: notice.rows for notice in undefined_scores(animals, outcome)}


def test_ratios_that_are_not_defined_are_named(animals_of) -> None:
    assert told(animals_of(SCORED), "si_ratio") == {
        "infinite_score": (5,), "undefined_score": (4, 6), "small_denominator": (3,),
    }  # fmt: skip


def test_only_what_an_outcome_divides_by_counts(animals_of) -> None:
    rows = [row | {"corner_ratio": "" if row["corners_absent_s"] == 0 else 1.2, "weight_g": 20} for row in SCORED]
    rows += [row | {"animal_id": "m6", "log_si_ratio": "", "flags": "zero_numerator"} for row in SCORED[:1]]
    animals = animals_of(rows)
    assert told(animals, "corner_ratio") == {"undefined_score": (7,)}
    assert told(animals, "weight_g") == {}
    assert told(animals, "log_si_ratio")["undefined_score"] == (4, 5, 6, 8)
    assert told(animals_of([{"animal_id": "m", "si_ratio": 1.1}]), "si_ratio") == {}


def test_percent_throughout_is_noted(animals_of) -> None:
    animals = animals_of([{"animal_id": f"m{i}", "si_ratio": v} for i, v in enumerate([110, 45, 160])])
    (notice,) = undefined_scores(animals, "si_ratio")
    assert (notice.code, notice.severity) == ("percent", "note")
    assert re.search("median of 110: .* percent", notice.message)


def test_excluded_animals_are_counted_among_those_that_are_taken(animals_of) -> None:
    rows = arms({"a": (5, 10), "b": (0, 10)}, {"exclude": "died"})
    both = [row | {"animal_id": f"{sex}{row['animal_id']}", "sex": sex} for sex in "fm" for row in rows]
    for row in both:
        if row["sex"] == "m":
            row["exclude"] = ""
    animals = animals_of(both)
    (notice,) = unequal(animals.only("sex", "f"))
    assert "a 5 of 10, b 0 of 10" in notice.message
    assert not unequal(animals.only("sex", "m"))
