"""A file is whole or not there; what prevents it is said."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pandas as pd
import pytest

from csds.errors import ResultsError
from csds.formats import atomic
from csds.formats.atomic import atomic_path, write_error
from csds.formats.tables import write_table


def test_file_appears_only_at_the_end(tmp_path: Path) -> None:
    final = tmp_path / "new folder" / "a b.csv"
    with atomic_path(final) as temporary:
        temporary.write_text("done", encoding="utf-8")
        assert temporary.parent == final.parent
        assert temporary.suffix == final.suffix
        assert not final.exists()
    assert final.read_text(encoding="utf-8") == "done"
    assert [p.name for p in final.parent.iterdir()] == ["a b.csv"]


def write_half(final: Path, stop: BaseException) -> None:
    with atomic_path(final) as temporary:
        temporary.write_text("half", encoding="utf-8")
        raise stop


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError])
def test_interruption_leaves_the_old_file(tmp_path: Path, stop: type[BaseException]) -> None:
    final = tmp_path / "a.csv"
    final.write_text("old", encoding="utf-8")
    with pytest.raises(stop):
        write_half(final, stop())
    assert final.read_text(encoding="utf-8") == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_disk_full_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match="disk is full") as caught:
        write_half(tmp_path / "a.csv", OSError(errno.ENOSPC, "No space left on device"))
    assert "Free some space" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux only")
def test_a_full_device_is_written_to_and_said() -> None:
    with pytest.raises(ResultsError, match="disk is full"):
        write_table(pd.DataFrame({"a": ["1"]}), Path("/dev/full"))
    assert not Path("/dev/full").is_file()


def test_file_held_open_elsewhere_keeps_the_new_one_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    final = tmp_path / "sessions.csv"
    final.write_text("old", encoding="utf-8")
    replace = os.replace

    def held(source: Path, target: Path) -> None:
        if Path(target) == final:
            raise PermissionError(errno.EACCES, "Access is denied")
        replace(source, target)

    monkeypatch.setattr(atomic.os, "replace", held)
    with pytest.raises(ResultsError, match=r"open in another program; the new one is sessions.new.csv"):
        write_table(pd.DataFrame({"a": ["new"]}), final)
    assert final.read_text(encoding="utf-8") == "old"
    assert "new" in (tmp_path / "sessions.new.csv").read_text(encoding="utf-8")
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO])
def test_replacing_that_fails_altogether_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def fail(_source: Path, _target: Path) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(atomic.os, "replace", fail)
    with pytest.raises(ResultsError, match="could not be written"):
        write_table(pd.DataFrame({"a": ["new"]}), tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_a_folder_is_needed(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(ResultsError, match="a file stands where a folder is needed"):
        write_table(pd.DataFrame({"a": ["1"]}), tmp_path / "out" / "a.csv")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.EROFS, "Read-only file system"), "not writable"),
        (OSError(errno.ENAMETOOLONG, "File name too long"), "too long"),
        (OSError("Arrow: No space left on device"), "disk is full"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
    ],
)
def test_reasons(error: OSError, expected: str) -> None:
    assert expected in write_error(Path("out/a.csv"), error).message
