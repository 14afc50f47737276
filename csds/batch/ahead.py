"""The next unit is made ready on a thread of its own while one is tracked: decoding never waits for it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from csds.batch.prepare import Context
from csds.batch.unit import ReadyUnit, ready_unit
from csds.model.study import Session


def ready_units(
    units: Sequence[Sequence[Session]], progress: Callable[[int], None] | None = None, *, context: Context
) -> Generator[ReadyUnit, None, None]:
    """Yield units ready to be tracked, one after the other, each made ready while the one before it is tracked.

    To be closed before what it has written is read: that waits for the one that is being made ready.

    Parameters
    ----------
    units : sequence of sequence of Session
    progress : callable, optional
        Told, on this thread, that something goes on while the first is made ready.
    context : Context

    Raises
    ------
    ResultsError
        If results can't be written.
    """
    with ThreadPoolExecutor(1) as thread:
        coming: Future[ReadyUnit] | None = None
        for number, unit in enumerate(units):
            ready = ready_unit(unit, progress, context=context) if coming is None else coming.result()
            following = units[number + 1 : number + 2]
            coming = thread.submit(ready_unit, following[0], context=context) if following else None
            yield ready
