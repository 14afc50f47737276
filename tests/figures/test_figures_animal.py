"""An animal's two phases stand side by side on shared scales."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

from csds.figures import palette
from csds.figures.animal import animal_figure, occupancy_ticks, save_animal_picture
from csds.figures.canvas import house_style
from csds.figures.pictures import AnimalPicture


@pytest.fixture
def make_animal(make_picture):
    def make(**changes):
        values = {
            "animal": "M01",
            "absent": make_picture(),
            "present": make_picture(phase="target_present", window_s=30.0),
            "stress": "defeated",
            "treatment": "isotype",
            "phenotype": "susceptible",
            "rule": "SI ratio < 1",
            "metrics": {"si_ratio": 0.517, "interaction_absent_s": 61.2, "interaction_present_s": 31.64},
        }
        return AnimalPicture(**(values | changes))

    return make


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text)]


def heat_images(figure):
    return [i for i in figure.findobj(matplotlib.image.AxesImage) if i.get_cmap().name == "csds_occupancy"]


def test_score_phenotype_and_times_are_there(make_animal) -> None:
    figure = animal_figure(make_animal())
    for wanted in ("M01", "Defeated · isotype", "0.52", "Susceptible", "61.2", "31.6", "Target absent", "No flags"):
        assert wanted in texts(figure)
    (word,) = [t for t in figure.findobj(matplotlib.text.Text) if t.get_gid() == "phenotype"]
    assert word.get_color() == palette.SUSCEPTIBLE


def test_both_phases_share_their_scales(make_animal, make_picture, track) -> None:
    still = make_picture(phase="target_present", track=track.assign(x_cm=5.0, y_cm=38.0), window_s=30.0)
    figure = animal_figure(make_animal(present=still))
    one, other = heat_images(figure)
    assert one.get_clim() == other.get_clim()
    assert one.get_clim()[1] == pytest.approx(max(np.max(one.get_array()), np.max(other.get_array())))
    paths = [artist for artist in figure.findobj() if artist.get_gid() == "path"]
    assert {path.get_clim() for path in paths} == {(0.0, 30.0)}


@pytest.mark.parametrize("missing", ["absent", "present"])
def test_a_missing_phase_is_said(make_animal, missing, tmp_path) -> None:
    picture = make_animal(**{missing: None}, flags=("missing_phase",), phenotype="undetermined", metrics={})
    figure = animal_figure(picture)
    assert "no result" in texts(figure)
    assert len(heat_images(figure)) == 1
    save_animal_picture(picture, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_an_animal_without_any_phase_has_no_picture(make_animal) -> None:
    with pytest.raises(ValueError, match="at least one phase, but 'M01' has none"):
        animal_figure(make_animal(absent=None, present=None))


def test_an_animal_never_seen_has_an_empty_map(make_animal, make_picture, track) -> None:
    nowhere = make_picture(track=track.assign(x_cm=np.nan, y_cm=np.nan))
    empty = make_picture(track=track.iloc[:0])
    figure = animal_figure(make_animal(absent=nowhere, present=empty))
    figure.canvas.draw()
    assert all(np.max(image.get_array()) == 0 for image in heat_images(figure))


def test_odd_text_is_shown_literally_within_the_paper(make_animal) -> None:
    odd = "mouse $x^2$ \N{TEST TUBE} 猫 " * 9
    figure = animal_figure(make_animal(animal=odd, cohort=odd, test=odd, treatment=odd, rule=odd, phenotype=odd))
    with house_style():
        figure.canvas.draw()
    boxes = [t.get_window_extent() for t in figure.findobj(matplotlib.text.Text) if t.get_text()]
    assert all(b.x0 >= 0 and b.x1 <= figure.bbox.x1 and b.y0 >= 0 and b.y1 <= figure.bbox.y1 for b in boxes)
    assert any("$x^2$" in text for text in texts(figure))


def test_the_callers_style_is_left_alone(make_animal) -> None:
    before = dict(matplotlib.rcParams)
    animal_figure(make_animal())
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("peak", [0.05, 0.31, 1.0, 7.7, 120.0])
def test_occupancy_ticks_are_round_and_apart(peak) -> None:
    ticks = occupancy_ticks(peak)
    assert ticks[0] == 0.0
    assert 2 <= len(ticks) <= 5
    assert ticks[-1] <= peak
    assert (np.diff(np.sqrt(ticks / peak)) > 0.1).all()
    assert {f"{tick:.0e}"[0] for tick in ticks[1:]} <= {"1", "2", "5"}


KNOWN = {
    "si_ratio": 0.95,
    "si_ratio_low": 0.9,
    "si_ratio_high": 1.05,
    "si_ratio_band_low": 0.8,
    "si_ratio_band_high": 1.3,
    "phenotype_certainty": 0.714,
}


def marks(figure, gid: str):
    return [artist for artist in figure.findobj() if artist.get_gid() == gid]


def test_interval_band_and_limit_stand_where_their_ratios_are(make_animal) -> None:
    figure = animal_figure(make_animal(metrics=KNOWN, limits=(1.0,), flags=("borderline",)))
    ends = {}
    for gid in ("interval", "band"):
        (bar,) = marks(figure, gid)
        across = bar.get_paths()[0].vertices[:, 0]
        ends[gid] = np.exp([across.min(), across.max()])
    assert ends["interval"] == pytest.approx([0.9, 1.05])
    assert ends["band"] == pytest.approx([0.8, 1.3])
    ((ratio,), (limit,)) = (marks(figure, gid) for gid in ("ratio", "limit"))
    assert np.exp(ratio.get_xdata()) == pytest.approx([0.95])
    assert np.exp(limit.get_xdata()) == pytest.approx([1.0, 1.0])
    for wanted in ("0.90 to 1.05", "0.80 to 1.30", "71 %"):
        assert wanted in texts(figure)


def test_borderline_animals_are_marked_beside_their_call(make_animal) -> None:
    figure = animal_figure(make_animal(metrics=KNOWN, flags=("borderline",)))
    assert [text.get_text() for text in marks(figure, "borderline")] == ["△ borderline"]
    assert not any("borderline" in text for text in texts(animal_figure(make_animal(metrics=KNOWN))))


@pytest.mark.parametrize(
    "changes",
    [
        {"si_ratio": 0.0, "si_ratio_low": 0.0, "si_ratio_band_low": 0.0},
        {"si_ratio_high": np.nan, "si_ratio_band_high": np.nan},
        {"si_ratio": 400.0, "si_ratio_high": 900.0},
        dict.fromkeys(("si_ratio", "si_ratio_low", "si_ratio_high", "si_ratio_band_low", "si_ratio_band_high"), 1.0),
        {"phenotype_certainty": np.nan},
    ],
)
def test_odd_ends_are_drawn_within_the_strip(make_animal, changes) -> None:
    figure = animal_figure(make_animal(metrics=KNOWN | changes, limits=(1.0,)))
    figure.canvas.draw()
    (strip,) = {artist.axes for artist in marks(figure, "band")}
    for artist in (*marks(figure, "ratio"), *marks(figure, "limit")):
        low, high = strip.get_xlim()
        assert all(low <= x <= high for x in artist.get_xdata())


def test_nothing_is_drawn_of_what_is_not_known(make_animal) -> None:
    figure = animal_figure(make_animal())
    assert not marks(figure, "band")
    assert not any("interval" in text for text in texts(figure))
