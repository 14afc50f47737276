"""Notes beside intervals say what the documented simulation has measured, and nothing where it hasn't."""

from __future__ import annotations

import re
from pathlib import Path

from csds.analysis.coverage_notes import COVERAGE, coverage_note

DOCS = Path(__file__).parents[2] / "docs" / "error-rates.md"
HEADING = "### Intervals that cover less than 93 % on skewed ratios"


def test_declared_numbers_are_those_of_the_documented_table() -> None:
    table = DOCS.read_text(encoding="utf-8").split(HEADING)[1]
    rows = re.findall(r"^\| ([^|]+) \| (\d+) \| ([\d.]+) \|", table, flags=re.MULTILINE)
    documented: dict[str, dict[int, float]] = {}
    for method, n, percent in rows:
        documented.setdefault(method, {})[int(n)] = float(percent)
    assert documented
    assert documented == COVERAGE


def test_note_is_of_the_nearest_number_of_animals_that_was_simulated() -> None:
    numbers = COVERAGE["bootstrap, BCa, difference of means"]
    for n, measured in ((8, 8), (11, 8), (12, 15), (22, 15)):
        expected = f"covers {numbers[measured]:g} % at n = {measured} on skewed ratios (measured)"
        assert coverage_note("bootstrap, BCa, difference of means", n) == expected


def test_still_smaller_groups_are_said_to_be_worse() -> None:
    assert coverage_note("bootstrap, BCa, difference of means", 5).endswith(
        "at n = 8 on skewed ratios (measured), less in smaller groups"
    )


def test_nothing_is_said_of_what_covers_enough_or_was_not_simulated() -> None:
    assert coverage_note("Welch's t", 8) == coverage_note("bootstrap, BCa, difference of means", 46) == ""
