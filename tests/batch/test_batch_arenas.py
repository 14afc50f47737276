"""A study without arena files: the arena is found, or the session says that it can't be told."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from csds.arena import read_arenas
from csds.batch import RunResult, TrackOptions, track_study
from csds.cli import app
from csds.protocol import load_protocol
from csds.study import load_study

pytestmark = pytest.mark.usefixtures("no_pictures")


def run(sheet: Path, out: Path, protocol_file: Path, **options: object) -> RunResult:
    protocol = load_protocol(protocol_file)
    study, faults = load_study(sheet, protocol)
    return track_study(study, protocol, out, TrackOptions(**options), faults=faults)  # type: ignore[arg-type]


@pytest.fixture
def bare(copied: Callable[..., Path]) -> Path:
    """M01's study without arena files."""
    sheet = copied("M01")
    for file in (sheet.parent / "videos").glob("*.arena.toml"):
        file.unlink()
    return sheet


def test_found_recorded_and_kept(bare: Path, filmed: Path, short_protocol: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(bare, out, short_protocol)
    assert result.failures == ()
    (true,) = read_arenas(filmed / "videos" / "M01_absent.mp4.arena.toml", load_protocol("golden2011"))
    sessions = json.loads((out / "provenance.json").read_text(encoding="utf-8"))["sessions"]
    assert len(sessions) == 2
    for made_from in sessions.values():
        own = made_from["arena"]
        assert own["source"] == "detected"
        assert own["confidence"] > 0.8
        apart = np.array(own["corners_px"]) - np.array(true.corners_px)
        assert np.sqrt((apart**2).sum(axis=1).mean()) < 2.0
    assert run(bare, out, short_protocol).work == {"kept": 2}


def test_a_file_beside_the_video_wins(copied: Callable[..., Path], short_protocol: Path, tmp_path: Path) -> None:
    result = run(copied("M01"), tmp_path / "out", short_protocol)
    assert result.failures == ()
    record = json.loads((tmp_path / "out" / "provenance.json").read_text(encoding="utf-8"))
    assert {own["arena"]["source"] for own in record["sessions"].values()} == {"drawn"}


def test_what_cannot_be_told_fails_with_a_picture_and_the_command(
    bare: Path, short_protocol: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = run(bare, out, short_protocol, arena_confidence=1.0)
    assert len(result.failures) == 2
    assert set(result.sessions["flags"]) == {"failed;ambiguous_arena"}
    failure = result.failures[0]
    assert failure.stage == "arena"
    assert "confidence" in failure.error
    assert len(list((out / "arenas").glob("*.png"))) == 2
    command = shlex.split(next(line for line in failure.how_to_fix.splitlines() if line.startswith("csds arena")))
    settled = CliRunner().invoke(app, command[1:])
    assert settled.exit_code == 0, settled.output
    # One phase is enough: the other one shows the same room.
    assert run(bare, out, short_protocol, arena_confidence=1.0).failures == ()
