"""Saved tracks read again: the protocol's own reading is animals.csv, others are what the tracks say."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from csds.errors import ScoreError, TableError, UsageError
from csds.formats.tables import read_table, write_table
from csds.results.reread import reread_animals


def test_first_reading_is_the_table_of_animals(tracked: Path) -> None:
    protocol, animals = reread_animals(tracked)
    own, table = next(iter(animals.items()))
    assert own == (protocol.behaviour.in_zone_by, 0.0, 1.0)
    written = read_table(tracked / "animals.csv")
    assert table["animal_id"].tolist() == written["animal_id"].tolist()
    for column in ("interaction_absent_s", "interaction_present_s", "si_ratio"):
        assert table[column].to_numpy() == pytest.approx(written[column].to_numpy(float), abs=1e-9)


def test_another_reading_counted_by_hand(tracked: Path) -> None:
    _, animals = reread_animals(tracked)
    assert len(animals) == 20
    assert {way[0] for way in animals} == {"centre", "nose"}
    track = pd.read_parquet(tracked / "tracks" / "C1_M01_target_present.parquet")
    x, y = (track[name].to_numpy() for name in ("x_cm", "y_cm"))
    off = np.hypot(np.maximum(np.abs(x - 21.0) - 12.0, 0.0), np.maximum(y - 14.0, 0.0))  # of 24 × 14 cm
    steps = np.append(np.diff(track["time_s"]), np.median(np.diff(track["time_s"])))
    assert animals["centre", 2.0, 1.0]["interaction_present_s"][0] == pytest.approx(steps[off <= 2.0].sum(), abs=0.1)


def test_no_video_is_touched(tracked: Path, tmp_path: Path) -> None:
    for name in ("sessions", "tracks"):
        shutil.copytree(tracked / name, tmp_path / name)
    for name in ("sessions.csv", "provenance.json"):
        shutil.copy(tracked / name, tmp_path / name)
    assert len(reread_animals(tmp_path)[1]) == 20
    (tmp_path / "tracks" / "C1_M01_target_present.parquet").unlink()
    table = next(iter(reread_animals(tmp_path)[1].values()))
    assert table["si_ratio"].isna().tolist() == [True, False]


def test_results_without_tracks(tracked: Path, tmp_path: Path) -> None:
    for name in ("sessions.csv", "provenance.json"):
        shutil.copy(tracked / name, tmp_path / name)
    with pytest.raises(TableError, match="expected tracks of the sessions"):
        reread_animals(tmp_path)


def test_another_protocol_than_the_results_own(tracked: Path) -> None:
    with pytest.raises(UsageError, match=r"isn't the one that .* was scored by"):
        reread_animals(tracked, protocol="golden2011")


def test_protocol_without_scores(tmp_path: Path) -> None:
    write_table(pd.DataFrame({"animal_id": ["m1"], "phase": ["open_field"]}), tmp_path / "sessions.csv")
    with pytest.raises(ScoreError, match="expected a score and a zone 'interaction'"):
        reread_animals(tmp_path, protocol="open_field")
