"""Tracks a study with one decoding thread, as a worker of ``csds track --jobs``: ``python -m benchmarks.worker``."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2

from csds.batch.artist import process_and_draw
from csds.batch.options import TrackOptions
from csds.batch.prepare import Context, group_sessions
from csds.protocol import load_protocol
from csds.results.folder import ResultsFolder, prepare_folder
from csds.study import load_study


def track_on_one_thread(sheet: Path, out: Path) -> None:
    """Track every session of a sheet; ends the process with the first failure."""
    cv2.setNumThreads(1)
    protocol = load_protocol("golden2011")
    study, _ = load_study(sheet, protocol)
    folder = ResultsFolder(path=out)
    prepare_folder(folder)
    context = Context(protocol=protocol, folder=folder, options=TrackOptions(), sheet_folder=study.folder, threads=1)
    for unit in group_sessions(study.sessions):
        for outcome in process_and_draw(unit, context=context):
            if outcome.failure is not None:
                raise SystemExit(outcome.failure.error)


if __name__ == "__main__":
    track_on_one_thread(Path(sys.argv[1]), Path(sys.argv[2]))
