"""What a sheet asks of its recordings: windows that it gives, and trials that are to be found."""

from __future__ import annotations

from collections.abc import Sequence

from csds.model.protocol import Protocol
from csds.model.study import Session


def duration_of(session: Session, protocol: Protocol) -> float:
    """Return how long a session's window is in s."""
    return session.duration_s or protocol.phase(session.phase).duration_s


def given_window(session: Session, protocol: Protocol) -> tuple[float, float] | None:
    """Return start and end in s of the window that the sheet gives a session, or None where it is to be found."""
    if session.start_s is None:
        return None
    return session.start_s, session.start_s + duration_of(session, protocol)


def in_same_place(session: Session, sessions: Sequence[Session]) -> list[Session]:
    """Return the sessions in the same arena of the same recording, the session itself among them."""
    name = (session.arena or "").casefold()
    return [other for other in sessions if other.videos == session.videos and (other.arena or "").casefold() == name]


def sharing_trials(session: Session, sessions: Sequence[Session], protocol: Protocol) -> list[Session]:
    """Return the sessions whose trials are to be found together with a session's, in the protocol's order of phases."""
    order = [phase.name for phase in protocol.phases]
    same = in_same_place(session, sessions)
    found = [other for other in same if other.start_s is None and other.key == session.key]
    return sorted(found, key=lambda other: order.index(other.phase))
