"""Office files (xlsx, docx) that are the same whenever they are written."""

from __future__ import annotations

import io
import re
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_DATES = re.compile(rb"<dcterms:(created|modified)\b.*?</dcterms:\1>")
#: The first date that a ZIP file knows.
_NO_DATE = (1980, 1, 1, 0, 0, 0)


def undated(content: bytes) -> bytes:
    """Return an Office Open XML file without the times at which it and its parts were made.

    Parameters
    ----------
    content : bytes
        A ZIP file whose properties are in ``docProps/core.xml`` (ECMA-376 part 2, 11).
    """
    without = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as made, ZipFile(without, "w") as written:
        for name in made.namelist():
            data = made.read(name)
            entry = ZipInfo(name, _NO_DATE)
            written.writestr(entry, _DATES.sub(b"", data) if name == "docProps/core.xml" else data, ZIP_DEFLATED)
    return without.getvalue()
