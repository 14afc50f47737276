"""Small pictures of moments that a person may want to check, kept while a recording streams by."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from csds.background.masks import Picture

#: Moments that are shown of a trial, s from its start and from its end.
AT_START_S = (-2.0, -1.0, -0.5, 0.0, 1.0, 2.0)
AT_END_S = (-1.0, 0.0, 1.0)

#: The trial may turn out to start a little after a mark, s: the last fingers are still a hand.
_SOON_AFTER_S = (0.2, 0.4)
#: No two pictures are kept that lie nearer to each other, s.
_STEP_S = 0.15
#: A picture stands for a moment at most so far from it, s.
_NEAR_S = 0.3
#: Pictures of moments that are kept at most, and pictures spread over the whole recording.
_MOST, _SPREAD = 300, 12


@dataclass(slots=True, kw_only=True)
class Thumbnails:
    """Pictures around moments that are marked as they come; memory is bounded whatever the recording does.

    Parameters
    ----------
    lengths_s : sequence of float
        How long after a mark a trial that starts there ends.
    """

    lengths_s: Sequence[float] = ()
    _recent: deque[tuple[float, Picture]] = field(init=False, default_factory=deque)
    _asked: list[float] = field(init=False, default_factory=list)
    _kept: dict[float, Picture] = field(init=False, default_factory=dict)
    _spread: list[tuple[float, Picture]] = field(init=False, default_factory=list)
    _spread_step_s: float = field(init=False, default=1.0)

    def see(self, time_s: float, picture: Picture, *, mark: bool) -> None:
        """Take in the picture of a moment, in order of time; ``mark`` where a trial may start or end there."""
        if mark:
            ends = (length + offset for length in self.lengths_s for offset in AT_END_S)
            self._asked += [time_s + offset for offset in (*AT_START_S, *_SOON_AFTER_S, *ends)]
            self._asked = sorted(self._asked)[: 3 * _MOST]
        elif self._recent and time_s < self._recent[-1][0] + _STEP_S:
            return
        self._recent.append((time_s, picture))
        while self._recent[0][0] < time_s + min(AT_START_S) - 2 * _NEAR_S:
            self._recent.popleft()
        while self._asked and self._asked[0] <= time_s:
            moment = self._asked.pop(0)
            near, shown = min(self._recent, key=lambda item: abs(item[0] - moment))
            self._kept[near] = shown
        while len(self._kept) > _MOST:
            del self._kept[min(self._kept)]
        if not self._spread or time_s >= self._spread[-1][0] + self._spread_step_s:
            self._spread.append((time_s, picture))
            if len(self._spread) > 2 * _SPREAD:
                self._spread, self._spread_step_s = self._spread[::2], 2 * self._spread_step_s

    def around(self, start_s: float, end_s: float) -> list[tuple[float, Picture]]:
        """Return the pictures around a trial's start and end that there are, with their times, in order."""
        there = self._kept | dict(self._recent)
        found: dict[float, Picture] = {}
        for moment in (*(start_s + offset for offset in AT_START_S), *(end_s + offset for offset in AT_END_S)):
            near = min(there, key=lambda time_s: abs(time_s - moment), default=float("inf"))
            if abs(near - moment) <= _NEAR_S:
                found[near] = there[near]
        return sorted(found.items(), key=lambda item: item[0])

    def spread(self) -> list[tuple[float, Picture]]:
        """Return pictures spread over what has been seen."""
        step = max(1, -(-len(self._spread) // _SPREAD))
        return self._spread[::step]
