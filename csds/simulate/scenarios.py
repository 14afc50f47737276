"""Rooms by name: the conditions under which csds must find the mouse."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from csds.errors import SimulationError
from csds.model.arena import Arena
from csds.protocol.load import load_protocol
from csds.protocol.zones import enclosure_shape
from csds.simulate.scene import Enclosure, Encoding, Nuisance, Scene, Timing, Wall, corners

PHASES = ("target_absent", "target_present")
_MJPEG = Encoding(codec="mjpeg", bitrate_kbps=12_000, suffix=".avi")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A named room and what its subject does in each phase.

    Parameters
    ----------
    meaning : str
        One line for the reader.
    frame_size_px : (width, height)
    wall : str
        Side of the picture at which the enclosure stands.
    turn_deg, tilt : float
        Rotation and perspective; see `csds.simulate.scene.corners`.
    protocol : str
        Name of the protocol that gives the floor's size and the enclosure.
    absent, present : str
        Behaviour with the target absent and present.
    settings : mapping
        Further fields of the `Scene`.
    """

    meaning: str
    frame_size_px: tuple[int, int] = (640, 480)
    wall: Wall = "top"
    turn_deg: float = 0.0
    tilt: float = 0.0
    protocol: str = "golden2011"
    absent: str = "explore"
    present: str = "social"
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def arena(self) -> Arena:
        """Return the floor in the picture."""
        protocol = load_protocol(self.protocol)
        return Arena(
            name="A",
            shape=protocol.arena_shape,
            corners_px=corners(self.frame_size_px, wall=self.wall, turn_deg=self.turn_deg, tilt=self.tilt),
            width_cm=protocol.arena_width_cm,
            height_cm=protocol.arena_height_cm,
            frame_size_px=self.frame_size_px,
        )

    def enclosure(self) -> Enclosure | None:
        """Return the outline of the target's enclosure in arena cm."""
        protocol = load_protocol(self.protocol)
        return enclosure_shape(protocol, protocol.arena_width_cm, protocol.arena_height_cm)


SCENARIOS: dict[str, Scenario] = {
    "clean": Scenario(meaning="good light, a mouse that explores and then greets the target"),
    "avoider": Scenario(meaning="good light, a mouse that keeps to the far corners", present="avoid"),
    "mostly_still": Scenario(
        meaning="sits in a corner for most of the time when the target is present",
        present="mostly_still", settings={"place": "far_left"},
    ),
    "still": Scenario(
        meaning="never moves when the target is present, from the first frame to the last",
        present="still", settings={"place": "far_left"},
    ),
    "still_same_corner": Scenario(
        meaning="never moves when the target is present; sits mostly in that same corner before",
        absent="mostly_still", present="still", settings={"place": "far_right"},
    ),
    "still_beside_enclosure": Scenario(
        meaning="never moves when the target is present, right beside the mesh",
        present="still", settings={"place": "beside_enclosure"},
    ),
    "infrared_dim": Scenario(
        meaning="dim infrared light: little contrast, much noise, strong vignette",
        present="avoid", settings={"light": "infrared", "noise_sigma": 4.0, "vignette": 0.45, "outside_grey": 20.0},
    ),
    "white_mouse": Scenario(
        meaning="a white mouse on a dark floor",
        settings={"coat": "white", "floor_grey": 54.0, "wall_grey": 36.0, "outside_grey": 62.0},
    ),
    "tilted": Scenario(
        meaning="the camera looks down at a slant and is turned",
        turn_deg=5.0, tilt=0.22, present="mostly_still", settings={"place": "far_right"},
    ),
    "small_wmv": Scenario(
        meaning="320 × 240 at 15 frames per second, Windows Media of low bit rate", frame_size_px=(320, 240),
        present="avoid",
        settings={"fps": 15.0, "encoding": Encoding(codec="wmv2", bitrate_kbps=350, suffix=".wmv")},
    ),
    "large": Scenario(
        meaning="1280 × 960", frame_size_px=(1280, 960), settings={"encoding": Encoding(bitrate_kbps=5000)},
    ),
    "variable_rate": Scenario(
        meaning="irregular time stamps and holes of more than half a second", present="avoid",
        settings={"timing": Timing(jitter=0.2, dropped_stretches=5)},
    ),
    "mjpeg": Scenario(meaning="Motion JPEG in AVI", present="avoid", settings={"encoding": _MJPEG}),
    "mpeg2_bedding": Scenario(
        meaning="720 × 576 MPEG-2, bedding on the floor", frame_size_px=(720, 576),
        settings={
            "fps": 25.0,
            "encoding": Encoding(codec="mpeg2", bitrate_kbps=5000, keyframe_every=12, suffix=".mpg"),
            "nuisances": (Nuisance(name="bedding"),),
        },
    ),
    "xvid": Scenario(
        meaning="Xvid in AVI", present="avoid",
        settings={"encoding": Encoding(codec="mpeg4", bitrate_kbps=1500, suffix=".avi")},
    ),
    "dv": Scenario(
        meaning="DV (PAL) in AVI", frame_size_px=(720, 576),
        settings={"fps": 25.0, "encoding": Encoding(codec="dv", suffix=".avi")},
    ),
    "round_cage": Scenario(
        meaning="witness-defeat room: 40 × 40 cm, a round cage 7 cm across",
        protocol="witness_round_cage",
    ),
    "bottom_wall": Scenario(meaning="the enclosure stands at the picture's lower side", wall="bottom", present="avoid"),
    "left_wall": Scenario(meaning="the enclosure stands at the picture's left side", wall="left"),
}  # fmt: skip


def scenario(name: str, *, phase: str = "target_present", seed: int = 0, duration_s: float = 90.0) -> Scene:
    """Return the scene of a named room; the two phases of one seed show the same room.

    Parameters
    ----------
    name : str
        One of `SCENARIOS`.
    phase : str
        ``target_absent`` or ``target_present``.
    seed : int
        Of everything random.
    duration_s : float
        Length of the recording.

    Raises
    ------
    SimulationError
        Unknown scenario or phase.

    Examples
    --------
    >>> scenario("white_mouse", phase="target_absent").coat
    'white'
    """
    found = find_scenario(name)
    if phase not in PHASES:
        raise SimulationError(f"unknown phase '{phase}'", hint=f"choose one of: {', '.join(PHASES)}")
    present = phase == "target_present"
    return Scene(
        arena=found.arena(),
        enclosure=found.enclosure(),
        target_present=present,
        behaviour=found.present if present else found.absent,
        duration_s=duration_s,
        # Each room has a path and a floor of its own, also where seeds are equal.
        seed=seed + 10_000 * (1 + zlib.crc32(name.encode()) % 10_000),
        **found.settings,
    )


def find_scenario(name: str) -> Scenario:
    """Return the scenario of that name, or raise a SimulationError that lists them."""
    if name not in SCENARIOS:
        raise SimulationError(f"unknown scenario '{name}'", hint=f"choose one of: {', '.join(SCENARIOS)}")
    return SCENARIOS[name]
