"""How long each frame counts, and where the recording has holes.

Everything that is measured in seconds (zone times, immobility, time bins) sums the durations
given here, so that variable frame rates and dropped frames are handled in one place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from csds.errors import TableError

LONGEST_FRAME_S = 0.5
"""No frame counts for longer; the rest of a longer hole in the recording is lost time."""

TOLERANCE_S = 1e-6
"""Differences of time below this are rounding of time stamps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """A stretch of the window for which no frame accounts, in seconds from the window's start."""

    start_s: float
    end_s: float


def frame_durations(time_s: ArrayLike, window_s: float) -> NDArray[np.float64]:
    """Return how long each frame counts, in seconds.

    A frame lasts until the next time stamp, the last one as long as the median of the others.
    None counts for more than 0.5 s, nor for time outside of the window. A single frame has no
    next stamp and no median: it counts 0 s.

    Parameters
    ----------
    time_s : array of shape (n,)
        Time stamps in seconds from the window's start, not falling.
    window_s : float
        Length of the window in seconds.

    Raises
    ------
    TableError
        If a time stamp is missing or smaller than the one before.

    Examples
    --------
    >>> frame_durations([0.0, 0.1, 0.2, 2.0], 10.0).round(3).tolist()
    [0.1, 0.1, 0.5, 0.1]
    """
    time = checked_times(time_s)
    if time.size == 0:
        return np.zeros(0)
    steps = np.diff(time)
    last = float(np.median(steps)) if steps.size else 0.0
    lengths = np.minimum(np.append(steps, last), LONGEST_FRAME_S)
    starts = np.clip(time, 0.0, window_s)
    ends = np.clip(time + lengths, 0.0, window_s)
    return np.asarray(ends - starts, float)


def find_holes(time_s: ArrayLike, window_s: float) -> tuple[Hole, ...]:
    """Return the stretches longer than 0.5 s within the window that no time stamp interrupts.

    The stretch before the first stamp counts as well; what lies behind the last frame is not a
    hole but the recording's end (see `recording_end`).

    Examples
    --------
    >>> find_holes([0.0, 0.1, 2.0], 10.0)
    (Hole(start_s=0.1, end_s=2.0),)
    """
    time = checked_times(time_s)
    if time.size == 0:
        return ()
    stamps = np.clip(np.concatenate([[0.0], time]), 0.0, window_s)
    (at,) = np.nonzero(np.diff(stamps) > LONGEST_FRAME_S + TOLERANCE_S)
    return tuple(Hole(start_s=float(stamps[i]), end_s=float(stamps[i + 1])) for i in at)


def recording_end(time_s: ArrayLike, window_s: float) -> float:
    """Return when the last frame within the window ends, in seconds; 0 if there is no frame.

    Examples
    --------
    >>> round(recording_end([0.0, 0.1, 0.2], 10.0), 6)
    0.3
    """
    durations = frame_durations(time_s, window_s)
    if durations.size == 0:
        return 0.0
    return float(min(np.asarray(time_s, float)[-1], window_s) + durations[-1])


def checked_times(time_s: ArrayLike) -> NDArray[np.float64]:
    """Return time stamps as an array; TableError if one is missing or smaller than the one before."""
    time = np.asarray(time_s, float)
    if not np.isfinite(time).all():
        row = int(np.argmax(~np.isfinite(time)))
        msg = f"time_s must be a number in every frame of a track, but row {row} has none"
        raise TableError(msg, hint="Remove the rows without a time stamp from the track.")
    falls = np.diff(time) < 0
    if falls.any():
        row = int(np.argmax(falls)) + 1
        msg = f"time_s must not fall from frame to frame, but row {row} has {time[row]:g} after {time[row - 1]:g}"
        raise TableError(msg, hint="Sort the track by time_s, and look whether two tracks were joined.")
    return time


def run_bounds(labels: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return first index and end index (exclusive) of every stretch of equal labels.

    Examples
    --------
    >>> [bounds.tolist() for bounds in run_bounds([1, 1, 0, 1])]
    [[0, 2, 3], [2, 3, 4]]
    """
    values = np.asarray(labels)
    if values.size == 0:
        empty = np.zeros(0, np.intp)
        return empty, empty
    changes = np.flatnonzero(values[1:] != values[:-1]) + 1
    return np.concatenate([[0], changes]).astype(np.intp), np.append(changes, values.size).astype(np.intp)
