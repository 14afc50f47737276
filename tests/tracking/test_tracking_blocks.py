"""A picture that shows a codec's blocks is told from one that shows the room."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from csds.tracking.blocks import shows_blocks


def a_room(noise: float) -> np.ndarray:
    picture = np.full((480, 640), 60, np.uint8)
    cv2.rectangle(picture, (90, 15), (550, 465), 95, -1)
    cv2.rectangle(picture, (120, 45), (520, 435), 160, -1)
    rng = np.random.default_rng(0)
    return np.clip(picture + rng.normal(0, noise, picture.shape), 0, 255).astype(np.uint8)


def in_blocks(picture: np.ndarray, side: int) -> np.ndarray:
    """Return a picture with the mean of each block in its place."""
    height, width = picture.shape
    small = cv2.resize(picture, (width // side, height // side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


@pytest.mark.parametrize("side", [8, 16])
def test_blocks_are_seen(side: int) -> None:
    assert shows_blocks(in_blocks(a_room(3.0), side))


@pytest.mark.parametrize("noise", [0.0, 1.0, 4.0])
def test_a_room_is_none(noise: float) -> None:
    assert not shows_blocks(a_room(noise))


def test_walls_that_lie_where_blocks_end_are_still_a_room() -> None:
    on_grid = np.roll(a_room(1.0), (1, 6), axis=(0, 1))
    assert not shows_blocks(on_grid)


def test_an_empty_picture_shows_none() -> None:
    assert not shows_blocks(np.full((48, 64), 90, np.uint8))
