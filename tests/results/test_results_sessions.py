"""Saved sessions: which have a track, whose they are, and where those of unblinded tables stay."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from csds.errors import TableError, UsageError
from csds.formats.tables import read_table, write_table
from csds.results.record import protocol_of
from csds.results.sessions import saved_sessions

ID = "C1_M01_target_present"


def test_sessions_of_the_table(tracked: Path) -> None:
    saved, table = saved_sessions(tracked, protocol_of(tracked)), read_table(tracked / "sessions.csv")
    assert list(saved) == table["session_id"].tolist()
    session, row = saved[ID], table.set_index("session_id").loc[ID]
    assert (session.row["animal_id"], session.row["phase"], session.row["cohort"]) == ("M01", "target_present", "C1")
    assert session.duration_s == float(row["duration_s"])
    assert [zone.name for zone in session.zones][:1] == ["interaction"]
    assert session.enclosure is not None
    track = session.track()
    assert track["time_s"].iloc[-1] < session.duration_s
    assert track["x_cm"].max() <= session.arena.width_cm


def test_a_session_without_its_track_is_none(tracked: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tracked, tmp_path / "results")
    (folder / "tracks" / f"{ID}.parquet").unlink()
    (folder / "sessions" / "C1_M01_target_absent.json").write_text("{}", encoding="utf-8")
    assert sorted(saved_sessions(folder, protocol_of(folder))) == ["C1_M02_target_absent", "C1_M02_target_present"]


def test_an_id_that_is_a_path_leads_nowhere(tracked: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tracked, tmp_path / "results")
    table = read_table(folder / "sessions.csv")
    write_table(table.assign(session_id=[f"../sessions/{one}" for one in table["session_id"]]), folder / "sessions.csv")
    with pytest.raises(TableError, match="expected tracks of the sessions"):
        saved_sessions(folder, protocol_of(folder))


def test_sessions_of_unblinded_tables_stay_with_the_blinded_results(tracked: Path, tmp_path: Path) -> None:
    table = read_table(tracked / "sessions.csv")
    mine = [one.replace("M0", "mouse") for one in table["session_id"]]
    shutil.copy(tracked / "provenance.json", tmp_path)
    write_table(table.assign(session_id=mine, animal_id="mouse", treatment="isotype"), tmp_path / "sessions.csv")
    log = {"results": os.path.relpath(tracked, tmp_path), "sessions": dict(zip(mine, table["session_id"], strict=True))}
    (tmp_path / "blinding.json").write_text(json.dumps(log), encoding="utf-8")
    saved = saved_sessions(tmp_path, protocol_of(tmp_path))
    assert list(saved) == mine
    session = saved["C1_mouse1_target_present"]
    assert (session.row["session_id"], session.row["animal_id"]) == ("C1_mouse1_target_present", "mouse")
    assert session.row["treatment"] == "isotype"
    assert session.path == tmp_path / os.path.relpath(tracked, tmp_path) / "tracks" / f"{ID}.parquet"
    assert len(session.track()) == len(saved_sessions(tracked, protocol_of(tracked))[ID].track())


def test_no_table(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such table"):
        saved_sessions(tmp_path, protocol_of(tmp_path))
