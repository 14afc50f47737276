"""Ways from a folder to a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from csds.formats.links import relative_path, way_to


def test_ways_lead_up_and_down(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b.csv").write_text("", encoding="utf-8")
    assert relative_path(tmp_path / "b.csv", tmp_path / "a") == way_to(tmp_path / "b.csv", tmp_path / "a") == "../b.csv"
    assert relative_path(tmp_path / "none.csv", tmp_path) == ""


def test_to_another_drive_there_is_no_link_but_a_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def relpath(*_: object) -> str:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr("csds.formats.links.os.path.relpath", relpath)
    (tmp_path / "b.csv").write_text("", encoding="utf-8")
    assert way_to(tmp_path / "b.csv", tmp_path) == (tmp_path / "b.csv").resolve().as_posix()
    assert relative_path(tmp_path / "b.csv", tmp_path) == ""
