"""``csds blind`` and ``csds unblind`` as they are called, with tracking in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from csds.cli import app
from csds.formats.tables import read_table, write_table
from csds.results.reread import reread_animals

SHEET = "animal_id,phase,video,stress,treatment,aggressor\n" + "".join(
    f"{i},{phase},{i}{phase}.mp4,{stress},{drug},{'X' + str(i % 2) if stress == 'defeated' else ''}\n"
    for i, (stress, drug) in enumerate(
        [(stress, drug) for stress in ("control", "defeated") for drug in ("isotype", "anti-IL-4Rα")] * 3
    )
    for phase in ("absent", "present")
)


def call(*arguments: object):
    return CliRunner().invoke(app, [*map(str, arguments)])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a study, in which commands are called."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "study.csv").write_text(SHEET, encoding="utf-8")
    for line in SHEET.splitlines()[1:]:
        (folder / line.split(",")[2]).touch()
    return tmp_path


@pytest.fixture
def scored(here: Path) -> Path:
    """Results of scoring the blinded study by hand."""
    assert call("blind", "study/study.csv", "--out", "blind", "--key", "key", "--seed", 3, "--quiet").exit_code == 0
    table = read_table(Path("blind/study.csv"))
    table["interaction_time_s"] = [str(20 + 37 * i % 50) for i in range(len(table))]
    write_table(table.drop(columns="video"), Path("results/sessions.csv"))
    result = call("score", "results/sessions.csv", "--out", "results")
    assert result.exit_code == 0, result.output
    assert "the groups are hidden: phenotypes wait for csds unblind" in result.stderr
    return Path("results")


def test_blind_says_what_it_withheld(here: Path) -> None:
    result = call("blind", "study/study.csv", "--out", "blind", "--key", "key")
    assert result.exit_code == 0, result.output
    assert "aggressor" in result.stdout
    assert "it is filled for stress 'defeated' only" in result.stdout
    assert "12 animals, 24 sessions under codes; recordings: 24 linked" in result.stderr
    assert "written: blind/study.csv, key/key.csv, key/blinding.json" in result.stderr.replace("\\", "/")


def test_blind_as_json_and_quiet(here: Path) -> None:
    result = call("blind", "study/study.csv", "--out", "b", "--key", "k", "--videos", "none", "--json", "--quiet")
    told = json.loads(result.stdout)
    assert result.stderr == ""
    assert (told["animals"], told["sessions"], told["recordings"], told["warnings"]) == (12, 24, {}, [])
    assert list(told["withheld"]) == ["aggressor"]
    assert not Path("b/videos").exists()


def test_blind_keeps_what_is_asked_for_and_warns(here: Path) -> None:
    result = call("blind", "study/study.csv", "--out", "b", "--key", "k", "--keep", "aggressor")
    assert "aggressor" in read_table(Path("b/study.csv"))
    assert "warning: column 'aggressor' stays as --keep asks, though" in result.stderr
    assert "none put there" not in result.stderr


def test_the_same_seed_gives_the_same_codes_and_a_drawn_one_others(here: Path) -> None:
    def sheet(*more: object) -> bytes:
        assert call("blind", "study/study.csv", "--out", "b", "--key", "k", "--force", *more).exit_code == 0
        return Path("b/study.csv").read_bytes()

    assert sheet("--seed", 4) == sheet("--seed", 4)
    assert sheet() != sheet()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["study/study.csv", "--out", "b"], 2, "--key"),
        (["study/study.csv", "--key", "k"], 2, "--out"),
        (["study/study.csv", "--out", "b", "--key", "b/k"], 2, "would lie in the blinded study's own folder"),
        (["study/nothing.csv", "--out", "b", "--key", "k"], 2, "there is no such study sheet"),
        (["study/study.csv", "--out", "b", "--key", "k", "--hide", "cagge"], 2, "the sheet has no such column"),
        (["study/study.csv", "--out", "b", "--key", "k", "--videos", "burn"], 2, "--videos"),
        (["study/bad.csv", "--out", "b", "--key", "k"], 1, "expected one of 'target_absent'"),
    ],
)
def test_blind_refuses(here: Path, arguments: list[str], code: int, message: str) -> None:
    Path("study/bad.csv").write_text(SHEET.replace(",absent,", ",maybe,"), encoding="utf-8")
    result = call("blind", *arguments)
    assert result.exit_code == code, result.output
    assert message in result.stderr
    assert not Path("b").exists()
    assert not Path("k").exists()


def test_statistics_wait_for_the_groups(scored: Path) -> None:
    for table in (scored, scored / "animals.csv"):
        result = call("stats", table)
        assert result.exit_code == 2
        assert "is blinded, so there are no groups to compare" in result.stderr
        assert "csds unblind RESULTS --key KEY" in result.stderr
    assert call("unblind", scored, "--key", "key").exit_code == 0
    result = call("stats", scored / "unblinded")
    assert result.exit_code == 0, result.output
    assert "before unblinding, and are unchanged since." in result.stdout
    told = json.loads((scored / "unblinded" / "stats.json").read_text(encoding="utf-8"))
    assert told["history"][-1].startswith("Animals were scored under codes")


def test_statistics_of_a_study_that_was_not_blinded_say_so_in_json_alone(scored: Path) -> None:
    call("unblind", scored, "--key", "key", "--quiet")
    (scored / "unblinded" / "blinding.json").unlink()
    result = call("stats", scored / "unblinded")
    assert "blind" not in result.stderr.replace("unblinded", "")
    told = json.loads((scored / "unblinded" / "stats.json").read_text(encoding="utf-8"))
    assert told["history"][-1] == "csds has no record of blinding for these results."


def test_unblind_shows_animals_and_what_the_log_says(scored: Path) -> None:
    result = call("unblind", scored, "--key", "key", "--out", "open")
    assert result.exit_code == 0, result.output
    assert "anti-IL-4Rα" in result.stdout
    assert "susceptible" in result.stdout
    assert "written: open" in result.stderr
    assert "the scores were locked at" in result.stderr
    again = call("unblind", scored, "--key", "key", "--out", "open", "--json", "--quiet")
    told = json.loads(again.stdout)
    assert again.stderr == ""
    assert told["blinding"]["unchanged"] is True
    assert len(told["animals"]) == 12


def test_scores_that_were_changed_are_said_loudly(scored: Path) -> None:
    assert call("unblind", scored, "--key", "key").exit_code == 0
    table = read_table(scored / "sessions.csv")
    table.loc[2, "interaction_time_s"] = "99"
    write_table(table, scored / "sessions.csv")
    assert call("score", scored / "sessions.csv", "--out", scored / "animals.csv").exit_code == 0
    result = call("unblind", scored, "--key", "key", "--quiet")
    assert result.exit_code == 1
    assert "warning: Animals were scored" in result.stderr
    assert "changed after unblinding: animals.csv and sessions.csv differ from what was locked" in result.stderr
    stats = call("stats", scored / "unblinded", "--quiet")
    assert "changed after unblinding" in stats.stderr


def test_unblind_names_what_it_could_not_find(scored: Path) -> None:
    table, animals = (read_table(scored / name) for name in ("sessions.csv", "animals.csv"))
    code = table["animal_id"].iloc[0]
    write_table(table[table["animal_id"] != code], scored / "sessions.csv")
    write_table(animals[animals["animal_id"] != code], scored / "animals.csv")
    assert "warning: 1 animal of the key not in these results" in call("unblind", scored, "--key", "key").stderr


@pytest.mark.parametrize(("arguments", "code"), [(["results"], 2), (["results", "--key", "study"], 2), (["x"], 2)])
def test_unblind_refuses(scored: Path, arguments: list[str], code: int) -> None:
    assert call("unblind", *arguments).exit_code == code
    assert not Path("results/unblinded").exists()


@pytest.mark.usefixtures("no_pictures")
def test_a_tracked_study_is_the_same_blinded_and_unblinded(
    copied: Callable[..., Path], tracked: Path, short_protocol: Path, tmp_path: Path
) -> None:
    sheet, out = copied(), tmp_path / "blind"
    made = call("blind", sheet, "--out", out, "--key", tmp_path / "key", "-p", short_protocol)
    assert made.exit_code == 0, made.output
    result = call("track", out / "study.csv", "-p", short_protocol, "--time-bins", 3)
    assert result.exit_code == 0, result.output
    assert "the groups are hidden: phenotypes wait for csds unblind" in result.stderr
    told = "".join(
        path.read_text(encoding="utf-8") + path.name
        for path in (out / "results").rglob("*")
        if path.suffix in {".csv", ".json"}
    )
    for word in ("M01", "M02", "defeated", "anti-IL-4Rα", "avoid"):
        assert word not in told, word
    result = call("unblind", out / "results", "--key", tmp_path / "key")
    assert result.exit_code == 0, result.output
    for name in ("animals.csv", "sessions.csv", "time_bins.csv"):
        assert (out / "results" / "unblinded" / name).read_bytes() == (tracked / name).read_bytes(), name
    own, known = (list(reread_animals(folder)[1].values()) for folder in (out / "results" / "unblinded", tracked))
    assert all(one.equals(other) for one, other in zip(own, known, strict=True))
    # Tracking again keeps what is there, so the locked scores are still the same.
    assert call("track", out / "study.csv", "-p", short_protocol, "--quiet").exit_code == 0
    assert call("unblind", out / "results", "--key", tmp_path / "key", "--quiet").exit_code == 0
