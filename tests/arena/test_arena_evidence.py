"""What floors share, where animals are seen on them, what is seen across their sides, and what that is worth."""

import numpy as np
import pytest

from csds.arena.borders import BORDER_TERMS, blurred, border_terms
from csds.arena.evidence import READ_TERMS, SIDE_TERMS, WALL_TERMS, WHOLE_TERMS
from csds.arena.geometry import shared
from csds.arena.neighbours import floors_beside
from csds.arena.spots import FLOOR_TERMS, SPOT_TERMS, spot_terms
from csds.arena.weights import FLOOR, ROUGH_FLOOR, ROUGH_SIDE, WALL

SQUARE = np.array([(100, 100), (300, 100), (300, 300), (100, 300)], float)


def spot(x: float, y: float, radius: float = 8.0) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    return np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)])


def test_weights_are_in_the_order_of_the_terms():
    assert tuple(ROUGH_SIDE.of_terms) == SIDE_TERMS
    assert tuple(ROUGH_FLOOR.of_terms) == WHOLE_TERMS
    assert tuple(FLOOR.of_terms) == READ_TERMS
    assert tuple(WALL.of_terms) == WALL_TERMS


def test_what_terms_are_worth_is_their_weighted_sum():
    terms = np.arange(len(WHOLE_TERMS), dtype=float)
    by_hand = ROUGH_FLOOR.constant + sum(ROUGH_FLOOR.of_terms[name] * i for i, name in enumerate(WHOLE_TERMS))
    assert ROUGH_FLOOR.of(terms) == pytest.approx(by_hand)


def test_what_quadrilaterals_share():
    others = np.array([SQUARE, SQUARE - (-100, 0), SQUARE - (-250, 0), (SQUARE - 200) / 2 + 200])
    assert shared(SQUARE, others) == pytest.approx([1.0, 0.5, 0.0, 1.0], abs=0.03)


def test_nearly_the_same_floors_share_all():
    assert shared(SQUARE, SQUARE[None] + 1e-4)[0] > 0.97


def test_spots_on_the_floor_beside_it_and_across_its_side():
    sides, floors = spot_terms(SQUARE[None], np.array([spot(200, 125)]))
    near = sides[0, :, SPOT_TERMS.index("near_side")]
    # The spot's upper edge is 17 px of 200 from the upper side: within a tenth of it; the others are farther.
    assert near[0] == pytest.approx(0.85, abs=0.1)
    assert near[1:] == pytest.approx(1.0)
    assert floors[0, FLOOR_TERMS.index("straddling")] == 0
    across = spot_terms(SQUARE[None], np.array([spot(300, 200, 20.0)]))[1]
    assert across[0, FLOOR_TERMS.index("straddling")] == 1
    beside = spot_terms(SQUARE[None], np.array([spot(400, 200)]))[1]
    assert beside[0, FLOOR_TERMS.index("empty")] == 1


def picture() -> np.ndarray:
    grey = np.full((400, 400), 60, np.float32)
    grey[100:300, 100:300] = 150
    return blurred(grey + np.random.default_rng(2).normal(0, 1.5, grey.shape).astype(np.float32))


def test_a_floor_has_its_own_edges_and_none_within():
    wider = (SQUARE - 200) * 1.12 + 200
    smaller = (SQUARE - 200) * 0.85 + 200
    own, beyond, within = (
        dict(zip(BORDER_TERMS, terms[0].mean(axis=0), strict=True))
        for terms in (border_terms(one[None], picture()) for one in (SQUARE, wider, smaller))
    )
    assert own["own_step"] > 0.9
    assert beyond["own_step"] < 0.6
    assert own["inner_step_beside_own"] < 0.5
    assert beyond["inner_step_beside_own"] > 0.8
    assert within["outer_step_beside_own"] > 0.8


class _Echo:
    """Stands for a looker: gives back the quadrilaterals that it is asked to look at."""

    class view:  # noqa: N801 - an attribute that is asked for its picture's size
        grey = np.zeros((400, 900))

    def near(self, quads):
        return quads


def test_neighbours_are_looked_for_where_a_row_goes_on():
    floors = [SQUARE - (60, 0), SQUARE - (-190, 0)]
    middles = [np.mean(quad, axis=0) for group in floors_beside(floors, _Echo()) for quad in group]
    # Two stand 250 px apart: the third is looked for 250 px further on, and nowhere outside the picture.
    assert any(np.allclose(middle, (640, 200)) for middle in middles)
    assert all(middle[0] < 900 for middle in middles)
