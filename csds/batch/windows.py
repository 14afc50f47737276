"""Which part of its recording a session is: as the sheet says, or to be found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from csds.batch.asked import duration_of, given_window, in_same_place, sharing_trials
from csds.errors import TrackingError
from csds.model.protocol import Protocol
from csds.model.study import Session
from csds.tracking import Observations, Wanted, Window
from csds.tracking.trial import find_trials, stir_within

#: Samples are first taken from so much of a recording whose trials are to be found: this multiple of their
#: length and so many seconds more. In longer recordings most of the rest is no trial.
_REACH, _REACH_S = 2.0, 60.0
#: More must move in the enclosure without the target than with it by this factor to doubt the order of the phases …
_STIR_FACTOR = 3.0
#: … and in at least this share of the enclosure.
_LEAST_STIR = 0.01


def wanted_trials(session: Session, sessions: Sequence[Session], protocol: Protocol) -> Wanted | None:
    """Return the trials to be found for a session, or None where the sheet gives its window."""
    if session.start_s is not None:
        return None
    sharing = sharing_trials(session, sessions, protocol)
    taken = (given_window(other, protocol) for other in in_same_place(session, sessions))
    return Wanted(
        durations_s=tuple(duration_of(other, protocol) for other in sharing),
        taken=tuple(window for window in taken if window is not None),
    )


def sampled_span(
    session: Session, sessions: Sequence[Session], protocol: Protocol, *, reach: float = 1.0
) -> tuple[float, float]:
    """Return from where to where a session's floor is sampled, in s; ``reach`` goes further than at first."""
    given, wanted = given_window(session, protocol), wanted_trials(session, sessions, protocol)
    if given is not None or wanted is None:
        return given or (0.0, 0.0)
    return 0.0, reach * (_REACH * sum(wanted.durations_s) + _REACH_S)


def find_window(session: Session, sessions: Sequence[Session], protocol: Protocol, seen: Observations) -> Window:
    """Return a session's window, found in what was seen of its recording where the sheet doesn't give it.

    Raises
    ------
    TrackingError
        If the recording holds fewer trials than the sheet has sessions of it.
    """
    given, wanted = given_window(session, protocol), wanted_trials(session, sessions, protocol)
    if given is not None or wanted is None:
        start_s, end_s = given or (0.0, 0.0)
        return Window(start_s=start_s, end_s=end_s)
    sharing = sharing_trials(session, sessions, protocol)
    trials = find_trials(seen.survey, wanted)
    if not trials and len(sharing) == 1:
        # Nothing tells when the trial is: the whole of it from the first frame, and a flag that says so.
        return Window(start_s=0.0, end_s=wanted.durations_s[0], source="first_frame", uncertain=True)
    number = [other.session_id for other in sharing].index(session.session_id)
    if number >= len(trials):
        known = ", ".join(f"{trial.start_s:.1f} to {min(trial.until_s, trial.end_s):.1f} s" for trial in trials)
        raise TrackingError(
            f"{session.video}: expected {len(sharing)} trials in this recording, one for each phase, "
            f"found {len(trials)}{f' ({known})' if known else ''}",
            hint=f"overlays/{session.session_id}.png in the results shows the recording; give each phase a row of "
            "its own with start_s, or its own recording.",
        )
    return replace(trials[number], phases_swapped=_are_swapped(sharing, trials, protocol, seen))


def _are_swapped(sharing: Sequence[Session], trials: Sequence[Window], protocol: Protocol, seen: Observations) -> bool:
    """Return True where clearly more moves in the enclosure without the target than with it."""
    stirs: dict[bool, float] = {}
    for session, trial in zip(sharing, trials, strict=False):
        stirs[protocol.phase(session.phase).has_target] = stir_within(seen.survey, trial.start_s, trial.end_s)
    if len(stirs) < 2:
        return False
    return stirs[False] >= max(_LEAST_STIR, _STIR_FACTOR * stirs[True])
