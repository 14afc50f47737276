"""The room of one frame, plain or with boxes in perspective, as each of its scenes needs it."""

from __future__ import annotations

import numpy as np

from csds.errors import SimulationError
from csds.simulate.backdrop import (
    Backdrop,
    Image,
    draw_light,
    draw_unevenness,
    draw_wires,
    paint_plain,
)
from csds.simulate.boxes import hidden_share, paint_boxes
from csds.simulate.cages import draw_cage
from csds.simulate.scene import Scene

#: Grey of a plain enclosure's wire under even light, by the subject's coat; on a dark floor it is black.
_WIRE_GREY = {"black": 42.0, "white": 24.0}
_WIRE_GREY_ON_DARK = 26.0


def build_backdrops(scenes: tuple[Scene, ...]) -> tuple[Backdrop, ...]:
    """Return the room of a frame for each of its scenes: one picture, each with the wires of its own enclosure.

    It is the same for both phases of one seed. Light and surroundings are the first scene's.

    Raises
    ------
    SimulationError
        Some scenes have boxes in perspective and some have not.
    """
    first = scenes[0]
    rng = first.random("room")
    boxed = [scene.box is not None for scene in scenes]
    if any(boxed) and not all(boxed):
        raise SimulationError(
            "expected all arenas of a frame to be plain or all to have a box, found both",
            hint="give each scene a Box, or none",
        )
    even = paint_boxes(scenes, rng) if first.box is not None else paint_plain(scenes)
    even = even * draw_unevenness(even.shape, rng)
    gain, offset = _light(first)
    grey = np.asarray(even * gain + np.float32(offset), np.float32)
    return tuple(_backdrop(scene, grey, gain, offset) for scene in scenes)


def _backdrop(scene: Scene, grey: Image, gain: Image, offset: float) -> Backdrop:
    if scene.box is None:
        wires, wire_share, inside_share = draw_wires(scene)
        return Backdrop(
            grey=grey,
            gain=gain,
            offset=offset,
            wires=wires,
            wire_share=wire_share,
            inside_share=inside_share,
            wire_grey=_WIRE_GREY[scene.coat] if scene.floor_grey > 100 else _WIRE_GREY_ON_DARK,
        )
    hides = hidden_share(scene)
    wires, wire_share, inside_share = draw_cage(scene)
    if wires is not None:
        inside_share = inside_share * (1 - hides[wires.window])
        hides[wires.window] = np.maximum(hides[wires.window], wire_share)
    return Backdrop(
        grey=grey,
        gain=gain,
        offset=offset,
        wires=wires,
        wire_share=wire_share,
        inside_share=inside_share,
        wire_grey=scene.box.cage.grey,
        hides=hides,
    )


def _light(scene: Scene) -> tuple[Image, float]:
    gain, offset = draw_light(scene)
    if scene.box is None or scene.box.view.light_slope == 0:
        return gain, offset
    height, width = gain.shape
    view = scene.box.view
    lamp = np.deg2rad(view.lamp_deg + view.camera.turn_deg)
    x, y = np.linspace(-1, 1, width)[None], np.linspace(-1, 1, height)[:, None]
    return np.asarray(gain * (1.0 + view.light_slope * (x * np.cos(lamp) + y * np.sin(lamp))), np.float32), offset
