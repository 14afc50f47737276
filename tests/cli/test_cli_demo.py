"""``csds demo``: the sample study is copied once, never over other files, and then run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

import csds.cli.demo
from csds.cli import app
from csds.cli.demo import copy_sample_study
from csds.errors import ResultsError, UsageError


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the sample study."""
    folder = tmp_path / "shipped"
    (folder / "videos").mkdir(parents=True)
    (folder / "study.csv").write_text("animal_id,phase,video\n", encoding="utf-8")
    (folder / "videos" / "a.mp4").write_bytes(b"not really")
    monkeypatch.setattr(csds.cli.demo, "shipped_folder", lambda name: tmp_path / "shipped")
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_copy_is_whole(shipped: Path, tmp_path: Path) -> None:
    target = tmp_path / "a new place" / "démo"
    assert copy_sample_study(target) == target / "study.csv"
    assert content(target) == content(shipped)


def test_copy_is_completed_and_its_results_stay(shipped: Path, tmp_path: Path) -> None:
    target = tmp_path / "demo"
    copy_sample_study(target)
    (target / "results").mkdir()
    (target / "results" / "animals.csv").write_text("kept", encoding="utf-8")
    (target / "videos" / "a.mp4").write_bytes(b"half")
    copy_sample_study(target)
    assert (target / "videos" / "a.mp4").read_bytes() == b"not really"
    assert (target / "results" / "animals.csv").read_text(encoding="utf-8") == "kept"


def test_other_files_are_never_touched(shipped: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine"
    target.mkdir()
    (target / "study.csv").write_text("my own study", encoding="utf-8")
    with pytest.raises(UsageError, match="holds other files") as caught:
        copy_sample_study(target)
    assert "csds demo DIR" in caught.value.hint
    assert content(target) == {"study.csv": b"my own study"}
    assert CliRunner().invoke(app, ["demo", str(target)]).exit_code == 2


def test_a_file_is_no_folder(shipped: Path, tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="a file, expected a folder"):
        copy_sample_study(target)


def test_folder_that_cannot_be_made_is_said(shipped: Path, tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("", encoding="utf-8")
    with pytest.raises(ResultsError, match="can't be copied there"):
        copy_sample_study(blocker / "demo")


@pytest.mark.slow
def test_demo_runs_the_whole_of_it_and_again_without_new_work(tmp_path: Path) -> None:
    target = tmp_path / "demo"
    jobs = str(min(2, os.cpu_count() or 1))
    first = CliRunner().invoke(app, ["demo", str(target), "--jobs", jobs, "--json"])
    assert first.exit_code == 0, first.output
    told = json.loads(first.stdout)
    assert len(told["animals"]) == 8
    assert told["failures"] == []
    assert {animal["phenotype"] for animal in told["animals"]} == {"control", "susceptible", "resilient"}
    results = target / "results"
    assert len(list((results / "overlays").glob("*.png"))) == 16
    assert len(list((results / "animals").glob("*.png"))) == 8
    assert len(list((results / "tracks").glob("*.parquet"))) == 16
    again = CliRunner().invoke(app, ["demo", str(target)])
    assert again.exit_code == 0
    assert "16 kept as they were" in again.stderr
    assert "pictures of each animal" in again.stderr
