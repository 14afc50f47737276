"""The report as a Word document, read back."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from csds.errors import UsageError
from csds.report.docx import write_docx

SCRIPT, COMMAND = "<script>alert(1)</script>", "=cmd|'/C calc'!A0"


@pytest.fixture
def folder(results) -> Path:
    return results(name=COMMAND, treatment=SCRIPT)


@pytest.fixture
def document(folder: Path):
    docx = pytest.importorskip("docx", reason="python-docx is not installed")
    return docx.Document(str(write_docx(folder, folder / "report.docx")))


def test_headings_sentences_and_tables(document) -> None:
    headings = [one.text for one in document.paragraphs if one.style.name == "Heading 1"]
    assert document.paragraphs[0].text == document.core_properties.title == "Antibody study"
    assert headings[:2] == ["Answer", "To be known"]
    texts = [one.text for one in document.paragraphs]
    assert any(f"between defeated + {SCRIPT} and defeated + isotype" in text for text in texts)
    assert texts[texts.index("References") + 1].startswith("1. Golden SA")
    assert texts[texts.index("References") + 1].endswith("https://doi.org/10.1038/nprot.2011.361")
    assert (
        len([text for text in texts[texts.index("Methods") + 1 : texts.index("References")] if "SI ratio" in text]) == 1
    )
    heads = [[cell.text for cell in table.rows[0].cells] for table in document.tables]
    assert ["outcome", "comparison", "test", "statistic"] in [head[:4] for head in heads]
    animals = next(table for table, head in zip(document.tables, heads, strict=True) if head[0] == "animal_id")
    assert animals.rows[1].cells[0].text == COMMAND


def test_names_stand_at_the_head_of_each_page(document) -> None:
    for table in document.tables:
        repeated = [bool(row._tr.xpath("./w:trPr/w:tblHeader")) for row in table.rows]
        assert repeated == [True] + [False] * (len(repeated) - 1)


def test_same_folder_gives_the_same_bytes(folder: Path, document) -> None:
    first = (folder / "report.docx").read_bytes()
    assert write_docx(folder, folder / "again.docx").read_bytes() == first


def test_without_python_docx(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(UsageError, match="expected the package python-docx") as caught:
        write_docx(folder, folder / "report.docx")
    assert "csds[docx]" in caught.value.hint
