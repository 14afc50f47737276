"""``csds stats`` from the command line: tables, files, messages and exit codes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from csds.cli.boundary import BoundedGroup
from csds.cli.stats import stats
from csds.formats.tables import read_table
from csds.model.columns import META_COLUMNS, STATS_COLUMNS, names

PLAN = '[reference]\nstress = "control"\ntreatment = "isotype"\n[analysis]\nsecondary = ["log_si_ratio"]\n'


def write_animals(path: Path, *, exclude: str = "") -> None:
    rng = np.random.default_rng(11)
    lines = ["animal_id,stress,treatment,si_ratio,log_si_ratio,exclude"]
    for stress, treatment, mean in (
        ("control", "isotype", 1.5),
        ("control", "anti-IL-4Rα", 1.4),
        ("defeated", "isotype", 0.6),
        ("defeated", "anti-IL-4Rα", 1.2),
    ):
        for i in range(6):
            ratio = mean * float(np.exp(0.2 * rng.normal()))
            reason = exclude if (stress, i) == ("control", 0) else ""
            lines.append(f"{stress[0]}{treatment[0]}{i},{stress},{treatment},{ratio},{np.log(ratio)},{reason}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    app = typer.Typer(cls=BoundedGroup, pretty_exceptions_enable=False)
    app.command("stats")(stats)
    app.callback()(lambda: None)
    monkeypatch.chdir(tmp_path)
    Path("results").mkdir()
    write_animals(Path("results/animals.csv"))
    Path("study.toml").write_text(PLAN, encoding="utf-8")
    return lambda *more: CliRunner().invoke(app, ["stats", *(more or ("results",))])


def test_results_folder_is_analysed_by_the_study_above_it(run) -> None:
    result = run()
    assert result.exit_code == 0, result.output
    table = read_table(Path("results/stats.csv"))
    assert table.columns.tolist() == names(STATS_COLUMNS)
    assert table.loc[2, "contrast"] == "defeated + anti-IL-4Rα - defeated + isotype"
    assert set(table["outcome"]) == {"si_ratio", "log_si_ratio"}
    told = json.loads(Path("results/stats.json").read_text(encoding="utf-8"))
    assert told["plan"]["is_written"]
    assert len(told["plan"]["sha256"]) == 64
    assert told["comparison"]["groups"][0] == "control + isotype"
    assert "defeated + anti-IL-4Rα - defeated + isotype" in result.stdout
    assert "written" in result.stderr


def test_numbers_are_rounded_in_print_only(run) -> None:
    told = json.loads(run("results", "--json").stdout)
    printed = run().stdout
    first = told["results"][0]
    assert f"t(20) = {first['statistic']:.2f}" in printed
    assert f"{first['statistic']}" not in printed
    assert float(read_table(Path("results/stats.csv")).loc[2, "statistic"]) == first["statistic"]


def test_option_that_departs_from_the_plan_is_said(run) -> None:
    result = run("results", "--adjust", "none", "--sum-of-squares", "II")
    assert result.exit_code == 0, result.output
    assert "the analysis is not the plan" in result.stderr
    assert "ANOVA, type II" in result.stdout
    assert "is not the plan" not in run().stderr


def test_excluded_animals_are_named(run) -> None:
    write_animals(Path("results/animals.csv"), exclude="fell off the table")
    assert "left out: excluded: fell off the table: ci0 (row 2), ca0 (row 8)" in run().stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere.csv"], 2, "there is no such table"),
        (["results", "--adjust", "hollm"], 2, "Did you mean 'holm'?"),
        (["results", "--design", "crossover"], 2, "--design crossover: expected one of"),
        (["results", "--outcome", "si"], 2, "outcome 'si': expected a column"),
        (["results", "--secondary", "tail"], 2, "outcome 'tail': expected a column"),
        (["results", "--reference", "treatment"], 2, "expected COLUMN=VALUE"),
        (["results", "--reference", "treatment=vehicle"], 1, "found 'vehicle'"),
        (["results", "--outcome", "corner_ratio"], 1, "no column 'corner_ratio'"),
        (["results", "--design", "pre_post"], 1, "two tests or more"),
        (["results", "--factor", "strain"], 1, "no column 'strain'"),
        (["results", "--factor", "a", "--factor", "b", "--factor", "c"], 2, "one or two columns, found 3"),
        (["results", "--random", "a", "--random", "b", "--random", "c"], 2, "one or two nested columns"),
        (["results", "--random", "stress"], 2, "found 'stress' in two"),
        (["results", "--reference", "colour=red"], 2, "--reference colour: expected one of stress, treatment, test"),
        (["results", "--only", "sex"], 2, "expected COLUMN=VALUE"),
    ],
)
def test_what_can_not_be_done_is_said_with_its_exit_code(run, arguments: list[str], code: int, message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == code, result.output
    assert message in result.stderr
    assert not Path("results/stats.csv").exists()


def test_secondary_outcome_that_can_not_be_analysed_is_exit_code_one(run) -> None:
    result = run("results", "--secondary", "corner_ratio")
    assert result.exit_code == 1
    assert "corner_ratio, all: there is no column 'corner_ratio'" in result.stderr
    assert Path("results/stats.csv").is_file()


def test_plan_written_before_tracking_is_said_to_have_been(run) -> None:
    from csds.analysis.plan_record import record_plan

    settings = tomllib.loads(PLAN)
    provenance = {"analysis_plans": record_plan(settings, [])}
    Path("results/provenance.json").write_text(json.dumps(provenance), encoding="utf-8")
    assert "was in study.toml when the recordings were first tracked" in run().stdout
    assert "first tracked" in Path("results/stats.md").read_text(encoding="utf-8")


def test_names_are_text_in_markdown_and_as_they_are_in_json(run) -> None:
    table = Path("results/animals.csv").read_text(encoding="utf-8").replace("anti-IL-4Rα", "<b>*anti*</b>")
    Path("results/animals.csv").write_text(table, encoding="utf-8")
    assert run().exit_code == 0
    text = Path("results/stats.md").read_text(encoding="utf-8")
    assert r"defeated + \<b\>\*anti\*\</b\>" in text
    assert "<b>" not in text.replace(r"\<b\>", "")
    assert (
        "defeated + <b>*anti*</b>" in json.loads(Path("results/stats.json").read_text(encoding="utf-8"))["sentences"][0]
    )


@pytest.fixture
def catalogue(run) -> Path:
    """A catalogue of three studies in a folder of its own."""
    rng, folder = np.random.default_rng(8), Path("archive")
    folder.mkdir()
    lines = ["study,protocol,cohort,animal_id,stress,treatment,si_ratio"]
    for study in ("a", "b", "c"):
        for treatment, mean in (("isotype", 0.6), ("anti-IL-4Rα", 1.1)):
            for i in range(2 if study == "c" else 6):
                lines.append(f"{study},golden2011,{study} C1,{treatment[0]}{i},defeated,{treatment},"
                             f"{mean + 0.2 * rng.normal()}")  # fmt: skip
    (folder / "catalogue.csv").write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    (folder / "study.toml").write_text('[analysis]\nrandom = ["study"]\nsecondary = []\n', encoding="utf-8")
    return folder


@pytest.mark.parametrize("named", ["archive", "archive/catalogue.csv"])
def test_a_catalogue_is_analysed_with_its_studies_and_across_them(run, catalogue: Path, named: str) -> None:
    result = run(named)
    assert result.exit_code == 0, result.output
    assert "random intercept of study" in result.stdout
    assert "Across 2 studies, SI ratio was" in result.stdout
    why = "study c: expected two animals in each group at least, found 1 in anti-IL-4Rα (anti-IL-4Rα - isotype)"
    assert f"left out of the meta-analysis: {why}" in result.stderr
    assert "several_studies: The table holds 3 studies (a, b, c)" in result.stderr
    table = read_table(catalogue / "meta_analysis.csv")
    assert table.columns.tolist() == names(META_COLUMNS)
    assert table["row"].tolist() == ["study", "study", "left out", "mean", "prediction"] * 2
    told = json.loads(run(named, "--json").stdout)
    assert [one["effect_name"] for one in told["across_studies"]] == ["difference", "Hedges' g"]
    assert why.split(" (", maxsplit=1)[0] in (catalogue / "stats.md").read_text(encoding="utf-8")


def test_one_study_has_no_meta_analysis(run) -> None:
    assert run().exit_code == 0
    assert not Path("results/meta_analysis.csv").exists()
    assert json.loads(Path("results/stats.json").read_text(encoding="utf-8"))["across_studies"] == []


def test_a_plan_without_the_study_is_departed_from_in_words(run, catalogue: Path) -> None:
    (catalogue / "study.toml").write_text('[analysis]\nprimary = "si_ratio"\ndraws = 1000\n', encoding="utf-8")
    assert "the analysis is not the plan of study.toml (random)" in run("archive").stderr
    assert "random: planned (), used" in (catalogue / "stats.md").read_text(encoding="utf-8")


def test_a_blinded_catalogue_is_refused(run, catalogue: Path) -> None:
    path = catalogue / "catalogue.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("defeated", "blinded"), encoding="utf-8")
    for named in ("archive", "archive/catalogue.csv"):
        result = run(named)
        assert result.exit_code == 2
        assert "is blinded" in result.stderr
