"""What the samples of a recording show that stands still, and where in them something moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from csds.background.ordered import sort_samples
from csds.model.shapes import FloatArray

Picture = NDArray[np.float32]

#: Widest picture that the arena is looked for in, pixels; it is refined at the full scale.
WORK_WIDTH_PX = 640
#: Samples of a recording that are looked at; more show nothing new.
_SAMPLES = 16
#: Smallest spot that counts as something moving, as a share of the picture's area: a mouse in one of eight arenas.
_SPOT_SHARE = 1 / 4000
#: Largest spot that can be an animal, as a share of the picture's area; larger ones are hands and changes of light.
_LARGEST_SHARE = 1 / 25
#: Points that stand for the outline of something that moves.
_SPOT_POINTS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class StillPicture:
    """One phase of an animal's test as the search for the arena sees it.

    Parameters
    ----------
    grey : (height, width) float32
        What stands still, at the working scale.
    motion : (height, width) float32
        By how many grey levels the samples differ from it on average.
    spots_px : (n, points, 2) float
        Outlines of what moves, one row a spot and sample, in working pixels.
    factor : float
        Frame pixels per working pixel.
    """

    grey: Picture
    motion: Picture
    spots_px: FloatArray
    factor: float

    def to_frame(self, points: FloatArray) -> FloatArray:
        """Return points of the working picture in pixels of the frame; pixel centres are integers in both."""
        return (np.asarray(points, float) + 0.5) * self.factor - 0.5

    def from_frame(self, points: FloatArray) -> FloatArray:
        """Return points of the frame in pixels of the working picture."""
        return (np.asarray(points, float) + 0.5) / self.factor - 0.5


def still_picture(samples: NDArray[np.uint8]) -> StillPicture:
    """Return what stands still and what moves in the samples of one recording.

    Parameters
    ----------
    samples : (n, height, width) uint8
        Full frames, well spread over the phase.
    """
    height, width = samples.shape[1:]
    factor = max(1.0, width / WORK_WIDTH_PX)
    chosen = _chosen(samples)
    if factor > 1:
        size = (round(width / factor), round(height / factor))
        chosen = np.array([cv2.resize(sample, size, interpolation=cv2.INTER_AREA) for sample in chosen])
    ordered = sort_samples(chosen)
    grey = middle_mean(ordered)
    motion, spots = _motion(chosen, grey)
    return StillPicture(grey=grey, motion=motion, spots_px=spots, factor=factor)


def still_grey(samples: NDArray[np.uint8]) -> Picture:
    """Return what stands still in the samples of one recording, at their own scale."""
    return middle_mean(sort_samples(_chosen(samples)))


def _chosen(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(samples[np.linspace(0, len(samples) - 1, min(_SAMPLES, len(samples))).round().astype(int)])


def middle_mean(ordered: NDArray[np.uint8]) -> Picture:
    """Return the mean of the middle half of sorted samples: without what moves about, with less noise than a median."""
    count = len(ordered)
    cut = count // 4
    return np.asarray(ordered[cut : count - cut].mean(axis=0, dtype=np.float32), np.float32)


def _motion(samples: NDArray[np.uint8], grey: Picture) -> tuple[Picture, FloatArray]:
    total = np.zeros_like(grey)
    outlines: list[FloatArray] = []
    least, most = _SPOT_SHARE * grey.size, _LARGEST_SHARE * grey.size
    kernel = np.ones((3, 3), np.uint8)
    for sample in samples:
        differs = sample.astype(np.float32) - grey
        light = float(np.median(differs[::4, ::4]))
        differs = np.abs(differs - light)
        total += differs
        noise = max(float(np.median(differs[::4, ::4])) / 0.6745, 0.8)
        moved = (cv2.blur(differs, (3, 3)) > max(3.5 * noise, 6.0)).astype(np.uint8)
        moved = np.asarray(cv2.morphologyEx(moved, cv2.MORPH_OPEN, kernel), np.uint8)
        for contour in cv2.findContours(moved, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]:
            if least <= cv2.contourArea(contour) <= most:
                points = contour[:, 0].astype(float)
                outlines.append(points[np.linspace(0, len(points) - 1, _SPOT_POINTS).astype(int)])
    return total / np.float32(len(samples)), np.array(outlines).reshape(-1, _SPOT_POINTS, 2)


def joined_grey(pictures: Sequence[StillPicture]) -> Picture:
    """Return the mean of what stands still in several phases of one camera."""
    return np.asarray(np.mean([picture.grey for picture in pictures], axis=0, dtype=np.float32), np.float32)
