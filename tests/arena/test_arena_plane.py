"""Floors that share a plane, against floors that a camera of known place would see."""

import numpy as np
import pytest

from csds.arena.geometry import rectangle_cm
from csds.arena.plane import on_one_plane, plane_misfits

SIZE = (42.0, 30.0)


def seen(*places: tuple[float, float, float]) -> np.ndarray:
    """Return floors at (x cm, y cm, turned degrees) of a plane as a tilted camera sees them, (n, 4, 2)."""
    matrix = np.array([[9.0, 1.2, 60.0], [-0.8, 8.5, 40.0], [4e-4, 9e-4, 1.0]])
    floors = []
    for x, y, degrees in places:
        turn = np.deg2rad(degrees)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        floor = (rectangle_cm(SIZE) - np.array(SIZE) / 2) @ rotation.T + (x, y)
        points = np.column_stack([floor, np.ones(4)]) @ matrix.T
        floors.append(points[:, :2] / points[:, 2:])
    return np.array(floors)


FLOORS = seen((25, 20, 0), (75, 21, 180), (26, 60, 1), (74, 62, -90))


def test_floors_of_one_plane_fit_it_however_they_are_turned():
    assert plane_misfits(FLOORS, FLOORS, SIZE) == pytest.approx(0.0, abs=1e-3)


def test_a_side_that_is_off_is_told_in_centimetres():
    off = FLOORS[:1].copy()
    outwards = (off[0, 1] - off[0, 0]) / SIZE[0]
    off[0, 1:3] += 1.5 * outwards
    # A floor 1.5 cm too wide: shifted to lie evenly, all of its corners are 0.75 cm off.
    assert plane_misfits(off, FLOORS, SIZE) == pytest.approx(0.75, abs=0.05)


def test_one_floor_that_is_wrong_does_not_spoil_the_plane():
    wrong = FLOORS.copy()
    wrong[3, 1:3] += 2.5 * (wrong[3, 1] - wrong[3, 0]) / SIZE[0]
    misfits = plane_misfits(wrong, wrong, SIZE)
    assert misfits[:3].max() < 0.4
    assert misfits[3] > 2 * misfits[:3].max()


def test_noise_of_corners_is_averaged_over_the_floors():
    rng = np.random.default_rng(5)
    noisy = FLOORS + rng.normal(0, 2.0, FLOORS.shape)
    before = np.sqrt(((noisy - FLOORS) ** 2).sum(axis=2).mean())
    after = np.sqrt(((on_one_plane(noisy, SIZE) - FLOORS) ** 2).sum(axis=2).mean())
    assert after < 0.9 * before
