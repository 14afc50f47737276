"""Settings that are written are read back the same."""

from __future__ import annotations

import datetime
import tomllib

from hypothesis import given
from hypothesis import strategies as st

from csds.formats.toml import toml_text

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
leaves = st.one_of(
    texts,
    st.booleans(),
    st.integers(-(2**62), 2**62),
    st.floats(allow_nan=False),
    st.dates().filter(lambda day: day.year >= 1000),
)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))


@given(st.dictionaries(texts, values, max_size=4))
def test_round_trip(settings: dict[str, object]) -> None:
    assert tomllib.loads(toml_text(settings)) == settings


def test_as_people_write_it() -> None:
    settings = {"when": datetime.date(2025, 1, 2), "reference": {"stress": "control"}, "title": 'a "b"\n'}
    assert toml_text(settings) == 'when = 2025-01-02\ntitle = "a \\"b\\"\\n"\n\n[reference]\nstress = "control"\n'
