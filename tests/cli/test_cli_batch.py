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
        ("2019", "4 tracked"), ("2020", "3 tracked"),
    ]  # fmt: skip
    assert [one["session_id"] for one in told["failures"]] == ["C1_M02_target_absent"]
    assert [Path(one["recording"]).name for one in told["left_over"]] == ["what is this.mp4"]
    assert (Path("out/2019/animals.csv")).read_bytes() == (tracked / "animals.csv").read_bytes()
    assert not list(archive.rglob("results"))
    assert len(pd.read_parquet("out/catalogue.parquet")) == 4

    again = json.loads(call(*asked).stdout)
    assert [one["work"] for one in again["studies"]] == ["4 kept", "3 kept"]
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
    assert [(one["session_id"], one["column"]) for one in json.loads(result.stdout)["differences"]] == [
        (ID, "interaction_time_s"), ("C1_M02_target_absent", "track"),
    ]  # fmt: skip


def test_a_sample_is_verified(tracked: Path, short_protocol: Path) -> None:
    result = call("verify", tracked, "-p", short_protocol, "--share", 0.5, "--json")
    assert len(json.loads(result.stdout)["checked"]) == 2
    assert not [path for path in tracked.iterdir() if path.name.startswith("csds-verify")]


def test_results_that_name_no_sheet(tmp_path: Path) -> None:
    result = call("verify", tmp_path)
    assert result.exit_code == 2
    assert "--sheet" in result.stderr
