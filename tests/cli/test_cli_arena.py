"""``csds arena``: files and previews for many recordings, carried, given by hand, and never replaced in silence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from csds.arena import read_arenas
from csds.cli import app
from csds.cli.arena import _shots
from csds.protocol import load_protocol

GOLDEN = load_protocol("golden2011")


def arena(*arguments: object):
    return CliRunner().invoke(app, ["arena", *map(str, arguments)])


@pytest.fixture
def videos(filmed: Path, tmp_path: Path) -> Path:
    """Both recordings of M01, without their arena files."""
    for video in (filmed / "videos").glob("M01_*.mp4"):
        shutil.copy2(video, tmp_path)
    return tmp_path


def corners(path: Path) -> np.ndarray:
    (found,) = read_arenas(path, GOLDEN)
    return np.array(found.corners_px)


def test_found_with_a_preview(videos: Path, filmed: Path) -> None:
    result = arena(*sorted(videos.glob("*.mp4")), "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)["arenas"]
    assert [own["outcome"] for own in told] == ["found", "found"]
    for video in videos.glob("*.mp4"):
        true = corners(filmed / "videos" / f"{video.name}.arena.toml")
        own = corners(videos / f"{video.name}.arena.toml")
        assert np.sqrt(((own - true) ** 2).sum(axis=1).mean()) < 2.0
        assert (videos / f"{video.name}.arena.png").stat().st_size > 10_000


def test_a_file_drawn_by_hand_stays(videos: Path) -> None:
    video = videos / "M01_absent.mp4"
    by_hand = "40,20 280,20 280,220 40,220"
    assert arena(video, "--corners", by_hand).exit_code == 0
    file = videos / f"{video.name}.arena.toml"
    drawn = file.read_bytes()
    kept = arena(video)
    assert kept.exit_code == 0
    assert "kept" in kept.stdout
    assert file.read_bytes() == drawn
    refused = arena(video, "--corners", by_hand)
    assert refused.exit_code == 1
    assert "--force" in refused.output
    assert arena(video, "--force").exit_code == 0
    assert 'source = "detected"' in file.read_text(encoding="utf-8")


def test_corners_in_any_order_with_the_wall(videos: Path) -> None:
    video = videos / "M01_absent.mp4"
    result = arena(video, "--corners", "280,220 40,20 280,20 40,220", "--wall", "left", "--out", videos / "o")
    assert result.exit_code == 0, result.output
    expected = [[40, 220], [40, 20], [280, 20], [280, 220]]
    np.testing.assert_allclose(corners(videos / "o" / f"{video.name}.arena.toml"), expected)


def test_carried_from_another_recording(videos: Path) -> None:
    absent, present = videos / "M01_absent.mp4", videos / "M01_present.mp4"
    assert arena(absent, "--corners", "40,20 280,20 280,220 40,220").exit_code == 0
    result = arena(present, "--from", absent, "--json")
    assert result.exit_code == 0, result.output
    (told,) = json.loads(result.stdout)["arenas"]
    assert (told["outcome"], told["camera_moved"]) == ("carried", False)
    np.testing.assert_allclose(
        corners(videos / f"{present.name}.arena.toml"), corners(videos / f"{absent.name}.arena.toml")
    )


def test_one_that_cannot_be_told_is_carried_or_said(videos: Path) -> None:
    result = arena(*sorted(videos.glob("*.mp4")), "--confidence", 1.0)
    assert result.exit_code == 1
    assert "csds arena" in result.output
    assert "--corners" in result.output
    assert not list(videos.glob("*.toml"))
    assert len(list(videos.glob("*.png"))) == 2


def test_a_sheets_recording_is_looked_at_wherever_its_trials_may_be(tmp_path: Path) -> None:
    for name in ("m1.mp4", "m2.mp4"):
        (tmp_path / name).touch()
    sheet = tmp_path / "study.csv"
    rows = ["animal_id,phase,video,start_s,duration_s", "M1,both,m1.mp4,,20", "M2,absent,m2.mp4,5,30"]
    sheet.write_text("\n".join([*rows, ""]), encoding="utf-8")
    both, given = _shots([], sheet, GOLDEN)
    assert both.video.name == "m1.mp4"
    assert both.start_s == 0.0
    assert both.duration_s >= 2 * 20
    assert (given.start_s, given.duration_s) == (5.0, 30.0)


def test_a_damaged_recording_does_not_stop_the_others(videos: Path) -> None:
    (videos / "broken.mp4").write_bytes(b"no video")
    result = arena(videos / "broken.mp4", videos / "M01_absent.mp4")
    assert result.exit_code == 1
    assert "broken.mp4" in result.output
    assert (videos / "M01_absent.mp4.arena.toml").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "expected recordings or a sheet"),
        (["v.mp4", "--corners", "1,2 3,4"], "expected four corners"),
        (["v.mp4", "--wall", "top"], "--wall goes with --corners"),
        (["v.mp4", "--corners", "1,1 9,1 9,9 1,9", "--wall", "north"], "expected one of top, right"),
        (["v.mp4", "--from", "u.mp4"], "has no arena file"),
    ],
)
def test_wrong_calls(arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = arena(*arguments)
    assert result.exit_code == 2
    assert said in result.output
