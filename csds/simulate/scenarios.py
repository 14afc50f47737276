"""Rooms by name: the conditions under which csds must find the mouse."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from csds.errors import SimulationError
from csds.model.arena import Arena
from csds.protocol.load import load_protocol
from csds.protocol.zones import enclosure_shape
from csds.simulate.box import Box, Cage
from csds.simulate.course import join_phases, place_by_hand
from csds.simulate.layout import Layout, arena_name, arena_of
from csds.simulate.scene import Enclosure, Encoding, Nuisance, Scene, Timing, Wall, corners

PHASES = ("target_absent", "target_present")
BOTH = "both"
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
    layout : Layout or None
        Boxes in perspective, one or several; ``wall``, ``turn_deg`` and ``tilt`` are without meaning then.
    course : mapping or None
        Fields of the `Staging` of a recording that shows more than the trial.
    is_joined : bool
        Both phases are in one recording.
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
    layout: Layout | None = None
    course: Mapping[str, Any] | None = None
    is_joined: bool = False

    @property
    def phases(self) -> tuple[str, ...]:
        """The phases that it is filmed in: each a recording of its own, or ``both`` in one."""
        return (BOTH,) if self.is_joined else PHASES

    @property
    def arena_count(self) -> int:
        """Number of arenas in a frame."""
        return 1 if self.layout is None else self.layout.count

    def scenes(
        self, *, phase: str, seed: int, duration_s: float, behaviours: Sequence[tuple[str, str]] = ()
    ) -> tuple[Scene, ...]:
        """Return what a recording of one phase shows, a scene for each arena in reading order.

        ``behaviours`` are those with the target absent and present, by arena, instead of the scenario's.
        """
        wanted = [*behaviours, *[(self.absent, self.present)] * (self.arena_count - len(behaviours))]
        if phase == BOTH:
            absent, present = (
                self._phase([pair[number] for pair in wanted], bool(number), seed, duration_s) for number in (0, 1)
            )
            pairs = zip(absent, present, strict=True)
            return tuple(join_phases(before, after, **self.course or {}) for before, after in pairs)
        is_present = phase == "target_present"
        scenes = self._phase([pair[is_present] for pair in wanted], is_present, seed, duration_s)
        return scenes if self.course is None else tuple(place_by_hand(scene, **self.course) for scene in scenes)

    def _phase(self, behaviours: Sequence[str], is_present: bool, seed: int, duration_s: float) -> tuple[Scene, ...]:
        protocol = load_protocol(self.protocol)
        boxes: tuple[Box | None, ...] = (None,)
        if self.layout is not None:
            boxes = self.layout.boxes(protocol, self.frame_size_px)
        return tuple(
            Scene(
                arena=self.arena() if box is None else arena_of(box, protocol, arena_name(number)),
                enclosure=self.enclosure(),
                target_present=is_present,
                behaviour=behaviours[number],
                duration_s=duration_s,
                seed=seed,
                box=box,
                **self.settings,
            )
            for number, box in enumerate(boxes)
        )

    def arena(self) -> Arena:
        """Return the floor in the picture of a room without a layout."""
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
    "white_box": Scenario(
        meaning="a white box with a white floor: walls and floor are nearly the same",
        settings={"floor_grey": 196.0, "wall_grey": 194.0, "outside_grey": 120.0},
        layout=Layout(box={"rim_grey": 205.0, "wall_shadow_cm": 2.0}, view={"clutter": 3, "table_edge_cm": 9.0}),
    ),
    "black_box": Scenario(
        meaning="a black box with a grey floor, glossy walls", present="avoid",
        settings={"floor_grey": 136.0, "wall_grey": 32.0, "outside_grey": 60.0},
        layout=Layout(box={"rim_grey": 44.0, "finish": "glossy", "wall_height_cm": 35.0}, view={"clutter": 3}),
    ),
    "clear_box": Scenario(
        meaning="a box and an enclosure of clear perspex, the lamp's image on the floor", present="avoid",
        settings={"floor_grey": 168.0, "wall_grey": 140.0, "outside_grey": 84.0},
        layout=Layout(
            walls=("left",),
            box={"rim_grey": 205.0, "finish": "perspex", "cage": Cage(kind="perspex", grey=210.0)},
            view={"glare": 0.15, "glare_at_cm": (7.0, -9.0), "clutter": 5, "table_edge_cm": 12.0},
        ),
    ),
    "grid_floor": Scenario(
        meaning="lines painted on the floor, six by six",
        settings={"floor_grey": 172.0, "wall_grey": 96.0},
        layout=Layout(walls=("right",), box={"grid_cm": 7.0, "grid_grey": 100.0}),
    ),
    "wooden_box": Scenario(
        meaning="a wooden box on a table with clutter, the camera tilted by 12 degrees and turned by 8",
        present="mostly_still", frame_size_px=(800, 600),
        settings={"floor_grey": 176.0, "wall_grey": 120.0, "outside_grey": 150.0, "place": "far_right"},
        layout=Layout(
            box={"rim_grey": 190.0, "finish": "wood", "wall_height_cm": 20.0, "wall_thickness_cm": 1.8},
            camera={"tilt_deg": 12.0, "tilt_towards_deg": 90.0, "turn_deg": 8.0, "distance_cm": 170.0},
            view={"clutter": 6, "table_edge_cm": 14.0, "light_slope": 0.12},
        ),
    ),
    "two_arenas": Scenario(
        meaning="two arenas side by side with a common divider", frame_size_px=(1024, 576),
        layout=Layout(columns=2, camera={"distance_cm": 220.0}, view={"clutter": 3}),
    ),
    "stacked_arenas": Scenario(
        meaning="two arenas, one above the other, enclosures at opposite walls", frame_size_px=(576, 1024),
        present="avoid",
        layout=Layout(rows=2, walls=("top", "bottom"), apart_cm=8.0, camera={"distance_cm": 220.0}),
    ),
    "four_arenas": Scenario(
        meaning="two by two arenas, each enclosure at an outer wall", frame_size_px=(960, 960),
        layout=Layout(
            columns=2, rows=2, walls=("top", "right", "left", "bottom"), box={"wall_height_cm": 25.0},
            camera={"distance_cm": 260.0}, view={"clutter": 4},
        ),
    ),
    "eight_arenas": Scenario(
        meaning="four by two arenas under one far camera", frame_size_px=(1280, 720), present="avoid",
        layout=Layout(
            columns=4, rows=2, box={"wall_height_cm": 10.0}, camera={"distance_cm": 700.0}, view={"clutter": 4},
        ),
    ),
    "placed_by_hand": Scenario(
        meaning="the recording begins before the trial: a hand brings the mouse, and takes it out at the end",
        course={},
    ),
    "both_phases": Scenario(
        meaning="both phases in one recording: mouse in and out, target in, mouse in and out again",
        course={}, is_joined=True,
    ),
}  # fmt: skip


def scenario(name: str, *, phase: str | None = None, seed: int = 0, duration_s: float = 90.0) -> Scene:
    """Return the scene of a named room; the two phases of one seed show the same room.

    Parameters
    ----------
    name : str
        One of `SCENARIOS`.
    phase : str, optional
        ``target_absent`` or ``target_present`` (default); ``both`` where the room is filmed so.
    seed : int
        Of everything random.
    duration_s : float
        Length of a phase: of the recording, unless that shows more.

    Raises
    ------
    SimulationError
        Unknown scenario or phase, or a frame of several arenas.

    Examples
    --------
    >>> scenario("white_mouse", phase="target_absent").coat
    'white'
    """
    scenes = scenario_scenes(name, phase=phase, seed=seed, duration_s=duration_s)
    if len(scenes) > 1:
        raise SimulationError(
            f"expected a scenario of one arena, found '{name}' with {len(scenes)}",
            hint="film all of them: csds.simulate.scenarios.scenario_scenes and recording.simulate_arenas",
        )
    return scenes[0]


def scenario_scenes(
    name: str, *, phase: str | None = None, seed: int = 0, duration_s: float = 90.0, behaviour: str = ""
) -> tuple[Scene, ...]:
    """Return the scenes of a named room, one for each arena in reading order; parameters as for `scenario`.

    ``behaviour`` is every subject's in every phase, instead of the room's own.

    Raises
    ------
    SimulationError
        Unknown scenario or phase.

    Examples
    --------
    >>> [scene.arena.name for scene in scenario_scenes("four_arenas")]
    ['A', 'B', 'C', 'D']
    """
    found = find_scenario(name)
    phase = found.phases[-1] if phase is None else phase
    if phase not in found.phases:
        raise SimulationError(
            f"scenario '{name}' has no phase '{phase}'", hint=f"choose one of: {', '.join(found.phases)}"
        )
    wanted = [(behaviour, behaviour)] * found.arena_count if behaviour else []
    return found.scenes(phase=phase, seed=room_seed(name, seed), duration_s=duration_s, behaviours=wanted)


def room_seed(name: str, seed: int) -> int:
    """Return a seed by which each room has paths and a floor of its own, also where seeds are equal."""
    return seed + 10_000 * (1 + zlib.crc32(name.encode()) % 10_000)


def find_scenario(name: str) -> Scenario:
    """Return the scenario of that name, or raise a SimulationError that lists them."""
    if name not in SCENARIOS:
        raise SimulationError(f"unknown scenario '{name}'", hint=f"choose one of: {', '.join(SCENARIOS)}")
    return SCENARIOS[name]
