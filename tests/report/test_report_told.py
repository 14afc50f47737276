"""What csds stats says, read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from csds.errors import TableError
from csds.report.told import read_told


def test_sentences_and_notices(analysed: Path) -> None:
    told = read_told(analysed)
    assert told is not None
    assert list(told.text) == ["Results", "Methods", "To be known"]
    assert told.text["Methods"] == ("Tests are two-sided.",)
    assert told.notices[0][:2] == ("warning", "confounded")


def test_no_statistics(tmp_path: Path) -> None:
    assert read_told(tmp_path) is None


@pytest.mark.parametrize(
    "content",
    ["{", "[]", "\xff", '{"text": 1, "notices": []}', '{"text": {"Results": 1}, "notices": []}', '{"text": {}}',
     '{"text": {}, "notices": [{"code": "confounded"}]}'],
)  # fmt: skip
def test_statistics_that_are_something_else(tmp_path: Path, content: str) -> None:
    (tmp_path / "stats.json").write_text(content, encoding="latin-1")
    with pytest.raises(TableError, match=r"stats\.json: expected what csds stats writes") as caught:
        read_told(tmp_path)
    assert caught.value.hint == "Run csds stats on this folder again."
