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


def write_json(path: Path, value: Mapping[str, Any], *, deep: int = 1) -> None:
    """Write a mapping as JSON, whole or not at all, a line for each of its keys and of theirs; NaN becomes null.

    How ``deep`` there are lines: 0 for each of its own keys alone, which takes a fifth of the time.
    """
    # Not json's own indent: that is written by Python, a line for each number, and takes ten times as long.
    text = "{\n" + ",\n".join(f"{_text(str(key))}: {_text(item, deep=deep)}" for key, item in value.items()) + "\n}"
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


def _text(value: object, *, deep: int = 0) -> str:
    """Return JSON on a line, or of a mapping with a line for each key so many levels deep."""
    if deep and isinstance(value, Mapping) and value:
        lines = ",\n ".join(f"{_text(str(key))}: {_text(item, deep=deep - 1)}" for key, item in value.items())
        return f"{{\n {lines}\n}}"
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=plain)
    except (TypeError, ValueError):  # a key that isn't text, or NaN
        return json.dumps(plain(value), ensure_ascii=False, allow_nan=False)
