"""Studies without a sheet: two files, or a folder and a pattern."""

from __future__ import annotations

from pathlib import Path

import pytest

from csds.errors import SheetError, UsageError
from csds.protocol import load_protocol
from csds.study import study_from_files, study_from_folder

GOLDEN = load_protocol("golden2011")


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_two_files(tmp_path: Path) -> None:
    touch(tmp_path, "a b.mp4", "elsewhere/b.avi")
    study = study_from_files(
        tmp_path / "a b.mp4", tmp_path / "elsewhere/b.avi", "M01", GOLDEN, columns={"arena": "A", "stress": "CSDS"}
    )
    assert [(s.phase, s.videos[0].name, s.arena, s.stress) for s in study.sessions] == [
        ("target_absent", "a b.mp4", "A", "defeated"),
        ("target_present", "b.avi", "A", "defeated"),
    ]
    assert study.sheet is None


def test_one_file_of_both_phases(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4")
    study = study_from_files(tmp_path / "a.mp4", None, "M01", GOLDEN, columns={"stress": "CSDS"})
    assert [(s.phase, s.videos[0].name, s.stress, s.start_s) for s in study.sessions] == [
        ("target_absent", "a.mp4", "defeated", None),
        ("target_present", "a.mp4", "defeated", None),
    ]


def test_two_files_that_can_not_be(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "b.mp4")
    a, b = tmp_path / "a.mp4", tmp_path / "b.mp4"
    with pytest.raises(UsageError, match="no such recording"):
        study_from_files(a, tmp_path / "nowhere.mp4", "M01", GOLDEN)
    with pytest.raises(UsageError, match="given for both phases"):
        study_from_files(a, tmp_path / "." / "a.mp4", "M01", GOLDEN)
    with pytest.raises(UsageError, match="no phase with and without target"):
        study_from_files(a, b, "M01", load_protocol("open_field"))
    with pytest.raises(SheetError, match="expected the animal's ID"):
        study_from_files(a, b, "", GOLDEN)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("{animal_id}_{phase}.{ext}", ["M01_absent.mp4", "M01_Target_Present.AVI"]),
        ("{animal_id}_{phase}", ["M01_target_absent.mp4", "M01_t.mp4"]),
        ("{animal_id} {phase}.mp4", ["M01 no target.mp4", "M01 target.mp4"]),
        ("{phase}-{animal_id}.{ext}", ["NT-M01.wmv", "T-M01.wmv"]),
        ("{phase}/{animal_id}.{ext}", ["empty/M01.mp4", "social/M01.mp4"]),
    ],
)
def test_patterns(tmp_path: Path, pattern: str, names: list[str]) -> None:
    study, faults = study_from_folder(touch(tmp_path, *names, "notes.txt"), pattern, GOLDEN)
    assert faults == []
    assert {(s.key.animal_id, s.phase, s.video) for s in study.sessions} == {
        ("M01", "target_absent", names[0]),
        ("M01", "target_present", names[1]),
    }


def test_further_columns(tmp_path: Path) -> None:
    names = [f"C1_M_{n}_{phase}_{sex}.mp4" for n, sex in ((1, "f"), (2, "m")) for phase in ("absent", "present")]
    study, _ = study_from_folder(touch(tmp_path, *names), "{cohort}_{animal_id}_{phase}_{sex}", GOLDEN)
    assert {(s.key.cohort, s.key.animal_id, s.design["sex"]) for s in study.sessions} == {
        ("C1", "M_1", "f"),
        ("C1", "M_2", "m"),
    }


def test_one_phase_needs_no_field(tmp_path: Path) -> None:
    study, _ = study_from_folder(touch(tmp_path, "M1.mp4", "M2.mp4"), "{animal_id}", load_protocol("open_field"))
    assert [(s.key.animal_id, s.phase) for s in study.sessions] == [("M1", "open_field"), ("M2", "open_field")]


def test_unmatched_recordings_are_listed(tmp_path: Path) -> None:
    touch(tmp_path, "M1_absent.mp4", "M1_present.mp4", "trailer.mp4", "M1_absent.mp4.arena.toml")
    study, faults = study_from_folder(tmp_path, "{animal_id}_{phase}", GOLDEN)
    assert len(study.sessions) == 2
    assert [(fault.video, fault.severity) for fault in faults] == [("trailer.mp4", "warning")]


def test_doubled_recordings_are_named(tmp_path: Path) -> None:
    touch(tmp_path, "M1_absent.mp4", "M1_NT.mp4", "M1_present.mp4")
    study, faults = study_from_folder(tmp_path, "{animal_id}_{phase}", GOLDEN)
    assert [s.phase for s in study.sessions] == ["target_present"]
    assert any("found it also in 'M1_absent.mp4'" in fault.message for fault in faults)


def test_nothing_matches(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match=r"recordings found: x\.mp4"):
        study_from_folder(touch(tmp_path, "x.mp4"), "{animal_id}_{phase}", GOLDEN)
    with pytest.raises(UsageError, match="no such folder"):
        study_from_folder(tmp_path / "nowhere", "{animal_id}_{phase}", GOLDEN)


@pytest.mark.parametrize(
    "pattern", ["{phase}", "{animal_id}", "{animal_id}_{animal_id}_{phase}", "{animal_id}_{phase}_{Sex}", "x"]
)
def test_patterns_that_can_not_be(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(UsageError, match="the pattern"):
        study_from_folder(tmp_path, pattern, GOLDEN)
