"""The trial within a recording: from the moment the mouse is on the floor and the hand is gone.

A recording is cut at the hands that reach in. Between two hands the arena is either *occupied*, the
animal is seen in it, or *empty*. What lies between two empty stretches is one visit of the animal,
and in each visit the trial begins as a careful experimenter would say: **at the last withdrawal of
the hand before the animal is left alone for at least ten seconds** (a quarter of the trial, where
that is shorter). A hand that comes back sooner belongs to the placing; one that comes back later
disturbs a trial that has begun. A visit ends when the hand that takes the animal out reaches in.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from csds.model.shapes import FloatArray
from csds.tracking.survey import Survey

Source = Literal["sheet", "found", "first_frame"]

#: Left alone for so long, the animal is in its trial, s …
_ALONE_S = 10.0
#: … or for this share of a shorter trial.
_ALONE_SHARE = 0.25
#: A hand that comes back sooner after the start than this makes the start uncertain, s.
_SETTLED_S = 30.0
#: A visit is long enough if it has this share of the trial's length.
_FULL_SHARE = 0.9
#: An animal seen for so long between two hands is there, s; between hands that are nearer, for this share of the time.
_SEEN_S = 10.0
_SEEN_SHARE = 0.5
#: An animal that shows up more than this after the hand has gone came in unseen, s.
_LATE_S = 2.0
#: Without a hand, an animal that isn't seen for so long may have been out of the arena, s.
_AWAY_S = 10.0
#: The last of a hand that withdraws covers less than a hand does: this share of it, for at most so long, s.
_RETREAT_SHARE, _RETREAT_S = 0.2, 0.4
#: An animal that is seen in this share of the looks at a hand has been on the floor all the time.
_BESIDE_SHARE = 0.9
#: What reaches in for more than this share of a recording is part of the room.
_ROOM_SHARE = 0.7
#: So long after the last trial's end the rest of a recording needs no look, s.
_MARGIN_S = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to find: trials of so many seconds, one after the other; windows that are ``taken`` hold none of them."""

    durations_s: tuple[float, ...]
    taken: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A session's window within its recording, in s.

    ``until_s`` is when the animal is taken out, where that is seen; ``source`` says how the start is known;
    ``phases_swapped`` that the enclosure's content speaks against the order of the phases.
    """

    start_s: float
    end_s: float
    source: Source = "sheet"
    until_s: float = float("inf")
    uncertain: bool = False
    phases_swapped: bool = False

    @property
    def length_s(self) -> float:
        """How long the window is, whether or not the recording fills it."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """A stretch between hands, from its first survey to its end; ``seen`` are the times at which an animal was seen.

    ``seen_with_hand`` says that a recording begins with a hand that the animal is seen beside all the time: it was
    on the floor already, or what reaches in is a shadow.
    """

    start_s: float
    end_s: float
    after_hand: bool
    before_hand: bool
    seen: FloatArray
    seen_s: float
    seen_with_hand: bool = False

    @property
    def length_s(self) -> float:
        """How long it is, or has been so far."""
        return self.end_s - self.start_s

    @property
    def occupied(self) -> bool:
        """The animal is there."""
        return len(self.seen) > 0 and self.seen_s >= min(_SEEN_S, _SEEN_SHARE * self.length_s)


_Visit = tuple[_Stretch, ...]


def find_trials(survey: Survey, wanted: Wanted) -> list[Window]:
    """Return the trials of a recording in order: as many as are wanted, or fewer.

    The first visits that are long enough for their trials are taken, or else the longest ones.
    Where there are fewer visits than wanted, those between two hands may be trials of their own,
    or (uncertain) those between two absences of the animal.
    """
    stretches = _stretches(survey)
    visits = _visits(stretches)
    found = _longest(visits, wanted)
    if len(found) == len(wanted.durations_s):
        return found
    for other, uncertain in (([(s,) for visit in visits for s in visit], False), (_split_where_away(stretches), True)):
        trials = _full(other, wanted)
        if len(trials) == len(wanted.durations_s):
            return [replace(trial, uncertain=trial.uncertain or uncertain) for trial in trials]
    return found


def trials_are_over(survey: Survey, wanted: Wanted) -> bool:
    """Return True once all trials have been seen to their ends: what comes after changes nothing."""
    now = float(survey.of("time_s")[-1]) if len(survey.rows) else 0.0
    if now < sum(wanted.durations_s):
        return False
    trials = _full(_visits(_stretches(survey)), wanted)
    return len(trials) == len(wanted.durations_s) and now >= trials[-1].end_s + _MARGIN_S


def hand_within(survey: Survey, start_s: float, end_s: float) -> bool:
    """Return True where a hand reaches in between two times."""
    time_s = survey.of("time_s")
    return bool(np.any(_hands(survey) & (time_s >= start_s) & (time_s < end_s)))


def stir_within(survey: Survey, start_s: float, end_s: float) -> float:
    """Return the share of the enclosure that changes from survey to survey, on average over a time; NaN if unknown."""
    time_s, stir = survey.of("time_s"), survey.of("stir")
    known = stir[(time_s >= start_s) & (time_s < end_s) & np.isfinite(stir)]
    return float(known.mean()) if len(known) else float("nan")


def _hands(survey: Survey) -> NDArray[np.bool_]:
    """Return the surveys in which a hand reaches in, its last fingers included."""
    time_s, reach = survey.of("time_s"), survey.of("reach_cm2")
    hand = survey.of("hand") > 0
    if not hand.any() or float(_steps(time_s)[hand].sum()) > _ROOM_SHARE * float(time_s[-1] - time_s[0]):
        return np.zeros(len(time_s), bool)
    trace = reach >= _RETREAT_SHARE * survey.hand_cm2
    whole = hand.copy()
    for first, last in _runs(hand):
        for edge, step in ((first, -1), (last, 1)):
            i = edge + step
            while 0 <= i < len(trace) and trace[i] and abs(time_s[i] - time_s[edge]) <= _RETREAT_S:
                whole[i] = True
                i += step
    return whole


def _stretches(survey: Survey) -> list[_Stretch]:
    """Return what lies between hands, in order."""
    time_s, seen = survey.of("time_s"), survey.of("animals") >= 1
    steps = _steps(time_s)
    return [
        _Stretch(
            start_s=float(time_s[first]),
            end_s=float(time_s[last] + steps[last]),
            after_hand=first > 0,
            before_hand=last + 1 < len(time_s),
            seen=time_s[first : last + 1][seen[first : last + 1]],
            seen_s=float(steps[first : last + 1][seen[first : last + 1]].sum()),
            seen_with_hand=number == 0 and first > 0 and float(seen[:first].mean()) >= _BESIDE_SHARE,
        )
        for number, (first, last) in enumerate(_runs(~_hands(survey)))
    ]


def _visits(stretches: Sequence[_Stretch]) -> list[_Visit]:
    """Return the occupied stretches, those together that no empty one parts."""
    groups = itertools.groupby(stretches, key=lambda stretch: stretch.occupied)
    return [tuple(group) for occupied, group in groups if occupied]


def _split_where_away(stretches: Sequence[_Stretch]) -> list[_Visit]:
    """Return the occupied stretches, each cut where no animal is seen for long though no hand took it out."""
    visits: list[_Visit] = []
    for stretch in (s for s in stretches if s.occupied):
        for part in np.split(stretch.seen, np.flatnonzero(np.diff(stretch.seen) > _AWAY_S) + 1):
            is_first, is_last = part[0] == stretch.seen[0], part[-1] == stretch.seen[-1]
            cut = replace(
                stretch,
                start_s=stretch.start_s if is_first else float(part[0]),
                end_s=stretch.end_s if is_last else float(part[-1]),
                after_hand=stretch.after_hand or not is_first,
                before_hand=stretch.before_hand or not is_last,
                seen=part,
            )
            visits.append((cut,))
    return visits


def _full(visits: Sequence[_Visit], wanted: Wanted) -> list[Window]:
    """Return the trials of the first visits that are long enough for them."""
    trials: list[Window] = []
    for visit in visits:
        if len(trials) == len(wanted.durations_s):
            break
        length_s = wanted.durations_s[len(trials)]
        trial = _trial(visit, length_s)
        if visit[-1].end_s - trial.start_s >= _FULL_SHARE * length_s and not _is_taken(trial, wanted):
            trials.append(trial)
    return trials


def _longest(visits: Sequence[_Visit], wanted: Wanted) -> list[Window]:
    """Return the trials of the first visits that are long enough, or of the longest ones where these are too few."""
    trials = _full(visits, wanted)
    if len(trials) == len(wanted.durations_s):
        return trials
    shortest = min(wanted.durations_s)
    free = [visit for visit in visits if not _is_taken(_trial(visit, shortest), wanted)]
    lengths = {id(visit): visit[-1].end_s - _trial(visit, shortest).start_s for visit in free}
    long_enough = [visit for visit in free if lengths[id(visit)] >= _alone(shortest)] or free
    kept = sorted(long_enough, key=lambda visit: -lengths[id(visit)])[: len(wanted.durations_s)]
    kept.sort(key=lambda visit: visit[0].start_s)
    return [_trial(visit, length_s) for visit, length_s in zip(kept, wanted.durations_s, strict=False)]


def _trial(visit: _Visit, length_s: float) -> Window:
    """Return the trial within a visit; see the module's docstring for where it begins."""
    alone_s = _alone(length_s)
    alone = [stretch for stretch in visit if stretch.length_s >= alone_s]
    own = alone[0] if alone else max(visit, key=lambda stretch: stretch.length_s)
    late = float(own.seen[0]) - own.start_s > _LATE_S
    first = visit[0]
    was_there = (first is not own and not first.after_hand) or first.seen_with_hand
    never_alone = not alone and any(stretch.after_hand or stretch.before_hand for stretch in visit)
    soon_back = len(alone) > 1 and own.length_s < min(_SETTLED_S, length_s / 2)
    start_s = float(own.seen[0]) if late else own.start_s
    return Window(
        start_s=start_s,
        end_s=start_s + length_s,
        source="found" if own.after_hand or late else "first_frame",
        until_s=visit[-1].end_s if visit[-1].before_hand else float("inf"),
        uncertain=late or was_there or soon_back or never_alone,
    )


def _alone(length_s: float) -> float:
    return min(_ALONE_S, _ALONE_SHARE * length_s)


def _is_taken(trial: Window, wanted: Wanted) -> bool:
    """Return True for a trial most of which lies in a window that the sheet gives to another session."""
    shared = [min(trial.end_s, end) - max(trial.start_s, start) for start, end in wanted.taken]
    return any(length > trial.length_s / 2 for length in shared)


def _steps(time_s: FloatArray) -> FloatArray:
    """Return how long each survey stands for; the last one as long as the median."""
    steps = np.diff(time_s)
    return np.append(steps, np.median(steps) if len(steps) else 0.0)


def _runs(where: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], where.astype(np.int8), [0]])))
    return [(int(first), int(end) - 1) for first, end in edges.reshape(-1, 2)]
