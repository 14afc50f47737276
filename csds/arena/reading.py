"""What a small network reads off strips along edges of floors: where the edge is, and the enclosure.

For both ends of a strip the network says how likely the floor's edge is at each place across it, or that it is at none
of them; and for the strip as a whole whether the enclosure stands there, of what size it is and, around round floors,
where. ``python -m benchmarks.fit_sides`` trains it on rooms of the simulator, for sides and for rings; rooms made by
others were not used.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from csds.arena.strips import ENCLOSURE, OUT, PLACE, PLACES, Strips
from csds.model.shapes import FloatArray

#: The networks that read along the sides of rectangular floors, and around round ones.
SIDES, RINGS = (Path(__file__).with_name(name) for name in ("sides.onnx", "rings.onnx"))
#: No place is less likely than this.
_LEAST = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeReading:
    """What was read off n strips.

    Parameters
    ----------
    likely : (n, 2, places) float
        Probability that the floor's edge is at each place if it is at any, for the left and the right end of each strip
        as seen from outside.
    anywhere : (n, 2) float
        Logarithm of how likely it is at any.
    enclosure : (n,) float
        Logarithm of the odds that the enclosure stands there.
    enclosure_cm : (n, 2) float
        How wide and how deep it is if it does.
    enclosure_off : (n,) float
        How far to the right of the strip's middle it stands, in units; nan where the network doesn't tell.
    """

    likely: FloatArray
    anywhere: FloatArray
    enclosure: FloatArray
    enclosure_cm: FloatArray
    enclosure_off: FloatArray

    def part(self, which: slice) -> EdgeReading:
        """Return what was read off some of the strips."""
        return EdgeReading(
            likely=self.likely[which],
            anywhere=self.anywhere[which],
            enclosure=self.enclosure[which],
            enclosure_cm=self.enclosure_cm[which],
            enclosure_off=self.enclosure_off[which],
        )

    def log_likely(self, at: FloatArray) -> FloatArray:
        """Return the logarithm of how likely the edge is so far within the strips' ends, (…, n, 2) in units."""
        index = (at + OUT) / PLACE - 0.5
        within = (index > -0.5) & (index < PLACES - 0.5)
        i = np.clip(np.floor(np.where(within, index, 0.0)).astype(int), 0, PLACES - 2)
        part = np.clip(np.where(within, index, 0.0) - i, 0, 1)
        strip, end = np.arange(len(self.likely))[:, None], np.arange(2)[None]
        likely = self.likely[strip, end, i] * (1 - part) + self.likely[strip, end, i + 1] * part
        return np.log(np.where(within, likely, 0.0) + _LEAST)


def read_strips(path: Path, strips: Strips, unit_cm: float) -> EdgeReading:
    """Return what a network reads off strips; ``unit_cm`` is what a unit of `csds.arena.strips` is."""
    network = _network(path)
    network.setInput(strips.seen, "seen")
    network.setInput(strips.views, "views")
    places, enclosure = (np.asarray(read, float) for read in network.forward(["places", "enclosure"]))
    score = np.exp(places - places[..., :PLACES].max(axis=2, keepdims=True))
    total = score[..., :PLACES].sum(axis=2)
    return EdgeReading(
        likely=score[..., :PLACES] / total[..., None],
        anywhere=-np.log1p(score[..., PLACES] / total),
        enclosure=enclosure[:, 0],
        enclosure_cm=np.exp(enclosure[:, 1:3]) * ENCLOSURE * unit_cm,
        enclosure_off=enclosure[:, 3] if enclosure.shape[1] > 3 else np.full(len(enclosure), np.nan),
    )


@cache
def _network(path: Path) -> cv2.dnn.Net:
    return cv2.dnn.readNetFromONNX(np.frombuffer(path.read_bytes(), np.uint8))
