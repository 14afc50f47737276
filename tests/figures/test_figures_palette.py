"""Colours keep their meaning and can be told apart."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from csds.figures import palette

MEANINGS = {
    name: getattr(palette, name)
    for name in ("CONTROL", "ISOTYPE", "TREATMENT", "SUSCEPTIBLE", "RESILIENT", "INTERACTION", "CORNERS", "ENCLOSURE")
}

# Viénot, Brettel & Mollon 1999 (Color Res Appl 24:243): linear RGB as protanopes and deuteranopes see it.
PROTANOPE = np.array([[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]])
DEUTERANOPE = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])


def linear(colour: str) -> np.ndarray:
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ rgb
    f = np.cbrt(np.maximum(xyz, 0) / np.array([0.9505, 1.0, 1.089]))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", [np.eye(3), PROTANOPE, DEUTERANOPE], ids=["normal", "protanope", "deuteranope"])
@pytest.mark.parametrize("pair", [*combinations(MEANINGS, 2)], ids="-".join)
def test_any_two_meanings_can_be_told_apart(sight: np.ndarray, pair: tuple[str, str]) -> None:
    one, other = (lab(np.clip(sight @ linear(MEANINGS[name]), 0, 1)) for name in pair)
    # A difference of about 2.3 is just noticeable; 10 is plain.
    assert np.linalg.norm(one - other) > 10


@pytest.mark.parametrize("colours", [palette.path_colours, palette.occupancy_colours], ids=["path", "occupancy"])
def test_colour_maps_change_lightness_in_one_direction(colours) -> None:
    lightness = np.array([lab(linear_rgb)[0] for linear_rgb in (colours(np.linspace(0, 1, 64)) / 255) ** 2.2])
    steps = np.diff(lightness)
    assert (steps > -0.2).all() or (steps < 0.2).all()


def test_path_colours_stay_darker_than_the_lightest_floor() -> None:
    lightest = palette.path_colours(np.array([1.0]))[0] / 255
    assert lab(lightest**2.2)[0] < 78


def test_occupancy_begins_white() -> None:
    assert palette.occupancy_colours(np.array([0.0])).tolist() == [[255, 255, 255]]


def test_phenotypes_without_a_call_are_muted() -> None:
    assert palette.phenotype_colour("undetermined") == palette.MUTED


def test_zones_of_the_users_own_differ_from_one_another() -> None:
    colours = palette.zone_colours(("nest", "tunnel", "interaction", "corner_left", "centre"))
    assert len(set(colours.values())) == 5
