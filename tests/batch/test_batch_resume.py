"""Running again: what holds is kept, what doesn't is made anew and said, nothing broken is believed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import csds.batch.unit
from csds.batch import RunResult, TrackOptions, track_study
from csds.batch.artist import Artist
from csds.errors import ResultsError, UsageError
from csds.formats.atomic import temporary_name
from csds.formats.tables import read_table
from csds.model.protocol import Protocol
from csds.protocol import load_protocol
from csds.results.folder import ResultsFolder, clear_unfinished
from csds.study import load_study

pytestmark = pytest.mark.usefixtures("no_pictures")

M01, M02 = "C1_M01_target_absent", "C1_M02_target_absent"


@pytest.fixture
def results(tracked: Path, tmp_path: Path) -> Path:
    """A copy of the finished results of the whole study."""
    return Path(shutil.copytree(tracked, tmp_path / "results"))


@pytest.fixture
def run(filmed: Path, short_protocol: Path, results: Path) -> Callable[..., RunResult]:
    """Run the study into the finished results, or as said."""

    def run(
        sheet: Path = filmed / "study.csv",
        protocol: Protocol | Path = short_protocol,
        out: Path = results,
        **options: object,
    ) -> RunResult:
        settings = protocol if isinstance(protocol, Protocol) else load_protocol(protocol)
        study, faults = load_study(sheet, settings)
        return track_study(study, settings, out, TrackOptions(**({"time_bins_s": 3.0} | options)), faults=faults)

    return run


@pytest.fixture
def no_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tracking fail: only what needs none can succeed."""
    monkeypatch.setattr(csds.batch.unit, "observe_recording", None)
    monkeypatch.setattr("csds.batch.samples.sample_frames", None)


def tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.csv")}


def edited(protocol: Path, tmp_path: Path, old: str, new: str) -> Path:
    text = protocol.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "edited.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.usefixtures("no_decoding")
class TestWithoutDecoding:
    def test_everything_is_kept(self, run: Callable[..., RunResult], results: Path, tracked: Path) -> None:
        pictures = {path: path.stat().st_mtime_ns for path in results.rglob("*.png")}
        result = run()
        assert result.work == {"kept": 4}
        assert result.messages == ()
        assert tables(results) == tables(tracked)
        assert {path: path.stat().st_mtime_ns for path in results.rglob("*.png")} == pictures

    def test_moved_study_is_known_by_its_recordings(
        self, run: Callable[..., RunResult], copied: Callable[..., Path]
    ) -> None:
        assert run(copied(name="moved to Zürich ✓")).work == {"kept": 4}

    def test_changed_zone(
        self, run: Callable[..., RunResult], short_protocol: Path, tmp_path: Path, results: Path
    ) -> None:
        before = read_table(results / "sessions.csv")["interaction_time_s"].astype(float)
        result = run(protocol=edited(short_protocol, tmp_path, "depth_cm = 14.0", "depth_cm = 28.0"))
        assert result.work == {"rescored": 4}
        assert result.messages == (
            "4 sessions scored anew from tracks that still hold (changed: the protocol's zones)",
        )
        assert (result.sessions["interaction_time_s"].to_numpy() >= before.to_numpy()).all()
        assert result.sessions["interaction_time_s"].sum() > before.sum()
        assert run().work == {"rescored": 4}
        assert read_table(results / "sessions.csv")["interaction_time_s"].astype(float).tolist() == before.tolist()

    def test_changed_rule_and_sheet_need_no_session(
        self, run: Callable[..., RunResult], short_protocol: Path, tmp_path: Path, copied: Callable[..., Path]
    ) -> None:
        sheet = copied()
        text = sheet.read_text(encoding="utf-8").replace("weight_g", "weight_g,exclude")
        sheet.write_text(text.replace(",24.7\n", ",24.7,ill\n").replace(",25\n", ",25,ill\n"), encoding="utf-8")
        result = run(sheet, edited(short_protocol, tmp_path, "min_denominator_s = 1.0", "min_denominator_s = 7.0"))
        assert result.work == {"kept": 4}
        assert "small_denominator" in result.animals["flags"].iloc[1]
        assert result.animals["phenotype"].tolist() == ["control", "undetermined"]
        assert set(result.animals["exclude"]) == {"ill"}

    def test_records_from_before_uncertainty_are_made_anew_from_their_tracks(
        self, run: Callable[..., RunResult], results: Path, tracked: Path
    ) -> None:
        for path in (results / "sessions").glob("*.json"):
            record = json.loads(path.read_text(encoding="utf-8"))
            del record["readings"], record["keys"]["measure"]["uncertainty"], record["unit"]
            path.write_text(json.dumps(record), encoding="utf-8")
        result = run()
        assert result.work == {"rescored": 4}
        assert result.messages == (
            "4 sessions scored anew from tracks that still hold (changed: how uncertainty is reckoned)",
        )
        assert tables(results) == tables(tracked)

    def test_group_given_later(self, run: Callable[..., RunResult], copied: Callable[..., Path]) -> None:
        sheet = copied()
        text = sheet.read_text(encoding="utf-8").replace("anti-IL-4Rα", "=IgG 😀")
        sheet.write_text(text, encoding="utf-8")
        result = run(sheet)
        assert result.work == {"kept": 2, "rescored": 2}
        assert result.messages == ("2 sessions scored anew from tracks that still hold (changed: the animal's group)",)
        assert result.animals["treatment"].tolist() == ["isotype", "=IgG 😀"]

    def test_time_bins_not_asked_for_any_more(self, run: Callable[..., RunResult], results: Path) -> None:
        result = run(time_bins_s=None)
        assert "time_bins.csv of an earlier run was removed; --time-bins makes it again" in result.messages
        assert not (results / "time_bins.csv").exists()

    def test_missing_picture_is_drawn(self, run: Callable[..., RunResult], results: Path) -> None:
        (results / "overlays" / f"{M01}.png").unlink()
        (results / "animals" / "C1_M02.png").unlink()
        result = run()
        assert result.work == {"kept": 4}
        assert (results / "overlays" / f"{M01}.png").is_file()
        assert (results / "animals" / "C1_M02.png").is_file()

    def test_sessions_that_left_the_sheet(
        self, run: Callable[..., RunResult], copied: Callable[..., Path], results: Path
    ) -> None:
        result = run(copied("M01"))
        assert result.work == {"kept": 2}
        (said,) = result.messages
        assert said.startswith("2 sessions of earlier runs not in the study (C1_M02_target_absent, C1_M02_target_pres")
        assert read_table(results / "animals.csv")["animal_id"].tolist() == ["M01"]
        assert (results / "tracks" / f"{M02}.parquet").is_file()

    def test_old_tables_are_never_believed(self, run: Callable[..., RunResult], results: Path, tracked: Path) -> None:
        for name in ("sessions", "animals", "failures"):
            (results / f"{name}.csv").write_text("broken", encoding="utf-8")
        assert run().work == {"kept": 4}
        assert tables(results) == tables(tracked)


def test_a_table_that_is_open_elsewhere_stops_no_other(
    run: Callable[..., RunResult], results: Path, tracked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, while Excel shows sessions.csv."""
    replace_file = os.replace

    def replace(source, target):
        if Path(target).name == "sessions.csv":
            raise PermissionError(13, "in use")
        replace_file(source, target)

    for name in ("sessions", "animals", "failures"):
        (results / f"{name}.csv").write_text("old", encoding="utf-8")
    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(ResultsError, match=r"open in another program; the new one is sessions\.new\.csv"):
        run()
    written = tables(results)
    expected = tables(tracked)
    assert written.pop("sessions.csv") == b"old"
    assert written.pop("sessions.new.csv") == expected.pop("sessions.csv")
    assert written == expected


def test_animals_are_drawn_again_where_the_line_of_the_cutoff_is_another(
    run: Callable[..., RunResult], short_protocol: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(Artist, "draw_animal", lambda _, picture: drawn.append(picture.name))
    run()
    assert drawn == []
    run(protocol=edited(short_protocol, tmp_path, "cutoff = 1.0", "cutoff = 0.999"))
    assert drawn == ["C1_M01", "C1_M02"]


def test_pictures_of_a_run_that_was_killed_arent_taken_for_those_of_the_run_before(
    run: Callable[..., RunResult], short_protocol: Path, tmp_path: Path, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw(_: object, __: object, name: str, folder: ResultsFolder, protocol: Protocol) -> None:
        folder.animal(name).write_text(protocol.sha256, encoding="utf-8")

    def die(*_: object) -> None:
        raise SystemExit

    def shown() -> set[str]:
        return {path.read_text(encoding="utf-8") for path in (results / "animals").iterdir()}

    monkeypatch.setattr("csds.batch.artist.save_animal", draw)
    shutil.rmtree(results / "animals")
    (results / "animals").mkdir()
    run()
    other = edited(short_protocol, tmp_path, "cutoff = 1.0", "cutoff = 0.8")
    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr("csds.batch.study_run.describe_run", die)
        run(protocol=other)
    assert shown() == {load_protocol(other).sha256}
    run()
    assert shown() == {load_protocol(short_protocol).sha256}


@pytest.mark.parametrize(
    "damage",
    [
        {
            f"tracks/{M01}.parquet": None,
            f"sessions/{M02}.json": b'{"keys": {"track"',
            "floors/C1_M01_target_present.png": b"",
            "sessions/C1_M02_target_present.json": None,
        },
        {
            f"tracks/{M01}.parquet": b"PAR1 broken",
            f"sessions/{M02}.json": b"[1, 2]",
            "floors/C1_M01_target_present.png": None,
            "sessions/C1_M02_target_present.json": b'{"keys": "x", "row": {}}',
        },
        {f"sessions/{M02}.json": b"\xff\xfe\x00"},
    ],
)
def test_missing_and_damaged_files_are_made_again(
    run: Callable[..., RunResult], results: Path, tracked: Path, damage: dict[str, bytes | None]
) -> None:
    for file, content in damage.items():
        (results / file).unlink()
        if content is not None:
            (results / file).write_bytes(content)
    result = run()
    assert result.work.get("tracked") == len(damage)
    assert result.failures == ()
    assert tables(results) == tables(tracked)
    if len(damage) > 1:
        assert result.messages == ("2 sessions tracked anew (a file of the results was missing or damaged)",)


def test_changed_recording_concerns_its_animal_alone(
    run: Callable[..., RunResult], copied: Callable[..., Path]
) -> None:
    sheet = copied()
    videos = sheet.parent / "videos"
    # M02 as if it had been given M01's recording of the target-absent phase.
    shutil.copy(videos / "M01_absent.mp4", videos / "M02_absent.mp4")
    result = run(sheet)
    assert result.work == {"kept": 2, "tracked": 2}
    assert set(result.messages) == {
        "1 session tracked anew (changed: the recording, a recording or arena of the animal's other phase)",
        "1 session tracked anew (changed: a recording or arena of the animal's other phase)",
    }
    first, _, third, _ = result.sessions["interaction_time_s"]
    assert third == pytest.approx(first, abs=0.15)


def test_changed_arena_window_and_tracking_are_said(
    run: Callable[..., RunResult], copied: Callable[..., Path], short_protocol: Path, tmp_path: Path
) -> None:
    sheet = copied()
    arena = sheet.parent / "videos" / "M01_absent.mp4.arena.toml"
    arena.write_text(arena.read_text(encoding="utf-8").replace("42.0", "42.5", 1), encoding="utf-8")
    lines = sheet.read_text(encoding="utf-8").splitlines()
    lines[3] = lines[3].replace(",0,8,", ",1,6,")
    sheet.write_text("\n".join(lines), encoding="utf-8")
    result = run(sheet)
    assert result.failures == ()
    assert any("tracked anew (changed: " in said and "the arena" in said for said in result.messages)
    assert any("the window" in said for said in result.messages)
    assert "unequal_windows" in result.animals["flags"].iloc[1]
    assert "arena_size_differs" in result.sessions["flags"].iloc[0]
    one = copied("M01", name="one")
    result = run(one, edited(short_protocol, tmp_path, "smoothing_s = 0.2 ", "smoothing_s = 0.0 "))
    assert any("the protocol's tracking" in said for said in result.messages)
    assert result.work == {"tracked": 2}


class TestAnotherStudy:
    @pytest.fixture
    def other(self, filmed: Path, tmp_path: Path) -> Path:
        """Another sheet with sessions of the same names, from other recordings."""
        folder = tmp_path / "other"
        shutil.copytree(filmed / "videos", folder / "videos")
        text = (filmed / "study.csv").read_text(encoding="utf-8-sig")
        for word in ("absent", "present"):
            text = text.replace(f"M01_{word}.mp4", "swap").replace(f"M02_{word}.mp4", f"M01_{word}.mp4")
            text = text.replace("swap", f"M02_{word}.mp4")
        (folder / "study.csv").write_text(text, encoding="utf-8")
        return folder / "study.csv"

    def test_is_refused(self, run: Callable[..., RunResult], other: Path, results: Path, tracked: Path) -> None:
        with pytest.raises(UsageError, match="holds the results of another study") as caught:
            run(other)
        assert caught.value.exit_code == 2
        assert "--force" in caught.value.hint
        assert tables(results) == tables(tracked)

    def test_is_refused_with_other_names_too(self, run: Callable[..., RunResult], other: Path) -> None:
        other.write_text(other.read_text(encoding="utf-8").replace("M0", "X0").replace("videos/X0", "videos/M0"))
        with pytest.raises(UsageError, match="another study"):
            run(other)

    def test_is_accepted_by_force(self, run: Callable[..., RunResult], other: Path, tracked: Path) -> None:
        result = run(other, force=True)
        assert result.work == {"tracked": 4}
        before = read_table(tracked / "animals.csv")["interaction_absent_s"].astype(float)
        assert result.animals["interaction_absent_s"].tolist() == pytest.approx(before.tolist()[::-1], abs=0.1)

    @pytest.mark.parametrize("content", ["", "{}", '{"sessions": {"x": {}}}', '{"study": 1, "sessions": {"x": 1}}'])
    def test_unreadable_provenance_refuses_nothing(
        self, run: Callable[..., RunResult], results: Path, content: str
    ) -> None:
        (results / "provenance.json").write_text(content, encoding="utf-8")
        assert run().work == {"kept": 4}


class TestInterrupted:
    def test_finished_sessions_are_in_the_tables(
        self, run: Callable[..., RunResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = csds.batch.unit.finish_session

        def finish_session(item, *rest):
            if item.session.session_id == "C1_M02_target_present":
                raise KeyboardInterrupt
            return whole(item, *rest)

        monkeypatch.setattr(csds.batch.unit, "finish_session", finish_session)
        out = tmp_path / "new"
        with pytest.raises(KeyboardInterrupt):
            run(out=out)
        sessions = read_table(out / "sessions.csv")
        assert [bool(n) for n in sessions["n_frames"]] == [True, True, True, False]
        failures = read_table(out / "failures.csv")
        assert failures["session_id"].tolist() == ["C1_M02_target_present"]
        assert "interrupted" in failures["error"].iloc[0]
        assert "Run the same command again" in failures["how_to_fix"].iloc[0]
        monkeypatch.setattr(csds.batch.unit, "finish_session", whole)
        assert run(out=out).work == {"kept": 3, "tracked": 1}

    def test_rows_of_earlier_runs_stay_where_their_turn_had_not_come(
        self, run: Callable[..., RunResult], copied: Callable[..., Path], results: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sheet = copied()
        run(sheet)
        os.utime(sheet.parent / "videos" / "M02_absent.mp4")  # so it isn't known to be the same, without reading it

        def interrupt(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("csds.batch.ahead.ready_unit", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run(sheet)
        assert [bool(n) for n in read_table(results / "sessions.csv")["n_frames"]] == [True, True, False, True]

    def test_full_disk_in_the_middle(
        self, run: Callable[..., RunResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = csds.batch.unit.write_picture

        def write_picture(path, picture):
            if path.stem == M02:
                raise ResultsError("x.png: could not be written, the disk is full", hint="Free some space")
            whole(path, picture)

        monkeypatch.setattr(csds.batch.unit, "write_picture", write_picture)
        with pytest.raises(ResultsError, match="disk is full"):
            run(out=tmp_path / "new")
        assert read_table(tmp_path / "new" / "failures.csv")["error"].str.contains("disk is full").all()
        assert not list((tmp_path / "new").rglob(".csds-*"))


def test_only_unfinished_files_of_runs_that_are_over_are_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "tracks").mkdir()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    own = temporary_name(".csv")
    of_ended = own.replace(f"-{os.getpid()}-", f"-{ended.pid}-")
    elsewhere, long_ago = own.replace(own[6:14], "0" * 8), own.replace(own[6:14], "1" * 8)
    for name in (".csds-notes.txt", own, of_ended, f"tracks/{of_ended}", elsewhere, long_ago):
        (tmp_path / name).write_text("", encoding="utf-8")
    os.utime(tmp_path / long_ago, (1e9, 1e9))
    clear_unfinished(ResultsFolder(path=tmp_path))
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {".csds-notes.txt", own, elsewhere}


def test_records_are_json_that_says_what_was_used(tracked: Path) -> None:
    record = json.loads((tracked / "sessions" / f"{M01}.json").read_text(encoding="utf-8"))
    assert set(record["keys"]) == {"track", "measure"}
    assert record["row"]["session_id"] == M01
    assert record["row"]["corners_latency_s"] is None or record["row"]["corners_latency_s"] >= 0
