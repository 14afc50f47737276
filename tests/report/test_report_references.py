"""Sources are cited where they are named first, and numbered in that order."""

from __future__ import annotations

import re

import pytest

from csds.report.references import ARRIVE, GOLDEN, HE, KRISHNAN, METHODS, Reference, cited, protocol_references

A, B = Reference(text="A"), Reference(text="B", doi="10.1000/b")


def test_numbers_follow_the_text_and_stand_once() -> None:
    text, found = cited(["By b, then by a.", "By a and b again, and by c."], {"by a": [A], "By b": [B], "by c": [A, B]})
    assert text == ["By b [1], then by a [2].", "By a and b again, and by c [2, 1]."]
    assert found == (B, A)


def test_words_without_a_source_get_no_number() -> None:
    assert cited(["By a."], {"By a": []}) == (["By a."], ())
    assert cited([], {"By a": [A]}) == ([], ())


@pytest.mark.parametrize("reference", [GOLDEN, KRISHNAN, ARRIVE, HE, *METHODS.values()])
def test_every_source_is_whole(reference: Reference) -> None:
    assert re.search(r" \(\d{4}\) .+\.$", reference.text)
    assert re.fullmatch(r"10\.\d{4,9}/\S+", reference.doi) or reference.text.startswith("Holm S (1979)")
    assert not reference.url or re.fullmatch(r"https://doi\.org/10\.[\w./():;%-]+", reference.url)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Golden SA, Covington HE (2011) Nat Protoc 6:1183", (GOLDEN,)),
        ("He H (2026) Mol Psychiatry, 10.1038/s41380-025-03383-5; test and geometry: golden2011", (GOLDEN, HE)),
        ("our laboratory", (Reference(text="our laboratory"),)),
        ("Lab (10.1000/xyz.1).", (Reference(text="Lab (10.1000/xyz.1).", doi="10.1000/xyz.1"),)),
        (" ", ()),
    ],
)
def test_protocols_cite_their_source(source: str, expected: tuple[Reference, ...]) -> None:
    assert protocol_references(source) == expected
