"""Holding tracks against the truth: simulated, rendered by another program, or marked by others in real recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csds.arena import read_arenas
from csds.model.arena import Arena
from csds.model.shapes import Zone
from csds.protocol import load_protocol

Floats = NDArray[np.float64]

#: How near to its edge, in cm, the true centre may be counted in or out of a zone.
EDGE_CM = 0.35
#: Which end is the head matters while the animal walks: faster than this, cm/s.
MOVING_CM_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionScore:
    """How far one session's track is from the truth; lengths in cm, times in s."""

    name: str
    median_cm: float
    p99_cm: float
    nose_median_cm: float
    detection: float
    swapped: float
    nose_missing: float
    zone_error_s: float
    zone_edge_s: float
    window_s: float
    flags: str

    @property
    def zone_allowed_s(self) -> float:
        """How far the worst zone's time may be off."""
        return ACCURACY_BARS.zone_s * self.window_s / 90.0 + self.zone_edge_s

    @property
    def falls_short(self) -> list[str]:
        """What misses its bar in a room in which nothing is wrong."""
        return ACCURACY_BARS.missed_by(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """What a track must reach: centre in cm, share of frames detected, zone time in s per 90 s.

    The time that the true centre spends within `EDGE_CM` of a zone's edge may be counted either way.
    """

    median_cm: float
    p99_cm: float
    detection: float
    zone_s: float

    def missed_by(self, score: SessionScore) -> list[str]:
        """Return which bars a session misses."""
        tests = {
            "median": score.median_cm <= self.median_cm,
            "p99": score.p99_cm <= self.p99_cm,
            "detection": score.detection >= self.detection,
            "zone": score.zone_error_s <= self.zone_s * score.window_s / 90.0 + score.zone_edge_s,
        }
        return [name for name, holds in tests.items() if not holds]


#: In a room in which nothing is wrong, …
ACCURACY_BARS = Bars(median_cm=0.35, p99_cm=1.0, detection=0.99, zone_s=0.5)
#: … and in one with a nuisance.
NUISANCE_BARS = Bars(median_cm=0.5, p99_cm=1.5, detection=0.98, zone_s=2.0)


def lasting(time_s: Floats, window_s: float) -> Floats:
    """Return how long each frame counts: to the next stamp, at most 0.5 s, the last one the median."""
    steps = np.diff(time_s)
    last = np.median(steps) if len(steps) else 0.0
    return np.asarray(np.minimum(np.minimum(np.append(steps, last), 0.5), np.maximum(window_s - time_s, 0.0)), float)


def score_session(
    name: str, track: pd.DataFrame, truth: pd.DataFrame, zones: Sequence[Zone], window_s: float, flags: str = ""
) -> SessionScore:
    """Return how far a track is from the truth of the same frames.

    ``truth`` has ``frame, time_s, x_cm, y_cm, nose_x_cm, nose_y_cm``. The zone error is that of the
    zone that is worst beside the time that the true centre spends within `EDGE_CM` of its edge.
    """
    both = truth[truth["frame"].isin(track["frame"])].set_index("frame").loc[track["frame"]]
    error = np.hypot(
        track["x_cm"].to_numpy() - both["x_cm"].to_numpy(), track["y_cm"].to_numpy() - both["y_cm"].to_numpy()
    )
    nose = np.hypot(
        track["nose_x_cm"].to_numpy() - both["nose_x_cm"].to_numpy(),
        track["nose_y_cm"].to_numpy() - both["nose_y_cm"].to_numpy(),
    )
    inside_window = truth[truth["time_s"] < window_s]
    true_s = lasting(inside_window["time_s"].to_numpy(), window_s)
    track_s = lasting(track["time_s"].to_numpy(), window_s)
    worst, worst_edge = 0.0, 0.0
    for zone in zones:
        distance = zone.shape.distance(inside_window["x_cm"], inside_window["y_cm"])
        measured = float(track_s[track[f"in_{zone.name}"].to_numpy()].sum())
        off = abs(measured - float(true_s[distance <= 0].sum()))
        edge = float(true_s[np.abs(distance) <= EDGE_CM].sum())
        if off - edge > worst - worst_edge or worst == 0.0:
            worst, worst_edge = off, edge
    return SessionScore(
        name=name,
        median_cm=float(np.nanmedian(error)),
        p99_cm=float(np.nanpercentile(error, 99)),
        nose_median_cm=float(np.nanmedian(nose)),
        detection=float(track["detected"].sum() / len(inside_window)),
        swapped=_swapped(track, both),
        nose_missing=float(np.mean(np.isnan(nose[np.isfinite(error)]))) if np.isfinite(error).any() else 0.0,
        zone_error_s=worst,
        zone_edge_s=worst_edge,
        window_s=window_s,
        flags=flags,
    )


def _swapped(track: pd.DataFrame, truth: pd.DataFrame) -> float:
    """Return the share of frames in which the animal walks and its nose is reported at its other end."""
    x, y = truth["x_cm"].to_numpy(), truth["y_cm"].to_numpy()
    step = np.gradient(truth["time_s"].to_numpy())
    moving = np.hypot(np.gradient(x), np.gradient(y)) > MOVING_CM_S * step
    to_nose = (track["nose_x_cm"].to_numpy() - track["x_cm"].to_numpy()) * (truth["nose_x_cm"].to_numpy() - x) + (
        track["nose_y_cm"].to_numpy() - track["y_cm"].to_numpy()
    ) * (truth["nose_y_cm"].to_numpy() - y)
    return float(np.mean(to_nose[moving] < 0)) if moving.any() else 0.0


def ratio_range(absent: pd.DataFrame, present: pd.DataFrame, zone: Zone, window_s: float) -> tuple[float, float]:
    """Return the least and greatest SI ratio that the truth admits, counting edge frames either way."""
    low, high = [], []
    for truth in (absent, present):
        kept = truth[truth["time_s"] < window_s]
        seconds = lasting(kept["time_s"].to_numpy(), window_s)
        distance = zone.shape.distance(kept["x_cm"], kept["y_cm"])
        low.append(float(seconds[distance <= -EDGE_CM].sum()))
        high.append(float(seconds[distance <= EDGE_CM].sum()))
    return low[1] / max(high[0], 1e-9), high[1] / max(low[0], 1e-9)


@dataclass(frozen=True, slots=True, kw_only=True)
class RealScore:
    """How a real recording's track stands against a reference made by others, in pixels."""

    name: str
    median_px: float
    p99_px: float
    detection: float
    path_px: float
    reference_path_px: tuple[float, ...]
    inside_boxes: float
    flags: str

    @property
    def falls_short(self) -> list[str]:
        """What misses its bar."""
        if np.isfinite(self.inside_boxes):
            holds = {"inside the boxes": self.inside_boxes >= 0.95, "certain": "uncertain_animal" not in self.flags}
        else:
            bar = REAL_BARS[self.name]
            paths = self.reference_path_px
            holds = {
                "median": self.median_px <= bar.median_px,
                "p99": self.p99_px <= bar.p99_px,
                "detection": self.detection >= bar.detection,
                "path": not paths or 0.95 * min(paths) <= self.path_px <= 1.05 * max(paths),
            }
        return [name for name, held in holds.items() if not held]


@dataclass(frozen=True, slots=True, kw_only=True)
class RealBar:
    """What a real recording's track must reach against its reference."""

    median_px: float
    p99_px: float = float("inf")
    detection: float = 0.99


REAL_BARS = {
    "black_mouse_round A": RealBar(median_px=3.0, p99_px=10.0),
    "pale_mouse_from_below A": RealBar(median_px=30.0),
    "black_mouse_bedding A": RealBar(median_px=9.0, detection=0.98),
}


def score_real(name: str, track: pd.DataFrame, arena: Arena, reference: pd.DataFrame, flags: str) -> RealScore:
    """Return the errors of a track against ``frame, x_px, y_px`` or boxes ``frame, x, y, w, h``.

    Where the reference also holds other programs' tracks (``<program>_x_px``), their path lengths
    over the same frames are what the track's own is held against.
    """
    x, y = arena.to_px(track["x_cm"], track["y_cm"])
    own = pd.DataFrame({"own_x": x, "own_y": y, "frame": track["frame"]})
    both = own.merge(reference, on="frame")
    if "w" in reference:
        inside = both["own_x"].between(both["x"], both["x"] + both["w"]) & both["own_y"].between(
            both["y"], both["y"] + both["h"]
        )
        error, share = np.array([np.nan]), float(inside.mean())
    else:
        error = np.asarray(np.hypot(both["own_x"] - both["x_px"], both["own_y"] - both["y_px"]), float)
        share = float("nan")
    return RealScore(
        name=name,
        median_px=float(np.nanmedian(error)) if np.isfinite(error).any() else float("nan"),
        p99_px=float(np.nanpercentile(error, 99)) if np.isfinite(error).any() else float("nan"),
        detection=float(track["detected"].mean()),
        path_px=path_length(x, y),
        reference_path_px=tuple(
            path_length(both[column].to_numpy(float), both[column.replace("_x_", "_y_")].to_numpy(float))
            for column in both.columns
            if column.endswith("_x_px") and not column.startswith("nose")
        ),
        inside_boxes=share,
        flags=flags,
    )


def path_length(x: Floats, y: Floats) -> float:
    """Return the length of a path, without the steps to and from missing points."""
    return float(np.nansum(np.hypot(np.diff(x), np.diff(y))))


def real_reference(folder: Path, video: str, arena: str) -> pd.DataFrame:
    """Return a real recording's reference in the columns that `score_real` takes."""
    name = Path(video).stem
    table = pd.read_csv(folder / "reference" / f"{name}.csv")
    if "arena" in table:
        return table[table["arena"] == arena]
    if "tracktor_x_px" in table:
        return table.assign(x_px=table["tracktor_x_px"], y_px=table["tracktor_y_px"])
    return table[table["ok"] == 1] if "ok" in table else table


def arena_beside(video: Path, name: str, protocol: str) -> Arena:
    """Return a recording's arena from the file beside it."""
    found = read_arenas(video.with_name(video.name + ".arena.toml"), load_protocol(protocol))
    return next(arena for arena in found if arena.name == name)
