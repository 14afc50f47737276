"""Columns tell groups if one can guess the group from them, however that comes about."""

from __future__ import annotations

import numpy as np
import pytest

from csds.study.telling import found_word, telling_words, why_telling

N = 16
STRESS = ["control", "defeated"] * (N // 2)
TREATMENT = ["isotype", "isotype", "anti-IL-4Rα", "anti-IL-4Rα"] * (N // 4)
GROUPS = {i: {"stress": STRESS[i], "treatment": TREATMENT[i]} for i in range(N)}
DEFEATED = [level == "defeated" for level in STRESS]


def why(cells: list[str], column: str = "remark", within: list[str] | tuple[str, ...] = ()) -> str:
    return why_telling(column, cells, list(range(N)), GROUPS, within)


@pytest.mark.parametrize(
    "cells",
    [
        [""] * N,
        ["x"] * N,
        ["x", "x", "x", "x", "y", "y", "y", "y"] * 2,  # each with all four arms
        ["x", "x", "x", "x", "", "", "", "NA"] * 2,
        [f"d{i // 4}" for i in range(N)],
        [f"{20 + (7 * i % N) / 3:.2f}" for i in range(N)],  # weights that differ in each, but not by group
        ["limps", *[""] * (N - 1)],  # one animal's: nobody can tell from it
    ],
    ids=["empty", "one value", "balanced", "gaps", "days", "weights", "one remark"],
)
def test_what_does_not_tell(cells: list[str]) -> None:
    assert why(cells) == ""


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([f"A{i}" if d else "" for i, d in enumerate(DEFEATED)], "it is filled for stress 'defeated' only"),
        (["A1" if i in {1, 3, 5} else "NA" for i in range(N)], "it is filled for stress 'defeated' only"),
        (["x" if d else "y" for d in DEFEATED], "it is 'y' for stress 'control' only"),
        (["x", "y", "z", "z"] + ["y", "x", "z", "z"] * 3, "it is 'x' for treatment 'isotype' only"),
        ([f"K{i}" if d else f"P{i // 4}" for i, d in enumerate(DEFEATED)], "it is 'P0' for stress 'control' only"),
        ([f"{i}" for i in range(N)], "no two animals share a value"),
        ([f"tag {i}" if i else "" for i in range(N)], "no two animals share a value"),
        (
            ["x" if d != (i in {0, 1}) else "y" for i, d in enumerate(DEFEATED)],
            "",
        ),
    ],
    ids=["filled", "some filled", "value", "treatment", "cages", "numbers", "tags", "two of sixteen the other way"],
)
def test_what_tells(cells: list[str], reason: str) -> None:
    assert why(cells).startswith(reason)


def test_nearly_all_is_telling_too() -> None:
    n = 40
    groups = {i: {"stress": "defeated" if i % 2 else "control"} for i in range(n)}
    # Each experimenter has one animal of the other group: a guess is right in 38 of 40.
    cells = ["AB" if (i % 2 == 0) != (i in {0, 1}) else "CD" for i in range(n)]
    assert "tells stress 'control' from the others" in why_telling("experimenter", cells, range(n), groups)
    five = ["AB" if (i % 2 == 0) != (i < 10) else "CD" for i in range(n)]
    assert why_telling("experimenter", five, range(n), groups) == ""


def test_standing_alone_tells() -> None:
    cells = [f"K{i}" if d else "shared" + "ab"[i // 2 % 2] for i, d in enumerate(DEFEATED)]
    cells[0] = cells[1] = "K1"  # so that no cage of several is of one group alone
    cells[2] = cells[3] = "K3"
    mixed = [c.replace("shareda", "K1").replace("sharedb", "K3") for c in cells]
    assert why(mixed, "cage") == "no other animal has the same for stress 'defeated' only"


def test_cages_are_those_of_a_cohort() -> None:
    cages = ["1" if (i < N // 2) == d else "2" for i, d in enumerate(DEFEATED)]
    cohorts = ["C1"] * (N // 2) + ["C2"] * (N // 2)
    assert why(cages, "cage") == ""
    assert why(cages, "cage", cohorts) == "in cohort 'C1' it is '2' for stress 'control' only"


def test_numbers_are_told_apart_by_a_limit() -> None:
    rng = np.random.default_rng(2)
    apart = [f"{24 - 3 * d + rng.uniform(0, 1):.3f}" for d in DEFEATED]
    assert why(apart, "weight_g") == "a limit tells stress 'control' from the others in most animals"
    alike = [f"{24 - 0.2 * d + rng.uniform(0, 1):.3f}" for d in DEFEATED]
    assert why(alike, "weight_g") == ""
    assert why([x if i else "" for i, x in enumerate(alike)], "weight_g") == ""
    starts = ["12" if d else "0" for d in DEFEATED]
    assert why(starts, "start_s").startswith("a limit tells")


def test_sessions_of_an_animal_count_as_one() -> None:
    animals, cells = [0, 0, 1, 2, 3], ["note", "note", "", "", ""]
    assert why_telling("remark", cells, animals, {i: {"stress": STRESS[i]} for i in range(4)}) == ""


def test_animals_without_a_level_are_a_group() -> None:
    groups = {i: {"treatment": "" if i < 4 else "drug"} for i in range(8)}
    cells = ["bought"] * 4 + ["bred"] * 4
    assert why_telling("origin", cells, range(8), groups) == "it is 'bought' for animals without treatment only"


def test_one_level_can_not_be_told() -> None:
    groups = {i: {"stress": "defeated", "treatment": ""} for i in range(8)}
    assert why_telling("aggressor", ["A", "A", *[""] * 6], range(8), groups) == ""


def test_words() -> None:
    words = telling_words(["Vehicle", "", "anti-IL-4Rα"], ["M01", "7", "Käfig 3"])
    for text in ("the VEHICLE group", "anti IL-4Rα", "m01", "ka\u0308fig_3", "non-stressed", "post-defeat", "CTRL"):
        assert found_word(["fine", text], words), text
    for text in ("", "7", "M011", "vehicles", "controlled", "IL-4", "distress"):
        assert found_word([text], words) == "", text
