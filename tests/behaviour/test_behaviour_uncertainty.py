"""The errors of the measurement: closed forms, what they leave alone, and that intervals hold the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.coverage import KINDS, Errors, Trial, count, fewest_held, measure_animal
from csds.behaviour.gaps import DRIFT_CM_PER_SQRT_S, unseen_moments
from csds.behaviour.sensitivity import EDGE_SHIFTS_CM, ZoneReadings, read_zone
from csds.behaviour.session import measure_session
from csds.behaviour.uncertainty import (
    DRAWS,
    POINT_ERRORS,
    SessionErrors,
    corner_weights,
    draw_zone_times,
    interval,
)
from csds.behaviour.zones import edge_distances, zone_membership
from csds.model.arena import Arena, project, solve_homography
from csds.model.protocol import BehaviourSpec
from csds.model.shapes import Rectangle, Zone

ARENA = Arena(
    name="A",
    shape="rectangle",
    width_cm=42,
    height_cm=42,
    frame_size_px=(640, 480),
    corners_px=((110, 30), (530, 30), (530, 450), (110, 450)),
)
ZONE = Rectangle(left=9, top=0, right=33, bottom=14)
SPEC = BehaviourSpec()
ERRORS = SessionErrors(arena=ARENA, start_sd_s=0.0, phase="target_absent")


def path(y_cm: np.ndarray, fps: float = 10.0, x_cm: float = 21.0) -> pd.DataFrame:
    time = np.arange(y_cm.size) / fps
    return pd.DataFrame({"time_s": time, "x_cm": np.full(y_cm.size, x_cm), "y_cm": y_cm})


def draws(track: pd.DataFrame, errors: SessionErrors = ERRORS) -> np.ndarray:
    return draw_zone_times(track, ZONE, SPEC, len(track) / 10, errors)


def test_far_from_the_edge_there_is_nothing_to_doubt() -> None:
    track = path(np.repeat([5.0, 30.0], 300))
    assert (draws(track) == 30.0).all()


def test_slow_crossings_shift_by_the_edges_error_times_seconds_per_cm() -> None:
    # One crossing at 0.05 cm/s: 20 s for each cm that the edge moves.
    track = path(np.linspace(9.0, 19.0, 2000))
    point = POINT_ERRORS["centre"]
    # At the middle of the edge, a third down: the corners' weights by a bilinear rule.
    weights = np.array([1 / 2, 1 / 2, 0, 0]) * 2 / 3 + np.array([0, 0, 1 / 2, 1 / 2]) / 3
    steady = np.hypot(ERRORS.corner_sd_cm * np.sqrt((weights**2).sum()), point.steady_cm)
    # The changing error has the animal on the other side for stretches of its time constant: over the whole crossing
    # the variance of the time is 2τ ∫ p (1 − p) dt with p = Φ(vt / σ), which is 2τσ / (v√π).
    changing = 2 * point.time_constant_s * point.changing_cm / (0.05 * np.sqrt(np.pi))
    sd = np.sqrt((20.0 * steady) ** 2 + changing)
    assert draws(track).std() == pytest.approx(sd, rel=0.12)
    assert draws(track).mean() == pytest.approx(100.0, abs=sd * 4 / np.sqrt(DRAWS))


def test_an_animal_on_the_edge_may_have_been_in_or_out_all_the_time() -> None:
    low, high = interval(draws(path(np.full(600, 14.0))), 60.0)
    assert low < 15.0
    assert high == 60.0


def test_a_late_start_takes_the_first_seconds_and_gives_as_many_of_the_last() -> None:
    starts_inside = path(np.repeat([5.0, 30.0], 300))
    late = replace(ERRORS, start_sd_s=0.5)
    assert draws(starts_inside, late).std() == pytest.approx(0.5, rel=0.15)
    never_leaves = path(np.full(600, 5.0))
    assert draws(never_leaves, late).std() == pytest.approx(0.0, abs=1e-9)


def test_phases_share_their_corners_where_they_share_the_arena() -> None:
    # Without errors of the point all that is left are the corners.
    track = path(np.linspace(9.0, 19.0, 2000))
    present = replace(ERRORS, phase="target_present")
    moved = tuple((x + 1.0, y) for x, y in ARENA.corners_px)
    elsewhere = replace(present, arena=replace(ARENA, corners_px=moved))
    shared = np.corrcoef(draws(track), draws(track, present))[0, 1]
    apart = np.corrcoef(draws(track), draws(track, elsewhere))[0, 1]
    assert shared > 0.35
    assert abs(apart) < 0.2


def test_found_corners_are_worse_the_less_confidence_there_is() -> None:
    found = [replace(ERRORS, arena=replace(ARENA, source="detected", confidence=c)).corner_sd_cm for c in (0, 0.5, 1)]
    assert found == sorted(found, reverse=True)
    assert found[0] == pytest.approx(0.8 / np.sqrt(2), abs=0.01)
    assert found[2] == ERRORS.corner_sd_cm


def test_draws_are_the_same_again_and_those_of_the_arena_by_its_corners_alone() -> None:
    track = path(np.linspace(9.0, 19.0, 400))
    assert (draws(track) == draws(track)).all()
    named = replace(ERRORS, arena=replace(ARENA, name="B"))
    assert (draws(track) == draws(track, named)).all()


def test_corner_weights_are_those_of_small_homographies() -> None:
    rng = np.random.default_rng(5)
    off = rng.normal(0.0, 0.01, (4, 2))
    corners = np.asarray(ARENA.corners_cm, float)
    x, y = rng.uniform(0, 42, (2, 50))
    exact = np.stack(project(solve_homography(corners, corners + off), x, y), axis=1) - np.stack([x, y], axis=1)
    linear = corner_weights(ARENA, x, y) @ off.T.ravel()
    assert np.abs(exact - linear).max() < 2e-5


class TestGaps:
    def test_what_is_lost_beside_the_zone_may_have_been_in_it(self) -> None:
        track = path(np.concatenate([np.full(200, 18.0), np.full(100, np.nan), np.full(200, 18.0)]))
        found = draws(track)
        assert 0.0 < np.mean(found > 1.0) < 1.0
        assert found.min() == 0.0
        assert found.max() <= 10.0 + 1e-9

    def test_what_is_lost_far_away_for_a_moment_can_not(self) -> None:
        track = path(np.concatenate([np.full(200, 38.0), np.full(7, np.nan), np.full(200, 38.0)]))
        assert (draws(track) == 0.0).all()

    def test_an_interpolated_stretch_across_the_edge_is_in_doubt(self) -> None:
        y = np.concatenate([np.full(200, 5.0), np.linspace(5, 25, 6)[1:-1], np.full(200, 25.0)])
        track = path(y).assign(interpolated=False)
        sure = draws(track)
        track.loc[200:203, "interpolated"] = True
        unsure = draws(track)
        assert unsure.std() > sure.std()
        assert unsure.mean() == pytest.approx(sure.mean(), abs=0.2)

    def test_holes_of_the_recording_are_gaps_but_for_half_a_second(self) -> None:
        track = path(np.full(40, 20.0))
        track.loc[20:, "time_s"] += 4.0
        moments = unseen_moments(track, 8.0, "centre")
        assert moments.duration_s.sum() == pytest.approx(4.0 + 0.1 - 0.5)
        # A bridge is widest in its middle, by s · √(g / 4).
        assert moments.spread_cm.max() == pytest.approx(DRIFT_CM_PER_SQRT_S * np.sqrt(4.1 / 4), rel=0.01)

    def test_a_gap_at_the_end_opens_to_one_side(self) -> None:
        track = path(np.where(np.arange(100) < 60, 20.0, np.nan))
        moments = unseen_moments(track, 10.0, "centre")
        assert moments.duration_s.sum() == pytest.approx(4.0)
        assert (np.diff(moments.spread_cm) > 0).all()
        assert set(moments.y_cm) == {20.0}

    def test_a_track_without_the_point_has_no_draws(self) -> None:
        assert np.isnan(draws(path(np.full(50, np.nan)))).all()


class TestReadings:
    def test_the_protocols_own_reading_is_the_measured_time(self) -> None:
        track = path(np.linspace(2.0, 38.0, 500)).assign(nose_x_cm=21.0)
        track["nose_y_cm"] = track["y_cm"] - 3.0
        zones = (Zone(name="interaction", shape=ZONE), Zone(name="corners", shape=ZONE))
        table, metrics, _ = measure_session(track, zones, ARENA.floor, SPEC, 50.0)
        found = read_zone(table, ZONE, SPEC, 50.0, ERRORS)
        assert found is not None
        assert found.readings[0].way == ("centre", 0.0, 1.0)
        assert found.readings[0].time_s == metrics["interaction_time_s"]
        assert len(found.readings) == 2 * 2 * len(EDGE_SHIFTS_CM)
        times = {reading.way: reading.time_s for reading in found.readings}
        # 36 cm in 50 s: a centimetre more of zone is 50 / 36 s more, and the nose is 3 cm ahead.
        per_cm = 50 / 36
        assert times["centre", 1.0, 1.0] - times["centre", 0.0, 1.0] == pytest.approx(per_cm, abs=0.1)
        assert times["nose", 0.0, 1.0] - times["centre", 0.0, 1.0] == pytest.approx(3 * per_cm, abs=0.1)
        # The first 40 of 50 s hold all of the stay: scaled to the whole window it is 5/4 as long.
        assert times["centre", 0.0, 0.8] == pytest.approx(times["centre", 0.0, 1.0] * 1.25)
        assert found.metrics()["interaction_edge_s_per_cm"] == pytest.approx(per_cm, abs=0.1)
        again = ZoneReadings.from_record(found.to_record())
        assert again.readings == found.readings
        assert again.draws_s == pytest.approx(found.draws_s, abs=1e-4)

    @pytest.mark.parametrize("lost", [slice(200, 240), slice(0, 40), slice(460, 500)])
    def test_a_nose_that_is_lost_for_a_moment_is_taken_on_by_its_lead(self, lost: slice) -> None:
        # Through the zone's edge at 14 cm, both ways, with the nose 3 cm ahead of the centre.
        track = path(14.0 - 10.0 * np.sin(np.linspace(0.0, 4 * np.pi, 500))).assign(nose_x_cm=21.0)
        track["nose_y_cm"] = track["y_cm"] - 3.0
        gapped = track.copy()
        gapped.iloc[lost, gapped.columns.get_loc("nose_y_cm")] = np.nan
        whole, found = (read_zone(table, ZONE, SPEC, 50.0, ERRORS) for table in (track, gapped))
        assert whole is not None
        assert found is not None
        assert [r.time_s for r in found.readings] == pytest.approx([r.time_s for r in whole.readings], abs=1e-9)

    def test_an_unreliable_nose_is_not_read(self) -> None:
        track = path(np.full(100, 5.0)).assign(nose_x_cm=21.0, nose_y_cm=3.0)
        track.loc[:19, "nose_y_cm"] = np.nan
        found = read_zone(track, ZONE, SPEC, 10.0, ERRORS)
        assert found is not None
        assert {reading.by for reading in found.readings} == {"centre"}

    def test_no_position_is_no_reading(self) -> None:
        assert read_zone(path(np.full(50, np.nan)), ZONE, SPEC, 5.0, ERRORS) is None

    def test_a_shrunk_zone_keeps_its_wall(self) -> None:
        distance = edge_distances(path(np.array([0.0, 0.3, 13.5, 14.5])), ZONE, ARENA.floor, "centre")
        assert distance.tolist() == pytest.approx([-12.0, -12.0, -0.5, 0.5])

    def test_body_distances_and_membership_agree(self) -> None:
        rng = np.random.default_rng(2)
        body = pd.DataFrame(
            {
                "time_s": np.arange(400) / 10,
                "x_cm": rng.uniform(2, 40, 400),
                "y_cm": rng.uniform(2, 24, 400),
                "body_length_cm": 8.0,
                "body_width_cm": 3.5,
                "body_axis_rad": rng.uniform(0, np.pi, 400),
            }
        )
        for share in (0.25, 0.5, 0.8):
            inside = zone_membership(body, [Zone(name="z", shape=ZONE)], ARENA.floor, "body", share)["z"].to_numpy()
            assert ((edge_distances(body, ZONE, ARENA.floor, "body", share) <= 0) == inside).all()


class TestCoverage:
    """Counted on true paths of simulated mice, with errors that are made by other means than the draws."""

    @staticmethod
    def trials(errors: Errors) -> list[Trial]:
        found = (
            measure_animal(seed, errors=errors, draw=draw, seconds=25.0, fps=10.0)
            for seed in range(300, 315)
            for draw in range(3)
        )
        return [trial for trial in found if trial is not None]

    @pytest.mark.parametrize("kind", ["good video", "arena found, little confidence", "animal lost now and then"])
    def test_intervals_hold_the_truth_as_often_as_they_say(self, kind: str) -> None:
        trials = self.trials(KINDS[kind])
        held, width = count(trials)
        # If 95 % hold in the mean, so few do by chance alone once in a thousand times.
        assert (held * len(trials) >= fewest_held(len(trials))).all(), held
        assert (width > 0).all()

    def test_errors_that_are_not_reckoned_with_are_noticed(self) -> None:
        """The count can fail: corners six times as bad as is reckoned with."""
        held, _ = count(self.trials(Errors(corner_sd_cm=1.2)))
        assert held[2] < 0.85
