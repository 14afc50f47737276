"""A camera that trembles or is knocked is followed; one that rests costs nothing and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from csds.arena.sentry import place_sentry
from csds.arena.view import View, learn_view, moved_px
from csds.model.arena import Arena
from csds.tracking.steady import CameraShift, Steadier, is_far

SIZE = (640, 480)
FPS = 20.0
Motion = Callable[[float], np.ndarray]


def shifted(dx: float, dy: float, turn_deg: float = 0.0) -> np.ndarray:
    turn = np.vstack([cv2.getRotationMatrix2D((319.5, 239.5), turn_deg, 1.0), (0, 0, 1)])
    return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]]) @ turn


@pytest.fixture(scope="module")
def room() -> np.ndarray:
    picture = np.full(SIZE[::-1], 60, np.uint8)
    cv2.rectangle(picture, (90, 15), (550, 465), 95, -1)
    cv2.rectangle(picture, (120, 45), (520, 435), 160, -1)
    cv2.rectangle(picture, (285, 50), (355, 115), 40, 3)
    for x, y, grey in ((20, 60, 120), (570, 300, 20), (30, 400, 90), (600, 90, 140)):
        cv2.circle(picture, (x, y), 17, grey, -1)
    return np.asarray(cv2.GaussianBlur(picture, (3, 3), 0), np.uint8)


def film(room: np.ndarray, motion: Motion, seconds: float, seed: int = 0) -> Iterator[tuple[float, np.ndarray]]:
    """Yield times and frames: a room, a mouse that runs in a circle, noise, and a camera that moves."""
    rng = np.random.default_rng(seed)
    for time_s in np.arange(round(seconds * FPS)) / FPS:
        frame = room.copy()
        at = (round(320 + 120 * np.cos(time_s)), round(260 + 120 * np.sin(time_s)))
        cv2.ellipse(frame, at, (40, 18), 40 * time_s, 0, 360, 30, -1)
        seen = cv2.warpAffine(frame, motion(time_s)[:2], SIZE, borderMode=cv2.BORDER_REFLECT)
        yield float(time_s), np.clip(seen + rng.normal(0, 2.0, seen.shape), 0, 255).astype(np.uint8)


def view_of(room: np.ndarray, motion: Motion, seconds: float) -> View:
    return learn_view([frame for _, frame in film(room, motion, seconds, seed=1)][:: round(FPS / 2)])[0]


def errors(room: np.ndarray, motion: Motion, seconds: float, view: View) -> tuple[np.ndarray, np.ndarray, Steadier]:
    """Return the times, by how many pixels the pose is off at each, and the steadier after all of them."""
    steadier = Steadier(view=view)
    off, times = [], []
    for time_s, frame in film(room, motion, seconds):
        steadied = steadier.steady(frame, time_s)
        off.append(moved_px(motion(time_s) @ np.linalg.inv(steadier.pose), SIZE))
        assert (steadied is frame) == (moved_px(steadier.pose, SIZE) == 0.0)
        times.append(time_s)
    return np.array(times), np.array(off), steadier


def test_a_camera_at_rest_leaves_every_frame_as_it_is(room: np.ndarray) -> None:
    def rest(_: float) -> np.ndarray:
        return np.eye(3)

    _, off, steadier = errors(room, rest, 6.0, view_of(room, rest, 6.0))
    assert off.max() == 0.0
    assert (steadier.shifts, steadier.doubtful_s) == ([], [])


def test_a_knock_is_noticed_within_a_quarter_second_and_followed_to_a_fifth_of_a_pixel(room: np.ndarray) -> None:
    def knocked(time_s: float) -> np.ndarray:
        return shifted(13.0, -8.0, 1.2) if time_s >= 3.0 else np.eye(3)

    times, off, steadier = errors(room, knocked, 8.0, view_of(room, knocked, 8.0))
    assert off[times < 3.0].max() == 0.0
    assert off[times >= 3.25].max() < 0.2
    (shift,) = steadier.shifts
    assert shift.time_s == pytest.approx(3.0, abs=0.25)
    assert shift.shift_px == pytest.approx(moved_px(shifted(13.0, -8.0, 1.2), SIZE), abs=0.2)
    assert abs(shift.turn_deg) == pytest.approx(1.2, abs=0.05)
    # What was taken for a frame at rest and wasn't is known for doubtful.
    wrong = times[off > 1.5]
    ((start, end),) = steadier.doubtful_s
    assert ((wrong > start) & (wrong < end)).all()
    assert end - start <= 0.25 + 1e-9


def test_a_camera_that_comes_back_is_where_it_was(room: np.ndarray) -> None:
    def there_and_back(time_s: float) -> np.ndarray:
        return shifted(6.0, 5.0) if 2.0 <= time_s < 4.0 else np.eye(3)

    times, off, steadier = errors(room, there_and_back, 8.0, view_of(room, there_and_back, 8.0))
    assert off[times > 6.0].max() == 0.0
    assert [round(shift.shift_px) for shift in steadier.shifts] == [8, 0]


def test_a_trembling_camera_is_followed_without_a_word(room: np.ndarray) -> None:
    def trembling(time_s: float) -> np.ndarray:
        return shifted(1.5 * np.sin(40 * time_s), 1.2 * np.sin(31 * time_s + 1))

    view = view_of(room, trembling, 8.0)
    _, off, steadier = errors(room, trembling, 8.0, view)
    at_rest = moved_px(trembling(0.0), SIZE)
    # All but the place of rest is followed: that is one of the tremble's own, near its middle.
    assert np.std(off) < 0.15
    assert np.median(off) < min(at_rest, 0.8)
    assert steadier.shifts == []


def test_samples_of_a_knocked_camera_are_told_where_they_look(room: np.ndarray) -> None:
    def knocked(time_s: float) -> np.ndarray:
        return shifted(-11.0, 7.0, -0.8) if time_s >= 2.0 else np.eye(3)

    taken = list(film(room, knocked, 6.0))[::10]
    view, poses = learn_view([frame for _, frame in taken])
    assert len(poses) == len(taken)
    for (time_s, _), pose in zip(taken, poses, strict=True):
        assert moved_px(knocked(time_s) @ np.linalg.inv(np.eye(3) if pose is None else pose), SIZE) < 0.2
    off_room = np.abs(view.picture[150:420:9, 20:110].astype(int) - room[150:420:9, 20:110])
    assert np.median(off_room) <= 2


def test_light_alone_is_no_motion(room: np.ndarray) -> None:
    view = learn_view([room] * 3)[0]
    steadier = Steadier(view=view)
    for index, gain in enumerate((1.0, 0.8, 0.6, 1.25, 1.0)):
        lit = np.asarray(cv2.convertScaleAbs(room, alpha=gain), np.uint8)
        assert steadier.steady(lit, float(index)) is lit
    half = room.copy()
    half[:, :300] = half[:, :300] * 0.6
    assert steadier.steady(half, 9.0) is half


def test_a_hand_before_the_camera_is_no_motion(room: np.ndarray) -> None:
    steadier = Steadier(view=learn_view([room] * 3)[0])
    for time_s in np.arange(0.0, 4.0, 0.1):
        covered = room.copy()
        if 1.0 < time_s < 3.0:
            covered[:, : int(620 * (time_s - 1.0) / 2)] = 130
        assert steadier.steady(covered, float(time_s)) is covered
    assert steadier.shifts == []


def test_a_sentry_tells_small_motions_from_none(room: np.ndarray) -> None:
    sentry = place_sentry(room, np.full_like(room, 255))
    assert sentry.moved_px(room) == pytest.approx(0.0, abs=0.02)
    moved = cv2.warpAffine(room, shifted(0.6, 0.3)[:2], SIZE, borderMode=cv2.BORDER_REFLECT)
    assert sentry.moved_px(np.asarray(moved)) == pytest.approx(0.67, abs=0.3)


@pytest.mark.parametrize(("scale", "least"), [(10.0, 3.0), (2.0, 1.0)])
def test_a_shift_is_told_of_from_three_millimetres_and_a_pixel_on(scale: float, least: float) -> None:
    side = 42 * scale
    corners = ((0.0, 0.0), (side, 0.0), (side, side), (0.0, side))
    arena = Arena(name="A", shape="rectangle", corners_px=corners, width_cm=42, height_cm=42, frame_size_px=(900, 900))
    for px, expected in ((least + 0.1, True), (least - 0.1, False)):
        assert is_far(CameraShift(time_s=1.0, shift_px=px, turn_deg=0.0), arena) is expected
