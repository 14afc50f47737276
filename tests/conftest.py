"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# No deadline: how long one example takes depends on what else the machine does.
settings.register_profile("csds", deadline=None, print_blob=True)
settings.load_profile("csds")

REAL_DATA = "CSDS_REAL_DATA"


def pytest_report_header() -> str:
    return f"recordings of others: {os.environ.get(REAL_DATA) or f'none ({REAL_DATA} is not set)'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "real_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.real)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with ``real/`` and ``scenes/``; the test is skipped where there is none."""
    named = os.environ.get(REAL_DATA)
    if not named:
        pytest.skip(f"{REAL_DATA} names no folder with recordings of others")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"{REAL_DATA} names {folder}, which is no folder")
    return folder
