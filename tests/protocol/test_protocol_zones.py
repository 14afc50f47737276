"""Zones stand where the protocol says, in an arena of any size."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csds.errors import ProtocolError
from csds.model.shapes import Circle, Polygon, Rectangle, contains
from csds.protocol import enclosure_shape, load_protocol, resolve_zones

BASE = """
name = "mine"
title = "t"
source = "s"
[arena]
shape = "rectangle"
width_cm = 40.0
height_cm = 30.0
[[phase]]
name = "only"
duration_s = 10
"""


def one_zone(folder: Path, keys: str, enclosure: str = "") -> Path:
    path = folder / "mine.toml"
    path.write_text(f'{BASE}{enclosure}\n[[zone]]\nname = "z"\n{keys}\n', encoding="utf-8")
    return path


def test_golden_zones_in_centimetres() -> None:
    zones = {zone.name: zone.shape for zone in resolve_zones(load_protocol("golden2011"), 42.0, 42.0)}
    assert zones["interaction"] == Rectangle(left=9, top=0, right=33, bottom=14)
    assert zones["corner_left"] == Rectangle(left=0, top=33, right=9, bottom=42)
    assert zones["corner_right"] == Rectangle(left=33, top=33, right=42, bottom=42)
    assert contains(zones["corners"], [1, 41, 21], [41, 41, 41]).tolist() == [True, True, False]
    assert enclosure_shape(load_protocol("golden2011"), 42.0, 42.0) == Rectangle(left=16, top=0, right=26, bottom=6.5)


def test_round_cage_and_its_ring() -> None:
    protocol = load_protocol("witness_round_cage")
    assert enclosure_shape(protocol, 40.0, 40.0) == Circle(x=20, y=3.5, radius=3.5)
    (ring,) = resolve_zones(protocol, 40.0, 40.0)
    # 8 cm beyond the cage's edge at y = 7; the cage itself belongs to the zone
    assert contains(ring.shape, [20, 20, 20, 31.5, 31.6], [3.5, 15.0, 15.1, 3.5, 3.5]).tolist() == [
        True,
        True,
        False,
        True,
        False,
    ]


def test_open_field_shares_and_no_enclosure() -> None:
    protocol = load_protocol("open_field")
    assert enclosure_shape(protocol, 100.0, 100.0) is None
    zones = {zone.name: zone.shape for zone in resolve_zones(protocol, 100.0, 80.0)}
    assert zones["centre"] == Rectangle(left=25, top=20, right=75, bottom=60)
    assert zones["corner_opposite_right"] == Rectangle(left=75, top=60, right=100, bottom=80)


@given(width=st.floats(26, 120), height=st.floats(24, 120))
def test_anchored_zones_keep_their_size_and_place(width: float, height: float) -> None:
    zones = {zone.name: zone.shape for zone in resolve_zones(load_protocol("golden2011"), width, height)}
    (interaction,) = zones["interaction"].outlines()
    assert np.ptp(interaction, axis=0) == pytest.approx([24, 14])
    assert interaction.mean(axis=0) == pytest.approx([width / 2, 7])
    (left,), (right,) = zones["corner_left"].outlines(), zones["corner_right"].outlines()
    assert left.min(axis=0) == pytest.approx([0, height - 9])
    assert right.max(axis=0) == pytest.approx([width, height])


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ('shape = "rectangle"\nx_cm = [1, 2]\ny_cm = [3, 4]', Rectangle(left=1, top=3, right=2, bottom=4)),
        (
            'shape = "rectangle"\nat = "near_right"\nwidth_cm = 5\ndepth_cm = 6',
            Rectangle(left=35, top=0, right=40, bottom=6),
        ),
        ('shape = "rectangle"\nat = "near_left"\nshare = 0.5', Rectangle(left=0, top=0, right=20, bottom=15)),
        ('shape = "circle"\ncentre_cm = [10, 12]\ndiameter_cm = 8', Circle(x=10, y=12, radius=4)),
        ('shape = "circle"\nat = "centre"\ndiameter_cm = 8', Circle(x=20, y=15, radius=4)),
        ('shape = "polygon"\npoints_cm = [[0, 0], [4, 0], [0, 4]]', Polygon(corners=((0, 0), (4, 0), (0, 4)))),
    ],
)
def test_each_form_of_zone(tmp_path: Path, keys: str, expected: object) -> None:
    (zone,) = resolve_zones(load_protocol(one_zone(tmp_path, keys)), 40.0, 30.0)
    assert zone.shape == expected


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('shape = "circle"\ndiameter_cm = 8', "expected the keys"),
        ('shape = "rectangle"', "found none"),
        ('shape = "ring"\nwidth_cm = 8', "ring around the enclosure, but the protocol has no [enclosure]"),
        ('shape = "polygon"\npoints_cm = [[0, 0], [4, 0]]', "at least 3 points"),
        ('shape = "polygon"\npoints_cm = [[0, 0], [4, 0], [4]]', "points [x, y]"),
        ('shape = "polygon"\npoints_cm = [[0, 0], [4, 0], [4, 0]]', "names a corner twice"),
        ('shape = "circle"\ncentre_cm = [2, 12]\ndiameter_cm = 8', "beyond the arena"),
    ],
)
def test_contradictions_are_named(tmp_path: Path, keys: str, said: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        load_protocol(one_zone(tmp_path, keys))
    assert said in caught.value.message


def test_ring_of_a_rectangle_is_rounded(tmp_path: Path) -> None:
    enclosure = '[enclosure]\nshape = "rectangle"\nwidth_cm = 10\ndepth_cm = 6\ngap_cm = 2\n'
    protocol = load_protocol(one_zone(tmp_path, 'shape = "ring"\nwidth_cm = 5', enclosure))
    (zone,) = resolve_zones(protocol, 40.0, 30.0)
    diagonal = 5 / np.sqrt(2)
    assert zone.shape.distance(25 + diagonal, 8 + diagonal) == pytest.approx(0.0)


def test_zones_of_an_open_protocol_are_refused() -> None:
    with pytest.raises(ProtocolError, match=r"arena.width_cm.* is open"):
        resolve_zones(load_protocol("schuler2024", allow_open=True), 42.0, 42.0)


def test_arena_too_small_for_the_protocol() -> None:
    golden = load_protocol("golden2011")
    with pytest.raises(ProtocolError, match="zone interaction reaches"):
        resolve_zones(golden, 20.0, 42.0)
    with pytest.raises(ProtocolError, match=r"enclosure .* does not fit"):
        enclosure_shape(dataclasses.replace(golden, zones=()), 8.0, 42.0)
