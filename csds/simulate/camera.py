"""A pinhole camera above the room: how points in the room, at any height, come into the picture.

Room centimetres: x to the right and y downwards in the picture of a camera that looks straight
down without a turn, height upwards from the floor.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from csds.model.shapes import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A camera that looks at a point of the floor.

    Parameters
    ----------
    frame_size_px : (width, height)
    px_per_cm : float
        Scale at the point looked at.
    distance_cm : float
        From the camera to that point; the nearer, the wider the walls are seen.
    aim_cm : (x, y)
        The point of the floor in the frame's middle.
    tilt_deg : float
        Angle between the line of sight and the vertical.
    tilt_towards_deg : float
        Where the tilted camera looks: 0 along x, 90 along y.
    turn_deg : float
        How far the picture is turned clockwise.
    """

    frame_size_px: tuple[int, int]
    px_per_cm: float
    distance_cm: float = 180.0
    aim_cm: tuple[float, float] = (0.0, 0.0)
    tilt_deg: float = 0.0
    tilt_towards_deg: float = 0.0
    turn_deg: float = 0.0

    @property
    def place_cm(self) -> FloatArray:
        """Where the camera hangs: x, y and height in room cm."""
        back = -self.distance_cm * self._leaning[:, 2]
        return np.array([self.aim_cm[0] + back[0], self.aim_cm[1] + back[1], -back[2]])

    @property
    def _leaning(self) -> FloatArray:
        """The rotation that takes straight down to the line of sight (depth counted downwards)."""
        towards = np.deg2rad(self.tilt_towards_deg)
        axis = np.deg2rad(self.tilt_deg) * np.array([-np.sin(towards), np.cos(towards), 0.0])
        return np.asarray(cv2.Rodrigues(axis)[0], float)

    def to_px(self, points_cm: FloatArray, height_cm: float | FloatArray = 0.0) -> FloatArray:
        """Return room points, (n, 2) at a height, as (n, 2) image points.

        Examples
        --------
        >>> camera = Camera(frame_size_px=(640, 480), px_per_cm=10.0, distance_cm=100.0)
        >>> camera.to_px(np.array([(0.0, 0.0), (10.0, 0.0)])).tolist()
        [[320.0, 240.0], [420.0, 240.0]]
        >>> camera.to_px(np.array([(10.0, 0.0)]), 50.0).round().tolist()
        [[520.0, 240.0]]
        """
        height = np.broadcast_to(height_cm, len(points_cm))
        seen = (np.column_stack([points_cm, height]) - self.place_cm) * (1.0, 1.0, -1.0) @ self._leaning
        flat = self.px_per_cm * self.distance_cm * seen[:, :2] / seen[:, 2:]
        turn = np.deg2rad(self.turn_deg)
        rotation = np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))])
        width, height_px = self.frame_size_px
        return np.asarray(flat @ rotation + (width / 2, height_px / 2), float)
