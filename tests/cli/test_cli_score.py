"""``csds score`` from the command line: files, messages and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from csds.cli.boundary import BoundedGroup
from csds.cli.score import score
from csds.formats.tables import read_table

TABLE = """Mouse,Trial,Group,IZ_time,Speed
007,No target,Control,61.2,8
007,Target,Control,91,6
μ8,No target,Stress,61.2,8
μ8,Target,Stress,55,5
"""
MAP = ["animal_id=Mouse", "phase=Trial", "stress=Group", "interaction_time_s=IZ_time", "mean_speed_cm_s=Speed"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    app = typer.Typer(cls=BoundedGroup, pretty_exceptions_enable=False)
    app.command("score")(score)
    app.callback()(lambda: None)
    monkeypatch.chdir(tmp_path)

    def run(text: str, *more: str, mapping: list[str] = MAP):
        Path("archive.csv").write_text(text, encoding="utf-8")
        maps = [part for item in mapping for part in ("--map", item)]
        return CliRunner().invoke(app, ["score", "archive.csv", *maps, *more])

    return run


def test_archive_to_animals(run) -> None:
    result = run(TABLE)
    assert result.exit_code == 0, result.output
    animals = read_table(Path("animals.csv"))
    assert animals["animal_id"].tolist() == ["007", "μ8"]
    assert animals["phenotype"].tolist() == ["control", "susceptible"]
    assert animals["below_cutoff"].tolist() == ["false", "true"]
    assert "μ8" in result.stdout
    assert "susceptible" in result.stdout
    assert "written: animals.csv" in result.stderr


@pytest.mark.parametrize(("out", "written"), [("new", "new/animals.csv"), ("mine.csv", "mine.csv")])
def test_where_it_is_written(run, out: str, written: str) -> None:
    assert run(TABLE, "--out", out, "--quiet").exit_code == 0
    assert Path(written).is_file()


def test_json(run) -> None:
    result = run(TABLE, "--json", "--quiet")
    found = json.loads(result.stdout)
    assert [animal["phenotype"] for animal in found] == ["control", "susceptible"]
    assert found[0]["corner_ratio"] is None


def test_protocol_that_leaves_only_geometry_open_can_score(run) -> None:
    result = run(TABLE, "--protocol", "schuler2024")
    assert result.exit_code == 0, result.output
    assert read_table(Path("animals.csv"))["rule"].tolist() == ["si_or_delta_velocity"] * 2


def test_animal_without_a_phase_stays_and_the_exit_code_says_so(run) -> None:
    result = run(TABLE.replace("μ8,Target", "μ08,Target"))
    assert result.exit_code == 1
    assert len(read_table(Path("animals.csv"))) == 3
    assert "has no target_present; 'μ08' has nothing else: one animal?" in result.stderr
    assert "2 of 3 animals lack a phase" in result.stderr


@pytest.mark.parametrize(
    ("text", "more", "code", "message"),
    [
        (TABLE, ["--map", "cohort"], 2, "found 'cohort'"),
        (TABLE, ["--map", "cohrt=Group"], 2, "did you mean 'cohort'"),
        (TABLE, ["--protocol", "golden1911"], 2, "golden1911"),
        (TABLE, ["--out", "archive.csv"], 2, "would be overwritten"),
        (TABLE.replace("55", "much"), [], 1, "row 5, column 'interaction_time_s': expected a number, found 'much'"),
        ("", [], 1, "empty"),
    ],
)
def test_bad_calls_and_tables(run, text: str, more: list[str], code: int, message: str) -> None:
    result = run(text, *more)
    assert result.exit_code == code, result.output
    assert message in result.stderr
    assert "fix:" in result.stderr
    assert not Path("animals.csv").exists()


def test_missing_table(run) -> None:
    result = run(TABLE, "--out", "x.csv", mapping=[])
    assert result.exit_code == 1
    assert "--map phase=Trial" in result.stderr
