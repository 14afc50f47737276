"""``csds batch``, ``csds status`` and ``csds verify`` as they are called."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from typer.testing import CliRunner

from csds.cli import app

ID = "C1_M01_target_present"


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.fixture
def archive(filmed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two copies of the filmed study; a recording of the second is damaged, and one is no study's."""
    monkeypatch.chdir(tmp_path)
    for year in ("2019", "2020"):
        shutil.copytree(filmed, tmp_path / "archive" / year)
    (tmp_path / "archive" / "2020" / "videos" / "M02_absent.mp4").write_bytes(b"no video")
    (tmp_path / "archive" / "odd").mkdir()
    (tmp_path / "archive" / "odd" / "what is this.mp4").write_bytes(b"")
    return tmp_path / "archive"


def test_an_archive_is_worked_through_once(archive: Path, short_protocol: Path, tracked: Path) -> None:
    asked = ("batch", archive, "--out", "out", "-p", short_protocol, "--jobs", 2, "--json")
    result = call(*asked)
    assert result.exit_code == 1, result.output
    told = json.loads(result.stdout)
    assert [(Path(one["results"]).name, one["work"]) for one in told["studies"]] == [
        ("2019", {"tracked": 4}), ("2020", {"tracked": 3}),
    ]  # fmt: skip
    assert [one["session_id"] for one in told["failures"]] == ["C1_M02_target_absent"]
    assert [Path(one["recording"]).name for one in told["left_over"]] == ["what is this.mp4"]
    assert (Path("out/2019/animals.csv")).read_bytes() == (tracked / "animals.csv").read_bytes()
    assert not list(archive.rglob("results"))
    assert len(pd.read_parquet("out/catalogue.parquet")) == 4

    again = json.loads(call(*asked).stdout)
    assert [one["work"] for one in again["studies"]] == [{"kept": 4}, {"kept": 3}]
    assert len(again["failures"]) == 1

    status = call("status", "out", "--json")
    assert status.exit_code == 0
    (run,) = json.loads(status.stdout)
    assert (run["state"], run["studies"], run["done"], run["failed"], run["waiting"]) == ("finished", 2, 8, 1, 0)
    assert "finished" in call("status", "out").stdout


def test_several_protocols_have_folders_of_their_own(archive: Path, short_protocol: Path) -> None:
    shutil.rmtree(archive / "2020")
    other = archive.parent / "other.toml"
    text = short_protocol.read_text(encoding="utf-8")
    other.write_text(text.replace('name = "golden2011"', 'name = "other"'), encoding="utf-8")
    result = call("batch", archive, "-p", short_protocol, "-p", other, "--jobs", 2, "--quiet")
    assert result.exit_code == 0, result.output
    assert sorted(path.parent.name for path in Path("csds_batch").rglob("animals.csv")) == ["golden2011", "other"]


def test_two_protocols_of_one_name_are_a_wrong_call(archive: Path, short_protocol: Path) -> None:
    result = call("batch", archive, "--out", "out", "-p", short_protocol, "-p", "golden2011")
    assert result.exit_code == 2
    assert "two are named 'golden2011'" in result.stderr
    assert not Path("out").exists()


def test_nothing_to_do_is_a_wrong_call(tmp_path: Path) -> None:
    result = call("batch", tmp_path)
    assert result.exit_code == 2
    assert "expected studies, found neither" in result.stderr
    assert call("status", tmp_path).exit_code == 2
    assert call("batch", tmp_path / "none").exit_code == 2


def test_a_run_that_fell_silent_is_lost(tmp_path: Path) -> None:
    (tmp_path / "status").mkdir()
    status = {"host": "pc", "pid": 7, "sessions": 9, "done": 3, "elapsed_s": 300.0, "seen_s": 400.0}
    (tmp_path / "status" / "pc-7.json").write_text(json.dumps(status), encoding="utf-8")
    result = call("status", tmp_path)
    assert result.exit_code == 1
    assert "lost" in result.stdout


def test_results_are_verified(filmed: Path, tracked: Path, short_protocol: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tracked, tmp_path / "results")
    asked = ("verify", folder, "-p", short_protocol)
    result = call(*asked)
    assert result.exit_code == 0, result.output
    assert "4 sessions computed again" in result.stderr
    assert "no difference" in result.stderr

    record = json.loads((folder / "sessions" / f"{ID}.json").read_text(encoding="utf-8"))
    record["row"]["interaction_time_s"] += 1e-9
    (folder / "sessions" / f"{ID}.json").write_text(json.dumps(record), encoding="utf-8")
    track = pd.read_parquet(folder / "tracks" / "C1_M02_target_absent.parquet")
    track.loc[3, "x_cm"] = np.nextafter(track.loc[3, "x_cm"], 0.0)
    track.to_parquet(folder / "tracks" / "C1_M02_target_absent.parquet", index=False)
    result = call(*asked, "--json", "--quiet")
    assert result.exit_code == 1
    (told,) = json.loads(result.stdout)["results"]
    assert [(one["session_id"], one["column"]) for one in told["differences"]] == [
        (ID, "interaction_time_s"), ("C1_M02_target_absent", "track"),
    ]  # fmt: skip


def test_a_sample_is_verified(tracked: Path, short_protocol: Path) -> None:
    result = call("verify", tracked, "-p", short_protocol, "--share", 0.5, "--json")
    (told,) = json.loads(result.stdout)["results"]
    assert len(told["checked"]) == 2
    assert not [path for path in tracked.iterdir() if path.name.startswith("csds-verify")]


def test_no_results_to_verify(tmp_path: Path) -> None:
    result = call("verify", tmp_path)
    assert result.exit_code == 2
    assert "expected results of csds track or batch, found none" in result.stderr


def test_results_that_name_no_study(tracked: Path, short_protocol: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tracked, tmp_path / "results")
    made = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    (folder / "provenance.json").write_text(json.dumps(made | {"study": {}}), encoding="utf-8")
    result = call("verify", folder, "-p", short_protocol)
    assert result.exit_code == 2
    assert "name the study sheet, or the folder and pattern of recordings, found neither" in result.stderr
    assert "--sheet" in result.stderr


def test_all_results_of_a_batch_are_verified_and_what_cant_be_stops_no_other(
    filmed: Path, short_protocol: Path, tmp_path: Path
) -> None:
    shutil.copytree(filmed, tmp_path / "archive" / "a")
    for video in (filmed / "videos").glob("*.mp4*"):
        copy = tmp_path / "archive" / "b" / f"C7_{video.name}"
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(video, copy)
    asked = ("-p", short_protocol, "-q")
    assert call("batch", tmp_path / "archive", "-o", tmp_path / "out", *asked).exit_code == 0
    result = call("verify", tmp_path / "out", "-p", short_protocol, "--share", 0.5)
    assert result.exit_code == 0, result.output
    for name in ("a", "b"):
        assert f"{tmp_path / 'out' / name}: 2 sessions computed again" in result.stderr
    shutil.rmtree(tmp_path / "archive" / "b")
    result = call("verify", tmp_path / "out", *asked, "--share", 0.5, "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert [(one["folder"], one["differences"]) for one in told["results"]] == [(str(tmp_path / "out" / "a"), [])]
    assert [one["folder"] for one in told["not_verified"]] == [str(tmp_path / "out" / "b")]
    assert "which holds none by {cohort}_{animal_id}_{phase}" in " ".join(result.stderr.split())


def test_a_study_without_a_sheet_is_known_again_without_a_look_into_its_recordings(
    filmed: Path, short_protocol: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(filmed / "videos", tmp_path / "archive")
    asked = ("batch", tmp_path / "archive", "-o", tmp_path / "out", "-p", short_protocol, "-q", "--json")
    assert call(*asked).exit_code == 0
    monkeypatch.setattr("csds.batch.provenance.file_digest", None)
    result = call(*asked)
    assert [one["work"] for one in json.loads(result.stdout)["studies"]] == [{"kept": 4}]
