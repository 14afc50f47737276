"""A session's metrics and flags, and time bins, from made-up tracks with known answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.behaviour.bins import measure_time_bins
from csds.behaviour.session import measure_session
from csds.errors import TableError, UsageError
from csds.model.columns import SESSION_COLUMNS, TIME_BIN_COLUMNS, TRACK_COLUMNS, names
from csds.model.protocol import BehaviourSpec
from csds.model.shapes import Rectangle, Union, Zone

FLOOR = Rectangle(left=0, top=0, right=42, bottom=42)
INTERACTION = Rectangle(left=9, top=0, right=33, bottom=14)
LEFT = Rectangle(left=0, top=33, right=9, bottom=42)
RIGHT = Rectangle(left=33, top=33, right=42, bottom=42)
ZONES = (
    Zone(name="interaction", shape=INTERACTION),
    Zone(name="corner_left", shape=LEFT),
    Zone(name="corner_right", shape=RIGHT),
    Zone(name="corners", shape=Union(shapes=(LEFT, RIGHT))),
)
NAMES = tuple(zone.name for zone in ZONES)
SPEC = BehaviourSpec()
RATE = 30.0


def stay(*places: tuple[float, float, float], rate: float = RATE) -> pd.DataFrame:
    """Return a track that trembles at each (x, y) for so many seconds, as if carried from one to the next."""
    xs = np.concatenate([np.full(round(s * rate), x) for x, _, s in places])
    ys = np.concatenate([np.full(round(s * rate), y) for _, y, s in places])
    wobble = 0.1 * np.sin(np.arange(xs.size))
    return pd.DataFrame({"time_s": np.arange(xs.size) / rate, "x_cm": xs + wobble, "y_cm": ys})


def measure(track: pd.DataFrame, window_s: float = 90.0, spec: BehaviourSpec = SPEC):
    return measure_session(track, ZONES, FLOOR, spec, window_s)


TOUR = stay((21, 7, 30), (21, 25, 10), (4, 38, 20), (38, 38, 15), (21, 7, 15))


def test_zone_times_entries_and_latencies() -> None:
    _, metrics, flags = measure(TOUR)
    assert metrics["interaction_time_s"] == pytest.approx(45)
    assert metrics["corner_left_time_s"] == pytest.approx(20)
    assert metrics["corner_right_time_s"] == pytest.approx(15)
    assert metrics["corners_time_s"] == pytest.approx(35)
    assert [metrics[f"{name}_entries"] for name in NAMES] == [2, 1, 1, 1]
    assert [metrics[f"{name}_latency_s"] for name in NAMES] == pytest.approx([0, 40, 60, 40])
    assert flags == ()


def test_counts_and_shares() -> None:
    track = TOUR.assign(detected=True, interpolated=False)
    track.loc[:269, "detected"] = False
    track.loc[:26, "interpolated"] = True
    track.loc[27:269, ["x_cm", "y_cm"]] = np.nan
    _, metrics, flags = measure(track)
    assert metrics["n_frames"] == 2700
    assert metrics["recorded_s"] == pytest.approx(90)
    assert metrics["tracked_fraction"] == pytest.approx(0.9)
    assert metrics["interpolated_fraction"] == pytest.approx(0.01)
    assert metrics["interaction_time_s"] == pytest.approx(45 - 243 / 30)
    assert flags == ("low_tracking",)


@pytest.mark.parametrize(("unknown_s", "expected"), [(1.9, ()), (2.1, ("low_tracking",))])
def test_gap_that_could_hold_more_zone_time_than_may_be_off_is_flagged(unknown_s: float, expected: tuple[str]) -> None:
    track = TOUR.assign(detected=True, interpolated=False)
    gone = track["time_s"] < unknown_s
    track.loc[gone, ["x_cm", "y_cm"]] = np.nan
    track.loc[gone, "detected"] = False
    _, metrics, flags = measure(track)
    assert metrics["tracked_fraction"] > 0.97
    assert flags == expected


def test_columns_are_the_contracts() -> None:
    track, metrics, _ = measure(TOUR.assign(own=1))
    assert track.columns.tolist() == [*names(TRACK_COLUMNS, NAMES), "own"]
    assert set(metrics) <= set(names(SESSION_COLUMNS, NAMES))
    assert track["detected"].all()
    assert not track["interpolated"].any()
    assert track["frame"].tolist() == list(range(2700))
    assert track["in_corners"].sum() == 35 * 30
    assert "speed_cm_s" not in TOUR.columns, "the argument stays as it was"


def test_empty_track_keeps_its_columns() -> None:
    track, metrics, flags = measure(TOUR.iloc[:0])
    assert track.columns.tolist() == names(TRACK_COLUMNS, NAMES)
    assert metrics["n_frames"] == 0
    assert metrics["recorded_s"] == 0
    assert np.isnan(metrics["interaction_time_s"])
    assert set(flags) == {"low_tracking", "short_recording"}


def test_without_any_position_nothing_is_zero() -> None:
    blind = TOUR.assign(x_cm=np.nan, y_cm=np.nan, detected=False)
    _, metrics, flags = measure(blind)
    assert metrics["tracked_fraction"] == 0
    missing = [name for name in metrics if "_time_s" in name or "_latency" in name or "_entries" in name]
    missing += ["distance_cm", "mean_speed_cm_s"]
    assert all(np.isnan(metrics[name]) for name in missing)
    assert "low_tracking" in flags
    assert "immobile" not in flags


def test_nose_and_body_stand_beside_the_protocols_point() -> None:
    track = TOUR.assign(
        nose_x_cm=TOUR["x_cm"], nose_y_cm=np.where(TOUR["time_s"] < 10, 20.0, TOUR["y_cm"]),
        body_length_cm=8.0, body_width_cm=3.0, body_axis_rad=0.0,
    )  # fmt: skip
    _, metrics, _ = measure(track)
    assert metrics["interaction_time_s"] == pytest.approx(45)
    assert metrics["nose_interaction_time_s"] == pytest.approx(35)
    assert metrics["nose_interaction_latency_s"] == pytest.approx(10)
    assert metrics["body_interaction_time_s"] == pytest.approx(45)
    assert not any(name.startswith("centre_") for name in metrics)

    by_nose, metrics, _ = measure(track, spec=BehaviourSpec(in_zone_by="nose"))
    assert metrics["interaction_time_s"] == metrics["nose_interaction_time_s"] == pytest.approx(35)
    assert metrics["centre_interaction_time_s"] == pytest.approx(45)
    assert by_nose["in_interaction"].sum() == 35 * 30


def test_protocols_point_missing_from_an_imported_track() -> None:
    _, metrics, flags = measure(TOUR, spec=BehaviourSpec(in_zone_by="nose"))
    assert np.isnan(metrics["interaction_time_s"])
    assert metrics["centre_interaction_time_s"] == pytest.approx(45)
    assert "point_missing" in flags
    assert not any(name.startswith(("nose_", "body_")) for name in metrics)


def test_short_recording() -> None:
    assert "short_recording" in measure(TOUR, window_s=91)[2]
    assert "short_recording" not in measure(TOUR, window_s=90.4)[2]


def test_hole_is_lost_time_and_flagged() -> None:
    track = TOUR[(TOUR["time_s"] < 10) | (TOUR["time_s"] >= 15)]
    _, metrics, flags = measure(track)
    assert metrics["recorded_s"] == pytest.approx(90 - 5 + 0.5 - 1 / 30)
    assert metrics["interaction_time_s"] == pytest.approx(45 - 5 + 0.5 - 1 / 30)
    assert metrics["interaction_entries"] == 2
    assert flags == ("dropped_frames",)


def test_immobile_animal_is_flagged_however_much_time_it_has_in_the_zone() -> None:
    rng = np.random.default_rng(0)
    still = stay((21, 7, 90)).assign(x_cm=21 + rng.normal(0, 0.001, 2700), y_cm=7.0)
    _, metrics, flags = measure(still)
    assert metrics["immobile_time_s"] == pytest.approx(90)
    assert metrics["interaction_time_s"] == pytest.approx(90)
    assert flags == ("immobile",)


def test_animal_that_sits_for_most_of_the_trial_but_walks_is_not_immobile() -> None:
    time = np.arange(2700) / 30
    track = pd.DataFrame({"time_s": time, "x_cm": np.where(time < 80, 4, 4 + 15 * (time - 80) % 30), "y_cm": 38.0})
    track["x_cm"] = np.where(time < 80, 4.0, 4 + np.abs((15 * (time - 80)) % 60 - 30))
    _, metrics, flags = measure(track)
    assert metrics["immobile_time_s"] == pytest.approx(80, abs=0.1)
    assert flags == ()


@pytest.mark.parametrize("missing", ["time_s", "x_cm", "y_cm"])
def test_track_without_a_needed_column(missing: str) -> None:
    with pytest.raises(TableError, match=missing):
        measure(TOUR.drop(columns=missing))


@st.composite
def tracks(draw: st.DrawFn) -> pd.DataFrame:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    steps = rng.choice([0.02, 0.04, 0.1, 0.7, 2.0], 150, p=[0.4, 0.4, 0.17, 0.02, 0.01])
    time = np.cumsum(steps) - steps[0]
    x, y = (np.abs((21 + np.cumsum(rng.normal(0, 2.5, 150))) % 84 - 42) for _ in range(2))
    gap = rng.random(150) < draw(st.sampled_from([0.0, 0.05, 0.5]))
    return pd.DataFrame({"time_s": time, "x_cm": np.where(gap, np.nan, x), "y_cm": np.where(gap, np.nan, y)})


@given(tracks(), st.floats(1, 30))
def test_disjoint_zones_and_the_rest_partition_the_tracked_time(track: pd.DataFrame, window_s: float) -> None:
    rest = Zone(name="rest", shape=_Rest())
    _, metrics, _ = measure_session(track, (*ZONES, rest), FLOOR, SPEC, window_s)
    known = np.isfinite(track["x_cm"].to_numpy())
    _, everywhere, _ = measure_session(track[["time_s"]].assign(x_cm=21, y_cm=7), ZONES, FLOOR, SPEC, window_s)
    parts = sum(metrics[f"{name}_time_s"] for name in ("interaction", "corner_left", "corner_right", "rest"))
    if known.all():
        assert parts == pytest.approx(metrics["recorded_s"])
    assert parts <= metrics["recorded_s"] + 1e-9 <= window_s + 1e-6
    assert everywhere["interaction_time_s"] == pytest.approx(metrics["recorded_s"])
    assert metrics["corners_time_s"] == pytest.approx(metrics["corner_left_time_s"] + metrics["corner_right_time_s"])
    for name in NAMES:
        assert (metrics[f"{name}_entries"] == 0) == bool(np.isnan(metrics[f"{name}_latency_s"]))
        assert metrics[f"{name}_entries"] == 0 or metrics[f"{name}_time_s"] >= 0.2 - 1e-5


class _Rest:
    """The floor outside of the three zones, open where they are closed."""

    def distance(self, x, y):
        return np.where(Union(shapes=(INTERACTION, LEFT, RIGHT)).distance(x, y) > 0, -1.0, 1.0)

    def outlines(self):
        return ()


@given(tracks(), st.sampled_from([0.7, 1.0, 5.0, 30.0]), st.floats(2, 30))
def test_bins_add_up_to_the_session(track: pd.DataFrame, bin_s: float, window_s: float) -> None:
    track = track[track["time_s"] < window_s]
    measured, metrics, _ = measure_session(track, ZONES, FLOOR, SPEC, window_s)
    bins = measure_time_bins(measured, ZONES, bin_s, window_s)
    assert bins["bin_start_s"].iloc[0] == 0
    assert bins["bin_end_s"].iloc[-1] == window_s
    assert (bins["bin_start_s"].to_numpy()[1:] == bins["bin_end_s"].to_numpy()[:-1]).all()
    assert bins["recorded_s"].sum() == pytest.approx(metrics["recorded_s"])
    for name in NAMES:
        assert bins[f"{name}_time_s"].sum() == pytest.approx(np.nan_to_num(metrics[f"{name}_time_s"]))
    assert bins["distance_cm"].sum() == pytest.approx(np.nan_to_num(metrics["distance_cm"]))


def test_bins_of_the_tour() -> None:
    measured, _, _ = measure(TOUR)
    bins = measure_time_bins(measured, ZONES, 20, 90)
    assert bins.columns.tolist() == names(TIME_BIN_COLUMNS, NAMES)[1:]
    assert bins["bin_end_s"].tolist() == [20, 40, 60, 80, 90]
    assert bins["interaction_time_s"].tolist() == pytest.approx([20, 10, 0, 5, 10])
    assert bins["corners_time_s"].tolist() == pytest.approx([0, 0, 20, 15, 0])


def test_bins_nobody_was_seen_in_are_empty() -> None:
    track = TOUR.copy()
    track.loc[track["time_s"].between(20, 40), ["x_cm", "y_cm"]] = np.nan
    measured, _, _ = measure(track)
    bins = measure_time_bins(measured, ZONES, 20, 90)
    assert bins["interaction_time_s"].isna().tolist() == [False, True, False, False, False]
    assert bins["distance_cm"].isna().tolist() == [False, True, False, False, False]
    assert bins["recorded_s"].iloc[1] == pytest.approx(20)


def test_bins_of_no_length() -> None:
    with pytest.raises(UsageError, match="longer than 0 s") as caught:
        measure_time_bins(measure(TOUR)[0], ZONES, 0, 90)
    assert "--time-bins" in caught.value.hint


def test_bins_of_an_empty_track() -> None:
    bins = measure_time_bins(measure(TOUR.iloc[:0])[0], ZONES, 30, 90)
    assert bins["recorded_s"].tolist() == [0, 0, 0]
    assert bins["distance_cm"].isna().all()
