"""The report as a Word document, read back."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from csds.errors import UsageError
from csds.report.docx import write_docx

SCRIPT, COMMAND = "<script>alert(1)</script>", "=cmd|'/C calc'!A0"


@pytest.fixture
def document(analysed: Path):
    docx = pytest.importorskip("docx", reason="python-docx is not installed")
    return docx.Document(str(write_docx(analysed, analysed / "report.docx")))


def test_headings_sentences_and_tables(document) -> None:
    headings = [one.text for one in document.paragraphs if one.style.name == "Heading 1"]
    assert headings[:3] == ["Results", "To be known", "Planned tests"]
    assert f"SI ratio was higher in {SCRIPT} than in isotype." in [one.text for one in document.paragraphs]
    assert len(document.tables) == 5
    cells = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert cells[0][:4] == ["outcome", "comparison", "test", "statistic"]
    assert cells[1][:4] == ["SI ratio", "anti-IL-4Rα - isotype", "contrast", "t(4) = 1.76"]
    assert [row.cells[0].text for row in document.tables[3].rows][1:] == [SCRIPT, COMMAND, r"α*1*\x1b[2J β"]


def test_names_stand_at_the_head_of_each_page(document) -> None:
    for table in document.tables:
        repeated = [bool(row._tr.xpath("./w:trPr/w:tblHeader")) for row in table.rows]
        assert repeated == [True] + [False] * (len(repeated) - 1)


def test_same_folder_gives_the_same_bytes(analysed: Path, document) -> None:
    first = (analysed / "report.docx").read_bytes()
    assert write_docx(analysed, analysed / "again.docx").read_bytes() == first


def test_without_python_docx(analysed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(UsageError, match="expected the package python-docx") as caught:
        write_docx(analysed, analysed / "report.docx")
    assert "csds[docx]" in caught.value.hint
