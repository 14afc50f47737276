"""Sentences of results say what the numbers say, in words that a paper can take."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from csds.analysis.analyse import Analysis
from csds.analysis.comparison import Comparison, FactorLevels
from csds.analysis.plan import AnalysisPlan
from csds.analysis.results import Result
from csds.analysis.sentences import results_sentences

STRESS = FactorLevels(name="stress", levels=("control", "defeated"))
TREATMENT = FactorLevels(name="treatment", levels=("isotype", "anti-IL-4Rα"))
TESTS = FactorLevels(name="test", levels=("pre", "post", "late"))
GROUPS = ("control + isotype", "control + anti-IL-4Rα", "defeated + isotype", "defeated + anti-IL-4Rα")


def told(
    results: Sequence[Result],
    *,
    name: str = "stress_by_treatment",
    factors: tuple[FactorLevels, ...] = (STRESS, TREATMENT),
    groups: tuple[str, ...] = GROUPS,
    plan: AnalysisPlan | None = None,
) -> list[str]:
    within = TESTS if name == "pre_post" else None
    comparison = Comparison(name=name, factors=factors, groups=groups, within=within, why="")
    analysis = Analysis(
        plan=plan or AnalysisPlan(), comparison=comparison, results=tuple(results), checks=(), notices=(), left_out={},
        not_computed=(),
    )  # fmt: skip
    return results_sentences(analysis)


def contrast(name: str, effect: float = -0.5, **more: object) -> Result:
    parts = {
        "analysis": "planned", "outcome": "si_ratio", "test": "contrast", "contrast": name, "statistic_name": "t",
        "statistic": -2.5, "df1": 20.0, "p_value": 0.0212, "effect_name": "difference", "effect": effect,
        "ci_low": effect - 0.4, "ci_high": effect + 0.4,
    }  # fmt: skip
    return Result(**(parts | more))


NUMBERS = "(difference = -0.50, 95 % CI [-0.90, -0.10], t(20) = -2.50, p = .021)"


def test_difference_is_told_with_its_direction_interval_and_sizes() -> None:
    name = "defeated + isotype - control + isotype"
    size = Result(analysis="planned", outcome="si_ratio", test="Hedges' g", contrast=name, effect_name="Hedges' g",
                  effect=-1.1, ci_low=-1.9, ci_high=-0.3)  # fmt: skip
    (one,) = told([contrast(name, p_adjusted=0.0424, adjustment="holm, 4 contrasts"), size])
    assert one == (
        "SI ratio was lower in defeated + isotype than in control + isotype (difference = -0.50, "
        "95 % CI [-0.90, -0.10], t(20) = -2.50, p = .021, Holm-adjusted p = .042, Hedges' g = -1.10, "
        "95 % CI [-1.90, -0.30])."
    )


@pytest.mark.parametrize(
    ("effect", "words"), [(0.5, "was higher in a than in"), (-0.5, "was lower in a than in"), (0.0, "the same in a as")]
)
def test_direction_is_that_of_the_effect(effect: float, words: str) -> None:
    (one,) = told([contrast("a - b", effect)], name="two_groups", groups=("b", "a"), factors=())
    assert words in one


@pytest.mark.parametrize(
    ("name", "contrast_name", "words"),
    [
        (
            "stress_by_treatment",
            "(defeated + anti-IL-4Rα - defeated + isotype) - (control + anti-IL-4Rα - control + isotype)",
            "The difference between anti-IL-4Rα and isotype in SI ratio was lower in defeated than in control",
        ),
        (
            "pre_post",
            "(late - pre): defeated + isotype - control + isotype",
            "The change in SI ratio from pre to late was lower in defeated + isotype than in control + isotype",
        ),
        ("pre_post", "defeated + isotype: post - pre", "SI ratio fell from pre to post in defeated + isotype"),
        ("pre_post", "post - pre", "SI ratio fell from pre to post"),
        (
            "pre_post",
            "(post - pre): (defeated + anti-IL-4Rα - defeated + isotype) - (control + anti-IL-4Rα - control + isotype)",
            "The difference between anti-IL-4Rα and isotype in the change in SI ratio from pre to post was lower in "
            "defeated than in control",
        ),
    ],
)
def test_contrasts_are_told_in_words(name: str, contrast_name: str, words: str) -> None:
    assert told([contrast(contrast_name)], name=name) == [f"{words} {NUMBERS}."]


@pytest.mark.parametrize(
    ("contrast_name", "words"),
    [
        ("defeated + isotype - control + isotype", "SI ratio was not shown to differ between defeated + isotype and"),
        (
            "(defeated + anti-IL-4Rα - defeated + isotype) - (control + anti-IL-4Rα - control + isotype)",
            "The difference between anti-IL-4Rα and isotype in SI ratio was not shown to differ between defeated and "
            "control (",
        ),
    ],
)
def test_no_direction_is_told_of_a_difference_that_the_test_does_not_show(contrast_name: str, words: str) -> None:
    by_p = contrast(contrast_name, p_value=0.05)
    by_adjusted_p = contrast(contrast_name, p_adjusted=0.0636, adjustment="holm, 3 contrasts")
    for one in (by_p, by_adjusted_p):
        assert told([one])[0].startswith(words)


def test_no_direction_is_told_of_a_change_that_the_test_does_not_show() -> None:
    (one,) = told([contrast("defeated + isotype: post - pre", p_value=0.2)], name="pre_post")
    assert one.startswith("SI ratio was not shown to change from pre to post in defeated + isotype (")


def test_times_are_told_with_their_unit() -> None:
    (one,) = told(
        [contrast("control + isotype: present - absent", 12.0, outcome="interaction_s")], name="target_by_group"
    )
    assert one.startswith(
        "Time in the interaction zone rose from target absent to target present in control + isotype "
        "(difference = 12.00 s, 95 % CI [11.60, 12.40], "
    )


def test_rise_and_standstill_are_told_as_such() -> None:
    assert told([contrast("post - pre", 0.5)], name="pre_post")[0].startswith("SI ratio rose from pre to post (")
    assert told([contrast("post - pre", 0.0)], name="pre_post")[0].startswith("SI ratio stayed as it was from pre")


def test_name_that_could_mean_several_pairs_is_left_as_it_is() -> None:
    groups = ("c", "a - b", "b - c", "a")
    (one,) = told([contrast("a - b - c")], name="one_way", groups=groups, factors=())
    assert one == f"SI ratio, a - b - c {NUMBERS}."
    (other,) = told([contrast("b - c - c")], name="one_way", groups=groups, factors=())
    assert other.startswith("SI ratio was lower in b - c than in c ")


@pytest.mark.parametrize("adjustment", ["none", "holm, 1 contrast", ""])
def test_p_that_was_not_adjusted_is_told_once(adjustment: str) -> None:
    (one,) = told([contrast(f"{GROUPS[2]} - {GROUPS[0]}", p_adjusted=0.0212, adjustment=adjustment)])
    assert one.endswith(NUMBERS + ".")


def test_terms_of_a_test_are_one_sentence() -> None:
    terms = [
        Result(analysis="planned", outcome="si_ratio", test="mixed ANOVA, type III", term=term, statistic_name="F",
               statistic=4.031, df1=1, df2=31.25, p_value=0.0004, effect_name="partial eta squared", effect=0.115,
               ci_low=0.0, ci_high=0.327)
        for term in ("treatment", "treatment:test")
    ]  # fmt: skip
    assert told(terms) == [
        "Mixed ANOVA, type III: treatment, F(1, 31.25) = 4.03, p < .001, partial η² = 0.12, 95 % CI [0.00, 0.33]; "
        "treatment × test, F(1, 31.25) = 4.03, p < .001, partial η² = 0.12, 95 % CI [0.00, 0.33]."
    ]


def fisher(**more: object) -> Result:
    parts = {
        "analysis": "secondary", "outcome": "phenotype", "test": "Fisher's exact test", "p_value": 0.07,
        "contrast": "defeated + anti-IL-4Rα - defeated + isotype", "note": "2 of 10 against 7 of 10",
        "effect_name": "conditional odds ratio", "effect": 0.118, "ci_low": 0.008, "ci_high": 1.13,
    }  # fmt: skip
    return Result(**(parts | more))


def test_proportions_are_told_with_their_odds_ratio() -> None:
    assert told([fisher()]) == [
        "2 of 10 animals were susceptible in defeated + anti-IL-4Rα and 7 of 10 in defeated + isotype (Fisher's exact "
        "test, p = .070, conditional odds ratio = 0.12, 95 % CI [0.01, 1.13])."
    ]
    (adjusted,) = told([fisher(p_adjusted=0.14, adjustment="holm, 5 contrasts of 2 secondary outcomes")])
    assert "p = .070, Holm-adjusted p = .140, conditional" in adjusted


def test_infinite_and_missing_odds_ratios_are_told_as_such() -> None:
    assert "= ∞, 95 % CI [0.38, ∞]" in told([fisher(effect=float("inf"), ci_low=0.38, ci_high=float("inf"))])[0]
    nothing = float("nan")
    assert told([fisher(effect_name="", effect=nothing, ci_low=nothing, ci_high=nothing)])[0].endswith(
        "(Fisher's exact test, p = .070, no odds ratio)."
    )


def test_proportions_of_groups_with_dashes_are_not_torn() -> None:
    (one,) = told([fisher(contrast="b - c - d: e")])
    assert one.startswith("Animals that were susceptible, b - c - d: e: 2 of 10 and 7 of 10 (")


def test_chosen_animals_come_last_and_are_said_to_be_chosen() -> None:
    chosen = contrast(
        "anti-IL-4Rα - isotype", 0.28, analysis="selected", note="only …, chosen after treatment; planned"
    )
    unplanned = contrast("anti-IL-4Rα - isotype", analysis="selected", note="only …; sensitivity")
    sentences = told(
        [contrast(f"{GROUPS[2]} - {GROUPS[0]}"), chosen, unplanned],
        plan=AnalysisPlan(only={"phenotype": "susceptible"}),
    )
    assert len(sentences) == 2
    assert sentences[1].startswith(
        "Among animals with phenotype susceptible alone, chosen after treatment: SI ratio was higher in anti-IL-4Rα "
        "than in isotype (difference = 0.28, "
    )


def test_groups_that_are_only_described_have_their_means_told() -> None:
    rows = [
        Result(analysis="description", outcome=outcome, test="description", term=term, effect_name="mean", effect=1.5,
               ci_low=1.25, ci_high=1.75, n=20)
        for outcome in ("si_ratio", "corner_ratio") for term in ("control", "susceptible")
    ]  # fmt: skip
    assert told(rows) == [
        "Mean SI ratio of control was 1.50, 95 % CI [1.25, 1.75] (n = 20).",
        "Mean SI ratio of susceptible was 1.50, 95 % CI [1.25, 1.75] (n = 20).",
    ]
    assert told([*rows, contrast(f"{GROUPS[2]} - {GROUPS[0]}")])[0].startswith("SI ratio was lower")


def test_bayes_factor_stands_with_its_contrast() -> None:
    name = "defeated + isotype - control + isotype"
    factor = Result(analysis="planned", outcome="si_ratio", test="Bayes factor", contrast=name,
                    effect_name="Bayes factor (BF10)", effect=419.6)  # fmt: skip
    (one,) = told([contrast(name), factor])
    assert one.endswith("p = .021, BF10 = 420).")


CAGE = "contrast, Satterthwaite's degrees of freedom; random intercept of cage"


def of_cages(analysis: str, units: str = "cage") -> list[Result]:
    note = f"x; random intercept of {units}"
    share = Result(analysis=analysis, outcome="si_ratio", test="intraclass correlation", term="cage",
                   effect_name="intraclass correlation", effect=0.2384, note=note)  # fmt: skip
    effect = Result(analysis=analysis, outcome="si_ratio", test="design effect", effect_name="design effect",
                    effect=1.3679, note=note)  # fmt: skip
    return [share, effect]


def test_planned_cage_model_has_its_intraclass_correlation_told() -> None:
    name = "defeated + isotype - control + isotype"
    said = told([contrast(name, test=CAGE), *of_cages("planned")])
    assert said[1:] == ["Random intercept of cage: intraclass correlation of cage = 0.24, design effect = 1.37."]
    said = told([contrast(name, test=f"{CAGE}; singular: no variance between them was found"), *of_cages("planned")])
    assert said[1].endswith("no variance between some of them was found, as if their values were independent.")


def test_cage_model_beside_the_planned_one_is_told_with_its_first_contrast() -> None:
    name = "defeated + isotype - control + isotype"
    beside = contrast(name, effect=-0.4, test=CAGE, analysis="sensitivity")
    said = told([contrast(name), beside, *of_cages("sensitivity")])
    assert said[1].startswith(
        "With a random intercept of cage (intraclass correlation of cage = 0.24, design effect = 1.37), "
        "SI ratio was lower in defeated + isotype than in control + isotype (difference = -0.40"
    )


def test_animals_own_intercept_beside_a_mixed_anova_is_not_told() -> None:
    beside = contrast("x", test=CAGE.replace("cage", "animal_id"), analysis="sensitivity")
    assert len(told([contrast("y"), beside, *of_cages("sensitivity", "animal_id")])) == 1
