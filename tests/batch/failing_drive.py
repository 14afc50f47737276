"""A drive or network that fails, for processes that find this file as ``sitecustomize.py``.

From when the file ``LOST_SINCE`` is there, whatever Python does to ``LOST`` and all below it raises the OSError of the
number ``LOST_ERRNO``; with ``LOST_WRITES`` only what would write does.
"""

from __future__ import annotations

import builtins
import io
import os
from collections.abc import Callable
from typing import Any


def fail(where: str, since: str, number: int, *, writes_alone: bool) -> None:
    """Let all that follows in this process fail."""
    stat, abspath = os.stat, os.path.abspath

    def is_lost(path: Any) -> bool:
        if not isinstance(path, str | bytes | os.PathLike):
            return False
        whole = abspath(os.fsdecode(path))
        if whole != where and not whole.startswith(where + os.sep):
            return False
        try:
            stat(since)
        except OSError:
            return False
        return True

    def failing(do: Callable[..., Any], writes: Callable[..., bool]) -> Callable[..., Any]:
        def done(path: Any, *more: Any, **options: Any) -> Any:
            if is_lost(path) and (not writes_alone or writes(*more, **options)):
                raise OSError(number, os.strerror(number), os.fsdecode(path))
            return do(path, *more, **options)

        return done

    for name in ("stat", "lstat", "scandir", "listdir"):
        setattr(os, name, failing(getattr(os, name), lambda *_, **__: False))
    for name in ("mkdir", "replace", "unlink"):
        setattr(os, name, failing(getattr(os, name), lambda *_, **__: True))
    io.open = builtins.open = failing(io.open, _is_for_writing)  # type: ignore[assignment]


def _is_for_writing(mode: str = "r", *_: Any, **__: Any) -> bool:
    return not set(mode).isdisjoint("wax+")


if "LOST" in os.environ:
    fail(
        os.environ["LOST"],
        os.environ["LOST_SINCE"],
        int(os.environ["LOST_ERRNO"]),
        writes_alone="LOST_WRITES" in os.environ,
    )
