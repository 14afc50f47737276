"""What runs in a worker process."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Any

import cv2

from csds.batch.options import Outcome
from csds.batch.unit import Context, process_unit
from csds.model.study import Session

_state: dict[str, Any] = {}


def start_worker(queue: Any) -> None:
    """Prepare a worker: Ctrl-C is the parent's to handle, and one worker keeps to one thread of vision."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    _state["queue"] = queue


def call_with_progress(unit: Sequence[Session], context: Context) -> list[Outcome]:
    """Process a unit and send the number of frames decoded home now and then."""
    return process_unit(unit, context, _state["queue"].put)
