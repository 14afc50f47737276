"""A sound study is let pass, and one with every defect has each of them named."""

from __future__ import annotations

import itertools

import pytest

from csds.analysis.comparison import find_comparison
from csds.analysis.guardrails import guardrails
from csds.analysis.plan import AnalysisPlan
from csds.errors import TableError

PLAN = AnalysisPlan(reference={"stress": "control", "treatment": "isotype"})
GROUPS = list(itertools.product(("control", "defeated"), ("isotype", "anti-IL-4Rα")))


def sound(**more: object) -> list[dict[str, object]]:
    """Ten animals in each of four groups, alone in their cages, on four days that hold all groups."""
    return [
        {
            "animal_id": f"m{g}{i}", "stress": stress, "treatment": treatment, "cage": f"c{g}{i}",
            "session_date": f"2026-05-{i % 4 + 1:02}", "sex": "mf"[i % 2], "si_ratio": 1.1 + 0.05 * i,
            "below_cutoff": stress == "defeated" and i < 5, "exclude": "", "flags": "",
        } | more
        for g, (stress, treatment) in enumerate(GROUPS)
        for i in range(10)
    ]  # fmt: skip


def codes(animals, plan: AnalysisPlan = PLAN, outcome: str = "si_ratio") -> list[str]:
    return [notice.code for notice in guardrails(animals, find_comparison(animals, plan), plan, outcome)]


def test_a_sound_study_is_let_pass(animals_of) -> None:
    assert codes(animals_of(sound())) == []


def test_every_defect_is_named_warnings_first(animals_of) -> None:
    rows = sound()
    for row in rows:
        is_control = row["stress"] == "control"
        row["session_date"] = "2026-05-01" if is_control else "2026-05-02"
        row["cage"] = f"shared {str(row['animal_id'])[:-1]}" if is_control else row["cage"]
    rows[0]["below_cutoff"] = True
    rows[20]["flags"] = "small_denominator"
    for row in rows[10:14]:
        row["exclude"] = "ill"
    assert codes(animals_of(rows)) == [
        "confounded", "singly_housed", "pseudoreplication", "unequal_exclusions", "small_groups",
        "controls_below_cutoff", "small_denominator",
    ]  # fmt: skip


def test_repeated_animals_are_one_each_to_the_design(animals_of) -> None:
    rows = [row for test in ("pre", "post") for row in sound(test=test)]
    assert codes(animals_of(rows)) == []
    only = [
        row | {"treatment": "anti-IL-4Rα"}
        for row in rows
        if row["stress"] == "defeated" and row["treatment"] == "isotype"
    ]
    assert codes(animals_of(only)) == ["regression_to_the_mean"]
    two = AnalysisPlan(design="stress_by_treatment")
    assert codes(animals_of(rows), two) == ["repeated_as_independent"]


def test_missing_outcome_says_so(animals_of) -> None:
    animals = animals_of(sound())
    with pytest.raises(TableError, match="no column 'corner_ratio'"):
        guardrails(animals, find_comparison(animals, PLAN), PLAN, "corner_ratio")
