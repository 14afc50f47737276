"""The view of a recording is what most of its samples show, from where the camera looked at first."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from csds.arena.view import moved_px
from csds.batch.views import steady_samples

SIZE = (640, 480)


def a_room() -> np.ndarray:
    picture = np.full(SIZE[::-1], 60, np.uint8)
    cv2.rectangle(picture, (90, 15), (550, 465), 70, -1)
    cv2.rectangle(picture, (120, 45), (520, 435), 84, -1)
    cv2.rectangle(picture, (285, 50), (355, 115), 50, 3)
    for x, y, grey in ((20, 60, 80), (570, 300, 40), (30, 400, 74), (600, 90, 90)):
        cv2.circle(picture, (x, y), 17, grey, -1)
    return np.asarray(cv2.GaussianBlur(picture, (5, 5), 0), np.uint8)


def samples(motions: list[np.ndarray], seed: int = 0) -> list[np.ndarray]:
    """Return pictures of a dim room, with a mouse elsewhere in each, by a camera that moved."""
    rng = np.random.default_rng(seed)
    frames = []
    for number, motion in enumerate(motions):
        frame = a_room()
        at = (round(320 + 130 * np.cos(number)), round(260 + 120 * np.sin(number)))
        cv2.ellipse(frame, at, (40, 18), 40 * number, 0, 360, 140, -1)
        seen = cv2.warpAffine(frame, motion[:2], SIZE, borderMode=cv2.BORDER_REFLECT)
        frames.append(np.clip(seen + rng.normal(0, 2.0, seen.shape), 0, 255).astype(np.uint8))
    return frames


def knocked(dx: float, dy: float, turn_deg: float) -> np.ndarray:
    turn = np.vstack([cv2.getRotationMatrix2D((319.5, 239.5), turn_deg, 1.0), (0, 0, 1)])
    return np.array([[1, 0, dx], [0, 1, dy], [0, 0, 1]]) @ turn


def off_room(frames: list[np.ndarray]) -> float:
    """Return by how many grey levels the samples' median differs from the room, at its worst edges."""
    off = np.abs(np.median(frames, axis=0)[30:450, 40:600] - a_room()[30:450, 40:600])
    return float(np.percentile(off, 99))


@pytest.mark.parametrize("before", [2, 3, 4, 5, 6])
def test_samples_of_a_camera_knocked_among_them_are_moved_back(before: int) -> None:
    there = knocked(15.0, -9.0, -1.3)
    steady, view = steady_samples(samples([np.eye(3)] * before + [there] * (8 - before)))
    assert len(steady) == 8
    assert off_room(steady) < 5.0
    pose = view.find(samples([there], seed=9)[0])
    assert pose is not None
    assert moved_px(pose @ np.linalg.inv(there), SIZE) < 0.3


def test_samples_at_rest_are_left_as_they_are() -> None:
    frames = samples([np.eye(3)] * 8)
    steady, _ = steady_samples(frames)
    assert [one is other for one, other in zip(steady, frames, strict=True)] == [True] * 8


def test_samples_that_show_blocks_are_left_out_while_others_don_t() -> None:
    frames = samples([np.eye(3)] * 8)
    small = [cv2.resize(frame, (40, 30), interpolation=cv2.INTER_AREA) for frame in frames]
    blocky = [np.asarray(cv2.resize(one, SIZE, interpolation=cv2.INTER_NEAREST), np.uint8) for one in small]
    steady, _ = steady_samples(blocky[:3] + frames[3:])
    assert [one is other for one, other in zip(steady, frames[3:], strict=True)] == [True] * 5
    assert len(steady_samples(blocky)[0]) == 8


def test_a_first_picture_of_something_else_does_not_count() -> None:
    frames = samples([np.eye(3)] * 8)
    hand = np.full(SIZE[::-1], 130, np.uint8)
    cv2.circle(hand, (200, 300), 120, 90, -1)
    steady, view = steady_samples([hand, *frames[1:]])
    assert off_room(steady) < 5.0
    pose = view.find(frames[5])
    assert pose is not None
    assert moved_px(pose, SIZE) < view.rest_px
