"""What tells a file's content, or plain data, from any other."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from csds.formats.json_files import plain


def stat_files(paths: Iterable[Path]) -> list[list[int]]:
    """Return size, time of change and place on the disk of files: where these are the same, so is the content."""
    return [[stat.st_size, stat.st_mtime_ns, stat.st_ino] for stat in (path.stat() for path in paths)]


def stat_folder(folder: Path, *ends: str) -> list[tuple[str, list[int]]]:
    """Return the same of all files in a folder whose names end so or so, by name; none where there is no folder.

    Each is told by the folder, which is much faster than to ask for one after the other.
    """
    try:
        with os.scandir(folder) as entries:
            found = {entry.name: entry.stat() for entry in entries if entry.name.endswith(ends)}
    except FileNotFoundError:
        return []
    return [(name, [stat.st_size, stat.st_mtime_ns, stat.st_ino]) for name, stat in sorted(found.items())]


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest(value: object) -> str:
    """Return a SHA-256 over plain data, the same on every system."""
    text = json.dumps(plain(value), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
