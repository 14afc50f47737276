"""Blinded and unblinded on disk: nothing tells, nothing is lost, and what is changed in between comes out."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from csds.arena.files import read_arenas
from csds.batch.blind import BlindOptions, write_blinded
from csds.batch.unblind import read_key, unblind_results
from csds.behaviour.archived import read_archived
from csds.behaviour.score import score_animals
from csds.errors import ArenaError, ScoreError, SheetError, TableError, UsageError
from csds.formats.digest import file_digest
from csds.formats.tables import read_table, write_table
from csds.protocol import load_protocol, protocol_text
from csds.study import load_study
from csds.study.blind import HIDDEN_REASON
from csds.study.blinding import blinding_state, is_blinded

GOLDEN = load_protocol("golden2011")
ARENA = """# drawn by MM on the defeated mouse M02
[[arena]]
name = "A"
corners_px = [[10.0, 10.0], [90.0, 10.0], [90.0, 90.0], [10.0, 90.0]]
frame_size_px = [100, 100]
"""
TOML = """# M01 to M06 got isotype
title = "Spring cohorts"
protocol = "golden2011"
[reference]
treatment = "isotype"
[analysis]
primary = "log_si_ratio"
[treatment]
dose_mg_kg = 10
[mice]
M01 = "died"
"""
TELLING = re.compile(r"\bM\d\d\b|control|defeat|stress:|isotype|il-?4|\bCD1\b|\bx\d", re.IGNORECASE)


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """A study of 12 mice, phenotyped before and after treatment, whose folders and names tell everything."""
    folder = tmp_path / "study"
    (folder / "arenas").mkdir(parents=True)
    rows = []
    for i in range(12):
        stress, drug = ("control", "defeated")[i % 2], ("isotype", "anti-IL-4Rα")[i // 2 % 2]
        for test in ("pre", "post"):
            for phase in ("target_absent", "target_present"):
                video = f"{stress}/M{i + 1:02d} {test} {phase}.mp4"
                (folder / video).parent.mkdir(exist_ok=True)
                (folder / video).write_text(f"film of {video}", encoding="utf-8")
                rows.append(
                    {
                        "cohort": "C1" if i < 8 else "C2",
                        "animal_id": f"M{i + 1:02d}",
                        "test": test,
                        "phase": phase,
                        "video": video,
                        "stress": stress,
                        "treatment": drug if test == "post" else "",
                        "sex": "fm"[i // 4 % 2],
                        "cage": f"x{i // 2}",
                        "weight_g": f"{20 + (7 * i % 12) / 3:.2f}",
                        "aggressor": f"CD1-{i}" if i % 2 else "",
                        "exclude": "wounded by defeat" if i == 3 and test == "pre" else "",
                    }
                )
    (folder / "control" / "M01 pre target_absent.mp4.arena.toml").write_text(ARENA, encoding="utf-8")
    (folder / "arenas" / "M02 pre target_absent.mp4.arena.toml").write_text(ARENA, encoding="utf-8")
    (folder / "study.toml").write_text(TOML, encoding="utf-8")
    write_table(pd.DataFrame(rows), folder / "study.csv")
    return folder / "study.csv"


def blind(sheet: Path, out: str = "blind", key: str = "key", protocol=GOLDEN, **options):
    home = sheet.parents[1]
    return write_blinded(sheet, protocol, home / out, home / key, BlindOptions(**{"seed": 1, **options}))


def score(table: pd.DataFrame, folder: Path, key: pd.DataFrame, protocol=GOLDEN, seed: int = 0) -> Path:
    """Leave sessions.csv and animals.csv of a sheet in a folder; times belong to the animal, whatever it is called."""
    rng = np.random.default_rng(seed)
    times = {tuple(row): repr(rng.uniform(20, 80)) for row in key[["code", "test", "phase"]].itertuples(index=False)}
    real = key.set_index(["cohort", "animal_id", "test", "phase"])["code"].to_dict()
    own = table[["animal_id", "test", "phase"]].copy()
    if not is_blinded(table):
        own["animal_id"] = [real[tuple(row)] for row in table[["cohort", "animal_id", "test", "phase"]].to_numpy()]
    sessions = table.assign(
        interaction_time_s=[times[tuple(row)] for row in own.to_numpy()],
        session_id=["_".join(row) for row in table[["cohort", "animal_id", "test", "phase"]].to_numpy()],
        duration_s="150",
        flags="",
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_table(sessions, folder / "sessions.csv")
    write_table(
        score_animals(read_archived(read_table(folder / "sessions.csv"), {}, protocol).sessions, protocol),
        folder / "animals.csv",
    )
    return folder


@pytest.fixture
def results(sheet: Path) -> Path:
    """Scores of the blinded study, its key beside them in ``key``."""
    made = blind(sheet)
    return score(read_table(made.sheet), made.sheet.parent / "results", made.blinded.key)


def key_of(results: Path) -> Path:
    return results.parents[1] / "key"


def log_of(folder: Path) -> dict:
    return json.loads((folder / "blinding.json").read_text(encoding="utf-8"))


class TestBlinding:
    def test_nothing_tells(self, sheet: Path) -> None:
        made = blind(sheet)
        out = made.sheet.parent
        told = [str(path.relative_to(out)) for path in out.rglob("*")]
        for path in out.rglob("*"):
            if path.suffix in {".csv", ".toml"}:
                text = path.read_text(encoding="utf-8-sig")
                told += (
                    [text.split("[reference]")[0], text.split("[blinding]")[-1]]
                    if path.name == "study.toml"
                    else [text]
                )
        assert [TELLING.findall(text) for text in told] == [[]] * len(told)
        assert list(made.blinded.withheld) == ["cage", "aggressor", "study.toml, mice"]
        table = read_table(made.sheet)
        assert table["weight_g"].nunique() == 12
        assert set(table["exclude"]) == {"", HIDDEN_REASON}

    def test_it_is_a_study_that_can_be_tracked(self, sheet: Path) -> None:
        made = blind(sheet)
        study, faults = load_study(made.sheet, GOLDEN)
        assert faults == []
        assert len(study.sessions) == 48
        assert {session.stress for session in study.sessions} == {"blinded"}
        assert study.settings["blinding"] == {"blinded": True, "key_sha256": file_digest(made.key / "key.csv")}
        assert study.settings["analysis"] == {"primary": "log_si_ratio"}
        assert study.settings["reference"] == {"treatment": "isotype"}

    def test_recordings_are_the_same_files_and_the_originals_stay(self, sheet: Path) -> None:
        before = {path: path.read_bytes() for path in sheet.parent.rglob("*") if path.is_file()}
        made = blind(sheet)
        assert made.recordings == {"linked": 48}
        assert {path: path.read_bytes() for path in sheet.parent.rglob("*") if path.is_file()} == before
        for path, name in made.blinded.recordings.items():
            assert path.samefile(made.sheet.parent / name)

    def test_arena_files_go_along_without_their_remarks(self, sheet: Path) -> None:
        made = blind(sheet)
        found = sorted(made.sheet.parent.rglob("*.arena.toml"))
        names = {Path(name).name for path, name in made.blinded.recordings.items() if "pre target_absent" in path.name}
        assert len(found) == 2
        for path in found:
            assert path.name.removesuffix(".arena.toml") in names
            original = sheet.parent / "arenas" / "M02 pre target_absent.mp4.arena.toml"
            assert read_arenas(path, GOLDEN) == read_arenas(original, GOLDEN)

    @pytest.mark.parametrize(("videos", "told"), [("copy", {"copied": 48}), ("none", {})])
    def test_other_ways_with_recordings(self, sheet: Path, videos, told) -> None:
        made = blind(sheet, videos=videos)
        assert made.recordings == told
        for path, name in made.blinded.recordings.items():
            there = made.sheet.parent / name
            assert there.is_file() == bool(told)
            if told:
                assert there.read_bytes() == path.read_bytes()
                assert not path.samefile(there)

    def test_where_links_can_not_be_made_recordings_are_copied(
        self, sheet: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise OSError(18, "Invalid cross-device link")

        monkeypatch.setattr(os, "link", refuse)
        assert blind(sheet).recordings == {"copied": 48}

    def test_key_and_its_record(self, sheet: Path) -> None:
        made = blind(sheet, seed=7)
        record = log_of(made.key)
        assert record["seed"] == 7
        assert record["time"].endswith("+00:00")
        assert record["sheet_read"] == {"file": "study.csv", "sha256": file_digest(sheet)}
        assert record["sheet_written"] == {"file": "study.csv", "sha256": file_digest(made.sheet)}
        assert record["files"] == {name: file_digest(made.key / name) for name in ("key.csv", "study.toml")}
        assert record["withheld"] == made.blinded.withheld
        assert (made.key / "study.toml").read_text(encoding="utf-8") == TOML
        assert read_key(made.key).table.to_numpy().tolist() == made.blinded.key.to_numpy().tolist()

    def test_rows_without_recording_or_phase_stay(self, sheet: Path) -> None:
        (sheet.parent / "control" / "M01 pre target_absent.mp4").unlink()
        table = read_table(sheet)
        write_table(table.iloc[:-1], sheet)
        made = blind(sheet)
        assert made.recordings == {"linked": 46}
        assert len(read_table(made.sheet)) == 47
        assert any("expected the recording" in warning for warning in made.warnings)
        assert any("found target_absent alone" in warning for warning in made.warnings)

    def test_a_protocol_of_ones_own_goes_along(self, sheet: Path) -> None:
        text = protocol_text("golden2011")
        (sheet.parent / "mine.toml").write_text(text, encoding="utf-8")
        (sheet.parent / "study.toml").write_text('protocol = "mine.toml"\n', encoding="utf-8")
        out = blind(sheet).sheet.parent
        assert tomllib.loads((out / "study.toml").read_text(encoding="utf-8"))["protocol"] == "protocol.toml"
        assert (out / "protocol.toml").read_text(encoding="utf-8") == text

    def test_a_protocol_that_is_not_there_is_named_as_it_was(self, sheet: Path) -> None:
        (sheet.parent / "study.toml").write_text('protocol = "lost.toml"\n', encoding="utf-8")
        settings = tomllib.loads((blind(sheet).sheet.parent / "study.toml").read_text(encoding="utf-8"))
        assert settings["protocol"] == "lost.toml"  # csds track says so


class TestRefusals:
    def test_key_within_the_blinded_folder(self, sheet: Path) -> None:
        for key in ("blind", "blind/key", "key/../blind/x"):
            with pytest.raises(UsageError, match="would lie in the blinded study's own folder"):
                blind(sheet, key=key)

    def test_folder_of_the_sheet(self, sheet: Path) -> None:
        with pytest.raises(UsageError, match="holds the sheet that has the groups"):
            blind(sheet, out="study")

    @pytest.mark.parametrize("again", [{"out": "other"}, {"key": "other"}])
    def test_what_is_there_stays(self, sheet: Path, again) -> None:
        made = blind(sheet)
        before = (made.key / "key.csv").read_bytes(), made.sheet.read_bytes()
        with pytest.raises(UsageError, match=r"there is a (key|blinded study) already"):
            blind(sheet, seed=2, **again)
        assert ((made.key / "key.csv").read_bytes(), made.sheet.read_bytes()) == before
        blind(sheet, seed=2, force=True)
        assert (made.key / "key.csv").read_bytes() != before[0]

    @pytest.mark.parametrize(
        ("column", "text", "message"),
        [
            ("phase", "maybe", "expected one of 'target_absent'"),
            ("stress", "perhaps", "expected 'control' or 'defeated'"),
            ("stress", "defeated", "expected"),  # M01's other rows say control
            ("video", "../../secret.mp4", "expected a file in the sheet's folder"),
        ],
    )
    def test_faults_of_the_sheet(self, sheet: Path, column: str, text: str, message: str) -> None:
        table = read_table(sheet)
        table.loc[2, column] = text
        write_table(table, sheet)
        with pytest.raises(SheetError, match=message):
            blind(sheet)
        assert not (sheet.parents[1] / "blind").exists()
        assert not (sheet.parents[1] / "key").exists()

    def test_an_arena_file_that_can_not_be_used(self, sheet: Path) -> None:
        (sheet.parent / "arenas" / "M02 pre target_absent.mp4.arena.toml").write_text("[[arena]]\n", encoding="utf-8")
        with pytest.raises(ArenaError):
            blind(sheet)
        assert not (sheet.parents[1] / "key").exists()

    def test_a_sheet_without_rows(self, sheet: Path) -> None:
        write_table(read_table(sheet).iloc[:0], sheet)
        with pytest.raises(SheetError, match="expected a row for each session"):
            blind(sheet)


class TestRoundTrip:
    def test_tables_are_those_of_a_run_that_was_never_blinded(self, sheet: Path, results: Path) -> None:
        key = read_key(key_of(results)).table
        open_run = score(read_table(sheet), results.parents[1] / "open", key)
        assert set(read_table(results / "animals.csv")["phenotype"]) == {"undetermined"}
        done = unblind_results(results, key_of(results))
        assert done.folder == results / "unblinded"
        assert (done.folder / "animals.csv").read_bytes() == (open_run / "animals.csv").read_bytes()
        unblinded, own = (read_table(folder / "sessions.csv") for folder in (done.folder, open_run))
        assert unblinded[own.columns.tolist()].equals(own)
        assert set(done.animals["phenotype"]) == {"control", "susceptible", "resilient"}
        assert done.messages == ()

    def test_below_cutoff_is_known_before(self, results: Path) -> None:
        done = unblind_results(results, key_of(results))
        before, after = read_table(results / "animals.csv"), read_table(done.folder / "animals.csv")
        assert set(before["flags"]) == {"blinded"}
        code_of = read_key(key_of(results)).table.set_index("animal_id")["code"].to_dict()
        sides = before.set_index(["animal_id", "test"])["below_cutoff"].to_dict()
        for row in after.itertuples():
            assert row.below_cutoff == sides[code_of[row.animal_id], row.test]
            if row.stress == "defeated":
                assert (row.phenotype == "susceptible") == (row.below_cutoff == "true")

    def test_a_rule_from_the_controls_waits(self, sheet: Path, tmp_path: Path) -> None:
        text = protocol_text("golden2011").replace('kind = "cutoff"', 'kind = "control_mean"\nk = 1.0')
        text = re.sub(r"(?m)^(cutoff|tie) = .*\n", "", text)
        (tmp_path / "mean.toml").write_text(text, encoding="utf-8")
        rules = load_protocol(tmp_path / "mean.toml")
        made = blind(sheet, protocol=rules)
        blinded = score(read_table(made.sheet), tmp_path / "results", made.blinded.key, rules)
        open_run = score(read_table(sheet), tmp_path / "open", made.blinded.key, rules)
        assert set(read_table(blinded / "animals.csv")["below_cutoff"]) == {""}
        done = unblind_results(blinded, made.key, protocol=str(tmp_path / "mean.toml"))
        assert (done.folder / "animals.csv").read_bytes() == (open_run / "animals.csv").read_bytes()
        assert set(done.animals["phenotype"]) == {"control", "susceptible", "resilient"}

    def test_exclusions_made_blind_are_kept_and_hidden_ones_come_back(self, sheet: Path) -> None:
        made = blind(sheet)
        table = read_table(made.sheet)
        code = table.loc[table["exclude"] == "", "animal_id"].iloc[0]
        table.loc[(table["animal_id"] == code) & (table["test"] == "post"), "exclude"] = "climbed on the enclosure"
        results = score(table, made.sheet.parent / "results", made.blinded.key)
        found = unblind_results(results, made.key).animals.set_index(["animal_id", "test"])["exclude"]
        real = made.blinded.key.set_index("code")["animal_id"].to_dict()[code]
        assert found[found != ""].to_dict() == {
            ("M04", "pre"): "wounded by defeat",
            (real, "post"): "climbed on the enclosure",
        }

    def test_plan_key_and_time_bins_go_along(self, results: Path) -> None:
        sessions = read_table(results / "sessions.csv")
        bins = pd.DataFrame({"session_id": [*sessions["session_id"], *sessions["session_id"]], "bin_start_s": "0"})
        write_table(bins.assign(distance_cm=[str(i) for i in range(len(bins))]), results / "time_bins.csv")
        out = unblind_results(results, key_of(results)).folder
        assert (out / "study.toml").read_text(encoding="utf-8") == TOML
        assert (out / "key.csv").read_bytes() == (key_of(results) / "key.csv").read_bytes()
        found, own = read_table(out / "time_bins.csv"), read_table(out / "sessions.csv")
        assert found["session_id"].tolist() == [name for name in own["session_id"] for _ in range(2)]
        code = read_key(key_of(results)).table["code"][2]
        first = bins.index[bins["session_id"].str.startswith(f"C1_{code}_pre_target_absent")].tolist()
        assert found["distance_cm"][:2].tolist() == [str(i) for i in first]

    def test_a_plan_that_was_changed_while_blind_is_said(self, results: Path) -> None:
        shown = {"analysis": {"primary": "si_ratio"}, "reference": {"treatment": "isotype"}}
        (results / "provenance.json").write_text(json.dumps({"study": {"settings": shown}}), encoding="utf-8")
        done = unblind_results(results, key_of(results))
        assert done.messages == (
            "the plan in the blinded study.toml isn't the one from before blinding, which the unblinded folder has",
        )
        assert (done.folder / "provenance.json").is_file()

    def test_animals_that_are_gone_are_named(self, results: Path) -> None:
        table = read_table(results / "sessions.csv")
        code = read_key(key_of(results)).table["code"].iloc[-1]
        write_table(table[table["animal_id"] != code], results / "sessions.csv")
        animals = read_table(results / "animals.csv")
        write_table(animals[animals["animal_id"] != code], results / "animals.csv")
        done = unblind_results(results, key_of(results))
        assert len(done.animals) == 22
        assert done.messages == ("1 animal of the key not in these results: M12",)


class TestLog:
    def test_scores_are_hashed_in_all_three_logs(self, results: Path) -> None:
        scores = {name: file_digest(results / name) for name in ("animals.csv", "sessions.csv")}
        done = unblind_results(results, key_of(results))
        assert {name: file_digest(results / name) for name in scores} == scores
        (entry,) = log_of(results)["unblindings"]
        assert entry["scores"] == scores
        assert entry["key_sha256"] == file_digest(key_of(results) / "key.csv")
        assert entry["locked_at"] <= entry["unblinded_at"]
        assert log_of(key_of(results))["unblindings"] == [{**entry, "results": str(results.resolve())}]
        told = log_of(done.folder)
        assert told["unblindings"] == [entry]
        assert told["results"] == ".."
        assert told["written"] == {name: file_digest(done.folder / name) for name in scores}
        assert set(told["sessions"]) == set(read_table(done.folder / "sessions.csv")["session_id"])
        assert set(told["sessions"].values()) == set(read_table(results / "sessions.csv")["session_id"])
        for folder in (results, done.folder):
            state = blinding_state(folder)
            assert (state.blinded, state.unchanged) == (True, True)
            assert (state.locked_at, state.unblinded_at) == (entry["locked_at"], entry["unblinded_at"])
            assert "before unblinding, and are unchanged since." in state.sentence
            assert scores["animals.csv"][:12] in state.sentence
            assert is_blinded(folder) == (folder == results)

    def test_the_log_is_written_before_any_group_is(self, results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("csds.batch.unblind._write", stop)
        with pytest.raises(KeyboardInterrupt):
            unblind_results(results, key_of(results))
        for folder in (results, key_of(results)):
            assert log_of(folder)["unblindings"][0]["scores"]["animals.csv"] == file_digest(results / "animals.csv")
        assert not (results / "unblinded").exists()

    def test_again_with_the_same_scores(self, results: Path) -> None:
        first = unblind_results(results, key_of(results))
        tables = (first.folder / "animals.csv").read_bytes()
        again = unblind_results(results, key_of(results))
        assert (first.folder / "animals.csv").read_bytes() == tables
        assert again.state.unchanged is True
        assert len(log_of(results)["unblindings"]) == len(log_of(key_of(results))["unblindings"]) == 2

    def test_scores_that_change_after_unblinding(self, results: Path) -> None:
        first = unblind_results(results, key_of(results))
        score(read_table(results.parent / "study.csv"), results, read_key(key_of(results)).table, seed=9)
        for folder in (results, first.folder):
            state = blinding_state(folder)
            assert state.unchanged is False
            assert (
                "changed after unblinding: animals.csv and sessions.csv differ from what was locked" in state.sentence
            )
        again = unblind_results(results, key_of(results))
        assert again.state.unchanged is False
        assert again.state.locked_at == first.state.locked_at
        score(read_table(results.parent / "study.csv"), results, read_key(key_of(results)).table)  # and back
        assert blinding_state(first.folder).unchanged is False  # what is there was made of other scores

    def test_unblinded_tables_that_are_changed(self, results: Path) -> None:
        out = unblind_results(results, key_of(results)).folder
        table = read_table(out / "animals.csv")
        table.loc[2, "exclude"] = "an outlier"
        write_table(table, out / "animals.csv")
        state = blinding_state(out)
        assert state.unchanged is False
        assert "changed after unblinding: animals.csv differs from what was locked." in state.sentence
        assert blinding_state(results).unchanged is True
        with pytest.raises(UsageError, match="isn't as csds unblind wrote it"):
            unblind_results(results, key_of(results))
        assert read_table(out / "animals.csv").loc[2, "exclude"] == "an outlier"
        assert unblind_results(results, key_of(results), force=True).state.unchanged is True

    def test_a_key_that_was_opened_for_other_results(self, results: Path) -> None:
        unblind_results(results, key_of(results))
        key = read_key(key_of(results)).table
        other = score(read_table(results.parent / "study.csv"), results.parent / "again", key, seed=9)
        state = unblind_results(other, key_of(results)).state
        assert state.unchanged is True
        assert "after the key had been opened for other results" in state.sentence
        assert "can't be shown" in state.sentence
        assert "can't be shown" not in blinding_state(results).sentence

    def test_a_log_that_was_removed_is_restored_from_the_keys(self, results: Path) -> None:
        first = unblind_results(results, key_of(results))
        (results / "blinding.json").unlink()
        score(read_table(results.parent / "study.csv"), results, read_key(key_of(results)).table, seed=9)
        again = unblind_results(results, key_of(results))
        assert again.state.locked_at == first.state.locked_at
        assert again.state.unchanged is False
        assert again.messages == (
            f"{results / 'blinding.json'} lacked the unblinding of {first.state.locked_at}, which the key's log has",
        )

    def test_unblinded_tables_speak_for_themselves_elsewhere(self, results: Path, tmp_path: Path) -> None:
        out = unblind_results(results, key_of(results), tmp_path / "tables").folder
        shutil.move(out, tmp_path / "desk" / "tables")
        shutil.rmtree(results)
        assert blinding_state(tmp_path / "desk" / "tables").unchanged is True


class TestWhatIsRefused:
    def refused(self, results: Path, error: type[Exception], message: str, **options) -> None:
        with pytest.raises(error, match=message) as caught:
            unblind_results(results, options.pop("key", key_of(results)), **options)
        assert caught.value.hint
        assert not (results / "blinding.json").exists()
        assert not (results / "unblinded").exists()

    def test_no_results_or_key(self, results: Path, tmp_path: Path) -> None:
        self.refused(results, UsageError, "there is no key", key=tmp_path)
        self.refused(tmp_path, UsageError, "there is no such table", key=key_of(results))
        (results / "sessions.csv").unlink()
        self.refused(results, UsageError, r"sessions\.csv: there is no such table")

    def test_out_is_the_results(self, results: Path) -> None:
        self.refused(results, UsageError, "holds the locked tables", out=results / "x" / "..")

    def test_a_folder_with_tables_of_another_kind(self, results: Path, tmp_path: Path) -> None:
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "animals.csv").write_text("animal_id\n1\n", encoding="utf-8")
        self.refused(results, UsageError, "isn't as csds unblind wrote it", out=tmp_path / "mine")

    def test_a_key_that_was_changed(self, results: Path) -> None:
        path = key_of(results) / "key.csv"
        path.write_bytes(path.read_bytes().replace(b"defeated", b"control", 1))
        self.refused(results, TableError, "was changed since csds blind wrote it")
        path.unlink()
        self.refused(results, UsageError, "there is no key")

    def test_a_plan_that_was_changed_or_lost(self, results: Path) -> None:
        path = key_of(results) / "study.toml"
        path.write_text(TOML.replace("log_si_ratio", "si_ratio"), encoding="utf-8")
        self.refused(results, TableError, r"study\.toml: was changed")
        path.unlink()
        self.refused(results, TableError, r"study\.toml: was changed")

    @pytest.mark.parametrize("text", ["{", "[]", '{"unblindings": 3}', '{"unblindings": [{}]}', '{"seed": 1}'])
    def test_a_record_that_is_none(self, results: Path, text: str) -> None:
        (key_of(results) / "blinding.json").write_text(text, encoding="utf-8")
        self.refused(results, TableError, r"blinding\.json: (can't be read|isn't)")

    def test_the_key_of_another_study(self, sheet: Path, results: Path) -> None:
        other = blind(sheet, out="blind2", key="key2", seed=2).key
        self.refused(results, TableError, "the key doesn't know 48 of 48 sessions: row 2", key=other)
        settings = {"blinding": {"blinded": True, "key_sha256": file_digest(key_of(results) / "key.csv")}}
        (results / "provenance.json").write_text(json.dumps({"study": {"settings": settings}}), encoding="utf-8")
        self.refused(results, UsageError, "is the key of another study", key=other)

    def test_a_session_that_was_added(self, results: Path) -> None:
        table = read_table(results / "sessions.csv")
        table.loc[2, "test"] = "third"
        write_table(table, results / "sessions.csv")
        animals = score_animals(read_archived(table, {}, GOLDEN).sessions, GOLDEN)
        write_table(animals, results / "animals.csv")
        self.refused(results, TableError, "the key doesn't know 1 of 48 sessions: row 2")

    def test_results_with_groups(self, sheet: Path, results: Path) -> None:
        open_run = score(read_table(sheet), results.parents[1] / "open", read_key(key_of(results)).table)
        self.refused(open_run, UsageError, "has its groups already", key=key_of(results))

    @pytest.mark.parametrize(
        ("column", "text"),
        [("si_ratio", "1.5"), ("phenotype", "resilient"), ("exclude", "by hand"), ("si_ratio", ""), ("animal_id", "K")],
    )
    def test_scores_that_are_not_what_the_sessions_give(self, results: Path, column: str, text: str) -> None:
        table = read_table(results / "animals.csv")
        table.loc[3, column] = text
        write_table(table, results / "animals.csv")
        self.refused(results, ScoreError, r"animals\.csv, row 3, column")

    def test_tables_that_lack_animals_or_columns(self, results: Path) -> None:
        table = read_table(results / "animals.csv")
        write_table(table.iloc[1:], results / "animals.csv")
        self.refused(results, ScoreError, "expected 24 animals, found 23")
        write_table(table.drop(columns="si_ratio"), results / "animals.csv")
        self.refused(results, ScoreError, "expected a column 'si_ratio'")

    def test_another_protocol(self, results: Path) -> None:
        self.refused(results, ScoreError, "by sessions.csv and protocol", protocol="accelerated_defeat")
        told = {"protocol": {"name": "mine", "sha256": "0" * 64, "content": {"asked_as": "golden2011"}}}
        (results / "provenance.json").write_text(json.dumps(told), encoding="utf-8")
        self.refused(results, UsageError, "isn't the one that .* was scored by")
