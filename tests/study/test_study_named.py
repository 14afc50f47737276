"""Studies without a sheet: what is wrong with them, and the table of groups beside them."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from csds.errors import SheetError
from csds.protocol import load_protocol
from csds.study import load_study, study_from_folder
from csds.study.named import study_from_names
from csds.study.patterns import read_pattern

GOLDEN = load_protocol("golden2011")
PAIR = ("M1_absent.mp4", "M1_present.mp4")


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_the_study_is_that_of_a_sheet_that_says_the_same(tmp_path: Path) -> None:
    names = [f"C{c}/2019-03/M {m}-{p}.mp4" for c in (1, 2) for m in (1, 2) for p in ("nt", "Target Present")]
    touch(tmp_path, *names)
    (tmp_path / "study.toml").write_text('title = "Ten years"\nprotocol = "golden2011"\n', encoding="utf-8")
    found, faults = study_from_folder(tmp_path, "{cohort}/{date}/{animal_id}-{phase}.mp4", GOLDEN)
    parts = [name.replace(".mp4", "").replace("-nt", "/nt").replace("-T", "/T").split("/") for name in names]
    lines = [f"{c},{m},{p},{d},{name}" for (c, d, m, p), name in zip(parts, names, strict=True)]
    (tmp_path / "study.csv").write_text("\n".join(["cohort,animal_id,phase,date,video", *lines]), encoding="utf-8")
    wanted, none = load_study(tmp_path / "study.csv", GOLDEN)
    assert faults == none == []
    assert (found.title, found.settings) == (wanted.title, wanted.settings)

    def told(study: object) -> object:
        sessions = study.sessions  # type: ignore[attr-defined]
        return {(s.session_id, s.key, s.phase, s.videos, tuple(s.design.items())) for s in sessions}

    assert told(found) == told(wanted)


def test_a_recording_of_both_phases(tmp_path: Path) -> None:
    study, faults = study_from_folder(touch(tmp_path, "M1.mp4", "M2_both.mp4"), "{animal_id}{phase=both}", GOLDEN)
    assert faults == []
    assert [(s.key.animal_id, s.phase) for s in study.sessions] == [
        ("M1", "target_absent"),
        ("M1", "target_present"),
        ("M2_both", "target_absent"),
        ("M2_both", "target_present"),
    ]
    by_word, _ = study_from_folder(tmp_path, "{animal_id}_{phase}", GOLDEN)
    assert [s.phase for s in by_word.sessions] == ["target_absent", "target_present"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
def test_hostile_names(tmp_path: Path) -> None:
    names = [" M1_absent.mp4", " M1_present.mp4", "a + b_absent.mp4", "a + b_present.MP4", "..x.._t.mp4"]
    names += ["=1+1_nt.mp4", "=1+1_t.mp4", "M\n2_t.mp4", "Ω" * 100 + "_t.mp4", "[bold]{x}_t.mp4", "C:_t.mp4"]
    study, faults = study_from_folder(touch(tmp_path, *names), "{animal_id}_{phase}", GOLDEN)
    usable = [name for name in names if not name.startswith(".")]
    assert {s.videos[0].name for s in study.sessions} == set(usable)
    assert study.unusable == ()
    assert {fault.column for fault in faults} == {"phase"}
    assert all("alone" in fault.message for fault in faults)


def test_faults_are_told_as_of_a_sheet(tmp_path: Path) -> None:
    touch(tmp_path, "M1_absent.mp4", "M1_NT.mp4", "M2_t.mp4", "M2_nt.avi", "M3_t.mp4", "M_4_t.mp4", "M5_abs.mp4")
    study, faults = study_from_folder(tmp_path, "{animal_id}_{phase}", GOLDEN)
    said = {(fault.severity, fault.column, fault.message.split(",")[0]) for fault in faults}
    assert ("error", "animal_id", "expected target_absent of animal M1 once") in said
    assert ("error", "phase", "expected target_absent and target_present of animal M3") in said
    unmatched = next(fault for fault in faults if fault.video == "M5_abs.mp4")
    assert (unmatched.severity, unmatched.unusable) == ("warning", False)
    assert "('abs' is no word for a phase)" in unmatched.message
    assert {s.key.animal_id for s in study.unusable} == {"M1"}


def test_two_ways_to_read_a_name_are_a_warning(tmp_path: Path) -> None:
    touch(tmp_path, "C1_M_1_absent.mp4", "C1_M_1_present.mp4")
    study, faults = study_from_folder(tmp_path, "{cohort}_{animal_id}_{phase}", GOLDEN)
    assert len(study.sessions) == 2
    assert [fault.severity for fault in faults] == ["warning", "warning"]
    assert "taken as cohort 'C1', animal_id 'M_1'; it could be cohort 'C1_M', animal_id '1'" in faults[0].message


def test_columns_that_csds_writes_itself(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="n_frames"):
        study_from_folder(touch(tmp_path, "1_M1_t.mp4"), "{n_frames}_{animal_id}_{phase}", GOLDEN)


def test_settings_that_can_not_be_read(tmp_path: Path) -> None:
    touch(tmp_path, *PAIR)
    for text in ("[", "title = 3"):
        (tmp_path / "study.toml").write_text(text, encoding="utf-8")
        with pytest.raises(SheetError, match=r"study\.toml"):
            study_from_folder(tmp_path, "{animal_id}_{phase}", GOLDEN)


def test_groups_are_joined(tmp_path: Path) -> None:
    touch(tmp_path, "C1_M1_t.mp4", "C1_M1_nt.mp4", "C2_M1_t.mp4", "C2_M1_nt.mp4")
    table = "Cohort,Animal ID,Stress,treatment,sex\nC1,M1,CSDS,anti-IL-4Rα,f\nC2,M1,control,isotype,m\nC9,M1,,,\n"
    (tmp_path / "groups.csv").write_text(table, encoding="utf-8-sig")
    study, faults = study_from_folder(tmp_path, "{cohort}_{animal_id}_{phase}", GOLDEN)
    assert faults == []
    assert {(s.key.cohort, s.stress, s.treatment, s.design["sex"]) for s in study.sessions} == {
        ("C1", "defeated", "anti-IL-4Rα", "f"),
        ("C2", "control", "isotype", "m"),
    }


def test_names_go_before_groups_and_animals_without_a_row_are_told_once(tmp_path: Path) -> None:
    touch(tmp_path, "f_M1_t.mp4", "f_M1_nt.mp4", "m_M2_t.mp4", "m_M2_nt.mp4")
    (tmp_path / "groups.csv").write_text("animal_id,sex,stress\nM1,m,control\n", encoding="utf-8")
    study, faults = study_from_folder(tmp_path, "{sex}_{animal_id}_{phase}", GOLDEN)
    assert {(s.key.animal_id, s.design["sex"], s.stress) for s in study.sessions} == {
        ("M1", "f", "control"),
        ("M2", "m", ""),
    }
    assert [fault.message for fault in faults] == ["groups.csv has no row of animal_id 'M2', the animal of m_M2_nt.mp4"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("stress\ncontrol\n", "expected a row for each animal"),
        ("animal_id,phase\nM1,t\n", "expected a row for each animal"),
        ("animal_id,Sex,sex\nM1,f,f\n", "expected a row for each animal"),
        ("animal_id,sex\nM1,f\nM1 ,f\n", "row 3: 'M1' is there twice"),
        ("", "empty"),
    ],
)
def test_groups_that_can_not_be_used(tmp_path: Path, table: str, said: str) -> None:
    touch(tmp_path, *PAIR)
    (tmp_path / "groups.csv").write_text(table, encoding="utf-8")
    with pytest.raises(SheetError, match=said):
        study_from_folder(tmp_path, "{animal_id}_{phase}", GOLDEN)


def test_many_faulty_recordings_take_no_longer_than_good_ones(tmp_path: Path) -> None:
    # All animals without one phase, and all recordings of one animal: both were quadratic once.
    read = read_pattern("{animal_id}_{phase}*", [phase.name for phase in GOLDEN.phases])
    began = time.perf_counter()
    _, lacking = study_from_names(tmp_path, [f"M{n}_t.mp4" for n in range(5000)], read, GOLDEN)
    _, doubled = study_from_names(tmp_path, [f"M_t {n}.mp4" for n in range(5000)], read, GOLDEN)
    assert time.perf_counter() - began < 10
    assert len([fault for fault in lacking if fault.column == "phase"]) == 5000
    twice = [fault for fault in doubled if fault.column == "animal_id"]
    assert len(twice) == 5000
    assert "and 4994 more" in twice[0].message
