"""The report as Markdown, as a reader of CommonMark shows it."""

from __future__ import annotations

from markdown_it import MarkdownIt

from csds.report.markdown import write_markdown

SCRIPT, COMMAND = "<script>alert(1)</script>", "=cmd|'/C calc'!A0"
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def test_report(results) -> None:
    folder = results(name=COMMAND, treatment=SCRIPT)
    path = write_markdown(folder, folder / "report.md")
    text = path.read_text(encoding="utf-8")
    page = READER.render(text)
    assert text.startswith("# Antibody study\n\n## Answer\n\n- SI ratio was ")
    assert "<script>" not in page
    assert page.count("<h1>") == 1
    assert page.count("<table>") == text.count("|\n|---|")
    assert COMMAND in page.replace("&amp;", "&")
    assert f"defeated + {SCRIPT}".replace("<", "&lt;").replace(">", "&gt;") in page
    assert b"\r" not in path.read_bytes()


def test_methods_are_one_paragraph_and_references_a_numbered_list(results) -> None:
    folder = results()
    page = READER.render(write_markdown(folder, folder / "report.md").read_text(encoding="utf-8"))
    methods = page.partition("<h2>Methods</h2>\n")[2].partition("\n<h2>")[0]
    assert methods.startswith("<p>The social interaction test")
    assert methods.count("<p>") == 1
    references = page.partition("<h2>References</h2>\n")[2].partition("\n<h2>")[0]
    assert references.startswith("<ol>\n<li>Golden SA")
    assert "https://doi.org/10.1038/nprot.2011.361" in references
