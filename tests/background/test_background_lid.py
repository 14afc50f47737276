"""The enclosure as a floor: an animal on top is told from its target beneath."""

from __future__ import annotations

import numpy as np
import pytest

from csds.background import BackgroundSpec, learn_background

SIZE, FLOOR = 140, {"dark": 150, "light": 60}
FUR = {"dark": 40, "light": 205}
V, U = np.mgrid[:SIZE, :SIZE]
CAGE = (np.abs(U - 70) <= 24) & (V <= 34)
WIRES = CAGE & ((U % 6 < 2) | (V % 6 < 2))
MIDDLES = CAGE & np.isin(U % 6, (3, 4)) & np.isin(V % 6, (3, 4))
MASK = np.where(CAGE, 0, 255).astype(np.uint8)


def ellipse(u: float, v: float) -> np.ndarray:
    return np.asarray(((U - u) / 15) ** 2 + ((V - v) / 7) ** 2 <= 1)


def picture(mouse: tuple[float, float] | None, target: tuple[float, float] | None, side: str, coat: int) -> np.ndarray:
    rng = np.random.default_rng(abs(hash((mouse, target))) % 2**32)
    image = np.full((SIZE, SIZE), float(FLOOR[side]))
    if target is not None:
        image[ellipse(*target) & CAGE] = coat
    image[WIRES] = 30
    if mouse is not None:
        image[ellipse(*mouse)] = FUR[side]
    return np.clip(image + rng.normal(0, 1.5, image.shape), 0, 255).round().astype(np.uint8)


def learnt(side: str, coat: int):
    rng = np.random.default_rng(3)
    walks = [(rng.uniform(25, 115), rng.uniform(75, 120)) for _ in range(24)]
    targets = [(rng.uniform(62, 78), rng.uniform(12, 24)) for _ in range(24)]
    samples = np.array([picture(*both, side, coat) for both in zip(walks, targets, strict=True)])
    spec = BackgroundSpec(
        mask=MASK, area_px=(100.0, 1500.0), enclosure=np.where(CAGE, 255, 0).astype(np.uint8), mesh_px=7.0
    )
    return learn_background([samples], spec)


@pytest.mark.parametrize(("side", "coat"), [("dark", 210), ("light", 205)])
def test_animal_on_the_enclosure_stands_out_and_the_target_beneath_never_does(side: str, coat: int) -> None:
    background = learnt(side, coat)
    assert background.polarity == side
    assert background.lid is not None
    beneath = background.difference(picture(None, (66, 15), side, coat), background.lid) > background.threshold
    assert np.count_nonzero(beneath & CAGE) <= 8
    on_top = background.difference(picture((70, 18), (66, 15), side, coat), background.lid) > background.threshold
    here = ellipse(70, 18) & CAGE
    # Where both are light only the wires tell, elsewhere the middles of the gaps.
    told = here & (WIRES if side == "light" else MIDDLES)
    assert np.count_nonzero(on_top & told) > 0.6 * np.count_nonzero(told)


def test_enclosure_in_which_a_dark_target_moves_under_dark_wires_is_left_unseen() -> None:
    assert learnt("dark", 40).lid is None
