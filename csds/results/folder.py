"""The results folder: where each file goes, and how tracks and pictures are kept in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pyarrow
from numpy.typing import NDArray

from csds.errors import ResultsError
from csds.formats.atomic import atomic_path, clear_abandoned, require_steady, write_error


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsFolder:
    """Paths of a results folder; nothing is written by making one."""

    path: Path

    def track(self, session_id: str) -> Path:
        """Return where a session's track goes."""
        return self.path.joinpath("tracks", f"{session_id}.parquet")

    def floor(self, session_id: str) -> Path:
        """Return where the empty floor goes that a session was tracked against."""
        return self.path.joinpath("floors", f"{session_id}.png")

    def arena(self, session_id: str) -> Path:
        """Return where the picture goes of what was considered where a session's arena was not found."""
        return self.path.joinpath("arenas", f"{session_id}.png")

    def thumbnails(self, session_id: str) -> Path:
        """Return where the small pictures go, side by side, of a trial's start and end."""
        return self.path.joinpath("thumbnails", f"{session_id}.png")

    def overlay(self, session_id: str) -> Path:
        """Return where a session's picture goes."""
        return self.path.joinpath("overlays", f"{session_id}.png")

    def overlay_video(self, session_id: str) -> Path:
        """Return where a session's annotated video goes."""
        return self.path.joinpath("overlays", f"{session_id}.mp4")

    def animal(self, name: str) -> Path:
        """Return where an animal's picture goes."""
        return self.path.joinpath("animals", f"{name}.png")

    def record(self, session_id: str) -> Path:
        """Return where a session's numbers and what they were made from go."""
        return self.path.joinpath("sessions", f"{session_id}.json")

    def failure(self, session_id: str) -> Path:
        """Return where it goes why a session failed."""
        return self.path.joinpath("failed", f"{session_id}.json")

    def table(self, name: str) -> Path:
        """Return where a table goes."""
        return self.path / f"{name}.csv"

    @property
    def provenance(self) -> Path:
        """Where it says what made these results."""
        return self.path / "provenance.json"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError about a path into a ResultsError that says what to do."""
    try:
        yield
    except BrokenPipeError:  # of the terminal: no folder breaks so
        raise
    except OSError as error:
        raise write_error(path, error) from error


def prepare_folder(folder: ResultsFolder) -> None:
    """Make the folder, see that it can be written to, and clear away what an interrupted run left unfinished.

    Raises
    ------
    ResultsError
        If it can't be made or written to.
    """
    if folder.path.exists() and not folder.path.is_dir():
        raise ResultsError(
            f"{folder.path}: is a file, not a folder for results", hint="Name another folder with --out."
        )
    with writing(folder.path):
        folder.path.mkdir(parents=True, exist_ok=True)
    require_steady(folder.path)
    clear_unfinished(folder)
    with atomic_path(folder.path / ".writable") as probe:
        probe.write_text("", encoding="utf-8")
    (folder.path / ".writable").unlink(missing_ok=True)


def clear_unfinished(folder: ResultsFolder) -> None:
    """Remove the temporary files of a run, or of one of its processes, that was ended from outside."""
    with writing(folder.path):
        for place in (folder.path, *(path for path in folder.path.glob("*") if path.is_dir())):
            clear_abandoned(place)


def write_track(path: Path, track: pd.DataFrame) -> None:
    """Write a track as parquet, whole or not at all."""
    with atomic_path(path) as part:
        track.to_parquet(part, index=False)
    # Arrow keeps what it has used for later; a run over many long recordings has no use for that.
    pyarrow.default_memory_pool().release_unused()


def read_track(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return a track that `write_track` wrote, or some of its columns."""
    track = pd.read_parquet(path, columns=None if columns is None else list(columns))
    pyarrow.default_memory_pool().release_unused()
    return track


def write_picture(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write a grey picture as PNG, whole or not at all, whatever letters its name has."""
    _, data = cv2.imencode(".png", picture)
    with atomic_path(path) as part:
        part.write_bytes(data.tobytes())


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Return a grey picture that `write_picture` wrote."""
    data = np.frombuffer(path.read_bytes(), np.uint8)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
