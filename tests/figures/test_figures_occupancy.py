"""Occupancy conserves time, whatever the track, grid or floor."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.figures.occupancy import OccupancyGrid, occupancy
from csds.model.shapes import Circle

POINT = st.one_of(st.just((float("nan"), 1.0)), st.tuples(st.floats(-2, 32), st.floats(-2, 22)))
GRIDS = st.builds(
    OccupancyGrid,
    width_cm=st.just(30.0),
    height_cm=st.just(20.0),
    bin_cm=st.sampled_from([0.5, 1.0, 3.7]),
    smooth_cm=st.sampled_from([0.0, 0.8, 6.0, 40.0]),
    floor=st.sampled_from([None, Circle(x=15, y=10, radius=10)]),
)


@given(st.lists(st.tuples(POINT, st.floats(0, 0.5)), max_size=30), GRIDS)
def test_occupancy_sums_to_the_tracked_time(rows, grid) -> None:
    track = pd.DataFrame([point for point, _ in rows], columns=["x_cm", "y_cm"], dtype=float)
    durations = np.array([seconds for _, seconds in rows], float)
    density = occupancy(track, durations, grid)
    known = track.notna().all(axis=1).to_numpy(dtype=bool)
    assert density.shape == grid.shape
    assert (density >= 0).all()
    assert density.sum() * grid.bin_area_cm2 == pytest.approx(durations[known].sum(), abs=1e-9)


def test_a_still_animal_far_from_walls_leaves_a_gaussian() -> None:
    grid = OccupancyGrid(width_cm=42, height_cm=42, bin_cm=0.25, smooth_cm=1.5)
    track = pd.DataFrame({"x_cm": [21.125], "y_cm": [21.125]})
    density = occupancy(track, np.array([10.0]), grid)
    x, y = grid.centres()
    expected = 10.0 / (2 * np.pi * 1.5**2) * np.exp(-((x - 21.125) ** 2 + (y - 21.125) ** 2) / (2 * 1.5**2))
    assert np.allclose(density, expected, atol=0.01 * expected.max())


def test_mirroring_the_track_mirrors_the_map() -> None:
    rng = np.random.default_rng(1)
    track = pd.DataFrame({"x_cm": rng.uniform(0, 42, 200), "y_cm": rng.uniform(0, 42, 200)})
    grid, durations = OccupancyGrid(width_cm=42, height_cm=42), rng.uniform(0, 0.1, 200)
    mirrored = occupancy(track.assign(x_cm=42 - track["x_cm"]), durations, grid)
    assert np.allclose(mirrored[:, ::-1], occupancy(track, durations, grid))


def test_no_time_is_smoothed_out_of_a_round_floor() -> None:
    floor = Circle(x=20, y=20, radius=20)
    grid = OccupancyGrid(width_cm=40, height_cm=40, bin_cm=0.5, smooth_cm=3.0, floor=floor)
    density = occupancy(pd.DataFrame({"x_cm": [6.5], "y_cm": [6.5]}), np.array([1.0]), grid)
    assert (density[floor.distance(*grid.centres()) > 1.0] == 0).all()


def test_row_0_lies_at_the_enclosure_wall() -> None:
    grid = OccupancyGrid(width_cm=10, height_cm=20, bin_cm=1, smooth_cm=0)
    density = occupancy(pd.DataFrame({"x_cm": [9.5], "y_cm": [0.5]}), np.array([2.0]), grid)
    assert density[0, 9] == 2.0


def test_the_track_is_left_as_it_was() -> None:
    track = pd.DataFrame({"x_cm": [1.0, np.nan], "y_cm": [1.0, 2.0]})
    before, durations = track.copy(), np.array([0.1, np.nan])
    occupancy(track, durations, OccupancyGrid(width_cm=10, height_cm=10))
    pd.testing.assert_frame_equal(track, before)
    assert np.isnan(durations[1])
