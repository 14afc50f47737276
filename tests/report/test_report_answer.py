"""The answer: the planned comparison in words, and how far it may be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from csds.report.answer import answer_sentences
from csds.report.content import read_report

ARMS = ("isotype", "low", "high")


def answer(folder: Path, rows: list[str], head: str = "animal_id,stress,treatment,si_ratio") -> list[str]:
    (folder / "animals.csv").write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    return answer_sentences(read_report(folder))


def spread(means: dict[str, float], n: int = 8) -> list[str]:
    """Return animals whose ratios lie 0.1 apart around each arm's mean."""
    return [
        f"{arm}{i},defeated,{arm},{mean + 0.1 * (i - (n - 1) / 2):.3f}" for arm, mean in means.items() for i in range(n)
    ]


@pytest.mark.parametrize(
    ("high", "found", "reading"),
    [
        (2.0, "was higher in high than in isotype", "By the planned test the two differ, at a level of 5 %."),
        (
            1.05, "was not shown to differ between high and isotype",
            "The 95 % interval includes zero: the planned test does not show a difference",
        ),
    ],
)  # fmt: skip
def test_two_groups_have_effect_interval_and_reading(tmp_path: Path, high: float, found: str, reading: str) -> None:
    first = answer(tmp_path, spread({"isotype": 1.0, "high": high}))[0]
    # Welch by hand: both SD 0.1 √6, so t = (high − 1) / (0.1 √6 √(2/8)) with 14 degrees of freedom.
    assert first.startswith(f"SI ratio {found} (difference = {high - 1:.2f}, 95 % CI [")
    assert f"t(14) = {(high - 1) / (0.1 * 6**0.5 * 0.5):.2f}" in first
    assert reading in first


def test_several_doses_are_summed_up(tmp_path: Path) -> None:
    found = answer(tmp_path, spread({"isotype": 1.0, "low": 1.05, "high": 2.0}))
    assert found[1] == (
        "Of the 2 planned contrasts, 1 shows a difference at a level of 5 % after Dunnett's adjustment: high - isotype."
    )


def test_interval_and_adjusted_p_that_disagree_are_told_apart(tmp_path: Path) -> None:
    # t = 2.37 with 28 degrees of freedom: p = .025, times three contrasts at least .05.
    table = spread({"isotype": 1.0, "a": 1.29, "b": 1.0, "c": 1.0})
    (tmp_path / "study.toml").write_text('[analysis]\nadjust = "bonferroni"\n', encoding="utf-8")
    found = answer(tmp_path, table)
    assert (
        "The 95 % interval excludes zero, but after Bonferroni's adjustment the planned test does not show a "
        "difference." in found[0]
    )
    assert "none show a difference" in found[1]


def test_change_from_pre_to_post_comes_first(tmp_path: Path) -> None:
    shifts = [0.0, 0.1, 0.3, 0.2, 0.5, 0.1]
    rows = [
        f"{arm}{i},{test},defeated,{arm},{0.5 + 0.1 * i + (test == 'post') * (shift + 0.6 * (arm == 'high')):.2f}"
        for arm in ("isotype", "high") for i, shift in enumerate(shifts) for test in ("pre", "post")
    ]  # fmt: skip
    found = answer(tmp_path, rows, "animal_id,test,stress,treatment,si_ratio")
    assert found[0].startswith(
        "The change in SI ratio from pre to post was higher in high than in isotype (difference = 0.60"
    )
    assert "By the planned test the two differ" in found[0]


def test_one_animal(tmp_path: Path) -> None:
    head = "animal_id,stress,interaction_absent_s,interaction_present_s,si_ratio,phenotype"
    found = answer(tmp_path, ["m1,defeated,60,30,0.5,susceptible"], head)
    assert found[0] == (
        "Animal m1 had an SI ratio of 0.50 (60.0 s in the interaction zone with the target absent, 30.0 s with it "
        "present); its phenotype is susceptible."
    )
    assert found[1].startswith("No groups are compared: expected two groups at least")
    assert answer(tmp_path, ["m1,"], "animal_id,si_ratio")[0] == "Animal m1 has no SI ratio."


def test_phenotypes_alone(tmp_path: Path) -> None:
    rows = [f"m{i},defeated,{arm},{call}" for i, (arm, call) in enumerate(
        [("isotype", "susceptible")] * 9 + [("isotype", "resilient")] * 2 + [("high", "resilient")] * 3
        + [("high", "susceptible"), ("high", "undetermined")]
    )]  # fmt: skip
    found = answer(tmp_path, rows, "animal_id,stress,treatment,phenotype")
    # R: prop.test(9, 11, correct = FALSE) and prop.test(1, 4, correct = FALSE).
    assert found == [
        "9 of 11 animals were susceptible in defeated + isotype (proportion 0.82, 95 % CI [0.52, 0.95]).",
        "1 of 4 animals was susceptible in defeated + high (proportion 0.25, 95 % CI [0.05, 0.70]).",
        "No groups are compared: there is no column 'si_ratio'.",
    ]


def test_groups_that_scores_told_apart_are_described(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text('[analysis]\nfactors = ["phenotype"]\n', encoding="utf-8")
    calls = [("susceptible", 0.4), ("susceptible", 0.6), ("resilient", 1.2), ("resilient", 1.6)]
    rows = [f"m{i},defeated,{call},{ratio}" for i, (call, ratio) in enumerate(calls)]
    found = answer(tmp_path, rows, "animal_id,stress,phenotype,si_ratio")
    assert found[0] == "No groups are compared: scores told them apart, so that they are described, not tested."
    assert found[1].startswith("Mean SI ratio of susceptible was 0.50, 95 % CI [")


def test_many_contrasts_are_counted_not_named(tmp_path: Path) -> None:
    found = answer(tmp_path, spread({"isotype": 1.0, "a": 2.0, "b": 2.1, "c": 2.2, "d": 2.3}))
    assert found[1] == "Of the 4 planned contrasts, 4 show a difference at a level of 5 % after Dunnett's adjustment."


def test_animals_that_are_left_out_dont_count_without_a_comparison(tmp_path: Path) -> None:
    head = "animal_id,stress,treatment,si_ratio,phenotype,exclude"
    rows = [f"M{i},defeated,isotype,1.0,susceptible,{'wounded' if i == 0 else ''}" for i in range(4)]
    found = answer(tmp_path, rows, head)
    assert found[0].startswith("3 of 3 animals were susceptible")
    assert found[-1].startswith("No groups are compared: ")
    assert not found[-1].endswith("..")


def test_hidden_groups_are_said_to_be_hidden(tmp_path: Path) -> None:
    rows = [f"K{i},blinded,,1.{i}" for i in range(6)]
    assert "hidden behind codes until csds unblind" in answer(tmp_path, rows)[-1]
