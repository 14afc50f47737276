"""Guardrails: what a study's own table says against taking its analysis at its word."""

from __future__ import annotations

from itertools import chain

from csds.analysis.animals import Animals
from csds.analysis.comparison import Comparison
from csds.analysis.confounding import confounded, pseudoreplication, repeated_as_independent, singly_housed
from csds.analysis.members import of_test
from csds.analysis.notices import Notice
from csds.analysis.plan import AnalysisPlan
from csds.analysis.selection import circular_groups, regression_to_the_mean
from csds.analysis.soundness import controls_below_cutoff, small_groups, undefined_scores, unequal_exclusions
from csds.analysis.studies import study_notices


def guardrails(animals: Animals, comparison: Comparison, plan: AnalysisPlan, outcome: str) -> tuple[Notice, ...]:
    """Return all that is to be known of a comparison before its results are believed, warnings first.

    Parameters
    ----------
    animals : Animals
    comparison : Comparison
        As `csds.analysis.comparison.find_comparison` returns it for these animals.
    plan : AnalysisPlan
    outcome : str
        The column that is compared.

    Raises
    ------
    TableError
        There is no such column, or it holds text.
    """
    # Design columns are looked at once for each animal.
    once = of_test(animals, comparison, -1)
    found = chain(
        circular_groups(animals, [factor.name for factor in comparison.factors], outcome),
        regression_to_the_mean(animals, comparison),
        confounded(once, comparison, plan),
        singly_housed(once, comparison),
        repeated_as_independent(animals, comparison),
        pseudoreplication(once, plan),
        unequal_exclusions(animals, comparison, outcome),
        controls_below_cutoff(animals, comparison),
        undefined_scores(animals, outcome),
        small_groups(animals, comparison, outcome),
        study_notices(once, comparison, plan),
    )
    return tuple(sorted(found, key=lambda notice: notice.severity != "warning"))
