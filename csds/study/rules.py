"""What can only be wrong between rows: sessions given twice, overlapping windows, a phase that is missing."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence

from csds.model.protocol import Protocol
from csds.model.study import AnimalKey, Session
from csds.study.faults import Fault

_PER_ANIMAL = ("sex", "cage", "strain", "aggressor")
"""Design columns that belong to the animal, not to the session."""

_SHOWN = 5
"""Of the rows that are the same session, so many are named in a message."""


def doubled_sessions(sessions: Sequence[Session]) -> list[Fault]:
    """Return a fault for each row whose animal, test and phase stand in another row too."""
    faults = []
    for same in _groups(sessions, lambda s: (s.key, s.phase)):
        for session in same if len(same) > 1 else ():
            first = [_line(other) for other in same[: _SHOWN + 1] if other is not session][:_SHOWN]
            more = len(same) - 1 - len(first)
            others = ", ".join(first) + (f" and {more} more" if more else "")
            faults.append(
                _fault(
                    session,
                    "animal_id",
                    f"expected {session.phase} of {name_of(session.key)} once, found it also in {others}",
                    "Delete one, or tell repeated tests apart in a column 'test' (pre, post), cohorts in 'cohort'.",
                    unusable=True,
                )
            )
    return faults


def overlapping_windows(sessions: Sequence[Session], protocol: Protocol) -> list[Fault]:
    """Return a fault for each row that claims the same arena of the same file at the same time as another.

    Windows that are to be found don't overlap with those of the same animal, nor with given ones.
    """
    faults: list[Fault] = []
    for same in _groups(sessions, lambda s: (_files(s), (s.arena or "").casefold())):
        for session in same if len(same) > 1 else ():
            clash = next((other for other in same if _overlap(session, other, protocol)), None)
            if clash is not None:
                faults.append(_clash(session, clash, protocol))
    return faults


def _overlap(one: Session, other: Session, protocol: Protocol) -> bool:
    if (one.key, one.phase) == (other.key, other.phase):
        return False
    if one.start_s is None or other.start_s is None:
        return one.start_s is other.start_s and one.key != other.key
    start, end = _window(one, protocol)
    return start < _window(other, protocol)[1] and _window(other, protocol)[0] < end


def _clash(session: Session, clash: Session, protocol: Protocol) -> Fault:
    if session.key == clash.key:
        said = f"{session.phase} and {clash.phase} of {name_of(session.key)} are both taken from"
        hint = "Correct the file, or give start_s and duration_s where one recording holds both phases."
    else:
        said = f"{name_of(session.key)} and {name_of(clash.key)} are both taken from"
        hint = "Correct the file, or tell the arenas apart in a column 'arena' where a frame shows several."
    start, end = _window(session, protocol)
    at = f"at the same time ({start:g} to {end:g} s, " if session.start_s is not None else "without start_s ("
    return _fault(session, "video", f"{said} {session.video} {at}{_line(clash)})", hint, unusable=True)


def missing_phases(sessions: Sequence[Session], protocol: Protocol, unclear: set[AnimalKey]) -> list[Fault]:
    """Return a fault for each animal without one of the protocol's phases.

    Parameters
    ----------
    unclear : set of AnimalKey
        Animals with a row whose phase could not be read: nothing is said about these.
    """
    wanted = [phase.name for phase in protocol.phases]
    there = {same[0].key: {s.phase for s in same} for same in _groups(sessions, lambda s: s.key)}
    having = {(key.cohort, key.test, frozenset(phases)): key for key, phases in reversed(there.items())}
    faults = []
    for same in _groups(sessions, lambda s: s.key):
        session = same[0]
        lacking = [name for name in wanted if name not in there[session.key]]
        if not lacking or session.key in unclear:
            continue
        partner = having.get((session.key.cohort, session.key.test, frozenset(lacking)))
        hint = (
            f"{name_of(partner)} has that phase alone: is it the same animal?"
            if partner is not None
            else "Add the row. Without it the session is tracked, but the animal gets no score."
        )
        faults.append(
            _fault(
                session,
                "phase",
                f"expected {' and '.join(wanted)} of {name_of(session.key)}, "
                f"found {' and '.join(sorted(there[session.key]))} alone",
                hint,
            )
        )
    return faults


def contradictions(sessions: Sequence[Session]) -> list[Fault]:
    """Return a fault for each animal that its rows say different things about."""
    faults: list[Fault] = []
    for same in _groups(sessions, lambda s: (s.key.cohort, s.key.animal_id)):
        for column in ("stress", *_PER_ANIMAL):
            _differ(same, column, faults)
    for same in _groups(sessions, lambda s: s.key):
        _differ(same, "treatment", faults)
    return faults


def look_alikes(sessions: Sequence[Session]) -> list[Fault]:
    """Return a warning for IDs that differ in nothing but case or spaces."""
    faults = []
    for same in _groups(sessions, lambda s: (s.key.cohort, "".join(s.key.animal_id.casefold().split()))):
        ids = {session.key.animal_id: session for session in reversed(same)}
        for session in [s for name, s in ids.items() if name != same[0].key.animal_id]:
            faults.append(
                _fault(
                    session,
                    "animal_id",
                    f"'{session.key.animal_id}' differs from '{same[0].key.animal_id}' in {_line(same[0])} "
                    "in nothing but capitals or spaces",
                    "Write both alike if they are the same animal.",
                    warning=True,
                )
            )
    return faults


def name_of(key: AnimalKey) -> str:
    """Return an animal's name for messages: ``animal 007 (cohort C1, test pre)``."""
    more = [f"{what} {value}" for what, value in (("cohort", key.cohort), ("test", key.test)) if value]
    return f"animal {key.animal_id}" + (f" ({', '.join(more)})" if more else "")


def _differ(same: Sequence[Session], column: str, faults: list[Fault]) -> None:
    given = [(session, _value(session, column)) for session in same if _value(session, column)]
    for session, value in given[1:]:
        if value != given[0][1]:
            faults.append(
                _fault(
                    session,
                    column,
                    f"expected '{given[0][1]}' as in {_line(given[0][0])} for {name_of(session.key)}, found '{value}'",
                    "Correct one of the two rows, or the ID if these are two animals.",
                )
            )
            return


def _value(session: Session, column: str) -> str:
    own = {"stress": session.stress, "treatment": session.treatment}
    return own[column] if column in own else session.design.get(column, "")


def _files(session: Session) -> tuple[str, ...]:
    return tuple(os.path.normcase(path) for path in session.videos)


def _window(session: Session, protocol: Protocol) -> tuple[float, float]:
    start = session.start_s or 0.0
    return start, start + (session.duration_s or protocol.phase(session.phase).duration_s)


def _line(session: Session) -> str:
    return f"row {session.row}" if session.row else f"'{session.video}'"


def _groups(sessions: Iterable[Session], key: Callable[[Session], Hashable]) -> list[list[Session]]:
    groups: defaultdict[Hashable, list[Session]] = defaultdict(list)
    for session in sessions:
        groups[key(session)].append(session)
    return list(groups.values())


def _fault(
    session: Session, column: str, message: str, hint: str, *, unusable: bool = False, warning: bool = False
) -> Fault:
    return Fault(
        row=session.row or None,
        column=column,
        message=message,
        hint=hint,
        severity="warning" if warning else "error",
        unusable=unusable,
        video=session.video,
        session_id=session.session_id,
    )
