"""Many bodies measured at once, each as the definition says for it alone."""

from __future__ import annotations

import numpy as np
import pytest

from csds.tracking.measure import MEASURES, cut_out, measure_bodies

ORIGIN = (31, 17)


def masks(seed: int, *, tail: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Return a body (an ellipse with a ragged outline) and a tail of a few pixels, apart from each other."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:60, :70]
    turn = rng.uniform(0, np.pi)
    along = (x - 35) * np.cos(turn) + (y - 30) * np.sin(turn)
    across = (y - 30) * np.cos(turn) - (x - 35) * np.sin(turn)
    body = (along / 18) ** 2 + (across / 7) ** 2 + 0.2 * rng.random(x.shape) < 1
    thin = (np.abs(across) < 1) & (along < -20) & (along > -27) & tail
    return np.uint8(255) * body, np.uint8(255) * thin


def one_by_one(body: np.ndarray, tail: np.ndarray) -> dict[str, float]:
    """Return the measures by their definitions, from the pixels' coordinates."""
    v, u = (values.astype(float) for values in np.nonzero(body))
    centre = np.array([u.mean(), v.mean()])
    spread = np.cov([u, v], bias=True)
    sizes, ways = np.linalg.eigh(spread)
    axis = np.arctan2(*ways[::-1, 1])
    way = ways[:, 1] * (1 if -np.pi / 2 < axis <= np.pi / 2 else -1)
    along = np.column_stack([u, v]) @ way
    tips = [np.column_stack([u, v])[near].mean(axis=0) for near in (along >= along.max() - 1, along <= along.min() + 1)]
    length, width = 4 * np.sqrt(sizes[1] + 1 / 12), 4 * np.sqrt(sizes[0] + 1 / 12)
    side, pixels = 0.0, np.argwhere(tail)[:, ::-1]
    if len(pixels) > 2:
        side = (pixels.mean(axis=0) - centre) @ way / (length / 2) * min(1.0, 12 * len(pixels) / len(u))
    (u, v), (ahead_u, ahead_v), (behind_u, behind_v) = centre + ORIGIN, tips[0] + ORIGIN, tips[1] + ORIGIN
    skew = np.mean((along - along.mean()) ** 3) / sizes[1] ** 1.5
    values = (
        u,
        v,
        len(along),
        length,
        width,
        np.arctan2(way[1], way[0]),
        ahead_u,
        ahead_v,
        behind_u,
        behind_v,
        side,
        skew,
    )
    return dict(zip(MEASURES, values, strict=True))


def test_each_of_many_bodies_is_measured_by_its_own_pixels() -> None:
    pictures = [masks(seed, tail=seed % 3 > 0) for seed in range(20)]
    bodies = [None if number == 4 else cut_out(*both, ORIGIN) for number, both in enumerate(pictures)]
    rows = measure_bodies(bodies)
    assert np.isnan(rows[4]).all()
    for number in (0, 1, 3, *range(5, 20)):
        found, expected = dict(zip(MEASURES, rows[number], strict=True)), one_by_one(*pictures[number])
        assert found == pytest.approx(expected, abs=1e-9), number


def test_frames_without_the_animal_have_no_measures() -> None:
    assert np.isnan(measure_bodies([None, None])).all()
    assert measure_bodies([]).shape == (0, len(MEASURES))


def test_body_knows_where_in_the_grid_it_is() -> None:
    body, tail = masks(1)
    found = cut_out(body, tail, ORIGIN)
    v, u = np.nonzero(body)
    assert found.area == len(u)
    assert found.centre == pytest.approx((u.mean() + ORIGIN[0], v.mean() + ORIGIN[1]))
