"""Office files without the time at which they were made."""

from __future__ import annotations

import io
from zipfile import ZipFile, ZipInfo

from csds.formats.office import undated

CORE = b"<p><dc:creator>csds</dc:creator><dcterms:created t='W3C'>2026-01-01</dcterms:created>%s</p>"


def made(year: int) -> bytes:
    content = io.BytesIO()
    with ZipFile(content, "w") as file:
        date = (year, 5, 6, 7, 8, 10)
        changed = f"<dcterms:modified>{year}</dcterms:modified>".encode()
        file.writestr(ZipInfo("docProps/core.xml", date), CORE.replace(b"%s", changed))
        file.writestr(ZipInfo("sheet.xml", date), b"<dcterms:created>in a cell</dcterms:created>")
    return content.getvalue()


def test_files_differ_by_date_alone_are_the_same() -> None:
    assert made(2025) != made(2026)
    assert undated(made(2025)) == undated(made(2026))


def test_all_else_is_kept() -> None:
    with ZipFile(io.BytesIO(undated(made(2025)))) as file:
        assert file.namelist() == ["docProps/core.xml", "sheet.xml"]
        assert file.read("docProps/core.xml") == b"<p><dc:creator>csds</dc:creator></p>"
        assert file.read("sheet.xml") == b"<dcterms:created>in a cell</dcterms:created>"
