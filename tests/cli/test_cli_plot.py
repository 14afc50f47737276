"""``csds plot`` from the command line: files, what can't be drawn, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from csds.cli.boundary import BoundedGroup
from csds.cli.plot import plot


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return what runs csds plot beside a table of 20 animals."""
    app = typer.Typer(cls=BoundedGroup, pretty_exceptions_enable=False)
    app.command("plot")(plot)
    app.callback()(lambda: None)
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(2)
    lines = ["animal_id,stress,treatment,si_ratio,interaction_absent_s,interaction_present_s"]
    for number in range(20):
        present, absent = 60 + 10 * rng.normal(), 60 + 5 * rng.normal()
        stress, arm = ("control", "defeated")[number // 10], ("isotype", "anti-IL-4Rα")[number % 2]
        lines.append(f"m{number},{stress},{arm},{present / absent},{absent},{present}")
    Path("animals.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return lambda *arguments: CliRunner().invoke(app, ["plot", *arguments])


def test_figures_go_beside_the_table_with_their_data(run) -> None:
    result = run("animals.csv", "--figure", "comparison", "--kind", "svg", "--kind", "pdf")
    assert result.exit_code == 0, result.output
    names = sorted(path.name for path in Path("figures").iterdir())
    assert names == ["comparison.csv", "comparison.pdf", "comparison.svg"]
    assert "anti-IL-4Rα" in Path("figures/comparison.svg").read_text(encoding="utf-8")


def test_what_the_data_do_not_allow_is_named_and_the_rest_is_drawn(run) -> None:
    result = run("animals.csv", "--kind", "png", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert {"comparison", "scatter"} <= {one["figure"] for one in told["figures"]}
    assert "certainty" in {one["figure"] for one in told["not_drawn"]}
    assert all(Path(file).is_file() for one in told["figures"] for file in one["files"])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "expected a results folder"),
        (["animals.csv", "--figure", "comparsion"], 2, "Did you mean 'comparison'?"),
        (["animals.csv", "--width", "triple"], 2, "expected single or double"),
        (["animals.csv", "--theme", "pink"], 2, "expected light or dark"),
        (["animals.csv", "--figure", "certainty"], 1, "not drawn"),
        (["nowhere.csv"], 2, "nowhere.csv"),
    ],
)
def test_what_can_not_be_done_is_said_with_its_exit_code(run, arguments: list[str], code: int, message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == code, result.output
    assert message in result.stderr


def test_list_names_every_figure(run) -> None:
    from csds.plots.gallery import GALLERY

    page = run("--list").stdout
    assert all(one.name in page for one in GALLERY)
