"""What the tests of the study layer share: tables of animals, written and read as people's are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from csds.formats.tables import cell_text
from csds.stats.animals import Animals, read_animals

Rows = Sequence[Mapping[str, object]]


@pytest.fixture
def animals_of(tmp_path: Path) -> Callable[[Rows], Animals]:
    """Return animals from rows of cells, as read from their file; row i of the list is line i + 2."""

    def read(rows: Rows) -> Animals:
        columns = list(dict.fromkeys(name for row in rows for name in row))
        lines = [",".join(cell_text(row.get(name, "")) for name in columns) for row in rows]
        path = tmp_path / "animals.csv"
        path.write_text("\n".join([",".join(columns), *lines]) + "\n", encoding="utf-8")
        return read_animals(path)

    return read
