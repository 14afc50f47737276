"""Rooms in which floors' sides are learnt: random ones, and others that are drawn in another way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np

from csds.model.arena import Arena
from csds.model.protocol import Protocol
from csds.protocol.zones import enclosure_shape
from csds.simulate.box import Box
from csds.simulate.layout import fit_camera
from csds.simulate.random_boxes import draw_boxes, draw_look, draw_protocol, seen_whole
from csds.simulate.random_rooms import RandomRoom, random_room, room_of
from csds.simulate.scene import Scene, Wall, corners

Kind = Literal["random", "plain", "tall", "round"]
_SECONDS = 60.0
#: Walls at which the enclosure stands in plain rooms, and frames that these are filmed in.
_WALLS: tuple[Wall, ...] = ("top", "right", "bottom", "left")
_FRAMES = ((640, 480), (720, 576), (320, 240), (1280, 960))
#: Columns and rows of tall rooms; how high their walls are and how far off the camera is, in sides of a floor.
_TALL_GRIDS, _TALL, _CLOSE = ((1, 1), (2, 1), (1, 2)), (0.4, 1.0), (1.4, 3.0)
#: Spread of that camera's tilt, degrees, and how high its walls are at least, in sides, where lower ones show more.
_TILT, _NOT_LOWER = 5.0, 0.3


def plain_room(seed: int) -> RandomRoom:
    """Return a room with one square floor and plain walls, drawn in another way than random rooms are."""
    rng = np.random.default_rng([seed, 8])
    protocol = draw_protocol(rng)
    while protocol.arena_shape == "circle" or protocol.arena_width_cm != protocol.arena_height_cm:
        protocol = draw_protocol(rng)
    look, frame = draw_look(rng), _FRAMES[int(rng.integers(len(_FRAMES)))]
    wall, lean = _WALLS[int(rng.integers(4))], float(rng.choice([0.0, rng.uniform(0, 0.25)]))
    place = corners(
        frame, wall=wall, margin=float(rng.uniform(0.05, 0.25)), turn_deg=float(rng.normal(0, 3)), tilt=lean
    )
    arena = Arena(
        name="A",
        shape="rectangle",
        corners_px=place,
        width_cm=protocol.arena_width_cm,
        height_cm=protocol.arena_height_cm,
        frame_size_px=frame,
    )
    scenes = [
        Scene(
            arena=arena,
            enclosure=enclosure_shape(protocol, protocol.arena_width_cm, protocol.arena_height_cm),
            target_present=present,
            behaviour=str(rng.choice(["explore", "avoid", "mostly_still"])),
            duration_s=_SECONDS,
            coat=look.coat,
            floor_grey=look.floor,
            wall_grey=look.wall,
            outside_grey=look.outside,
            light=look.light,
            noise_sigma=look.noise,
            vignette=look.vignette,
            seed=seed,
        )
        for present in (False, True)
    ]
    return RandomRoom(protocol=protocol, absent=(scenes[0],), present=(scenes[1],))


def tall_room(seed: int) -> RandomRoom:
    """Return a room with boxes as light as their floors, whose high walls a near camera sees aslant."""
    rng = np.random.default_rng([seed, 9])
    light = float(rng.uniform(90, 215))
    look = replace(
        draw_look(rng),
        floor=light,
        wall=float(np.clip(light * rng.uniform(0.9, 1.3), 0, 235)),
        rim=float(np.clip(light * rng.uniform(0.8, 1.4), 0, 240)),
        outside=float(light * rng.uniform(0.2, 1.0)),
        coat="black",
    )
    grid = _TALL_GRIDS[int(rng.integers(len(_TALL_GRIDS)))]
    boxes = None
    while boxes is None:
        protocol = draw_protocol(rng)
        if protocol.arena_shape == "rectangle":
            drawn = draw_boxes(rng, protocol, grid, look, (abs(rng.normal(0, _TILT)), rng.normal(0, 2.0)))
            boxes = drawn and _taller(rng, drawn, protocol, max(grid))
    room = room_of(rng, seed, protocol, look, boxes, _SECONDS)
    if rng.random() < 0.5:
        return room
    empty = tuple(replace(scene, enclosure=None) for scene in room.absent)
    return replace(room, absent=empty, present=tuple(replace(scene, seed=seed + 1) for scene in empty))


def _taller(
    rng: np.random.Generator, boxes: tuple[Box, ...], protocol: Protocol, across: int
) -> tuple[Box, ...] | None:
    side = max(protocol.arena_width_cm, protocol.arena_height_cm)
    wall, away = side * float(rng.uniform(*_TALL)), side * across * float(rng.uniform(*_CLOSE))
    view = boxes[0].view
    view = replace(view, camera=replace(view.camera, distance_cm=max(away, 1.5 * wall)))
    lines = side / float(rng.choice((4, 5, 6))) if rng.random() < 0.6 else None
    grey = float(rng.uniform(30, 90))
    boxes = tuple(replace(box, view=view, wall_height_cm=wall, grid_cm=lines, grid_grey=grey) for box in boxes)
    seen = seen_whole(fit_camera(boxes, protocol, float(rng.uniform(0.45, 0.8))), protocol, alone=across == 1)
    return seen if seen and seen[0].wall_height_cm > _NOT_LOWER * side else None


#: A room of each kind by its seed.
ROOMS: dict[Kind, Callable[[int], RandomRoom]] = {
    "random": partial(random_room, floor="rectangle", duration_s=_SECONDS),
    "plain": plain_room,
    "tall": tall_room,
    "round": partial(random_room, floor="circle", duration_s=_SECONDS),
}
