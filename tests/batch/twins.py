"""An archive of two studies that are the same, so that each is to have the tables of one that nothing happened to."""

from __future__ import annotations

import shutil
from pathlib import Path

from typer.testing import CliRunner

from csds.cli import app

TABLES = ("animals.csv", "sessions.csv", "failures.csv")


def copy_twice(study: Path, archive: Path) -> Path:
    """Return an archive with a study in each of two folders, ``a`` and ``b``."""
    for name in ("a", "b"):
        shutil.copytree(study, archive / name)
    return archive


def complete(out: Path, tracked: Path) -> None:
    """See that every study's tables are those of a run that nothing happened to, and that nothing else is left."""
    for study in ("a", "b"):
        for name in TABLES:
            assert (out / study / name).read_bytes() == (tracked / name).read_bytes()
        assert not list((out / study / "failed").glob("*"))
    assert [path for path in out.rglob("*") if path.name.startswith(".csds-")] == []


def batch(archive: Path, protocol: Path, out: Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["batch", str(archive), "-p", str(protocol), "-o", str(out), "-j", "1", "-q"])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, " ".join(result.stderr.split())
