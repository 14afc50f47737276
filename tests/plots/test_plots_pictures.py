"""Every figure looks as one that a person looked at and saved in ``pictures``.

``CSDS_SAVE_PICTURES=1 pytest tests/plots/test_plots_pictures.py`` saves them anew: look at each, and at what it was,
before it is committed. Where a test fails, the picture that was found and the differences lie in its ``tmp_path``,
whose name is in the message.

Letters differ between versions of FreeType and matplotlib, and with them the room that they leave. Words are therefore
compared as words, and what is drawn around them as pixels: laid out as the saved figure was, whose picture carries
words and layout. Its own layout may differ by `SHIFT_PT`; a pixel may be found up to `NEAR_PX` away, and `LOST_PX` may
be found nowhere: matplotlib 3.10 beside 3.11 has 12 at most, the least of the wrong figures below 45.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.lines import Line2D
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image as Images

from benchmarks.gallery import save_picture
from benchmarks.simulated_results import write_results
from csds.plots.gallery import GALLERY, find_figures
from csds.plots.opened import open_study
from csds.plots.plot import Plot
from csds.plots.study import StudyResults
from csds.plots.style import Style, Theme, drawing

SAVED = Path(__file__).parent / "pictures"
RENEW = "CSDS_SAVE_PICTURES"
DPI = 120
NEAR_PX, NEAR_LEVELS, LOST_PX, SHIFT_PT, WORDS_PT = 2, 64, 20, 12.0, 3.0
TWO_BY_TWO = [(stress, treatment) for stress in ("control", "defeated") for treatment in ("isotype", "anti-IL-4Rα")]
PICTURES = [*((one.name, "light") for one in GALLERY), ("comparison", "dark")]

Image = NDArray[np.uint8]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with tracks, two cages in each group."""
    return write_results(tmp_path_factory.mktemp("results"), 16)


@pytest.fixture
def studies(study_of_animals: StudyResults, request: pytest.FixtureRequest) -> Callable[[str], StudyResults]:
    """Return what gives the study that a figure is drawn from."""
    tracked = {one.name for one in GALLERY if one.takes_tracks}
    several = {one.name for one in GALLERY if one.takes_studies}

    def found(name: str) -> StudyResults:
        if name in several:
            return request.getfixturevalue("study_of_several")
        return open_study(request.getfixturevalue("results")) if name in tracked else study_of_animals

    return found


@pytest.fixture
def study_of_animals(study_of, animals_of, sessions_of) -> StudyResults:
    return study_of(animals_of(TWO_BY_TWO, 8), sessions=sessions_of(24))


@pytest.fixture
def study_of_several(study_of, several_of) -> StudyResults:
    return study_of(
        several_of(TWO_BY_TWO, ["2018/a", "2019", "2021/b and a long name", "2024"], 6, ("golden2011", "mine"))
    )


def lost(found: Image, saved: Image) -> Image:
    """Return where a pixel of either picture has none of its colour near it in the other, 1 there and else 0."""
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * NEAR_PX + 1, 2 * NEAR_PX + 1))
    where = np.zeros(found.shape[:2], bool)
    for one, other in ((found, saved), (saved, found)):
        lightest, darkest = cv2.dilate(other, near).astype(int), cv2.erode(other, near).astype(int)
        where |= ((one > lightest + NEAR_LEVELS) | (one < darkest - NEAR_LEVELS)).any(axis=2)
    return where.astype(np.uint8)


def layout(plot: Plot) -> list[list[float]]:
    """Return a figure's width and height, and where each of its axes begins and ends from its top left, pt."""
    figure = plot.figure
    with drawing(plot.style):
        figure.canvas.draw()
    width, height = figure.get_size_inches() * 72
    boxes = [one.get_position() for one in figure.axes]
    return [[width, height], *([x0 * width, x1 * width, (1 - y0) * height, (1 - y1) * height]
                              for x0, x1, y0, y1 in ((b.x0, b.x1, b.y0, b.y1) for b in boxes))]  # fmt: skip


def lay_out(plot: Plot, places: list[list[float]]) -> None:
    """Lay a figure out as another was."""
    (width, height), *boxes = places
    plot.figure.set_layout_engine("none")
    plot.figure.set_size_inches(width / 72, height / 72)
    for axes, (x0, x1, y0, y1) in zip(plot.figure.axes, boxes, strict=True):
        axes.set_position((x0 / width, 1 - y0 / height, (x1 - x0) / width, (y0 - y1) / height))


def words(plot: Plot) -> str:
    """Return the text that a figure draws, however it is wrapped."""
    file = io.StringIO()
    with drawing(plot.style):
        plot.figure.savefig(file, format="svg")
    return re.sub(r"\s", "", "".join(re.findall(r"<text[^>]*>(.*?)</text>", file.getvalue(), re.DOTALL)))


def word_boxes(plot: Plot) -> list[list[int]]:
    """Return where the words of a figure's picture begin and end, pixels from its top left."""
    figure, room = plot.figure, WORDS_PT / 72 * DPI
    with drawing(plot.style):
        figure.set_dpi(DPI)
        figure.canvas.draw()
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    ends = [text.get_window_extent(figure.canvas.get_renderer()).extents for text in texts]
    return [
        [max(0, int(one)) for one in (x0 - room, x1 + room, figure.bbox.y1 - y1 - room, figure.bbox.y1 - y0 + room)]
        for x0, y0, x1, y1 in ends
    ]


def save(plot: Plot, path: Path) -> None:
    """Save a figure's picture with its words and layout."""
    told, places = words(plot), layout(plot)
    lay_out(plot, places)
    save_picture(plot, path, DPI)  # moves what stands beside the axes as well
    save_picture(plot, path, DPI, words=told, layout=json.dumps(places), boxes=json.dumps(word_boxes(plot)))


def differences(plot: Plot, saved: Path, folder: Path) -> int:
    """Return how many pixels of a figure and its saved picture are lost in the other, and leave pictures of them."""
    assert saved.is_file(), f"{saved.name} isn't saved: {RENEW}=1 saves it; look at it before it is committed"
    with Images.open(saved) as picture:
        told, places, boxes = picture.text["words"], *(json.loads(picture.text[name]) for name in ("layout", "boxes"))
    assert words(plot) == told, f"{saved.name}: other words than in the saved picture"
    shifts = [np.abs(np.subtract(one, other)).max() for one, other in zip(layout(plot), places, strict=True)]
    assert max(shifts) <= SHIFT_PT, f"{saved.name}: laid out otherwise than the saved picture"
    lay_out(plot, places)
    path = folder / f"found_{saved.name}"
    save_picture(plot, path, DPI)
    found, wanted = cv2.imread(str(path)), cv2.imread(str(saved))
    assert found is not None
    assert wanted is not None
    where = lost(found, wanted)
    for x0, x1, y0, y1 in (*boxes, *word_boxes(plot)):
        where[y0:y1, x0:x1] = 0
    cv2.imwrite(str(folder / f"differs_{saved.name}"), 255 - 255 * cv2.dilate(where, np.ones((3, 3), np.uint8)))
    return int(where.sum())


@pytest.mark.parametrize(("name", "theme"), PICTURES)
def test_figure_looks_as_it_was_saved(name: str, theme: Theme, studies, tmp_path: Path) -> None:
    plot = find_figures([name])[0].draw(studies(name), style=Style(theme=theme))
    path = SAVED / (f"{name}.png" if theme == "light" else f"{name}_{theme}.png")
    if RENEW in os.environ:
        save(plot, path)
    assert differences(plot, path, tmp_path) <= LOST_PX, f"look at the pictures in {tmp_path}; {RENEW}=1 saves new ones"


def points(plot: Plot) -> list[Line2D]:
    return [line for line in plot.figure.axes[1].lines if line.get_marker() in ("o", "v", "^")]


def another_colour(plot: Plot) -> None:
    points(plot)[-1].set_markerfacecolor("#009E73")


def no_bracket(plot: Plot) -> None:
    plot.figure.axes[0].lines[-1].remove()


def no_interval(plot: Plot) -> None:
    plot.figure.axes[1].lines[-1].remove()


def shifted_point(plot: Plot) -> None:
    y = np.array(points(plot)[0].get_ydata(), float)
    y[np.argmax(y)] += 0.06 * np.ptp(plot.figure.axes[1].get_ylim())
    points(plot)[0].set_ydata(y)


@pytest.mark.parametrize("harm", [another_colour, no_bracket, no_interval, shifted_point])
def test_wrong_marks_are_found(harm: Callable[[Plot], None], study_of_animals, tmp_path: Path) -> None:
    plot = find_figures(["comparison"])[0].draw(study_of_animals, style=Style())
    harm(plot)
    assert differences(plot, SAVED / "comparison.png", tmp_path) > LOST_PX


def test_wrong_words_and_places_are_found(study_of_animals, tmp_path: Path) -> None:
    plot = find_figures(["comparison"])[0].draw(study_of_animals, style=Style())
    plot.figure.axes[0].set_position((0.1, 0.8, 0.5, 0.1))
    with pytest.raises(AssertionError, match="laid out otherwise"):
        differences(plot, SAVED / "comparison.png", tmp_path)
    plot.figure.axes[0].texts[-1].remove()
    with pytest.raises(AssertionError, match="other words"):
        differences(plot, SAVED / "comparison.png", tmp_path)


def test_saved_pictures_are_small_and_each_is_of_a_figure() -> None:
    files = list(SAVED.glob("*.png"))
    wanted = {f"{name}.png" if theme == "light" else f"{name}_{theme}.png" for name, theme in PICTURES}
    assert {path.name for path in files} == wanted
    assert sum(path.stat().st_size for path in files) < 1_000_000
