"""``csds check`` and ``csds protocol``: what they print and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from csds.cli.boundary import BoundedGroup
from csds.cli.check import check
from csds.cli.protocol import protocol_app

APP = typer.Typer(cls=BoundedGroup, pretty_exceptions_enable=False)
APP.add_typer(protocol_app)
APP.command()(check)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(APP, list(arguments))
    return result.exit_code, result.output


def test_list_and_show() -> None:
    code, output = run("protocol", "list")
    assert code == 0
    assert "golden2011" in output
    assert "geometry to be filled in" in output
    code, output = run("protocol", "show", "schuler2024")
    assert code == 0
    assert "arena.width_cm" in output
    assert "si_ratio < 1 or delta_velocity_cm_s < 1.5" in output


def test_show_as_file_and_as_json() -> None:
    assert "# [source]" in run("protocol", "show", "golden2011", "--toml")[1]
    shown = json.loads(run("protocol", "show", "schuler2024", "--json")[1])
    assert shown["arena_width_cm"] is None
    assert {"name": "golden2011"}.items() <= json.loads(run("protocol", "list", "--json")[1])[0].items()


def test_new_then_check(tmp_path: Path) -> None:
    path = tmp_path / "my lab.toml"
    assert run("protocol", "new", str(path), "--from", "il4ra_neutralization")[0] == 0
    code, output = run("protocol", "check", str(path))
    assert code == 0
    assert "antibody_clone" in output
    code, output = run("protocol", "new", str(path))
    assert code == 2
    assert "there already" in output


def test_new_says_what_to_fill_in(tmp_path: Path) -> None:
    code, output = run("protocol", "new", str(tmp_path / "x.toml"), "--from", "long_10min")
    assert code == 0
    assert "fill in before use: arena.width_cm" in output
    assert run("protocol", "check", str(tmp_path / "x.toml"))[0] == 1


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [("width_mm = 1", 1, "unknown key"), ("[", 1, "expected TOML"), (None, 2, "no protocol file")],
)
def test_bad_protocols(tmp_path: Path, text: str | None, code: int, said: str) -> None:
    path = tmp_path / "my.toml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    assert run("protocol", "check", str(path))[0] == code
    assert said in run("protocol", "check", str(path))[1]


def test_unknown_protocol_is_a_wrong_call(tmp_path: Path) -> None:
    sheet = tmp_path / "study.csv"
    sheet.write_text("animal_id,phase,video\n", encoding="utf-8")
    code, output = run("check", str(sheet), "--protocol", "golden2012")
    assert code == 2
    assert "did you mean 'golden2011'" in output


def test_check_tells_faults_with_row_and_remedy(tmp_path: Path) -> None:
    sheet = tmp_path / "study.csv"
    sheet.write_text("animal_id,phase,video\nM1,absnt,a.mp4\nM1,present,b.mp4\n", encoding="utf-8")
    code, output = run("check", str(sheet))
    assert code == 1
    assert "error: row 2, column 'phase'" in output
    assert "fix: Did you mean 'target_absent'?" in output
    assert "3 errors found" in output
    code, output = run("check", str(sheet), "--json")
    assert code == 1
    assert [fault["row"] for fault in json.loads(output)["faults"]] == [2, 2, 3]


def test_check_finds_an_analysis_plan_that_can_not_be_followed(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text('[analysis]\nprimry = "si_ratio"\n', encoding="utf-8")
    (tmp_path / "study.csv").write_text("animal_id,phase,video\n1,present,a.mp4\n", encoding="utf-8")
    code, output = run("check", str(tmp_path / "study.csv"))
    assert code == 1
    assert "unknown key 'analysis.primry'; the nearest known key is 'primary'" in output


def test_check_of_nothing_is_a_wrong_call(tmp_path: Path) -> None:
    assert run("check", str(tmp_path / "nowhere.csv"))[0] == 2
