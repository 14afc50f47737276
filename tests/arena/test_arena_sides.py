"""What is read along the sides of a floor is where they are."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from csds.arena.reading import EdgeReading
from csds.arena.sides import Reading, read_sides, sides_within
from csds.arena.still import Picture
from csds.arena.strips import OUT, PLACE, PLACES, strips_around, strips_of, units_of
from csds.simulate.render import Renderer
from csds.simulate.scenarios import scenario

SQUARE = np.array([(100, 100), (310, 100), (310, 310), (100, 310)], float)
#: Pixels of a unit of that floor.
UNIT = 210 / 42
SIZE_CM = (42.0, 42.0)


def reading(left: dict[float, float], right: dict[float, float]) -> Reading:
    """Return a reading in which the first side's ends are at places with those likelihoods, all others at 0."""
    likely = np.zeros((4, 2, PLACES))
    for side in range(4):
        for end, places in enumerate((left, right)):
            for place, share in (places if side == 0 else {0.125: 1.0}).items():
                likely[side, end, round((place + OUT) / PLACE - 0.5)] = share
    no = np.zeros((4, 2))
    edges = EdgeReading(likely=likely, anywhere=no, enclosure=np.zeros(4), enclosure_cm=no, enclosure_off=np.zeros(4))
    return Reading(corners=SQUARE, size=(42.0, 42.0), edges=edges)


def test_sides_within_others() -> None:
    moved, turned = SQUARE + np.array([0, 2 * UNIT]), SQUARE.copy()
    turned[1] += (0, UNIT)
    apart = sides_within(SQUARE, np.array([moved, turned]), (42.0, 42.0))
    np.testing.assert_allclose(apart[0], [(2, 2), (0, 0), (-2, -2), (0, 0)], atol=1e-9)
    np.testing.assert_allclose(apart[1, 0], (0, 1), atol=1e-9)


def test_units_are_the_same_along_and_across() -> None:
    assert units_of((60.0, 40.0)) == pytest.approx((42 * np.sqrt(1.5), 42 / np.sqrt(1.5)))


def test_how_likely_sides_are() -> None:
    read = reading({0.125: 0.75, 2.125: 0.25}, {0.125: 1.0})
    at = SQUARE + 0.125 * UNIT * np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)])
    assert np.exp(read.of(at[None])[0]) == pytest.approx(np.array([(0.75, 1.0), (1, 1), (1, 1), (1, 1)]), abs=0.02)
    far = SQUARE - np.array([0, 20 * UNIT])
    assert np.exp(read.of(far[None])[0, 0]).max() < 1e-5


def test_floors_are_made_of_the_likeliest_places() -> None:
    floors = reading({0.125: 0.75, 2.125: 0.25}, {0.125: 0.75, 2.125: 0.25}).floors()
    # Both ends move together by two units, 10 px, or one of them alone.
    upper = sorted({tuple(np.round(floor[:2, 1]).tolist()) for floor in floors})
    assert (101.0, 101.0) in upper
    assert (111.0, 111.0) in upper or len(floors) == 3


@pytest.mark.parametrize("off", [-1.5, 0.0, 2.0])
def test_the_network_reads_where_a_floor_ends_and_where_the_enclosure_stands(off: float) -> None:
    scene = replace(scenario("left_wall", phase="target_absent", seed=3), fps=4.0, duration_s=20.0)
    renderer = Renderer(scene)
    grey = np.median([renderer.frame(i) for i in range(0, 80, 10)], axis=0).astype(np.float32)
    floor = np.array(scene.arena.corners_px)
    rough = floor + off * scene.arena.px_per_cm * np.sign(floor - floor.mean(axis=0))
    (read,) = read_sides(rough[None], SIZE_CM, grey, np.zeros_like(grey))
    likeliest = -OUT + (read.edges.likely.argmax(axis=2) + 0.5) * PLACE
    # Lengths are in shares of the floor that was moved: of 2 cm, 5 % less or more.
    assert likeliest == pytest.approx(np.full((4, 2), off), abs=0.4)
    assert read.edges.enclosure.argmax() == 0
    assert read.edges.enclosure_cm[0] == pytest.approx((10.0, 6.5), rel=0.2)


def box() -> Picture:
    """Return a light floor in a darker box from above."""
    grey = np.full((420, 420), 60, np.float32)
    cv2.fillPoly(grey, [SQUARE.astype(np.int32)], 160.0)
    return grey


def test_strips_lie_along_the_sides() -> None:
    strips = strips_of(SQUARE[None], SIZE_CM, box(), np.zeros((420, 420), np.float32))
    # The step up to the floor is in the strips' middle rows between the places just outside and inside.
    outside, inside = (round((OUT + at) / PLACE) for at in (-0.6, 0.6))
    middle = strips.seen[:, 0, 32]
    assert (middle[:, inside] - middle[:, outside] > 0.3).all()
    assert strips.seen[:, 2].max() == 0


def test_strips_around_a_round_floor_are_straightened() -> None:
    grey = np.full((420, 420), 60, np.float32)
    cv2.circle(grey, (205, 205), 105, 160.0, -1)
    strips = strips_around(SQUARE[None], SIZE_CM, grey, np.zeros((420, 420), np.float32))
    outside, inside = (round((OUT + at) / PLACE) for at in (-0.6, 0.6))
    step = strips.seen[0, 0, :, inside] - strips.seen[0, 0, :, outside]
    assert (step > 0.3).all()
