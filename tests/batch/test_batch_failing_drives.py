"""Drives and networks that are there but answer with errors: told study by study, the others go on."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from csds.batch.catalogue import read_catalogue
from csds.formats.tables import read_table
from tests.batch.twins import TABLES, batch, complete, copy_twice


@pytest.fixture
def archive(filmed: Path, tmp_path: Path) -> Path:
    return copy_twice(filmed, tmp_path / "archive")


@pytest.fixture
def failing(archive: Path, short_protocol: Path, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Return what runs a batch, or another command, during which something below ``tmp_path`` fails."""
    shutil.copy(Path(__file__).with_name("failing_drive.py"), tmp_path / "sitecustomize.py")

    def ran(lost: str, since: str, number: int, *, writes: bool = False, asked: list[str] | None = None) -> Any:
        asked = asked or ["batch", str(archive), "-o", str(tmp_path / "out"), "-j", "2"]
        path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
        told = {"LOST": str(tmp_path / lost), "LOST_SINCE": str(tmp_path / since), "LOST_ERRNO": str(number)}
        told |= {"LOST_WRITES": "alone"} if writes else {}
        ended = subprocess.run(
            [sys.executable, "-m", "csds", *asked, "-p", str(short_protocol), "-q"], check=False, capture_output=True,
            encoding="utf-8", env={**os.environ, **told, "PYTHONPATH": path},
        )  # fmt: skip
        assert "Traceback" not in ended.stderr
        assert "a fault in csds" not in ended.stderr
        return ended.returncode, " ".join(ended.stderr.split())

    return ran


@pytest.fixture
def completes(archive: Path, short_protocol: Path, tmp_path: Path, tracked: Path) -> Callable[[], None]:
    """Return what runs the batch again, after the trouble, and sees that all is as if nothing had been."""

    def ran() -> None:
        assert batch(archive, short_protocol, tmp_path / "out") == (0, "")
        complete(tmp_path / "out", tracked)

    return ran


FIRST = "out/b/sessions/C1_M01_target_absent.json"
"""The first result of the second study."""


@pytest.mark.parametrize(
    ("fails", "writes", "said"),
    [
        (("archive", errno.ENOTCONN), False, "Check the drive or network that it is on"),
        ((FIRST, errno.ESTALE), False, "Check the drive or network that it is on"),
        ((FIRST, errno.EROFS), True, "is not writable (Read-only file system)"),
        (("out/b/sessions.csv", errno.ENOSPC), True, "animals.csv: could not be written, the disk is full"),
        (("out/b/sessions.csv", errno.EIO), False, "animals.csv: could not be written (Input/output error)"),
    ],
)
def test_results_of_one_study_that_fail_stop_no_other(
    fails: tuple[str, int], writes: bool, said: str, failing: Any, completes: Any, tmp_path: Path, tracked: Path
) -> None:
    code, told = failing("out/b", *fails, writes=writes)
    assert code == 1
    assert f"{tmp_path / 'archive' / 'b' / 'study.csv'}: {tmp_path / 'out' / 'b'}" in told
    assert said in told
    assert told.count("fix: ") == 1
    for name in TABLES:
        assert (tmp_path / "out" / "a" / name).read_bytes() == (tracked / name).read_bytes()
    completes()


def test_results_that_all_fail_are_told_study_by_study(failing: Any, completes: Any, tmp_path: Path) -> None:
    code, told = failing("out", "out/a/sessions.csv", errno.ESTALE)
    assert code == 1
    for place in ("out/a/animals.csv", "out/b", "out"):
        assert f"{tmp_path / place}: could not be written (Stale file handle)" in told
    completes()


def test_recordings_that_fail_are_in_the_table_with_their_cause(failing: Any, completes: Any, tmp_path: Path) -> None:
    asked = ["batch", str(tmp_path / "archive"), "-o", str(tmp_path / "out"), "-j", "1"]
    code, told = failing("archive/b/videos", FIRST, errno.ENOTCONN, asked=asked)
    assert code == 1
    failures = read_table(tmp_path / "out" / "b" / "failures.csv")
    assert len(failures) == 3
    assert failures["error"].str.contains("Transport endpoint is not connected").all()
    assert failures["how_to_fix"].str.startswith("Check the drive or network").all()
    assert all(why in told for why in failures["error"])
    completes()


def test_folders_of_an_archive_that_fail_are_told(failing: Any, completes: Any, archive: Path) -> None:
    code, told = failing("archive/b", "archive", errno.EIO)
    assert code == 1
    assert f"{archive / 'b'}: can't be read (Input/output error), so it isn't known what studies it holds" in told
    code, told = failing("archive/b/videos", "archive", errno.EIO)
    assert code == 1
    assert f"study: {archive / 'b' / 'study.csv'}: {archive / 'b' / 'videos' / 'M01_absent.mp4'}: can't be read" in told
    completes()


def test_tracking_that_loses_its_results_is_told(failing: Any, archive: Path, tmp_path: Path) -> None:
    asked = ["track", str(archive / "a" / "study.csv"), "--out", str(tmp_path / "out" / "b"), "--jobs", "1"]
    code, told = failing("out/b", FIRST, errno.ESTALE, asked=asked)
    assert code == 1
    assert "could not be written (Stale file handle)" in told
    assert "run the same command again" in told


def test_a_catalogue_tells_what_it_could_not_read(tracked: Path, tmp_path: Path, monkeypatch: Any) -> None:
    for name in ("a", "b"):
        shutil.copytree(tracked, tmp_path / "out" / name)
    stat = os.stat

    def lost(path: Any, **options: Any) -> os.stat_result:
        if str(path).startswith(str(tmp_path / "out" / "b")):
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return stat(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", lost)
        found = read_catalogue(tmp_path / "out")
    assert set(found.animals["study"]) == {"a"}
    assert found.unread == ((tmp_path / "out" / "b", "Input/output error"),)
