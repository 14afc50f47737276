"""A box as laboratories have them, and how it is seen: walls with height, a cage, light, clutter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from csds.model.arena import Arena
from csds.model.shapes import FloatArray
from csds.simulate.camera import Camera

Finish = Literal["matte", "glossy", "wood", "perspex"]
CageKind = Literal["mesh", "bars", "perspex"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cage:
    """How the target's enclosure is made; its outline on the floor is the scene's.

    Parameters
    ----------
    kind : str
        ``mesh`` of wire, upright ``bars`` between two hoops, or clear ``perspex`` with holes.
    height_cm : float
    grey : float
        Of wire or edges under even light.
    """

    kind: CageKind = "mesh"
    height_cm: float = 12.0
    grey: float = 45.0


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a room is seen; all boxes of one frame share it.

    Parameters
    ----------
    camera : Camera
    lamp_deg : float
        Direction (0 along x, 90 along y of the room) from which most of the light comes.
    light_slope : float
        Share of the light by which the lamp's side of the picture is brighter than its middle.
    glare : float
        Brightness of the lamp's mirror image on the floor, as a share of the floor's.
    glare_at_cm : (x, y)
        Where in the room that image is seen.
    table_edge_cm : float or None
        Where the table ends, beyond the boxes on one side; None for a table wider than the picture.
    clutter : int
        Number of things that lie around: cables, sheets of paper, bottles, crates.
    """

    camera: Camera
    lamp_deg: float = -60.0
    light_slope: float = 0.0
    glare: float = 0.0
    glare_at_cm: tuple[float, float] = (0.0, 0.0)
    table_edge_cm: float | None = None
    clutter: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """The box around a floor: where it stands and how it is made.

    Parameters
    ----------
    view : View
    middle_cm : (x, y)
        The floor's middle in room cm.
    turn_deg : float
        How far the box is turned clockwise; at 0 the enclosure's wall is the picture's upper one.
    wall_height_cm, wall_thickness_cm : float
    rim_grey : float
        Grey of the walls' upper edge under even light.
    finish : str
        ``matte``, ``glossy`` (mirrors the floor), ``wood`` (grain) or clear ``perspex``.
    wall_shadow_cm : float
        Width of the shadow that the wall on the lamp's side throws onto the floor.
    grid_cm : float or None
        Distance between lines painted on the floor.
    grid_grey : float
        Grey of these lines.
    cage : Cage
    """

    view: View
    middle_cm: tuple[float, float] = (0.0, 0.0)
    turn_deg: float = 0.0
    wall_height_cm: float = 30.0
    wall_thickness_cm: float = 1.0
    rim_grey: float = 100.0
    finish: Finish = "matte"
    wall_shadow_cm: float = 0.0
    grid_cm: float | None = None
    grid_grey: float = 60.0
    cage: Cage = Cage()

    def arena(self, *, name: str, shape: str, width_cm: float, height_cm: float) -> Arena:
        """Return the floor as it lies in the picture."""
        corners = np.array([(0, 0), (width_cm, 0), (width_cm, height_cm), (0, height_cm)], float)
        seen = self.to_px(corners, (width_cm, height_cm))
        return Arena(
            name=name,
            shape=shape,
            corners_px=tuple((float(x), float(y)) for x, y in seen),
            width_cm=width_cm,
            height_cm=height_cm,
            frame_size_px=self.view.camera.frame_size_px,
        )

    def to_room(self, points_cm: FloatArray, floor_cm: tuple[float, float]) -> FloatArray:
        """Return points in the cm of a floor of that size, (n, 2), in room cm."""
        turn = np.deg2rad(self.turn_deg)
        rotation = np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))])
        return np.asarray((points_cm - np.array(floor_cm) / 2) @ rotation + self.middle_cm, float)

    def to_floor(self, point_cm: tuple[float, float], floor_cm: tuple[float, float]) -> FloatArray:
        """Return a point in room cm in the cm of a floor of that size, (2,)."""
        turn = np.deg2rad(self.turn_deg)
        rotation = np.array([(np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))])
        return np.asarray((np.array(point_cm) - self.middle_cm) @ rotation + np.array(floor_cm) / 2, float)

    def to_px(
        self, points_cm: FloatArray, floor_cm: tuple[float, float], height_cm: float | FloatArray = 0.0
    ) -> FloatArray:
        """Return points in the cm of a floor of that size, (n, 2) at a height, as image points."""
        return self.view.camera.to_px(self.to_room(points_cm, floor_cm), height_cm)
