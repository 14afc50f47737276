"""Every code is declared, explained in the documentation, and used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from csds.analysis.notices import NOTICES, Notice, named, rows_of

ROOT = Path(__file__).resolve().parents[2]


def test_documentation_explains_every_code_and_no_other() -> None:
    text = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text, flags=re.M) == list(NOTICES)


def test_every_code_is_given_somewhere() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "csds" / "analysis").glob("*.py"))
    assert set(re.findall(r'code="(\w+)"', code)) == set(NOTICES)


def test_undeclared_code_is_refused() -> None:
    with pytest.raises(KeyError, match="tired"):
        Notice(code="tired", severity="note", message="")


def test_animals_are_named_with_their_rows(animals_of) -> None:
    animals = animals_of([{"cohort": "c1", "animal_id": f"m{i}"} for i in range(10)])
    assert named(animals, [0, 2]) == "c1 m0 (row 2), c1 m2 (row 4)"
    assert named(animals, range(10)).endswith("c1 m7 (row 9) and 2 more")
    assert rows_of(animals, [0, 2]) == (2, 4)
