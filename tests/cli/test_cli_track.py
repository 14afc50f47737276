"""``csds track`` as it is called: what must simply work, how it is interrupted, what it prints."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from csds.cli import app
from csds.formats.tables import read_table

pytestmark = pytest.mark.usefixtures("no_pictures")


def track(*arguments: object):
    return CliRunner().invoke(app, ["track", *map(str, arguments)])


class TestWhatIsPrinted:
    def test_table_messages_and_where_it_is(self, tracked: Path, filmed: Path, short_protocol: Path, tmp_path: Path):
        out = shutil.copytree(tracked, tmp_path / "out")
        result = track(filmed / "study.csv", "-p", short_protocol, "-o", out)
        assert result.exit_code == 0, result.output
        assert "susceptible" in result.stdout
        assert "M01" in result.stdout
        assert "interval" in result.stdout
        assert "certainty" in result.stdout
        assert "4 scored anew from their tracks; 0 failed" in result.stderr
        assert "4 sessions scored anew from tracks that still hold (changed: the time bins)" in result.stderr
        assert "results: " in result.stderr
        provenance = json.loads((out / "provenance.json").read_text(encoding="utf-8"))
        assert provenance["command"] == sys.argv

    def test_json_is_all_of_stdout(self, tracked: Path, filmed: Path, short_protocol: Path, tmp_path: Path):
        out = shutil.copytree(tracked, tmp_path / "out")
        result = track(filmed / "study.csv", "-p", short_protocol, "-o", out, "--time-bins", 3, "--json", "--quiet")
        told = json.loads(result.stdout)
        assert result.stderr == ""
        assert told["work"] == {"kept": 4}
        assert told["failures"] == told["messages"] == []
        assert [animal["phenotype"] for animal in told["animals"]] == ["control", "susceptible"]
        assert told["animals"][1]["below_cutoff"] is True
        assert told["animals"][1]["log_si_ratio"] is None
        assert (
            told["animals"][0]["si_ratio_low"] <= told["animals"][0]["si_ratio"] <= told["animals"][0]["si_ratio_high"]
        )
        assert told["animals"][0]["phenotype_certainty"] is None
        assert told["animals"][1]["phenotype_certainty"] > 0.5
        assert told["folder"] == str(out)

    def test_quiet_leaves_the_table_and_what_failed(self, copied: Callable[..., Path]):
        sheet = copied("M01")
        (sheet.parent / "videos" / "M01_absent.mp4").unlink()
        result = track(sheet, "--quiet")
        assert result.exit_code == 1
        assert "undetermined" not in result.stdout  # M01 is a control
        assert "control" in result.stdout
        assert "expected the recording" in result.stderr
        assert "fix: Correct the name" in result.stderr
        assert "sessions:" not in result.stderr

    def test_warnings_of_the_sheet(self, copied: Callable[..., Path]):
        sheet = copied("M01")
        sheet.write_text(sheet.read_text(encoding="utf-8").replace("weight_g", "wieght_g"), encoding="utf-8")
        result = track(sheet)
        assert result.exit_code == 0
        assert "warning: column 'wieght_g': is carried through" in result.stderr


class TestWaysToCall:
    def test_protocol_of_study_toml(self, copied: Callable[..., Path], short_protocol: Path):
        sheet = copied("M01")
        (sheet.parent / "study.toml").write_text('protocol = "nobody2099"\n', encoding="utf-8")
        result = track(sheet)
        assert result.exit_code == 2
        assert "there is no protocol 'nobody2099'" in result.stderr
        assert track(sheet, "--protocol", short_protocol).exit_code == 0

    def test_two_recordings_by_hand(self, copied: Callable[..., Path]):
        videos = copied("M01").parent / "videos"
        result = track(videos / "M01_absent.mp4", videos / "M01_present.mp4", "--animal", "μ 1/2")
        assert result.exit_code == 0, result.output
        results = videos / "results_μ 1_2"
        assert read_table(results / "animals.csv")["animal_id"].tolist() == ["μ 1/2"]
        # The recordings end before the protocol's 150 s.
        assert "short_recording" in read_table(results / "animals.csv")["flags"].iloc[0]
        again = track(videos / "M01_absent.mp4", videos / "M01_present.mp4", "--animal", "μ 1/2")
        assert "2 kept as they were" in again.stderr
        group = ("--stress", "defeated", "--treatment", "anti-IL-4Rα")
        track(videos / "M01_absent.mp4", videos / "M01_present.mp4", "--animal", "μ 1/2", *group)
        animal = read_table(results / "animals.csv").iloc[0]
        assert (animal["stress"], animal["treatment"]) == ("defeated", "anti-IL-4Rα")
        assert "unknown_stress" not in animal["flags"]

    def test_folder_by_pattern_with_one_arena_file(self, copied: Callable[..., Path], tmp_path: Path):
        videos = copied("M01").parent / "videos"
        (videos / "M01_absent.mp4.arena.toml").rename(tmp_path / "room.toml")
        (videos / "M01_present.mp4.arena.toml").unlink()
        result = track(videos, "--pattern", "{animal_id}_{phase}.{ext}", "--arena", tmp_path / "room.toml")
        assert result.exit_code == 0, result.output
        assert read_table(videos / "results" / "animals.csv")["animal_id"].tolist() == ["M01"]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["nowhere.csv"], "nowhere.csv: there is no such study sheet or folder"),
            (["nowhere.csv", "--protocol", "golden2011"], "there is no such study sheet"),
            (["nowhere.mp4", "neither.mp4", "--animal", "M1"], "nowhere.mp4: there is no such recording"),
            (["videos/M01_absent.mp4", "neither.mp4", "--animal", "M1"], "neither.mp4: there is no such recording"),
            (["videos/M01_absent.mp4", "videos/M01_absent.mp4", "--animal", "M1"], "given for both phases"),
            (["videos/M01_absent.mp4", "videos/M01_present.mp4"], "two recordings need --animal"),
            (["videos/M01_absent.mp4"], "one recording alone needs --animal ID"),
            (["neither.mp4", "--animal", "M1"], "neither.mp4: there is no such recording"),
            (["a", "b", "c"], "found 3 paths"),
            (["videos"], "a folder needs --pattern"),
            (["videos", "--pattern", "{cohort}_{phase}"], "lacks {animal_id}"),
            (["study.csv", "--pattern", "{animal_id}"], "--pattern goes with a folder"),
            (["study.csv", "--animal", "M1"], "--animal, --stress and --treatment go with recordings"),
            (["study.csv", "--arena", "no.toml"], "no.toml: there is no such arena file"),
            (["study.csv", "--protocol", "golden1911"], "there is no protocol 'golden1911'; did you mean 'golden2011'"),
            (["study.csv", "--jobs", "0"], "--jobs"),
            (["study.csv", "--time-bins", "-3"], "--time-bins"),
            ([], "Missing argument"),
        ],
    )
    def test_wrong_calls(
        self, copied: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
    ):
        folder = copied("M01").parent
        monkeypatch.chdir(folder)
        result = track(*arguments)
        assert result.exit_code == 2, result.output
        assert message in " ".join(result.stderr.split())
        assert not (folder / "results").exists()


def one_each(sheet: Path, names: list[str]) -> None:
    """Make a sheet with one session of each name, all of one recording's copies."""
    row = read_table(sheet).iloc[:1].drop(columns="cohort")
    videos = sheet.parent / "videos"
    for number in range(len(names)):
        for ending in ("mp4", "mp4.arena.toml"):
            shutil.copy(videos / f"M01_absent.{ending}", videos / f"{number}.{ending}")
    rows = [
        row.assign(animal_id=name, treatment=name, video=f"videos/{i}.mp4", duration_s=4)
        for i, name in enumerate(names)
    ]
    pd.concat(rows).to_csv(sheet, index=False)


class TestNames:
    def test_any_name_goes_through(self, copied: Callable[..., Path], tmp_path: Path):
        names = [
            "αβ γ",
            "🐭 01",
            "=1+1",
            "+5",
            "-x",
            "@a",
            "007",
            "7",
            "'quoted",
            "a;b",
            "a,b",
            '"',
            "CON",
            "a/b",
            "a_b",
        ]
        sheet = copied("M01", name="Büro α 🐭")
        one_each(sheet, names)
        out = tmp_path / "Ergebnisse für 3 %"
        result = track(sheet, "--quiet", "--out", out)
        assert result.exit_code == 1  # one phase alone
        assert "target_absent alone" in result.stderr
        animals = read_table(out / "animals.csv")
        assert animals["animal_id"].tolist() == names
        assert animals["treatment"].tolist() == names
        assert "\n,'=1+1,target_absent," not in (out / "animals.csv").read_text(encoding="utf-8-sig")
        assert ",'=1+1," in (out / "animals.csv").read_text(encoding="utf-8-sig")
        tracks = sorted((out / "tracks").iterdir())
        assert len(tracks) == len(names)
        assert {len(pd.read_parquet(file)) for file in tracks} == {60}
        assert len(list((out / "animals").iterdir())) == len(names)

    def test_no_name_leaves_the_folder(self, copied: Callable[..., Path], tmp_path: Path):
        names = ["../../gone", "/etc/gone", "..", "C:\\gone"]
        sheet = copied("M01")
        one_each(sheet, names)
        before = set(tmp_path.rglob("*"))
        out = tmp_path / "deep" / "er" / "out"
        assert track(sheet, "--quiet", "--out", out).exit_code == 1
        new = set(tmp_path.rglob("*")) - before
        assert {path.relative_to(tmp_path).parts[0] for path in new} == {"deep"}
        assert {path.parent for path in new if path.is_file()} == {
            out / name for name in ("tracks", "floors", "thumbnails", "overlays", "sessions", "animals", ".")
        }
        assert read_table(out / "animals.csv")["animal_id"].tolist() == names
        assert len(list((out / "animals").iterdir())) == len(names)
        assert not Path("/etc/gone.png").exists()


@pytest.fixture(scope="module")
def done(filmed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study with its results, so that sheets that say the same need no tracking."""
    folder = tmp_path_factory.mktemp("sheets") / "study"
    shutil.copytree(filmed, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("csds.batch.artist.save_session", touch_session)
        patch.setattr("csds.batch.artist.save_animal", lambda *_: None)
        assert track(folder / "study.csv").exit_code == 0
    return folder


class TestSheets:
    def check(self, sheet: Path) -> None:
        result = track(sheet, "--json")
        assert result.exit_code == 0, result.output
        told = json.loads(result.stdout)
        assert told["work"] == {"kept": 4}
        assert [animal["treatment"] for animal in told["animals"]] == ["isotype", "anti-IL-4Rα"]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_encodings(self, done: Path, encoding: str):
        text = (done / "study.csv").read_text(encoding="utf-8-sig")
        (done / "other.csv").write_text(text, encoding=encoding)
        self.check(done / "other.csv")

    def test_semicolons_and_decimal_commas(self, done: Path):
        table = read_table(done / "study.csv")
        table["start_s"], table["duration_s"] = "0,0", "8,0"
        table.to_csv(done / "other.csv", index=False, sep=";")
        self.check(done / "other.csv")

    def test_excel(self, done: Path):
        table = read_table(done / "study.csv")
        table["duration_s"] = table["duration_s"].astype(float)
        table.to_excel(done / "other.xlsx", index=False)
        self.check(done / "other.xlsx")

    def test_windows_1252(self, done: Path):
        table = read_table(done / "study.csv").replace({"anti-IL-4Rα": "anti-IL-4R–ü"})
        table.to_csv(done / "other.csv", index=False, encoding="cp1252", lineterminator="\r\n")
        result = track(done / "other.csv", "--json", "--out", shutil.copytree(done / "results", done / "copy"))
        assert result.exit_code == 0
        assert [animal["treatment"] for animal in json.loads(result.stdout)["animals"]] == ["isotype", "anti-IL-4R–ü"]


def touch_session(record, folder, protocol) -> None:
    folder.overlay(record["row"]["session_id"]).parent.mkdir(parents=True, exist_ok=True)
    folder.overlay(record["row"]["session_id"]).touch()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to another process")
@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_keeps_what_is_finished(filmed: Path, tmp_path: Path, jobs: int) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "csds", "track", str(filmed / "study.csv"), "-o", str(out), "-j", str(jobs)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        ends = time.monotonic() + 120
        while not list(out.glob("sessions/*.json")) and process.poll() is None and time.monotonic() < ends:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=120)[1]
    assert process.returncode == 130, said
    assert "interrupted: what was finished is kept; the same command completes the rest" in said
    assert "Traceback" not in said
    assert not list(out.rglob(".csds-*"))
    finished = {path.stem for path in out.glob("sessions/*.json")}
    sessions = read_table(out / "sessions.csv").set_index("session_id")
    assert 1 <= len(finished) < 4
    assert set(sessions.index[sessions["n_frames"] != ""]) == finished
    assert set(read_table(out / "failures.csv")["session_id"]) == set(sessions.index) - finished
    for path in out.glob("tracks/*.parquet"):
        assert len(pd.read_parquet(path)) == 120
    again = track(filmed / "study.csv", "-o", out, "--json")
    told = json.loads(again.stdout)
    assert again.exit_code == 0
    assert told["work"] == {"kept": len(finished), "tracked": 4 - len(finished)}
    assert told["failures"] == []
