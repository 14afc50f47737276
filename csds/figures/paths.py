"""A track as lines: known stretches only, cut into pieces that carry a time for their colour."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csds.behaviour.timing import LONGEST_FRAME_S, TOLERANCE_S
from csds.figures import palette
from csds.figures.page import Dots, Lines, Panel
from csds.model.shapes import FloatArray

_MAX_POINTS = 6000
_MAX_PIECES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """Polylines of (n, 2) points in cm, and the time in s at the middle of each."""

    lines: tuple[FloatArray, ...]
    times_s: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PathLines:
    """A track ready to be drawn.

    ``runs`` are whole known stretches; ``solid`` are their pieces between detections, ``dashed``
    those that were interpolated; ``lone`` are known positions without a known neighbour.
    """

    runs: tuple[FloatArray, ...]
    solid: Pieces
    dashed: Pieces
    lone: FloatArray


def known_runs(time_s: FloatArray, x_cm: FloatArray, y_cm: FloatArray) -> tuple[slice, ...]:
    """Return the stretches of consecutive rows with a known position and no hole in time.

    Examples
    --------
    >>> time = np.array([0.0, 0.1, 0.2, 0.3, 5.0])
    >>> x = np.array([1.0, 1.0, np.nan, 1.0, 1.0])
    >>> known_runs(time, x, x)
    (slice(0, 2, None), slice(3, 4, None), slice(4, 5, None))
    """
    known = np.isfinite(x_cm) & np.isfinite(y_cm) & np.isfinite(time_s)
    if not known.any():
        return ()
    joined = known[1:] & known[:-1] & (np.diff(time_s) <= LONGEST_FRAME_S + TOLERANCE_S)
    starts = np.flatnonzero(known & np.append(True, ~joined))
    stops = np.flatnonzero(known & np.append(~joined, True)) + 1
    return tuple(slice(int(start), int(stop)) for start, stop in zip(starts, stops, strict=True))


def path_lines(track: pd.DataFrame) -> PathLines:
    """Return a track's lines, thinned to what a picture can show.

    Parameters
    ----------
    track : DataFrame
        ``time_s, x_cm, y_cm`` and, where present, ``interpolated``.
    """
    time, x, y = (track[name].to_numpy(dtype=float, na_value=np.nan) for name in ("time_s", "x_cm", "y_cm"))
    points = np.column_stack([x, y])
    filled = np.zeros(len(track), bool)
    if "interpolated" in track:
        filled = track["interpolated"].fillna(value=False).to_numpy(dtype=bool)
    stretches = known_runs(time, x, y)
    stride = max(1, -(-len(track) // _MAX_POINTS))
    per_piece = max(1, -(-len(track) // (stride * _MAX_PIECES)))
    solid: list[NDArray[np.intp]] = []
    dashed: list[NDArray[np.intp]] = []
    runs = []
    for stretch in stretches:
        if stretch.stop - stretch.start == 1:
            continue
        rows = np.arange(stretch.start, stretch.stop)
        runs.append(points[_thinned(rows, stride)])
        for part, is_filled in _parts(rows, filled):
            if is_filled:
                dashed.append(part)
            else:
                solid += _cut(_thinned(part, stride), per_piece)
    alone = [stretch.start for stretch in stretches if stretch.stop - stretch.start == 1]
    return PathLines(
        runs=tuple(runs),
        solid=_pieces(solid, points, time),
        dashed=_pieces(dashed, points, time),
        lone=points[alone],
    )


def _parts(rows: NDArray[np.intp], filled: NDArray[np.bool_]) -> list[tuple[NDArray[np.intp], bool]]:
    """Split a stretch where steps change between detected and interpolated; neighbours share a point."""
    step_filled = filled[rows[1:]] | filled[rows[:-1]]
    borders = np.flatnonzero(np.diff(step_filled)) + 1
    edges = [0, *borders.tolist(), len(rows) - 1]
    return [(rows[a : b + 1], bool(step_filled[a])) for a, b in pairwise(edges)]


def _thinned(rows: NDArray[np.intp], stride: int) -> NDArray[np.intp]:
    kept = rows[::stride]
    return kept if kept[-1] == rows[-1] else np.append(kept, rows[-1])


def _cut(rows: NDArray[np.intp], steps: int) -> list[NDArray[np.intp]]:
    return [rows[i : i + steps + 1] for i in range(0, len(rows) - 1, steps)]


def _pieces(parts: list[NDArray[np.intp]], points: FloatArray, time: FloatArray) -> Pieces:
    return Pieces(
        lines=tuple(points[part] for part in parts),
        times_s=tuple(float(time[part[0]] + time[part[-1]]) / 2 for part in parts),
    )


def draw_path(panel: Panel, track: pd.DataFrame, length_s: float, *, width_pt: float = 1.1) -> None:
    """Draw a track onto a floor in cm, coloured by time; gaps stay open, interpolated steps are dotted."""
    lines = path_lines(track)
    casing: dict[str, Any] = {"colours": ("#FFFFFF",), "width_pt": width_pt + 1.2, "alpha": 0.55}
    panel.add(Lines(lines=lines.runs, z=3.0, name="path-casing", **casing))
    kinds: tuple[tuple[Pieces, dict[str, Any]], ...] = (
        (lines.solid, {"name": "path", "width_pt": width_pt}),
        (lines.dashed, {"name": "path-interpolated", "width_pt": width_pt * 0.6, "dash_pt": (1.3, 1.1)}),
    )
    for pieces, look in kinds:
        rgb = palette.path_colours(np.array(pieces.times_s) / length_s)
        colours = tuple(map(palette.hex_colour, rgb.tolist()))
        panel.add(Lines(lines=pieces.lines, colours=colours, z=4.0, **look))
    if len(lines.lone):
        panel.add(Dots(points=lines.lone, size_pt=1.0, face=palette.INK, z=4.0, name="path-lone"))


def draw_ends(panel: Panel, track: pd.DataFrame) -> None:
    """Mark the first known position with an open circle and the last with a filled square."""
    places = track[["x_cm", "y_cm"]].to_numpy(dtype=float, na_value=np.nan)
    known = places[np.isfinite(places).all(axis=1)]
    panel.add(replace(end_mark(known[-1:]), edge="#FFFFFF", edge_pt=1.1))
    panel.add(start_mark(known[:1]))


def start_mark(points: FloatArray) -> Dots:
    """Return how a path's start is marked."""
    return Dots(points=points, size_pt=5.5, face="#FFFFFF", edge=palette.INK, edge_pt=1.1, z=6.0, name="start")


def end_mark(points: FloatArray) -> Dots:
    """Return how a path's end is marked."""
    return Dots(points=points, size_pt=5.5, face=palette.INK, square=True, z=6.0, name="end")


def positions_at(track: pd.DataFrame, times_s: tuple[float, ...]) -> FloatArray:
    """Return the (n, 2) positions in cm at given times: those of the nearest frames, NaN where unknown."""
    if not len(track) or not times_s:
        return np.full((len(times_s), 2), np.nan)
    time = track["time_s"].to_numpy(dtype=float, na_value=np.nan)
    rows = [int(np.nanargmin(np.abs(time - t))) if np.isfinite(time).any() else 0 for t in times_s]
    return track[["x_cm", "y_cm"]].to_numpy(dtype=float, na_value=np.nan)[rows]
