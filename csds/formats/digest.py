"""What tells a file's content, or plain data, from any other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from csds.formats.json_files import plain


def stat_files(paths: Iterable[Path]) -> list[list[int]]:
    """Return size, time of change and place on the disk of files: where these are the same, so is the content."""
    return [[stat.st_size, stat.st_mtime_ns, stat.st_ino] for stat in (path.stat() for path in paths)]


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest(value: object) -> str:
    """Return a SHA-256 over plain data, the same on every system."""
    text = json.dumps(plain(value), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
