"""The report as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from csds.formats.atomic import atomic_path
from csds.formats.markdown import escaped
from csds.report.content import read_report
from csds.report.document import Section, report_sections, shown_text


def write_markdown(folder: Path, target: Path) -> Path:
    """Write the report of a results folder as Markdown (CommonMark, tables as GitHub has them), and return its path.

    What comes from a table or a sheet is text: neither Markdown nor HTML.

    Raises
    ------
    UsageError, TableError
        See `csds.report.content.read_report` and `csds.report.document.report_sections`.
    ResultsError
        The file can't be written.
    """
    report = read_report(folder)
    text = "\n".join(
        [f"# {escaped(shown_text(report.title))}\n", *(line for one in report_sections(report) for line in _lines(one))]
    )
    with atomic_path(target) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
    return target


def _lines(section: Section) -> Iterator[str]:
    yield f"## {escaped(section.title)}\n"
    sentences = [escaped(sentence) for sentence in section.sentences]
    match section.kind:
        case "prose":
            yield " ".join(sentences)
        case "numbered":
            yield from (f"{number}. {sentence}" for number, sentence in enumerate(sentences, 1))
        case _:
            yield from (f"- {sentence}" for sentence in sentences)
    if section.head:
        for cells in (section.head, None, *section.rows):
            yield f"| {' | '.join(map(escaped, cells))} |" if cells else "|" + "---|" * len(section.head)
    yield ""
