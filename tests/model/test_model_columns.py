"""Columns, flags and the dictionary made of them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from csds.model import columns
from csds.model.columns import ANIMAL_COLUMNS, SESSION_COLUMNS, TRACK_COLUMNS, names
from csds.model.dictionary import render_dictionary
from csds.model.flags import FLAGS, join_flags, split_flags
from csds.model.protocol import PhaseSpec, Protocol

DICTIONARY = Path(__file__).resolve().parents[2] / "docs" / "data-dictionary.md"
TABLES = [value for name, value in vars(columns).items() if name.endswith("_COLUMNS")]


@pytest.mark.parametrize("table", TABLES)
def test_no_column_stands_twice(table) -> None:
    spelled = names(table, ("interaction", "corners"))
    assert len(spelled) == len(set(spelled))


@pytest.mark.parametrize("table", TABLES)
def test_units_stand_in_the_names(table) -> None:
    for column in table:
        if column.unit in {"s", "cm", "rad"}:
            assert re.search(rf"_{column.unit}\b|_{column.unit}_", column.name), column.name


def test_zones_columns_stand_together() -> None:
    spelled = names(SESSION_COLUMNS, ("a", "b"))
    at = spelled.index("a_time_s")
    assert spelled[at : at + 6] == ["a_time_s", "a_entries", "a_latency_s", "b_time_s", "b_entries", "b_latency_s"]
    assert names(TRACK_COLUMNS, ("a", "b"))[-2:] == ["in_a", "in_b"]
    assert "<zone>" not in "".join(names(ANIMAL_COLUMNS))


def test_flags_are_joined_in_declared_order_and_once() -> None:
    cell = join_flags(["immobile", "low_tracking", "immobile"])
    assert cell == "low_tracking;immobile"
    assert split_flags(cell) == ("low_tracking", "immobile")
    assert split_flags("") == ()


def test_undeclared_flag_is_refused() -> None:
    with pytest.raises(KeyError, match="tired"):
        join_flags(["tired"])


def test_phase_is_found_by_name() -> None:
    protocol = Protocol(
        name="p", title="", source="", arena_shape="rectangle", arena_width_cm=42, arena_height_cm=42,
        enclosure=None, zones=(), phases=(PhaseSpec(name="open_field", duration_s=600),),
    )  # fmt: skip
    assert protocol.phase("open_field").duration_s == 600
    with pytest.raises(KeyError):
        protocol.phase("target_absent")


def test_committed_dictionary_is_up_to_date() -> None:
    assert DICTIONARY.read_text(encoding="utf-8") == render_dictionary(), (
        "run `python -m csds.model.dictionary` and commit docs/data-dictionary.md"
    )


def test_dictionary_names_every_column_and_flag() -> None:
    page = render_dictionary()
    for table in TABLES:
        for column in table:
            assert f"| `{column.name}` |" in page
    assert all(f"| `{code}` |" in page for code in FLAGS)


def test_dictionary_is_written_where_asked(tmp_path: Path) -> None:
    target = tmp_path / "page.md"
    subprocess.run([sys.executable, "-m", "csds.model.dictionary", str(target)], check=True)
    assert target.read_text(encoding="utf-8") == render_dictionary()
