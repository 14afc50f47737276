"""Names of sessions are file names everywhere, and no two are the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from csds.model.study import AnimalKey
from csds.study.session_ids import safe_name, session_ids

RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{d}{n}" for d in ("COM", "LPT") for n in range(1, 10))}
NAMES = st.text(max_size=12) | st.sampled_from(["a", "A", "a/b", "a_b", "é", "e\u0301", "..", "CON", "nul.txt", "x."])


def key(animal: str, cohort: str = "", test: str = "") -> AnimalKey:
    return AnimalKey(cohort=cohort, animal_id=animal, test=test)


@given(text=st.text(max_size=400) | NAMES)
@example("\u202egpj.exe")
@example("aux .x")
def test_names_are_safe(text: str) -> None:
    name = safe_name(text)
    assert name not in ("", ".", "..")
    assert not set(name) & set('<>:"/\\|?*')
    assert all(ord(c) >= 32 and ord(c) != 127 for c in name)
    assert name.encode("utf-8")
    assert name[-1] not in " ."
    assert not name.startswith(".")
    assert name.split(".")[0].rstrip().upper() not in RESERVED
    assert safe_name(name) == name


def test_letters_and_emoji_stay() -> None:
    assert safe_name("anti-IL-4Rα 🐭 ñ") == "anti-IL-4Rα 🐭 ñ"


@given(animals=st.lists(NAMES.filter(str.strip), unique=True, max_size=8))
def test_no_two_are_equal_whatever_the_file_system(animals: list[str]) -> None:
    names = session_ids([(key(animal), phase) for animal in animals for phase in ("p1", "p2")])
    assert len({name.casefold() for name in names}) == len(names)
    assert all(Path(name).name == name for name in names)


def test_absent_parts_are_left_out() -> None:
    assert session_ids([(key("M1"), "p"), (key("M1", "C1", "pre"), "p")]) == ["M1_p", "C1_M1_pre_p"]


def test_equal_names_get_the_hash_of_their_key() -> None:
    names = session_ids([(key("c", "a_b"), "p"), (key("b_c", "a"), "p"), (key("d"), "p")])
    digests = [
        hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:6]
        for parts in (("a_b", "c", "", "p"), ("a", "b_c", "", "p"))
    ]
    assert names == [f"a_b_c_p_{digests[0]}", f"a_b_c_p_{digests[1]}", "d_p"]


def test_long_ids_are_cut_and_told_apart() -> None:
    names = session_ids([(key("🐭" * 200 + end), "p") for end in "ab"])
    assert len(set(names)) == 2
    assert all(len(name.encode()) < 140 for name in names)
