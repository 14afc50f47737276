"""The whole line against exact truth and against recordings made by others."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.accuracy import film, measure, measure_real
from csds.simulate.scenarios import find_scenario


@pytest.mark.parametrize(
    "room",
    ["clean", "still", "still_same_corner", "infrared_dim", "white_mouse", "tilted", "small_wmv", "variable_rate"],
)
def test_simulated_rooms_are_measured_to_the_bars(room: str, tmp_path: Path) -> None:
    sheet = film(room, tmp_path, 10.0, 3)
    scores, wrong = measure(sheet, find_scenario(room).protocol, tmp_path / "results")
    assert {score.name: score.falls_short for score in scores} == {score.name: [] for score in scores}
    assert wrong == []


@pytest.mark.slow
def test_rooms_rendered_by_another_program_are_measured_to_the_bars(real_data: Path, tmp_path: Path) -> None:
    scores, wrong = measure(real_data / "scenes" / "study.csv", "golden2011", tmp_path / "results")
    assert len(scores) == 8
    assert {score.name: score.falls_short for score in scores} == {score.name: [] for score in scores}
    assert wrong == []


@pytest.mark.slow
def test_real_recordings_agree_with_their_references(real_data: Path, tmp_path: Path) -> None:
    scores = measure_real(real_data / "real", tmp_path / "results")
    assert len(scores) == 5
    assert {score.name: score.falls_short for score in scores} == {score.name: [] for score in scores}
