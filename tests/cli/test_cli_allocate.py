"""``csds allocate`` from the command line: the table, its record, refusals and exit codes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from csds import __version__
from csds.cli import app
from csds.formats.tables import read_table

TABLE = "animal_id,stress,cage,weight_g\n" + "".join(
    f"{i:03d},{'control' if i % 2 else 'defeated'},C{i // 4},{20 + i / 10}\n" for i in range(16)
)
ARMS = ["--arm", "isotype", "--arm", "anti-IL-4Rα"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def run(*more: str, text: str = TABLE, arms: list[str] = ARMS):
        Path("mice.csv").write_text(text, encoding="utf-8")
        return CliRunner().invoke(app, ["allocate", "mice.csv", *arms, *more])

    return run


def sha256(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def test_table_and_record(run) -> None:
    result = run("--within", "stress", "--stratify", "weight_g", "--bands", "2", "--block", "2", "--seed", "7")
    assert result.exit_code == 0, result.output
    before, after = read_table(Path("mice.csv")), read_table(Path("mice_allocated.csv"))
    assert after.drop(columns="treatment").equals(before)
    assert after["treatment"].value_counts().to_dict() == {"isotype": 8, "anti-IL-4Rα": 8}
    record = json.loads(Path("mice_allocated.allocation.json").read_text(encoding="utf-8"))
    assert record["time"].endswith("+00:00")
    assert (record["csds"], record["seed"], record["block"]) == (__version__, 7, 2)
    assert record["arms"] == ["isotype", "anti-IL-4Rα"]
    assert record["counts"] == {"isotype": 8, "anti-IL-4Rα": 8}
    assert (record["stratify"], record["within"], record["bands"]) == (["weight_g"], ["stress"], 2)
    assert record["strata"][0] == {
        "levels": {"weight_g": "band 1 (20 to 20.7)", "stress": "control"},
        "counts": {"isotype": 2, "anti-IL-4Rα": 2},
    }
    assert len(record["strata"]) == 4
    assert record["read"] == {"file": "mice.csv", "sha256": sha256("mice.csv")}
    assert record["written"] == {"file": "mice_allocated.csv", "sha256": sha256("mice_allocated.csv")}
    assert "16 animals, seed 7" in result.stdout
    assert "all" in result.stdout
    assert "written: mice_allocated.csv" in result.stderr


def test_drawn_seed_is_written_down_and_gives_the_same_again(run) -> None:
    first = run("--out", "a.csv", "--json", "--quiet")
    assert first.exit_code == 0, first.output
    record = json.loads(first.stdout)
    assert record == json.loads(Path("a.allocation.json").read_text(encoding="utf-8"))
    assert run("--out", "b.csv", "--seed", str(record["seed"]), "--quiet").exit_code == 0
    assert sha256("a.csv") == sha256("b.csv") == record["written"]["sha256"]


def test_draws_differ(run) -> None:
    seeds = {json.loads(run("--out", f"{i}.csv", "--json", "--quiet").stdout)["seed"] for i in range(3)}
    assert len(seeds) == 3


def test_no_strata_and_quiet(run) -> None:
    result = run("--quiet", "--out", ".")
    assert (result.exit_code, result.stderr) == (0, "")
    assert Path("mice_allocated.csv").is_file()
    assert result.stdout.splitlines()[-1].split() == ["8", "8"]


def test_strata_of_single_animals_are_warned_of(run) -> None:
    result = run("--within", "animal_id")
    assert result.exit_code == 0, result.output
    assert "16 of 16 strata have fewer animals than there are arms" in result.stderr


@pytest.mark.parametrize("there", ["mice_allocated.csv", "mice_allocated.allocation.json"])
def test_an_allocation_is_not_overwritten_unasked(run, there: str) -> None:
    Path(there).write_text("mine", encoding="utf-8")
    result = run()
    assert result.exit_code == 2
    assert f"{there}: there is an allocation already" in result.stderr
    assert Path(there).read_text(encoding="utf-8") == "mine"
    assert run("--force").exit_code == 0
    assert json.loads(Path("mice_allocated.allocation.json").read_text(encoding="utf-8"))["counts"]


def test_the_table_itself_is_not_overwritten_even_if_forced(run) -> None:
    result = run("--out", "mice.csv", "--force")
    assert result.exit_code == 2
    assert "would be overwritten" in result.stderr
    assert Path("mice.csv").read_text(encoding="utf-8") == TABLE


@pytest.mark.parametrize(
    ("more", "text", "arms", "code", "message"),
    [
        ([], TABLE, ["--arm", "isotype"], 2, "expected two arms or more"),
        ([], TABLE, [], 2, "expected two arms or more"),
        (["--block", "5"], TABLE, ARMS, 2, "multiple of 2"),
        (["--stratify", "wieght_g"], TABLE, ARMS, 2, "did you mean 'weight_g'"),
        ([], "animal_id,treatment\n1,\n2,isotype\n", ARMS, 1, "row 3, column 'treatment'"),
        ([], "animal_id\n1\n1\n", ARMS, 1, "row 3, column 'animal_id'"),
        (["--stratify", "cage"], "animal_id,cage\n1,A\n2,\n", ARMS, 1, "row 3, column 'cage'"),
        ([], "animal_id\n1\n", ARMS, 1, "found 1"),
        ([], "animal_id\n", ARMS, 1, "found 0"),
        ([], "", ARMS, 1, "empty"),
    ],
)
def test_refusals_write_nothing(run, more, text: str, arms, code: int, message: str) -> None:
    result = run(*more, text=text, arms=arms)
    assert result.exit_code == code, result.output
    assert message in result.stderr
    assert "fix:" in result.stderr
    assert [path.name for path in Path().iterdir()] == ["mice.csv"]
