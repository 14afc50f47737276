"""An analysis in pieces, each of which may fail by itself: what can't be computed is named, the rest stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from csds.analysis.animals import LeftOut
from csds.analysis.groups import why_left_out
from csds.analysis.results import Result
from csds.errors import StatsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of an analysis: what it is, and what computes its results.

    Those of a piece that `is_needed` are what the analysis is about: without them there is none.
    """

    what: str
    compute: Callable[[], Iterable[Result]]
    is_needed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NotComputed:
    """A part of an analysis that these data don't allow, and why."""

    outcome: str
    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """The results of an outcome, and what could not be computed of it."""

    results: tuple[Result, ...] = ()
    not_computed: tuple[NotComputed, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def compute(
    pieces: Sequence[Piece], *, analysis: str, outcome: str, n: int = 0, left_out: Sequence[LeftOut] = ()
) -> Computed:
    """Return the results of all pieces.

    Parameters
    ----------
    pieces : sequence of Piece
    analysis, outcome : str
        What results are of that don't say otherwise.
    n : int
        Animals, of results that don't say otherwise.
    left_out : sequence of LeftOut
        Animals that none of them uses.

    Raises
    ------
    StatsError
        A piece that is needed can't be computed.
    """
    results: list[Result] = []
    failed: list[NotComputed] = []
    for piece in pieces:
        try:
            found = list(piece.compute())
        except StatsError as error:
            if piece.is_needed:
                raise StatsError(f"{outcome}, {piece.what}: {error.message}", hint=error.hint) from error
            failed.append(NotComputed(outcome=outcome, what=piece.what, why=error.message))
            continue
        results += [
            replace(
                one,
                analysis=one.analysis or analysis,
                outcome=one.outcome or outcome,
                n=one.n or n,
                n_excluded=one.n_excluded or len(left_out),
                excluded_because=one.excluded_because or why_left_out(left_out),
            )
            for one in found
        ]
    return Computed(results=tuple(results), not_computed=tuple(failed), left_out=tuple(left_out))
