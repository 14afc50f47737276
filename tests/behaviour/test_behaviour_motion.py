"""Distance, speed and immobility by closed forms: lines, squares, circles, jitter of known size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.behaviour.motion import immobile_frames, measure_motion
from csds.model.protocol import BehaviourSpec

PLAIN = BehaviourSpec()
REMEDIES = [
    PLAIN,
    BehaviourSpec(distance_smoothing_s=0.3),
    BehaviourSpec(distance_sample_hz=5),
    BehaviourSpec(distance_min_step_cm=0.5),
]


def path(time, x, y) -> pd.DataFrame:
    return pd.DataFrame({"time_s": np.asarray(time, float), "x_cm": np.asarray(x, float), "y_cm": np.asarray(y, float)})


def circle(rate: float, turns: int = 3, period: float = 10.0) -> pd.DataFrame:
    time = np.arange(0, turns * period + 1e-9, 1 / rate)
    return path(time, 21 + 10 * np.cos(2 * np.pi * time / period), 21 + 10 * np.sin(2 * np.pi * time / period))


def square(side: float = 30.0, seconds_a_side: float = 3.0, rate: float = 30.0) -> pd.DataFrame:
    time = np.arange(0, 4 * seconds_a_side + 1e-9, 1 / rate)
    done = time / seconds_a_side
    x = np.interp(done, [0, 1, 2, 3, 4], [0, side, side, 0, 0])
    y = np.interp(done, [0, 1, 2, 3, 4], [0, 0, side, side, 0])
    return path(time, x, y)


def test_square() -> None:
    motion = measure_motion(square(), PLAIN)
    assert motion.distance_cm == pytest.approx(120)
    assert motion.path_s == pytest.approx(12)
    assert motion.mean_speed_cm_s == pytest.approx(10)
    assert motion.speed_cm_s == pytest.approx(np.full(361, 10.0))


@pytest.mark.parametrize("rate", [15, 25, 30, 60])
def test_circle_is_a_polygon_of_its_frames(rate: float) -> None:
    """Chord of each frame: 2 r sin(π / frames a turn)."""
    motion = measure_motion(circle(rate), PLAIN)
    assert motion.distance_cm == pytest.approx(3 * rate * 10 * 2 * 10 * np.sin(np.pi / (rate * 10)))


@pytest.mark.parametrize("spec", REMEDIES)
def test_remedies_leave_a_straight_line_alone(spec: BehaviourSpec) -> None:
    time = np.arange(301) / 30
    motion = measure_motion(path(time, 3 * time, 4 * time), spec)
    assert motion.distance_cm == pytest.approx(50, rel=0.01)
    assert motion.mean_speed_cm_s == pytest.approx(5, rel=0.01)
    assert motion.speed_cm_s[:270] == pytest.approx(np.full(270, 5.0))


@pytest.mark.parametrize("spec", REMEDIES)
@given(seed=st.integers(0, 2**32 - 1))
def test_speed_sums_up_to_the_distance(spec: BehaviourSpec, seed: int) -> None:
    rng = np.random.default_rng(seed)
    time = np.cumsum(rng.uniform(0.02, 0.08, 80))
    x, y = np.cumsum(rng.normal(0, 0.4, (2, 80)), axis=1)
    motion = measure_motion(path(time, x, y), spec)
    assert np.sum(motion.speed_cm_s[:-1] * np.diff(time)) == pytest.approx(motion.distance_cm, abs=1e-9)


@pytest.mark.parametrize("spec", REMEDIES)
@given(seed=st.integers(0, 2**32 - 1), angle=st.floats(0, 2 * np.pi), dx=st.floats(-50, 50), dy=st.floats(-50, 50))
def test_shifting_and_turning_the_arena_changes_nothing(spec: BehaviourSpec, seed, angle, dx, dy) -> None:
    rng = np.random.default_rng(seed)
    time = np.cumsum(rng.uniform(0.02, 0.08, 60))
    x, y = np.cumsum(rng.normal(0, 0.4, (2, 60)), axis=1)
    turned = path(time, dx + x * np.cos(angle) - y * np.sin(angle), dy + x * np.sin(angle) + y * np.cos(angle))
    first, second = measure_motion(path(time, x, y), spec), measure_motion(turned, spec)
    assert second.distance_cm == pytest.approx(first.distance_cm, rel=1e-6, abs=1e-6)


def test_gap_is_never_bridged() -> None:
    track = square()
    track.loc[100:200, ["x_cm", "y_cm"]] = np.nan
    motion = measure_motion(track, PLAIN)
    assert motion.distance_cm == pytest.approx(99 / 3 + 159 / 3)
    assert motion.path_s == pytest.approx(99 / 30 + 159 / 30)
    assert motion.mean_speed_cm_s == pytest.approx(10)
    assert np.isnan(motion.speed_cm_s[100:201]).all()
    assert motion.speed_cm_s[[99, 201]] == pytest.approx([10, 10])


def test_hole_in_the_recording_is_never_bridged() -> None:
    motion = measure_motion(path([0, 0.5, 2.0, 2.5], [0, 1, 50, 51], [0, 0, 0, 0]), PLAIN)
    assert motion.distance_cm == pytest.approx(2)
    assert motion.speed_cm_s.tolist() == pytest.approx([2, 2, 2, 2])


def test_variable_frame_rate() -> None:
    rng = np.random.default_rng(1)
    time = np.cumsum(rng.uniform(0.01, 0.4, 200))
    motion = measure_motion(path(time, 2 * time, 0 * time), PLAIN)
    assert motion.speed_cm_s == pytest.approx(np.full(200, 2.0))
    assert motion.distance_cm == pytest.approx(2 * (time[-1] - time[0]))


def test_no_path_is_no_distance() -> None:
    for track in (path([], [], []), path([0.0], [1], [1]), path([0, 0.1, 0.2], [1, np.nan, 1], [1, np.nan, 1])):
        motion = measure_motion(track, PLAIN)
        assert np.isnan(motion.distance_cm)
        assert np.isnan(motion.mean_speed_cm_s)
        assert np.isnan(motion.speed_cm_s).all()


def test_jitter_of_a_still_animal_is_distance_until_a_remedy_is_taken() -> None:
    """Steps between independent normal positions of SD s are on average s √π long."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(0, 0.05, (2, 3001))
    still = path(np.arange(3001) / 30, x, y)
    assert measure_motion(still, PLAIN).distance_cm == pytest.approx(3000 * 0.05 * np.sqrt(np.pi), rel=0.03)
    assert measure_motion(still, BehaviourSpec(distance_sample_hz=5)).distance_cm == pytest.approx(
        500 * 0.05 * np.sqrt(np.pi), rel=0.05
    )
    assert measure_motion(still, BehaviourSpec(distance_min_step_cm=0.5)).distance_cm == 0
    assert measure_motion(still, BehaviourSpec(distance_smoothing_s=0.5)).distance_cm < 50


def test_minimal_distance_counts_from_the_last_counted_position() -> None:
    """Slow walking, 0.2 cm a frame, is counted whole in steps of 0.6 cm; what is left at the end is not."""
    x = 0.2 * np.arange(12)
    motion = measure_motion(path(np.arange(12) / 10, x, 0 * x), BehaviourSpec(distance_min_step_cm=0.55))
    assert motion.distance_cm == pytest.approx(1.8)
    assert motion.speed_cm_s[:9] == pytest.approx(np.full(9, 2.0))
    assert motion.speed_cm_s[9:] == pytest.approx(np.zeros(3))


def test_down_sampling_keeps_first_and_last_position() -> None:
    motion = measure_motion(
        path(np.arange(8) / 10, [0, 5, 0, 1, 0, 5, 0, 2], np.zeros(8)), BehaviourSpec(distance_sample_hz=10 / 3)
    )
    assert motion.distance_cm == pytest.approx(1 + 1 + 2)  # positions 0, 3, 6 and the last


def test_smoothing_is_a_centred_mean_that_shrinks_at_the_ends() -> None:
    x = [0.0, 0.0, 3.0, 0.0, 0.0]
    motion = measure_motion(path(np.arange(5) / 10, x, np.zeros(5)), BehaviourSpec(distance_smoothing_s=0.2))
    assert motion.distance_cm == pytest.approx(2.0)  # 0 1 1 1 0


def test_immobility_needs_its_time() -> None:
    speed = np.r_[np.full(9, 1.0), 5.0, np.full(10, 1.0), 5.0, np.full(10, 2.0)]
    still = immobile_frames(speed, np.full(31, 0.1), 2.0, 1.0)
    assert np.flatnonzero(still).tolist() == list(range(10, 20))


def test_unknown_speed_ends_immobility() -> None:
    speed = np.r_[np.zeros(6), np.nan, np.zeros(6)]
    assert not immobile_frames(speed, np.full(13, 0.1), 2.0, 1.0).any()
