"""Text is shown by a reader of Markdown (CommonMark's) as it is."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from csds.formats.markdown import escaped

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def shown(markdown: str) -> tuple[str, set[str]]:
    """Return a line's text as it is shown, and what else than text it was taken for."""
    tokens = READER.parse(markdown)
    inline = [child for token in tokens if token.type == "inline" for child in token.children or ()]
    texts = [child.content for child in inline if child.type in {"text", "text_special"}]
    blocks = {token.type.removesuffix("_open") for token in tokens if token.nesting == 1}
    return "".join(texts), (blocks | {child.type for child in inline}) - {"text", "text_special"}


WORDS = st.text(st.characters(exclude_categories=("C", "Z")) | st.sampled_from("\\`*_[]<>|~&$#-+=1.)!:/ "), min_size=1)


@example("--")
@given(WORDS.map(lambda text: " ".join(text.split())).filter(bool))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    assert shown(f"- {escaped(text)}") == (text, {"bullet_list", "list_item", "paragraph"})


@given(WORDS.map(lambda text: " ".join(text.split())).filter(bool))
def test_any_text_stays_in_its_cell(text: str) -> None:
    found, kinds = shown(f"| a | b |\n|---|---|\n| {escaped(text)} | c |")
    assert found == f"ab{text}c"
    assert kinds == {"table", "thead", "tbody", "tr", "th", "td"}


def test_names_with_underscores_stay_readable() -> None:
    assert escaped("interaction_absent_s") == "interaction_absent_s"
    assert escaped("-0.16 [0.63]") == r"-0.16 \[0.63\]"
