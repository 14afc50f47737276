"""Lines are drawn where the animal was known to be, and nowhere else."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from csds.figures.paths import known_runs, path_lines, positions_at


def steps_of(lines) -> set[tuple[float, float]]:
    """Return pairs of x that lines join; x is the row number in these tests."""
    return {(float(a[0]), float(b[0])) for line in lines for a, b in itertools.pairwise(line)}


def numbered(n: int, **columns) -> pd.DataFrame:
    rows = np.arange(float(n))
    return pd.DataFrame({"time_s": rows / 30, "x_cm": rows, "y_cm": rows, **columns})


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=40))
def test_lines_join_exactly_the_known_neighbours(rows) -> None:
    track = numbered(len(rows), interpolated=[filled for _, filled, _ in rows])
    track["time_s"] = np.cumsum([0.8 if hole else 0.03 for *_, hole in rows]) if rows else []
    known = np.array([known for known, *_ in rows], bool)
    track.loc[~known, "x_cm"] = np.nan
    lines = path_lines(track)
    joined = {(i, i + 1) for i in range(len(rows) - 1) if known[i] and known[i + 1] and not rows[i + 1][2]}
    filled = {(a, b) for a, b in joined if rows[a][1] or rows[b][1]}
    assert steps_of(lines.solid.lines) == joined - filled
    assert steps_of(lines.dashed.lines) == filled
    assert steps_of(lines.runs) == joined
    drawn = {end for pair in joined for end in pair}
    assert set(lines.lone[:, 0]) == set(np.flatnonzero(known)) - drawn


def test_long_tracks_are_thinned_without_bridging_gaps() -> None:
    track = numbered(40_000)
    track.loc[20_000:20_100, "x_cm"] = np.nan
    lines = path_lines(track)
    assert len(lines.solid.lines) < 1500
    assert sum(len(line) for line in lines.solid.lines) < 10_000
    ends = {float(run[0, 0]) for run in lines.runs} | {float(run[-1, 0]) for run in lines.runs}
    assert ends == {0.0, 19_999.0, 20_101.0, 39_999.0}
    assert all(b <= 19_999 or a >= 20_101 for a, b in steps_of(lines.solid.lines))


def test_times_rise_along_the_path() -> None:
    times = path_lines(numbered(2000)).solid.times_s
    assert (np.diff(times) > 0).all()
    assert 0 <= times[0] < times[-1] <= 2000 / 30


def test_an_empty_track_has_no_lines() -> None:
    lines = path_lines(numbered(0))
    assert (lines.runs, lines.solid.lines, lines.dashed.lines, len(lines.lone)) == ((), (), (), 0)


def test_nullable_columns_are_read() -> None:
    track = numbered(3, interpolated=pd.array([False, None, False], dtype="boolean"))
    track["x_cm"] = pd.array([0.0, 1.0, None], dtype="Float64")
    assert steps_of(path_lines(track).solid.lines) == {(0.0, 1.0)}


def test_runs_of_nothing() -> None:
    assert known_runs(np.zeros(0), np.zeros(0), np.zeros(0)) == ()


def test_positions_are_those_of_the_nearest_frames() -> None:
    places = positions_at(numbered(10), (0.0, 3.1 / 30, 99.0))
    assert places[:, 0].tolist() == [0.0, 3.0, 9.0]
    assert np.isnan(positions_at(numbered(0), (1.0,))).all()
