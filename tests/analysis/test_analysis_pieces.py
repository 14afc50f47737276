"""What can't be computed is named with its reason, and takes nothing else with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from csds.analysis.animals import LeftOut
from csds.analysis.pieces import NotComputed, Piece, compute
from csds.analysis.results import Result
from csds.errors import StatsError


def good() -> Iterator[Result]:
    yield Result(test="t")
    yield Result(test="U", analysis="sensitivity", outcome="other", n=3)


def bad() -> Iterator[Result]:
    yield Result(test="first")
    raise StatsError("too few", hint="More animals.")


def test_results_take_what_they_do_not_say_from_the_whole() -> None:
    left_out = [LeftOut(row=2, animal="m1", reason="died")]
    first, second = compute(
        [Piece(what="tests", compute=good)], analysis="planned", outcome="si_ratio", n=8, left_out=left_out
    ).results
    assert (first.analysis, first.outcome, first.n, first.n_excluded) == ("planned", "si_ratio", 8, 1)
    assert first.excluded_because == "died (1)"
    assert (second.analysis, second.outcome, second.n) == ("sensitivity", "other", 3)


def test_piece_that_fails_is_named_and_leaves_no_half_of_it() -> None:
    found = compute([Piece(what="a", compute=bad), Piece(what="b", compute=good)], analysis="planned", outcome="x")
    assert [one.test for one in found.results] == ["t", "U"]
    assert found.not_computed == (NotComputed(outcome="x", what="a", why="too few"),)


def test_piece_that_is_needed_fails_with_its_name_and_hint() -> None:
    with pytest.raises(StatsError, match="x, a: too few") as error:
        compute([Piece(what="a", compute=bad, is_needed=True)], analysis="planned", outcome="x")
    assert error.value.hint == "More animals."
