"""Work in bytes, for another machine: every path in it is the one by which that machine sees the same place."""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from csds.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class PathMap:
    """A folder as it is called ``here``, and as workers call it ``there``."""

    here: str
    there: str


def parse_path_map(text: str) -> PathMap:
    """Return a path map from ``here=there``.

    Raises
    ------
    UsageError
        It isn't of that form.

    Examples
    --------
    >>> parse_path_map("/mnt/archive=/data/archive").there
    '/data/archive'
    """
    here, _, there = text.partition("=")
    if not here.strip() or not there.strip():
        raise UsageError(
            f"--path-map: expected here=there, found '{text}'",
            hint="Name the folder as this machine calls it, then as workers do: --path-map /mnt/archive=/data/archive.",
        )
    return PathMap(here=here.strip(), there=there.strip())


def path_there(path: PurePath, maps: Sequence[PathMap]) -> str:
    """Return the path by which workers see a place: by the first map that holds it, else the same, from the root.

    Examples
    --------
    >>> maps = [PathMap(here="/mnt/archive", there="/data/archive/")]
    >>> path_there(PurePath("/mnt/archive/2019/M01.mp4"), maps), path_there(PurePath("/mnt/archive2/x"), maps)
    ('/data/archive/2019/M01.mp4', '/mnt/archive2/x')
    """
    whole = _absolute(path)
    for one in maps:
        here = _absolute(one.here)
        if whole.is_relative_to(here):
            # Windows takes slashes too, so that one form does for workers of every kind.
            return "/".join([one.there.rstrip("/\\"), *whole.relative_to(here).parts]) or "/"
    return str(whole)


def text_here(text: str, maps: Sequence[PathMap]) -> str:
    """Return a message from a worker with its folders called as they are here."""
    for one in maps:
        text = text.replace(one.there.rstrip("/\\") + "/", str(_absolute(one.here)) + os.sep)
    return text


def pack(thing: object, maps: Sequence[PathMap]) -> bytes:
    """Return anything that can be pickled in bytes, with all paths in it as workers see them."""
    file = io.BytesIO()
    _Packer(file, maps).dump(thing)
    return file.getvalue()


class Parcel:
    """A task in bytes that is opened where it is done; it takes an item in bytes and returns its result so.

    Parameters
    ----------
    task : bytes
        From `pack`, of a callable as `csds.batch.child.Child` takes it.
    """

    def __init__(self, task: bytes) -> None:
        self._packed = task
        self._task: Callable[[Any, Callable[[int], None]], object] | None = None

    def __call__(self, item: bytes, count: Callable[[int], None]) -> bytes:
        """Return the result in bytes."""
        if self._task is None:
            self._task = pickle.loads(self._packed)  # noqa: S301 - from the one who could run anything here anyway
            count(0)  # a sign of life: all is imported
        assert self._task is not None  # noqa: S101 - for the type checker
        return pickle.dumps(self._task(pickle.loads(item), count))  # noqa: S301 - the same


class _Packer(pickle.Pickler):
    def __init__(self, file: io.BytesIO, maps: Sequence[PathMap]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._maps = maps

    def reducer_override(self, thing: object) -> Any:
        """Pickle paths as text: what they are called there, on whatever system that is."""
        return (Path, (path_there(thing, self._maps),)) if isinstance(thing, PurePath) else NotImplemented


def _absolute(path: str | PurePath) -> PurePath:
    return PurePath(os.path.abspath(path))  # noqa: PTH100 - symbolic links stay: the map names them as the user does
