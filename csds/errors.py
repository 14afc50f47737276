"""Every error that csds raises on purpose.

::

    CsdsError                what is wrong, where, and how to mend it
    ├── UsageError           the call itself is wrong                (exit code 2)
    │   └── UnknownProtocolError   no protocol of that name or path
    ├── ProtocolError        a protocol file can't be used           (exit code 1, as all below)
    ├── SheetError           a study sheet or study.toml can't be used
    ├── TableError           any other table can't be read or lacks what is needed
    ├── ArenaError           an arena file is missing or contradicts itself
    │   └── AmbiguousArenaError    the arena can't be found with confidence
    ├── VideoError           a recording can't be read
    │   └── UnsteadyError    it changed, or went away, while it was read
    ├── TrackingError        no animal can be told from the background
    ├── ScoreError           a score or rule can't be computed
    ├── StatsError           a test or model can't be computed from these data
    ├── SimulationError      a scene can't be simulated as asked
    ├── ResultsError         results can't be written where they should go
    └── ClusterError         a cluster can't be reached, or its workers can't be used
"""

from __future__ import annotations

from typing import ClassVar


class CsdsError(Exception):
    """Base of all errors that csds raises on purpose.

    Parameters
    ----------
    message : str
        What was expected, what was found and where (file, row, column, frame).
    hint : str, optional
        How to mend it, as an instruction.
    """

    stage: ClassVar[str] = "csds"
    exit_code: ClassVar[int] = 1
    #: Flag of the session that this error ends, beside ``failed``.
    flag: ClassVar[str] = ""
    #: Whether it may be over the next time, though the files are the same: the session is tried again.
    is_passing: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        # Worker processes hand their errors home by pickling them.
        return (_rebuild, (type(self), self.message, self.hint))


def _rebuild(kind: type[CsdsError], message: str, hint: str) -> CsdsError:
    return kind(message, hint=hint)


class UsageError(CsdsError):
    """The call itself is wrong."""

    stage = "call"
    exit_code = 2


class UnknownProtocolError(UsageError):
    """No protocol of that name or path."""

    stage = "protocol"


class ProtocolError(CsdsError):
    """A protocol file can't be used."""

    stage = "protocol"


class SheetError(CsdsError):
    """A study sheet or its ``study.toml`` can't be used."""

    stage = "sheet"


class TableError(CsdsError):
    """A table can't be read or lacks what is needed."""

    stage = "table"


class ArenaError(CsdsError):
    """An arena file is missing or contradicts itself."""

    stage = "arena"


class AmbiguousArenaError(ArenaError):
    """The arena can't be found with confidence."""

    flag = "ambiguous_arena"


class VideoError(CsdsError):
    """A recording can't be read."""

    stage = "video"


class UnsteadyError(VideoError):
    """A recording changed, or went away, while it was read: a drive or network was lost, or it is being copied."""

    is_passing = True


class TrackingError(CsdsError):
    """No animal can be told from the background."""

    stage = "tracking"


class ScoreError(CsdsError):
    """A score or a classification rule can't be computed."""

    stage = "score"


class StatsError(CsdsError):
    """A test or model can't be computed from these data."""

    stage = "stats"


class SimulationError(CsdsError):
    """A scene can't be simulated as asked."""

    stage = "simulate"


class ResultsError(CsdsError):
    """Results can't be written where they should go."""

    stage = "results"
    is_passing = True


class ClusterError(CsdsError):
    """A cluster can't be reached, or its workers can't be used."""

    stage = "cluster"
