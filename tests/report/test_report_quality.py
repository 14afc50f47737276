"""The small pictures of a report: small, and none where there is none."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from csds.formats.tables import write_table
from csds.report.content import Report, read_report
from csds.report.quality import session_rows, small_address


def test_small_picture_looks_like_its_file_and_takes_less(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    coarse = rng.integers(60, 200, (12, 90)).astype(np.uint8)
    picture = cv2.resize(coarse, None, fx=10, fy=10) + rng.integers(0, 6, (120, 900)).astype(np.uint8)
    file = tmp_path / "session.png"
    cv2.imwrite(str(file), picture)
    kind, _, data = small_address(file).partition(",")
    held = base64.b64decode(data)
    shown = cv2.imdecode(np.frombuffer(held, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert kind == "data:image/jpeg;base64"
    assert len(held) < file.stat().st_size / 2
    assert np.abs(shown.astype(float) - picture).mean() < 4


def test_without_a_picture_that_can_be_read_there_is_no_address(tmp_path: Path) -> None:
    (tmp_path / "cut.png").write_bytes(b"\x89PNG")
    assert small_address(tmp_path / "cut.png") == small_address(tmp_path / "none.png") == ""


@pytest.fixture
def picture() -> bytes:
    return cv2.imencode(".png", np.full((4, 4), 90, np.uint8))[1].tobytes()


def report_in(folder: Path, *session_ids: str) -> Report:
    table = pd.DataFrame({"session_id": session_ids, "animal_id": "M1", "flags": ""})
    folder.mkdir(exist_ok=True)
    write_table(pd.DataFrame({"animal_id": ["M1"], "stress": ["control"]}), folder / "animals.csv")
    write_table(table, folder / "sessions.csv")
    return read_report(folder)


def test_links_go_from_the_pages_folder(tmp_path: Path, picture: bytes) -> None:
    folder = tmp_path / "my results"
    report = report_in(folder, "M 1")
    (folder / "overlays").mkdir()
    (folder / "overlays" / "M 1.png").write_bytes(picture)
    assert [row.full for row in session_rows(report, beside=folder)] == ["overlays/M%201.png"]
    assert [row.full for row in session_rows(report, beside=tmp_path)] == ["my%20results/overlays/M%201.png"]
    assert session_rows(report, embed="all", beside=folder)[0].full.startswith("data:image/png;base64,")
    assert session_rows(report)[0].full == ""


def test_an_id_that_is_a_path_or_too_long_shows_no_picture(tmp_path: Path, picture: bytes) -> None:
    (tmp_path / "secret.png").write_bytes(picture)
    report = report_in(tmp_path / "results", "../../secret", "a" * 300)
    for kind in ("overlays", "thumbnails"):
        (tmp_path / "results" / kind).mkdir()
    for row in session_rows(report, embed="all", beside=tmp_path):
        assert (row.small, row.full) == ("", "")


def test_unblinded_sessions_have_the_pictures_of_the_blinded_ones(tmp_path: Path, picture: bytes) -> None:
    report = report_in(tmp_path / "unblinded", "M1_present")
    (tmp_path / "blind" / "overlays").mkdir(parents=True)
    (tmp_path / "blind" / "overlays" / "K7FM_present.png").write_bytes(picture)
    log = {"results": "../blind", "sessions": {"M1_present": "K7FM_present"}}
    (tmp_path / "unblinded" / "blinding.json").write_text(json.dumps(log), encoding="utf-8")
    assert session_rows(report, beside=tmp_path / "unblinded")[0].full == "../blind/overlays/K7FM_present.png"
