"""The quality of each session, flagged ones first, for a table that sorts."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np

from csds.formats.links import relative_path
from csds.model.flags import FLAGS, split_flags
from csds.report.content import Report
from csds.report.formats import EmbedName
from csds.results.sessions import kept_sessions
from csds.study.session_ids import is_safe

#: Of small pictures, from 0 to 100; from here on fur and mesh look as they do in the file beside.
_JPEG_QUALITY = 75


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session's line.

    Parameters
    ----------
    session_id, animal, phase, group : str
    tracked, interpolated : str
        Shares, in percent; empty where unknown.
    flags : tuple of (str, str, bool)
        Code, meaning, and whether the numbers should be looked at before they are used.
    small, full : str
        Addresses of the pictures: data within the report, or a file beside it; empty where there is none.
    """

    session_id: str
    animal: str
    phase: str
    group: str
    tracked: str
    interpolated: str
    flags: tuple[tuple[str, str, bool], ...]
    small: str
    full: str

    @property
    def doubts(self) -> int:
        """How many flags say that the numbers should be looked at."""
        return sum(trust for _, _, trust in self.flags)


def session_rows(report: Report, *, embed: EmbedName = "thumbnails", beside: Path | None = None) -> list[SessionRow]:
    """Return every session, those with most doubts first.

    Parameters
    ----------
    report : Report
    embed : {"thumbnails", "all"}
        Whether full pictures are within the report as well, or links to files in the results folder.
    beside : Path, optional
        The folder that links go from; default: no pictures.
    """
    folder, codes = kept_sessions(report.folder)
    rows = []
    for cells in report.sessions.to_dict("records"):
        session = str(cells["session_id"])
        kept = codes.get(session, session)
        small, full = "", ""
        if beside is not None and is_safe(kept):
            small, picture = small_address(folder.thumbnails(kept)), folder.overlay(kept)
            full = full_address(picture, beside, embed)
        rows.append(
            SessionRow(
                session_id=session,
                animal=_joined(cells.get(key, "") for key in ("cohort", "animal_id", "test")),
                phase=str(cells.get("phase", "")).replace("_", " "),
                group=_joined(cells.get(key, "") for key in ("stress", "treatment")),
                tracked=_percent(cells.get("tracked_fraction", "")),
                interpolated=_percent(cells.get("interpolated_fraction", "")),
                flags=tuple(_explained(code) for code in split_flags(str(cells.get("flags", "")))),
                small=small,
                full=full,
            )
        )
    return sorted(rows, key=lambda row: -row.doubts)


def doubtful_sessions(report: Report) -> list[tuple[str, str, str, str, str]]:
    """Return session, group, phase, percent tracked and flags of the sessions whose numbers should be looked at."""
    return [
        (
            row.session_id,
            row.group,
            row.phase,
            row.tracked,
            "; ".join(f"{code}: {meaning}" for code, meaning, _ in row.flags),
        )
        for row in session_rows(report)
        if row.doubts
    ]


def data_address(path: Path) -> str:
    """Return a picture as an address that holds it; empty where there is no such file."""
    if not path.is_file():
        return ""
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")


def small_address(path: Path) -> str:
    """Return a grey picture as an address that holds it as JPEG, a third of its PNG; empty where there is none."""
    if not path.is_file():
        return ""
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        return ""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")


def full_address(path: Path, beside: Path, embed: EmbedName) -> str:
    """Return how a page in a folder shows a full picture: a link, or data; empty where there is none."""
    return data_address(path) if embed == "all" else quote(relative_path(path, beside))


def _explained(code: str) -> tuple[str, str, bool]:
    flag = FLAGS.get(code)
    return (code, flag.meaning, flag.trust) if flag else (code, "a code that this version of csds doesn't know", True)


def _percent(cell: object) -> str:
    try:
        return f"{100 * float(str(cell)):.1f}"
    except ValueError:
        return ""


def _joined(cells: Iterable[object]) -> str:
    return " ".join(str(cell).strip() for cell in cells if str(cell).strip())
