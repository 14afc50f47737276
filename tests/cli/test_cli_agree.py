"""``csds agree`` from the command line: what it shows and writes, known answers, wrong calls."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.gallery import ANIMALS, SEED
from benchmarks.old_table import MAP, write_old_table
from benchmarks.simulated_results import write_results
from csds.cli import app
from csds.formats.tables import read_table

OFFSET, SD = 1.5, 2.0


@pytest.fixture
def study(archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A folder of 400 animals, and an old table whose times are 1.5 s shorter, with an SD of 2 s; five calls differ."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    absent, present = rng.uniform(40, 80, 400), rng.uniform(20, 120, 400)
    called = np.where(present < absent, "susceptible", "resilient")
    archive([
        {"animal_id": f"M{at}", "absent": absent[at], "present": present[at], "si_ratio": present[at] / absent[at],
         "phenotype": called[at]}
        for at in range(400)
    ])  # fmt: skip
    old = present - OFFSET + SD * rng.normal(size=400)
    words = {"susceptible": "S", "resilient": "R"}
    lines = ["Mouse,Time in IZ (s),SI,Group"]
    for at in range(400):
        other = "SR"[words[called[at]] == "S"] if at < 5 else words[called[at]]
        lines.append(f"M{at},{old[at]},{100 * present[at] / absent[at]},{other}")
    Path("old.csv").write_text("\n".join(lines), encoding="utf-8")
    return ["--map", "Mouse=animal_id", "--map", "Time in IZ (s)=interaction_present_s", "--map", "SI=si_ratio",
            "--map", "Group=phenotype"]  # fmt: skip


def run(*arguments: str):
    return CliRunner().invoke(app, ["agree", *arguments])


def test_known_answers_are_found_and_written(study) -> None:
    result = run("results", "--against", "old.csv", *study)
    assert result.exit_code == 0, result.output
    row = read_table(Path("results/agreement.csv")).iloc[0]
    assert float(row["bias"]) == pytest.approx(OFFSET, abs=4 * SD / 20)
    assert float(row["upper_limit"]) == pytest.approx(OFFSET + 1.96 * SD, abs=0.6)
    assert float(row["bias_low"]) < OFFSET < float(row["bias_high"])
    assert "SI ratio: csds's median is 1 / 100 of the old table's" in result.stderr
    assert "395 of 400 alike (0.988 [0.971, 0.995]); Cohen's κ 0.97" in result.stdout
    assert sorted(path.name for path in Path("results/figures").iterdir()) == [
        "agreement.csv", "agreement.pdf", "agreement.png", "agreement.svg",
    ]  # fmt: skip
    worst = read_table(Path("results/disagreements.csv"))
    assert list(worst["animal_id"][:5]) == [f"M{at}" for at in range(5)]
    assert (Path("results") / worst["overlays"].iloc[0].split(";")[0]).is_file()


def test_json_elsewhere_and_quiet(study) -> None:
    result = run("results", "--against", "old.csv", *study, "--columns", "si_ratio", "--out", "o", "--json", "--quiet")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert [one["paired"]["column"] for one in told["agreement"]["measurements"]] == ["si_ratio"]
    assert told["agreement"]["calls"] == []
    assert all(Path(path).is_file() for path in told["files"])
    assert result.stderr == ""
    assert not Path("results/agreement.csv").exists()


def test_its_own_table_agrees_entirely(study) -> None:
    result = run("results", "--against", "results/animals.csv")
    assert result.exit_code == 0, result.output
    assert "all 400 are equal" in result.stdout
    assert "no figure: expected limits of agreement to draw" in result.stderr
    assert "400 of 400 alike (1 [0.99, 1]); Cohen's κ 1 [1, 1]" in result.stdout


def test_a_measurement_that_can_not_be_compared_is_exit_code_1(study) -> None:
    Path("few.csv").write_text("animal_id,si_ratio\nM0,1\nM1,2\nMx,2\n", encoding="utf-8")
    result = run("results", "--against", "few.csv")
    assert result.exit_code == 1
    assert "2 pairs, 3 at least are needed" in result.stdout
    assert "rows that only the old table has, by animal_id: 1 (Mx)" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["results"], 2, "--against"),
        (["nowhere", "--against", "old.csv"], 2, "nowhere: there is no such table"),
        (["results", "--against", "none.csv"], 2, "there is no such table"),
        (["results", "--against", "old.csv"], 1, "expected a column that names the animal"),
        (["results", "--against", "old.csv", "--map", "Maus=animal_id"], 2, "did you mean 'Mouse'"),
    ],
)
def test_what_can_not_be_done(study, arguments: list[str], code: int, words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == code
    assert words in result.output
    assert not Path("results/agreement.json").exists()


@pytest.mark.slow
def test_the_example_of_the_page_is_true(tmp_path: Path) -> None:
    results = write_results(tmp_path, ANIMALS, seed=SEED)
    table = write_old_table(results, tmp_path / "old.csv")
    result = run(str(results), "--against", str(table), *(part for text in MAP for part in ("--map", text)))
    page = (Path(__file__).parents[2] / "docs" / "agreement.md").read_text(encoding="utf-8")
    assert "\n".join(line.rstrip() for line in result.stdout.splitlines()) in page
    assert "\n".join(table.read_text(encoding="utf-8").splitlines()[:2]) in page


def test_plot_draws_it_once_there_is_one(study) -> None:
    before = CliRunner().invoke(app, ["plot", "results", "--figure", "agreement"])
    assert before.exit_code == 1
    assert "not drawn: agreement: expected agreement.json" in before.stderr
    assert run("results", "--against", "old.csv", *study).exit_code == 0
    after = CliRunner().invoke(app, ["plot", "results", "--figure", "agreement", "--kind", "svg", "--theme", "dark"])
    assert after.exit_code == 0, after.output
    assert after.stdout.startswith("agreement: Differences of csds less old.csv against their means")
    assert "agreement" in CliRunner().invoke(app, ["plot", "--list"]).stdout
