"""``csds check`` and ``csds protocol``: what they print and the exit code."""

from __future__ import annotations

import json
import sys
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


def archive(folder: Path) -> Path:
    for name in ("C1_M1_absent.mp4", "C1_M1_present.mp4", "C1_M2_nt.mp4", "C1_M2_t.mp4"):
        (folder / "C1").mkdir(exist_ok=True)
        (folder / "C1" / name).touch()
    return folder


def test_check_of_an_archive_shows_its_studies(tmp_path: Path) -> None:
    code, output = run("check", str(archive(tmp_path)))
    assert code == 0
    assert "C1: pattern {cohort}_{animal_id}_{phase}.{ext}, protocol golden2011" in output
    assert "  4 sessions of 2 animals: target_absent 2, target_present 2" in output
    assert "  C1_M1_absent.mp4: cohort C1, animal_id M1, phase target_absent" in output
    assert "1 study, 4 sessions of 2 animals; no recording was opened\nnothing is wrong" in output


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
def test_check_of_an_archive_lists_what_does_not_match(tmp_path: Path) -> None:
    (archive(tmp_path) / "C1/[bold]\x1b.mp4").touch()
    (tmp_path / "C1/M3_t.mp4").touch()
    (tmp_path / "results").mkdir()
    (tmp_path / "results/provenance.json").touch()
    code, output = run("check", str(tmp_path), "--pattern", r"{cohort}\C1_{animal_id}_{phase}")
    assert code == 1
    assert "2 recordings that no study takes:" in output
    assert r"[bold]\x1b.mp4: it isn't named by the pattern" in output
    assert f"not gone into: {tmp_path / 'results'}: results of csds" in output
    assert "2 recordings left over" in output
    data = json.loads(run("check", str(tmp_path), "--pattern", "{cohort}/C1_{animal_id}_{phase}", "--json")[1])
    assert data["studies"][0]["phases"] == {"target_absent": 2, "target_present": 2}
    assert data["studies"][0]["examples"][0] == {
        "video": "C1/C1_M1_absent.mp4",
        "cohort": "C1",
        "animal_id": "M1",
        "phase": "target_absent",
    }
    assert [Path(one["video"]).name for one in data["left_over"]] == ["M3_t.mp4", "[bold]\x1b.mp4"]
    assert data["skipped"][0]["reason"] == "results of csds"


def test_check_of_an_archive_tells_faults_and_sheets(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    (tmp_path / "c.mp4").touch()
    (tmp_path / "study.xlsx").touch()
    (tmp_path / "study.csv").write_text("animal_id,phase,video\nM1,t,a.mp4\nM1,nt,b.mp4\n", encoding="utf-8")
    code, output = run("check", str(tmp_path))
    assert code == 1
    assert "study.csv, protocol golden2011" in output
    assert "  error: row 3, column 'video': expected the recording" in output
    assert "  note: study.xlsx lies beside study.csv and is left out" in output
    assert "1 recording beside sheets that don't list them:" in output
    assert "1 error found" in output


def test_long_lists_are_cut(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"M{number}_t.mp4").touch()
        (tmp_path / f"film {number}.mp4").touch()
    code, output = run("check", str(tmp_path))
    assert code == 1
    assert output.count("… and 10 more; --json has all") == 2
    assert "30 errors found; 30 recordings left over" in output


def test_check_of_an_archive_without_studies(tmp_path: Path) -> None:
    code, output = run("check", str(tmp_path))
    assert code == 1
    assert "0 studies" in output
    assert "--pattern" in output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--pattern", "{animal_id}"], "lacks {phase}"),
        (["--arena", "x.arena.toml"], "--arena goes with a sheet"),
        (["--protocol", "nothing"], "no protocol"),
    ],
)
def test_wrong_calls_for_an_archive(tmp_path: Path, arguments: list[str], said: str) -> None:
    code, output = run("check", str(archive(tmp_path)), *arguments)
    assert code == 2
    assert said in output


def test_a_pattern_goes_with_a_folder(tmp_path: Path) -> None:
    (tmp_path / "study.csv").touch()
    code, output = run("check", str(tmp_path / "study.csv"), "--pattern", "{animal_id}_{phase}")
    assert code == 2
    assert "--pattern goes with a folder" in output
