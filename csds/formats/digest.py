"""What tells a file's content, or plain data, from any other."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from csds.formats.json_files import plain


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest(value: object) -> str:
    """Return a SHA-256 over plain data, the same on every system."""
    text = json.dumps(plain(value), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
