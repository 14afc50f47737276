"""Boxes, greys and cameras drawn at random, such that a person who looks can tell where the floors are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from csds.model.protocol import EnclosureSpec, Protocol
from csds.protocol.load import load_protocol
from csds.simulate.box import Box, Cage, CageKind, Finish, View
from csds.simulate.boxes import hidden_cm
from csds.simulate.camera import Camera
from csds.simulate.layout import arena_of, fit_camera, grid_places
from csds.simulate.scene import Coat, Light, Scene

_FRAMES = (
    (320, 240), (352, 288), (480, 360), (640, 360), (640, 480), (720, 576), (800, 600), (1024, 768), (1280, 720),
    (1280, 960),
)  # fmt: skip
#: Pixels; the shortest side that a floor may have in the picture, alone and among others.
_SMALLEST_FLOOR_PX = (170.0, 120.0)
#: cm; the widest strip of floor that a near wall may hide: what isn't seen, nobody can settle.
_MOST_HIDDEN_CM = 0.6
#: cm; walls lower than this aren't built.
_LOWEST_WALL_CM = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Greys (under even light), light and noise of a room."""

    coat: Coat
    light: Light
    floor: float
    wall: float
    rim: float
    outside: float
    finish: Finish
    noise: float
    vignette: float


def draw_protocol(rng: np.random.Generator) -> Protocol:
    """Return a protocol with a floor and an enclosure as laboratories have them; zones may not fit them."""
    kind = int(rng.choice(5, p=(0.4, 0.2, 0.15, 0.15, 0.1)))
    if kind == 0:
        return load_protocol("golden2011")
    if kind == 1:
        return load_protocol("witness_round_cage")
    base = load_protocol("golden2011")
    if kind == 2:
        # Rectangular floors of other sizes.
        width, height = rng.choice(np.array([(40, 40), (45, 45), (50, 50), (60, 40), (44, 30), (89, 63)]))
    elif kind == 3:
        width = height = float(rng.choice((38.0, 42.0, 50.0)))
    else:
        width = height = float(rng.choice((40.0, 45.0)))
    is_round_floor = kind == 4
    if kind == 2:
        across, deep = float(rng.choice((8.0, 10.0, 14.0))), float(rng.choice((6.5, 8.0)))
        box = EnclosureSpec(shape="rectangle", width_cm=across, depth_cm=deep)
    else:
        across = float(rng.choice((7.0, 9.0, 10.0)))
        gap = 1.5 if is_round_floor else float(rng.choice((0.0, 1.0)))
        box = EnclosureSpec(shape="circle", width_cm=across, depth_cm=across, gap_cm=gap)
    return replace(
        base,
        arena_shape="circle" if is_round_floor else "rectangle",
        arena_width_cm=float(width),
        arena_height_cm=float(height),
        enclosure=box,
    )


def draw_look(rng: np.random.Generator) -> Look:
    """Return greys and light in which the subject stands out from the floor."""
    light: Light = "infrared" if rng.random() < 0.3 else "white"
    kind = str(rng.choice(["grey", "black_box", "white_box", "wood", "perspex", "white_floor", "dark"]))
    coat: Coat = "black"
    finish: Finish = "matte" if rng.random() < 0.5 else "glossy"
    floor, wall = rng.uniform(135, 175), rng.uniform(70, 110)
    if kind == "black_box":
        floor, wall = rng.uniform(125, 160), rng.uniform(24, 44)
    elif kind == "white_box":
        floor = rng.uniform(185, 212)
        wall = floor * rng.uniform(0.9, 1.03)
    elif kind == "wood":
        floor, wall, finish = rng.uniform(140, 190), rng.uniform(95, 140), "wood"
    elif kind == "perspex":
        floor, wall, finish = rng.uniform(140, 200), rng.uniform(110, 170), "perspex"
    elif kind == "white_floor":
        floor, wall = rng.uniform(180, 210), rng.uniform(60, 140)
    elif kind == "dark":
        floor, wall, coat = rng.uniform(40, 75), float(rng.choice([rng.uniform(26, 45), rng.uniform(90, 150)])), "white"
    return Look(
        coat=coat,
        light=light,
        floor=float(floor),
        wall=float(wall),
        rim=float(np.clip(wall * rng.uniform(0.7, 1.5), 18, 225)),
        outside=float(rng.choice([rng.uniform(22, 60), rng.uniform(60, 130), rng.uniform(130, 190)])),
        finish=finish,
        noise=float(rng.uniform(2.5, 5.0) if light == "infrared" else rng.uniform(1.0, 3.5)),
        vignette=float(rng.uniform(0.15, 0.5) if light == "infrared" else rng.uniform(0.0, 0.35)),
    )


def draw_lean(rng: np.random.Generator, most_turn_deg: float, *, alone: bool) -> tuple[float, float]:
    """Return a camera's tilt and turn in degrees; over several arenas it hangs straighter."""
    if alone:
        tilt = rng.choice([0.0, rng.uniform(0, 4), rng.uniform(4, 14)])
        turn = rng.choice([rng.normal(0, 1.0), rng.uniform(-most_turn_deg, most_turn_deg)])
    else:
        tilt = rng.uniform(0, 3)
        turn = rng.choice([rng.normal(0, 1.0), rng.uniform(-0.5, 0.5) * most_turn_deg])
    return float(tilt), float(np.clip(turn, -most_turn_deg, most_turn_deg))


def draw_boxes(
    rng: np.random.Generator, protocol: Protocol, grid: tuple[int, int], look: Look, lean_deg: tuple[float, float]
) -> tuple[Box, ...] | None:
    """Return the boxes as a camera of that tilt and turn sees them, or None where they can't be settled by looking."""
    columns, rows = grid
    alone = columns * rows == 1
    size = np.array([protocol.arena_width_cm, protocol.arena_height_cm])
    thickness = float(rng.uniform(0.4, 2.2))
    # Boxes stand apart, or share a divider.
    apart = thickness * 2 + float(rng.choice([0.0, rng.uniform(0.5, 12.0)]))
    # All enclosures stand at the same wall, or each at one of its own.
    first = int(rng.integers(4))
    walls = [first] * (columns * rows) if rng.random() < 0.6 else rng.integers(0, 4, columns * rows).tolist()
    square = size[0] == size[1]
    if not square:
        walls = [(first + 2 * (wall % 2)) % 4 for wall in walls]
    pitch = (size if first % 2 == 0 else size[::-1]) + apart
    spread = pitch * grid
    places = grid_places(grid, pitch)
    frame = _FRAMES[int(rng.integers(len(_FRAMES)))]
    camera = Camera(
        frame_size_px=frame,
        px_per_cm=1.0,
        distance_cm=float(np.clip(spread.max() * rng.uniform(1.8, 5.5), 95, 700)),
        aim_cm=(float(rng.normal(0, 0.04 * spread[0])), float(rng.normal(0, 0.04 * spread[1]))),
        tilt_deg=lean_deg[0],
        tilt_towards_deg=float(rng.uniform(0, 360)),
        turn_deg=lean_deg[1],
    )
    view = View(
        camera=camera,
        lamp_deg=float(rng.uniform(0, 360)),
        light_slope=float(rng.choice([0.0, rng.uniform(0.0, 0.2)])),
        glare=float(rng.choice([0.0, 0.0, rng.uniform(0.05, 0.25)])) if look.finish != "wood" else 0.0,
        glare_at_cm=(float(rng.uniform(-15, 15)), float(rng.uniform(-15, 15))),
        table_edge_cm=float(rng.uniform(4, 30)) if rng.random() < 0.6 else None,
        clutter=int(rng.integers(0, 7)),
    )
    box = Box(
        view=view,
        wall_height_cm=float(rng.uniform(15, 45)),
        wall_thickness_cm=thickness,
        rim_grey=look.rim,
        finish=look.finish,
        wall_shadow_cm=float(rng.choice([0.0, rng.uniform(1.0, 7.0)])) if look.light == "white" else 0.0,
        grid_cm=float(rng.choice([size[0] / 6, size[0] / 4, 7.0, 10.0])) if rng.random() < 0.25 else None,
        grid_grey=float(look.floor * rng.choice([0.55, 0.75, 1.25])),
        cage=_cage(rng, protocol, look),
    )
    jitter = 0.0 if alone or apart <= 2 * thickness else 1.0
    boxes = tuple(
        replace(
            box,
            middle_cm=place,
            turn_deg=90.0 * wall + jitter * float(rng.normal(0, 0.8)),
        )
        for place, wall in zip(places, walls, strict=True)
    )
    boxes = fit_camera(
        boxes, protocol, float(rng.uniform(0.62, 0.97) if rng.random() < 0.93 else rng.uniform(1.0, 1.03))
    )
    return seen_whole(boxes, protocol, alone=alone)


def seen_whole(boxes: tuple[Box, ...], protocol: Protocol, *, alone: bool) -> tuple[Box, ...] | None:
    """Return the boxes with walls low enough to show the whole floors, or None where that can't be."""
    for _ in range(12):
        scenes = [Scene(arena=arena_of(box, protocol), enclosure=None, box=box) for box in boxes]
        shorter = min(protocol.arena_width_cm, protocol.arena_height_cm)
        smallest = shorter * min(scene.arena.px_per_cm for scene in scenes)
        if smallest < _SMALLEST_FLOOR_PX[0 if alone else 1]:
            return None
        if max(hidden_cm(scene) for scene in scenes) <= _MOST_HIDDEN_CM:
            return boxes
        low = 0.8 * boxes[0].wall_height_cm
        if low < _LOWEST_WALL_CM:
            return None
        cage = replace(boxes[0].cage, height_cm=min(boxes[0].cage.height_cm, low))
        boxes = tuple(replace(box, wall_height_cm=low, cage=cage) for box in boxes)
    return None


def _cage(rng: np.random.Generator, protocol: Protocol, look: Look) -> Cage:
    is_round = protocol.enclosure is not None and protocol.enclosure.shape == "circle"
    kinds: tuple[CageKind, ...] = ("bars", "bars", "mesh", "perspex") if is_round else ("mesh", "perspex")
    kind = kinds[int(rng.integers(len(kinds)))]
    dark = look.floor > 100
    grey = rng.uniform(185, 230) if kind == "perspex" else rng.uniform(25, 60) if dark else rng.uniform(110, 160)
    return Cage(kind=kind, height_cm=float(rng.uniform(6, 15)), grey=float(grey))
