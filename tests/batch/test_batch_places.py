"""Where each study's results go."""

from __future__ import annotations

from pathlib import Path

from csds.batch.archive import FoundStudy
from csds.batch.places import places_of


def test_a_study_in_the_root_itself_has_the_folder_for_all_results(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert places_of([FoundStudy(folder=tmp_path), FoundStudy(folder=tmp_path / "a")], [tmp_path], out) == [
        out,
        out / "a",
    ]


def test_a_place_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    folders = [tmp_path, tmp_path, tmp_path / "a", tmp_path / "A"]
    places = places_of([FoundStudy(folder=one) for one in folders], [tmp_path], tmp_path / "out")
    assert [one.relative_to(tmp_path / "out").as_posix() for one in places] == [".", "study_2", "a", "A_2"]
