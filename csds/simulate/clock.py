"""A recorder's clock: when pictures are taken, which of them the file holds, and what their stamps say."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from csds.model.shapes import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The camera's n exposures and the file's m frames.

    Parameters
    ----------
    exposed_s : (n,) array
        When the camera took each picture.
    shown : (m,) int array
        Which exposure each frame of the file holds.
    due : (m,) int array
        Which exposure it should hold; the truth is told for that one.
    stamp_s : (m,) array
        The frames' stamps.
    field_s : float or None
        How much later than the first field (even rows) the second one is exposed; None for whole frames.
    """

    exposed_s: FloatArray
    shown: NDArray[np.intp]
    due: NDArray[np.intp]
    stamp_s: FloatArray
    field_s: float | None = None

    @property
    def due_s(self) -> FloatArray:
        """The true time of each frame of the file, (m,)."""
        return self.exposed_s[self.due]

    def keep(self, frames: NDArray[np.bool_]) -> Clock:
        """Return the clock of a file that holds only some of the frames; always the first."""
        kept = frames.copy()
        kept[0] = True
        return replace(self, shown=self.shown[kept], due=self.due[kept], stamp_s=self.stamp_s[kept])


def steady_clock(times: FloatArray) -> Clock:
    """Return the clock of a recorder that keeps each picture under its own time."""
    frames = np.arange(len(times), dtype=np.intp)
    return Clock(exposed_s=times, shown=frames, due=frames, stamp_s=times)
