"""Each pixel's grey levels over the samples of a recording, in order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sort_samples(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return each pixel's grey levels in rising order along the first axis.

    Batcher's odd-even merge sort: whole pictures are compared at once, which is many times faster
    than sorting each pixel's few values.
    """
    rows = list(samples)
    count = len(rows)
    step = 1
    while step < count:
        gap = step
        while gap >= 1:
            for start in range(gap % step, count - gap, 2 * gap):
                for i in range(start, min(start + gap, count - gap)):
                    if i // (2 * step) == (i + gap) // (2 * step):
                        rows[i], rows[i + gap] = np.minimum(rows[i], rows[i + gap]), np.maximum(rows[i], rows[i + gap])
            gap //= 2
        step *= 2
    return np.array(rows)


def median_picture(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return each pixel's median grey level; of an even number of samples the mean of the middle two, rounded down.

    Examples
    --------
    >>> median_picture(np.array([[[9]], [[4]], [[200]], [[7]]], np.uint8)).item()
    8
    """
    ordered = sort_samples(samples)
    below, above = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return np.asarray((below.astype(np.uint16) + above) // 2, np.uint8)
