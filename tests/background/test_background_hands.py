"""Hands among the samples are left out; an animal's usual place that is seen empty is no hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from csds.background.hands import without_hands

SIZE, FLOOR, MOUSE = 220, 150, 50
MASK = np.zeros((SIZE, SIZE), np.uint8)
MASK[8:-8, 8:-8] = 255
#: 60 cm² at 5 pixels to the cm.
MOST_PX = 1500.0


def sample(mouse: tuple[int, int] | None, hand: int | None = None, *, reach: int = 90, seed: int = 0) -> np.ndarray:
    picture = np.full((SIZE, SIZE), FLOOR, np.float32)
    if mouse is not None:
        cv2.ellipse(picture, mouse, (18, 9), 20, 0, 360, MOUSE, -1)
    if hand is not None:
        cv2.rectangle(picture, (0, 90), (reach, 130), hand, -1)
    noise = np.random.default_rng(seed).normal(0, 1.5, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("grey", [60, 190])
def test_samples_with_a_hand_are_left_out(grey: int) -> None:
    places = [(40 + 10 * i, 60 + 8 * i) for i in range(12)]
    first = np.array([sample(None, grey), *(sample(place, seed=i) for i, place in enumerate(places))])
    second = np.array([*(sample(place, seed=20 + i) for i, place in enumerate(places)), sample(places[0], grey)])

    kept = without_hands([first, second], MASK, MOST_PX)

    assert [len(stack) for stack in kept] == [12, 12]
    assert np.array_equal(kept[0], first[1:])
    assert np.array_equal(kept[1], second[:-1])


def test_the_place_where_an_animal_usually_sits_is_no_hand() -> None:
    # It sits at the wall, leaning out over the picture's edge; twice it is elsewhere.
    stays = [sample((4, 110), seed=i) for i in range(14)]
    stack = np.array([*stays, sample((150, 60), seed=30), sample((110, 160), seed=31)])

    assert len(without_hands([stack], MASK, 400.0)[0]) == 16


def test_what_reaches_in_all_the_time_is_part_of_the_room() -> None:
    stack = np.array([sample((120, 60 + 8 * i), 60 if i % 2 else None, seed=i) for i in range(12)])

    assert len(without_hands([stack], MASK, MOST_PX)[0]) == 12
