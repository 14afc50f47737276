"""A made-up session to draw: a square floor of 42 cm, seen straight from above at 10 px/cm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from csds.figures.pictures import SessionPicture
from csds.model.arena import Arena
from csds.model.shapes import Rectangle, Union, Zone, contains

LEFT = Rectangle(left=0, top=33, right=9, bottom=42)
RIGHT = Rectangle(left=33, top=33, right=42, bottom=42)


@pytest.fixture
def arena() -> Arena:
    return Arena(
        name="A",
        shape="rectangle",
        width_cm=42,
        height_cm=42,
        frame_size_px=(640, 480),
        corners_px=((110, 30), (530, 30), (530, 450), (110, 450)),
    )


@pytest.fixture
def zones() -> tuple[Zone, ...]:
    return (
        Zone(name="interaction", shape=Rectangle(left=9, top=0, right=33, bottom=14)),
        Zone(name="corners", shape=Union(shapes=(LEFT, RIGHT))),
        Zone(name="corner_left", shape=LEFT),
        Zone(name="corner_right", shape=RIGHT),
    )


@pytest.fixture
def track(zones: tuple[Zone, ...]) -> pd.DataFrame:
    """20 s at 10 Hz round a circle, unknown from 5 to 7 s, interpolated from 10 to 10.3 s."""
    time = np.arange(200) / 10
    angle = time / 20 * 2 * np.pi
    table = pd.DataFrame(
        {
            "frame": np.arange(200) + 30,
            "time_s": time,
            "x_cm": 21 + 15 * np.cos(angle),
            "y_cm": 21 + 15 * np.sin(angle),
            "interpolated": (time >= 10) & (time <= 10.3),
        }
    )
    table.loc[50:69, ["x_cm", "y_cm"]] = np.nan
    table["nose_x_cm"], table["nose_y_cm"] = table["x_cm"] + 3, table["y_cm"]
    for zone in zones:
        table[f"in_{zone.name}"] = contains(zone.shape, table["x_cm"], table["y_cm"])
    return table


@pytest.fixture
def make_picture(arena: Arena, zones: tuple[Zone, ...], track: pd.DataFrame) -> Callable[..., SessionPicture]:
    """Return a maker of session pictures; keywords replace what they name."""

    def make(**changes: Any) -> SessionPicture:
        own = changes.get("track", track)
        values: dict[str, Any] = {
            "session_id": "c1_M01_target_absent",
            "animal": "M01",
            "phase": "target_absent",
            "background": np.tile(np.linspace(60, 180, 640).astype(np.uint8), (480, 1)),
            "arena": arena,
            "zones": zones,
            "enclosure": Rectangle(left=16, top=0, right=26, bottom=6.5),
            "track": own,
            "durations_s": np.full(len(own), 0.1),
            "stress": "defeated",
            "treatment": "anti-IL-4Rα",
            "metrics": {"interaction_time_s": 35.25, "interaction_entries": 12, "distance_cm": 812.4},
            "window_s": 20.0,
        }
        return SessionPicture(**(values | changes))

    return make
