"""Studies to draw, and what makes a drawn figure measurable."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from csds.analysis.analyse import analyse
from csds.analysis.animals import read_animals
from csds.analysis.plan import AnalysisPlan
from csds.plots.plot import Plot
from csds.plots.study import Centre, StudyResults
from csds.plots.style import drawing

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
    """Return what analyses a table of animals, by a plan's keys."""

    def made(
        table: pd.DataFrame,
        *,
        outcome: str = "",
        centre: Centre = "mean",
        sessions: pd.DataFrame | None = None,
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
        )

    return made


def _overlaps(plot: Plot) -> list[str]:
    """Return every pair of texts of a figure that lie on each other, and every text that leaves it."""
    with drawing(plot.style):
        plot.figure.canvas.draw()
        renderer: Any = plot.figure.canvas
        hidden = _hidden(plot.figure)
        boxes = [
            (text.get_text(), text.get_window_extent(renderer.get_renderer()))
            for text in plot.figure.findobj(Text)
            if isinstance(text, Text) and text.get_visible() and text.get_text().strip() and text not in hidden
        ]
    page, found = plot.figure.bbox, []
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
def animals_of() -> AnimalsOf:
    """Return what makes a table of animals, so many in each group of stress and treatment."""
    return _animals_of


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
