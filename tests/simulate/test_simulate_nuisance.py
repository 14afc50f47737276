"""Nuisances by name: each does to the recording, in numbers, what it says."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
import pytest

from csds.errors import SimulationError, UsageError
from csds.model.arena import Arena
from csds.model.shapes import Circle
from csds.simulate.acts import see_from_above
from csds.simulate.box import Box, View
from csds.simulate.camera import Camera
from csds.simulate.nuisance import NUISANCES, parse_nuisance
from csds.simulate.recording import scene_truth, simulate_recording
from csds.simulate.render import Renderer
from csds.simulate.scenarios import scenario
from csds.simulate.scene import Encoding, Nuisance, corners

# What these say of time or place differs from an undisturbed recording's.
OF_THE_RECORDER = {"compression", "repeated_frames", "dropped_frames", "timestamp_gaps"}
OF_THE_SUBJECT = {"rearing", "climbing", "no_mouse"}


def small(*names, size=(320, 240), strength=1.0, **changes):
    """A scene that is quick to draw, without noise, with the nuisances named."""
    arena = Arena(name="A", shape="rectangle", width_cm=42, height_cm=42, frame_size_px=size, corners_px=corners(size))
    changes = {"arena": arena} | changes
    scene = replace(scenario("clean", seed=2), fps=20.0, duration_s=2.0, noise_sigma=0.0)
    return replace(scene, nuisances=tuple(Nuisance(name=name, strength=strength) for name in names), **changes)


def frames_of(scene, indices=None):
    renderer = Renderer(scene)
    return np.stack([renderer.frame(index) for index in (range(len(renderer)) if indices is None else indices)])


def decode(path: Path):
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [frame.to_ndarray()[: frame.height] for frame in frames], np.array([float(frame.time) for frame in frames])


def floor_patch(frame):
    """A corner of the floor where nothing happens in the scenes below."""
    return frame[..., 190:210, 75:95].astype(float)


@pytest.mark.parametrize("name", sorted(set(NUISANCES) - OF_THE_RECORDER - OF_THE_SUBJECT))
def test_every_nuisance_changes_the_picture_and_not_the_truth(name):
    plain, disturbed = small(target_present=True, place="far_left"), small(name, target_present=True, place="far_left")
    assert (frames_of(plain) != frames_of(disturbed)).any()
    pd.testing.assert_frame_equal(scene_truth(plain).table, scene_truth(disturbed).table)


@pytest.mark.parametrize("name", sorted(NUISANCES))
def test_strength_0_is_none(name):
    plain, disturbed = small(target_present=True), small(name, strength=0.0, target_present=True)
    np.testing.assert_allclose(frames_of(plain, (0, 39)), frames_of(disturbed, (0, 39)), atol=1)
    pd.testing.assert_frame_equal(scene_truth(plain).table, scene_truth(disturbed).table)


def test_every_pair_can_be_filmed():
    base = small(size=(160, 120), duration_s=0.2, target_present=True, behaviour="still")
    for pair in combinations(sorted(NUISANCES), 2):
        scene = replace(base, nuisances=tuple(Nuisance(name=name) for name in pair))
        renderer = Renderer(scene)
        frame = renderer.frame(len(renderer) - 1)
        assert frame.shape == (120, 160), pair
        assert frame.dtype == np.uint8, pair


def test_nuisances_act_in_a_box_in_perspective_too():
    size = (160, 120)
    camera = Camera(frame_size_px=size, px_per_cm=2.0, distance_cm=110.0, tilt_deg=9.0, turn_deg=20.0)
    box = Box(view=View(camera=camera), wall_height_cm=20.0)
    plain = small(
        size=size,
        arena=box.arena(name="A", shape="rectangle", width_cm=42, height_cm=42),
        box=box,
        enclosure=Circle(x=21.0, y=6.0, radius=5.0),
        target_present=True,
        place="far_left",
        duration_s=1.5,
    )
    usual = frames_of(plain, range(0, 30, 3))
    # A hand reaches in later.
    for name in sorted(set(NUISANCES) - OF_THE_RECORDER - {"hand"}):
        scene = replace(plain, nuisances=(Nuisance(name=name),))
        assert (frames_of(scene, range(0, 30, 3)) != usual).any(), name
    for name in OF_THE_RECORDER:
        assert len(frames_of(replace(plain, nuisances=(Nuisance(name=name),)), [0, -1])) == 2


@pytest.mark.parametrize("name", sorted(NUISANCES))
def test_frames_may_be_asked_for_in_any_order_and_again(name):
    scene = small(name, size=(160, 120), noise_sigma=2.0)
    renderer = Renderer(scene)
    first = [renderer.frame(index) for index in (9, 3, 6)]
    np.testing.assert_array_equal(first, frames_of(scene, (9, 3, 6)))


def test_stronger_is_worse():
    plain = frames_of(small(), [0]).astype(int)

    def change(strength):
        return np.abs(frames_of(small("bedding", strength=strength), [0]) - plain).mean()

    assert change(0.0) == pytest.approx(0.0, abs=0.02)
    assert change(0.5) < change(1.0) < change(2.0)


def test_nuisances_by_name():
    assert parse_nuisance("shadow") == Nuisance(name="shadow")
    assert parse_nuisance("shadow=0.5") == Nuisance(name="shadow", strength=0.5)
    with pytest.raises(UsageError, match="unknown nuisance 'fog'") as caught:
        parse_nuisance("fog=1")
    assert "bedding" in caught.value.hint
    with pytest.raises(UsageError, match="expected a number"):
        parse_nuisance("shadow=much")
    with pytest.raises(SimulationError, match="unknown nuisance 'fog'"):
        Renderer(small("fog"))
    with pytest.raises(SimulationError, match="strength of 0 or more"):
        Renderer(small("bedding", strength=-1))


# Light


def test_light_drifts_by_a_fifth_either_way():
    plain, drift = (floor_patch(frames_of(small(*names), (0, 20, 39))) for names in ((), ("light_drift",)))
    ratio = (drift / plain).mean(axis=(1, 2))
    assert sorted(ratio[[0, 2]]) == pytest.approx([0.8, 1.2], abs=0.02)
    assert ratio[1] == pytest.approx(1.0, abs=0.03)


def test_light_steps_by_a_fifth_at_once():
    steps = set()
    for seed in range(4):
        plain, stepped = (floor_patch(frames_of(small(*names, seed=seed))) for names in ((), ("light_step",)))
        ratio = (stepped / plain).mean(axis=(1, 2))
        change = np.diff(ratio)
        jumps = change[np.abs(change) > 0.02]
        assert np.abs(jumps) == pytest.approx(0.2, abs=0.02)
        steps.add((len(jumps), bool(jumps[0] > 0)))
    assert len(steps) > 1  # once or twice, up or down


def test_the_enclosure_s_shadow_is_nearly_as_dark_as_a_black_mouse():
    frames = [
        frames_of(small(*names, behaviour="still", place="far_left"), [0])[0] for names in ((), ("enclosure_shadow",))
    ]
    x, y = (int(v) for v in small().arena.to_px(21.0, 10.0))
    assert frames[0][y, x] > 120
    assert 30 <= frames[1][y, x] <= 55
    np.testing.assert_array_equal(frames[0][150:], frames[1][150:])


# Camera


def shift_of(plain, moved):
    (x, y), _ = cv2.phaseCorrelate(plain.astype(np.float64), moved.astype(np.float64))
    return np.array([x, y])


def test_shake_moves_the_picture_by_pixels_and_fractions_of_them():
    still = {"behaviour": "still", "place": "far_left", "size": (640, 480), "duration_s": 2.0}
    plain, shaken = frames_of(small(**still)), frames_of(small("shake", **still))
    shifts = np.stack([shift_of(one, other) for one, other in zip(plain, shaken, strict=True)])
    assert 0.4 < shifts.std(axis=0).mean() < 1.5
    assert 1.0 < np.abs(shifts).max() < 6.0
    assert np.abs(shifts.mean(axis=0)).max() < 0.4
    # Trembling about a place is no new place.
    assert [seen.arena for seen in scene_truth(small("shake", **still)).arenas] == [small(**still).arena]


def test_a_bump_within_moves_everything_once_to_where_the_truth_says():
    still = {"behaviour": "still", "place": "far_left", "size": (640, 480), "duration_s": 4.0, "seed": 4}
    scene = small("bump_within", **still)
    before, after = scene_truth(scene).arenas
    assert before.from_s == 0.0
    assert before.arena == scene.arena
    assert 0.2 * 4.0 <= after.from_s <= 0.8 * 4.0 + 0.05
    plain, bumped = frames_of(small(**still)), frames_of(scene)
    moved_at = round(after.from_s * scene.fps)
    assert np.abs(plain[moved_at - 1].astype(int) - bumped[moved_at - 1]).max() <= 1
    # The floor lies where the arena of that time says.
    matrix = cv2.getPerspectiveTransform(np.float32(after.arena.corners_px), np.float32(before.arena.corners_px))
    for index in (moved_at, 79):
        assert np.abs(shift_of(plain[index], bumped[index])).max() > 2
        back = cv2.warpPerspective(bumped[index], matrix, (640, 480))
        assert np.abs(shift_of(plain[index][40:440, 120:520], back[40:440, 120:520])).max() < 0.1
    far = np.array(after.arena.corners_px) - np.array(before.arena.corners_px)
    assert 0.3 < np.hypot(*far.T).mean() / scene.arena.px_per_cm < 2.5


def test_a_bump_between_parts_the_phases():
    absent, present = (scene_truth(small("bump_between", target_present=value)) for value in (False, True))
    (one,), (other,) = absent.arenas, present.arenas
    assert one.arena == small().arena
    assert other.from_s == 0.0
    far = np.hypot(*(np.array(other.arena.corners_px) - np.array(one.arena.corners_px)).T) / one.arena.px_per_cm
    assert 0.3 < far.mean() < 2.5
    assert absent.scene.arena == present.scene.arena


@pytest.mark.parametrize(
    ("coat", "light", "floor"), [("black", "white", 150.0), ("white", "white", 54.0), ("black", "infrared", 150.0)]
)
def test_low_contrast_leaves_12_grey_levels(coat, light, floor):
    look = {"coat": coat, "light": light, "floor_grey": floor, "shadow": 0.0, "vignette": 0.0, "enclosure": None}
    scene = small("low_contrast", size=(640, 480), behaviour="still", place="middle", **look)
    renderer = Renderer(scene)
    frame = renderer.frame(0).astype(float)
    mask = np.zeros(frame.shape, np.uint8)
    outline = np.column_stack(scene.arena.to_px(*renderer.casts[0].outlines_cm[0].T))
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1)
    contrast = abs(frame[cv2.erode(mask, np.ones((5, 5))) > 0].mean() - frame[350:430, 130:500].mean())
    assert 4 < contrast <= 12


def test_overexposure_burns_the_floor_out_and_eats_the_animal_s_rim():
    still = {"behaviour": "still", "place": "middle", "size": (640, 480)}
    plain, burnt = frames_of(small(**still), [0])[0], frames_of(small("overexposure", **still), [0])[0]
    assert (burnt[300:430, 130:510] == 235).mean() > 0.98
    area = [
        np.count_nonzero(frame[100:420, 220:420] < level) for frame, level in ((plain, 80), (burnt, 80 * 235 / 150))
    ]
    assert 0.6 * area[0] < area[1] < 0.97 * area[0]


# Recorder


def test_compression_leaves_a_fiftieth_of_the_bits_and_blocks(tmp_path):
    scene = small("compression", size=(640, 480), noise_sigma=2.5, duration_s=1.0)
    truth = simulate_recording(scene, tmp_path / "low.mp4")
    simulate_recording(replace(scene, nuisances=()), tmp_path / "usual.mp4")
    assert truth.scene.encoding.bitrate_kbps == 40

    def blocks(name):
        # How much more neighbouring columns differ at the borders of macroblocks than within them.
        frame = decode(tmp_path / name)[0][10].astype(float)[50:430]
        steps = np.abs(np.diff(frame, axis=1)).mean(axis=0)
        at_border = np.arange(1, 640) % 16 == 0
        return steps[at_border].mean() / steps[~at_border].mean()

    assert blocks("low.mp4") > 1.5 * blocks("usual.mp4")


def test_interlaced_rows_are_half_a_frame_apart():
    scene = small("interlaced", fps=20.0)
    woven = frames_of(scene, range(10, 14))
    double = frames_of(small(fps=40.0), range(20, 28))
    np.testing.assert_array_equal(woven[:, 0::2], double[0::2, 0::2])
    # The finer recording's walk is the same one but for the last hundredth.
    assert np.mean(woven[:, 1::2] == double[1::2, 1::2]) > 0.999
    assert (woven[:, 1::2] != double[0::2, 1::2]).any()


def test_repeated_frames_repeat_to_the_last_bit_and_the_truth_goes_on():
    scene = small("repeated_frames", duration_s=6.0, noise_sigma=2.0)
    frames, truth = frames_of(scene), scene_truth(scene).table
    is_same = (frames[1:] == frames[:-1]).all(axis=(1, 2))
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], is_same, [0]]).astype(int))))[::2]
    assert len(runs) >= 1
    assert runs.min() >= 2
    assert runs.max() <= 12
    pd.testing.assert_frame_equal(truth, scene_truth(small(duration_s=6.0)).table)


def test_dropped_frames_leave_short_and_long_holes(tmp_path):
    scene = small("dropped_frames", duration_s=12.0, encoding=Encoding(bitrate_kbps=300))
    for name, codec in (("a.mp4", "h264"), ("a.mkv", "h264"), ("a.avi", "mjpeg")):
        coded = replace(scene, encoding=replace(scene.encoding, codec=codec))
        truth = simulate_recording(coded, tmp_path / name).table
        frames, times = decode(tmp_path / name)
        assert len(frames) == len(truth)
        np.testing.assert_allclose(times, truth["time_s"], atol=1e-6)
        lost = np.round(np.diff(times) * scene.fps).astype(int) - 1
        assert ((lost >= 2) & (lost <= 5)).sum() >= 1
        assert (np.diff(times) > 0.5).sum() >= 1
    full = scene_truth(replace(scene, nuisances=())).table.set_index("frame")
    at = np.round(truth["time_s"] * scene.fps).astype(int)
    np.testing.assert_allclose(truth["x_cm"], full.loc[at, "x_cm"])


def test_timestamps_jump_though_no_picture_is_missing(tmp_path):
    scene = small("timestamp_gaps", duration_s=6.0)
    truth, plain = simulate_recording(scene, tmp_path / "a.mp4").table, scene_truth(small(duration_s=6.0)).table
    frames, times = decode(tmp_path / "a.mp4")
    steps = np.diff(times)
    assert (steps > 0.7).sum() == 1
    assert steps.max() < 2.1
    np.testing.assert_allclose(times, truth["time_s"], atol=1e-6)
    assert len(frames) == len(plain)
    np.testing.assert_array_equal(truth["x_cm"], plain["x_cm"])


def test_the_clock_lies_over_the_floor_s_edge():
    changed = frames_of(small("time_overlay", size=(640, 480)), [3])[0] != frames_of(small(size=(640, 480)), [3])[0]
    rows, columns = np.nonzero(changed)
    _, low = np.array(small(size=(640, 480)).arena.corners_px)[2]
    assert rows.min() < low - 3
    assert rows.max() > low + 3
    left = small(size=(640, 480)).arena.corners_px[3][0]
    assert columns.min() < left < columns.max() - 50


# Floor


@pytest.mark.parametrize(("name", "smallest_cm", "largest_cm"), [("droppings", 0.2, 0.8), ("urine", 0.8, 4.2)])
def test_marks_appear_where_the_mouse_is_and_stay(name, smallest_cm, largest_cm):
    scene = small(name, size=(640, 480), duration_s=10.0, shadow=0.0)
    plain, marked = frames_of(replace(scene, nuisances=()), range(0, 200, 10)), frames_of(scene, range(0, 200, 10))
    is_marked = np.abs(plain.astype(int) - marked) > 12
    per_cm = scene.arena.px_per_cm
    sizes = [
        np.sqrt(area / per_cm**2) * 1.13
        for area in cv2.connectedComponentsWithStats(is_marked[-1].astype(np.uint8))[2][1:, cv2.CC_STAT_AREA]
    ]
    assert max(sizes) < largest_cm * 1.5
    assert np.median(sizes) > smallest_cm * 0.6
    # Marks come and, but for where the mouse stands on them, don't go.
    covered = np.add.accumulate(is_marked, axis=0)[-2] > 0
    assert is_marked[-1].sum() > 0.7 * covered.sum()
    assert is_marked[-1].sum() > is_marked[0].sum()
    # What is new lies within a body's length of where the mouse was.
    truth = scene_truth(scene).table
    fresh = is_marked[-1] & ~is_marked[0]
    rows, columns = np.nonzero(fresh)
    x, y = scene.arena.to_cm(columns, rows)
    near = np.hypot(x[:, None] - truth["x_cm"].to_numpy(), y[:, None] - truth["y_cm"].to_numpy()).min(axis=1)
    assert near.max() < 8.6


# Animals


def changed_cm(scene, frame, other, *, least=12):
    """Where two frames of a scene differ, (n,) x and y in arena cm."""
    rows, columns = np.nonzero(np.abs(frame.astype(int) - other) >= least)
    return scene.arena.to_cm(columns, rows)


def test_a_tether_leads_from_the_head_to_the_upper_edge_and_sways():
    still = {"behaviour": "still", "place": "middle", "size": (640, 480), "duration_s": 2.0}
    scene = small("tether", **still)
    plain, tethered = frames_of(small(**still), (0, 20)), frames_of(scene, (0, 20))
    cable = np.abs(plain[0].astype(int) - tethered[0]) > 12
    nose = scene_truth(scene).table.loc[0, ["nose_x_cm", "nose_y_cm"]].to_numpy(float)
    assert cv2.connectedComponents(cable.astype(np.uint8))[0] <= 4  # it may cross dark wires unseen
    assert cable[0, 200:440].any()
    x, y = changed_cm(scene, plain[0], tethered[0])
    assert np.hypot(x - nose[0], y - nose[1]).min() < 3.5
    widths = cable[2:20].sum(axis=1)
    assert 1 <= np.median(widths) <= 5
    assert (cable != (np.abs(plain[1].astype(int) - tethered[1]) > 12)).sum() > 30


def test_walls_mirror_the_subject_outside_of_the_floor_dimmer_than_itself():
    still = {"behaviour": "still", "place": "far_left", "size": (640, 480)}
    scene = small("reflection", **still)
    plain, mirrored = frames_of(small(**still), [0])[0], frames_of(scene, [0])[0]
    x, y = changed_cm(scene, plain, mirrored, least=5)
    outside = np.maximum.reduce([-x, -y, x - 42, y - 42])
    assert len(x) > 100
    assert outside.min() > -0.15
    assert outside.max() < 3.4
    # As far behind the wall as the mouse stands before it.
    outline = Renderer(scene).casts[0].outlines_cm[0]
    assert outside.min() == pytest.approx(min(outline[:, 0].min(), 42 - outline[:, 1].max()), abs=0.25)
    lost = (plain.astype(int) - mirrored).max()
    assert 15 < lost < 0.7 * (plain[300, 320].astype(int) - plain.min())


def test_the_target_reaches_out_by_1_to_2_cm_and_moves():
    still = {"behaviour": "still", "place": "far_left", "size": (640, 480), "duration_s": 10.0, "target_present": True}
    scene = small("target_reaching", **still)
    (outline,) = scene.enclosure.outlines()
    inside = np.zeros((480, 640), np.uint8)
    cv2.fillPoly(inside, [np.round(np.column_stack(scene.arena.to_px(*outline.T))).astype(np.int32)], 1)
    reach, tail = [], []
    for one, other in zip(frames_of(small(**still), range(0, 200, 5)), frames_of(scene, range(0, 200, 5)), strict=True):
        out = ((np.abs(one.astype(int) - other) >= 12) & (inside == 0)).astype(np.uint8)
        for seen, far in ((out, tail), (cv2.morphologyEx(out, cv2.MORPH_OPEN, np.ones((5, 5))), reach)):
            rows, columns = np.nonzero(seen)
            x, y = scene.arena.to_cm(columns, rows)
            assert np.maximum.reduce([-x, -y, x - 42, y - 42]).max(initial=-1) < 0.15  # walls hold it back
            far.append(scene.enclosure.distance(x, y).max(initial=0.0))
    # What is wider than a tail.
    assert 1.0 < np.max(reach) < 2.2
    assert 0.1 < np.mean(np.array(reach) > 0.5) < 0.95
    assert 1.0 < np.max(tail) < 2.3
    empty = replace(scene, target_present=False)
    np.testing.assert_array_equal(frames_of(empty, [50]), frames_of(replace(empty, nuisances=()), [50]))


def test_a_neighbour_walks_beyond_the_walls_and_is_cut_off_by_the_frame():
    scene = small("neighbour", size=(640, 480), duration_s=10.0, behaviour="still", place="far_left")
    scene = replace(scene, target_present=False)
    renderer = Renderer(scene)
    frames = np.stack([renderer.frame(index) for index in range(0, 200, 8)]).astype(int)
    moving = np.ptp(frames, axis=0) > 25
    x, y = scene.arena.to_cm(*np.nonzero(moving)[::-1])
    beyond = np.maximum.reduce([-x, -y, x - 42, y - 42]) > 3.9
    assert beyond.sum() > 0.9 * len(x)
    columns = np.nonzero(moving)[1][beyond]
    assert columns.min() == 0 or columns.max() == 639
    (animal,) = renderer.casts[0].company
    px = np.column_stack(scene.arena.to_px(*animal.outlines_cm.reshape(-1, 2).T)).reshape(*animal.outlines_cm.shape)
    is_in = ((px[..., 0] >= 0) & (px[..., 0] < 640)).mean(axis=1)
    assert is_in.max() > 0.3
    assert ((is_in > 0.05) & (is_in < 0.95)).any()


def test_two_mice_of_one_size_and_coat_hardly_touch():
    scene = small("two_mice", size=(640, 480), duration_s=30.0, shadow=0.0, enclosure=None)
    renderer = Renderer(scene)
    (other,) = renderer.casts[0].company
    far = np.hypot(*(other.outlines_cm.mean(axis=1) - renderer.casts[0].outlines_cm.mean(axis=1)).T)
    assert np.mean(far < 6.0) < 0.02
    for index in (0, 300, 599):
        dark = (renderer.frame(index)[60:420, 140:500] < 60).astype(np.uint8)
        opened = cv2.morphologyEx(dark, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)))
        areas = cv2.connectedComponentsWithStats(opened)[2][1:, cv2.CC_STAT_AREA]
        assert len(areas[areas > 300]) <= 2
    assert scene_truth(scene).table.equals(scene_truth(replace(scene, nuisances=())).table)


def test_an_arena_without_a_mouse():
    scene = small("no_mouse", size=(640, 480), target_present=False)
    frames, truth = frames_of(scene), scene_truth(scene).table
    assert truth[["x_cm", "y_cm", "nose_x_cm", "nose_y_cm"]].isna().all(axis=None)
    assert len(truth) == len(frames) == 40
    assert np.ptp(frames.astype(int), axis=0).max() <= 1
    assert frames[:, 60:420, 140:500].min() > 20 + 10  # wires, but no fur


def shape_of(outline):
    """Length along and across the longest way through an outline."""
    return sorted(cv2.minAreaRect(outline.astype(np.float32))[1], reverse=True)


def test_a_rearing_mouse_is_short_and_round():
    scene = small("rearing", size=(640, 480), duration_s=12.0, fps=10.0)
    (cast,) = Renderer(scene).casts
    lengths, widths = np.array([shape_of(outline) for outline in cast.outlines_cm]).T
    is_short = lengths < 0.72 * np.median(lengths)
    assert 0.03 < is_short.mean() < 0.6
    assert np.median((lengths / widths)[is_short]) < 0.75 * np.median((lengths / widths)[~is_short])
    # It happens at walls or at the mesh.
    truth = scene_truth(scene).table
    near = np.minimum.reduce([truth.nose_x_cm, 42 - truth.nose_x_cm, truth.nose_y_cm, 42 - truth.nose_y_cm])
    near = np.minimum(near, scene.enclosure.distance(truth.nose_x_cm.to_numpy(), truth.nose_y_cm.to_numpy()))
    assert near[is_short].max() < 3.0
    # The truth is the centroid of the body as seen: independently, of its pixels on the floor.
    index = int(np.flatnonzero(is_short)[0])
    fine = np.zeros((4600, 4600), np.uint8)
    cv2.fillPoly(fine, [np.round(100 * cast.outlines_cm[index] + 200).astype(np.int32)], 1)
    rows, columns = np.nonzero(fine)
    expected = (columns.mean() - 200) / 100, (rows.mean() - 200) / 100
    np.testing.assert_allclose(truth.loc[index, ["x_cm", "y_cm"]].to_numpy(float), expected, atol=0.03)


def test_under_a_slanting_camera_a_rearing_mouse_seems_to_be_elsewhere():
    scene = small("rearing", size=(640, 480), duration_s=12.0, fps=10.0)
    slanting = replace(scene, arena=replace(scene.arena, corners_px=corners((640, 480), tilt=0.22)))
    level, moved, calm = (scene_truth(one).table for one in (scene, slanting, replace(slanting, nuisances=())))
    off = np.hypot(moved.x_cm - level.x_cm, moved.y_cm - level.y_cm)
    lengths = np.array([shape_of(outline)[0] for outline in Renderer(scene).casts[0].outlines_cm])
    is_up = lengths < 0.72 * np.median(lengths)
    assert off[is_up].min() > 0.5
    assert (moved.y_cm - level.y_cm)[is_up].max() < -0.5
    # On all fours it is where it is.
    assert max(off[0], off[lengths > 0.98 * np.median(lengths)].median()) < 1e-9
    np.testing.assert_allclose(calm.iloc[0], moved.iloc[0])


def test_what_is_seen_of_a_rearing_mouse_over_a_wall_does_not_count_for_its_centre():
    tilted = replace(scenario("tilted", phase="target_absent", seed=3, duration_s=30.0), fps=6.0)
    scene = replace(tilted, nuisances=(Nuisance(name="rearing"),))
    outlines_cm, centre = Renderer(scene).casts[0].outlines_cm, scene_truth(scene).table[["x_cm", "y_cm"]]
    across, away = outlines_cm[..., 0], outlines_cm[..., 1]
    # Over the upper wall alone.
    leaning = (away.min(axis=1) < -1.0) & (across.min(axis=1) > 0) & (across.max(axis=1) < 42)
    assert leaning.any()
    for index in np.flatnonzero(leaning):
        # Its pixels on the floor, 50 to the cm.
        fine = np.zeros((42 * 50, 42 * 50), np.uint8)
        cv2.fillPoly(fine, [np.rint(outlines_cm[index] * 50).astype(np.int32)], 1)
        rows, columns = np.nonzero(fine)
        np.testing.assert_allclose(centre.iloc[index], (columns.mean() / 50, rows.mean() / 50), atol=0.05)


def test_height_moves_what_is_seen_away_from_below_the_camera():
    level = small(size=(640, 480))
    points = np.array([[(21.0, 21.0), (40.0, 21.0), (2.0, 40.0)]])
    at_rest = see_from_above(level, points, np.zeros((1, 3)))
    np.testing.assert_allclose(at_rest, points, atol=1e-9)
    (seen,) = see_from_above(level, points, np.full((1, 3), 7.5))
    # Straight below: nowhere; elsewhere by similar triangles under a camera at 80 cm (half a pixel aside).
    np.testing.assert_allclose(seen[0], points[0, 0], atol=0.01)
    np.testing.assert_allclose(seen - 21.0, (points[0] - 21.0) * 80 / 72.5, atol=0.01)
    slanting = replace(level, arena=replace(level.arena, corners_px=corners((640, 480), tilt=0.22)))
    moved = see_from_above(slanting, points[:, :1], np.full((1, 1), 7.5))[0, 0] - points[0, 0]
    # The upper side is farther away: the camera hangs beyond the lower one, and heights lean upwards.
    assert moved[1] < -0.5
    assert abs(moved[0]) < 0.05
    # A box knows its camera.
    box = Box(view=View(camera=Camera(frame_size_px=(640, 480), px_per_cm=9.0, distance_cm=100.0)))
    boxed = replace(level, arena=box.arena(name="A", shape="rectangle", width_cm=42, height_cm=42), box=box)
    (seen,) = see_from_above(boxed, points, np.full((1, 3), 20.0))
    np.testing.assert_allclose(seen - 21.0, (points[0] - 21.0) * 100 / 80, atol=1e-6)


def test_a_climbing_mouse_is_seen_on_the_enclosure():
    scene = small("climbing", size=(640, 480), duration_s=20.0, behaviour="social")
    truth, plain = scene_truth(scene).table, scene_truth(replace(scene, nuisances=())).table
    x, y = truth.x_cm.to_numpy(), truth.y_cm.to_numpy()
    is_on = scene.enclosure.distance(x, y) < 0
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], is_on, [0]]).astype(int))))[::2] / scene.fps
    assert runs.max() > 2.0
    assert is_on.mean() < 0.6
    assert not (scene.enclosure.distance(plain.x_cm.to_numpy(), plain.y_cm.to_numpy()) < 0).any()
    # It gets there and back like an animal: no faster than a mouse runs.
    assert np.hypot(np.diff(x), np.diff(y)).max() * scene.fps < 45
    frame = Renderer(scene).frame(int(np.flatnonzero(is_on)[len(np.flatnonzero(is_on)) // 2]))
    (outline,) = scene.enclosure.outlines()
    mask = np.zeros(frame.shape, np.uint8)
    cv2.fillPoly(mask, [np.round(np.column_stack(scene.arena.to_px(*outline.T))).astype(np.int32)], 1)
    without = Renderer(replace(scene, nuisances=())).frame(0)
    assert (frame[mask > 0] < 40).mean() > (without[mask > 0] < 40).mean() + 0.2


def test_the_order_of_acts_makes_no_difference():
    both = [small(*names, duration_s=20.0) for names in (("rearing",), ("rearing", "climbing"))]
    first, second = (scene_truth(scene).table for scene in both)
    # Until the first climb, nothing has changed.
    same = np.hypot(first.x_cm - second.x_cm, first.y_cm - second.y_cm) < 1e-9
    assert same[0]
    assert not same.all()
