"""Studies to draw, and what makes a drawn figure measurable."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from csds.analysis.analyse import analyse
from csds.analysis.animals import read_animals
from csds.analysis.plan import AnalysisPlan
from csds.behaviour.session import measure_session
from csds.model.arena import Arena
from csds.plots.plot import Plot
from csds.plots.study import Centre, StudyResults
from csds.plots.style import drawing
from csds.plots.tracks import StudyTracks, summarise_track
from csds.protocol import load_protocol
from csds.protocol.zones import enclosure_shape, resolve_zones
from csds.results.sessions import SavedSession

StudyOf = Callable[..., StudyResults]
AnimalsOf = Callable[..., pd.DataFrame]
Overlaps = Callable[[Plot], list[str]]


def _animals_of(groups: Sequence[tuple[str, str]], n: int, seed: int = 1) -> pd.DataFrame:
    """Return a table of animals, ``n`` in each group of stress and treatment."""
    rng, rows = np.random.default_rng(seed), []
    for k, (stress, treatment) in enumerate(groups):
        for i in range(n):
            absent = float(np.clip(rng.normal(61, 16), 10, 140))
            present = float(np.clip(rng.normal(91 if stress == "control" else 55 + 8 * k, 25), 5, 148))
            ratio = present / absent
            phenotype = "control" if stress == "control" else "susceptible" if ratio < 1 else "resilient"
            rows.append(
                {
                    "animal_id": f"M{k}-{i}", "stress": stress, "treatment": treatment, "interaction_absent_s": absent,
                    "interaction_present_s": present, "si_ratio": ratio, "log_si_ratio": math.log(ratio),
                    "si_ratio_low": 0.9 * ratio, "si_ratio_high": 1.12 * ratio, "phenotype": phenotype, "exclude": "",
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def floor(width_cm: float = 42.0, height_cm: float = 42.0, *, shape: str = "rectangle") -> Arena:
    """Return an arena of a size."""
    corners = ((0.0, 0.0), (419.0, 0.0), (419.0, 419.0), (0.0, 419.0))
    return Arena(
        name="A", shape=shape, corners_px=corners, width_cm=width_cm, height_cm=height_cm, frame_size_px=(420, 420)
    )


def session_of(arena: Arena, seconds: float, protocol: str = "golden2011", **row: Any) -> SavedSession:
    """Return a session as a results folder holds it, but for its track."""
    rules, size = load_protocol(protocol), (arena.width_cm, arena.height_cm)
    return SavedSession(
        row={"duration_s": seconds, "cohort": "", "test": "", **row}, arena=arena, zones=resolve_zones(rules, *size),
        enclosure=enclosure_shape(rules, *size), path=Path("none"),
    )  # fmt: skip


def track_of(session: SavedSession, x_cm: Any, y_cm: Any, fps: float = 10.0) -> pd.DataFrame:
    """Return a track of positions, with what csds finishes it with."""
    rules = load_protocol("golden2011").behaviour
    x, y = np.broadcast_arrays(np.asarray(x_cm, float), np.asarray(y_cm, float))
    raw = pd.DataFrame({"time_s": np.arange(x.size) / fps, "x_cm": x, "y_cm": y})
    return measure_session(raw, session.zones, session.arena.floor, rules, session.duration_s)[0]


def wander(arena: Arena, frames: int, at_zone: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a path from goal to goal, a share of them in the interaction zone."""
    goals = rng.uniform(0.2, 0.8, (frames // 12 + 2, 2)) * (arena.width_cm, arena.height_cm)
    near = rng.random(len(goals)) < at_zone
    goals[near] = rng.uniform((0.35, 0.2), (0.65, 0.3), (int(near.sum()), 2)) * (arena.width_cm, arena.height_cm)
    at = np.linspace(0, len(goals) - 1, frames)
    x, y = (np.interp(at, np.arange(len(goals)), goals[:, axis]) for axis in (0, 1))
    return x, y


def _tracks_of(table: pd.DataFrame, *, arenas: Sequence[Arena] = (), seconds: float = 90.0) -> StudyTracks:
    """Return tracks of a table's animals, some with a gap; arenas are taken in turn."""
    rng, summaries = np.random.default_rng(1), {}
    protocol = "witness_round_cage" if any(one.shape == "circle" for one in arenas) else "golden2011"
    for at, row in enumerate(table.to_dict("records")):
        arena = (arenas or (floor(),))[at % len(arenas or (0,))]
        for phase, share in (("target_absent", 0.5), ("target_present", 0.3 if row["stress"] == "defeated" else 0.7)):
            session = session_of(arena, seconds, protocol, distance_cm=900.0, phase=phase)
            x, y = wander(arena, round(seconds * 4), share, rng)
            if at % 3 == 0:
                x[40:80] = np.nan
            key = (str(row.get("cohort", "")), str(row["animal_id"]), str(row.get("test", "")))
            summaries[key, phase] = summarise_track(session, track_of(session, x, y, 4.0))
    return StudyTracks(phases=("target_absent", "target_present"), summaries=summaries)


def _repeated_of(groups: Sequence[tuple[str, str]], n: int, tests: Sequence[str] = ("pre", "post")) -> pd.DataFrame:
    """Return a table of animals with several tests each; later ones differ more between groups."""
    parts = [_animals_of(groups, n, seed).assign(test=test) for seed, test in enumerate(tests, 1)]
    return pd.concat(parts, ignore_index=True)


def _sessions_of(n: int, cohorts: Sequence[str] = ("a", "b"), *, dated: bool = True) -> pd.DataFrame:
    """Return a table of sessions as text, cohort after cohort; the last failed, the one before is flagged."""
    rng, rows = np.random.default_rng(3), []
    for i in range(n):
        cohort = i * len(cohorts) // n
        unknown, interpolated = rng.exponential(0.005), rng.exponential(0.005)
        rows.append(
            {
                "session_id": f"s{i}", "cohort": cohorts[cohort], "animal_id": f"M{i}",
                "session_date": f"2026-0{1 + cohort}-01" if dated else "",
                "tracked_fraction": str(1 - unknown - interpolated), "interpolated_fraction": str(interpolated),
                "flags": "uncertain_nose" if i % 3 == 0 else "",
            }
        )  # fmt: skip
    rows[-1] |= {"tracked_fraction": "", "interpolated_fraction": "", "flags": "failed"}
    rows[-2] |= {"tracked_fraction": "0.8", "interpolated_fraction": "0.05", "flags": "low_tracking"}
    return pd.DataFrame(rows)


@pytest.fixture
def study_of(tmp_path: Path) -> StudyOf:
    """Return what analyses a table of animals, by a plan's keys; their tracks are made when a figure asks for them."""

    def made(
        table: pd.DataFrame,
        *,
        outcome: str = "",
        centre: Centre = "mean",
        sessions: pd.DataFrame | None = None,
        arenas: Sequence[Arena] = (),
        **plan: Any,
    ) -> StudyResults:
        table.to_csv(tmp_path / "animals.csv", index=False)
        animals = read_animals(tmp_path / "animals.csv")
        analysis = analyse(animals, AnalysisPlan(**{"draws": 1000, "secondary": (), **plan}))
        return StudyResults(
            animals=animals,
            analysis=analysis,
            outcome=outcome,
            centre=centre,
            sessions=pd.DataFrame() if sessions is None else sessions,
            tracks=cache(lambda: _tracks_of(table, arenas=arenas)),
        )

    return made


def _overlaps(plot: Plot) -> list[str]:
    """Return every pair of texts of a figure that lie on each other, and every text that leaves it."""
    return [fault for page in (plot.figure, *plot.pages) for fault in _overlaps_of(page, plot)]


def _overlaps_of(figure: Figure, plot: Plot) -> list[str]:
    with drawing(plot.style):
        figure.canvas.draw()
        renderer: Any = figure.canvas
        hidden = _hidden(figure)
        boxes = [
            (text.get_text(), text.get_window_extent(renderer.get_renderer()))
            for text in figure.findobj(Text)
            if isinstance(text, Text) and text.get_visible() and text.get_text().strip() and text not in hidden
        ]
    page, found = figure.bbox, []
    for i, (text, box) in enumerate(boxes):
        if box.x0 < page.x0 - 1 or box.x1 > page.x1 + 1 or box.y0 < page.y0 - 1 or box.y1 > page.y1 + 1:
            found.append(f"{text!r} leaves the page")
        for other, second in boxes[i + 1 :]:
            width = min(box.x1, second.x1) - max(box.x0, second.x0)
            height = min(box.y1, second.y1) - max(box.y0, second.y0)
            if width > 0.5 and height > 0.5:
                found.append(f"{text!r} on {other!r}")
    return found


def _hidden(figure: Figure) -> set[Text]:
    """Return the numbers of scales that aren't drawn: beyond an axis's ends, left over, or of axes that are off."""
    hidden: set[Text] = set()
    for axes in figure.axes:
        for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            drawn, (low, high) = axis.get_major_ticks() + axis.get_minor_ticks(), sorted(limits)
            for tick in (*axis.majorTicks, *axis.minorTicks):
                inside = low - 1e-9 <= tick.get_loc() <= high + 1e-9
                if not (axes.axison and tick in drawn and inside):
                    hidden |= {tick.label1, tick.label2}
    return hidden


@pytest.fixture
def lab() -> SimpleNamespace:
    """Return what makes arenas, sessions and tracks: ``floor``, ``session_of`` and ``track_of``."""
    return SimpleNamespace(floor=floor, session_of=session_of, track_of=track_of)


@pytest.fixture
def animals_of() -> AnimalsOf:
    """Return what makes a table of animals, so many in each group of stress and treatment."""
    return _animals_of


@pytest.fixture
def several_of() -> AnimalsOf:
    """Return what makes a table of several studies by their names, with so many animals in each group of each."""

    def made(
        groups: Sequence[tuple[str, str]], names: Sequence[str], n: int, protocols: Sequence[str] = ("golden2011",)
    ) -> pd.DataFrame:
        tables = [
            _animals_of(groups, n + at % 3, seed=at).assign(
                study=name, cohort=f"{name} C1", protocol=protocols[at % len(protocols)]
            )
            for at, name in enumerate(names)
        ]
        return pd.concat(tables, ignore_index=True)

    return made


@pytest.fixture
def overlaps() -> Overlaps:
    """Return what finds the texts of a figure that lie on each other or leave the page."""
    return _overlaps


@pytest.fixture
def repeated_of() -> Callable[..., pd.DataFrame]:
    """Return what makes a table of animals with several tests each."""
    return _repeated_of


@pytest.fixture
def sessions_of() -> Callable[..., pd.DataFrame]:
    """Return what makes a table of sessions."""
    return _sessions_of
