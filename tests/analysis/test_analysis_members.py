"""Animals are found by test, level and cut-off, whatever words a table has for that."""

from __future__ import annotations

from csds.analysis.comparison import find_comparison
from csds.analysis.members import below_cutoff, controls, counted, members, of_test, shared
from csds.analysis.plan import AnalysisPlan


def test_cages_and_animals_are_told_by_cohort(animals_of) -> None:
    animals = animals_of([{"cohort": c, "animal_id": "1", "cage": "7", "sex": "f"} for c in "ab"])
    assert members(animals, "cage") == {"a 7": [0], "b 7": [1]}
    assert shared(animals, "cage") == {}
    assert shared(animals, "sex") == {"f": [0, 1]}
    assert animals.keys() == ["a 1", "b 1"]
    assert members(animals, "colour") == {}


def test_controls_are_known_by_the_usual_words(animals_of) -> None:
    words = ["CTRL", "defeated", "", "non-stressed", "maybe"]
    animals = animals_of([{"animal_id": f"m{i}", "stress": word} for i, word in enumerate(words)])
    assert controls(animals) == [0, 3]
    assert counted(["x", "y", "x"]) == "x 2, y 1"


def test_cut_off_goes_by_the_column_or_else_by_the_ratio(animals_of) -> None:
    words = ["true", "FALSE", "", "1", "no"]
    animals = animals_of([{"animal_id": f"m{i}", "below_cutoff": w, "si_ratio": 2} for i, w in enumerate(words)])
    assert below_cutoff(animals) == ([True, False, None, True, False], "below_cutoff")
    animals = animals_of([{"animal_id": f"m{i}", "si_ratio": v} for i, v in enumerate([0.99, 1.0, ""])])
    assert below_cutoff(animals) == ([True, False, None], "si_ratio < 1")
    assert below_cutoff(animals_of([{"animal_id": "m"}])) == ([None], "nothing")


def test_one_test_of_repeated_ones_is_taken(animals_of) -> None:
    rows = [
        {"animal_id": f"m{i}", "test": test, "treatment": "ab"[i % 2], "exclude": "ill" if i == 3 else ""}
        for test in ("pre", "post")
        for i in range(4)
    ]
    animals = animals_of(rows)
    comparison = find_comparison(animals, AnalysisPlan())
    last = of_test(animals, comparison, -1)
    assert list(last.table.index) == [6, 7, 8]
    assert last.left_out == animals.left_out
    once = animals_of(rows[:4])
    assert of_test(once, find_comparison(once, AnalysisPlan()), -1) is once
