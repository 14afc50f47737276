"""TOML tables read key by key: each key is declared with its kind and range, and every complaint
names the file, the key, what was expected and what was found.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from csds.errors import CsdsError, UsageError
from csds.protocol.nearest import nearest, quoted

OPEN = "open"
"""Stands in a protocol where its source gives no value and the user fills in the lab's own."""

_PER_UNIT = {"cm": (("mm", 10.0), ("m", 0.01)), "s": (("ms", 1000.0), ("minutes", 1 / 60))}


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberKey:
    """A number from ``low`` to ``high`` in ``unit``."""

    low: float
    high: float
    unit: str = ""
    optional: bool = False

    @property
    def expected(self) -> str:
        """What is expected, for messages."""
        return f"a number{_of(self.unit)} from {self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumbersKey:
    """A list of numbers: ``length`` of them, or any number of them where it is None."""

    low: float
    high: float
    unit: str = ""
    length: int | None = 2
    rising: bool = False
    optional: bool = False

    @property
    def expected(self) -> str:
        """What is expected, for messages."""
        count = "numbers" if self.length is None else f"{self.length} numbers"
        rising = ", rising" if self.rising else ""
        return f"a list of {count}{_of(self.unit)} from {self.low:g} to {self.high:g}{rising}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsKey:
    """A list of at least ``least`` (and at most ``most``) points, each a pair of numbers."""

    low: float
    high: float
    unit: str
    least: int
    most: int = 1000
    optional: bool = False

    @property
    def expected(self) -> str:
        """What is expected, for messages."""
        count = f"{self.least}" if self.least == self.most else f"at least {self.least}"
        return f"a list of {count} points [x, y]{_of(self.unit)} from {self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceKey:
    """One of several words."""

    words: tuple[str, ...]
    optional: bool = False

    @property
    def expected(self) -> str:
        """What is expected, for messages."""
        return f"one of {quoted(self.words)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextKey:
    """Any text."""

    optional: bool = False

    @property
    def expected(self) -> str:
        """What is expected, for messages."""
        return "text in quotation marks"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextsKey:
    """A list of words; one at least, unless it ``may_be_empty``."""

    optional: bool = False
    may_be_empty: bool = False

    @property
    def expected(self) -> str:
        """What is expected, for messages."""
        return "a list of words in quotation marks"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchKey:
    """``true`` or ``false``."""

    optional: bool = False

    @property
    def expected(self) -> str:
        """What is expected, for messages."""
        return "true or false"


Key = NumberKey | NumbersKey | PointsKey | ChoiceKey | TextKey | TextsKey | SwitchKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a table stands: its file, its name there, and the error that its faults raise."""

    file: Path
    table: str
    error: type[CsdsError]

    def name(self, key: str) -> str:
        """Return the key with its table: ``arena.width_cm``."""
        return f"{self.table}.{key}" if self.table else key

    def fault(self, key: str, expected: str, found: object, *, hint: str = "") -> CsdsError:
        """Return the error about one key."""
        shown = f"'{found}'" if isinstance(found, str) else repr(found)
        return self.error(
            f"{self.file}, {self.name(key)}: expected {expected}, found {shown}",
            hint=hint or f"Correct {self.name(key)} in {self.file.name}.",
        )


def parse_toml(path: Path, error: type[CsdsError]) -> tuple[dict[str, Any], str]:
    """Return a TOML file's tables and its text, with line feeds as line ends.

    Raises
    ------
    UsageError
        There is no such file.
    CsdsError
        Of the class given: the file can't be read, isn't UTF-8 or isn't TOML; the message names the line.
    """
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file", hint="Check the spelling of the path.")
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        return tomllib.loads(text), text
    except OSError as reason:
        raise error(f"{path}: can't be read ({reason.strerror})", hint="Check that you may read the file.") from reason
    except UnicodeDecodeError as reason:
        raise error(
            f"{path}: expected text in UTF-8, found byte {reason.object[reason.start]:#04x} at {reason.start}",
            hint="Save it again as UTF-8.",
        ) from reason
    except ValueError as reason:  # TOMLDecodeError, or a number of thousands of digits
        raise error(
            f"{path}: expected TOML, found a slip: {reason}",
            hint="Text stands in quotation marks, decimal numbers have a point, a key stands once.",
        ) from reason


def check_keys(table: Mapping[str, Any], known: Mapping[str, Any], place: Place) -> None:
    """Raise the place's error for a key that isn't known, naming the nearest one that is."""
    for key in table:
        if key not in known:
            near = nearest(key, known)
            asked = f"; the nearest known key is '{near}'" if near else ""
            unit = next((unit for unit in ("cm", "s") if near and near.endswith(f"_{unit}")), "")
            in_unit = f" and give it in {unit}" if unit and not key.endswith(f"_{unit}") else ""
            raise place.error(
                f"{place.file}: unknown key '{place.name(key)}'{asked}",
                hint=f"Rename it to '{near}'{in_unit}." if near else f"Known here: {quoted(known)}.",
            )


def read_keys(table: object, schema: Mapping[str, Key], place: Place) -> dict[str, Any]:
    """Return the checked values of a table's keys; optional ones that are absent are left out.

    A number that stands as ``"open"`` is NaN, any other open value ``"open"``.
    """
    if not isinstance(table, dict):
        raise place.error(
            f"{place.file}, {place.table}: expected a table, found {table!r}",
            hint=f"Write [{place.table}] on a line of its own and its keys below.",
        )
    check_keys(table, schema, place)
    values: dict[str, Any] = {}
    for name, key in schema.items():
        if name in table:
            values[name] = _CHECKS[type(key)](table[name], key, name, place)
        elif not key.optional:
            raise place.error(
                f"{place.file}: {place.name(name)} is missing; expected {key.expected}",
                hint=f"Add a line '{name} = …' to {place.file.name}.",
            )
    return values


def open_keys(table: Mapping[str, Any], prefix: str = "") -> tuple[str, ...]:
    """Return the full names of all keys that are left open, tables in lists by their own name."""
    found: list[str] = []
    for key, value in table.items():
        if value == OPEN:
            found.append(f"{prefix}{key}")
        elif isinstance(value, dict):
            found += open_keys(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            for number, item in enumerate(value, start=1):
                if isinstance(item, dict):
                    found += open_keys(item, f"{prefix}{key}.{item.get('name', number)}.")
    return tuple(found)


def _of(unit: str) -> str:
    return f" of {unit}" if unit else ""


def _number(value: object, key: NumberKey, name: str, place: Place) -> float:
    if value == OPEN:
        return math.nan
    _check_number(value, key, name, place, key.expected)
    return float(value)  # type: ignore[arg-type]  # checked in the line above


def _check_number(value: object, key: NumberKey | NumbersKey | PointsKey, name: str, place: Place, said: str) -> None:
    if isinstance(value, str):
        raise place.fault(name, said, value, hint=f"Write the number alone, e.g. {key.low:g}: the unit is in the name.")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise place.fault(name, said, value)
    if not key.low <= value <= key.high:  # also where it is not a number
        raise place.fault(name, said, value, hint=_unit_hint(value, key.unit, key.low, key.high))


def _unit_hint(value: float, unit: str, low: float, high: float) -> str:
    for other, per_unit in _PER_UNIT.get(unit, ()):
        if 0 < value < 1e9 and low <= value / per_unit <= high and (value > high) == (per_unit > 1):
            return f"This looks like {other}; in {unit} it would be {value / per_unit:g}."
    return ""


def _numbers(value: object, key: NumbersKey, name: str, place: Place) -> tuple[float, ...]:
    said = key.expected
    if value == OPEN:
        return (math.nan,) * (key.length or 0)
    if not isinstance(value, list) or (key.length is not None and len(value) != key.length):
        raise place.fault(name, said, value)
    for item in value:
        _check_number(item, key, name, place, said)
    if key.rising and sorted(set(value)) != value:
        raise place.fault(name, said, value)
    return tuple(float(item) for item in value)


def _points(value: object, key: PointsKey, name: str, place: Place) -> tuple[tuple[float, float], ...]:
    said = key.expected
    if not isinstance(value, list) or not key.least <= len(value) <= key.most:
        count = f"{len(value)} points" if isinstance(value, list) else value
        raise place.fault(name, said, count)
    for point in value:
        if not isinstance(point, list) or len(point) != 2:
            raise place.fault(name, said, value)
        for item in point:
            _check_number(item, key, name, place, said)
    return tuple((float(x), float(y)) for x, y in value)


def _choice(value: object, key: ChoiceKey, name: str, place: Place) -> object:
    if value not in key.words and value != OPEN:
        near = nearest(value, key.words) if isinstance(value, str) else None
        raise place.fault(name, key.expected, value, hint=f"Did you mean '{near}'?" if near else "")
    return value


def _text(value: object, key: TextKey, name: str, place: Place) -> str:
    if not isinstance(value, str) or not value.strip():
        raise place.fault(name, key.expected, value)
    return value


def _texts(value: object, key: TextsKey, name: str, place: Place) -> tuple[str, ...]:
    if not isinstance(value, list) or not (value or key.may_be_empty) or not all(isinstance(one, str) for one in value):
        raise place.fault(name, key.expected, value)
    return tuple(value)


def _switch(value: object, key: SwitchKey, name: str, place: Place) -> bool:
    if not isinstance(value, bool):
        raise place.fault(name, key.expected, value)
    return value


_CHECKS: Mapping[type, Callable[..., Any]] = {
    NumberKey: _number,
    NumbersKey: _numbers,
    PointsKey: _points,
    ChoiceKey: _choice,
    TextKey: _text,
    TextsKey: _texts,
    SwitchKey: _switch,
}
