"""The forest plot shows the analysis's own numbers across studies, by their weights; or says why it can't."""

from __future__ import annotations

import re

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text

from csds.analysis.meta import DIFFERENCE
from csds.errors import StatsError
from csds.plots.forest import draw_forest
from csds.plots.gallery import find_figures
from csds.plots.plot import Plot, write_plot
from csds.plots.style import Style

TWO_BY_TWO = [(stress, treatment) for stress in ("control", "defeated") for treatment in ("isotype", "anti-IL-4Rα")]
TWO = TWO_BY_TWO[2:]
NAMES = ("2018/a", "2019", "2020", "2021/b", "2024")


def squares(axes: Axes) -> list[tuple[float, float]]:
    """Return the place and the area of each study's square, from the top."""
    found = [line for line in axes.lines if line.get_marker() == "s"]
    found.sort(key=lambda line: line.get_ydata()[0])
    return [(float(line.get_xdata()[0]), float(line.get_markersize()) ** 2) for line in found]


def texts(plot: Plot) -> list[str]:
    return [text.get_text() for text in plot.figure.findobj(Text)]


def test_squares_intervals_and_diamond_are_those_of_the_analysis(study_of, several_of) -> None:
    study = study_of(several_of(TWO, NAMES, 6))
    plot = draw_forest(study, style=Style())
    one = study.analysis.across[0]
    assert one.found is not None
    (axes,) = plot.figure.axes
    places, areas = zip(*squares(axes), strict=True)
    assert places == pytest.approx([each.effect.value for each in one.studies])
    weights = np.array([each.weight for each in one.studies])
    assert np.array(areas) / max(areas) == pytest.approx(weights / weights.max())
    ends = {
        (float(line.get_xdata()[0]), float(line.get_xdata()[-1])) for line in axes.lines if len(line.get_xdata()) == 2
    }
    low, high = axes.get_xlim()
    for each in one.studies:
        assert (max(each.effect.ci_low, low), min(each.effect.ci_high, high)) in ends
    (diamond,) = axes.patches
    corners = diamond.get_path().vertices[:, 0]
    assert (corners.min(), corners.max()) == pytest.approx((one.found.effect.ci_low, one.found.effect.ci_high))
    said = texts(plot)
    for each in one.studies:
        assert f"{each.effect.value:.2f}\n[{each.effect.ci_low:.2f}, {each.effect.ci_high:.2f}]" in said
        assert f"{100 * each.weight:.0f} %" in said
        assert each.study in said


def test_every_contrast_has_a_page_and_the_data_hold_them_all(study_of, several_of, tmp_path) -> None:
    study = study_of(several_of(TWO_BY_TWO, NAMES, 6))
    plot = draw_forest(study, style=Style())
    contrasts = [one.contrast for one in study.analysis.across if one.effect_name == DIFFERENCE]
    assert len(contrasts) == 4
    assert len(plot.pages) == 3
    assert list(dict.fromkeys(plot.data["contrast"])) == contrasts
    assert plot.data.groupby("contrast", sort=False).size().tolist() == [7] * 4
    assert all(contrast in plot.alt for contrast in contrasts)
    files = {path.name for path in write_plot(plot, tmp_path, ("svg",))}
    assert files == {"forest.svg", "forest_2.svg", "forest_3.svg", "forest_4.svg", "forest.csv"}


def test_the_same_figure_is_the_same_file(study_of, several_of, tmp_path) -> None:
    study = study_of(several_of(TWO, NAMES, 6))
    first, second = (
        write_plot(draw_forest(study, style=Style()), tmp_path / name, ("svg", "pdf", "png")) for name in "ab"
    )
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_text_has_six_to_eight_points(study_of, several_of) -> None:
    plot = draw_forest(study_of(several_of(TWO_BY_TWO, NAMES, 6)), style=Style(width="double"))
    sizes = {float(text.get_fontsize()) for page in (plot.figure, *plot.pages) for text in page.findobj(Text)
             if text.get_visible() and text.get_text().strip()}  # fmt: skip
    assert min(sizes) >= 6
    assert max(sizes) <= 8


def test_intervals_beyond_the_scale_end_in_arrows(study_of, several_of) -> None:
    table = several_of(TWO, NAMES, 8)
    wild = table["study"] == "2020"
    keep = ~wild | (table.groupby(["study", "treatment"]).cumcount() < 2)
    table.loc[wild, "si_ratio"] *= np.where(table.loc[wild].groupby("treatment").cumcount() % 2, 4.0, 0.1)
    plot = draw_forest(study_of(table[keep]), style=Style())
    arrows = [line.get_marker() for line in plot.figure.axes[0].lines if line.get_marker() in "<>"]
    assert sorted(arrows) == ["<", ">"]
    squares_found = squares(plot.figure.axes[0])
    low, high = plot.figure.axes[0].get_xlim()
    assert all(low < place < high for place, _ in squares_found)


def test_protocols_that_differ_have_headings(study_of, several_of) -> None:
    said = texts(draw_forest(study_of(several_of(TWO, NAMES, 6, ("golden2011", "mine"))), style=Style()))
    assert {"golden2011", "mine"} <= set(said)
    assert said.index("2020") < said.index("mine") < said.index("2019")
    assert "golden2011" not in texts(draw_forest(study_of(several_of(TWO, NAMES, 6)), style=Style()))


def test_studies_left_out_are_named(study_of, several_of) -> None:
    table = several_of(TWO, NAMES, 6)
    table = table[(table["study"] != "2019") | (table["treatment"] == "isotype")]
    plot = draw_forest(study_of(table), style=Style())
    assert re.search(r"Left out, as meta_analysis\.csv\s+says:\s+2019\.", " ".join(texts(plot)))
    assert plot.data.loc[plot.data["study"] == "2019", "row"].tolist() == ["left out"]


def test_one_study_has_no_forest(study_of, animals_of, several_of) -> None:
    with pytest.raises(StatsError, match="figure 'forest': expected a table with several studies, found one"):
        draw_forest(study_of(animals_of(TWO, 6)), style=Style())
    table = several_of(TWO, NAMES[:2], 6)
    table = table[(table["study"] != "2019") | (table["treatment"] == "isotype")]
    with pytest.raises(StatsError, match="figure 'forest': expected two studies at least, found 1"):
        draw_forest(study_of(table), style=Style())


def test_two_studies_have_a_figure(study_of, several_of) -> None:
    plot = draw_forest(study_of(several_of(TWO, NAMES[:2], 4)), style=Style())
    assert len(squares(plot.figure.axes[0])) == 2


def test_the_forest_is_among_the_figures_of_several_studies_alone() -> None:
    assert "forest" not in {one.name for one in find_figures(())}
    assert "forest" in {one.name for one in find_figures((), studies=True)}


@pytest.mark.parametrize("seed", range(8))
def test_random_studies_have_a_figure_whose_texts_stay_apart(seed: int, study_of, several_of, overlaps) -> None:
    rng = np.random.default_rng(seed)
    table = several_of(TWO_BY_TWO, [f"{'study ' * (at % 5)}{at}" for at in range(int(rng.integers(2, 14)))], 3)
    spread = rng.lognormal(0, rng.choice([0.0, 1.5]), len(table))
    table["IL4_pg_ml"] = table["si_ratio"] * spread * 10.0 ** rng.integers(-3, 6)
    table = table[rng.random(len(table)) > rng.choice([0.0, 0.15])]
    for width in ("single", "double"):
        plot = draw_forest(study_of(table, primary="IL4_pg_ml"), style=Style(width=width))
        assert overlaps(plot) == []
        assert not re.search(r"\bnan\b|\binf\b", plot.alt)
        for page in (plot.figure, *plot.pages):
            assert np.isfinite(page.axes[0].get_xlim()).all()


def test_letters_of_studies_that_the_font_lacks_are_told(study_of, several_of) -> None:
    assert study_of(several_of(TWO, ["2019", "研究"], 6)).unshown_letters == "研究"
