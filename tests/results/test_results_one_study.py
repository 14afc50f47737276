"""A folder with one study's results is told from one with several."""

from __future__ import annotations

from pathlib import Path

import pytest

from csds.errors import UsageError
from csds.results.one_study import require_one_study


def test_one_studys_results_are_taken(tmp_path: Path) -> None:
    (tmp_path / "animals.csv").write_text("animal_id\n", encoding="utf-8")
    require_one_study(tmp_path)


def test_of_several_it_is_said_where_one_is(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"expected the results of one study, found no animals\.csv") as found:
        require_one_study(tmp_path)
    assert "csds track" in found.value.hint
    for name in ("2020", "2019"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "animals.csv").write_text("animal_id\n", encoding="utf-8")
    with pytest.raises(UsageError) as found:
        require_one_study(tmp_path)
    assert str(tmp_path / "2019") in found.value.hint
