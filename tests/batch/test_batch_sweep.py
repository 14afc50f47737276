"""Many studies at once: each has its own tables, none stops the others, and what was finished stays."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from csds.batch.animals import AnimalPicture
from csds.batch.artist import Artist
from csds.batch.options import Listener, Outcome, TrackOptions
from csds.batch.study_run import StudyRun
from csds.batch.sweep import StudyJob, SweepResult, sweep
from csds.protocol import load_protocol
from csds.study import load_study

TABLES = ("animals.csv", "sessions.csv", "failures.csv")


@pytest.fixture
def archive(filmed: Path, tmp_path: Path) -> Path:
    """A folder with three copies of the filmed study; of the second a recording is damaged."""
    for name in ("a", "b", "c"):
        shutil.copytree(filmed, tmp_path / "archive" / name)
    (tmp_path / "archive" / "b" / "videos" / "M02_absent.mp4").write_bytes(b"no video")
    return tmp_path / "archive"


@pytest.fixture
def run(archive: Path, short_protocol: Path, tmp_path: Path) -> Callable[..., SweepResult]:
    """Return what works through the archive."""

    def made(out: str = "out", listener: Listener | None = None, **options: object) -> SweepResult:
        protocol = load_protocol(short_protocol)
        jobs = []
        for folder in sorted(archive.iterdir()):
            study, faults = load_study(folder / "study.csv", protocol)
            jobs.append(StudyJob(study=study, protocol=protocol, out=tmp_path / out / folder.name, faults=faults))
        return sweep(jobs, TrackOptions(jobs=2, **options), listener=listener)  # type: ignore[arg-type]

    return made


def tables(folder: Path) -> dict[str, bytes]:
    return {
        f"{study.name}/{name}": (study / name).read_bytes() for study in sorted(folder.iterdir()) for name in TABLES
    }


def test_each_study_has_its_tables_and_a_damaged_recording_stops_nothing(
    run: Callable[..., SweepResult], tmp_path: Path, tracked: Path
) -> None:
    result = run()
    assert result.failures == {}
    assert {out.name: dict(one.work) for out, one in result.results.items()} == {
        "a": {"tracked": 4}, "b": {"tracked": 3}, "c": {"tracked": 4},
    }  # fmt: skip
    (failure,) = result.results[tmp_path / "out" / "b"].failures
    assert failure.session_id.endswith("M02_target_absent")
    assert tables(tmp_path / "out")["a/animals.csv"] == (tracked / "animals.csv").read_bytes()
    before = tables(tmp_path / "out")
    again = run(retry_failed=False)
    assert [dict(one.work) for one in again.results.values()] == [{"kept": 4}, {"kept": 3}, {"kept": 4}]
    assert tables(tmp_path / "out") == before


def test_what_failed_is_tried_again_when_its_recording_changed(
    run: Callable[..., SweepResult], archive: Path, filmed: Path, tmp_path: Path
) -> None:
    run()
    assert [path.stem for path in (tmp_path / "out" / "b" / "failed").iterdir()] == ["C1_M02_target_absent"]
    shutil.copy(filmed / "videos" / "M02_absent.mp4", archive / "b" / "videos" / "M02_absent.mp4")
    result = run(retry_failed=False).results[tmp_path / "out" / "b"]
    assert result.failures == ()
    assert not list((tmp_path / "out" / "b" / "failed").iterdir())


def test_a_study_whose_folder_cant_be_used_is_told_and_the_others_go_on(
    run: Callable[..., SweepResult], tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b").write_text("a file", encoding="utf-8")
    result = run()
    assert [out.name for out in result.results] == ["a", "c"]
    (failure,) = result.failures.values()
    assert "is a file, not a folder" in failure.error


def test_workers_draw_the_animals_so_that_the_process_that_leads_has_time(
    run: Callable[..., SweepResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[AnimalPicture] = []
    monkeypatch.setattr(Artist, "draw_animal", lambda _, picture: left.append(picture))
    run()
    assert left == []
    for study, names in (("a", ["C1_M01", "C1_M02"]), ("b", ["C1_M01", "C1_M02"])):
        assert sorted(path.stem for path in (tmp_path / "out" / study / "animals").iterdir()) == names


SCRIPT = """
import sys
from pathlib import Path
from csds.batch.options import TrackOptions
from csds.batch.sweep import StudyJob, sweep
from csds.protocol import load_protocol
from csds.study import load_study

if __name__ == "__main__":
    archive, protocol, out = map(Path, sys.argv[1:])
    rules = load_protocol(protocol)
    jobs = []
    for folder in sorted(archive.iterdir()):
        study, faults = load_study(folder / "study.csv", rules)
        jobs.append(StudyJob(study=study, protocol=rules, out=out / folder.name, faults=faults))
    sweep(jobs, TrackOptions(jobs=2))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills by SIGKILL")
def test_killed_at_any_moment_and_run_again_it_leaves_the_same(
    run: Callable[..., SweepResult], archive: Path, short_protocol: Path, tmp_path: Path
) -> None:
    run("undisturbed")
    script, out = tmp_path / "run.py", tmp_path / "disturbed"
    script.write_text(SCRIPT, encoding="utf-8")
    moments = random.Random(3)  # noqa: S311 - moments, no secrets
    for _ in range(5):
        process = subprocess.Popen(
            [sys.executable, str(script), str(archive), str(short_protocol), str(out)], start_new_session=True
        )
        time.sleep(moments.uniform(0.8, 4.0))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    run("disturbed")
    assert tables(out) == tables(tmp_path / "undisturbed")
    stray = [path for path in out.rglob("*") if path.name.startswith(".csds-")]
    assert stray == []
    names = sorted(str(path.relative_to(out)) for path in out.rglob("*"))
    whole = tmp_path / "undisturbed"
    assert names == sorted(str(path.relative_to(whole)) for path in whole.rglob("*"))


def test_tables_are_written_again_only_where_something_was_lost_or_edited(
    run: Callable[..., SweepResult], tmp_path: Path
) -> None:
    def places() -> dict[str, int]:
        return {f"{path.parent.name}/{path.name}": path.stat().st_ino for path in (tmp_path / "out").glob("*/*.csv")}

    first, out = run(), tmp_path / "out"
    before, content = places(), tables(out)
    (out / "a" / "animals" / "C1_M01.png").unlink()
    (out / "b" / "sessions.csv").write_text("edited", encoding="utf-8")
    again = run(retry_failed=False)
    assert {name for name, place in places().items() if before[name] != place} == {
        f"{study}/{table}" for study in "ab" for table in TABLES
    }
    assert (out / "a" / "animals" / "C1_M01.png").is_file()
    assert tables(out) == content
    assert [(one.animals, one.failures) for one in again.results.values()] == [
        (one.animals, one.failures) for one in first.results.values()
    ]
    before = places()
    assert run(retry_failed=False) == again
    assert places() == before


def test_what_was_out_of_reach_while_tables_were_written_is_in_the_next_ones(
    run: Callable[..., SweepResult], archive: Path, tmp_path: Path
) -> None:
    run()
    out, videos, away = tmp_path / "out", archive / "a" / "videos", archive / "a" / "away"
    before = tables(out)
    (out / "a" / "sessions" / "C1_M01_target_absent.json").unlink()

    def lose(_: int, finished: Sequence[Outcome]) -> None:
        if any(outcome.work == "tracked" for outcome in finished):
            videos.rename(away)

    run(listener=lose, retry_failed=False)
    away.rename(videos)
    assert tables(out) != before
    run(retry_failed=False)
    assert tables(out) == before


def test_a_study_whose_tables_are_being_written_at_an_interruption_has_them(
    run: Callable[..., SweepResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = StudyRun.write

    def interrupted(run: StudyRun, *, pictures: bool) -> object:
        if pictures:
            raise KeyboardInterrupt
        return write(run, pictures=pictures)

    monkeypatch.setattr(StudyRun, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert len(tables(tmp_path / "out")) == 3 * len(TABLES)
