"""The next unit is made ready while one is tracked, in order, and nothing of it is lost or left running."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from csds.batch.ahead import ready_units
from csds.errors import ResultsError

WAIT_S = 60.0


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> dict[str, threading.Event]:
    """Return the events of units "a", "b" and "c" being ready; a unit whose name is longer can't be made ready."""
    events = {name: threading.Event() for name in "abc"}

    def ready_unit(unit: Any, *_: object, **__: object) -> str:
        (name,) = unit
        if name not in events:
            raise ResultsError(f"{name}: the disk is full", hint="Free some space.")
        time.sleep(0.05)
        events[name].set()
        return name

    monkeypatch.setattr("csds.batch.ahead.ready_unit", ready_unit)
    return events


def units(*names: str) -> Any:
    return [(name,) for name in names]


def test_all_come_in_order_each_ready_while_the_one_before_is_tracked(made: dict[str, threading.Event]) -> None:
    seen = []
    for ready in ready_units(units("a", "b", "c"), context=None):  # type: ignore[arg-type]
        seen.append(ready)
        following = {"a": "b", "b": "c"}.get(str(ready))
        assert following is None or made[following].wait(WAIT_S)
    assert seen == ["a", "b", "c"]


def test_only_the_next_one_is_made_ready(made: dict[str, threading.Event]) -> None:
    coming = ready_units(units("a", "b", "c"), context=None)  # type: ignore[arg-type]
    next(coming)
    assert made["b"].wait(WAIT_S)
    coming.close()
    assert not made["c"].is_set()


def test_what_fails_does_so_in_its_turn(made: dict[str, threading.Event]) -> None:
    coming = ready_units(units("a", "broken", "c"), context=None)  # type: ignore[arg-type]
    assert str(next(coming)) == "a"
    with pytest.raises(ResultsError, match="disk is full"):
        next(coming)
    assert not made["c"].is_set()


def test_closing_waits_for_what_is_being_made_ready(made: dict[str, threading.Event]) -> None:
    coming = ready_units(units("a", "b"), context=None)  # type: ignore[arg-type]
    next(coming)
    coming.close()
    assert made["b"].is_set()
