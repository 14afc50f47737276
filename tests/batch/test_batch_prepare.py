"""Which sessions are worked on together, and what becomes of faults in one of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import csds.batch.unit
from csds.batch import RunResult, TrackOptions, track_study
from csds.batch.prepare import group_sessions
from csds.errors import ResultsError
from csds.formats.json_files import plain, write_json
from csds.formats.tables import read_table
from csds.model.study import AnimalKey, Session
from csds.protocol import load_protocol
from csds.results.folder import ResultsFolder, prepare_folder
from csds.study import load_study

GOLDEN = "golden2011"


def session(animal: str, *videos: str, phase: str = "target_absent") -> Session:
    key = AnimalKey(cohort="", animal_id=animal, test="")
    return Session(
        session_id=f"{animal}_{phase}",
        key=key,
        phase=phase,
        video=" + ".join(videos),
        videos=tuple(Path(video) for video in videos),
    )


def track(sheet: Path, out: Path, **options: object) -> RunResult:
    protocol = load_protocol(GOLDEN)
    study, faults = load_study(sheet, protocol)
    return track_study(study, protocol, out, TrackOptions(**options), faults=faults)


def test_units_hold_what_shares_an_animal_or_a_recording() -> None:
    sessions = [
        session("a", "1.mp4"),
        session("b", "2.mp4"),
        session("c", "3.mp4"),
        session("a", "4.mp4", phase="target_present"),
        session("d", "2.mp4"),
        session("d", "3.mp4", phase="target_present"),
    ]
    units = group_sessions(sessions)
    assert [[s.session_id for s in unit] for unit in units] == [
        ["a_target_absent", "a_target_present"],
        ["b_target_absent", "c_target_absent", "d_target_absent", "d_target_present"],
    ]
    assert group_sessions([]) == []


@pytest.mark.usefixtures("no_pictures")
class TestOneIsBad:
    def test_the_others_are_done_and_it_is_listed(self, copied: Callable[..., Path], tmp_path: Path) -> None:
        sheet = copied()
        (sheet.parent / "videos" / "M02_present.mp4").write_text("this is no film", encoding="utf-8")
        out = tmp_path / "out"
        result = track(sheet, out)
        assert result.work == {"tracked": 3}
        (failure,) = result.failures
        assert (failure.session_id, failure.video, failure.stage) == (
            "C1_M02_target_present",
            "videos/M02_present.mp4",
            "video",
        )
        assert failure.error
        assert failure.how_to_fix
        animals = read_table(out / "animals.csv").set_index("animal_id")
        assert animals.loc["M02", "phenotype"] == "undetermined"
        assert "missing_phase" in animals.loc["M02", "flags"]
        assert "failed" in animals.loc["M02", "flags"]
        assert animals.loc["M02", "interaction_absent_s"]
        assert read_table(out / "sessions.csv")["flags"].iloc[3] == "failed"
        assert read_table(out / "failures.csv")["session_id"].tolist() == [failure.session_id]

    def test_a_fault_of_csds_concerns_one_session(
        self, copied: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = csds.batch.unit.finish_session

        def finish_session(item, *rest):
            if item.session.session_id == "C1_M01_target_absent":
                raise ZeroDivisionError("division by zero")
            return whole(item, *rest)

        monkeypatch.setattr(csds.batch.unit, "finish_session", finish_session)
        result = track(copied("M01"), tmp_path / "out")
        (failure,) = result.failures
        assert failure.stage == "csds"
        assert failure.error.startswith("a fault in csds: ZeroDivisionError: division by zero (test_batch_prepare.py")
        assert result.work == {"tracked": 1}

    def test_a_fault_while_tracking_concerns_one_recording(
        self, copied: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = csds.batch.unit.observe_recording

        def observe_recording(recording, *rest, **more):
            if recording.paths[0].name == "M01_absent.mp4":
                raise RuntimeError("no such luck")
            return whole(recording, *rest, **more)

        monkeypatch.setattr(csds.batch.unit, "observe_recording", observe_recording)
        result = track(copied("M01"), tmp_path / "out")
        assert [(f.session_id, f.stage) for f in result.failures] == [("C1_M01_target_absent", "csds")]
        assert result.work == {"tracked": 1}

    def test_a_worker_that_dies_is_listed(
        self, copied: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(
            "csds.batch.workers.Workers",
            lambda *_, **__: type("Dead", (), {"run": lambda _: dict.fromkeys((0, 1), "the process died")})(),
        )
        result = track(copied(), tmp_path / "out", jobs=2)
        assert [failure.stage for failure in result.failures] == ["csds"] * 4
        assert "not finished: the process died" in result.failures[0].error
        assert "--jobs 1" in result.failures[0].how_to_fix
        assert result.sessions["flags"].tolist() == ["failed"] * 4

    def test_rows_that_cannot_be_used_keep_their_place_in_the_tables(
        self, copied: Callable[..., Path], tmp_path: Path
    ) -> None:
        sheet = copied("M01")
        with sheet.open("a", encoding="utf-8") as stream:
            stream.write("C1,M08,target_absent,videos/no.mp4,0,8,defeated,isotype,m,,\n")
            stream.write("C1,M08,target_present,videos/M01_present.mp4,20,8,defeated,isotype,m,,\n")
            stream.write("C1,M09,intermission,videos/M01_absent.mp4,0,8,defeated,isotype,m,,\n")
        result = track(sheet, tmp_path / "out")
        assert result.animals["animal_id"].tolist() == ["M01", "M08", "M09"]
        assert result.animals["phenotype"].tolist() == ["control", "undetermined", "undetermined"]
        assert all("missing_phase" in flags for flags in result.animals["flags"].iloc[1:])
        assert len(result.sessions) == 4
        assert {failure.stage for failure in result.failures} == {"video", "sheet"}

    def test_a_study_without_any_usable_row(self, copied: Callable[..., Path], tmp_path: Path) -> None:
        sheet = copied("M01")
        shutil.rmtree(sheet.parent / "videos")
        result = track(sheet, tmp_path / "out", jobs=4)
        assert len(result.failures) == 2
        assert result.animals["flags"].tolist() == ["failed;missing_phase"]
        assert read_table(tmp_path / "out" / "sessions.csv")["flags"].tolist() == ["failed", "failed"]


class TestFolder:
    def test_below_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("", encoding="utf-8")
        with pytest.raises(ResultsError, match="is a file, not a folder") as caught:
            prepare_folder(ResultsFolder(path=tmp_path / "file"))
        assert "--out" in caught.value.hint
        with pytest.raises(ResultsError, match="a file stands where a folder is needed"):
            prepare_folder(ResultsFolder(path=tmp_path / "file" / "results"))

    def test_json_is_plain(self, tmp_path: Path) -> None:
        value = {"a": float("nan"), "b": (1, 2.5, None), "c": {"d": Path("x")}, "e": "α", 3: True}
        expected = {"a": None, "b": [1, 2.5, None], "c": {"d": "x"}, "e": "α", "3": True}
        assert plain(value) == expected
        write_json(tmp_path / "x.json", value)
        assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8")) == expected


def test_fresh_and_kept_records_are_alike(tracked: Path, filmed: Path, short_protocol: Path, tmp_path: Path) -> None:
    out = shutil.copytree(tracked, tmp_path / "out")
    protocol = replace(load_protocol(short_protocol))
    study, _ = load_study(filmed / "study.csv", protocol)
    kept = track_study(study, protocol, out, TrackOptions(time_bins_s=3.0))
    assert kept.work == {"kept": 4}
    assert str(kept.sessions["n_frames"].dtype) == "Int64"
    assert str(kept.sessions["corners_latency_s"].dtype) == "float64"
    assert kept.sessions["flags"].map(type).eq(str).all()
