"""The arena: where the floor lies in the picture, and the way from pixels to centimetres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from csds.model.lens import Lens
from csds.model.shapes import Circle, FloatArray, Rectangle, Shape

#: Points by which a side that a lens bends is drawn and measured.
_POINTS_A_SIDE = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """A floor in the picture.

    Parameters
    ----------
    name : str
        ``A``, ``B``, … or as the user named it.
    shape : str
        ``rectangle``, or ``circle``: the corners are then those of the square around it.
    corners_px : tuple of four (x, y)
        Clockwise in the image, beginning with the corner at (0, 0) cm: the left end of the
        enclosure wall as seen with that wall at the top. Pixel centres are integers.
    width_cm, height_cm : float
        Along and away from the enclosure wall.
    frame_size_px : (width, height)
        Of the video that the corners were drawn on.
    source : str
        ``drawn`` or ``detected``.
    confidence : float
        0 to 1; 1 for drawn arenas.
    lens : Lens, optional
        Of a camera that bends straight lines. ``corners_px`` are pixels of the picture as recorded all the same.
    """

    name: str
    shape: str
    corners_px: tuple[tuple[float, float], ...]
    width_cm: float
    height_cm: float
    frame_size_px: tuple[int, int]
    source: str = "drawn"
    confidence: float = 1.0
    lens: Lens | None = None

    @property
    def corners_cm(self) -> FloatArray:
        """The four corners in cm, in the order of ``corners_px``."""
        w, h = self.width_cm, self.height_cm
        return np.array([(0, 0), (w, 0), (w, h), (0, h)], float)

    @property
    def homography(self) -> FloatArray:
        """The 3 × 3 matrix that takes homogeneous pixels, once a lens's distortion is removed, to centimetres."""
        corners = np.array(self.corners_px, float)
        if self.lens is not None:
            corners = np.column_stack(self.lens.straighten(corners[:, 0], corners[:, 1]))
        return solve_homography(corners, self.corners_cm)

    @property
    def outline_px(self) -> FloatArray:
        """The four sides in pixels, (n, 2): the corners, and through a lens points between them, on curved sides."""
        if self.lens is None:
            return np.array(self.corners_px, float)
        share = np.arange(_POINTS_A_SIDE)[:, None] / _POINTS_A_SIDE
        ends = self.corners_cm
        sides = np.concatenate([a + share * (b - a) for a, b in zip(ends, np.roll(ends, -1, axis=0), strict=True)])
        return np.column_stack(self.to_px(sides[:, 0], sides[:, 1]))

    @property
    def px_per_cm(self) -> float:
        """Pixels per cm: the square root of the floor's area ratio."""
        x, y = self.outline_px.T
        area = 0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))
        return float(np.sqrt(area / (self.width_cm * self.height_cm)))

    @property
    def floor(self) -> Shape:
        """The floor as a shape in cm."""
        if self.shape == "circle":
            return Circle(x=self.width_cm / 2, y=self.height_cm / 2, radius=min(self.width_cm, self.height_cm) / 2)
        return Rectangle(left=0.0, top=0.0, right=self.width_cm, bottom=self.height_cm)

    def to_cm(self, x_px: ArrayLike, y_px: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return image points in arena centimetres.

        Examples
        --------
        >>> square = Arena(
        ...     name="A",
        ...     shape="rectangle",
        ...     width_cm=42,
        ...     height_cm=42,
        ...     frame_size_px=(640, 480),
        ...     corners_px=((110, 30), (530, 30), (530, 450), (110, 450)),
        ... )
        >>> [round(float(v), 6) for v in square.to_cm(320, 240)]
        [21.0, 21.0]
        """
        if self.lens is not None:
            x_px, y_px = self.lens.straighten(x_px, y_px)
        return project(self.homography, x_px, y_px)

    def to_px(self, x_cm: ArrayLike, y_cm: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return arena points in image pixels."""
        x, y = project(np.asarray(np.linalg.inv(self.homography), float), x_cm, y_cm)
        return (x, y) if self.lens is None else self.lens.bend(x, y)


def project(matrix: FloatArray, x: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return points taken through a 3 × 3 homography."""
    px, py = np.asarray(x, float), np.asarray(y, float)
    u = matrix[0, 0] * px + matrix[0, 1] * py + matrix[0, 2]
    v = matrix[1, 0] * px + matrix[1, 1] * py + matrix[1, 2]
    w = matrix[2, 0] * px + matrix[2, 1] * py + matrix[2, 2]
    return np.asarray(u / w, float), np.asarray(v / w, float)


def solve_homography(source: FloatArray, target: FloatArray) -> FloatArray:
    """Return the homography that takes four source points to four target points (direct linear transform)."""
    rows, right = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.append(np.linalg.solve(np.array(rows, float), np.array(right, float)), 1.0).reshape(3, 3)
