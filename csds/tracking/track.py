"""From what was seen in each frame to a track: centimetres, heads, gaps and smoothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csds.background.model import Background
from csds.errors import TrackingError
from csds.model.shapes import FloatArray
from csds.tracking.alone import require_one_animal
from csds.tracking.gaps import fill_gaps, short_gaps, smooth_path
from csds.tracking.heading import head_evidence, head_odds
from csds.tracking.leaps import leapt_to
from csds.tracking.measure import MEASURES
from csds.tracking.observe import Observations, Task
from csds.tracking.repeats import repeated_frames
from csds.tracking.steady import CameraShift, is_far
from csds.tracking.swollen import swollen
from csds.tracking.trial import Window, hand_within

#: Contrast below this many SDs of the noise is flagged ``low_contrast``.
_LOW_CONTRAST_SDS = 6.0
#: So is one below so many grey levels, however little noise there is, if the animal is found in less than this share
#: of the samples: parts of it are lost in the floor, or the floor holds some.
_LOW_CONTRAST, _FOUND_SHARE = 16.0, 0.9
#: An animal at rest moves by this many working pixels, or its area changes by this share, between quartiles.
_STIRS_PX, _STIRS_SHARE = 0.03, 0.005
#: Which end is the head is known from these log odds on …
_LEAST_HEAD_ODDS = 5.0
#: … where the body is this much longer than wide: rolled up, or reared, it shows no nose.
_LEAST_ELONGATION = 1.2
#: Where the nose is unknown in more than this share of the frames with the animal, ``uncertain_nose`` is raised.
_NOSE_MISSING = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A track: its table (TRACK_COLUMNS but for what behaviour adds) and the flags that tracking raises.

    ``window`` is the trial's within the recording; the table's time counts from its start, and so do
    ``thumbnails_s``, the times of the pictures that show the trial's start and end. ``shifts`` tells how
    the camera moved since the arena was drawn: before the window, and within it.
    """

    table: pd.DataFrame
    flags: tuple[str, ...]
    window: Window
    thumbnails_s: tuple[float, ...] = ()
    shifts: tuple[CameraShift, ...] = ()


def assemble_track(task: Task, seen: Observations, window: Window) -> Track:
    """Return the track within a window of the recording, as long as the animal is in, in arena centimetres.

    Raises
    ------
    TrackingError
        If there is no frame at all or one alone, no animal, or more than one.
    """
    start_s, end_s = window.start_s, window.end_s
    inside = (seen.time_s >= start_s) & (seen.time_s < min(end_s, window.until_s))
    if not inside.any():
        raise TrackingError(
            f"no frame between {start_s:g} s and {end_s:g} s: the window lies beyond the recording's end",
            hint="Correct start_s in the sheet; it counts from the recording's first frame.",
        )
    if np.count_nonzero(inside) == 1:
        raise TrackingError(
            f"one frame alone between {start_s:g} s and {end_s:g} s: it lasts no time that could be in a zone",
            hint="Copy the recording again from where it was made; or correct start_s in the sheet.",
        )
    time_s = seen.time_s[inside] - start_s
    measures, repeated = _animals_own(task, seen.measures[inside], time_s)
    found = np.isfinite(measures["u"])
    require_one_animal(seen.survey, found, (start_s, min(end_s, window.until_s)))
    odds = head_odds(measures["axis"], head_evidence(measures, time_s), known=found)
    nosed = found & (np.abs(odds) >= _LEAST_HEAD_ODDS) & (measures["length"] >= _LEAST_ELONGATION * measures["width"])

    def to_cm(u: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        return task.arena.to_cm(*task.grid.to_frame(u, v))

    nose_u, nose_v = (
        np.where(nosed, np.where(odds > 0, measures[f"ahead_{axis}"], measures[f"behind_{axis}"]), np.nan)
        for axis in ("u", "v")
    )
    points = dict(zip(("x_cm", "y_cm"), to_cm(measures["u"], measures["v"]), strict=True))
    points |= zip(("nose_x_cm", "nose_y_cm"), to_cm(nose_u, nose_v), strict=True)
    gaps = short_gaps(time_s, found, longest_s=task.spec.max_gap_s)
    fresh = found & ~repeated
    for name, values in points.items():
        stale = repeated if name in ("x_cm", "y_cm") else repeated & _between(nosed, fresh)
        moved_on = fill_gaps(time_s, np.where(repeated, np.nan, values), stale)
        smooth = smooth_path(time_s, moved_on, window_s=task.spec.smoothing_s, longest_step_s=task.spec.max_gap_s)
        points[name] = fill_gaps(time_s, smooth, gaps if name in ("x_cm", "y_cm") else gaps & _between(nosed, found))
    table = pd.DataFrame(
        {
            "frame": seen.frames[inside],
            "time_s": time_s,
            **points,
            "heading_rad": np.arctan2(points["nose_y_cm"] - points["y_cm"], points["nose_x_cm"] - points["x_cm"]),
            **_ellipse_cm(measures, to_cm),
            "detected": found,
            "interpolated": gaps | repeated,
        }
    )
    # Where the camera had come to rest before the window counts as well, but not where it had been before.
    earlier = [shift for shift in seen.shifts if shift.time_s < start_s][-1:]
    within = [shift for shift in seen.shifts if start_s <= shift.time_s < end_s]
    shifts = (*([task.shift] if task.shift else []), *earlier, *within)
    flags = _flags(task.background, seen, window)
    if "uncertain_animal" not in flags and _is_lifeless(measures):
        flags = ("uncertain_animal", *flags)
    if any(is_far(shift, task.arena) for shift in shifts):
        flags = (*flags, "camera_moved")
    if np.count_nonzero(nosed) < (1 - _NOSE_MISSING) * np.count_nonzero(found):
        flags = (*flags, "uncertain_nose")
    return Track(table=table, flags=flags, window=window, shifts=shifts)


def _animals_own(task: Task, rows: FloatArray, time_s: FloatArray) -> tuple[dict[str, FloatArray], NDArray[np.bool_]]:
    """Return the measures by name, NaN where they can't be the animal's, and which frames repeat a picture."""
    measures = dict(zip(MEASURES, rows.T, strict=True))
    repeated, frozen = repeated_frames(
        measures["u"], measures["v"], measures["area"], time_s,
        longest_s=task.spec.max_gap_s, px_per_cm=task.grid.px_per_cm,
    )  # fmt: skip
    wrong = frozen | leapt_to(*task.arena.to_cm(*task.grid.to_frame(measures["u"], measures["v"])), time_s)
    wrong |= swollen(measures["area"], time_s, longest_s=task.spec.max_gap_s)
    return {name: np.where(wrong, np.nan, values) for name, values in measures.items()}, repeated & ~wrong


def _is_lifeless(measures: dict[str, FloatArray]) -> bool:
    """Return True if for half of the time neither place nor area changes: an animal at rest breathes."""
    known = np.isfinite(measures["u"])
    if not known.any():
        return False
    u, v, area = (float(np.subtract(*np.percentile(measures[name][known], (75, 25)))) for name in ("u", "v", "area"))
    return max(u, v) < _STIRS_PX and area < _STIRS_SHARE * float(np.median(measures["area"][known]))


def _between(nosed: NDArray[np.bool_], found: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return True where the nose is known in the last frame before and the first one after with the animal in it."""
    frames = np.flatnonzero(found)
    if not len(frames):
        return np.zeros(len(found), bool)
    after = np.searchsorted(frames, np.arange(len(found)))
    last, first = frames[np.maximum(after - 1, 0)], frames[np.minimum(after, len(frames) - 1)]
    return np.asarray(nosed[last] & nosed[first], bool)


def _ellipse_cm(
    measures: dict[str, FloatArray], to_cm: Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
) -> dict[str, FloatArray]:
    """Return the body's area and the axes of its ellipse in cm: both axes are taken through the homography."""
    u, v = measures["u"], measures["v"]
    lengths, directions = [], []
    for size, turn in (("length", 0.0), ("width", np.pi / 2)):
        half_u = measures[size] / 2 * np.cos(measures["axis"] + turn)
        half_v = measures[size] / 2 * np.sin(measures["axis"] + turn)
        (x1, y1), (x0, y0) = to_cm(u + half_u, v + half_v), to_cm(u - half_u, v - half_v)
        lengths.append(np.hypot(x1 - x0, y1 - y0))
        directions.append(np.arctan2(y1 - y0, x1 - x0))
    long_axis, short_axis = lengths
    with np.errstate(invalid="ignore", divide="ignore"):
        cm2_per_px = long_axis * short_axis / (measures["length"] * measures["width"])
    return {
        "area_cm2": measures["area"] * cm2_per_px,
        "body_length_cm": long_axis,
        "body_width_cm": short_axis,
        "body_axis_rad": np.mod(directions[0], np.pi),
    }


def _flags(background: Background, seen: Observations, window: Window) -> tuple[str, ...]:
    flags = []
    if background.presence == "doubtful":
        flags.append("uncertain_animal")
    # An animal that is followed by what differs to either side may lose its back, and leave its tail, at any moment.
    is_doubtful = background.is_two_sided or background.is_partial
    is_doubtful |= background.contrast < _LOW_CONTRAST and background.found_share < _FOUND_SHARE
    if is_doubtful or background.contrast < _LOW_CONTRAST_SDS * background.noise:
        flags.append("low_contrast")
    if any(window.start_s - 1.0 <= moment <= window.end_s for moment in seen.damaged_s):
        flags.append("damaged_frames")
    if window.uncertain:
        flags.append("uncertain_start")
    if window.phases_swapped:
        flags.append("phases_swapped")
    if hand_within(seen.survey, window.start_s, min(window.end_s, window.until_s)):
        flags.append("hand_in_trial")
    return tuple(flags)
