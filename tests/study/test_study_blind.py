"""A study under codes holds nothing that tells, and its codes depend on nothing but their number."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.errors import UsageError
from csds.model.study import AnimalKey, Session, Study
from csds.study.blind import HIDDEN_REASON, KEY_COLUMNS, BlindedStudy, blind_study, draw_codes
from csds.study.blinding import is_blinded

ARMS = [(stress, drug) for stress in ("control", "defeated") for drug in ("isotype", "anti-IL-4Rα")]
PHASES = ("target_absent", "target_present")


def study(n: int = 12, settings: dict[str, object] | None = None, **columns: list[str]) -> Study:
    """Return a study of n animals in turn from all four arms; every column has a value for each animal."""
    sessions = []
    for i in range(n):
        for phase in PHASES:
            name = f"M{i:02d}_{phase}.mp4"
            own = {"cohort": "", "test": "", "arena": "", "exclude": "", "start_s": None}
            own |= {column: cells[i] for column, cells in columns.items() if column in own}
            session = Session(
                session_id=f"M{i:02d}_{phase}",
                key=AnimalKey(cohort=own["cohort"], animal_id=f"M{i:02d}", test=own["test"]),
                phase=phase,
                video=name,
                videos=(Path(name),),
                start_s=own["start_s"],
                arena=own["arena"] or None,
                stress=ARMS[i % 4][0],
                treatment=ARMS[i % 4][1],
                exclude=own["exclude"],
                design={column: cells[i] for column, cells in columns.items() if column not in own},
                row=2 + len(sessions),
            )
            sessions.append(session)
    names = tuple(name for name in columns if name not in {"cohort", "test", "arena", "exclude", "start_s"})
    return Study(
        title="t",
        folder=Path(),
        sheet=None,
        sessions=tuple(sessions),
        design_columns=names,
        settings=settings or {},
    )


def blind(what: Study, seed: int = 1, **options) -> BlindedStudy:
    return blind_study(what, np.random.Generator(np.random.PCG64(seed)), **options)


def code_of(made: BlindedStudy) -> dict[str, str]:
    return dict(zip(made.key["animal_id"], made.key["code"], strict=True))


BALANCED = ["x"] * 4 + ["y"] * 4 + ["x"] * 4
DEFEATED_ONLY = [f"CD1-{i}" if i % 4 > 1 else "" for i in range(12)]


def test_sheet_and_key() -> None:
    made = blind(study(cohort=BALANCED, sex=BALANCED, aggressor=DEFEATED_ONLY, exclude=["", "died", *[""] * 10]))
    assert made.sheet.columns.tolist() == ["cohort", "animal_id", "phase", "video", "stress", "sex", "exclude"]
    assert set(made.sheet["stress"]) == {"blinded"}
    assert is_blinded(made.sheet)
    assert made.sheet["animal_id"].tolist() == sorted(made.sheet["animal_id"])
    assert made.key.columns.tolist() == [*KEY_COLUMNS, "aggressor"]
    assert made.key["animal_id"].tolist() == [f"M{i // 2:02d}" for i in range(24)]  # in the sheet's order
    codes = code_of(made)
    assert len(set(codes.values())) == 12
    own = made.sheet.set_index(["animal_id", "phase"])
    for i in range(12):
        for phase in PHASES:
            row = own.loc[codes[f"M{i:02d}"], phase]
            assert (row["sex"], row["cohort"]) == (BALANCED[i], BALANCED[i])
            assert row["exclude"] == ("died" if i == 1 else "")
            assert row["video"] == made.recordings[Path(f"M{i:02d}_{phase}.mp4")]
    assert made.withheld == {"aggressor": "it is filled for stress 'defeated' only"}
    assert made.warnings == ()


def test_all_tests_of_an_animal_have_one_code_and_animals_of_other_cohorts_another() -> None:
    one = study(8)
    again = tuple(replace(s, key=replace(s.key, test="post"), row=s.row + 50) for s in one.sessions)
    other = tuple(replace(s, key=replace(s.key, cohort="C2"), row=s.row + 100) for s in one.sessions)
    made = blind(replace(one, sessions=(*one.sessions, *again, *other)))
    assert made.key.groupby(["cohort", "animal_id"])["code"].nunique().eq(1).all()
    assert made.key["code"].nunique() == 16
    assert made.sheet.groupby(["animal_id", "test"]).size().eq(2).all()


def test_recordings_are_told_apart_by_codes_alone() -> None:
    made = blind(study())
    names = list(made.recordings.values())
    assert len(set(names)) == 24
    assert all(name.startswith("videos/") and name.endswith(".mp4") for name in names)
    assert not {Path(name).stem for name in names} & set(made.key["code"])


def test_parts_of_a_recording_stay_together() -> None:
    one = study(4)
    first = replace(one.sessions[0], video="a.MP4 + b.mp4", videos=(Path("a.MP4"), Path("b.mp4")))
    made = blind(replace(one, sessions=(first, *one.sessions[1:])))
    parts = f"{made.recordings[Path('a.MP4')]} + {made.recordings[Path('b.mp4')]}"
    assert parts in made.sheet["video"].tolist()
    assert parts.count(".mp4") == 2
    assert made.key["video"][0] == "a.MP4 + b.mp4"


def test_a_cohort_that_tells_is_withheld() -> None:
    made = blind(study(cohort=["C1" if i % 4 < 2 else "C2" for i in range(12)]))
    assert "cohort" not in made.sheet
    assert made.withheld["cohort"] == "it is 'C1' for stress 'control' only"
    assert set(made.key["cohort"]) == {"C1", "C2"}


def test_a_reason_for_exclusion_that_tells_is_withheld() -> None:
    reasons = ["wounded by the defeat", "camera failed", *[""] * 10]
    made = blind(study(exclude=reasons))
    assert Counter(made.sheet["exclude"]) == {"": 20, "camera failed": 2, HIDDEN_REASON: 2}
    assert made.key["exclude"].tolist()[:4] == ["wounded by the defeat"] * 2 + ["camera failed"] * 2


def test_words_in_cells() -> None:
    made = blind(study(note=["fine", "fought with M03", *["fine"] * 10], box=["1", "isotype", *["1"] * 10]))
    assert made.withheld == {"note": "a cell holds 'm03'", "box": "a cell holds 'isotype'"}


def test_what_is_needed_stays_and_is_warned_of() -> None:
    arenas = ["A" if i % 4 < 2 else "B" for i in range(12)]
    made = blind(study(arena=arenas, start_s=[float(i % 4 > 1) for i in range(12)]))
    assert Counter(made.sheet["arena"]) == {"A": 12, "B": 12}
    assert made.warnings == (
        "column 'arena' is needed for tracking and stays, though it is 'A' for stress 'control' only",
        "column 'start_s' is needed for tracking and stays, though a limit tells stress 'control' from the others in "
        "most animals",
    )


def test_keep_and_hide() -> None:
    made = blind(study(sex=BALANCED, aggressor=DEFEATED_ONLY), keep=["Aggressor"], hide=["sex"])
    assert "aggressor" in made.sheet
    assert "sex" not in made.sheet
    assert made.withheld == {"sex": "as --hide asks"}
    assert made.warnings == ("column 'aggressor' stays as --keep asks, though it is filled for stress 'defeated' only",)


def test_a_column_named_as_the_keys_own_is_kept_apart() -> None:
    made = blind(study(code=DEFEATED_ONLY))
    assert made.key["code_in_sheet"].tolist()[::2] == DEFEATED_ONLY
    assert made.key["code"].nunique() == 12


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keep": ["treatment"]}, "--keep treatment: csds itself decides"),
        ({"hide": ["phase"]}, "--hide phase: csds itself decides"),
        ({"keep": ["sx"]}, "--keep sx: the sheet has no such column; did you mean 'sex'"),
        ({"hide": ["zzz"]}, "--hide zzz: the sheet has no such column"),
        ({"keep": ["sex"], "hide": ["sex"]}, "'sex': both to be kept and to be withheld"),
    ],
)
def test_refusals(options, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        blind(study(sex=BALANCED), **options)
    assert caught.value.message.startswith(message)
    assert caught.value.hint


def test_a_blinded_study_is_not_blinded_again() -> None:
    one = study(4)
    with pytest.raises(UsageError, match="blinded already"):
        blind(replace(one, sessions=tuple(replace(s, stress="blinded") for s in one.sessions)))


def test_settings() -> None:
    made = blind(
        study(
            settings={
                "title": "Anti-IL-4Rα after defeat",
                "protocol": "golden2011",
                "reference": {"treatment": "isotype"},
                "analysis": {"primary": "si_ratio"},
                "treatment": {"antibody_clone": "anti-IL-4Rα", "dose_mg_kg": 10},
                "mice": {"M01": "control"},
            }
        )
    )
    assert made.settings == {
        "protocol": "golden2011",
        "reference": {"treatment": "isotype"},
        "analysis": {"primary": "si_ratio"},
        "treatment": {"dose_mg_kg": 10},
    }
    assert made.withheld == {
        "study.toml, title": "it holds 'anti-il-4rα'",
        "study.toml, treatment.antibody_clone": "it names a group",
        "study.toml, mice": "it isn't needed before unblinding",
    }
    assert blind(study(settings={"title": "Spring"})).settings == {"title": "Spring"}


@given(st.integers(0, 600), st.integers(0, 2**64))
def test_codes_are_unique_and_can_be_read_aloud(n: int, seed: int) -> None:
    codes = draw_codes(n, np.random.Generator(np.random.PCG64(seed)))
    assert len(set(codes)) == n
    assert len({len(code) for code in codes}) <= 1
    assert not set("".join(codes)) & set("AEIOUY0O1IL2Z5S6G8BDQUV")
    assert all(code[0].isalpha() for code in codes)


def test_codes_are_longer_where_many_are_needed_and_never_a_word_that_is_taken() -> None:
    assert {len(code) for code in draw_codes(3000, np.random.default_rng(1))} == {5}
    first = draw_codes(5, np.random.default_rng(1))
    others = draw_codes(5, np.random.default_rng(1), taken=[first[0].lower(), f" {first[2]} "])
    assert others[:3] == [first[1], first[3], first[4]]


@given(st.permutations(range(12)), st.integers(0, 2**32))
def test_codes_do_not_depend_on_groups(order: list[int], seed: int) -> None:
    one = study(sex=BALANCED)
    groups = [(s.stress, s.treatment) for s in one.sessions[::2]]
    mixed = tuple(
        replace(s, stress=groups[order[i // 2]][0], treatment=groups[order[i // 2]][1])
        for i, s in enumerate(one.sessions)
    )
    made, other = blind(one, seed), blind(replace(one, sessions=mixed), seed)
    assert code_of(made) == code_of(other)
    assert made.recordings == other.recordings
    assert made.sheet["video"].tolist() == other.sheet["video"].tolist()


def test_places_in_the_blinded_sheet_are_the_same_for_every_animal() -> None:
    places = Counter()
    for seed in range(600):
        codes = code_of(blind(study(4), seed))
        places.update(enumerate(sorted(codes, key=codes.__getitem__)))
    # Chi-square of 4 places × 4 animals with 9 degrees of freedom: 99.9 % lie below 27.9.
    assert len(places) == 16
    assert sum((count - 150) ** 2 / 150 for count in places.values()) < 27.9


def test_the_same_seed_gives_the_same() -> None:
    one, other, third = blind(study(), 5), blind(study(), 5), blind(study(), 6)
    assert one.sheet.equals(other.sheet)
    assert one.key.equals(other.key)
    assert not one.sheet.equals(third.sheet)
