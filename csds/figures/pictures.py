"""What a picture is made of. Plain data, gathered by `csds.batch` from earlier steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csds.model.arena import Arena
from csds.model.flags import FLAGS
from csds.model.shapes import FloatArray, Shape, Zone


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPicture:
    """All that the floor plan of one session shows.

    Parameters
    ----------
    session_id, animal, phase, stress, treatment : str
        As in ``sessions.csv``; stress and treatment may be empty.
    background : uint8 array (h, w)
        Luma of the empty arena: the whole frame, or a crop of it.
    offset_px : (x, y)
        Of the crop's top-left pixel in the frame.
    arena : Arena
    zones : tuple of Zone
        In the protocol's order, in cm. Outlines that a later zone repeats are drawn once.
    enclosure : Shape or None
        In cm; None where there is none.
    track : DataFrame
        With at least ``time_s, x_cm, y_cm``; ``interpolated`` and ``in_<zone>`` are used where present.
    durations_s : float array (n,)
        Seconds that each row of the track stands for.
    metrics : mapping
        Columns of ``sessions.csv`` and their values; what is missing is shown as a dash.
    flags : tuple of str
        Codes of `csds.model.flags`.
    entry_times_s : tuple of float
        When the animal entered ``entry_zone``, from the window's start.
    entry_zone : str
    window_s : float or None
        Length of the window, for the time axis; default: the track's own length.
    thumbnails : tuple of uint8 arrays (h, w)
        Small pictures of the arena around the window's start and end, all of one size.
    thumbnails_s : tuple of float
        Their times, from the window's start.
    """

    session_id: str
    animal: str
    phase: str
    background: NDArray[np.uint8]
    arena: Arena
    zones: tuple[Zone, ...]
    track: pd.DataFrame
    durations_s: FloatArray
    stress: str = ""
    treatment: str = ""
    offset_px: tuple[int, int] = (0, 0)
    enclosure: Shape | None = None
    metrics: Mapping[str, object] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    entry_times_s: tuple[float, ...] = ()
    entry_zone: str = "interaction"
    window_s: float | None = None
    thumbnails: tuple[NDArray[np.uint8], ...] = ()
    thumbnails_s: tuple[float, ...] = ()

    @property
    def length_s(self) -> float:
        """Seconds that the time axis spans; 1 where nothing was recorded."""
        if self.window_s:
            return float(self.window_s)
        last = float(self.track["time_s"].max()) if len(self.track) else 0.0
        return last if last > 0 else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnimalPicture:
    """All that the picture of one animal's test shows: its two phases and its score.

    A phase that is missing is None; at least one must be there. ``metrics`` are the columns
    of ``animals.csv``; ``limits`` the SI ratios at which the rule changes its call, as far as they are fixed.
    """

    animal: str
    absent: SessionPicture | None
    present: SessionPicture | None
    stress: str = ""
    treatment: str = ""
    cohort: str = ""
    test: str = ""
    phenotype: str = ""
    rule: str = ""
    limits: tuple[float, ...] = ()
    metrics: Mapping[str, object] = field(default_factory=dict)
    flags: tuple[str, ...] = ()


def number(metrics: Mapping[str, object], name: str) -> float:
    """Return a metric as a number; NaN where it is absent, empty or not a number.

    Examples
    --------
    >>> number({"distance_cm": 812.5}, "distance_cm"), number({}, "distance_cm")
    (812.5, nan)
    """
    value = metrics.get(name)
    if isinstance(value, bool | int | float | np.number):
        return float(value)
    return float("nan")


def shown(value: float, unit: str = "", digits: int = 1) -> str:
    """Return a number as text with its unit, a dash for NaN. Rounding happens here only.

    Examples
    --------
    >>> shown(35.25, "s"), shown(float("nan"), "s"), shown(812.4, "cm", 0)
    ('35.2 s', '–', '812 cm')
    """
    if not np.isfinite(value):
        return "–"
    text = f"{value:.{digits}f}".replace("-", "−")
    return f"{text} {unit}".rstrip()


def shown_range(low: float, high: float, unit: str = "", digits: int = 2) -> str:
    """Return a range as text; an end that isn't known is a dash of its own.

    Examples
    --------
    >>> shown_range(0.431, 0.467), shown_range(34.04, 36.0, "s", 1)
    ('0.43 to 0.47', '34.0 to 36.0 s')
    """
    return f"{shown(low, '', digits)} to {shown(high, unit, digits)}"


def flag_sentences(flags: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    """Return each flag in plain words with its code, and whether it touches trust in the numbers.

    Examples
    --------
    >>> flag_sentences(("short_recording",))
    (('The recording ends, or the animal is taken out, before the window ends (short_recording)', True),)
    """
    sentences = []
    for code in flags:
        flag = FLAGS.get(code)
        words = f"{flag.meaning[0].upper()}{flag.meaning[1:]} ({code})" if flag else code
        sentences.append((words, flag.trust if flag else True))
    return tuple(sentences)


def spoken(name: str) -> str:
    """Return a column's or phase's name as words.

    Examples
    --------
    >>> spoken("target_absent")
    'Target absent'
    """
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]
