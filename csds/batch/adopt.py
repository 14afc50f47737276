"""Results that a worker elsewhere has written become the leader's own: later runs here find them finished."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from csds.batch.options import Outcome, failed_outcome
from csds.batch.parcel import PathMap, text_here
from csds.batch.prepare import Context
from csds.batch.reuse import seen_again
from csds.model.study import Session


def adopt_outcomes(
    unit: Sequence[Session],
    outcomes: Sequence[Outcome],
    fingerprint: str | None,
    context: Context,
    path_maps: Sequence[PathMap],
) -> list[Outcome]:
    """Return a unit's outcomes with what they say of files as this machine sees them; records are written anew.

    On a network the same file may have another path and another place on the disk for each machine.

    Parameters
    ----------
    unit : sequence of Session
    outcomes : sequence of Outcome
        A worker's, in the order of the unit.
    fingerprint : str or None
        That of `csds.batch.reuse.unit_fingerprint` here, from before the worker began.
    context : Context
        The leader's.
    path_maps : sequence of PathMap

    Raises
    ------
    ResultsError
        If a record can't be written.
    """
    return [
        _adopted(session, outcome, fingerprint, context, path_maps)
        for session, outcome in zip(unit, outcomes, strict=True)
    ]


def _adopted(
    session: Session, outcome: Outcome, fingerprint: str | None, context: Context, path_maps: Sequence[PathMap]
) -> Outcome:
    if outcome.failure is not None:
        said = {name: text_here(getattr(outcome.failure, name), path_maps) for name in ("error", "how_to_fix")}
        return replace(outcome, failure=replace(outcome.failure, **said))
    if outcome.record is None:
        return outcome
    try:
        here = [video.stat().st_size for video in session.videos]
        there = [size for size, *_ in outcome.record["seen"]]
        if here != there:
            return _other_recording(session, here, there)
        return replace(outcome, record=seen_again(outcome.record, session, fingerprint, context.folder))
    except OSError:  # gone meanwhile: the next run will see
        return outcome


def _other_recording(session: Session, here: Sequence[int], there: Sequence[int]) -> Outcome:
    return failed_outcome(
        session,
        stage="cluster",
        error=f"{session.video}: expected {here} bytes as here, found {there} where it was tracked",
        how_to_fix="The worker sees another file by this path, or an old copy: correct --path-map, or copy it again.",
    )
