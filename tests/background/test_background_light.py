"""The light is followed place by place, and no animal is taken for a shadow."""

from __future__ import annotations

import numpy as np
import pytest

from csds.background.light import Light

SIZE = 200
BOX = (0, 0, SIZE, SIZE)
WHOLE = np.full((SIZE, SIZE), 255, np.uint8)
V, U = np.mgrid[:SIZE, :SIZE]
FLOOR = np.clip(150 + 12 * np.sin(U / 7.0) + 8 * np.cos(V / 5.0), 0, 255).astype(np.uint8)


def light(mask: np.ndarray = WHOLE) -> Light:
    return Light(floor=FLOOR, mask=mask, animal_px=400.0, noise=1.0)


def under(gain: np.ndarray | float, *, noise: float = 2.0) -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.clip(FLOOR * gain + rng.normal(0, noise, FLOOR.shape), 0, 255).round().astype(np.uint8)


def test_unchanged_light_is_left_alone() -> None:
    assert light().ratios(under(1.0)) is None


@pytest.mark.parametrize("gain", [0.96, 0.98, 0.985, 0.99, 1.0, 1.01, 1.015, 1.02, 1.04])
def test_light_counts_as_changed_where_a_cells_median_ratio_has(gain: float) -> None:
    # The floor as it is seen at the 9 × 9 places of each of 4 × 4 cells.
    places = ((np.arange(36) + 0.5) * SIZE / 36).astype(int)
    picture = under(gain, noise=1.0)
    ratios = np.maximum(picture, 1)[np.ix_(places, places)] / FLOOR[np.ix_(places, places)].astype(float)
    medians = np.median(ratios.reshape(4, 9, 4, 9).transpose(0, 2, 1, 3).reshape(4, 4, 81), axis=2)
    level = float(np.median(FLOOR[np.ix_(places, places)]))
    found = light().ratios(picture)
    assert (found is None) == (np.abs(medians - 1).max() <= 1.5 / level)
    if found is not None:
        assert found == pytest.approx(medians, rel=1e-5)


@pytest.mark.parametrize("gain", [0.7, 0.9, 1.1, 1.3])
def test_light_that_changes_everywhere_alike_is_taken_back(gain: float) -> None:
    picture = under(gain)
    follower = light()
    ratios = follower.ratios(picture)
    assert ratios is not None
    assert ratios == pytest.approx(gain, rel=0.03)
    assert np.abs(follower.evened(picture, ratios, BOX).astype(float) - FLOOR).mean() < 5


def test_shadow_with_a_soft_edge_over_a_part_of_the_arena_is_taken_back_in_any_part_of_it() -> None:
    gain = 1.0 - 0.3 * np.clip((U - 60.0) / 60.0, 0.0, 1.0)
    picture = under(gain)
    follower = light()
    ratios = follower.ratios(picture)
    assert ratios is not None
    evened = follower.evened(picture, ratios, BOX).astype(float)
    assert np.percentile(np.abs(evened - FLOOR), 99) < 25
    part = (70, 40, 150, 120)
    piece = follower.evened(picture[40:120, 70:150], ratios, part)
    assert np.abs(piece.astype(float) - evened[40:120, 70:150]).max() <= 2


@pytest.mark.parametrize("corner", [(12, 12), (100, 100), (185, 15)])
def test_animal_does_not_pull_the_light_of_its_place(corner: tuple[int, int]) -> None:
    mask = WHOLE.copy()
    mask[:7], mask[:, :7] = 0, 0
    picture = under(1.0)
    u, v = corner
    picture[((U - u) / 18.0) ** 2 + ((V - v) / 8.0) ** 2 <= 1] = 30
    ratios = light(mask).ratios(picture)
    assert ratios is None or np.abs(ratios - 1.0).max() < 0.04
