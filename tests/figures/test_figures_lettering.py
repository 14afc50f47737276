"""Text that any user may have typed fits and can be drawn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.figures.lettering import _can_show, fitted, printable, text_mask, text_width_in, wrapped

WEIGHTS = st.sampled_from(["normal", "bold"])


@given(st.text(max_size=40), WEIGHTS)
def test_printable_text_holds_only_what_the_font_has(text, weight) -> None:
    line = printable(text, weight)
    assert all(ord(character) in _can_show(weight) for character in line)
    assert "\n" not in line


@given(st.text(max_size=80), st.floats(0.3, 4.0), st.sampled_from([6.5, 11.0]), WEIGHTS)
def test_fitted_text_is_never_wider_than_its_room(text, width, size, weight) -> None:
    assert text_width_in(fitted(text, width, size, weight), size, weight) <= width


@given(st.text(max_size=200), st.floats(0.5, 4.0))
def test_wrapped_lines_are_never_wider_than_their_room(text, width) -> None:
    assert all(text_width_in(line, 7.0) <= width for line in wrapped(text, width, 7.0))


@given(st.lists(st.text("abcαβ", min_size=1, max_size=8), max_size=12))
def test_wrapping_loses_no_word(words) -> None:
    assert " ".join(wrapped(" ".join(words), 1.5, 7.0)).split() == words


def test_joined_emoji_become_one_box_per_shape() -> None:
    # A flask, a variation selector and two shapes held together by a joiner.
    assert printable("\N{TEST TUBE}\ufe0f x\N{TEST TUBE}\u200d\N{PETRI DISH}") == "□ x□□"


def test_shortened_ids_keep_both_ends() -> None:
    line = fitted("alpha" + "-" * 200 + "omega", 1.0, 8)
    assert line.startswith("alpha")
    assert line.endswith("omega")


@pytest.mark.parametrize("text", ["", "12.3 s", "Ångström gjpqy α"])
def test_masks_of_one_size_share_their_height(text) -> None:
    assert text_mask(text, 14).shape[0] == text_mask("x", 14).shape[0]


def test_mask_is_inked_over_the_text_width() -> None:
    mask = text_mask("HHH", 20)
    assert mask.max() > 200
    assert mask.shape[1] == pytest.approx(text_width_in("HHH", 20) * 72, abs=4)
