"""Sheets are read as people write them, and all that is wrong with them is said at once."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from csds.errors import SheetError, UsageError
from csds.model.study import AnimalKey
from csds.protocol import load_protocol
from csds.study import Fault, check_sheet, errors_among, load_study, read_study

GOLDEN = load_protocol("golden2011")
OPEN_FIELD = load_protocol("open_field")
HEADER = "animal_id,phase,video"
PAIR = "M1,target_absent,a.mp4\nM1,target_present,b.mp4\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.mp4", "b.mp4", "c.mp4", "d.mp4", "Käfig β.mp4"):
        (tmp_path / name).touch()
    return tmp_path


def save(folder: Path, text: str, *, encoding: str = "utf-8") -> Path:
    path = folder / "study.csv"
    path.write_bytes(text.encode(encoding))
    return path


def faults(folder: Path, text: str) -> list[Fault]:
    found = check_sheet(save(folder, text), GOLDEN)
    assert all(fault.hint for fault in found)
    if errors_among(found):
        with pytest.raises(SheetError) as caught:
            read_study(folder / "study.csv", GOLDEN)
        assert caught.value.exit_code == 1
        assert all(str(fault) in caught.value.message for fault in errors_among(found))
    return found


def test_a_plain_sheet(folder: Path) -> None:
    text = "animal_id,phase,video,start_s,arena,stress,treatment,sex,My Note,exclude\n"
    text += (
        "007,target_absent,a.mp4,,A,control,isotype,f,x,\n007,target_present,b.mp4,12.5,A,control,isotype,f,y,died\n"
    )
    study = read_study(save(folder, text), GOLDEN)
    first, second = study.sessions
    assert first.key == AnimalKey(cohort="", animal_id="007", test="")
    assert (first.session_id, second.session_id) == ("007_target_absent", "007_target_present")
    assert (first.row, first.start_s, first.duration_s, first.arena) == (2, None, None, "A")
    assert (second.start_s, second.stress, second.treatment, second.exclude) == (12.5, "control", "isotype", "died")
    assert study.design_columns == ("sex", "my_note")
    assert dict(second.design) == {"sex": "f", "my_note": "y"}
    assert first.videos == (folder / "a.mp4",)
    assert study.title == "study"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_semicolons_decimal_commas_and_capitals(folder: Path, encoding: str) -> None:
    text = "Animal ID;PHASE; Video ;Start_s;Weight_g;cage\nM1;NT;a.mp4;1,5;21,5;Käfig\nM1;T;b.mp4;;;Käfig\n"
    study = read_study(save(folder, text, encoding=encoding), GOLDEN)
    assert [session.phase for session in study.sessions] == ["target_absent", "target_present"]
    assert study.sessions[0].start_s == 1.5
    assert dict(study.sessions[0].design) == {"weight_g": "21,5", "cage": "Käfig"}


def test_workbook(folder: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["animal_id", "phase", "video", "start_s"], [7, "absent", "a.mp4", 3], [7, "present", "b.mp4", None]):
        book.active.append(row)
    book.save(folder / "study.xlsx")
    study = read_study(folder / "study.xlsx", GOLDEN)
    assert [(s.key.animal_id, s.start_s) for s in study.sessions] == [("7", 3.0), ("7", None)]


@pytest.mark.parametrize("animal", ["βeta 1", "🐭7", "=1+1", "-x", "O'Neil", "a/b", "../../x", "CON", "x" * 300])
def test_unusual_ids_simply_work_and_stay_in_the_folder(folder: Path, animal: str) -> None:
    protected = f"'{animal}" if animal[0] in "=-" else animal
    study = read_study(save(folder, f"{HEADER}\n{protected},absent,a.mp4\n{protected},present,b.mp4\n"), GOLDEN)
    for session in study.sessions:
        assert session.key.animal_id == animal
        assert (folder / "tracks" / f"{session.session_id}.parquet").resolve().parent == (folder / "tracks").resolve()
    assert len({session.session_id for session in study.sessions}) == 2


@pytest.mark.parametrize(
    ("word", "phase"),
    [
        ("absent", "target_absent"),
        ("No Target", "target_absent"),
        ("no_target", "target_absent"),
        ("EMPTY", "target_absent"),
        ("Target-Absent", "target_absent"),
        ("target-", "target_absent"),
        ("present", "target_present"),
        (" Target ", "target_present"),
        ("t", "target_present"),
        ("SOCIAL", "target_present"),
        ("CD-1", "target_present"),
    ],
)
def test_phase_words(folder: Path, word: str, phase: str) -> None:
    study, _ = load_study(save(folder, f"{HEADER}\nM1,{word},a.mp4\n"), GOLDEN)
    assert study.sessions[0].phase == phase


def test_open_field_words(folder: Path) -> None:
    assert read_study(save(folder, f"{HEADER}\nM1,Open Field,a.mp4\n"), OPEN_FIELD).sessions[0].phase == "open_field"


@pytest.mark.parametrize(
    ("word", "stress"),
    [("ctrl", "control"), ("Non-stressed", "control"), ("CSDS", "defeated"), ("Stress", "defeated"), ("", "")],
)
def test_stress_words(folder: Path, word: str, stress: str) -> None:
    text = f"{HEADER},stress\nM1,absent,a.mp4,{word}\nM1,present,b.mp4,{word}\n"
    assert {session.stress for session in read_study(save(folder, text), GOLDEN).sessions} == {stress}


def test_split_recordings(folder: Path) -> None:
    study = read_study(save(folder, f"{HEADER}\nM1,absent,a.mp4 + b.mp4\nM1,present,c.mp4\n"), GOLDEN)
    assert study.sessions[0].videos == (folder / "a.mp4", folder / "b.mp4")
    assert study.sessions[0].video == "a.mp4 + b.mp4"


def test_a_plus_in_a_name_is_no_split(folder: Path) -> None:
    (folder / "M1 + M2.mp4").touch()
    study, _ = load_study(save(folder, f"{HEADER}\nM1,absent,M1 + M2.mp4\n"), GOLDEN)
    assert study.sessions[0].videos == (folder / "M1 + M2.mp4",)


def test_windows_separators(folder: Path) -> None:
    (folder / "videos").mkdir()
    (folder / "videos" / "a.mp4").touch()
    study, _ = load_study(save(folder, f"{HEADER}\nM1,absent,videos\\a.mp4\n"), GOLDEN)
    assert study.sessions[0].videos == (folder / "videos" / "a.mp4",)


def test_both_phases_of_one_file_one_after_the_other(folder: Path) -> None:
    text = f"{HEADER},start_s\nM1,absent,a.mp4,0\nM1,present,a.mp4,180\n"
    assert len(read_study(save(folder, text), GOLDEN).sessions) == 2


def test_two_arenas_of_one_file(folder: Path) -> None:
    text = f"{HEADER},arena\nM1,absent,a.mp4,A\nM1,present,b.mp4,A\nM2,absent,a.mp4,B\nM2,present,b.mp4,B\n"
    assert len(read_study(save(folder, text), GOLDEN).sessions) == 4


@pytest.mark.parametrize(
    ("rows", "where", "said"),
    [
        ("M1,absnt,a.mp4", (2, "phase"), "expected one of 'target_absent', 'target_present', found 'absnt'"),
        ("M1,habituation,a.mp4", (2, "phase"), "found 'habituation'"),
        ("M1,,a.mp4", (2, "phase"), "found nothing"),
        ("M1,both,a.mp4,10", (2, "phase"), "'target_present' in a row with start_s, found 'both'"),
        ("M1,open field,a.mp4", (2, "phase"), "found 'open field'"),
        (",absent,a.mp4", (2, "animal_id"), "expected the animal's ID, found nothing"),
        ("x" * 1001 + ",absent,a.mp4", (2, "animal_id"), "at most 1000 characters"),
        ("M1,absent,", (2, "video"), "expected the recording's file, found nothing"),
        ("M1,absent,nowhere.mp4", (2, "video"), "nowhere.mp4, found no file"),
        ("M1,absent,a.mp4 + nowhere.mp4", (2, "video"), "nowhere.mp4, found no file"),
        ("M1,absent,../a.mp4", (2, "video"), "expected a file in the sheet's folder"),
        ("M1,absent,videos/../../a.mp4", (2, "video"), "expected a file in the sheet's folder"),
        ("M1,absent,/etc/passwd", (2, "video"), "expected a file in the sheet's folder"),
        ("M1,absent,C:\\a.mp4", (2, "video"), "expected a file in the sheet's folder"),
        ("M1,absent,\\\\server\\a.mp4", (2, "video"), "expected a file in the sheet's folder"),
        ("M1,absent,a.mp4,-3", (2, "start_s"), "expected seconds, 0 or more, found '-3'"),
        ("M1,absent,a.mp4,1:30", (2, "start_s"), "found '1:30'"),
        ("M1,absent,a.mp4,1 s", (2, "start_s"), "found '1 s'"),
        ("M1,absent,a.mp4,0,0", (2, "duration_s"), "expected seconds, more than 0, found '0'"),
        ("M1,absent,a.mp4,,,maybe", (2, "stress"), "expected 'control' or 'defeated', found 'maybe'"),
    ],
)
def test_faults_of_a_row(folder: Path, rows: str, where: tuple[int, str], said: str) -> None:
    found = faults(folder, f"{HEADER},start_s,duration_s,stress\n{rows}\n")
    first = next(fault for fault in found if (fault.row, fault.column) == where)
    assert said in first.message
    assert first.severity == "error"
    assert first.unusable == (where[1] != "stress")


def test_misspelt_phase_gets_its_name(folder: Path) -> None:
    assert "Did you mean 'target_absent'?" in faults(folder, f"{HEADER}\nM1,absnt,a.mp4\n")[0].hint
    assert "--protocol" in faults(folder, f"{HEADER}\nM1,open field,a.mp4\n")[0].hint


def test_nul_is_refused(folder: Path) -> None:
    book = f"{HEADER}\nM1,absent,a\x00.mp4\n"
    with pytest.raises(SheetError, match="isn't text"):
        read_study(save(folder, book), GOLDEN)


def test_doubled_session(folder: Path) -> None:
    found = faults(folder, f"{HEADER}\n{PAIR}M1,absent,c.mp4\n")
    assert [(fault.row, fault.column) for fault in found] == [(2, "animal_id"), (4, "animal_id")]
    assert "target_absent of animal M1 once, found it also in row 4" in found[0].message
    study, _ = load_study(folder / "study.csv", GOLDEN)
    assert [session.row for session in study.sessions] == [3]  # neither of the two can be trusted


def test_repeated_tests_and_cohorts_are_not_doubled(folder: Path) -> None:
    text = f"{HEADER},test,cohort\nM1,absent,a.mp4,pre,1\nM1,present,b.mp4,pre,1\n"
    text += "M1,absent,c.mp4,post,1\nM1,present,d.mp4,post,1\n"
    assert faults(folder, text) == []
    assert load_study(folder / "study.csv", GOLDEN)[0].sessions[0].session_id == "1_M1_pre_target_absent"


def test_one_recording_for_both_phases_has_a_row_or_two(folder: Path) -> None:
    once = read_study(save(folder, f"{HEADER},stress\nM1,both,a.mp4,defeated\n"), GOLDEN)
    assert [session.phase for session in once.sessions] == ["target_absent", "target_present"]
    assert {(s.videos, s.start_s, s.stress, s.row) for s in once.sessions} == {
        ((folder / "a.mp4",), None, "defeated", 2)
    }
    twice = read_study(save(folder, f"{HEADER}\nM1,absent,a.mp4\nM1,present,./a.mp4\n"), GOLDEN)
    assert [s.session_id for s in twice.sessions] == [s.session_id for s in once.sessions]


def test_a_row_for_both_phases_tells_its_faults_once(folder: Path) -> None:
    found = faults(folder, f"{HEADER}\nM1,both,nowhere.mp4\n")
    assert [(fault.row, fault.column) for fault in found] == [(2, "video")]
    assert load_study(folder / "study.csv", GOLDEN)[0].sessions == ()


def test_a_single_phase_is_never_both(folder: Path) -> None:
    _, found = load_study(save(folder, f"{HEADER}\nM1,both,a.mp4\n"), load_protocol("open_field"))
    assert "expected 'open_field', the only phase" in found[0].message


def test_a_window_to_be_found_goes_with_a_given_one(folder: Path) -> None:
    text = f"{HEADER},start_s,duration_s\nM1,absent,a.mp4,,150\nM1,present,a.mp4,180,150\n"
    assert faults(folder, text) == []


def test_overlapping_windows(folder: Path) -> None:
    text = f"{HEADER},start_s,duration_s\nM1,absent,a.mp4,0,150\nM1,present,a.mp4,149,150\n"
    assert "0 to 150 s, row 3" in faults(folder, text)[0].message
    assert faults(folder, text.replace("149", "150")) == []


def test_two_animals_in_one_place(folder: Path) -> None:
    found = faults(folder, f"{HEADER}\n{PAIR}M2,absent,a.mp4\nM2,present,c.mp4\n")
    assert {fault.row for fault in found} == {2, 4}
    assert "'arena'" in found[0].hint


def test_animal_with_one_phase(folder: Path) -> None:
    found = faults(folder, f"{HEADER}\n{PAIR}M2,absent,c.mp4\n")
    assert [(fault.row, fault.column, fault.unusable) for fault in found] == [(4, "phase", False)]
    assert "of animal M2, found target_absent alone" in found[0].message
    assert len(read_study(folder / "study.csv", GOLDEN, strict=False).sessions) == 3


def test_id_that_changes_between_phases(folder: Path) -> None:
    found = faults(folder, f"{HEADER}\nM1,absent,a.mp4\nm1,present,b.mp4\n")
    assert any("is it the same animal?" in fault.hint for fault in found)
    assert any(fault.severity == "warning" and "capitals or spaces" in fault.message for fault in found)


@pytest.mark.parametrize("column", ["stress", "treatment", "sex"])
def test_two_animals_with_one_id(folder: Path, column: str) -> None:
    one, other = ("control", "CSDS") if column == "stress" else ("x", "y")
    found = faults(folder, f"{HEADER},{column}\nM1,absent,a.mp4,{one}\nM1,present,b.mp4,{other}\n")
    assert [(fault.row, fault.column, fault.unusable) for fault in found] == [(3, column, False)]


def test_all_faults_are_told_at_once(folder: Path) -> None:
    text = HEADER + "\n" + "".join(f"M{i},absnt,nowhere.mp4\n" for i in range(30))
    with pytest.raises(SheetError) as caught:
        read_study(save(folder, text), GOLDEN)
    assert "60 faults" in caught.value.message
    assert "… and 40 more" in caught.value.message


def test_nearly_a_known_column_is_a_warning(folder: Path) -> None:
    found = faults(folder, f"{HEADER},treatmentt\nM1,absent,a.mp4,x\nM1,present,b.mp4,x\n")
    assert [(fault.severity, fault.column) for fault in found] == [("warning", "treatmentt")]
    assert "Rename it to 'treatment'" in found[0].hint


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        (
            "animal,phase,video\nM1,absent,a.mp4\n",
            "the column 'animal_id' is missing; found 'animal'",
            "rename 'animal'",
        ),
        ("phase\nabsent\n", "the column 'animal_id', 'video' is missing", "Add it"),
        (f"{HEADER}\n", "expected a row for each session", "Add rows"),
        ("", "found an empty file", "first line"),
        (f"{HEADER},Sex,sex\nM1,absent,a.mp4,f,m\n", "'sex' more than once", "Rename"),
        (f"{HEADER},Phenotype\nM1,absent,a.mp4,x\n", "csds writes columns 'phenotype' itself", "Rename"),
        (f"{HEADER},interaction_time_s\nM1,absent,a.mp4,x\n", "csds writes columns", "Rename"),
    ],
)
def test_sheets_that_can_not_be_used(folder: Path, text: str, said: str, hint: str) -> None:
    with pytest.raises(SheetError) as caught:
        load_study(save(folder, text), GOLDEN)
    assert said in caught.value.message
    assert hint in caught.value.hint


def test_missing_sheet_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such study sheet"):
        read_study(tmp_path / "study.csv", GOLDEN)


def test_settings_beside_the_sheet(folder: Path) -> None:
    sheet = save(folder, f"{HEADER}\n{PAIR}")
    (folder / "study.toml").write_text('title = "IL-4Rα"\n[treatment]\nroute = "i.p."\n', encoding="utf-8")
    study = read_study(sheet, GOLDEN)
    assert (study.title, study.settings["treatment"]) == ("IL-4Rα", {"route": "i.p."})
    (folder / "study.toml").write_text("title = \n", encoding="utf-8")
    with pytest.raises(SheetError, match=r"study.toml.*line 1"):
        read_study(sheet, GOLDEN)
    (folder / "study.toml").write_text("title = 5\n", encoding="utf-8")
    with pytest.raises(SheetError, match="title: expected text, found 5"):
        read_study(sheet, GOLDEN)


def test_links_in_the_folder_are_meant(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    archive = tmp_path_factory.mktemp("archive")
    (archive / "a.mp4").touch()
    try:
        (folder / "videos").symlink_to(archive, target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")
    study, _ = load_study(save(folder, f"{HEADER}\nM1,absent,videos/a.mp4\n"), GOLDEN)
    assert study.sessions[0].videos == (folder / "videos" / "a.mp4",)
