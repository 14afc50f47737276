"""What a journal asks of a figure's files: sizes of text, strengths of lines, fonts and widths; names of any length."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.text import Text
from PIL import Image

from csds.plots.gallery import find_figures
from csds.plots.labels import MOST_LETTERS, shortened
from csds.plots.plot import Plot, write_plot
from csds.plots.style import WIDTHS_MM, Style, Width

TABLE_FIGURES = [one.name for one in find_figures((), tracks=False)]
TWO_BY_TWO = [(stress, treatment) for stress in ("control", "defeated") for treatment in ("isotype", "anti-IL-4Rα")]


def drawn(name: str, study, style: Style) -> Plot:
    return find_figures([name])[0].draw(study, style=style)


def shown_texts(plot: Plot) -> list[Text]:
    return [one for one in plot.figure.findobj(Text) if one.get_visible() and one.get_text().strip()]


@pytest.mark.parametrize("name", TABLE_FIGURES)
@pytest.mark.parametrize("width", ["single", "double"])
def test_text_and_lines_can_be_printed(name: str, width: Width, study_of, animals_of, sessions_of) -> None:
    study = study_of(animals_of(TWO_BY_TWO, 40), sessions=sessions_of(40))
    plot = drawn(name, study, Style(width=width))
    sizes = {float(one.get_fontsize()) for one in shown_texts(plot)}
    assert min(sizes) >= 6
    assert max(sizes) <= 8
    lines = [one.get_linewidth() for one in plot.figure.findobj(Line2D) if one.get_linestyle() != "None"]
    lines += [one for some in plot.figure.findobj(LineCollection) for one in some.get_linewidths()]
    assert min(lines) >= 0.25


@pytest.mark.parametrize("name", TABLE_FIGURES)
@pytest.mark.parametrize("width", ["single", "double"])
def test_png_has_a_columns_width_at_600_dots_an_inch(name: str, width: Width, study_of, animals_of, tmp_path) -> None:
    (png, _) = write_plot(drawn(name, study_of(animals_of(TWO_BY_TWO, 5)), Style(width=width)), tmp_path, ("png",))
    with Image.open(png) as picture:
        assert picture.info["dpi"] == pytest.approx((600, 600), abs=0.1)
        assert picture.width / 600 * 25.4 == pytest.approx(WIDTHS_MM[width], abs=0.05)


@pytest.mark.skipif(not shutil.which("pdffonts"), reason="poppler's pdffonts and pdftoppm aren't here")
@pytest.mark.parametrize("name", TABLE_FIGURES)
def test_pdf_embeds_its_font_and_looks_like_the_png(name: str, study_of, animals_of, tmp_path: Path) -> None:
    plot = drawn(name, study_of(animals_of(TWO_BY_TWO, 8)), Style())
    pdf, svg, png, _ = write_plot(plot, tmp_path)
    fonts = subprocess.run(["pdffonts", pdf], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert fonts
    for line in fonts:
        assert re.search(r"DejaVuSans.*(CID )?TrueType.* yes (yes|no) +(yes|no)", line), line
    assert svg.read_text(encoding="utf-8").count("</text>") >= len({one.get_text() for one in shown_texts(plot)}) / 2
    subprocess.run(["pdftoppm", "-png", "-r", "150", "-singlefile", pdf, tmp_path / "page"], check=True)
    page, picture = cv2.imread(str(tmp_path / "page.png")), cv2.imread(str(png))
    assert page is not None
    assert picture is not None
    height, width = page.shape[:2]
    assert (width, height) == pytest.approx((picture.shape[1] / 4, picture.shape[0] / 4), abs=2)
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    blurred = [cv2.GaussianBlur(one, (0, 0), 3.0).astype(float) for one in (page, small)]
    assert np.abs(blurred[0] - blurred[1]).max() < 60


def test_names_are_shortened_in_the_figure_and_whole_beside_it(study_of, animals_of) -> None:
    name = "W" * 120 + " and what else " + "x" * 65
    for figure in TABLE_FIGURES:
        study = study_of(
            animals_of([(stress, one) for stress in ("control", "defeated") for one in ("isotype", name)], 6)
        )
        plot = drawn(figure, study, Style())
        plot.figure.canvas.draw()
        words = "".join(re.sub(r"\s", "", one.get_text()) for one in shown_texts(plot))
        assert re.sub(r"\s", "", shortened(name)) in words, figure
        assert "W" * 60 not in words
        assert plot.figure.get_size_inches()[1] < 9
        assert plot.data["group"].dropna().str.contains(name, regex=False).any()


@pytest.mark.parametrize("length", [MOST_LETTERS, MOST_LETTERS + 1, 200])
def test_shortened_names_have_room_and_both_their_ends(length: int) -> None:
    name = ("start" + "m" * length)[: length - 3] + "end"
    short = shortened(name)
    assert len(short) <= MOST_LETTERS
    assert short.startswith("start")
    assert short.endswith("end")
    assert (short == name) == (length <= MOST_LETTERS)


@pytest.mark.parametrize(("treatments", "rows"), [(2, 2), (3, 2), (4, 2)])
def test_panels_of_crossed_factors_begin_rows_with_another_level(
    treatments: int, rows: int, study_of, animals_of
) -> None:
    groups = [(stress, f"t{i}") for stress in ("control", "defeated") for i in range(treatments)]
    plot = drawn("scatter", study_of(animals_of(groups, 5)), Style())
    titles = [axes.get_title(loc="left") for axes in plot.figure.axes]
    heights = [round(axes.get_position().y0, 3) for axes in plot.figure.axes]
    assert len(set(heights)) == rows
    assert len({height for height, title in zip(heights, titles, strict=True) if "control" in title}) == 1


def test_counts_stand_beside_parts_too_low_for_them(study_of, animals_of) -> None:
    table = animals_of([("defeated", "isotype"), ("defeated", "anti-IL-4Rα")], 30)
    table["phenotype"] = ["susceptible"] + ["resilient"] * 29 + ["susceptible"] * 15 + ["resilient"] * 15
    axes = drawn("phenotypes", study_of(table), Style()).figure.axes[1]
    told = {(one.get_text(), one.get_ha()) for one in axes.texts}
    assert {("1", "right"), ("29", "center"), ("15", "center")} <= told
