"""Zone times and distance in consecutive stretches of the window: defeat delays investigation.

A single sum over the trial hides when the animal went where; in a long test defeated mice
approach late rather than never (Henriques-Alves and Queiroz 2016, Front Behav Neurosci 9:364,
doi:10.3389/fnbeh.2015.00364).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csds.behaviour.motion import path_stretches
from csds.behaviour.timing import TOLERANCE_S, frame_durations
from csds.behaviour.zones import known_frames
from csds.errors import UsageError
from csds.model.columns import TIME_BIN_COLUMNS, names
from csds.model.protocol import Point
from csds.model.shapes import FloatArray, Zone


def measure_time_bins(
    track: pd.DataFrame, zones: Sequence[Zone], bin_s: float, window_s: float, by: Point = "centre"
) -> pd.DataFrame:
    """Return zone times and distance of each time bin.

    The bins' values add up to the session's. A frame, or a step of the path, that lies across the
    edge of two bins counts in each with its share. The last bin is shorter where the window is
    not a multiple of ``bin_s``. A bin without any known position has NaN, not 0.

    Parameters
    ----------
    track : DataFrame
        As `csds.behaviour.session.measure_session` returns it, with ``speed_cm_s`` and ``in_<zone>``.
    zones : sequence of Zone
        The protocol's zones.
    bin_s, window_s : float
        Length of a bin and of the window in seconds.
    by : {"centre", "nose", "body"}
        The point that ``in_<zone>`` goes by.

    Returns
    -------
    DataFrame
        Columns of `csds.model.columns.TIME_BIN_COLUMNS` without ``session_id``.

    Raises
    ------
    UsageError
        If ``bin_s`` isn't above 0.
    """
    if not bin_s > 0:
        msg = f"time bins must be longer than 0 s, but {bin_s:g} s was asked for"
        raise UsageError(msg, hint="Give the length of a bin in seconds, such as --time-bins 30.")
    count = max(1, int(np.ceil((window_s - TOLERANCE_S) / bin_s)))
    edges = np.append(np.arange(count) * bin_s, window_s)
    time = np.asarray(track["time_s"].to_numpy(dtype=float), float)
    duration = frame_durations(time, window_s)
    position = known_frames(track, "centre")
    speed, lasted = _path_speed(track, time, position)

    columns: dict[str, object] = {"bin_start_s": edges[:-1], "bin_end_s": edges[1:]}
    has_point = _binned(time, duration, known_frames(track, by), edges) > 0
    for zone in zones:
        inside = track[f"in_{zone.name}"].to_numpy(dtype=bool)
        columns[f"{zone.name}_time_s"] = np.where(has_point, _binned(time, duration, inside, edges), np.nan)
    has_path = _binned(time, lasted, speed >= 0, edges) > 0
    columns["distance_cm"] = np.where(has_path, _binned(time, lasted, speed, edges), np.nan)
    columns["recorded_s"] = _binned(time, duration, np.ones(time.size), edges)
    order = [name for name in names(TIME_BIN_COLUMNS, tuple(zone.name for zone in zones)) if name in columns]
    return pd.DataFrame({name: columns[name] for name in order})


def _path_speed(track: pd.DataFrame, time: FloatArray, position: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Return the speed over the step that begins at each frame (NaN where none does), and how long that takes."""
    speed = np.full(time.size, np.nan)
    lasted = np.zeros(time.size)
    measured = np.asarray(track["speed_cm_s"].to_numpy(dtype=float), float)
    for part in path_stretches(time, position):
        steps = slice(part.start, part.stop - 1)
        speed[steps] = measured[steps]
        lasted[steps] = np.diff(time[part])
    return speed, lasted


def _binned(time: FloatArray, lasted: FloatArray, rate: NDArray[np.generic], edges: FloatArray) -> FloatArray:
    """Return the integral of a rate that holds from each stamp for ``lasted`` seconds, over each bin."""
    if time.size == 0:
        return np.zeros(edges.size - 1)
    amounts = np.nan_to_num(np.asarray(rate, float)) * lasted
    total = np.cumsum(amounts)
    ends = np.column_stack([time, time + lasted]).ravel()
    sums = np.column_stack([total - amounts, total]).ravel()
    return np.diff(np.interp(edges, ends, sums))
