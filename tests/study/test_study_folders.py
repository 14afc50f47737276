"""What of a folder tree is looked at."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from csds.study.folders import is_blinded_twin, list_folders, recordings_at


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def seen(root: Path) -> list[str]:
    return [
        (listing.folder / name).relative_to(root).as_posix()
        for listing in list_folders(root)[0]
        for name in listing.recordings
    ]


def test_recordings_in_a_fixed_order_without_what_is_hidden(tmp_path: Path) -> None:
    names = ["b/2.MP4", "b/1.mp4", "a b/é.avi", "x.mkv", "notes.txt", ".mp4", "._x.mkv", ".git/y.mp4", "@eaDir/z.mp4"]
    assert seen(touch(tmp_path, *names)) == ["x.mkv", "a b/é.avi", "b/1.mp4", "b/2.MP4"]


def test_results_and_blinded_twins_are_told_and_passed_over(tmp_path: Path) -> None:
    touch(
        tmp_path, "results/provenance.json", "results/overlays/x.mp4", "old/sessions.csv", "old/y.mp4", "twin/v/z.mp4"
    )
    (tmp_path / "twin/study.toml").write_text("[blinding]\nblinded = true\n", encoding="utf-8")
    listings, skipped = list_folders(tmp_path)
    assert listings == []
    assert [(one.folder.name, one.reason.split(";")[0]) for one in skipped] == [
        ("old", "results of csds"),
        ("results", "results of csds"),
        ("twin", "a blinded study"),
    ]


def test_a_study_with_results_in_its_own_folder_is_a_study(tmp_path: Path) -> None:
    touch(tmp_path, "s/study.csv", "s/provenance.json", "s/a.mp4", "s/overlays/a.mp4")
    assert seen(tmp_path) == ["s/a.mp4"]


def test_the_root_is_gone_into_whatever_it_holds(tmp_path: Path) -> None:
    assert seen(touch(tmp_path, "sessions.csv", "a.mp4")) == ["a.mp4"]


def test_what_is_a_blinded_twin(tmp_path: Path) -> None:
    assert not is_blinded_twin(tmp_path)
    for text, is_twin in (("[", False), ("blinding = 1", False), ("[blinding]\nblinded = true", True)):
        (tmp_path / "study.toml").write_text(text, encoding="utf-8")
        assert is_blinded_twin(tmp_path) == is_twin


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_are_followed_once(tmp_path: Path) -> None:
    root = touch(tmp_path / "root", "b/1.mp4", "b/deep/2.mp4")
    touch(tmp_path / "elsewhere", "3.mp4")
    (root / "a").symlink_to(root / "b")  # sorts before what it leads to
    (root / "b/deep/loop").symlink_to(root)
    (root / "c").symlink_to(tmp_path / "elsewhere")
    (root / "b/4.mp4").symlink_to(tmp_path / "elsewhere/3.mp4")
    (root / "b/gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    assert seen(root) == ["b/1.mp4", "b/4.mp4", "b/deep/2.mp4", "c/3.mp4"]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="everything can be read")
def test_what_can_not_be_read_is_told(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.mp4", "b/2.mp4")
    (tmp_path / "a").chmod(0)
    try:
        listings, skipped = list_folders(tmp_path)
    finally:
        (tmp_path / "a").chmod(0o700)
    assert [listing.folder.name for listing in listings] == ["b"]
    assert "can't be read" in skipped[0].reason


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    listings, skipped = list_folders(tmp_path / "nowhere")
    assert listings == []
    assert "can't be read" in skipped[0].reason


def test_recordings_so_many_folders_below(tmp_path: Path) -> None:
    touch(tmp_path, "1.mp4", "a/2.mp4", "a/b/3.mp4", "c/4.mp4")
    assert list(recordings_at(tmp_path, 0)) == ["1.mp4"]
    assert list(recordings_at(tmp_path, 1)) == ["a/2.mp4", "c/4.mp4"]
