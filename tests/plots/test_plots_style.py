"""Figures have journals' widths and editable text, keep matplotlib's settings, and are the same file each time."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest

from csds.plots.plot import Plot, write_plot
from csds.plots.style import Style, Theme, Width, drawing, new_figure


def drawn(style: Style) -> Plot:
    with drawing(style):
        figure = new_figure(style, 2.0)
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=style.colour_of("susceptible"))
        axes.set_ylabel("SI ratio, anti-IL-4Rα")
    return Plot(name="line", figure=figure, data=pd.DataFrame({"x": [0, 1]}), alt="A line.", style=style)


@pytest.mark.parametrize(("width", "mm"), [("single", 89), ("double", 183)])
def test_figure_is_as_wide_as_a_column(width: Width, mm: float) -> None:
    assert drawn(Style(width=width)).figure.get_size_inches()[0] * 25.4 == pytest.approx(mm)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_settings_of_matplotlib_are_left_as_they_were(theme: Theme) -> None:
    before = dict(mpl.rcParams)
    drawn(Style(theme=theme))
    assert dict(mpl.rcParams) == before


def test_text_stays_text_and_files_stay_the_same(tmp_path: Path) -> None:
    first = write_plot(drawn(Style()), tmp_path / "a")
    second = write_plot(drawn(Style()), tmp_path / "b")
    assert [path.name for path in first] == ["line.pdf", "line.svg", "line.png", "line.csv"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert "anti-IL-4Rα</text>" in (tmp_path / "a" / "line.svg").read_text(encoding="utf-8")
    assert b"FontFile2" in first[0].read_bytes()  # letters are a TrueType font, not shapes


def test_a_meaning_has_one_colour_in_every_figure() -> None:
    meanings = ("control", "isotype", "treatment", "susceptible", "resilient")
    light, dark = ([Style(theme=theme).colour_of(name) for name in meanings] for theme in ("light", "dark"))
    assert light == dark
    assert len(set(light)) == 5
