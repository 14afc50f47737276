"""``csds power`` from the command line: what it prints and writes, and which calls are wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from csds.cli import app
from csds.formats.tables import read_table, write_table
from csds.model.columns import POWER_COLUMNS, names
from csds.simulate.cohort import CohortDesign, simulate_cohort

FEW = ("--draws", "200", "--n", "10:40:15")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    return lambda *more: CliRunner().invoke(app, ["power", *more])


def test_numbers_of_the_field_as_the_docs_show_them(run) -> None:
    result = run("--difference", "0.345", "--sd", "0.48", "--adjust", "none", "--n", "20:80:4", "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    rescue, *_, interaction = re.findall(r"(\d+) \((\d+)–(\d+)\)", result.stdout)[:4]
    assert int(rescue[1]) <= 32 <= int(rescue[2])
    assert int(interaction[1]) <= 62 <= int(interaction[2])
    assert "mice in each of 4 groups" in result.stdout


def test_files_hold_what_is_printed(run) -> None:
    result = run(*FEW, "--attrition", "0.1", "--out", "plan")
    assert result.exit_code == 0, result.output
    assert "written: " in result.stderr
    table = read_table(Path("plan/power.csv"))
    assert table.columns.tolist() == names(POWER_COLUMNS)
    assert table["n"].tolist()[::4] == ["10", "25", "40"]
    told = json.loads(Path("plan/power.json").read_text(encoding="utf-8"))
    assert told["sentence"] in result.stdout
    assert (told["attrition"], told["seed"], told["test"]) == (0.1, 1, "t test with pooled variance, holm over 4 tests")
    image = cv2.imdecode(np.fromfile("plan/power.png", np.uint8), cv2.IMREAD_COLOR)
    assert image is not None


def test_json_is_all_that_is_printed_and_the_same_for_a_seed(run) -> None:
    first, second = (run(*FEW, "--json", "--quiet", "--seed", "7") for _ in range(2))
    assert first.stdout == second.stdout
    told = json.loads(first.stdout)
    assert [point["n"] for point in told["curve"][::4]] == [10, 25, 40]
    assert not Path("power.csv").exists()


def test_numbers_are_found_where_none_are_named(run) -> None:
    told = json.loads(run("--design", "two_groups", "--draws", "300", "--json", "-q").stdout)
    assert told["needed"][0]["n"] is not None


def test_a_pilot_is_planned_with(run) -> None:
    table = simulate_cohort(CohortDesign(per_group=20, cohorts=4), np.random.default_rng(3))
    table["phenotype"] = table["component"]
    table["cage"] = [f"C{i // 2}" for i in range(len(table))]
    write_table(table, Path("animals.csv"))
    told = json.loads(run("--pilot", "animals.csv", "--reference", "isotype", *FEW, "--json", "-q").stdout)
    controls = table.query("stress == 'control' and treatment == 'isotype'")["interaction_present_s"]
    assert told["model"]["law"]["control"]["present_mean"] == pytest.approx(controls.mean())
    caged = ("--cage-size", "2", "--n", "10:40:10", "--draws", "100")
    told = json.loads(run("--pilot", ".", "--reference", "isotype", *caged, "--json", "-q").stdout)
    assert told["icc"] >= 0
    failed = run("--pilot", "animals.csv")
    assert failed.exit_code == 1
    assert "--reference isotype" in failed.stderr
    assert run("--pilot", "nowhere.csv").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--design", "two_group"), "Did you mean 'two_groups'?"),
        (("--outcome", "weight"), "--difference and --sd"),
        (("--n", "x"), "--n x: expected N, FROM:TO or FROM:TO:STEP"),
        (("--n", "10:4"), "--n 10:4: expected"),
        (("--n", "1:9:2:4"), "--n 1:9:2:4: expected"),
        (("--n", "4:9:0"), "--n 4:9:0: expected"),
        (("--n", "1"), "expected from 2 to 1000"),
        (("--rescue", "1.5"), "shares above 0"),
        (("--difference", "9"), "the whole stress effect"),
        (("--alpha", "0"), "level: expected"),
        (("--power", "1"), "power: expected"),
        (("--power", "1", "--n", "9"), "power: expected"),
        (("--attrition", "1"), "attrition: expected"),
        (("--correlation", "1", "--design", "pre_post"), "correlation: expected"),
        (("--preset", "rat"), "--preset rat: expected male or female"),
        (("--preset", "male", "--pilot", "x.csv"), "expected one of them"),
        (("--preset", "male", "--sd", "1", "--difference", "1"), "a normal outcome has no --preset"),
        (("--reference", "isotype"), "--reference: expected --pilot"),
        (("--cage-size", "2", "--icc", "1"), "intraclass correlation"),
    ],
)
def test_wrong_calls(run, arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not result.stdout
