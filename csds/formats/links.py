"""How a file in a folder leads to another file."""

from __future__ import annotations

import os
from pathlib import Path


def way_to(path: Path, folder: Path) -> str:
    """Return the way from a folder to a path, with ``/``; the whole path where it is on another drive."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:
        return path.resolve().as_posix()


def relative_path(path: Path, beside: Path) -> str:
    """Return the way from a folder to a file, with ``/``; empty where there is no such file, or no way from there."""
    way = way_to(path, beside)
    return way if path.is_file() and not Path(way).is_absolute() else ""
