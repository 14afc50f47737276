"""The report as a Word document."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from csds.errors import UsageError
from csds.formats.atomic import atomic_path
from csds.formats.office import undated
from csds.report.content import read_report
from csds.report.document import Section, report_sections, shown_text

_TABLE_PT, _MARGIN_CM = 8, 2
_MAX_TITLE = 255  # of a document's properties


def write_docx(folder: Path, target: Path) -> Path:
    """Write the report of a results folder as a Word document, and return its path.

    Headings are Word's own, tables repeat their names on every page. The same folder gives the same bytes.

    Raises
    ------
    UsageError
        python-docx isn't installed, or the folder holds no table.
    TableError
        See `csds.report.content.read_report` and `csds.report.document.report_sections`.
    ResultsError
        The file can't be written, or is open in another program.
    """
    try:
        import docx
        from docx.shared import Cm
    except ImportError as error:
        message = "docx: expected the package python-docx, found that it isn't installed"
        raise UsageError(message, hint="Install it: python -m pip install 'csds[docx]'; or use --format md.") from error

    report = read_report(folder)
    sections = report_sections(report)
    document = docx.Document()
    title = shown_text(report.title)
    document.core_properties.author, document.core_properties.title = "csds", title[:_MAX_TITLE]
    for page in document.sections:
        page.page_width, page.page_height = Cm(29.7), Cm(21)  # A4 on its side: the tables are wide
        page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(_MARGIN_CM)
    document.add_heading(title, level=0)
    for section in sections:
        _write(document, section)
    content = io.BytesIO()
    document.save(content)
    with atomic_path(target) as part:
        part.write_bytes(undated(content.getvalue()))
    return target


def _write(document: Any, section: Section) -> None:
    document.add_heading(section.title, level=1)
    match section.kind:
        case "prose":
            document.add_paragraph(" ".join(section.sentences))
        case "numbered":
            for number, sentence in enumerate(section.sentences, 1):
                document.add_paragraph(f"{number}. {sentence}")
        case _:
            for sentence in section.sentences:
                document.add_paragraph(sentence)
    if section.head:
        table = document.add_table(rows=1 + len(section.rows), cols=len(section.head), style="Table Grid")
        for row, cells in zip(table.rows, (section.head, *section.rows), strict=True):
            _fill(row, cells, bold=cells is section.head)
        _repeat(table.rows[0])


def _fill(row: Any, cells: Sequence[str], *, bold: bool) -> None:
    from docx.shared import Pt

    for cell, text in zip(row.cells, cells, strict=True):
        run = cell.paragraphs[0].add_run(text)
        run.bold, run.font.size = bold, Pt(_TABLE_PT)


def _repeat(row: Any) -> None:
    """Have a row stand at the head of every page that its table reaches."""
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # python-docx has no other way to it
