"""A look at a few pixels that tells whether the camera still rests: fast enough for several times a second."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.arena.landmarks import SIMILARITY, Picture, find_landmarks, unit_matrix
from csds.model.shapes import FloatArray

#: Pixels looked at: the strongest landmark of every cell and a second one.
_PER_CELL = 2
#: Residuals are cut off at this many SDs: an animal that hides pixels is no motion.
_CUT_SDS = 3.0


@dataclass(slots=True, kw_only=True)
class Sentry:
    """Watches single pixels at edges all over a picture.

    Parameters
    ----------
    rows, columns : (n,) int
        The pixels.
    grey : (n,) float
        What they show while the camera rests.
    solver : (4, n) float
        Gives the motion (shift, turn, scale, as shares of half the width) of what they show more.
    plain : (n, 2) float
        An orthonormal base of what light does: gain and offset.
    half_width_px : float
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    grey: FloatArray
    solver: FloatArray
    plain: FloatArray
    half_width_px: float
    _seen: FloatArray

    def moved_px(self, frame: Picture) -> float:
        """Return about how far the picture moved, in px; motions of several pixels are told but not measured."""
        self._seen = frame[self.rows, self.columns].astype(float)
        more = self._seen - self.grey
        more -= self.plain @ (self.plain.T @ more)
        cut = _CUT_SDS * max(1.0, 1.4826 * float(np.median(np.abs(more))))
        dx, dy, turn, scale = self.solver @ np.clip(more, -cut, cut)
        return self.half_width_px * float(np.hypot(dx, dy) + 0.6 * np.hypot(turn, scale))

    def accept(self) -> None:
        """Take what was seen last for what is seen at rest: the light changed."""
        self.grey = self._seen


def place_sentry(picture: Picture, static: Picture) -> Sentry:
    """Return a sentry for a camera that rests where a picture was taken.

    Parameters
    ----------
    picture : (height, width) uint8
    static : (height, width) uint8
        255 where nothing moves.
    """
    height, width = picture.shape
    fine = np.asarray(cv2.GaussianBlur(picture, (3, 3), 0), np.float32)
    marks = find_landmarks(fine, (width, height), usable=static, per_cell=_PER_CELL)
    back = np.linalg.inv(unit_matrix((width, height), (width, height)))
    columns = np.rint(back[0, 0] * marks.unit[:, 0] + back[0, 2]).astype(np.intp)
    rows = np.rint(back[1, 1] * marks.unit[:, 1] + back[1, 2]).astype(np.intp)
    grey = picture[rows, columns].astype(float)
    plain, _ = np.linalg.qr(np.column_stack([np.ones(len(grey)), grey]))
    moves = marks.moves[:, :SIMILARITY]
    moves = moves - plain @ (plain.T @ moves)
    return Sentry(
        rows=rows,
        columns=columns,
        grey=grey,
        solver=np.asarray(np.linalg.pinv(moves), float),
        plain=np.asarray(plain, float),
        half_width_px=width / 2,
        _seen=grey,
    )
