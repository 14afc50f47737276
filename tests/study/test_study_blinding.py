"""Blinded tables are known by themselves, and the log by what stands in it."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from csds.errors import TableError, UsageError
from csds.study.blinding import blinding_state, is_blinded, lock_scores, read_log, refuse_blinded

HIDDEN, SHOWN = "animal_id,stress\nK7FM,blinded\n", "animal_id,stress\nM01,control\n"


def save(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def test_tables_and_folders(tmp_path: Path) -> None:
    assert not is_blinded(tmp_path)
    assert is_blinded(save(tmp_path, sessions=HIDDEN))
    assert not is_blinded(save(tmp_path, animals=SHOWN))  # the table of animals counts
    assert is_blinded(save(tmp_path, animals=HIDDEN) / "animals.csv")
    assert is_blinded(pd.DataFrame({"stress": ["", " Blinded "]}))
    assert not is_blinded(pd.DataFrame({"stress": ["", "defeated"]}))
    assert not is_blinded(pd.DataFrame({"animal_id": ["blinded"]}))


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such table"):
        is_blinded(tmp_path / "animals.csv")


def test_refusal(tmp_path: Path) -> None:
    refuse_blinded(save(tmp_path, animals=SHOWN))
    with pytest.raises(UsageError, match="is blinded") as caught:
        refuse_blinded(save(tmp_path, animals=HIDDEN))
    assert "csds unblind" in caught.value.hint


def test_states_without_a_log(tmp_path: Path) -> None:
    state = blinding_state(save(tmp_path, animals=SHOWN))
    assert (state.blinded, state.locked_at, state.unblinded_at, state.unchanged) == (False, None, None, None)
    assert state.sentence == "csds has no record of blinding for these results."
    state = blinding_state(save(tmp_path, animals=HIDDEN))
    assert (state.blinded, state.locked_at, state.unchanged) == (True, None, None)
    assert state.sentence == "The groups are hidden behind codes; csds unblind has not run."


def test_state_by_the_log(tmp_path: Path) -> None:
    save(tmp_path, animals=HIDDEN, sessions=HIDDEN)
    entry = {"locked_at": "2025-01-02T03:04:05+00:00", "scores": lock_scores(tmp_path)}
    (tmp_path / "blinding.json").write_text(json.dumps({"unblindings": [entry]}), encoding="utf-8")
    state = blinding_state(tmp_path)
    assert (state.blinded, state.locked_at, state.unblinded_at, state.unchanged) == (
        True, "2025-01-02T03:04:05+00:00", None, True,
    )  # fmt: skip
    assert "locked at 2025-01-02T03:04:05+00:00 (SHA-256 of animals.csv" in state.sentence
    (tmp_path / "sessions.csv").unlink()
    assert blinding_state(tmp_path).unchanged is False
    assert "sessions.csv differs from what was locked." in blinding_state(tmp_path).sentence


def test_locking_needs_both_tables(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"sessions\.csv: there is no such table"):
        lock_scores(save(tmp_path, animals=HIDDEN))


@pytest.mark.parametrize("text", ["", "{", "3", '{"unblindings": {"a": 1}}', '{"unblindings": [{"scores": {}}]}'])
def test_logs_that_are_none(tmp_path: Path, text: str) -> None:
    assert read_log(tmp_path / "blinding.json") == {}
    (tmp_path / "blinding.json").write_text(text, encoding="utf-8")
    with pytest.raises(TableError) as caught:
        read_log(tmp_path / "blinding.json")
    assert caught.value.hint
