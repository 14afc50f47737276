"""Entries into a zone and the latency to the first of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from csds.behaviour.timing import TOLERANCE_S, run_bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """When entries into a zone began, in seconds from the window's start."""

    entry_times_s: tuple[float, ...]

    @property
    def entries(self) -> int:
        """Number of entries."""
        return len(self.entry_times_s)

    @property
    def latency_s(self) -> float:
        """Time of the first entry; NaN where there is none (censored at the window's end)."""
        return self.entry_times_s[0] if self.entry_times_s else float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameStates:
    """What is known of each frame: its time stamp, its duration (s), and whether a position is known."""

    time_s: ArrayLike
    duration_s: ArrayLike
    known: ArrayLike


def find_visits(inside: ArrayLike, frames: FrameStates, min_in_s: float = 0.2, min_out_s: float = 0.2) -> Visits:
    """Return the entries into a zone.

    An entry starts when the animal is in the zone for at least ``min_in_s`` after being out of it
    for at least ``min_out_s``, so that a point trembling on the edge makes no entries. Starting
    inside counts as one; so does a first stay that follows a shorter time outside than
    ``min_out_s``, since nothing says that the animal came from outside.

    Frames without a known position are neither in nor out: what lies before and behind such a gap
    is joined. An animal that is in before and in behind has not entered anew; one that is out
    before and in behind enters at the first frame behind the gap.

    Parameters
    ----------
    inside : array of bool, shape (n,)
        Whether the animal is in the zone.
    frames : FrameStates
        Time stamps, durations and knowledge of the same n frames.
    min_in_s, min_out_s : float
        The shortest stay and the shortest absence that count, in seconds.

    Examples
    --------
    >>> time = np.arange(20) * 0.1
    >>> inside = [0] * 5 + [1] * 5 + [0] + [1] * 4 + [0] * 5
    >>> frames = FrameStates(time_s=time, duration_s=np.full(20, 0.1), known=np.ones(20, bool))
    >>> find_visits(inside, frames)
    Visits(entry_times_s=(0.5,))
    """
    known = np.asarray(frames.known, bool)
    is_in = np.asarray(inside, bool)[known]
    time = np.asarray(frames.time_s, float)[known]
    elapsed = np.concatenate([[0.0], np.cumsum(np.asarray(frames.duration_s, float)[known])])
    entries: list[float] = []
    staying = False
    for first, end in zip(*run_bounds(is_in), strict=True):
        lasted = elapsed[end] - elapsed[first] + TOLERANCE_S
        if not is_in[first]:
            staying = staying and lasted < min_out_s
        elif lasted >= min_in_s and not staying:
            entries.append(float(time[first]))
            staying = True
    return Visits(entry_times_s=tuple(entries))
