"""Name patterns: what a name says, when it could say something else, and why one says nothing."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.errors import UsageError
from csds.study.patterns import NamePattern, choose_pattern, default_patterns, read_pattern

SI = ("target_absent", "target_present")
LONG = "M" * 240


def cells(pattern: str, name: str) -> dict[str, str] | None:
    match = read_pattern(pattern, SI).match(name)
    return None if match is None else dict(match.cells)


@pytest.mark.parametrize(
    ("pattern", "name", "said"),
    [
        ("{cohort}_{animal_id}_{phase}.{ext}", "C1_M 01_No Target.MP4", ("C1", "M 01", "No Target")),
        ("{cohort}_{animal_id}_{phase}", "C1_007_present.m2ts", ("C1", "007", "present")),
        ("{cohort}/{animal_id}-{phase}.mp4", "C1/M1-nt.Mp4", ("C1", "M1", "nt")),
        (r"{cohort}\{animal_id}-{phase}.mp4", "C1/M1-nt.mp4", ("C1", "M1", "nt")),
        (r".\{cohort}\day *\{animal_id} {phase}", "C1/day 3/Ä ö social.avi", ("C1", "Ä ö", "social")),
        ("*{phase}*/{cohort}.{animal_id}.{ext}", "2019 target_absent (old)/C1.1.2.avi", ("C1", "1.2", "target_absent")),
        ("{cohort}_{animal_id}_{phase}", f"C1_{LONG}_t.ts", ("C1", LONG, "t")),
        ("{cohort}_{animal_id}_{phase}", "..C1.._.._present.avi", ("..C1..", "..", "present")),
        ("{cohort}_{animal_id}_{phase}", "C1_anti-IL-4Rα_absent.wmv", ("C1", "anti-IL-4Rα", "absent")),
        ("{cohort}_{animal_id}{phase}", "C1_M1_target present.mov", ("C1", "M1_", "target present")),
        ("{animal_id}_{phase}_{cohort}.{ext}", "M1_target_present_C1.mp4.avi", ("C1.mp4", "M1", "target_present")),
        ("{cohort=C9}{animal_id}_{phase}", "M1_absent.mp4", ("C9", "M1", "absent")),
        ("{cohort}_{animal_id}{phase=both}", "C1_M1_absent.mp4", ("C1", "M1_absent", "both")),
        ("{cohort}+({animal_id})[{phase}]", "C.1+(M1)[absent].mp4", ("C.1", "M1", "absent")),
    ],
)
def test_what_a_name_says(pattern: str, name: str, said: tuple[str, str, str]) -> None:
    assert cells(pattern, name) == dict(zip(("cohort", "animal_id", "phase"), said, strict=True))


def test_letters_with_accents_are_alike_however_they_are_spelled() -> None:
    composed, apart = "M\N{LATIN SMALL LETTER U WITH DIAERESIS}s", "Mu\N{COMBINING DIAERESIS}s"
    assert cells("{animal_id}_{phase}", f"{apart}_t.mp4") == cells("{animal_id}_{phase}", f"{composed}_t.mp4")
    assert cells(f"{apart}_{{animal_id}}_{{phase}}", f"{composed}_1_t.mp4") == {"animal_id": "1", "phase": "t"}


def test_a_phase_is_as_many_words_as_it_can_be() -> None:
    for name in ("M1_target_absent.mp4", "M1_no target.mp4", "M1-without-target.mp4", "M1_EMPTY  cage.mp4"):
        match = read_pattern("{animal_id}_{phase}" if "-" not in name else "{animal_id}-{phase}", SI).match(name)
        assert match is not None
        assert (match.cells["animal_id"], match.other) == ("M1", None)


@pytest.mark.parametrize(
    ("pattern", "name", "taken", "other"),
    [
        ("{cohort}_{animal_id}_{phase}", "C1_M_2_absent.mp4", ("C1", "M_2"), ("C1_M", "2")),
        ("{cohort}_{animal_id}_{phase}", "C1__2_absent.mp4", ("C1", "_2"), ("C1_", "2")),
        ("{cohort}_{phase}_{animal_id}", "a_t_1_nt_b.mp4", ("a", "1_nt_b"), ("a_t_1", "b")),
        ("{cohort}/{animal_id}_{phase}", "C_1/M_2_t.mp4", ("C_1", "M_2"), None),
        ("{cohort}_{animal_id}-{phase}", "C1_M-2-t.mp4", ("C1", "M-2"), None),
        ("{cohort}_{animal_id}_*_{phase}", "C1_M_x_y_t.mp4", ("C1", "M"), None),
    ],
)
def test_two_ways_to_read_a_name_are_told(
    pattern: str, name: str, taken: tuple[str, str], other: tuple[str, str] | None
) -> None:
    match = read_pattern(pattern, SI).match(name)
    assert match is not None
    assert (match.cells["cohort"], match.cells["animal_id"]) == taken
    assert (None if match.other is None else (match.other["cohort"], match.other["animal_id"])) == other


def test_the_other_way_has_its_own_phase() -> None:
    match = read_pattern("{animal_id}_{phase}*", SI).match("1_t_nt.mp4")
    assert match is not None
    assert match.other is not None
    assert (match.cells["phase"], match.other["phase"], match.other["animal_id"]) == ("t", "nt", "1_t")


WORD = st.text(st.sampled_from("ab_-"), min_size=1, max_size=6)


@given(WORD, WORD, st.sampled_from(["absent", "present"]))
def test_a_name_made_by_a_pattern_is_read_as_it_was_made_or_in_two_ways(one: str, two: str, phase: str) -> None:
    match = read_pattern("{cohort}_{animal_id}_{phase}", SI).match(f"{one}_{two}_{phase}.mp4")
    assert match is not None
    right = {"cohort": one, "animal_id": two, "phase": phase}
    assert match.cells == right or match.other is not None
    # By trying every place: there are two ways exactly where it is said.
    text = f"{one}_{two}"
    ways = sum(text[at] == "_" for at in range(1, len(text) - 1))
    assert (ways > 1) == (match.other is not None)


@pytest.mark.parametrize(
    ("pattern", "name", "reason", "hint"),
    [
        ("{animal_id}_{phase}", "M1_abs.mp4", "'abs' is no word for a phase", "target_absent"),
        ("{animal_id}_{phase}", "M1_xyzzy.mp4", "'xyzzy' is no word for a phase", "Words taken"),
        ("{cohort}_{animal_id}_{phase}", "C1.mp4", "expected '_' behind {cohort}", "Rename"),
        ("day{animal_id}_{phase}", "M1_t.mp4", "expected 'day' at the beginning", "Rename"),
        ("{animal_id}_{phase}.avi", "M1_t.mp4", "expected '.avi' behind {phase}", "Rename"),
        ("{cohort}/{animal_id}_{phase}", "M1_t.mp4", "it lies no folder below", "Move"),
        ("{animal_id}_{phase}", "a/b/M1_t.mp4", "it lies 2 folders below", "Move"),
        ("x/{animal_id}_{phase}", "y/x_t.mp4", "expected 'x'", "Rename"),
        ("{animal_id}_{phase}.{ext}", "M1_t.mp4.avi", "'t.mp4' is no word for a phase", ""),
        ("a{animal_id}_{phase}", "ba1_t.mp4", "expected 'a' at the beginning", "Rename"),
        ("a{animal_id}_{phase}", "a_t.mp4", "its parts don't stand as in the pattern", "Rename"),
    ],
)
def test_why_a_name_does_not_match(pattern: str, name: str, reason: str, hint: str) -> None:
    read = read_pattern(pattern, SI)
    assert read.match(name) is None
    said = read.why_not(name)
    assert reason in said[0]
    assert hint in said[1]


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("{animal_id}", "lacks {phase}"),
        ("", "lacks {animal_id} and {phase}"),
        ("{animal_id}/{animal_id}_{phase}", "names {animal_id} twice"),
        ("{animal_id}_{phase}_{ext}.{ext}", "names {ext} twice"),
        ("{cohort=1}{cohort=2}{animal_id}_{phase}", "can't give {cohort}"),
        ("{cohort=1}{cohort}_{animal_id}_{phase}", "names {cohort} twice"),
        ("{ext=mp4}{animal_id}_{phase}", "can't give {ext}"),
        ("{animal_id}{phase=xyzzy}", "names the phase 'xyzzy'"),
        ("{cohort}{animal_id}_{phase}", "nothing between {cohort} and {animal_id}"),
        ("*{animal_id}_{phase}", r"nothing between * and {animal_id}"),
        ("../{animal_id}_{phase}", "outside the study's"),
        ("/data/{animal_id}_{phase}", "without a name"),
        ("{animal_id}_{phase}_{video}", "{video}"),
        ("{animal_id}_{phase}_{Sex}", "isn't understood from '{Sex}"),
        ("{animal_id}_{phase}_{0}", "isn't understood"),
        ("{animal_id.__class__}_{phase}", "isn't understood"),
        ("{animal_id}_{phase", "isn't understood"),
    ],
)
def test_patterns_that_can_not_be(pattern: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_pattern(pattern, SI)
    assert "the pattern" in caught.value.message
    assert said in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("name", ["_" * 250 + ".mp4", "a_" * 120 + "absent.mp4", "a_absent_" * 27 + ".mp4"])
def test_long_names_and_many_fields_take_no_time(name: str) -> None:
    read = read_pattern("{a}_{b}_{c}_{d}_{e}_{f}_{g}_{animal_id}_{phase}_{h}_{i}.{ext}", SI)
    began = time.perf_counter()
    if read.match(name) is None:
        read.why_not(name)
    assert time.perf_counter() - began < 0.5


def chosen(*names: str, phases: tuple[str, ...] = SI) -> str:
    candidates: dict[NamePattern, list[str]] = {read_pattern(t, phases): list(names) for t in default_patterns(phases)}
    best = choose_pattern(candidates)
    return "" if best is None else best.text


def test_the_default_that_explains_most_wins() -> None:
    assert chosen("C1_M1_absent.mp4", "C1_M1_present.mp4") == "{cohort}_{animal_id}_{phase}.{ext}"
    assert chosen("C1_M1_absent.mp4", "M2_absent.mp4", "M3_t.mp4") == "{animal_id}_{phase}.{ext}"
    assert chosen("C1_M_1_absent.mp4") == "{animal_id}_{phase}.{ext}", "it alone can be read in one way"
    assert chosen("absent-M1.mp4", "present-M1.mp4", "x.mp4") == "{phase}-{animal_id}.{ext}"
    assert chosen("absent/1.mp4") == "{phase}/{animal_id}.{ext}"
    assert chosen("trailer.mp4") == chosen() == ""
    assert chosen("trailer.mp4", phases=("open_field",)) == "{animal_id}.{ext}"
