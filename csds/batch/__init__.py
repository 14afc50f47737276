"""Many sessions: checking and tracking a study, its results folder and its tables."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from csds.batch.options import Failure, RunResult, TrackOptions
    from csds.batch.run import track_study

__all__ = ["Failure", "RunResult", "TrackOptions", "track_study"]

_HOMES = {
    "Failure": "csds.batch.options",
    "RunResult": "csds.batch.options",
    "TrackOptions": "csds.batch.options",
    "track_study": "csds.batch.run",
}


def __getattr__(name: str) -> object:
    """Import what is asked for: checking a study needs none of what tracking does, and a worker starts sooner."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
