"""Disks, networks, clocks and recordings that fail in the middle of a run: told, and nothing is lost."""

from __future__ import annotations

import errno
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av.error
import pytest
from typer.testing import CliRunner

from csds.batch import unit
from csds.batch.catalogue import write_catalogue
from csds.batch.heartbeat import Heartbeat, read_statuses
from csds.batch.options import RunResult, TrackOptions
from csds.batch.run import track_study
from csds.batch.sweep import StudyJob, SweepResult, sweep
from csds.cli import app
from csds.errors import ResultsError, UnsteadyError
from csds.protocol import load_protocol
from csds.study import load_study
from csds.video import Recording
from csds.video.streams import DecodingLog, read_packets
from tests.batch.twins import batch, complete, copy_twice


@pytest.fixture
def archive(filmed: Path, tmp_path: Path) -> Path:
    return copy_twice(filmed, tmp_path / "archive")


@pytest.fixture
def run(archive: Path, short_protocol: Path, tmp_path: Path) -> Callable[..., SweepResult]:
    """Return what works through the archive, and does something when the first recordings are finished."""

    def made(then: Callable[[], object] = lambda: None) -> SweepResult:
        protocol = load_protocol(short_protocol)
        studies = [load_study(folder / "study.csv", protocol)[0] for folder in sorted(archive.iterdir())]
        jobs = [StudyJob(study=one, protocol=protocol, out=tmp_path / "out" / one.folder.name) for one in studies]
        left = [then]

        def listen(_: int, finished: object) -> None:
            if finished and left:
                left.pop()()

        return sweep(jobs, TrackOptions(jobs=1, retry_failed=False), listener=listen)

    return made


def test_recordings_that_a_lost_network_hides_are_tracked_when_it_is_back(
    run: Callable[..., SweepResult], archive: Path, tmp_path: Path, tracked: Path
) -> None:
    away = tmp_path / "away"
    result = run(lambda: (archive / "b").rename(away))
    failures = result.results[tmp_path / "out" / "b"].failures
    assert len(failures) == 4
    assert all("M0" in one.error and one.how_to_fix for one in failures)
    assert result.results[tmp_path / "out" / "a"].failures == ()
    away.rename(archive / "b")
    result = run()
    assert {out.name: dict(one.work) for out, one in result.results.items()} == {"a": {"kept": 4}, "b": {"tracked": 4}}
    complete(tmp_path / "out", tracked)


def test_results_that_a_lost_network_hides_are_completed_when_it_is_back(
    run: Callable[..., SweepResult], tmp_path: Path, tracked: Path
) -> None:
    away = tmp_path / "away"
    result = run(lambda: (tmp_path / "out" / "a").rename(away))
    (failure,) = result.failures.values()
    assert "the folder of the results has gone" in failure.error
    assert "run the same command again" in failure.how_to_fix
    # Not made anew: on the mount point of a network its files would be hidden as soon as that is back.
    assert not (tmp_path / "out" / "a").exists()
    away.rename(tmp_path / "out" / "a")
    work = {out.name: dict(one.work) for out, one in run().results.items()}
    assert work == {"a": {"kept": 2, "tracked": 2}, "b": {"kept": 4}}
    complete(tmp_path / "out", tracked)


def test_a_catalogue_of_a_folder_that_has_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="the folder of the results has gone"):
        write_catalogue(tmp_path / "gone")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = None
    if sys.platform == "linux":
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], check=False, capture_output=True
        )
    if mounted is None or mounted.returncode:
        pytest.skip("a small disk can be mounted by the administrator of Linux alone")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_stops_nothing_that_fits(
    archive: Path, short_protocol: Path, disk: Path, tmp_path: Path, tracked: Path
) -> None:
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(3_600_000))
    code, said = batch(archive, short_protocol, disk / "out")
    assert code == 1
    assert "the disk is full" in said
    assert "run the same command again" in said
    assert [path for path in disk.rglob("*") if path.name.startswith(".csds-")] == []
    ballast.unlink()
    code, said = batch(archive, short_protocol, disk / "out")
    assert (code, said) == (0, "")
    complete(disk / "out", tracked)


def test_a_disk_that_may_be_read_alone_is_told(archive: Path, short_protocol: Path, disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    code, said = batch(archive, short_protocol, disk / "out")
    assert code == 1
    assert "not writable (Read-only file system)" in said


@pytest.mark.skipif(sys.platform == "win32", reason="files are limited by what POSIX has")
def test_files_that_cant_be_written_are_told_and_written_later(
    archive: Path, short_protocol: Path, tmp_path: Path, tracked: Path
) -> None:
    import resource

    asked = ["batch", str(archive), "-p", str(short_protocol), "-o", str(tmp_path / "out"), "-j", "2", "-q"]
    limited = subprocess.run(
        [sys.executable, "-m", "csds", *asked], check=False, capture_output=True, encoding="utf-8",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192)),
    )  # fmt: skip
    assert limited.returncode == 1
    assert "could not be written" in limited.stderr
    assert "Traceback" not in limited.stderr
    assert CliRunner().invoke(app, asked).exit_code == 0
    complete(tmp_path / "out", tracked)


def start_batch(archive: Path, protocol: Path, out: Path) -> subprocess.Popen[bytes]:
    asked = ["batch", str(archive), "-p", str(protocol), "-o", str(out), "-j", "2", "-q"]
    return subprocess.Popen([sys.executable, "-m", "csds", *asked], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def test_two_batches_into_one_folder_harm_nothing(
    archive: Path, short_protocol: Path, tmp_path: Path, tracked: Path
) -> None:
    both = [start_batch(archive, short_protocol, tmp_path / "out") for _ in range(2)]
    said = [one.communicate()[1] for one in both]
    assert ([one.returncode for one in both], said) == ([0, 0], [b"", b""])
    complete(tmp_path / "out", tracked)


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts by SIGINT")
def test_an_interrupted_batch_keeps_what_is_finished(
    archive: Path, short_protocol: Path, tmp_path: Path, tracked: Path
) -> None:
    out = tmp_path / "out"
    run = start_batch(archive, short_protocol, out)
    while not (kept := list(out.glob("*/sessions/*.json"))) and run.poll() is None:
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    said = run.communicate(timeout=20)[1].decode()
    assert (run.returncode, "Traceback" in said) == (130, False)
    assert not list(out.rglob(".csds-*"))
    places = {path: path.stat().st_ino for path in kept}
    assert batch(archive, short_protocol, out) == (0, "")
    assert {path: path.stat().st_ino for path in kept} == places
    complete(out, tracked)


@pytest.fixture
def track(archive: Path, short_protocol: Path, tmp_path: Path) -> Callable[[], RunResult]:
    """Return what tracks the first study in this process."""
    protocol = load_protocol(short_protocol)
    study, _ = load_study(archive / "a" / "study.csv", protocol)
    return lambda: track_study(study, protocol, tmp_path / "out", TrackOptions(retry_failed=False))


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (Path.unlink, "went away while it was read"),
        (lambda video: os.truncate(video, video.stat().st_size + 1), "changed while it was read"),
    ],
)
def test_a_recording_that_changes_while_it_is_read_is_no_result(
    happens: Callable[[Path], object],
    said: str,
    archive: Path,
    track: Callable[[], RunResult],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    observe, video = unit.observe_recording, archive / "a" / "videos" / "M02_absent.mp4"

    def observed(recording: Recording, *more: Any, **options: Any) -> object:
        found = observe(recording, *more, **options)
        if video in recording.paths:
            happens(video)
        return found

    content = video.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(unit, "observe_recording", observed)
        (failure,) = track().failures
    assert failure.session_id.endswith("M02_target_absent")
    assert said in failure.error
    video.write_bytes(content)
    result = track()
    assert (result.failures, result.work) == ((), {"kept": 3, "tracked": 1})


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO])
def test_a_drive_that_is_lost_is_no_end_of_a_recording(number: int) -> None:
    def demux(_: object) -> Iterator[str]:
        yield "packet"
        raise av.error.FFmpegError(number, os.strerror(number))

    container = SimpleNamespace(name="/nowhere/at/all.mp4", demux=demux)
    log = DecodingLog()
    with pytest.raises(UnsteadyError, match=r"all.mp4: can't be read any more"):
        list(read_packets(container, None, log))  # type: ignore[arg-type]
    assert not log.ended_early


def test_a_file_that_breaks_off_ends_there(tmp_path: Path) -> None:
    def demux(_: object) -> Iterator[str]:
        yield "packet"
        raise av.error.FFmpegError(errno.EIO, "as decoders say of files that are cut off")

    (tmp_path / "cut.mp4").write_bytes(b"half a recording")
    log = DecodingLog()
    container = SimpleNamespace(name=str(tmp_path / "cut.mp4"), demux=demux)
    assert list(read_packets(container, None, log)) == ["packet"]  # type: ignore[arg-type]
    assert log.ended_early


def test_a_clock_that_is_set_back_changes_neither_pace_nor_status(tmp_path: Path) -> None:
    clock, watch = itertools.chain([1000.0, 1010.0], itertools.repeat(-2600.0)), itertools.count(0.0, 5.0)
    heart = Heartbeat(folder=tmp_path, clock=lambda: next(clock), watch=lambda: next(watch))
    for done in (1, 2, 3, 4):
        heart.beat(sessions=8, done=done, frames=100 * done)
    (status,) = read_statuses(tmp_path, now_s=-2599.0)
    assert status.state == "running"
    assert (status.elapsed_s, status.frames_per_s, status.left_s) == (20.0, 20.0, 20.0)
    assert read_statuses(tmp_path, now_s=-2000.0)[0].state == "lost"


def test_files_from_the_future_are_finished_all_the_same(
    run: Callable[..., SweepResult], archive: Path, tmp_path: Path, tracked: Path
) -> None:
    run()
    for path in itertools.chain(archive.rglob("*"), (tmp_path / "out").rglob("*")):
        if path.is_file():
            os.utime(path, (4e9, 4e9))
    assert [dict(one.work) for one in run().results.values()] == [{"kept": 4}, {"kept": 4}]
    complete(tmp_path / "out", tracked)
