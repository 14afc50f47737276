"""The small pictures of a report: small, and none where there is none."""

from __future__ import annotations

import base64
from pathlib import Path

import cv2
import numpy as np

from csds.report.quality import small_address


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
