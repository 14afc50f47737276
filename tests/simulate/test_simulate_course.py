"""The whole course of a recording: hands that bring the mouse and take it out, and what the truth says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from csds.simulate.course import join_phases, place_by_hand
from csds.simulate.hand import Reach, clear_s, is_over_floor
from csds.simulate.recording import scene_truth, simulate_recording
from csds.simulate.render import Renderer
from csds.simulate.scenarios import scenario
from csds.simulate.scene import Nuisance, corners


def small(phase="target_absent", seed=3, **changes):
    scene = scenario("clean", phase=phase, seed=seed, duration_s=4.0)
    arena = replace(scene.arena, frame_size_px=(320, 240), corners_px=corners((320, 240)))
    return replace(scene, arena=arena, fps=10.0, noise_sigma=0.0, **changes)


@pytest.fixture(scope="module")
def both():
    return join_phases(small(), small("target_present"), break_s=14.0)


def within(image, outline_px):
    low, high = outline_px.min(axis=0).astype(int), outline_px.max(axis=0).astype(int) + 1
    return image[low[1] : high[1], low[0] : high[0]]


def test_positions_are_known_while_the_mouse_is_on_the_floor_only(both):
    truth = scene_truth(both)
    table, (absent, present) = truth.table, truth.trials
    assert (absent.phase, present.phase) == ("target_absent", "target_present")
    known = table["x_cm"].notna().to_numpy()
    assert (known == table["nose_y_cm"].notna()).all()
    edges = table["time_s"].to_numpy()[1:][np.diff(known.astype(int)) != 0]
    assert len(edges) == 4
    # Down, up, down, up; each trial lies between, and lasts as long as it was asked to.
    for (down, up), trial in zip((edges[:2], edges[2:]), truth.trials, strict=True):
        assert down == trial.placed_s < trial.start_s < trial.end_s < up
        assert trial.end_s - trial.start_s == pytest.approx(4.0)


def test_the_trial_begins_with_the_first_frame_without_a_hand_over_the_floor():
    scene = place_by_hand(small(behaviour="still", shadow=0.0), glove_grey=235.0, sleeve_grey=235.0)
    renderer, (trial,) = Renderer(scene), scene_truth(scene).trials
    x, y = np.array(scene.arena.corners_px).T
    floor = slice(int(y.min()) + 3, int(y.max()) - 2), slice(int(x.min()) + 3, int(x.max()) - 2)
    first = round(trial.start_s * scene.fps)

    def hand_pixels(index):
        # A white hand on a grey floor is brighter than anything else.
        return int((renderer.frame(index)[floor] > 200).sum())

    assert hand_pixels(first) == hand_pixels(first + 20) == 0
    assert hand_pixels(first - 3) > 10
    # And through the trial nothing reaches in, but after it something does.
    last = round(trial.end_s * scene.fps)
    assert max(hand_pixels(index) for index in range(first, last, 5)) == 0
    assert max(hand_pixels(index) for index in range(last, last + 25)) > 100


def test_the_mouse_is_seen_where_truth_says_and_nowhere_else(both):
    renderer, truth = Renderer(both), scene_truth(both)
    x, y = (slice(int(v.min()) + 2, int(v.max()) - 1) for v in np.array(both.arena.corners_px).T)

    def dark(index):
        # The hand is lighter than black fur; the enclosure's wire lies in the upper rows.
        return (renderer.frame(index)[y, x][40:] < 45).sum()

    trial = truth.trials[0]
    assert dark(round(both.fps * (trial.start_s + 1))) > 150
    assert dark(0) == dark(len(renderer) - 1) == 0
    at_break = round(both.fps * (trial.end_s + truth.trials[1].placed_s) / 2)
    assert truth.table["x_cm"].isna()[at_break]
    assert dark(at_break) == 0


def test_the_target_comes_between_the_phases(both):
    renderer, (absent, present) = Renderer(both), scene_truth(both).trials
    (outline,) = both.enclosure.outlines()
    box = np.column_stack(both.arena.to_px(*outline.T))
    before, after = (within(renderer.frame(round(both.fps * (t.start_s + 2))), box) for t in (absent, present))
    # White fur shows between the wires.
    assert after.max() > before.max() + 25


def test_both_phases_differ_and_are_each_other_s_like_single_ones(both):
    table, (absent, present) = (truth := scene_truth(both)).table, truth.trials
    paths = [
        table.loc[table["time_s"].between(trial.start_s, trial.end_s), "x_cm"].to_numpy()[:39]
        for trial in (absent, present)
    ]
    assert np.abs(paths[0] - paths[1]).max() > 1
    assert not np.isnan(np.concatenate(paths)).any()


def test_how_recordings_begin_and_end():
    placed = scene_truth(place_by_hand(small(), begins="placed", ends="cut"))
    assert placed.trials[0].start_s == placed.trials[0].placed_s == 0.0
    assert placed.table["x_cm"].notna().all()
    assert placed.table["time_s"].iloc[-1] == pytest.approx(4.0, abs=0.15)
    early = scene_truth(place_by_hand(small(), ends="cut", short_s=1.5))
    assert early.table["time_s"].iloc[-1] == pytest.approx(early.trials[0].end_s - 1.5, abs=0.15)
    begun = place_by_hand(small(), begins="hand")
    assert scene_truth(begun).trials[0].start_s < 3.5
    empty, at_hand = (Renderer(scene) for scene in (place_by_hand(small()), begun))
    assert (empty.frame(4) != at_hand.frame(4)).mean() > 0.02


def test_a_hand_that_comes_back_belongs_to_the_placing():
    once, again = place_by_hand(small()), place_by_hand(small(), returns_after_s=1.0)
    first, second = scene_truth(once).trials[0], scene_truth(again).trials[0]
    assert first.placed_s == second.placed_s
    assert second.start_s > first.start_s + 1.0 + 1.5
    assert scene_truth(again).table.set_index("time_s")["x_cm"].loc[second.placed_s : second.end_s].notna().all()


def test_cloth_target_and_lights():
    scene = place_by_hand(
        small("target_present"), cloth_grey=30.0, target_by_hand=True, lights_out=True, returns_after_s=None
    )
    renderer, (trial,) = Renderer(scene), scene_truth(scene).trials
    middle = np.column_stack(scene.arena.to_px(np.array([16.0, 26.0]), np.array([28.0, 36.0])))
    cloth, lit, dim = (
        within(renderer.frame(round(scene.fps * time)), middle).mean() for time in (1.0, 11.0, trial.end_s - 0.5)
    )
    assert cloth < 60
    assert lit == pytest.approx(1.45 * dim, rel=0.12)


def test_a_hand_moves_smoothly_in_and_out():
    reach = Reach(
        start_s=1.0,
        touch_s=2.5,
        leave_s=3.0,
        end_s=4.0,
        contact_px=(160.0, 120.0),
        from_px=(460.0, 150.0),
        px_per_cm=5.0,
    )
    times = np.arange(1.0, 4.0, 0.02)
    way = np.array([reach.shift_px(time) for time in times])
    speed = np.hypot(*np.diff(way, axis=0).T) / 0.02
    assert speed.max() < 2.2 * 300
    assert np.abs(np.diff(speed)).max() < 0.1 * speed.max()
    np.testing.assert_allclose(reach.shift_px(2.7), 0.0, atol=1e-9)
    np.testing.assert_allclose(reach.shift_px(1.0), (300, 30), atol=1e-6)
    arena = small().arena
    gone = clear_s(reach, arena)
    assert is_over_floor(reach, arena, gone - 0.01)
    assert not is_over_floor(reach, arena, gone + 0.01)


def test_the_hand_of_a_nuisance_passes_over_the_floor_and_leaves_truth_alone():
    plain = small(behaviour="still", place="far_left")
    reached = replace(plain, duration_s=8.0, nuisances=(Nuisance(name="hand"),))
    renderer, without = Renderer(reached), Renderer(replace(reached, nuisances=()))
    x, y = (slice(int(v.min()), int(v.max())) for v in np.array(plain.arena.corners_px).T)
    shares = [(renderer.frame(index) != without.frame(index))[y, x].mean() for index in range(0, len(renderer), 2)]
    assert max(shares) > 0.05
    assert min(shares) == 0
    pd.testing.assert_frame_equal(scene_truth(reached).table, scene_truth(replace(reached, nuisances=())).table)


def test_trials_are_saved(tmp_path, both):
    truth = simulate_recording(place_by_hand(small(), ends="cut"), tmp_path / "a.mp4")
    truth.save_trials(tmp_path / "a.trials.csv")
    back = pd.read_csv(tmp_path / "a.trials.csv")
    assert back.columns.tolist() == ["phase", "placed_s", "start_s", "end_s"]
    assert back["start_s"].iloc[0] == pytest.approx(truth.trials[0].start_s, abs=1e-5)
    assert back["start_s"].iloc[0] in truth.table["time_s"].round(6).to_numpy()
