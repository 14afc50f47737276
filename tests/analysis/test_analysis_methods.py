"""Sentences of methods name what was computed, and what was planned but isn't for the design."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import csds
from csds.analysis.analyse import analyse
from csds.analysis.animals import Animals
from csds.analysis.methods import methods_sentences
from csds.analysis.plan import AnalysisPlan

Read = Callable[[list[dict[str, object]]], Animals]


def rows(tests: tuple[str, ...] = (), *, cells: int = 4) -> list[dict[str, object]]:
    rng = np.random.default_rng(5)
    animals = [
        {"animal_id": f"m{i}", "stress": ("control", "defeated")[i % cells // 2],
         "treatment": ("isotype", "anti-IL-4Rα")[i % cells % 2], "sex": "FM"[i // 4 % 2], "cage": f"c{i // 2}",
         "weight_g": 25 + rng.normal(), "interaction_absent_s": 60 + 9 * rng.normal(),
         "interaction_present_s": 70 + 20 * rng.normal()}
        for i in range(24)
    ]  # fmt: skip
    return [
        animal | {"si_ratio": 1 + 0.4 * rng.normal()} | ({"test": test} if test else {})
        for test in tests or ("",) for animal in animals
    ]  # fmt: skip


def methods(animals_of: Read, table: list[dict[str, object]], **plan: Any) -> str:
    plan = {"secondary": (), "draws": 1000} | plan
    return "\n".join(methods_sentences(analyse(animals_of(table), AnalysisPlan(**plan))))


@pytest.mark.parametrize(
    ("table", "plan", "words"),
    [
        (
            rows(), {},
            ["two-way analysis of variance of stress × treatment between animals (type III sums of squares",
             "P values of the 4 planned contrasts were adjusted by Holm's method.", "partial η² with intervals",
             "(1,000 resamples, seed 1)", "All 24 animals were analysed."],
        ),
        (rows(), {"sum_of_squares": "I", "adjust": "none"}, ["(type I sums", "contrasts were not adjusted"]),
        (rows(), {"adjust": "tukey"}, ["All pairs of groups were compared by Tukey's test (6 contrasts)"]),
        (
            rows(), {"variances": "separate"},
            ["SI ratio was compared between groups of stress × treatment by contrasts with separate variances"],
        ),
        (rows(), {"design": "one_way"}, ["one-way analysis of variance of the groups of stress × treatment",
                                         "compared with control + isotype by Dunnett's test (3 contrasts)"]),
        (rows(), {"design": "one_way", "adjust": "sidak"}, ["and groups compared by contrasts with its pooled error.",
                                                                "3 planned contrasts were adjusted by Šidák's method"]),
        (rows(cells=2), {}, ["SI ratio of two groups was compared by Welch's t test"]),
        (rows(cells=2), {"variances": "pooled"}, ["SI ratio of two groups was compared by Student's t test"]),
        (
            rows(), {"fixed": ("sex",), "covariates": ("weight_g",)},
            ["linear model of stress × treatment, adjusted for sex and weight_g; contrasts were of estimated marginal "
             "means, with the pooled error", "Hedges' g, not adjusted for what the model has beside the factors,"],
        ),
        (
            rows(), {"random": ("cage",), "sum_of_squares": "I", "adjust": "tukey"},
            ["linear mixed model of stress × treatment, with random intercepts of cage (restricted maximum likelihood)",
             "with Satterthwaite's degrees of freedom", "adjusted by Holm's method",
             "Tukey's adjustment, as planned, does not apply to these contrasts",
             "Type I sums of squares, as planned, do not apply to this model; those of type III were used."],
        ),
        (
            rows(("pre", "post")), {"variances": "separate", "outliers": "left out"},
            ["SI ratio at pre and post was analysed by a mixed analysis of variance (test within animals, "
             "stress × treatment between them; type III sums of squares)", "Hedges' g of changes from the first",
             "Separate variances of groups, as planned, do not apply to repeated measures.",
             "Values far out were left in"],
        ),
        (rows(("pre", "post", "late")), {}, ["Greenhouse–Geisser's correction)"]),
        (
            rows(("pre", "post"), cells=1), {},
            ["a repeated-measures analysis of variance (test within animals; type III"],
        ),
        (
            rows(("pre", "post")), {"random": ("cage",)},
            ["linear mixed model of stress × treatment × test, with random intercepts of cage and animal"],
        ),
        (
            rows(), {"design": "target_by_group"},
            ["Time in the interaction zone with the target absent and present was analysed by a mixed analysis of "
             "variance (target within animals", "changes from target absent to present"],
        ),
        (rows(), {"outliers": "left out"}, ["Values more than three interquartile ranges beyond"]),
        (rows(), {"correlate": ("weight_g",)}, ["Correlations with weight_g within groups (Pearson's and Spearman's)"]),
        (
            rows(), {"secondary": ("interaction_present_s", "interaction_absent_s")},
            ["Secondary outcomes (time in the interaction zone with the target present; time in the interaction zone "
             "with the target absent) were analysed in the same way, but time in the interaction zone with the target "
             "present by contrasts with separate variances; the p values of these 8 comparisons were adjusted as one "
             "family by Holm's method."],
        ),
        (
            rows(), {"primary": "interaction_present_s", "secondary": ("weight_g", "si_ratio")},
            ["with the target present was compared between groups of stress × treatment by contrasts with separate",
             "(weight_g; SI ratio) were analysed in the same way, but weight_g and SI ratio by contrasts with the "
             "pooled error; the p values"],
        ),
        (
            rows(), {"variances": "pooled", "secondary": ("interaction_present_s",)},
            ["(time in the interaction zone with the target present) were analysed in the same way; the p values"],
        ),
    ],
)  # fmt: skip
def test_methods_name_what_was_computed(
    animals_of: Read, table: list[dict[str, object]], plan: dict[str, Any], words: list[str]
) -> None:
    text = methods(animals_of, table, **plan)
    assert not [each for each in words if each not in text], text


@pytest.mark.parametrize(
    ("table", "plan", "words"),
    [
        (rows(cells=2), {}, ["η²", "adjusted", "sums of squares", "planned contrasts"]),
        (rows(), {"random": ("cage",)}, ["η²", "pooled error"]),
        (rows(), {}, ["as planned", "does not", "exploratory", "Secondary", "Fisher"]),
        (rows(("pre", "post")), {}, ["Greenhouse", "random intercept", "as planned"]),
        (rows(("pre", "post"), cells=1), {}, ["Hedges", "bootstrap", "between"]),
        (rows(), {"design": "one_way"}, ["Holm", "as planned", "partial"]),
    ],
)
def test_methods_name_nothing_else(
    animals_of: Read, table: list[dict[str, object]], plan: dict[str, Any], words: list[str]
) -> None:
    text = methods(animals_of, table, **plan)
    assert not [each for each in words if each in text], text


def phenotyped() -> list[dict[str, object]]:
    return [
        row | {"phenotype": "control" if row["stress"] == "control" else ("susceptible", "resilient")[i // 4 % 2]}
        for i, row in enumerate(rows())
    ]


def test_proportions_are_named_by_what_they_are(animals_of: Read) -> None:
    text = methods(animals_of, phenotyped())
    assert (
        "As an exploratory analysis, proportions of susceptible animals, with Wilson's intervals, were compared" in text
    )
    assert "by Fisher's exact test, and their differences had Newcombe's intervals." in text
    planned = methods(animals_of, phenotyped(), secondary=("weight_g", "phenotype"))
    assert "Secondary outcomes (weight_g) were analysed in the same way; proportions of susceptible animals, with" in (
        planned
    )
    assert "p values of these 5 comparisons" in planned


def test_chosen_and_left_out_animals_are_counted(animals_of: Read) -> None:
    table = phenotyped()
    table[0]["exclude"] = "died"
    table[1]["si_ratio"] = ""
    text = methods(animals_of, table, only={"phenotype": "susceptible"})
    assert "Animals with phenotype susceptible, chosen after treatment, were then analysed by themselves." in text
    assert "Of 24 animals, 22 were analysed and 2 left out: died (1); SI ratio is missing (1)." in text


def test_groups_that_scores_tell_apart_are_said_not_to_be_tested(animals_of: Read) -> None:
    text = methods(animals_of, phenotyped(), factors=("phenotype",))
    assert text.startswith("Groups that the scores themselves tell apart were described, not tested.\nStatistics")


def test_versions_of_what_computed_it_are_named(animals_of: Read) -> None:
    import platform

    import scipy

    text = methods(animals_of, rows())
    assert f"Statistics were computed with csds {csds.__version__} (Python {platform.python_version()}, numpy " in text
    assert text.endswith(f", scipy {scipy.__version__}).")
    assert ", pingouin " in methods(animals_of, rows(), bayes_factors=True)
