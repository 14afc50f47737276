"""How a file in a folder leads to another file."""

from __future__ import annotations

import os
from pathlib import Path


def relative_path(path: Path, beside: Path) -> str:
    """Return the way from a folder to a file, with ``/``; empty where there is no such file, or no way from there."""
    if not path.is_file():
        return ""
    try:
        return Path(os.path.relpath(path.resolve(), beside.resolve())).as_posix()
    except ValueError:  # on another drive
        return ""
