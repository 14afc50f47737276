"""Studies of an archive: which are found, what is left over, and how long that takes."""

from __future__ import annotations

import pickle
import sys
import time
from pathlib import Path

import pytest

from csds.batch.archive import find_studies, search_archive
from csds.batch.archive_check import check_archive
from csds.errors import SheetError, UsageError
from csds.protocol import load_protocol
from csds.study import folders
from csds.study.folders import Listing

GOLDEN = load_protocol("golden2011")
SHEET = "animal_id,phase,video\nM1,nt,v/a.mp4\nM1,t,v/b.mp4\n"


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def both(*stems: str) -> list[str]:
    return [f"{stem}{word}.mp4" for stem in stems for word in ("absent", "present")]


def test_sheets_and_names_side_by_side(tmp_path: Path) -> None:
    write(tmp_path / "2016/Study.CSV", SHEET)
    write(tmp_path / "2016/sub/study.xlsx", "")
    touch(tmp_path, "2016/v/a.mp4", "2016/v/b.mp4", "2016/sub/deep/c.mp4")
    touch(tmp_path, *both("2015/A/C1_M1_", "2015/A/C1_M2_", "2015/B/M1-"), "2015/B/trailer.mp4", "other/film.mp4")
    found = search_archive([tmp_path])
    told = [(s.folder.relative_to(tmp_path).as_posix(), s.sheet and s.sheet.name, s.pattern) for s in found.studies]
    assert told == [
        ("2015/A", None, "{cohort}_{animal_id}_{phase}.{ext}"),
        ("2015/B", None, "{animal_id}-{phase}.{ext}"),
        ("2016", "Study.CSV", ""),
        ("2016/sub", "study.xlsx", ""),
    ]
    assert found.studies[1].recordings == ("M1-absent.mp4", "M1-present.mp4", "trailer.mp4")
    assert found.studies[2].recordings == ("v/a.mp4", "v/b.mp4")
    assert [(one.path.name, "usual" in one.reason) for one in found.left_over] == [("film.mp4", True)]
    assert find_studies([tmp_path]) == found.studies
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - our own


def test_found_studies_are_loaded(tmp_path: Path) -> None:
    write(tmp_path / "a/study.csv", SHEET)
    touch(tmp_path, "a/v/a.mp4", "a/v/b.mp4", *both("b/M1_"))
    for found in find_studies([tmp_path]):
        study, faults = found.load(found.protocol())
        assert faults == []
        assert [session.phase for session in study.sessions] == ["target_absent", "target_present"]
    of_sheet = find_studies([tmp_path / "a"])[0]
    (tmp_path / "a/study.csv").unlink()
    with pytest.raises(UsageError, match="no such study sheet"):
        of_sheet.load(GOLDEN)


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("{animal_id}_{phase}", ["P/C1", "P/C2", "Q"]),
        ("{cohort}/{animal_id}_{phase}.mp4", [".", "P"]),
        (r"{project}\{cohort}\{animal_id}_{phase}.mp4", ["."]),
    ],
)
def test_the_study_lies_above_what_a_pattern_spans(tmp_path: Path, pattern: str, wanted: list[str]) -> None:
    touch(tmp_path, *both("P/C1/M1_", "P/C2/M1_", "Q/M1_"))
    found = search_archive([tmp_path], pattern)
    assert [study.folder.relative_to(tmp_path).as_posix() for study in found.studies] == wanted
    assert {study.pattern for study in found.studies} == {pattern}
    for study in found.studies:
        assert study.load(GOLDEN)[1] == []
    assert len(found.left_over) == 6 - sum(len(study.recordings) for study in found.studies)
    for one in found.left_over:
        assert "it lies 1 folder below the study's folder, the pattern spans 2 folders" in one.reason


def test_two_ways_of_naming_in_one_study(tmp_path: Path) -> None:
    touch(tmp_path, *both("M1_"), "absent/1.mp4", "absent/2.mp4", "present/1.mp4")
    (found,) = find_studies([tmp_path])
    assert found.pattern == "{phase}/{animal_id}.{ext}"
    _, faults = found.load(GOLDEN)
    assert [fault.video for fault in faults if "left out" in fault.message] == ["M1_absent.mp4", "M1_present.mp4"]


def test_settings_say_where_a_study_is_and_how_it_is_named(tmp_path: Path) -> None:
    write(tmp_path / "P/study.toml", 'pattern = "{cohort}/{animal_id}_{phase}.mp4"\n')
    write(tmp_path / "Q/study.toml", 'protocol = "open_field"\n')
    write(tmp_path / "R/study.toml", 'pattern = "{animal_id"\n')
    write(tmp_path / "S/study.toml", "[")
    write(tmp_path / "U/study.toml", "pattern = 3")
    write(tmp_path / "T/study.toml", 'pattern = "x{animal_id}_{phase}"\n')
    touch(
        tmp_path,
        *both("P/C1/M1_", "P/C2/M1_", "S/M1_", "T/M1_"),
        "P/C1/deep/M9_t.mp4",
        "Q/M1.mp4",
        "R/M1_t.mp4",
        "U/1.mp4",
    )
    found = {study.folder.name: study for study in find_studies([tmp_path])}
    assert {name: study.pattern for name, study in found.items()} == {
        "P": "{cohort}/{animal_id}_{phase}.mp4",
        "Q": "{animal_id}.{ext}",
        "R": "{animal_id",
        "S": "{animal_id}_{phase}.{ext}",
        "T": "x{animal_id}_{phase}",
        "U": "3",
    }
    study, faults = found["P"].load(GOLDEN)
    assert len(study.sessions) == 4
    assert [fault.video for fault in faults] == ["C1/deep/M9_t.mp4"]
    assert found["Q"].protocol().name == "open_field"
    assert [s.phase for s in found["Q"].load(found["Q"].protocol())[0].sessions] == ["open_field"]
    with pytest.raises(SheetError):
        found["S"].protocol()
    looks = {look.found.folder.name: look for look in check_archive(tmp_path).looks}
    assert "isn't understood" in looks["R"].faults[0].message
    assert "expected TOML" in looks["S"].faults[0].message
    assert "no recording is named by" in looks["T"].faults[0].message
    assert "the pattern 3 lacks" in looks["U"].faults[0].message
    assert looks["R"].study is looks["S"].study is None
    # A pattern that is given goes before.
    given = {study.folder.name: study.pattern for study in find_studies([tmp_path], "{animal_id}_{phase}")}
    assert given == dict.fromkeys(["R", "S", "T"], "{animal_id}_{phase}")


def test_roots_within_roots_and_sheets_as_roots(tmp_path: Path) -> None:
    touch(tmp_path, *both("a/M1_", "b/M1_"))
    sheet = write(tmp_path / "c/cohort 3.csv", SHEET)
    found = find_studies([tmp_path / "b", tmp_path / "a", sheet, tmp_path / "a/../a"])
    assert [study.folder.name for study in found] == ["a", "b", "c"]
    assert found[2].sheet == sheet
    assert [study.folder for study in find_studies([tmp_path / "a", tmp_path])] == [tmp_path / "a", tmp_path / "b"]
    touch(tmp_path, *both("c/v/"))
    assert find_studies([tmp_path])[2].pattern == "{animal_id}/{phase}.{ext}"
    *_, of_sheet = find_studies([sheet, tmp_path])
    assert (of_sheet.sheet, of_sheet.recordings) == (sheet, ("v/absent.mp4", "v/present.mp4"))
    with pytest.raises(UsageError, match="no such folder or study sheet"):
        find_studies([tmp_path / "nowhere"])
    with pytest.raises(UsageError, match="lacks"):
        find_studies([tmp_path], "{phase}")
    with pytest.raises(UsageError, match="no protocol"):
        find_studies([tmp_path], protocol="nothing")


def test_two_sheets_in_one_folder(tmp_path: Path) -> None:
    touch(tmp_path, "study.xlsx", "study.csv")
    (found,) = find_studies([tmp_path])
    assert found.sheet == tmp_path / "study.csv"
    assert found.notes == ("study.xlsx lies beside study.csv and is left out",)


def test_what_a_check_tells(tmp_path: Path) -> None:
    write(tmp_path / "s/study.csv", SHEET)
    touch(tmp_path, "s/v/a.mp4", "s/v/b.mp4", "s/v/c.mp4")
    touch(tmp_path, *both("n/C1_M1_", "n/C1_M2_"), "n/film.mp4", "n/C1_M3_abs.mp4")
    found = check_archive(tmp_path)
    named, sheet = found.looks
    assert not found.is_good
    assert (named.animals, dict(named.phases)) == (2, {"target_absent": 2, "target_present": 2})
    assert named.faults == sheet.faults == ()
    assert named.examples(1) == [("C1_M1_absent.mp4", {"cohort": "C1", "animal_id": "M1", "phase": "target_absent"})]
    assert sheet.examples(1) == []
    assert [(one.path.name, one.reason.split(" (")[1]) for one in found.left_over] == [
        ("C1_M3_abs.mp4", "'abs' is no word for a phase)"),
        ("film.mp4", "expected '_' behind {cohort})"),
    ]
    assert [one.path.name for one in found.unlisted] == ["c.mp4"]
    for path in ("n/film.mp4", "n/C1_M3_abs.mp4"):
        (tmp_path / path).unlink()
    assert check_archive(tmp_path).is_good, "a sheet may leave recordings out"
    assert not check_archive(touch(tmp_path / "empty", "notes.txt")).is_good


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_sheet_may_name_recordings_by_a_link(tmp_path: Path) -> None:
    touch(tmp_path, "real/a.mp4", "real/b.mp4")
    (tmp_path / "v").symlink_to(tmp_path / "real")
    write(tmp_path / "study.csv", SHEET)
    found = check_archive(tmp_path)
    assert found.is_good
    assert found.unlisted == ()


def test_a_hundred_thousand_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listings = [
        Listing(folder=tmp_path / f"C{c:03d}", recordings=tuple(sorted(both(*(f"C{c:03d}_{m}_" for m in range(500))))))
        for c in range(100)
    ]
    monkeypatch.setattr("csds.batch.archive.list_folders", lambda root: (listings, []))
    for pattern, studies in (("", 100), ("{room}/{cohort}_{animal_id}_{phase}", 1)):
        began = time.perf_counter()
        found = search_archive([tmp_path], pattern)
        assert time.perf_counter() - began < 6  # some 0.6 s on a quiet machine
        assert len(found.studies) == studies
        assert sum(len(study.recordings) for study in found.studies) == 100_000
        assert found.left_over == ()


def test_a_few_thousand_files(tmp_path: Path) -> None:
    for c in range(20):
        touch(tmp_path, *both(*(f"C{c}/M{m}_" for m in range(100))))
    began = time.perf_counter()
    listings, _ = folders.list_folders(tmp_path)
    assert time.perf_counter() - began < 0.5  # some 0.005 s
    assert sum(len(listing.recordings) for listing in listings) == 4000
    assert [listing.folder.name for listing in listings] == sorted(f"C{c}" for c in range(20))
