"""One animal on the floor, no more and no fewer: anything else is an error, not a track."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from csds.errors import TrackingError
from csds.tracking.survey import Survey

#: Two animals are two if they are seen apart in this share of the surveys without a hand, …
_TWO_SHARE = 0.2
#: … and in at least so many.
_LEAST_SURVEYS = 5
#: There is no animal if it is found in less than this share of the frames.
_NONE_SHARE = 0.05


def require_one_animal(survey: Survey, found: NDArray[np.bool_], window_s: tuple[float, float]) -> None:
    """Raise unless one animal was on the floor in a window.

    Parameters
    ----------
    survey : Survey
        Of the whole recording.
    found : (n,) bool
        Frames of the window in which the animal was found.
    window_s : (start, end)
        Within the recording.

    Raises
    ------
    TrackingError
        If there were two animals, or none.
    """
    time_s = survey.of("time_s")
    free = (time_s >= window_s[0]) & (time_s < window_s[1]) & (survey.of("hand") == 0)
    together = int(np.count_nonzero(survey.of("alike")[free] >= 2))
    if together >= max(_LEAST_SURVEYS, _TWO_SHARE * np.count_nonzero(free)):
        share = together / np.count_nonzero(free)
        raise TrackingError(
            f"two animals on the floor in {share:.0%} of the looks at it, expected one: neither is tracked",
            hint="Check the recording and the arena file: csds follows one animal in each arena. "
            "Leave the session out, or give each animal an arena of its own.",
        )
    if len(found) and np.mean(found) < _NONE_SHARE:
        raise TrackingError(
            f"no animal found on the floor in {1 - np.mean(found):.0%} of the frames",
            hint="Check that the animal is in the arena in this window: start_s and duration_s in the sheet.",
        )
