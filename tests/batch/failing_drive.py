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

WHERE, SINCE, NUMBER = os.environ["LOST"], os.environ["LOST_SINCE"], int(os.environ["LOST_ERRNO"])
WRITES_ALONE = "LOST_WRITES" in os.environ

_stat, _abspath = os.stat, os.path.abspath


def _is_lost(path: Any) -> bool:
    if not isinstance(path, str | bytes | os.PathLike):
        return False
    whole = _abspath(os.fsdecode(path))
    if whole != WHERE and not whole.startswith(WHERE + os.sep):
        return False
    try:
        _stat(SINCE)
    except OSError:
        return False
    return True


def _failing(do: Callable[..., Any], writes: Callable[..., bool]) -> Callable[..., Any]:
    def done(path: Any, *more: Any, **options: Any) -> Any:
        if _is_lost(path) and (not WRITES_ALONE or writes(*more, **options)):
            raise OSError(NUMBER, os.strerror(NUMBER), os.fsdecode(path))
        return do(path, *more, **options)

    return done


def _is_for_writing(mode: str = "r", *_: Any, **__: Any) -> bool:
    return not set(mode).isdisjoint("wax+")


for name in ("stat", "lstat", "scandir", "listdir"):
    setattr(os, name, _failing(getattr(os, name), lambda *_, **__: False))
for name in ("mkdir", "replace", "unlink"):
    setattr(os, name, _failing(getattr(os, name), lambda *_, **__: True))
io.open = builtins.open = _failing(io.open, _is_for_writing)  # type: ignore[assignment]
