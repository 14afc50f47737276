"""``csds plot`` from the command line: files, what can't be drawn, wrong calls."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from csds.cli import app
from csds.plots.gallery import AGREEMENT, GALLERY


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(4)
    lines = ["animal_id,treatment,si_ratio,log_si_ratio,interaction_absent_s,interaction_present_s"]
    for treatment, mean in (("isotype", 50), ("=cmd|x", 80)):
        for i in range(6):
            absent, present = 60 + 9 * rng.normal(), mean + 15 * rng.normal()
            ratio = present / absent
            lines.append(f"{treatment[-1]}{i},{treatment},{ratio},{np.log(ratio)},{absent},{present}")
    Path("animals.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    Path("study.toml").write_text('[analysis]\nsecondary = ["log_si_ratio"]\ndraws = 1000\n', encoding="utf-8")
    return lambda *more: CliRunner().invoke(app, ["plot", *more])


def test_figures_that_the_data_allow_are_written_with_their_data(run) -> None:
    result = run("animals.csv", "--kind", "svg", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert [one["figure"] for one in told["figures"]] == [
        "comparison",
        "estimation",
        "paired",
        "scatter",
        "diagnostics",
    ]
    assert [one["figure"] for one in told["not_drawn"]] == ["phenotypes", "certainty"]
    for one in told["figures"]:
        assert [Path(path).suffix for path in one["files"]] == [".svg", ".csv"]
        assert all(Path(path).is_file() for path in one["files"])
    assert "'=cmd|x" in Path("figures/comparison.csv").read_text(encoding="utf-8-sig")


def test_another_outcome_has_files_of_its_own(run) -> None:
    asked = ("--figure", "comparison", "--outcome", "log_si_ratio", "--kind", "png", "--out", "here", "--theme", "dark")
    result = run("animals.csv", *asked, "--width", "double")
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in Path("here").iterdir()) == [
        "comparison_log_si_ratio.csv",
        "comparison_log_si_ratio.png",
    ]
    assert result.stdout.startswith("comparison: Log SI ratio, each animal a point")


def test_a_figure_that_was_named_and_cant_be_drawn_is_a_failure(run) -> None:
    result = run("animals.csv", "--figure", "certainty", "--figure", "scatter", "--kind", "svg")
    assert result.exit_code == 1
    assert "not drawn: certainty: there is no column 'si_ratio_low'" in result.stderr
    assert Path("figures/scatter.svg").is_file()


def test_letters_that_figures_cant_show_are_told(run) -> None:
    animals = Path("animals.csv")
    animals.write_text(animals.read_text(encoding="utf-8").replace("isotype", "抗体"), encoding="utf-8")
    result = run("animals.csv", "--figure", "scatter", "--kind", "svg")
    assert result.exit_code == 0
    assert "letters that the figures' font lacks, and that stand there as □: 抗体" in " ".join(result.stderr.split())


def test_a_results_folder_has_figures_of_its_tracks(grown: Path) -> None:
    plan = '[analysis]\nfactors = ["stress"]\nprimary = "grams"\nsecondary = []\ndraws = 1000\n'
    (grown.parent / "study.toml").write_text(plan, encoding="utf-8")
    names = ["occupancy", "paths", "time_course"]
    asked = [word for name in names for word in ("--figure", name)]
    result = CliRunner().invoke(app, ["plot", str(grown), *asked, "--kind", "svg"])
    assert result.exit_code == 0, result.output
    files = sorted(f"{name}.{kind}" for name in names for kind in ("csv", "svg"))
    assert sorted(path.name for path in (grown / "figures").iterdir()) == files


def test_figures_are_listed(run) -> None:
    assert "certainty" in run("--list").stdout
    assert [one["figure"] for one in json.loads(run("--list", "--json").stdout)] == [
        one.name for one in (*GALLERY, AGREEMENT)
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "expected a results folder"),
        (("animals.csv", "--width", "wide"), "--width wide"),
        (("animals.csv", "--theme", "blue"), "--theme blue"),
        (("animals.csv", "--kind", "gif"), "--kind gif"),
        (("animals.csv", "--figure", "pie"), "figure 'pie'"),
        (("animals.csv", "--outcome", "weight_g"), "outcome weight_g: expected one that is analysed"),
    ],
)
def test_wrong_calls(run, arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_medians_have_files_of_their_own(run) -> None:
    result = run("animals.csv", "--figure", "comparison", "--figure", "scatter", "--centre", "median", "--kind", "svg")
    assert result.exit_code == 0, result.output
    assert "median" in result.stdout
    assert Path("figures/comparison_median.svg").is_file()
    assert Path("figures/scatter.svg").is_file()
    assert run("animals.csv", "--centre", "mode").exit_code == 2


def test_sessions_beside_the_animals_are_in_the_diagnostics(run) -> None:
    assert "no sessions.csv stands beside" in run("animals.csv", "--figure", "diagnostics", "--kind", "svg").stdout
    lines = ["session_id,tracked_fraction,interpolated_fraction,flags", "a,0.99,0.01,", "b,0.8,0.1,low_tracking"]
    Path("sessions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = run("animals.csv", "--figure", "diagnostics", "--kind", "svg")
    assert "most in b (10.0 %)" in result.stdout


@pytest.mark.parametrize(
    ("cells", "drawn"),
    [
        ({"si_ratio": 1.0, "log_si_ratio": 0.0}, ["paired", "scatter"]),
        ({"treatment": "isotype"}, ["paired", "scatter"]),
        ({"si_ratio": float("nan"), "log_si_ratio": float("nan")}, ["paired", "scatter"]),
    ],
    ids=["equal", "one group", "no score"],
)
def test_animals_that_cant_be_compared_are_seen(run, cells: dict[str, object], drawn: list[str]) -> None:
    pd.read_csv("animals.csv").assign(**cells).to_csv("animals.csv", index=False)
    result = run("animals.csv", "--kind", "svg", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert [one["figure"] for one in told["figures"]] == drawn
    why = {one["figure"]: one["why"] for one in told["not_drawn"]}
    assert "expected si_ratio to be analysed, but" in why["comparison"]
    assert run("animals.csv", "--figure", "comparison").exit_code == 1


def test_a_catalogue_has_a_forest_and_one_study_none(run) -> None:
    table = pd.read_csv("animals.csv")
    for at, study in enumerate(("2019/a", "2020")):
        more = table.assign(study=study, cohort=study, si_ratio=table["si_ratio"] + 0.1 * at * (table.index % 4))
        more.to_csv("catalogue.csv", mode="a" if at else "w", header=not at, index=False)
    result = run("catalogue.csv", "--kind", "svg", "--json", "--out", "here")
    assert result.exit_code == 0, result.output
    assert [one["figure"] for one in json.loads(result.stdout)["figures"]][-1] == "forest"
    assert "2019/a" in Path("here/forest.csv").read_text(encoding="utf-8-sig")
    Path("animals.csv").unlink()
    assert run(".", "--figure", "forest", "--kind", "png").exit_code == 0
    assert Path("figures/forest.png").is_file()
    table.to_csv("animals.csv", index=False)
    alone = run("animals.csv", "--figure", "forest")
    assert alone.exit_code == 1
    assert "not drawn: forest: expected a table with several studies, found one" in alone.stderr
