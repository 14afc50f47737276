"""Settings written as TOML, which Python's library only reads."""

from __future__ import annotations

import json
from collections.abc import Mapping


def toml_text(settings: Mapping[str, object]) -> str:
    """Return settings as TOML: values first, then a table for each mapping; mappings within these stand in one line.

    Parameters
    ----------
    settings : mapping
        What `tomllib` reads: texts, numbers, switches, dates, lists and mappings.

    Examples
    --------
    >>> print(toml_text({"title": "IL-4", "analysis": {"seed": 1, "secondary": ["si_preference"]}}))
    title = "IL-4"
    <BLANKLINE>
    [analysis]
    seed = 1
    secondary = ["si_preference"]
    <BLANKLINE>
    """
    lines = [f"{_key(key)} = {_value(value)}" for key, value in settings.items() if not isinstance(value, Mapping)]
    for key, table in settings.items():
        if isinstance(table, Mapping):
            lines += ["", f"[{_key(key)}]", *(f"{_key(name)} = {_value(value)}" for name, value in table.items())]
    return "\n".join([*lines, ""]).lstrip("\n")


def _key(text: str) -> str:
    bare = text.isascii() and text.replace("-", "").replace("_", "").isalnum()
    return text if bare else _quoted(text)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(str(key))} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return str(value)  # numbers (also inf and nan) and dates print themselves as TOML has them


def _quoted(text: str) -> str:
    # TOML's basic strings take JSON's escapes; only DEL has to be escaped in the one and not in the other.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
