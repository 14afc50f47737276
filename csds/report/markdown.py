"""The report as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from csds.formats.atomic import atomic_path
from csds.report.document import Section, read_document

#: What Markdown, or HTML within it, would take for more than text; an underscore within a word is none of it.
_MARKS = re.compile(r"[\\`*\[\]<>|~&$#]|(?<![^\W_])_|_(?![^\W_])|^[-+](?=[\s-]|$)")
#: The start of a numbered list.
_NUMBERED = re.compile(r"^(\d+)(?=[.)](\s|$))")


def write_markdown(folder: Path, target: Path) -> Path:
    """Write the report of a results folder as Markdown (CommonMark, tables as GitHub has them), and return its path.

    What comes from a table or a sheet is text: neither Markdown nor HTML.

    Raises
    ------
    UsageError, TableError
        See `csds.report.document.read_document`.
    ResultsError
        The file can't be written.
    """
    text = "\n".join(line for section in read_document(folder) for line in _lines(section))
    with atomic_path(target) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
    return target


def escaped(text: str) -> str:
    r"""Return a text that Markdown shows as it is.

    Examples
    --------
    >>> print(escaped("<b> *si_ratio* | 1"))
    \<b\> \*si_ratio\* \| 1
    """
    return _NUMBERED.sub(r"\1\\", _MARKS.sub(r"\\\g<0>", text))


def _lines(section: Section) -> Iterator[str]:
    yield f"# {escaped(section.title)}\n"
    yield from (f"- {escaped(sentence)}" for sentence in section.sentences)
    if section.head:
        for cells in (section.head, None, *section.rows):
            yield f"| {' | '.join(map(escaped, cells))} |" if cells else "|" + "---|" * len(section.head)
    yield ""
