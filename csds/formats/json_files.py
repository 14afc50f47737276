"""JSON files as csds keeps its records in."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from csds.formats.atomic import atomic_path


def read_json(path: Path) -> dict[str, Any] | None:
    """Return a JSON file's mapping, or None where there is none that can be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def write_json(path: Path, value: Mapping[str, Any], *, lines: bool = True) -> None:
    """Write a mapping as JSON, whole or not at all; NaN becomes null.

    There is a line for each of its keys and of theirs, or with ``lines`` off one for all: that takes a tenth of the
    time, where there are thousands of files that people seldom read.
    """
    # Not json's own indent: that is written by Python, a line for each number, and takes ten times as long.
    text = _line(value)
    if lines:
        text = "{\n" + ",\n".join(f"{_line(str(key))}: {_lines(item)}" for key, item in value.items()) + "\n}"
    with atomic_path(path) as part:
        part.write_text(text + "\n", encoding="utf-8")


def plain(value: object) -> Any:
    """Return data as JSON would give it back: mappings and lists of text, numbers and None, NaN as None."""
    if isinstance(value, float) and not isinstance(value, np.generic):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.generic):
        return plain(value.item())
    return str(value)


def _lines(value: object) -> str:
    """Return JSON, of a mapping with a line for each key."""
    if not isinstance(value, Mapping) or not value:
        return _line(value)
    return "{\n " + ",\n ".join(f"{_line(str(key))}: {_line(item)}" for key, item in value.items()) + "\n}"


def _line(value: object) -> str:
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError):  # a key that isn't text, or NaN
        return _ENCODER.encode(plain(value))


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=plain)
